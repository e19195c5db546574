"""The JSON Schema takes what loading takes, and marks what it can of what loading refuses."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from creditrisk.policy.schema import policy_schema

ROOT = Path(__file__).parents[2]
CATALOGUE = Path(str(files("creditrisk.policy").joinpath("catalogue")))
DOCUMENTS = [*sorted(CATALOGUE.glob("**/*.yaml")), *sorted((ROOT / "docs" / "policies").glob("*.yaml"))]
VALIDATOR = Draft202012Validator(policy_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def document(path: Path) -> Any:
    """A document as editors see it: days are text."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))


def faults(data: Any) -> list[str]:
    """Where the schema finds fault."""
    return [error.json_path for error in VALIDATOR.iter_errors(data)]


@pytest.fixture
def city() -> Any:
    return copy.deepcopy(document(ROOT / "docs" / "policies" / "city.yaml"))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(policy_schema())
    json.dumps(policy_schema(), allow_nan=False)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_document_is_valid(path: Path) -> None:
    assert faults(document(path)) == []


def test_what_loading_fills_in_cannot_be_written() -> None:
    assert not {"sha256", "values_of"} & set(policy_schema()["properties"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("dimensions", "quality", "base"), 95),
        (("dimensions", "quality"), {"weight": 1, "base": 9, "floor": 0, "ceiling": 10, "basis": "b"}),
        (("tiers", 0, "at_least"), 80.55),
        (("rules", 0, "per_unit"), {"points": -1.234, "cap": 5}),
        (("vetoes", 0, "when", "at_least"), 2),
        (("tiers", 0, "inspection", "general", "ratio"), 0.29),
        (("effective_from",), "2013-01-01"),
    ],
    ids=str,
)  # fmt: skip
def test_a_value_may_be_dated_wherever_it_stands(city: Any, path: tuple[Any, ...], value: Any) -> None:
    *way, last = path
    holder = city
    for step in way:
        holder = holder[step]
    holder[last] = {"dated": [{"from": "2020-01-01", "value": value}, {"from": "2021-01-01", "value": value}]}
    assert faults(city) == []
    holder[last] = {"dated": [{"from": "2020-01-01"}]}
    assert [fault.rpartition(".")[2] for fault in faults(city)] == ["dated[0]"]


def test_an_item_of_a_list_may_be_dated(city: Any) -> None:
    city["rules"][0] = {"dated": [{"from": "2020-01-01", "value": city["rules"][0]}]}
    assert faults(city) == []


def test_bands_are_written_with_from(city: Any) -> None:
    del city["rules"][0]["per_unit"]
    city["rules"][0]["bands"] = [{"below": 1, "points": 0}, {"from": 1, "points": -2}]
    assert faults(city) == []
    city["rules"][0]["bands"][1] = {"from_": 1, "points": -2}
    assert faults(city) == ["$.rules[0].bands[1]"]


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("ruels",), [], "$"),
        (("tiers", 0, "at_least"), "high", "$.tiers[0].at_least"),
        (("tiers", 0, "inspection", "general", "ratio"), 0, "$.tiers[0].inspection.general.ratio"),
        (("dimensions", "beauty"), {}, "$.dimensions"),
        (("rules", 0, "id"), "Grave!", "$.rules[0].id"),
        (("effective_from",), "2012-13-01", "$.effective_from"),
        (("indicators", 0, "measure"), "median", "$.indicators[0].measure"),
    ],
    ids=str,
)  # fmt: skip
def test_mistakes_are_found_in_their_place(city: Any, path: tuple[Any, ...], value: Any, fault: str) -> None:
    *way, last = path
    holder = city
    for step in way:
        holder = holder[step]
    holder[last] = value
    assert fault in faults(city)
