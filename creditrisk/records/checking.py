"""Checks of a conformed table: expressions over whole columns, and reject rows for the faults they find.

One pass evaluates all checks and only asks whether any fails; rows are examined only for the few checks that do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from creditrisk.records.aliases import TableName
from creditrisk.records.conforming import REQUIRED, UNREAD_PREFIX
from creditrisk.records.numbering import ENTERPRISE_ROW
from creditrisk.records.rejects import reject_rows
from creditrisk.records.schema import ATTRIBUTE_PREFIX, ENTERPRISE_SCHEMA, RECORD_SCHEMA, REJECT_SCHEMA
from creditrisk.records.uscc import CATEGORIES_BY_DEPARTMENT, USCC_ALPHABET, is_valid_uscc
from creditrisk.vocabulary import Label

__all__ = ["Check", "Checked", "check_rows", "checks_for", "drop_duplicates"]

_FIRST_DAY = date(1949, 1, 1)
_LAST_DAY = date(2100, 12, 31)


@dataclass(frozen=True)
class Check:
    """A check of one column: ``fails`` is true where the value of ``column`` is wrong."""

    column: str
    code: str
    fails: pl.Expr


@dataclass(frozen=True)
class Checked:
    """Rows kept and reject rows; ``rows_rejected`` counts each row once, even if it has several faults."""

    kept: pl.DataFrame
    rejected: pl.DataFrame
    rows_rejected: int


def checks_for(frame: pl.DataFrame, table: TableName, id_scheme: str) -> list[Check]:
    """Return the checks that apply to the columns of a conformed frame.

    Parameters
    ----------
    frame : polars.DataFrame
        The frame; only its column names and types are used.
    table : {"enterprises", "records"}
    id_scheme : {"uscc", "uscc_strict", "any"}
    """
    columns = frame.columns
    schema = RECORD_SCHEMA if table == "records" else ENTERPRISE_SCHEMA
    checks = [
        Check(column[len(UNREAD_PREFIX) :], _code_of_unread(column[len(UNREAD_PREFIX) :]), pl.col(column).is_not_null())
        for column in columns
        if column.startswith(UNREAD_PREFIX)
    ]
    checks += [_missing(column, columns) for column in REQUIRED[table]]
    if id_scheme != "any":
        numbered = ENTERPRISE_ROW in columns
        fails = _not_valid_uscc(strict=id_scheme == "uscc_strict", numbered=numbered)
        checks.append(Check("enterprise_id", "invalid_uscc", fails))
    for column in columns:
        if schema.get(column) == pl.Date:
            checks.append(Check(column, "date_before_1949", pl.col(column) < _FIRST_DAY))
            checks.append(Check(column, "date_after_2100", pl.col(column) > _LAST_DAY))
        elif schema.get(column) == pl.Float64 or column.startswith(ATTRIBUTE_PREFIX):
            code = "invalid_amount" if column == "amount" else "invalid_number"
            checks.append(Check(column, code, pl.col(column).is_infinite()))
    occurred = pl.col("occurred_on")
    further = [
        Check("known_on", "known_before_occurred", pl.col("known_on") < occurred),
        Check("repaired_on", "repaired_before_occurred", pl.col("repaired_on") < occurred),
        Check("revoked_on", "revoked_before_occurred", pl.col("revoked_on") < occurred),
        Check("expires_on", "expires_before_occurred", pl.col("expires_on") < occurred),
        Check("amount", "negative_amount", pl.col("amount") < 0),
        Check("draw_probability", "invalid_probability", ~pl.col("draw_probability").is_between(0, 1, closed="right")),
        Check("employees", "negative_number", pl.col("employees") < 0),
    ]
    return checks + [check for check in further if check.column in columns]


def check_rows(
    frame: pl.DataFrame, table: TableName, id_scheme: str = "uscc", further_types: Sequence[str] = ()
) -> Checked:
    """Check a conformed frame: rows without a fault are kept, each fault of the others is a reject row.

    Parameters
    ----------
    frame : polars.DataFrame
        A conformed frame (:func:`creditrisk.records.conforming.conform`), with ``source`` and ``source_row``.
    table : {"enterprises", "records"}
    id_scheme : {"uscc", "uscc_strict", "any"}
    further_types : sequence of str
        Record types in addition to the built-in ones, for messages.

    Returns
    -------
    Checked
    """
    checks = checks_for(frame, table, id_scheme)
    failing = frame.lazy().select(check.fails.any().alias(str(i)) for i, check in enumerate(checks)).collect()
    fired = [check for check, fails in zip(checks, failing.row(0), strict=True) if fails]
    if not fired:
        return Checked(frame.drop(_unread_columns(frame)), pl.DataFrame(schema=REJECT_SCHEMA), 0)
    marks = frame.select(check.fails.fill_null(False).alias(str(i)) for i, check in enumerate(fired))
    rejected = []
    for check, mark in zip(fired, marks, strict=True):
        rows = frame.filter(mark)
        if check.code == "invalid_uscc":
            rejected += _faults_of_codes(rows, table)
            continue
        written = [name for name in (UNREAD_PREFIX + check.column, check.column) if name in rows.columns]
        value = pl.coalesce(pl.col(written).cast(pl.String))
        rejected.append(reject_rows(rows, table, check.column, check.code, value, further_types=tuple(further_types)))
    faulty = marks.select(faulty=pl.any_horizontal(pl.all()))["faulty"]
    kept = frame.filter(~faulty).drop(_unread_columns(frame))
    return Checked(kept, pl.concat(rejected), frame.height - kept.height)


def drop_duplicates(frame: pl.DataFrame, key: str, table: TableName) -> Checked:
    """Keep the first row of each key; the rest are rejects that name the row kept.

    Rows without a key are kept. For enterprises a duplicate under another name is a second reject, ``second_name``.
    """
    keys = frame[key]
    if _all_differ(keys.drop_nulls()):
        return Checked(frame, pl.DataFrame(schema=REJECT_SCHEMA), 0)
    first = keys.is_first_distinct() | keys.is_null()
    if first.all():
        return Checked(frame, pl.DataFrame(schema=REJECT_SCHEMA), 0)
    kept, repeated = frame.filter(first), frame.filter(~first)
    names = {"kept_name": pl.col("name")} if table == "enterprises" else {}
    source = pl.col("source").cast(pl.String)
    of_first = kept.join(repeated.select(key).unique(), on=key, how="semi").select(
        key,
        zh=pl.concat_str(pl.lit("第 "), "source_row", pl.lit(" 行（"), source, pl.lit("）")),
        en=pl.concat_str(pl.lit("row "), "source_row", pl.lit(" of "), source),
        **names,
    )
    code = "duplicate_record" if table == "records" else "duplicate_enterprise"
    repeated = repeated.join(of_first, on=key, how="left", maintain_order="left")
    rejected = [reject_rows(repeated, table, key, code, pl.col(key), Label("zh", "en"))]
    if names:
        other = repeated.filter(pl.col("name") != pl.col("kept_name")).with_columns(
            pl.concat_str(pl.lit("「"), "kept_name", pl.lit("」")).alias("zh"),
            pl.concat_str(pl.lit("'"), "kept_name", pl.lit("'")).alias("en"),
        )
        rejected.append(reject_rows(other, table, "name", "second_name", pl.col("name"), Label("zh", "en")))
    return Checked(kept, pl.concat(rejected), repeated.height)


def _all_differ(keys: pl.Series) -> bool:
    # Sorted keys, which most registers have, need only be compared with their neighbours.
    if keys.is_sorted():
        return not (keys == keys.shift()).any()
    # Comparing hashes is a fifth of the cost, and cannot miss a duplicate: equal keys have equal hashes.
    return keys.hash().n_unique() == len(keys)


def _not_valid_uscc(strict: bool, numbered: bool) -> pl.Expr:
    def fails(columns: Sequence[pl.Series]) -> pl.Series:
        codes = columns[0]
        # A missing code is a separate fault; a code that is in the register is valid.
        asked = codes.is_not_null() & columns[1].is_null() if numbered else codes.is_not_null()
        if asked.all():
            return ~is_valid_uscc(codes, strict=strict)
        return asked.scatter(asked.arg_true(), ~is_valid_uscc(codes.filter(asked), strict=strict))

    names = ["enterprise_id", ENTERPRISE_ROW] if numbered else ["enterprise_id"]
    return pl.map_batches(names, fails, return_dtype=pl.Boolean, is_elementwise=True)


def _faults_of_codes(rows: pl.DataFrame, table: TableName) -> list[pl.DataFrame]:
    """Return reject rows for codes that are not valid, with reject codes by their form."""
    code = pl.col("enterprise_id")
    valid_but_for_strict = is_valid_uscc(rows["enterprise_id"])
    looks = rows.select(
        pl.when(valid_but_for_strict)
        .then(pl.lit("invalid_organisation_code"))
        .when(code.str.contains(r"^\d{15}$"))
        .then(pl.lit("legacy_registration_number"))
        .when(code.str.contains(r"^[0-9A-Z]{8}[0-9X]$"))
        .then(pl.lit("legacy_organisation_code"))
        .when(_has_right_form(code))
        .then(pl.lit("wrong_check_character"))
        .otherwise(pl.lit("invalid_uscc"))
        .alias("look")
    )["look"]
    return [
        reject_rows(rows.filter(looks == look), table, "enterprise_id", look, code)
        for look in looks.unique(maintain_order=True)
    ]


def _has_right_form(code: pl.Expr) -> pl.Expr:
    return code.str.contains(
        rf"^(?:{'|'.join(f'{first}[{second}]' for first, second in CATEGORIES_BY_DEPARTMENT.items())})"
        rf"\d{{6}}[{USCC_ALPHABET}]{{10}}$"
    )


def _missing(column: str, columns: Sequence[str]) -> Check:
    unread = UNREAD_PREFIX + column
    missing = pl.col(column).is_null()
    return Check(column, "missing_value", missing & pl.col(unread).is_null() if unread in columns else missing)


def _code_of_unread(column: str) -> str:
    schema = RECORD_SCHEMA | ENTERPRISE_SCHEMA
    if column in ("amount", "fine", "confiscated"):
        return "invalid_amount"
    kind = schema.get(column)
    if isinstance(kind, pl.Enum):
        return f"unknown_{column}"
    if kind == pl.Boolean:
        return "invalid_boolean"
    return "invalid_date" if kind == pl.Date or column == "publicity_until" else "invalid_number"


def _unread_columns(frame: pl.DataFrame) -> list[str]:
    return [column for column in frame.columns if column.startswith(UNREAD_PREFIX)]
