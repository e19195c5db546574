"""Optimal monotone bands of one indicator: they have the greatest likelihood, and never go against a direction.

Values are first divided into at most :data:`MOST_PARTS` parts of about equal numbers of rows, or one part per value if
there are fewer values. Among all ways to join neighbouring parts into bands whose rates of findings only rise (or only
fall, or, without a declared direction, turn at most once), an exact dynamic programme finds the one with the greatest
likelihood. With information value as the objective this is the problem of Navas-Palencia, Optimal binning: mathematical
programming formulation (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from creditrisk.learning.scorers.additive import roundest_between

__all__ = ["Bands", "declared_bands", "monotone_bands"]

Numbers = NDArray[np.float64]

MOST_PARTS = 40
# A further band must gain more than the rounding error of a sum of floats.
_TIE = 1e-9


@dataclass(frozen=True)
class Bands:
    """Bands of one indicator: band ``j`` holds values in ``[cuts[j - 1], cuts[j])``.

    Attributes
    ----------
    cuts : tuple of float
        The cuts, in rising order; each is the roundest number that divides the training rows as the bands do.
    findings, others : ndarray of float64, shape (n_bands + 1,)
        The weights of rows with and without a finding; the last are those of rows without a value.
    """

    cuts: tuple[float, ...]
    findings: Numbers
    others: Numbers


def monotone_bands(
    values: Numbers,
    labels: Numbers,
    weights: Numbers | None,
    direction: int,
    most_bands: int,
    least_share: float,
) -> Bands:
    """Find the best monotone bands.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        The values; NaN where there is nothing to measure.
    labels : ndarray of float64, shape (n_rows,)
        1 for a finding, else 0.
    weights : ndarray of float64, shape (n_rows,), or None
    direction : {1, -1, 0}
        Rates rise with the value, fall, or turn at most once.
    most_bands : int
    least_share : float
        The least share of the rows with a value in each band.

    Examples
    --------
    >>> values = np.repeat([0.0, 1.0, 2.0, 3.0], 50)
    >>> labels = np.concatenate([np.arange(50) < n for n in (6, 5, 20, 40)]).astype(float)
    >>> monotone_bands(values, labels, None, 1, 8, 0.05).cuts
    (2.0, 3.0)
    """
    ordered = np.sort(values)
    ordered = ordered[: np.searchsorted(ordered, np.nan)]
    edges = _parts(ordered)
    counts = _counts(values, labels, weights, edges)
    findings, others = (part[:-1] for part in counts)
    least = least_share * (findings.sum() + others.sum())
    ways = [
        _best(findings, others, sign, direction == 0, most_bands, least)
        for sign in ((1, -1) if direction == 0 else (direction,))
    ]
    chosen = max(ways, key=lambda way: way[0])
    return _joined(ordered, edges, chosen[1], counts)


def declared_bands(values: Numbers, labels: Numbers, weights: Numbers | None, cuts: Sequence[float]) -> Bands:
    """Return the declared bands unchanged."""
    return Bands(tuple(cuts), *_counts(values, labels, weights, np.array(cuts, dtype=np.float64)))


def _parts(ordered: Numbers) -> Numbers:
    """Return the least values of all parts but the first; infinite values are with the largest finite ones."""
    ordered = ordered[np.isfinite(ordered)]
    if not len(ordered):
        return np.empty(0)
    # The values at even steps through the rows; if one value fills several steps, there are fewer and larger parts.
    steps = ordered[np.linspace(0, len(ordered) - 1, 4 * MOST_PARTS).astype(np.intp)]
    different = steps[np.flatnonzero(np.diff(steps, prepend=np.nan))]
    if len(different) <= MOST_PARTS:
        # Rare values between the steps are separate parts if there are few of them.
        every = _different(ordered, MOST_PARTS)
        return (every if every is not None else different)[1:]
    return np.unique(ordered[np.linspace(0, len(ordered), MOST_PARTS, endpoint=False).astype(np.intp)])[1:]


def _different(ordered: Numbers, most: int) -> Numbers | None:
    """Return the different values if there are at most ``most``, else None."""
    found: list[float] = []
    at = 0
    while at < len(ordered):
        if len(found) == most:
            return None
        found.append(ordered[at])
        at = int(np.searchsorted(ordered, ordered[at], side="right"))
    return np.array(found)


def _counts(values: Numbers, labels: Numbers, weights: Numbers | None, edges: Numbers) -> tuple[Numbers, Numbers]:
    """Return the weights of findings and others in each part; the last is for missing values."""
    part = np.zeros(len(values), dtype=np.uint8)
    for edge in edges:
        part += values >= edge
    part[np.isnan(values)] = len(edges) + 1
    size = len(edges) + 2
    found = labels if weights is None else labels * weights
    findings = np.bincount(part, found, minlength=size)
    rows = np.bincount(part, weights, minlength=size)
    return np.asarray(findings, dtype=np.float64), np.asarray(rows - findings, dtype=np.float64)


def _best(
    findings: Numbers, others: Numbers, sign: int, turns: bool, most: int, least: float
) -> tuple[float, list[int]]:
    """Return the greatest likelihood, and the part with which each band but the first begins.

    ``value[i, j]`` is the best over partitions of the first ``j`` parts whose last band is parts ``i`` to ``j - 1``;
    ``turned`` is the same for those whose rates have turned.
    """
    n_parts = len(findings)
    ends = np.concatenate([[0.0], np.cumsum(findings)]), np.concatenate([[0.0], np.cumsum(others)])
    found, other = (upto[None, :] - upto[:, None] for upto in ends)
    rows = found + other
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = found / rows
        gain = np.where(found > 0, found * np.log(rate), 0.0) + np.where(other > 0, other * np.log1p(-rate), 0.0)
    allowed = np.triu(np.ones((n_parts + 1, n_parts + 1), dtype=bool), 1) & (rows >= least) & (rows > 0)
    allowed[0, n_parts] = True
    risk = sign * rate
    value = np.full((n_parts + 1, n_parts + 1), -np.inf)
    value[0, allowed[0]] = gain[0, allowed[0]]
    turned = np.full_like(value, -np.inf)
    steps: list[tuple[_Step, _Step, _Step]] = []
    best, best_end = float(value[0, n_parts]), (0, 0, False)
    for number in range(1, most):
        on, nothing = _extended(value, risk, gain, allowed), _Step.none(value)
        back = _extended(value, -risk, gain, allowed) if turns else nothing
        further_back = _extended(turned, -risk, gain, allowed) if turns else nothing
        steps.append((on, back, further_back))
        value, turned = on.value, np.maximum(back.value, further_back.value)
        for has_turned, table in ((False, value), (True, turned)):
            last = int(np.argmax(table[:, n_parts]))
            if table[last, n_parts] > best + _TIE:
                best, best_end = float(table[last, n_parts]), (number, last, has_turned)
    begins, (number, begin, has_turned), end = [], best_end, n_parts
    while number > 0:
        on, back, further_back = steps[number - 1]
        begins.append(begin)
        came_turned = has_turned and further_back.value[begin, end] >= back.value[begin, end]
        step = (further_back if came_turned else back) if has_turned else on
        begin, end, number, has_turned = int(step.begin[begin, end]), begin, number - 1, came_turned
    return best, begins[::-1]


@dataclass(frozen=True)
class _Step:
    """Partitions with one more band: their likelihood, and the part with which the band before the last begins."""

    value: Numbers
    begin: NDArray[np.int32]

    @classmethod
    def none(cls, like: Numbers) -> _Step:
        return cls(np.full_like(like, -np.inf), np.zeros(like.shape, dtype=np.int32))


def _extended(before: Numbers, risk: Numbers, gain: Numbers, allowed: NDArray[np.bool_]) -> _Step:
    """Add a band of at least the same risk to each partition, in the best way."""
    step = _Step.none(before)
    for i in range(1, len(before) - 1):
        ahead = np.flatnonzero(before[:i, i] > -np.inf)
        if not len(ahead):
            continue
        # Bands that end at i, from the lowest risk to the highest; a next band may follow any with at most its risk.
        order = ahead[np.argsort(risk[ahead, i], kind="stable")]
        worth = before[order, i]
        running = np.maximum.accumulate(worth)
        where = np.maximum.accumulate(np.where(worth == running, np.arange(len(order)), 0))
        ends = np.flatnonzero(allowed[i])
        at = np.searchsorted(risk[order, i], risk[i, ends], side="right") - 1
        ends, at = ends[at >= 0], at[at >= 0]
        step.value[i, ends] = running[at] + gain[i, ends]
        step.begin[i, ends] = order[where[at]]
    return step


def _joined(ordered: Numbers, edges: Numbers, begins: Sequence[int], counts: tuple[Numbers, Numbers]) -> Bands:
    least = [float(edges[begin - 1]) for begin in begins]
    cuts = tuple(roundest_between(float(ordered[np.searchsorted(ordered, value) - 1]), value) for value in least)
    starts = [0, *begins, len(edges) + 1]
    findings, others = (np.add.reduceat(part, starts) for part in counts)
    return Bands(cuts, findings, others)
