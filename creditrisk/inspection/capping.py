"""Where an annual cap decides who is drawn, beside chance.

Passing over those at the cap keeps it. As long as the same items apply to all of a stratum that leaves everybody the
same probability. Where they do not, and the ratios of some enterprise add up to more than its cap, the general draws
fall on those with fewer items more often than on the others, and nobody's probability is the share of the stratum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from creditrisk.inspection.draws.drawing import OUTSIDE
from creditrisk.inspection.intensity import requirement
from creditrisk.inspection.items import InspectionItem
from creditrisk.inspection.population import Population, strata_of

__all__ = ["BindingCap", "binding_caps", "is_capped"]

# Sums of ratios such as 20 × 0.05 are held against whole numbers.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class BindingCap:
    """A stratum in which the visits expected for some enterprise exceed its cap."""

    stratum: int
    name: str
    visits: float
    cap: int


def is_capped(items: Iterable[InspectionItem]) -> bool:
    """Whether the visits of a group are what a cap takes from: on site, for general items alone."""
    items = list(items)
    return any(item.mode == "on_site" for item in items) and all(item.kind == "general" for item in items)


def binding_caps(
    population: Population, groups: Mapping[str, Sequence[InspectionItem]], caps: Mapping[str, int | None]
) -> Iterator[BindingCap]:
    """The strata of which not all have the same items, and whose cap is less than what the ratios of some add up to."""
    names = strata_of(population.policy)
    there = population.stratum != OUTSIDE
    stratum = np.where(there, population.stratum, 0)
    expected = np.zeros(len(population), dtype=np.float32)
    capped = np.zeros(len(population), dtype=np.float32)
    for items in groups.values():
        if not any(item.mode == "on_site" for item in items):
            continue
        visits = np.zeros(len(population), dtype=np.float32)
        for item in items:
            ratios = np.array([requirement(population.policy, item, name).ratio for name in names], dtype=np.float32)
            np.maximum(visits, np.where(population.members(item), ratios[stratum], 0), out=visits)
        expected += visits
        if is_capped(items):
            capped += visits
    for place, name in enumerate(names):
        cap, own = caps[name], expected[there & (stratum == place) & (capped > 0)]
        if cap is not None and len(own) and own.max() > max(cap, own.min()) + _ROUNDING:
            yield BindingCap(place, name, float(own.max()), cap)
