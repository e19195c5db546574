"""Calibration of raw scores to probabilities on held-out rows: a logistic curve, or a rising function with knots."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from creditrisk.errors import InputError, LearningWarning

__all__ = ["Calibration", "CalibrationKind", "calibrate"]

CalibrationKind = Literal["sigmoid", "isotonic"]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """A rising function from raw scores to probabilities.

    Attributes
    ----------
    slope, intercept : float
        The parameters of the logistic curve ``1 / (1 + exp(-(slope · raw + intercept)))``.
    raw, probability : tuple of float
        The knots of a function that is linear between them and constant outside; without knots, the curve applies.

    Examples
    --------
    >>> Calibration(slope=2.0).probabilities(np.array([0.0, 1.0])).round(3).tolist()
    [0.5, 0.881]
    """

    slope: float = 1.0
    intercept: float = 0.0
    raw: tuple[float, ...] = ()
    probability: tuple[float, ...] = ()

    def probabilities(self, raw: Numbers) -> Numbers:
        """Return the probabilities of a finding, shape (n_rows,)."""
        if self.raw:
            return np.interp(raw, self.raw, self.probability)
        exponent = raw * -self.slope
        exponent -= self.intercept
        # The exponential of a very negative score is infinite, so its probability is correctly 0.
        with np.errstate(over="ignore"):
            np.exp(exponent, out=exponent)
        exponent += 1.0
        return np.reciprocal(exponent, out=exponent)

    def raw_at(self, probability: float) -> float:
        """Return the least raw score with at least this probability; infinite if none has it."""
        if not self.raw:
            if not 0 < probability < 1:
                return -np.inf if probability <= 0 else np.inf
            return self._least(
                float((np.log(probability / (1 - probability)) - self.intercept) / self.slope), probability
            )
        if probability <= self.probability[0]:
            return -np.inf
        at = int(np.searchsorted(self.probability, probability, side="left"))
        if at == len(self.raw):
            return np.inf
        (x0, x1), (p0, p1) = self.raw[at - 1 : at + 1], self.probability[at - 1 : at + 1]
        return x0 + (x1 - x0) * (probability - p0) / (p1 - p0)

    def _least(self, near: float, probability: float) -> float:
        """Search from a nearby score for the exact least score with this probability; rounding moves it a little."""

        def reaches(raw: float) -> bool:
            return bool(self.probabilities(np.array([raw]))[0] >= probability)

        low, high, step = near, near, max(abs(near), 1.0) * 1e-15
        while reaches(low):
            low, step = low - step, 2 * step
        while not reaches(high):
            high, step = high + step, 2 * step
        # Halve the interval until no number is left in it.
        while low < (middle := low + (high - low) / 2) < high:
            low, high = (low, middle) if reaches(middle) else (middle, high)
        return high

    def to_json(self) -> dict[str, Any]:
        """Return the calibration as plain data."""
        return {"slope": self.slope, "intercept": self.intercept, "raw": self.raw, "probability": self.probability}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibration:
        """Make a calibration from plain data."""
        return cls(data["slope"], data["intercept"], tuple(data["raw"]), tuple(data["probability"]))


def check_calibration(kind: str | None) -> None:
    """Raise an InputError unless this is a kind of calibration or None."""
    if kind is not None and kind not in get_args(CalibrationKind):
        raise InputError(f"calibration must be one of {', '.join(get_args(CalibrationKind))} or None, got {kind!r}")


def calibrate(
    raw: Numbers, labels: Numbers, weights: Numbers | None = None, kind: CalibrationKind | None = "sigmoid"
) -> Calibration:
    """Fit a calibration to held-out rows.

    Parameters
    ----------
    raw : ndarray of float, shape (n_rows,)
        The scores of a model that has not seen the rows.
    labels : ndarray of float, shape (n_rows,)
        1 for a finding, else 0.
    weights : ndarray of float, shape (n_rows,), optional
    kind : {"sigmoid", "isotonic"} or None
        ``"sigmoid"`` after Platt (1999), with labels moved slightly inside 0 and 1 so that no finite sample is certain;
        ``"isotonic"`` for many rows.

    Warns
    -----
    LearningWarning
        If higher scores do not mean more findings among the held-out rows; then only the level is fitted.
    """
    if kind is None:
        return Calibration()
    weights = np.ones(len(raw)) if weights is None else weights
    if kind == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(raw, labels, sample_weight=weights)
        return Calibration(
            raw=tuple(fitted.X_thresholds_.astype(float).tolist()),
            probability=tuple(fitted.y_thresholds_.astype(float).tolist()),
        )
    slope, intercept = _logistic(raw, labels, weights, with_slope=True)
    if slope <= 0:
        warnings.warn(
            "among the held-out rows higher scores do not mean more findings: the model has learnt nothing that lasts. "
            "Give more rows, or indicators that say more",
            LearningWarning,
            stacklevel=4,
        )
        slope, intercept = _logistic(raw, labels, weights, with_slope=False)
    return Calibration(slope, intercept)


def _logistic(raw: Numbers, labels: Numbers, weights: Numbers, *, with_slope: bool) -> tuple[float, float]:
    """Fit slope and intercept by Newton's method; the log loss is convex."""
    positive, negative = weights[labels == 1].sum(), weights[labels == 0].sum()
    target = np.where(labels == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    slope, intercept = (0.0 if with_slope else 1.0), 0.0
    X = np.stack([raw if with_slope else np.zeros(len(raw)), np.ones(len(raw))])
    loss = np.inf
    for _ in range(100):
        z = slope * raw + intercept
        new = float(np.sum(weights * (np.logaddexp(0, z) - target * z)))
        if not new < loss - 1e-12 * abs(new):
            break
        loss = new
        p = 1 / (1 + np.exp(-np.clip(z, -700, 700)))
        gradient = X @ (weights * (p - target))
        hessian = (X * (weights * p * (1 - p))) @ X.T + 1e-10 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        # A step that is too long is halved.
        for _ in range(40):
            z = (slope - step[0]) * raw + intercept - step[1]
            if np.sum(weights * (np.logaddexp(0, z) - target * z)) <= loss:
                break
            step = step / 2
        slope, intercept = float(slope - step[0]), float(intercept - step[1])
    return slope, intercept
