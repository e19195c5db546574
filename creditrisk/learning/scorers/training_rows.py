"""Training rows: checks of the given rows, and warnings about unusual columns."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from sklearn.utils import check_array

from creditrisk.errors import InputError, LearningWarning
from creditrisk.learning.scorers.inspector_effects import strictness
from creditrisk.learning.scorers.validation import Split, split_rows

__all__ = [
    "LearningRows",
    "checked_outcomes",
    "checked_weights",
    "leaking_columns",
    "warn_of_columns",
    "warn_of_leaks",
]

Numbers = NDArray[np.float64]

# A single indicator that ranks findings this well was probably not known before the outcome.
LEAKING_AUC = 0.995
# The least number of rows of each class, so that chance does not rank a few perfectly; and the most rows to use.
_AT_LEAST, _ENOUGH = 10, 20_000
_ENOUGH_FOR_RATES = 4_000
# The bins are few and large enough that chance fills none of them with findings alone.
_MOST_BINS, _ROWS_OF_A_BIN = 64, 20


@dataclass(frozen=True)
class LearningRows:
    """Rows to learn from, without those of weight 0.

    Attributes
    ----------
    matrix : ndarray of float64, shape (n_rows, n_columns)
    labels : ndarray of float64, shape (n_rows,)
        1 for a finding, else 0.
    weights : ndarray of float64, shape (n_rows,), or None
        The weights, with a mean of 1.
    as_of : polars.Series of Date, or None
    groups : ndarray of int, shape (n_rows,), or None
    inspectors : ndarray of int, shape (n_rows,), or None
    seed : int
    """

    matrix: Numbers
    labels: Numbers
    weights: Numbers | None
    as_of: pl.Series | None
    groups: NDArray[np.intp] | None
    inspectors: NDArray[np.intp] | None
    seed: int

    def split(self, share: float, gap_days: int) -> Split | None:
        """Hold out rows of the latest days and of other enterprises; None if there are too few."""
        return split_rows(self.labels, share, self.seed, as_of=self.as_of, groups=self.groups, gap_days=gap_days)

    def at(self, places: NDArray[np.intp]) -> LearningRows:
        """Return some of the rows."""
        parts = {name: getattr(self, name) for name in ("weights", "as_of", "groups", "inspectors")}
        chosen = {name: None if part is None else part[places] for name, part in parts.items()}
        return LearningRows(self.matrix[places], self.labels[places], **chosen, seed=self.seed)

    def strictness(self, learnt: LearningRows) -> Numbers | None:
        """Return the strictness of each row's inspector, learnt from other rows; None without inspectors."""
        if self.inspectors is None or learnt.inspectors is None:
            return None
        return strictness(self.inspectors, learnt.inspectors, learnt.labels, learnt.weights)


def checked_outcomes(y: Any) -> Any:
    """Return outcomes as an array of one type; a missing one gets its own error."""
    array = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if array.ndim != 1:
        return y
    missing = pd.isna(array)
    if missing.any():
        raise InputError(
            f"Input y contains NaN: {int(missing.sum())} outcomes are missing. Keep the rows with an outcome, "
            "those that were inspected in time"
        )
    if array.dtype.kind == "f" and np.isinf(array).any():
        at = int(np.isinf(array).argmax())
        raise InputError(f"Input y contains infinity: row {at} has {array[at]:g}. Give 1 for a finding, else 0")
    if array.dtype == object and len({type(value) for value in array.tolist()}) == 1:
        return np.array(array.tolist())
    return y if array.dtype != object else array


def checked_weights(given: Any, n_rows: int) -> Numbers:
    """Return weights with a mean of 1 over those that are not 0, so that their scale does not matter."""
    try:
        weights = check_array(given, ensure_2d=False, dtype=np.float64, ensure_all_finite=False)
    except ValueError as error:
        raise InputError(f"sample_weight: {str(error).splitlines()[0]} Give a finite number for each row") from error
    if weights.shape != (n_rows,):
        raise InputError(f"sample_weight must have one number for each row of X: {n_rows}, got shape {weights.shape}")
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        at = int(wrong.argmax())
        raise InputError(
            f"sample_weight: row {at} has {weights[at]:g}. Give a finite number for each row, none negative, and 0 to "
            "leave a row out"
        )
    if not weights.any():
        raise InputError("every sample_weight is zero: there is no row to learn from")
    # This division makes sure that no sum of them is infinite.
    weights = weights / weights.max()
    return weights * (np.count_nonzero(weights) / weights.sum())


def warn_of_columns(matrix: NDArray[np.float64], names: Sequence[str]) -> None:
    """Warn of columns without any value, and of those with only one value; trees can use neither."""
    missing, constant = [], []
    for name, column in zip(names, matrix.T, strict=True):
        first = column[0]
        # Most columns have another value among their first rows.
        if not (np.isnan(column[:64]) == np.isnan(first)).all() or (column[:64] > first).any():
            continue
        there = ~np.isnan(column)
        if not there.any():
            missing.append(name)
        elif there.all() and (column == first).all():
            constant.append(name)
    for found, what in ((missing, "without any value"), (constant, "with one value throughout")):
        if found:
            warnings.warn(
                f"{len(found)} columns {what}, which the model cannot use: {_some(found)}. "
                "Leave them out, or see why the records say nothing of them",
                LearningWarning,
                stacklevel=4,
            )


def warn_of_leaks(matrix: NDArray[np.float64], labels: NDArray[np.float64], names: Sequence[str]) -> None:
    """Warn of columns that predict the outcome almost perfectly."""
    leaking = leaking_columns(matrix, labels, names)
    if leaking:
        warnings.warn(
            f"{_some(leaking)} alone tells the outcome almost perfectly: does it contain what was found only later? "
            "Compute indicators as of a day before the outcome, and leave out what follows from it",
            LearningWarning,
            stacklevel=4,
        )


def leaking_columns(matrix: NDArray[np.float64], labels: NDArray[np.float64], names: Sequence[str]) -> list[str]:
    """Return columns that rank almost all findings first: by their values, or by the rate of each value or bin.

    Examples
    --------
    >>> labels = np.repeat([0.0, 1.0], 20)
    >>> leaking_columns(np.stack([labels, np.tile(labels[::2], 2)], axis=1), labels, ["a", "b"])
    ['a']
    """
    if min(labels.sum(), len(labels) - labels.sum()) < _AT_LEAST:
        return []
    step = -(-len(labels) // _ENOUGH)
    if step > 1 and min(labels[::step].sum(), (1 - labels[::step]).sum()) >= _AT_LEAST:
        matrix, labels = matrix[::step], labels[::step]
    leaking, few = [], slice(None, None, -(-len(labels) // _ENOUGH_FOR_RATES))
    tells_rates = min(labels[few].sum(), (1 - labels[few]).sum()) >= _AT_LEAST
    for name, column in zip(names, matrix.T, strict=True):
        # Missing values are tried at both ends, because a missing value may also predict the outcome.
        ends = (-np.inf, np.inf) if np.isnan(column).any() else (0.0,)
        areas = [_area(np.nan_to_num(column, nan=end, posinf=np.inf, neginf=-np.inf), labels) for end in ends]
        if tells_rates:
            areas.append(_area(_rates(column[few], labels[few]), labels[few]))
        if max(max(area, 1 - area) for area in areas) >= LEAKING_AUC:
            leaking.append(name)
    return leaking


def _rates(column: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of findings among the rows with each row's value, or in its bin if there are many values."""
    bins = min(_MOST_BINS, len(column) // _ROWS_OF_A_BIN)
    values, place = np.unique(column, return_inverse=True)
    if len(values) > bins:
        place = np.argsort(np.argsort(column, kind="stable"), kind="stable") * bins // len(column)
    count = np.bincount(place)
    return (np.bincount(place, labels) / np.maximum(count, 1))[place]


def _area(values: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """Return the probability that a finding has a greater value than another row; ties count half."""
    order = np.sort(values[labels == 0])
    found = values[labels == 1]
    below, upto = np.searchsorted(order, found, side="left"), np.searchsorted(order, found, side="right")
    return float((below + upto).sum() / (2 * len(order) * len(found)))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
