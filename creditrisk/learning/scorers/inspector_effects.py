"""The strictness of inspectors, so that a strict inspector's extra findings are not attributed to the enterprise."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.learning.scorers.validation import one_for_each_row

__all__ = ["checked_inspectors", "log_odds", "strictness"]

Numbers = NDArray[np.float64]

# The number of visits at the common rate that are added to each inspector's, so that few visits have little effect.
_VISITS_ADDED = 5.0


def checked_inspectors(values: Any, n_rows: int) -> NDArray[np.intp]:
    """Return the inspector of each row as a number; all unknown inspectors share one number."""
    series = one_for_each_row(values, "inspectors", n_rows)
    return series.rank("dense").fill_null(0).cast(pl.Int64).to_numpy().astype(np.intp)


def strictness(
    inspectors: NDArray[np.intp], learnt: NDArray[np.intp], labels: Numbers, weights: Numbers | None = None
) -> Numbers:
    """Return the log odds of a finding by each row's inspector minus the common log odds; 0 for an unknown inspector.

    Parameters
    ----------
    inspectors : ndarray of int, shape (n_rows,)
    learnt : ndarray of int, shape (n_learnt,)
        The inspectors of the rows whose outcomes are known.
    labels : ndarray of float, shape (n_learnt,)
    weights : ndarray of float, shape (n_learnt,), optional

    Examples
    --------
    >>> learnt, labels = np.repeat([1, 2], 95), np.tile([1.0, 0.0, 0.0, 0.0, 0.0], 38)
    >>> labels[95:] = 0.0
    >>> strictness(np.array([1, 2, 3]), learnt, labels).round(2).tolist()
    [0.78, -3.1, 0.0]
    """
    weights = np.ones(len(labels)) if weights is None else weights
    size = int(max(inspectors.max(initial=0), learnt.max(initial=0))) + 1
    common = float(weights @ labels / weights.sum())
    visits = np.bincount(learnt, weights, minlength=size) + _VISITS_ADDED
    found = np.bincount(learnt, weights * labels, minlength=size) + _VISITS_ADDED * common
    beyond = np.log(found / (visits - found)) - log_odds(common)
    return np.where(visits > _VISITS_ADDED, beyond, 0.0)[inspectors]


def log_odds(share: float) -> float:
    """Return the logarithm of a share divided by the rest."""
    return float(np.log(share / (1 - share)))
