"""How many of each stratum an item draws in a year, and how often one enterprise may be visited: what the policy says.

General items never exceed the policy's ratio, key items have no upper bound (article 三(二)1). No tier is left out: of
one too small for its ratio one enterprise is drawn all the same, and the plan says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from creditrisk.errors import InputError
from creditrisk.inspection.plan.items import InspectionItem
from creditrisk.inspection.plan.population import FULL_COVERAGE, OBSERVATION
from creditrisk.policy.document import Policy
from creditrisk.policy.tiers import InspectionIntensity, VisitsAtMost, VisitsBelow

__all__ = ["AnnualCap", "Requirement", "annual_caps", "drawn_of", "requirement"]

AnnualCap = int | Mapping[str, int] | None

# Ratios are decimal fractions: 0.15 of 100 is 15, whatever the binary digits say.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Requirement:
    """What an item asks of a stratum.

    ``ratio`` is what is drawn in a year, ``wanted`` what policy and item ask together where that cannot be.
    """

    ratio: float
    wanted: float
    not_again_within_months: int | None = None


def requirement(policy: Policy, item: InspectionItem, stratum: str) -> Requirement:
    """The ratio of an item in a stratum: that of the tier, within the bounds of the item.

    Key areas are inspected in full. Those in an observation period are treated as the gentlest tier is.
    """
    if stratum == FULL_COVERAGE:
        return Requirement(1.0, 1.0)
    intensity = _intensity(policy, item, stratum)
    least = item.ratio_at_least or 0.0
    often = 12 / intensity.every_months if intensity.every_months and item.ratio_at_most is None else 0.0
    ratio = max(intensity.ratio, least) if item.kind == "key" else min(intensity.ratio, item.ratio_at_most or 1.0)
    return Requirement(ratio, max(ratio, least, often), intensity.not_again_within_months)


def drawn_of(size: int, item: InspectionItem, stratum: str, ratio: float) -> int:
    """How many of a stratum are drawn: at most its share for general items, at least its share for key items."""
    share = ratio * size
    if item.kind == "key":
        return min(size, math.ceil(share - _ROUNDING))
    least = 0 if stratum == OBSERVATION else min(size, 1)
    return max(least, math.floor(share + _ROUNDING))


def annual_caps(policy: Policy, kind: str, cap: AnnualCap) -> dict[str, int | None]:
    """The most on-site visits by draw to one enterprise in a year, by stratum; no cap holds in key areas.

    A cap of the plan (one for all, or by tier) counts beside that of the policy; the lower holds.

    Raises
    ------
    InputError
        If a cap is below 1 or names no tier of the policy.
    """
    tiers = [tier.id for tier in policy.tiers]
    asked = cap if isinstance(cap, Mapping) else dict.fromkeys((*tiers, OBSERVATION), cap)
    for name, most in asked.items():
        if name not in (*tiers, OBSERVATION):
            raise InputError(f"annual_cap names {name!r}, no tier of the policy: {', '.join(tiers)}, {OBSERVATION}")
        if most is not None and (not isinstance(most, int) or most < 1):
            raise InputError(f"annual_cap must be at least 1: no tier goes uninspected; got {most!r} for {name}")
    caps: dict[str, int | None] = {FULL_COVERAGE: None}
    for name in (*tiers, OBSERVATION):
        intensity = _gentlest(policy, kind) if name == OBSERVATION else _of_tier(policy, kind, name)
        both = [one for one in (_most_visits(intensity), asked.get(name)) if one is not None]
        caps[name] = min(both) if both else None
    return caps


def _most_visits(intensity: InspectionIntensity) -> int | None:
    match intensity.visits:
        case VisitsAtMost(number):
            return number
        case VisitsBelow(number):
            return max(1, number - 1)
        case None:
            return None
        case unknown:
            assert_never(unknown)


def _intensity(policy: Policy, item: InspectionItem, stratum: str) -> InspectionIntensity:
    return _gentlest(policy, item.kind) if stratum == OBSERVATION else _of_tier(policy, item.kind, stratum)


def _of_tier(policy: Policy, kind: str, tier: str) -> InspectionIntensity:
    inspection = policy.tier(tier).inspection
    return inspection.key if kind == "key" else inspection.general


def _gentlest(policy: Policy, kind: str) -> InspectionIntensity:
    return min((_of_tier(policy, kind, tier.id) for tier in policy.tiers), key=lambda intensity: intensity.ratio)
