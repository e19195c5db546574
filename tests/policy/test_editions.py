"""A policy is dated: its editions follow one another without gap or overlap, and so do single parameters."""

from __future__ import annotations

import warnings
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

import creditrisk as cr
from creditrisk.policy.loading import load_editions, parse_policy

JIANGSU = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")


def folder_of(tmp_path: Path, *editions: tuple[str, str, str | None]) -> Path:
    """A policy with editions from one day to another."""
    for name, first, last in editions:
        until = f"effective_from: {first}" + (f"\neffective_to: {last}" if last else "")
        text = JIANGSU.replace("effective_from: 2026-04-01", until).replace('edition: "2026"', f'edition: "{name}"')
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def dated(old: str, *values: tuple[str, str]) -> bytes:
    """The built-in policy with one value replaced by dated ones."""
    entries = ", ".join(f"{{from: {first}, value: {value}}}" for first, value in values)
    key = old.partition(": ")[0]
    assert old in JIANGSU
    return JIANGSU.replace(old, f"{key}: {{dated: [{entries}]}}", 1).encode()


@pytest.mark.parametrize(
    ("day", "edition"),
    [("2023-05-01", "2023"), ("2026-03-31", "2023"), ("2026-04-01", "2026"), ("2027-03-31", "2026")],
)
def test_the_edition_in_force_on_the_day_is_loaded(day: str, edition: str) -> None:
    assert cr.load_policy("jiangsu", day).edition == edition


def test_without_a_day_the_newest_edition_is_loaded() -> None:
    assert cr.load_policy("jiangsu").edition == "2026"


def test_a_day_before_the_first_edition_is_an_error_that_says_from_when() -> None:
    with pytest.raises(cr.PolicyError, match=r"not in force on 2023-04-30.*hold from 2023-05-01"):
        cr.load_policy("jiangsu", date(2023, 4, 30))


def test_a_loaded_policy_is_given_back_whatever_the_day() -> None:
    policy = cr.load_policy("jiangsu")
    assert cr.load_policy(policy, "1999-01-01") is policy


def test_a_policy_past_its_review_date_says_so() -> None:
    with pytest.warns(cr.PolicyReviewWarning, match="edition 2026, was to be reviewed by 2027-03-31; it is 2027-04-01"):
        cr.load_policy("jiangsu", "2027-04-01")


def test_a_policy_within_its_review_date_says_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cr.load_policy("jiangsu", "2027-03-31")


def test_a_folder_holds_the_editions_of_one_policy(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ("b", "2026-04-01", None), ("a", "2025-01-01", "2026-03-31"))
    assert [edition.edition for edition in load_editions(folder)] == ["a", "b"]
    assert cr.load_policy(folder, "2025-12-31").edition == "a"


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (None, "both in force from 2026-04-01: end edition a with effective_to: 2026-03-31"),
        ("2026-04-01", "both in force from 2026-04-01"),
        ("2026-02-28", "leave a gap from 2026-03-01 to 2026-03-31"),
    ],
)
def test_an_overlap_or_gap_between_editions_is_an_error(tmp_path: Path, last: str | None, message: str) -> None:
    with pytest.raises(cr.PolicyError, match=message):
        cr.load_policy(folder_of(tmp_path, ("a", "2025-01-01", last), ("b", "2026-04-01", None)), "2026-06-30")


def test_editions_of_different_policies_in_one_folder_are_an_error(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ("a", "2025-01-01", "2026-03-31"))
    text = JIANGSU.replace("\nid: jiangsu\n", "\nid: other\n")
    (folder / "b.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(cr.PolicyError, match="different policies: jiangsu and other"):
        cr.load_policy(folder)


def test_a_folder_without_a_policy_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(cr.PolicyError, match="holds no policy document"):
        cr.load_policy(tmp_path)


def test_a_single_parameter_may_be_dated_within_an_edition() -> None:
    content = dated("at_least: 85", ("2026-04-01", "85"), ("2026-10-01", "88"))
    loaded = {day: parse_policy(content, "p.yaml", day) for day in (date(2026, 9, 30), date(2026, 10, 1), None)}
    assert [policy.tiers[0].at_least for policy in loaded.values()] == [85, 88, 88]
    assert len({policy.sha256 for policy in loaded.values()}) == 1


def test_a_wrong_dated_value_is_named_with_the_line_it_stands_in() -> None:
    content = dated("at_least: 85", ("2026-04-01", "85"), ("2026-10-01", "-20"))
    with pytest.raises(cr.PolicyError, match="tiers must stand from best to worst"):
        parse_policy(content, "p.yaml")
    unfit = JIANGSU.replace(
        "at_least: 85", "at_least:\n      dated:\n        - from: 2026-04-01\n          value: high"
    )
    line = unfit[: unfit.index("value: high")].count("\n") + 1
    with pytest.raises(cr.PolicyError, match=f"line {line}: tiers.0.at_least: .*number"):
        parse_policy(unfit.encode(), "p.yaml")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([("2026-10-01", "88"), ("2026-04-01", "85")], "the days of 'dated' must rise"),
        ([("2026-10-01", "88")], "no value is in force on 2026-06-30; the first begins on 2026-10-01"),
        ([("soon", "88")], "'dated' is a list of entries with 'from'"),
    ],
)
def test_dated_values_must_rise_and_reach_back_to_the_day(values: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(cr.PolicyError, match=message):
        parse_policy(dated("at_least: 85", *values), "p.yaml", date(2026, 6, 30))


def test_an_assessment_takes_the_edition_and_the_values_of_its_day(
    tmp_path: Path, province: tuple[cr.Enterprises, cr.Records]
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(dated("at_least: 85", ("2026-04-01", "85"), ("2026-05-01", "88")))
    assert cr.assess(*province, policy=path, as_of="2026-04-30").policy.tiers[0].at_least == 85
    assert cr.assess(*province, policy=path, as_of="2026-06-30").policy.tiers[0].at_least == 88
    assert set(cr.assess(*province, as_of="2025-06-30").table["policy"]) == {"jiangsu@2023"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: &a [x]\nb: *a\n", "line 2: not valid YAML: aliases"),
        ("a: " + "[" * 60 + "]" * 60, "nested more than 40 deep"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "line 1: the tag tag:yaml.org,2002:python/object/apply:os.system is not allowed",
        ),
    ],
)
def test_a_document_that_would_grow_or_run_is_refused(content: str, message: str) -> None:
    with pytest.raises(cr.PolicyError, match=message):
        parse_policy(content.encode(), "p.yaml")
