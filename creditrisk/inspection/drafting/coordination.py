"""Coordination of draws: joint items share a visit, separate items draw different enterprises, and so do years.

All items of a plan use the same permanent random numbers, seen as points on a circle of length 1. A draw with ratio p
takes, nearly, the points from its start to p beyond it (Ohlsson 1995, "Coordination of samples using permanent random
numbers", in Business Survey Methods, ch. 9). Joint items have the same start, so the smaller sample lies within the
larger. A separate item starts where the one before it ends, so that nobody is drawn twice before all were drawn once.
Each year the starts move by the length that a year draws, ``start + year × step mod 1``, so that those drawn in one
year are not drawn in the next.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["JointVisits", "starts"]

Numbers = NDArray[np.float64]

# Starts are multiples of 2⁻³⁰, so that sums of them and numbers shifted by them are exact.
_TICKS = 1 << 30


def starts(ratios: Numbers, year: int) -> Numbers:
    """Return the points on the circle at which the draws of a year begin.

    Parameters
    ----------
    ratios : ndarray of float64, shape (n_groups, n_strata)
        The share of each stratum that a group of joint items, or a single item, draws in a year.
    year : int

    Returns
    -------
    ndarray of float64, shape (n_groups, n_strata)
        Multiples of 2⁻³⁰ from 0 up to, not including, 1.

    Examples
    --------
    >>> starts(np.array([[0.25], [0.125]]), 0).tolist()
    [[0.0], [0.25]]
    >>> starts(np.array([[0.25], [0.125]]), 1).tolist()
    [[0.375], [0.625]]
    """
    # A draw of everybody takes the whole circle, so its start does not matter.
    widths = np.where(ratios < 1, np.round(ratios * _TICKS), 0).astype(np.int64)
    before = np.cumsum(widths, axis=0) - widths
    total, widest = widths.sum(axis=0) % _TICKS, widths.max(axis=0, initial=0)
    # A step shorter than a draw would draw some of last year's enterprises again.
    step = np.where((total >= widest) & (total <= _TICKS - widest), total, widest)
    return ((before + year * step) % _TICKS) / _TICKS


class JointVisits:
    """Counts, for one group of joint items, the visits of independent draws and the least possible visits.

    If π are an enterprise's probabilities for the items, independent draws visit it with probability 1 − Π (1 − π), and
    no coordination can make this probability less than max π.
    """

    def __init__(self, size: int) -> None:
        self._spared = np.ones(size, dtype=np.float32)
        self._most = np.zeros(size, dtype=np.float32)
        self._drawn = 0

    def add(self, probabilities: NDArray[np.float32], drawn: int) -> None:
        """Add the draw of one item, with the probability of each enterprise."""
        self._spared *= 1 - probabilities
        np.maximum(self._most, probabilities, out=self._most)
        self._drawn += drawn

    def row(self, name: str, items: list[str], visits: int) -> pl.DataFrame:
        """Return the row joint_group, items, drawn, visits, visits_if_independent, visits_at_least."""
        return pl.DataFrame(
            {
                "joint_group": [name],
                "items": [items],
                "drawn": [self._drawn],
                "visits": [visits],
                "visits_if_independent": [float((1 - self._spared).sum(dtype=np.float64))],
                "visits_at_least": [float(self._most.sum(dtype=np.float64))],
            },
            schema_overrides={"items": pl.List(pl.String)},
        )
