"""Conditions of a policy, asked of whole columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from creditrisk.policy.rules import Condition

__all__ = ["rows_meeting"]


def rows_meeting(condition: Condition, indicators: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Which rows meet a condition, shape (n_rows,).

    Parameters
    ----------
    condition : Condition
    indicators : mapping of str to ndarray of float64, shape (n_rows,)
        At least those that the condition reads; NaN where there is nothing to measure.
    """
    if condition.all_of:
        return np.logical_and.reduce([rows_meeting(part, indicators) for part in condition.all_of])
    if condition.any_of:
        return np.logical_or.reduce([rows_meeting(part, indicators) for part in condition.any_of])
    assert condition.indicator is not None
    values = indicators[condition.indicator]
    if condition.at_least is not None:
        met = values >= condition.at_least
    elif condition.above is not None:
        met = values > condition.above
    elif condition.at_most is not None:
        met = values <= condition.at_most
    else:
        assert condition.below is not None
        met = values < condition.below
    return met | np.isnan(values) if condition.missing else met
