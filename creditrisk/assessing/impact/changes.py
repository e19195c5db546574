"""One population under two policies: the enterprises whose tier changes, and the causes.

The total is a sum, so its change is the sum of the changes of its addends: rules, bases, and the effects of floors and
ceilings. A tier follows from the total by cut-offs, unless a veto, thin evidence or a floor changes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.policy.document import Policy
from creditrisk.policy.rules import Bound
from creditrisk.scoring.scores import POINT_UNIT, RuleHits, Scores, score
from creditrisk.scoring.tiering import Tiering, assign_tiers, tiers_by_score
from creditrisk.vocabulary import DIMENSIONS, BilingualText

__all__ = ["Cause", "Changes", "Population"]

CauseKind = Literal["rule", "base", "limit", "veto", "thin_evidence", "floor", "cut_offs", "tiers"]

Index = NDArray[np.intp]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

# Bounds on the tier come before the parts of the score.
_RANKS: dict[CauseKind, int] = {
    "tiers": 0, "veto": 1, "thin_evidence": 2, "floor": 3, "cut_offs": 4, "rule": 5, "base": 5, "limit": 5,
}  # fmt: skip
_OF_SCORE = ("rule", "base", "limit")
_CUT_OFFS = BilingualText(zh="等级分数线调整", en="The cut-offs between tiers moved")
_OTHER_TIERS = BilingualText(
    zh="等级划分方式不同，或按比例划分时其他企业的得分变化",
    en="The tiers are drawn otherwise, or by share and other enterprises' scores changed",
)
_BOUND_CHANGES = {
    (0, 1): BilingualText(zh="新适用：{reason}", en="Now applies: {reason}"),
    (1, 0): BilingualText(zh="不再适用：{reason}", en="No longer applies: {reason}"),
    (1, 1): BilingualText(zh="适用效果改变：{reason}", en="Applies with another effect: {reason}"),
}


@dataclass(frozen=True)
class Population:
    """The enterprises under one policy."""

    policy: Policy
    indicators: Mapping[str, NDArray[np.float64]]
    scores: Scores
    tiering: Tiering

    @classmethod
    def under(cls, policy: Policy, indicators: Mapping[str, NDArray[np.float64]]) -> Population:
        """Score the rows under a policy and assign tiers."""
        scores = score(policy, indicators)
        return cls(policy, indicators, scores, assign_tiers(policy, scores, indicators))

    @property
    def tiers(self) -> list[str]:
        """The ids of the tiers, from best to worst."""
        return [tier.id for tier in self.policy.tiers]

    def hits(self, rule_id: str) -> RuleHits | None:
        """Return the rows where a rule gave points; None if the policy does not have the rule."""
        return next((hits for hits in self.scores.hits if hits.rule.id == rule_id), None)

    def bound(self, bound_id: str) -> Bound | None:
        """Return the veto, thin evidence or floor with this id, if the policy has it."""
        return next((bound for bound in self.policy.tier_bounds if bound.id == bound_id), None)

    def meeting(self, bound: Bound | None) -> Mask:
        """Return the mask of the rows that meet the condition of a bound."""
        return np.zeros(len(self.scores), dtype=bool) if bound is None else self.tiering.met[bound.id]

    def held_by(self, bound: Bound | None) -> Mask:
        """Return the mask of the rows that a bound keeps out of the tier of their score."""
        if bound is None:
            return np.zeros(len(self.scores), dtype=bool)
        tiering = self.tiering
        there = tiering.tier == self.tiers.index(bound.tier)
        return self.meeting(bound) & there & (tiering.by_score != tiering.tier)


class Cause(NamedTuple):
    """A difference between the policies, and the rows that it affects.

    Attributes
    ----------
    id, kind, label
        A rule, ``DIMENSION.base``, ``DIMENSION.floor_and_ceiling``, a veto or other bound, ``cut_offs``, ``tiers``.
    rows : ndarray of int, shape (n_told,)
        The affected rows, in rising order.
    before, after : ndarray of int64, shape (n_told,)
        Thousandths of a point of the dimension; for vetoes and other bounds, whether they are met.
    change : ndarray of int64, shape (n_told,)
        The change of the total, in millionths.
    """

    id: str
    kind: CauseKind
    label: BilingualText
    rows: Index
    before: Whole
    after: Whole
    change: Whole

    def text(self, before: int, after: int) -> BilingualText:
        """Return the effect on one row in words."""
        if self.kind in ("cut_offs", "tiers"):
            return self.label
        if self.kind not in _OF_SCORE:
            text = _BOUND_CHANGES[before, after]
            return BilingualText(
                zh=text.zh.replace("{reason}", self.label.zh), en=text.en.replace("{reason}", self.label.en)
            )
        was, now = (f"{points / POINT_UNIT:g}" for points in (before, after))
        if was == now:
            return BilingualText(
                zh=f"{self.label.zh}：{was}分，维度权重改变", en=f"{self.label.en}: {was} points at another weight"
            )
        return BilingualText(zh=f"{self.label.zh}：{was}→{now}分", en=f"{self.label.en}: {was} → {now} points")


@dataclass(frozen=True)
class Changes:
    """The changes in a population when one policy replaces another."""

    before: Population
    after: Population

    @cached_property
    def moved(self) -> Mask:
        """The mask of the rows whose tier has another id, shape (n_rows,)."""
        return self._before_codes(self.before.tiering.tier) != self._after_codes(self.after.tiering.tier)

    @cached_property
    def movers(self) -> Index:
        """The positions of the rows that move."""
        return np.flatnonzero(self.moved)

    @cached_property
    def better(self) -> Mask | None:
        """The mask of the rows in a better tier than before; None if the two policies have different tiers."""
        if self.before.tiers != self.after.tiers:
            return None
        return self.after.tiering.tier < self.before.tiering.tier

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """All differences; the changes of a row add up to the change of its total."""
        causes = [*self._bounds(), *self._cut_offs(), *self._points(), *self._scales()]
        told = np.zeros(len(self.moved), dtype=bool)
        for cause in causes:
            told[cause.rows[self.tells(cause)]] = True
        silent = np.flatnonzero(self.moved & (self._retiered | ~told))
        return (*causes, *([_flag("tiers", _OTHER_TIERS, silent)] if silent.size else []))

    @cached_property
    def _retiered(self) -> Mask:
        """The mask of the rows that leave or reach a tier that only one of the policies has."""
        before, after = self.before, self.after
        gone = np.array([name not in after.tiers for name in before.tiers])[before.tiering.tier]
        new = np.array([name not in before.tiers for name in after.tiers])[after.tiering.tier]
        return gone | new

    def tells(self, cause: Cause) -> Mask:
        """Return the mask of a cause's rows whose move it helps to explain, with the shape of ``cause.rows``."""
        rows = cause.rows
        moved = self.moved[rows]
        if cause.kind not in _OF_SCORE:
            return moved
        # Points explain a move only if the score alone gives another tier, and if they change it in that direction.
        if self.better is None:
            pull = np.sign(self.after.scores.total[rows] - self.before.scores.total[rows])
        else:
            was, now = (side.tiering.by_score[rows].astype(np.int64) for side in (self.before, self.after))
            pull = np.where((was > now) == self.better[rows], np.sign(was - now), 0)
        return moved & (np.sign(cause.change) == pull)

    @cached_property
    def told(self) -> pl.DataFrame:
        """Mover (a position in ``movers``), cause (a position in ``causes``), before, after; the main cause first."""
        place = np.cumsum(self.moved) - 1
        parts = []
        for number, cause in enumerate(self.causes):
            told = self.tells(cause)
            mover = place[cause.rows[told]]
            weight = _RANKS[cause.kind] * np.int64(2**56) - np.abs(cause.change[told])
            parts.append([mover, np.full(len(mover), number), cause.before[told], cause.after[told], weight])
        nothing = [np.empty(0, dtype=np.int64)] * 5
        columns = [np.concatenate(column).astype(np.int64) for column in zip(nothing, *parts, strict=True)]
        order = np.lexsort((columns[1], columns[4], columns[0]))
        names = ("mover", "cause", "before", "after")
        return pl.DataFrame({name: column[order] for name, column in zip(names, columns, strict=False)})

    def reasons(self, most: int) -> pl.DataFrame:
        """Return at most ``most`` causes of each mover and their texts: lists ``causes``, ``why_zh``, ``why_en``."""
        shown = self.told.filter(pl.int_range(pl.len()).over("mover") < most)
        # Each text is made once for each different (cause, before, after).
        key = ["cause", "before", "after"]
        different = shown.select(key).unique(maintain_order=True)
        texts = [self.causes[cause].text(before, after) for cause, before, after in different.iter_rows()]
        words = different.with_columns(
            pl.Series("causes", [self.causes[cause].id for cause in different["cause"]], dtype=pl.String),
            pl.Series("why_zh", [text.zh for text in texts], dtype=pl.String),
            pl.Series("why_en", [text.en for text in texts], dtype=pl.String),
        )
        lists = shown.join(words, on=key, how="left", maintain_order="left").group_by("mover", maintain_order=True)
        return lists.agg("causes", "why_zh", "why_en").drop("mover")

    def _bounds(self) -> Iterator[Cause]:
        """Yield the vetoes, thin evidence and floors whose effect on a tier differs between the policies."""
        before, after = self.before, self.after
        for bound_id in dict.fromkeys(bound.id for side in (after, before) for bound in side.policy.tier_bounds):
            was, now = before.bound(bound_id), after.bound(bound_id)
            side, named = (before, was) if now is None else (after, now)
            assert named is not None
            met, meets = before.meeting(was), after.meeting(now)
            altered = was is not None and now is not None and (was.effect, was.tier) != (now.effect, now.tier)
            kind = side.policy.kind_of(named)
            held, holds = before.held_by(was), after.held_by(now)
            if self.better is not None and named.effect != "exactly":
                # An enterprise that falls lost a floor or meets a veto; one that rises gained a floor or lost a veto.
                by_new = self.better == (kind == "floor")
                held, holds = held & ~by_new, holds & by_new
            rows = np.flatnonzero(self.moved & (held | holds) & ((met != meets) | (altered & met & meets)))
            if rows.size:
                numbers = (met[rows].astype(np.int64), meets[rows].astype(np.int64))
                yield Cause(bound_id, kind, named.reason, rows, *numbers, np.zeros(len(rows), dtype=np.int64))

    def _cut_offs(self) -> Iterator[Cause]:
        """Yield the cut-offs, for movers whose old score gives another tier by the new cut-offs."""
        was = self._before_codes(self.before.tiering.by_score)
        now = self._after_codes(self.after.tiering.by_score)
        recut = self._after_codes(tiers_by_score(self.after.policy, self.before.scores.total))
        told = self.moved & ~self._retiered & (was != now) & (was != recut)
        if self.better is not None:
            told &= (recut < was) == self.better
        rows = np.flatnonzero(told)
        if rows.size:
            yield _flag("cut_offs", _CUT_OFFS, rows)

    def _points(self) -> Iterator[Cause]:
        """Yield the rules whose points differ."""
        n_rows = len(self.moved)
        sides = (self.before, self.after)
        weights = [_weights(side.policy) for side in sides]
        for rule_id in dict.fromkeys(hits.rule.id for side in reversed(sides) for hits in side.scores.hits):
            was, now = (side.hits(rule_id) for side in sides)
            if was is not None and now is not None and self._gives_the_same(was, now):
                continue
            points, weight = np.zeros((2, n_rows), dtype=np.int64), [0, 0]
            for number, hits in enumerate((was, now)):
                if hits is not None:
                    points[number, hits.rows] = hits.points
                    weight[number] = weights[number][hits.rule.dimension]
            side, named = (self.before, was) if now is None else (self.after, now)
            assert named is not None
            label = side.policy.specs[named.rule.indicator].label
            yield from _where_it_changes(rule_id, "rule", label, points, weight)

    def _gives_the_same(self, was: RuleHits, now: RuleHits) -> bool:
        """Whether a rule cannot make a difference: its parameters, weight and indicator values are the same."""
        said = {"reason", "basis"}
        return (
            was.rule.model_dump(exclude=said) == now.rule.model_dump(exclude=said)
            and _weights(self.before.policy)[was.rule.dimension] == _weights(self.after.policy)[now.rule.dimension]
            and all(self.before.indicators[name] is self.after.indicators[name] for name in now.rule.indicators)
        )

    def _scales(self) -> Iterator[Cause]:
        """Yield the dimensions' bases, floors and ceilings whose points differ."""
        n_rows = len(self.moved)
        sides = (self.before, self.after)
        weights = [_weights(side.policy) for side in sides]
        for dimension in dict.fromkeys(name for side in reversed(sides) for name in side.policy.dimensions):
            label = DIMENSIONS[dimension]
            scales = [side.policy.dimensions.get(dimension) for side in sides]
            held = [side.scores.adjustments.get(dimension, np.zeros(n_rows, dtype=np.int32)) for side in sides]
            bases = np.array([[0 if scale is None else round(scale.base * POINT_UNIT)] for scale in scales])
            weight = [mine.get(dimension, 0) for mine in weights]
            text = BilingualText(zh=f"{label.zh}基准分", en=f"Base for {label.en}")
            points = np.broadcast_to(bases, (2, n_rows))
            yield from _where_it_changes(f"{dimension}.base", "base", text, points, weight)
            text = BilingualText(zh=f"{label.zh}得分上下限的作用", en=f"Floor and ceiling for {label.en}")
            points = np.stack(held).astype(np.int64)
            yield from _where_it_changes(f"{dimension}.floor_and_ceiling", "limit", text, points, weight)

    @cached_property
    def _tier_ids(self) -> list[str]:
        return list(dict.fromkeys((*self.before.tiers, *self.after.tiers)))

    def _before_codes(self, tier: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return tiers of the earlier policy as positions among the tiers of both policies."""
        return np.array([self._tier_ids.index(name) for name in self.before.tiers], dtype=np.uint8)[tier]

    def _after_codes(self, tier: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.array([self._tier_ids.index(name) for name in self.after.tiers], dtype=np.uint8)[tier]


def _weights(policy: Policy) -> dict[str, int]:
    return {name: round(scale.weight * 1000) for name, scale in policy.dimensions.items()}


def _where_it_changes(
    cause: str, kind: CauseKind, label: BilingualText, points: Whole, weight: list[int]
) -> Iterator[Cause]:
    """Yield the cause if weighted points before and after (thousandths, shape (2, n_rows)) differ in any row."""
    change = points[1] * weight[1] - points[0] * weight[0]
    rows = np.flatnonzero(change)
    if rows.size:
        yield Cause(cause, kind, label, rows, points[0][rows], points[1][rows], change[rows])


def _flag(name: Literal["cut_offs", "tiers"], label: BilingualText, rows: Index) -> Cause:
    zeros = np.zeros(len(rows), dtype=np.int64)
    return Cause(name, name, label, rows, zeros, zeros, zeros)
