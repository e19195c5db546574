"""The recipes of CONTRIBUTING.md: which files an addition touches, and what names each of them if it is missed."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_STEP = re.compile(r"^\d+\. `(?P<file>[^`]+)`:.*?\((?P<named_by>mypy|test|you)\)$", re.MULTILINE | re.DOTALL)


def recipe(title: str) -> dict[str, str]:
    """The files of one recipe, in order, with what names each: ``mypy``, ``test`` or ``you``."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", page, re.MULTILINE | re.DOTALL))
    steps = re.split(r"\n(?=\d+\. )", sections[title].strip())
    found = [match for step in steps if (match := _STEP.match(step.split("\n\n")[0]))]
    return {match["file"]: match["named_by"] for match in found}


def named_by(title: str, what: str) -> set[str]:
    """The files of one recipe that the type checker, or a test, names."""
    return {file for file, named in recipe(title).items() if named == what}
