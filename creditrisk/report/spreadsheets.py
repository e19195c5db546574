"""Tables as CSV that a spreadsheet opens as it should: Chinese legible, and no cell taken for a formula."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import polars.selectors as cs

__all__ = ["as_spreadsheet", "write_spreadsheet"]

# What makes a spreadsheet run a cell (the full-width forms too), behind an apostrophe is only text.
_FORMULA_START = r"^[=+\-@\t\r\n＝＋－＠]"


def write_spreadsheet(frame: pl.DataFrame | Iterable[pl.DataFrame], path: str | Path) -> None:
    """Write a table as CSV in UTF-8 with a byte order mark, by which Excel knows that it is UTF-8.

    Parameters
    ----------
    frame : polars.DataFrame, or iterable of them
        A large table may come in parts, one after another.
    path : str or Path
    """
    parts = [frame] if isinstance(frame, pl.DataFrame) else frame
    with Path(path).open("wb") as file:
        for place, part in enumerate(parts):
            as_spreadsheet(part).write_csv(file, include_bom=place == 0, include_header=place == 0)


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
