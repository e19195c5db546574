"""Reasons by look-up are the Shapley values that LightGBM's recursion gives, and add up to the raw score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.learning.scorers.reason_texts import top_of
from creditrisk.learning.scorers.tree_reasons import CHUNK
from tests.learning.conftest import Rows, frame_with_categories, unfitted


@pytest.mark.parametrize("kind", ["scorer", "additive", "with_categories"])
def test_contributions_and_base_add_up_to_the_raw_score(kind: str, rows: Rows, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(kind)
    X = frame_with_categories(rows) if kind == "with_categories" else rows.X
    contributions, base = model.contributions(X)
    np.testing.assert_allclose(contributions.sum(axis=1) + base, model.decision_function(X), rtol=1e-9)
    reasons = model.reasons(X, top=None, output="polars").group_by("row").agg(pl.col("contribution").sum()).sort("row")
    np.testing.assert_allclose(reasons["contribution"] + base, model.decision_function(X), rtol=1e-9)


@pytest.mark.parametrize("depth", [1, 2, 4, 6])
def test_the_tables_equal_lightgbm_at_any_depth_with_missing_values_and_categories(depth: int, rows: Rows) -> None:
    X = frame_with_categories(rows)
    model = unfitted(max_depth=depth, num_leaves=20, n_estimators=25, min_child_samples=5).fit(X, rows.y)
    strange = X.with_columns(
        pl.when(pl.int_range(pl.len()) % 3 == 0).then(None).otherwise(pl.col(X.columns[0])).alias(X.columns[0]),
        scale=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("unseen")).otherwise("scale"),
    )
    assert model._shapley_tables() is not None
    for frame in (X, strange):
        native = model.booster_.predict(model._matrix(frame), pred_contrib=True)
        contributions, base = model.contributions(frame)
        np.testing.assert_allclose(contributions, native[:, :-1], atol=1e-12)
        assert base == pytest.approx(native[0, -1], rel=1e-12)


def test_trees_too_deep_for_tables_get_the_same_reasons_from_lightgbm(rows: Rows) -> None:
    deep = unfitted(max_depth=-1, num_leaves=40, n_estimators=10, min_child_samples=2).fit(rows.X, rows.y)
    assert deep._shapley_tables() is None
    contributions, base = deep.contributions(rows.X)
    np.testing.assert_allclose(contributions.sum(axis=1) + base, deep.decision_function(rows.X), rtol=1e-9)
    assert deep.reasons(rows.X[:3])["row"].nunique() == 3


def test_a_thousand_cuts_of_one_column_are_kept_apart() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"a": random.normal(size=6_000), "b": random.normal(size=6_000)})
    y = (np.sin(9 * X["a"]) + X["b"] + random.normal(size=6_000) > 0).astype(int)
    model = unfitted(n_estimators=400, learning_rate=0.3, validation_share=0.01, early_stopping_rounds=400)
    model.set_params(directions={"a": "none", "b": "none"})
    model = model.fit(X, y)
    native = model.booster_.predict(X.to_numpy(), pred_contrib=True)
    np.testing.assert_allclose(model.contributions(X)[0], native[:, :-1], atol=1e-11)


def test_chunks_leave_no_trace(rows: Rows, scorer: cr.BoostedScorer) -> None:
    times = CHUNK // len(rows.X) + 2
    many = pd.concat([rows.X] * times, ignore_index=True)
    assert len(many) > CHUNK
    once, _ = scorer.contributions(rows.X)
    assert np.array_equal(scorer.contributions(many)[0], np.tile(once, (times, 1)))


def test_the_top_reasons_are_the_largest_in_order_with_text_in_both_languages(
    rows: Rows, scorer: cr.BoostedScorer
) -> None:
    contributions, _ = scorer.contributions(rows.X)
    reasons = scorer.reasons(rows.X, top=3, output="polars")
    assert reasons.columns == ["row", "indicator", "value", "contribution", "text_zh", "text_en"]
    largest = -np.sort(-np.abs(contributions), axis=1)[:, :3]
    np.testing.assert_allclose(reasons["contribution"].abs().to_numpy().reshape(-1, 3), largest)
    labels = {spec.id: spec.label for spec in cr.built_in_indicators()}
    for row, indicator, value, contribution, zh, en in reasons.head(60).iter_rows():
        assert value is None or rows.X[indicator].iloc[row] == value
        assert zh.startswith(labels[indicator].zh)
        assert en.startswith(labels[indicator].en)
        assert ("提高风险" in zh) == ("raises the risk" in en) == (contribution > 0)
        assert ("无数据" in zh) == ("no data" in en) == (value is None)
        assert f"{abs(contribution):.2f}" in en
    only = scorer.reasons(rows.X[:2], language="zh")
    assert list(only.columns) == ["row", "indicator", "value", "contribution", "text_zh"]


def test_a_category_is_named_in_words(rows: Rows, with_categories: cr.BoostedScorer) -> None:
    reasons = with_categories.reasons(frame_with_categories(rows), top=None, output="polars")
    industry = reasons.filter(pl.col("indicator") == "industry")
    said = dict(industry.select("row", "text_en").iter_rows())
    assert said
    assert all(text.startswith(f"Industry: {rows.enterprises['industry'][row]}, ") for row, text in said.items())


def test_no_rows_have_no_reasons(rows: Rows, scorer: cr.BoostedScorer) -> None:
    assert len(scorer.reasons(rows.X[:0], output="polars")) == 0
    assert scorer.contributions(rows.X[:0])[0].shape == (0, rows.X.shape[1])


def test_equal_contributions_stand_in_the_order_of_the_columns() -> None:
    features, chosen = top_of(np.array([[1.0], [-2.0], [2.0]]), 2)
    assert features.tolist() == [[1, 2]]
    assert chosen.tolist() == [[-2.0, 2.0]]


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e301, -1e301])
def test_reasons_of_values_without_end_add_up(rows: Rows, scorer: cr.BoostedScorer, value: float) -> None:
    X = rows.X.iloc[:50].copy()
    X[X.columns[::3]] = value
    contributions, base = scorer.contributions(X)
    assert contributions.sum(axis=1) + base == pytest.approx(scorer.decision_function(X), abs=1e-9)
