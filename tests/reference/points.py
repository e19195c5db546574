"""Conditions, points, dimension scores and the total, in whole thousandths and millionths, by docs/scoring.md."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.reference.enterprises import Value
from tests.reference.numbers import double, exact

MOST_POINTS = 10_000
_COMPARISONS = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}


@dataclass(frozen=True)
class Line:
    """Points that a rule, floor or ceiling gave, in thousandths; ``before_cap`` where a rule has one."""

    rule: str
    indicator: str | None
    value: Value
    points: int
    before_cap: int
    weight: Fraction
    text: Mapping[str, str]


def meets(condition: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether the values of a row meet a condition."""
    if "all_of" in condition:
        return all(meets(part, values) for part in condition["all_of"])
    if "any_of" in condition:
        return any(meets(part, values) for part in condition["any_of"])
    value = values[condition["indicator"]]
    if value is None:
        return bool(condition.get("missing", False))
    return any(name in condition and holds(value, double(condition[name])) for name, holds in _COMPARISONS.items())


def points_of(rule: Mapping[str, Any], values: Mapping[str, Value]) -> tuple[int, int]:
    """Points of a rule in thousandths, before its cap and after."""
    value = values[rule["indicator"]]
    if "when" in rule and not meets(rule["when"], values):
        return 0, 0
    if value is None:
        given = exact(rule.get("missing", 0))
    elif "per_unit" in rule:
        per_unit = rule["per_unit"]
        # The product is a double before it is rounded: a tenth times 125 thousandths is a tie, as it is on paper.
        earned = double(value * exact(per_unit["points"]) * 1000 / exact(per_unit.get("unit", 1)))
        caps = (exact(cap) * 1000 for cap in (MOST_POINTS, per_unit.get("cap", MOST_POINTS)))
        before, after = (round(max(min(earned, cap), -cap)) for cap in caps)
        return before, after
    elif "bands" in rule:
        given = next(exact(b["points"]) for b in rule["bands"] if b.get("below") is None or value < double(b["below"]))
    else:
        listed = (exact(one["points"]) for one in rule["values"] if double(one["value"]) == value)
        given = next(listed, exact(rule.get("unseen", 0)))
    return round(given * 1000), round(given * 1000)


def lines_and_scores(policy: Mapping[str, Any], values: Mapping[str, Value]) -> tuple[list[Line], dict[str, int]]:
    """What each rule, floor and ceiling gave, in the order of the policy, and the score of each dimension."""
    lines: list[Line] = []
    scores: dict[str, int] = {}
    held: list[Line] = []
    scales = policy["dimensions"]
    for rule in policy["rules"]:
        before, after = points_of(rule, values)
        weight = exact(scales[dimension_of(rule)]["weight"])
        value = values[rule["indicator"]]
        if before or after:
            lines.append(Line(rule["id"], rule["indicator"], value, after, before, weight, rule["reason"]))
    for dimension, scale in scales.items():
        mine = {rule["id"] for rule in policy["rules"] if dimension_of(rule) == dimension}
        free = round(exact(scale["base"]) * 1000) + sum(line.points for line in lines if line.rule in mine)
        floor, ceiling = (round(exact(scale[end]) * 1000) for end in ("floor", "ceiling"))
        scores[dimension] = max(floor, min(ceiling, free))
        change = scores[dimension] - free
        if change:
            name = f"{dimension}.{'floor' if change > 0 else 'ceiling'}"
            held.append(Line(name, None, None, change, change, exact(scale["weight"]), {}))
    return lines + held, scores


def dimension_of(rule: Mapping[str, Any]) -> str:
    """The dimension of a rule: its own, or the one that its id begins with."""
    return str(rule.get("dimension") or rule["id"].partition(".")[0])


def total_of(policy: Mapping[str, Any], scores: Mapping[str, int]) -> int:
    """The total in millionths."""
    weighted = (round(exact(scale["weight"]) * 1000) * scores[name] for name, scale in policy["dimensions"].items())
    return sum(weighted)


def by_weight(lines: list[Line]) -> list[Line]:
    """Reasons from the weightiest down; of equal weight, in the order of the policy."""
    given = [line for line in lines if line.points]
    return sorted(given, key=lambda line: -abs(line.points) * line.weight)
