"""Tables of an evaluation: reliability, gain, groups and tiers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn import metrics

from creditrisk import InputError
from creditrisk.evaluation.tables import gain_table, group_table, reliability_table, tier_table


def inspections(n: int = 2000) -> tuple[pl.DataFrame, np.ndarray]:
    generator = np.random.default_rng(4)
    probability = generator.beta(1, 4, n)
    frame = pl.DataFrame(
        {
            "finding": (generator.random(n) < probability).astype(float),
            "region": generator.choice(["320100", "320200"], n),
            "scale": [None if unknown else "small" for unknown in generator.random(n) < 0.5],
        },
        schema_overrides={"scale": pl.String},
    )
    return frame, probability


def test_true_probabilities_lie_in_their_intervals_and_doubled_ones_do_not() -> None:
    frame, probability = inspections()
    honest = reliability_table(frame, probability, output="polars")
    inside = honest.select(pl.col("stated").is_between("low", "high")).to_series()
    assert honest.height == 10
    assert honest["rows"].to_list() == [200] * 10
    assert inside.sum() >= 8
    boastful = reliability_table(frame, np.minimum(1, 2 * probability), output="polars")
    assert boastful.select(pl.col("stated") > pl.col("high")).to_series().sum() >= 8


def test_rows_of_one_probability_share_a_bin() -> None:
    frame, _ = inspections(100)
    table = reliability_table(frame, np.repeat([0.1, 0.4], 50), output="polars")
    assert table["stated"].to_list() == pytest.approx([0.1, 0.4])
    assert table["rows"].to_list() == [50, 50]


def test_weights_count_as_repeated_rows() -> None:
    frame, probability = inspections(200)
    times = np.random.default_rng(0).integers(1, 4, 200)
    weighted = reliability_table(frame.with_columns(times=times), probability, weight="times", output="polars")
    at = np.repeat(np.arange(200), times)
    repeated = reliability_table(frame[at], probability[at], output="polars")
    assert weighted["found"].to_list() == pytest.approx(repeated["found"].to_list())
    assert weighted["stated"].to_list() == pytest.approx(repeated["stated"].to_list())


def test_the_area_over_the_diagonal_of_the_gain_curve_is_that_of_the_auc() -> None:
    frame, probability = inspections()
    table = gain_table(frame, probability, output="polars")
    area = np.trapezoid(table["found"], table["inspected"])
    y = frame["finding"].to_numpy()
    assert (area - 0.5) / (1 - y.mean()) == pytest.approx(metrics.roc_auc_score(y, probability) - 0.5)
    assert table.row(0) == (0, 0)
    assert table.row(-1) == pytest.approx((1, 1))


def test_every_group_is_reported_even_that_without_a_value() -> None:
    frame, probability = inspections()
    table = group_table(frame, probability, by=["region", "scale"], n_resamples=20, output="polars")
    assert table.select("column", "group").rows() == [
        ("region", "320100"), ("region", "320200"), ("scale", "small"), ("scale", None),
    ]  # fmt: skip
    own = frame["scale"].is_null().to_numpy()
    row = table.row(3, named=True)
    assert row["rows"] == own.sum()
    assert row["auc"] == pytest.approx(metrics.roc_auc_score(frame["finding"].to_numpy()[own], probability[own]))
    assert row["low"] < row["auc"] < row["high"]


def test_a_group_with_one_kind_of_outcome_has_no_auc() -> None:
    frame = pl.DataFrame({"finding": [0.0, 0.0, 1.0], "region": ["a", "a", "b"]})
    table = group_table(frame, [0.1, 0.2, 0.3], by=["region"], n_resamples=5, output="polars")
    assert table["auc"].to_list() == [None, None]
    assert table["found"].to_list() == [0.0, 1.0]


def test_tiers_are_listed_from_the_one_with_fewest_findings() -> None:
    frame = pl.DataFrame({"finding": [0.0, 1.0, None, 1.0, 0.0, 0.0]})
    table = tier_table(frame, ["good", "high_risk", "good", "high_risk", "good", "high_risk"], output="polars")
    assert table["tier"].to_list() == ["good", "high_risk"]
    assert table["rows"].to_list() == [2, 3]
    assert table["lift"].to_list() == pytest.approx([0, (2 / 3) / (2 / 5)])


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263 gives 0.2553 to 0.3662.
    frame = pl.DataFrame({"finding": [1.0] * 81 + [0.0] * 182})
    table = tier_table(frame, ["ordinary"] * 263, output="polars")
    assert table.select("low", "high").row(0) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_scores_that_are_no_probabilities_have_no_reliability() -> None:
    frame, probability = inspections(20)
    with pytest.raises(InputError, match="between 0 and 1"):
        reliability_table(frame, probability * 100)
    with pytest.raises(InputError, match="no column 'province'"):
        group_table(frame, probability, by=["province"])
