"""Optimal monotone bands of one indicator: those under which outcomes are most likely, never against a direction.

Values are first parted into at most :data:`MOST_PARTS` parts of about as many rows each, or one for each value where
there are fewer. Among all ways to join neighbouring parts into bands whose rates of findings only rise (or only fall),
an exact dynamic programme finds the one with the greatest likelihood, less a price for each further band: Akaike's, so
that a band has to say more than chance does. The same programme with information value as its aim is that of
Navas-Palencia, Optimal binning: mathematical programming formulation (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from creditrisk.learning.additive import roundest_between

__all__ = ["Bands", "declared_bands", "monotone_bands"]

Numbers = NDArray[np.float64]

MOST_PARTS = 40
# Log likelihood that a further band has to gain (Akaike 1974).
_PRICE = 1.0


@dataclass(frozen=True)
class Bands:
    """Bands of one indicator: band ``j`` holds values in ``[cuts[j - 1], cuts[j])``.

    Attributes
    ----------
    cuts : tuple of float
        Rising; each the roundest number that parts the training rows as the bands do.
    findings, others : ndarray of float64, shape (n_bands + 1,)
        Weights of rows with and without a finding; the last are those without value.
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
    """The best monotone bands.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        NaN where there is nothing to measure.
    labels : ndarray of float64, shape (n_rows,)
        1 for a finding, else 0.
    weights : ndarray of float64, shape (n_rows,), or None
    direction : {1, -1, 0}
        Rates rise with the value, fall, or whichever of the two fits better.
    most_bands : int
    least_share : float
        Of the rows with a value that each band has at least.

    Examples
    --------
    >>> values = np.repeat([0.0, 1.0, 2.0, 3.0], 50)
    >>> labels = np.concatenate([np.arange(50) < n for n in (5, 6, 20, 40)]).astype(float)
    >>> monotone_bands(values, labels, None, 1, 8, 0.05).cuts
    (2.0, 3.0)
    """
    ordered = np.sort(values)
    ordered = ordered[: np.searchsorted(ordered, np.nan)]
    edges = _parts(ordered)
    counts = _counts(values, labels, weights, edges)
    findings, others = (part[:-1] for part in counts)
    least = least_share * (findings.sum() + others.sum())
    chosen: tuple[float, list[int]] = (-np.inf, [])
    for sign in (1, -1) if direction == 0 else (direction,):
        chosen = max(chosen, _best(findings, others, sign, most_bands, least), key=lambda one: one[0])
    return _joined(ordered, edges, chosen[1], counts)


def declared_bands(values: Numbers, labels: Numbers, weights: Numbers | None, cuts: Sequence[float]) -> Bands:
    """The bands that were declared, as they are."""
    return Bands(tuple(cuts), *_counts(values, labels, weights, np.array(cuts, dtype=np.float64)))


def _parts(ordered: Numbers) -> Numbers:
    """The least values of all parts but the first; infinite ones stand with the last that are not."""
    ordered = ordered[np.isfinite(ordered)]
    if not len(ordered):
        return np.empty(0)
    # The value at each of so many even steps; where one value fills several steps, the parts are fewer and larger.
    steps = ordered[np.linspace(0, len(ordered) - 1, 4 * MOST_PARTS).astype(np.intp)]
    different = steps[np.flatnonzero(np.diff(steps, prepend=np.nan))]
    if len(different) <= MOST_PARTS:
        # Rare values between the steps are parts of their own as long as there are few of them.
        every = _different(ordered, MOST_PARTS)
        return (every if every is not None else different)[1:]
    return np.unique(ordered[np.linspace(0, len(ordered), MOST_PARTS, endpoint=False).astype(np.intp)])[1:]


def _different(ordered: Numbers, most: int) -> Numbers | None:
    """The different values, if there are at most so many."""
    found: list[float] = []
    at = 0
    while at < len(ordered):
        if len(found) == most:
            return None
        found.append(ordered[at])
        at = int(np.searchsorted(ordered, ordered[at], side="right"))
    return np.array(found)


def _counts(values: Numbers, labels: Numbers, weights: Numbers | None, edges: Numbers) -> tuple[Numbers, Numbers]:
    """Weights of findings and others in each part; the last is for missing values."""
    part = np.zeros(len(values), dtype=np.uint8)
    for edge in edges:
        part += values >= edge
    part[np.isnan(values)] = len(edges) + 1
    size = len(edges) + 2
    found = labels if weights is None else labels * weights
    findings = np.bincount(part, found, minlength=size)
    rows = np.bincount(part, weights, minlength=size)
    return np.asarray(findings, dtype=np.float64), np.asarray(rows - findings, dtype=np.float64)


def _best(findings: Numbers, others: Numbers, sign: int, most: int, least: float) -> tuple[float, list[int]]:
    """The greatest likelihood less the price of bands, and where each band but the first begins.

    ``value[i, j]`` is the best over partitions of the first ``j`` parts whose last band is parts ``i`` to ``j - 1``.
    """
    n_parts = len(findings)
    upto = np.concatenate([[0.0], np.cumsum(findings)]), np.concatenate([[0.0], np.cumsum(others)])
    found, other = (ends[None, :] - ends[:, None] for ends in upto)
    rows = found + other
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = found / rows
        gain = np.where(found > 0, found * np.log(rate), 0.0) + np.where(other > 0, other * np.log1p(-rate), 0.0)
    allowed = np.triu(np.ones((n_parts + 1, n_parts + 1), dtype=bool), 1) & (rows >= least) & (rows > 0)
    allowed[0, n_parts] = True
    risk = sign * rate
    value = np.where(allowed[:1], gain[:1], -np.inf)
    value = np.concatenate([value, np.full((n_parts, n_parts + 1), -np.inf)])
    before = np.full((most, n_parts + 1, n_parts + 1), -1, dtype=np.int32)
    best, best_end = float(value[0, n_parts]), (0, 0)
    for number in range(1, most):
        further = np.full_like(value, -np.inf)
        for i in range(1, n_parts):
            ahead = np.flatnonzero(value[:i, i] > -np.inf)
            if not len(ahead):
                continue
            # Bands that end at i, from the least risk up; each next band may follow those of no more risk.
            order = ahead[np.argsort(risk[ahead, i], kind="stable")]
            running = np.maximum.accumulate(value[order, i])
            where = np.where(value[order, i] == running, np.arange(len(order)), 0)
            where = np.maximum.accumulate(where)
            ends = np.flatnonzero(allowed[i])
            at = np.searchsorted(risk[order, i], risk[i, ends], side="right") - 1
            ends, at = ends[at >= 0], at[at >= 0]
            further[i, ends] = running[at] + gain[i, ends] - _PRICE
            before[number, i, ends] = order[where[at]]
        value = further
        last = int(np.argmax(value[:, n_parts]))
        if value[last, n_parts] > best:
            best, best_end = float(value[last, n_parts]), (number, last)
    begins, (number, begin), end = [], best_end, n_parts
    while number > 0:
        begins.append(begin)
        begin, end, number = int(before[number, begin, end]), begin, number - 1
    return best, begins[::-1]


def _joined(ordered: Numbers, edges: Numbers, begins: Sequence[int], counts: tuple[Numbers, Numbers]) -> Bands:
    least = [float(edges[begin - 1]) for begin in begins]
    cuts = tuple(roundest_between(float(ordered[np.searchsorted(ordered, value) - 1]), value) for value in least)
    starts = [0, *begins, len(edges) + 1]
    findings, others = (np.add.reduceat(part, starts) for part in counts)
    return Bands(cuts, findings, others)
