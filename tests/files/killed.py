"""Saves that kill themselves before their first step, their second, and so on: ``python -m tests.files.killed FOLDER``.

Each is a process of its own, forked where nothing has run yet, over an older result or over nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from creditrisk.files.account import RunAccount
from creditrisk.files.together import write_file, write_set
from tests.files.steps import watched

__all__ = ["NEW", "OLD", "save"]

OLD = {"a.txt": "old a", "b.txt": "old b", "stale.csv": "old"}
NEW = {"a.txt": "new a", "b.txt": "new b", "c.txt": "new c"}


def save(folder: Path, files: dict[str, str], run: str) -> None:
    """A small result."""
    writers = {name: lambda path, text=text: path.write_text(text, encoding="utf-8") for name, text in files.items()}
    write_set(folder, writers, RunAccount(kind="worth", seed=run))


def _save_file(folder: Path) -> None:
    write_file(folder / "table.csv", lambda path: path.write_text("new", encoding="utf-8"))


def _kill_at(step: int, folder: Path, single: bool) -> bool:
    """Whether the save was killed."""
    child = os.fork()
    if not child:
        left = [step]

        def count() -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        with watched(count):
            if single:
                _save_file(folder)
            else:
                save(folder, NEW, "new")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def main(folder: Path) -> None:
    """Make one folder for each step, as the kill left it."""
    for before in ("nothing", "older", "file"):
        start = folder / before / "start"
        start.mkdir(parents=True)
        (start / "notes.txt").write_text("mine", encoding="utf-8")
        if before == "older":
            save(start, OLD, "old")
        if before == "file":
            (start / "table.csv").write_text("old", encoding="utf-8")
        step, killed = 1, True
        while killed:
            shutil.copytree(start, folder / before / str(step))
            killed = _kill_at(step, folder / before / str(step), before == "file")
            step += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
