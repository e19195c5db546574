"""Converts one part of a source to the columns of the data model, and keeps the values that could not be read.

A conformed frame has typed columns under the names of the data model, ``source`` and ``source_row``, numbers under
``attributes.<name>``, ``enterprise_name`` if a record source has names, and for each column with values that could
not be read a text column ``unread.<column>`` with only those values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from creditrisk.errors import InputError
from creditrisk.frames import in_chunks_of
from creditrisk.records.aliases import ColumnPlan, TableName, plan_columns
from creditrisk.records.numbering import ENTERPRISE_ROW, CodeTable
from creditrisk.records.parsing import (
    OPEN_ENDED_WORDS,
    to_booleans,
    to_codes,
    to_dates,
    to_lists,
    to_money,
    to_numbers,
    to_text,
    to_words,
)
from creditrisk.records.schema import ATTRIBUTE_PREFIX, ENTERPRISE_SCHEMA, record_schema
from creditrisk.records.sources import Part

__all__ = ["UNREAD_PREFIX", "ConformedPart", "conform"]

UNREAD_PREFIX = "unread."

# Columns that a source must have or replace; the others may be absent.
REQUIRED = {"records": ["enterprise_id", "type", "occurred_on"], "enterprises": ["enterprise_id"]}
# Without an id, a name may still lead to the enterprise (see resolving).
_CODES = ["enterprise_id", "organisation_code", "registration_number"]
_OPEN_ENDED = {"expires_on", "publicity_until", "observation_until"}
_DATES = {"publicity_until"}
_MONEY = {"amount", "fine", "confiscated"}

# The severity of a penalty whose source gives only its kind; the gravest kind that the text contains decides. The
# classes are those of the national rules on credit repair (国家发展改革委令第36号); they do not name detention, which
# is treated as grave.
SEVERITY_BY_PENALTY_KIND = {
    "grave": ["拘留"],
    "serious": ["吊销", "关闭", "限制从业", "禁止从业", "限制开展"],
    "general": ["罚款", "没收", "停产", "停业", "暂扣", "扣留", "降低资质"],
    "minor": ["警告", "通报批评"],
}
# A fine on an enterprise up to this many CNY may use the simple procedure (行政处罚法 article 51): it is minor.
_SIMPLE_PROCEDURE_FINE = 3_000.0
# A fine from this many CNY on is very large: it is serious. Each field sets its own limit; this is an expert default.
_VERY_LARGE_FINE = 1_000_000.0


@dataclass(frozen=True)
class ConformedPart:
    """A conformed frame, its columns' original names, and the columns that were not read."""

    frame: pl.DataFrame
    column_names: dict[str, str]
    ignored_columns: tuple[str, ...]
    notes: tuple[str, ...]


def conform(
    part: Part,
    table: TableName,
    id_scheme: str,
    further_types: Sequence[str] = (),
    columns: Mapping[str, str | None] | None = None,
    register: CodeTable | None = None,
) -> ConformedPart:
    """Convert one part to the data model.

    With a register, the column :data:`~creditrisk.records.numbering.ENTERPRISE_ROW` has the register's row for codes
    that the register contains exactly as written; these codes need no cleaning.

    Raises
    ------
    InputError
        If a column that the data model requires is missing, or two columns have the same meaning.
    """
    raw = _attributes_apart(part.frame)
    plan = plan_columns(raw.columns, table, columns, part.name)
    _check_required(plan, table, part.name, raw.columns)
    schema = record_schema(further_types) if table == "records" else ENTERPRISE_SCHEMA
    typed: dict[str, pl.Series] = {}

    def read(header: str, field: str) -> tuple[pl.Series, pl.Series | None]:
        column = raw[header]
        if field == "enterprise_id" and register is not None and column.dtype == pl.String:
            rows = register.rows_of(column)
            typed[ENTERPRISE_ROW] = in_chunks_of(column, rows)
            return _codes_beyond(column, rows.is_null().arg_true()), None
        parsed = _parse(column, field, schema, id_scheme, header in plan.in_ten_thousands)
        return parsed, _unread(column, parsed, field)

    # The columns are independent, and Polars uses only one thread for most of them.
    with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
        for field, (parsed, unread) in zip(
            plan.fields.values(), threads.map(read, plan.fields.keys(), plan.fields.values()), strict=True
        ):
            typed[field] = parsed.rename(field)
            if unread is not None:
                typed[UNREAD_PREFIX + field] = unread.rename(UNREAD_PREFIX + field)
    ignored, empty = list(plan.unused), []
    for header in plan.unknown:
        numbers = _numbers_or_none(raw[header])
        if numbers is None:
            ignored.append(header)
            continue
        typed[ATTRIBUTE_PREFIX + header] = numbers.rename(ATTRIBUTE_PREFIX + header)
        if raw.height and numbers.null_count() == raw.height:
            empty.append(header)
    frame = pl.DataFrame([*typed.values(), *_position(part, raw)])
    notes = list(part.notes)
    if empty:
        names = ", ".join(empty)
        notes.append(f"{part.name}：{names} 各行均无值 · {part.name}: no row has a value for {names}")
    frame = _one_code(frame)
    if table == "records":
        frame = _one_amount(frame)
        frame = _one_last_day(frame)
        frame, severity_notes = _severity_of_penalties(frame)
        notes += severity_notes
        if plan.implied_type is not None:
            frame = frame.with_columns(pl.lit(plan.implied_type, dtype=schema["type"]).alias("type"))
            notes.append(
                f"{part.name}：没有类型列，按表头均为 {plan.implied_type} · "
                f"{part.name}: no column for the type; by its headers every record is a {plan.implied_type}"
            )
    return ConformedPart(frame, dict(plan.fields), tuple(ignored), tuple(notes))


def _position(part: Part, raw: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return the row number and the source of each row."""
    rows = part.rows if part.rows is not None else pl.int_range(1, raw.height + 1, dtype=pl.UInt32, eager=True)
    source = pl.Series("source", [part.name], dtype=pl.Categorical).new_from_index(0, raw.height)
    if not raw.width:
        return rows.rename("source_row"), source
    like = raw.to_series(0)
    return in_chunks_of(like, rows.rename("source_row")), in_chunks_of(like, source)


def _parse(
    column: pl.Series, field: str, schema: Mapping[str, pl.DataType], id_scheme: str, in_ten_thousands: bool
) -> pl.Series:
    kind = schema.get(field)
    if field in _CODES:
        return to_text(column) if id_scheme == "any" else to_codes(column)
    if field in _MONEY:
        return to_money(column, in_ten_thousands)
    if kind == pl.Date or field in _DATES:
        dates = to_dates(column)
        if field in _OPEN_ENDED:
            endless = dates.dt.year() == 9999
            dates = dates.set(endless.fill_null(False), None) if endless.any() else dates
        return dates
    if isinstance(kind, pl.Enum):
        return to_words(column, field, kind)
    if kind == pl.Boolean:
        return to_booleans(column, field)
    if isinstance(kind, pl.List):
        return to_lists(column, field)
    if kind == pl.Int64:
        numbers = to_numbers(column)
        return numbers.set((numbers != numbers.floor()) | numbers.is_infinite(), None).cast(pl.Int64, strict=False)
    if kind == pl.Float64 or field.startswith(ATTRIBUTE_PREFIX):
        return to_numbers(column)
    return to_text(column)


def _codes_beyond(column: pl.Series, unknown: pl.Series) -> pl.Series:
    """Return the codes; only those that the register does not have are cleaned."""
    if unknown.is_empty():
        return column
    return (
        to_codes(column)
        if len(unknown) == len(column)
        else column.clone().scatter(unknown, to_codes(column.gather(unknown)))
    )


def _unread(column: pl.Series, parsed: pl.Series, field: str) -> pl.Series | None:
    """Return the values that could not be read, with null for all others; None if there are none."""
    if parsed.null_count() == column.null_count() or parsed.dtype == pl.String or isinstance(parsed.dtype, pl.List):
        return None
    written = column.fill_nan(None).cast(pl.String) if column.dtype.is_float() else to_text(column)
    missing = parsed.is_not_null()
    if field in _OPEN_ENDED:
        missing |= written.is_in(OPEN_ENDED_WORDS) | written.str.starts_with("9999").fill_null(False)
    written = written.set(missing.fill_null(False), None)
    return written if written.null_count() < len(written) else None


def _numbers_or_none(column: pl.Series) -> pl.Series | None:
    """Return a column with an unknown name as numbers if every value in it is a number.

    A column without any value counts as numbers too: an enterprise assessed alone often has no value.
    """
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_nan(None)
    if column.dtype in (pl.String, pl.Null):
        text = to_text(column)
        # A leading zero or more than fifteen digits is a code, not a quantity.
        if text.str.contains(r"^[+-]?0\d|\d{16}").any():
            return None
        numbers = text.cast(pl.Float64, strict=False).fill_nan(None)
        return numbers if numbers.null_count() == text.null_count() else None
    return None


def _attributes_apart(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn the fields of a struct column ``attributes`` into columns ``attributes.<field>``."""
    if "attributes" in frame.columns and isinstance(frame.schema["attributes"], pl.Struct):
        inner = frame["attributes"].struct.unnest()
        inner.columns = [ATTRIBUTE_PREFIX + name for name in inner.columns]
        repeated = set(inner.columns) & set(frame.columns)
        if repeated:
            raise InputError(f"{sorted(repeated)[0]!r} is both a column and a field of the column 'attributes'")
        frame = pl.concat([frame.drop("attributes"), inner], how="horizontal")
    return frame


def _check_required(plan: ColumnPlan, table: TableName, name: str, headers: Sequence[str]) -> None:
    present = set(plan.fields.values())
    if present & set(_CODES) or (table == "records" and "enterprise_name" in present):
        present.add("enterprise_id")
    if plan.implied_type is not None:
        present.add("type")
    missing = [column for column in REQUIRED[table] if column not in present]
    if missing:
        raise InputError(
            f"{name}: no column for {', '.join(missing)}; its columns are: {', '.join(headers) or 'none'}. "
            f"Name the right one with columns={{'<header>': {missing[0]!r}}}."
        )


def _one_code(frame: pl.DataFrame) -> pl.DataFrame:
    """Use legacy codes, row by row, where the first code is blank."""
    present = [code for code in _CODES if code in frame.columns]
    if not present:
        return frame.with_columns(pl.lit(None, dtype=pl.String).alias("enterprise_id"))
    if present == ["enterprise_id"]:
        return frame
    return frame.with_columns(pl.coalesce(present).alias("enterprise_id")).drop(
        [code for code in present if code != "enterprise_id"]
    )


def _one_amount(frame: pl.DataFrame) -> pl.DataFrame:
    """Add fine and confiscation to get the amount, unless the source gives the amount itself."""
    given = [part for part in ("fine", "confiscated") if part in frame.columns]
    if not given:
        return frame
    total = pl.when(pl.any_horizontal(pl.col(given).is_not_null())).then(pl.sum_horizontal(given).round(2))
    amount = pl.coalesce("amount", total) if "amount" in frame.columns else total
    # A sum must not hide a negative part.
    negative = pl.min_horizontal(given)
    return frame.with_columns(pl.when(negative < 0).then(negative).otherwise(amount).alias("amount")).drop(given)


def _one_last_day(frame: pl.DataFrame) -> pl.DataFrame:
    """Use the earlier of valid-until and end of publicity: a record that is no longer published no longer counts."""
    if "publicity_until" not in frame.columns:
        return frame
    given = [column for column in ("expires_on", "publicity_until") if column in frame.columns]
    return frame.with_columns(pl.min_horizontal(given).alias("expires_on")).drop("publicity_until")


def _severity_of_penalties(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    if "penalty_kind" not in frame.columns:
        return frame, []
    by_kind = pl.lit(None, dtype=record_schema()["severity"])
    for severity, kinds in reversed(SEVERITY_BY_PENALTY_KIND.items()):
        by_kind = (
            pl.when(pl.col("penalty_kind").str.contains_any(kinds))
            .then(pl.lit(severity, dtype=record_schema()["severity"]))
            .otherwise(by_kind)
        )
    if "amount" in frame.columns:
        fine_alone = pl.col("penalty_kind").str.contains_any(["罚款"]) & (by_kind == "general")
        beyond_fine = pl.col("penalty_kind").str.contains_any(
            [kind for kind in SEVERITY_BY_PENALTY_KIND["general"] if kind != "罚款"]
        )
        severities = record_schema()["severity"]
        by_kind = (
            pl.when(fine_alone & ~beyond_fine & (pl.col("amount") <= _SIMPLE_PROCEDURE_FINE))
            .then(pl.lit("minor", dtype=severities))
            .when(fine_alone & (pl.col("amount") >= _VERY_LARGE_FINE))
            .then(pl.lit("serious", dtype=severities))
            .otherwise(by_kind)
        )
    if "severity" in frame.columns:
        unread = UNREAD_PREFIX + "severity"
        silent = pl.col("severity").is_null() & (pl.col(unread).is_null() if unread in frame.columns else True)
        severity_column = pl.when(silent).then(by_kind).otherwise(pl.col("severity"))
        before = frame["severity"].null_count()
    else:
        severity_column, before = by_kind, frame.height
    frame = frame.with_columns(severity_column.alias("severity")).drop("penalty_kind")
    filled = before - frame["severity"].null_count()
    return frame, [
        f"{filled} 行的 severity 取自处罚种类 · severity taken from the kind of penalty for {filled} rows"
    ] if filled else []
