"""``creditrisk standing``, and the assessment before on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

import creditrisk as cr
from tests.test_cli import DAY, INPUTS, SAMPLE, complaint, run

RECORDS = ("--records", str(SAMPLE.records), *DAY)


def test_standing_counts_and_shows_records_with_their_reasons() -> None:
    result = run("standing", *RECORDS)
    assert result.exit_code == 0, result.output
    assert "有效 in force" in result.stdout
    assert "in force since" in result.stdout


def test_standing_of_one_record_as_json() -> None:
    record = json.loads(run("standing", *RECORDS, "--json").stdout)["records"][0]["record_id"]
    only = json.loads(run("standing", *RECORDS, "--record", record, "--json").stdout)
    assert [row["record_id"] for row in only["records"]] == [record]
    assert sum(only["counts"].values()) == 1


def test_standing_writes_the_whole_table(tmp_path: Path) -> None:
    out = tmp_path / "standing.parquet"
    assert run("standing", *RECORDS, "--out", out).exit_code == 0
    assert pl.read_parquet(out)["standing"].null_count() == 0
    assert run("standing", *RECORDS, "--out", tmp_path / "standing.csv").exit_code == 0


def test_standing_of_what_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    assert complaint(run("standing", *RECORDS, "--record", "none")) == "there is no record with record_id 'none'"
    assert "must end in .csv or .parquet" in complaint(run("standing", *RECORDS, "--out", tmp_path / "a.txt"))


def test_a_policy_not_in_force_on_the_day_is_one_clear_error(tmp_path: Path) -> None:
    said = complaint(run("assess", *INPUTS, "--as-of", "2020-01-01", "--out", tmp_path / "out"))
    assert "policy jiangsu is not in force on 2020-01-01" in said
    assert not (tmp_path / "out").exists()


def test_a_policy_past_its_review_date_is_a_warning_on_stderr(tmp_path: Path) -> None:
    result = run("assess", *INPUTS, "--as-of", "2027-06-30", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "warning: policy jiangsu, edition 2026, was to be reviewed by 2027-03-31" in result.stderr


def test_assess_holds_rises_against_the_assessment_before(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("assess", *INPUTS, "--as-of", "2026-05-31", "--out", first).exit_code == 0
    assert run("assess", *INPUTS, *DAY, "--previous", first, "--out", second).exit_code == 0
    before, after = (pl.read_parquet(folder / "assessments.parquet") for folder in (first, second))
    assert (after["tier"].to_physical() >= before["tier"].to_physical()).all()
    assert (after["tier_since"] <= after["as_of"]).all()
    said = complaint(run("assess", *INPUTS, *DAY, "--previous", tmp_path / "none", "--out", second))
    assert said.startswith("the previous assessment")


def test_explain_shows_the_way_up_and_the_states() -> None:
    table = cr.assess(SAMPLE.enterprises, SAMPLE.records, as_of=DAY[1]).table
    below = table.loc[table["tier"] == "high_risk", "enterprise_id"].iloc[0]
    result = run("explain", below, *INPUTS, *DAY, "--way-up")
    assert result.exit_code == 0, result.output
    assert "The way to the next tier" in result.stdout
    assert "现有状态" in result.stdout
    data = json.loads(run("explain", below, *INPUTS, *DAY, "--way-up", "--json").stdout)
    assert data["way_up"]["text"]["zh"]
    assert {state["kind"] for state in data["states"]} >= {"tier", "regime"}
