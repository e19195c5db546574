"""Cohorts and outcomes: no fact known later reaches them, and draws speak for all enterprises."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.learning.studies.cohorts import cohort, cohort_before_inspections
from creditrisk.learning.studies.outcomes import estimate_rate, outcomes
from creditrisk.learning.target import Target
from tests.conftest import records_of

DAYS = {"from_": "2025-01-01", "to": "2025-12-31"}
INSPECTION = {"type": "inspection"}


def found(
    as_of: str, *rows: dict[str, object], known_by: str | None = None, draws_only: bool = False, **target: object
) -> dict[str, object]:
    """The outcome of E1 as of a day."""
    days = pl.DataFrame({"enterprise_id": ["E1"], "as_of": [as_of]})
    result = outcomes(
        records_of(*rows), days, Target(**target), known_by=known_by, draws_only=draws_only, output="polars"
    )
    return result.row(0, named=True)


def test_the_next_inspection_decides_not_a_later_one() -> None:
    rows = (
        {**INSPECTION, "occurred_on": "2025-03-01"},
        {**INSPECTION, "occurred_on": "2025-05-01"},
        {"type": "violation", "severity": "grave", "occurred_on": "2025-05-01"},
    )
    assert found("2025-01-01", *rows)["finding"] == 0
    assert found("2025-03-01", *rows)["finding"] == 1
    assert found("2025-05-01", *rows)["finding"] is None


def test_within_and_gap_are_counted_from_the_day() -> None:
    row = {**INSPECTION, "occurred_on": "2025-03-31"}
    assert found("2024-12-31", row, within_months=3)["inspected_on"] == date(2025, 3, 31)
    assert found("2024-12-30", row, within_months=3)["inspected_on"] is None
    assert found("2025-03-20", row, gap_days=10)["inspected_on"] == date(2025, 3, 31)
    assert found("2025-03-21", row, gap_days=10)["inspected_on"] is None


def test_what_is_not_yet_known_is_no_outcome() -> None:
    rows = (
        {**INSPECTION, "occurred_on": "2025-03-01"},
        {"type": "violation", "severity": "grave", "occurred_on": "2025-03-01", "known_on": "2025-04-01"},
    )
    assert found("2025-01-01", *rows, known_by="2025-03-31")["finding"] == 0
    assert found("2025-01-01", *rows, known_by="2025-04-01")["finding"] == 1
    assert found("2025-01-01", *rows, known_by="2025-02-28")["finding"] is None


def test_an_inspection_at_which_nobody_was_reached_has_no_outcome() -> None:
    rows = (
        {**INSPECTION, "occurred_on": "2025-02-01", "outcome": "unreachable"},
        {**INSPECTION, "occurred_on": "2025-03-01", "outcome": "fail"},
        {"type": "violation", "severity": "grave", "occurred_on": "2025-03-01"},
    )
    assert found("2025-01-01", *rows)["inspected_on"] == date(2025, 3, 1)
    assert found("2025-01-01", *rows)["finding"] == 1


def test_only_a_day_of_draws_alone_has_a_draw_probability() -> None:
    draw = {**INSPECTION, "occurred_on": "2025-03-01", "draw_probability": 0.25}
    targeted = {**INSPECTION, "occurred_on": "2025-03-01"}
    assert found("2025-01-01", draw)["draw_probability"] == 0.25
    assert found("2025-01-01", draw, draws_only=True)["weight"] == 4
    assert found("2025-01-01", draw, targeted)["draw_probability"] is None
    assert found("2025-01-01", draw, targeted, draws_only=True)["weight"] == 0


def test_an_inspection_with_a_reason_does_not_hide_the_draw_after_it() -> None:
    rows = (
        {**INSPECTION, "occurred_on": "2025-03-01"},
        {**INSPECTION, "occurred_on": "2025-05-01", "draw_probability": 0.5},
        {"type": "violation", "severity": "grave", "occurred_on": "2025-05-01"},
    )
    assert found("2025-01-01", *rows)["finding"] == 0
    drawn = found("2025-01-01", *rows, draws_only=True)
    assert (drawn["inspected_on"], drawn["finding"], drawn["weight"]) == (date(2025, 5, 1), 1, 2)


def test_a_probability_that_no_draw_has_is_one_clear_error() -> None:
    records = records_of({**INSPECTION, "occurred_on": "2025-03-01", "draw_probability": 0.5}).data
    records = records.with_columns(draw_probability=pl.lit(1.5))
    days = pl.DataFrame({"enterprise_id": ["E1"], "as_of": ["2025-01-01"]})
    with pytest.raises(cr.InputError, match=r"a draw_probability that no draw has, such as 1\.5 of 'E1'"):
        outcomes(records, days)


def test_a_day_that_is_none_is_one_clear_error() -> None:
    with pytest.raises(cr.InputError, match="known_by must be a day"):
        found("2025-01-01", {**INSPECTION, "occurred_on": "2025-03-01"}, known_by="soon")


def test_a_cohort_holds_each_enterprise_from_its_first_known_record_on() -> None:
    records = records_of({**INSPECTION, "occurred_on": "2025-01-10", "known_on": "2025-02-10"})
    days = cohort(records, every="1M", from_="2025-01-31", to="2025-04-30", output="polars")
    assert days["as_of"].to_list() == [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]
    assert cohort_before_inspections(records, from_="2025-01-01", to="2025-12-31", output="polars")[
        "as_of"
    ].to_list() == [date(2025, 1, 9)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": "3W"}, "every must be calendar months or years"),
        ({"to": "2024-01-01"}, "to 2024-01-01 lies before from_ 2025-01-01"),
        ({"to": "2024-13-01"}, "to must be a day"),
    ],
)
def test_a_cohort_that_cannot_be_is_one_clear_error(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(cr.InputError, match=message):
        cohort(records_of({**INSPECTION, "occurred_on": "2025-01-10"}), **{**DAYS, **arguments})


def test_poisoning_every_fact_known_later_changes_neither_cohort_nor_indicators() -> None:
    province = cr.simulate_province(300, 15.0, seed=3)
    records = province.records
    to = date(2025, 6, 30)
    later = pl.max_horizontal("occurred_on", "known_on") > to
    poisoned = records.with_columns(
        amount=pl.when(later).then(1e9).otherwise("amount"),
        severity=pl.when(later).then(pl.lit("grave", dtype=records.schema["severity"])).otherwise("severity"),
        outcome=pl.when(later).then(pl.lit("fail", dtype=records.schema["outcome"])).otherwise("outcome"),
        repaired_on=pl.when(pl.col("repaired_on") > to).then(None).otherwise("repaired_on"),
        revoked_on=pl.when(pl.col("revoked_on") > to).then(date(2026, 1, 1)).otherwise("revoked_on"),
    )
    assert not poisoned.equals(records)
    rows = cohort(records, every="6M", from_="2023-06-30", to=to, output="polars")
    assert rows.equals(cohort(poisoned, every="6M", from_="2023-06-30", to=to, output="polars"))
    plain, spoilt = (
        cr.IndicatorBuilder(table, enterprises=province.enterprises).fit_transform(rows)
        for table in (records, poisoned)
    )
    assert plain.equals(spoilt)


def test_draws_weighted_by_their_inverse_probability_are_unbiased_where_the_plain_rate_is_not() -> None:
    province = cr.simulate_province(20_000, 10.0, seed=11)
    days = cohort(province.records, every="1Y", from_="2021-12-31", to="2024-12-31",
                  enterprises=province.enterprises, output="polars")  # fmt: skip
    failed = Target(finding={"types": ["inspection"], "outcomes": ["fail"], "standing": "known"})
    inspected, drawn = (
        outcomes(province.records, days, failed, draws_only=draws_only, output="polars") for draws_only in (False, True)
    )
    estimate = estimate_rate(inspected, drawn)
    low, high = estimate.weighted_interval
    truth = true_failure_rate(province)
    assert low <= truth <= high
    assert estimate.plain_interval[0] > truth
    assert estimate.n_drawn < estimate.n_inspected


def test_rows_that_look_ahead_to_one_inspection_are_one_inspection() -> None:
    rows = pl.DataFrame({"enterprise_id": ["E1", "E1", "E2"], "inspected_on": ["2025-05-01"] * 3, "finding": [1, 1, 0]})
    estimate = estimate_rate(rows, rows.with_columns(weight=pl.lit(2.0)))
    assert (estimate.n_inspected, estimate.n_drawn) == (2, 2)
    once = rows.unique(maintain_order=True)
    wide, narrow = estimate.weighted_interval, estimate_rate(once, once.with_columns(weight=2.0)).weighted_interval
    assert wide[1] - wide[0] == pytest.approx(narrow[1] - narrow[0], rel=0.15)


def true_failure_rate(province: object) -> float:
    """The chance that a random draw on a random enterprise fails, from the latent risks that drive the simulation."""
    risk = province.truth.drop("enterprise_id").to_numpy()
    power = {"pass": (70.0, 0.0), "pass_with_conditions": (18.0, 0.7), "fail": (9.0, 1.3)}
    weights = {name: share * risk**one for name, (share, one) in power.items()}
    return float((weights["fail"] / sum(weights.values())).mean())


def test_records_may_be_a_pandas_frame_and_one_that_lacks_a_column_is_one_clear_error() -> None:
    records = records_of({**INSPECTION, "occurred_on": "2025-03-01"}).data
    days = pl.DataFrame({"enterprise_id": ["E1"], "as_of": ["2025-01-01"]})
    assert outcomes(records.to_pandas(), days, output="polars").equals(outcomes(records, days, output="polars"))
    with pytest.raises(cr.InputError, match="the records have no column 'known_on'"):
        outcomes(records.drop("known_on"), days)
