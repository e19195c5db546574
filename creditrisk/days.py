"""Days: the one parser of days in arguments, and calendar months over whole columns of day numbers.

A day is given as a date, as ISO text (2026-06-30), or as a date-time, of which the local day is taken. Nothing else is
a day: ``06/07/2026`` is in June in some countries and in July in others. Only sources of records, whose form nobody
can choose, are read in more forms (:mod:`creditrisk.records.parsing`).

A day number counts days since 1970-01-01. One month after 31 January is the last day of February, so that windows and
terms by calendar months are defined for every date, including 29 February.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from pydantic import BeforeValidator

from creditrisk.errors import InputError

__all__ = ["Day", "add_months", "as_date", "civil_days", "day_number", "day_of"]

_EPOCH = date(1970, 1, 1)
_MOST_MONTHS = 12 * date.max.year
_TIME = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_ISO = rf"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:{_TIME})?$"
_ISO_DAY = re.compile(_ISO)


def as_date(day: Any, name: str = "as_of") -> date:
    """Read one day from an argument.

    Parameters
    ----------
    day : date, datetime, ISO text, numpy.datetime64 or pandas.Timestamp
    name : str
        The name of the argument, for the message.

    Raises
    ------
    InputError
        If it is none of these, or a day that does not exist.

    Examples
    --------
    >>> as_date("2026-06-30T17:00"), as_date(np.datetime64("2026-06-30"))
    (datetime.date(2026, 6, 30), datetime.date(2026, 6, 30))
    """
    given = day
    try:
        if isinstance(day, np.datetime64):
            day = day.astype("datetime64[D]").item()
        if isinstance(day, str) and (text := _ISO_DAY.match(day)):
            day = date.fromisoformat(text[1])
        if isinstance(day, datetime):
            day = day.date()
    except ValueError:  # the day does not exist, or the date-time is missing
        day = None
    if not isinstance(day, date) or day != day:
        raise InputError(f"{name} must be a day such as 2026-06-30, got {given!r}")
    return day


def civil_days(column: pl.Series, name: str, of: str = "") -> pl.Series:
    """Read a column of days from an argument, in the same forms as :func:`as_date`.

    Parameters
    ----------
    column : polars.Series of Date, Datetime or String
        The column; a missing entry stays missing.
    name : str
        The name of the column, for the message.
    of : str
        The table of the rows, such as ``"of the cohort"``.

    Returns
    -------
    polars.Series of Date, same length

    Raises
    ------
    InputError
        If an entry is not a day; the message says which.

    Examples
    --------
    >>> civil_days(pl.Series(["2026-06-30", None]), "as_of").to_list()
    [datetime.date(2026, 6, 30), None]
    """
    of = of and f" {of}"
    if column.dtype in (pl.Date, pl.Null):
        return column.cast(pl.Date)
    if isinstance(column.dtype, pl.Datetime):
        # This is the local day, not the day in UTC.
        return column.dt.replace_time_zone(None).dt.date()
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise InputError(f"{name}{of} must hold days such as 2026-06-30, got {column.dtype}")
    text = column.cast(pl.String)
    days = text.str.extract(_ISO).str.to_date("%Y-%m-%d", strict=False)
    if days.null_count() > text.null_count():
        at = int((days.is_null() & text.is_not_null()).arg_max() or 0)
        raise InputError(f"{name}{of} must hold days such as 2026-06-30, got {text[at]!r} in row {at}")
    return days


def day_number(day: date) -> int:
    """Return the number of days from 1970-01-01 to a date."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """Return the date of a day number.

    Raises
    ------
    InputError
        If the calendar does not have the day.
    """
    try:
        return _EPOCH + timedelta(days=number)
    except OverflowError:
        raise InputError(
            f"days end with {date.max}, and a later or much earlier one is asked for: give other days, or fewer months"
        ) from None


def add_months(days: ArrayLike, months: int) -> NDArray[np.int32]:
    """Move day numbers by calendar months; a day that the month does not have becomes the month's last day.

    Parameters
    ----------
    days : array_like of int, any shape
        Day numbers.
    months : int
        The number of months, which may be negative.

    Returns
    -------
    ndarray of int32, same shape

    Raises
    ------
    InputError
        If the number of months exceeds the calendar.

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


# A day in a document.
Day = Annotated[date, BeforeValidator(lambda day: as_date(day, "it"))]
