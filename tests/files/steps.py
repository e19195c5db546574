"""Each step that a save takes on the file system, so that tests can stand between any two of them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["content", "states_between", "watched"]

# All by which Python opens, locks, moves or removes something; writes to the disk itself are not among them.
_EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "fcntl.flock"}
_watching: list[Callable[[], object]] = []


def _heard(event: str, _: object) -> None:
    if event in _EVENTS and _watching:
        before_the_step = _watching.pop()
        before_the_step()
        _watching.append(before_the_step)


# A hook stays for good, so there is one, and it listens where somebody watches.
sys.addaudithook(_heard)


@contextmanager
def watched(before_each_step: Callable[[], object]) -> Iterator[None]:
    """Have a function called before each step that is taken within."""
    fsync = os.fsync

    def counted(handle: int) -> None:
        _heard("open", None)
        fsync(handle)

    os.fsync = counted
    _watching.append(before_each_step)
    try:
        yield
    finally:
        _watching.clear()
        os.fsync = fsync


def states_between(folder: Path, copies: Path, save: Callable[[Path], object]) -> list[Path]:
    """Save into a folder, and copy what a kill would leave there before each step, and what there is at the end."""
    states: list[Path] = []

    def copy() -> None:
        states.append(copies / str(len(states)))
        if folder.exists():
            shutil.copytree(folder, states[-1])
        else:
            states[-1].mkdir(parents=True)

    with watched(copy):
        save(folder)
    copy()
    return states


def content(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
