"""Timetables: the slots of days, where everybody is in them, and visits that fill them one after another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

__all__ = ["Place", "Placed", "Timetable", "Visit"]

Place = tuple[str | None, ...]


@dataclass(frozen=True, order=True)
class Visit:
    """A visit to make; visits sort by deadline, then by turn.

    Attributes
    ----------
    deadline, begins : int
        The last and the first day, as ordinals.
    turn : int
        The position in the order of visits; the lowest comes first.
    id, enterprise_id, region, grid : str
    place : Place or None
        The area within which visits need no travel; None for an off-site check.
    teams : tuple of tuple of str
        The teams that could make the visit; all members of one team make it at the same time.
    """

    deadline: int
    turn: int
    id: str
    enterprise_id: str
    region: str
    grid: str
    place: Place | None
    begins: int
    teams: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Placed:
    """The day, slot and team of a visit; slots count from 1."""

    day: date
    slot: int
    team: tuple[str, ...]


class _Day:
    """The state of a day: where everybody is, the slot from which each is free, and who has a slot left."""

    def __init__(self, slots: int, names: Iterable[str], days_left: Mapping[str, int]) -> None:
        self.slots = slots
        self.idle = {name for name in names if days_left.get(name, 1) > 0}
        self.free: dict[str, int] = {}
        self.place: dict[str, Place] = {}

    def slot_of(self, team: tuple[str, ...], place: Place | None, *, no_way: bool) -> int | None:
        """Return the first slot in which a team can be in a place; None if none is left or ``no_way`` forbids it."""
        slot = 0
        for name in team:
            if name not in self.idle:
                return None
            if name not in self.free:
                continue
            moves = place is not None and self.place.get(name, place) != place
            if moves and no_way:
                return None
            slot = max(slot, self.free[name] + moves)
        return slot if slot < self.slots else None

    def take(self, team: tuple[str, ...], place: Place | None, slot: int) -> None:
        for name in team:
            self.free[name] = slot + 1
            if slot + 1 == self.slots:
                self.idle.discard(name)
            if place is not None:
                self.place[name] = place


class Timetable:
    """Working days with slots, and the number of days that each person has.

    Parameters
    ----------
    days : sequence of date
    slots : int
        The number of slots in a day.
    limits : mapping of str to int
        The number of days that each person has; a person not named has all days.
    """

    def __init__(self, days: Sequence[date], slots: int, limits: Mapping[str, int]) -> None:
        self.days = days
        self.slots = slots
        self.limits = limits

    def days_of(self, name: str) -> int:
        """Return the number of the days that a person has."""
        return min(self.limits.get(name, len(self.days)), len(self.days))

    def by_turns(self, visits: Sequence[Visit]) -> dict[str, Placed]:
        """Fill one day after another: the nearest deadline first, then the lowest turn, with the others of its grid."""
        days_left = dict(self.limits)
        waiting = sorted(visits)
        placed: dict[str, Placed] = {}
        for day in self.days:
            today = day.toordinal()
            waiting = [one for one in waiting if one.deadline >= today and one.id not in placed]
            if not waiting:
                break
            begun = [one for one in waiting if one.begins <= today]
            state = _Day(self.slots, {name for one in begun for team in one.teams for name in team}, days_left)
            self._fill(state, day, begun, placed)
            for name in state.free:
                if name in days_left:
                    days_left[name] -= 1
        return placed

    def _fill(self, state: _Day, day: date, waiting: Sequence[Visit], placed: dict[str, Placed]) -> None:
        neighbours: dict[Place | None, list[Visit]] = defaultdict(list)
        for one in waiting:
            neighbours[one.place].append(one)
        for first in waiting:
            if not state.idle:
                return
            if first.id in placed or not self._place(state, day, first, placed, no_way=False):
                continue
            for other in neighbours[first.place] if first.place is not None else ():
                if other.id not in placed:
                    self._place(state, day, other, placed, no_way=True)

    def _place(self, state: _Day, day: date, visit: Visit, placed: dict[str, Placed], *, no_way: bool) -> bool:
        best: tuple[bool, int, tuple[str, ...]] | None = None
        for team in visit.teams:
            slot = state.slot_of(team, visit.place, no_way=no_way)
            if slot is None:
                continue
            # A team that is already in the place is chosen before one that would have to travel.
            choice = (any(state.place.get(name) != visit.place for name in team), slot, team)
            if best is None or choice < best:
                best = choice
        if best is None:
            return False
        _, slot, team = best
        state.take(team, visit.place, slot)
        placed[visit.id] = Placed(day, slot + 1, team)
        return True
