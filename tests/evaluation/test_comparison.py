"""Scores compared on the same inspections: figures, intervals, paired differences."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from creditrisk import InputError, ScoreComparison, compare_scores

DAY = datetime.date(2024, 1, 1)


def inspections(seed: int = 0, n: int = 400) -> tuple[pl.DataFrame, np.ndarray]:
    generator = np.random.default_rng(seed)
    risk = generator.random(n).round(2)
    frame = pl.DataFrame(
        {
            "enterprise_id": [f"E{i // 2}" for i in range(n)],
            "finding": (generator.random(n) < risk).astype(float),
            "inspected_on": [DAY + datetime.timedelta(days=int(d)) for d in np.sort(generator.integers(0, 60, n))],
            "inspector": generator.choice(["a", "b", "c"], n),
            "weight": generator.choice([1.0, 2.0, 3.0], n),
        }
    )
    return frame, risk


def values(comparison: ScoreComparison, score: str = "model") -> dict[str, float]:
    table = comparison.figures.filter(pl.col("score") == score)
    return dict(zip(table["figure"], table["value"], strict=True))


@pytest.mark.parametrize("weight", [None, "weight"])
def test_figures_agree_with_scikit_learn(weight: str | None) -> None:
    frame, risk = inspections()
    y, w = frame["finding"].to_numpy(), frame[weight].to_numpy() if weight else None
    ours = values(compare_scores(frame, {"model": risk}, weight=weight, n_resamples=2, output="polars"))
    assert ours["auc"] == pytest.approx(metrics.roc_auc_score(y, risk, sample_weight=w))
    assert ours["average_precision"] == pytest.approx(metrics.average_precision_score(y, risk, sample_weight=w))
    assert ours["brier"] == pytest.approx(metrics.brier_score_loss(y, risk, sample_weight=w))
    assert ours["log_loss"] == pytest.approx(metrics.log_loss(y, risk, sample_weight=w))


def test_auc_within_strata_counts_pairs_of_one_stratum_only() -> None:
    frame, risk = inspections()
    concordant = pairs = 0.0
    for inspector in "abc":
        own = (frame["inspector"] == inspector).to_numpy()
        y, score = frame["finding"].to_numpy()[own], risk[own]
        pairs_here = y.sum() * (1 - y).sum()
        concordant += metrics.roc_auc_score(y, score) * pairs_here
        pairs += pairs_here
    ours = values(compare_scores(frame, {"model": risk}, within="inspector", n_resamples=2, output="polars"))
    assert ours["auc_within"] == pytest.approx(concordant / pairs)


def test_rows_without_a_stratum_are_in_no_pair() -> None:
    frame, risk = inspections()
    known = frame.filter(pl.col("inspector") != "c")
    expected = compare_scores(
        known, {"model": risk[(frame["inspector"] != "c").to_numpy()]}, figures=["auc_within"], within="inspector",
        n_resamples=2, output="polars",
    )  # fmt: skip
    unknown = frame.with_columns(pl.when(pl.col("inspector") != "c").then("inspector"))
    ours = compare_scores(
        unknown, {"model": risk}, figures=["auc_within"], within="inspector", n_resamples=2, output="polars"
    )
    assert values(ours) == pytest.approx(values(expected))


def test_days_earlier_and_first_half_of_a_case_counted_by_hand() -> None:
    # Four inspections on days 0, 2, 4 and 6; the findings of days 4 and 6 move to days 0 and 2.
    frame = pl.DataFrame(
        {"finding": [0, 0, 1, 1], "inspected_on": [DAY + datetime.timedelta(days=d) for d in (0, 2, 4, 6)]}
    )
    ours = values(compare_scores(frame, {"model": [0.1, 0.2, 0.8, 0.9]}, n_resamples=2, output="polars"))
    assert ours["days_earlier"] == pytest.approx(((4 + 6) - (0 + 2)) / 2)
    assert ours["first_half_share"] == 1.0


def test_a_score_that_tells_nothing_gets_the_mean_of_all_orders() -> None:
    frame, _ = inspections()
    ours = values(compare_scores(frame, {"model": np.full(frame.height, 0.5)}, n_resamples=2, output="polars"))
    days = frame["inspected_on"].cast(pl.Int32).to_numpy()
    assert ours["auc"] == 0.5
    assert ours["first_half_share"] == pytest.approx(0.5)
    assert ours["days_earlier"] == pytest.approx(days[frame["finding"].to_numpy() == 1].mean() - days.mean())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 3.0))
def test_figures_of_a_ranking_do_not_depend_on_scale_or_on_the_order_of_rows(seed: int, power: float) -> None:
    frame, risk = inspections(seed, 60)
    if frame["finding"].n_unique() < 2:
        return
    order = np.random.default_rng(seed).permutation(frame.height)
    ranked = ["auc", "auc_within", "average_precision", "first_half_share", "days_earlier"]
    options = {"figures": ranked, "within": "inspector", "n_resamples": 1, "output": "polars"}
    straight = values(compare_scores(frame, {"model": risk}, **options))
    turned = values(compare_scores(frame[order], {"model": -((1.5 - risk[order]) ** power)}, **options))
    assert turned == pytest.approx(straight, nan_ok=True)


def test_a_resample_weighs_rows_as_repeating_them_would() -> None:
    frame, risk = inspections(n=80)
    times = np.random.default_rng(1).integers(0, 4, frame.height)
    repeated = np.repeat(np.arange(frame.height), times)
    options = {"within": "inspector", "n_resamples": 1, "output": "polars"}
    weighted = values(compare_scores(frame.with_columns(times=times), {"model": risk}, weight="times", **options))
    assert values(compare_scores(frame[repeated], {"model": risk[repeated]}, **options)) == pytest.approx(weighted)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    # Normal scores one standard deviation apart have an AUC of Phi(1 / sqrt 2) = 0.760.
    covered = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        finding = np.repeat([1.0, 0.0], [60, 140])
        score = generator.normal(size=200) + finding
        table = compare_scores(
            pl.DataFrame({"finding": finding}), {"model": score}, figures=["auc"], n_resamples=200, output="polars"
        ).figures
        covered += table["low"][0] <= 0.7602 <= table["high"][0]
    assert 50 <= covered <= 60


def test_differences_are_paired() -> None:
    frame, risk = inspections()
    noisy = risk + np.random.default_rng(2).normal(0, 0.01, len(risk))
    comparison = compare_scores(
        frame, {"model": risk, "noisy": noisy, "same": risk}, figures=["auc"], n_resamples=100, output="polars"
    )
    noisy_row, same_row = comparison.differences.iter_rows(named=True)
    width = comparison.figures["high"][0] - comparison.figures["low"][0]
    assert noisy_row["reference"] == "model"
    assert noisy_row["high"] - noisy_row["low"] < width / 2
    assert same_row["low"] == same_row["value"] == same_row["high"] == 0


def test_resamples_draw_whole_enterprises() -> None:
    generator = np.random.default_rng(0)
    finding, score = generator.integers(0, 2, 50).astype(float), generator.random(50)
    once = pl.DataFrame({"enterprise_id": [str(i) for i in range(50)], "finding": finding})
    options = {"figures": ["auc"], "n_resamples": 200, "output": "polars"}
    single = compare_scores(once, {"model": score}, **options).figures
    tenfold = compare_scores(pl.concat([once] * 10), {"model": np.tile(score, 10)}, **options).figures
    # Ten copies of an enterprise's row are no more evidence than one.
    assert tenfold.select("value", "low", "high").rows()[0] == pytest.approx(
        single.select("value", "low", "high").rows()[0]
    )


def test_same_seed_same_bytes() -> None:
    frame, risk = inspections()
    first = compare_scores(frame, {"model": risk}, n_resamples=20, seed=3, output="polars")
    again = compare_scores(frame, {"model": risk}, n_resamples=20, seed=3, output="polars")
    assert first.figures.equals(again.figures)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"figures": ["gini"]}, "there is no figure 'gini'"),
        ({"figures": ["auc_within"]}, "within= names no column"),
        ({"within": "office"}, "there is no column 'office'"),
        ({"weight": "office"}, "have no column 'office'"),
        ({"reference": "city"}, "none of the scores model"),
        ({"level": 95}, "level must lie between 0 and 1"),
        ({"n_resamples": 0}, "n_resamples must be at least 1"),
    ],
)
def test_a_wrong_argument_says_what_to_change(change: dict[str, Any], message: str) -> None:
    frame, risk = inspections(n=20)
    with pytest.raises(InputError, match=message):
        compare_scores(frame, {"model": risk}, **change)


def test_scores_and_outcomes_that_cannot_be_evaluated_are_refused() -> None:
    frame, risk = inspections(n=20)
    with pytest.raises(InputError, match="score 'model' has 1 missing"):
        compare_scores(frame, {"model": np.where(np.arange(20) == 3, np.nan, risk)})
    with pytest.raises(InputError, match="one value for each of 20 rows"):
        compare_scores(frame, {"model": risk[:5]})
    with pytest.raises(InputError, match="0 have a finding"):
        compare_scores(frame.with_columns(finding=0.0), {"model": risk})
    with pytest.raises(InputError, match="brier cannot be computed"):
        compare_scores(frame, {"model": risk * 10}, figures=["brier"])
    with pytest.raises(InputError, match="must be 1, 0 or missing"):
        compare_scores(frame.with_columns(finding=2.0), {"model": risk})


def test_days_may_be_text_and_one_figure_may_be_asked_for_by_its_name() -> None:
    rows = pl.DataFrame(
        {"finding": [1, 0, 1, 0], "inspected_on": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]}
    )
    text, days = (
        compare_scores(table, {"a": [4.0, 3.0, 2.0, 1.0]}, figures="days_earlier", n_resamples=5, output="polars")
        for table in (rows, rows.with_columns(pl.col("inspected_on").str.to_date()))
    )
    assert text.figures.equals(days.figures)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("inspected_on", ["soon"] * 4, "inspected_on must hold days"),
        ("finding", ["yes", "no"] * 2, "column 'finding' of the outcomes must hold numbers, not String"),
    ],
)
def test_columns_of_another_kind_are_one_clear_error(column: str, values: list[str], message: str) -> None:
    rows = pl.DataFrame({"finding": [1, 0, 1, 0]}).with_columns(pl.Series(column, values))
    with pytest.raises(InputError, match=message):
        compare_scores(rows, {"a": [4.0, 3.0, 2.0, 1.0]}, n_resamples=5)


def test_a_missing_enterprise_is_like_no_other() -> None:
    rows = pl.DataFrame({"finding": [1, 0, 1, 0], "enterprise_id": ["E1", None, None, "E2"]})
    own = rows.with_columns(enterprise_id=pl.Series(["E1", "x", "y", "E2"]))
    score = {"a": [4.0, 3.0, 2.0, 1.0]}
    figures = [compare_scores(table, score, n_resamples=20, output="polars").figures for table in (rows, own)]
    assert figures[0]["value"].equals(figures[1]["value"])
