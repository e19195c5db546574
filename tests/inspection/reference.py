"""Exact probabilities of Pareto samples on small frames, to hold the stated ones against."""

from __future__ import annotations

import numpy as np


def exact_pareto_probabilities(targets: np.ndarray, size: int, nodes: int = 400) -> np.ndarray:
    """By integrating over the unit's own random number (Aires 1999).

    A unit is drawn when fewer than ``size`` of the others have a smaller rank; given its own rank the others' are
    independent, so how many are smaller is a sum of independent yes-or-no's.
    """
    points, weights = np.polynomial.legendre.leggauss(nodes)
    numbers, weights = (points + 1) / 2, weights / 2
    odds = targets / (1 - targets)
    exact = np.empty(len(targets))
    for unit, own in enumerate(odds):
        rank = numbers / (1 - numbers) / own
        counts = np.zeros((size, nodes))
        counts[0] = 1.0
        for other in np.delete(odds, unit):
            before = rank * other / (1 + rank * other)
            moved = np.vstack([np.zeros(nodes), counts[:-1]]) * before
            counts = counts * (1 - before) + moved
        exact[unit] = weights @ counts.sum(axis=0)
    return exact
