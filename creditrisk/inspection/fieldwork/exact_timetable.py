"""A timetable with the most visits, found by OR-Tools, for teams whose members are rarely free at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from creditrisk.errors import InputError
from creditrisk.inspection.fieldwork.timetable import Place, Placed, Timetable, Visit

__all__ = ["more_visits"]

# The most choices of day, slot and team; with more the model takes gigabytes.
MOST_CHOICES = 500_000


def more_visits(
    timetable: Timetable, visits: Sequence[Visit], placed: Mapping[str, Placed], effort: float
) -> dict[str, Placed]:
    """Look for a timetable with more visits than a given one.

    The number of visits is maximal; among timetables with that number, earlier visits are better, and visits that come
    first by deadline and turn count most.

    Parameters
    ----------
    timetable : Timetable
    visits : sequence of Visit
    placed : mapping of str to Placed
        The given timetable by visit; the search begins with it.
    effort : float
        The limit of the search, in OR-Tools' deterministic time.

    Returns
    -------
    dict of str to Placed
        The timetable found, never with fewer visits than ``placed``.

    Raises
    ------
    InputError
        If OR-Tools is not installed, or there are too many visits and days.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise InputError(
            "an exact timetable needs OR-Tools: pip install 'creditrisk[schedule]', or take method='by_turns'"
        ) from None
    days = {one.id: [day for day in timetable.days if one.begins <= day.toordinal() <= one.deadline] for one in visits}
    choices = sum(len(days[one.id]) * timetable.slots * len(one.teams) for one in visits)
    if not choices:
        return dict(placed)
    if choices > MOST_CHOICES:
        raise InputError(
            f"an exact timetable of {len(visits):,} visits has {choices:,} choices, at most {MOST_CHOICES:,} can be "
            "weighed: give fewer days, one region or one department at a time, or take method='by_turns'"
        )
    model = cp_model.CpModel()
    chosen: dict[tuple[str, date, int, tuple[str, ...]], Any] = {}
    for one in visits:
        mine = []
        for day in days[one.id]:
            for slot in range(1, timetable.slots + 1):
                for team in one.teams:
                    variable = model.new_bool_var("")
                    chosen[one.id, day, slot, team] = variable
                    mine.append(variable)
                    model.add_hint(variable, placed.get(one.id) == Placed(day, slot, team))
        model.add_at_most_one(mine)
    _nobody_in_two_places(model, timetable, {one.id: one for one in visits}, chosen)
    order = {one.id: place for place, one in enumerate(sorted(visits))}
    first, length = timetable.days[0].toordinal(), timetable.days[-1].toordinal() - timetable.days[0].toordinal() + 1
    # One more visit is worth more than any number of days by which all visits could be earlier.
    visit_worth = len(visits) * len(visits) * length + 1
    model.maximize(
        sum(
            variable * (visit_worth - (len(visits) - order[visit]) * (day.toordinal() - first))
            for (visit, day, _, _), variable in chosen.items()
        )
    )
    solver = cp_model.CpSolver()
    # One thread and a fixed seed give the same timetable each time.
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return dict(placed)
    found = {
        visit: Placed(day, slot, team)
        for (visit, day, slot, team), variable in chosen.items()
        if solver.boolean_value(variable)
    }
    return found if len(found) >= len(placed) else dict(placed)


def _nobody_in_two_places(
    model: Any, timetable: Timetable, visits: Mapping[str, Visit], chosen: Mapping[tuple[Any, ...], Any]
) -> None:
    """Require one visit per person and slot, a slot for travel between grids, and no more days than each person has."""
    at: dict[tuple[str, date, int], dict[Place | None, list[Any]]] = defaultdict(lambda: defaultdict(list))
    out: dict[tuple[str, date], dict[Place | None, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for (visit, day, slot, team), variable in chosen.items():
        for name in team:
            at[name, day, slot][visits[visit].place].append(variable)
            out[name, day][visits[visit].place].append(variable)
    for (name, day, slot), places in at.items():
        model.add_at_most_one(variable for variables in places.values() for variable in variables)
        following = at.get((name, day, slot + 1), {})
        for place, variables in places.items():
            elsewhere = [one for other, them in following.items() if other not in (place, None) for one in them]
            if place is not None and elsewhere:
                model.add_at_most_one([*variables, *elsewhere])
    for places in out.values():
        # An off-site check between two grids does not replace the slot for travel.
        if None in places and len(places) > 2:
            there = [_any_of(model, variables) for place, variables in places.items() if place is not None]
            made = [variable for variables in places.values() for variable in variables]
            model.add(sum(made) + sum(there) - 1 <= timetable.slots)
    for name in sorted({name for name, _ in out}):
        mine = [places for (other, _), places in out.items() if other == name]
        if timetable.days_of(name) < len(mine):
            going = [_any_of(model, [one for them in places.values() for one in them]) for places in mine]
            model.add(sum(going) <= timetable.days_of(name))


def _any_of(model: Any, variables: Sequence[Any]) -> Any:
    one = model.new_bool_var("")
    model.add_max_equality(one, variables)
    return one
