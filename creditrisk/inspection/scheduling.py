"""Days for visits: what fits into the days that teams have, and what it would take where not everything does.

A team makes so many visits a day in one grid; going on to another grid of the region takes the time of one. Days are
filled one after another: the first visit is that with the nearest deadline, then of the highest rank, and the others of
its grid follow. No solver is needed: within a region all teams are alike, so only order and neighbourhood matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any

import polars as pl

from creditrisk.errors import InputError
from creditrisk.frames import FrameKind, check_frame_kind, from_polars, to_polars
from creditrisk.inspection.plan import InspectionPlan
from creditrisk.records.months import as_date

__all__ = ["Schedule", "schedule_visits"]

_SATURDAY = 5


@dataclass(frozen=True, repr=False)
class Schedule:
    """Which visit when.

    Attributes
    ----------
    table : frame
        visit_id, enterprise_id, region, grid, date, team (from 1, within the region and day), place (in the day of the
        team).
    unmet : frame
        visit_id, enterprise_id, region, window_to, why_zh, why_en: what does not fit.
    shortfall : frame
        region, visits (left over), team_days (that they would take), team_days_available (in all): what it would take.
    """

    table_data: pl.DataFrame
    unmet_data: pl.DataFrame
    shortfall_data: pl.DataFrame
    output: FrameKind

    @property
    def table(self) -> Any:
        return from_polars(self.table_data, self.output)

    @property
    def unmet(self) -> Any:
        return from_polars(self.unmet_data, self.output)

    @property
    def shortfall(self) -> Any:
        return from_polars(self.shortfall_data, self.output)

    @property
    def is_feasible(self) -> bool:
        """Whether every visit has its day."""
        return self.unmet_data.height == 0

    def __repr__(self) -> str:
        return f"<Schedule: {self.table_data.height:,} visits with a day, {self.unmet_data.height:,} without>"


@dataclass(order=True)
class _Visit:
    deadline: int
    rank: float
    visit_id: str
    enterprise_id: str
    region: str
    grid: str
    begins: int


def schedule_visits(
    visits: Any,
    *,
    first_day: date | str,
    last_day: date | str,
    teams: int | Mapping[str, int],
    visits_per_day: int = 3,
    rank: str | None = None,
    days_off: Collection[date] = (),
    workdays: Collection[date] = (),
    output: FrameKind = "pandas",
) -> Schedule:
    """Give visits their days.

    Parameters
    ----------
    visits : InspectionPlan or frame
        visit_id, enterprise_id, region, grid, window_from, window_to, and draw_order or the column of ``rank``.
    first_day, last_day : date or ISO text
        Between which teams go out.
    teams : int or mapping of region to int
        That can go out on one day, in each region.
    visits_per_day : int, default=3
        Of one team in one grid; a change of grid takes the time of one visit.
    rank : str, optional
        A column, such as the expected findings: the greatest first among visits of one deadline. By default the order
        of the draw.
    days_off, workdays : collection of date
        Public holidays, and weekend days that are worked (调休).
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    Schedule

    Raises
    ------
    InputError
        If a column is missing or a number makes no sense.

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
    table = visits.visits_data if isinstance(visits, InspectionPlan) else to_polars(visits)
    ranked = rank if rank is not None else "draw_order"
    for column in ("visit_id", "enterprise_id", "region", "grid", "window_from", "window_to", ranked):
        if column not in table.columns:
            raise InputError(f"visits need the column {column} to be scheduled")
    first, last = as_date(first_day, "first_day"), as_date(last_day, "last_day")
    if visits_per_day < 1:
        raise InputError(f"visits_per_day must be at least 1, got {visits_per_day}")
    if last < first:
        raise InputError(f"last_day {last} lies before first_day {first}")
    days = list(_days(first, last, frozenset(days_off), frozenset(workdays)))
    by_region: dict[str, list[_Visit]] = defaultdict(list)
    sign = -1.0 if rank is not None else 1.0
    for row in table.sort("visit_id").iter_rows(named=True):
        given = row[ranked]
        by_region[row["region"] or ""].append(
            _Visit(
                row["window_to"].toordinal(),
                float("inf") if given is None else sign * float(given),
                row["visit_id"],
                row["enterprise_id"],
                row["region"] or "",
                row["grid"] or "",
                row["window_from"].toordinal(),
            )
        )
    lines: list[tuple[Any, ...]] = []
    left: list[_Visit] = []
    shortfall = []
    for region in sorted(by_region):
        n_teams = teams if isinstance(teams, int) else teams.get(region, 0)
        if n_teams < 0:
            raise InputError(f"the teams of region {region} cannot be {n_teams}")
        waiting = _fill(by_region[region], days, n_teams, visits_per_day, lines)
        if waiting:
            left += waiting
            needed = _team_days(waiting, visits_per_day)
            shortfall.append((region or None, len(waiting), needed, n_teams * len(days)))
    return Schedule(
        pl.DataFrame(lines, schema=_TABLE, orient="row").sort("date", "region", "team", "place"),
        pl.DataFrame([_left_over(one) for one in sorted(left)], schema=_UNMET, orient="row"),
        pl.DataFrame(shortfall, schema=_SHORTFALL, orient="row"),
        output,
    )


_TABLE = {"visit_id": pl.String, "enterprise_id": pl.String, "region": pl.String, "grid": pl.String, "date": pl.Date,
          "team": pl.UInt32, "place": pl.UInt32}  # fmt: skip
_UNMET = {"visit_id": pl.String, "enterprise_id": pl.String, "region": pl.String, "window_to": pl.Date,
          "why_zh": pl.String, "why_en": pl.String}  # fmt: skip
_SHORTFALL = {"region": pl.String, "visits": pl.UInt32, "team_days": pl.UInt32, "team_days_available": pl.UInt32}


def _days(first: date, last: date, off: frozenset[date], worked: frozenset[date]) -> Iterator[date]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day in worked or (day.weekday() < _SATURDAY and day not in off):
            yield day


def _fill(
    visits: list[_Visit], days: list[date], n_teams: int, visits_per_day: int, lines: list[tuple[Any, ...]]
) -> list[_Visit]:
    """Fill the days of one region, and say which visits are left."""
    coming = sorted(visits, key=lambda one: (one.begins, one))
    at = 0
    queue: list[_Visit] = []
    grids: dict[str, list[_Visit]] = defaultdict(list)
    done: set[str] = set()
    for day in days:
        today = day.toordinal()
        while at < len(coming) and coming[at].begins <= today:
            heappush(queue, coming[at])
            heappush(grids[coming[at].grid], coming[at])
            at += 1
        for team in range(1, n_teams + 1):
            time_left, place = visits_per_day, count(1)
            grid: str | None = None
            while time_left > 0:
                of_grid = _next(grids[grid], done, today) if grid is not None else None
                if of_grid is None:
                    following = _next(queue, done, today)
                    cost = 1 if grid is None else 2
                    if following is None or cost > time_left:
                        break
                    of_grid, grid = following, following.grid
                    time_left -= cost
                else:
                    time_left -= 1
                done.add(of_grid.visit_id)
                lines.append(
                    (of_grid.visit_id, of_grid.enterprise_id, of_grid.region or None, of_grid.grid or None, day, team,
                     next(place))
                )  # fmt: skip
    return [one for one in visits if one.visit_id not in done]


def _next(queue: list[_Visit], done: set[str], today: int) -> _Visit | None:
    """The visit with the nearest deadline that is still to be made; those too late are taken out."""
    while queue and (queue[0].visit_id in done or queue[0].deadline < today):
        heappop(queue)
    return queue[0] if queue else None


def _team_days(visits: list[_Visit], visits_per_day: int) -> int:
    """Days of a team that visits take, grid by grid: an upper bound, as a day may serve two grids."""
    counts: dict[str, int] = defaultdict(int)
    for one in visits:
        counts[one.grid] += 1
    return sum(-(-number // visits_per_day) for number in counts.values())


def _left_over(visit: _Visit) -> tuple[Any, ...]:
    return (
        visit.visit_id, visit.enterprise_id, visit.region or None, date.fromordinal(visit.deadline),
        "期限内检查组人日不足", "the teams have no day left for it within its time",
    )  # fmt: skip
