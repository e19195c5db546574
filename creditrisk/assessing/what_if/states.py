"""The states of enterprises, each with the day it began and the day on which time alone would end it."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.what_if.search import Search
from creditrisk.days import day_of
from creditrisk.report.content import StateLine
from creditrisk.scoring.tiering import observation_days
from creditrisk.vocabulary import REGIMES, BilingualText

__all__ = ["STATE_SCHEMA", "state_lines", "states_of"]

STATE_SCHEMA: dict[str, pl.DataType] = {
    "enterprise_id": pl.String(),
    "kind": pl.Enum(["tier", "regime", "veto", "thin_evidence", "floor"]),
    "state": pl.String(),
    "entered_on": pl.Date(),
    "exits_on": pl.Date(),
}


def states_of(search: Search) -> pl.DataFrame:
    """Return the states of enterprises.

    A veto, thin evidence or floor began on the day from which its condition has held without a break, by the facts
    known on each day. It ends on the first day on which its condition no longer holds if nothing new becomes known; a
    tier ends likewise. A missing end means none within ten years; a missing beginning means that no record shows it.

    Parameters
    ----------
    search : Search
        The search over the requested enterprises.

    Returns
    -------
    polars.DataFrame
        enterprise_id, kind, state, entered_on, exits_on.
    """
    assessed = search.assessed
    policy, tiering, ids = assessed.policy, assessed.tiering, assessed.ids
    since = assessed.history.tier_since(tiering.tier, assessed.as_of)
    observed = observation_days(policy, assessed.enterprises.data)
    states = []
    for row in range(len(assessed)):
        past, future = search.event_days.around(row)
        days = np.concatenate((past, future))
        found = search.scenarios.reassess(np.full(len(days), row), days)
        behind, ahead = slice(len(past)), slice(len(past), None)
        tier = policy.tiers[tiering.tier[row]].id
        states.append((ids[row], "tier", tier, since[row], _first(future, found.tier[ahead] != tiering.tier[row])))
        regime = assessed.regimes[row]
        begins, until = (int(days[row]) for days in (observed.begins, observed.until))
        dated = (day_of(begins), day_of(until + 1)) if regime == "observation" else (None, None)
        states.append((ids[row], "regime", regime, *dated))
        for bound in policy.tier_bounds:
            if tiering.met[bound.id][row]:
                entered = _since(past, found.met[bound.id][behind])
                ends = _first(future, ~found.met[bound.id][ahead])
                states.append((ids[row], policy.kind_of(bound), bound.id, entered, ends))
    return pl.DataFrame(states, schema=STATE_SCHEMA, orient="row")


def state_lines(search: Search) -> tuple[StateLine, ...]:
    """Return the states of enterprises as lines of an explanation."""
    policy = search.assessed.policy
    labels = {bound.id: bound.reason for bound in policy.tier_bounds} | {tier.id: tier.label for tier in policy.tiers}
    labels |= {name: BilingualText(**label._asdict()) for name, label in REGIMES.items()}
    return tuple(
        StateLine(kind=kind, state=state, label=labels[state], entered_on=entered, exits_on=exits)
        for _, kind, state, entered, exits in states_of(search).iter_rows()
    )


def _first(days: NDArray[np.int32], holds: NDArray[np.bool_]) -> object:
    found = np.flatnonzero(holds)
    return day_of(int(days[found[0]])) if len(found) else None


def _since(days: NDArray[np.int32], held: NDArray[np.bool_]) -> object:
    """Return the first day of the last unbroken period in which it has held."""
    broken = np.flatnonzero(~held)
    first = broken[-1] + 1 if len(broken) else 0
    # If it held on every day that the records show, its first day is unknown.
    return day_of(int(days[first])) if len(broken) and first < len(days) else None
