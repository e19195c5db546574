"""Cohorts to learn from: the same enterprises on one day after another.

The members of a cohort depend on nothing that became known later: an enterprise enters when its first record is known
or, if the enterprise table is given, on the day on which it was established.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict, Unpack, overload

import polars as pl

from creditrisk.days import add_months, as_date, civil_days, day_number, day_of
from creditrisk.errors import InputError
from creditrisk.frames import Frame, FrameKind, FrameLike, check_frame_kind, from_polars, is_frame, to_polars
from creditrisk.records.tables import Enterprises, Records

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["cohort", "cohort_before_inspections", "records_data"]

_COLUMNS = ("enterprise_id", "type", "occurred_on", "known_on", "outcome", "draw_probability")
_EVERY = re.compile(r"^([1-9]\d*)([MY])$")


class _CohortOptions(TypedDict, total=False):
    every: str
    from_: Required[date | str]
    to: Required[date | str]
    enterprises: Enterprises | FrameLike | None
    inspected_only: bool


@overload
def cohort(
    records: Records | FrameLike, *, output: Literal["pandas"] = ..., **options: Unpack[_CohortOptions]
) -> pd.DataFrame: ...
@overload
def cohort(
    records: Records | FrameLike, *, output: Literal["polars"], **options: Unpack[_CohortOptions]
) -> pl.DataFrame: ...
@overload
def cohort(
    records: Records | FrameLike, *, output: Literal["arrow"], **options: Unpack[_CohortOptions]
) -> pa.Table: ...
def cohort(
    records: Records | FrameLike,
    *,
    every: str = "3M",
    from_: date | str,
    to: date | str,
    enterprises: Enterprises | FrameLike | None = None,
    inspected_only: bool = False,
    output: FrameKind = "pandas",
) -> Frame:
    """Return enterprises on one day after another: the rows of a training table.

    Parameters
    ----------
    records : Records or frame in the data model
    every : str, default="3M"
        Calendar months (``"3M"``) or years (``"1Y"``) between the days.
    from_, to : date or ISO text
        The first day, and the latest possible last day.
    enterprises : Enterprises or frame, optional
        The enterprises; those without records are then included too, from the day they were established.
    inspected_only : bool, default=False
        Whether to leave out enterprises that were never inspected, which have no outcome to learn from.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        enterprise_id and as_of, by day and id: rows for an :class:`~creditrisk.IndicatorBuilder`.

    Raises
    ------
    InputError
        If a day or the step is invalid, or ``to`` is before ``from_``.

    Examples
    --------
    >>> import pandas as pd
    >>> import creditrisk as cr
    >>> records = cr.read_records(pd.DataFrame({
    ...     "record_id": ["a", "b"], "enterprise_id": ["E1", "E2"], "type": ["inspection", "inspection"],
    ...     "occurred_on": ["2024-12-01", "2025-05-01"]}), id_scheme="any")
    >>> rows = cohort(records, every="6M", from_="2025-01-01", to="2025-12-31", output="polars")
    >>> [(enterprise, str(day)) for enterprise, day in rows.rows()]
    [('E1', '2025-01-01'), ('E1', '2025-07-01'), ('E2', '2025-07-01')]
    """
    check_frame_kind(output)
    days = _days(every, as_date(from_, "from_"), as_date(to, "to"))
    entered = [records_data(records).select("enterprise_id", entered=pl.max_horizontal("occurred_on", "known_on"))]
    if enterprises is not None:
        table = enterprises.data if isinstance(enterprises, Enterprises) else to_polars(enterprises)
        entered.append(table.select("enterprise_id", entered=civil_days(table["established_on"], "established_on")))
    first = pl.concat(entered).drop_nulls().group_by("enterprise_id").agg(pl.col("entered").min())
    if inspected_only:
        inspections = records_data(records).filter(pl.col("type").cast(pl.String) == "inspection")
        first = first.join(inspections, on="enterprise_id", how="semi")
    rows = (
        first.join(pl.DataFrame({"as_of": days}), how="cross")
        .filter(pl.col("entered") <= pl.col("as_of"))
        .select("enterprise_id", "as_of")
        .sort("as_of", "enterprise_id")
    )
    return from_polars(rows, output)


def cohort_before_inspections(records: Any, *, from_: date | str, to: date | str, output: FrameKind = "pandas") -> Any:
    """Return each inspected enterprise on the day before each of its inspections.

    Parameters
    ----------
    records : Records or frame in the data model
    from_, to : date or ISO text
        The first and the last day of the inspections.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        enterprise_id and as_of, by day and id.
    """
    check_frame_kind(output)
    first, last = as_date(from_, "from_"), as_date(to, "to")
    rows = (
        records_data(records)
        .filter(pl.col("type").cast(pl.String) == "inspection", pl.col("occurred_on").is_between(first, last))
        .select("enterprise_id", as_of=pl.col("occurred_on") - pl.duration(days=1))
        .unique()
        .sort("as_of", "enterprise_id")
    )
    return from_polars(rows, output)


def _days(every: str, first: date, last: date) -> list[date]:
    step = _EVERY.match(every)
    if step is None:
        raise InputError(f"every must be calendar months or years such as '3M' or '1Y', got {every!r}")
    if last < first:
        raise InputError(f"to {last} lies before from_ {first}")
    months = int(step[1]) * (12 if step[2] == "Y" else 1)
    days, number = [first], 1
    # Months are always counted from the first day: 31 January, 30 April, 31 July.
    while (day := day_of(int(add_months(day_number(first), months * number)))) <= last:
        days.append(day)
        number += 1
    return days


def records_data(records: Any) -> pl.DataFrame:
    """Return records in the data model as a Polars frame.

    Raises
    ------
    InputError
        If they are not records, or lack a column of the data model.
    """
    if isinstance(records, Records):
        return records.data
    if isinstance(records, pl.LazyFrame) or is_frame(records):
        table = to_polars(records)
        missing = next((name for name in _COLUMNS if name not in table.columns), None)
        if missing is not None:
            raise InputError(f"the records have no column {missing!r}: read them with creditrisk.read_records")
        # pandas has no dates without a time of day.
        return table.with_columns(pl.col(pl.Datetime).dt.date())
    raise InputError(f"records must be read with creditrisk.read_records, or be a frame, not {type(records).__name__}")
