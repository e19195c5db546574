r"""Unified social credit codes (统一社会信用代码, GB 32100-2015) and organisation codes (GB 11714), over whole columns.

A code has 18 characters: registering department, category, six digits of place, nine characters of organisation
code, one check character. The alphabet is 0-9 and A-Z without I, O, Z, S and V. With character values
:math:`c_i` and weights :math:`w_i = 3^{i-1} \bmod 31`, the check value is
:math:`c_{18} = (31 - \sum_{i=1}^{17} w_i c_i \bmod 31) \bmod 31`, which means that
:math:`\sum_{i=1}^{17} w_i c_i + c_{18} \equiv 0 \pmod{31}`. This module computes the second form.

The check reads the bytes of the column two at a time, with nine look-ups per code in tables of 65,536 entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.frames import Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bytes_of", "is_valid_uscc", "organisation_code_check_character", "uscc_check_character"]

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# GB 32100-2015, table 1: the registering department, and the categories that it registers.
CATEGORIES_BY_DEPARTMENT = {
    "1": "1239",  # 机构编制: state organs, public institutions, mass organisations, others
    "2": "19",  # 外交
    "3": "123459",  # 司法行政
    "4": "19",  # 文化
    "5": "1239",  # 民政
    "6": "129",  # 旅游
    "7": "129",  # 宗教
    "8": "19",  # 工会
    "9": "1239",  # 工商 (now 市场监管): enterprises, sole traders, farmers' cooperatives, others
    "A": "19",  # 中央军委改革和编制办公室
    "N": "1239",  # 农业
    "Y": "19",  # 其他
}

_ROWS_AT_A_TIME = 1_000_000
_USCC_WEIGHTS = [pow(3, i, 31) for i in range(17)]
_ORGANISATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2]
# This is larger than any sum of valid terms, so that one bad character still shows in the sum over all positions.
_BAD = 1 << 20


@overload
def is_valid_uscc(values: str, *, strict: bool = ...) -> bool: ...
@overload
def is_valid_uscc(values: pl.Series, *, strict: bool = ...) -> pl.Series: ...  # type: ignore[overload-overlap]
@overload
def is_valid_uscc(  # type: ignore[overload-overlap]
    values: pd.Series[Any], *, strict: bool = ...
) -> pd.Series[bool]: ...
@overload
def is_valid_uscc(values: Column, *, strict: bool = ...) -> NDArray[np.bool_]: ...
def is_valid_uscc(
    values: str | Column, *, strict: bool = False
) -> bool | pl.Series | pd.Series[bool] | NDArray[np.bool_]:
    """Check which values are valid unified social credit codes.

    Parameters
    ----------
    values : str, list, numpy array, or pandas, Polars or Arrow column
        Codes in upper case without blanks. Nulls are not valid.
    strict : bool, default False
        Whether positions 9 to 17 must also be an organisation code (GB 11714). Some codes issued since 2015 are not.

    Returns
    -------
    bool, polars.Series, pandas.Series or numpy.ndarray
        A bool for one string; a Polars or pandas Series for a Series of that kind; else a NumPy array of bool.

    Examples
    --------
    >>> from creditrisk import is_valid_uscc
    >>> is_valid_uscc("91110000600037341L")
    True
    >>> is_valid_uscc(["91310000631696382C", "91110000600037341N", None]).tolist()
    [True, False, False]
    """
    if isinstance(values, str):
        return bool(_valid(pl.Series([values], dtype=pl.String), strict)[0])
    column = _string_series(values)
    valid = np.empty(len(column), dtype=bool)
    for start in range(0, len(column), _ROWS_AT_A_TIME):
        valid[start : start + _ROWS_AT_A_TIME] = _valid(column.slice(start, _ROWS_AT_A_TIME), strict)
    if isinstance(values, pl.Series):
        return pl.Series(values.name, valid)
    if _is_pandas_series(values):
        return type(values)(valid, index=values.index, name=values.name)  # type: ignore[return-value]
    return valid


def uscc_check_character(seventeen: Any) -> Any:
    """Compute the check character for the first seventeen characters of a unified social credit code.

    Parameters
    ----------
    seventeen : str, list or column of 17-character strings, or uint8 array of shape (n, 17)

    Returns
    -------
    str, numpy.ndarray, or polars.Series
        One character for a string, ASCII bytes of shape (n,) for a byte matrix, a Polars Series for a Polars
        Series, else an array of one-character strings.

    Examples
    --------
    >>> from creditrisk.records import uscc_check_character
    >>> uscc_check_character("91310000631696382")
    'C'
    """
    return _check_characters(seventeen, 17, USCC_ALPHABET, _USCC_WEIGHTS, 31, USCC_ALPHABET)


def organisation_code_check_character(eight: Any) -> Any:
    """Compute the check character for the first eight characters of an organisation code (GB 11714).

    Parameters
    ----------
    eight : str, list or column of 8-character strings, or uint8 array of shape (n, 8)

    Returns
    -------
    str, numpy.ndarray, or polars.Series
        The same types as from :func:`uscc_check_character`.

    Examples
    --------
    >>> from creditrisk.records import organisation_code_check_character
    >>> organisation_code_check_character(["63169638", "60003734"]).tolist()
    ['2', '1']
    """
    return _check_characters(eight, 8, ORGANISATION_ALPHABET, _ORGANISATION_WEIGHTS, 11, "0123456789X")


def _valid(column: pl.Series, strict: bool) -> np.ndarray:
    right_length, characters = bytes_of(column, 18)
    pairs = np.ascontiguousarray(characters).view(np.uint16)
    valid = _sum_of_pairs(pairs, _USCC_TABLES) % 31 == 0
    if strict:
        valid &= _sum_of_pairs(pairs, _ORGANISATION_TABLES) % 11 == 0
    if right_length is None:
        return valid
    result = np.zeros(len(column), dtype=bool)
    result[right_length] = valid
    return result


def _sum_of_pairs(pairs: np.ndarray, tables: dict[int, np.ndarray]) -> np.ndarray:
    # A sum of at least _BAD contains a character that is not allowed there; -1 is not a multiple of 31 or of 11.
    total = np.zeros(len(pairs), dtype=np.int32)
    for position, table in tables.items():
        total += table[pairs[:, position]]
    total[total >= _BAD] = -1
    return total


def bytes_of(column: pl.Series, length: int) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the mask of rows that have ``length`` bytes (None for all), and the bytes of those rows as a matrix."""
    array = column.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data_buffer, dtype=np.uint8) if data_buffer is not None else np.empty(0, dtype=np.uint8)
    right_length = np.diff(offsets) == length
    if array.null_count:
        right_length &= column.is_not_null().to_numpy()
    if right_length.all():
        return None, data[offsets[0] : offsets[-1]].reshape(-1, length)
    return right_length, data[offsets[:-1][right_length][:, None] + np.arange(length)]


def _check_characters(
    values: Any, length: int, alphabet: str, weights: list[int], modulus: int, check_alphabet: str
) -> Any:
    if isinstance(values, np.ndarray) and values.dtype == np.uint8 and values.ndim == 2:
        if values.shape[1] != length:
            raise InputError(f"expected a matrix with {length} columns, got {values.shape[1]}")
        characters = values
    else:
        column = pl.Series([values], dtype=pl.String) if isinstance(values, str) else _string_series(values)
        other_lengths, characters = bytes_of(column, length)
        if other_lengths is not None:
            raise InputError(f"every value must have {length} characters 0-9 or A-Z")
    terms = _character_values(alphabet)[characters]
    if (terms >= _BAD).any():
        raise InputError(f"only the characters {alphabet} are allowed")
    checks = np.frombuffer(check_alphabet.encode(), dtype=np.uint8)[-(terms @ np.array(weights)) % modulus]
    if characters is values:
        return checks
    if isinstance(values, str):
        return chr(checks[0])
    letters = checks.view("S1").astype("U1")
    return pl.Series(values.name, letters) if isinstance(values, pl.Series) else letters


def _string_series(values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        series = values
    elif _is_pandas_series(values):
        series = _from_objects(list(values)) if values.dtype == object else pl.from_pandas(values)
    elif hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        series = pl.Series(values)
    else:
        series = _from_objects(values.tolist() if isinstance(values, np.ndarray) else list(values))
    return series if series.dtype == pl.String else series.cast(pl.String)


def _from_objects(values: list[Any]) -> pl.Series:
    return pl.Series([value if isinstance(value, str) else None for value in values], dtype=pl.String)


def _is_pandas_series(values: object) -> TypeGuard[pd.Series[Any]]:
    return type(values).__module__.partition(".")[0] == "pandas" and hasattr(values, "index")


def _character_values(alphabet: str) -> np.ndarray:
    values = np.full(256, _BAD, dtype=np.int32)
    values[np.frombuffer(alphabet.encode(), dtype=np.uint8)] = np.arange(len(alphabet))
    return values


def _pair_tables(terms: list[np.ndarray], first_position: int) -> dict[int, np.ndarray]:
    # Two characters in memory are one 16-bit number; this holds for either byte order of the machine.
    both = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    return {(first_position + i) // 2: terms[i][both[:, 0]] + terms[i + 1][both[:, 1]] for i in range(0, len(terms), 2)}


def _uscc_tables() -> dict[int, np.ndarray]:
    values = _character_values(USCC_ALPHABET)
    digits = _character_values("0123456789")
    terms = [np.minimum((digits if 2 <= i < 8 else values) * weight, _BAD) for i, weight in enumerate(_USCC_WEIGHTS)]
    tables = _pair_tables([*terms, values], 0)
    known = np.zeros(65536, dtype=bool)
    for department, categories in CATEGORIES_BY_DEPARTMENT.items():
        known[[int(np.frombuffer(f"{department}{category}".encode(), np.uint16)[0]) for category in categories]] = True
    tables[0][~known] = _BAD
    return tables


def _organisation_tables() -> dict[int, np.ndarray]:
    # Σ w·c + check ≡ 0 (mod 11), with X for ten; the 18th character of the code is not used.
    values = _character_values(ORGANISATION_ALPHABET)
    terms = [np.minimum(values * weight, _BAD) for weight in _ORGANISATION_WEIGHTS]
    return _pair_tables([*terms, _character_values("0123456789X"), np.zeros(256, dtype=np.int32)], 8)


_USCC_TABLES = _uscc_tables()
_ORGANISATION_TABLES = _organisation_tables()
