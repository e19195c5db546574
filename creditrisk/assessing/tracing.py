"""Makes the trace of one enterprise: the functions that assess run on a recorded policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.reading_log import KeyPath, Readings, RecordedValues, recorded
from creditrisk.indicators.engine import Kernel
from creditrisk.indicators.spec import Dimension
from creditrisk.policy.document import Policy
from creditrisk.policy.rules import Condition, Rule
from creditrisk.report.trace import (
    BoundTrace,
    ConditionTrace,
    DimensionTrace,
    IndicatorTrace,
    Parameter,
    PartTrace,
    RuleTrace,
    Trace,
)
from creditrisk.scoring.conditions import rows_meeting
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, Scores, points_before_cap, score
from creditrisk.scoring.tiering import assign_regimes, bounded_tiers, limit_changes, tiers_by_score

__all__ = ["trace"]

# The conditions that end an observation period are traced like the bounds on the tier.
_UNLESS = ("regimes", "observation", "unless")
# The parameters read elsewhere in the document say how records count.
_OWN_PARTS = ("rules", "dimensions", "tiers", "vetoes", "thin_evidence", "floors", "limits_on_change", "regimes")


def trace(assessed: Assessed, row: int) -> Trace:
    """Trace one row of an assessment.

    Percentiles and shares refer to all enterprises.
    """
    policy, as_of = assessed.policy, assessed.as_of
    one = assessed.only(np.array([row], dtype=np.intp))
    enterprise, values = one.enterprises.data, one.indicators
    readings = Readings()
    reader = recorded(policy, readings)
    read = RecordedValues(values, readings)
    kernel = Kernel(
        [recorded(policy.specs[name], readings, ("indicators", name)) for name in policy.indicators_used],
        one.records.data,
        one.kernel.cohort,
        enterprise,
        reader.severity_weights,
        reader.standing,
        reader.quantities,
    )
    kernel.indicators()
    mine = score(reader, read)
    by_score = tiers_by_score(reader, assessed.scores.total)[row : row + 1]
    tiering = bounded_tiers(reader, by_score, read)
    history = one.history
    fewer_records = kernel.records_known() < history.records
    tiering = limit_changes(reader, tiering, as_of, history.tier, history.since, fewer_records)
    regime = assign_regimes(reader, tiering, enterprise, as_of)[0]

    writer = _Writer(policy, readings, values, one.evidence())
    points = {hit.rule.id: int(hit.points.sum()) for hit in mine.hits}
    return Trace(
        enterprise_id=enterprise["enterprise_id"][0],
        name=enterprise["name"][0],
        as_of=as_of,
        policy=policy.id,
        policy_edition=policy.edition,
        policy_sha256=policy.sha256,
        rules=tuple(writer.rule(rule, points[rule.id]) for rule in policy.rules),
        dimensions=tuple(writer.dimension(name, mine, points) for name in policy.dimensions),
        score=Decimal(int(mine.total[0])) / TOTAL_UNIT,
        tiers=writer.part(("tiers",)),
        tier_by_score=policy.tiers[by_score[0]].id,
        bounds=tuple(
            BoundTrace(id=path[-1], met=bool(tiering.met[path[-1]][0]), **dict(writer.part(path)))
            for path in _bound_paths(policy)
        ),
        limits_on_change=writer.part(("limits_on_change",)),
        held=bool(tiering.held[0]),
        tier=policy.tiers[tiering.tier[0]].id,
        regimes=writer.part(("regimes",), apart=_UNLESS),
        regime=regime,
        inputs=writer.inputs(),
    )


class _Writer:
    """Turns readings into parts of a trace."""

    def __init__(
        self,
        policy: Policy,
        readings: Readings,
        values: Mapping[str, np.ndarray],
        evidence: Mapping[str, Sequence[str]],
    ) -> None:
        self._policy, self._readings, self._values, self._evidence = policy, readings, values, evidence

    def rule(self, rule: Rule, points: int) -> RuleTrace:
        free = int(points_before_cap(rule, self._values[rule.indicator])[0])
        applies = rule.when is None or bool(rows_meeting(rule.when, self._values)[0])
        return RuleTrace(
            id=rule.id,
            dimension=rule.dimension,
            points_before_cap=_points(free if applies else 0),
            points=_points(points),
            **dict(self.part(("rules", rule.id))),
        )

    def dimension(self, name: Dimension, scores: Scores, points: Mapping[str, int]) -> DimensionTrace:
        scale = self._policy.dimensions[name]
        held, adjustment = int(scores.dimensions[name][0]), int(scores.adjustments[name][0])
        given = sum(points[rule.id] for rule in self._policy.rules if rule.dimension == name)
        weight = _points(round(scale.weight * POINT_UNIT))
        return DimensionTrace(
            dimension=name,
            base=_points(held - adjustment - given),
            points=_points(given),
            adjustment=_points(adjustment),
            score=_points(held),
            weight=weight,
            weighted_score=_points(held) * weight,
            **dict(self.part(("dimensions", name))),
        )

    def part(self, path: KeyPath, apart: KeyPath = ("",)) -> PartTrace:
        """Return the readings below a key path, without those below other key paths."""
        readings = self._readings
        names = dict.fromkeys(name for key, name in readings.indicators if _below(key, path) and not _below(key, apart))
        return PartTrace(
            path=".".join(path),
            parameters=self._parameters(path, apart),
            conditions=tuple(
                ConditionTrace(path=".".join(key), met=bool(rows_meeting(part, self._values)[0]))
                for key, part in readings.parts.items()
                if isinstance(part, Condition) and _below(key, path) and not _below(key, apart)
            ),
            indicators=tuple(self.indicator(name) for name in names),
        )

    def indicator(self, name: str) -> IndicatorTrace:
        spec, value = self._policy.specs[name], float(self._values[name][0])
        return IndicatorTrace(
            id=name,
            label=spec.label,
            value=None if np.isnan(value) else value,
            parameters=self._parameters(("indicators", name)),
            record_ids=tuple(self._evidence.get(name, ())),
            made_of=tuple(self.indicator(other) for other in spec.dependencies),
        )

    def inputs(self) -> PartTrace:
        apart = dict.fromkeys(path[:1] for path in self._readings.parameters if path[0] not in _OWN_PARTS)
        parameters = [one for path in apart if path != ("indicators",) for one in self._parameters(path)]
        return PartTrace(path="", parameters=tuple(parameters))

    def _parameters(self, path: KeyPath, apart: KeyPath = ("",)) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(path=".".join(key), value=value, in_force_from=self._in_force_from(key))
            for key, value in self._readings.parameters.items()
            if _below(key, path) and not _below(key, apart)
        )

    def _in_force_from(self, path: KeyPath) -> date | None:
        dated = self._policy.in_force_from
        return next((dated[key] for end in range(len(path), 0, -1) if (key := ".".join(path[:end])) in dated), None)


def _bound_paths(policy: Policy) -> list[KeyPath]:
    paths = [
        (kind, bound.id)
        for kind in ("vetoes", "thin_evidence", "floors")
        for bound in getattr(policy, kind)
    ]  # fmt: skip
    observation = policy.regimes.observation
    return [*paths, *((*_UNLESS, bound.id) for bound in (observation.unless if observation is not None else ()))]


def _below(path: KeyPath, above: KeyPath) -> bool:
    return path[: len(above)] == above


def _points(thousandths: int) -> Decimal:
    return Decimal(thousandths) / POINT_UNIT
