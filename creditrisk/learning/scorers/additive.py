"""An additive model as points by bands, the form that a policy document can express.

A scorecard is a step function for each indicator, and so is a sum of trees of depth one. Written in thousandths of a
point, as a policy stores points, these functions are the model itself: it predicts with them, and its export is exact.

Points fall with risk: the total is 50 (by default) at even odds of a finding, and rises by 10 for each halving of the
odds. Each indicator only takes points away, none in its best band, so the base is the best possible score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal
from math import log, nextafter
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AdditivePoints", "PointScale", "Steps", "additive_points", "roundest_between", "steps_in_points"]

_FEW_CUTS = 24
# Enough digits for any float, so that rounding down is exact.
_EXACT = Context(prec=400)

Numbers = NDArray[np.float64]
Thousandths = NDArray[np.int64]


@dataclass(frozen=True)
class PointScale:
    """The meaning of points.

    Attributes
    ----------
    even_odds : int
        The total, in thousandths, at even odds of a finding.
    to_halve_odds : int
        The thousandths of a point that halve the odds.
    """

    even_odds: int = 50_000
    to_halve_odds: int = 10_000

    @property
    def log_odds(self) -> float:
        """The raw score (log odds of a finding) for a thousandth of a point."""
        return log(2) / self.to_halve_odds

    def raw(self, totals: Thousandths) -> Numbers:
        """Return the raw scores of total points in thousandths."""
        return np.multiply(self.even_odds - totals, self.log_odds, dtype=np.float64)


@dataclass(frozen=True)
class Steps:
    """The points of one indicator: band ``j`` holds values in ``[cuts[j - 1], cuts[j])``.

    Attributes
    ----------
    feature : int
    cuts : tuple of float
        The cuts, in rising order.
    points : tuple of int
        The points in thousandths, none above 0; there is one more than cuts.
    missing : int
        The points if there is nothing to measure.
    expected : float
        The mean points over the training rows.
    """

    feature: int
    cuts: tuple[float, ...]
    points: tuple[int, ...]
    missing: int
    expected: float

    def of(self, values: Numbers) -> Thousandths:
        """Return the points for values, shape (n_rows,)."""
        table = np.array([*self.points, self.missing], dtype=np.int64)
        if len(self.cuts) > _FEW_CUTS:
            band = np.searchsorted(np.array(self.cuts, dtype=np.float64), values, side="right")
        else:
            # With few cuts, comparing is several times as fast as searching.
            band = np.zeros(len(values), dtype=np.uint8)
            for cut in self.cuts:
                band += values >= cut
        # NaN has no place in the order, so its points are set separately.
        band[np.isnan(values)] = len(self.points)
        return table.take(band)


@dataclass(frozen=True)
class AdditivePoints:
    """The whole model: the base and the points of each indicator, in thousandths."""

    base: int
    steps: tuple[Steps, ...]
    scale: PointScale = PointScale()

    def totals(self, X: Numbers) -> Thousandths:
        """Return total points, in thousandths, shape (n_rows,)."""
        total = np.full(len(X), self.base, dtype=np.int64)
        for step in self.steps:
            total += step.of(X[:, step.feature])
        return total

    def raw(self, X: Numbers) -> Numbers:
        """Return raw scores (log odds of a finding), shape (n_rows,)."""
        return self.scale.raw(self.totals(X))

    @property
    def expected(self) -> float:
        """The mean raw score over the training rows, to which contributions refer."""
        expected = self.base + sum(step.expected for step in self.steps)
        return (self.scale.even_odds - expected) * self.scale.log_odds

    def contributions(self, X: Numbers) -> Numbers:
        """Return exact Shapley values, read from a table, shape (n_rows, n_features)."""
        result = np.zeros(X.shape)
        for step in self.steps:
            result[:, step.feature] = (step.expected - step.of(X[:, step.feature])) * self.scale.log_odds
        return result

    def total_below(self, threshold: float) -> int:
        """Return the fewest points whose raw score lies below a threshold, or one beyond the possible points."""
        least = self.base + sum(min(*step.points, step.missing) for step in self.steps)
        if not self.scale.raw(np.array([least - 1]))[0] >= threshold:
            return least - 1
        low, high = least - 1, self.base + 1
        if self.scale.raw(np.array([high]))[0] >= threshold:
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.scale.raw(np.array([middle]))[0] >= threshold else (low, middle)
        return high

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain data."""
        return {"base": self.base, "scale": vars(self.scale), "steps": [vars(step) for step in self.steps]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AdditivePoints:
        """Make a model from plain data."""
        steps = [Steps(**{**one, "cuts": tuple(one["cuts"]), "points": tuple(one["points"])}) for one in data["steps"]]
        return cls(data["base"], tuple(steps), PointScale(**data.get("scale", {})))


def additive_points(trees: Sequence[dict[str, Any]], X: Numbers) -> AdditivePoints:
    """Write trees of depth one as points by bands.

    Parameters
    ----------
    trees : sequence of dict
        ``Booster.dump_model()["tree_info"]``.
    X : ndarray of float64, shape (n_rows, n_features)
        The training rows. A cut may lie anywhere between two of their neighbouring values; it is written as the
        roundest number between them.
    """
    scale = PointScale()
    stumps: dict[int, list[dict[str, Any]]] = defaultdict(list)
    constant = 0.0
    for tree in trees:
        root = tree["tree_structure"]
        if "leaf_value" in root:
            constant += root["leaf_value"]
        else:
            stumps[root["split_feature"]].append(root)
    best, steps = constant, []
    for feature in sorted(stumps):
        cuts, values, missing = _step_function(stumps[feature], X[:, feature])
        least = min(*values, missing)
        best += least
        raw = [value - least for value in values]
        step = steps_in_points(scale, feature, cuts, raw, missing - least, X[:, feature])
        if step is not None:
            steps.append(step)
    return AdditivePoints(round(scale.even_odds - best / scale.log_odds), tuple(steps), scale)


def _step_function(stumps: Sequence[dict[str, Any]], column: Numbers) -> tuple[list[float], list[float], float]:
    """Return the cuts, the sum of the stumps in each band, and their sum for a missing value."""
    present = np.unique(column[~np.isnan(column)])
    cut_of = {stump["threshold"]: _roundest_cut(stump["threshold"], present) for stump in stumps}
    cuts = sorted(set(cut_of.values()))
    values, missing = np.zeros(len(cuts) + 1), 0.0
    for stump in stumps:
        at = cuts.index(cut_of[stump["threshold"]])
        left, right = stump["left_child"]["leaf_value"], stump["right_child"]["leaf_value"]
        values[: at + 1] += left
        values[at + 1 :] += right
        # If training had no missing value, LightGBM treats one as zero.
        to_left = stump["default_left"] if stump["missing_type"] == "NaN" else cuts[at] > 0
        missing += left if to_left else right
    return cuts, values.tolist(), missing


def steps_in_points(
    scale: PointScale,
    feature: int,
    cuts: Sequence[float],
    values: Sequence[float],
    missing: float,
    column: Numbers,
) -> Steps | None:
    """Turn raw scores by band, none below 0, into points; None if all are equal."""
    points = [-round(value / scale.log_odds) for value in values]
    # Neighbouring bands with the same points become one.
    kept = [place for place in range(len(cuts)) if points[place] != points[place + 1]]
    step = Steps(
        feature,
        tuple(cuts[place] for place in kept),
        (*(points[place] for place in kept), points[-1]),
        -round(missing / scale.log_odds),
        expected=0.0,
    )
    if not kept and step.missing == step.points[0]:
        return None
    return Steps(step.feature, step.cuts, step.points, step.missing, float(step.of(column).mean()))


def _roundest_cut(threshold: float, present: Numbers) -> float:
    """Return the roundest number, as a ``below``, that separates values up to the threshold from those above it."""
    at = int(np.searchsorted(present, threshold, side="right"))
    if at in (0, len(present)):
        return nextafter(threshold, np.inf)
    return roundest_between(float(present[at - 1]), float(present[at]))


def roundest_between(low: float, high: float) -> float:
    """Return the roundest number above ``low`` and at most ``high``.

    Examples
    --------
    >>> roundest_between(0.1293, 0.134), roundest_between(7.0, 8.0)
    (0.13, 8.0)
    """
    for decimals in range(-15, 18):
        candidate = float(Decimal(high).quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR, _EXACT))
        if low < candidate <= high:
            return candidate
    return high
