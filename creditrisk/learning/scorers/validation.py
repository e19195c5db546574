"""Held-out rows: the latest days, and enterprises that the model has not seen.

A model is used for enterprises on future days, so it is judged, stopped and calibrated on later days than those of its
training. Rows of one enterprise resemble one another, so no enterprise is on both sides.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import civil_days
from creditrisk.errors import InputError, LearningWarning

__all__ = ["Split", "day_numbers", "group_numbers", "one_for_each_row", "split_rows"]

# One in this number of the enterprises with early and late rows is held out; the others are used for training.
_ONE_IN = 2


@dataclass(frozen=True)
class Split:
    """The rows for training, and the rows held out; rows in neither set would connect the two.

    Attributes
    ----------
    training, held_out : ndarray of int
        The positions of rows, in rising order.
    """

    training: NDArray[np.intp]
    held_out: NDArray[np.intp]


def split_rows(
    labels: NDArray[np.float64],
    share: float,
    seed: int,
    *,
    as_of: Any = None,
    groups: Any = None,
    gap_days: int = 0,
) -> Split | None:
    """Hold out rows for early stopping and calibration.

    Parameters
    ----------
    labels : ndarray of float, shape (n_rows,)
        1 for a finding, else 0.
    share : float
        The share of the rows (with ``as_of``, from the latest days) that are held out.
    seed : int
    as_of : array_like of dates, shape (n_rows,), optional
        The days; the latest are held out.
    groups : array_like, shape (n_rows,), optional
        The groups, such as enterprise ids: none is on both sides.
    gap_days : int
        Training rows are at least this number of days before the first held-out day.

    Returns
    -------
    Split or None
        The split; None if a side would have too few rows: fewer than two of either class.

    Raises
    ------
    InputError
        If a day or group is missing, or there is not one for each row.

    Examples
    --------
    >>> days = ["2024-01-01"] * 4 + ["2025-01-01"] * 4
    >>> split = split_rows(np.array([0.0, 1, 0, 1] * 2), 0.5, 0, as_of=days, groups=list("abcdefgh"))
    >>> split.training.tolist(), split.held_out.tolist()
    ([0, 1, 2, 3], [4, 5, 6, 7])
    """
    n_rows = len(labels)
    if as_of is None and groups is None:
        split = _stratified(labels, share, seed)
    else:
        ids = None if groups is None else group_numbers(groups, n_rows)
        if as_of is None:
            assert ids is not None
            late = _draw(ids, share, seed)
            split = Split(np.flatnonzero(~late), np.flatnonzero(late))
        else:
            split = _by_time(day_numbers(as_of, n_rows), ids, share, seed, gap_days)
    return split if all(_tells(labels[rows]) for rows in (split.training, split.held_out)) else None


def day_numbers(days: Any, n_rows: int | None = None) -> NDArray[np.int32]:
    """Return days as numbers, counted from 1970-01-01.

    Raises
    ------
    InputError
        If an entry is not a day, or there is not one for each row.
    """
    series = one_for_each_row(days, "as_of", n_rows)
    dates = civil_days(series, "as_of")
    if dates.null_count():
        raise InputError(f"row {int(dates.is_null().to_numpy().argmax())} has no as_of: give a day such as 2026-06-30")
    return dates.to_physical().to_numpy()


def group_numbers(groups: Any, n_rows: int) -> NDArray[np.intp]:
    """Return the enterprise of each row as a number from 0 on.

    Raises
    ------
    InputError
        If one is missing, or there is not one for each row.
    """
    series = one_for_each_row(groups, "groups", n_rows)
    if series.null_count():
        missing = int(series.is_null().to_numpy().argmax())
        raise InputError(f"row {missing} has no group; give the enterprise_id of each")
    return series.rank("dense").to_numpy().astype(np.intp) - 1


def one_for_each_row(values: Any, name: str, n_rows: int | None) -> pl.Series:
    """Return an argument with one entry for each row of X; NaN is missing.

    Raises
    ------
    InputError
        If there are more or fewer entries, or they have different types.
    """
    try:
        series = values if isinstance(values, pl.Series) else _series(values, name)
    except (ArithmeticError, NotImplementedError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{name} cannot be read: {error}. Give a list or a column of one kind of values") from error
    if n_rows is not None and len(series) != n_rows:
        raise InputError(f"{name} must have one entry for each row of X: {n_rows}, got {len(series)}")
    return series.fill_nan(None) if series.dtype.is_float() else series


def _by_time(days: NDArray[np.int32], ids: NDArray[np.intp] | None, share: float, seed: int, gap_days: int) -> Split:
    first, last = days.min(), days.max()
    if first == last:
        warnings.warn(
            f"all rows are of {np.datetime64(int(first), 'D')}, so no later day can be held out; "
            "give rows of several days (creditrisk.learning.studies.cohorts.cohort)",
            LearningWarning,
            stacklevel=4,
        )
        late = _draw(np.arange(len(days)) if ids is None else ids, share, seed)
        return Split(np.flatnonzero(~late), np.flatnonzero(late))
    # At most the share of rows lies from this day on; at least the last day is held out, and never the first.
    begins = max(int(np.quantile(days, 1 - share, method="lower")) + 1, int(first) + 1)
    late = days >= min(begins, int(last))
    early = days < days[late].min() - gap_days
    if ids is not None:
        # Enterprises with only late rows are not in the training rows anyway; some of the others are drawn.
        known_early = np.zeros(ids.max() + 1, dtype=bool)
        known_early[ids[early]] = True
        late &= ~known_early[ids] | _draw(ids, 1 / _ONE_IN, seed)
        early &= ~np.isin(ids, ids[late])
    return Split(np.flatnonzero(early), np.flatnonzero(late))


def _draw(ids: NDArray[np.intp], share: float, seed: int) -> NDArray[np.bool_]:
    """Return the mask of the rows in a seeded draw of groups."""
    return (np.random.default_rng(seed).random(ids.max(initial=0) + 1) < share)[ids]


def _stratified(labels: NDArray[np.float64], share: float, seed: int) -> Split:
    random = np.random.default_rng(seed)
    held = np.zeros(len(labels), dtype=bool)
    for label in (0.0, 1.0):
        rows = random.permutation(np.flatnonzero(labels == label))
        held[rows[: round(share * len(rows))]] = True
    return Split(np.flatnonzero(~held), np.flatnonzero(held))


def _tells(labels: NDArray[np.float64]) -> bool:
    return bool(min(labels.sum(), len(labels) - labels.sum()) >= 2)


def _series(values: Any, name: str) -> pl.Series:
    if isinstance(values, pd.Series | pd.Index) and values.dtype != object:
        return pl.from_pandas(values.to_series() if isinstance(values, pd.Index) else values).alias(name)
    # A list keeps the types of its entries: NumPy would turn a missing entry among texts into text.
    array = np.asarray(values, dtype=None if hasattr(values, "dtype") else object)
    if array.ndim != 1:
        raise ValueError(f"it has {array.ndim} dimensions")
    if array.dtype != object:
        return pl.Series(name, array)
    plain = [one.astype("datetime64[us]").item() if isinstance(one, np.datetime64) else one for one in array.tolist()]
    return pl.Series(name, [None if gone else one for one, gone in zip(plain, pd.isna(array), strict=True)])
