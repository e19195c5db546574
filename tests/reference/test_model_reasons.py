"""What a model says of an enterprise in a batch is what it says of the enterprise alone."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

import creditrisk as cr

DAY = "2026-06-30"
PROVINCE = cr.simulate_province(240, 15.0, seed=11)
READ = ("safety.violation_severity", "quality.penalty_severity", "compliance.inspection_count", "safety.training_count")


@pytest.fixture(scope="module")
def model() -> cr.BoostedScorer:
    """A small model of a few indicators, of who has had many violations."""
    builder = cr.IndicatorBuilder(PROVINCE.records, enterprises=PROVINCE.enterprises, only=READ)
    cohort = PROVINCE.enterprises.select("enterprise_id", as_of=pl.lit(DAY))
    X = builder.fit_transform(cohort)
    y = (X["safety.violation_severity"] + X["quality.penalty_severity"] > 3).to_numpy().astype(int)
    days = pl.Series(["2025-06-30", "2025-12-31", "2026-06-30"] * 80).str.to_date()
    return cr.BoostedScorer(n_jobs=1, n_estimators=20).fit(X, y, as_of=days)


def assessed(model: cr.BoostedScorer, ids: Sequence[str] | None = None) -> pl.DataFrame:
    enterprises, records = PROVINCE.enterprises, PROVINCE.records
    if ids is not None:
        enterprises, records = (table.filter(pl.col("enterprise_id").is_in(ids)) for table in (enterprises, records))
    return cr.assess(enterprises, records, as_of=DAY, model=model, combine="rules", output="polars").table


def test_each_enterprise_has_its_own_reasons_probability_and_tier(model: cr.BoostedScorer) -> None:
    columns = ["enterprise_id", "model_probability", "tier_by_model", "model_reasons_zh", "model_reasons_en"]
    together = assessed(model).select(columns)
    alone = pl.concat([assessed(model, [name]).select(columns) for name in together["enterprise_id"][::12]])
    assert together.filter(pl.col("enterprise_id").is_in(alone["enterprise_id"].to_list())).rows() == alone.rows()
    # It could not fail if all had the same reasons.
    assert alone["model_reasons_en"].list.join("; ").n_unique() >= 5


def test_reasons_stay_with_their_enterprise_in_a_table_in_reverse(model: cr.BoostedScorer) -> None:
    together = assessed(model)
    backwards = cr.assess(
        PROVINCE.enterprises.reverse(), PROVINCE.records.reverse(), as_of=DAY, model=model, output="polars"
    )
    assert backwards.table.equals(together)
