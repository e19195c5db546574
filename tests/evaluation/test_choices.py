"""Rules of choosing, compared by what was found: exact figures, intervals that hold, clear errors."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.evaluation.choices import longest_ago

ROWS = pl.DataFrame({"enterprise_id": list("abcdef"), "finding": [1.0, 1.0, 0.0, 0.0, 0.0, None]})


def figure(comparison: cr.ChoiceComparison, name: str, choice: str) -> dict[str, Any]:
    return comparison.figures.filter(figure=name, choice=choice).row(0, named=True)


def compared(rows: pl.DataFrame, choices: dict[str, Any], **options: Any) -> cr.ChoiceComparison:
    return cr.compare_choices(rows, choices, output="polars", **{"n_resamples": 50, **options})


def test_figures_are_those_computed_by_hand() -> None:
    comparison = compared(ROWS, {"plain": [0.5] * 6, "tiers": [1, 0.5, 0.5, 0, 0, 9]})
    assert figure(comparison, "findings_per_visit", "plain")["value"] == pytest.approx(0.4)
    assert figure(comparison, "lift", "plain")["value"] == pytest.approx(1)
    assert figure(comparison, "share_found", "plain")["value"] == pytest.approx(0.5)
    tiers = figure(comparison, "findings_per_visit", "tiers")
    assert (tiers["value"], tiers["visits"], tiers["rows"]) == (pytest.approx(0.75), pytest.approx(2), 5)
    assert figure(comparison, "share_found", "tiers")["value"] == pytest.approx(0.75)
    less = comparison.differences.row(0, named=True)
    assert (less["choice"], less["reference"], less["value"]) == ("tiers", "plain", pytest.approx(0.35))


def test_what_draws_find_on_average_is_what_is_stated() -> None:
    rng = np.random.default_rng(0)
    found, chance = rng.integers(0, 2, 300).astype(float), rng.random(300)
    rows = pl.DataFrame({"enterprise_id": range(300), "finding": found})
    stated = figure(compared(rows, {"draw": chance}), "share_found", "draw")["value"]
    drawn = [found[rng.random(300) < chance].sum() / found.sum() for _ in range(3000)]
    assert stated == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / np.sqrt(3000))


def test_a_choice_compared_with_itself_differs_by_nothing() -> None:
    comparison = compared(ROWS, {"one": [1, 0, 1, 0, 0, 0], "same": [1, 0, 1, 0, 0, 0]})
    assert set(comparison.differences.select("value", "low", "high").row(0)) == {0.0}


def test_weights_stand_for_the_enterprises_that_were_not_drawn() -> None:
    weighted = ROWS.with_columns(weight=pl.Series([1.0, 0.0, 1.0, 1.0, 1.0, 1.0]))
    comparison = compared(weighted, {"all": [1.0] * 6}, weight="weight")
    assert figure(comparison, "findings_per_visit", "all")["value"] == pytest.approx(0.25)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, covered, truth = np.random.default_rng(1), 0, 0.2 * 0.3 / 0.5 + 0.3 * 0.1 / 0.5
    for _ in range(200):
        risky = rng.random(400) < 0.5
        found = (rng.random(400) < np.where(risky, 0.3, 0.1)).astype(float)
        rows = pl.DataFrame({"enterprise_id": range(400), "finding": found})
        row = figure(compared(rows, {"draw": np.where(risky, 0.4, 0.6)}, n_resamples=200), "findings_per_visit", "draw")
        covered += row["low"] <= truth <= row["high"]
    assert 0.88 <= covered / 200 <= 0.99


def test_enterprises_are_resampled_with_all_their_rows() -> None:
    once = pl.DataFrame({"enterprise_id": range(100), "finding": [1.0, 0.0] * 50})
    thrice = pl.concat([once] * 3)
    widths = []
    for rows in (once, thrice):
        row = figure(compared(rows, {"all": [1.0] * rows.height}, n_resamples=400), "findings_per_visit", "all")
        widths.append(row["high"] - row["low"])
    assert widths[0] == pytest.approx(widths[1])


days = st.lists(st.none() | st.integers(0, 5), min_size=1, max_size=20)


@given(days=days, n_visits=st.floats(0, 60))
def test_by_the_last_date_visits_add_up_and_nobody_later_comes_before_anybody_earlier(
    days: list[int | None], n_visits: float
) -> None:
    dates = [None if day is None else date(2020, 1, 1) + timedelta(days=day) for day in days]
    visits = longest_ago(dates, n_visits)
    assert visits.sum() == pytest.approx(n_visits)
    order = np.argsort([-1 if day is None else day for day in days], kind="stable")
    assert (np.diff(visits[order]) <= 1e-9).all()
    assert visits.max() - visits.min() <= 1 + 1e-9
    assert longest_ago(pl.Series(dates, dtype=pl.Date), n_visits).tolist() == visits.tolist()


@pytest.mark.parametrize(
    ("rows", "choices", "options", "message"),
    [
        (ROWS.drop("finding"), {"a": [1] * 6}, {}, "no column 'finding'"),
        (ROWS.drop("enterprise_id"), {"a": [1] * 6}, {}, "no column 'enterprise_id'"),
        (ROWS.with_columns(finding=pl.lit(2.0)), {"a": [1] * 6}, {}, "1, 0, a probability"),
        (ROWS.with_columns(finding=pl.lit(0.0)), {"a": [1] * 6}, {}, "none has a finding"),
        (ROWS.with_columns(finding=pl.lit(None, pl.Float64)), {"a": [1] * 6}, {}, "no row has a known outcome"),
        (ROWS, {}, {}, "no choice to compare"),
        (ROWS, {"a": [1] * 5}, {}, "one value for each of 6 rows"),
        (ROWS, {"a": [1, -1, 0, 0, 0, 0]}, {}, "at least 0"),
        (ROWS, {"a": [1, np.nan, 0, 0, 0, 0]}, {}, "none missing"),
        (ROWS, {"a": [0, 0, 0, 0, 0, 1]}, {}, "visits nobody with a known outcome"),
        (ROWS, {"a": [1] * 6}, {"reference": "b"}, "none of the choices a"),
        (ROWS, {"a": [1] * 6}, {"weight": "w"}, "no column 'w'"),
        (ROWS, {"a": [1] * 6}, {"level": 1.0}, "level must lie"),
        (ROWS, {"a": [1] * 6}, {"n_resamples": 0}, "n_resamples"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_error(
    rows: pl.DataFrame, choices: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(cr.InputError, match=message):
        compared(rows, choices, **options)


def test_visits_cannot_be_fewer_than_none() -> None:
    with pytest.raises(cr.InputError, match="must not be negative"):
        longest_ago([date(2020, 1, 1)], -1)
    with pytest.raises(cr.InputError, match="nobody to visit"):
        longest_ago([], 1)
