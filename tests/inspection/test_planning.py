"""Plans keep the policy: ratios, full coverage, caps; and say where they cannot."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from tests.inspection.conftest import TIERS, item, plan_of, table_of

VISIT_COLUMNS = [
    "visit_id", "enterprise_id", "items", "departments", "lead_department", "mode", "skills", "region", "grid", "tier",
    "joint_group", "window_from", "window_to", "draw_order", "draw_probability", "cause", "why_zh", "why_en",
]  # fmt: skip
GENERAL = {"good": 0.05, "ordinary": 0.15, "high_risk": 0.5}
KEY = {"good": 0.1, "ordinary": 0.3, "high_risk": 1.0}
CAPS = {"good": 1, "ordinary": 2, "high_risk": 4}


@st.composite
def tables(draw: Any) -> pl.DataFrame:
    size = draw(st.integers(1, 120))
    column = lambda words: draw(st.lists(st.sampled_from(words), min_size=size, max_size=size))  # noqa: E731
    return table_of(
        size,
        tier=column(TIERS),
        regime=column(["tiered"] * 8 + ["full_coverage", "observation"]),
        industry=column(["1310", "5211", "5212"]),
        status=column(["active"] * 9 + ["revoked"]),
    )


@st.composite
def catalogues(draw: Any) -> list[cr.InspectionItem]:
    entries = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["general", "general", "key"]),
            "joint_group": st.sampled_from([None, "visit", "other_visit"]),
            "mode": st.sampled_from(["on_site", "on_site", "off_site"]),
            "applies_to": st.sampled_from([{}, {}, {"industries": ("52",)}, {"industries": ("5211", "13")}]),
        }
    )
    found = draw(st.lists(entries, min_size=1, max_size=6))
    return [item(f"item{number}", **keys) for number, keys in enumerate(found)]


@settings(max_examples=60, deadline=None)
@given(table=tables(), items=catalogues(), seed=st.text("abc", min_size=1), cap=st.sampled_from([None, 1, 3]))
def test_every_plan_keeps_the_policy_or_says_where_it_cannot(
    table: pl.DataFrame, items: list[cr.InspectionItem], seed: str, cap: int | None
) -> None:
    plan = plan_of(table, items, seed, annual_cap=cap)
    visits, unmet = plan.visits, plan.unmet
    assert visits.columns == VISIT_COLUMNS
    assert visits["visit_id"].n_unique() == visits.height
    assert not set(visits["enterprise_id"]) & set(table.filter(status="revoked")["enterprise_id"])
    short = {(row["item"], row["tier"]) for row in unmet.filter(what="cap").iter_rows(named=True)}
    small = {(row["item"], row["tier"]) for row in unmet.filter(what="smallest_draw").iter_rows(named=True)}
    for one in items:
        if one.id not in plan.draws:
            assert unmet.filter(item=one.id)["what"].to_list() == ["empty_frame"]
            continue
        for stratum in plan.draws[one.id].strata:
            where = (one.id, stratum.name)
            if stratum.name == "full_coverage":
                assert stratum.drawn == stratum.size
            elif one.kind == "key":
                needed = math.ceil((KEY | {"observation": 0.1})[stratum.name] * stratum.size - 1e-9)
                assert stratum.drawn == needed or (stratum.drawn < needed and where in short)
            else:
                assert stratum.drawn <= (GENERAL | {"observation": 0.05})[stratum.name] * stratum.size or where in small
                assert stratum.drawn >= (stratum.name != "observation") or where in short
    joined = table.join(visits, on="enterprise_id", how="left")
    full = joined.filter(regime="full_coverage", status="active")
    missing = full.filter(pl.col("visit_id").is_null())
    assert missing.is_empty() or not unmet.filter(what="full_coverage").is_empty()
    high = joined.filter(tier="high_risk", regime="tiered", status="active")
    assert high["visit_id"].null_count() == 0
    on_site = {one.id for one in items if one.mode == "on_site"}
    drawn = visits.filter(cause="draw").filter(pl.col("items").list.eval(pl.element().is_in(on_site)).list.any())
    general = drawn.filter(
        ~pl.col("items").list.eval(pl.element().is_in([i.id for i in items if i.kind == "key"])).list.any()
    )
    caps = {tier: min(most, cap or most) for tier, most in CAPS.items()}
    for row in general.group_by("enterprise_id", "tier").len().iter_rows(named=True):
        assert row["len"] <= caps[row["tier"]]
    if cap is not None:
        assert drawn.group_by("enterprise_id").len()["len"].max() in (None, *range(1, cap + 1))


@settings(max_examples=20, deadline=None)
@given(table=tables(), items=catalogues(), order=st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_kind_of_frame_changes_a_plan(
    table: pl.DataFrame, items: list[cr.InspectionItem], order: Any
) -> None:
    rows = list(range(table.height))
    order.shuffle(rows)
    expected = plan_of(table, items).visits
    assert plan_of(table[rows].to_pandas(), items).visits.equals(expected)


@settings(max_examples=20, deadline=None)
@given(table=tables(), items=catalogues(), cap=st.sampled_from([None, 1]))
def test_every_draw_of_a_plan_verifies_against_its_frame(
    table: pl.DataFrame, items: list[cr.InspectionItem], cap: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    plan = plan_of(table, items, annual_cap=cap)
    for name, draw in plan.draws.items():
        cr.write_draw(draw, folder / f"{name}.json")
        assert cr.verify_draw(folder / f"{name}.json", draw.frame).holds


@pytest.mark.parametrize("cap", [None, 1])
def test_enterprises_are_visited_as_often_as_the_plan_states(cap: int | None) -> None:
    table = table_of(60, tier=["good"] * 20 + ["ordinary"] * 20 + ["high_risk"] * 20)
    items = [item("a", joint_group="visit"), item("b", kind="key", joint_group="visit"), item("c")]
    seeds, realised, stated = 600, {}, {}
    for seed in range(seeds):
        plan = plan_of(table, items, f"seed {seed}", annual_cap=cap)
        for name, draw in plan.draws.items():
            for row, probability in zip(draw.rows, draw.probabilities, strict=True):
                realised[name, row] = realised.get((name, row), 0) + 1 / seeds
                stated[name, row] = probability
    # With one visit allowed, the key item leaves nobody of the high-risk tier to item c.
    assert len(stated) == (180 if cap is None else 160)
    for key, probability in stated.items():
        error = math.sqrt(probability * (1 - probability) / seeds)
        assert abs(realised[key] - probability) <= 4.5 * error + 1e-9, key


def test_where_a_cap_decides_beside_chance_no_probability_is_stated() -> None:
    size = 400
    table = table_of(size, tier=["ordinary"] * size, industry=["13", "52"] * (size // 2))
    keyed = [item(f"key{number}", kind="key", applies_to={"industries": ["52"]}) for number in range(3)]
    items = [*keyed, item("a"), item("b")]
    plan = plan_of(table, items, annual_cap=1)
    assert plan.unmet.filter(what="cap_binds").select("tier", "required", "got").rows() == [
        ("ordinary", pytest.approx(1.2), 1.0)
    ]
    general = pl.col("items").list.contains("a") | pl.col("items").list.contains("b")
    assert plan.visits.filter(general)["draw_probability"].null_count() == 120
    assert plan.visits.filter(~general)["draw_probability"].null_count() == 0
    for allowed in (plan_of(table, items), plan_of(table.filter(industry="52"), items, annual_cap=1)):
        assert allowed.unmet.filter(what="cap_binds").is_empty()
        assert allowed.visits["draw_probability"].null_count() == 0


def test_differing_items_within_the_cap_hardly_shift_the_stated_probability() -> None:
    size, seeds = 400, 150
    table = table_of(size, tier=["ordinary"] * size, industry=["13", "52"] * (size // 2))
    items = [item("a"), item("b", applies_to={"industries": ["52"]}), item("c")]
    realised = np.zeros(2)
    for seed in range(seeds):
        draw = plan_of(table, items, f"seed {seed}", annual_cap=1).draws["c"]
        assert set(draw.probabilities) == {0.15}
        realised += np.bincount(draw.rows % 2, minlength=2) / (seeds * size / 2)
    assert realised == pytest.approx([0.15, 0.15], abs=0.015)


def test_the_plan_of_an_assessment_has_its_places_and_reasons(assessment: cr.Assessment) -> None:
    plan = cr.plan_inspections(assessment, cr.example_items(), seed="2026-07-01", year=2026, output="polars")
    visits = plan.visits
    assert visits["why_zh"].null_count() == visits["why_en"].null_count() == 0
    assert visits["region"].null_count() == visits["grid"].null_count() == 0
    drawn = visits.filter(pl.col("cause").is_in(["draw", "full_coverage"]))
    assert drawn["draw_probability"].is_between(0, 1).all()
    assert drawn["lead_department"].null_count() == 0
    assert drawn.filter(pl.col("joint_group") == "premises")["departments"].list.len().max() == 3
    summary = plan.summary()
    assert summary.visits == visits.height == sum(summary.visits_by_cause.values())
    for name in ("high_risk", "full_coverage"):
        size, visited = summary.visited_by_stratum[name]
        assert size == visited
    assert "节省 saved" in str(summary)


def test_a_saved_assessment_is_planned_the_same(assessment: cr.Assessment, tmp_path: Path) -> None:
    assessment.save(tmp_path)
    options: dict[str, Any] = {"seed": "2026-07-01", "year": 2026, "output": "polars"}
    direct = cr.plan_inspections(assessment, cr.example_items(), **options)
    saved = cr.plan_inspections(tmp_path, cr.example_items(), enterprises=assessment.enterprises.data, **options)
    assert saved.visits.equals(direct.visits)


def test_a_plan_is_saved_whole(tmp_path: Path) -> None:
    plan = plan_of(table_of(200), [item("a"), item("b", kind="key")])
    files = plan.save(tmp_path)
    assert (
        pl.read_parquet(files["visits.parquet"])
        .select(pl.exclude("tier", "cause"))
        .equals(plan.visits.select(pl.exclude("tier", "cause")))
    )
    assert cr.verify_draw(files["draw-a.json"], files["frame-a.parquet"]).holds


def test_overrides_of_one_enterprise_and_joint_group_make_one_visit_that_names_them_all() -> None:
    items = [item("a", joint_group="visit"), item("b", joint_group="visit"), item("c")]
    asked = [
        {"enterprise_id": "E000009", "item": name, "reason": reason, "note": note}
        for name, reason, note in (
            ("a", "complaint", "来信"), ("a", "referral", "转办"), ("b", "complaint", "来电"),
            ("c", "complaint", "来电"), ("a", "complaint", "来信"),
        )
    ]  # fmt: skip
    table = table_of(100, tier=["ordinary"] * 100)
    plans = (plan_of(table, items, str(seed), overrides=asked) for seed in range(99))
    plan = next(one for one in plans if one.visits.filter(enterprise_id="E000009", cause="draw").is_empty())
    visits = plan.visits.filter(cause="override")
    assert visits["items"].to_list() == [["a", "b"], ["c"]]
    assert visits["why_zh"].to_list() == [
        "投诉举报：来信（事项a）；转办交办：转办（事项a）；投诉举报：来电（事项b）", "投诉举报：来电（事项c）",
    ]  # fmt: skip
    assert visits["why_en"][0] == "complaint: 来信 (Item a); referral: 转办 (Item a); complaint: 来电 (Item b)"
    assert plan.overrides.height == 4


def test_a_plan_saved_over_another_leaves_no_list_or_frame_of_it(tmp_path: Path) -> None:
    table = table_of(200)
    plan_of(table, [item("a"), item("b")]).save(tmp_path)
    (tmp_path / "notes.json").write_text("{}", encoding="utf-8")
    files = plan_of(table, [item("a")]).save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*files, "notes.json"}
    assert {"draw-a.json", "frame-a.parquet"} <= set(files)


def test_overrides_add_visits_beside_the_draw_and_its_cap() -> None:
    table, items = table_of(100), [item("a"), item("b")]
    drawn = plan_of(table, items).draws["a"].list["enterprise_id"].to_list()
    others = [one for one in table["enterprise_id"] if one not in drawn]
    asked = [
        {"enterprise_id": one, "item": "a", "reason": "complaint", "note": f"来信 {one}"}
        for one in (others[0], drawn[0])
    ] + [
        {"enterprise_id": one, "item": name, "reason": "referral", "note": "转办"}
        for one, name in (("X", "a"), (others[0], "z"))
    ]
    plan = plan_of(table, items, overrides=asked, annual_cap=1)
    visit = plan.visits.filter(cause="override")
    assert visit["enterprise_id"].to_list() == [others[0]]
    assert visit["why_zh"].item() == f"投诉举报：来信 {others[0]}（事项a）"
    assert visit["draw_probability"].item() is None
    assert plan.overrides.height == 4
    assert plan.unmet.filter(what="override")["why_en"].to_list() == [
        "an override was not carried out: there is no enterprise X",
        "an override was not carried out: there is no item z",
    ]


@pytest.mark.parametrize("code", ["320100", "3201"])
def test_an_item_of_a_city_applies_to_all_that_lies_in_it(code: str) -> None:
    table = table_of(40, region=["320102", "320100", "320500", None] * 10)
    frame = plan_of(table, [item("a", applies_to={"regions": [code]})]).draws["a"].frame
    of_the_city = table.filter(pl.col("region").is_in(["320100", "320102"]))
    assert frame["enterprise_id"].to_list() == of_the_city["enterprise_id"].to_list()


def test_weights_within_a_tier_are_the_probabilities() -> None:
    table = table_of(100, tier=["ordinary"] * 100, risk=np.arange(1, 101))
    draw = plan_of(table, [item("a")], weight="risk").draws["a"]
    assert draw.targets == pytest.approx(15 * np.arange(1, 101) / 5050)


def test_an_observation_period_is_as_gentle_as_the_best_tier() -> None:
    table = table_of(200, tier=["high_risk"] * 200, regime=["observation"] * 200)
    plan = plan_of(table, [item("a")])
    assert len(plan.draws["a"]) == 10
    assert plan.visits["cause"].unique().to_list() == ["draw"]


def test_what_cannot_be_done_is_listed() -> None:
    table = table_of(100, industry=["5211"] * 100, grid=[None] * 100, regime=["tiered"] * 99 + ["full_coverage"])
    items = [
        item("a", ratio_at_least=0.4),
        item("stranger", authority="某部门"),
        item("nobody", applies_to={"industries": ["99"]}),
        *(item(f"key{number}", kind="key", applies_to={"industries": ["52"]}) for number in range(3)),
    ]
    plan = plan_of(table, items, annual_cap=2, authorities={one.authority for one in items if one.id != "stranger"})
    found = {(row["what"], row["item"], row["tier"]): row for row in plan.unmet.iter_rows(named=True)}
    assert found["authority", "stranger", None]["why_zh"] == "机关“某部门”不在本计划的机关名单内，事项未安排"
    assert ("empty_frame", "nobody", None) in found
    assert found["ratio", "a", "good"]["required"] == 0.4
    assert found["ratio", "a", "good"]["got"] == 0.05
    assert found["cap", "key2", "high_risk"]["required"] == 9
    assert found["cap", "key2", "high_risk"]["got"] == 0
    assert plan.unmet["why_zh"].null_count() == plan.unmet["why_en"].null_count() == 0


def test_more_than_one_inspection_a_year_is_listed_as_beyond_a_yearly_draw() -> None:
    table = pl.DataFrame({"enterprise_id": ["A", "B"], "tier": ["a", "e"]})
    unmet = plan_of(table, [item("food")], policy="uk_food_law").unmet
    assert unmet.filter(what="probability").select("tier", "required", "got").rows() == [("a", 2.0, 1.0)]


def test_key_areas_that_no_item_covers_and_grids_unknown_are_listed() -> None:
    table = table_of(
        20,
        tier=["high_risk"] * 20,
        grid=[None] * 20,
        industry=["1"] * 20,
        regime=["full_coverage"] * 2 + ["tiered"] * 18,
    )
    unmet = plan_of(table, [item("a", mode="off_site")]).unmet
    assert set(unmet["what"]) == {"full_coverage", "grid"}


OVERRIDE = {"enterprise_id": "A", "item": "a", "reason": "complaint", "note": "来信"}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"table": table_of(3).drop("tier")}, "needs the column tier"),
    ({"table": table_of(3).head(0)}, "there is no enterprise to inspect"),
    ({"table": table_of(2, enterprise_id=["A", "A"])}, "'A' stands in the table twice"),
    ({"table": table_of(2, enterprise_id=["A", None])}, "without an id"),
    ({"table": table_of(1, tier=["excellent"])}, "the tier 'excellent' of an enterprise is none of the policy's"),
    ({"table": table_of(1, regime=["none"])}, "the regime 'none'"),
    ({"table": 7}, "a plan is made from an assessment"),
    ({"table": "none"}, "cannot be read"),
    ({"policy": None}, "pass policy="),
    ({"items": [item("a", applies_to={"regions": ["32"]})]}, "applies by region, which is not known"),
    ({"seed": ""}, "the seed must be text of one line"),
    ({"year": 0}, "the year of a plan"),
    ({"annual_cap": 0}, "annual_cap must be at least 1"),
    ({"annual_cap": {"best": 1}}, "annual_cap names 'best'"),
    ({"weight": "risk"}, "are no column of numbers"),
    ({"table": table_of(2, risk=[0, 1]), "weight": "risk"}, "nobody is exempt"),
    ({"coordination": "none"}, "coordination must be one of"),
    ({"output": "csv"}, "output must be one of"),
    ({"last_plan": pl.DataFrame({"a": [1]})}, "need the column enterprise_id"),
    ({"last_plan": "none"}, "holds no visits of a saved plan"),
    ({"overrides": [{**OVERRIDE, "note": None}]}, "an override without note"),
    ({"overrides": [{**OVERRIDE, "note": " "}]}, "an override without note"),
    ({"overrides": [{**OVERRIDE, "reason": "mood"}]}, "'mood' of an override"),
    ({"overrides": pl.DataFrame(OVERRIDE).drop("note")}, "overrides need the column note"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), BAD, ids=[message[:30] for _, message in BAD])
def test_bad_input_is_one_clear_error(options: dict[str, Any], message: str) -> None:
    given_ = {"table": table_of(10), "items": [item("a")], **options}
    with pytest.raises(cr.InputError, match=message):
        plan_of(given_.pop("table"), given_.pop("items"), **given_)


def test_a_check_from_the_desk_is_no_visit_of_the_high_risk_tier() -> None:
    table = table_of(30, tier=["high_risk"] * 30)
    items = [item("papers", kind="key", joint_group="visit", mode="off_site"), item("fire", joint_group="visit")]
    plan = plan_of(table, items)
    there = plan.visits.filter(pl.col("mode") == "on_site")
    assert set(there["enterprise_id"]) == set(table["enterprise_id"])
    assert plan.visits.filter(mode="off_site").height > 0
    note = pl.DataFrame({"enterprise_id": table["enterprise_id"], "item": "papers", "reason": "complaint", "note": "n"})
    asked = plan_of(table, items, overrides=note)
    assert set(asked.visits.filter(mode="on_site")["enterprise_id"]) == set(table["enterprise_id"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": pl.lit("fire")}, "the column items must hold lists, not String"),
        ({"window_to": pl.lit("soon")}, "window_to of .* must hold days"),
    ],
)
def test_visits_of_another_kind_are_one_clear_error(change: dict[str, pl.Expr], message: str) -> None:
    table = table_of(30)
    last = plan_of(table, [item("fire")]).visits.with_columns(**change)
    with pytest.raises(cr.InputError, match=message):
        plan_of(table, [item("fire")], year=2027, last_plan=last)


def test_days_of_visits_may_be_text() -> None:
    table = table_of(30)
    last = plan_of(table, [item("fire")]).visits
    text = last.with_columns(pl.col("window_from", "window_to").dt.to_string("%Y-%m-%d"))
    plans = [plan_of(table, [item("fire")], year=2027, last_plan=one).visits for one in (last, text)]
    assert plans[0].equals(plans[1])


def test_a_damaged_account_of_the_last_plan_is_one_clear_error(tmp_path: Path) -> None:
    table, register = table_of(30), tmp_path / "seeds.jsonl"
    plan_of(table, [item("fire")]).save(tmp_path / "last")
    (tmp_path / "last" / "plan.json").write_text("{", encoding="utf-8")
    with pytest.raises(cr.InputError, match=r"plan\.json is not what run\.json says"):
        plan_of(table, [item("fire")], year=2027, last_plan=tmp_path / "last", seed_register=register)


@pytest.mark.parametrize("with_weights", [True, False])
def test_with_weights_or_rest_a_cap_that_may_bind_leaves_no_probability_stated(with_weights: bool) -> None:
    table = table_of(60, tier=["ordinary"] * 60, w=[5.0, 1.0, 1.0] * 20)
    items = [item("a"), item("b")]
    last = plan_of(table, [item("a")])
    options = {"weight": "w"} if with_weights else {"last_plan": last, "year": 2027}
    plan = plan_of(table, items, annual_cap=1, **options)
    assert plan.unmet.filter(what="cap_may_bind").select("tier", "required", "got").rows() == [("ordinary", 2.0, 1.0)]
    assert plan.visits["draw_probability"].null_count() == plan.visits.height
    free = plan_of(table, items, annual_cap=2, **options)
    assert free.unmet.filter(what="cap_may_bind").is_empty() and free.visits["draw_probability"].null_count() == 0


def test_one_authority_may_be_named_by_itself() -> None:
    plan = plan_of(table_of(30), [item("a", authority="消防"), item("b", authority="消防救援")], authorities="消防救援")
    assert plan.unmet.filter(what="authority")["item"].to_list() == ["a"]
