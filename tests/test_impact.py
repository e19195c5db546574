"""The effect of a change of policy equals two assessments side by side, and its causes add up."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.indicators.agreeing import agreed_indicators
from creditrisk.policy.loading import parse_policy

AS_OF = date(2026, 6, 30)
JIANGSU = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")

Tables = tuple[cr.Enterprises, cr.Records]

POINTS = ("per_unit: {points: -3, cap: 40}", "per_unit: {points: -9, cap: 80}")
CUT_OFF = ("at_least: 85", "at_least: 86.5")
VETO = (
    "compliance.abnormal_operation_listed, at_least: 1}\n    at_best: ordinary",
    "compliance.abnormal_operation_listed, at_least: 1}\n    at_best: high_risk",
)
WEIGHTS = ("minor: 1, general: 3", "minor: 2, general: 4")
BASES = ("weight: 0.1, base: 60", "weight: 0.1, base: 45")
TERMS = (
    "at_most_months: 12\n      basis: 国家发展改革委令第36号",
    "at_most_months: 4\n      basis: 国家发展改革委令第36号",
)
NO_EXEMPTION = ("    types: [violation]\n    matters: []", "    types: [complaint]\n    matters: []")
DRAFTS = {
    "points": (POINTS,),
    "cut-off": (CUT_OFF,),
    "veto": (VETO,),
    "weights": (WEIGHTS,),
    "bases": (BASES,),
    "terms": (TERMS,),
    "exemption": (NO_EXEMPTION,),
    "all": (POINTS, CUT_OFF, VETO, WEIGHTS, BASES, TERMS, NO_EXEMPTION),
}


def changed(*changes: tuple[str, str]) -> cr.Policy:
    text = JIANGSU
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_policy(text.encode(), "draft.yaml")


def impact_of(province: Tables, after: cr.Policy, before: cr.Policy | str = "jiangsu") -> cr.PolicyImpact:
    return cr.policy_impact(*province, before=before, after=after, as_of=AS_OF, output="polars")


def test_a_policy_moves_nobody_away_from_itself(province: Tables) -> None:
    impact = impact_of(province, changed())
    assert impact.movers.is_empty()
    assert impact.by_rule.is_empty()
    matrix = impact.migration.drop("tier_before").to_numpy()
    assert matrix.sum() == 400
    assert np.count_nonzero(matrix - np.diag(np.diag(matrix))) == 0
    shared = [
        impact.changes.before.indicators[name] is values for name, values in impact.changes.after.indicators.items()
    ]
    assert all(shared)


@pytest.mark.parametrize("name", DRAFTS)
def test_it_equals_two_assessments(province: Tables, name: str) -> None:
    draft = changed(*DRAFTS[name])
    impact = impact_of(province, draft)
    tables = [cr.assess(*province, policy=policy, as_of=AS_OF, output="polars").table for policy in ("jiangsu", draft)]
    before, after = tables[0], tables[1]
    both = before.select("enterprise_id", tier_before="tier").with_columns(tier_after=after["tier"])
    counts = both.group_by("tier_before", "tier_after").len()
    for was, now, count in counts.iter_rows():
        assert impact.migration.filter(tier_before=was)[now].item() == count
    assert impact.migration.drop("tier_before").to_numpy().sum() == before.height
    moved = both.filter(pl.col("tier_before").cast(pl.String) != pl.col("tier_after").cast(pl.String))
    assert impact.movers["enterprise_id"].to_list() == moved["enterprise_id"].to_list()
    scores = impact.movers.join(before, on="enterprise_id").join(after, on="enterprise_id", suffix="_new")
    assert scores["score_before"].equals(scores["score"], null_equal=True)
    assert scores["score_after"].equals(scores["score_new"])


@pytest.mark.parametrize("name", DRAFTS)
def test_the_changes_of_all_causes_add_up_to_that_of_the_total(province: Tables, name: str) -> None:
    changes = impact_of(province, changed(*DRAFTS[name])).changes
    total = np.zeros(len(changes.moved), dtype=np.int64)
    for cause in changes.causes:
        total[cause.rows] += cause.change
    assert np.array_equal(total, changes.after.scores.total - changes.before.scores.total)


@pytest.mark.parametrize("name", DRAFTS)
def test_every_mover_has_a_cause_in_words(province: Tables, name: str) -> None:
    impact = impact_of(province, changed(*DRAFTS[name]))
    movers = impact.movers
    assert movers.height > 0 or name in ("terms", "exemption", "weights")
    for column in ("causes", "why_zh", "why_en"):
        assert (movers[column].list.len() > 0).all()
    assert "tiers" not in movers["causes"].explode().to_list()
    assert impact.by_rule["first_cause"].sum() == movers.height


@pytest.mark.parametrize("name", DRAFTS)
def test_points_are_a_cause_only_where_they_pull_the_way_of_the_move(province: Tables, name: str) -> None:
    changes = impact_of(province, changed(*DRAFTS[name])).changes
    for cause in changes.causes:
        told = changes.tells(cause)
        if cause.change.any():
            assert changes.better is not None
            assert np.array_equal(cause.change[told] > 0, changes.better[cause.rows[told]])


def test_the_cause_is_what_was_changed(province: Tables) -> None:
    first = {name: impact_of(province, changed(change)).movers["causes"].list.first().unique().to_list()
             for name, change in (("points", POINTS), ("cut", CUT_OFF), ("veto", VETO), ("base", BASES))}  # fmt: skip
    assert all(name.endswith(".penalties") for name in first["points"])
    assert (first["cut"], first["veto"], first["base"]) == (
        ["cut_offs"], ["veto.abnormal_operation"], ["responsibility.base"],
    )  # fmt: skip


def test_what_both_agree_on_is_computed_once_and_equals_what_is_computed_alone(province: Tables) -> None:
    draft = changed(WEIGHTS, TERMS)
    impact = impact_of(province, draft)
    alone = cr.assess(*province, policy=draft, as_of=AS_OF).assessed.indicators
    before, after = impact.changes.before.indicators, impact.changes.after.indicators
    shared = {name for name in after if after[name] is before[name]}
    assert 10 < len(shared) < len(after)
    assert "safety.penalty_severity" not in shared
    assert {"safety.upheld_complaint_count", "compliance.enterprise_age_days"} <= shared
    for name, values in alone.items():
        np.testing.assert_array_equal(values, after[name])


def test_only_what_a_change_touches_is_computed_again() -> None:
    jiangsu = changed()
    assert set(agreed_indicators(jiangsu, changed(POINTS, CUT_OFF, VETO))) == set(jiangsu.indicators_used)
    apart = set(jiangsu.indicators_used) - set(agreed_indicators(jiangsu, changed(TERMS)))
    assert apart == {name for name in jiangsu.indicators_used if "penalty" in name}
    apart = set(jiangsu.indicators_used) - set(agreed_indicators(jiangsu, changed(WEIGHTS)))
    assert apart == {name for name in jiangsu.indicators_used if name.endswith("_severity")}


def test_an_indicator_of_the_new_policy_by_an_old_id(province: Tables) -> None:
    own = """
indicators:
  - id: safety.accident_count
    label: {zh: 近6个月生产安全事故起数, en: "Accidents, 6 months"}
    direction: risk_rises
    source: expert_default
    select: {types: [accident]}
    measure: count
    window_months: 6
rules:
"""
    draft = changed(("\nrules:\n", own))
    impact = impact_of(province, draft)
    alone = cr.assess(*province, policy=draft, as_of=AS_OF)
    assert np.array_equal(impact.changes.after.scores.total, alone.assessed.scores.total)
    now, was = (side.indicators["safety.accident_count"] for side in (impact.changes.after, impact.changes.before))
    assert not np.array_equal(now, was)


def test_policies_with_other_tiers_have_no_better_and_worse(province: Tables) -> None:
    renamed = changed(("id: ordinary", "id: middling"), ("at_best: ordinary", "at_best: middling"))
    impact = impact_of(province, renamed)
    ordinary = int(impact.migration.filter(tier_before="ordinary")["middling"].item())
    assert ordinary > 0
    assert impact.movers.height == ordinary
    assert impact.movers["direction"].null_count() == ordinary
    assert set(impact.movers["causes"].list.first()) == {"tiers"}
    assert "better" not in str(impact)


def test_groups_count_everybody(province: Tables) -> None:
    impact = impact_of(province, changed(*DRAFTS["all"]))
    for by in ("region", "industry", "scale"):
        groups = impact.by_group(by)
        assert groups["enterprises"].sum() == 400
        assert groups["movers"].sum() == impact.movers.height
        assert (groups["better"] + groups["worse"]).equals(groups["movers"])
    assert impact.by_group("region", 2)["group"].to_list() == ["32"]
    assert impact.by_group("region")["group"].str.len_chars().unique().to_list() == [4]
    with pytest.raises(cr.InputError, match="grouped by region, industry, scale, not 'colour'"):
        impact.by_group("colour")
    with pytest.raises(cr.InputError, match="at least 1"):
        impact.by_group("region", 0)


def test_text_data_and_files_say_the_same(province: Tables, tmp_path: Path) -> None:
    impact = impact_of(province, changed(*DRAFTS["all"]))
    data = impact.to_dict()
    assert data["movers"] == impact.movers.height == data["better"] + data["worse"]
    assert f"{data['movers']:,} / 400" in str(impact)
    assert impact.movers["causes"].list.first().value_counts(sort=True)["causes"][0] in str(impact)
    written = impact.save(tmp_path / "out", csv=True)
    assert set(written) == {"movers.parquet", "movers.csv", "impact.html", "impact.json", "run.json"}
    assert json.loads(written["impact.json"].read_text(encoding="utf-8")) == data
    assert pl.read_parquet(written["movers.parquet"]).height == data["movers"]
    page = written["impact.html"].read_text(encoding="utf-8")
    assert f"{data['movers']:,}" in page
    assert "http" not in page
    assert impact._repr_html_() in page
    assert repr(impact).startswith("<Impact of jiangsu@2026 to jiangsu@2026")


def test_files_appear_together_or_not_at_all(province: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impact = impact_of(province, changed(POINTS))
    monkeypatch.setattr(
        "creditrisk.assessing.impact.policy_impact.impact_page",
        lambda _: (_ for _ in ()).throw(OSError(28, "No space")),
    )
    with pytest.raises(cr.OutputError, match="No space"):
        impact.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_titles_and_groups_are_inert(tmp_path: Path) -> None:
    hostile = changed(("title: {zh: 企业信用", "title: {zh: <script>企业信用"))
    enterprises = cr.read_enterprises(
        pl.DataFrame({"enterprise_id": ["A"], "name": ["<b>"], "region": ["<i>x"], "industry": ["<u>"]}),
        id_scheme="any",
    )
    records = cr.read_records(
        pl.DataFrame({"record_id": ["r"], "enterprise_id": ["A"], "type": ["penalty"], "severity": ["grave"],
                      "dimension": ["safety"], "occurred_on": ["2026-05-01"]}),
        id_scheme="any",
    )  # fmt: skip
    page = cr.policy_impact(enterprises, records, before="jiangsu", after=hostile, as_of=AS_OF).save(tmp_path)[
        "impact.html"
    ]
    assert "<script" not in page.read_text(encoding="utf-8")
    assert "<i>x" not in page.read_text(encoding="utf-8")


def test_bad_arguments_are_said_plainly(province: Tables) -> None:
    with pytest.raises(cr.PolicyError, match="no built-in policy 'none'"):
        cr.policy_impact(*province, before="none", after="jiangsu", as_of=AS_OF)
    with pytest.raises(cr.InputError, match="as_of must be a day"):
        cr.policy_impact(*province, before="jiangsu", after="jiangsu", as_of="tomorrow")
    with pytest.raises(cr.InputError, match="output must be one of"):
        cr.policy_impact(*province, before="jiangsu", after="jiangsu", as_of=AS_OF, output="excel")  # type: ignore[arg-type]


def test_tiers_by_share_move_those_whose_own_score_stays(province: Tables) -> None:
    shares = (("at_least: 85", "share: 0.3"), ("at_least: 65", "share: 0.5"))
    impact = impact_of(province, changed(*shares, POINTS), before=changed(*shares))
    assert impact.movers.height > 0
    assert (impact.movers["causes"].list.len() > 0).all()
    unchanged = impact.movers.filter(pl.col("score_before") == pl.col("score_after"))
    assert set(unchanged["causes"].list.first()) <= {"tiers", "cut_offs"}
