"""Records and Enterprises: checked tables, the rows set aside, and counts that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic

import polars as pl

from creditrisk.files.account import InputUsed
from creditrisk.frames import FrameKind, FrameT, from_polars, shown_with

__all__ = ["Enterprises", "ReadingReport", "Records", "RegisterRows"]


@dataclass(frozen=True)
class ReadingReport:
    """The report of reading a source: counts of rows, files, and columns.

    ``rows_read == rows_kept + rows_rejected`` always holds.

    Attributes
    ----------
    rows_read, rows_kept, rows_rejected : int
    rejected_by_code : dict of str to int
        The number of rows by reject code; a row with two faults counts under both.
    sources : tuple of str
        The names of the files, tables or frames that were read.
    source_sha256 : dict of str to str
        The SHA-256 of each file that was read; empty for frames and databases.
    column_names : dict of str to str
        The column of the data model for each header in the source.
    ignored_columns : tuple of str
        Columns of the source that the data model does not know and that are not numbers.
    notes : tuple of str
        The values that were filled in, and for how many rows, in Chinese and English.
    """

    rows_read: int
    rows_kept: int
    rows_rejected: int
    rejected_by_code: dict[str, int] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    source_sha256: dict[str, str] = field(default_factory=dict)
    column_names: dict[str, str] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<ReadingReport: {self.rows_read:,} rows read, {self.rows_kept:,} kept, {self.rows_rejected:,} set aside, "
            f"{len(self.notes)} notes>"
        )

    @property
    def used(self) -> InputUsed:
        """The same facts for the account of a run."""
        return InputUsed(
            sources=self.sources,
            sha256=self.source_sha256,
            rows_read=self.rows_read,
            rows_kept=self.rows_kept,
            rows_rejected=self.rows_rejected,
            rejected_by_code=self.rejected_by_code,
            ignored_columns=self.ignored_columns,
            notes=self.notes,
        )


@dataclass(frozen=True)
class _CheckedTable(Generic[FrameT]):
    """A checked table: ``data`` and ``rejected`` are Polars; ``frame`` and ``rejects`` have the requested kind."""

    data: pl.DataFrame
    rejected: pl.DataFrame
    report: ReadingReport
    output: FrameKind = "pandas"

    @property
    def frame(self) -> FrameT:
        """The checked rows, in the requested kind of frame."""
        return from_polars(self.data, self.output)

    @property
    def rejects(self) -> FrameT:
        """The rows set aside (table, source, row, column, value, code, message_zh, message_en)."""
        return from_polars(self.rejected, self.output)

    def __len__(self) -> int:
        return self.data.height

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self):,}, {self.report.rows_rejected:,} rows set aside>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.data)


@dataclass(frozen=True)
class RegisterRows:
    """The row of each record's enterprise in a register, so that ids are compared only once.

    Attributes
    ----------
    register : polars.DataFrame
        The same frame object in which the rows were found.
    row : polars.Series of UInt32, shape (n_records,)
        The row; null if the register does not have the enterprise.
    """

    register: pl.DataFrame
    row: pl.Series


@dataclass(frozen=True, repr=False)
class Records(_CheckedTable[FrameT]):
    """Supervision records in the data model (:data:`creditrisk.records.schema.RECORD_SCHEMA`)."""

    register_rows: RegisterRows | None = field(default=None, repr=False, compare=False)


class Enterprises(_CheckedTable[FrameT]):
    """Enterprises in the data model (:data:`creditrisk.records.schema.ENTERPRISE_SCHEMA`)."""
