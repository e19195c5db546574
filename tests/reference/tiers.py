"""Tiers by cut-offs and shares, what bounds them, limits on change, and regimes, by docs/scoring.md and policy.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.reference.days import months_later
from tests.reference.enterprises import Value
from tests.reference.numbers import exact
from tests.reference.points import meets

Policy = Mapping[str, Any]


def tiers_by_score(policy: Policy, totals: Sequence[int]) -> list[int]:
    """The tier of each total (in millionths) as a position from best to worst."""
    by_score = [(place, tier) for place, tier in enumerate(policy["tiers"]) if not tier.get("by_condition_only")]
    last = by_score[-1][0]
    if "share" in by_score[0][1]:
        return [_by_share(by_score, totals, total) for total in totals]
    return [next((place for place, tier in by_score if _reaches(tier, total)), last) for total in totals]


def _reaches(tier: Mapping[str, Any], total: int) -> bool:
    if "above" in tier:
        return total > exact(tier["above"]) * 10**6
    return "at_least" in tier and total >= exact(tier["at_least"]) * 10**6


def _by_share(by_score: Sequence[tuple[int, Mapping[str, Any]]], totals: Sequence[int], total: int) -> int:
    """Equal totals stand together, in the tier that the best of them reaches."""
    better = sum(other > total for other in totals)
    taken = Fraction(0)
    for place, tier in by_score[:-1]:
        taken += exact(tier["share"])
        if better < round(taken * len(totals)):
            return place
    return by_score[-1][0]


def bounds_met(policy: Policy, values: Mapping[str, Value]) -> dict[str, list[Mapping[str, Any]]]:
    """The vetoes, thin evidence and floors whose conditions a row meets, by kind."""
    return {
        kind: [bound for bound in policy.get(kind, ()) if meets(bound["when"], values)]
        for kind in ("vetoes", "thin_evidence", "floors")
    }


def bounded_tier(policy: Policy, tier: int, met: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
    """A tier within floors, then thin evidence, then vetoes; of one kind first those that fix it, the worst of them."""
    places = {one["id"]: place for place, one in enumerate(policy["tiers"])}
    for kind, choose in (("floors", min), ("thin_evidence", max), ("vetoes", max)):
        fixed = [places[bound["exactly"]] for bound in met[kind] if "exactly" in bound]
        held = [
            places[bound["at_worst" if kind == "floors" else "at_best"]]
            for bound in met[kind]
            if "exactly" not in bound
        ]
        tier = max(fixed) if fixed else tier
        tier = choose(tier, *held) if held else tier
    return tier


def limited_tier(policy: Policy, tier: int, previous: Mapping[str, Any] | None, records_known: int, day: date) -> int:
    """A tier that does not rise faster than the limits on change allow."""
    limits = policy.get("limits_on_change")
    if limits is None or previous is None:
        return tier
    names = [one["id"] for one in policy["tiers"]]
    best = names.index(previous["tier"])
    since = previous.get("tier_since") or previous["as_of"]
    if months_later(since, limits["per_months"]) <= day and records_known >= previous["evidence_count"]:
        reached = max(best - limits["rise_at_most_steps"], 0)
        # Nobody rises into a tier that is reached by condition only.
        by_score = (place for place in range(reached, best) if not policy["tiers"][place].get("by_condition_only"))
        best = next(by_score, best)
    return max(tier, best)


def regime_of(policy: Policy, enterprise: Mapping[str, Any], values: Mapping[str, Value], day: date) -> str:
    """The regime of an enterprise: full coverage of key areas, else observation, else tiered."""
    regimes = policy.get("regimes", {})
    covered = regimes.get("full_coverage", {}).get("key_areas", ())
    if any(area in covered for area in enterprise.get("key_areas") or ()):
        return "full_coverage"
    observation = regimes.get("observation")
    if observation is None or not enterprise.get("new_business_form"):
        return "tiered"
    until = enterprise.get("observation_until")
    if until is None and enterprise.get("established_on") is not None:
        until = months_later(enterprise["established_on"], observation["months"]) - timedelta(days=1)
    ended = any(meets(bound["when"], values) for bound in observation.get("unless", ()))
    return "observation" if until is not None and day <= until and not ended else "tiered"
