"""Tiers from totals: cut-offs, bounds that do not depend on the score, limits on change, and the regime.

The precedence, from the weakest: the cut-offs; floors (at worst); thin evidence; vetoes; then the limits on change,
which only hold a tier down. Among bounds of one kind, those that fix a tier (exactly) are applied first, and the worst
of them decides; then the worst of the others decides (for floors, the best).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import add_months, day_number
from creditrisk.policy.document import Policy
from creditrisk.policy.tiers import Above, AllOthers, AtLeast, ByConditionOnly, Share
from creditrisk.scoring.conditions import rows_meeting
from creditrisk.scoring.scores import TOTAL_UNIT, Scores
from creditrisk.vocabulary import REGIMES

__all__ = [
    "Tiering",
    "assign_regimes",
    "assign_tiers",
    "bounded_tiers",
    "limit_changes",
    "limits_by_score",
    "observation_days",
    "tiers_by_score",
]

Numbers = NDArray[np.float64]
Codes = NDArray[np.uint8]
Days = NDArray[np.int32]


@dataclass(frozen=True)
class Tiering:
    """The tier of every row, and why.

    Attributes
    ----------
    by_score : ndarray of uint8
        The tier by cut-offs alone, as a position in ``policy.tiers``.
    tier : ndarray of uint8
        The tier after floors, thin evidence, vetoes and limits on change.
    met : dict of str to ndarray of bool
        The rows that meet each veto, thin-evidence, floor or observation condition, by its id.
    held : ndarray of bool
        The rows whose tier the limits on change hold down.
    """

    by_score: Codes
    tier: Codes
    met: dict[str, NDArray[np.bool_]]
    held: NDArray[np.bool_]

    def only(self, rows: NDArray[np.intp]) -> Tiering:
        """Return the tiers of some rows only."""
        met = {name: holds[rows] for name, holds in self.met.items()}
        return Tiering(self.by_score[rows], self.tier[rows], met, self.held[rows])


def assign_tiers(policy: Policy, scores: Scores, indicators: Mapping[str, Numbers]) -> Tiering:
    """Assign tiers by cut-offs, then bound them by floors, thin evidence and vetoes; the later take precedence."""
    return bounded_tiers(policy, tiers_by_score(policy, scores.total), indicators)


def bounded_tiers(policy: Policy, by_score: Codes, indicators: Mapping[str, Numbers]) -> Tiering:
    """Bound the tiers that the scores give by floors, thin evidence and vetoes."""
    positions = {tier.id: np.uint8(position) for position, tier in enumerate(policy.tiers)}
    met = {bound.id: rows_meeting(bound.when, indicators) for bound in policy.bounds}
    tier = by_score.copy()
    for bounds in (policy.floors, policy.thin_evidence, policy.vetoes):
        # Bounds that fix a tier are applied first, so that the worst of one kind decides.
        for bound in sorted(bounds, key=lambda bound: (bound.effect != "exactly", positions[bound.tier])):
            rows, named = met[bound.id], positions[bound.tier]
            match bound.effect:
                case "exactly":
                    tier[rows] = named
                case "at_best":
                    tier[rows] = np.maximum(tier[rows], named)
                case "at_worst":
                    tier[rows] = np.minimum(tier[rows], named)
                case unknown:
                    assert_never(unknown)
    return Tiering(by_score, tier, met, np.zeros(len(tier), dtype=bool))


def limit_changes(
    policy: Policy,
    tiering: Tiering,
    as_of: date | Days,
    before: NDArray[np.intp],
    since: Days,
    fewer_records: NDArray[np.bool_],
) -> Tiering:
    """Hold down tiers that rose since the last assessment faster than the policy's limits allow.

    Parameters
    ----------
    policy : Policy
    tiering : Tiering
    as_of : datetime.date, or ndarray of int32, shape (n_rows,)
        One day, or the day number of each row.
    before : ndarray of int, shape (n_rows,)
        The tier that each row had before, as a position in ``policy.tiers``; -1 if it had none.
    since : ndarray of int32, shape (n_rows,)
        The day number from which the row has had that tier.
    fewer_records : ndarray of bool, shape (n_rows,)
        Whether fewer records are known now than then, which means that data are missing.
    """
    limits = policy.limits_on_change
    if limits is None:
        return tiering
    # After this number of months in one tier, an enterprise may rise by the allowed steps.
    days = day_number(as_of) if isinstance(as_of, date) else as_of
    waited = add_months(since, limits.per_months) <= days
    # The limits cannot give a tier that only a condition reaches: an enterprise that would get it stays below.
    given = [position for position, tier in enumerate(policy.tiers) if not tier.by_condition_only]
    reached = np.maximum(before - limits.rise_at_most_steps, 0)
    risen = np.minimum(np.append(given, len(policy.tiers))[np.searchsorted(given, reached)], before)
    best = np.where(waited & ~fewer_records, risen, before)
    held = (before >= 0) & (tiering.tier < best)
    return replace(tiering, tier=np.where(held, best, tiering.tier).astype(np.uint8), held=held)


def tiers_by_score(policy: Policy, total: NDArray[np.int64]) -> Codes:
    """Return the tiers by cut-offs or shares alone, as positions in ``policy.tiers``."""
    by_score = [position for position, tier in enumerate(policy.tiers) if not tier.by_condition_only]
    positions = np.array(by_score, dtype=np.uint8)
    shares, lowest = limits_by_score(policy)
    if shares:
        # Equal totals get the same tier: the one that the best of them reaches.
        better = len(total) - np.searchsorted(np.sort(total), total, side="right")
        return positions[np.searchsorted(np.rint(np.cumsum(shares) * len(total)), better, side="right")]
    # Tiers are in order from best to worst, so a total is in the first tier whose cut-off it reaches.
    return positions[np.searchsorted(-np.array(lowest, dtype=np.int64), -total, side="left")]


def limits_by_score(policy: Policy) -> tuple[list[float], list[int]]:
    """Return the share of all, or the lowest total in millionths, of each tier by score but the last.

    One of the two lists is empty.
    """
    shares: list[float] = []
    lowest: list[int] = []
    for tier in policy.tiers:
        match tier.cut_off:
            case Share(share):
                shares.append(share)
            case AtLeast(points):
                lowest.append(round(points * TOTAL_UNIT))
            case Above(points):
                lowest.append(round(points * TOTAL_UNIT) + 1)
            case ByConditionOnly() | AllOthers():
                pass
            case unknown:
                assert_never(unknown)
    return shares, lowest


def assign_regimes(policy: Policy, tiering: Tiering, enterprises: pl.DataFrame, as_of: date) -> pl.Series:
    """Assign each enterprise its regime: full coverage of key areas, else observation, else tiered.

    Parameters
    ----------
    policy : Policy
    tiering : Tiering
    enterprises : polars.DataFrame, shape (n_rows, …)
        The enterprises in the data model, in the order of the tiering.
    as_of : datetime.date

    Returns
    -------
    polars.Series of Enum, shape (n_rows,)
    """
    names = list(REGIMES)
    codes = np.full(enterprises.height, names.index("tiered"), dtype=np.uint8)
    observed = observation_days(policy, enterprises).until >= day_number(as_of)
    observation = policy.regimes.observation
    for bound in observation.unless if observation is not None else ():
        observed &= ~tiering.met[bound.id]
    codes[observed] = names.index("observation")
    full_coverage = policy.regimes.full_coverage
    if full_coverage is not None:
        areas = enterprises["key_areas"].list.eval(pl.element().is_in(list(full_coverage.key_areas))).list.any()
        codes[areas.fill_null(False).to_numpy()] = names.index("full_coverage")
    return pl.Series("regime", names, dtype=pl.Enum(names)).gather(codes)


@dataclass(frozen=True)
class ObservationDays:
    """The first and last day of each enterprise's observation period; without one, the last is before the first."""

    begins: Days
    until: Days


def observation_days(policy: Policy, enterprises: pl.DataFrame) -> ObservationDays:
    """Return each enterprise's observation period by its dates alone, without the conditions that end it early."""
    n_rows = enterprises.height
    begins, until = np.zeros(n_rows, dtype=np.int32), np.full(n_rows, -1, dtype=np.int32)
    observation = policy.regimes.observation
    if observation is None:
        return ObservationDays(begins, until)
    established = enterprises["established_on"].to_physical()
    begins[:] = established.fill_null(0).to_numpy()
    new = enterprises["new_business_form"].fill_null(False).to_numpy()
    aged = np.flatnonzero(new & established.is_not_null().to_numpy())
    until[aged] = add_months(begins[aged], observation.months) - 1
    own = enterprises["observation_until"].to_physical()
    given = np.flatnonzero(new & own.is_not_null().to_numpy())
    until[given] = own.gather(given).to_numpy()
    return ObservationDays(begins, until)
