"""CSV and TSV files as text columns, in UTF-8 or GB18030, without losing a row.

Polars reads the file, but silently fills up short rows. So the separators outside quotes are counted as well: no row is
longer than the header (Polars refuses those), hence none is shorter if the total is right. If the total is wrong, the
file is read again, slowly and row by row, and the rows that do not fit are returned.
"""

from __future__ import annotations

import codecs
import csv
import io
from typing import NamedTuple

import numpy as np
import polars as pl

from creditrisk.errors import InputError

__all__ = ["RaggedRow", "read_delimited"]

_CHUNK = 1 << 24
_SEPARATORS = ",\t;|"


class RaggedRow(NamedTuple):
    """A row with more or fewer fields than the header."""

    row: int
    fields: int
    expected: int
    text: str


def read_delimited(content: bytes, name: str) -> tuple[pl.DataFrame, pl.Series | None, tuple[RaggedRow, ...]]:
    """Read the bytes of a delimited file: text columns, row numbers (if rows are missing), and ragged rows.

    Raises
    ------
    InputError
        If the bytes are neither UTF-8 nor GB18030, or contain NUL, no header, a repeated header or an unclosed quote.
    """
    content = _as_utf8(content, name)
    header, separator = _header(content, name)
    if content.endswith((b"\n\n", b"\n\r\n")):
        content = content.rstrip(b"\r\n") + b"\n"  # blank lines at the end are common, and need no slow reading
    try:
        # Polars must not read the header, because it would rename repeated and blank headers.
        frame = pl.read_csv(
            io.BytesIO(content), has_header=False, infer_schema=False, separator=separator, low_memory=False
        )
    except pl.exceptions.PolarsError:
        return _row_by_row(content, header, separator, name)
    separators, quotes_closed = _count_separators(content, separator)
    if frame.width != len(header) or not quotes_closed or separators != frame.height * (len(header) - 1):
        return _row_by_row(content, header, separator, name)
    if frame.height and frame.select(pl.all_horizontal(pl.all().is_null()).any()).item():
        return _row_by_row(content, header, separator, name)
    return _named(frame.slice(1), header), None, ()


def _as_utf8(content: bytes, name: str) -> bytes:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{name} is in UTF-16; save it as UTF-8 or GB18030")
    if (position := content.find(b"\0")) >= 0:
        raise InputError(f"{name} holds a NUL byte at offset {position}: it is damaged, or no text file")
    content = content.removeprefix(codecs.BOM_UTF8)
    not_utf8 = _first_bad_byte(content, "utf-8")
    if not_utf8 is None:
        return content
    not_gb18030 = _first_bad_byte(content, "gb18030")
    if not_gb18030 is None:
        return content.decode("gb18030").encode()
    raise InputError(
        f"{name} is neither UTF-8 (first bad byte at offset {not_utf8}) nor GB18030 (at offset {not_gb18030})"
    )


def _first_bad_byte(content: bytes, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for start in range(0, max(len(content), 1), _CHUNK):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(content[start : start + _CHUNK], final=start + _CHUNK >= len(content))
        except UnicodeDecodeError as error:
            return start - waiting + error.start
    return None


def _header(content: bytes, name: str) -> tuple[list[str], str]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    first = text.readline()
    separator = max(_SEPARATORS, key=first.count)
    text.seek(0)
    try:
        header = [field.strip() for field in next(csv.reader(text, delimiter=separator, strict=True), [])]
    except csv.Error as error:
        raise InputError(f"{name}: the header cannot be read: {error}") from error
    if not any(header):
        raise InputError(f"{name} has no header in its first line")
    named = [field for field in header if field]
    repeated = next((field for field in named if named.count(field) > 1), None)
    if repeated is not None:
        raise InputError(f"{name}: the column {repeated!r} occurs twice; give each column one name")
    return header, separator


def _count_separators(content: bytes, separator: str) -> tuple[int, bool]:
    """Count the separators outside quotes, and say whether every quote is closed."""
    total, inside = 0, 0
    for start in range(0, len(content), _CHUNK):
        chunk = np.frombuffer(content, dtype=np.uint8, count=min(_CHUNK, len(content) - start), offset=start)
        separators = chunk == ord(separator)
        quotes = chunk == ord('"')
        if inside or quotes.any():
            # A doubled quote opens and immediately closes, so parity is enough.
            parity = (np.cumsum(quotes, dtype=np.int64) + inside) & 1
            separators &= parity == 0
            inside = int(parity[-1])
        total += int(np.count_nonzero(separators))
    return total, inside == 0


def _row_by_row(
    content: bytes, header: list[str], separator: str, name: str
) -> tuple[pl.DataFrame, pl.Series | None, tuple[RaggedRow, ...]]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    reader = csv.reader(text, delimiter=separator, strict=True)
    kept: list[list[str]] = []
    numbers: list[int] = []
    ragged: list[RaggedRow] = []
    number = -1
    try:
        for fields in reader:
            if not fields:
                continue  # a blank line is not a row
            number += 1
            if number == 0:
                continue
            if len(fields) == len(header):
                kept.append(fields)
                numbers.append(number)
            else:
                ragged.append(RaggedRow(number, len(fields), len(header), separator.join(fields)[:200]))
    except csv.Error as error:
        raise InputError(
            f"{name}: line {reader.line_num} cannot be read as {separator!r}-separated text: {error}"
        ) from error
    columns = [f"column_{i}" for i in range(1, len(header) + 1)]
    frame = pl.DataFrame(kept, schema=dict.fromkeys(columns, pl.String), orient="row")
    return _named(frame, header), pl.Series("row", numbers, dtype=pl.UInt32) if ragged else None, tuple(ragged)


def _named(frame: pl.DataFrame, header: list[str]) -> pl.DataFrame:
    # A deleted column in a spreadsheet leaves a column without a name and without values.
    frame.columns = [field or f"column_{i}" for i, field in enumerate(header, start=1)]
    blank = [frame.columns[i] for i, field in enumerate(header) if not field]
    return frame.drop([column for column in blank if not (frame[column].fill_null("") != "").any()])
