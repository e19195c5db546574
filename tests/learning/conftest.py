"""Rows to learn from that many tests share: inspected enterprises of a simulated province, on several days."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.learning.studies.cohorts import cohort
from creditrisk.learning.studies.outcomes import outcomes
from creditrisk.learning.target import Target


class Rows(NamedTuple):
    """Indicators, outcomes, days and enterprises, row by row; ``enterprises`` has what is known of each."""

    X: pd.DataFrame
    y: np.ndarray
    as_of: pl.Series
    groups: pl.Series
    enterprises: pl.DataFrame


@pytest.fixture(scope="session")
def rows() -> Rows:
    """About 2,000 rows; columns that say nothing about so few enterprises are left out."""
    province = cr.simulate_province(1_000, 20.0, seed=7)
    days = cohort(province.records, every="6M", from_="2023-06-30", to="2025-06-30", output="polars")
    target = Target(finding={"types": ["violation"]})
    found = outcomes(province.records, days, target, output="polars").drop_nulls("finding")
    X = cr.IndicatorBuilder(province.records, enterprises=province.enterprises).fit_transform(found)
    enterprises = found.join(province.enterprises, on="enterprise_id", how="left", maintain_order="left")
    return Rows(
        X.loc[:, X.nunique(dropna=False) > 1],
        found["finding"].to_numpy(),
        found["as_of"],
        found["enterprise_id"],
        enterprises.select("industry", "region", pl.col("scale").cast(pl.String)),
    )


@pytest.fixture(scope="session")
def scorer(rows: Rows) -> cr.BoostedScorer:
    """A model of trees of depth three."""
    return unfitted().fit(rows.X, rows.y, as_of=rows.as_of, groups=rows.groups)


@pytest.fixture(scope="session")
def additive(rows: Rows) -> cr.BoostedScorer:
    """A model of steps of single indicators."""
    return unfitted(additive=True).fit(rows.X, rows.y, as_of=rows.as_of, groups=rows.groups)


@pytest.fixture(scope="session")
def with_categories(rows: Rows) -> cr.BoostedScorer:
    """A model that also knows industry, region and scale."""
    return unfitted(n_estimators=60).fit(frame_with_categories(rows), rows.y, as_of=rows.as_of)


@pytest.fixture
def kept(scorer: cr.BoostedScorer, tmp_path: Path) -> Path:
    """The folder of a saved model."""
    cr.save_model(scorer, tmp_path / "model")
    return tmp_path / "model"


def unfitted(**parameters: Any) -> cr.BoostedScorer:
    """A model on one thread: on busy cores threads that wait for one another take longer than the work."""
    return cr.BoostedScorer(**{"n_jobs": 1, **parameters})


def frame_with_categories(rows: Rows) -> pl.DataFrame:
    """The indicators and what is known of each enterprise."""
    return pl.concat([pl.from_pandas(rows.X.iloc[:, :20]), rows.enterprises], how="horizontal")
