"""A plan as a workbook for inspectors: visits, draws, unmet requirements, and the patrols of the grid."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from creditrisk.errors import InputError
from creditrisk.files.saved import read_saved
from creditrisk.files.spreadsheets import check_sheet, read_spreadsheet, write_workbook
from creditrisk.files.together import write_file
from creditrisk.inspection.fieldwork.assigning import Assignment
from creditrisk.inspection.plan.plan import InspectionPlan, visits_of
from creditrisk.vocabulary import Label

if TYPE_CHECKING:
    from creditrisk.inspection.fieldwork.scheduling import Schedule

__all__ = ["plan_sheets", "write_plan_workbook"]

_VISITS = Label("计划", "Visits")
_DRAWS = Label("抽取", "Draws")
_UNMET = Label("未满足", "Unmet")
_GRID = Label("网格", "Grid")
_COLUMNS = ("visit_id", "enterprise_id", "items", "departments", "window_from", "window_to", "tier", "cause", "why_zh",
            "why_en")  # fmt: skip
# The types of the columns of a saved plan's tables that are not text.
_TYPES: dict[str, dict[str, type[pl.DataType]]] = {
    "publication": {"enterprises": pl.UInt32, "drawn": pl.UInt32, "ratio": pl.Float64, "start": pl.Float64},
    "unmet": {"required": pl.Float64, "got": pl.Float64},
    "grid-patrols": {"window_from": pl.Date, "window_to": pl.Date},
}


def write_plan_workbook(
    plan: InspectionPlan | str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    assignment: Assignment | None = None,
    schedule: Schedule | None = None,
) -> None:
    """Write a plan as .xlsx, for use only within the authorities: it names enterprises that are still to be visited.

    The sheets are 计划 Visits, 抽取 Draws (as :func:`creditrisk.publication_list`), 未满足 Unmet and 网格 Grid (as
    :func:`creditrisk.grid_patrols`). The same plan gives the same bytes, from memory or from its folder.

    Parameters
    ----------
    plan : InspectionPlan, or folder of a saved plan
    path : path
        The .xlsx file to write.
    assignment : Assignment, optional
        Adds the inspectors of each visit.
    schedule : Schedule, optional
        Adds the date of each visit and its slot in that day.

    Raises
    ------
    InputError
        If XlsxWriter is not installed, the folder holds no plan, the plan has more visits than an Excel sheet can hold,
        or the assignment or schedule belongs to another plan.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    >>> plan = cr.plan_inspections(assessment, cr.example_items(), seed="2026-07-01 08 15 23", year=2026)
    >>> with TemporaryDirectory() as folder:
    ...     write_plan_workbook(plan, f"{folder}/plan.xlsx")
    ...     pl.read_excel(f"{folder}/plan.xlsx", sheet_name="计划 Visits").height == len(plan.visits)
    True
    """
    sheets = plan_sheets(plan, assignment=assignment, schedule=schedule)
    write_file(path, partial(write_workbook, sheets))


def plan_sheets(
    plan: InspectionPlan | str | os.PathLike[str],
    *,
    assignment: Assignment | None = None,
    schedule: Schedule | None = None,
) -> dict[str, pl.DataFrame]:
    """Return the tables of :func:`write_plan_workbook`, by the names of their sheets."""
    visits, *others = _saved(plan) if isinstance(plan, str | os.PathLike) else _made(plan)
    columns = ["visit_id", "enterprise_id", "items", "departments"]
    if assignment is not None:
        teams = assignment.table_data.sort("department", "inspector_id").group_by("visit_id", maintain_order=True)
        visits = _with(visits, teams.agg(inspectors="inspector_id"), "assignment")
        columns.append("inspectors")
    if schedule is not None:
        visits = _with(visits, schedule.table_data.select("visit_id", "date", "slot"), "schedule")
        columns += ["date", "slot"]
    columns += ["window_from", "window_to", "tier", "cause", "why_zh", "why_en"]
    tables = dict(zip((_VISITS, _DRAWS, _UNMET, _GRID), (visits.select(columns), *others), strict=True))
    return {_sheet(label): table for label, table in tables.items()}


def _made(plan: InspectionPlan) -> tuple[pl.DataFrame, ...]:
    """Return visits, draws, unmet requirements, and patrols."""
    # This comes before the full table of visits, which for a province takes more memory than anything else.
    check_sheet(_sheet(_VISITS), plan.rows.height)
    return plan.visits_data, plan.publication_data, plan.unmet_data, pl.concat(plan.patrol_chunks())


def _saved(folder: str | os.PathLike[str]) -> tuple[pl.DataFrame, ...]:
    """Return the same tables from the folder of a saved plan."""

    def read(visits: Path, *others: Path) -> tuple[pl.DataFrame, ...]:
        table = visits_of(visits, _COLUMNS)
        check_sheet(_sheet(_VISITS), table.height)
        return table, *(read_spreadsheet(path, types) for path, types in zip(others, _TYPES.values(), strict=True))

    names = ("visits.parquet", *(f"{name}.csv" for name in _TYPES))
    return read_saved(folder, "plan", names, read, argument="plan")


def _sheet(label: Label) -> str:
    return f"{label.zh} {label.en}"


def _with(visits: pl.DataFrame, told: pl.DataFrame, what: str) -> pl.DataFrame:
    strange = told.join(visits, on="visit_id", how="anti")["visit_id"].sort()
    if len(strange):
        raise InputError(f"the {what} has visit {strange[0]!r}, which is not of this plan: give that of this plan")
    return visits.join(told, on="visit_id", how="left", maintain_order="left")
