"""Where commands write: never over or among what they read, and nothing of an earlier run is left."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import creditrisk as cr
from tests.files.steps import content
from tests.test_cli import ASSESSED, DAY, complaint, run
from tests.test_cli_plan import ITEMS, YEAR, assessed

__all__ = ["assessed"]

SAMPLE = cr.sample_paths()
TO = ("--from", "2026-09-01", "--to", "2026-12-31", "--teams", "1")
WINDOW = ("--from", "2025-01-01", "--to", "2025-12-31")


@pytest.fixture
def here(assessed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with data, a policy, an assessment, and links to the first and the last."""
    (tmp_path / "data").mkdir()
    for source in (SAMPLE.enterprises, SAMPLE.records):
        shutil.copy(source, tmp_path / "data" / Path(source).name)
    shutil.copytree(assessed, tmp_path / "assessed")
    (tmp_path / "policy.md").write_text(run("policy", "show", "jiangsu").stdout, encoding="utf-8")
    (tmp_path / "link").symlink_to("assessed")
    (tmp_path / "data-link").symlink_to("data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


ENTERPRISES = ("--enterprises", "data/enterprises.csv")
TABLES = (*ENTERPRISES, "--records", "data/records.csv")


@pytest.mark.parametrize(
    "command",
    [
        ("assess", *TABLES, *DAY, "--out", "data"),
        ("assess", *TABLES, *DAY, "--out", "data-link"),
        ("assess", *ENTERPRISES, "--records", "data/r*.csv", *DAY, "--out", "data"),
        ("assess", *TABLES, *DAY, "--previous", "assessed", "--out", "assessed"),
        ("assess", *TABLES, *DAY, "--previous", "link/assessments.parquet", "--out", "assessed"),
        ("assess", *TABLES, *DAY, "--policy", "policy.md", "--out", "."),
        ("explain", "A", *TABLES, *DAY, "--html", "data/records.csv"),
        ("validate", *TABLES, "--rejects", "data-link/records.csv"),
        ("standing", "--records", "data/records.csv", *DAY, "--out", "data/records.csv"),
        ("policy", "impact", "jiangsu", "jiangsu", *TABLES, *DAY, "--out", "data"),
        ("policy", "render", "policy.md", "--out", "policy.md"),
        ("policy", "sql", "policy.md", "--out", "./policy.md"),
        ("train", *TABLES, *WINDOW, "--out", "data"),
        ("evaluate", "--model", "reference", *TABLES, *WINDOW, "--out", "data"),
        ("plan", "assessed", *ITEMS, *YEAR, "--out", "assessed"),
        ("plan", "link/assessments.parquet", *ITEMS, *YEAR, "--out", "link"),
        ("plan", "assessed", *ITEMS, *YEAR, "--last-plan", "data", "--out", "data"),
        ("schedule", "assessed", *TO, "--out", "link"),
        ("record-results", "assessed", "data/records.csv", "--out", "data/records.csv"),
        ("record-results", "assessed", "data/records.csv", "--out", "assessed/a.csv"),
        ("record-results", "assessed", "data/records.csv", "--out", "a.csv", "--rejects", "data/records.csv"),
    ],
)
def test_an_output_that_is_its_own_input_is_refused_before_anything_is_read(
    here: Path, command: tuple[Any, ...]
) -> None:
    for name in ("data/enterprises.csv", "data/records.csv", "policy.md"):
        (here / name).write_bytes(b"")  # whoever reads them says so
    before = content(here)
    assert "would be written over or among what is read" in complaint(run(*command))
    assert content(here) == before


def test_two_outputs_in_one_file_are_refused(here: Path) -> None:
    said = complaint(run("record-results", "assessed", "data/records.csv", "--out", "a.csv", "--rejects", "./a.csv"))
    assert "--out and --rejects name one file" in said


def test_a_folder_of_another_result_or_with_a_changed_file_is_refused(here: Path) -> None:
    assert "holds another result (assessment)" in complaint(run("simulate", "--out", "assessed"))
    (here / "assessed" / "summary.html").write_text("noted in it by hand", encoding="utf-8")
    assert "was changed after it was saved" in complaint(run("assess", *TABLES, *DAY, "--out", "assessed"))


def test_a_run_without_csv_leaves_no_csv_of_the_run_before(here: Path) -> None:
    assert run("assess", *TABLES, *DAY, "--out", "out", "--csv").exit_code == 0
    (here / "out" / "notes.csv").write_text("mine", encoding="utf-8")
    assert run("assess", *TABLES, *DAY, "--out", "out").exit_code == 0
    assert set(content(here / "out")) == ASSESSED | {"notes.csv"}


def test_a_schedule_is_one_set_with_its_assignment_form_and_workbook(here: Path) -> None:
    made = run("plan", "assessed", *ITEMS, *YEAR, *ENTERPRISES, "--out", "plan")
    assert made.exit_code == 0, made.output
    assert run("schedule", "plan", *TO, "--workbook", "--calendar", "--out", "days").exit_code == 0
    assert {"plan.xlsx", "calendar.ics", "results-form.csv"} <= set(content(here / "days"))
    assert run("schedule", "plan", *TO, "--out", "days").exit_code == 0
    left = {"schedule.csv", "unscheduled.csv", "shortfall.csv", "results-form.csv", "run.json"}
    assert set(content(here / "days")) == left
    # Who has filled the form in does not lose it by scheduling anew.
    with (here / "days" / "results-form.csv").open("a", encoding="utf-8") as form:
        form.write("filled in\n")
    assert "results-form.csv was changed" in complaint(run("schedule", "plan", *TO, "--out", "days"))
