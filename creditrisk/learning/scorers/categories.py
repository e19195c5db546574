"""Columns of names (industry, region, scale), coded as the whole numbers by which trees split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError

__all__ = ["CategoryLevels", "Unseen"]

Unseen = Literal["missing", "error"]


@dataclass(frozen=True)
class CategoryLevels:
    """The names that one column had in training; a name's code is its position among them.

    Attributes
    ----------
    column : str
    levels : tuple of str
        The names in alphabetical order.
    """

    column: str
    levels: tuple[str, ...]

    @classmethod
    def of(cls, values: pl.Series) -> CategoryLevels:
        """Collect the different names of a column."""
        return cls(values.name, tuple(_text(values).drop_nulls().unique().sort().to_list()))

    def codes(self, values: pl.Series, unseen: Unseen) -> NDArray[np.float64]:
        """Return the codes of names, shape (n_rows,); NaN for a missing name and, if declared so, an unseen one.

        Raises
        ------
        InputError
            If a name was not seen in training and this is declared an error.
        """
        text = _text(values)
        codes = text.replace_strict(
            list(self.levels), list(range(len(self.levels))), default=None, return_dtype=pl.Int32
        )
        if unseen == "error" and codes.null_count() > text.null_count():
            stranger = text.filter(codes.is_null() & text.is_not_null())[0]
            raise InputError(
                f"column {self.column!r} has the category {stranger!r}, which was not seen in training; "
                "correct it, train again, or let such rows count as missing with unseen='missing'"
            )
        return codes.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def check_unseen(unseen: str) -> None:
    """Raise an InputError unless this is a declared treatment of unseen categories."""
    if unseen not in get_args(Unseen):
        raise InputError(f"unseen must be one of {', '.join(get_args(Unseen))}, got {unseen!r}")


def _text(values: pl.Series) -> pl.Series:
    """Return names as text; whole numbers that are floats because of missing values have no decimals."""
    if values.dtype.is_float():
        values = values.fill_nan(None)
        there = values.drop_nulls()
        if (there == there.round()).all() and there.is_finite().all():
            values = values.cast(pl.Int64)
    return values.cast(pl.String)
