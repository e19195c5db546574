"""Inspectors for visits: at least two, able, impartial, drawn by chance, about equally often, and recheckable."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.inspection.fieldwork.assigning import assign_inspectors, verify_assignment
from creditrisk.inspection.fieldwork.inspectors import read_inspectors

SEED = "2026-01-05 03 11 19 24 33 02"


def visits_of(count: int, **columns: object) -> pl.DataFrame:
    rows = {
        "visit_id": [f"v{number:04}" for number in range(count)],
        "enterprise_id": [f"E{number % 40:02}" for number in range(count)],
        "departments": [["market"]] * count,
        "skills": [[]] * count,
        "region": ["320102"] * count,
    }
    schema = {"departments": pl.List(pl.String), "skills": pl.List(pl.String)}
    return pl.DataFrame({**rows, **columns}, schema_overrides=schema)


def staff_of(count: int, department: str = "market", **columns: object) -> pl.DataFrame:
    ids = [f"{department}-{number:02}" for number in range(count)]
    return pl.DataFrame({"inspector_id": ids, "department": [department] * count, **columns})


def teams(assignment: cr.Assignment) -> dict[str, list[str]]:
    grouped = assignment.table_data.group_by("visit_id").agg("inspector_id")
    return dict(grouped.iter_rows())


def test_every_visit_has_two_inspectors_of_each_of_its_departments() -> None:
    visits = visits_of(60, departments=[["market", "fire"] if number % 3 else ["fire"] for number in range(60)])
    staff = pl.concat([staff_of(6), staff_of(5, "fire")])
    assigned = assign_inspectors(visits, staff, seed=SEED, output="polars")
    counts = assigned.table.group_by("visit_id", "department").len()
    assert set(counts["len"]) == {2} and counts.height == 40 * 2 + 20
    assert assigned.unmet.height == 0


def test_every_skill_is_in_the_team() -> None:
    visits = visits_of(50, skills=[["boilers", "cranes"]] * 50)
    staff = staff_of(8, skills=["boilers", "cranes", "boilers;cranes", "", "", "", "", ""])
    able = dict(read_inspectors(staff).data.select("inspector_id", "skills").iter_rows())
    for team in teams(assign_inspectors(visits, staff, seed=SEED)).values():
        assert {"boilers", "cranes"} <= {skill for one in team for skill in able[one]}


@settings(max_examples=25, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 39), st.integers(0, 9)), max_size=60))
def test_nobody_goes_where_recused(barred: set[tuple[int, int]]) -> None:
    recusals = pl.DataFrame(
        [(f"E{enterprise:02}", f"market-{one:02}") for enterprise, one in barred],
        schema={"enterprise_id": pl.String, "inspector_id": pl.String}, orient="row",
    )  # fmt: skip
    assigned = assign_inspectors(visits_of(80), staff_of(10), seed=SEED, recusals=recusals, output="polars")
    met = assigned.table.join(recusals, on=["enterprise_id", "inspector_id"], how="semi")
    assert met.height == 0
    assert assigned.table["visit_id"].n_unique() + assigned.unmet["visit_id"].n_unique() == 80


def test_nobody_goes_to_the_same_enterprise_twice_in_a_row() -> None:
    visits = visits_of(40)
    first = assign_inspectors(visits, staff_of(5), seed=SEED, output="polars")
    second = assign_inspectors(visits, staff_of(5), seed="another year", previous=first, output="polars")
    again = second.table.join(first.table, on=["enterprise_id", "inspector_id"], how="semi")
    assert again.height == 0 and second.unmet.height == 0


def test_nobody_goes_to_an_enterprise_on_two_visits_of_one_plan() -> None:
    assigned = assign_inspectors(visits_of(80), staff_of(9), seed=SEED, output="polars")
    assert not assigned.unmet.height
    assert not assigned.table.select("enterprise_id", "inspector_id").is_duplicated().any()
    few = assign_inspectors(visits_of(80), staff_of(3), seed=SEED, output="polars")
    assert set(few.unmet["what"]) == {"recused"} and few.unmet.height == 40


def test_an_edited_enterprise_or_a_row_listed_twice_shows() -> None:
    visits, staff = visits_of(6), staff_of(5)
    table = assign_inspectors(visits, staff, seed=SEED, output="polars").table
    elsewhere = table.with_columns(enterprise_id=pl.lit("E39"))
    assert verify_assignment(elsewhere, visits, staff, seed=SEED, output="polars").height == 2 * table.height
    assert verify_assignment(pl.concat([table, table[:1]]), visits, staff, seed=SEED, output="polars").height == 1


def test_the_load_is_balanced_and_chance_decides() -> None:
    assigned = assign_inspectors(visits_of(500), staff_of(9), seed=SEED, output="polars")
    assert assigned.loads["visits"].max() - assigned.loads["visits"].min() <= 4
    other = assign_inspectors(visits_of(500), staff_of(9), seed="another", output="polars")
    same = assigned.table.join(other.table, on=["visit_id", "inspector_id"], how="semi").height
    # By chance two of nine meet two of nine: 2/9 of the places.
    assert 0.14 < same / assigned.table.height < 0.31


def test_the_order_of_rows_decides_nothing() -> None:
    visits, staff = visits_of(100), staff_of(7)
    plain = assign_inspectors(visits, staff, seed=SEED, output="polars").table
    shuffled = assign_inspectors(
        visits.sample(fraction=1, shuffle=True, seed=1), staff.sample(fraction=1, shuffle=True, seed=2), seed=SEED,
        output="polars",
    ).table  # fmt: skip
    assert plain.equals(shuffled)


def test_an_assignment_can_be_rechecked_and_a_change_shows() -> None:
    visits, staff = visits_of(30), staff_of(6)
    assigned = assign_inspectors(visits, staff, seed=SEED, output="polars")
    assert verify_assignment(assigned, visits, staff, seed=SEED, output="polars").height == 0
    taken = assigned.table.row(0, named=True)["inspector_id"]
    other = next(one for one in staff["inspector_id"] if one not in teams(assigned)["v0000"])
    changed = assigned.table.with_columns(
        inspector_id=pl.when(pl.col("visit_id") == "v0000", pl.col("inspector_id") == taken)
        .then(pl.lit(other))
        .otherwise("inspector_id")
    )
    found = verify_assignment(changed, visits, staff, seed=SEED, output="polars")
    assert set(found.select("inspector_id", "what").iter_rows()) == {
        (other, "listed, not drawn"),
        (taken, "drawn, not listed"),
    }
    assert verify_assignment(assigned, visits, staff, seed="stale").shape[0] > 0


@pytest.mark.parametrize(
    ("visits", "staff", "what", "said"),
    [
        (visits_of(1, departments=[["fire"]]), staff_of(3), "department", "fire has no inspectors"),
        (visits_of(1), staff_of(3, regions=["320200"] * 3), "region", "responsible for the region"),
        (visits_of(1, skills=[["lifts"]]), staff_of(3), "skill", "has the skill lifts"),
        (visits_of(1), staff_of(1), "region", "responsible"),
        (visits_of(1), staff_of(3, available_days=["0", "0", "200"]), "capacity", "have no days left"),
    ],
)
def test_a_visit_that_cannot_be_staffed_says_why(
    visits: pl.DataFrame, staff: pl.DataFrame, what: str, said: str
) -> None:
    assigned = assign_inspectors(visits, staff, seed=SEED, output="polars")
    assert assigned.table.height == 0
    assert assigned.unmet["what"].to_list() == [what]
    assert said in assigned.unmet["why_en"][0] and assigned.unmet["why_zh"][0]


def test_days_of_inspectors_bound_their_visits_and_what_lacks_is_said() -> None:
    visits = visits_of(10, cause=["draw"] * 9 + ["full_coverage"], draw_order=[*range(9, 0, -1), None])
    assigned = assign_inspectors(
        visits, staff_of(2, available_days=["2", "2"]), seed=SEED, visits_per_day=2, output="polars"
    )
    # Key areas first, then the first of the draw.
    assert sorted(teams(assigned)) == ["v0006", "v0007", "v0008", "v0009"]
    assert assigned.loads["visits"].to_list() == [4, 4]
    assert assigned.shortfall.rows() == [("market", 6, 6)]


def test_a_tour_is_a_day_of_one_team_in_one_place() -> None:
    visits = visits_of(
        24, region=["320102", "320104"] * 12, skills=[["lifts"] if number == 6 else [] for number in range(24)]
    )
    staff = staff_of(6, skills=["lifts", "lifts", "", "", "", ""])
    assigned = assign_inspectors(visits, staff, seed=SEED, tours_by="region", output="polars")
    by_visit = teams(assigned)
    of_region = [tuple(sorted(by_visit[f"v{number:04}"])) for number in range(0, 24, 2)]
    # Three to a tour, but where a skill is called for that the team lacks.
    changes = sum(one != other for one, other in pairwise(of_region))
    assert 3 <= changes <= 5 and assigned.unmet.height == 0
    assert assigned.loads["visits"].max() - assigned.loads["visits"].min() <= 6
    assert verify_assignment(assigned, visits, staff, seed=SEED, tours_by="region", output="polars").height == 0


def test_regions_hold_for_what_lies_in_them() -> None:
    staff = staff_of(4, regions=["320000", "320100", "320102;320104", "320500"])
    assigned = assign_inspectors(visits_of(20), staff, seed=SEED, output="polars")
    assert "market-03" not in set(assigned.table["inspector_id"]) and assigned.unmet.height == 0


def test_the_plan_of_a_year_is_staffed_and_visits_by_the_grid_are_left_to_it() -> None:
    paths = cr.sample_paths()
    assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    enterprises = cr.read_enterprises(paths.enterprises)
    plan = cr.plan_inspections(assessment, cr.example_items(), seed=SEED, year=2026, enterprises=enterprises)
    visits = plan.visits_data.explode("departments").drop_nulls("departments")
    needed = sorted({skill for skills in plan.visits_data["skills"] for skill in skills})
    staff = pl.concat(staff_of(8, name, skills=[needed] * 8) for name in visits["departments"].unique().sort())
    assigned = assign_inspectors(plan, staff, seed=SEED, output="polars")
    assert assigned.unmet.height == 0
    assert assigned.table["visit_id"].n_unique() == visits["visit_id"].n_unique()


def test_rows_of_a_list_that_cannot_be_used_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "inspectors.csv"
    path.write_text(
        "inspector_id,name,department,skills,regions,available_days\n"
        "A1,王一,market,food、scales,320102,120\n,无名,market,,,\nA1,重复,market,,,\nA2,李二,,,,\nA3,张三,fire,,,many\n",
        encoding="utf-8",
    )
    inspectors = read_inspectors(path)
    assert inspectors.data["inspector_id"].to_list() == ["A1"]
    assert inspectors.data["skills"].to_list() == [["food", "scales"]]
    assert inspectors.rejects.select("row", "column", "code").rows() == [
        (2, "inspector_id", "missing_value"),
        (3, "inspector_id", "duplicate_inspector"),
        (4, "department", "missing_value"),
        (5, "available_days", "invalid_number"),
    ]


def test_a_list_may_be_in_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "inspectors.csv"
    path.write_bytes("inspector_id,name,department\nA1,王一,市场监管局\n,,\n".encode("gb18030"))
    inspectors = read_inspectors(path)
    assert inspectors.data["department"].to_list() == ["市场监管局"] and inspectors.rejects.height == 1


def test_lists_and_arguments_that_cannot_be_used_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(cr.InputError, match="needs the column department"):
        read_inspectors(pl.DataFrame({"inspector_id": ["A"]}))
    with pytest.raises(cr.InputError, match="no row can be used; row 1, inspector_id: every row needs it"):
        read_inspectors(
            pl.DataFrame({"inspector_id": [None], "department": ["x"]}, schema_overrides={"inspector_id": pl.String})
        )
    with pytest.raises(cr.InputError, match="there is no file"):
        read_inspectors(tmp_path / "none.csv")
    (tmp_path / "ragged.csv").write_text("inspector_id,department\nA,market\nB,market,fire\n", encoding="utf-8")
    with pytest.raises(cr.InputError, match=r"ragged.csv, row 2: it has 3 cells and the header 2"):
        read_inspectors(tmp_path / "ragged.csv")
    listed = pl.DataFrame({"visit_id": ["v1"], "department": ["market"]})
    with pytest.raises(cr.InputError, match="a published assignment needs the column inspector_id"):
        verify_assignment(listed, visits_of(1), staff_of(3), seed=SEED)
    with pytest.raises(cr.InputError, match="tours_by must be one of grid, region"):
        assign_inspectors(visits_of(1), staff_of(3), seed=SEED, tours_by="road")  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match="visits_per_day must be a whole number from 1 on"):
        assign_inspectors(visits_of(1), staff_of(3), seed=SEED, visits_per_day=0)
    with pytest.raises(cr.InputError, match="no fewer than two"):
        assign_inspectors(visits_of(1), staff_of(3), seed=SEED, team_size=1)
    with pytest.raises(cr.InputError, match="visits need the column region"):
        assign_inspectors(visits_of(1).drop("region"), staff_of(3), seed=SEED)
    with pytest.raises(cr.InputError, match="recusals need"):
        assign_inspectors(visits_of(1), staff_of(3), seed=SEED, recusals=pl.DataFrame({"who": ["A"]}))
