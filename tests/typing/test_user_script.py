"""What users write passes the type checkers, and runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.typing.user_script import main

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("user_script.py")


def test_the_script_runs(tmp_path: Path) -> None:
    main(tmp_path)


@pytest.mark.types
def test_mypy_accepts_it_strictly(tmp_path: Path) -> None:
    # A user's project has settings of its own: here none but strict.
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.types
def test_pyright_accepts_it(tmp_path: Path) -> None:
    pytest.importorskip("basedpyright", reason="pyright is part of the extra dev")
    settings = {"include": [str(SCRIPT)], "extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "basedpyright", "--project", str(tmp_path), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout
