"""The forms of the parts of a policy: each part has exactly one, and what is stray beside it is refused."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import creditrisk as cr
from creditrisk.indicators.quantities import ByPieces, Choice, MeanOf, Piece, ProductOf, Quantity, RatioOf, SumOf
from creditrisk.policy.loading import parse_policy, policy_document
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
from creditrisk.policy.tiers import (
    Above,
    AllOthers,
    AtLeast,
    ByConditionOnly,
    InspectionIntensity,
    Share,
    Tier,
    VisitsAtMost,
    VisitsBelow,
)
from creditrisk.report.policies.wording import Words

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
        ({"at_least": 2}, "'at_least' stands beside 'all_of' and compares nothing: move it, with an indicator"),
        ({"below": 0}, "'below' stands beside 'all_of' and compares nothing: move it, with an indicator"),
        ({"missing": True}, "'missing' stands beside 'all_of' and compares nothing: move it, with an indicator"),
        ({"indicator": "safety.accident_count"}, "give either an indicator with a comparison, or all_of, or any_of"),
        ({"any_of": [INSPECTIONS]}, "give either an indicator with a comparison, or all_of, or any_of"),
    ],
)
def test_what_stands_beside_all_of_is_refused(stray: dict[str, Any], message: str) -> None:
    assert message in complaint(Condition, {"all_of": [ACCIDENTS], **stray})


def test_what_is_stray_in_a_document_is_named_with_its_line_and_key() -> None:
    document = policy_document("tax_credit").decode()
    first = document.index("all_of:")
    stray = document[:first] + "at_least: 2\n      " + document[first:]
    line = document[:first].count("\n")
    with pytest.raises(
        cr.PolicyError, match=rf"^x\.yaml, line {line}: thin_evidence\.2\.when: 'at_least' stands beside"
    ):
        parse_policy(stray.encode(), "x.yaml")


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


TIER = {"id": "good", "label": TEXT, "inspection": {"general": {"ratio": 0.1}, "basis": "example"}, "basis": "example"}


@pytest.mark.parametrize(
    ("keys", "cut_off"),
    [
        ({"at_least": 80}, AtLeast(80)),
        ({"above": 80}, Above(80)),
        ({"share": 0.3}, Share(0.3)),
        ({"by_condition_only": True}, ByConditionOnly()),
        ({}, AllOthers()),
    ],
)
def test_a_tier_is_reached_in_one_way_and_only_a_share_compares(keys: dict[str, Any], cut_off: object) -> None:
    tier = Tier.model_validate({**TIER, **keys})
    assert tier.cut_off == cut_off
    assert tier.compares_enterprises == isinstance(cut_off, Share)
    assert {*keys} <= {*Tier.CUT_OFF_KEYS}


@pytest.mark.parametrize("keys", [{"at_least": 1, "above": 1}, {"share": 0.1, "by_condition_only": True}])
def test_a_tier_with_several_cut_offs_is_refused(keys: dict[str, Any]) -> None:
    assert "tier good: give one of at_least, above, share and by_condition_only" in complaint(Tier, {**TIER, **keys})


def test_a_key_of_a_tier_is_common_or_a_cut_off() -> None:
    assert {*Tier.model_fields} == {"id", "label", "inspection", "basis", *Tier.CUT_OFF_KEYS}


@pytest.mark.parametrize(
    ("name", "compares"),
    [("jiangsu", False), ("us_fmcsa_sms", True), ("uk_food_hygiene", False), ("shenzhen_bands", False)],
)
def test_a_policy_says_whether_it_compares_enterprises(name: str, compares: bool) -> None:
    assert cr.load_policy(name).compares_enterprises is compares


def test_shares_behind_a_tier_by_condition_compare_enterprises_too() -> None:
    policy = cr.load_policy("jiangsu")
    first, second, *rest = policy.tiers
    by_condition = first.model_copy(update={"at_least": None, "by_condition_only": True})
    by_share = second.model_copy(update={"at_least": None, "share": 0.5})
    assert not policy.model_copy(update={"tiers": (by_condition, second, *rest)}).compares_enterprises
    assert policy.model_copy(update={"tiers": (by_condition, by_share, *rest)}).compares_enterprises


@pytest.mark.parametrize(
    ("keys", "visits", "said"),
    [
        ({}, None, "10% a year"),
        ({"visits_per_year_at_most": 1}, VisitsAtMost(1), "10% a year, at most 1 visit a year"),
        ({"visits_per_year_below": 2}, VisitsBelow(2), "10% a year, fewer than 2 visits a year"),
    ],
)
def test_what_bounds_the_visits_is_said(keys: dict[str, Any], visits: object, said: str) -> None:
    intensity = InspectionIntensity.model_validate({"ratio": 0.1, **keys})
    assert intensity.visits == visits
    assert Words(cr.load_policy("jiangsu")).intensity(intensity).en == said


QUANTITY = {"id": "q", "label": TEXT, "source": "example"}


@pytest.mark.parametrize(
    ("keys", "form"),
    [
        ({"mean_of": ["a", "b"]}, MeanOf(("a", "b"))),
        ({"sum_of": ["a", "b"]}, SumOf(("a", "b"))),
        ({"product_of": ["a", "b"]}, ProductOf(("a", "b"))),
        ({"ratio_of": ["a", "b"]}, RatioOf("a", "b")),
        ({"of": "a", "pieces": [{"value": 1}]}, ByPieces("a", (Piece(value=1),))),
        (
            {"choice": {"by": "a", "at_least": 1, "then": "b", "otherwise": "c"}},
            Choice(by="a", at_least=1, then="b", otherwise="c"),
        ),
    ],
)
def test_a_quantity_is_made_in_one_way(keys: dict[str, Any], form: object) -> None:
    assert Quantity.model_validate({**QUANTITY, **keys}).form == form
    further = {"sum_of": ["c", "d"]} if "sum_of" not in keys else {"mean_of": ["c", "d"]}
    for wrong in ({}, {**keys, **further}):
        assert "quantity q needs one of mean_of, sum_of" in complaint(Quantity, {**QUANTITY, **wrong})


KEYS_OF_FORMS = {
    "per_unit", "all_of", "any_of", "at_best", "at_worst", "exactly", "mean_of", "sum_of", "product_of", "ratio_of",
    "visits_per_year_at_most", "visits_per_year_below",
}  # fmt: skip


def test_only_the_parts_themselves_read_the_keys_of_their_forms() -> None:
    package = Path(cr.__file__).parent
    own = {package / "policy/rules.py", package / "policy/tiers.py", package / "indicators/quantities.py"}
    bypassing = [
        f"{path.relative_to(package)}:{node.lineno} {node.attr}"
        for path in {*package.rglob("*.py")} - own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in KEYS_OF_FORMS
    ]
    assert bypassing == []
