"""Random numbers that are the same on every machine and with every NumPy version.

NumPy guarantees the raw bits of a bit generator, but not the numbers that ``Generator`` makes of them; ``exp`` and
``log`` differ in their last digit between processors. So this module computes everything from the raw bits by integer
arithmetic, and takes the exponential function from a table rounded to six decimals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draws", "exponential"]

# A normal number is an integer in 256ths of a standard deviation, and at most six deviations from 0.
_STEPS = 256
_LIMIT = 6 * _STEPS


class Draws:
    """A stream of random numbers from PCG64's raw bits.

    Parameters
    ----------
    *seed : int
        The seed; a second number selects another stream.

    Examples
    --------
    >>> Draws(7).below(100, 5).tolist() == Draws(7).below(100, 5).tolist()
    True
    """

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def raw(self, count: int) -> NDArray[np.uint64]:
        """Draw whole numbers of 64 random bits."""
        return self._bits.random_raw(count)

    def below(self, bound: int | NDArray[np.integer], count: int) -> NDArray[np.int64]:
        """Draw whole numbers from 0 to ``bound - 1`` (``bound`` at most 2³²; one for all, or one for each number)."""
        bound = np.asarray(bound).astype(np.uint64)
        return (((self.raw(count) >> np.uint64(32)) * bound) >> np.uint64(32)).astype(np.int64)

    def unit(self, count: int) -> NDArray[np.float64]:
        """Draw numbers from 0 up to, but not including, 1."""
        return (self.raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, share: float | NDArray[np.float64], count: int) -> NDArray[np.bool_]:
        """Draw booleans that are true with probability ``share`` (one for all, or one for each)."""
        return self.unit(count) < share

    def bell(self, count: int) -> NDArray[np.int64]:
        """Draw approximately normal numbers, in 256ths of a standard deviation, as sums of twelve uniform ones."""
        total = np.zeros(count, dtype=np.int64)
        for _ in range(3):
            bits = self.raw(count)
            for shift in (0, 16, 32, 48):
                total += ((bits >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)
        return (total - 6 * 0xFFFF) >> 8

    def choose(self, weights: Sequence[int] | NDArray[np.integer], count: int) -> NDArray[np.int32]:
        """Draw indices with replacement, in proportion to whole-number weights."""
        cumulative = np.cumsum(np.asarray(weights, dtype=np.uint64))
        return np.searchsorted(cumulative, self.raw(count) % cumulative[-1], side="right").astype(np.int32)

    def pick(self, weights: Sequence[float | NDArray[np.float64]], count: int) -> NDArray[np.int8]:
        """Draw an option for each row, in proportion to weights that may differ by row."""
        cumulative: list[NDArray[np.float64]] = []
        total: NDArray[np.float64] = np.zeros(count)
        for weight in weights:
            total = total + weight
            cumulative.append(total)
        point = self.unit(count) * total
        chosen = np.zeros(count, dtype=np.int8)
        for bound in cumulative[:-1]:
            chosen += point >= bound
        return chosen

    def order(self, count: int) -> NDArray[np.int64]:
        """Draw a random order of ``count`` rows."""
        return np.argsort(self.raw(count), kind="stable")


def exponential(deviations: NDArray[np.int64], power: float) -> NDArray[np.float64]:
    """exp(power × deviations), for deviations in 256ths; a lognormal number when the deviations are bell-shaped.

    Examples
    --------
    >>> exponential(np.array([0, 256]), 1.0).tolist()
    [1.0, 2.718282]
    """
    return _table(power)[np.clip(deviations, -_LIMIT, _LIMIT) + _LIMIT]


@cache
def _table(power: float) -> NDArray[np.float64]:
    # Rounding hides the last digit of exp, which differs between processors.
    return np.array([round(math.exp(power * step / _STEPS), 6) for step in range(-_LIMIT, _LIMIT + 1)])
