"""The register's row for each record: a hash table of codes, fast enough for millions of records.

It costs about half as much as a join of text, and a code that is found needs no further check. Every match is verified
on all 18 characters, so that two equal hashes never assign a record to another enterprise.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.records.uscc import bytes_of, is_valid_uscc

__all__ = ["ENTERPRISE_ROW", "CodeTable"]

# A column that a record table has only while it is read: the register's row, null for an enterprise not in it.
ENTERPRISE_ROW = "row of the register"

_NONE = -1
_CODES_AT_A_TIME = 250_000


class CodeTable:
    """A hash table, with open addressing, from codes to the rows of a register.

    Parameters
    ----------
    register : polars.Series of String
        The codes, without repeats. A code that is not a valid unified social credit code is never found.
    strict : bool
        The strictness of :func:`creditrisk.records.uscc.is_valid_uscc`.
    """

    def __init__(self, register: pl.Series, strict: bool = False) -> None:
        rows = is_valid_uscc(register, strict=strict).arg_true()
        codes = register.gather(rows)
        _, characters = bytes_of(codes, 18)
        self._words = [_by_row(word, rows, len(register)) for word in _words(characters)]
        # With at least four slots per code, most codes are in the first slot that is tried.
        self._bits = max(4 * len(codes), 2).bit_length()
        self._slots = np.full(1 << self._bits, _NONE, dtype=np.int32)
        left, slot = rows.to_numpy().astype(np.int32), self._first_slot(codes)
        while len(left):
            free = self._slots[slot] == _NONE
            self._slots[slot[free]] = left[free]
            without = self._slots[slot] != left
            left, slot = left[without], self._next_slot(slot[without])

    def rows_of(self, codes: pl.Series) -> pl.Series:
        """Return the row of each code in the register, null if it is not there."""
        # Codes are looked up in blocks, whose arrays are small enough to reuse the same memory.
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
            # An empty slot ends the search; after a slot with another code it continues.
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
    """Return the 18 characters of each code as two long words and a short one."""
    long, short = characters[:, :16].view(np.uint64), characters[:, 16:].view(np.uint16)
    return [long[:, 0], long[:, 1], short[:, 0]]


def _by_row(word: NDArray[np.unsignedinteger], rows: pl.Series, n_rows: int) -> NDArray[np.unsignedinteger]:
    # There is one more entry than rows: _NONE points to an entry that is not a code.
    by_row = np.zeros(n_rows + 1, dtype=word.dtype)
    by_row[rows.to_numpy()] = word
    return by_row
