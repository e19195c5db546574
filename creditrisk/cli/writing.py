"""Writing of tables to a file that the user names: CSV for a spreadsheet, or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from creditrisk.errors import InputError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["check_table_file", "write_table"]


def check_table_file(path: Path | None, option: str) -> None:
    """Raise an InputError, before slow work begins, unless a table can be written there."""
    if path is not None and path.suffix not in (".csv", ".parquet"):
        raise InputError(f"{option} must end in .csv or .parquet, got {path}")


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table in the format of its file's ending; it appears whole or not at all."""
    from creditrisk.files.spreadsheets import write_spreadsheet
    from creditrisk.files.together import write_file

    def write(to: Path) -> None:
        if path.suffix == ".csv":
            write_spreadsheet(table, to)
        else:
            table.write_parquet(to)

    write_file(path, write)
