"""What is made public: before the visits nobody's name, after them what came out, and no details of it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.inspection.fieldwork.publishing import publication_list, results_publication
from tests.inspection.conftest import item, plan_of, table_of

ITEMS = [item("fire", joint_group="premises"), item("labels", kind="key", joint_group="premises")]


@pytest.fixture(scope="module")
def plan() -> cr.InspectionPlan:
    return plan_of(table_of(400), ITEMS)


def test_before_the_visits_the_ratios_of_each_item_and_tier_are_public(plan: cr.InspectionPlan) -> None:
    table = publication_list(plan, output="polars")
    assert table.select("item", "tier", "enterprises", "drawn", "ratio").rows() == [
        ("fire", "good", 200, 10, 0.05), ("fire", "ordinary", 160, 24, 0.15), ("fire", "high_risk", 40, 20, 0.5),
        ("labels", "good", 200, 20, 0.1), ("labels", "ordinary", 160, 48, 0.3), ("labels", "high_risk", 40, 40, 1.0),
    ]  # fmt: skip
    first = table.row(0, named=True)
    assert (first["name_zh"], first["authority"], first["kind"], first["mode"]) == (
        "事项fire",
        "部门fire",
        "general",
        "on_site",
    )
    assert first["frame_sha256"] == plan.draws["fire"].frame_sha256
    cr.check_commitment(plan.seed, first["seed_commitment"])


def test_before_the_visits_nobody_is_named_and_the_seed_is_not_told(plan: cr.InspectionPlan, tmp_path: Path) -> None:
    text = plan.save(tmp_path)["publication.csv"].read_text("utf-8-sig")
    assert "某法第一条" in text
    assert plan.seed not in text
    assert not any(enterprise in text for enterprise in table_of(400)["enterprise_id"])


def test_tiers_without_anybody_and_items_without_a_draw_have_no_row() -> None:
    plan = plan_of(
        table_of(5, tier=["good"] * 5, industry=["52"] * 5), [*ITEMS, item("mines", applies_to={"industries": ("06",)})]
    )
    assert publication_list(plan, output="polars").select("item", "tier").rows() == [
        ("fire", "good"),
        ("labels", "good"),
    ]


def recorded(plan: cr.InspectionPlan, rows: list[tuple[int, str, str, str | None, str | None]]) -> cr.RecordedResults:
    """Results of visits by their place in the plan: outcome, dimension, severity, matter."""
    visits = plan.visits_data["visit_id"]
    filled = [(visits[place], "2026-03-02", *rest) for place, *rest in rows]
    names = ("visit_id", "inspected_on", "outcome", "dimension", "severity", "matter")
    return cr.record_results(pl.DataFrame(filled, schema=dict.fromkeys(names, pl.String), orient="row"), plan)


def test_after_the_visits_each_has_its_worst_outcome_and_the_number_of_findings(plan: cr.InspectionPlan) -> None:
    results = recorded(plan, [
        (0, "pass", "quality", None, None), (0, "fail", "safety", "grave", "blocked exit"),
        (0, "fail", "safety", "minor", "no sign"), (3, "pass", "safety", None, None),
        (3, "unreachable", "quality", None, None),
    ])  # fmt: skip
    table = results_publication(results, plan, output="polars")
    visits = plan.visits_data
    assert table.columns == [
        "enterprise_id", "items", "departments", "inspected_on", "outcome", "outcome_zh", "outcome_en", "findings",
        "draw_probability",
    ]  # fmt: skip
    assert table.select("enterprise_id", "outcome", "outcome_zh", "findings", "draw_probability").rows() == [
        (visits["enterprise_id"][0], "fail", "不合格", 2, visits["draw_probability"][0]),
        (visits["enterprise_id"][3], "unreachable", "无法联系", 0, visits["draw_probability"][3]),
    ]
    assert "blocked exit" not in table.write_json()


def test_names_are_joined_where_they_are_known(plan: cr.InspectionPlan) -> None:
    results = recorded(plan, [(0, "pass", "safety", None, None), (1, "pass", "safety", None, None)])
    names = pl.DataFrame({"enterprise_id": [plan.visits_data["enterprise_id"][0]], "name": ["甲食品公司"]})
    table = results_publication(results, plan, names=names, output="polars")
    assert table["name"].to_list() == ["甲食品公司", None]
    with pytest.raises(cr.InputError, match="columns enterprise_id and name"):
        results_publication(results, plan, names=names.drop("name"))


def test_results_are_published_from_a_saved_plan_and_not_with_another(plan: cr.InspectionPlan, tmp_path: Path) -> None:
    results = recorded(plan, [(0, "pass", "safety", None, None)])
    plan.save(tmp_path)
    saved = results_publication(results, tmp_path, output="polars")
    assert saved.equals(results_publication(results, plan, output="polars"))
    with pytest.raises(cr.InputError, match="is not of this plan"):
        results_publication(results, plan_of(table_of(400), ITEMS, year=2027))


def test_without_results_nothing_is_published(plan: cr.InspectionPlan) -> None:
    assert results_publication(recorded(plan, []), plan, output="polars").height == 0
