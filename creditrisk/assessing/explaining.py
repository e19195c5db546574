"""Makes the explanation of one enterprise from the results of an assessment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import numpy as np

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.disagreements import moved_line
from creditrisk.assessing.what_if.search import Search
from creditrisk.assessing.what_if.states import state_lines
from creditrisk.assessing.what_if.ways import way_line
from creditrisk.days import day_number
from creditrisk.indicators.spec import Dimension
from creditrisk.policy.rules import Rule
from creditrisk.records.standing import STANDINGS
from creditrisk.report.content import BoundLine, DimensionLines, IgnoredRecord, ReasonLine
from creditrisk.report.explanation import Explanation
from creditrisk.scoring.reasons import ADJUSTMENT_TEXTS, number_as_text
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, points_before_cap
from creditrisk.vocabulary import DIMENSIONS, RECORD_TYPES, REGIMES, BilingualText

__all__ = ["explain"]

Evidence = Mapping[str, Sequence[str]]

CAP_TEXT = BilingualText(zh="该项计分已达上限", en="Held at the rule's cap")


def explain(assessed: Assessed, row: int, *, way_up: bool = False) -> Explanation:
    """Explain one row of an assessment.

    Parameters
    ----------
    assessed : Assessed
    row : int
    way_up : bool, default=False
        Also find the way to the next better tier, and the first and last days of the enterprise's states.

    Raises
    ------
    InputError
        If ``way_up`` is true and the policy compares enterprises with one another.
    """
    policy, as_of = assessed.policy, assessed.as_of
    one = assessed.only(np.array([row], dtype=np.intp))
    enterprise, scores, tiering = one.enterprises.data, one.scores, one.tiering
    read = {name for hits in scores.hits if len(hits.rows) for name in hits.rule.indicators}
    read |= {name for bound in policy.tier_bounds if tiering.met[bound.id][0] for name in bound.when.indicators()}
    evidence = one.evidence(read)
    search = Search(one) if way_up else None
    tier = policy.tiers[tiering.tier[0]]
    return Explanation(
        enterprise_id=enterprise["enterprise_id"][0],
        name=enterprise["name"][0],
        as_of=as_of,
        policy=policy.id,
        policy_edition=policy.edition,
        policy_sha256=policy.sha256,
        score=Decimal(int(scores.total[0])) / TOTAL_UNIT,
        tier=tier.id,
        tier_label=tier.label,
        tier_by_score=policy.tiers[tiering.by_score[0]].label,
        regime=one.regimes[0],
        regime_label=BilingualText(**REGIMES[one.regimes[0]]._asdict()),
        evidence_count=int(one.kernel.records_known()[0]),
        dimensions=tuple(_dimension(one, name, evidence) for name in policy.dimensions),
        bounds=tuple(_bounds(one, evidence)),
        ignored=_ignored(one),
        way_up=None if search is None else way_line(search),
        states=() if search is None else state_lines(search),
    )


def _bounds(one: Assessed, evidence: Evidence) -> Iterator[BoundLine]:
    policy, tiering = one.policy, one.tiering
    for bound in policy.tier_bounds:
        if tiering.met[bound.id][0]:
            yield BoundLine(
                id=bound.id,
                kind=policy.kind_of(bound),
                effect=bound.effect,
                tier=policy.tier(bound.tier).label,
                text=bound.reason,
                basis=bound.basis,
                record_ids=_records_behind(bound.when.indicators(), evidence),
            )
    limits = policy.limits_on_change
    if tiering.held[0] and limits is not None:
        yield BoundLine(
            id="limits_on_change",
            kind="limit_on_change",
            effect="at_best",
            tier=policy.tiers[tiering.tier[0]].label,
            text=BilingualText(
                zh=f"等级每{limits.per_months}个月至多上升{limits.rise_at_most_steps}级，数据缺失不作为上升理由",
                en=f"A tier rises at most {limits.rise_at_most_steps} step(s) in {limits.per_months} months, "
                "and never because records went missing",
            ),
            basis=limits.basis,
            record_ids=(),
        )
    moved = moved_line(one, 0)
    if moved is not None:
        yield moved


def _dimension(one: Assessed, dimension: Dimension, evidence: Evidence) -> DimensionLines:
    policy, scores = one.policy, one.scores
    scale = policy.dimensions[dimension]
    weight = _decimal(scale.weight)
    lines = []
    for hits in scores.hits:
        if hits.rule.dimension == dimension and len(hits.rows):
            value = float(one.indicators[hits.rule.indicator][0])
            lines += _rule_lines(hits.rule, value, int(hits.points[0]), weight, evidence)
    adjustment = int(scores.adjustments[dimension][0])
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
    score = Decimal(int(scores.dimensions[dimension][0])) / POINT_UNIT
    return DimensionLines(
        dimension=dimension,
        label=BilingualText(**DIMENSIONS[dimension]._asdict()),
        weight=weight,
        base=_decimal(scale.base),
        lines=tuple(lines),
        score=score,
        weighted_score=score * weight,
    )


def _rule_lines(rule: Rule, value: float, points: int, weight: Decimal, evidence: Evidence) -> list[ReasonLine]:
    free = int(points_before_cap(rule, np.array([value]))[0])
    shown = number_as_text(value)
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
        record_ids=_records_behind(rule.indicators, evidence),
    )
    held = Decimal(points - free) / POINT_UNIT
    capped = given.model_copy(
        update={"kind": "cap", "points": held, "weighted_points": held * weight, "text": CAP_TEXT, "record_ids": ()}
    )
    return [line for line in (given, capped) if line.points]


def _records_behind(indicators: Iterable[str], evidence: Evidence) -> tuple[str, ...]:
    return tuple(sorted({record for name in indicators for record in evidence.get(name, ())}))


def _ignored(one: Assessed) -> tuple[IgnoredRecord, ...]:
    policy, records = one.policy, one.records.data
    # They all belong to one enterprise.
    codes = one.kernel.events.standing.on(day_number(one.as_of), np.zeros(records.height, dtype=np.intp))
    left_out = np.flatnonzero(codes)
    columns = (records[name].gather(left_out) for name in ("occurred_on", "record_id", "type"))
    standings = list(STANDINGS)
    return tuple(
        IgnoredRecord(
            record_id=record_id,
            type=BilingualText(**RECORD_TYPES[kind]._asdict()) if kind in RECORD_TYPES else policy.record_types[kind],
            occurred_on=occurred_on,
            standing=standings[code],
            text=BilingualText(**STANDINGS[standings[code]]._asdict()),
        )
        for occurred_on, record_id, kind, code in sorted(zip(*columns, codes[left_out].tolist(), strict=True))
    )


def _decimal(number: float) -> Decimal:
    return Decimal(round(number * POINT_UNIT)) / POINT_UNIT
