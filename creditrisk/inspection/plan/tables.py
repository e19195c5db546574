"""Small tables that people fill in: lists of inspectors, overrides, days and results, from frames or files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from creditrisk.errors import InputError
from creditrisk.frames import is_frame, to_polars
from creditrisk.records.parsing import to_text
from creditrisk.records.sources import read_parts

__all__ = ["as_text", "read_table"]

_HEADERS = {
    "统一社会信用代码": "enterprise_id",
    "检查编号": "visit_id",
    "检查人员编号": "inspector_id",
    "姓名": "name",
    "所属部门": "department",
    "技能": "skills",
    "负责地区": "regions",
    "可用天数": "available_days",
    "事项": "item",
    "原因": "reason",
    "说明": "note",
    "检查日期": "inspected_on",
    "检查结果": "outcome",
    "维度": "dimension",
    "严重程度": "severity",
    "问题": "matter",
    "日期": "date",
    "类别": "kind",
}


def read_table(source: Any, what: str) -> tuple[pl.DataFrame, str]:
    """Read a table (from a file, all cells as text), and return its name for messages.

    Parameters
    ----------
    source : frame, or path of a .csv (UTF-8 or GB18030), .xlsx or .parquet
    what : str
        The content of the table, for messages.

    Returns
    -------
    table : polars.DataFrame
        Empty cells of files are null; Chinese headers become English.
    name : str

    Raises
    ------
    InputError
        If the file cannot be read, or a row has more or fewer cells than the header.
    """
    if is_frame(source):
        return _in_english(to_polars(source)), what
    parts = read_parts(Path(source) if isinstance(source, str) else source)
    if len(parts) > 1:
        raise InputError(f"{source}: the {what} must stand in one file, got {len(parts)}")
    part = parts[0]
    if part.ragged:
        row = part.ragged[0]
        raise InputError(
            f"{part.name}, row {row.row}: it has {row.fields} cells and the header {row.expected}; put quotes around "
            "text with separators"
        )
    return _in_english(part.frame.with_columns(cs.string().replace("", None))), part.name


def as_text(column: pl.Series) -> pl.Series:
    """Return ids and words as text without outer blanks; whole numbers are written without a decimal point.

    A column of whole numbers with missing cells often arrives as floats.

    Raises
    ------
    InputError
        If floats hold whole numbers too large to be exact, as ids often are.

    Examples
    --------
    >>> as_text(pl.Series([320102.0, None])).to_list()
    ['320102', None]
    """
    if column.dtype.is_float():
        return to_text(column)
    return column.cast(pl.String).str.strip_chars()


def _in_english(table: pl.DataFrame) -> pl.DataFrame:
    """Rename Chinese headers to English, unless the table already has that column."""
    return table.rename(
        {header: name for header, name in _HEADERS.items() if header in table.columns and name not in table.columns}
    )
