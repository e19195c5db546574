"""Exact reasons of a score that is a sum of one function of each column, for any model that computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from creditrisk.errors import InputError

__all__ = ["AdditiveReasons"]

Numbers = NDArray[np.float64]
ScoreOf = Callable[[Any], Numbers]

# The number of rows for an average, evenly spaced.
_MOST_ROWS = 1_000
# Some classifiers compute in single precision.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class AdditiveReasons:
    """The averages to which the contributions of columns refer.

    For a sum ``f(x) = Σ g_j(x_j)``, the Shapley value of column j over a set of rows is ``g_j(x_j)`` minus its mean
    over them. ``g_j(x_j) - g_j(z_j)`` is the fall of the score if the column gets the value of one row z.

    Attributes
    ----------
    row : pandas.DataFrame or ndarray, shape (1, n_columns)
        The row z.
    score : float
        The score of z.
    averages : ndarray of float64, shape (n_columns,)
        The mean of ``g_j(x_j) - g_j(z_j)`` over the rows.
    """

    row: Any
    score: float
    averages: Numbers

    @classmethod
    def of(cls, score_of: ScoreOf, rows: Any) -> AdditiveReasons:
        """Compute the averages over some rows.

        Raises
        ------
        InputError
            If there are no rows, or the score is not such a sum on them.
        """
        rows = rows if hasattr(rows, "iloc") else np.asarray(rows)
        if not len(rows):
            raise InputError("reasons count from an average, and there are no rows to take it of: give X with rows")
        chosen = _at(rows, np.arange(0, len(rows), -(-len(rows) // _MOST_ROWS)))
        first = _at(chosen, np.zeros(1, dtype=np.intp))
        start = cls(first, float(score_of(first)[0]), np.zeros(chosen.shape[1]))
        return cls(first, start.score, start.contributions(score_of, chosen).mean(axis=0))

    @property
    def base(self) -> float:
        """The mean score of the rows."""
        return self.score + float(self.averages.sum())

    def contributions(self, score_of: ScoreOf, rows: Any) -> Numbers:
        """Return the Shapley values of every column, shape (n_rows, n_columns).

        Raises
        ------
        InputError
            If the values and the base do not add up to the score of a row.
        """
        rows = rows if hasattr(rows, "iloc") else np.asarray(rows)
        result = np.empty((len(rows), rows.shape[1]))
        if not len(rows):
            return result
        score = score_of(rows)
        instead = _at(self.row, np.zeros(len(rows), dtype=np.intp))
        for place in range(rows.shape[1]):
            result[:, place] = score - score_of(_with_column(rows, instead, place))
        rest = np.abs(result.sum(axis=1) + self.score - score)
        sums = rest <= _ROUNDING * (1 + np.abs(result).sum(axis=1) + np.abs(score))
        if not sums.all():
            raise InputError(
                f"the score of row {int(np.argmin(sums))} is no sum of one part for each column, so there are no exact "
                "reasons: wrap the classifier with reasons='none'"
            )
        return result - self.averages


def _at(rows: Any, places: NDArray[np.intp]) -> Any:
    return rows.iloc[places] if hasattr(rows, "iloc") else np.asarray(rows)[places]


def _with_column(rows: Any, instead: Any, place: int) -> Any:
    """Return the rows with one column from other rows."""
    if hasattr(rows, "iloc"):
        changed = rows.copy()
        changed[rows.columns[place]] = instead.iloc[:, place].set_axis(rows.index)
        return changed
    changed = np.array(rows)
    changed[:, place] = instead[:, place]
    return changed
