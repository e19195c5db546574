"""Figures and tables of an evaluation as plain Python counts them, row by row and pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby, pairwise
from math import log, sqrt
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.evaluation.choices import longest_ago
from creditrisk.evaluation.tables import gain_table, group_table, reliability_table, tier_table

# Of so few values that many rows are tied, and bins end in the middle of ties and exactly between them.
Row = tuple[str, int | None, Fraction, Fraction, int, str | None]


@st.composite
def inspections(draw: Any) -> list[Row]:
    """Enterprise, finding, probability, weight, day and inspector; the first rows are often left out."""
    row = st.tuples(
        st.sampled_from("abcd"), st.sampled_from([0, 1, 0, 1, None]),
        st.sampled_from([Fraction(n, 8) for n in range(9)]), st.sampled_from([Fraction(n) for n in (0, 1, 1, 2)]),
        st.integers(0, 5), st.sampled_from(["x", "y", None]),
    )  # fmt: skip
    rows = draw(st.lists(row, min_size=2, max_size=14))
    assume({1, 0} <= {row[1] for row in rows if row[3]})
    return rows


def frame_of(rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        [(who, found, float(p), float(w), day, inspector) for who, found, p, w, day, inspector in rows],
        schema={"enterprise_id": pl.String, "finding": pl.Int64, "p": pl.Float64, "w": pl.Float64, "day": pl.Int32,
                "inspector": pl.String},
        orient="row",
    ).with_columns(inspected_on=pl.col("day").cast(pl.Date))  # fmt: skip


def known(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row[1] is not None and row[3]]


def ranked(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of equal probability together, the riskiest first."""
    return [list(tie) for _, tie in groupby(sorted(rows, key=lambda row: -row[2]), key=lambda row: row[2])]


def weight_of(rows: Sequence[Row]) -> Fraction:
    return sum((row[3] for row in rows), Fraction(0))


def found_in(rows: Sequence[Row]) -> Fraction:
    return sum((row[3] for row in rows if row[1]), Fraction(0))


def auc(rows: Sequence[Row], *, within: bool = False) -> Fraction | None:
    better = pairs = Fraction(0)
    for one in rows:
        for other in rows:
            if one[1] and not other[1] and (not within or (one[5] is not None and one[5] == other[5])):
                pairs += one[3] * other[3]
                better += one[3] * other[3] * (Fraction(1, 2) if one[2] == other[2] else int(one[2] > other[2]))
    return better / pairs if pairs else None


def average_precision(rows: Sequence[Row]) -> Fraction:
    taken: list[Row] = []
    total = Fraction(0)
    for tie in ranked(rows):
        taken += tie
        total += found_in(tie) * found_in(taken) / weight_of(taken)
    return total / found_in(rows)


def first_half_share(rows: Sequence[Row]) -> Fraction:
    left, found = weight_of(rows) / 2, Fraction(0)
    for tie in ranked(rows):
        found += found_in(tie) * min(left / weight_of(tie), 1)
        left = max(left - weight_of(tie), Fraction(0))
    return found / found_in(rows)


def days_earlier(rows: Sequence[Row]) -> Fraction:
    slots = [[row[4], row[3]] for row in sorted(rows, key=lambda row: row[4])]
    gained = sum((row[3] * row[4] for row in rows if row[1]), Fraction(0))
    for tie in ranked(rows):
        left, spent = weight_of(tie), Fraction(0)
        for slot in slots:
            part = min(left, slot[1])
            spent, left, slot[1] = spent + part * slot[0], left - part, slot[1] - part
        gained -= found_in(tie) * spent / weight_of(tie)
    return gained / found_in(rows)


def wilson(rows: Sequence[Row]) -> tuple[float, float]:
    share = float(found_in(rows) / weight_of(rows))
    n = float(weight_of(rows) ** 2 / sum(row[3] ** 2 for row in rows))
    z = 1.959964
    middle, half = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max((middle - half) / (1 + z * z / n), 0.0), min((middle + half) / (1 + z * z / n), 1.0)


@settings(max_examples=120, deadline=None)
@given(rows=inspections())
def test_figures_are_those_counted_pair_by_pair(rows: list[Row]) -> None:
    frame, there = frame_of(rows), known(rows)
    table = cr.compare_scores(
        frame, {"none": [0.5] * len(rows), "s": frame["p"].to_list()}, weight="w", within="inspector", n_resamples=2,
        reference="none", output="polars",
    )  # fmt: skip
    figures = dict(table.figures.filter(score="s").select("figure", "value").iter_rows())
    total = weight_of(there)
    near = [(row, min(max(float(row[2]), 2.0**-52), 1 - 2.0**-52)) for row in there]
    expected = {
        "auc": auc(there),
        "auc_within": auc(there, within=True),
        "average_precision": average_precision(there),
        "first_half_share": first_half_share(there),
        "days_earlier": days_earlier(there),
        "brier": sum(row[3] * (row[1] - row[2]) ** 2 for row in there) / total,
        "log_loss": sum(-float(row[3]) * log(p if row[1] else 1 - p) for row, p in near) / total,
    }
    for name, value in expected.items():
        wanted = float("nan") if value is None else float(value)
        assert figures[name] == pytest.approx(wanted, nan_ok=True, abs=1e-9), name
    assert set(table.figures["rows"]) == {len(there)}
    assert set(table.figures["findings"]) == {sum(bool(row[1]) for row in there)}
    less = dict(table.differences.select("figure", "value").iter_rows())
    plain = dict(table.figures.filter(score="none").select("figure", "value").iter_rows())
    assert less == pytest.approx({name: figures[name] - plain[name] for name in figures}, nan_ok=True)


@settings(max_examples=120, deadline=None)
@given(rows=inspections(), n_bins=st.integers(1, 5))
def test_bins_and_gains_are_those_filled_row_by_row(rows: list[Row], n_bins: int) -> None:
    frame, there = frame_of(rows), known(rows)
    bins: dict[int, list[Row]] = {}
    before = Fraction(0)
    for tie in reversed(ranked(there)):
        # A tie stands where its first row does; one that begins exactly where a bin ends is in the next.
        bins.setdefault(int(before * n_bins / weight_of(there)), []).extend(tie)
        before += weight_of(tie)
    table = reliability_table(frame, frame["p"].to_numpy(), n_bins=n_bins, weight="w", output="polars")
    assert table["bin"].to_list() == list(range(1, len(bins) + 1))
    for row, one in zip(table.iter_rows(named=True), (bins[key] for key in sorted(bins)), strict=True):
        assert row["rows"] == len(one)
        assert row["stated"] == pytest.approx(float(sum(r[3] * r[2] for r in one) / weight_of(one)))
        assert row["found"] == pytest.approx(float(found_in(one) / weight_of(one)))
        assert (row["low"], row["high"]) == pytest.approx(wilson(one), abs=1e-9)
    taken: list[Row] = []
    gains = [(0.0, 0.0)]
    for tie in ranked(there):
        taken += tie
        gains.append((float(weight_of(taken) / weight_of(there)), float(found_in(taken) / found_in(there))))
    found = gain_table(frame, frame["p"].to_numpy(), weight="w", output="polars").rows()
    assert [value for pair in found for value in pair] == pytest.approx([value for pair in gains for value in pair])


@settings(max_examples=80, deadline=None)
@given(rows=inspections())
def test_groups_and_tiers_are_those_counted_row_by_row(rows: list[Row]) -> None:
    frame, there = frame_of(rows), known(rows)
    groups = sorted({row[5] for row in there}, key=lambda group: (group is None, group or ""))
    table = group_table(frame, frame["p"].to_numpy(), "inspector", weight="w", n_resamples=2, output="polars")
    assert table["group"].to_list() == groups
    for row, group in zip(table.iter_rows(named=True), groups, strict=True):
        own = [one for one in there if one[5] == group]
        area = auc(own)
        assert (row["rows"], row["findings"]) == (len(own), sum(bool(one[1]) for one in own))
        assert row["found"] == pytest.approx(float(found_in(own) / weight_of(own)))
        assert row["mean_score"] == pytest.approx(float(sum(one[3] * one[2] for one in own) / weight_of(own)))
        assert row["auc"] == (None if area is None else pytest.approx(float(area)))
    share = found_in(there) / weight_of(there)
    tiers = {who: [one for one in there if one[0] == who] for who in sorted({one[0] for one in there})}
    shares = {who: found_in(own) / weight_of(own) for who, own in tiers.items()}
    found = tier_table(frame, frame["enterprise_id"], weight="w", output="polars")
    assert found["tier"].to_list() == sorted(shares, key=lambda who: (shares[who], who))
    for row in found.iter_rows(named=True):
        assert row["rows"] == len(tiers[row["tier"]])
        assert row["found"] == pytest.approx(float(shares[row["tier"]]))
        assert (row["low"], row["high"]) == pytest.approx(wilson(tiers[row["tier"]]), abs=1e-9)
        assert row["lift"] == pytest.approx(float(shares[row["tier"]] / share))


@settings(max_examples=80, deadline=None)
@given(rows=inspections(), data=st.data())
def test_choices_find_what_plain_python_adds_up(rows: list[Row], data: Any) -> None:
    frame, there = frame_of(rows), known(rows)
    visits = data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=len(rows), max_size=len(rows)))
    own = [(row, Fraction(v)) for row, v in zip(rows, visits, strict=True) if row in there and row[1] is not None]
    made = sum((row[3] * v for row, v in own), Fraction(0))
    assume(made > 0)
    caught = sum((row[3] * v * row[1] for row, v in own), Fraction(0))
    share = found_in(there) / weight_of(there)
    table = cr.compare_choices(frame, {"own": visits}, weight="w", n_resamples=2, output="polars").figures
    assert dict(table.select("figure", "value").iter_rows()) == pytest.approx(
        {
            "findings_per_visit": float(caught / made), "lift": float(caught / made / share),
            "share_found": float(caught / found_in(there)),
        }
    )  # fmt: skip
    assert table["visits"].to_list() == pytest.approx([float(made)] * 3)
    assert set(table["rows"]) == {len(there)}


@given(days=st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=1, max_size=9), number=st.integers(0, 20))
def test_the_longest_unvisited_come_first_and_rows_of_one_day_share(days: list[int | None], number: int) -> None:
    rounds, left = divmod(number, len(days))
    keys = [-1 if day is None else day for day in days]
    expected = []
    for key in keys:
        before, same = sum(other < key for other in keys), keys.count(key)
        expected.append(rounds + min(max(Fraction(left - before, same), Fraction(0)), Fraction(1)))
    dates = pl.Series(days, dtype=pl.Int32).cast(pl.Date)
    found = longest_ago(dates, number)
    assert found.tolist() == pytest.approx([float(one) for one in expected])
    assert all(a >= b for (_, a), (_, b) in pairwise(sorted(zip(keys, found.tolist(), strict=True))))
