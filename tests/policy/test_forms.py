"""The forms of the parts of a policy: each part has exactly one, and what is stray beside it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from creditrisk.policy.rules import (
    AllOf,
    AnyOf,
    Band,
    Bands,
    Bound,
    ByValue,
    Comparison,
    Condition,
    PerUnit,
    Rule,
    ValuePoints,
)

TEXT = {"zh": "例", "en": "example"}
RULE = {"id": "safety.rule", "indicator": "safety.accident_count", "reason": TEXT, "basis": "example"}
BOUND = {"id": "veto", "when": {"indicator": "safety.accident_count", "above": 1}, "reason": TEXT, "basis": "example"}
ACCIDENTS = {"indicator": "safety.accident_count", "at_least": 2}
INSPECTIONS = {"indicator": "compliance.inspection_count", "below": 1, "missing": True}


def complaint(kind: type, data: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(data)
    return raised.value.errors()[0]["msg"]


@pytest.mark.parametrize("sign", ["at_least", "above", "at_most", "below"])
def test_a_condition_compares_an_indicator_with_a_number(sign: Any) -> None:
    condition = Condition.model_validate({"indicator": "safety.accident_count", sign: 2})
    assert condition.form == Comparison(sign, 2, False, "safety.accident_count")
    assert list(condition.comparisons()) == [condition.form]
    assert condition.form.opens_upwards == (sign in ("at_least", "above"))


def test_conditions_are_made_of_conditions() -> None:
    condition = Condition.model_validate({"all_of": [ACCIDENTS, {"any_of": [INSPECTIONS, ACCIDENTS]}]})
    accidents, inspections = (Condition.model_validate(one) for one in (ACCIDENTS, INSPECTIONS))
    assert isinstance(condition.form, AllOf)
    assert condition.form.parts[0] == accidents
    assert condition.form.parts[1].form == AnyOf((inspections, accidents))
    assert list(condition.comparisons()) == [accidents.form, inspections.form, accidents.form]
    assert condition.indicators() == ("safety.accident_count", "compliance.inspection_count")


@pytest.mark.parametrize(
    ("stray", "message"),
    [
        ({"at_least": 2}, "'at_least' beside 'all_of' compares nothing: give it an indicator"),
        ({"below": 0}, "'below' beside 'all_of' compares nothing: give it an indicator"),
        ({"missing": True}, "'missing' beside 'all_of' compares nothing: give it an indicator"),
        ({"indicator": "safety.accident_count"}, "give either an indicator with a comparison, or all_of, or any_of"),
        ({"any_of": [INSPECTIONS]}, "give either an indicator with a comparison, or all_of, or any_of"),
    ],
)
def test_what_stands_beside_all_of_is_refused(stray: dict[str, Any], message: str) -> None:
    assert message in complaint(Condition, {"all_of": [ACCIDENTS], **stray})


@pytest.mark.parametrize("data", [{}, {"all_of": []}, {"at_least": 2}, {"missing": True}])
def test_a_condition_without_an_indicator_is_refused(data: dict[str, Any]) -> None:
    assert "give either an indicator with a comparison, or all_of, or any_of" in complaint(Condition, data)


@pytest.mark.parametrize("data", [{}, {"at_least": 1, "at_most": 2}, {"above": 1, "at_least": 1}])
def test_a_comparison_has_one_sign(data: dict[str, Any]) -> None:
    assert "exactly one of at_least, above, at_most, below" in complaint(
        Condition, {"indicator": "safety.accident_count", **data}
    )


@pytest.mark.parametrize(
    ("keys", "form"),
    [
        ({"per_unit": {"points": -2, "cap": 6}}, PerUnit(points=-2, cap=6)),
        ({"bands": [{"points": 3}]}, Bands((Band(points=3),))),
        ({"values": [{"value": 1, "points": -1}], "unseen": 0}, ByValue((ValuePoints(value=1, points=-1),), 0)),
    ],
)
def test_a_rule_gives_points_in_one_way(keys: dict[str, Any], form: object) -> None:
    rule = Rule.model_validate({**RULE, **keys})
    assert rule.form == form
    assert {*rule.model_fields_set} - {*RULE, "dimension"} <= {*Rule.FORM_KEYS}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "rule safety.rule needs one of 'per_unit', 'bands' and 'values'"),
        ({"per_unit": {"points": 1}, "bands": [{"points": 1}]}, "needs one of 'per_unit', 'bands' and 'values'"),
        ({"per_unit": {"points": 1}, "unseen": 0}, "'unseen' (points for a value not listed) goes with 'values'"),
        ({"values": [{"value": 1, "points": 1}]}, "'unseen' (points for a value not listed) goes with 'values'"),
        (
            {"per_unit": {"points": 1}, "values": [{"value": 1, "points": 1}], "unseen": 0},
            "needs one of 'per_unit', 'bands' and 'values'",
        ),
    ],
)
def test_a_rule_with_no_form_or_several_is_refused(keys: dict[str, Any], message: str) -> None:
    assert message in complaint(Rule, {**RULE, **keys})


def test_a_key_of_a_rule_is_common_to_all_forms_or_belongs_to_one() -> None:
    common = {"id", "dimension", "indicator", "when", "missing", "reason", "basis"}
    assert {*Rule.model_fields} == common | {*Rule.FORM_KEYS}


@pytest.mark.parametrize("effect", ["at_best", "at_worst", "exactly"])
def test_a_bound_has_one_effect_on_the_tier(effect: str) -> None:
    bound = Bound.model_validate({**BOUND, effect: "ordinary"})
    assert (bound.effect, bound.tier) == (effect, "ordinary")


@pytest.mark.parametrize("keys", [{}, {"at_best": "ordinary", "exactly": "ordinary"}])
def test_a_bound_with_no_effect_or_several_is_refused(keys: dict[str, Any]) -> None:
    assert "veto needs one of at_best, at_worst and exactly" in complaint(Bound, {**BOUND, **keys})
