"""Small tables that people fill in: lists of inspectors, overrides, days and results, from frames or files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from creditrisk.errors import InputError
from creditrisk.frames import is_frame, to_polars
from creditrisk.records.sources import read_parts

__all__ = ["read_table"]


def read_table(source: Any, what: str) -> tuple[pl.DataFrame, str]:
    """Read a table, from a file as text, and say what to call it in messages.

    Parameters
    ----------
    source : frame, or path of a .csv (UTF-8 or GB18030), .xlsx or .parquet
    what : str
        What it is a table of.

    Returns
    -------
    table : polars.DataFrame
        Cells of files that are empty are null.
    name : str

    Raises
    ------
    InputError
        If the file cannot be read, or a row of it has more or fewer cells than the header.
    """
    if is_frame(source):
        return to_polars(source), what
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
    return part.frame.with_columns(cs.string().replace("", None)), part.name
