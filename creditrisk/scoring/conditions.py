"""Conditions of a policy, tested on whole columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from creditrisk.policy.rules import AllOf, AnyOf, Comparison, Condition, Sign

__all__ = ["rows_meeting"]


def rows_meeting(condition: Condition, indicators: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Return the mask of the rows that meet a condition, shape (n_rows,).

    Parameters
    ----------
    condition : Condition
    indicators : mapping of str to ndarray of float64, shape (n_rows,)
        At least the indicators that the condition reads; NaN where there is nothing to measure.
    """
    match condition.form:
        case AllOf(parts):
            return np.logical_and.reduce([rows_meeting(part, indicators) for part in parts])
        case AnyOf(parts):
            return np.logical_or.reduce([rows_meeting(part, indicators) for part in parts])
        case Comparison() as comparison:
            values = indicators[comparison.indicator]
            met = _compared(values, comparison.sign, comparison.number)
            return met | np.isnan(values) if comparison.missing else met
        case unknown:
            assert_never(unknown)


def _compared(values: NDArray[np.float64], sign: Sign, number: float) -> NDArray[np.bool_]:
    match sign:
        case "at_least":
            return values >= number
        case "above":
            return values > number
        case "at_most":
            return values <= number
        case "below":
            return values < number
        case unknown:
            assert_never(unknown)
