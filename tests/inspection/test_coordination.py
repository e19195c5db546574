"""Joint items share visits, separate ones spread them, and next year it is others' turn."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.inspection.drafting.coordination import starts
from tests.inspection.conftest import item, plan_of, table_of

SIZE = 5_000
INDUSTRIES = ["13", "26", "38", "52", "62"]
# Five departments whose frames overlap.
FILTERS = [(), ("1", "2"), ("2", "3"), ("5", "6"), ("1", "5")]


def departments(group: str | None) -> list[cr.InspectionItem]:
    return [
        item(
            f"d{number}", joint_group=group, applies_to={"industries": list(words)},
            kind="key" if number == 1 else "general",
        )
        for number, words in enumerate(FILTERS)
    ]  # fmt: skip


TABLE = table_of(SIZE, industry=[INDUSTRIES[row % 5] for row in range(SIZE)])


def met(plan: cr.InspectionPlan) -> Counter[str]:
    """How many of the items drew each enterprise."""
    return Counter(one for draw in plan.draws.values() for one in draw.list["enterprise_id"])


def test_joint_items_of_five_departments_come_close_to_the_fewest_visits_possible() -> None:
    joint = plan_of(TABLE, departments("visit")).coordination.row(0, named=True)
    assert joint["visits_at_least"] <= joint["visits"] <= 1.05 * joint["visits_at_least"]
    alone = len(met(plan_of(TABLE, departments(None), coordination="independent", annual_cap=None)))
    assert joint["visits"] < 0.75 * joint["visits_if_independent"]
    # The cap of the policy passes a few over, who are drawn elsewhere.
    assert alone == pytest.approx(joint["visits_if_independent"], rel=0.08)


def test_the_fewest_possible_is_a_bound_for_any_coordination() -> None:
    for coordination in ("spread", "independent"):
        plan = plan_of(TABLE, departments("visit"), coordination=coordination)
        assert len(met(plan)) >= 0.99 * plan.coordination["visits_at_least"].item()


def test_separate_items_spread_the_burden() -> None:
    items = [item(f"i{number}") for number in range(5)]
    table = table_of(SIZE, tier=["ordinary"] * SIZE)
    spread, independent = (met(plan_of(table, items, coordination=kind)) for kind in ("spread", "independent"))
    assert sum(spread.values()) == sum(independent.values()) == 5 * 750
    # Five draws of 15 % fit side by side; what overlaps does so at the edges only.
    twice = sum(count > 1 for count in spread.values())
    assert twice < 0.03 * len(spread)
    assert sum(count > 1 for count in independent.values()) > 8 * twice


def test_a_cap_of_one_visit_lets_nobody_be_drawn_twice() -> None:
    items = [item(f"i{number}") for number in range(5)]
    table = table_of(SIZE, tier=["ordinary"] * SIZE)
    assert set(met(plan_of(table, items, annual_cap=1)).values()) == {1}


def test_with_the_same_seed_the_next_years_draw_others() -> None:
    table = table_of(SIZE, tier=["good"] * SIZE)
    items = [item("a"), item("b")]
    drawn = [set(met(plan_of(table, items, year=year))) for year in range(2026, 2031)]
    assert len(set.union(*drawn)) > 0.95 * sum(map(len, drawn))


def test_with_a_new_seed_those_of_the_last_plan_rest_while_others_suffice() -> None:
    items = [item("a"), item("b", joint_group="visit"), item("c", joint_group="visit")]
    before = plan_of(TABLE, items)
    after = plan_of(TABLE, items, "2027-07-01", year=2027, last_plan=before)
    for name in "abc":
        last, now = (plan.draws[name].list for plan in (before, after))
        low, high = (now.filter(pl.col("stratum").is_in(names)) for names in (["good", "ordinary"], ["high_risk"]))
        assert not set(last["enterprise_id"]) & set(low["enterprise_id"])
        assert len(now) == len(last)
        # Half of the high-risk were visited, so all others are drawn, each for certain.
        assert set(high["probability"]) == {1.0}
    rested = {stratum.name: stratum.drawn for stratum in after.draws["a"].strata if stratum.name.endswith(".rested")}
    assert set(rested.values()) == {0}
    fresh = next(stratum for stratum in after.draws["a"].strata if stratum.name == "good")
    assert after.draws["a"].list.filter(stratum="good")["probability"][0] == fresh.drawn / fresh.size


def test_who_was_visited_is_drawn_again_where_the_others_do_not_suffice() -> None:
    table = table_of(10, tier=["high_risk"] * 10)
    keyed = [item("a", kind="key")]
    after = plan_of(table, keyed, "2027", year=2027, last_plan=plan_of(table, keyed))
    assert len(after.draws["a"]) == 10


def test_within_a_time_set_by_the_policy_nobody_is_drawn_again() -> None:
    policy = cr.load_policy("jiangsu", "2026-06-30")
    tiers = []
    for tier in policy.tiers:
        key = tier.inspection.key.model_copy(update={"not_again_within_months": 12})
        tiers.append(tier.model_copy(update={"inspection": tier.inspection.model_copy(update={"key": key})}))
    policy = policy.model_copy(update={"tiers": tuple(tiers)})
    table, items = table_of(10, tier=["high_risk"] * 10), [item("a", kind="key")]
    before = plan_of(table, items, policy=policy)
    after = plan_of(table, items, "2027", year=2027, last_plan=before, policy=policy)
    assert len(after.draws["a"]) == 0
    assert after.unmet.filter(what="rest").select("required", "got").rows() == [(10.0, 0.0)]
    later = plan_of(table, items, "2029", year=2029, last_plan=before, policy=policy)
    assert len(later.draws["a"]) == 10


@pytest.mark.parametrize(
    ("months", "last_day", "last", "what", "got"),
    [
        (None, "2025-12-31", ["E000001", "E000003"], "cap", 5),  # both may be drawn again
        (12, "2025-12-31", ["E000001", "E000003"], "rest", 3),  # neither may
        (12, "2025-01-02", ["E000001", "E000003"], "rest", 3),  # neither may on the first day of the plan
        (12, "2025-01-01", ["E000001", "E000003"], "cap", 5),  # on that day twelve months are over
        (12, "2025-12-31", ["E000000", "E000002"], "cap", 5),  # neither may, and both are at the cap as well
    ],
)
def test_what_leaves_too_few_is_said_as_it_is(
    months: int | None, last_day: str, last: list[str], what: str, got: int
) -> None:
    policy = cr.load_policy("jiangsu", "2026-06-30")
    tiers = []
    for tier in policy.tiers:
        key = tier.inspection.key.model_copy(update={"not_again_within_months": months})
        tiers.append(tier.model_copy(update={"inspection": tier.inspection.model_copy(update={"key": key})}))
    table = table_of(10, tier=["high_risk"] * 10, industry=["52", "13"] * 5)
    items = [item("x", kind="key", applies_to={"industries": ["52"]}), item("a", kind="key")]
    before = pl.DataFrame({"enterprise_id": last, "items": [["a"]] * 2, "window_to": [last_day] * 2})
    plan = plan_of(
        table, items, policy=policy.model_copy(update={"tiers": tuple(tiers)}), annual_cap=1, last_plan=before
    )
    assert plan.unmet.filter(item="a").select("what", "required", "got").rows() == [(what, 10.0, got)]


def test_the_last_plan_is_read_from_its_folder(tmp_path: Path) -> None:
    before = plan_of(TABLE, departments("visit"))
    before.save(tmp_path)
    plans = [plan_of(TABLE, departments("visit"), "2027", year=2027, last_plan=last) for last in (before, tmp_path)]
    assert plans[0].visits.equals(plans[1].visits)


def test_a_seed_goes_on_with_the_last_plan_only(tmp_path: Path) -> None:
    register, items = tmp_path / "seeds.jsonl", [item("a")]
    changed = TABLE.with_columns(tier=pl.lit("good"))
    before = plan_of(TABLE, items, seed_register=register)
    plan_of(TABLE, items, seed_register=register)
    with pytest.raises(cr.InputError, match="already used for other draws"):
        plan_of(changed, items, seed_register=register)
    plan_of(changed, items, year=2027, seed_register=register, last_plan=before).save(tmp_path / "2027")
    plan_of(TABLE.head(100), items, year=2028, seed_register=register, last_plan=tmp_path / "2027")


@pytest.mark.parametrize(
    "changed",
    [
        {"year": 2027},
        {"items": [item("a")]},
        {"items": [item("a", ratio_at_most=0.01), item("b")]},
        {"items": [item("a", applies_to={"industries": ["13"]}), item("b")]},
        {"weight": "risk"},
        {"annual_cap": 1},
        {"coordination": "independent"},
        {"authorities": ["部门a"]},
        {"last_plan": plan_of(TABLE, [item("a")], "2025", year=2025)},
        {"table": TABLE.with_columns(industry=pl.col("industry").reverse())},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_seed_serves_one_plan_whatever_of_it_is_changed(changed: dict[str, Any], tmp_path: Path) -> None:
    asked = {
        "table": TABLE.with_columns(risk=pl.int_range(1, SIZE + 1)),
        "items": [item("a"), item("b", applies_to={"industries": ["52"]})],
        "seed_register": tmp_path / "seeds.jsonl",
    }
    first, again = plan_of(**asked), plan_of(**asked)
    assert first.visits.equals(again.visits)
    with pytest.raises(cr.InputError, match="already used for other draws"):
        plan_of(**{**asked, **changed})


ratios = st.lists(st.lists(st.floats(0.001, 1), min_size=2, max_size=2), min_size=1, max_size=8).map(np.array)


@given(ratios=ratios, year=st.integers(1, 9999))
def test_starts_are_exact_fractions_and_draws_stand_one_after_the_other(ratios: np.ndarray, year: int) -> None:
    found = starts(ratios, year)
    assert ((found * 2**30) % 1 == 0).all()
    assert ((found >= 0) & (found < 1)).all()
    widths = np.where(ratios < 1, ratios, 0)
    assert (np.diff(found, axis=0) - widths[:-1] + 1e-6) % 1 == pytest.approx(1e-6, abs=1e-6)


@given(ratio=st.floats(0.01, 0.5), year=st.integers(1, 9998))
def test_a_single_draw_of_up_to_half_never_meets_that_of_the_year_before(ratio: float, year: int) -> None:
    now, then = (starts(np.array([[ratio]]), one).item() for one in (year + 1, year))
    assert ratio - 1e-6 <= (now - then) % 1 <= 1 - ratio + 1e-6
