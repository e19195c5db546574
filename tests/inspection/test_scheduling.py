"""Days for visits: within windows, no team too busy, neighbours together, and what does not fit said plainly."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.inspection.fieldwork.assigning import Assignment
from creditrisk.inspection.fieldwork.scheduling import schedule_visits

MONDAY = date(2026, 1, 5)


def visits_of(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    """Region, grid, first and last day (from Monday) of each visit; drawn in this order."""
    return pl.DataFrame(
        [
            (f"v{number:03}", f"E{number}", region, grid, MONDAY + timedelta(begins), MONDAY + timedelta(ends), number)
            for number, (region, grid, begins, ends) in enumerate(rows)
        ],
        schema={"visit_id": pl.String, "enterprise_id": pl.String, "region": pl.String, "grid": pl.String,
                "window_from": pl.Date, "window_to": pl.Date, "draw_order": pl.Int64},
        orient="row",
    )  # fmt: skip


def nobody_in_two_places(table: pl.DataFrame, per_day: int) -> bool:
    """One visit a slot for everybody, and a slot between visits in two grids."""
    each = table.explode("team").sort("region", "team", "date", "slot")
    before = pl.col("slot", "grid").shift(1).over("region", "team", "date").name.prefix("before_")
    each = each.with_columns(before)
    way = pl.when(pl.col("grid") == pl.col("before_grid")).then(1).otherwise(2)
    too_soon = each.filter(pl.col("slot") < pl.col("before_slot") + way)
    return too_soon.height == 0 and each.filter(~pl.col("slot").is_between(1, per_day)).height == 0


def crews_of(**teams: list[str]) -> Assignment:
    """Who goes on each visit; an inspector's name ends with the days that he has, if he has not all."""
    names = sorted({one for team in teams.values() for one in team})
    return Assignment(
        seed="s", team_size=2, visits_per_day=3, tours_by=None, output="polars",
        table_data=pl.DataFrame(
            [(visit, None, "market", one) for visit, team in teams.items() for one in team],
            schema=dict.fromkeys(("visit_id", "enterprise_id", "department", "inspector_id"), pl.String), orient="row",
        ),
        unmet_data=pl.DataFrame(),
        loads_data=pl.DataFrame({
            "inspector_id": names, "department": "market",
            "available_days": [int(one[-1]) if one[-1].isdigit() else None for one in names],
        }, schema_overrides={"available_days": pl.Float64}),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["320102", "320104"]),
            st.sampled_from(["g1", "g2", "g3"]),
            st.integers(0, 10),
            st.integers(0, 14),
        ),
        max_size=60,
    ),
    st.integers(0, 3),
    st.integers(1, 4),
)
def test_every_visit_has_one_day_in_its_window_or_is_said_not_to(
    rows: list[tuple[str, str, int, int]], teams: int, per_day: int
) -> None:
    visits = visits_of([(region, grid, min(a, b), max(a, b)) for region, grid, a, b in rows])
    schedule = schedule_visits(
        visits,
        first_day=MONDAY,
        last_day=MONDAY + timedelta(days=13),
        teams=teams,
        visits_per_day=per_day,
        output="polars",
    )
    assert sorted([*schedule.table["visit_id"], *schedule.unmet["visit_id"]]) == visits["visit_id"].to_list()
    placed = schedule.table.join(visits, on="visit_id")
    assert placed.filter(~pl.col("date").is_between("window_from", "window_to")).height == 0
    assert placed.filter(pl.col("date").dt.weekday() > 5).height == 0
    assert nobody_in_two_places(schedule.table, per_day)
    assert schedule.table.height == 0 or max(int(team[0]) for team in schedule.table["team"]) <= teams
    assert schedule.shortfall["visits"].sum() == schedule.unmet.height


def test_visits_of_one_grid_go_together_and_the_nearest_deadline_first() -> None:
    visits = visits_of([("r", "g1", 0, 30), ("r", "g2", 0, 2), ("r", "g1", 0, 30), ("r", "g2", 0, 30)])
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 9), teams=1, visits_per_day=2, output="polars"
    )
    assert schedule.table.select("visit_id", "date").rows() == [
        ("v001", MONDAY), ("v003", MONDAY), ("v000", date(2026, 1, 6)), ("v002", date(2026, 1, 6)),
    ]  # fmt: skip


def test_the_greatest_expected_findings_come_first_where_asked() -> None:
    visits = visits_of([("r", f"g{number}", 0, 30) for number in range(4)]).with_columns(
        worth=pl.Series([0.1, 0.4, 0.2, 0.3])
    )
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 9), teams=1, visits_per_day=1, rank="worth", output="polars"
    )
    assert schedule.table["visit_id"].to_list() == ["v001", "v003", "v002", "v000"]


def test_a_rank_holds_within_a_tier_and_leaves_each_tier_its_turns() -> None:
    visits = visits_of([("r", f"g{number}", 0, 30) for number in range(4)]).with_columns(
        worth=pl.Series([0.1, 0.9, 0.2, 0.8]), tier=pl.Series(["good", "high_risk", "good", "high_risk"])
    )
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 9), teams=1, visits_per_day=1, rank="worth", output="polars"
    )
    assert schedule.table["visit_id"].to_list() == ["v002", "v001", "v000", "v003"]


def test_what_does_not_fit_is_listed_with_what_it_would_take() -> None:
    visits = visits_of([("r", "g1", 0, 30)] * 10)
    short = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 6), teams=1, visits_per_day=3, output="polars"
    )
    assert not short.is_feasible and short.table.height == 6
    assert short.shortfall.rows() == [("r", None, 4, 2, 2)]
    assert "days lacking 2" in str(short)
    assert "it may be made later, until 2026-02-04" in short.unmet["why_en"][0]
    more = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 8), teams=1, visits_per_day=3, output="polars"
    )
    assert more.is_feasible and more.shortfall.height == 0


def test_holidays_are_kept_and_worked_weekends_used() -> None:
    visits = visits_of([("r", "g1", 0, 30)] * 3)
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 11), teams=1, visits_per_day=1, output="polars",
        days_off=[MONDAY + timedelta(days=number) for number in range(4)], workdays=[date(2026, 1, 10)],
    )  # fmt: skip
    assert schedule.table["date"].to_list() == [date(2026, 1, 9), date(2026, 1, 10)]


def test_a_region_without_teams_is_all_left_over() -> None:
    visits = visits_of([("a", "g", 0, 30), ("b", "g", 0, 30)])
    schedule = schedule_visits(visits, first_day=MONDAY, last_day=date(2026, 1, 9), teams={"a": 1}, output="polars")
    assert schedule.unmet.select("region", "why_en").rows() == [("b", "there is no team in its region")]


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ((-7, -3), "its time ended on 2026-01-02, before the first day to plan for, 2026-01-05"),
        ((9, 12), "its time begins on 2026-01-14, after the last day to plan for, 2026-01-09"),
        ((1, 1), "there is no working day within its time"),
        ((0, 0), "those who would go have no day left for it within its time"),
    ],
)
def test_why_a_visit_has_no_day_is_said(window: tuple[int, int], said: str) -> None:
    visits = visits_of([("r", "g", 0, 0)] * 3 + [("r", "g", *window)])
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 9), teams=1, days_off=[date(2026, 1, 6)], output="polars"
    )
    assert schedule.unmet.select("visit_id", "why_en").rows() == [("v003", said)]
    assert schedule.unmet["why_zh"][0]


@pytest.mark.parametrize("method", ["by_turns", "exact"])
def test_without_a_working_day_all_visits_are_left_over(method: str) -> None:
    schedule = schedule_visits(
        visits_of([("r", "g", 0, 30)] * 2), first_day="2026-01-10", last_day="2026-01-11", teams=1, method=method,
        output="polars",
    )  # fmt: skip
    assert (schedule.table.height, schedule.unmet.height) == (0, 2)


@pytest.mark.parametrize("rank", [None, "worth"])
def test_overrides_and_key_areas_have_their_days_before_those_drawn(rank: str | None) -> None:
    visits = visits_of([("r", f"g{number}", 0, 30) for number in range(4)]).with_columns(
        cause=pl.Series(["draw", "draw", "full_coverage", "override"]), draw_order=pl.Series([1, 2, 3, None]),
        worth=pl.Series([0.9, 0.8, 0.2, 0.1]), tier=pl.Series(["good"] * 4),
    )  # fmt: skip
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 7), teams=1, visits_per_day=1, rank=rank, output="polars"
    )
    assert schedule.table["visit_id"].to_list() == ["v002", "v003", "v000"]


def test_all_who_go_together_are_free_in_one_slot() -> None:
    visits = visits_of([("r", "g", 0, 0)] * 3)
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day=MONDAY, visits_per_day=2, output="polars",
        assignment=crews_of(v000=["A", "B"], v001=["A", "C"], v002=["B", "C"]),
    )  # fmt: skip
    assert schedule.table.select("visit_id", "slot", "team").rows() == [
        ("v000", 1, ["A", "B"]),
        ("v001", 2, ["A", "C"]),
    ]
    assert schedule.unmet.select("visit_id", "why_en").rows() == [
        ("v002", "those who would go have no day left for it within its time")
    ]
    assert schedule.shortfall.rows() == [(None, "market", 1, 2, 3)]


def test_an_inspector_goes_out_on_no_more_days_than_he_has() -> None:
    visits = visits_of([("r", f"g{number}", 0, 30) for number in range(5)])
    crews = crews_of(**{f"v{number:03}": ["A", "B2"] for number in range(5)})
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day="2026-01-30", visits_per_day=1, assignment=crews, output="polars"
    )
    assert schedule.table["date"].n_unique() == 2 and schedule.unmet.height == 3
    # Twenty working days of A, two of B2.
    assert schedule.shortfall.rows() == [(None, "market", 3, 6, 22)]


def test_within_a_region_no_time_is_lost_where_travel_is_by_region() -> None:
    visits = visits_of([("r", f"g{number}", 0, 0) for number in range(3)] + [("s", "g0", 0, 0)])
    asked = {"first_day": MONDAY, "last_day": MONDAY, "output": "polars"}
    one_team = crews_of(**{f"v{number:03}": ["A", "B"] for number in range(4)})
    by_region, by_grid = (
        schedule_visits(visits, **asked, assignment=one_team, travel_by=by).table for by in ("region", "grid")
    )
    assert by_region["visit_id"].to_list() == ["v000", "v001", "v002"] and by_grid.height == 2


@pytest.mark.parametrize("method", ["by_turns", "exact"])
def test_a_check_from_the_desk_takes_a_slot_but_no_way(method: str) -> None:
    visits = visits_of([("r", "g1", 0, 0), ("r", "g2", 0, 0), ("r", "g3", 0, 0)]).with_columns(
        mode=pl.Series(["on_site", "off_site", "off_site"])
    )
    asked = {"first_day": MONDAY, "last_day": MONDAY, "teams": 1, "method": method, "output": "polars"}
    schedule = schedule_visits(visits, **asked)
    assert schedule.table["slot"].to_list() == [1, 2, 3]
    # But it does not stand in for the way between two grids.
    between = visits.with_columns(mode=pl.Series(["on_site", "off_site", "on_site"]))
    assert schedule_visits(between, **asked).table.height == 2


def test_patrols_of_the_grid_take_no_time_of_teams() -> None:
    visits = visits_of([("r", "g", 0, 0)] * 3).with_columns(cause=pl.Series(["draw", "grid", "draw"]))
    schedule = schedule_visits(visits, first_day=MONDAY, last_day=MONDAY, teams=1, output="polars")
    assert schedule.table["visit_id"].to_list() == ["v000", "v002"] and schedule.is_feasible


def test_visits_nobody_was_drawn_for_are_said_to_have_no_day() -> None:
    visits = visits_of([("r", "g", 0, 30)] * 2)
    schedule = schedule_visits(
        visits, first_day=MONDAY, last_day="2026-01-30", assignment=crews_of(v001=["A", "B"]), output="polars"
    )
    assert schedule.table["visit_id"].to_list() == ["v001"] and not schedule.is_feasible
    assert schedule.unmet.select("visit_id", "why_en").rows() == [("v000", "no inspectors were drawn for it")]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["g1", "g2"]), st.sets(st.sampled_from("ABCD"), min_size=2, max_size=2)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 3),
)
def test_the_exact_method_never_makes_fewer_visits(rows: list[tuple[str, set[str]]], per_day: int) -> None:
    visits = visits_of([("r", grid, 0, 1) for grid, _ in rows])
    asked = {
        "assignment": crews_of(**{f"v{number:03}": sorted(team) for number, (_, team) in enumerate(rows)}),
        "first_day": MONDAY, "last_day": MONDAY + timedelta(1), "visits_per_day": per_day, "output": "polars",
    }  # fmt: skip
    by_turns, exact = (schedule_visits(visits, **asked, method=method) for method in ("by_turns", "exact"))
    assert exact.table.height >= by_turns.table.height
    assert exact.table.height + exact.unmet.height == len(rows)
    assert nobody_in_two_places(exact.table, per_day)


def test_the_exact_method_finds_the_timetable_that_turns_miss() -> None:
    # By turns A and B go first, and then neither C nor D finds the other free of the way.
    visits = visits_of([("r", "g1", 0, 0), ("r", "g2", 0, 0), ("r", "g2", 0, 0)])
    asked = {
        "assignment": crews_of(v000=["A", "B"], v001=["A", "C"], v002=["B", "D"]),
        "first_day": MONDAY, "last_day": MONDAY, "visits_per_day": 2, "output": "polars",
    }  # fmt: skip
    assert schedule_visits(visits, **asked).table["visit_id"].to_list() == ["v000"]
    exact = schedule_visits(visits, **asked, method="exact")
    assert exact.table["visit_id"].to_list() == ["v001", "v002"]
    assert exact.table.equals(schedule_visits(visits, **asked, method="exact").table)


def test_a_timetable_too_large_to_weigh_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("creditrisk.inspection.fieldwork.exact_timetable.MOST_CHOICES", 10)
    with pytest.raises(cr.InputError, match="one region or one department at a time"):
        schedule_visits(
            visits_of([("r", "g", 0, 30)] * 9), first_day=MONDAY, last_day=MONDAY, teams=1, method="exact",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"last_day": "2026-01-01"}, "lies before first_day"),
        ({"visits_per_day": 0}, "visits_per_day must be a whole number from 1 on, got 0"),
        ({"teams": {"r": -1}}, "cannot be -1"),
        ({"teams": {"r": 1, "s": 1}}, "names region 's', where no visit is to be made"),
        ({"rank": "worth"}, "need the column worth"),
        ({"teams": None}, "give either teams"),
        ({"travel_by": "train"}, "travel_by must be one of grid, region"),
        ({"method": "magic"}, "method must be one of by_turns, exact"),
    ],
)
def test_arguments_that_cannot_be_are_clear_errors(arguments: dict[str, object], message: str) -> None:
    given = {"first_day": MONDAY, "last_day": "2026-01-09", "teams": 1, **arguments}
    with pytest.raises(cr.InputError, match=message):
        schedule_visits(visits_of([("r", "g", 0, 30)]), **given)  # type: ignore[arg-type]
