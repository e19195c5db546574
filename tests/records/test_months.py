"""Calendar months on civil dates, up to where the calendar ends."""

from __future__ import annotations

from datetime import date

import pytest

import creditrisk as cr
from creditrisk.days import add_months, day_number, day_of


def test_days_up_to_the_end_of_the_calendar_are_given() -> None:
    assert day_of(day_number(date.max)) == date.max
    assert day_of(int(add_months(day_number(date(1, 1, 1)), 12 * 9998))) == date(9999, 1, 1)


def test_a_day_beyond_the_calendar_is_a_clear_error() -> None:
    with pytest.raises(cr.InputError, match="days end with 9999-12-31"):
        day_of(int(add_months(day_number(date.max), 1)))
    for months in (10**6, 10**12, -(10**30)):
        with pytest.raises(cr.InputError, match="months must be at most 119,988"):
            add_months(0, months)
