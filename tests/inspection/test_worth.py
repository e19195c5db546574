"""What a plan is worth: expectations are exact sums, burden adds up, and what is missing is said."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from tests.inspection.conftest import TIERS, item, plan_of, table_of

ITEMS = [item("general"), item("key", kind="key"), item("papers", mode="off_site")]


def chances(table: pl.DataFrame, probability: Any) -> pl.DataFrame:
    values = np.broadcast_to(np.asarray(probability, dtype=float), table.height)
    return table.select("enterprise_id").with_columns(probability=pl.Series(values))


def worth_of(table: pl.DataFrame, probability: Any, plan: cr.InspectionPlan | None = None, **options: Any) -> Any:
    plan = plan or plan_of(table, ITEMS)
    return cr.plan_worth(plan, chances(table, probability), output="polars", **options)


def expected(worth: cr.PlanWorth, choice: str) -> dict[str, Any]:
    return worth.expected.row(by_predicate=pl.col("choice") == choice, named=True)


@st.composite
def assessed(draw: Any) -> tuple[pl.DataFrame, np.ndarray]:
    size = draw(st.integers(1, 60))
    column = lambda words: draw(st.lists(st.sampled_from(words), min_size=size, max_size=size))  # noqa: E731
    table = table_of(
        size,
        tier=column(TIERS),
        regime=column(["tiered"] * 6 + ["full_coverage", "observation"]),
        scale=column(["large", "micro", None]),
        region=column(["320102", "320205", None]),
        status=column(["active"] * 6 + ["revoked"]),
    )
    return table, np.array(draw(st.lists(st.floats(0.01, 1), min_size=size, max_size=size)))


@settings(max_examples=60, deadline=None)
@given(made=assessed())
def test_what_visits_find_and_whom_they_burden_adds_up(made: tuple[pl.DataFrame, np.ndarray]) -> None:
    table, probability = made
    plan = plan_of(table, ITEMS)
    visits = plan.visits
    on_site = visits.filter(pl.col("items").list.eval(pl.element() != "papers").list.any())
    if on_site.is_empty():
        with pytest.raises(cr.InputError, match="no on-site visit"):
            worth_of(table, probability, plan)
        return
    worth = worth_of(table, probability, plan)
    assert (worth.visits, worth.grid_visits) == (on_site.height, visits.filter(cause="grid").height)
    assert worth.visits + worth.grid_visits + worth.off_site_visits == visits.height
    by_hand = on_site.join(chances(table, probability), on="enterprise_id")["probability"].sum()
    assert expected(worth, "plan")["findings"] == pytest.approx(by_hand)
    for _, groups in worth.burden.group_by("column"):
        assert groups["visits"].sum() == worth.visits
        assert groups["grid_visits"].sum() == worth.grid_visits
        assert groups["enterprises"].sum() == worth.enterprises == table.filter(status="active").height
        assert groups["findings"].sum() == pytest.approx(by_hand)
        assert groups["most"].max() == worth.most_visits
        assert (groups["visited"] * groups["enterprises"]).sum() == pytest.approx(worth.visited)
        assert (groups["probability"] * groups["enterprises"]).sum() == pytest.approx(
            expected(worth, "plain_random")["findings_per_visit"] * worth.enterprises
        )
    assert worth.visited <= worth.seen <= worth.enterprises


@given(probability=st.lists(st.floats(0.01, 1), min_size=10, max_size=10))
def test_a_plan_that_visits_everyone_once_finds_the_sum_of_the_probabilities(probability: list[float]) -> None:
    table = table_of(10, tier=["high_risk"] * 10)
    worth = worth_of(table, probability, plan_of(table, [item("key", kind="key")]))
    for choice in ("plan", "plain_random"):
        assert expected(worth, choice)["findings"] == pytest.approx(sum(probability))
    assert worth.visited == worth.enterprises == 10
    assert worth.risk_covered == pytest.approx(1)


@settings(deadline=None)
@given(probability=st.floats(0.01, 1), days=st.lists(st.dates(), min_size=1, max_size=40))
def test_where_all_are_alike_no_choice_is_better_than_chance(probability: float, days: list[date]) -> None:
    table = table_of(40)
    last = pl.DataFrame({"enterprise_id": table["enterprise_id"].head(len(days)), "inspected_on": days})
    worth = worth_of(table, probability, last_inspected=last, last_plan=plan_of(table, ITEMS, "other seed"))
    assert worth.expected["choice"].to_list() == ["plan", "plan_off_site", "plain_random", "longest_ago", "last_plan"]
    assert worth.expected["lift"].to_list() == pytest.approx([1.0] * 5)


def test_where_risk_follows_the_tier_the_plan_finds_more_than_chance() -> None:
    table = table_of(1000)
    rates = pl.DataFrame({"tier": TIERS, "probability": [0.1, 0.2, 0.6]})
    plan = plan_of(table, [item("general")])
    worth = cr.plan_worth(plan, table.join(rates, on="tier"), output="polars")
    # Of 500, 400 and 100 the general item draws 5, 15 and 50 in a hundred.
    assert expected(worth, "plan")["findings"] == pytest.approx(25 * 0.1 + 60 * 0.2 + 50 * 0.6)
    assert expected(worth, "plain_random")["findings"] == pytest.approx(135 * (50 + 80 + 60) / 1000)
    tiers = worth.burden.filter(column="tier")
    assert tiers.select("group", "visits", "per_enterprise", "visited", "most", "grid_visits").rows() == [
        ("good", 25, 0.05, 0.05, 1, 0),
        ("ordinary", 60, 0.15, 0.15, 1, 0),
        ("high_risk", 50, 0.5, 0.5, 1, 50),
    ]
    assert worth.seen == 185


def test_plain_random_is_the_mean_over_draws_that_were_really_made() -> None:
    rng = np.random.default_rng(0)
    table, probability = table_of(200), rng.random(200)
    worth = worth_of(table, probability)
    n_visits = worth.visits
    drawn = [probability[rng.choice(200, n_visits, replace=False)].sum() for _ in range(4000)]
    error = np.std(drawn) / np.sqrt(len(drawn))
    assert abs(np.mean(drawn) - expected(worth, "plain_random")["findings"]) < 4 * error


def test_by_the_last_date_those_never_inspected_come_first_then_the_oldest() -> None:
    table = table_of(4, tier=["good"] * 4)
    last = pl.DataFrame(
        {
            "enterprise_id": ["E000000", "E000001", "E000001", "E000002"],
            "inspected_on": [date(2020, 1, 1), date(2015, 1, 1), date(2024, 1, 1), date(2022, 1, 1)],
        }
    )
    probability = [0.5, 0.1, 0.2, 0.9]
    for n_items, found in ((1, 0.9), (2, 1.4), (3, 1.6), (4, 1.7), (5, 2.6)):
        items = [item(f"i{number}") for number in range(n_items)]
        plan = plan_of(table, items, policy=without_caps())
        worth = worth_of(table, probability, plan, last_inspected=last)
        assert worth.visits == n_items
        assert expected(worth, "longest_ago")["findings"] == pytest.approx(found)


def without_caps() -> cr.Policy:
    """The built-in policy, with as many general visits to one enterprise as there are items."""
    policy, tiers = cr.load_policy("jiangsu", "2026-06-30"), []
    for tier in policy.tiers:
        general = tier.inspection.general.model_copy(update={"visits_per_year_at_most": None})
        tiers.append(tier.model_copy(update={"inspection": tier.inspection.model_copy(update={"general": general})}))
    return policy.model_copy(update={"tiers": tuple(tiers)})


def test_the_plan_before_is_held_against_the_same_probabilities(tmp_path: Path) -> None:
    table, later = table_of(50), table_of(40)
    before = plan_of(table, ITEMS[:2], "last year", year=2025)
    before.save(tmp_path)
    rng = np.random.default_rng(1)
    probability = rng.random(40)
    worths = [worth_of(later, probability, last_plan=last) for last in (before, before.visits.to_pandas(), tmp_path)]
    on_site = before.visits.filter(pl.col("cause") != "grid")
    there = on_site.join(chances(later, probability), on="enterprise_id")
    for worth in worths:
        row = expected(worth, "last_plan")
        assert (row["visits"], worth.gone) == (there.height, on_site.height - there.height)
        assert row["findings"] == pytest.approx(there["probability"].sum())


def test_the_kind_of_frame_and_the_order_of_rows_change_nothing() -> None:
    table, rng = table_of(60, scale=["micro", "large", None] * 20), np.random.default_rng(2)
    given_ = chances(table, rng.random(60))
    plan = plan_of(table, ITEMS)
    worth = cr.plan_worth(plan, given_, output="polars")
    other = cr.plan_worth(plan, given_.sample(fraction=1, shuffle=True, seed=1).to_pandas())
    assert pl.from_pandas(other.burden).equals(worth.burden)
    assert pl.from_pandas(other.expected).equals(worth.expected)
    assert str(other) == str(worth)


def test_as_text_it_is_told_in_both_languages() -> None:
    table = table_of(60, scale=["micro", "large", None] * 20, region=[f"3201{row:02d}" for row in range(60)])
    text = str(worth_of(table, 0.25, by=("tier", "scale", "region")))
    for words in ("2026 年度", "What the plan is worth", "简单随机", "plainly at random", "守信", "大型 large", "未知"):
        assert words in text
    assert text.index("大型 large") < text.index("微型 micro") < text.index("未知 unknown")
    assert "region: 60 组" in text


TABLE = table_of(10)


@pytest.mark.parametrize(
    ("given_", "options", "message"),
    [
        (chances(TABLE, 0.1).head(8), {}, r"2 of 10 enterprises of the plan have no probability, such as E000008"),
        (chances(TABLE, [0.1] * 9 + [float("nan")]), {}, "1 of 10 enterprises .* E000009"),
        (chances(TABLE, [0.1] * 9 + [1.5]), {}, "between 0 and 1; that of enterprise E000009 is 1.5"),
        (chances(TABLE, [-0.1] + [0.1] * 9), {}, "E000000 is -0.1"),
        (pl.concat([chances(TABLE, 0.1)] * 2), {}, "more than one probability"),
        (chances(TABLE, 0.1).cast(pl.String), {}, "must be numbers"),
        (chances(TABLE, 0.1), {"column": "model_probability"}, "no column 'model_probability'; it has enterprise_id"),
        (chances(TABLE, 0.1), {"by": ["ownership"]}, "cannot be told by 'ownership'; the plan knows tier, grid"),
        (chances(TABLE, 0.1), {"by": []}, "names no column"),
        (chances(TABLE, 0.1), {"last_inspected": TABLE}, "last_inspected has no column 'inspected_on'"),
        (chances(TABLE, 0.1), {"last_plan": TABLE}, "last_plan: visits need the column items"),
        (chances(TABLE, 0.1), {"last_plan": "nowhere"}, "holds no visits of a saved plan: there is no such file"),
        (chances(TABLE, 0.1), {"output": "excel"}, "output must be one of"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(given_: pl.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.InputError, match=message):
        cr.plan_worth(plan_of(TABLE, ITEMS), given_, **options)


def test_enterprises_that_have_ended_need_no_probability_and_are_no_burden() -> None:
    table = table_of(10, status=["active"] * 9 + ["deregistered"])
    worth = cr.plan_worth(plan_of(table, ITEMS), chances(table, 0.3).head(9))
    assert worth.enterprises == 9


def test_a_plan_without_visits_on_site_has_nothing_to_weigh_up() -> None:
    with pytest.raises(cr.InputError, match="no on-site visit"):
        worth_of(TABLE, 0.1, plan_of(TABLE, [item("papers", mode="off_site")]))
