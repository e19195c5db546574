"""Teams and timetables come out as plain Python makes them, visit by visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from tests.inspection import reference_fieldwork as plain
from tests.inspection.reference_fieldwork import Inspector, Visit

MONDAY = date(2026, 1, 5)
LAST = MONDAY + timedelta(days=11)
# Of few kinds, so that days run short; windows begin and end on the first day and the last, and beside them.
REGIONS = ["320102", "320102", "320102", "320102", "320104", "320500", None]
DEPARTMENTS = [("市监",), ("市监",), ("市监",), ("市监", "环保"), ("环保", "市监"), ("消防",), ()]
BEGINS, LASTS = [-3, -1, 0, 0, 4, 10, 11, 11, 12], [0, 0, 0, 1, 1, 7, 11, 12]
WHY = {
    "no_team": "该地区没有检查组",
    "nobody": "没有为其抽取检查人员",
    "over": "早于排期首日",
    "not_begun": "晚于排期末日",
    "no_working_day": "期限内没有工作日",
    "later": "前可另行安排",
    "full": "期限内检查人日不足",
}


@st.composite
def visit_lists(draw: Any) -> list[Visit]:
    """Shuffled, with windows that begin and end on, before and after the days to plan for."""
    size = draw(st.integers(0, 24))
    ids = draw(st.permutations([f"v{number:02}" for number in range(size)]))
    found = []
    for one in ids:
        begins = draw(st.sampled_from(BEGINS))
        cause = draw(st.sampled_from(["draw", "draw", "override", "full_coverage"]))
        found.append(
            Visit(
                one, f"E{draw(st.integers(0, 5))}", draw(st.sampled_from(REGIONS)),
                draw(st.sampled_from(["g1", "g1", "g1", "g2", None])),
                draw(st.sampled_from(DEPARTMENTS)),
                draw(st.sampled_from([(), (), (), (), ("电",), ("食", "电")])), cause,
                draw(st.integers(1, 9)) if cause == "draw" else draw(st.sampled_from([None, 1])),
                MONDAY + timedelta(begins), MONDAY + timedelta(begins + draw(st.sampled_from(LASTS))),
                draw(st.sampled_from(["on_site", "on_site", "off_site"])),
            )
        )  # fmt: skip
    return found


@st.composite
def staffs(draw: Any) -> list[Inspector]:
    departments, skills = ["市监", "市监", "市监", "环保"], [(), ("电",), ("食", "电")]
    regions, days = [(), (), (), (), ("320100",), ("320102", "320500")], [None, None, None, None, 0, 1, 2, 3]
    size = draw(st.integers(1, 9))
    return [
        Inspector(f"I{number}", *(draw(st.sampled_from(words)) for words in (departments, skills, regions, days)))
        for number in range(size)
    ]


def frame_of(visits: Sequence[Visit]) -> pl.DataFrame:
    return pl.DataFrame(
        [(v.id, v.enterprise_id, v.region, v.grid, list(v.departments), list(v.skills), v.cause, v.order, v.begins,
          v.ends, v.mode) for v in visits],
        schema={
            "visit_id": pl.String, "enterprise_id": pl.String, "region": pl.String, "grid": pl.String,
            "departments": pl.List(pl.String), "skills": pl.List(pl.String), "cause": pl.String,
            "draw_order": pl.Int64, "window_from": pl.Date, "window_to": pl.Date, "mode": pl.String,
        },
        orient="row",
    )  # fmt: skip


def assigned(visits: Sequence[Visit], staff: Sequence[Inspector], **options: Any) -> cr.Assignment:
    people = pl.DataFrame(
        [(one.id, one.department, list(one.skills), list(one.regions), one.days) for one in reversed(staff)],
        schema={
            "inspector_id": pl.String, "department": pl.String, "skills": pl.List(pl.String),
            "regions": pl.List(pl.String), "available_days": pl.Float64,
        },
        orient="row",
    )  # fmt: skip
    return cr.assign_inspectors(frame_of(visits), people, output="polars", **options)


pairs = st.sets(st.tuples(st.sampled_from(["E0", "E1", "E2"]), st.sampled_from(["I0", "I1", "I2", "I3"])), max_size=5)


@settings(max_examples=120, deadline=None)
@given(
    visits=visit_lists(), staff=staffs(), recused=pairs, before=pairs, size=st.integers(2, 3),
    per_day=st.integers(1, 3), tours_by=st.sampled_from([None, "grid", "region"]),
)  # fmt: skip
def test_teams_are_those_that_plain_python_draws(
    visits: list[Visit], staff: list[Inspector], recused: set[tuple[str, str]], before: set[tuple[str, str]],
    size: int, per_day: int, tours_by: str | None,
) -> None:  # fmt: skip
    barred = [
        pl.DataFrame(sorted(them), schema=dict.fromkeys(("enterprise_id", "inspector_id"), pl.String), orient="row")
        for them in (recused, before)
    ]
    made = assigned(
        visits, staff, seed="2026", team_size=size, visits_per_day=per_day, tours_by=tours_by, recusals=barred[0],
        previous=barred[1],
    )  # fmt: skip
    going, obstacles = plain.staffed(
        visits, staff, recused | before, seed="2026", size=size, per_day=per_day, tours_by=tours_by
    )
    assert made.table.rows() == going
    assert made.unmet.select("visit_id", "what").rows() == obstacles
    loads = [sum(row[3] == one.id for row in going) for one in staff]
    assert made.loads.select("inspector_id", "visits").rows() == [
        (one.id, load) for one, load in zip(staff, loads, strict=True)
    ]


def assert_same(schedule: cr.Schedule, expected: plain.Scheduled, group: str, numbered: bool) -> None:
    table = schedule.table
    found = {row["visit_id"]: (row["date"], row["slot"], tuple(row["team"])) for row in table.iter_rows(named=True)}
    told = {
        one: (day, slot, tuple(name.split()[-1] for name in team) if numbered else team)
        for one, (day, slot, team) in expected.placed.items()
    }
    assert found == told
    rows = table.select("date", "region", "slot", "visit_id").rows()
    assert rows == sorted(rows, key=lambda row: (row[0], row[1] or "", *row[2:]))
    unmet = dict(schedule.unmet.select("visit_id", "why_zh").iter_rows())
    assert unmet.keys() == expected.left.keys()
    assert all(WHY["nobody" if not numbered and what == "no_team" else what] in unmet[one]
               for one, what in expected.left.items())  # fmt: skip
    assert schedule.shortfall.select(group, "visits", "days", "days_available").rows() == expected.shortfall


@settings(max_examples=120, deadline=None)
@given(
    visits=visit_lists(), teams=st.dictionaries(st.sampled_from(["320102", "320104", ""]), st.integers(0, 3)),
    slots=st.integers(1, 3), by=st.sampled_from(["grid", "region"]),
)  # fmt: skip
def test_teams_of_regions_go_when_plain_python_has_them_go(
    visits: list[Visit], teams: dict[str, int], slots: int, by: Any
) -> None:
    off, worked = [MONDAY + timedelta(2)], [MONDAY + timedelta(5)]
    teams = {region: number for region, number in teams.items() if region in {one.region or "" for one in visits}}
    schedule = cr.schedule_visits(
        frame_of(visits), first_day=MONDAY, last_day=LAST, teams=teams, visits_per_day=slots, travel_by=by,
        days_off=off, workdays=[str(day) for day in worked], output="polars",
    )  # fmt: skip
    able = {
        one.id: [(f"{one.region or ''} {number}",) for number in range(1, teams.get(one.region or "", 0) + 1)]
        for one in visits
    }
    expected = plain.scheduled(
        visits, able, first=MONDAY, last=LAST, slots=slots, by_grid=by == "grid", off=off, worked=worked, limits={},
        group_of={},
    )  # fmt: skip
    assert_same(schedule, expected, "region", numbered=True)


@settings(max_examples=120, deadline=None)
@given(visits=visit_lists(), staff=staffs(), slots=st.integers(1, 3))
def test_inspectors_go_when_plain_python_has_them_go(visits: list[Visit], staff: list[Inspector], slots: int) -> None:
    assignment = assigned(visits, staff, seed="2026", visits_per_day=slots)
    schedule = cr.schedule_visits(
        frame_of(visits), first_day=MONDAY, last_day=LAST, assignment=assignment, visits_per_day=slots, output="polars"
    )
    going: dict[str, list[str]] = {one.id: [] for one in visits}
    for visit, _, _, inspector in assignment.table.iter_rows():
        going[visit].append(inspector)
    able = {visit: [tuple(sorted(team))] if team else [] for visit, team in going.items()}
    expected = plain.scheduled(
        visits, able, first=MONDAY, last=LAST, slots=slots, by_grid=True, off=(), worked=(),
        limits={one.id: one.days for one in staff if one.days is not None},
        group_of={one.id: one.department for one in staff},
    )  # fmt: skip
    assert_same(schedule, expected, "department", numbered=False)
