"""Proofs about a policy, from the document alone: more risk never gives a better score or tier.

The total is a sum of dimensions with positive weights, each a sum of rules held between floor and ceiling, and tiers
fall with it. Such a sum never rises with an indicator if no single rule does. So each rule (and each bound on the tier)
is checked separately, and the one that breaks the law is named. A rule that gives points only under a condition is the
product of its points and the condition: it never rises if all its points have one sign and the condition opens so that
only negative points come, or positive points go, as risk rises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import assert_never

from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.policy.rules import Bands, Bound, ByValue, Condition, PerUnit, Rule
from creditrisk.vocabulary import BilingualText

__all__ = ["Proof", "prove_bounds", "prove_rules"]

_RISK = {"risk_rises": 1, "risk_falls": -1, "none": 0}


@dataclass(frozen=True)
class Proof:
    """One statement about a rule or bound and an indicator that it reads, and whether it holds.

    Attributes
    ----------
    subject : str
        The id of the rule or bound.
    indicator : str
    holds : bool
    text : BilingualText
        The statement that was proved, or the reason why it fails.
    """

    subject: str
    indicator: str
    holds: bool
    text: BilingualText


def prove_rules(rules: Sequence[Rule], specs: Mapping[str, IndicatorSpec]) -> Iterator[Proof]:
    """Prove, for each rule and each indicator that it reads, that points never rise with risk."""
    for rule in rules:
        yield _points_follow_direction(rule, specs)
        yield _missing_is_no_advantage(rule, specs)
        for name in rule.when.indicators() if rule.when is not None else ():
            yield _condition_follows_direction(rule, name, specs)


def prove_bounds(
    worse: Sequence[Bound], better: Sequence[Bound], specs: Mapping[str, IndicatorSpec]
) -> Iterator[Proof]:
    """Prove, for each bound and each indicator that it reads, that more risk never lifts the tier.

    Parameters
    ----------
    worse : sequence of Bound
        Vetoes and thin evidence: they hold a tier down.
    better : sequence of Bound
        Floors: they hold a tier up.
    """
    for bounds, wanted in ((worse, 1), (better, -1)):
        for bound in bounds:
            for name in bound.when.indicators():
                risk = _RISK[specs[name].direction]
                opens = _opening(bound.when, name)
                # An exact tier lowers better tiers and raises worse ones, so it has no direction in risk.
                holds = not risk or (opens == wanted * risk and bound.effect != "exactly")
                yield Proof(bound.id, name, holds, _BOUND_TEXTS[holds])


def _points_follow_direction(rule: Rule, specs: Mapping[str, IndicatorSpec]) -> Proof:
    spec = specs[rule.indicator]
    risk = _RISK[spec.direction]
    holds = not any(risk * (after - before) > 0 for before, after in pairwise(rule.steps(_counts(spec))))
    if not risk:
        text = BilingualText(
            zh="指标未声明方向，分值不受约束", en="the indicator declares no direction: points are free"
        )
    elif holds:
        text = BilingualText(zh="风险越高，得分不升", en="as risk rises, points never rise")
    else:
        text = BilingualText(
            zh=f"奖励了 {spec.id} 所声明的风险（方向 {spec.direction}）",
            en=f"rewards what {spec.id} declares a risk (direction {spec.direction})",
        )
    return Proof(rule.id, spec.id, holds, text)


def _missing_is_no_advantage(rule: Rule, specs: Mapping[str, IndicatorSpec]) -> Proof:
    """Prove that points for a missing (or unlisted) value lie within the range of points for known values."""
    spec = specs[rule.indicator]
    steps = rule.steps(_counts(spec))
    points, least, most = [rule.missing], min(steps), max(steps)
    match rule.form:
        case PerUnit(cap=cap):
            limit = cap if cap is not None else float("inf")
            most, least = (limit if most > 0 else 0.0), (-limit if least < 0 else 0.0)
        case Bands():
            pass
        case ByValue(unseen=unseen):
            points.append(unseen)
        case unknown:
            assert_never(unknown)
    holds = spec.direction == "none" or all(least <= one <= most for one in points)
    text = (
        BilingualText(zh="缺失值的分值在有值的分值范围内", en="points for a missing value lie within those for values")
        if holds
        else BilingualText(
            zh=f"缺失值得分须在 {least:g} 与 {most:g} 之间：缺失不得优于或劣于一切有值情形",
            en=f"gives a missing value points outside {least:g} to {most:g}: "
            "to have no data must be neither better nor worse than any data",
        )
    )
    return Proof(rule.id, spec.id, holds, text)


def _counts(spec: IndicatorSpec) -> bool:
    """Whether an indicator can only be 0, 1, 2, …"""
    weighted = spec.half_life_months or spec.time_steps or spec.cap_per_inspection
    made_of_it = spec.per or spec.compares_enterprises
    return spec.traits.counts and not weighted and not made_of_it


def _condition_follows_direction(rule: Rule, name: str, specs: Mapping[str, IndicatorSpec]) -> Proof:
    assert rule.when is not None
    risk = _RISK[specs[name].direction]
    given = [*rule.steps(), rule.missing]
    opens = _opening(rule.when, name)
    # If the condition opens as risk rises, its points must not be a reward; if it closes, they must not be a penalty.
    holds = not risk or (opens == risk and max(given) <= 0) or (opens == -risk and min(given) >= 0)
    text = (
        BilingualText(zh="条件随风险变化时，得分不升", en="as risk moves the condition, points never rise")
        if holds
        else BilingualText(
            zh=f"其条件读取 {name}，风险升高时可能反而加分",
            en=f"its condition reads {name} such that more risk can earn points",
        )
    )
    return Proof(rule.id, name, holds, text)


def _opening(condition: Condition, name: str) -> int:
    """Return 1 if the condition can only become true as the indicator rises, -1 as it falls, 0 if it is uncertain."""
    signs = {1 if part.opens_upwards else -1 for part in condition.comparisons() if part.indicator == name}
    return signs.pop() if len(signs) == 1 else 0


_BOUND_TEXTS = {
    True: BilingualText(zh="风险升高不会使等级上升", en="more risk never lifts the tier"),
    False: BilingualText(
        zh="风险升高可能使等级上升：条件的比较方向与指标方向不符",
        en="more risk could lift the tier: the comparison runs against the indicator's direction",
    ),
}
