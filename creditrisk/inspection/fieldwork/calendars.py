"""Visits as a calendar (iCalendar, RFC 5545), for an inspector's telephone or an office's wall."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

import polars as pl

from creditrisk.days import civil_days
from creditrisk.errors import InputError
from creditrisk.frames import FrameLike, is_frame, to_polars
from creditrisk.vocabulary import Label

__all__ = ["visit_calendar"]

_CAUSES = {
    "draw": Label("随机抽查", "Random inspection"),
    "full_coverage": Label("重点领域检查", "Inspection in a key area"),
    "grid": Label("网格走访", "Grid patrol"),
    "override": Label("专项检查", "Special inspection"),
}
_OTHER = Label("检查", "Inspection")
_PLACED = ("visit_id", "enterprise_id", "region", "grid", "date", "slot", "team")
_TOLD = ("visit_id", "items", "departments", "cause", "why_zh", "why_en")
# RFC 5545, 3.3.11, allows none of these in a text; it allows tabs and line ends.
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127], " ")


class Scheduled(Protocol):
    """The part of a Schedule that a calendar needs."""

    @property
    def table_data(self) -> pl.DataFrame: ...


class Planned(Protocol):
    """The part of an InspectionPlan that a calendar needs."""

    @property
    def visits_data(self) -> pl.DataFrame: ...


def visit_calendar(
    schedule: Scheduled | FrameLike, visits: Planned | FrameLike, *, inspector: str | None = None
) -> bytes:
    """Return the visits that have a day as a calendar, each as an all-day event.

    The calendar names enterprises that are still to be visited, so only the inspectors may have it. The same visits
    give the same bytes: each event is identified by its visit and stamped with the first day of the whole schedule.

    Parameters
    ----------
    schedule : Schedule or frame
        visit_id, enterprise_id, region, grid, date, slot (place in the day, from 1), team (list of inspectors).
    visits : InspectionPlan or frame
        visit_id, items, departments, cause, why_zh, why_en, as in a plan.
    inspector : str, optional
        Take only visits whose team includes this inspector; if there are none, the calendar has no events.

    Returns
    -------
    bytes
        The content of an .ics file.

    Raises
    ------
    InputError
        If icalendar is not installed, a column is missing, or a visit of the schedule is not among the visits.

    Examples
    --------
    >>> from datetime import date
    >>> schedule = pl.DataFrame({
    ...     "visit_id": ["v1"], "enterprise_id": ["E1"], "region": ["320102"], "grid": ["320102-07"],
    ...     "date": [date(2026, 3, 2)], "slot": [1], "team": [["A", "B"]]})
    >>> visits = pl.DataFrame({
    ...     "visit_id": ["v1"], "items": [["safety.fire"]], "departments": [["消防救援机构"]], "cause": ["draw"],
    ...     "why_zh": ["随机抽取"], "why_en": ["Drawn at random"]})
    >>> print(visit_calendar(schedule, visits, inspector="A").decode().splitlines()[7])
    SUMMARY:随机抽查 Random inspection E1：safety.fire
    """
    try:
        from icalendar import Calendar
    except ModuleNotFoundError as error:
        raise InputError("calendars need pip install 'creditrisk[calendar]'") from error
    placed = _table(schedule, "table_data", _PLACED, "schedule")
    placed = placed.with_columns(civil_days(placed["date"], "date", "of the schedule"))
    told = _table(visits, "visits_data", _TOLD, "visits")
    strange = placed.join(told, on="visit_id", how="anti")["visit_id"].sort()
    if len(strange):
        raise InputError(
            f"the schedule has visit {strange[0]!r}, which is not among the visits: give those of its plan"
        )
    calendar = Calendar.new(
        prodid="-//creditrisk//inspection plan//ZH",
        uid=_text("inspection-plan@creditrisk" if inspector is None else f"inspection-plan-{inspector}@creditrisk"),
        name=_text("检查日程 Inspections" if inspector is None else f"检查日程 Inspections: {inspector}"),
    )
    wanted = placed if inspector is None else placed.filter(pl.col("team").list.contains(inspector))
    events = wanted.join(told, on="visit_id", how="left").sort("date", "slot", "visit_id")
    # The stamp is not today, so that the calendar is the same whenever it is made and for every inspector.
    stamp = placed["date"].min()
    for visit in events.iter_rows(named=True):
        calendar.add_component(_event(visit, stamp))
    return calendar.to_ical()


def _table(source: Any, attribute: str, columns: tuple[str, ...], what: str) -> pl.DataFrame:
    table = to_polars(source if is_frame(source) else getattr(source, attribute, source))
    for column in columns:
        if column not in table.columns:
            raise InputError(f"a calendar needs the column {column} of the {what}")
    return table.select(columns)


def _event(visit: dict[str, Any], stamp: Any) -> Any:
    from icalendar import Event

    cause = _CAUSES.get(visit["cause"], _OTHER)
    items = "、".join(visit["items"] or [])
    lines = [
        ("部门 Departments", "、".join(visit["departments"] or [])),
        ("人员 Team", "、".join(visit["team"] or [])),
        ("当日次序 Place in the day", str(visit["slot"])),
        ("理由 Why", f"{visit['why_zh']}\n{visit['why_en']}"),
    ]
    return Event.new(
        uid=_text(f"{visit['visit_id']}@creditrisk"),
        stamp=stamp,
        start=visit["date"],
        end=visit["date"] + timedelta(days=1),
        summary=_text(f"{cause.zh} {cause.en} {visit['enterprise_id']}" + (f"：{items}" if items else "")),
        description=_text("\n".join(f"{name}: {value}" for name, value in lines if value)),
        location=_text(" / ".join(one for one in (visit["region"], visit["grid"]) if one)) or None,
        categories=[cause.zh, cause.en],
    )


def _text(text: str) -> str:
    return text.translate(_CONTROLS)
