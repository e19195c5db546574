"""What is proved of a policy when it loads: more risk never earns a better score or tier."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.policy.loading import built_in_policies, load_editions, parse_policy
from creditrisk.scoring.scores import score
from creditrisk.scoring.tiering import assign_tiers

TEXT = {"zh": "说明", "en": "text"}
# Name, and 1 where a larger value means more risk, -1 where less, 0 where the catalogue declares no direction.
INDICATORS = {
    "safety.accident_count": 1,
    "safety.training_count": -1,
    "compliance.passed_inspection_count": -1,
    "compliance.judgment_liable_count": 1,
    "compliance.inspection_count": 0,
}


def policy_of(rules: list[dict[str, Any]], **parts: Any) -> cr.Policy:
    """A policy of two dimensions with these rules."""
    inspection = {"general": {"ratio": 0.1}, "key": {"ratio": 0.2}, "basis": "test"}
    scale = {"weight": 0.5, "base": 50, "floor": 0, "ceiling": 100, "basis": "test"}
    tiers = [("good", {"at_least": 60}), ("ordinary", {"at_least": 40}), ("high_risk", {})]
    document = {
        "format": 1, "id": "small", "edition": "1", "title": TEXT, "effective_from": date(2020, 1, 1), "basis": "test",
        "severity_weights": {"minor": 1, "general": 3, "serious": 6, "grave": 10, "basis": "test"},
        "dimensions": {"safety": scale, "compliance": scale},
        "rules": [
            {"dimension": "safety", "reason": TEXT, "basis": "test", "id": f"rule_{number}", **rule}
            for number, rule in enumerate(rules)
        ],
        "tiers": [{"id": name, "label": TEXT, "inspection": inspection, "basis": "test", **cut} for name, cut in tiers],
        **parts,
    }  # fmt: skip
    return parse_policy(json.dumps(document, default=str).encode(), "small.yaml")


def complaint(rules: list[dict[str, Any]], **parts: Any) -> str:
    with pytest.raises(cr.PolicyError) as raised:
        policy_of(rules, **parts)
    return str(raised.value)


def bands(*points: float) -> list[dict[str, float]]:
    """Bands that begin at 1, 2, …"""
    cuts = [{} if number == 0 else {"from": float(number)} for number in range(len(points))]
    ends = [{"below": float(number + 1)} if number < len(points) - 1 else {} for number in range(len(points))]
    return [{**cut, **end, "points": one} for cut, end, one in zip(cuts, ends, points, strict=True)]


ACCIDENTS = {"indicator": "safety.accident_count", "per_unit": {"points": -1}}


@pytest.mark.parametrize("name", built_in_policies())
def test_every_proof_of_the_built_in_policies_holds(name: str) -> None:
    for edition in load_editions(name):
        assert edition.proofs
        assert all(proof.holds for proof in edition.proofs)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({**ACCIDENTS, "per_unit": {"points": 1}}, "rewards what safety.accident_count declares a risk"),
        ({"indicator": "safety.accident_count", "bands": bands(0, -3, -2)}, "rewards what safety.accident_count"),
        ({"indicator": "safety.training_count", "bands": bands(0, 3, 2)}, "rewards what safety.training_count"),
        (
            {"indicator": "safety.accident_count", "unseen": 0, "values": [
                {"value": 0, "points": -1}, {"value": 1, "points": 0}]},
            "rewards what safety.accident_count",
        ),
        (
            {"indicator": "safety.accident_count", "unseen": -3, "values": [
                {"value": 0, "points": 0}, {"value": 1, "points": -1}, {"value": 3, "points": -2}]},
            "rewards what safety.accident_count",
        ),
        ({**ACCIDENTS, "missing": 5}, "gives a missing value points outside -inf to 0"),
        ({**ACCIDENTS, "per_unit": {"points": -1, "cap": 5}, "missing": -6}, "outside -5 to 0"),
        (
            {**ACCIDENTS, "when": {"indicator": "compliance.judgment_liable_count", "below": 1}},
            "its condition reads compliance.judgment_liable_count such that more risk can earn points",
        ),
        (
            {**ACCIDENTS, "when": {"all_of": [
                {"indicator": "compliance.judgment_liable_count", "at_least": 1},
                {"indicator": "compliance.judgment_liable_count", "below": 3}]}},
            "its condition reads compliance.judgment_liable_count",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_breaks_the_law_is_named(rule: dict[str, Any], message: str) -> None:
    said = complaint([ACCIDENTS, rule])
    assert "rule_1" in said
    assert message in said


def test_a_bound_that_more_risk_would_lift_is_named() -> None:
    veto = {"id": "veto.a", "when": {"indicator": "safety.accident_count", "below": 1}, "at_best": "ordinary"}
    said = complaint([ACCIDENTS], vetoes=[{**veto, "reason": TEXT, "basis": "test"}])
    assert "veto.a more risk could lift the tier" in said


def test_a_condition_may_open_towards_punishment() -> None:
    when = {"indicator": "compliance.judgment_liable_count", "at_least": 1}
    policy = policy_of([{**ACCIDENTS, "when": when}])
    assert {(proof.indicator, proof.holds) for proof in policy.proofs} == {
        ("safety.accident_count", True),
        ("compliance.judgment_liable_count", True),
    }


points = st.integers(-9, 9).map(float)
conditions = st.builds(
    lambda name, comparison, number: {"indicator": name, comparison: float(number)},
    st.sampled_from(list(INDICATORS)),
    st.sampled_from(["at_least", "above", "at_most", "below"]),
    st.integers(0, 3),
)


def sound(name: str, steps: list[float]) -> list[float]:
    """Points in an order that follows the indicator's direction."""
    return sorted(steps, reverse=INDICATORS[name] > 0)


def form_of(name: str, steps: list[float], cap: int, kind: str) -> dict[str, Any]:
    """A rule's points; of the wild kind in any order, of the others as the direction asks."""
    if kind == "per_unit":
        one = -abs(steps[0]) * INDICATORS[name] if INDICATORS[name] else steps[0]
        return {"per_unit": {"points": one, **({"cap": float(cap)} if cap else {})}}
    return {"bands": bands(*(steps if kind == "wild" else sound(name, steps)))}


rules = st.builds(
    lambda name, steps, cap, kind, when, missing: {
        "indicator": name,
        "missing": missing,
        **form_of(name, steps, cap, kind),
        **({"when": when} if when else {}),
    },
    st.sampled_from(list(INDICATORS)),
    st.lists(points, min_size=1, max_size=4),
    st.integers(0, 9),
    st.sampled_from(["per_unit", "bands", "bands", "wild"]),
    st.none() | conditions | st.lists(conditions, min_size=1, max_size=2).map(lambda parts: {"any_of": parts}),
    st.just(0.0) | points,
)
vetoes = st.lists(
    st.builds(
        lambda when, tier: {"when": when, "at_best": tier, "reason": TEXT, "basis": "test"},
        conditions,
        st.sampled_from(["ordinary", "high_risk"]),
    ),
    max_size=1,
).map(lambda found: [{"id": f"veto.v{number}", **veto} for number, veto in enumerate(found)])
values = st.lists(st.integers(0, 5), min_size=len(INDICATORS), max_size=len(INDICATORS))


@settings(max_examples=300, deadline=None)
@given(st.lists(rules, min_size=1, max_size=2), vetoes, values, st.sampled_from(list(INDICATORS)), st.integers(1, 4))
def test_under_any_policy_that_loads_more_risk_earns_neither_points_nor_a_better_tier(
    drawn: list[dict[str, Any]], bounds: list[dict[str, Any]], row: list[int], raised: str, by: int
) -> None:
    try:
        policy = policy_of(drawn, vetoes=bounds)
    except cr.PolicyError as error:
        event(f"refused: {'rule_' in str(error) or 'veto.v' in str(error)}")
        return
    event(f"loaded, risk moved: {INDICATORS[raised] != 0}")
    if not INDICATORS[raised]:
        return
    indicators = {name: np.array([value, value], dtype=float) for name, value in zip(INDICATORS, row, strict=True)}
    indicators[raised][1] += by * INDICATORS[raised]
    scores = score(policy, indicators)
    tiers = assign_tiers(policy, scores, indicators).tier
    assert scores.total[1] <= scores.total[0]
    assert tiers[1] >= tiers[0]
