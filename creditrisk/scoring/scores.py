"""Points by rule, dimension scores and the total, in whole numbers so that they add up exactly.

Dimension score = base + Σ points, held between floor and ceiling; total = Σ weight × dimension score.
Points are in thousandths, totals in millionths (weights have three decimals), so nothing is lost by rounding.
Policies are read as :mod:`creditrisk.assessing.reading_log` requires, so that a trace knows what was read: by
attribute, and the values of an indicator right after the parameter that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.policy.document import Policy
from creditrisk.policy.rules import MOST_POINTS, Bands, ByValue, PerUnit, Rule, RuleForm
from creditrisk.scoring.conditions import rows_meeting

__all__ = ["POINT_UNIT", "TOTAL_UNIT", "RuleHits", "Scores", "score"]

POINT_UNIT = 1_000
TOTAL_UNIT = 1_000_000

# For so few rows, it is faster to compute all than to ask how many points 0 gives.
_FEW = 256

Numbers = NDArray[np.float64]
Thousandths = NDArray[np.int32]


@dataclass(frozen=True)
class RuleHits:
    """The rows where a rule gave points.

    Attributes
    ----------
    rule : Rule
    rows : ndarray of int, shape (n_hits,)
        The rows, in rising order.
    points : ndarray of int32, shape (n_hits,)
        The points, in thousandths of a point of the rule's dimension; never 0.
    """

    rule: Rule
    rows: NDArray[np.intp]
    points: Thousandths


@dataclass(frozen=True)
class Scores:
    """Scores of every row under a policy.

    Attributes
    ----------
    hits : tuple of RuleHits
        The hits, in the order of the policy's rules.
    hit_masks : ndarray of uint64, shape (n_rows, n_words)
        Bit ``i % 64`` of word ``i // 64`` is set if rule ``i`` gave points.
    dimensions : dict of str to ndarray of int32
        Dimension scores in thousandths.
    adjustments : dict of str to ndarray of int32
        The points that floor and ceiling added to or took from base and points, in thousandths.
    total : ndarray of int64
        The total, in millionths.
    """

    hits: tuple[RuleHits, ...]
    hit_masks: NDArray[np.uint64]
    dimensions: dict[str, Thousandths]
    adjustments: dict[str, Thousandths]
    total: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.total)

    def only(self, rows: NDArray[np.intp]) -> Scores:
        """Return the scores of some rows only."""
        masks = self.hit_masks[rows]
        hit = np.bitwise_or.reduce(masks, axis=0).tolist()
        nothing = np.empty(0, dtype=np.intp)
        return Scores(
            tuple(
                _hits_of(hits, rows if hit[number // 64] >> number % 64 & 1 else nothing)
                for number, hits in enumerate(self.hits)
            ),
            masks,
            {name: points[rows] for name, points in self.dimensions.items()},
            {name: points[rows] for name, points in self.adjustments.items()},
            self.total[rows],
        )


def score(policy: Policy, indicators: Mapping[str, Numbers]) -> Scores:
    """Score rows by the rules of a policy.

    Parameters
    ----------
    policy : Policy
    indicators : mapping of str to ndarray of float64, shape (n_rows,)
        At least the indicators that the policy's rules read; NaN where there is nothing to measure.

    Raises
    ------
    InputError
        If an indicator that a rule reads is not given.
    """
    missing = [name for name in policy.indicators_used if name not in indicators]
    if missing:
        raise InputError(f"policy {policy.id} reads the indicator {missing[0]!r}, which is not among the columns given")
    n_rows = len(indicators[policy.rules[0].indicator])
    raw = {name: np.full(n_rows, _thousandths(scale.base), np.int32) for name, scale in policy.dimensions.items()}
    masks = [np.zeros(n_rows, dtype=np.uint64) for _ in range(0, len(policy.rules), 64)]
    hits = []
    for number, rule in enumerate(policy.rules):
        hit = _apply(rule, indicators)
        raw[rule.dimension][hit.rows] += hit.points
        masks[number // 64][hit.rows] |= np.uint64(1 << number % 64)
        hits.append(hit)
    dimensions: dict[str, Thousandths] = {}
    adjustments: dict[str, Thousandths] = {}
    total, weighted = np.zeros(n_rows, dtype=np.int64), np.empty(n_rows, dtype=np.int64)
    for name, scale in policy.dimensions.items():
        held = np.clip(raw[name], _thousandths(scale.floor), _thousandths(scale.ceiling))
        dimensions[name] = held
        adjustments[name] = np.subtract(held, raw[name], out=raw[name])
        total += np.multiply(held, _thousandths(scale.weight), out=weighted, dtype=np.int64)
    return Scores(tuple(hits), np.stack(masks, axis=1), dimensions, adjustments, total)


def points_of(rule: Rule, values: Numbers) -> Thousandths:
    """Return a rule's points for values of its indicator, in thousandths, as if its condition held."""
    return _points(rule.form, rule, values)


def points_before_cap(rule: Rule, values: Numbers) -> Thousandths:
    """Return a rule's points as :func:`points_of` does, but without its cap."""
    match rule.form:
        case PerUnit() as per_unit:
            return _points(per_unit.model_copy(update={"cap": None}), rule, values)
        case Bands() | ByValue() as form:
            return _points(form, rule, values)
        case unknown:
            assert_never(unknown)


def _points(form: RuleForm, rule: Rule, values: Numbers) -> Thousandths:
    missing = np.isnan(values)
    match form:
        case PerUnit() as per_unit:
            cap = (per_unit.cap or MOST_POINTS) * POINT_UNIT
            points = np.clip(values * (per_unit.points * POINT_UNIT / per_unit.unit), -cap, cap)
        case Bands(bands):
            cuts = [band.below for band in bands[:-1]]
            which = np.searchsorted(np.asarray(cuts, dtype=np.float64), values, side="right")
            # Only bands that have a value are read: a trace shows what was read.
            by_band = np.zeros(len(bands))
            for number in np.flatnonzero(np.bincount(which[~missing])):
                by_band[number] = bands[number].points * POINT_UNIT
            points = by_band[which]
        case ByValue(listed, unseen):
            points = np.full(len(values), unseen * POINT_UNIT)
            for one in listed:
                rows = values == one.value
                if rows.any():
                    points[rows] = one.points * POINT_UNIT
        case unknown:
            assert_never(unknown)
    if missing.any():
        points = np.where(missing, rule.missing * POINT_UNIT, points)
    return np.rint(points).astype(np.int32)


def _apply(rule: Rule, indicators: Mapping[str, Numbers]) -> RuleHits:
    values = indicators[rule.indicator]
    # Most enterprises have 0 in most indicators: if 0 gives no points, only the others are computed.
    rows = np.flatnonzero(values != 0)
    if len(rows) < len(values) and (len(values) <= _FEW or points_of(rule, np.zeros(1))[0] != 0):
        rows = np.arange(len(values))
    points = points_of(rule, values[rows])
    earned = points != 0
    if rule.when is not None:
        earned &= rows_meeting(rule.when, indicators)[rows]
    return RuleHits(rule, rows, points) if earned.all() else RuleHits(rule, rows[earned], points[earned])


def _hits_of(hits: RuleHits, rows: NDArray[np.intp]) -> RuleHits:
    if not len(rows):
        return RuleHits(hits.rule, rows, hits.points[:0])
    place = np.searchsorted(hits.rows, rows)
    found = np.flatnonzero(place < len(hits.rows))
    found = found[hits.rows[place[found]] == rows[found]]
    return RuleHits(hits.rule, found, hits.points[place[found]])


def _thousandths(number: float) -> int:
    return round(number * POINT_UNIT)
