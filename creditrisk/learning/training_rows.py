"""What is odd about rows to learn from: indicators that say nothing, or too much."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from creditrisk.errors import LearningWarning

__all__ = ["leaking_columns", "warn_of_columns", "warn_of_leaks"]

# An indicator by itself that ranks findings so well is hardly something known beforehand.
LEAKING_AUC = 0.995
# Of each class, so that chance does not rank a handful perfectly; and no more rows than tell.
_AT_LEAST, _ENOUGH = 10, 20_000


def warn_of_columns(matrix: NDArray[np.float64], names: Sequence[str]) -> None:
    """Name the columns without any value, and those with one value throughout; trees make nothing of either."""
    missing, constant = [], []
    for name, column in zip(names, matrix.T, strict=True):
        first = column[0]
        # Most columns differ from their first value soon.
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
    """Name the columns that tell the outcome almost perfectly."""
    leaking = leaking_columns(matrix, labels, names)
    if leaking:
        warnings.warn(
            f"{_some(leaking)} alone tells the outcome almost perfectly: does it contain what was found only later? "
            "Compute indicators as of a day before the outcome, and leave out what follows from it",
            LearningWarning,
            stacklevel=4,
        )


def leaking_columns(matrix: NDArray[np.float64], labels: NDArray[np.float64], names: Sequence[str]) -> list[str]:
    """Columns whose values, rising or falling, rank almost all findings before all others.

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
    leaking = []
    for name, column in zip(names, matrix.T, strict=True):
        # Missing values stand at either end: to have none may tell as well.
        ends = (-np.inf, np.inf) if np.isnan(column).any() else (0.0,)
        areas = [_area(np.nan_to_num(column, nan=end, posinf=np.inf, neginf=-np.inf), labels) for end in ends]
        if max(max(area, 1 - area) for area in areas) >= LEAKING_AUC:
            leaking.append(name)
    return leaking


def _area(values: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """The chance that a finding has a greater value than another row, ties counted half."""
    order = np.sort(values[labels == 0])
    found = values[labels == 1]
    below, upto = np.searchsorted(order, found, side="left"), np.searchsorted(order, found, side="right")
    return float((below + upto).sum() / (2 * len(order) * len(found)))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
