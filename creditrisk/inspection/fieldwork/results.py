"""Results of visits as records: this closes the loop from records to tiers to inspections.

Each completed visit becomes an inspection record, with the probability with which the enterprise was drawn: with it,
outcomes of random draws represent all who could be drawn (:mod:`creditrisk.learning.studies.outcomes`). Enterprises
that rest after a visit of the last plan could not be drawn: then the outcomes represent only the others. Each finding
becomes a violation record.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, overload

import polars as pl

from creditrisk.errors import InputError
from creditrisk.files.account import InputUsed, RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import Frame, FrameKind, FrameT, Source, check_frame_kind, from_polars, shown_with
from creditrisk.inspection.plan.plan import visits_of, visits_used
from creditrisk.inspection.plan.tables import as_text, read_table
from creditrisk.records.parsing import to_dates
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, SEVERITIES, Label

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from creditrisk.inspection.plan.plan import InspectionPlan

__all__ = ["RecordedResults", "record_results", "results_form"]

_OUTCOMES = {name: OUTCOMES[name] for name in ("pass", "pass_with_conditions", "fail", "unreachable")}
_FORM = ("visit_id", "enterprise_id", "inspected_on", "outcome", "dimension", "severity", "matter")


def _known(words: Mapping[str, Label]) -> str:
    return "、".join(f"{name}（{label.zh}）" for name, label in words.items())


_REASONS: dict[str, Label] = {
    "missing_value": Label("该列必填", "every result needs it"),
    "unknown_visit": Label("计划中没有该检查", "the plan has no such visit"),
    "other_enterprise": Label("与计划中该检查的企业不符", "the visit of the plan is to another enterprise"),
    "invalid_date": Label("不是有效日期", "not a real calendar date"),
    "outside_window": Label(
        "早于该次检查的期限，或迟于期限一年以上", "before the time of the visit, or more than a year after it"
    ),
    "unknown_outcome": Label(
        f"未知的结果；可用：{_known(_OUTCOMES)}", f"unknown outcome; known: {', '.join(_OUTCOMES)}"
    ),
    "unknown_severity": Label(
        f"未知的严重程度；可用：{_known(SEVERITIES)}", f"unknown severity; known: {', '.join(SEVERITIES)}"
    ),
    "unknown_dimension": Label(
        f"未知的维度；可用：{_known(DIMENSIONS)}", f"unknown dimension; known: {', '.join(DIMENSIONS)}"
    ),
    "duplicate_result": Label("该检查已有相同的一行", "the same row is there already"),
    "conflicting_result": Label(
        "与该检查前面的日期或结果矛盾", "it contradicts the day or outcome given before for the visit"
    ),
}


@dataclass(frozen=True, repr=False)
class RecordedResults(Generic[FrameT]):
    """Results of visits as records.

    Attributes
    ----------
    records : frame
        Records of the data model, for :func:`creditrisk.read_records`: one inspection for each visit (and for each
        dimension, if several are named), one violation for each finding.
    rejects : frame
        source, row (from 1, without the header), column, value, code, message_zh, message_en.
    open_visits : frame
        visit_id, enterprise_id: visits of the plan without a result yet.
    visits : frame
        record_id, visit_id: the visit from which each record comes.
    inputs : dict of str to InputUsed
        The inputs that were read, for the account of the run.
    """

    records_data: pl.DataFrame
    rejects_data: pl.DataFrame
    open_data: pl.DataFrame
    visits_data: pl.DataFrame
    output: FrameKind
    inputs: dict[str, InputUsed] = field(default_factory=dict)

    @property
    def records(self) -> FrameT:
        return from_polars(self.records_data, self.output)

    @property
    def rejects(self) -> FrameT:
        return from_polars(self.rejects_data, self.output)

    @property
    def open_visits(self) -> FrameT:
        return from_polars(self.open_data, self.output)

    @property
    def visits(self) -> FrameT:
        return from_polars(self.visits_data, self.output)

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the tables into a folder; replace recorded results there.

        The files ``records.parquet`` (to read with all other records), ``rejects.csv``, ``open-visits.csv``,
        ``visits.csv`` and ``run.json`` appear together or not at all.

        Returns
        -------
        dict of str to Path

        Raises
        ------
        OutputError
            If the folder or a file cannot be written, or the folder holds another result or files that would be lost.
        """
        files: dict[str, Callable[[Path], object]] = {
            "records.parquet": lambda path: self.records_data.write_parquet(path),
            "rejects.csv": partial(write_spreadsheet, self.rejects_data),
            "open-visits.csv": partial(write_spreadsheet, self.open_data),
            "visits.csv": partial(write_spreadsheet, self.visits_data),
        }
        counts = {
            "records": self.records_data.height,
            "rows_set_aside": self.rejects_data.height,
            "open_visits": self.open_data.height,
        }
        return write_set(folder, files, RunAccount(kind="recorded_results", inputs=self.inputs, counts=counts))

    def __repr__(self) -> str:
        return (
            f"<RecordedResults: {self.records_data.height:,} records, {self.rejects_data.height:,} rows set aside, "
            f"{self.open_data.height:,} visits open>"
        )

    def _repr_html_(self) -> str:
        return shown_with(self, self.records_data)


@overload
def results_form(visits: InspectionPlan | Source, *, output: Literal["pandas"] = ...) -> pd.DataFrame: ...
@overload
def results_form(visits: InspectionPlan | Source, *, output: Literal["polars"]) -> pl.DataFrame: ...
@overload
def results_form(visits: InspectionPlan | Source, *, output: Literal["arrow"]) -> pa.Table: ...
def results_form(visits: InspectionPlan | Source, *, output: FrameKind = "pandas") -> Frame:
    """Return the form that inspectors fill in: one row for each visit; further findings need further rows.

    Parameters
    ----------
    visits : InspectionPlan, frame of visits, or folder of a saved plan
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        visit_id, enterprise_id, and the columns to fill in: inspected_on, outcome (pass, pass_with_conditions, fail,
        unreachable), dimension, and for each finding severity and matter.

    Raises
    ------
    InputError
        If there are no visits to read.

    Examples
    --------
    >>> visits = pl.DataFrame({"visit_id": ["v1"], "enterprise_id": ["E1"]})
    >>> results_form(visits, output="polars").columns
    ['visit_id', 'enterprise_id', 'inspected_on', 'outcome', 'dimension', 'severity', 'matter']
    """
    check_frame_kind(output)
    table = visits_of(visits, ("visit_id", "enterprise_id")).sort("visit_id")
    empty = [pl.lit(None, dtype=pl.String).alias(name) for name in _FORM[2:]]
    return from_polars(table.with_columns(empty), output)


@overload
def record_results(
    results: Source, visits: InspectionPlan | Source, *, output: Literal["pandas"] = ...
) -> RecordedResults[pd.DataFrame]: ...
@overload
def record_results(
    results: Source, visits: InspectionPlan | Source, *, output: Literal["polars"]
) -> RecordedResults[pl.DataFrame]: ...
@overload
def record_results(
    results: Source, visits: InspectionPlan | Source, *, output: Literal["arrow"]
) -> RecordedResults[pa.Table]: ...
def record_results(
    results: Source, visits: InspectionPlan | Source, *, output: FrameKind = "pandas"
) -> RecordedResults:
    """Turn the results of visits into records.

    Parameters
    ----------
    results : frame, or path of a .csv, .xlsx or .parquet
        The completed :func:`results_form`. A row without day, outcome, severity and matter is a visit that has not yet
        been made. Words may be Chinese or English.
    visits : InspectionPlan, frame of visits, or folder of a saved plan
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    RecordedResults
        The records. Rows that cannot be used are set aside with a reason and make no record.

    Raises
    ------
    InputError
        If the results cannot be read or lack a column.

    Examples
    --------
    >>> visits = pl.DataFrame({"visit_id": ["v1"], "enterprise_id": ["E1"], "lead_department": ["market"],
    ...                        "draw_probability": [0.1]})
    >>> results = pl.DataFrame({"visit_id": ["v1"], "inspected_on": ["2026-03-02"], "outcome": ["不合格"],
    ...                         "severity": ["较重"], "matter": ["标签"]})
    >>> record_results(results, visits, output="polars").records.select("type", "outcome", "severity").rows()
    [('inspection', 'fail', None), ('violation', None, 'serious')]
    """
    check_frame_kind(output)
    planned = visits_of(
        visits, ("visit_id", "enterprise_id", "lead_department", "draw_probability"), ("window_from", "window_to")
    )
    table, source = read_table(results, "results")
    for column in ("visit_id", "inspected_on", "outcome"):
        if column not in table.columns:
            raise InputError(
                f"{source}: results need the column {column}; creditrisk schedule and results_form write one to fill in"
            )
    rows = _read(table, planned)
    rejects = [_rejected(rows, source, column, code, fault) for column, code, fault in _faults()]
    kept = rows.filter(~pl.col("row").is_in(pl.concat(rejects)["row"].to_list()), ~pl.col("not_done"))
    contradicts = (pl.col("day") != pl.col("day").first().over("visit_id", order_by="row")) | (
        pl.col("result") != pl.col("result").first().over("visit_id", "dim", order_by="row")
    )
    rejects.append(_rejected(kept, source, "inspected_on", "conflicting_result", contradicts))
    kept = kept.filter(~contradicts)
    # Rows set aside earlier are left out here, so that a row that is kept is never a repetition of one of them.
    repeated = ~pl.struct("visit_id", "dim", "grade", "matter").is_first_distinct()
    rejects.append(_rejected(kept, source, "visit_id", "duplicate_result", repeated))
    kept = kept.filter(~repeated)
    records = _records(kept)
    visited = records.select("record_id", "visit_id")
    all_rejects = pl.concat(rejects).unique("row", keep="first", maintain_order=True).sort("row")
    still_open = planned.join(kept, on="visit_id", how="anti").select("visit_id", "enterprise_id").sort("visit_id")
    used = {"visits": visits_used(visits), "results": InputUsed(sources=(source,), rows_read=table.height)}
    return RecordedResults(records.drop("visit_id"), all_rejects, still_open, visited, output, used)


def _read(table: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    """Return the form as text, with the meaning of its words and the visit of each row."""
    if table["inspected_on"].dtype == pl.Datetime:
        # As in records, an instant with a time zone becomes the date in China.
        table = table.with_columns(to_dates(table["inspected_on"]))
    cells = [as_text(table[name]) if name in table.columns else pl.lit(None, pl.String).alias(name) for name in _FORM]
    rows = table.select(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("row"), *cells)
    rows = rows.with_columns(pl.when(pl.col(name) != "").then(name).alias(name) for name in _FORM)
    rows = rows.with_columns(day=to_dates(rows["inspected_on"]))
    given = planned.select(
        "visit_id",
        planned_id="enterprise_id",
        authority="lead_department",
        probability="draw_probability",
        is_planned=pl.lit(True),
        **{
            name: pl.col(name) if name in planned.columns else pl.lit(None, pl.Date)
            for name in ("window_from", "window_to")
        },
    )
    return rows.join(given, on="visit_id", how="left", maintain_order="left").with_columns(
        result=_meaning("outcome", _OUTCOMES),
        grade=_meaning("severity", SEVERITIES),
        dim=_meaning("dimension", DIMENSIONS),
        not_done=pl.all_horizontal(pl.col("inspected_on", "outcome", "severity", "matter").is_null()),
    )


def _meaning(column: str, words: Mapping[str, Label]) -> pl.Expr:
    known = {form: name for name, label in words.items() for form in (name, label.zh, label.en)}
    return pl.col(column).replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)


def _latest() -> pl.Expr:
    """Return the latest allowed day: a visit may be late, but not by more than a year."""
    return pl.col("window_to").dt.offset_by("1y")


def _faults() -> list[tuple[str, str, pl.Expr]]:
    done = ~pl.col("not_done")
    planned = pl.col("is_planned").fill_null(False)
    return [
        ("visit_id", "missing_value", done & pl.col("visit_id").is_null()),
        ("visit_id", "unknown_visit", pl.col("visit_id").is_not_null() & ~planned),
        ("enterprise_id", "other_enterprise", planned & (pl.col("enterprise_id") != pl.col("planned_id"))),
        ("inspected_on", "missing_value", done & pl.col("inspected_on").is_null()),
        ("inspected_on", "invalid_date", pl.col("inspected_on").is_not_null() & pl.col("day").is_null()),
        ("inspected_on", "outside_window", planned & ~pl.col("day").is_between("window_from", _latest())),
        ("outcome", "missing_value", done & pl.col("outcome").is_null()),
        ("outcome", "unknown_outcome", pl.col("outcome").is_not_null() & pl.col("result").is_null()),
        ("severity", "unknown_severity", pl.col("severity").is_not_null() & pl.col("grade").is_null()),
        ("severity", "missing_value", done & pl.col("matter").is_not_null() & pl.col("severity").is_null()),
        ("dimension", "unknown_dimension", pl.col("dimension").is_not_null() & pl.col("dim").is_null()),
    ]


def _rejected(rows: pl.DataFrame, source: str, column: str, code: str, fault: pl.Expr) -> pl.DataFrame:
    reason = _REASONS[code]
    return rows.filter(fault.fill_null(False)).select(
        source=pl.lit(source),
        row="row",
        column=pl.lit(column),
        value=column,
        code=pl.lit(code),
        message_zh=pl.lit(reason.zh),
        message_en=pl.lit(reason.en),
    )


def _records(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one inspection for each visit and dimension, and one violation for each finding."""
    common = {
        "visit_id": pl.col("visit_id"),
        "enterprise_id": pl.col("planned_id"),
        "occurred_on": pl.col("day"),
        "known_on": pl.col("day"),
        "dimension": pl.col("dim"),
        "authority": pl.col("authority"),
    }
    part = pl.when(pl.col("dim").is_null()).then(pl.lit("")).otherwise(pl.format("-{}", "dim"))
    visited = rows.unique(["visit_id", "dim"], keep="first", maintain_order=True).select(
        record_id=pl.format("{}-I{}", "visit_id", part),
        type=pl.lit("inspection"),
        **common,
        outcome="result",
        severity=pl.lit(None, dtype=pl.String),
        matter=pl.lit(None, dtype=pl.String),
        draw_probability="probability",
    )
    number = pl.int_range(1, pl.len() + 1).over("visit_id")
    found = (
        rows.filter(pl.col("grade").is_not_null())
        .with_columns(number=number)
        .select(
            record_id=pl.format("{}-V{}", "visit_id", "number"),
            type=pl.lit("violation"),
            **common,
            outcome=pl.lit(None, dtype=pl.String),
            severity="grade",
            matter="matter",
            draw_probability=pl.lit(None, dtype=pl.Float64),
        )
    )
    return pl.concat([visited, found]).sort("record_id")
