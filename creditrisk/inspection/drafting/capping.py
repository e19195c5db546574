"""Strata in which an annual cap, besides chance, decides who is drawn.

Draws skip enterprises that are at their cap. If the same items apply to all of a stratum, everybody still has the same
probability. If they do not, and the ratios of some enterprise add up to more than its cap, general items draw those
with fewer items more often than the others, and no probability equals the share drawn from the stratum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from creditrisk.inspection.draws.drawing import OUTSIDE
from creditrisk.inspection.plan.intensity import requirement
from creditrisk.inspection.plan.items import InspectionItem
from creditrisk.inspection.plan.population import Population, strata_of

__all__ = ["BindingCap", "binding_caps", "is_capped"]

# Sums of ratios such as 20 × 0.05 are compared with whole numbers.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class BindingCap:
    """A stratum in which some enterprise's expected visits exceed its cap."""

    stratum: int
    name: str
    visits: float
    cap: int


def is_capped(items: Iterable[InspectionItem]) -> bool:
    """Whether a cap limits the visits of a group: they are on site and only for general items."""
    items = list(items)
    return any(item.mode == "on_site" for item in items) and all(item.kind == "general" for item in items)


def binding_caps(
    population: Population,
    groups: Mapping[str, Sequence[InspectionItem]],
    caps: Mapping[str, int | None],
    *,
    alike: bool = True,
) -> Iterator[BindingCap]:
    """Find the strata in which a cap makes probabilities differ from the ratios.

    Parameters
    ----------
    population : Population
    groups : mapping of str to sequence of InspectionItem
    caps : mapping of str to int or None
    alike : bool, default=True
        Whether all of a stratum with the same items are equally likely to be drawn. If they are, a cap matters where
        items differ and some enterprise's ratios add up to more than the cap. If not (with weights, or if the last
        plan's visits are drawn last), it matters wherever an enterprise could be drawn more often than the cap allows.

    Yields
    ------
    BindingCap
    """
    names = strata_of(population.policy)
    there = population.stratum != OUTSIDE
    stratum = np.where(there, population.stratum, 0)
    expected, possible = (np.zeros(len(population), dtype=np.float32) for _ in range(2))
    capped = np.zeros(len(population), dtype=np.float32)
    for items in groups.values():
        # Off-site checks do not count toward the cap.
        there_for = [item for item in items if item.mode == "on_site"]
        visits = np.zeros(len(population), dtype=np.float32)
        for item in there_for:
            ratios = np.array([requirement(population.policy, item, name).ratio for name in names], dtype=np.float32)
            np.maximum(visits, np.where(population.members(item), ratios[stratum], 0), out=visits)
        expected += visits
        possible += visits > 0
        if is_capped(items):
            capped += visits
    for place, name in enumerate(names):
        members = there & (stratum == place) & (capped > 0)
        cap, own = caps[name], (expected if alike else possible)[members]
        if cap is None or not len(own):
            continue
        if own.max() > (max(cap, own.min()) + _ROUNDING if alike else cap):
            yield BindingCap(place, name, float(own.max()), cap)
