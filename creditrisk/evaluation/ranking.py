"""Figures of a ranking: how well a score puts inspections with a finding before those without.

Every figure takes weights: a bootstrap resample is then a set of weights, and the rows are sorted only once. Rows of
equal score count as the mean over all their orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranking", "auc", "average_precision", "days_earlier", "first_half_share"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """Rows from the highest score to the lowest, and which of them have the same score.

    Attributes
    ----------
    order : ndarray of int, shape (n_rows,)
        Positions of rows; stratum by stratum, where there are strata.
    tie : ndarray of int, shape (n_rows,)
        The number of each row's group of equal scores, in this order.
    stratum : ndarray of int, shape (n_ties,)
        The number of each such group's stratum.
    """

    order: NDArray[np.intp]
    tie: NDArray[np.intp]
    stratum: NDArray[np.intp]

    @classmethod
    def of(cls, score: Numbers, stratum: NDArray[np.intp] | None = None) -> Ranking:
        """Rank rows by a score, within strata if given."""
        strata = np.zeros(len(score), dtype=np.intp) if stratum is None else stratum
        order = np.lexsort((-score, strata))
        score, strata = score[order], strata[order]
        begins = np.ones(len(score), dtype=bool)
        begins[1:] = (score[1:] != score[:-1]) | (strata[1:] != strata[:-1])
        return cls(order, np.cumsum(begins) - 1, strata[begins])

    def sums(self, values: Numbers) -> Numbers:
        """Add up the values of the rows of equal score, in ranked order; shape (n_ties,)."""
        return np.bincount(self.tie, weights=values[self.order], minlength=len(self.stratum)).astype(np.float64)


def auc(ranking: Ranking, finding: Numbers, weight: Numbers) -> float:
    """The probability that a row with a finding ranks before one without, among pairs of one stratum.

    Returns
    -------
    float
        Between 0 and 1; ties count half; NaN where no stratum has both kinds of row.

    Notes
    -----
    The area under the ROC curve is this probability (Hanley and McNeil 1982, Radiology 143).
    """
    found, clean = ranking.sums(weight * finding), ranking.sums(weight * (1 - finding))
    found_in = np.bincount(ranking.stratum, weights=found)
    clean_in = np.bincount(ranking.stratum, weights=clean)
    below = np.cumsum(clean_in)[ranking.stratum] - np.cumsum(clean)
    return _ratio(np.dot(found, below + clean / 2), np.dot(found_in, clean_in))


def average_precision(ranking: Ranking, finding: Numbers, weight: Numbers) -> float:
    """The mean, over findings, of the share of findings among the rows ranked no lower.

    Rows of equal score are taken together, as in :func:`sklearn.metrics.average_precision_score`.
    """
    found, rows = ranking.sums(weight * finding), ranking.sums(weight)
    taken = np.cumsum(rows)
    precision = np.divide(np.cumsum(found), taken, out=np.zeros_like(found), where=taken > 0)
    return _ratio(np.dot(found, precision), found.sum())


def first_half_share(ranking: Ranking, finding: Numbers, weight: Numbers) -> float:
    """The share of findings in the first half of the inspections if they were done in ranked order.

    The city of Chicago's evaluation of its forecasts of food inspections (2014) uses this figure.
    """
    found, rows = ranking.sums(weight * finding), ranking.sums(weight)
    before = np.cumsum(rows) - rows
    left = np.clip(rows.sum() / 2 - before, 0, rows)
    inside = np.divide(left, rows, out=np.zeros_like(rows), where=rows > 0)
    return _ratio(np.dot(found, inside), found.sum())


def days_earlier(ranking: Ranking, finding: Numbers, weight: Numbers, inspected_on: Numbers) -> float:
    """The mean number of days by which findings come earlier if the inspections were done in ranked order.

    Parameters
    ----------
    ranking : Ranking
        A ranking without strata.
    finding, weight : ndarray of float, shape (n_rows,)
    inspected_on : ndarray of float, shape (n_rows,)
        The days of the inspections, as numbers.

    Returns
    -------
    float
        Days; negative if findings come later.

    Notes
    -----
    The city of Chicago's evaluation (2014) counts it so. Each day keeps its number of inspections; the ranked rows fill
    the days from the first on, and rows of equal score share the mean of their days.
    """
    found, rows = ranking.sums(weight * finding), ranking.sums(weight)
    by_day = np.argsort(inspected_on, kind="stable")
    slots = np.concatenate([[0.0], np.cumsum(weight[by_day])])
    days_until = np.concatenate([[0.0], np.cumsum((weight * inspected_on)[by_day])])
    until = np.cumsum(rows)
    days = np.interp(until, slots, days_until) - np.interp(until - rows, slots, days_until)
    new_day = np.divide(days, rows, out=np.zeros_like(rows), where=rows > 0)
    return _ratio(np.dot(weight * finding, inspected_on) - np.dot(found, new_day), found.sum())


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
