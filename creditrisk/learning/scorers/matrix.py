"""Conversion of the user's frame or array to the matrix with which a model learns and predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.frames import is_frame, look_alike, to_polars
from creditrisk.learning.scorers.categories import CategoryLevels, Unseen

__all__ = ["check_columns", "check_finite", "column_names", "frame_matrix", "learn_levels"]


def column_names(X: Any) -> tuple[str, ...] | None:
    """Return the names of a frame's columns; None for an array, or for a frame whose names are not text."""
    if not is_frame(X):
        return None
    names: Sequence[Any]
    if isinstance(X, pl.LazyFrame):
        names = X.collect_schema().names()
    elif hasattr(X, "column_names"):  # an Arrow table, whose columns are arrays
        names = X.column_names
    else:
        names = list(X.columns) if hasattr(X, "columns") else to_polars(X).columns
    if not all(isinstance(name, str) for name in names):
        return None
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise InputError(f"X has two columns called {twice!r}; give each indicator once")
    return tuple(names)


def learn_levels(X: Any, names: Sequence[str]) -> dict[str, CategoryLevels]:
    """Return the levels of the columns of a frame that hold categories."""
    return {name: CategoryLevels.of(_column(X, name)) for name in names}


def check_columns(names: Sequence[str], there: Sequence[str]) -> None:
    """Raise an InputError if a frame lacks a column that a model reads; it names columns that may be meant."""
    missing = [name for name in names if name not in set(there)]
    if not missing:
        return
    lacks = f"X lacks {len(missing)} of the {len(names)} columns that the model reads, such as {missing[0]!r}"
    alike = {name: found for name in missing if (found := look_alike(name, there)) is not None}
    if alike:
        name, found = next(iter(alike.items()))
        raise InputError(
            f"{lacks}; {len(alike)} of them look like columns of X by another name, {name!r} like {found!r}: "
            "call the columns of X as in the training"
        )
    raise InputError(f"{lacks}; compute them with creditrisk.IndicatorBuilder")


def check_finite(matrix: NDArray[np.float64], names: Sequence[str]) -> None:
    """Raise an InputError if a column holds an infinite value; a missing value is allowed."""
    for name, column in zip(names, matrix.T, strict=True):
        if np.isinf(column).any():
            raise InputError(
                f"column {name!r} is infinite in row {int(np.isinf(column).argmax())}: leave the row out, or let what "
                "cannot be measured be missing"
            )


def frame_matrix(
    X: Any, names: Sequence[str], levels: Mapping[str, CategoryLevels], unseen: Unseen
) -> NDArray[np.float64]:
    """Return columns of a frame by name, in the model's order, as numbers; NaN where there is nothing to measure.

    Parameters
    ----------
    X : frame
    names : sequence of str
        The names of the columns; others are not used.
    levels : mapping of str to CategoryLevels
    unseen : {"missing", "error"}

    Returns
    -------
    ndarray of float64, shape (n_rows, n_columns)

    Raises
    ------
    InputError
        If a column is missing, or does not hold numbers.
    """
    X = X.collect() if isinstance(X, pl.LazyFrame) else X
    there = column_names(X) or ()
    check_columns(names, there)
    if not levels and hasattr(X, "dtypes") and not isinstance(X, pl.DataFrame):
        # A pandas frame of plain numbers need not be converted to Arrow.
        chosen = X if tuple(there) == tuple(names) else X[list(names)]
        if all(isinstance(kind, np.dtype) and kind.kind in "fiub" for kind in chosen.dtypes):
            return chosen.to_numpy(dtype=np.float64)
    if not hasattr(X, "iloc"):
        X = to_polars(X)
    columns = {name: _column(X, name) for name in names}
    result = np.empty((len(_column(X, there[0])) if there else 0, len(names)), order="F")
    for place, (name, column) in enumerate(columns.items()):
        if name in levels:
            result[:, place] = levels[name].codes(column, unseen)
            continue
        if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
            raise InputError(
                f"column {name!r} holds no numbers ({column.dtype}): leave it out, "
                f"or declare it with categories=[..., {name!r}]"
            )
        result[:, place] = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return result


def _column(X: Any, name: str) -> pl.Series:
    if isinstance(X, pl.DataFrame):
        return X[name]
    if not hasattr(X, "iloc"):
        return to_polars(X)[name]
    values = X[name]
    try:
        # The type of Python objects follows from the values that are not missing, even if the first is missing.
        return pl.Series(name, values.where(values.notna(), None).tolist() if values.dtype == object else values)
    except (ArithmeticError, NotImplementedError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError(f"column {name!r} cannot be read: {error}. Give it one type") from error
