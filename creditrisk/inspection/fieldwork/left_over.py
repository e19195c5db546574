"""Visits left without a day: the reasons, and the days that they would need."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil
from typing import Any

import polars as pl

from creditrisk.inspection.fieldwork.timetable import Place, Timetable, Visit
from creditrisk.vocabulary import Label

__all__ = ["left_over_table", "shortfall_table"]

_WHY = {
    "no_team": Label("该地区没有检查组", "there is no team in its region"),
    "nobody": Label("没有为其抽取检查人员", "no inspectors were drawn for it"),
    "over": Label(
        "期限{deadline}早于排期首日{first}", "its time ended on {deadline}, before the first day to plan for, {first}"
    ),
    "not_begun": Label(
        "期限自{begins}起，晚于排期末日{last}", "its time begins on {begins}, after the last day to plan for, {last}"
    ),
    "no_working_day": Label("期限内没有工作日", "there is no working day within its time"),
    "later": Label(
        "至{last}人日已排满，期限{deadline}前可另行安排",
        "those who would go have no day left up to {last}; it may be made later, until {deadline}",
    ),
    "full": Label("期限内检查人日不足", "those who would go have no day left for it within its time"),
}
_LEFT_OVER: dict[str, Any] = {
    "visit_id": pl.String,
    "enterprise_id": pl.String,
    "region": pl.String,
    "window_to": pl.Date,
    "why_zh": pl.String,
    "why_en": pl.String,
}
_SHORTFALL: dict[str, Any] = {
    "region": pl.String,
    "department": pl.String,
    "visits": pl.UInt32,
    "days": pl.UInt32,
    "days_available": pl.UInt32,
}


def left_over_table(
    left: Sequence[Visit], days: Sequence[date], first: date, last: date, *, by_inspectors: bool
) -> pl.DataFrame:
    """Return the visits without a day, and why.

    Parameters
    ----------
    left : sequence of Visit
    days : sequence of date
        The working days from the first day to the last.
    first, last : date
    by_inspectors : bool
        Whether inspectors drawn for the visits make them, instead of teams of regions.

    Returns
    -------
    polars.DataFrame
        visit_id, enterprise_id, region, window_to, why_zh, why_en.
    """
    lines = []
    for visit in left:
        begins, deadline = date.fromordinal(visit.begins), date.fromordinal(visit.deadline)
        what = _what(visit, begins, deadline, days, first, last)
        why = _WHY["nobody" if what == "no_team" and by_inspectors else what]
        said = {"begins": begins, "deadline": deadline, "first": first, "last": last}
        reasons = why.zh.format(**said), why.en.format(**said)
        lines.append((visit.id, visit.enterprise_id, visit.region or None, deadline, *reasons))
    return pl.DataFrame(lines, schema=_LEFT_OVER, orient="row")


def shortfall_table(
    left: Sequence[Visit], asked: Sequence[Visit], timetable: Timetable, departments: Mapping[str, str]
) -> pl.DataFrame:
    """Return the days that visits without a day would take, grid by grid; a day may serve two grids, so it is a bound.

    Parameters
    ----------
    left, asked : sequence of Visit
        The visits without a day, and all visits.
    timetable : Timetable
    departments : mapping of str to str
        The department of each inspector; empty if teams of regions make the visits.

    Returns
    -------
    polars.DataFrame
        region, department, visits, days, days_available.
    """

    def whose(visit: Visit) -> list[tuple[str, str]]:
        """Return who makes a visit, each with the department or, for teams, the region."""
        if not departments:
            return [("", visit.region)]
        return [(name, departments[name]) for team in visit.teams[:1] for name in team]

    going: dict[str, set[str]] = defaultdict(set)
    for one in asked:
        for name, key in whose(one):
            going[key].update([name] if departments else [team[0] for team in one.teams])
    visits: dict[str, set[str]] = defaultdict(set)
    by_grid: dict[str, Counter[tuple[str, Place | None]]] = defaultdict(Counter)
    for one in left:
        for name, key in whose(one):
            visits[key].add(one.id)
            by_grid[key][name, one.place] += 1
    lines = [
        (
            None if departments else key or None,
            key if departments else None,
            len(visits[key]),
            sum(ceil(number / timetable.slots) for number in by_grid[key].values()),
            sum(timetable.days_of(name) for name in going[key]),
        )
        for key in sorted(visits)
    ]
    return pl.DataFrame(lines, schema=_SHORTFALL, orient="row")


def _what(visit: Visit, begins: date, deadline: date, days: Sequence[date], first: date, last: date) -> str:
    """Return the reason; reasons that more days of the inspectors would not remove come first."""
    if not visit.teams:
        return "no_team"
    if deadline < first:
        return "over"
    if begins > last:
        return "not_begun"
    if not any(begins <= day <= deadline for day in days):
        return "no_working_day"
    return "later" if deadline > last else "full"
