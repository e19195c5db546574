"""Records to rows of the register: a table of codes by hash, looked up for millions of records.

About half the cost of a join of text, and a code that is found needs no check of its own. Every find is verified on
all 18 characters, so that no record is led to another enterprise by two hashes that happen to be equal.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.records.uscc import bytes_of, is_valid_uscc

__all__ = ["ENTERPRISE_ROW", "CodeTable"]

# The column that a record table has while it is read: the row of the register, null for an enterprise not in it.
ENTERPRISE_ROW = "row of the register"

_NONE = -1
_CODES_AT_A_TIME = 250_000


class CodeTable:
    """Where each code stands in a register, by open addressing.

    Parameters
    ----------
    register : polars.Series of String
        Without repeats. Those that are no valid unified social credit codes are not found.
    strict : bool
        As in :func:`creditrisk.records.uscc.is_valid_uscc`.
    """

    def __init__(self, register: pl.Series, strict: bool = False) -> None:
        rows = is_valid_uscc(register, strict=strict).arg_true()
        codes = register.gather(rows)
        _, characters = bytes_of(codes, 18)
        self._words = [_by_row(word, rows, len(register)) for word in _words(characters)]
        # At least four slots to a code: then most codes stand in the first slot that is looked at.
        self._bits = max(4 * len(codes), 2).bit_length()
        self._slots = np.full(1 << self._bits, _NONE, dtype=np.int32)
        left, slot = rows.to_numpy().astype(np.int32), self._first_slot(codes)
        while len(left):
            free = self._slots[slot] == _NONE
            self._slots[slot[free]] = left[free]
            without = self._slots[slot] != left
            left, slot = left[without], self._next_slot(slot[without])

    def rows_of(self, codes: pl.Series) -> pl.Series:
        """The row of each code in the register, null where it is not there."""
        # In blocks, whose arrays are small enough to use the same memory again.
        blocks = (codes.slice(start, _CODES_AT_A_TIME) for start in range(0, len(codes), _CODES_AT_A_TIME))
        with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
            found = np.concatenate([np.empty(0, np.int32), *threads.map(self._find, blocks)])
        rows = pl.Series(ENTERPRISE_ROW, found.view(np.uint32))
        missing = found == _NONE
        return rows.set(pl.Series(missing), None) if missing.any() else rows

    def _find(self, codes: pl.Series) -> NDArray[np.int32]:
        right_length, characters = bytes_of(codes, 18)
        if right_length is not None:
            found = np.full(len(codes), _NONE, dtype=np.int32)
            if right_length.any():
                found[right_length] = self._find(codes.filter(pl.Series(right_length)))
            return found
        words = _words(characters)
        slot = self._first_slot(codes)
        row = self._slots[slot]
        left = np.flatnonzero(~self._are(row, words))
        while len(left):
            # An empty slot ends the search; behind another code it goes on.
            left = left[row[left] != _NONE]
            slot[left] = self._next_slot(slot[left])
            row[left] = self._slots[slot[left]]
            left = left[~self._are(row[left], [word[left] for word in words])]
        return row

    def _are(self, row: NDArray[np.int32], words: list[NDArray[np.unsignedinteger]]) -> NDArray[np.bool_]:
        first, second, third = (mine[row] == word for mine, word in zip(self._words, words, strict=True))
        return first & second & third

    def _first_slot(self, codes: pl.Series) -> NDArray[np.intp]:
        return (codes.hash().to_numpy() >> np.uint64(64 - self._bits)).astype(np.intp)

    def _next_slot(self, slot: NDArray[np.intp]) -> NDArray[np.intp]:
        return (slot + 1) & ((1 << self._bits) - 1)


def _words(characters: NDArray[np.uint8]) -> list[NDArray[np.unsignedinteger]]:
    """The 18 characters of each code as two long words and a short one."""
    long, short = characters[:, :16].view(np.uint64), characters[:, 16:].view(np.uint16)
    return [long[:, 0], long[:, 1], short[:, 0]]


def _by_row(word: NDArray[np.unsignedinteger], rows: pl.Series, n_rows: int) -> NDArray[np.unsignedinteger]:
    # One more than there are rows: what _NONE points to is no code.
    by_row = np.zeros(n_rows + 1, dtype=word.dtype)
    by_row[rows.to_numpy()] = word
    return by_row
