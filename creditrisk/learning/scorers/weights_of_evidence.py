"""Weights of evidence of bands, and the logistic regression on them that never goes against a direction."""

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

# Rows that are worked on at once; the same for any number of threads, so that sums are the same.
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Evidence:
    """The weight of evidence of each band of one indicator, and of a missing value."""

    cuts: tuple[float, ...]
    of_bands: Numbers
    missing: float

    def of(self, values: Numbers) -> Numbers:
        """Weights of evidence for values, shape (n_rows,)."""
        band = np.zeros(len(values), dtype=np.uint8)
        for cut in self.cuts:
            band += values >= cut
        band[np.isnan(values)] = len(self.of_bands)
        return np.append(self.of_bands, self.missing).take(band)


def evidence_of(bands: Bands, direction: int) -> Evidence:
    """Weights of evidence of bands, never against the direction.

    Parameters
    ----------
    bands : Bands
    direction : {1, -1, 0}
        Bands that go against it are pooled with their neighbours.

    Returns
    -------
    Evidence
        ``ln((findings + ½) / all findings) − ln((others + ½) / all others)``; that of a missing value lies among those
        of the bands, and is their mean where there was none.
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
    """Coefficients of the weights of evidence, none below 0, and the intercept, which no penalty holds.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every column.
    matrix : ndarray of float64, shape (n_rows, n_columns)
    labels : ndarray of float64, shape (n_rows,)
    weights : ndarray of float64, shape (n_rows,), or None
    C : float
        Inverse strength of the penalty ``½ |b|²``.
    n_threads : int
        The result does not depend on it.
    offset : ndarray of float64, shape (n_rows,), optional
        Log odds of each row that are not to be learnt.
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
            # log(1 + exp(z)) and its slope from one exponential.
            small = np.exp(-np.abs(z))
            loss = np.maximum(z, 0.0) + np.log1p(small) - y * z
            residual = w * (np.where(z >= 0, 1.0, small) / (1.0 + small) - y)
            return float(np.sum(w * loss)), np.append(X @ residual, residual.sum())

        def loss(b: Numbers) -> tuple[float, Numbers]:
            parts = list(pool.map(lambda number: part(number, b), range(len(chunks))))
            value = sum(one for one, _ in parts) + 0.5 / C * float(b[:-1] @ b[:-1])
            slope = reduce(np.add, (one for _, one in parts)) + np.append(b[:-1] / C, 0.0)
            # Divided by the rows, so that the tolerance means the same for any number of them.
            return value / len(labels), slope / len(labels)

        bounds = [(0.0, None)] * len(told) + [(None, None)]
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
                         options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7})  # fmt: skip
    coefficients = np.zeros(len(evidence))
    coefficients[told] = found.x[:-1]
    return coefficients, float(found.x[-1])


def _intercept(labels: Numbers, weights: Numbers | None, offset: Numbers | None) -> float:
    """Log odds under which as many findings are expected as there are, by Newton's method."""
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
    """Neighbouring bands whose rates go against the direction, each with the rows of all of them."""
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
