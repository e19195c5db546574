"""Tables as CSV that a spreadsheet opens as it should: Chinese legible, and no cell taken for a formula."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import polars.selectors as cs

__all__ = ["as_spreadsheet", "write_spreadsheet"]

# What makes a spreadsheet run a cell (the full-width forms too), behind an apostrophe is only text.
_FORMULA_START = r"^[=+\-@\t\r\n＝＋－＠]"


def write_spreadsheet(frame: pl.DataFrame, path: str | Path) -> None:
    """Write a table as CSV in UTF-8 with a byte order mark, by which Excel knows that it is UTF-8.

    Parameters
    ----------
    frame : polars.DataFrame
    path : str or Path
    """
    as_spreadsheet(frame).write_csv(path, include_bom=True)


def as_spreadsheet(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text, and text cells that a spreadsheet would run as a formula behind an apostrophe.

    Examples
    --------
    >>> as_spreadsheet(pl.DataFrame({"name": ["=1+1", "甲公司"], "points": [-1, 2]})).rows()
    [("'=1+1", -1), ('甲公司', 2)]
    """
    flat = frame.with_columns(cs.list().cast(pl.List(pl.String)).list.join("；"))
    text = cs.string() | cs.categorical() | cs.enum()
    return flat.with_columns(text.cast(pl.String).str.replace(_FORMULA_START, "'$0"))
