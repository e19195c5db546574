"""Records and Enterprises: checked tables, what was set aside, and counts that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic

import polars as pl

from creditrisk.files.account import InputUsed
from creditrisk.frames import FrameKind, FrameT, from_polars

__all__ = ["Enterprises", "ReadingReport", "Records", "RegisterRows"]


@dataclass(frozen=True)
class ReadingReport:
    """What reading a source did with its rows.

    ``rows_read == rows_kept + rows_rejected`` always holds.

    Attributes
    ----------
    rows_read, rows_kept, rows_rejected : int
    rejected_by_code : dict of str to int
        Rows by reject code; a row with two faults is counted under both.
    sources : tuple of str
        Names of the files, tables or frames read.
    source_sha256 : dict of str to str
        SHA-256 of each file read; empty for frames and databases.
    column_names : dict of str to str
        Header in the source to column of the data model.
    ignored_columns : tuple of str
        Columns of the source that the data model does not know and that are not numbers.
    notes : tuple of str
        What was filled in, and for how many rows, in Chinese and English.
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

    @property
    def used(self) -> InputUsed:
        """The same for the account of a run."""
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
    """A checked table: ``data`` and ``rejected`` are Polars; ``frame`` and ``rejects`` are what the user asked for."""

    data: pl.DataFrame
    rejected: pl.DataFrame
    report: ReadingReport
    output: FrameKind = "pandas"

    @property
    def frame(self) -> FrameT:
        """The checked rows in the kind of frame asked for."""
        return from_polars(self.data, self.output)

    @property
    def rejects(self) -> FrameT:
        """The rows set aside (table, source, row, column, value, code, message_zh, message_en)."""
        return from_polars(self.rejected, self.output)

    def __len__(self) -> int:
        return self.data.height


@dataclass(frozen=True)
class RegisterRows:
    """Which row of a register of enterprises each record belongs to, so that ids are compared once.

    Attributes
    ----------
    register : polars.DataFrame
        The very frame that was looked into.
    row : polars.Series of UInt32, shape (n_records,)
        Null where the register does not have the enterprise.
    """

    register: pl.DataFrame
    row: pl.Series


@dataclass(frozen=True)
class Records(_CheckedTable[FrameT]):
    """Supervision records in the data model (:data:`creditrisk.records.schema.RECORD_SCHEMA`)."""

    register_rows: RegisterRows | None = field(default=None, repr=False, compare=False)


class Enterprises(_CheckedTable[FrameT]):
    """Enterprises in the data model (:data:`creditrisk.records.schema.ENTERPRISE_SCHEMA`)."""
