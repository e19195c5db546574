"""The front of the library: what is public is stated once, and it is all that the documentation needs."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import creditrisk as cr

ROOT = Path(__file__).parents[1]
STUB = ast.parse((ROOT / "creditrisk" / "__init__.pyi").read_text(encoding="utf-8"))
IMPORTS = [part for part in STUB.body if isinstance(part, ast.ImportFrom)]
FOR_USERS = [
    path
    for pattern in ("README*.md", "docs/*.md", "docs/*.py", "notebooks/*.ipynb", "notebooks/*.py", "models/*.py")
    for path in sorted(ROOT.glob(pattern))
]


def test_each_public_name_is_stated_once_under_its_own_name() -> None:
    names = [name for part in IMPORTS for name in part.names]
    assert {name for name, times in Counter(name.name for name in names).items() if times > 1} == set()
    assert all(name.name == name.asname for name in names)
    assert cr.__all__ == sorted(name.name for name in names)


def test_each_module_is_named_once() -> None:
    assert {name for name, times in Counter(part.module for part in IMPORTS).items() if times > 1} == set()


@pytest.mark.parametrize("name", cr.__all__)
def test_a_public_name_leads_to_what_has_it(name: str) -> None:
    assert getattr(cr, name) is not None
    assert name in dir(cr)


def test_what_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = cr.nonsense


@pytest.mark.parametrize("page", FOR_USERS, ids=lambda page: page.name)
def test_the_documentation_needs_public_names_alone(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "from creditrisk." not in text
    assert "import creditrisk." not in text
