"""An additive model as points by bands: what a policy document can say, and therefore what the model is.

A scorecard is a step function for each indicator, and so are trees of depth one, summed. Written in thousandths of a
point, as a policy keeps points, these functions are the model itself: it predicts through them, and its export is
exact.

Points fall with risk: so many at even odds of a finding (50 unless said otherwise), and so many more for each halving
of the odds (10). Each indicator takes points away from what its best band leaves, so the base is the best score that
there is.
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
    """What points mean.

    Attributes
    ----------
    even_odds : int
        The total, in thousandths, at even odds of a finding.
    to_halve_odds : int
        So many thousandths more halve the odds.
    """

    even_odds: int = 50_000
    to_halve_odds: int = 10_000

    @property
    def log_odds(self) -> float:
        """The raw score (log odds of a finding) of a thousandth of a point."""
        return log(2) / self.to_halve_odds

    def raw(self, totals: Thousandths) -> Numbers:
        """Raw scores of total points in thousandths."""
        return np.multiply(self.even_odds - totals, self.log_odds, dtype=np.float64)


@dataclass(frozen=True)
class Steps:
    """The points of one indicator: band ``j`` holds values in ``[cuts[j - 1], cuts[j])``.

    Attributes
    ----------
    feature : int
    cuts : tuple of float
        Rising.
    points : tuple of int
        In thousandths, none above 0; one more than cuts.
    missing : int
        Where there is nothing to measure.
    expected : float
        The mean over the training rows.
    """

    feature: int
    cuts: tuple[float, ...]
    points: tuple[int, ...]
    missing: int
    expected: float

    def of(self, values: Numbers) -> Thousandths:
        """Points for values, shape (n_rows,)."""
        table = np.array([*self.points, self.missing], dtype=np.int64)
        if len(self.cuts) > _FEW_CUTS:
            band = np.searchsorted(np.array(self.cuts, dtype=np.float64), values, side="right")
        else:
            # With few cuts to compare with is several times as quick as to search.
            band = np.zeros(len(values), dtype=np.uint8)
            for cut in self.cuts:
                band += values >= cut
        # NaN sorts nowhere; what it gets is said apart.
        band[np.isnan(values)] = len(self.points)
        return table.take(band)


@dataclass(frozen=True)
class AdditivePoints:
    """The whole model: base and the points of each indicator, in thousandths."""

    base: int
    steps: tuple[Steps, ...]
    scale: PointScale = PointScale()

    def totals(self, X: Numbers) -> Thousandths:
        """Total points, in thousandths, shape (n_rows,)."""
        total = np.full(len(X), self.base, dtype=np.int64)
        for step in self.steps:
            total += step.of(X[:, step.feature])
        return total

    def raw(self, X: Numbers) -> Numbers:
        """Raw scores: log odds of a finding, shape (n_rows,)."""
        return self.scale.raw(self.totals(X))

    @property
    def expected(self) -> float:
        """The mean raw score over the training rows, from which contributions are counted."""
        expected = self.base + sum(step.expected for step in self.steps)
        return (self.scale.even_odds - expected) * self.scale.log_odds

    def contributions(self, X: Numbers) -> Numbers:
        """Exact Shapley values by look-up, shape (n_rows, n_features)."""
        result = np.zeros(X.shape)
        for step in self.steps:
            result[:, step.feature] = (step.expected - step.of(X[:, step.feature])) * self.scale.log_odds
        return result

    def total_below(self, threshold: float) -> int:
        """The fewest points whose raw score lies below a threshold, held just outside the points that there are."""
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
        """As plain data."""
        return {"base": self.base, "scale": vars(self.scale), "steps": [vars(step) for step in self.steps]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AdditivePoints:
        """From plain data."""
        steps = [Steps(**{**one, "cuts": tuple(one["cuts"]), "points": tuple(one["points"])}) for one in data["steps"]]
        return cls(data["base"], tuple(steps), PointScale(**data.get("scale", {})))


def additive_points(trees: Sequence[dict[str, Any]], X: Numbers) -> AdditivePoints:
    """Write trees of depth one as points by bands.

    Parameters
    ----------
    trees : sequence of dict
        ``Booster.dump_model()["tree_info"]``.
    X : ndarray of float64, shape (n_rows, n_features)
        The training rows. A cut may lie anywhere between two neighbouring values of theirs, and is written as the
        roundest number there.
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
    """Cuts, the sum of the stumps in each band, and their sum for a missing value."""
    present = np.unique(column[~np.isnan(column)])
    cut_of = {stump["threshold"]: _roundest_cut(stump["threshold"], present) for stump in stumps}
    cuts = sorted(set(cut_of.values()))
    values, missing = np.zeros(len(cuts) + 1), 0.0
    for stump in stumps:
        at = cuts.index(cut_of[stump["threshold"]])
        left, right = stump["left_child"]["leaf_value"], stump["right_child"]["leaf_value"]
        values[: at + 1] += left
        values[at + 1 :] += right
        # Where training had no missing value, LightGBM takes one for zero.
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
    """Raw scores by band, none below 0, as points; None where they say nothing."""
    points = [-round(value / scale.log_odds) for value in values]
    # Bands that come to the same points are one.
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
    """The roundest number that parts the values at most the threshold from those above it, as a ``below``."""
    at = int(np.searchsorted(present, threshold, side="right"))
    if at in (0, len(present)):
        return nextafter(threshold, np.inf)
    return roundest_between(float(present[at - 1]), float(present[at]))


def roundest_between(low: float, high: float) -> float:
    """The roundest number above one and at most the other.

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
