"""Teams and timetables in plain Python, visit by visit, from what the docstrings of fieldwork say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from math import ceil

Place = tuple[str | None, ...]


@dataclass(frozen=True)
class Visit:
    """A visit to be staffed and to be given a day."""

    id: str
    enterprise_id: str
    region: str | None
    grid: str | None
    departments: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    cause: str = "draw"
    order: int | None = None
    begins: date = date(2026, 1, 1)
    ends: date = date(2026, 12, 31)
    mode: str = "on_site"


@dataclass(frozen=True)
class Inspector:
    """Who may be sent; without regions everywhere, without days on all."""

    id: str
    department: str
    skills: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    days: int | None = None


def turns(visits: Sequence[Visit]) -> list[Visit]:
    """What must be made, then what was drawn, by its place in the draw."""
    return sorted(visits, key=lambda one: (one.cause == "draw", one.order is None, one.order or 0, one.id))


def staffed(
    visits: Sequence[Visit], staff: Sequence[Inspector], barred: set[tuple[str, str]], *, seed: str, size: int,
    per_day: int, tours_by: str | None,
) -> tuple[list[tuple[str, str, str, str]], list[tuple[str, str]]]:  # fmt: skip
    """Who goes (visit, enterprise, department, inspector), and which visits nobody goes on, with the obstacle."""
    loads = {one.id: 0 for one in staff}
    barred, going, obstacles = set(barred), [], []
    tours: dict[tuple[str | None, ...], tuple[list[Inspector], int]] = {}

    def may(one: Inspector, visit: Visit) -> bool:
        return (visit.enterprise_id, one.id) not in barred

    def has_days(one: Inspector) -> bool:
        return one.days is None or loads[one.id] < one.days * per_day

    def first(count: int, able: Sequence[Inspector], visit: Visit) -> list[Inspector]:
        chance = lambda one: sha256(f"{seed}\n{visit.id}\n{one.id}".encode()).digest()  # noqa: E731
        return sorted(able, key=lambda one: (loads[one.id] // 3, chance(one)))[: max(count, 0)]

    def drawn(visit: Visit) -> list[Inspector] | str:
        able: dict[str, list[Inspector]] = {}
        for department in visit.departments:
            own = [one for one in staff if one.department == department]
            if not own:
                return "department"
            near = [one for one in own if not one.regions or lies_in(visit.region, one.regions)]
            if len(near) < size:
                return "region"
            free = [one for one in near if may(one, visit)]
            if len(free) < size:
                return "recused"
            able[department] = [one for one in free if has_days(one)]
            if len(able[department]) < size:
                return "capacity"
        team: list[Inspector] = []
        for skill in visit.skills:
            if all(skill not in one.skills for one in team):
                who = [one for them in able.values() for one in them if skill in one.skills]
                if not who:
                    return "skill"
                team += first(1, who, visit)
        for department, them in able.items():
            lacking = size - len([one for one in team if one.department == department])
            team += first(lacking, [one for one in them if one not in team], visit)
        return team

    for visit in turns(visits):
        if not visit.departments:
            continue
        place = (visit.region, getattr(visit, tours_by), *visit.departments) if tours_by else None
        team: list[Inspector] | str = "none"
        if place in tours:
            out, made = tours[place]
            skilled = set(visit.skills) <= {skill for one in out for skill in one.skills}
            if made < per_day and skilled and all(may(one, visit) and has_days(one) for one in out):
                team, tours[place] = out, (out, made + 1)
        if team == "none":
            team = drawn(visit)
            if place is not None and not isinstance(team, str):
                tours[place] = (team, 1)
        if isinstance(team, str):
            obstacles.append((visit.id, team))
            continue
        for one in team:
            loads[one.id] += 1
            barred.add((visit.enterprise_id, one.id))
            going.append((visit.id, visit.enterprise_id, one.department, one.id))
    return sorted(going), obstacles


def lies_in(region: str | None, codes: Sequence[str]) -> bool:
    stems = [code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code for code in codes]
    return region is not None and any(region.startswith(stem) for stem in stems)


@dataclass
class Scheduled:
    """Day, slot and team of each visit that has them; why others have none; and what it would take."""

    placed: dict[str, tuple[date, int, tuple[str, ...]]]
    left: dict[str, str]
    shortfall: list[tuple[str | None, int, int, int]]


class _Day:
    """From which slot on everybody is free, and where."""

    def __init__(self, slots: int, left_days: Mapping[str, int]) -> None:
        self.slots, self.left_days = slots, left_days
        self.next_slot: dict[str, int] = {}
        self.at: dict[str, Place] = {}

    def earliest(self, team: tuple[str, ...], place: Place | None, *, stays: bool) -> int | None:
        slot = 0
        for name in team:
            if self.left_days.get(name, 1) <= 0 or self.next_slot.get(name, 0) >= self.slots:
                return None
            way = place is not None and name in self.at and self.at[name] != place
            if way and stays:
                return None
            slot = max(slot, self.next_slot.get(name, 0) + way)
        return slot if slot < self.slots else None

    def put(
        self, teams: Sequence[tuple[str, ...]], place: Place | None, *, stays: bool
    ) -> tuple[int, tuple[str, ...]] | None:
        choices = []
        for team in teams:
            slot = self.earliest(team, place, stays=stays)
            if slot is not None:
                choices.append((any(self.at.get(name) != place for name in team), slot, team))
        if not choices:
            return None
        _, slot, team = min(choices)
        for name in team:
            self.next_slot[name] = slot + 1
            if place is not None:
                self.at[name] = place
        return slot + 1, team


def scheduled(
    visits: Sequence[Visit], teams: Mapping[str, Sequence[tuple[str, ...]]], *, first: date, last: date, slots: int,
    by_grid: bool, off: Sequence[date], worked: Sequence[date], limits: Mapping[str, int], group_of: Mapping[str, str],
) -> Scheduled:  # fmt: skip
    """Day after day: the nearest deadline first, then the turn, and with each visit the others of its place.

    ``teams`` are those that could make each visit; ``group_of`` each name of them the region or department.
    """
    order = {one.id: place for place, one in enumerate(turns(visits))}
    waiting = sorted(visits, key=lambda one: (one.ends, order[one.id]))
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    days = [day for day in span if day in worked or (day.weekday() <= 4 and day not in off)]
    left_days, placed = dict(limits), {}

    def place_of(visit: Visit) -> Place | None:
        if visit.mode == "off_site":
            return None
        return (visit.region, visit.grid) if by_grid else (visit.region,)

    for day in days:
        today = [one for one in waiting if one.begins <= day <= one.ends and one.id not in placed]
        out = _Day(slots, left_days)
        for one in today:
            if one.id in placed:
                continue
            found = out.put(teams[one.id], place_of(one), stays=False)
            if found is None:
                continue
            placed[one.id] = (day, *found)
            for other in today:
                if place_of(one) is not None and other.id not in placed and place_of(other) == place_of(one):
                    found = out.put(teams[other.id], place_of(other), stays=True)
                    if found is not None:
                        placed[other.id] = (day, *found)
        for name in out.next_slot:
            if name in left_days:
                left_days[name] -= 1
    left = {}
    for one in (one for one in visits if one.id not in placed):
        if not teams[one.id]:
            left[one.id] = "no_team"
        elif one.ends < first:
            left[one.id] = "over"
        elif one.begins > last:
            left[one.id] = "not_begun"
        elif not any(one.begins <= day <= one.ends for day in days):
            left[one.id] = "no_working_day"
        else:
            left[one.id] = "later" if one.ends > last else "full"
    lacking: dict[str, dict[tuple[str, object], int]] = {}
    whose: dict[str, set[str]] = {}
    for one in visits:
        # Any team of a region may go; of inspectors drawn for a visit all do.
        names = (
            [team[0] for team in teams[one.id]] if group_of == {} else list(teams[one.id][0] if teams[one.id] else ())
        )
        groups = {one.region or ""} if group_of == {} else {group_of[name] for name in names}
        for group in groups:
            mine = [name for name in names if group_of == {} or group_of[name] == group]
            whose.setdefault(group, set()).update(mine)
            if one.id in left:
                for name in ("any",) if group_of == {} else mine:
                    key = name, place_of(one)
                    lacking.setdefault(group, {})[key] = lacking.get(group, {}).get(key, 0) + 1
    shortfall = [
        (
            group or None,
            len([one for one in visits if one.id in left and group in _groups(one, teams, group_of)]),
            sum(ceil(number / slots) for number in lacking[group].values()),
            sum(min(limits.get(name, len(days)), len(days)) for name in whose[group]),
        )
        for group in sorted(lacking)
    ]
    return Scheduled(placed, left, shortfall)


def _groups(visit: Visit, teams: Mapping[str, Sequence[tuple[str, ...]]], group_of: Mapping[str, str]) -> set[str]:
    if group_of == {}:
        return {visit.region or ""}
    return {group_of[name] for team in teams[visit.id] for name in team}
