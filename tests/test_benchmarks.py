"""A second implementation of every indicator, in pandas, agrees with the engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl

import creditrisk as cr
from benchmarks.data import AS_OF, ENTERPRISE_COLUMNS, RECORD_COLUMNS
from benchmarks.pandas_indicators import indicators
from creditrisk.indicators.engine import DEFAULT_SEVERITY_WEIGHTS


def test_the_engine_equals_pandas_on_every_built_in_indicator() -> None:
    province = cr.simulate_province(2_000, 15.0, seed=11)
    cohort = province.enterprises.select("enterprise_id", as_of=pl.lit(AS_OF))
    ours = cr.IndicatorBuilder(province.records, enterprises=province.enterprises).fit_transform(cohort)
    records = province.records.select(RECORD_COLUMNS).to_pandas()
    enterprises = province.enterprises.select(ENTERPRISE_COLUMNS).to_pandas()
    theirs = indicators(cr.built_in_indicators(), records, enterprises, pd.Timestamp(AS_OF), DEFAULT_SEVERITY_WEIGHTS)
    assert list(theirs.columns) == list(ours.columns)
    np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), rtol=1e-9, atol=1e-9)
    assert (theirs.nunique() > 1).mean() > 0.9
