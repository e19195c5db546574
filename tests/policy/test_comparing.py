"""Comparing policies: all that differs is said, in words, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import creditrisk as cr
from creditrisk.policy.loading import parse_policy
from creditrisk.report.policies.comparing import _parts

ROOT = Path(__file__).parents[2]
JIANGSU = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")
FURTHER = """
record_types:
  warning_letter: {zh: 警示函, en: warning letter}
quantities:
  - id: fleet
    label: {zh: 平均车辆数, en: mean fleet}
    source: test
    mean_of: [attributes.now, attributes.before]
  - id: factor
    label: {zh: 系数, en: factor}
    source: test
    of: fleet
    pieces: [{up_to: 10, value: 1}, {value: 2, one_more_per: 5}]
indicators:
  - id: quality.letters
    label: {zh: 警示函, en: Warning letters}
    direction: none
    source: test
    select: {types: [warning_letter], authorities: [甲局], matters: [m1], standing: known}
    measure: count
    time_steps: [{months: 6, weight: 3}, {months: 12, weight: 1}]
    cap_per_inspection: 30
    per: factor
    percentile_within: [scale]
floors:
  - id: floor.small
    when:
      all_of:
        - {indicator: quality.letters, below: 1, missing: true}
        - any_of: [{indicator: safety.accident_count, at_most: 0}, {indicator: quality.recall_severity, below: 2.5}]
    at_worst: ordinary
    reason: {zh: 小微, en: small}
    basis: test
rules:
  - id: quality.letters
    indicator: quality.letters
    when: {indicator: safety.accident_count, above: 0}
    values: [{value: 0, points: 0}, {value: 1, points: -2}, {value: 2, points: -4}]
    unseen: -4
    missing: -1
    reason: {zh: 警示函, en: letters}
    basis: test
"""
RICH = JIANGSU.replace("\nrules:\n", FURTHER)


def policy(text: str, name: str = "policy.yaml") -> cr.Policy:
    return parse_policy(text.encode(), name)


def after(old: str, new: str, text: str = RICH) -> cr.PolicyDifference:
    assert old in text
    return cr.compare_policies(policy(text), policy(text.replace(old, new, 1)))


def leaves(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        for value in data.values():
            yield from leaves(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from leaves(value)
    elif data is not None:
        yield data


@pytest.mark.parametrize("text", [JIANGSU, RICH, (ROOT / "docs/policies/city.yaml").read_text(encoding="utf-8")])
def test_everything_in_a_document_is_compared(text: str) -> None:
    loaded = policy(text)
    whole = Counter(leaves(loaded.model_dump(mode="json", by_alias=True, exclude={"sha256", "values_of"})))
    compared = Counter(leaves([entry.value for _, entries in _parts(loaded) for entry in entries.values()]))
    named = Counter(name for _, entries in _parts(loaded) for name in entries)
    assert whole - compared - named == Counter()


@pytest.mark.parametrize("text", [JIANGSU, RICH])
def test_equal_documents_do_not_differ(text: str) -> None:
    difference = cr.compare_policies(policy(text), policy("# a comment says nothing\n" + text))
    assert len(difference) == 0
    assert "They say the same." in difference.text("en")
    assert "内容相同" in str(difference)


@pytest.mark.parametrize(
    ("old", "new", "part", "text"),
    [
        ("per_unit: {points: -3, cap: 40}", "per_unit: {points: -4, cap: 40}", "rules",
         "Penalties on work safety, weighted by severity, 36 months, half-life 12 months (safety.penalties): "
         "points: “-3 per unit, at most 40 in all” becomes “-4 per unit, at most 40 in all”"),
        ("{points: -2, unit: 100000, cap: 20}", "{points: -2, unit: 50000}", "rules",
         "“-2 per 100,000, at most 20 in all” becomes “-2 per 50,000”"),
        ("{from: 1000000, points: -10}", "{from: 1000000, points: -12}", "rules", "value: -10” becomes"),
        ("{value: 2, points: -4}", "{value: 3, points: -4}", "rules", "value = 2: -4; any other value: -4” becomes"),
        ("unseen: -4", "unseen: -3", "rules", "any other value: -3”"),
        ("missing: -1", "missing: -2", "rules", "missing value: “-1” becomes “-2”"),
        ("when: {indicator: safety.accident_count, above: 0}", "when: {indicator: safety.accident_count, at_least: 3}",
         "rules", "condition: “Accidents, 36 months > 0” becomes “Accidents, 36 months ≥ 3”"),
        ("weight: 0.2, base: 90, floor: 0, ceiling: 100", "weight: 0.2, base: 80, floor: 0, ceiling: 100",
         "dimensions", "quality and safety of products: base: “90” becomes “80”"),
        ("grave: 10", "grave: 12", "severity_weights", "grave: “10” becomes “12”"),
        ("missing_severity: general", "missing_severity: minor", "standing", "“general” becomes “minor”"),
        ("at_most_months: 3\n", "at_most_months: 6\n", "standing.terms",
         "administrative penalty, minor: months until it stops counting: “3” becomes “6”"),
        ("first_within_months: 24", "first_within_months: 12", "standing.exemption", "“24” becomes “12”"),
        ("listed, at_least: 1}\n    at_best: ordinary", "listed, at_least: 1}\n    at_best: high_risk", "vetoes",
         "(veto.abnormal_operation): effect: “at best ordinary” becomes “at best high risk”"),
        ("days, below: 365, missing: true", "days, below: 365", "thin_evidence", "< 365 (or no data)” becomes"),
        ("below: 2.5", "below: 3.5", "floors", "weighted by severity, 36 months < 3.5)"),
        ("at_least: 85", "above: 85", "tiers", "cut-off: “total ≥ 85” becomes “total > 85”"),
        ("{ratio: 0.05, visits_per_year_at_most: 1}", "{ratio: 0.05, ratio_from: 0.01, every_months: 24}", "tiers",
         "“5% a year, at most 1 visit a year” becomes “1%–5% a year, every 24 months”"),
        ("key: {ratio: 1.0}", "key: {ratio: 0.9}", "tiers", "key inspection items: “100% a year” becomes “90% a year”"),
        ("rise_at_most_steps: 1", "rise_at_most_steps: 2", "limits_on_change", "steps up at most: “1” becomes “2”"),
        ("[hazardous_chemicals, food,", "[food,", "regimes.full_coverage", "key areas: “hazardous_chemicals, food"),
        ("    months: 12", "    months: 18", "regimes.observation", "months: “12” becomes “18”"),
        ("Latent serious danger: strictly", "Serious danger: strictly",
         "regimes.observation.unless", "“Latent serious danger: strictly supervised” becomes"),
        ("one_more_per: 5", "one_more_per: 6", "quantities", "1 more per 5” becomes “≤ 10: 1, above: 2, 1 more per 6"),
        ("weight: 3}", "weight: 4}", "indicators", "time weights: “×3 up to 6 months, ×1 up to 12 months” becomes"),
        ("en: warning letter}", "en: a warning letter}", "record_types", "label: “warning letter” becomes"),
        ("review_by: 2027-03-31", "review_by: 2028-03-31", "identity", "to be reviewed by: “2027-03-31” becomes"),
        ('edition: "2026"', 'edition: "2027"', "identity", "edition: “2026” becomes “2027”"),
    ],
)  # fmt: skip
def test_one_change_is_one_line_in_its_part(old: str, new: str, part: str, text: str) -> None:
    difference = after(old, new)
    assert [(change.part, change.what) for change in difference.changes] == [(part, "changed")]
    assert text in difference.changes[0].text.en
    assert difference.changes[0].before != difference.changes[0].after
    zh = difference.changes[0].text.zh
    assert "由“" in zh and "”改为“" in zh


def test_what_is_added_and_removed() -> None:
    rule = RICH[RICH.index("  - id: safety.accidents\n") : RICH.index("  - id: safety.recent_accidents\n")]
    removed = after(rule, "").changes
    assert [(change.what, change.part, change.id) for change in removed] == [("removed", "rules", "safety.accidents")]
    assert removed[0].before["points"]["per_unit"] == {"points": -6.0, "unit": 1.0, "cap": 60.0}
    assert removed[0].after is None
    added = cr.compare_policies(policy(RICH.replace(rule, "")), policy(RICH)).changes
    assert (added[0].what, added[0].after) == ("added", removed[0].before)
    assert added[0].text.en.startswith("added Accidents weighted by severity, half-life 24 months (safety.accidents): ")


def test_a_rule_by_bands_in_place_of_units_is_one_change() -> None:
    difference = after("per_unit: {points: -6, cap: 60}", "bands: [{below: 1, points: 0}, {from: 1, points: -9}]")
    assert [change.field for change in difference.changes] == ["points"]
    assert "becomes “value < 1: 0; 1 ≤ value: -9”" in difference.changes[0].text.en


def test_another_order_is_said() -> None:
    first, second = (RICH.index(f"  - id: {name}\n") for name in ("safety.accidents", "safety.recent_accidents"))
    third = RICH.index("  - id: safety.training\n")
    swapped = RICH[:first] + RICH[second:third] + RICH[first:second] + RICH[third:]
    difference = cr.compare_policies(policy(RICH), policy(swapped))
    assert [(change.part, change.field) for change in difference.changes] == [("rules", "order")]


def test_editions_of_one_policy_by_day() -> None:
    difference = cr.compare_policies(*(cr.load_policy("jiangsu", day) for day in ("2025-06-30", "2026-06-30")))
    assert {change.part for change in difference.changes} == {"identity", "standing.terms"}
    assert (difference.before.edition, difference.after.edition) == ("2023", "2026")


def test_parameters_of_several_dates_are_compared_as_loaded() -> None:
    dated = "{dated: [{from: 2020-01-01, value: 80}, {from: 2026-06-01, value: 85}]}"
    text = JIANGSU.replace("at_least: 85", f"at_least: {dated}")
    old, new = (parse_policy(text.encode(), "p.yaml", date(2026, month, 1)) for month in (5, 7))
    assert [change.text.en for change in cr.compare_policies(old, new).changes] == [
        "good (low risk) (good): cut-off: “total ≥ 80” becomes “total ≥ 85”"
    ]


def test_data_and_text_say_the_same() -> None:
    difference = after("at_least: 85", "at_least: 86")
    data = json.loads(json.dumps(difference.to_dict()))
    assert data["changes"][0]["before"] == {"at_least": 85.0, "above": None, "share": None, "by_condition_only": False}
    assert difference.changes[0].text.zh in difference.text("zh")
    assert difference.changes[0].text.en not in difference.text("zh")
    assert difference.changes[0].text.zh in str(difference) and difference.changes[0].text.en in str(difference)


def test_texts_cannot_forge_lines() -> None:
    difference = after("en: ordinary}", 'en: "ord\\e[31m\\n  - forged"}')
    assert "\x1b" not in str(difference)
    assert not any(line.strip() == "- forged" for line in str(difference).splitlines())


def test_policies_by_name_and_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(JIANGSU, encoding="utf-8")
    assert len(cr.compare_policies("jiangsu", path)) == 0
    with pytest.raises(cr.PolicyError, match="no built-in policy"):
        cr.compare_policies("jiangsu", "none")
