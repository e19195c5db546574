"""A plan as a workbook: all its visits, who goes when, and text that no spreadsheet runs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.inspection.fieldwork.workbook import write_plan_workbook
from tests.inspection.conftest import item, plan_of, table_of

ITEMS = [item("fire", joint_group="premises"), item("labels", kind="key", joint_group="premises")]


@pytest.fixture(scope="module")
def plan() -> cr.InspectionPlan:
    return plan_of(table_of(60, region=["320102"] * 60), ITEMS)


def staff() -> pl.DataFrame:
    departments = [one.authority for one in ITEMS for _ in range(3)]
    return pl.DataFrame({"inspector_id": [f"P{number}" for number in range(6)], "department": departments})


def scheduled(plan: cr.InspectionPlan) -> Any:
    first = plan.visits_data.head(1).select("visit_id", "enterprise_id", "region", "grid")
    day = first.with_columns(date=date(2026, 3, 2), slot=pl.lit(2, dtype=pl.UInt32), team=pl.lit(["P0", "P1"]))
    return SimpleNamespace(table_data=day)


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    header, *cells = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in cells]


def test_the_sheets_hold_visits_draws_unmet_and_the_grid(plan: cr.InspectionPlan, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_plan_workbook(plan, path)
    assert openpyxl.load_workbook(path).sheetnames == ["计划 Visits", "抽取 Draws", "未满足 Unmet", "网格 Grid"]
    visits = rows(path, "计划 Visits")
    assert [row["visit_id"] for row in visits] == plan.visits_data["visit_id"].to_list()
    assert list(visits[0]) == [
        "visit_id", "enterprise_id", "items", "departments", "window_from", "window_to", "tier", "cause", "why_zh",
        "why_en",
    ]  # fmt: skip
    joint = next(row for row in visits if "；" in (row["items"] or ""))
    assert (joint["items"], joint["departments"]) == ("fire；labels", "部门fire；部门labels")
    assert joint["window_to"] == datetime(2026, 12, 31) and "随机抽取" in joint["why_zh"]
    assert len(rows(path, "抽取 Draws")) == plan.publication_data.height
    assert len(rows(path, "未满足 Unmet")) == plan.unmet_data.height
    assert len(rows(path, "网格 Grid")) == plan.visits_data.filter(cause="grid").height


def test_who_goes_when_is_added_where_it_is_known(plan: cr.InspectionPlan, tmp_path: Path) -> None:
    assignment = cr.assign_inspectors(plan, staff(), seed="2026")
    write_plan_workbook(plan, tmp_path / "plan.xlsx", assignment=assignment, schedule=scheduled(plan))
    visits = rows(tmp_path / "plan.xlsx", "计划 Visits")
    assert list(visits[0])[4:7] == ["inspectors", "date", "slot"]
    assert (visits[0]["date"], visits[0]["slot"], visits[1]["date"]) == (datetime(2026, 3, 2), 2, None)
    for row in visits:
        team = assignment.table_data.filter(visit_id=row["visit_id"])["inspector_id"].to_list()
        assert (row["inspectors"] or "") == "；".join(team)


def test_an_id_like_a_formula_is_text(tmp_path: Path) -> None:
    ids = [f"=HYPERLINK({number})" for number in range(20)]
    write_plan_workbook(plan_of(table_of(20, enterprise_id=ids), ITEMS), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["计划 Visits"]
    for row in range(2, sheet.max_row + 1):
        assert sheet.cell(row, 2).value in ids and sheet.cell(row, 2).data_type != "f"


def test_the_same_plan_gives_the_same_bytes(plan: cr.InspectionPlan, tmp_path: Path) -> None:
    write_plan_workbook(plan, tmp_path / "a.xlsx")
    write_plan_workbook(plan_of(table_of(60, region=["320102"] * 60), ITEMS), tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_plan_gives_the_same_bytes_as_its_folder(tmp_path: Path) -> None:
    ids = [f"{start}A{number:02}" for number in range(10) for start in ("=", "'=", "'", "", "－")]
    named = [
        item("fire", authority="=1+1", legal_basis="'+1", joint_group="premises"),
        item("labels", ratio_at_least=0.9, joint_group="premises"),
    ]
    made = plan_of(table_of(50, enterprise_id=ids, grid=["-1", None] * 25), named)
    assert {"grid", "draw"} <= set(made.visits_data["cause"]) and made.unmet_data.height
    made.save(tmp_path / "saved")
    write_plan_workbook(made, tmp_path / "a.xlsx")
    write_plan_workbook(tmp_path / "saved", tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_what_belongs_to_another_plan_is_refused(plan: cr.InspectionPlan, tmp_path: Path) -> None:
    other = plan_of(table_of(60, region=["320102"] * 60), ITEMS, year=2027)
    assignment = cr.assign_inspectors(other, staff(), seed="2026")
    with pytest.raises(cr.InputError, match=r"the assignment has visit '2027-premises-.*not of this plan"):
        write_plan_workbook(plan, tmp_path / "plan.xlsx", assignment=assignment)
    with pytest.raises(cr.InputError, match="the schedule has visit"):
        write_plan_workbook(plan, tmp_path / "plan.xlsx", schedule=scheduled(other))
    assert not list(tmp_path.iterdir())
