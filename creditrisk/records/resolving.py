"""Values of a record that are inferred if they are missing: its enterprise, dimension, id, and the day it was known."""

from __future__ import annotations

import polars as pl

from creditrisk.files.digests import sha256_of
from creditrisk.frames import in_chunks_of
from creditrisk.records.numbering import ENTERPRISE_ROW, CodeTable
from creditrisk.records.schema import ATTRIBUTE_PREFIX, RECORD_SCHEMA
from creditrisk.records.uscc import is_valid_uscc

__all__ = [
    "DIMENSION_BY_AUTHORITY",
    "DIMENSION_BY_TYPE",
    "comparable_name",
    "fill_dimensions",
    "fill_known_on",
    "fill_record_ids",
    "resolve_enterprises",
]

# The dimension of a record without one is given by words in the authority's name (the first line that fits);
DIMENSION_BY_AUTHORITY = {
    "safety": ["应急", "消防", "安全监管", "安全生产", "矿山安全"],
    "quality": ["市场监督", "市场监管", "药品", "药监", "食品", "质量技术", "质监"],
    "environment": ["生态环境", "环保", "环境保护"],
}
# else by the record's type; else it is compliance.
DIMENSION_BY_TYPE = {
    "accident": "safety",
    "training": "safety",
    "spot_check": "quality",
    "recall": "quality",
    "certification": "quality",
    "traceability": "quality",
    "commendation": "responsibility",
    "public_good": "responsibility",
}


def resolve_enterprises(
    frame: pl.DataFrame, register: pl.DataFrame, table: CodeTable | None
) -> tuple[pl.DataFrame, list[str]]:
    """Assign records without a usable code to their enterprise if exactly one fits.

    A 9-character organisation code is compared with positions 9 to 17 of the enterprises' codes. Records with no code
    or a legacy code are assigned by name, including former names. A name never overrides a mistyped code.

    Parameters
    ----------
    frame : polars.DataFrame
        Conformed records.
    register : polars.DataFrame
        Enterprises in the data model.
    table : CodeTable or None
        The table of the register's codes; None if ids may be any text.

    Returns
    -------
    tuple of (polars.DataFrame, list of str)
        The frame with ``enterprise_id`` filled in, and notes with the number of such rows. The column
        :data:`~creditrisk.records.numbering.ENTERPRISE_ROW` gives the register's row of each code.
    """
    codes = frame["enterprise_id"]
    if table is None:
        return _resolve(frame, register, codes.is_null().arg_true(), by_code=False)
    if ENTERPRISE_ROW not in frame.columns:
        frame = frame.with_columns(in_chunks_of(codes, table.rows_of(codes)))
    unknown = frame[ENTERPRISE_ROW].is_null().arg_true()
    if unknown.is_empty():
        return frame, []
    at = unknown.filter(~is_valid_uscc(codes.gather(unknown)))
    frame, notes = _resolve(frame, register, at, by_code=True)
    # After cleaning and resolving, more codes may be in the register.
    numbers = frame[ENTERPRISE_ROW].scatter(unknown, table.rows_of(frame["enterprise_id"].gather(unknown)))
    return frame.with_columns(in_chunks_of(frame["enterprise_id"], numbers)), notes


def _resolve(
    frame: pl.DataFrame, register: pl.DataFrame, at: pl.Series, *, by_code: bool
) -> tuple[pl.DataFrame, list[str]]:
    if at.is_empty():
        return frame, []
    notes = []
    rows = frame[at].with_columns(at.alias("at"))
    if by_code:
        codes = _unique_keys(register.select(key=pl.col("enterprise_id").str.slice(8, 9), id="enterprise_id"))
        found = rows.join(codes, left_on="enterprise_id", right_on="key").select("at", "id")
        frame, count = _fill(frame, found)
        if count:
            notes.append(
                f"{count} 行的 enterprise_id 由组织机构代码查得 · "
                f"enterprise_id found from the organisation code for {count} rows"
            )
        rows = rows.join(found, on="at", how="anti")
    if "enterprise_name" in frame.columns:
        code = pl.col("enterprise_id")
        led_by_name = rows.filter(code.is_null() | code.str.contains(r"^(?:\d{15}|[0-9A-Z]{8}[0-9X])$"))
        names = register.select(key=comparable_name(pl.col("name")), id="enterprise_id")
        former = (
            register.select(key="former_names", id="enterprise_id")
            .explode("key", empty_as_null=False)
            .with_columns(comparable_name(pl.col("key")))
        )
        by_name = _unique_keys(pl.concat([names, former]))
        found = (
            led_by_name.with_columns(key=comparable_name(pl.col("enterprise_name")))
            .join(by_name, on="key")
            .select("at", "id")
        )
        frame, count = _fill(frame, found)
        if count:
            notes.append(
                f"{count} 行的 enterprise_id 由名称或曾用名查得 · "
                f"enterprise_id found from the name or a former name for {count} rows"
            )
    return frame, notes


def fill_known_on(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Fill in a missing day on which a record was known: the day on which it occurred."""
    missing = frame["known_on"].null_count()
    if not missing:
        return frame, []
    return (
        frame.with_columns(pl.coalesce("known_on", "occurred_on").alias("known_on")),
        [f"{missing} 行的 known_on 取自 occurred_on · known_on taken from occurred_on for {missing} rows"],
    )


def fill_dimensions(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Give a dimension to records without one: by the authority, else by the type, else compliance."""
    missing = frame["dimension"].null_count()
    if not missing:
        return frame, []
    dimensions = RECORD_SCHEMA["dimension"]
    inferred = (
        pl.col("type")
        .cast(pl.String)
        .replace_strict(DIMENSION_BY_TYPE, default="compliance", return_dtype=pl.String)
        .cast(dimensions)
    )
    for dimension, words in reversed(DIMENSION_BY_AUTHORITY.items()):
        inferred = (
            pl.when(pl.col("authority").str.contains_any(words))
            .then(pl.lit(dimension, dtype=dimensions))
            .otherwise(inferred)
        )
    return (
        frame.with_columns(pl.coalesce("dimension", inferred).alias("dimension")),
        [
            f"{missing} 行的 dimension 由机关或类型推定 · "
            f"dimension inferred from the authority or the type for {missing} rows"
        ],
    )


def fill_record_ids(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Give an id to records without one; it depends only on their content, not on their position.

    Identical rows are numbered, so that each is kept.
    """
    missing = frame["record_id"].is_null()
    if not missing.any():
        return frame, []
    names = [name for name in RECORD_SCHEMA if name not in ("record_id", "source", "source_row")]
    names += sorted(name for name in frame.columns if name.startswith(ATTRIBUTE_PREFIX))
    without = frame.filter(missing)
    # Null fields are left out, so that a column that is absent in one source and empty in another gives the same id.
    content = without.select(
        pl.concat_str(
            [pl.concat_str(pl.lit(name + "="), pl.col(name).cast(pl.String)) for name in names],
            separator="\x1f",
            ignore_nulls=True,
        )
    ).to_series()
    digests = pl.Series("digest", [sha256_of(text)[:24] for text in content], dtype=pl.String)
    ids = (
        digests.to_frame()
        .select(pl.concat_str(pl.lit("auto-"), "digest", pl.lit("-"), pl.int_range(1, pl.len() + 1).over("digest")))
        .to_series()
    )
    filled = frame.with_columns(frame["record_id"].scatter(missing.arg_true(), ids))
    return filled, [f"{len(ids)} 行的 record_id 由内容生成 · record_id made from the content for {len(ids)} rows"]


def comparable_name(name: pl.Expr) -> pl.Expr:
    """Normalise names for comparison: half-width, upper case, without blanks, brackets and punctuation."""
    return name.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]", "")


def _unique_keys(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the keys that belong to exactly one enterprise."""
    pairs = pairs.filter(pl.col("key").is_not_null() & (pl.col("key") != "")).unique()
    return pairs.filter(pl.len().over("key") == 1)


def _fill(frame: pl.DataFrame, found: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    if found.is_empty():
        return frame, 0
    return frame.with_columns(frame["enterprise_id"].scatter(found["at"], found["id"])), found.height
