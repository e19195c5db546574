"""Mutants: what is changed, which are drawn, and what the tests say to them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mutants.changes import changes_of
from mutants.drawing import Settings, draw, mutants_of

ROOT = Path(__file__).parents[1]
CODE = '''
"""A little of everything."""
LIMIT = 3


def is_many(count: int = 0) -> bool:
    """Whether there are many."""
    return count >= LIMIT


def empty(items: list) -> None:
    while items:
        items.pop()


def unused(count):
    return count + 1
'''
TESTS = """
from tiny.code import empty, is_many


def test_many():
    assert is_many(5) and not is_many(1)


def test_empty():
    assert empty([1, 2]) is None
"""
SETTINGS = """
[tool.mutants]
packages = ["tiny"]
core = ["tiny/*"]
without-tests = ["tests/test_long.py"]
"""


@pytest.fixture
def tree(tmp_path):
    """A package of three functions: one tested well away from its threshold, one that may not end, one not at all."""
    root = tmp_path / "tree"
    files = {"pyproject.toml": SETTINGS, "tiny/__init__.py": "", "tiny/code.py": CODE, "tests/test_code.py": TESTS,
             "tests/test_long.py": "def test_long():\n    raise AssertionError\n"}  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def run(tree, *options):
    """Run the command on a tree, its report read."""
    done = subprocess.run(
        [sys.executable, "-m", "mutants", "--root", tree, "--workers", "1", "--patience", "10", *options],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def changed(code):
    """What stands where in the mutants of a piece of code."""
    return {(change.before, change.after) for change in changes_of(code.encode())}


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("x = a < b", "a < b", "a <= b"),
        ("x = a - b", "a - b", "a + b"),
        ("x = a and b", "a and b", "b"),
        ("x = not a", "not a", "a"),
        ("x = key(-a)", "-a", "a"),
        ("x = 12", "12", "13"),
        ("x = min(a, b)", "min(a, b)", "max(a, b)"),
        ("x = a.sort(b, nulls_last=True)", "a.sort(b, nulls_last=True)", "a.sort(b)"),
        ("x = a.sort(b, c)", "a.sort(b, c)", "a.sort(b)"),
        ("x = a.fill_null(0)", "a.fill_null(0)", "a"),
        ("x = a.join(b, on='left', how='name')", "'left'", "'right'"),
        ("x = a['name'], a['other']", "'name'", "'other'"),
        ("x = [a for a in b if c(a)]", "c(a)", "not c(a)"),
        ("def f(x=1):\n    if x:\n        raise ValueError", "raise ValueError", "pass"),
        ("def f(x):\n    x.append(1)", "x.append(1)", "pass"),
        ("def f(x):\n    return g(x)", "return g(x)", "return None"),
        ("x: Annotated[int, Field(ge=1)]", "Field(ge=1)", "Field()"),
    ],
)
def test_one_thing_at_a_time_is_changed(code, before, after):
    assert (before, after) in changed(code)


@pytest.mark.parametrize(
    "code",
    [
        '"""A text of 3."""',
        "def f(x: Literal['a', 'b']) -> int | None: ...",
        "__all__ = ['a', 'b']",
        "from a import b",
        "assert a > 3",
        "if TYPE_CHECKING:\n    x = 3",
        "X = Literal['a'] | None",
        "raise InputError(f'more than {3}', 3)",
        "x = BilingualText(zh='a', en='b')",
        "x = zip(a, b, strict=True)",
        "class A:\n    def __repr__(self):\n        return str(3)",
    ],
)
def test_what_people_read_and_what_cannot_differ_is_left_alone(code):
    assert changed(code) == set()


def test_a_change_replaces_its_own_piece_of_the_file_and_no_other():
    source = "甲 = f(\n    1,\n    '乙', a < b)\n".encode()
    (change,) = (one for one in changes_of(source) if one.after == "a <= b")
    assert change.applied(source).decode() == "甲 = f(\n    1,\n    '乙', (a <= b))\n"
    assert (change.line, change.shown) == (3, ("'乙', a < b)", "'乙', (a <= b))"))


def test_every_mutant_of_the_core_is_a_program():
    settings = Settings.of(ROOT)
    mutants = mutants_of(ROOT, settings)
    assert len({mutant.key for mutant in mutants}) == len(mutants) > 5_000
    for mutant in draw(mutants, 300, seed=1):
        compile(mutant.change.applied((ROOT / mutant.path).read_bytes()), mutant.path, "exec")


def test_the_same_seed_draws_the_same_mutants_wherever_the_file_lies(tree):
    settings = Settings.of(tree)
    drawn = draw(mutants_of(tree, settings), 5, seed=3)
    (tree / "tiny" / "code.py").rename(tree / "tiny" / "moved.py")
    assert [one.key for one in draw(mutants_of(tree, settings), 5, seed=3)] == [one.key for one in drawn]
    assert [one.key for one in draw(mutants_of(tree, settings), 5, seed=4)] != [one.key for one in drawn]


def test_mutants_are_killed_survive_do_not_end_or_are_not_covered(tree):
    printed = run(tree)
    told = json.loads((tree / ".cache/mutants/seed-7.json").read_text("utf-8"))
    outcomes = {(one["before"], one["after"]): one["outcome"] for one in told["verdicts"]}
    assert outcomes["count >= LIMIT", "count < LIMIT"] == "killed"
    assert outcomes["count >= LIMIT", "count > LIMIT"] == "survived"
    assert outcomes["items.pop()", "pass"] == "timed out"
    assert outcomes["count + 1", "count - 1"] == "not covered"
    assert outcomes["3", "4"] == "survived"  # run on import
    assert printed.splitlines()[-1] == told["share"]
    assert (tree / "tiny" / "code.py").read_text("utf-8") == CODE

    (tree / "tests" / "test_code.py").write_text(
        TESTS.replace("not is_many(1)", "not is_many(2) and is_many(3)"), encoding="utf-8"
    )
    again = run(tree, "--survivors-of", tree / ".cache/mutants/seed-7.json")
    told = json.loads((tree / ".cache/mutants/again-seed-7.json").read_text("utf-8"))
    outcomes = {(one["before"], one["after"]): one["outcome"] for one in told["verdicts"]}
    assert outcomes["count >= LIMIT", "count > LIMIT"] == "killed"
    assert outcomes["count + 1", "count - 1"] == "not covered"
    assert "items.pop" not in again
