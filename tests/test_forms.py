"""A table says the same in every form: kinds of frame, days as times of any zone, cells and columns left empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import polars.selectors as cs
import pytest
from polars.testing import assert_frame_equal

import creditrisk as cr
from creditrisk.days import civil_days
from creditrisk.learning.studies.cohorts import cohort
from creditrisk.learning.studies.outcomes import outcomes
from tests.inspection.conftest import item, plan_of, table_of

# At and west of China: a midnight there is the same day in China.
ZONES = ("Asia/Shanghai", "UTC", "America/Los_Angeles", "Pacific/Honolulu")


def forms(table: pl.DataFrame) -> Iterator[tuple[str, Any]]:
    """The table as every kind of frame, and with its days as midnights, of no zone and of several."""
    yield "polars", table
    yield "lazy", table.lazy()
    yield "arrow", table.to_arrow()
    yield "pandas", table.to_pandas()
    yield "pandas with Arrow's types", table.to_pandas(use_pyarrow_extension_array=True)
    for unit in ("us", "ns"):
        times = table.with_columns(cs.date().cast(pl.Datetime(unit)))
        yield f"times in {unit}", times
        yield f"times of pandas in {unit}", times.to_pandas()
        yield f"times of Arrow in {unit}", times.to_arrow()
    for zone in ZONES:
        moments = table.with_columns(cs.date().cast(pl.Datetime("us")).dt.replace_time_zone(zone))
        yield f"midnights of {zone}", moments
        yield f"midnights of {zone} in pandas", moments.to_pandas()
        yield f"midnights of {zone} in Arrow", moments.to_arrow()


def assert_same(found: pl.DataFrame, expected: pl.DataFrame, form: str) -> None:
    try:
        assert_frame_equal(found, expected, categorical_as_str=True)
    except AssertionError as error:
        raise AssertionError(f"as {form}: {error}") from None


# The first row has nothing but what every record needs.
RECORDS = pl.DataFrame(
    {
        "enterprise_id": ["E1", "E2", "E1", "E2"],
        "type": ["violation", "violation", "inspection", "penalty"],
        "occurred_on": [date(2025, 3, 1), date(2024, 2, 29), date(2025, 12, 31), date(2026, 1, 1)],
        "known_on": [None, date(2024, 3, 1), None, date(2026, 1, 2)],
        "severity": [None, "serious", None, "minor"],
        "outcome": [None, None, "pass", None],
        "amount": [None, None, None, 5000.0],
        "dimension": [None, "safety", "quality", None],
    }
)
ENTERPRISES = pl.DataFrame(
    {
        "enterprise_id": ["E1", "E2", "E3"],
        "established_on": [None, date(2010, 1, 1), date(2026, 2, 28)],
        "industry": [None, "5211", None],
        "region": [None, "320102", "320500"],
        "status": [None, "active", None],
    }
)


@pytest.mark.parametrize("with_ids", [True, False])
def test_records_in_every_form_are_the_same(with_ids: bool) -> None:
    table = RECORDS.with_columns(record_id=pl.Series([f"r{row}" for row in range(4)])) if with_ids else RECORDS
    expected = cr.read_records(table, id_scheme="any").data
    assert expected["occurred_on"].sort().to_list() == RECORDS["occurred_on"].sort().to_list()
    for form, given in forms(table):
        read = cr.read_records(given, id_scheme="any")
        assert read.data.height == 4, form
        assert_same(read.data, expected, form)


def test_records_with_columns_of_nothing_are_those_without_these_columns() -> None:
    empty = RECORDS.with_columns(pl.lit(None).alias("severity"), pl.lit(None, pl.String).alias("outcome"))
    expected = cr.read_records(RECORDS.drop("severity", "outcome"), id_scheme="any").data
    for form, given in forms(empty):
        assert_same(cr.read_records(given, id_scheme="any").data, expected, form)


def test_enterprises_in_every_form_are_the_same() -> None:
    expected = cr.read_enterprises(ENTERPRISES, id_scheme="any").data
    assert expected["established_on"].to_list() == ENTERPRISES["established_on"].to_list()
    for form, given in forms(ENTERPRISES):
        assert_same(cr.read_enterprises(given, id_scheme="any").data, expected, form)


def test_the_assessment_before_in_every_form_is_the_same(tmp_path: Path) -> None:
    enterprises = cr.read_enterprises(ENTERPRISES, id_scheme="any")
    records = cr.read_records(RECORDS, id_scheme="any")
    before = cr.assess(enterprises, records, as_of="2026-06-30", output="polars")
    before.save(tmp_path)
    now = cr.assess(enterprises, records, as_of="2026-12-31", previous=before, output="polars").table
    assert now["tier_since"].min() == date(2026, 6, 30)
    for form, given in [*forms(before.table), ("folder", tmp_path), ("file", tmp_path / "assessments.parquet")]:
        again = cr.assess(enterprises, records, as_of="2026-12-31", previous=given, output="polars").table
        assert_same(again, now, form)


def test_the_last_plan_in_every_form_is_the_same() -> None:
    table, items = table_of(40), [item("a"), item("b", kind="key")]
    last = plan_of(table, items).visits
    expected = plan_of(table, items, year=2027, last_plan=last).visits
    for form, given in forms(last.select("enterprise_id", "items", "window_to")):
        assert_same(plan_of(table, items, year=2027, last_plan=given).visits, expected, form)


def test_overrides_in_every_form_are_the_same(tmp_path: Path) -> None:
    ids = [101, 102, 103, 104]
    lines = pl.DataFrame(
        {"enterprise_id": ids[:2], "item": ["a", "a"], "reason": ["投诉举报", "referral"], "note": [" 来信", "转办"]}
    )
    table = table_of(4, enterprise_id=ids, tier=["good"] * 4)
    expected = plan_of(table, [item("a")], overrides=lines).overrides
    assert expected.rows() == [("101", "a", "complaint", "来信"), ("102", "a", "referral", "转办")]
    lines.write_csv(tmp_path / "overrides.csv")
    floats = lines.with_columns(pl.col("enterprise_id").cast(pl.Float64))
    for form, given in [*forms(lines), *forms(floats), ("list", lines.to_dicts()), ("csv", tmp_path / "overrides.csv")]:
        assert_same(plan_of(table, [item("a")], overrides=given).overrides, expected, form)


def test_inspectors_in_every_form_are_the_same(tmp_path: Path) -> None:
    # A gap makes whole numbers of pandas floats; they are still codes of regions.
    staff = pl.DataFrame(
        {
            "inspector_id": [1, 2, 3], "department": ["市监", " 市监", "环保"], "name": [None, "王", None],
            "regions": [None, 320102, 320500], "skills": [None, "电；食", "食"], "available_days": [None, 30, 0],
        }
    )  # fmt: skip
    expected = cr.read_inspectors(staff)
    assert expected.data.select("inspector_id", "department", "skills", "regions").rows() == [
        ("1", "市监", [], []), ("2", "市监", ["电", "食"], ["320102"]), ("3", "环保", ["食"], ["320500"]),
    ]  # fmt: skip
    lists = staff.with_columns(
        skills=pl.Series([None, ["电", "食"], ["食"]]), regions=pl.Series([[], ["320102"], ["320500"]])
    )
    staff.write_csv(tmp_path / "staff.csv")
    for form, given in [*forms(staff), *forms(lists), ("csv", tmp_path / "staff.csv")]:
        read = cr.read_inspectors(given)
        assert read.rejects.is_empty(), form
        assert_same(read.data, expected.data, form)


def test_ids_that_floats_no_longer_hold_exactly_are_refused() -> None:
    staff = pd.DataFrame({"inspector_id": [91320585943433725, None], "department": ["市监", "环保"]})
    with pytest.raises(cr.InputError, match="no longer keep all their digits"):
        cr.read_inspectors(staff)


def test_items_from_a_file_with_empty_cells_are_those_written_down(tmp_path: Path) -> None:
    header = (
        "id,name_zh,name_en,authority,kind,legal_basis,ratio_at_least,ratio_at_most,joint_group,mode,skills,industries"
    )
    rows = [
        "a,事项a,Item a,部门a,,某法第一条,,,,,,",
        "b,事项b,Item b,部门b,key,某法第一条,25%,,visit,off_site,电；食,52；13",
    ]
    path = tmp_path / "items.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8-sig")
    keys = {"kind": "key", "ratio_at_least": 0.25, "joint_group": "visit", "mode": "off_site", "skills": ("电", "食")}
    written = (item("a"), item("b", **keys, applies_to={"industries": ("52", "13")}))
    plans = [plan_of(table_of(20, industry=["5211"] * 20), one).draws_sha256 for one in (path, written)]
    assert plans[0] == plans[1]


def test_results_in_every_form_are_the_same() -> None:
    visits = pl.DataFrame(
        {
            "visit_id": ["v1", "v2", "v3"], "enterprise_id": ["E1", "E2", "E3"], "lead_department": ["市监"] * 3,
            "draw_probability": [0.1, None, 0.5], "window_from": [date(2026, 1, 1)] * 3,
            "window_to": [date(2026, 12, 31)] * 3,
        }
    )  # fmt: skip
    results = pl.DataFrame(
        {
            "visit_id": ["v1", "v2", "v3"], "inspected_on": [None, date(2026, 1, 1), date(2026, 3, 2)],
            "outcome": [None, "合格", "fail"], "severity": [None, None, "较重"], "matter": [None, None, "标签"],
        }
    )  # fmt: skip
    expected = cr.record_results(results, visits, output="polars")
    assert expected.records["occurred_on"].to_list() == [date(2026, 1, 1), date(2026, 3, 2), date(2026, 3, 2)]
    assert expected.open_visits.rows() == [("v1", "E1")]
    for form, given in forms(results):
        found = cr.record_results(given, visits, output="polars")
        assert found.rejects.is_empty(), form
        assert_same(found.records, expected.records, form)
        assert_same(found.open_visits, expected.open_visits, form)
    for form, given in forms(visits):
        assert_same(cr.record_results(results, given, output="polars").records, expected.records, form)


def test_visits_in_every_form_have_the_same_days() -> None:
    visits = pl.DataFrame(
        {
            "visit_id": ["a", "b", "c"], "enterprise_id": ["E1", "E2", "E3"], "region": [None, "320102", "320102"],
            "grid": [None, "G1", None], "window_from": [date(2026, 1, 1), date(2026, 1, 6), date(2026, 1, 1)],
            "window_to": [date(2026, 12, 31), date(2026, 1, 6), date(2026, 12, 31)], "draw_order": [None, 2, 1],
        }
    )  # fmt: skip
    options: dict[str, Any] = {
        "first_day": "2026-01-05", "last_day": "2026-01-09", "teams": 1, "visits_per_day": 1, "output": "polars"
    }  # fmt: skip
    expected = cr.schedule_visits(visits, **options).table
    assert expected.filter(visit_id="b")["date"].to_list() == [date(2026, 1, 6)]
    for form, given in forms(visits):
        assert_same(cr.schedule_visits(given, **options).table, expected, form)


def test_a_cohort_and_its_outcomes_are_the_same_in_every_form() -> None:
    records = cr.read_records(RECORDS, id_scheme="any").data
    rows = pl.DataFrame(
        {"enterprise_id": ["E1", "E1", "E2"], "as_of": [date(2025, 12, 30), date(2025, 12, 31), date(2025, 12, 31)]}
    )
    expected = outcomes(records, rows, output="polars")
    assert expected["inspected_on"].to_list() == [date(2025, 12, 31), None, None]
    days: dict[str, Any] = {"from_": "2026-01-31", "to": "2026-02-28", "every": "1M", "output": "polars"}
    register = ENTERPRISES.drop_nulls("established_on")
    cohorts = cohort(records, **days, enterprises=register)
    assert ("E3", date(2026, 2, 28)) in cohorts.rows()
    for form, given in forms(rows):
        assert_same(outcomes(records, given, output="polars"), expected, form)
    for form, given in forms(register):
        assert_same(cohort(records, **days, enterprises=given), cohorts, form)


def test_the_days_of_inspections_are_the_same_in_every_form() -> None:
    rows = pl.DataFrame(
        {
            "enterprise_id": list("abcd"), "finding": [1, 0, None, 1],
            "inspected_on": [date(2026, 1, 5), date(2026, 1, 1), date(2026, 1, 9), date(2026, 1, 31)],
        }
    )  # fmt: skip
    scores = {"s": [0.1, 0.2, 0.3, 0.9]}
    expected = cr.compare_scores(rows, scores, figures=["days_earlier"], n_resamples=3, output="polars").figures
    table = table_of(4, enterprise_id=list("abcd"))
    plan = plan_of(table, [item("a", kind="key")])
    chances = table.with_columns(probability=pl.Series([0.1, 0.2, 0.3, 0.4]))
    worth = cr.plan_worth(plan, chances, last_inspected=rows, output="polars").expected
    text = rows.with_columns(pl.col("inspected_on").dt.to_string("%Y-%m-%d"))
    for form, given in [*forms(rows), *forms(text)]:
        figures = cr.compare_scores(given, scores, figures=["days_earlier"], n_resamples=3, output="polars").figures
        assert_same(figures, expected, form)
        assert_same(cr.plan_worth(plan, chances, last_inspected=given, output="polars").expected, worth, form)


def test_what_is_no_day_is_one_clear_error() -> None:
    for column, said in ((pl.Series(["2026-06-30", "soon"]), "'soon'"), (pl.Series([1, 2]), "Int64")):
        with pytest.raises(cr.InputError, match=f"inspected_on must hold days such as 2026-06-30, got {said}"):
            civil_days(column, "inspected_on")
    assert civil_days(pl.Series(["2026-06-30", None]), "inspected_on").to_list() == [date(2026, 6, 30), None]


def test_a_plan_is_the_same_from_every_form_of_the_assessments() -> None:
    table = table_of(30, industry=["5211", None, "1310"] * 10, key_areas=[None, [], ["food"]] * 10)
    items = [item("a", applies_to={"industries": ["52"]}), item("b", applies_to={"key_areas": ["food"]}), item("c")]
    expected = plan_of(table, items).visits
    register = table.drop("tier")
    for form, given in forms(table):
        assert_same(plan_of(given, items).visits, expected, form)
    for form, given in forms(register):
        assert_same(plan_of(table.select("enterprise_id", "tier"), items, enterprises=given).visits, expected, form)


def test_an_index_of_pandas_takes_no_part() -> None:
    frame = RECORDS.to_pandas().set_index(pd.Index([9, 9, 3, 1]))
    assert_same(cr.read_records(frame, id_scheme="any").data, cr.read_records(RECORDS, id_scheme="any").data, "pandas")
