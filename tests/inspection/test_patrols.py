"""Patrol lists: every visit of the grid once, by place, and nobody lost for want of a grid."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.inspection.plan import plan as plan_module
from creditrisk.inspection.plan.patrols import grid_patrols
from tests.inspection.conftest import item, plan_of, table_of

PLACES = {
    "region": ["320102", "320104", None, "320102"] * 15,
    "grid": ["网格乙", "网格甲", "网格丙", None, "网格甲"] * 12,
    "tier": ["high_risk"] * 60,
}


@pytest.fixture
def plan() -> cr.InspectionPlan:
    return plan_of(table_of(60, **PLACES), [item("fire")])


def test_every_visit_of_the_grid_is_on_the_list_once(plan: cr.InspectionPlan) -> None:
    table = grid_patrols(plan, output="polars")
    assert table.columns == [
        "region", "grid", "enterprise_id", "tier", "window_from", "window_to", "visit_id", "why_zh", "why_en",
    ]  # fmt: skip
    expected = plan.visits_data.filter(cause="grid").select(table.columns)
    assert table.height == 30
    assert table.sort("visit_id").equals(expected.sort("visit_id"))


def test_the_list_goes_by_region_and_grid_and_those_without_a_grid_come_last(plan: cr.InspectionPlan) -> None:
    rows = grid_patrols(plan, output="polars").select("grid", "region", "enterprise_id").rows()
    last = "￿"
    assert rows == sorted(rows, key=lambda row: (row[0] is None, row[1] or last, row[0] or "", row[2]))
    assert rows[0][0] is not None and rows[-1][0] is None


def test_a_plan_without_grid_visits_has_an_empty_list(tmp_path: Path) -> None:
    plan = plan_of(table_of(20, tier=["good"] * 20), [item("fire")])
    assert grid_patrols(plan, output="polars").height == 0
    assert plan.save(tmp_path)["grid-patrols.csv"].read_text("utf-8-sig").startswith("region,grid,")


def test_a_saved_list_is_the_same_in_chunks(
    plan: cr.InspectionPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = plan.save(tmp_path / "whole")["grid-patrols.csv"].read_bytes()
    monkeypatch.setattr(plan_module, "ROWS_PER_CHUNK", 7)
    assert plan.save(tmp_path / "parts")["grid-patrols.csv"].read_bytes() == whole
    assert pl.read_csv(tmp_path / "whole" / "grid-patrols.csv").height == 30
