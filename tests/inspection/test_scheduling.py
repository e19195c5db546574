"""Days for visits: within windows, no team too busy, neighbours together, and what does not fit said plainly."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.inspection.scheduling import schedule_visits

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
    # A change of grid takes the time of one visit.
    days = schedule.table.group_by("region", "date", "team").agg(pl.len(), changes=pl.col("grid").n_unique() - 1)
    assert days.filter(pl.col("len") + pl.col("changes") > per_day).height == 0
    assert schedule.table["team"].max() is None or schedule.table["team"].max() <= teams  # type: ignore[operator]
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


def test_what_does_not_fit_is_listed_with_what_it_would_take() -> None:
    visits = visits_of([("r", "g1", 0, 30)] * 10)
    short = schedule_visits(
        visits, first_day=MONDAY, last_day=date(2026, 1, 6), teams=1, visits_per_day=3, output="polars"
    )
    assert not short.is_feasible and short.table.height == 6
    assert short.shortfall.rows() == [("r", 4, 2, 2)]
    assert "no day left" in short.unmet["why_en"][0]
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
    assert schedule.unmet["region"].to_list() == ["b"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"last_day": "2026-01-01"}, "lies before first_day"),
        ({"visits_per_day": 0}, "visits_per_day must be at least 1"),
        ({"teams": {"r": -1}}, "cannot be -1"),
        ({"rank": "worth"}, "need the column worth"),
    ],
)
def test_arguments_that_cannot_be_are_clear_errors(arguments: dict[str, object], message: str) -> None:
    given = {"first_day": MONDAY, "last_day": "2026-01-09", "teams": 1, **arguments}
    with pytest.raises(cr.InputError, match=message):
        schedule_visits(visits_of([("r", "g", 0, 30)]), **given)  # type: ignore[arg-type]
