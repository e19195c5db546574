"""Days: what is read as one at every entry, and calendar months up to where the calendar ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.cli.options import day
from creditrisk.days import add_months, as_date, civil_days, day_number, day_of
from creditrisk.learning.scorers.validation import day_numbers
from creditrisk.learning.studies.cohorts import cohort, cohort_before_inspections
from tests.conftest import records_of

RECORDS = records_of({"type": "accident", "occurred_on": "2026-01-01", "enterprise_id": "E1"})
ENTERPRISES = cr.read_enterprises(pl.DataFrame({"enterprise_id": ["E1"], "name": ["A"]}), id_scheme="any")
NO_DAYS = ["06/07/2026", "06-07-26", "2026-02-30", "2026/06/30", "30.06.2026", "20260630", "2026-W27-1", "today", ""]
ONE_DAY = [
    date(2026, 6, 30),
    datetime(2026, 6, 30),
    datetime(2026, 6, 30, 23, 59),
    pd.Timestamp("2026-06-30 17:00", tz="Asia/Shanghai"),
    np.datetime64("2026-06-30"),
    np.datetime64("2026-06-30T08:00:00.000"),
    "2026-06-30",
    "2026-06-30T08:00:00.5+08:00",
    "2026-06-30 08:00",
]


def read_as_of(given: Any) -> pd.DataFrame:
    rows = pd.DataFrame({"enterprise_id": ["E1"], "as_of": [given]})
    return cr.SafetyIndicators(RECORDS, only=["safety.days_since_accident"]).fit_transform(rows)


def previous_of(given: Any) -> cr.Assessment:
    before = pd.DataFrame({"enterprise_id": ["E1"], "as_of": [given], "tier": "good", "evidence_count": 1})
    return cr.assess(ENTERPRISES, RECORDS, as_of="2026-12-31", id_scheme="any", previous=before)


def policy_from(given: Any) -> cr.Policy:
    document = cr.load_policy("jiangsu").model_dump()
    return cr.Policy.model_validate(document | {"effective_from": given})


ENTRIES: dict[str, Callable[[Any], Any]] = {
    "as_of of an assessment": lambda given: cr.assess(ENTERPRISES, RECORDS, as_of=given, id_scheme="any"),
    "as_of of a row": read_as_of,
    "as_of of rows to learn from": lambda given: day_numbers([given]),
    "days of the assessment before": previous_of,
    "from_ of a cohort": lambda given: cohort(RECORDS, every="3M", from_=given, to="2026-12-31"),
    "to of inspections": lambda given: cohort_before_inspections(RECORDS, from_="2026-01-01", to=given),
    "from_ of a province": lambda given: cr.simulate_province(5, 1.0, from_=given, to="2026-12-31"),
    "a day of a policy": policy_from,
    "the edition of a policy": lambda given: cr.load_policy("jiangsu", given),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("given", NO_DAYS)
def test_what_may_be_another_day_is_refused_at_every_entry(entry: str, given: str) -> None:
    with pytest.raises(ValueError, match="such as 2026-06-30"):
        ENTRIES[entry](given)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("given", ONE_DAY[2:8:2], ids=str)
def test_one_day_is_taken_at_every_entry_by_whatever_form(entry: str, given: Any) -> None:
    ENTRIES[entry](given)


@pytest.mark.parametrize("given", ONE_DAY, ids=str)
def test_every_form_of_a_day_is_the_same_day(given: Any) -> None:
    assert as_date(given) == date(2026, 6, 30)
    column = pl.Series(np.array([given]) if isinstance(given, np.datetime64) else [given])
    assert civil_days(column, "as_of").to_list() == [date(2026, 6, 30)]
    assert day_numbers([given]) == day_number(date(2026, 6, 30))


@pytest.mark.parametrize("given", NO_DAYS)
def test_an_option_is_a_day_in_one_form(given: str) -> None:
    with pytest.raises(typer.BadParameter, match="such as 2026-06-30"):
        day(given)


@pytest.mark.parametrize("given", [None, 20260630, 86400.0, pd.NaT, np.datetime64("NaT", "D"), b"2026-06-30"], ids=str)
def test_what_is_no_day_is_none(given: Any) -> None:
    with pytest.raises(cr.InputError, match="as_of must be a day such as 2026-06-30"):
        as_date(given)


def test_numbers_are_no_days_in_a_policy() -> None:
    with pytest.raises(ValueError, match="it must be a day"):
        policy_from(86400)


def test_a_wrong_day_of_a_column_is_named_with_its_row() -> None:
    with pytest.raises(cr.InputError, match=r"as_of of the cohort must hold days .* got '06/07/2026' in row 2"):
        civil_days(pl.Series(["2026-06-30", None, "06/07/2026", "07/07/2026"]), "as_of", "of the cohort")
    with pytest.raises(cr.InputError, match=r"as_of must hold days .* got Int64"):
        civil_days(pl.Series([20260630]), "as_of")


@given(st.dates(date(1000, 1, 1)))
def test_a_column_reads_every_day_as_one_alone(one: date) -> None:
    assert civil_days(pl.Series([one.isoformat(), None]), "as_of").to_list() == [as_date(one.isoformat()), None]


def test_a_source_of_records_has_no_days_of_two_digit_years() -> None:
    rows = [{"record_id": "a", "enterprise_id": "E1", "type": "accident", "occurred_on": "06-07-26"}]
    assert cr.read_records(pd.DataFrame(rows), id_scheme="any").rejected["code"].to_list() == ["invalid_date"]


def test_days_up_to_the_end_of_the_calendar_are_given() -> None:
    assert day_of(day_number(date.max)) == date.max
    assert day_of(int(add_months(day_number(date(1, 1, 1)), 12 * 9998))) == date(9999, 1, 1)


def test_a_day_beyond_the_calendar_is_a_clear_error() -> None:
    with pytest.raises(cr.InputError, match="days end with 9999-12-31"):
        day_of(int(add_months(day_number(date.max), 1)))
    for months in (10**6, 10**12, -(10**30)):
        with pytest.raises(cr.InputError, match="months must be at most 119,988"):
            add_months(0, months)
