"""Bootstrap resamples of enterprises: an enterprise comes with all its rows or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["interval", "resamples"]

Numbers = NDArray[np.float64]


def resamples(unit: NDArray[np.intp], n_resamples: int, seed: int) -> Iterator[Numbers]:
    """Draw bootstrap resamples, each given as the number of times that every row is in it.

    Rows of one enterprise resemble one another, so whole enterprises are drawn, with replacement (Davison and Hinkley
    1997, Bootstrap Methods and their Application, section 3.8).

    Parameters
    ----------
    unit : ndarray of int, shape (n_rows,)
        The number of each row's enterprise, from 0.
    n_resamples : int
    seed : int

    Yields
    ------
    ndarray of float, shape (n_rows,)
    """
    generator = np.random.default_rng(seed)
    n_units = int(unit.max()) + 1 if len(unit) else 0
    for _ in range(n_resamples):
        drawn = generator.integers(n_units, size=n_units)
        yield np.bincount(drawn, minlength=n_units).astype(np.float64)[unit]


def interval(values: Numbers, level: float) -> tuple[Numbers, Numbers]:
    """Return the percentile interval of resampled figures over the first axis; NaN where no resample has one."""
    tail = (1 - level) / 2
    known = ~np.isnan(values).all(axis=0)
    low, high = np.full(values.shape[1:], np.nan), np.full(values.shape[1:], np.nan)
    if known.any():
        low[known], high[known] = np.nanquantile(values[:, known], [tail, 1 - tail], axis=0)
    return low, high
