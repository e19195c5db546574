"""The way to the next tier: nothing smaller works, no day before does, and what it says is so when assessed again."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.policy.document import Policy
from creditrisk.report.pages import explanation_page
from tests.conftest import enterprises_of, records_of

DAY = date(2026, 6, 30)
E1 = enterprises_of({"enterprise_id": "E1"})
PASSED = {"type": "inspection", "outcome": "pass", "dimension": "compliance", "occurred_on": "2026-01-10"}
INSPECTION = {**PASSED, "record_id": "inspection", "occurred_on": str(DAY)}
COMMITMENT = {**INSPECTION, "record_id": "commitment", "type": "commitment", "outcome": "kept"}
POLICY = cr.load_policy("jiangsu", DAY)


def penalty(day: str, **changes: object) -> dict[str, object]:
    return {"type": "penalty", "dimension": "quality", "severity": "serious", "occurred_on": day, **changes}


def numbered(rows: tuple[dict[str, object], ...]) -> list[dict[str, object]]:
    return [{"record_id": f"r{number}", "enterprise_id": "E1", **row} for number, row in enumerate(rows)]


def assessed(*rows: dict[str, object], as_of: date = DAY) -> cr.Assessment:
    return cr.assess(E1, records_of(*numbered(rows)), policy=POLICY, as_of=as_of, output="polars")


def way_of(*rows: dict[str, object]) -> dict[str, Any]:
    """The way up of one enterprise."""
    return assessed(*rows).ways_up().row(0, named=True)


def tier_of(assessment: cr.Assessment) -> int:
    return int(assessment.assessed.tiering.tier[0])


def test_a_clean_inspection_is_all_that_an_enterprise_without_one_needs() -> None:
    way = way_of({"type": "training", "dimension": "responsibility", "occurred_on": "2026-01-10"})
    assert (way["reachable"], way["repairs"], way["further_actions"]) == (True, [], ["one inspection passed"])
    assert way["by_time"] is None


def test_a_penalty_past_its_minimum_term_is_repaired_and_one_within_it_waits() -> None:
    heavy = [penalty(f"2025-0{month}-01", severity="grave", amount=5e6) for month in (1, 2, 3)]
    old = way_of(PASSED, *heavy)
    assert old["reachable"]
    assert set(old["repairs"]) <= {"r1", "r2", "r3"}
    fresh = way_of(PASSED, *({**one, "occurred_on": "2026-05-01"} for one in heavy))
    assert (fresh["reachable"], fresh["repairs"]) == (False, [])


def test_what_no_action_lifts_is_named() -> None:
    listed = {"type": "serious_dishonesty_listing", "dimension": "compliance", "occurred_on": "2026-05-01"}
    way = way_of(PASSED, listed)
    assert (way["tier"], way["reachable"], way["in_the_way"]) == ("high_risk", False, ["veto.serious_dishonesty"])
    assert way["by_time"] == date(2029, 5, 1)
    assert "On a serious-dishonesty list" in way["reason_en"]
    assert "列入严重失信主体名单" in way["reason_zh"]


def test_a_young_enterprise_waits_until_it_is_a_year_old() -> None:
    young = enterprises_of({"enterprise_id": "E1", "established_on": "2026-01-01"})
    assessment = cr.assess(young, records_of(PASSED), policy=POLICY, as_of=DAY, output="polars")
    way = assessment.ways_up().row(0, named=True)
    assert (way["reachable"], way["in_the_way"], way["by_time"]) == (False, ["thin.too_new"], date(2027, 1, 1))


def test_limits_on_change_are_in_the_way_until_they_are_not() -> None:
    listed = {"type": "serious_dishonesty_listing", "occurred_on": "2026-05-01", "revoked_on": "2026-06-15"}
    before = assessed(listed, PASSED, as_of=date(2026, 5, 31))
    rows = numbered((listed, PASSED))
    now = cr.assess(E1, records_of(*rows), policy=POLICY, as_of=DAY, previous=before, output="polars")
    way = now.ways_up().row(0, named=True)
    assert (way["tier"], way["in_the_way"], way["by_time"]) == ("high_risk", ["limits_on_change"], date(2026, 11, 30))


def test_a_policy_that_compares_enterprises_has_no_way_of_ones_own() -> None:
    shares = (0.3, 0.3, None)
    tiers = (
        tier.model_copy(update={"at_least": None, "share": share})
        for tier, share in zip(POLICY.tiers, shares, strict=True)
    )
    both = enterprises_of({"enterprise_id": "E1"}, {"enterprise_id": "E2"})
    ranked = cr.assess(both, records_of(PASSED), policy=POLICY.model_copy(update={"tiers": tuple(tiers)}), as_of=DAY)
    with pytest.raises(cr.InputError, match="compares enterprises with one another"):
        ranked.ways_up()


def test_a_better_tier_that_lasts_some_weeks_is_found_though_each_day_of_age_costs_points() -> None:
    text = {"zh": "例", "en": "example"}
    costs = {"reason": text, "basis": "example", "missing": 0}
    each_day = {"id": "compliance.age", "indicator": "compliance.enterprise_age_days", **costs}
    accidents = {"id": "safety.accidents", "indicator": "safety.accident_count", **costs}
    rules = [{**each_day, "per_unit": {"points": -0.1}}, {**accidents, "per_unit": {"points": -40}}]
    parts = {"rules": rules, "vetoes": (), "thin_evidence": (), "floors": ()}
    policy = Policy.model_validate({**POLICY.model_dump(by_alias=True), **parts})
    new = enterprises_of({"enterprise_id": "E1", "established_on": str(DAY)})
    records = records_of(
        {"type": "accident", "dimension": "safety", "occurred_on": str(DAY), "expires_on": "2026-08-01"}
    )
    # Without the accident the score is 87, less 0.025 a day: good until the 80th day.
    way = cr.assess(new, records, policy=policy, as_of=DAY, output="polars").ways_up().row(0, named=True)
    assert (way["tier"], way["by_time"]) == ("ordinary", date(2026, 8, 2))


def test_points_for_a_single_age_are_found_on_the_one_day_that_has_it() -> None:
    text = {"zh": "例", "en": "example"}
    on_one_day = {
        "id": "compliance.example", "indicator": "compliance.enterprise_age_days", "reason": text, "basis": "example",
        "values": [{"value": 300, "points": 0}], "unseen": -60, "missing": -60,
    }  # fmt: skip
    parts = {"rules": [on_one_day], "vetoes": (), "thin_evidence": (), "floors": ()}
    policy = Policy.model_validate({**POLICY.model_dump(by_alias=True), **parts})
    young = enterprises_of({"enterprise_id": "E1", "established_on": "2026-01-01"})
    way = cr.assess(young, records_of(PASSED), policy=policy, as_of=DAY, output="polars").ways_up().row(0, named=True)
    assert (way["tier"], way["by_time"]) == ("ordinary", date(2026, 1, 1) + timedelta(days=300))


def test_explanations_say_the_way_up_and_the_states_in_every_form() -> None:
    listed = {"type": "serious_dishonesty_listing", "dimension": "compliance", "occurred_on": "2026-05-01"}
    explanation = assessed(PASSED, listed).explain("E1", way_up=True)
    assert "better than 'high risk (" in explanation.text("en") or "better than 'high risk'" in explanation.text("en")
    assert "升级途径" in explanation.text("zh")
    assert "2029-05-01" in explanation_page(explanation)
    assert explanation.to_dict()["way_up"]["by_time"] == "2029-05-01"
    veto = next(state for state in explanation.states if state.kind == "veto")
    assert (veto.entered_on, veto.exits_on) == (date(2026, 5, 1), date(2029, 5, 1))
    assert assessed(PASSED).explain("E1", way_up=True).way_up is None


def test_an_observation_period_and_thin_evidence_have_their_days() -> None:
    new = enterprises_of({"enterprise_id": "E1", "established_on": "2026-01-01", "new_business_form": True})
    assessment = cr.assess(new, records_of(PASSED), policy=POLICY, as_of=DAY, output="polars")
    days = {row["state"]: (row["entered_on"], row["exits_on"]) for row in assessment.states().iter_rows(named=True)}
    assert days["observation"] == (date(2026, 1, 1), date(2027, 1, 1))
    assert days["thin.too_new"][1] == date(2027, 1, 1)


events = st.lists(
    st.one_of(
        st.builds(
            lambda days, kind, severity, dimension, amount: {
                "type": kind, "severity": severity, "dimension": dimension, "amount": amount,
                "occurred_on": str(DAY - timedelta(days=days)),
            },
            st.integers(0, 1300),
            st.sampled_from(["penalty", "penalty", "violation", "serious_dishonesty_listing", "accident"]),
            st.sampled_from(["minor", "general", "serious", "grave"]),
            st.sampled_from(["safety", "quality"]),
            st.sampled_from([None, 5e3, 5e4, 2e6]),
        ),
        st.builds(
            lambda days, kind, outcome: {
                "type": kind, "outcome": outcome, "dimension": "quality", "occurred_on": str(DAY - timedelta(days=days))
            },
            st.integers(0, 1300),
            st.sampled_from(["inspection", "spot_check"]),
            st.sampled_from(["pass", "fail"]),
        ),
    ),
    min_size=1,
    max_size=7,
)  # fmt: skip
small = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@small
@given(events)
def test_no_smaller_set_of_actions_reaches_a_better_tier(rows: list[dict[str, object]]) -> None:
    assessment = assessed(*rows)
    if tier_of(assessment) == 0:
        return
    way = assessment.ways_up().row(0, named=True)
    standing = cr.standing_table(assessment.records, policy=POLICY, as_of=DAY, output="polars")
    open_to_repair = standing.filter(pl.col("counts") & (pl.col("repairable_from") <= DAY))["record_id"].to_list()
    actions = [*open_to_repair, "inspection", "commitment"]
    smallest = next(
        (size for size in range(len(actions) + 1) for taken in combinations(actions, size)
         if tier_of(after(rows, taken)) < tier_of(assessment)),
        None,
    )  # fmt: skip
    assert way["proved"]
    assert (way["n_actions"] if way["reachable"] else None) == smallest
    if way["reachable"]:
        further = {"one inspection passed": "inspection"}
        taken = (*way["repairs"], *(further.get(one, "commitment") for one in way["further_actions"]))
        verified = after(rows, taken)
        assert POLICY.tiers[tier_of(verified)].id == way["tier_reached"]
        assert verified.table["score"][0] == pytest.approx(way["score_reached"], abs=1e-9)


def after(rows: list[dict[str, object]], taken: tuple[str, ...]) -> cr.Assessment:
    """The enterprise assessed again with actions taken."""
    changed = [
        {**row, "repaired_on": str(DAY)} if f"r{number}" in taken else {**row, "repaired_on": None}
        for number, row in enumerate(rows)
    ]
    added = [row for row in (INSPECTION, COMMITMENT) if row["record_id"] in taken]
    return assessed(*changed, *added)


@small
@given(events)
def test_no_day_before_is_better_and_that_day_is(rows: list[dict[str, object]]) -> None:
    assessment = assessed(*rows)
    if tier_of(assessment) == 0:
        return
    found = assessment.ways_up().row(0, named=True)["by_time"]
    days = [DAY + timedelta(days=number) for number in range(1, 3654)]
    cohort = pl.DataFrame({"enterprise_id": ["E1"] * len(days), "as_of": days})
    builder = cr.IndicatorBuilder(assessment.records, enterprises=E1, policy=POLICY, only=POLICY.indicators_used)
    tiers = cr.RuleScorer(POLICY).fit().predict(builder.fit_transform(cohort))
    names = [tier.id for tier in POLICY.tiers]
    better = np.array([names.index(tier) for tier in tiers]) < tier_of(assessment)
    assert found == (days[int(better.argmax())] if better.any() else None)
