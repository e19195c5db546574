"""Each addition that CONTRIBUTING.md tells of, made half-way: what is missed is named, by the type checker or a test.

The additions are made in a copy of the package, all at once, in the first file of each recipe and no other.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import creditrisk as cr
from tests.additions.known import QUESTIONS, result_files
from tests.additions.recipes import ROOT, named_by, recipe

TITLES = [*QUESTIONS, "A result file"]
FIRST = {
    "A record type": (
        "creditrisk/vocabulary.py",
        '"repair": Label(',
        '"seizure": Label("查封扣押", "seizure"),\n    "repair": Label(',
    ),
    "A measure": ("creditrisk/indicators/measures.py", '    "attribute",\n', '    "median",\n    "attribute",\n'),
    "A kind of rule": (
        "creditrisk/policy/rules.py",
        "RuleForm = PerUnit | Bands | ByValue\n",
        "@dataclass(frozen=True)\nclass PerDecile:\n    points: tuple[float, ...]\n\n\n"
        "RuleForm = PerUnit | Bands | ByValue | PerDecile\n",
    ),
    "An engine that moves data": (
        "creditrisk/frames.py",
        'Literal["pandas", "polars", "arrow"]',
        'Literal["pandas", "polars", "arrow", "duckdb"]',
    ),
    "A header or word of a source": (
        "creditrisk/records/aliases.yaml",
        "\nrecords:\n",
        "\nrecords:\n  inspector_name: [检查人员]\n",
    ),
}
KEY = (
    "creditrisk/policy/rules.py",
    "    missing: Points = 0.0\n",
    "    deciles: str = ''\n    missing: Points = 0.0\n",
)
WORD = ("creditrisk/records/aliases.yaml", "\n  outcome:\n", "\n  outcome:\n    seized: [查封]\n")
SCORER = """
from creditrisk.learning.scorers.scorer import LearnedScorer


class MeanScorer(LearnedScorer):
    \"\"\"Says the mean.\"\"\"
"""
# What the type checker says of a kind that a match does not visit.
UNVISITED = {
    "A measure": 'Literal["median"]',
    "A kind of rule": "PerDecile",
    "An engine that moves data": 'Literal["duckdb"]',
}

# Named once the file before it in the recipe is done: a page that follows from a catalogue.
UNSEEN_HALF_WAY = {"A record type": {"docs/indicators.md"}}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with all additions, each made in the first file of its recipe."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("creditrisk", "docs", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    for name in ("pyproject.toml", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, folder)
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
    for file, old, new in (*FIRST.values(), KEY, WORD):
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} no longer has {old!r}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    (folder / "creditrisk/learning/scorers/mean.py").write_text(SCORER, encoding="utf-8")
    catalogue = folder / "creditrisk/policy/catalogue"
    shutil.copytree(catalogue / "tax_credit", catalogue / "ratings_of_atlantis")
    return folder


@pytest.fixture(scope="module")
def complaints(copy: Path) -> dict[str, set[str]]:
    """What the type checker says of the copy: files by addition."""
    run = subprocess.run([sys.executable, "-m", "mypy"], cwd=copy, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    found = defaultdict(set)
    for file, message in re.findall(r"^(.+?):\d+: error: (.+)$", run.stdout, re.MULTILINE):
        title = next((title for title, kind in UNVISITED.items() if kind in message.replace("'", '"')), message)
        found[title].add(file)
    return found


@pytest.fixture(scope="module")
def missed(copy: Path) -> dict[str, list[str]]:
    """What the tests say of the copy: files by addition."""
    command = [sys.executable, "-m", "tests.additions.known"]
    environment = {"PYTHONPATH": str(copy), "PATH": ""}
    run = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    found: dict[str, list[str]] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("title", TITLES)
def test_every_file_of_a_recipe_is_there(title: str) -> None:
    assert len(recipe(title)) > 1
    for file in recipe(title):
        assert (ROOT / file).exists(), file


@pytest.mark.parametrize("title", QUESTIONS)
def test_what_is_there_is_known_everywhere(title: str) -> None:
    assert [*QUESTIONS[title]()] == []


@pytest.mark.types
@pytest.mark.parametrize("title", UNVISITED)
def test_the_type_checker_names_each_place_that_a_new_kind_must_visit(
    complaints: dict[str, set[str]], title: str
) -> None:
    assert complaints[title] == named_by(title, "mypy")


@pytest.mark.types
def test_the_type_checker_names_nothing_else(complaints: dict[str, set[str]]) -> None:
    assert {*complaints} == {*UNVISITED}


@pytest.mark.parametrize("title", QUESTIONS)
def test_a_test_names_each_file_that_does_not_know_the_addition(missed: dict[str, list[str]], title: str) -> None:
    assert {*missed[title]} - named_by(title, "mypy") == named_by(title, "test") - UNSEEN_HALF_WAY.get(title, set())


def test_a_result_file_is_hashed_and_told_of(tmp_path: Path) -> None:
    paths = cr.sample_paths()
    assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    written = {*assessment.save(tmp_path)}
    hashed = {name for name in written if f'"{name}"' in (tmp_path / "run.json").read_text(encoding="utf-8")}
    assert {*result_files(written, hashed)} == set()
    assert {*result_files({*written, "flags.parquet"}, hashed)} == named_by("A result file", "test")
