"""Inspectors, read from a list that says where each may be sent."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from creditrisk.errors import InputError
from creditrisk.frames import Source, shown_with
from creditrisk.inspection.plan.tables import as_text, read_table
from creditrisk.vocabulary import Label

__all__ = ["Inspectors", "read_inspectors"]

_DAYS_OF_A_YEAR = 366
_COLUMNS = ("inspector_id", "name", "department", "skills", "regions", "available_days")
_REQUIRED = ("inspector_id", "department")
# The separators of several skills or regions in one cell.
_SEPARATORS = r"[;；,，、|]"
_REASONS = {
    "missing_value": Label("该列必填", "every row needs it"),
    "duplicate_inspector": Label("人员编号重复，保留第一行", "the inspector is there already; kept is the first row"),
    "invalid_number": Label("不是天数", "not a number of days"),
}


@dataclass(frozen=True, repr=False)
class Inspectors:
    """Inspectors by department.

    Attributes
    ----------
    data : polars.DataFrame
        inspector_id, name, department, skills, regions (lists; an empty one means everywhere), available_days.
    rejects : polars.DataFrame
        source, row (from 1, without the header), column, value, code, message_zh, message_en.
    """

    data: pl.DataFrame
    rejects: pl.DataFrame

    def __len__(self) -> int:
        return self.data.height

    def __repr__(self) -> str:
        return f"<Inspectors: {self.data.height:,}, {self.rejects.height:,} rows set aside>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.data)


def read_inspectors(source: Inspectors | Source) -> Inspectors:
    """Read a list of inspectors.

    Parameters
    ----------
    source : frame, or path of a .csv, .xlsx or .parquet
        inspector_id, department; optionally name, skills and regions (several in a cell separated by ``;`` or ``、``,
        or lists), available_days in a year.

    Returns
    -------
    Inspectors
        The inspectors. Rows without id or department, repeated ids and wrong days are set aside with a reason.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or has no usable row.

    Examples
    --------
    >>> inspectors = read_inspectors(pl.DataFrame({
    ...     "inspector_id": ["A1", "A2", None], "department": ["market", "market", "market"],
    ...     "skills": ["food; scales", None, None]}))
    >>> inspectors.data["skills"].to_list(), inspectors.rejects["code"].to_list()
    ([['food', 'scales'], []], ['missing_value'])
    """
    table, name = read_table(source, "inspectors")
    for column in _REQUIRED:
        if column not in table.columns:
            raise InputError(f"{name}: a list of inspectors needs the column {column}")
    table = table.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("row"),
        *(pl.col(one) if one in table.columns else pl.lit(None).alias(one) for one in _COLUMNS),
    )
    text = [as_text(table[one]) for one in ("inspector_id", "name", "department")]
    table = table.with_columns(
        *(pl.when(one != "").then(one).alias(one.name) for one in text),
        *(_listed(table, one) for one in ("skills", "regions")),
        days=pl.col("available_days").cast(pl.Float64, strict=False),
    )
    wrong_days = pl.col("available_days").is_not_null() & ~pl.col("days").fill_null(-1.0).is_between(0, _DAYS_OF_A_YEAR)
    faults = [(column, "missing_value", pl.col(column).is_null()) for column in _REQUIRED]
    faults += [
        (
            "inspector_id",
            "duplicate_inspector",
            pl.col("inspector_id").is_duplicated() & ~pl.col("inspector_id").is_first_distinct(),
        ),
        ("available_days", "invalid_number", wrong_days),
    ]
    rejects = pl.concat([_rejected(table.filter(fault), name, column, code) for column, code, fault in faults])
    kept = table.filter(~pl.col("row").is_in(rejects["row"].to_list()))
    if not kept.height:
        raise InputError(f"{name}: no row can be used{_first_fault(rejects)}")
    data = kept.select("inspector_id", "name", "department", "skills", "regions", available_days="days")
    return Inspectors(data.sort("inspector_id"), rejects.unique("row", keep="first", maintain_order=True).sort("row"))


def _first_fault(rejects: pl.DataFrame) -> str:
    if rejects.is_empty():
        return ", for there is none"
    first = rejects.sort("row").row(0, named=True)
    return f"; row {first['row']}, {first['column']}: {first['message_en']}"


def _listed(table: pl.DataFrame, column: str) -> pl.Expr:
    """Return a column of lists, from lists or from cells with several words."""
    if isinstance(table[column].dtype, pl.List):
        return pl.col(column).cast(pl.List(pl.String)).fill_null(pl.lit([], dtype=pl.List(pl.String)))
    text = pl.lit(as_text(table[column])).fill_null("").str.replace_all(_SEPARATORS, ";")
    words = text.str.split(";").list.eval(pl.element().str.strip_chars())
    return words.list.eval(pl.element().filter(pl.element() != "")).alias(column)


def _rejected(rows: pl.DataFrame, source: str, column: str, code: str) -> pl.DataFrame:
    reason = _REASONS[code]
    return rows.select(
        source=pl.lit(source),
        row="row",
        column=pl.lit(column),
        value=pl.col(column).cast(pl.String),
        code=pl.lit(code),
        message_zh=pl.lit(reason.zh),
        message_en=pl.lit(reason.en),
    )
