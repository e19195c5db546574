"""Permanent random numbers: one number per enterprise, computed only from a public seed and the enterprise's id.

A number does not depend on other enterprises, on the order of rows, or on the machine. Anyone who knows the seed and
the id can compute the number with SHA-256 (FIPS 180-4), so that the enterprises drawn can check a draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError

__all__ = ["check_seed", "permanent_numbers", "shifted_numbers"]

# A double holds 53 bits exactly.
_BITS = 53
_UNIT = 2.0**-_BITS
# The number of ids whose digests are computed at a time; this bounds the memory.
_CHUNK = 1 << 16


def permanent_numbers(enterprise_ids: pl.Series | Sequence[str], *, seed: str, series: str) -> NDArray[np.float64]:
    r"""Compute the permanent random numbers of enterprises.

    The number is the first 53 bits of ``SHA-256(seed ⏎ series ⏎ enterprise_id)`` in UTF-8, as a binary fraction.

    Parameters
    ----------
    enterprise_ids : Series or sequence of str, shape (n,)
    seed : str
        The public seed, one line.
    series : str
        The purpose of the numbers, such as the id of an item or the name of a joint group; one line. Items drawn with
        the same series have the same numbers.

    Returns
    -------
    ndarray of float64, shape (n,)
        Multiples of 2⁻⁵³ from 0 up to, not including, 1.

    Raises
    ------
    InputError
        If the seed is empty, seed or series have several lines, or an id is missing.

    Examples
    --------
    >>> number = permanent_numbers(["91320585943433725F"], seed="2026-01-05 23 08 17", series="fire")[0]
    >>> digest = sha256(b"2026-01-05 23 08 17\nfire\n91320585943433725F").digest()
    >>> float(number) == (int.from_bytes(digest[:8], "big") >> 11) / 2**53
    True
    """
    check_seed(seed)
    if "\n" in series:
        raise InputError(f"the series {series!r} must be of one line")
    ids = pl.Series(enterprise_ids, dtype=pl.String)
    if ids.null_count():
        raise InputError("an enterprise without an id cannot be drawn: remove the rows whose enterprise_id is missing")
    start = pl.lit(f"{seed}\n{series}\n")
    numbers = np.empty(len(ids))
    for first in range(0, len(ids), _CHUNK):
        texts = pl.select(pl.concat_str(start, ids.slice(first, _CHUNK)).cast(pl.Binary)).to_series().to_list()
        digests = b"".join([sha256(text).digest() for text in texts])
        bits = np.frombuffer(digests, dtype=">u8")[::4] >> np.uint64(64 - _BITS)
        numbers[first : first + len(texts)] = bits * _UNIT
    return numbers


def shifted_numbers(numbers: NDArray[np.float64], start: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift numbers to another start on the circle from 0 to 1: ``(number − start) mod 1``, exactly.

    Parameters
    ----------
    numbers : ndarray of float64, shape (n,)
        Multiples of 2⁻⁵³.
    start : float or ndarray of float64, shape (n,)
        Multiples of 2⁻⁵³ from 0 up to, not including, 1, so that nothing is rounded.

    Examples
    --------
    >>> shifted_numbers(np.array([0.25, 0.75]), 0.5).tolist()
    [0.75, 0.25]
    """
    moved = numbers - start
    return np.add(moved, 1.0, out=moved, where=moved < 0)


def check_seed(seed: str) -> None:
    """Raise an InputError unless this can be a public seed: one line of text that is not empty."""
    if not isinstance(seed, str) or not seed.strip() or "\n" in seed:
        raise InputError(f"the seed must be text of one line, such as lottery numbers and their date; got {seed!r}")
