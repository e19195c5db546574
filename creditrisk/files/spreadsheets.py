"""Tables as CSV and .xlsx that a spreadsheet opens correctly: Chinese is legible, and no cell becomes a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import polars.selectors as cs

from creditrisk.errors import InputError

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["as_spreadsheet", "check_sheet", "read_spreadsheet", "write_spreadsheet", "write_workbook"]

# Characters that make a spreadsheet execute a cell (also in full-width form) are only text after an apostrophe. Text
# that already has one there gets another, so that removing one gives the original text.
_FORMULA_START = r"^'*[=+\-@\t\r\n＝＋－＠]"
_GUARDED = r"^'('*[=+\-@\t\r\n＝＋－＠])"
_MOST_ROWS = 1 << 20
_MOST_WIDTH = 60
# A fixed day of creation, so that the same tables give the same file on any day.
_CREATED = datetime(2000, 1, 1)
_MOST_TEXT = 32767
_BEYOND_UTF_16 = r"[\x{10000}-\x{10FFFF}]"


def write_spreadsheet(frame: pl.DataFrame | Iterable[pl.DataFrame], path: str | Path) -> None:
    """Write a table as CSV in UTF-8, with a byte order mark so that Excel reads it as UTF-8.

    Parameters
    ----------
    frame : polars.DataFrame, or iterable of them
        The table; a large one may come in parts, one after another.
    path : str or Path
    """
    parts = [frame] if isinstance(frame, pl.DataFrame) else frame
    with Path(path).open("wb") as file:
        for place, part in enumerate(parts):
            as_spreadsheet(part).write_csv(file, include_bom=place == 0, include_header=place == 0)


def read_spreadsheet(path: str | Path, types: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """Read a table that :func:`write_spreadsheet` wrote, with its types and without the apostrophes.

    Parameters
    ----------
    path : str or Path
    types : mapping of str to data type
        The types of the columns that are not text.

    Raises
    ------
    InputError
        If the file cannot be read, or a cell does not have its column's type.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> table = pl.DataFrame({"name": ["=1+1", "'=1", None], "points": [-1, 2, None]})
    >>> with TemporaryDirectory() as folder:
    ...     write_spreadsheet(table, Path(folder, "a.csv"))
    ...     read_spreadsheet(Path(folder, "a.csv"), {"points": pl.Int64}).equals(table)
    True
    """
    try:
        text = pl.read_csv(path, infer_schema=False).with_columns(pl.all().str.replace(_GUARDED, "$1"))
        return text.with_columns(
            pl.col(name).str.to_date("%Y-%m-%d") if dtype == pl.Date else pl.col(name).cast(dtype)
            for name, dtype in types.items()
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InputError(f"the table {path} cannot be read: {reason}") from error


def as_spreadsheet(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn lists into text, and put an apostrophe before text that a spreadsheet would execute as a formula.

    Examples
    --------
    >>> as_spreadsheet(pl.DataFrame({"name": ["=1+1", "甲公司"], "points": [-1, 2]})).rows()
    [("'=1+1", -1), ('甲公司', 2)]
    """
    text = cs.string() | cs.categorical() | cs.enum()
    return _joined(frame).with_columns(text.cast(pl.String).str.replace(_FORMULA_START, "'$0"))


def check_sheet(name: str, rows: int) -> None:
    """Raise an InputError if a table has more rows than an Excel sheet can hold with its header."""
    if rows >= _MOST_ROWS:
        raise InputError(
            f"the sheet {name} would have {rows:,} rows below its header, and Excel opens at most {_MOST_ROWS - 1:,}: "
            "write a part of the table, such as one region, or the whole as CSV or Parquet"
        )


def write_workbook(sheets: Mapping[str, pl.DataFrame], path: str | Path) -> None:
    """Write tables as the sheets of one .xlsx; text stays text, whatever it begins with.

    Days stay days and lists are joined. A cell needs no apostrophe as in :func:`as_spreadsheet`, because its format
    says that it is text. The same tables give the same bytes.

    Parameters
    ----------
    sheets : mapping of str to polars.DataFrame
        The tables by the name of the sheet.
    path : str or Path

    Raises
    ------
    InputError
        If XlsxWriter is not installed, a table has more rows or a cell has more text than Excel allows, or Excel does
        not allow a name.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_workbook({"企业": pl.DataFrame({"name": ["=1+1"], "points": [2]})}, Path(folder, "a.xlsx"))
    ...     pl.read_excel(Path(folder, "a.xlsx")).rows()
    [('=1+1', 2)]
    """
    try:
        import xlsxwriter
        from xlsxwriter.exceptions import XlsxInputError
    except ModuleNotFoundError as error:
        raise InputError("writing Excel files needs pip install 'creditrisk[excel]'") from error
    for name, frame in sheets.items():
        check_sheet(name, frame.height)
    tables = {name: _cells(frame) for name, frame in sheets.items()}
    for name, table in tables.items():
        _check_texts(name, table)
    # Cells are written row by row, because a sheet may have a million rows.
    with Path(path).open("wb") as file, xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        head = book.add_format({"bold": True, "num_format": "@"})
        # A cell with this format stays text even if it is edited.
        text = book.add_format({"num_format": "@"})
        day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        for name, table in tables.items():
            try:
                sheet = book.add_worksheet(name)
            except XlsxInputError as error:
                raise InputError(f"{name!r} cannot be the name of a sheet: {error}") from error
            _fill(sheet, table, head, {pl.String: text, pl.Date: day, pl.Datetime: moment})


def _fill(sheet: Worksheet, table: pl.DataFrame, head: Format, formats: Mapping[type[pl.DataType], Format]) -> None:
    sheet.freeze_panes(1, 0)
    writers: list[tuple[Callable[..., int], Format | None]] = []
    for place, column in enumerate(table.iter_columns()):
        sheet.set_column(place, place, _width(column))
        sheet.write_string(0, place, column.name, head)
        writers.append((_writer(sheet, column.dtype), formats.get(column.dtype.base_type())))
    for row, values in enumerate(table.iter_rows(), start=1):
        for place, (value, (write, form)) in enumerate(zip(values, writers, strict=True)):
            if value is not None:
                write(row, place, value, form)


def _writer(sheet: Worksheet, dtype: pl.DataType) -> Callable[..., int]:
    # sheet.write is never used, because it turns some text into formulas, links or numbers.
    if dtype.is_temporal():
        return sheet.write_datetime
    if dtype.is_numeric():
        return sheet.write_number
    return sheet.write_boolean if dtype == pl.Boolean else sheet.write_string


def _cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the types that Excel has and turn all others into text; Excel has no time zones, NaN or infinity."""
    kept = cs.date() | cs.datetime() | cs.numeric() | cs.boolean()
    return _joined(frame).with_columns(
        (~kept).cast(pl.String),
        cs.datetime().dt.replace_time_zone(None),
        cs.float().replace([float("nan"), float("inf"), float("-inf")], None),
    )


def _check_texts(name: str, table: pl.DataFrame) -> None:
    """Raise an InputError for a text that is too long for a cell: XlsxWriter would silently cut it."""
    for column in table.select(cs.string()).iter_columns():
        units = column.str.len_chars() + column.str.count_matches(_BEYOND_UTF_16)
        too_long = (units > _MOST_TEXT).arg_true()
        if len(too_long):
            raise InputError(
                f"row {too_long[0] + 1} of the sheet {name} has a text of {units[too_long[0]]:,} characters in "
                f"{column.name}, and a cell of Excel takes {_MOST_TEXT:,}: leave it out, or write CSV or Parquet"
            )


def _width(column: pl.Series) -> float:
    """Return the width of the longest cell; a Chinese character is twice as wide as a Latin letter."""
    text = pl.concat([pl.Series([column.name]), column.cast(pl.String)]).drop_nulls()
    # In UTF-8 Chinese characters have three bytes, and Latin letters have one.
    wide = (text.str.len_bytes() + text.str.len_chars()).max()
    assert isinstance(wide, int)
    return min(wide / 2 + 2, _MOST_WIDTH)


def _joined(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(cs.list().cast(pl.List(pl.String)).list.join("；"))
