"""Policy documents are read strictly; every complaint names file, line and key."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

import creditrisk as cr
from creditrisk.policy.loading import built_in_policies
from creditrisk.policy.rules import EXPERT_DEFAULT, Rule
from creditrisk.policy.tiers import Inspection

JIANGSU = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")


def complaint(tmp_path: Path, old: str, new: str) -> str:
    """What loading says of the built-in policy after one change."""
    assert old in JIANGSU
    path = tmp_path / "changed.yaml"
    path.write_text(JIANGSU.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(cr.PolicyError) as raised:
        cr.load_policy(path)
    return str(raised.value).replace(str(path), "changed.yaml")


def line_of(text: str) -> int:
    return JIANGSU[: JIANGSU.index(text)].count("\n") + 1


@pytest.mark.parametrize("name", built_in_policies())
def test_every_built_in_policy_loads(name: str) -> None:
    assert cr.load_policy(name).id == name


def test_a_misspelt_key_is_named_with_its_line(tmp_path: Path) -> None:
    said = complaint(tmp_path, "regimes:", "regimen:")
    assert said == f"changed.yaml, line {line_of('regimes:')}: unknown key 'regimen'"


def test_a_misspelt_key_deep_inside_is_named_too(tmp_path: Path) -> None:
    said = complaint(tmp_path, "  observation:\n    months: 12\n", "  observation:\n    month: 12\n")
    assert f"line {line_of('    months: 12' + chr(10) + '    unless')}: unknown key 'regimes.observation.month'" in said
    assert "key 'regimes.observation.months' is missing" in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("effective_from: 2026-04-01", "effective_from: 2026-04-31", "'2026-04-31': day"),
        ("effective_from: 2026-04-01", "effective_from: 2026-04-01\neffective_to: 2026-01-01", "before effective_from"),
        ("edition:", "id: x\nedition:", "key 'id' is given twice"),
        ("weight: 0.25", "weight: 0.3", "must add up to 1, not 1.05"),
        ("at_least: 65", "at_least: 86", "from best to worst"),
        ("indicator: safety.accident_severity", "indicator: safety.acident", "unknown indicator 'safety.acident'"),
        ("at_best: high_risk", "at_best: highrisk", "unknown tier 'highrisk'"),
        ("types: [penalty]", "types: [penality]", "unknown record type 'penality'"),
        ("{from: 10000, below: 100000", "{from: 20000, below: 100000", "a gap or overlap"),
        ("{below: 10000, points: 0}", "{from: 0, below: 10000, points: 0}", "first band must have no 'from'"),
        ("per_unit: {points: -6, cap: 60}", "per_unit: {points: 6, cap: 60}", "rewards what safety.accident"),
        ("points: -6, cap: 60", "points: -6, cap: .nan", "finite"),
        ("ratio: 0.05", "ratio: 0", "greater than 0"),
        ("serious: 6", "serious: 2", "must not fall"),
        ("{below: 10000, points: 0}", "{below: 10000, points: -9}", "rewards what"),
        ("format: 1", "format: 2", "1"),
        ("id: veto.serious_accident", "id: veto.serious_dishonesty", "called 'veto.serious_dishonesty'"),
        ("base: 90", "base: 101", "must lie between floor 0 and ceiling 100"),
        ("at_least: 1}", "at_least: 1, below: 3}", "exactly one of"),
        ("key: {ratio: 0.1}", "key: {ratio_from: 0.1}", "key 'tiers.0.inspection.key.ratio' is missing"),
        ("{ratio: 0.05, visits", "{ratio: 0.05, visits_per_year_below: 1, visits", "not both"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    said = complaint(tmp_path, old, new)
    assert message in said
    assert re.match(r"changed.yaml, line \d+: ", said)


def test_aliases_and_tags_are_refused(tmp_path: Path) -> None:
    assert "aliases" in complaint(tmp_path, 'edition: "2026"', 'edition: &e "2026"\nreview_by: *e')
    said = complaint(tmp_path, 'edition: "2026"', "edition: !!python/object/apply:os.getcwd []")
    assert "the tag tag:yaml.org,2002:python/object/apply:os.getcwd is not allowed" in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a policy is a mapping"),
        (b"- a\n", "a policy is a mapping"),
        (b"a: [", "not valid YAML"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_policy(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(content)
    with pytest.raises(cr.PolicyError, match=message):
        cr.load_policy(path)


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(cr.PolicyError, match="no built-in policy 'zhejiang'; built-in are jiangsu"):
        cr.load_policy("zhejiang")
    with pytest.raises(cr.PolicyError, match="cannot be read: No such file"):
        cr.load_policy(tmp_path / "missing.yaml")


def test_every_number_of_the_built_in_policy_carries_a_source_or_the_mark_of_an_expert_default() -> None:
    policy = cr.load_policy("jiangsu")
    assert set(policy.dimensions) == {"safety", "quality", "environment", "compliance", "responsibility"}
    assert [tier.id for tier in policy.tiers] == ["good", "ordinary", "high_risk"]
    with_basis = [*policy.dimensions.values(), *policy.rules, *policy.bounds, *policy.tiers, *policy.standing.terms]
    assert all(part.basis == EXPERT_DEFAULT or any(mark in part.basis for mark in "〔令") for part in with_basis)


def test_no_tier_is_exempt_from_inspection_and_worse_tiers_are_inspected_more() -> None:
    ratios = [tier.inspection.general.ratio for tier in cr.load_policy("jiangsu").tiers]
    assert all(ratio > 0 for ratio in ratios)
    assert ratios == sorted(ratios)


def test_an_interval_gives_the_share_visited_in_a_year_and_general_items_stand_for_key_ones() -> None:
    intensity = {"general": {"every_months": 18}, "basis": "test"}
    inspection = Inspection.model_validate(intensity)
    assert inspection.general.ratio == 12 / 18
    assert inspection.key == inspection.general
    assert Inspection.model_validate({**intensity, "general": {"every_months": 6}}).general.ratio == 1
    assert Inspection.model_validate({**intensity, "general": {"every_months": 6, "ratio": 0.5}}).general.ratio == 0.5


def test_a_rule_that_rewards_risk_is_named_with_its_line(tmp_path: Path) -> None:
    said = complaint(tmp_path, "    per_unit: {points: -8, cap: 24}", "    per_unit: {points: 8, cap: 24}")
    assert said.startswith(
        f"changed.yaml, line {line_of('  - id: safety.coercive_measures')}: safety.coercive_measures"
    )


@pytest.mark.parametrize("cuts", [(5, 1, 9), (1, 9, 5), (1, 5, 5)])
def test_bands_rise_at_every_edge(cuts: tuple[int, int, int]) -> None:
    edges = [None, *cuts, None]
    bands = [
        {name: value for name, value in (("from", low), ("below", high)) if value is not None} | {"points": -number}
        for number, (low, high) in enumerate(pairwise(edges))
    ]
    text = {"zh": "例", "en": "example"}
    rule = {"id": "safety.example", "indicator": "safety.accident_count", "bands": bands, "reason": text, "basis": "x"}
    with pytest.raises(ValueError, match="bands must rise"):
        Rule.model_validate(rule)
