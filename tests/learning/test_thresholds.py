"""What decides on a threshold, tried on it: knots, shares, held-out days, windows of outcomes and rates."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.learning.scorers.calibration import Calibration, calibrate
from creditrisk.learning.scorers.cut_offs import places_of
from creditrisk.learning.scorers.validation import split_rows
from creditrisk.learning.studies.cohorts import cohort, cohort_before_inspections
from creditrisk.learning.studies.outcomes import estimate_rate, outcomes
from creditrisk.learning.target import Target
from tests.conftest import records_of

KNOTS = Calibration(raw=(-1.0, 0.0, 1.0, 2.0, 4.0), probability=(0.25, 0.25, 0.5, 0.5, 0.75))


@pytest.mark.parametrize(
    ("probability", "raw"),
    [(0.1, -np.inf), (0.25, -np.inf), (0.375, 0.5), (0.5, 1.0), (0.625, 3.0), (0.75, 4.0), (0.76, np.inf)],
)
def test_a_tier_begins_at_the_least_score_with_its_probability(probability: float, raw: float) -> None:
    assert KNOTS.raw_at(probability) == raw
    if np.isfinite(raw):
        at, below = KNOTS.probabilities(np.array([raw, raw - 1e-9]))
        assert at >= probability > below


@pytest.mark.parametrize("probability", [0.02, 0.2, 0.5, 0.9])
def test_so_it_does_on_a_logistic_curve(probability: float) -> None:
    curve = Calibration(slope=0.7, intercept=-1.3)
    raw = curve.raw_at(probability)
    assert curve.probabilities(np.array([raw]))[0] >= probability
    assert curve.probabilities(np.array([np.nextafter(raw, -np.inf)]))[0] < probability
    assert places_of(np.array([raw, np.nextafter(raw, -np.inf)]), (raw,)).tolist() == [1, 0]


def test_a_probability_that_nobody_or_everybody_has_is_at_no_score() -> None:
    curve = Calibration()
    assert [curve.raw_at(one) for one in (0.0, 1.0)] == [-np.inf, np.inf]


def test_an_isotonic_calibration_is_the_rate_of_each_pool() -> None:
    raw, labels = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 1.0])
    fitted = calibrate(raw, labels, np.array([1.0, 1.0, 3.0, 1.0]), "isotonic")
    assert fitted.probabilities(np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])).tolist() == [0, 0, 0.25, 0.25, 1, 1]


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), min_size=1, max_size=16),
    shares=st.sampled_from([(1, 1), (2, 1, 1), (1, 1, 2), (3, 1), (1, 2, 1, 4)]),
    weighted=st.booleans(),
)
def test_shares_are_taken_as_plain_python_takes_them(
    rows: list[tuple[int, int]], shares: tuple[int, ...], weighted: bool
) -> None:
    weights = [weight if weighted else 1 for _, weight in rows]
    total = sum(weights)
    ends = [Fraction(sum(shares[: place + 1]), sum(shares)) * total for place in range(len(shares) - 1)]
    # Where the best of a score stands is decided by the weight before it; exactly at an end the next tier begins.
    expected = [
        bisect_right(ends, sum(weight for (other, _), weight in zip(rows, weights, strict=True) if other < score))
        for score, _ in rows
    ]
    cut_offs = cr.CutOffs.by_share(**{f"t{place}": share / sum(shares) for place, share in enumerate(shares)})
    raw = np.array([float(score) for score, _ in rows])
    found = cut_offs.thresholds(raw, Calibration(), np.array(weights, dtype=float) if weighted else None)
    assert places_of(raw, found).tolist() == expected


def test_the_latest_days_are_held_out_up_to_the_share_and_the_gap() -> None:
    days = [date(2025, 1, day) for day in (1, 1, 1, 1, 10, 10, 10, 10, 20, 20, 20, 20)]
    labels = np.array([0.0, 1.0] * 6)
    for share, gap, training, held_out in (
        (1 / 3, 0, range(8), range(8, 12)), (0.4, 0, range(8), range(8, 12)), (1 / 3, 9, range(8), range(8, 12)),
        (1 / 3, 10, range(4), range(8, 12)), (1 / 3, 18, range(4), range(8, 12)), (0.7, 0, range(4), range(4, 12)),
        (0.9, 8, range(4), range(4, 12)),
    ):  # fmt: skip
        split = split_rows(labels, share, 0, as_of=days, gap_days=gap)
        assert split is not None
        assert (split.training.tolist(), split.held_out.tolist()) == (list(training), list(held_out)), (share, gap)
    assert split_rows(labels, 1 / 3, 0, as_of=days, gap_days=19) is None
    assert split_rows(labels[:7], 1 / 3, 0, as_of=days[:7]) is None


def months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


DAYS = [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 1), date(2025, 3, 31), date(2025, 4, 1), date(2025, 4, 30)]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["E1", "E2"]), st.sampled_from(DAYS),
        st.sampled_from(["inspection", "inspection", "unreachable", "violation", "minor"]),
        st.sampled_from([None, 0.1, 0.5, 1.0]), st.integers(0, 2),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


def records_from(events: list[tuple[str, date, str, float | None, int]]) -> cr.Records:
    return records_of(
        *(
            {
                "enterprise_id": who, "occurred_on": day, "known_on": day + timedelta(late),
                "type": "inspection" if kind in ("inspection", "unreachable") else "violation",
                "outcome": {"inspection": "pass", "unreachable": "unreachable"}.get(kind),
                "severity": {"violation": "serious", "minor": "minor"}.get(kind),
                "draw_probability": chance if kind in ("inspection", "unreachable") else None,
            }
            for who, day, kind, chance, late in events
        )
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    events=EVENTS, months=st.integers(1, 3), gap=st.sampled_from([0, 0, 1, 28, 30]), draws_only=st.booleans(),
    known_by=st.sampled_from([None, *DAYS[2:]]), order=st.randoms(use_true_random=False),
)  # fmt: skip
def test_the_next_inspection_is_the_one_that_plain_python_finds(
    events: list[Any], months: int, gap: int, draws_only: bool, known_by: date | None, order: Any
) -> None:
    rows = [(who, day) for who in ("E1", "E2", "E3") for day in DAYS]
    order.shuffle(rows)
    table = outcomes(
        records_from(events), pl.DataFrame(rows, schema=["enterprise_id", "as_of"], orient="row"),
        Target(within_months=months, gap_days=gap), draws_only=draws_only, known_by=known_by, output="polars",
    )  # fmt: skip
    told = [one for one in events if known_by is None or one[1] + timedelta(one[4]) <= known_by]
    for (who, as_of), row in zip(rows, table.iter_rows(named=True), strict=True):
        chances: dict[date, list[float | None]] = {}
        for one, day, kind, chance, _ in told:
            if one == who and kind == "inspection":
                chances.setdefault(day, []).append(chance)
        drawn = {day: None if None in them else max(them) for day, them in chances.items()}  # type: ignore[type-var]
        able = [
            day for day, chance in drawn.items()
            if day > as_of + timedelta(gap) and (chance is not None or not draws_only)
        ]  # fmt: skip
        following = min(able, default=None)
        if following is not None and following > months_later(as_of, months):
            following = None
        found = None if following is None else float(any(one[:3] == (who, following, "violation") for one in told))
        chance = None if following is None else drawn[following]
        assert (row["enterprise_id"], row["as_of"]) == (who, as_of)
        assert (row["inspected_on"], row["finding"], row["draw_probability"]) == (following, found, chance)
        assert not draws_only or row["weight"] == (0.0 if chance is None else pytest.approx(1 / chance))


@settings(max_examples=60, deadline=None)
@given(events=EVENTS, months=st.integers(1, 2), inspected_only=st.booleans())
def test_a_cohort_has_those_who_were_known_on_its_days(events: list[Any], months: int, inspected_only: bool) -> None:
    records = records_from(events)
    register = pl.DataFrame(
        {"enterprise_id": ["E1", "E4", "E5"], "established_on": [DAYS[2], DAYS[3], None]},
        schema_overrides={"established_on": pl.Date},
    )
    entered = {"E1": DAYS[2], "E4": DAYS[3]}
    for who, day, _, _, late in events:
        entered[who] = min(entered.get(who, date.max), day + timedelta(late))
    if inspected_only:
        seen = {who for who, _, kind, _, _ in events if kind in ("inspection", "unreachable")}
        entered = {who: day for who, day in entered.items() if who in seen}
    days = [day for number in range(6) if (day := months_later(DAYS[0], months * number)) <= DAYS[-1]]
    table = cohort(
        records, every=f"{months}M", from_=DAYS[0], to=DAYS[-1], enterprises=register, inspected_only=inspected_only,
        output="polars",
    )  # fmt: skip
    assert table.rows() == [(who, day) for day in days for who in sorted(entered) if entered[who] <= day]
    before = cohort_before_inspections(records, from_=DAYS[1], to=DAYS[3], output="polars")
    visited = {
        (day - timedelta(1), who) for who, day, kind, _, _ in events
        if kind in ("inspection", "unreachable") and DAYS[1] <= day <= DAYS[3]
    }  # fmt: skip
    assert before.rows() == [(who, day) for day, who in sorted(visited)]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, None]), st.sampled_from([0, 1, 2, 10])), max_size=10
    )
)
def test_a_rate_is_the_one_that_plain_python_adds_up(rows: list[tuple[str, int | None, int]]) -> None:
    there = [(who, found, weight) for who, found, weight in rows if found is not None and weight]
    assume(there)
    days = [date(2026, 1, 1) + timedelta(place) for place in range(len(rows))]
    table = pl.DataFrame(
        [(who, day, found, float(weight)) for day, (who, found, weight) in zip(days, rows, strict=True)],
        schema={"enterprise_id": pl.String, "inspected_on": pl.Date, "finding": pl.Int64, "weight": pl.Float64},
        orient="row",
    )
    total = sum(weight for _, _, weight in there)
    mean = Fraction(sum(weight * found for _, found, weight in there), total)
    by_enterprise = [sum(weight * (found - mean) for one, found, weight in there if one == who) for who in "abc"]
    error = sqrt(sum(part**2 for part in by_enterprise)) / total
    rate = estimate_rate(table.drop("weight"), table)
    assert rate.weighted == pytest.approx(float(mean))
    assert rate.weighted_interval == pytest.approx((float(mean) - 1.959964 * error, float(mean) + 1.959964 * error))
    assert rate.n_drawn == len(there)
    plain = [found for _, found, _ in rows if found is not None]
    assert rate.plain == pytest.approx(sum(plain) / len(plain))
    assert rate.n_inspected == len(plain)
