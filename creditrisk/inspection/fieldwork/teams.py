"""Teams drawn one after another: with the skills, impartial, with days left, and with about equal loads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import Any, Literal

import polars as pl

from creditrisk.inspection.plan.regions import stem_of
from creditrisk.vocabulary import Label

__all__ = ["Inspector", "Obstacle", "TeamDraw", "TravelBy"]

# The area within which a team goes from one visit to the next without losing time.
TravelBy = Literal["grid", "region"]

# Loads that differ by less count as equal, so that chance decides among enough inspectors.
_LOAD_STEP = 3
_WHY = {
    "department": Label("部门“{department}”没有检查人员", "department {department} has no inspectors"),
    "region": Label(
        "部门“{department}”没有负责该地区的检查人员", "nobody of department {department} is responsible for the region"
    ),
    "skill": Label("没有具备“{skill}”能力且可派出的检查人员", "nobody who may go has the skill {skill}"),
    "capacity": Label(
        "部门“{department}”检查人员的可用人日已用完", "the inspectors of department {department} have no days left"
    ),
    "recused": Label(
        "回避后部门“{department}”可派人员不足{size}人",
        "after recusal fewer than {size} of department {department} may go",
    ),
}


@dataclass(frozen=True)
class Inspector:
    """An inspector, and the maximum number of visits."""

    id: str
    department: str
    skills: frozenset[str]
    regions: frozenset[str]
    most_visits: float


@dataclass(frozen=True)
class Obstacle:
    """The reason why a visit has no team."""

    what: str
    department: str | None
    why: Label

    @classmethod
    def of(cls, what: str, **details: Any) -> Obstacle:
        """Make an obstacle with its reason in words."""
        why = Label(_WHY[what].zh.format(**details), _WHY[what].en.format(**details))
        return cls(what, details.get("department"), why)


@dataclass
class _Tour:
    """One team's day in one place."""

    team: list[Inspector]
    visits: int = 1


class TeamDraw:
    """The draw of teams, visit after visit.

    Parameters
    ----------
    inspectors : polars.DataFrame
        The inspectors, as in :class:`creditrisk.Inspectors`.
    barred : set of (enterprise_id, inspector_id)
    seed : str
    team_size : int
        The number of inspectors from each department.
    visits_per_day : int
    tours_by : {"grid", "region"} or None
        The area in which a team makes further visits of the same departments, up to one day of visits.
    """

    def __init__(
        self,
        inspectors: pl.DataFrame,
        barred: set[tuple[str, str]],
        *,
        seed: str,
        team_size: int,
        visits_per_day: int,
        tours_by: TravelBy | None,
    ) -> None:
        self.seed = seed
        self.team_size = team_size
        self.visits_per_day = visits_per_day
        self.tours_by = tours_by
        self.loads = dict.fromkeys(inspectors["inspector_id"].to_list(), 0)
        self._barred = set(barred)
        self._by_department: dict[str, list[Inspector]] = defaultdict(list)
        self._local: dict[tuple[str, str | None], list[Inspector]] = {}
        self._tours: dict[tuple[Any, ...], _Tour] = {}
        for row in inspectors.iter_rows(named=True):
            most = inf if row["available_days"] is None else int(row["available_days"]) * visits_per_day
            skills, regions = frozenset(row["skills"]), frozenset(row["regions"])
            one = Inspector(row["inspector_id"], row["department"], skills, regions, most)
            self._by_department[one.department].append(one)

    def team_for(self, visit: Mapping[str, Any]) -> list[Inspector] | Obstacle:
        """Return the team of one visit, or the obstacle to it.

        A visit has visit_id, enterprise_id, departments, skills, region and, for tours by grid, grid.
        """
        place = None
        if self.tours_by is not None:
            place = visit["region"], visit[self.tours_by], *visit["departments"]
            tour = self._tours.get(place)
            if tour is not None and tour.visits < self.visits_per_day and self._serves(tour.team, visit):
                tour.visits += 1
                return self._sent(tour.team, visit)
        team = self._drawn(visit)
        if isinstance(team, Obstacle):
            return team
        if place is not None:
            self._tours[place] = _Tour(team)
        return self._sent(team, visit)

    def _sent(self, team: list[Inspector], visit: Mapping[str, Any]) -> list[Inspector]:
        for one in team:
            self.loads[one.id] += 1
            # The next visit to this enterprise needs other inspectors.
            self._barred.add((visit["enterprise_id"], one.id))
        return team

    def _drawn(self, visit: Mapping[str, Any]) -> list[Inspector] | Obstacle:
        may_go: dict[str, list[Inspector]] = {}
        for department in visit["departments"]:
            if department not in self._by_department:
                return Obstacle.of("department", department=department)
            staff = self._responsible(department, visit["region"])
            if len(staff) < self.team_size:
                return Obstacle.of("region", department=department)
            free = [one for one in staff if (visit["enterprise_id"], one.id) not in self._barred]
            if len(free) < self.team_size:
                return Obstacle.of("recused", department=department, size=self.team_size)
            with_days_left = [one for one in free if self.loads[one.id] < one.most_visits]
            if len(with_days_left) < self.team_size:
                return Obstacle.of("capacity", department=department)
            may_go[department] = with_days_left
        chosen: list[Inspector] = []
        for skill in visit["skills"]:
            if not any(skill in one.skills for one in chosen):
                able = [one for staff in may_go.values() for one in staff if skill in one.skills]
                if not able:
                    return Obstacle.of("skill", skill=skill)
                chosen += self._first(1, able, visit["visit_id"])
        for department, staff in may_go.items():
            missing = self.team_size - sum(one.department == department for one in chosen)
            chosen += self._first(missing, [one for one in staff if one not in chosen], visit["visit_id"])
        return chosen

    def _serves(self, team: Sequence[Inspector], visit: Mapping[str, Any]) -> bool:
        """Whether a team that is already on a tour can make one more visit."""
        able = {skill for one in team for skill in one.skills}
        enterprise, loads = visit["enterprise_id"], self.loads
        free = all((enterprise, one.id) not in self._barred and loads[one.id] < one.most_visits for one in team)
        return free and able.issuperset(visit["skills"])

    def _responsible(self, department: str, region: str | None) -> list[Inspector]:
        key = department, region
        if key not in self._local:
            staff = self._by_department[department]
            self._local[key] = [one for one in staff if not one.regions or _is_of(region, one.regions)]
        return self._local[key]

    def _first(self, count: int, staff: Sequence[Inspector], visit_id: str) -> list[Inspector]:
        """Return the first ``count`` inspectors: by steps of load from the least, and within a step by chance."""

        def by_chance(one: Inspector) -> tuple[bytes, str]:
            return sha256(f"{self.seed}\n{visit_id}\n{one.id}".encode()).digest(), one.id

        steps: dict[int, list[Inspector]] = defaultdict(list)
        for one in staff:
            steps[self.loads[one.id] // _LOAD_STEP].append(one)
        first: list[Inspector] = []
        for step in sorted(steps):
            if len(first) >= count:
                break
            first += sorted(steps[step], key=by_chance)
        return first[: max(count, 0)]


def _is_of(region: str | None, regions: Iterable[str]) -> bool:
    """Whether a region is one of these regions or lies in one of them."""
    return region is not None and any(region.startswith(stem_of(one)) for one in regions)
