"""Results of visits become records: with the draw's probability, and nothing lost of what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.inspection.fieldwork.results import record_results, results_form
from tests.test_cli import complaint, run

VISITS = pl.DataFrame(
    {
        "visit_id": ["v1", "v2", "v3"],
        "enterprise_id": ["E1", "E2", "E3"],
        "lead_department": ["market", "fire", None],
        "draw_probability": [0.1, 0.25, None],
    }
)


def results(**columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String))


def test_a_visit_is_one_inspection_and_each_finding_a_violation() -> None:
    filled = results(
        visit_id=["v1", "v1", "v2"],
        inspected_on=["2026-03-02", "2026/3/2", "2026年3月5日"],
        outcome=["fail", "不合格", "合格"],
        severity=["serious", "轻微", None], matter=["labels", "prices", None],
    )  # fmt: skip
    recorded = record_results(filled, VISITS, output="polars")
    assert recorded.rejects.height == 0
    assert recorded.records.select("record_id", "enterprise_id", "type", "severity", "draw_probability").rows() == [
        ("v1-I", "E1", "inspection", None, 0.1),
        ("v1-V1", "E1", "violation", "serious", None),
        ("v1-V2", "E1", "violation", "minor", None),
        ("v2-I", "E2", "inspection", None, 0.25),
    ]
    assert recorded.open_visits["visit_id"].to_list() == ["v3"]


def test_the_loop_closes_from_plan_to_records_to_indicators(tmp_path: Path) -> None:
    paths = cr.sample_paths()
    assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    plan = cr.plan_inspections(assessment, cr.example_items(), seed="2026-07-01 08 15", year=2026)
    form = results_form(plan, output="polars")
    assert form.height == plan.visits_data.height
    drawn = plan.visits_data.filter(cause="draw").sort("visit_id").row(0, named=True)
    filled = form.with_columns(
        pl.when(pl.col("visit_id") == drawn["visit_id"]).then(pl.lit(value)).alias(column)
        for column, value in {
            "inspected_on": "2026-08-03", "outcome": "fail", "dimension": "safety", "severity": "grave",
        }.items()
    )  # fmt: skip
    recorded = record_results(filled, plan, output="polars")
    assert recorded.open_visits.height == form.height - 1
    records = cr.read_records(recorded.records)
    assert len(records) == 2 and records.rejected.height == 0
    assert records.data.filter(type="inspection")["draw_probability"][0] == drawn["draw_probability"]
    cohort = pl.DataFrame({"enterprise_id": [drawn["enterprise_id"]], "as_of": ["2026-12-31"]})
    value = cr.IndicatorBuilder(records, only=["safety.violation_severity"]).fit_transform(cohort).iloc[0, 0]
    assert value > 0


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"visit_id": ["v9"]}, "visit_id", "unknown_visit"),
        ({"visit_id": [None]}, "visit_id", "missing_value"),
        ({"enterprise_id": ["E2"]}, "enterprise_id", "other_enterprise"),
        ({"inspected_on": [None]}, "inspected_on", "missing_value"),
        ({"inspected_on": ["2026-02-30"]}, "inspected_on", "invalid_date"),
        ({"outcome": [None]}, "outcome", "missing_value"),
        ({"outcome": ["great"]}, "outcome", "unknown_outcome"),
        ({"severity": ["awful"]}, "severity", "unknown_severity"),
        ({"dimension": ["beauty"]}, "dimension", "unknown_dimension"),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside(change: dict[str, list[str | None]], column: str, code: str) -> None:
    row = {"visit_id": ["v1"], "inspected_on": ["2026-03-02"], "outcome": ["pass"], "severity": ["minor"]}
    recorded = record_results(results(**{**row, **change}), VISITS, output="polars")
    assert recorded.records.height == 0
    assert recorded.rejects.select("row", "column", "code").rows() == [(1, column, code)]
    assert recorded.rejects["message_zh"][0] and recorded.rejects["message_en"][0]


def test_results_given_twice_or_against_one_another_are_set_aside() -> None:
    filled = results(
        visit_id=["v1", "v1", "v1", "v1"], inspected_on=["2026-03-02", "2026-03-02", "2026-03-09", "2026-03-02"],
        outcome=["pass", "pass", "pass", "fail"],
    )  # fmt: skip
    recorded = record_results(filled, VISITS, output="polars")
    assert recorded.records["record_id"].to_list() == ["v1-I"]
    assert recorded.rejects.select("row", "code").rows() == [
        (2, "duplicate_result"), (3, "conflicting_result"), (4, "conflicting_result"),
    ]  # fmt: skip


def test_a_row_set_aside_takes_no_finding_from_those_that_stay() -> None:
    filled = results(
        visit_id=["v1"] * 3, inspected_on=["2026-03-02", "2026-03-09", "2026-03-02"], outcome=["fail"] * 3,
        severity=[None, "serious", "serious"], matter=[None, "labels", "labels"],
    )  # fmt: skip
    recorded = record_results(filled, VISITS, output="polars")
    assert recorded.rejects.select("row", "code").rows() == [(2, "conflicting_result")]
    assert recorded.records["record_id"].to_list() == ["v1-I", "v1-V1"]


def test_rows_left_empty_are_visits_still_open_not_rejects() -> None:
    recorded = record_results(results_form(VISITS, output="polars"), VISITS, output="polars")
    assert (recorded.records.height, recorded.rejects.height, recorded.open_visits.height) == (0, 0, 3)


def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(cr.InputError, match="results need the column outcome"):
        record_results(results(visit_id=["v1"], inspected_on=["2026-03-02"]), VISITS)
    with pytest.raises(cr.InputError, match=r"holds no saved plan: it has no run\.json"):
        record_results(results(visit_id=["v1"], inspected_on=["2026-03-02"], outcome=["pass"]), tmp_path)


def test_on_the_command_line_results_become_a_file_of_records(tmp_path: Path) -> None:
    VISITS.write_parquet(tmp_path / "visits.parquet")
    results(
        visit_id=["v1", "v9"], inspected_on=["2026-03-02"] * 2, outcome=["fail", "pass"], severity=["grave", None]
    ).write_csv(tmp_path / "results.csv")
    out = tmp_path / "records.parquet"
    given = ("record-results", tmp_path / "visits.parquet", tmp_path / "results.csv")
    done = run(*given, "--out", out, "--rejects", tmp_path / "rejects.csv")
    assert done.exit_code == 0, done.output
    assert "记录 records 2" in done.stdout and "剔除行 rows set aside 1" in done.stdout
    assert cr.read_records(out, id_scheme="any").data["type"].to_list() == ["inspection", "violation"]
    assert pl.read_csv(tmp_path / "rejects.csv")["code"].to_list() == ["unknown_visit"]
    assert "must end in" in complaint(run(*given, "--out", tmp_path / "a.txt"))


def test_records_written_as_csv_open_in_a_spreadsheet_as_text(tmp_path: Path) -> None:
    VISITS.write_parquet(tmp_path / "visits.parquet")
    filled = results(
        visit_id=["v1"], inspected_on=["2026-03-02"], outcome=["不合格"], severity=["较重"], matter=["=标签"]
    )
    (tmp_path / "results.csv").write_bytes(filled.write_csv().encode("gb18030"))
    out = tmp_path / "records.csv"
    assert run("record-results", tmp_path / "visits.parquet", tmp_path / "results.csv", "--out", out).exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") and "'=标签" in out.read_text(encoding="utf-8")
    assert cr.read_records(out, id_scheme="any").data["type"].to_list() == ["inspection", "violation"]


@pytest.mark.parametrize(("day", "kept"), [("2026-07-06", 1), ("2027-03-01", 1), ("2025-12-31", 0), ("2031-01-01", 0)])
def test_a_day_long_before_or_after_the_visit_is_set_aside(day: str, kept: int) -> None:
    visits = VISITS.with_columns(
        window_from=pl.lit("2026-01-01").str.to_date(), window_to=pl.lit("2026-12-31").str.to_date()
    )
    recorded = record_results(results(visit_id=["v1"], inspected_on=[day], outcome=["pass"]), visits, output="polars")
    assert recorded.records.height == kept
    assert recorded.rejects["code"].to_list() == ["outside_window"] * (1 - kept)


def test_a_form_may_have_chinese_headers_and_days_of_pandas() -> None:
    form = pl.DataFrame({"检查编号": ["v1"], "检查日期": ["2026-07-06"], "检查结果": ["合格"]})
    assert record_results(form, VISITS, output="polars").records.height == 1
    moments = pd.DataFrame({"visit_id": ["v1"], "inspected_on": pd.to_datetime(["2026-07-06"]), "outcome": ["pass"]})
    assert record_results(moments, VISITS, output="polars").records.height == 1


def test_a_finding_without_severity_is_set_aside() -> None:
    form = results(visit_id=["v1"], inspected_on=["2026-07-06"], outcome=["fail"], matter=["消防通道堵塞"])
    recorded = record_results(form, VISITS, output="polars")
    assert recorded.records.is_empty()
    assert recorded.rejects.select("column", "code").rows() == [("severity", "missing_value")]
