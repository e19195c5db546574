"""Days for visits: the visits that fit into the days of teams or inspectors, and the days that the others need.

A day has a number of slots. A visit takes one slot of each person on it; travel to another grid takes one more. Days
are filled one after another: first the visit with the nearest deadline and the lowest turn, then the other visits of
its grid that need no travel. This needs no solver. If inspectors were drawn for each visit, and all of them must be
free at the same time, a better timetable may exist: ``method="exact"`` looks for one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Required, TypedDict, Unpack, get_args, overload

import numpy as np
import polars as pl

from creditrisk.days import as_date
from creditrisk.errors import InputError
from creditrisk.files.account import InputUsed, RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import FrameKind, FrameT, Source, check_frame_kind, from_polars, shown_with
from creditrisk.inspection.fieldwork.assigning import Assignment
from creditrisk.inspection.fieldwork.left_over import left_over_table, shortfall_table
from creditrisk.inspection.fieldwork.teams import TravelBy
from creditrisk.inspection.fieldwork.timetable import Placed, Timetable, Visit
from creditrisk.inspection.fieldwork.turns import in_turn
from creditrisk.inspection.plan.items import GRID
from creditrisk.inspection.plan.plan import visits_of, visits_used

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from creditrisk.inspection.plan.plan import InspectionPlan

__all__ = ["Schedule", "SchedulingMethod", "schedule_visits"]

SchedulingMethod = Literal["by_turns", "exact"]

_SATURDAY = 5
_SHOWN = 10


@dataclass(frozen=True, repr=False)
class Schedule(Generic[FrameT]):
    """The day and slot of each visit.

    Attributes
    ----------
    table : frame
        visit_id, enterprise_id, region, grid, date, slot (the place in the day, from 1), team (a list of inspector ids,
        or of one number from 1 if teams of the region were given).
    unmet : frame
        visit_id, enterprise_id, region, window_to, why_zh, why_en: the visits that do not fit.
    shortfall : frame
        region (of teams) or department (of inspectors), visits (without a day), days (of a team, or of one inspector,
        that these would take), days_available (in total).
    inputs : dict of str to InputUsed
        The visits that were read, for the account of the run.
    """

    table_data: pl.DataFrame
    unmet_data: pl.DataFrame
    shortfall_data: pl.DataFrame
    output: FrameKind
    inputs: dict[str, InputUsed] = field(default_factory=dict)

    @property
    def table(self) -> FrameT:
        return from_polars(self.table_data, self.output)

    @property
    def unmet(self) -> FrameT:
        return from_polars(self.unmet_data, self.output)

    @property
    def shortfall(self) -> FrameT:
        return from_polars(self.shortfall_data, self.output)

    @property
    def is_feasible(self) -> bool:
        """Whether every visit has a day."""
        return self.unmet_data.height == 0

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the tables into a folder; replace a schedule there.

        ``schedule.csv``, ``unscheduled.csv``, ``shortfall.csv`` and ``run.json`` appear together or not at all.

        Returns
        -------
        dict of str to Path

        Raises
        ------
        OutputError
            If the folder or a file cannot be written, or the folder holds another result or files that would be lost.
        """
        return write_set(folder, self.files(), self.account())

    def account(self) -> RunAccount:
        """Return the account of the run that gave the visits their days."""
        counts = {"scheduled": self.table_data.height, "unscheduled": self.unmet_data.height}
        return RunAccount(kind="schedule", inputs=self.inputs, counts=counts)

    def files(self) -> dict[str, Callable[[Path], object]]:
        """Return the files that :meth:`save` writes: the name of each, and the function that writes it to a path."""
        tables = {"schedule": self.table_data, "unscheduled": self.unmet_data, "shortfall": self.shortfall_data}
        return {f"{name}.csv": partial(write_spreadsheet, table) for name, table in tables.items()}

    def __str__(self) -> str:
        lines = [
            f"已排定检查 visits with a day {self.table_data.height:,}，"
            f"未排定 without {self.unmet_data.height:,}，检查日 days {self.table_data['date'].n_unique():,}"
        ]
        for row in self.shortfall_data.head(_SHOWN).iter_rows(named=True):
            lines.append(
                f"  {row['department'] or row['region']}: 尚缺人日 days lacking {row['days']:,}"
                f"（{row['visits']:,} 次检查 visits；可用 available {row['days_available']:,}）"
            )
        if self.shortfall_data.height > _SHOWN:
            lines.append(f"  … {self.shortfall_data.height - _SHOWN:,}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Schedule: {self.table_data.height:,} visits with a day, {self.unmet_data.height:,} without>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.table_data)


class _ScheduleVisitsOptions(TypedDict, total=False):
    first_day: Required[date | str]
    last_day: Required[date | str]
    teams: int | Mapping[str, int] | None
    assignment: Assignment | None
    visits_per_day: int
    travel_by: TravelBy
    rank: str | None
    days_off: Collection[date | str]
    workdays: Collection[date | str]
    method: SchedulingMethod
    effort: float


@overload
def schedule_visits(
    visits: InspectionPlan | Source, *, output: Literal["pandas"] = ..., **options: Unpack[_ScheduleVisitsOptions]
) -> Schedule[pd.DataFrame]: ...
@overload
def schedule_visits(
    visits: InspectionPlan | Source, *, output: Literal["polars"], **options: Unpack[_ScheduleVisitsOptions]
) -> Schedule[pl.DataFrame]: ...
@overload
def schedule_visits(
    visits: InspectionPlan | Source, *, output: Literal["arrow"], **options: Unpack[_ScheduleVisitsOptions]
) -> Schedule[pa.Table]: ...
def schedule_visits(
    visits: InspectionPlan | Source,
    *,
    first_day: date | str,
    last_day: date | str,
    teams: int | Mapping[str, int] | None = None,
    assignment: Assignment | None = None,
    visits_per_day: int = 3,
    travel_by: TravelBy = "grid",
    rank: str | None = None,
    days_off: Collection[date | str] = (),
    workdays: Collection[date | str] = (),
    method: SchedulingMethod = "by_turns",
    effort: float = 60.0,
    output: FrameKind = "pandas",
) -> Schedule:
    """Schedule visits: give each a day and a slot.

    Parameters
    ----------
    visits : InspectionPlan, frame, or folder of a saved plan
        visit_id, enterprise_id, region, grid, window_from, window_to, and draw_order or the column of ``rank``. If
        ``cause`` is known, overrides and key areas come before the visits drawn, and visits by the grid's own staff
        are left out.
    first_day, last_day : date or ISO text
        The first and the last day of the schedule.
    teams : int or mapping of region to int
        The number of teams per day in each region; all teams of a region are alike. A region not named has none.
    assignment : Assignment
        Instead of teams: the inspectors drawn for each visit, with the days that each has. A visit without inspectors
        gets no day.
    visits_per_day : int, default=3
        The number of slots in a day.
    travel_by : {"grid", "region"}, default="grid"
        Travel from one of these to another takes a slot.
    rank : str, optional
        A column, such as the expected findings: if ``tier`` and ``draw_order`` are known, the highest values of a tier
        take the first turns that the draw gave to the tier; otherwise the highest of all come first. Overrides and key
        areas still come before all. By default the turns are those of the draw.
    days_off, workdays : collection of date or ISO text
        Public holidays, and weekend days that are working days (调休).
    method : {"by_turns", "exact"}, default="by_turns"
        ``"exact"`` looks for a timetable with more visits if some have no day (OR-Tools, the extra ``schedule``).
    effort : float, default=60
        The limit of the exact method, in OR-Tools' deterministic time, which is about seconds: the same effort gives
        the same timetable.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    Schedule

    Raises
    ------
    InputError
        If a column is missing, a number or rank is invalid, ``teams`` names a region without visits, or ``teams`` and
        ``assignment`` are both given or both missing.

    Examples
    --------
    >>> visits = pl.DataFrame({"visit_id": ["a", "b", "c"], "enterprise_id": ["E1", "E2", "E3"],
    ...     "region": ["320102"] * 3, "grid": ["g1", "g2", "g1"], "window_from": [date(2026, 1, 1)] * 3,
    ...     "window_to": [date(2026, 12, 31)] * 3, "draw_order": [1, 2, 3]})
    >>> schedule = schedule_visits(
    ...     visits, first_day="2026-01-05", last_day="2026-01-06", teams=1, visits_per_day=2, output="polars")
    >>> [(visit, str(day)) for visit, day in schedule.table.select("visit_id", "date").rows()]
    [('a', '2026-01-05'), ('c', '2026-01-05'), ('b', '2026-01-06')]
    """
    check_frame_kind(output)
    if method not in get_args(SchedulingMethod):
        raise InputError(f"method must be one of {', '.join(get_args(SchedulingMethod))}, got {method!r}")
    if travel_by not in get_args(TravelBy):
        raise InputError(f"travel_by must be one of {', '.join(get_args(TravelBy))}, got {travel_by!r}")
    if (teams is None) == (assignment is None):
        raise InputError("give either teams=, how many each region has, or assignment=, who goes on each visit")
    first, last = as_date(first_day, "first_day"), as_date(last_day, "last_day")
    if not isinstance(visits_per_day, int) or visits_per_day < 1:
        raise InputError(f"visits_per_day must be a whole number from 1 on, got {visits_per_day!r}")
    if assignment is not None and not isinstance(assignment, Assignment):
        raise InputError(f"assignment must be what assign_inspectors gives, got {type(assignment).__name__}")
    if last < first:
        raise InputError(f"last_day {last} lies before first_day {first}")
    days = list(_days(first, last, _dates(days_off, "days_off"), _dates(workdays, "workdays")))
    table = _visits(visits, rank)
    at_desk = pl.col("mode") == "off_site" if "mode" in table.columns else pl.lit(False)
    within = ["region", "grid"] if travel_by == "grid" else ["region"]
    table = table.with_columns(place=pl.when(~at_desk).then(pl.concat_list(pl.col(within).cast(pl.String))))
    departments: dict[str, str] = {}
    if teams is not None:
        asked, limits = _with_teams(table, teams), {}
    else:
        assert assignment is not None
        asked, limits = _with_inspectors(table, assignment), _days_of_inspectors(assignment)
        departments = dict(assignment.loads_data.select("inspector_id", "department").iter_rows())
    timetable = Timetable(days, visits_per_day, limits)
    placed = timetable.by_turns(asked)
    if method == "exact" and len(placed) < len(asked):
        from creditrisk.inspection.fieldwork.exact_timetable import more_visits

        placed = more_visits(timetable, asked, placed, effort)
    left = [one for one in asked if one.id not in placed]
    return Schedule(
        _table(asked, placed, numbered=teams is not None),
        left_over_table(left, days, first, last, by_inspectors=assignment is not None),
        shortfall_table(left, asked, timetable, departments),
        output,
        {"visits": visits_used(visits)},
    )


_TABLE: dict[str, Any] = {
    "visit_id": pl.String,
    "enterprise_id": pl.String,
    "region": pl.String,
    "grid": pl.String,
    "date": pl.Date,
    "slot": pl.UInt32,
    "team": pl.List(pl.String),
}


def _dates(given: Collection[date | str], name: str) -> frozenset[date]:
    return frozenset(as_date(one, name) for one in ([given] if isinstance(given, str) else given))


def _days(first: date, last: date, off: frozenset[date], worked: frozenset[date]) -> Iterator[date]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day in worked or (day.weekday() < _SATURDAY and day not in off):
            yield day


def _visits(visits: Any, rank: str | None) -> pl.DataFrame:
    needed = ["visit_id", "enterprise_id", "region", "grid", "window_from", "window_to", rank or "draw_order"]
    table = visits_of(visits, needed, [name for name in ("tier", "draw_order", "mode", "cause") if name not in needed])
    if "cause" in table.columns:
        # The grid's own staff need no schedule.
        table = table.filter(pl.col("cause").cast(pl.String) != GRID)
    open_end = table.filter(pl.col("window_from").is_null() | pl.col("window_to").is_null())
    if open_end.height:
        raise InputError(f"visit {open_end['visit_id'][0]!r} has no window_from or window_to: say when it may be made")
    table = table.with_columns(pl.col("region", "grid").cast(pl.String))
    twice = table.filter(pl.col("visit_id").is_duplicated())
    if twice.height:
        raise InputError(f"two visits are called {twice['visit_id'][0]!r}: give each an id of its own")
    if rank is not None:
        _check_rank(table, rank)
    return in_turn(table, rank).with_row_index("turn")


def _check_rank(table: pl.DataFrame, rank: str) -> None:
    """Check that every drawn visit has a number as its rank; overrides and key areas need none."""
    if not table[rank].dtype.is_numeric():
        raise InputError(f"rank={rank!r} must be a column of numbers, not {table[rank].dtype}")
    ranked = table.filter(pl.col("cause").cast(pl.String) == "draw") if "cause" in table.columns else table
    wrong = ranked.filter(~ranked[rank].cast(pl.Float64).is_finite().fill_null(False))
    if wrong.height:
        raise InputError(f"visit {wrong['visit_id'][0]!r} has the {rank} {wrong[rank][0]}: give each visit a number")


def _with_teams(table: pl.DataFrame, teams: int | Mapping[str, int]) -> list[Visit]:
    """Return visits that any team of their region can make."""
    known: dict[str, tuple[tuple[str, ...], ...]] = {}
    regions = table["region"].cast(pl.String).fill_null("").unique().sort().to_list()
    strange = next((one for one in teams if one not in regions), None) if isinstance(teams, Mapping) else None
    if strange is not None:
        raise InputError(f"teams= names region {strange!r}, where no visit is to be made: correct it or leave it out")
    for region in regions:
        n_teams = teams.get(region, 0) if isinstance(teams, Mapping) else teams
        if not isinstance(n_teams, int | np.integer) or n_teams < 0:
            raise InputError(f"the teams of region {region} cannot be {n_teams!r}")
        known[region] = tuple((f"{region} {number}",) for number in range(1, n_teams + 1))
    return [_visit(row, known[row["region"] or ""]) for row in table.iter_rows(named=True)]


def _with_inspectors(table: pl.DataFrame, assignment: Assignment) -> list[Visit]:
    """Return visits that the inspectors drawn for them make together; those without inspectors have no team."""
    drawn = assignment.table_data.group_by("visit_id").agg(pl.col("inspector_id").unique().sort())
    going = {visit: (tuple(team),) for visit, team in drawn.iter_rows()}
    return [_visit(row, going.get(row["visit_id"], ())) for row in table.iter_rows(named=True)]


def _visit(row: Mapping[str, Any], teams: tuple[tuple[str, ...], ...]) -> Visit:
    return Visit(
        deadline=row["window_to"].toordinal(),
        turn=row["turn"],
        id=row["visit_id"],
        enterprise_id=row["enterprise_id"],
        region=row["region"] or "",
        grid=row["grid"] or "",
        place=None if row["place"] is None else tuple(row["place"]),
        begins=row["window_from"].toordinal(),
        teams=teams,
    )


def _days_of_inspectors(assignment: Assignment) -> dict[str, int]:
    """Return the number of days of each inspector, where it is known."""
    known = assignment.loads_data.drop_nulls("available_days")
    return {name: int(days) for name, days in known.select("inspector_id", "available_days").iter_rows()}


def _table(asked: Sequence[Visit], placed: Mapping[str, Placed], *, numbered: bool) -> pl.DataFrame:
    lines = []
    for one in asked:
        if one.id in placed:
            at = placed[one.id]
            team = [name.removeprefix(f"{one.region} ") for name in at.team] if numbered else list(at.team)
            lines.append((one.id, one.enterprise_id, one.region or None, one.grid or None, at.day, at.slot, team))
    return pl.DataFrame(lines, schema=_TABLE, orient="row").sort("date", "region", "slot", "visit_id")
