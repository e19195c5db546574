"""Rows to evaluate on: the finding, the enterprise, the day and the weight of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import civil_days
from creditrisk.errors import InputError
from creditrisk.frames import to_polars

__all__ = ["EvaluatedRows", "evaluated_rows", "findings_and_weights", "units"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class EvaluatedRows:
    """Rows whose outcome is known, and their scores.

    Attributes
    ----------
    finding : ndarray of float, shape (n_rows,)
        1 or 0.
    weight : ndarray of float, shape (n_rows,)
    unit : ndarray of int, shape (n_rows,)
        The number of the enterprise, from 0.
    inspected_on : ndarray of float, shape (n_rows,), or None
        Days as numbers.
    frame : polars.DataFrame of n_rows rows
        Every column as it was given.
    scores : dict of str to ndarray of float, shape (n_rows,)
    """

    finding: Numbers
    weight: Numbers
    unit: NDArray[np.intp]
    inspected_on: Numbers | None
    frame: pl.DataFrame
    scores: dict[str, Numbers]

    def strata(self, column: str) -> NDArray[np.intp]:
        """Number the groups of a column; a row without a value is its own stratum, so that it is in no pair."""
        if column not in self.frame.columns:
            raise InputError(f"there is no column {column!r}; the outcomes have {', '.join(self.frame.columns)}")
        return units(self.frame[column])


def evaluated_rows(outcomes: Any, scores: Mapping[str, Any], weight: str | None = None) -> EvaluatedRows:
    """Take the rows whose outcome is known.

    Parameters
    ----------
    outcomes : frame
        ``finding`` (1, 0 or missing); ``enterprise_id`` and ``inspected_on`` where known.
    scores : mapping of str to array_like of float, shape (n_rows,)
    weight : str, optional
        A column of weights, such as the inverse draw probability; rows of weight 0 are left out.

    Raises
    ------
    InputError
        If a column is missing, lengths differ, a score is missing, or no row is left with a finding and one without.
    """
    frame, finding, weights = findings_and_weights(outcomes, weight)
    wrong = ~finding.is_in([0.0, 1.0]).fill_null(True)
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        raise InputError(f"finding must be 1, 0 or missing, got {finding[at]:g} in row {at}")
    kept = finding.is_not_null().to_numpy() & (weights > 0)
    numbers = {name: _score(name, values, kept) for name, values in scores.items()}
    if not numbers:
        raise InputError("there is no score to evaluate")
    found = finding.to_numpy()[kept]
    if len(np.unique(found)) < 2:
        raise InputError(
            f"of {len(found)} rows with a known outcome {int(found.sum())} have a finding: "
            "an evaluation needs rows with a finding and rows without"
        )
    rows = frame.filter(kept)
    unit = units(rows["enterprise_id"]) if "enterprise_id" in rows.columns else np.arange(rows.height)
    days = civil_days(rows["inspected_on"], "inspected_on") if "inspected_on" in rows.columns else None
    inspected_on = (
        days.cast(pl.Int32).cast(pl.Float64).to_numpy() if days is not None and days.null_count() == 0 else None
    )
    return EvaluatedRows(found, weights[kept], unit, inspected_on, rows, numbers)


def findings_and_weights(
    outcomes: Any, weight: str | None, columns: Sequence[str] = ()
) -> tuple[pl.DataFrame, pl.Series, Numbers]:
    """Return the outcomes as a Polars frame, the findings (null where unknown), and the weight of each row.

    Raises
    ------
    InputError
        If a column is missing, or a weight is negative, infinite, or missing where the outcome is known.
    """
    frame = to_polars(outcomes)
    for column in ["finding", *columns, *([weight] if weight else [])]:
        if column not in frame.columns:
            raise InputError(f"the outcomes have no column {column!r}; they have {', '.join(frame.columns)}")
    for column in ["finding", *([weight] if weight else [])]:
        kind = frame[column].dtype
        if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
            raise InputError(f"column {column!r} of the outcomes must hold numbers, not {kind}")
    finding = frame["finding"].cast(pl.Float64).fill_nan(None)
    weights = frame[weight].cast(pl.Float64).fill_null(float("nan")).to_numpy() if weight else np.ones(frame.height)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    # A row without an outcome is left out anyway, so its weight may be missing.
    wrong &= ~(np.isnan(weights) & finding.is_null().to_numpy())
    if weight and wrong.any():
        at = int(wrong.argmax())
        raise InputError(
            f"row {at} has the weight {frame[weight][at]}: those in {weight!r} must be finite, and not negative or "
            "missing; give 0 to leave a row out"
        )
    return frame, finding, np.where(np.isnan(weights), 0.0, weights)


def units(column: pl.Series) -> NDArray[np.intp]:
    """Number equal values alike, from 0 on; each missing value gets a number of its own."""
    number = column.rank("dense").cast(pl.Int64)
    highest = int(number.max() or 0)  # type: ignore[arg-type]
    own = pl.arange(highest + 1, highest + 1 + len(column), eager=True)
    return np.unique(number.fill_null(own).to_numpy(), return_inverse=True)[1].astype(np.intp)


def _score(name: str, values: Any, kept: NDArray[np.bool_]) -> Numbers:
    score = np.asarray(values, dtype=np.float64)
    if score.shape != kept.shape:
        raise InputError(f"score {name!r} must have one value for each of {len(kept)} rows, got shape {score.shape}")
    wrong = kept & ~np.isfinite(score)
    if wrong.any():
        at = int(wrong.argmax())
        raise InputError(f"score {name!r} has {wrong.sum()} missing or infinite values: {score[at]} in row {at}")
    return score[kept]
