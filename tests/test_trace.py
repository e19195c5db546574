"""The trace: what it says was read is what decides, and what it says came of it is what the assessment says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from pydantic import BaseModel, Field, ValidationError

import creditrisk as cr
from creditrisk.assessing.reading_log import Readings, RecordedValues, recorded
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import parse_policy
from creditrisk.policy.rules import AnyOf, Bound, ByValue, Comparison, Rule
from creditrisk.scoring.scores import score
from creditrisk.scoring.tiering import assign_regimes, assign_tiers
from tests.conftest import AS_OF

JIANGSU = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")
SAMPLE = range(0, 400, 9)
FEW = range(0, 400, 57)

# Every form that the format has and the built-in policy does not use.
FURTHER = """
  - id: safety.by_value
    indicator: safety.accident_count
    values: [{value: 0, points: -0.5}, {value: 1, points: -2}]
    unseen: -2
    missing: -1
    when:
      any_of:
        - {indicator: safety.penalty_severity, at_least: 3}
        - all_of:
            - {indicator: quality.penalty_severity, above: 0, missing: true}
            - {indicator: quality.spot_check_failure_ratio, at_least: 0.1, missing: true}
    reason: {zh: 例, en: example}
    basis: example
  - id: quality.per_share
    indicator: quality.complaints_in_peers
    per_unit: {points: {dated: [{from: 2020-01-01, value: -1}, {from: 2026-01-01, value: -0.02}]}, cap: 1}
    missing: -0.5
    reason: {zh: 例, en: example}
    basis: example
floors:
  - id: floor.example
    when: {indicator: compliance.passed_inspection_count, at_least: 6}
    at_worst: ordinary
    reason: {zh: 例, en: example}
    basis: example
indicators:
  - id: quality.complaints_in_peers
    label: {zh: 例, en: example}
    direction: none
    source: example
    select: {types: [complaint]}
    measure: count
    per: quality.inspections
    percentile_within: [scale]
  - id: quality.inspections
    label: {zh: 例, en: example}
    direction: none
    source: example
    select: {types: [inspection]}
    measure: count
    window_months: 36
"""


def own_policy() -> Policy:
    """The built-in policy with what it does not use, and tiers by share."""
    text = JIANGSU.replace("\n# Whatever the score", FURTHER + "\n# Whatever the score", 1)
    assert text.count("at_least: 85") == text.count("at_least: 65") == 1
    text = text.replace("at_least: 85", "share: 0.3").replace("at_least: 65", "share: 0.5")
    text = text.replace("direction: none\n    source: example\n    select: {types: [c", "direction: risk_rises\n    "
                        "source: example\n    select: {types: [c")  # fmt: skip
    return parse_policy(text.encode(), "own.yaml")


@pytest.fixture(scope="module")
def own(province: tuple[cr.Enterprises, cr.Records]) -> cr.Assessment:
    """The province by this policy, after an assessment two years before."""
    enterprises, records = province
    before = cr.assess(enterprises, records, policy=own_policy(), as_of="2025-09-30", output="polars")
    return cr.assess(enterprises, records, policy=own_policy(), as_of=AS_OF, previous=before, output="polars")


@pytest.fixture(scope="module", params=["assessment", "own"])
def traced(request: pytest.FixtureRequest) -> tuple[cr.Assessment, list[cr.Trace]]:
    assessment = request.getfixturevalue(request.param)
    return assessment, [assessment.trace(assessment.assessed.ids[row]) for row in SAMPLE]


def test_points_and_tiers_are_those_of_the_explanation(traced: tuple[cr.Assessment, list[cr.Trace]]) -> None:
    assessment, traces = traced
    for row, trace in zip(SAMPLE, traces, strict=True):
        explanation = assessment.explain(trace.enterprise_id)
        lines = [line for dimension in explanation.dimensions for line in dimension.lines]
        assert [rule.id for rule in trace.rules] == [rule.id for rule in assessment.policy.rules]
        for rule in trace.rules:
            mine = [line for line in lines if line.rule == rule.id]
            assert rule.points == sum((line.points for line in mine), Decimal(0))
            assert rule.points_before_cap == sum((line.points for line in mine if line.kind == "rule"), Decimal(0))
            for line in mine[:1]:
                assert set(line.record_ids) == {name for read in rule.indicators for name in read.record_ids}
        for mine, theirs in zip(trace.dimensions, explanation.dimensions, strict=True):
            assert (mine.dimension, mine.score, mine.weighted_score) == (
                theirs.dimension, theirs.score, theirs.weighted_score,
            )  # fmt: skip
            assert mine.base + mine.points + mine.adjustment == mine.score
        assert trace.score == explanation.score
        assert (trace.tier, trace.regime) == (explanation.tier, explanation.regime)
        assert assessment.policy.tier(trace.tier_by_score).label == explanation.tier_by_score
        assert trace.held == assessment.assessed.tiering.held[row]
        assert {bound.id: bound.met for bound in trace.bounds} == {
            name: met[row] for name, met in assessment.assessed.tiering.met.items()
        }


def test_each_indicator_read_stands_with_its_value(traced: tuple[cr.Assessment, list[cr.Trace]]) -> None:
    assessment, traces = traced
    for row, trace in zip(SAMPLE, traces, strict=True):
        for rule, part in zip(assessment.policy.rules, trace.rules, strict=True):
            assert {read.id for read in part.indicators} == set(rule.indicators)
        for part in (*trace.rules, *trace.bounds):
            for read in part.indicators:
                value = assessment.assessed.indicators[read.id][row]
                assert read.value == value or (read.value is None and np.isnan(value))


def changes(
    data: Any, path: tuple[str, ...] = (), place: tuple[Any, ...] = ()
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Key path and place of every number of a document."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from changes(value, (*path, key), (*place, key))
    elif isinstance(data, list):
        for number, item in enumerate(data):
            name = item.get("id", str(number)) if isinstance(item, dict) else str(number)
            yield from changes(item, (*path, name), (*place, number))
    elif isinstance(data, int | float):
        yield ".".join(path), place


def changed(document: dict[str, Any], place: tuple[Any, ...]) -> Iterator[Policy]:
    """The policy with one number moved up and down, where that is allowed."""
    for move in (lambda number: number * 2, lambda number: number / 8, lambda number: number - 1, lambda number: 0):
        other = copy.deepcopy(document)
        part = other
        for step in place[:-1]:
            part = part[step]
        part[place[-1]] = move(part[place[-1]])
        try:
            yield Policy.model_validate(other)
        except ValidationError:
            continue


def test_a_number_that_decides_is_in_the_trace(assessment: cr.Assessment) -> None:
    """Of the built-in policy every number of rules, bounds, dimensions, tiers and regimes is changed in turn."""
    document = yaml.safe_load(JIANGSU)
    rows = np.argsort(assessment.assessed.scores.total)[[*range(25), *range(25, 400, 30)]]
    traces = [assessment.trace(assessment.assessed.ids[int(row)]) for row in rows]
    read = [{parameter.path for parameter in trace.parameters()} for trace in traces]
    values = {name: column[rows] for name, column in assessment.assessed.indicators.items()}
    enterprises = assessment.enterprises.data[rows]

    def results(policy: Policy) -> np.ndarray:
        scores = score(policy, values)
        tiering = assign_tiers(policy, scores, values)
        regimes = assign_regimes(policy, tiering, enterprises, AS_OF).to_physical().to_numpy()
        points = [np.bincount(hit.rows, hit.points, len(rows)) for hit in scores.hits]
        met = [tiering.met[bound.id] for bound in policy.bounds]
        return np.stack([*points, scores.total, tiering.by_score, tiering.tier, regimes, *met], axis=1)

    unchanged, decisive = results(assessment.policy), set()
    for path, place in changes(document):
        if place[0] not in ("rules", "dimensions", "tiers", "vetoes", "thin_evidence", "regimes"):
            continue
        for policy in changed(document, place):
            for row in np.flatnonzero((results(policy) != unchanged).any(axis=1)):
                assert path in read[row], (path, traces[row])
                decisive.add(path)
    assert len(decisive) > 100


def test_a_number_that_decides_what_counts_is_in_the_trace(
    province: tuple[cr.Enterprises, cr.Records], own: cr.Assessment
) -> None:
    """Severity weights, terms and the policy's own indicators, changed in turn and assessed anew."""
    enterprises, records = province
    document = own.policy.model_dump(mode="json", by_alias=True, exclude_none=True)
    traces = [own.trace(own.assessed.ids[row]) for row in FEW]
    decisive = set()
    for path, place in changes(document):
        if place[0] in ("severity_weights", "standing", "indicators"):
            for policy in changed(document, place):
                other = cr.assess(enterprises, records, policy=policy, as_of=AS_OF, output="polars")
                for row, trace in zip(FEW, traces, strict=True):
                    mine, others = own.assessed.indicators, other.assessed.indicators
                    if any(others[name][row] != mine[name][row] for name in mine if not np.isnan(mine[name][row])):
                        assert path in {parameter.path for parameter in trace.parameters()}
                        decisive.add(path)
    assert {"severity_weights.general", "indicators.quality.inspections.window_months"} <= decisive


def test_a_dated_parameter_shows_the_value_in_force_and_since_when(own: cr.Assessment) -> None:
    trace = own.trace(own.assessed.ids[0])
    dated = [parameter for parameter in trace.parameters() if parameter.in_force_from is not None]
    assert [(one.path, one.value, str(one.in_force_from)) for one in dated] == [
        ("rules.quality.per_share.per_unit.points", -0.02, "2026-01-01")
    ]
    assert "per_unit.points = -0.02 (from 2026-01-01)" in trace.text("en")
    assert "per_unit.points = -0.02 (自2026-01-01起)" in trace.text("zh")


def test_a_part_dated_as_a_whole_dates_all_that_stands_in_it(province: tuple[cr.Enterprises, cr.Records]) -> None:
    whole = "per_unit: {dated: [{from: 2026-01-01, value: {points: -0.02, cap: 1}}]}"
    part = "per_unit: {points: {dated: [{from: 2020-01-01, value: -1}, {from: 2026-01-01, value: -0.02}]}, cap: 1}"
    assert part in FURTHER
    text = JIANGSU.replace("\n# Whatever the score", FURTHER.replace(part, whole) + "\n# Whatever the score", 1)
    enterprises, records = province
    policy = parse_policy(text.encode(), "own.yaml")
    trace = cr.assess(enterprises, records, policy=policy, as_of=AS_OF).trace(enterprises.data["enterprise_id"].min())
    dated = {one.path: str(one.in_force_from) for one in trace.parameters() if one.in_force_from is not None}
    assert dated["rules.quality.per_share.per_unit.points"] == "2026-01-01"


def test_only_the_band_and_the_listed_value_that_the_value_lies_in_are_read(own: cr.Assessment) -> None:
    fine = np.flatnonzero(
        (own.assessed.indicators["safety.penalty_amount"] >= 10_000)
        & (own.assessed.indicators["safety.penalty_amount"] < 1e5)
    )
    trace = own.trace(own.assessed.ids[int(fine[0])])
    rule = next(rule for rule in trace.rules if rule.id == "safety.penalty_amount")
    assert [one.path for one in rule.parameters if one.path.endswith(".points")] == [
        "rules.safety.penalty_amount.bands.1.points"
    ]


def test_no_band_is_read_of_a_missing_value(own: cr.Assessment) -> None:
    missing = np.flatnonzero(np.isnan(own.assessed.indicators["quality.spot_check_failure_ratio"]))
    trace = own.trace(own.assessed.ids[int(missing[0])])
    rule = next(rule for rule in trace.rules if rule.id == "quality.spot_check_failure_ratio")
    assert [one.path.rpartition(".")[2] for one in rule.parameters if one.value == 0] == ["missing"]
    assert not any(one.path.endswith(".points") for one in rule.parameters)


def test_an_indicator_made_of_another_shows_it(own: cr.Assessment) -> None:
    trace = own.trace(own.assessed.ids[0])
    read = next(rule for rule in trace.rules if rule.id == "quality.per_share").indicators[0]
    assert [other.id for other in read.made_of] == ["quality.inspections"]
    assert {"per", "percentile_within"} <= {one.path.rpartition(".")[2] for one in read.parameters}


def test_text_and_data(traced: tuple[cr.Assessment, list[cr.Trace]]) -> None:
    assessment, traces = traced
    trace = traces[0]
    data = json.loads(json.dumps(trace.to_dict(), allow_nan=False))
    assert [rule["points"] for rule in data["rules"]] == [str(rule.points) for rule in trace.rules]
    for language in ("zh", "en"):
        text = trace.text(language)
        assert all(f"\n  {rule.id}: " in text for rule in assessment.policy.rules)
        assert text in str(trace)
    assert trace.enterprise_id in repr(trace)
    hostile = trace.model_copy(update={"name": "a\nb\x1b[2J"})
    assert "a b [2J" in hostile.text("en").splitlines()[0]
    with pytest.raises(cr.InputError, match="has no enterprise 'nobody'"):
        assessment.trace("nobody")


class Inner(BaseModel):
    id: str = "inner.id"
    from_: float | None = Field(1.5, alias="from")
    nothing: None = None

    @property
    def doubled(self) -> float:
        return 2 * (self.from_ or 0.0)


class Outer(BaseModel):
    """A part that no scorer knows."""

    parts: tuple[Inner, ...] = (Inner(), Inner())
    names: tuple[str, ...] = ("a", "b")
    by_name: dict[str, Inner] = {"x": Inner()}
    other: int = 7

    @cached_property
    def total(self) -> float:
        return sum(part.doubled for part in self.parts)

    def plus(self, number: int) -> int:
        return self.other + number

    def __getitem__(self, name: str) -> Inner:
        return self.by_name[name]


def test_what_any_part_computes_is_recorded_as_it_reads() -> None:
    readings = Readings()
    outer = recorded(Outer(), readings)
    assert outer.total == 6.0
    assert readings.parameters == {("parts", "inner.id", "from"): 1.5}
    assert outer.plus(1) == 8
    assert outer["x"].doubled == 3.0
    assert outer.by_name["x"].nothing is None
    assert outer.names == ("a", "b")
    assert list(readings.parameters)[1:] == [("other",), ("by_name", "x", "from"), ("names",)]
    with pytest.raises(AttributeError):
        _ = outer.unknown


def test_an_indicator_is_recorded_by_the_parameter_that_names_it() -> None:
    readings = Readings()
    values = RecordedValues({"a": np.zeros(1), "b": np.ones(1)}, readings)
    names = recorded(Outer(names=("a",)).names[0], readings, ("rules", "r", "indicator"))
    assert values[names] == 0
    assert list(values) == ["a", "b"]
    assert "c" not in values
    with pytest.raises(AssertionError, match=r"values of b are read, but the last parameter read is rules\.r"):
        _ = values["b"]
    assert readings.indicators == {(("rules", "r", "indicator"), "a"): None}


def test_a_recorded_part_matches_the_class_patterns_of_its_part() -> None:
    rule = next(rule for rule in own_policy().rules if rule.id == "safety.by_value")
    readings = Readings()
    stand_in = recorded(rule, readings, ("rules", rule.id))
    assert isinstance(stand_in, Rule)
    assert isinstance(stand_in, BaseModel)
    assert not isinstance(stand_in, Bound)
    match stand_in.form:
        case ByValue(values, unseen):
            assert [entry.points for entry in values] == [-0.5, -2]
            assert unseen == -2
        case other:
            pytest.fail(f"matched {other}")
    assert [path[2:] for path in readings.parameters] == [
        ("unseen",), ("values", "0", "points"), ("values", "1", "points"),
    ]  # fmt: skip
    condition = stand_in.when.form
    assert isinstance(condition, AnyOf)
    comparison = condition.parts[0].form
    assert comparison == Comparison("at_least", 3, False, "safety.penalty_severity")
    # Read last, so that its values are read right after it.
    assert RecordedValues({"safety.penalty_severity": np.ones(1)}, readings)["safety.penalty_severity"] == 1


def test_nothing_of_the_assessment_is_changed_by_a_trace(assessment: cr.Assessment) -> None:
    before = assessment.table_data
    assessment.trace(before["enterprise_id"][3])
    again = cr.assess(
        assessment.enterprises, assessment.records, policy=assessment.policy, as_of=AS_OF, output="polars"
    )
    assert isinstance(before, pl.DataFrame)
    assert again.table_data.equals(before)
