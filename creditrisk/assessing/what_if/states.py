"""The states of enterprises, each with the day it began and the day on which time alone would end it."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.what_if.scenarios import Assessed
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


def states_of(assessment: Assessed, rows: NDArray[np.intp]) -> pl.DataFrame:
    """The states of some enterprises.

    A veto, thin evidence or floor began on the day since which its condition has held without a break, by what was
    known on each day. It ends on the first day on which, with nothing new known, its condition no longer holds; so does
    a tier. No day means none within ten years, or, for an entry, none that the records show.

    Parameters
    ----------
    assessment : Assessment
    rows : ndarray of int
        Of the assessment.

    Returns
    -------
    polars.DataFrame
        enterprise_id, kind, state, entered_on, exits_on.
    """
    search = Search(assessment)
    policy, tiering = assessment.policy, assessment.tiering
    ids = assessment.companies["enterprise_id"]
    since = assessment.history.tier_since(tiering.tier, assessment.as_of)
    observed = observation_days(policy, assessment.companies[rows])
    states = []
    for number, row in enumerate(rows.tolist()):
        past, future = search.event_days.around(row)
        where = np.full(len(future), row)
        ahead = search.scenarios.reassess(where, future)
        behind = search.scenarios.reassess(np.full(len(past), row), past)
        tier = policy.tiers[tiering.tier[row]].id
        states.append((ids[row], "tier", tier, since[row], _first(future, ahead.tier != tiering.tier[row])))
        regime = assessment.regimes[row]
        begins, until = (int(days[number]) for days in (observed.begins, observed.until))
        dated = (day_of(begins), day_of(until + 1)) if regime == "observation" else (None, None)
        states.append((ids[row], "regime", regime, *dated))
        for bound in policy.tier_bounds:
            if tiering.met[bound.id][row]:
                entered = _since(past, behind.met[bound.id])
                ends = _first(future, ~ahead.met[bound.id])
                states.append((ids[row], policy.kind_of(bound), bound.id, entered, ends))
    return pl.DataFrame(states, schema=STATE_SCHEMA, orient="row")


def state_lines(assessment: Assessed, rows: NDArray[np.intp]) -> tuple[StateLine, ...]:
    """The states of enterprises as an explanation says them."""
    policy = assessment.policy
    labels = {bound.id: bound.reason for bound in policy.tier_bounds} | {tier.id: tier.label for tier in policy.tiers}
    labels |= {name: BilingualText(**label._asdict()) for name, label in REGIMES.items()}
    return tuple(
        StateLine(kind=kind, state=state, label=labels[state], entered_on=entered, exits_on=exits)
        for _, kind, state, entered, exits in states_of(assessment, rows).iter_rows()
    )


def _first(days: NDArray[np.int32], holds: NDArray[np.bool_]) -> object:
    found = np.flatnonzero(holds)
    return day_of(int(days[found[0]])) if len(found) else None


def _since(days: NDArray[np.int32], held: NDArray[np.bool_]) -> object:
    """The first of the last days on which it has held without a break."""
    broken = np.flatnonzero(~held)
    first = broken[-1] + 1 if len(broken) else 0
    # Held on every day that the records show: since when, they do not say.
    return day_of(int(days[first])) if len(broken) and first < len(days) else None
