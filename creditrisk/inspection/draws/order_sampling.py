"""Order sampling of fixed size with unequal probabilities: Pareto πps.

Each unit has a random number u and a target probability p; its rank is ``u (1 − p) / (p (1 − u))``, and the n smallest
ranks are the sample (Rosén 1997, J. Statistical Planning and Inference 62, 135–158 and 159–191). If all p are equal,
the rank rises with u: this is a simple random sample, and p is exact. If they differ, the probability of being drawn
is only nearly p: the difference vanishes as n (1 − n/N) grows, and Aires (1999, Methodology and Computing in Applied
Probability 1, 457–469) computed it exactly. ``docs/draws.md`` says how large it is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from creditrisk.errors import InputError

__all__ = ["inclusion_probabilities", "pareto_ranks", "smallest"]

Numbers = NDArray[np.float64]


def inclusion_probabilities(weights: Numbers, size: int) -> Numbers:
    """Return target probabilities in proportion to weights; each is at most 1, and their sum is the sample size.

    A unit whose share would be above 1 gets probability 1, and the others share the rest of the sample.

    Parameters
    ----------
    weights : ndarray of float64, shape (n,)
        The weights, not negative; a unit of weight 0 is never drawn.
    size : int
        The size of the sample.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    InputError
        If a weight is negative or not finite, or fewer units than ``size`` have a weight above 0: a probability would
        have to be above 1.

    Examples
    --------
    >>> inclusion_probabilities(np.array([1.0, 1.0, 2.0, 8.0]), 2).tolist()
    [0.25, 0.25, 0.5, 1.0]
    """
    weights = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError("the weights of a draw must be finite and not negative")
    # A power of two scales the weights without rounding, so that no sum of them is infinite or 0.
    weights = np.ldexp(weights, -int(np.frexp(weights.max(initial=0.0))[1]))
    able = np.count_nonzero(weights)
    if not 0 <= size <= able:
        raise InputError(f"{size} cannot be drawn out of {able}: a probability would be above 1")
    certain = np.zeros(len(weights), dtype=bool)
    probabilities = np.zeros(len(weights))
    left = size
    while left:
        # fsum is exact, so that the order of the rows does not change the last digit.
        scale = left / math.fsum(weights[~certain])
        above = ~certain & (weights * scale >= 1)
        probabilities[~certain] = (weights * scale)[~certain]
        if not above.any():
            break
        certain |= above
        left = size - int(np.count_nonzero(certain))
    else:
        probabilities[:] = 0
    probabilities[certain] = 1.0
    return probabilities


def pareto_ranks(numbers: Numbers, probabilities: Numbers | float) -> Numbers:
    """Compute Pareto ranks; the units with the smallest ranks are drawn.

    Parameters
    ----------
    numbers : ndarray of float64, shape (n,)
        Random numbers from 0 up to, not including, 1.
    probabilities : float or ndarray of float64, shape (n,)
        Targets from 0 to 1; the rank of a unit with 0 is infinite, with 1 it is 0.

    Examples
    --------
    >>> pareto_ranks(np.array([0.5, 0.5, 0.5]), np.array([0.5, 0.8, 1.0])).round(6).tolist()
    [1.0, 0.25, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ranks = numbers * (1 - probabilities) / (probabilities * (1 - numbers))
    return np.where(np.equal(probabilities, 0), np.inf, ranks)


def smallest(ranks: Numbers, size: int) -> NDArray[np.intp]:
    """Return the positions of the ``size`` smallest ranks, the smallest first; of equal ranks, the earlier position.

    Examples
    --------
    >>> smallest(np.array([3.0, 1.0, 2.0, 1.0]), 3).tolist()
    [1, 3, 2]
    """
    if size == 0:
        return np.empty(0, dtype=np.intp)
    candidates = np.flatnonzero(ranks <= np.partition(ranks, size - 1)[size - 1])
    return candidates[np.argsort(ranks[candidates], kind="stable")][:size]
