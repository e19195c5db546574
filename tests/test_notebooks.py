"""Every notebook runs from top to bottom, without an error or a missing glyph, and is stored with its outputs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:tmp|home|root|work|Users|var|opt|usr)/|[A-Z]:\\\\")


def texts(notebook: nbformat.NotebookNode) -> str:
    """Everything that the outputs say, pictures left out."""
    said = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = {kind: value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")}
            said.append(json.dumps([output.get("text"), data], ensure_ascii=False))
    return "\n".join(said)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")  # of the kernel's transport; those of the notebook are in its outputs
def test_runs_without_error_or_missing_glyph(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    copy = Path(shutil.copy(path, tmp_path))
    notebook = nbformat.read(copy, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    said = texts(notebook)
    assert "missing from" not in said
    assert "Warning" not in said
    assert not MACHINE_PATH.search(said)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_is_stored_with_its_outputs_and_small(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert sum(len(cell.outputs) > 0 for cell in code) > len(code) / 2
    assert path.stat().st_size < 500_000
    assert "missing from" not in texts(notebook)
    assert not MACHINE_PATH.search(texts(notebook))
