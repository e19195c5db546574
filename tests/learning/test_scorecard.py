"""The scorecard: optimal monotone bands, points in thousandths, and an export that is the model."""

from __future__ import annotations

import warnings
from itertools import combinations, pairwise
from math import log
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

import creditrisk as cr
from creditrisk.learning.scorers.binning import monotone_bands
from creditrisk.policy.loading import parse_policy
from tests.learning.conftest import Rows

WEIGHTED_TWICE = {
    "check_sample_weight_equivalence_on_dense_data": "bands are cut between rows of about equal numbers; a row of "
    "weight two is one row to the cuts, a row repeated is two"
}
CALIBRATED = {
    "check_classifiers_train": "decision_function is the score before calibration, predict the class after it"
}


@pytest.fixture(scope="module")
def scorecard(rows: Rows) -> cr.ScorecardScorer:
    return cr.ScorecardScorer(n_jobs=1).fit(rows.X, rows.y, as_of=rows.as_of, groups=rows.groups)


@pytest.fixture(scope="module")
def policy(scorecard: cr.ScorecardScorer) -> cr.Policy:
    return parse_policy(scorecard.to_policy(id="learned", bounds=False).encode(), "learned.yaml")


@pytest.mark.filterwarnings("ignore::creditrisk.LearningWarning", "ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(
    ("parameters", "expected"), [({}, WEIGHTED_TWICE), ({"calibration": "sigmoid"}, WEIGHTED_TWICE | CALIBRATED)]
)
def test_the_estimator_checks_of_scikit_learn_pass(parameters: dict[str, Any], expected: dict[str, str]) -> None:
    check_estimator(cr.ScorecardScorer(n_jobs=1, **parameters), expected_failed_checks=expected)


def likelihood(found: list[float], other: list[float]) -> float:
    pairs = [pair for one, more in zip(found, other, strict=True) for pair in ((one, more), (more, one))]
    return sum(one * log(one / (one + more)) for one, more in pairs if one)


def is_one_way(rates: list[float]) -> bool:
    return rates == sorted(rates)


def turns_once_at_most(rates: list[float]) -> bool:
    return any(
        is_one_way(ahead) and is_one_way(back[::-1])
        for way in (rates, [-rate for rate in rates])
        for place in range(len(rates))
        for ahead, back in [(way[: place + 1], way[place:])]
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(any), min_size=1, max_size=7),
    st.sampled_from([1, -1, 0]),
    st.integers(1, 5),
)
def test_no_partition_that_follows_the_direction_is_better_than_the_bands(
    counts: list[tuple[int, int]], direction: int, most: int
) -> None:
    """Every partition of up to seven values, against the one found."""
    values = np.concatenate([[float(place)] * (found + other) for place, (found, other) in enumerate(counts)])
    labels = np.concatenate([[1.0] * found + [0.0] * other for found, other in counts])
    bands = monotone_bands(values, labels, None, direction, most, 0.0)
    best = -np.inf
    for size in range(most):
        for cuts in combinations(range(1, len(counts)), size):
            parts = [counts[low:high] for low, high in pairwise((0, *cuts, len(counts)))]
            findings, others = ([float(sum(one[at] for one in part)) for part in parts] for at in (0, 1))
            rates = [(direction or 1) * one / (one + more) for one, more in zip(findings, others, strict=True)]
            if turns_once_at_most(rates) if direction == 0 else is_one_way(rates):
                best = max(best, likelihood(findings, others))
    found = likelihood(bands.findings[:-1].tolist(), bands.others[:-1].tolist())
    assert found == pytest.approx(best, abs=1e-9)
    assert len(bands.cuts) < most


def test_it_foretells_findings_of_days_and_enterprises_that_it_has_not_seen(rows: Rows) -> None:
    late = (rows.as_of == rows.as_of.max()).to_numpy()
    model = cr.ScorecardScorer(n_jobs=1).fit(rows.X[~late], rows.y[~late])
    assert roc_auc_score(rows.y[late], model.predict_proba(rows.X[late])[:, 1]) > 0.6


def test_points_are_the_model_and_the_odds_what_they_say(rows: Rows, scorecard: cr.ScorecardScorer) -> None:
    """Siddiqi (2006): a total of base_points stands for base_odds, and each PDO more doubles them."""
    model = clone(scorecard).set_params(points_to_double_odds=20, base_points=600, base_odds=50).fit(rows.X, rows.y)
    assert model.points_ is not None
    totals = model.points_.totals(model._matrix(rows.X)) / 1000
    probability = model.predict_proba(rows.X)[:, 1]
    odds = (1 - probability) / probability
    assert odds == pytest.approx(50 * 2 ** ((totals - 600) / 20), rel=1e-4)
    same = scorecard.predict_proba(rows.X)[:, 1]
    assert probability == pytest.approx(same, abs=2e-3)


def test_more_risk_never_earns_points(rows: Rows, scorecard: cr.ScorecardScorer) -> None:
    table = scorecard.table(output="polars").filter(~pl.col("missing"))
    assert table.height > 10
    for (name,), bands in table.group_by("indicator"):
        way = scorecard.constraints_[list(scorecard.feature_names_in_).index(name)]
        points = bands["points"].to_list()
        if way == 1:
            assert points == sorted(points, reverse=True)
        elif way == -1:
            assert points == sorted(points)


def test_every_band_has_its_share_of_rows_and_no_column_more_bands_than_asked(rows: Rows) -> None:
    table = cr.ScorecardScorer(max_bands=3, min_share=0.2, n_jobs=1).fit(rows.X, rows.y).table(output="polars")
    bands = table.filter(~pl.col("missing")).group_by("indicator").agg(pl.len(), pl.col("rows").min())
    assert bands["len"].max() == 3
    with_value = rows.X.notna().sum()
    shares = [row["rows"] / with_value[row["indicator"]] for row in bands.iter_rows(named=True)]
    assert min(shares) >= 0.2 - 1e-9


def test_the_policy_scores_to_the_same_points_and_tiers(
    rows: Rows, scorecard: cr.ScorecardScorer, policy: cr.Policy
) -> None:
    assert scorecard.points_ is not None
    rules = cr.RuleScorer(policy).fit()
    totals = scorecard.points_.totals(scorecard._matrix(rows.X)) / 1000
    assert (rules.transform(rows.X)["score"] == totals).all()
    assert (rules.predict(rows.X) == scorecard.predict_tier(rows.X)).all()


def test_policy_and_model_agree_on_the_edge_of_every_band_and_without_value(
    rows: Rows, scorecard: cr.ScorecardScorer, policy: cr.Policy
) -> None:
    assert scorecard.points_ is not None
    edges = []
    for step in scorecard.points_.steps:
        for cut in step.cuts:
            for value in (np.nextafter(cut, -np.inf), cut, np.nextafter(cut, np.inf), np.nan):
                row = rows.X.iloc[0].to_numpy(dtype=float, copy=True)
                row[step.feature] = value
                edges.append(row)
    X = pd.DataFrame(edges, columns=rows.X.columns)
    totals = scorecard.points_.totals(X.to_numpy()) / 1000
    assert (cr.RuleScorer(policy).fit().transform(X)["score"] == totals).all()


def test_declared_bands_are_kept_and_never_go_against_the_direction(rows: Rows) -> None:
    model = cr.ScorecardScorer(n_jobs=1).fit(rows.X, rows.y)
    assert model.points_ is not None
    name = next(step.feature for step in model.points_.steps if model.constraints_[step.feature] != 0)
    column = rows.X.columns[name]
    cuts = [1.0, 2.0, 3.0]
    model = cr.ScorecardScorer(bands={column: cuts}, n_jobs=1).fit(rows.X, rows.y)
    assert model.bands_[name].cuts == tuple(cuts)
    table = model.table(output="polars").filter(pl.col("indicator") == column, ~pl.col("missing"))
    points = table["points"].to_list()
    assert points == sorted(points, reverse=model.constraints_[name] == 1)


def test_without_penalty_or_bound_it_is_the_regression_of_scikit_learn() -> None:
    """Two indicators that both raise risk, so that no bound bites."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(0, 4, 4000).astype(float), "b": rng.integers(0, 3, 4000).astype(float)})
    y = rng.random(4000) < 1 / (1 + np.exp(2 - 0.6 * X["a"] - 0.4 * X["b"]))
    model = cr.ScorecardScorer(directions={"a": "risk_rises", "b": "risk_rises"}, C=1e9, n_jobs=1).fit(X, y)
    from creditrisk.learning.scorers.weights_of_evidence import evidence_of

    columns = [evidence_of(bands, 1).of(X[name].to_numpy()) for bands, name in zip(model.bands_, X, strict=True)]
    peer = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit(np.stack(columns, axis=1), y)
    assert model.coefficients_ == pytest.approx(peer.coef_[0], abs=1e-4)
    assert model.intercept_ == pytest.approx(peer.intercept_[0], abs=1e-4)


def test_contributions_add_up_and_reasons_are_in_words(rows: Rows, scorecard: cr.ScorecardScorer) -> None:
    contributions, base = scorecard.contributions(rows.X)
    assert base + contributions.sum(axis=1) == pytest.approx(scorecard.decision_function(rows.X), abs=1e-9)
    reasons = scorecard.reasons(rows.X[:20], top=3, output="polars")
    assert reasons["text_zh"].str.contains("风险").all() and reasons["text_en"].str.contains("the risk").all()


def test_any_number_of_threads_and_any_order_of_rows_gives_the_same_points(rows: Rows) -> None:
    one = cr.ScorecardScorer(n_jobs=1).fit(rows.X, rows.y)
    many = cr.ScorecardScorer(n_jobs=3).fit(rows.X, rows.y)
    assert one.to_parts()["scorer.json"] == many.to_parts()["scorer.json"].replace(b'"n_jobs": 3', b'"n_jobs": 1')
    order = np.random.default_rng(0).permutation(len(rows.y))
    assert cr.ScorecardScorer(n_jobs=1).fit(rows.X.iloc[order], rows.y[order]).points_ == one.points_


def test_held_out_rows_judge_a_model_that_knows_nothing_of_them() -> None:
    """Sixty names without meaning: had their order been learnt from all rows, the held-out ones would confirm it."""
    random = np.random.default_rng(5)
    X = pl.DataFrame({"region": [f"R{number}" for number in random.integers(0, 60, 3000)]})
    y = random.integers(0, 2, 3000)
    model = cr.ScorecardScorer(calibration="sigmoid", n_jobs=1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(X, y)
    nothing_lasts = any("higher scores do not mean more findings" in str(warning.message) for warning in told)
    assert nothing_lasts or model.calibration_.slope < 0.4


def test_more_cuts_than_can_be_told_apart_are_refused() -> None:
    X = pl.DataFrame({"many": np.arange(1000.0)})
    with pytest.raises(cr.InputError, match=r"bands\['many'\] has 300 cuts; at most 250"):
        cr.ScorecardScorer(bands={"many": list(range(300))}).fit(X, [0, 1] * 500)


def test_a_single_row_equals_the_batch(rows: Rows, scorecard: cr.ScorecardScorer) -> None:
    whole = scorecard.predict_proba(rows.X)
    for place in (0, 7, 100):
        assert (scorecard.predict_proba(rows.X.iloc[[place]]) == whole[[place]]).all()
    assert (scorecard.predict_proba(pl.from_pandas(rows.X)) == whole).all()


def test_a_kept_scorecard_predicts_the_same_to_the_last_bit(
    rows: Rows, scorecard: cr.ScorecardScorer, tmp_path: Any
) -> None:
    cr.save_model(scorecard, tmp_path / "scorecard")
    bundle = cr.load_model(tmp_path / "scorecard")
    assert bundle.manifest.kind == "scorecard"
    assert (bundle.scorer.predict_proba(rows.X) == scorecard.predict_proba(rows.X)).all()
    assert bundle.scorer.table(output="polars").equals(scorecard.table(output="polars"))


def test_missing_values_have_points_among_those_of_values() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, 3000).astype(float)
    y = rng.random(3000) < 0.1 + 0.15 * values
    values[rng.random(3000) < 0.2] = np.nan
    model = cr.ScorecardScorer(n_jobs=1, directions={"a": "none"}).fit(pd.DataFrame({"a": values}), y)
    table = model.table(output="polars")
    missing = table.filter(pl.col("missing"))["points"][0]
    assert table["points"].min() < missing < table["points"].max()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_bands": 0}, "max_bands must be at least 1, got 0"),
        ({"min_share": 1.0}, r"min_share must be at least 0 and below 1, got 1\.0"),
        ({"C": 0}, "C must be above 0, got 0"),
        ({"base_odds": np.inf}, "base_odds must be above 0, got inf"),
        ({"base_points": np.nan}, "base_points must be finite, got nan"),
        ({"bands": {"nowhere": [1.0]}}, "bands names 'nowhere'"),
        ({"bands": {"safety.accident_count": [2.0, 1.0]}}, "must be finite cuts that rise"),
        ({"directions": {"nowhere": "none"}}, "directions names 'nowhere'"),
    ],
)
def test_wrong_parameters_are_one_clear_error(rows: Rows, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.InputError, match=message):
        cr.ScorecardScorer(**parameters).fit(rows.X, rows.y)


def test_categories_are_banded_by_how_often_they_had_a_finding(rows: Rows) -> None:
    rng = np.random.default_rng(0)
    rate = {"mine": 0.6, "plant": 0.3, "shop": 0.1, "office": 0.1}
    industry = rng.choice(list(rate), 3000)
    y = rng.random(3000) < np.array([rate[one] for one in industry])
    model = cr.ScorecardScorer(n_jobs=1).fit(pl.DataFrame({"industry": industry}), y)
    risk = model.decision_function(pl.DataFrame({"industry": ["office", "shop", "plant", "mine", "circus", None]}))
    assert max(risk[:2]) < risk[2] < risk[3]
    assert risk[4] == risk[5] and min(risk[:2]) < risk[4] < risk[3]
    assert "Industry: mine" in model.reasons(pl.DataFrame({"industry": ["mine"]}), output="polars")["text_en"][0]
    with pytest.raises(cr.InputError, match="has no indicator 'industry'"):
        model.to_policy(id="learned")
    strict = clone(model).set_params(unseen="error").fit(pl.DataFrame({"industry": industry}), y)
    with pytest.raises(cr.InputError, match="circus"):
        strict.predict(pl.DataFrame({"industry": ["circus"]}))


def test_one_class_and_missing_columns_are_clear_errors(rows: Rows, scorecard: cr.ScorecardScorer) -> None:
    with pytest.raises(cr.InputError, match="one class only"):
        cr.ScorecardScorer().fit(rows.X, np.zeros(len(rows.y)))
    with pytest.raises(cr.InputError, match="lacks 1 of the"):
        scorecard.predict_proba(rows.X.iloc[:, 1:])


def test_columns_that_say_nothing_or_too_much_are_named(rows: Rows) -> None:
    X = rows.X.iloc[:, :5].assign(constant=1.0, empty=np.nan, told=rows.y)
    with pytest.warns(cr.LearningWarning) as caught:
        model = cr.ScorecardScorer(n_jobs=1).fit(X, rows.y)
    said = " ".join(str(one.message) for one in caught)
    assert all(name in said for name in ("constant", "empty", "told"))
    assert {"constant", "empty"}.isdisjoint(model.table(output="polars")["indicator"])


@pytest.mark.filterwarnings("ignore::creditrisk.LearningWarning")
def test_a_scorecard_of_no_use_gives_everybody_the_common_probability() -> None:
    X = pd.DataFrame({"constant": np.ones(200), "empty": np.nan})
    model = cr.ScorecardScorer().fit(X, [0, 0, 0, 1] * 50)
    assert model.predict_proba(X)[:, 1] == pytest.approx(np.full(200, 0.25), abs=1e-3)
    assert not len(model.table()) and not len(model.reasons(X))
