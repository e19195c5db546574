"""The policy's intensity of inspection: enterprises drawn per stratum and year, and the cap on visits to one.

General items never exceed the policy's ratio, key items have no upper bound (article 三(二)1). No tier is left out: if
a tier is too small for its ratio, one enterprise of it is drawn nevertheless, and the plan says so.
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

# Ratios are decimal fractions: 0.15 of 100 must be 15, although binary digits cannot hold 0.15.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Requirement:
    """The ratio that an item draws from a stratum in a year.

    ``wanted`` is the ratio that policy and item require together; it is above ``ratio`` if it cannot be drawn.
    """

    ratio: float
    wanted: float
    not_again_within_months: int | None = None


def requirement(policy: Policy, item: InspectionItem, stratum: str) -> Requirement:
    """Return the ratio of an item in a stratum: the ratio of the tier, within the bounds of the item.

    Key areas are inspected in full. Enterprises in an observation period are treated like the gentlest tier.
    """
    if stratum == FULL_COVERAGE:
        return Requirement(1.0, 1.0)
    intensity = _intensity(policy, item, stratum)
    least = item.ratio_at_least or 0.0
    often = 12 / intensity.every_months if intensity.every_months and item.ratio_at_most is None else 0.0
    ratio = max(intensity.ratio, least) if item.kind == "key" else min(intensity.ratio, item.ratio_at_most or 1.0)
    return Requirement(ratio, max(ratio, least, often), intensity.not_again_within_months)


def drawn_of(size: int, item: InspectionItem, stratum: str, ratio: float) -> int:
    """Return the number drawn from a stratum: at most its share for general items, at least that for key items."""
    share = ratio * size
    if item.kind == "key":
        return min(size, math.ceil(share - _ROUNDING))
    least = 0 if stratum == OBSERVATION else min(size, 1)
    return max(least, math.floor(share + _ROUNDING))


def annual_caps(policy: Policy, kind: str, cap: AnnualCap) -> dict[str, int | None]:
    """Return the maximum number of drawn on-site visits to one enterprise in a year, by stratum; key areas have none.

    A cap of the plan (one for all, or by tier) and a cap of the policy both hold; the lower one decides.

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
