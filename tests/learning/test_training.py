"""From records to a model in one call: what it is held to, what it learns from, and what its card says."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.learning.studies.inspected import days_to_look_at, indicators_of
from creditrisk.learning.target import Target
from creditrisk.policy.loading import parse_policy

PROVINCE = cr.simulate_province(1_000, 20.0, seed=7)
ENTERPRISES = cr.read_enterprises(PROVINCE.enterprises)
RECORDS = cr.read_records(PROVINCE.records, enterprises=ENTERPRISES)
TARGET = Target(finding={"types": ["violation"], "dimension": "quality"}, within_months=6, gap_days=7)
WINDOW = {"from_": "2023-06-30", "to": "2024-12-31", "every": "6M", "target": TARGET}
OWN = """
indicators:
  - id: quality.recent_violations
    label: {zh: 近6个月质量违规数, en: "Violations of quality, 6 months"}
    direction: risk_falls
    source: example
    select: {types: [violation], dimension: quality}
    measure: count
    window_months: 6
rules:
"""


def mine(indicators: str) -> cr.Policy:
    """The built-in policy with an indicator of its own and a rule that reads it."""
    text = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")
    rule = (
        "  - {id: quality.recent, indicator: quality.recent_violations, per_unit: {points: 1, cap: 3}, "
        "reason: {zh: 例, en: example}, basis: example}\n"
    )
    text = text.replace("\nid: jiangsu\n", "\nid: mine\n").replace("\nrules:\n", indicators + rule)
    return parse_policy(text.encode(), "mine.yaml")


@pytest.fixture(scope="module")
def policy() -> cr.Policy:
    """With an indicator whose direction is the opposite of what the records say."""
    return mine(OWN)


@pytest.fixture(scope="module")
def trained(policy: cr.Policy) -> cr.TrainedModel:
    scorer = cr.BoostedScorer(n_estimators=40, n_jobs=1)
    return cr.train_model(ENTERPRISES, RECORDS, policy=policy, scorer=scorer, **WINDOW)


def test_a_model_is_held_to_the_directions_of_the_policys_own_indicators(trained: cr.TrainedModel) -> None:
    assert trained.scorer.directions_of_columns()["quality.recent_violations"] == "risk_falls"
    assert trained.scorer.directions_of_columns()["safety.accident_count"] == "risk_rises"


def test_what_the_scorer_declares_itself_comes_before_the_policy(policy: cr.Policy) -> None:
    scorer = cr.ScorecardScorer(directions={"quality.recent_violations": "none"}, n_jobs=1)
    fitted = cr.train_model(ENTERPRISES, RECORDS, policy=policy, scorer=scorer, **WINDOW).scorer
    assert fitted.directions_of_columns()["quality.recent_violations"] == "none"
    assert fitted is not scorer and not hasattr(scorer, "points_")


def test_the_card_says_what_the_model_was_held_to_and_what_it_foretells(
    trained: cr.TrainedModel, policy: cr.Policy, tmp_path: Path
) -> None:
    kept = cr.save_model(trained.scorer, tmp_path / "model", policy=policy, cohort=trained.cohort)
    card = cr.model_card(kept, language="en")
    line = next(line for line in card.splitlines() if "quality.recent_violations" in line)
    assert "Violations of quality, 6 months" in line and "risk falls with it" in line
    assert "within 6 months, after 7 days, finds something (types: violation; dimension: quality)" in card


def test_reasons_call_the_policys_own_indicators_by_their_labels(policy: cr.Policy) -> None:
    X = pl.DataFrame({"quality.recent_violations": [0.0, 1.0, 2.0, 0.0] * 50})
    directions = {"quality.recent_violations": "risk_rises"}
    scorer = cr.BoostedScorer(n_estimators=20, n_jobs=1, directions=directions).fit(X, [0, 1, 1, 0, 0, 0, 1, 1] * 25)
    reasons = scorer.reasons(X[:3], specs=tuple(policy.specs.values()), output="polars")
    assert reasons.height == 3
    assert reasons["text_zh"].str.starts_with("近6个月质量违规数").all()
    assert scorer.reasons(X[:3], output="polars")["text_zh"].str.starts_with("quality.recent_violations").all()


def test_draws_alone_are_learnt_from_where_asked() -> None:
    learnt = cr.train_model(
        ENTERPRISES, RECORDS, scorer=cr.ScorecardScorer(n_jobs=1), draws_only=True, **WINDOW
    ).cohort  # fmt: skip
    assert learnt.random_draws == learnt.rows > 0


def test_windows_that_overlap_are_refused() -> None:
    with pytest.raises(cr.InputError, match="the window to test on begins on 2024-12-31"):
        cr.train_model(ENTERPRISES, RECORDS, test_from="2024-12-31", test_to="2025-12-31", **WINDOW)


def test_who_is_inspected_later_does_not_decide_who_is_compared_with_whom() -> None:
    policy = mine(OWN.replace("measure: count", "measure: count\n    percentile_within: [industry]"))
    days = days_to_look_at(policy, ENTERPRISES, RECORDS, every="1Y", from_=date(2024, 1, 1), to=date(2025, 1, 1))
    assert days["enterprise_id"].n_unique() > RECORDS.data.filter(type="inspection")["enterprise_id"].n_unique()
    some = days.gather_every(7)
    whole = indicators_of(days, days, policy, ENTERPRISES, RECORDS)
    part = indicators_of(some, days, policy, ENTERPRISES, RECORDS)
    assert part.equals(whole.gather_every(7))
