"""Putting together the explanation of one enterprise from what an assessment computed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np
import polars as pl

from creditrisk.indicators.builder import IndicatorBuilder, cohort_on
from creditrisk.indicators.spec import Dimension
from creditrisk.policy.document import Policy
from creditrisk.policy.rules import Rule
from creditrisk.records.standing import STANDINGS, standing_on
from creditrisk.report.content import BoundLine, DimensionLines, IgnoredRecord, ReasonLine
from creditrisk.report.explanation import Explanation
from creditrisk.scoring.conditions import rows_meeting
from creditrisk.scoring.reasons import ADJUSTMENT_TEXTS, number_text
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, Scores, points_before_cap, points_of
from creditrisk.scoring.tiering import Tiering
from creditrisk.vocabulary import DIMENSIONS, RECORD_TYPES, REGIMES, BilingualText

__all__ = ["explain"]

CAP_TEXT = BilingualText(zh="该项计分已达上限", en="Held at the rule's cap")


def explain(
    policy: Policy,
    as_of: date,
    enterprise: pl.DataFrame,
    records: pl.DataFrame,
    row: int,
    indicators: Mapping[str, np.ndarray],
    scores: Scores,
    tiering: Tiering,
    regime: str,
) -> Explanation:
    """Explain one row of an assessment.

    Parameters
    ----------
    policy, as_of
        What the assessment was made by.
    enterprise : polars.DataFrame, shape (1, …)
    records : polars.DataFrame
        All records of this enterprise.
    row : int
        Of the assessment.
    indicators, scores, tiering, regime
        What the assessment computed.
    """
    evidence = _evidence(policy, as_of, enterprise, records)
    values = {name: float(column[row]) for name, column in indicators.items()}
    dimensions = tuple(_dimension(policy, name, values, scores, row, evidence) for name in policy.dimensions)
    bounds = []
    for bound in policy.tier_bounds:
        if tiering.met[bound.id][row]:
            behind = {record for name in bound.when.indicators() for record in evidence.get(name, ())}
            bounds.append(
                BoundLine(
                    id=bound.id,
                    kind=policy.kind_of(bound),
                    effect=bound.effect,
                    tier=policy.tier(bound.tier).label,
                    text=bound.reason,
                    basis=bound.basis,
                    record_ids=tuple(sorted(behind)),
                )
            )
    if tiering.held[row] and policy.limits_on_change is not None:
        limits = policy.limits_on_change
        bounds.append(
            BoundLine(
                id="limits_on_change",
                kind="limit_on_change",
                effect="at_best",
                tier=policy.tiers[tiering.tier[row]].label,
                text=BilingualText(
                    zh=f"等级每{limits.per_months}个月至多上升{limits.rise_at_most_steps}级，数据缺失不作为上升理由",
                    en=f"A tier rises at most {limits.rise_at_most_steps} step(s) in {limits.per_months} months, "
                    "and never because records went missing",
                ),
                basis=limits.basis,
                record_ids=(),
            )
        )
    known = records.filter(pl.max_horizontal("occurred_on", "known_on") <= as_of)
    return Explanation(
        enterprise_id=enterprise["enterprise_id"][0],
        name=enterprise["name"][0],
        as_of=as_of,
        policy=policy.id,
        policy_edition=policy.edition,
        policy_sha256=policy.sha256,
        score=Decimal(int(scores.total[row])) / TOTAL_UNIT,
        tier=policy.tiers[tiering.tier[row]].id,
        tier_label=policy.tiers[tiering.tier[row]].label,
        tier_by_score=policy.tiers[tiering.by_score[row]].label,
        regime=regime,
        regime_label=BilingualText(**REGIMES[regime]._asdict()),
        evidence_count=known.height,
        dimensions=dimensions,
        bounds=tuple(bounds),
        ignored=_ignored(policy, as_of, records),
    )


def _dimension(
    policy: Policy,
    dimension: Dimension,
    values: Mapping[str, float],
    scores: Scores,
    row: int,
    evidence: Mapping[str, tuple[str, ...]],
) -> DimensionLines:
    scale = policy.dimensions[dimension]
    weight = _decimal(scale.weight)
    one_row = {name: np.array([value]) for name, value in values.items()}
    lines = []
    for rule in policy.rules:
        # Where the condition of a rule does not hold, it gives nothing, whatever its indicator.
        if rule.dimension == dimension and (rule.when is None or rows_meeting(rule.when, one_row)[0]):
            lines += _rule_lines(rule, values[rule.indicator], weight, evidence)
    adjustment = int(scores.adjustments[dimension][row])
    if adjustment:
        kind: Literal["floor", "ceiling"] = "floor" if adjustment > 0 else "ceiling"
        label, text = DIMENSIONS[dimension], ADJUSTMENT_TEXTS[kind]
        lines.append(
            ReasonLine(
                rule=f"{dimension}.{kind}",
                kind=kind,
                indicator=None,
                value=None,
                points=Decimal(adjustment) / POINT_UNIT,
                weighted_points=Decimal(adjustment) / POINT_UNIT * weight,
                text=BilingualText(zh=text.zh.format(dimension=label.zh), en=text.en.format(dimension=label.en)),
                basis=scale.basis,
                record_ids=(),
            )
        )
    score = Decimal(int(scores.dimensions[dimension][row])) / POINT_UNIT
    return DimensionLines(
        dimension=dimension,
        label=BilingualText(**DIMENSIONS[dimension]._asdict()),
        weight=weight,
        base=_decimal(scale.base),
        lines=tuple(lines),
        score=score,
        weighted_score=score * weight,
    )


def _rule_lines(rule: Rule, value: float, weight: Decimal, evidence: Mapping[str, tuple[str, ...]]) -> list[ReasonLine]:
    points, free = (int(count(rule, np.array([value]))[0]) for count in (points_of, points_before_cap))
    shown = "" if np.isnan(value) else pl.select(number_text(pl.lit(value))).item()
    reason = BilingualText(zh=rule.reason.zh.replace("{value}", shown), en=rule.reason.en.replace("{value}", shown))
    given = ReasonLine(
        rule=rule.id,
        kind="rule",
        indicator=rule.indicator,
        value=None if np.isnan(value) else value,
        points=Decimal(free) / POINT_UNIT,
        weighted_points=Decimal(free) / POINT_UNIT * weight,
        text=reason,
        basis=rule.basis,
        record_ids=tuple(sorted({record for name in rule.indicators for record in evidence.get(name, ())})),
    )
    held = Decimal(points - free) / POINT_UNIT
    capped = given.model_copy(
        update={"kind": "cap", "points": held, "weighted_points": held * weight, "text": CAP_TEXT, "record_ids": ()}
    )
    return [line for line in (given, capped) if line.points]


def _evidence(
    policy: Policy, as_of: date, enterprise: pl.DataFrame, records: pl.DataFrame
) -> dict[str, tuple[str, ...]]:
    builder = IndicatorBuilder(records, enterprises=enterprise, policy=policy, only=policy.indicators_used).fit()
    kernel = builder.kernel(cohort_on(enterprise["enterprise_id"], as_of))
    return {
        spec.id: tuple(sorted(records["record_id"].gather(positions).to_list()))
        for spec, _, positions in kernel.evidence()
    }


def _ignored(policy: Policy, as_of: date, records: pl.DataFrame) -> tuple[IgnoredRecord, ...]:
    standing = standing_on(records, policy.standing, as_of)
    left_out = records.with_columns(standing).filter(standing != "in_force").sort("occurred_on", "record_id")
    return tuple(
        IgnoredRecord(
            record_id=record["record_id"],
            type=BilingualText(**RECORD_TYPES[record["type"]]._asdict())
            if record["type"] in RECORD_TYPES
            else policy.record_types[record["type"]],
            occurred_on=record["occurred_on"],
            standing=record["standing"],
            text=BilingualText(**STANDINGS[record["standing"]]._asdict()),
        )
        for record in left_out.iter_rows(named=True)
    )


def _decimal(number: float) -> Decimal:
    return Decimal(round(number * POINT_UNIT)) / POINT_UNIT
