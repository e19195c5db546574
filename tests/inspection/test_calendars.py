"""Calendars: every visit with a day is in them, one person's holds only that person's, and no text breaks out."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from icalendar import Calendar

import creditrisk as cr
from creditrisk.inspection.fieldwork.calendars import visit_calendar
from tests.inspection.conftest import item, plan_of, table_of

MONDAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def plan() -> cr.InspectionPlan:
    places = {"region": ["320102"] * 40, "grid": ["玄武-07", None] * 20}
    return plan_of(
        table_of(40, **places), [item("fire", joint_group="site"), item("labels", kind="key", joint_group="site")]
    )


def scheduled(visits: pl.DataFrame) -> pl.DataFrame:
    """Three visits a day from Monday on, by two teams in turn."""
    numbered = visits.select("visit_id", "enterprise_id", "region", "grid").with_row_index("place")
    return numbered.select(
        pl.exclude("place"),
        date=pl.lit(MONDAY) + pl.duration(days=pl.col("place") // 3),
        slot=pl.col("place") % 3 + 1,
        team=pl.when(pl.col("place") % 2 == 0).then(pl.lit(["甲", "乙"])).otherwise(pl.lit(["丙", "丁"])),
    )


def events(content: bytes) -> list[Any]:
    return Calendar.from_ical(content).walk("VEVENT")


def test_every_visit_with_a_day_is_an_event_of_that_day(plan: cr.InspectionPlan) -> None:
    schedule = scheduled(plan.visits_data)
    found = events(visit_calendar(SimpleNamespace(table_data=schedule), plan))
    assert [str(event["UID"]) for event in found] == [f"{visit}@creditrisk" for visit in schedule["visit_id"]]
    assert [event["DTSTART"].dt for event in found] == schedule["date"].to_list()
    assert all(event["DTEND"].dt - event["DTSTART"].dt == timedelta(days=1) for event in found)


def test_an_event_says_whom_what_who_where_and_why_in_both_languages(plan: cr.InspectionPlan) -> None:
    visit = plan.visits_data.filter(pl.col("items").list.len() == 2, pl.col("grid").is_not_null()).head(1)
    event = events(visit_calendar(scheduled(visit), plan))[0]
    row = visit.row(0, named=True)
    assert str(event["SUMMARY"]) == f"随机抽查 Random inspection {row['enterprise_id']}：fire、labels"
    assert str(event["DESCRIPTION"]).splitlines() == [
        "部门 Departments: 部门fire、部门labels", "人员 Team: 甲、乙", "当日次序 Place in the day: 1",
        f"理由 Why: {row['why_zh']}", row["why_en"],
    ]  # fmt: skip
    assert str(event["LOCATION"]) == "320102 / 玄武-07"
    assert event.categories == ["随机抽查", "Random inspection"]


def test_one_inspector_sees_the_visits_of_that_team_alone(plan: cr.InspectionPlan) -> None:
    schedule = scheduled(plan.visits_data)
    expected = [f"{visit}@creditrisk" for visit in schedule.filter(pl.col("team").list.contains("丙"))["visit_id"]]
    assert 0 < len(expected) < schedule.height
    assert [str(event["UID"]) for event in events(visit_calendar(schedule, plan, inspector="丙"))] == expected
    assert events(visit_calendar(schedule, plan, inspector="nobody")) == []


def test_the_same_visits_give_the_same_bytes(plan: cr.InspectionPlan) -> None:
    schedule = scheduled(plan.visits_data)
    content = visit_calendar(schedule, plan)
    assert content == visit_calendar(schedule.reverse().to_pandas(), plan.visits_data)
    assert {event["DTSTAMP"].dt.date() for event in events(content)} == {MONDAY}


HOSTILE = "a,b;c\\n\r\nEND:VEVENT\rBEGIN:VALARM\nX-EVIL:1\x00"


def test_no_text_breaks_out_of_its_property() -> None:
    ids = [f"{HOSTILE}{number}" for number in range(2)]
    visits = pl.DataFrame(
        {
            "visit_id": ids, "enterprise_id": ids, "region": [HOSTILE] * 2, "grid": [None, HOSTILE],
            "items": [[HOSTILE]] * 2, "departments": [[HOSTILE]] * 2, "cause": ["draw", HOSTILE],
            "why_zh": [HOSTILE] * 2, "why_en": [HOSTILE] * 2,
        }
    )  # fmt: skip
    content = visit_calendar(scheduled(visits), visits, inspector="甲")
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    assert not any(line.startswith(("END:VEVENT", "BEGIN:VALARM", "X-EVIL")) for line in lines if line != "END:VEVENT")
    assert b"\x00" not in content
    (event,) = events(content)
    assert str(event["LOCATION"]) == "a,b;c\\n\nEND:VEVENT\nBEGIN:VALARM\nX-EVIL:1 "
    assert not event.subcomponents


def test_what_cannot_be_used_is_one_clear_error(plan: cr.InspectionPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = scheduled(plan.visits_data)
    with pytest.raises(cr.InputError, match="needs the column team of the schedule"):
        visit_calendar(schedule.drop("team"), plan)
    with pytest.raises(cr.InputError, match="not among the visits"):
        visit_calendar(schedule, plan.visits_data.tail(1))
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(cr.InputError, match=r"pip install 'creditrisk\[calendar\]'"):
        visit_calendar(schedule, plan)
