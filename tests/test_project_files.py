"""What stands in two files of the project agrees."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import creditrisk as cr

ROOT = Path(__file__).parents[1]

# Not needed by the library itself, but by the oldest release of something that is.
OF_OTHERS = {"click"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def requirements(project: dict[str, Any]) -> dict[str, Requirement]:
    """Everything that is needed, extras too, by name."""
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    asked = map(Requirement, [*project["dependencies"], *extras])
    return {one.name: one for one in asked if one.name != project["name"]}


def pins(name: str) -> dict[str, Version]:
    """The versions that a file of constraints pins."""
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {name.lower().replace("_", "-"): Version(version) for name, version in (line.split("==") for line in lines)}


def lower_bound(requirement: Requirement) -> Version:
    (bound,) = [Version(one.version) for one in requirement.specifier if one.operator == ">="]
    return bound


def test_the_lowest_versions_that_are_tried_are_the_lowest_that_are_admitted(
    requirements: dict[str, Requirement],
) -> None:
    pinned = pins("constraints-lowest.txt")
    assert pinned.keys() - OF_OTHERS == requirements.keys()
    assert {name: pinned[name] for name in requirements} == {
        name: lower_bound(one) for name, one in requirements.items()
    }


def test_the_versions_that_ci_uses_are_admitted(requirements: dict[str, Requirement]) -> None:
    pinned = pins("constraints.txt")
    assert [name for name, one in requirements.items() if pinned[name] not in one.specifier] == []


def test_every_range_ends_before_the_next_major_that_was_not_tried(requirements: dict[str, Requirement]) -> None:
    assert [name for name, one in requirements.items() if "<" not in {part.operator for part in one.specifier}] == []


def test_the_version_is_the_same_everywhere(project: dict[str, Any]) -> None:
    version = project["version"]
    assert cr.__version__ == version
    released = re.search(
        r"^## \[(\d[^]]*)\] - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert released is not None
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], str(citation["date-released"])) == (version, released[2])
    assert released[1] == version


def test_this_python_is_one_that_the_package_names(project: dict[str, Any]) -> None:
    here = f"Programming Language :: Python :: {sys.version_info.major}.{sys.version_info.minor}"
    assert here in project["classifiers"] or sys.version_info >= (3, 14)


def test_hooks_before_a_commit_check_what_make_checks() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [one["repo"] for one in hooks] == ["local"]  # nothing is fetched from elsewhere
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    commands = {line.strip().removeprefix("$(BIN)/") for line in recipe[1].splitlines()}
    assert {hook["entry"].removeprefix(".venv/bin/") for hook in hooks[0]["hooks"]} == commands
