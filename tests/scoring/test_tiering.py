"""From totals to tiers: cut-offs of every kind, bounds in their precedence, limits on change."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.policy.loading import parse_policy
from creditrisk.scoring.scores import score
from creditrisk.scoring.tiering import assign_tiers
from tests.conftest import enterprises_of, records_of

TEXT = {"zh": "说明", "en": "text"}
INSPECTION = {"general": {"ratio": 0.1}, "key": {"ratio": 0.2}, "basis": "test"}


def tier(name: str, **cut_off: object) -> dict[str, object]:
    return {"id": name, "label": TEXT, "inspection": INSPECTION, "basis": "test", **cut_off}


def bound(name: str, indicator: str, **effect: str) -> dict[str, object]:
    return {"id": name, "when": {"indicator": indicator, "at_least": 1}, "reason": TEXT, "basis": "test", **effect}


def policy_of(**parts: Any) -> cr.Policy:
    """A policy of one dimension: 100 minus the number of accidents."""
    document: dict[str, Any] = {
        "format": 1,
        "id": "small",
        "edition": "1",
        "title": TEXT,
        "effective_from": date(2020, 1, 1),
        "basis": "test",
        "severity_weights": {"minor": 1, "general": 3, "serious": 6, "grave": 10, "basis": "test"},
        "dimensions": {"safety": {"weight": 1, "base": 100, "floor": 0, "ceiling": 100, "basis": "test"}},
        "rules": [
            {"id": "safety.accidents", "indicator": "safety.accident_count", "per_unit": {"points": -1},
             "reason": TEXT, "basis": "test"}
        ],
        "tiers": [tier("good", at_least=90), tier("ordinary", at_least=60), tier("high_risk")],
        **parts,
    }  # fmt: skip
    # By way of JSON, which is YAML without aliases.
    return parse_policy(json.dumps(document, default=str).encode(), "small.yaml")


def tiers_of(policy: cr.Policy, accidents: list[float], **indicators: list[float]) -> list[str]:
    """Tiers of rows with so many accidents, and other indicators by the name without the dimension."""
    n_rows = len(accidents)
    values = {name: np.zeros(n_rows) for name in policy.indicators_used}
    values["safety.accident_count"] = np.array(accidents, dtype=float)
    values |= {f"compliance.{name}": np.array(column, dtype=float) for name, column in indicators.items()}
    tiering = assign_tiers(policy, score(policy, values), values)
    return [policy.tiers[position].id for position in tiering.tier]


def test_a_cut_off_may_include_or_exclude_its_own_number() -> None:
    tiers = [tier("good", above=90), tier("ordinary", at_least=60), tier("high_risk")]
    assert tiers_of(policy_of(tiers=tiers), [9, 10, 40, 41]) == ["good", "ordinary", "ordinary", "high_risk"]


def test_shares_take_the_best_of_those_assessed_and_keep_equal_totals_together() -> None:
    tiers = [tier("good", share=0.2), tier("ordinary", share=0.5), tier("high_risk")]
    policy = policy_of(tiers=tiers)
    assert tiers_of(policy, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) == ["good"] * 2 + ["ordinary"] * 5 + ["high_risk"] * 3
    assert tiers_of(policy, [1, 1, 1, 1, 2]) == ["good"] * 4 + ["high_risk"]


def test_a_tier_by_condition_only_is_never_reached_by_the_score() -> None:
    tiers = [tier("good", at_least=90), tier("new", by_condition_only=True), tier("ordinary")]
    policy = policy_of(tiers=tiers, thin_evidence=[bound("thin.new", "compliance.inspection_count", exactly="new")])
    assert tiers_of(policy, [0, 20, 0, 20], inspection_count=[0, 0, 1, 1]) == ["good", "ordinary", "new", "new"]


def test_vetoes_prevail_over_thin_evidence_over_floors_over_the_score() -> None:
    policy = policy_of(
        floors=[bound("floor.a", "compliance.passed_inspection_count", at_worst="ordinary")],
        thin_evidence=[bound("thin.b", "compliance.inspection_count", exactly="good")],
        vetoes=[bound("veto.c", "compliance.judgment_liable_count", at_best="ordinary")],
    )
    conditions = {
        "passed_inspection_count": [0, 1, 1, 1, 0],
        "inspection_count": [0, 0, 1, 1, 0],
        "judgment_liable_count": [0, 0, 0, 1, 1],
    }
    expected = ["high_risk", "ordinary", "good", "ordinary", "high_risk"]
    assert tiers_of(policy, [90] * 5, **conditions) == expected


def test_the_worst_of_several_vetoes_stands_in_any_order() -> None:
    vetoes = [
        bound("veto.a", "compliance.arrears_count", at_best="high_risk"),
        bound("veto.b", "compliance.unreachable_count", at_best="ordinary"),
    ]
    for order in (vetoes, vetoes[::-1]):
        assert tiers_of(policy_of(vetoes=order), [0], arrears_count=[1], unreachable_count=[1]) == ["high_risk"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"tiers": [tier("good", share=0.7), tier("ordinary", share=0.6), tier("bad")]}, "shares .* must not exceed 1"),
        ({"tiers": [tier("good", share=0.7), tier("ordinary", at_least=6), tier("bad")]}, "every tier by score but"),
        ({"tiers": [tier("good", at_least=9, share=0.7), tier("bad")]}, "give one of at_least, above, share"),
        ({"tiers": [tier("good", by_condition_only=True), tier("bad")]}, "at least two tiers must be reached"),
        ({"vetoes": [bound("veto.a", "compliance.arrears_count", at_worst="good")]}, "is a veto, so it cannot say"),
        (
            {"floors": [bound("floor.a", "compliance.passed_inspection_count", at_best="good")]},
            "is a floor, so it cannot say",
        ),
    ],
)
def test_tiers_and_bounds_that_say_nothing_sensible_are_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.PolicyError, match=message):
        policy_of(**parts)


LIMITED = policy_of(limits_on_change={"rise_at_most_steps": 1, "per_months": 6, "basis": "test"})
E1 = enterprises_of({"enterprise_id": "E1"})


def accidents(number: int, until: str | None = None) -> cr.Records:
    """So many accidents of one enterprise, and one other record."""
    rows = [{"type": "accident", "occurred_on": "2026-01-05", "expires_on": until} for _ in range(number)]
    return records_of(*rows, {"type": "training", "occurred_on": "2026-01-05"})


def tier_after(previous: object, records: cr.Records, as_of: str) -> tuple[str, date]:
    table = cr.assess(E1, records, policy=LIMITED, as_of=as_of, previous=previous, output="polars").table
    return table["tier"][0], table["tier_since"][0]


def test_a_tier_rises_one_step_at_a_time_and_only_after_the_months() -> None:
    records = accidents(60, until="2026-02-28")
    first = cr.assess(E1, records, policy=LIMITED, as_of="2026-01-31")
    assert tier_after(None, records, "2026-01-31") == ("high_risk", date(2026, 1, 31))
    assert tier_after(first, records, "2026-07-30") == ("high_risk", date(2026, 1, 31))
    second = cr.assess(E1, records, policy=LIMITED, as_of="2026-07-31", previous=first)
    assert tier_after(first, records, "2026-07-31") == ("ordinary", date(2026, 7, 31))
    assert tier_after(second, records, "2026-12-31") == ("ordinary", date(2026, 7, 31))
    assert tier_after(second, records, "2027-01-31") == ("good", date(2027, 1, 31))


def test_nobody_rises_into_a_tier_that_is_reached_by_condition_only() -> None:
    tiers = [
        tier("good", at_least=90),
        tier("new", by_condition_only=True),
        tier("ordinary", at_least=60),
        tier("poor"),
    ]
    policy = policy_of(tiers=tiers, limits_on_change={"rise_at_most_steps": 2, "per_months": 6, "basis": "test"})

    def tier_from(before: str) -> str:
        previous = pl.DataFrame(
            {"enterprise_id": ["E1"], "as_of": [date(2025, 1, 1)], "tier": [before], "evidence_count": [0]}
        )
        return str(cr.assess(E1, accidents(0), policy=policy, as_of="2026-01-31", previous=previous).table["tier"][0])

    assert {before: tier_from(before) for before in ("good", "new", "ordinary", "poor")} == {
        "good": "good", "new": "good", "ordinary": "good", "poor": "ordinary"
    }  # fmt: skip


def test_a_tier_falls_at_once() -> None:
    before = cr.assess(E1, accidents(0), policy=LIMITED, as_of="2026-01-31")
    assert tier_after(before, accidents(60), "2026-02-01") == ("high_risk", date(2026, 2, 1))


def test_a_tier_never_rises_because_records_went_missing() -> None:
    before = cr.assess(E1, accidents(60), policy=LIMITED, as_of="2026-01-31")
    assert tier_after(before, accidents(3), "2027-01-31") == ("high_risk", date(2026, 1, 31))


def test_what_holds_a_tier_down_is_a_line_of_the_explanation() -> None:
    records = accidents(60, until="2026-02-28")
    first = cr.assess(E1, records, policy=LIMITED, as_of="2026-01-31")
    explanation = cr.assess(E1, records, policy=LIMITED, as_of="2026-03-31", previous=first).explain("E1")
    assert [line.kind for line in explanation.bounds] == ["limit_on_change"]
    assert "rises at most 1 step(s) in 6 months" in explanation.text("en")


def test_the_assessment_before_may_be_a_table_a_folder_or_a_file(tmp_path: Path) -> None:
    records = accidents(60, until="2026-02-28")
    first = cr.assess(E1, records, policy=LIMITED, as_of="2026-01-31")
    files = first.save(tmp_path)
    for previous in (first, first.table, tmp_path, files["assessments.parquet"]):
        assert tier_after(previous, records, "2026-03-31") == ("high_risk", date(2026, 1, 31))


def previous_table(**changes: object) -> pl.DataFrame:
    row = {"enterprise_id": "E1", "as_of": date(2026, 1, 1), "tier": "good", "evidence_count": 1, **changes}
    return pl.DataFrame([row])


@pytest.mark.parametrize(
    ("previous", "message"),
    [
        (pl.DataFrame({"enterprise_id": ["E1"]}), "no table of an assessment: it has no column 'as_of'"),
        ("nowhere", "previous assessment nowhere cannot be read"),
        (
            previous_table(as_of=date(2027, 1, 1)),
            "previous is of 2027-01-01, later than as_of 2026-06-30",
        ),
        (
            previous_table(tier="AA"),
            "previous has the tier 'AA'; policy small has good, ordinary, high_risk",
        ),
        (previous_table(tier=None), "previous has no tier of E1 \\(row 0"),
        (previous_table(evidence_count=None), "previous has no evidence_count of E1 \\(row 0"),
        (previous_table(enterprise_id=None), "previous has no enterprise_id \\(row 0"),
        (pl.concat([previous_table(), previous_table(tier="good")]), "previous has E1 more than once"),
    ],
)  # fmt: skip
def test_an_assessment_before_that_does_not_fit_is_one_clear_error(previous: object, message: str) -> None:
    with pytest.raises(cr.InputError, match=message):
        cr.assess(E1, accidents(1), policy=LIMITED, as_of="2026-06-30", previous=previous)


def test_a_tier_of_which_nobody_says_since_when_is_held_from_the_day_it_was_given() -> None:
    before = previous_table(tier="high_risk", as_of=date(2026, 6, 1), tier_since=None)
    assert tier_after(before, accidents(0), "2026-06-30")[0] == "high_risk"
