"""``creditrisk schedule``."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from tests.test_cli import complaint, run
from tests.test_cli_plan import ENTERPRISES, ITEMS, YEAR, assessed

__all__ = ["assessed"]

DAYS = ("--from", "2026-09-01", "--to", "2026-12-31")


@pytest.fixture(scope="module")
def plan(assessed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    assert run("plan", assessed, *ITEMS, *YEAR, *ENTERPRISES, "--out", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def inspectors(plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    visits = pl.read_parquet(plan / "visits.parquet")
    skills = "；".join(sorted({skill for skills in visits["skills"] for skill in skills}))
    departments = sorted({name for names in visits["departments"] for name in names})
    rows = [(f"{place}-{number}", name, skills, "60") for place, name in enumerate(departments) for number in range(4)]
    path = tmp_path_factory.mktemp("staff") / "inspectors.csv"
    names = ["inspector_id", "department", "skills", "available_days"]
    pl.DataFrame(rows, schema=names, orient="row").write_csv(path)
    return path


def test_visits_get_inspectors_and_days_off_are_kept(plan: Path, inspectors: Path, tmp_path: Path) -> None:
    days = tmp_path / "days.csv"
    days.write_text("date,kind\n2026-09-01,off\n2026-09-05,work\n", encoding="utf-8")
    files = ("--workbook", "--calendar")
    result = run("schedule", plan, "--inspectors", inspectors, *DAYS, "--days", days, *files, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "已派员检查 visits with inspectors" in result.stdout and "已排定检查 visits with a day" in result.stdout
    schedule = pl.read_csv(tmp_path / "out" / "schedule.csv", try_parse_dates=True)
    assert str(schedule["date"].min()) == "2026-09-02" and "2026-09-05" in schedule["date"].cast(pl.String)
    assert (tmp_path / "out" / "calendar.ics").read_bytes().count(b"BEGIN:VEVENT") == schedule.height
    sheet = pl.read_excel(tmp_path / "out" / "plan.xlsx", sheet_name="计划 Visits")
    assert sheet["date"].count() == schedule.height and sheet["inspectors"].count() > 0
    assigned = pl.read_csv(tmp_path / "out" / "assignment.csv", infer_schema=False)
    inspected = pl.read_parquet(plan / "visits.parquet").filter(pl.col("departments").list.len() > 0)
    assert set(assigned["visit_id"]) == set(inspected["visit_id"])
    # What the command draws, with the seed of the plan, anybody draws again.
    drawn_with = json.loads((tmp_path / "out" / "assignment.json").read_text(encoding="utf-8"))
    assert drawn_with["seed"] == json.loads((plan / "plan.json").read_text(encoding="utf-8"))["seed"]
    assert cr.verify_assignment(assigned, plan, inspectors, **drawn_with).empty


def test_nobody_goes_twice_in_a_row_and_recusals_hold(plan: Path, inspectors: Path, tmp_path: Path) -> None:
    common = ("schedule", plan, "--inspectors", inspectors, *DAYS, "--json")
    first = run(*common, "--out", tmp_path / "first")
    assert json.loads(first.stdout)["unstaffed"] == 0 == json.loads(first.stdout)["inspectors_set_aside"]
    last = tmp_path / "first" / "assignment.csv"
    assert run(*common, "--previous", last, "--recusals", last, "--out", tmp_path / "second").exit_code == 0
    before, after = (
        pl.read_csv(folder / "assignment.csv", infer_schema=False).select("enterprise_id", "inspector_id")
        for folder in (tmp_path / "first", tmp_path / "second")
    )
    assert after.join(before, on=["enterprise_id", "inspector_id"], how="semi").height == 0


def test_teams_of_regions_do_without_inspectors_and_say_what_lacks(plan: Path, tmp_path: Path) -> None:
    result = run("schedule", plan, "--teams", "1", "--from", "2026-12-31", "--to", "2026-12-31", "--out", tmp_path)
    assert result.exit_code == 0
    assert "尚缺人日 days lacking" in result.stdout
    assert pl.read_csv(tmp_path / "shortfall.csv")["days"].sum() > 0


def test_rows_of_inspectors_that_cannot_be_used_are_set_aside_in_a_file(
    plan: Path, inspectors: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "inspectors.csv"
    listed.write_text(inspectors.read_text(encoding="utf-8") + ",无编号,,\n", encoding="utf-8")
    common = ("schedule", plan, "--inspectors", listed, *DAYS, "--out", tmp_path / "out")
    assert "rows of inspectors set aside 1" in run(*common).stdout
    assert json.loads(run(*common, "--json").stdout)["inspectors_set_aside"] == 1
    assert pl.read_csv(tmp_path / "out" / "inspector-rejects.csv")["column"].to_list() == ["inspector_id"]


def test_wrong_input_is_one_clear_error(plan: Path, inspectors: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    assert "give either teams" in complaint(run("schedule", plan, *DAYS, *out))
    assert "holds no visits" in complaint(run("schedule", tmp_path / "none", *DAYS, "--teams", "1", *out))
    (tmp_path / "visits.parquet").write_bytes((plan / "visits.parquet").read_bytes())
    said = complaint(run("schedule", tmp_path / "visits.parquet", "--inspectors", inspectors, *DAYS, *out))
    assert "does not say with what seed" in said
    (tmp_path / "days.csv").write_text("date,kind\n2026-10-01,holiday\n", encoding="utf-8")
    said = complaint(run("schedule", plan, "--teams", "1", *DAYS, "--days", tmp_path / "days.csv", *out))
    assert "row 1: '2026-10-01', 'holiday' is no day" in said
