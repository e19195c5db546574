"""A part of a policy has one form: what another form would need beside it is refused, never ignored."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import creditrisk as cr
from tests.reference.cases import case_of
from tests.reference.documents import TEXT, Document, loaded

COMPARED = {"indicator": "safety.i0", "at_least": 1}
COMPARISONS = ("at_least", "above", "at_most", "below")


def document_with(**parts: Any) -> Document:
    """A policy of one rule; what is given takes the place of its own parts."""
    document = copy.deepcopy(case_of(3, 2, 4, 1, 1).document)
    rule = {"id": "safety.r0", "indicator": "safety.i0", "per_unit": {"points": -1}, "reason": TEXT, "basis": "test"}
    scale = {"weight": 1, "base": 10, "floor": 0, "ceiling": 100, "basis": "test"}
    nothing = {kind: [] for kind in ("vetoes", "thin_evidence", "floors")}
    return document | {"dimensions": {"safety": scale}, "rules": [rule], "regimes": {}} | nothing | parts


def bound(when: Document, **effect: str) -> Document:
    return {"id": "veto.b", "when": when, **(effect or {"at_best": "t1"}), "reason": TEXT, "basis": "test"}


def refused(document: Document, folder: Path) -> str:
    with pytest.raises(cr.PolicyError) as error:
        loaded(document, folder)
    return str(error.value)


def test_the_policy_without_anything_stray_loads(tmp_path: Path) -> None:
    for when in (COMPARED, {"all_of": [COMPARED]}, {"any_of": [COMPARED, {"all_of": [COMPARED]}]}):
        assert loaded(document_with(vetoes=[bound(when)]), tmp_path).id == "drawn"


@pytest.mark.parametrize("group", ["all_of", "any_of"])
@pytest.mark.parametrize("stray", [*({name: 0} for name in COMPARISONS), {"missing": True}, {"indicator": "safety.i0"}])
@pytest.mark.parametrize("inner", [False, True])
def test_a_comparison_beside_all_of_or_any_of_is_refused(
    group: str, stray: Document, inner: bool, tmp_path: Path
) -> None:
    wrong = {group: [COMPARED], **stray}
    assert "drawn.yaml, line" in refused(
        document_with(vetoes=[bound({"any_of": [wrong]} if inner else wrong)]), tmp_path
    )


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"indicator": "safety.i0"},
        {"at_least": 1},
        {"all_of": []},
        {"all_of": [COMPARED], "any_of": [COMPARED]},
        *({**COMPARED, name: 2} for name in COMPARISONS[1:]),
    ],
)
def test_a_condition_with_nothing_or_two_things_to_compare_is_refused(when: Document, tmp_path: Path) -> None:
    refused(document_with(vetoes=[bound(when)]), tmp_path)


@pytest.mark.parametrize(
    "further",
    [
        {"bands": [{"points": 1}]},
        {"values": [{"value": 1, "points": 1}], "unseen": 0},
        {"unseen": 0},
        {"per_unit": None},
    ],
)
def test_a_rule_of_no_or_of_two_forms_is_refused(further: Document, tmp_path: Path) -> None:
    document = document_with()
    rule = {key: value for key, value in {**document["rules"][0], **further}.items() if value is not None}
    refused({**document, "rules": [rule]}, tmp_path)


@pytest.mark.parametrize("kind", ["vetoes", "thin_evidence", "floors"])
def test_a_bound_of_no_or_of_two_effects_or_of_that_of_another_kind_is_refused(kind: str, tmp_path: Path) -> None:
    own, other = ("at_worst", "at_best") if kind == "floors" else ("at_best", "at_worst")
    tier = document_with()["tiers"][0]["id"]
    assert loaded(document_with(**{kind: [bound(COMPARED, **{own: tier})]}), tmp_path).bounds
    for effect in ({other: tier}, {own: tier, other: tier}, {own: tier, "exactly": tier}):
        refused(document_with(**{kind: [bound(COMPARED, **effect)]}), tmp_path)
    neither = {key: value for key, value in bound(COMPARED).items() if key != "at_best"}
    refused(document_with(**{kind: [neither]}), tmp_path)
