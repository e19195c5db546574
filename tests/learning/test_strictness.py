"""Inspectors told apart: what one finds more than others is not put down to the enterprises he goes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import creditrisk as cr

MODELS = {
    "boosted": lambda: cr.BoostedScorer(directions=DIRECTIONS, n_jobs=1),
    "additive": lambda: cr.BoostedScorer(directions=DIRECTIONS, additive=True, n_jobs=1),
    "scorecard": lambda: cr.ScorecardScorer(directions=DIRECTIONS, n_jobs=1),
}
DIRECTIONS = {"risk": "risk_rises"}


@dataclass(frozen=True)
class Visits:
    X: pd.DataFrame
    y: NDArray[np.int64]
    inspectors: NDArray[np.object_]
    truth: NDArray[np.float64]


@pytest.fixture(scope="module")
def visits() -> Visits:
    """Two inspectors, of whom the strict one is mostly sent to the north; the north itself is no riskier."""
    rng = np.random.default_rng(3)
    risk, north = rng.normal(size=6000), rng.random(6000) < 0.5
    strict = np.where(rng.random(6000) < 0.9, north, ~north)
    truth = 1 / (1 + np.exp(1.0 - risk))
    odds = truth / (1 - truth) * np.where(strict, 3.0, 1 / 3.0)
    y = (rng.random(6000) < odds / (1 + odds)).astype(np.int64)
    X = pd.DataFrame({"risk": risk, "north": north.astype(float)})
    return Visits(X, y, np.where(strict, "张三", "李四").astype(object), truth)


@pytest.mark.parametrize("kind", MODELS)
def test_where_the_strict_inspector_goes_is_no_risk(kind: str, visits: Visits) -> None:
    def moved_by_north(scorer: Any) -> float:
        contributions, _ = scorer.contributions(visits.X)
        north = contributions[:, visits.X.columns.get_loc("north")]
        return float(north[visits.X["north"] == 1].mean() - north[visits.X["north"] == 0].mean())

    plain = MODELS[kind]().fit(visits.X, visits.y)
    told_apart = MODELS[kind]().fit(visits.X, visits.y, inspectors=visits.inspectors)
    assert moved_by_north(plain) > 1.0
    assert abs(moved_by_north(told_apart)) < 0.4


@pytest.mark.parametrize("kind", MODELS)
def test_probabilities_are_those_of_the_average_inspector(kind: str, visits: Visits) -> None:
    scorer = MODELS[kind]().set_params(calibration=None).fit(visits.X, visits.y, inspectors=visits.inspectors)
    probability = scorer.predict_proba(visits.X)[:, 1]
    assert np.abs(probability - visits.truth).mean() < 0.05
    assert probability.mean() == pytest.approx(visits.truth.mean(), abs=0.04)


@pytest.mark.parametrize("kind", MODELS)
def test_reasons_and_kept_models_say_the_same(kind: str, visits: Visits) -> None:
    scorer = MODELS[kind]().fit(visits.X, visits.y, inspectors=visits.inspectors)
    contributions, base = scorer.contributions(visits.X)
    raw = scorer.decision_function(visits.X)
    np.testing.assert_allclose(contributions.sum(axis=1) + base, raw, atol=1e-9)
    again = type(scorer).from_parts(scorer.to_parts())
    np.testing.assert_array_equal(again.decision_function(visits.X), raw)


@pytest.mark.parametrize("kind", MODELS)
def test_one_inspector_for_all_changes_next_to_nothing(kind: str, visits: Visits) -> None:
    plain = MODELS[kind]().fit(visits.X, visits.y).predict_proba(visits.X)[:, 1]
    one = MODELS[kind]().fit(visits.X, visits.y, inspectors=[None] * len(visits.y)).predict_proba(visits.X)[:, 1]
    np.testing.assert_allclose(one, plain, atol=0.01)


def test_inspectors_may_be_numbers_or_missing_and_must_be_one_for_each_row(visits: Visits) -> None:
    numbers = np.where(visits.inspectors == "张三", 7.0, np.nan)
    words = np.where(visits.inspectors == "张三", "7", None)
    fitted = [
        cr.BoostedScorer(directions=DIRECTIONS, n_estimators=5, n_jobs=1)
        .fit(visits.X, visits.y, inspectors=given)
        .decision_function(visits.X)
        for given in (numbers, pd.Series(words), list(words))
    ]
    np.testing.assert_array_equal(fitted[0], fitted[1])
    np.testing.assert_array_equal(fitted[0], fitted[2])
    with pytest.raises(cr.InputError, match="inspectors must have one entry for each row"):
        cr.BoostedScorer().fit(visits.X, visits.y, inspectors=["张三"])
