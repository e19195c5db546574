"""Cut-offs: tiers by shares, by probabilities, and by what inspections and missed findings cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.learning.scorers.calibration import Calibration
from creditrisk.learning.scorers.cut_offs import places_of
from tests.learning.conftest import Rows


def test_shares_are_kept_and_one_row_gets_what_the_batch_gave_it(rows: Rows, scorer: cr.BoostedScorer) -> None:
    tiers = scorer.predict_tier(rows.X)
    shares = {tier: (tiers == tier).mean() for tier in scorer.cut_offs_.tiers}
    assert shares == pytest.approx({"good": 0.6, "ordinary": 0.3, "high_risk": 0.1}, abs=0.02)
    assert all(scorer.predict_tier(rows.X.iloc[[place]])[0] == tiers[place] for place in range(20))


def test_a_probability_that_rows_have_begins_its_tier_with_them(rows: Rows, scorer: cr.BoostedScorer) -> None:
    probability = scorer.predict_proba(rows.X)[:, 1]
    model = cr.BoostedScorer.from_parts(scorer.to_parts())
    for begins in np.quantile(probability, np.linspace(0.1, 0.9, 25), method="nearest"):
        tiers = model.set_cut_offs(cr.CutOffs.by_probability(ordinary=float(begins))).predict_tier(rows.X)
        assert ((tiers == "ordinary") == (probability >= begins)).all()


def test_fixed_probabilities_are_those_predicted(rows: Rows, scorer: cr.BoostedScorer) -> None:
    fixed = cr.CutOffs.by_probability(ordinary=0.2, high_risk=0.4)
    model = cr.BoostedScorer.from_parts(scorer.to_parts()).set_cut_offs(fixed)
    probability = model.predict_proba(rows.X)[:, 1]
    expected = np.select([probability < 0.2, probability < 0.4], ["good", "ordinary"], "high_risk")
    assert (model.predict_tier(rows.X) == expected).all()
    assert len(set(expected)) == 3


@given(
    missed=st.floats(1, 1e6),
    parts=st.tuples(st.floats(0.001, 0.4), st.floats(0.41, 0.999)),
    probability=st.floats(1e-6, 1 - 1e-6),
)
def test_an_inspection_is_worth_its_cost_from_where_its_tier_begins(
    missed: float, parts: tuple[float, float], probability: float
) -> None:
    costs = {"ordinary": missed * parts[0], "high_risk": missed * parts[1]}
    cut_offs = cr.CutOffs.by_cost(missed_finding=missed, **costs)
    calibration = Calibration(slope=0.8, intercept=-1.0)
    thresholds = cut_offs.thresholds(np.empty(0), calibration)
    place = places_of(np.array([calibration.raw_at(probability)]), thresholds)[0]
    worth = sum(probability * missed >= cost * (1 + 1e-9) for cost in costs.values())
    assert worth <= place <= sum(probability * missed >= cost * (1 - 1e-9) for cost in costs.values())


def test_shares_of_weighted_rows_are_shares_of_the_weight() -> None:
    cut_offs = cr.CutOffs.by_share(good=0.5, bad=0.5)
    raw, weights = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, 1.0, 3.0])
    assert cut_offs.thresholds(raw, Calibration(), weights) == (4.0,)
    assert cut_offs.thresholds(raw, Calibration()) == (3.0,)


def test_equal_scores_stand_in_one_tier() -> None:
    raw = np.array([0.0] * 5 + [1.0] * 5)
    thresholds = cr.CutOffs.by_share(good=0.6, bad=0.4).thresholds(raw, Calibration())
    assert places_of(raw, thresholds).tolist() == [0] * 10
    thresholds = cr.CutOffs.by_share(good=0.5, bad=0.5).thresholds(raw, Calibration())
    assert places_of(raw, thresholds).tolist() == [0] * 5 + [1] * 5


def test_equal_scores_stand_in_the_tier_that_the_best_of_them_reaches() -> None:
    raw = np.array([0.0] * 95 + [1.0] * 5)
    thresholds = cr.CutOffs.by_share(good=0.6, ordinary=0.3, high_risk=0.1).thresholds(raw, Calibration())
    assert places_of(raw, thresholds).tolist() == [0] * 95 + [2] * 5


def test_shares_can_be_taken_of_other_enterprises(rows: Rows, scorer: cr.BoostedScorer) -> None:
    model = cr.BoostedScorer.from_parts(scorer.to_parts())
    half = model.set_cut_offs(cr.CutOffs.by_share(low=0.5, high=0.5), rows.X[:300])
    assert (half.predict_tier(rows.X[:300]) == "low").mean() == pytest.approx(0.5, abs=0.02)
    with pytest.raises(cr.InputError, match="need rows to take shares of"):
        model.set_cut_offs(cr.CutOffs.by_share(low=0.5, high=0.5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.CutOffs.by_share(good=0.6, bad=0.6), "add up to 1, got good=0.6, bad=0.6"),
        (lambda: cr.CutOffs.by_share(good=1.0), "two or more tiers"),
        (lambda: cr.CutOffs.by_probability(a=0.3, b=0.2), "must rise between 0 and 1, got a=0.3, b=0.2"),
        (lambda: cr.CutOffs.by_probability(), "got none"),
        (lambda: cr.CutOffs.by_cost(missed_finding=0, ordinary=1), "missed_finding must be a cost above 0"),
        (lambda: cr.CutOffs.by_cost(missed_finding=5, ordinary=6), "else none is worth it"),
    ],
)
def test_cut_offs_that_cannot_be_are_one_clear_error(make: Any, message: str) -> None:
    with pytest.raises(cr.InputError, match=message):
        make()
