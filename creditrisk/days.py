"""Calendar months on civil dates, for whole columns of day numbers.

A day number counts days since 1970-01-01. A month later than 31 January is the last day of February, so that
windows and terms by calendar months are defined for every date, 29 February included.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from creditrisk.errors import InputError

__all__ = ["add_months", "as_date", "civil_days", "day_number", "day_of"]

_EPOCH = date(1970, 1, 1)
_MOST_MONTHS = 12 * date.max.year


def as_date(day: date | str, name: str = "as_of") -> date:
    """A day given as a date or as ISO text; of a time only the day is taken.

    Raises
    ------
    InputError
        If it is neither; the message calls the argument by its ``name``.
    """
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a day such as 2026-06-30, got {day!r}") from None


def civil_days(column: pl.Series, name: str) -> pl.Series:
    """A column of days: dates, times, or ISO text. Of a time only the day is taken, the one where its clock stands.

    Raises
    ------
    InputError
        If a value is neither; the message calls the column by its ``name``.

    Examples
    --------
    >>> midnight = pl.Series([datetime(2026, 6, 30)]).dt.replace_time_zone("Asia/Shanghai")
    >>> civil_days(midnight, "as_of").to_list()
    [datetime.date(2026, 6, 30)]
    """
    days = column
    if column.dtype == pl.String:
        days = column.str.to_date("%Y-%m-%d", strict=False)
    elif column.dtype == pl.Datetime:
        days = column.dt.replace_time_zone(None).dt.date()
    if days.dtype not in (pl.Date, pl.Null) or days.null_count() > column.null_count():
        unread = column.filter(days.is_null() & column.is_not_null())
        raise InputError(
            f"{name} must hold days such as 2026-06-30, got {repr(unread[0]) if len(unread) else column.dtype}"
        )
    return days.cast(pl.Date)


def day_number(day: date) -> int:
    """Days from 1970-01-01 to a date."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number.

    Raises
    ------
    InputError
        If no calendar has the day.
    """
    try:
        return _EPOCH + timedelta(days=number)
    except OverflowError:
        raise InputError(
            f"days end with {date.max}, and a later or much earlier one is asked for: give other days, or fewer months"
        ) from None


def add_months(days: ArrayLike, months: int) -> NDArray[np.int32]:
    """Move day numbers by calendar months; a day that the month lacks becomes the month's last day.

    Parameters
    ----------
    days : array_like of int, any shape
        Day numbers.
    months : int
        May be negative.

    Returns
    -------
    ndarray of int32, same shape

    Raises
    ------
    InputError
        If there are more months than the calendar has.

    Examples
    --------
    >>> day_of(int(add_months(day_number(date(2024, 2, 29)), -12)))
    datetime.date(2023, 2, 28)
    """
    if abs(months) > _MOST_MONTHS:
        raise InputError(f"months must be at most {_MOST_MONTHS:,}, as many as the calendar has, got {months:,}")
    day = np.asarray(days, dtype=np.int32).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    offset = day - month.astype("datetime64[D]")
    moved = month + np.timedelta64(months, "M")
    first = moved.astype("datetime64[D]")
    last = (moved + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(first + offset, last).astype(np.int64).astype(np.int32)
