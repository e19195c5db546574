"""Copies of the tree, so that the tree itself is never changed, and pytest run on a copy."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

NOT_COPIED = (".git", ".venv*", ".cache", ".hypothesis", ".*_cache", ".coverage*", "__pycache__", "build", "dist")
_HERE = str(Path(__file__).parents[1])


def copy_tree(root: Path, copy: Path) -> Path:
    """Copy what the tests need, with compiled files that are valid by content: a change within a second counts."""
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    mode = PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(copy, quiet=2, invalidation_mode=mode, stripdir=str(copy))
    return copy


def start_pytest(tree: Path, *arguments: str, log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start pytest on a copy, in a process group of its own; the same examples of hypothesis each time."""
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tree), _HERE]),
        "PYTHONHASHSEED": "0",
        "CI": "true",  # hypothesis then draws its examples from the test alone
        **environment,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    with log.open("wb") as output:
        return subprocess.Popen(
            command, cwd=tree, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
