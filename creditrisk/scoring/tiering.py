"""From totals to tiers: cut-offs, what bounds a tier whatever the score, and the regime of supervision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.policy.document import Condition, Policy
from creditrisk.records.months import add_months, day_number
from creditrisk.scoring.scores import TOTAL_UNIT, Scores
from creditrisk.vocabulary import REGIMES

__all__ = ["Tiering", "assign_regimes", "assign_tiers"]

Numbers = NDArray[np.float64]
Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Tiering:
    """The tier of every row, and why.

    Attributes
    ----------
    by_score : ndarray of uint8
        The tier by cut-offs alone, as a position in ``policy.tiers``.
    tier : ndarray of uint8
        After vetoes and thin evidence.
    met : dict of str to ndarray of bool
        By id of a veto, thin-evidence or observation condition: the rows that meet it.
    """

    by_score: Codes
    tier: Codes
    met: dict[str, NDArray[np.bool_]]


def assign_tiers(policy: Policy, scores: Scores, indicators: Mapping[str, Numbers]) -> Tiering:
    """Tiers by cut-offs, then bounded: of all bounds that hold, the worst tier stands."""
    cuts = np.array([round((tier.at_least or 0.0) * TOTAL_UNIT) for tier in policy.tiers[:-1]], dtype=np.int64)
    # Tiers stand from best to worst, so a total is in the first tier whose cut-off it reaches.
    by_score = np.searchsorted(-cuts, -scores.total, side="left").astype(np.uint8)
    positions = {tier.id: position for position, tier in enumerate(policy.tiers)}
    met = {bound.id: _meets(bound.when, indicators) for bound in policy.bounds}
    tier = by_score.copy()
    for bound in (*policy.vetoes, *policy.thin_evidence):
        rows = met[bound.id]
        tier[rows] = np.maximum(tier[rows], np.uint8(positions[bound.at_best]))
    return Tiering(by_score, tier, met)


def assign_regimes(policy: Policy, tiering: Tiering, enterprises: pl.DataFrame, as_of: date) -> pl.Series:
    """The regime of each enterprise: full coverage of key areas, else observation, else tiered.

    Parameters
    ----------
    policy : Policy
    tiering : Tiering
    enterprises : polars.DataFrame, shape (n_rows, …)
        In the data model, in the order of the tiering.
    as_of : datetime.date

    Returns
    -------
    polars.Series of Enum, shape (n_rows,)
    """
    names = list(REGIMES)
    codes = np.full(enterprises.height, names.index("tiered"), dtype=np.uint8)
    observation, full_coverage = policy.regimes.observation, policy.regimes.full_coverage
    if observation is not None:
        established = enterprises["established_on"].to_physical()
        by_age = np.zeros(enterprises.height, dtype=bool)
        dated = established.is_not_null().to_numpy()
        by_age[dated] = add_months(established.drop_nulls().to_numpy(), observation.months) > day_number(as_of)
        until = enterprises["observation_until"]
        observed = (
            pl.select(
                pl.lit(enterprises["new_business_form"]).fill_null(False)
                & pl.coalesce(pl.lit(until) >= as_of, pl.lit(pl.Series(by_age)))
            )
            .to_series()
            .to_numpy()
            .copy()
        )
        for bound in observation.unless:
            observed &= ~tiering.met[bound.id]
        codes[observed] = names.index("observation")
    if full_coverage is not None:
        areas = enterprises["key_areas"].list.eval(pl.element().is_in(list(full_coverage.key_areas))).list.any()
        codes[areas.fill_null(False).to_numpy()] = names.index("full_coverage")
    return pl.Series("regime", names, dtype=pl.Enum(names)).gather(codes)


def _meets(condition: Condition, indicators: Mapping[str, Numbers]) -> NDArray[np.bool_]:
    values = indicators[condition.indicator]
    if condition.at_least is not None:
        met = values >= condition.at_least
    elif condition.above is not None:
        met = values > condition.above
    elif condition.at_most is not None:
        met = values <= condition.at_most
    else:
        assert condition.below is not None
        met = values < condition.below
    return met | np.isnan(values) if condition.missing else met
