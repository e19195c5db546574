"""Readers of records and enterprises, from any source into checked tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, overload

import polars as pl

from creditrisk.errors import InputError
from creditrisk.frames import FrameKind, Source, check_frame_kind
from creditrisk.records.actions import apply_actions
from creditrisk.records.aliases import TableName
from creditrisk.records.checking import Checked, check_rows, drop_duplicates
from creditrisk.records.conforming import ConformedPart, conform
from creditrisk.records.numbering import ENTERPRISE_ROW, CodeTable
from creditrisk.records.rejects import reject_rows
from creditrisk.records.resolving import fill_dimensions, fill_known_on, fill_record_ids, resolve_enterprises
from creditrisk.records.schema import ATTRIBUTE_PREFIX, ENTERPRISE_SCHEMA, REJECT_SCHEMA, record_schema
from creditrisk.records.sources import Part, read_parts
from creditrisk.records.tables import Enterprises, ReadingReport, Records, RegisterRows
from creditrisk.vocabulary import RECORD_TYPES, Label

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["IdScheme", "read_enterprises", "read_records"]

IdScheme = Literal["uscc", "uscc_strict", "any"]
_ID_SCHEMES = ("uscc", "uscc_strict", "any")


class _ReadRecordsOptions(TypedDict, total=False):
    query: str | None
    id_scheme: IdScheme
    enterprises: Enterprises | Source | None
    further_types: Sequence[str]
    columns: Mapping[str, str | None] | None


@overload
def read_records(
    source: Records | Source, *, output: Literal["pandas"] = ..., **options: Unpack[_ReadRecordsOptions]
) -> Records[pd.DataFrame]: ...
@overload
def read_records(
    source: Records | Source, *, output: Literal["polars"], **options: Unpack[_ReadRecordsOptions]
) -> Records[pl.DataFrame]: ...
@overload
def read_records(
    source: Records | Source, *, output: Literal["arrow"], **options: Unpack[_ReadRecordsOptions]
) -> Records[pa.Table]: ...
def read_records(
    source: Records | Source,
    *,
    query: str | None = None,
    id_scheme: IdScheme = "uscc",
    enterprises: Enterprises | Source | None = None,
    further_types: Sequence[str] = (),
    columns: Mapping[str, str | None] | None = None,
    output: FrameKind = "pandas",
) -> Records:
    """Read supervision records, check them, and set aside rows that cannot be used.

    Parameters
    ----------
    source : frame, path, glob, folder, SQLAlchemy URL, list of these, or Records
        pandas, Polars or Arrow frames; CSV (UTF-8 or GB18030), TSV, Excel, Parquet. Records are returned unchanged.
    query : str, optional
        The SQL query, if the source is a SQLAlchemy URL.
    id_scheme : {"uscc", "uscc_strict", "any"}, default "uscc"
        The form of an ``enterprise_id``: a unified social credit code; one whose positions 9 to 17 are also a valid
        organisation code; or any text.
    enterprises : Enterprises or source of enterprises, optional
        The enterprises that resolve legacy organisation codes and former names if exactly one of them fits.
    further_types : sequence of str
        Record types in addition to the built-in ones.
    columns : mapping of str to str or None, optional
        A mapping from header to field, for headers that the alias table does not know; None leaves a column out.
    output : {"pandas", "polars", "arrow"}, default "pandas"
        The kind of ``frame`` and ``rejects``.

    Returns
    -------
    Records
        ``data`` holds the columns of the data model in order, then ``attributes.*`` by name.

    Raises
    ------
    InputError
        If the source as a whole cannot be read, or lacks a column that every record needs.

    See Also
    --------
    read_enterprises : does the same for enterprises.

    Examples
    --------
    >>> import polars as pl
    >>> from creditrisk.records import read_records
    >>> records = read_records(pl.DataFrame({
    ...     "统一社会信用代码": ["91310000631696382C", "91310000631696382C"],
    ...     "记录编号": ["A1", "A2"],
    ...     "记录类型": ["行政处罚", "行政检查"],
    ...     "发生日期": ["2024年3月5日", "2024-02-30"],
    ...     "金额": ["1.5万元", None],
    ... }), output="polars")
    >>> records.frame.select("record_id", "type", "occurred_on", "amount").rows()
    [('A1', 'penalty', datetime.date(2024, 3, 5), 15000.0)]
    >>> records.rejects.select("row", "column", "value", "code").rows()
    [(2, 'occurred_on', '2024-02-30', 'invalid_date')]
    >>> records.report.rows_read, records.report.rows_kept, records.report.rows_rejected
    (2, 1, 1)
    """
    _check_arguments(id_scheme, output)
    if isinstance(source, Records):
        return replace(source, output=output)
    clash = sorted(set(further_types) & set(RECORD_TYPES))
    if clash or len(set(further_types)) != len(further_types):
        raise InputError(f"further_types must be new and distinct; got {', '.join(clash or further_types)}")
    register = read_enterprises(enterprises, id_scheme=id_scheme).data if enterprises is not None else None
    parts = read_parts(source, query)
    table = None
    if register is not None and id_scheme != "any":
        table = CodeTable(register["enterprise_id"], strict=id_scheme == "uscc_strict")
    conformed = [conform(part, "records", id_scheme, further_types, columns, table) for part in parts]
    frame = _joined(conformed, record_schema(further_types))
    notes = [note for part in conformed for note in part.notes]
    if register is not None:
        frame, resolved = resolve_enterprises(frame, register, table)
        notes += resolved
    checked = check_rows(frame, "records", id_scheme, further_types)
    frame = _in_model(checked.kept, record_schema(further_types))
    once = drop_duplicates(frame, "record_id", "records")
    frame = once.kept
    for fill in (fill_record_ids, fill_known_on, fill_dimensions):
        frame, filled = fill(frame)
        notes += filled
    acted, acted_notes = apply_actions(frame)
    notes += acted_notes
    frame, rows = _rows_apart(acted.kept, register)
    return Records(*_finished(frame, "records", parts, conformed, [checked, once, acted], notes), output, rows)


class _ReadEnterprisesOptions(TypedDict, total=False):
    query: str | None
    id_scheme: IdScheme
    columns: Mapping[str, str | None] | None


@overload
def read_enterprises(
    source: Enterprises | Source, *, output: Literal["pandas"] = ..., **options: Unpack[_ReadEnterprisesOptions]
) -> Enterprises[pd.DataFrame]: ...
@overload
def read_enterprises(
    source: Enterprises | Source, *, output: Literal["polars"], **options: Unpack[_ReadEnterprisesOptions]
) -> Enterprises[pl.DataFrame]: ...
@overload
def read_enterprises(
    source: Enterprises | Source, *, output: Literal["arrow"], **options: Unpack[_ReadEnterprisesOptions]
) -> Enterprises[pa.Table]: ...
def read_enterprises(
    source: Enterprises | Source,
    *,
    query: str | None = None,
    id_scheme: IdScheme = "uscc",
    columns: Mapping[str, str | None] | None = None,
    output: FrameKind = "pandas",
) -> Enterprises:
    """Read enterprises, check them, and set aside rows that cannot be used.

    Parameters
    ----------
    source : frame, path, glob, folder, SQLAlchemy URL, list of these, or Enterprises
    query : str, optional
    id_scheme : {"uscc", "uscc_strict", "any"}, default "uscc"
    columns : mapping of str to str or None, optional
    output : {"pandas", "polars", "arrow"}, default "pandas"
        The same parameters as in :func:`read_records`.

    Returns
    -------
    Enterprises

    Raises
    ------
    InputError
        If the source as a whole cannot be read, or lacks the column of ids.

    See Also
    --------
    read_records : does the same for records; it explains the parameters.
    creditrisk.records.identity_report : codes with two names, names with two codes.

    Examples
    --------
    >>> import polars as pl
    >>> from creditrisk.records import read_enterprises
    >>> enterprises = read_enterprises(pl.DataFrame({
    ...     "uscc": ["91310000631696382c ", "91110000600037341N"], "企业名称": ["甲公司", "乙公司"],
    ... }), output="polars")
    >>> enterprises.frame["enterprise_id"].to_list()
    ['91310000631696382C']
    >>> enterprises.rejects["message_en"].to_list()
    ['the check character of the code is wrong; it may be mistyped']
    """
    _check_arguments(id_scheme, output)
    if isinstance(source, Enterprises):
        return replace(source, output=output)
    parts = read_parts(source, query)
    conformed = [conform(part, "enterprises", id_scheme, columns=columns) for part in parts]
    checked = check_rows(_joined(conformed, ENTERPRISE_SCHEMA), "enterprises", id_scheme)
    once = drop_duplicates(_in_model(checked.kept, ENTERPRISE_SCHEMA), "enterprise_id", "enterprises")
    notes = [note for part in conformed for note in part.notes]
    return Enterprises(*_finished(once.kept, "enterprises", parts, conformed, [checked, once], notes), output)


def _check_arguments(id_scheme: str, output: str) -> None:
    check_frame_kind(output)
    if id_scheme not in _ID_SCHEMES:
        raise InputError(f"id_scheme must be one of {', '.join(_ID_SCHEMES)}, got {id_scheme!r}")


def _joined(conformed: Sequence[ConformedPart], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    frame = conformed[0].frame if len(conformed) == 1 else pl.concat([part.frame for part in conformed], how="diagonal")
    # A column that is text in one part is not an attribute in another part.
    text_somewhere = {ATTRIBUTE_PREFIX + name for part in conformed for name in part.ignored_columns}
    mixed = [name for name in frame.columns if name in text_somewhere and name not in schema]
    return frame.drop(mixed) if mixed else frame


def _in_model(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    attributes = sorted(name for name in frame.columns if name.startswith(ATTRIBUTE_PREFIX))
    present = frame.columns
    numbered = [ENTERPRISE_ROW] if ENTERPRISE_ROW in present else []
    return frame.select(
        *(name if name in present else pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items()),
        *attributes,
        *numbered,
    )


def _rows_apart(frame: pl.DataFrame, register: pl.DataFrame | None) -> tuple[pl.DataFrame, RegisterRows | None]:
    """Separate the records from the register's rows to which they belong, if these are known."""
    if register is None or ENTERPRISE_ROW not in frame.columns:
        return frame, None
    return frame.drop(ENTERPRISE_ROW), RegisterRows(register, frame[ENTERPRISE_ROW])


def _finished(
    frame: pl.DataFrame,
    table: TableName,
    parts: Sequence[Part],
    conformed: Sequence[ConformedPart],
    steps: Sequence[Checked],
    notes: Sequence[str],
) -> tuple[pl.DataFrame, pl.DataFrame, ReadingReport]:
    ragged = [_ragged_rejects(part, table) for part in parts if part.ragged]
    rejected = pl.concat([*ragged, *(step.rejected for step in steps)]).cast(dict(REJECT_SCHEMA))  # type: ignore[arg-type]
    counts = rejected.group_by("code", maintain_order=True).len()
    rows_ragged = sum(len(part.ragged) for part in parts)
    rows_read = sum(part.frame.height + len(part.ragged) for part in parts)
    report = ReadingReport(
        rows_read=rows_read,
        rows_kept=frame.height,
        rows_rejected=rows_ragged + sum(step.rows_rejected for step in steps),
        rejected_by_code=dict(counts.sort("code").iter_rows()),
        sources=tuple(part.name for part in parts),
        source_sha256={part.name: part.sha256 for part in parts if part.sha256 is not None},
        column_names={header: field for part in conformed for header, field in part.column_names.items()},
        ignored_columns=tuple(dict.fromkeys(name for part in conformed for name in part.ignored_columns)),
        notes=(
            *(
                f"{part.name} 只有表头，没有数据行 · {part.name} has a header but no rows"
                for part in parts
                if _has_no_rows(part)
            ),
            *notes,
        ),
    )
    return frame, rejected, report


def _has_no_rows(part: Part) -> bool:
    return part.frame.height == 0 and not part.ragged


def _ragged_rejects(part: Part, table: TableName) -> pl.DataFrame:
    rows = pl.DataFrame(
        {
            "source": part.name,
            "source_row": pl.Series([row.row for row in part.ragged], dtype=pl.UInt32),
            "text": [row.text for row in part.ragged],
            "zh": [f"应为 {row.expected} 个，实为 {row.fields} 个" for row in part.ragged],
            "en": [f"{row.fields} instead of {row.expected}" for row in part.ragged],
        }
    )
    return reject_rows(rows, table, "", "ragged_row", pl.col("text"), Label("zh", "en"))
