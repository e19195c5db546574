"""A model on inspections after its training: figures beside the rules, and no overlap with what it learnt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.learning.bundles.manifest import TrainingCohort
from creditrisk.learning.studies.evaluating import evaluate_model, last_day_learnt
from creditrisk.learning.target import Target
from creditrisk.vocabulary import BilingualText
from tests.learning.conftest import Rows, unfitted

PROVINCE = cr.simulate_province(1_000, 20.0, seed=7)
ENTERPRISES = cr.read_enterprises(PROVINCE.enterprises)
RECORDS = cr.read_records(PROVINCE.records, enterprises=ENTERPRISES)
TARGET = Target(finding={"types": ["violation"]}, within_months=6)


@pytest.fixture(scope="module")
def early(rows: Rows) -> cr.BoostedScorer:
    """A model that learnt from rows of 2023 alone."""
    chosen = (rows.as_of < date(2024, 1, 1)).to_numpy()
    return unfitted(n_estimators=50).fit(
        rows.X[chosen], rows.y[chosen], as_of=rows.as_of.filter(chosen), groups=rows.groups.filter(chosen)
    )


def test_model_and_rules_are_compared_on_the_same_inspections(early: cr.BoostedScorer, tmp_path: Path) -> None:
    evaluation = evaluate_model(
        early, ENTERPRISES, RECORDS, from_="2024-12-31", to="2025-12-31", target=TARGET, n_resamples=50
    )
    figures = evaluation.comparison.figures
    assert figures["score"].unique(maintain_order=True).to_list() == ["model", "rules"]
    assert figures["rows"].n_unique() == 1
    auc = figures.filter(figure="auc", score="model").row(0, named=True)
    assert auc["low"] < auc["value"] < auc["high"]
    assert auc["value"] > 0.55
    assert evaluation.groups["column"].unique().sort().to_list() == ["industry", "region", "scale"]
    assert evaluation.tiers.group_by("by").agg(pl.col("rows").sum())["rows"].n_unique() == 1
    files = evaluation.save(tmp_path / "evaluation")
    assert pl.read_csv(files["figures.csv"]).height == figures.height


def test_rates_are_given_plainly_and_weighted_by_draws(early: cr.BoostedScorer, tmp_path: Path) -> None:
    evaluation = evaluate_model(
        early, ENTERPRISES, RECORDS, from_="2024-12-31", to="2025-12-31", target=TARGET, n_resamples=20
    )
    assert 0 < evaluation.rate.n_drawn < evaluation.rate.n_inspected
    assert evaluation.weighted is not None
    assert evaluation.weighted.figures["rows"][0] == evaluation.rate.n_drawn
    evaluation.save(tmp_path)
    files = replace(evaluation, weighted=None).save(tmp_path)
    assert "weighted_figures.csv" not in files
    assert {path.name for path in tmp_path.iterdir()} == set(files)


def test_each_inspection_counts_once_whatever_days_it_is_seen_from(early: cr.BoostedScorer) -> None:
    evaluation = evaluate_model(
        early, ENTERPRISES, RECORDS, from_="2024-12-31", to="2025-12-31", every="1M", target=TARGET, n_resamples=5
    )
    inspections = RECORDS.data.filter(
        pl.col("type").cast(pl.String) == "inspection",
        pl.col("outcome").cast(pl.String).ne_missing("unreachable"),
        pl.col("occurred_on").is_between(date(2025, 1, 1), date(2026, 6, 30)),
    ).select("enterprise_id", "occurred_on")
    assert 0 < evaluation.rate.n_inspected <= inspections.n_unique()
    assert evaluation.to_dict()["inspections"] == evaluation.rate.n_inspected == evaluation.tiers["rows"].sum() / 2


def test_a_window_that_overlaps_the_training_is_refused(early: cr.BoostedScorer) -> None:
    learnt = last_day_learnt(early, TARGET)
    assert learnt == date(2024, 6, 30)
    with pytest.raises(cr.InputError, match="begin on 2024-06-30 or later"):
        evaluate_model(early, ENTERPRISES, RECORDS, from_="2024-06-29", to="2025-12-31", target=TARGET)
    evaluate_model(early, ENTERPRISES, RECORDS, from_=learnt, to="2025-12-31", target=TARGET, n_resamples=5)


def test_a_window_without_outcomes_is_a_clear_error(early: cr.BoostedScorer) -> None:
    with pytest.raises(cr.InputError, match="0 inspections from 2027-01-01 to 2027-12-31"):
        evaluate_model(early, ENTERPRISES, RECORDS, from_="2027-01-01", to="2027-12-31", target=TARGET)


def test_a_saved_model_says_its_target_and_what_it_learnt_until(early: cr.BoostedScorer, tmp_path: Path) -> None:
    learnt = TrainingCohort(
        source=BilingualText(zh="模拟", en="simulated"), first_day=date(2023, 6, 30), last_day=date(2023, 12, 31),
        target=TARGET, learnt_until=date(2024, 6, 30), enterprises=1, rows=1, findings=1,
    )  # fmt: skip
    bundle = cr.save_model(early, tmp_path / "model", cohort=learnt)
    window = {"from_": "2024-12-31", "to": "2025-12-31", "n_resamples": 5}
    plain = evaluate_model(early, ENTERPRISES, RECORDS, target=TARGET, **window)
    for model in (bundle, tmp_path / "model"):
        assert evaluate_model(model, ENTERPRISES, RECORDS, **window).to_dict() == plain.to_dict()
    with pytest.raises(cr.InputError, match="begin on 2024-06-30 or later"):
        evaluate_model(bundle, ENTERPRISES, RECORDS, from_="2024-06-29", to="2025-12-31")


def test_a_policy_that_defines_an_indicator_otherwise_is_refused(early: cr.BoostedScorer, tmp_path: Path) -> None:
    bundle = cr.save_model(early, tmp_path / "model")
    spec = next(spec for spec in bundle.manifest.indicators if spec.window_months)
    other = spec.model_copy(update={"window_months": spec.window_months + 1})
    others = tuple(other if each is spec else each for each in bundle.manifest.indicators)
    redefined = replace(bundle, manifest=bundle.manifest.model_copy(update={"indicators": others}))
    with pytest.raises(cr.InputError, match="otherwise than it was when the model was trained"):
        evaluate_model(redefined, ENTERPRISES, RECORDS, from_="2024-12-31", to="2025-12-31", target=TARGET)
