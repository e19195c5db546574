"""Weights of evidence of bands, and a logistic regression on them that never goes against a direction."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from creditrisk.learning.scorers.binning import Bands

__all__ = ["Evidence", "evidence_of", "fit_evidence"]

Numbers = NDArray[np.float64]

# The number of rows at a time; it does not depend on the number of threads, so that sums are always the same.
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Evidence:
    """The weight of evidence of each band of one indicator, and of a missing value."""

    cuts: tuple[float, ...]
    of_bands: Numbers
    missing: float

    def of(self, values: Numbers) -> Numbers:
        """Return the weights of evidence for values, shape (n_rows,)."""
        band = np.zeros(len(values), dtype=np.uint8)
        for cut in self.cuts:
            band += values >= cut
        band[np.isnan(values)] = len(self.of_bands)
        return np.append(self.of_bands, self.missing).take(band)


def evidence_of(bands: Bands, direction: int) -> Evidence:
    """Compute weights of evidence of bands that never go against the direction.

    Parameters
    ----------
    bands : Bands
    direction : {1, -1, 0}
        The direction; bands that go against it are pooled with their neighbours.

    Returns
    -------
    Evidence
        ``ln((findings + ½) / all findings) − ln((others + ½) / all others)``; the value for a missing value lies within
        the range of the bands, and is their mean if training had no missing value.
    """
    findings, others = bands.findings[:-1], bands.others[:-1]
    level = np.log((bands.findings.sum() + 0.5) / (bands.others.sum() + 0.5))
    if direction != 0:
        findings, others = _pooled(findings, others, direction)
    weights = np.log((findings + 0.5) / (others + 0.5)) - level
    found, other = float(bands.findings[-1]), float(bands.others[-1])
    if found + other > 0:
        missing = float(np.clip(np.log((found + 0.5) / (other + 0.5)) - level, weights.min(), weights.max()))
    else:
        rows = bands.findings[:-1] + bands.others[:-1]
        missing = float(weights @ rows / rows.sum()) if rows.sum() > 0 else 0.0
    return Evidence(bands.cuts, weights, missing)


def fit_evidence(
    evidence: Sequence[Evidence],
    matrix: Numbers,
    labels: Numbers,
    weights: Numbers | None,
    C: float,
    n_threads: int,
    offset: Numbers | None = None,
) -> tuple[Numbers, float]:
    """Fit the coefficients of the weights of evidence, none below 0, and the intercept, which has no penalty.

    Parameters
    ----------
    evidence : sequence of Evidence
        The weights of evidence of every column.
    matrix : ndarray of float64, shape (n_rows, n_columns)
    labels : ndarray of float64, shape (n_rows,)
    weights : ndarray of float64, shape (n_rows,), or None
    C : float
        The inverse strength of the penalty ``½ |b|²``.
    n_threads : int
        The number of threads; the result does not depend on it.
    offset : ndarray of float64, shape (n_rows,), optional
        The part of each row's log odds that is given and not learnt.
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    told = [place for place, one in enumerate(evidence) if np.ptp(np.append(one.of_bands, one.missing)) > 0]
    if not told:
        return np.zeros(len(evidence)), _intercept(labels, weights, offset)
    chunks = [slice(start, start + _CHUNK) for start in range(0, len(labels), _CHUNK)]
    share = float(np.average(labels, weights=weights))
    start = np.append(np.full(len(told), 0.5), np.log(share / (1 - share)))

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:
        columns = list(pool.map(lambda rows: np.stack([evidence[at].of(matrix[rows, at]) for at in told]), chunks))

        def part(number: int, b: Numbers) -> tuple[float, Numbers]:
            X, y = columns[number], labels[chunks[number]]
            w = 1.0 if weights is None else weights[chunks[number]]
            z = b[:-1] @ X + b[-1] + (0.0 if offset is None else offset[chunks[number]])
            # One exponential gives both log(1 + exp(z)) and its slope.
            small = np.exp(-np.abs(z))
            loss = np.maximum(z, 0.0) + np.log1p(small) - y * z
            residual = w * (np.where(z >= 0, 1.0, small) / (1.0 + small) - y)
            return float(np.sum(w * loss)), np.append(X @ residual, residual.sum())

        def loss(b: Numbers) -> tuple[float, Numbers]:
            parts = list(pool.map(lambda number: part(number, b), range(len(chunks))))
            value = sum(one for one, _ in parts) + 0.5 / C * float(b[:-1] @ b[:-1])
            slope = reduce(np.add, (one for _, one in parts)) + np.append(b[:-1] / C, 0.0)
            # The loss is divided by the number of rows, so that the tolerance does not depend on it.
            return value / len(labels), slope / len(labels)

        bounds = [(0.0, None)] * len(told) + [(None, None)]
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
                         options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7})  # fmt: skip
    coefficients = np.zeros(len(evidence))
    coefficients[told] = found.x[:-1]
    return coefficients, float(found.x[-1])


def _intercept(labels: Numbers, weights: Numbers | None, offset: Numbers | None) -> float:
    """Find, by Newton's method, the log odds at which the expected number of findings equals the observed one."""
    weights = np.ones(len(labels)) if weights is None else weights
    offset = np.zeros(len(labels)) if offset is None else offset
    share = float(np.average(labels, weights=weights))
    level = float(np.log(share / (1 - share)))
    for _ in range(50):
        expected = 1.0 / (1.0 + np.exp(-(level + offset)))
        step = float(weights @ (labels - expected)) / float(weights @ (expected * (1 - expected)))
        level += step
        if abs(step) < 1e-12:
            break
    return level


def _pooled(findings: Numbers, others: Numbers, sign: int) -> tuple[Numbers, Numbers]:
    """Pool neighbouring bands whose rates go against the direction; each gets the rows of all pooled bands."""
    blocks: list[list[float]] = []
    for found, other in zip(findings, others, strict=True):
        blocks.append([float(found), float(other), 1])
        while len(blocks) > 1 and not _follows(blocks[-2], blocks[-1], sign):
            last = blocks.pop()
            blocks[-1] = [one + more for one, more in zip(blocks[-1], last, strict=True)]
    sizes = [int(block[2]) for block in blocks]
    return np.repeat([block[0] for block in blocks], sizes), np.repeat([block[1] for block in blocks], sizes)


def _follows(before: Sequence[float], after: Sequence[float], sign: int) -> bool:
    """Whether the weight of evidence of the second block is not against the direction."""
    first, second = ((found + 0.5) / (other + 0.5) for found, other, _ in (before, after))
    return sign * (second - first) >= 0
