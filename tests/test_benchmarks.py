"""A second implementation of every indicator, in pandas, agrees with the engine; and the benchmark runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import benchmarks.__main__ as bench
import creditrisk as cr
from benchmarks.data import AS_OF, ENTERPRISE_COLUMNS, RECORD_COLUMNS, Data
from benchmarks.pandas_indicators import indicators
from benchmarks.step import measure
from creditrisk.indicators.engine import DEFAULT_SEVERITY_WEIGHTS
from creditrisk.simulate import Province

PENALTIES = {"types": ["penalty"]}
# What the built-in catalogue does not use, or not in this combination.
FURTHER: list[dict[str, Any]] = [
    {"measure": "mean", "of": "amount", "select": PENALTIES},
    {"measure": "max", "of": "severity", "window_months": 18},
    {"measure": "last", "of": "amount", "select": {"types": ["penalty", "arrears"]}},
    {"measure": "last", "of": "attributes.score", "select": {"types": ["inspection"], "standing": "known"}},
    {"measure": "sum", "of": "attributes.score", "half_life_months": 7.5},
    {"measure": "sum", "of": "amount", "select": PENALTIES, "time_steps": [{"months": 6, "weight": 3}]},
    {"measure": "days_since_first"},
    {"measure": "distinct", "of": "matter", "select": {"dimension": "quality"}},
    {"measure": "distinct", "of": "type", "window_months": 30},
    {"measure": "count", "half_life_months": 12, "select": {"standing": "known"}},
    {"measure": "count", "per": "employees", "select": {"severity_at_least": "general"}},
    {"measure": "count", "percentile_within": ["industry", "scale"]},
    {
        "measure": "weighted_sum",
        "select": PENALTIES,
        "time_steps": [{"months": 6, "weight": 2}, {"months": 12, "weight": 1}],
    },
    {
        "measure": "ratio",
        "select": {"types": ["violation"], "severity_at_least": "serious"},
        "out_of": {"types": ["violation", "penalty"]},
        "window_months": 24,
    },
    {"measure": "attribute", "of": "employees"},
    {"measure": "attribute", "of": "key_area_count"},
    {"measure": "attribute", "of": "new_business_form"},
]


@pytest.fixture(scope="module")
def province() -> Province:
    return cr.simulate_province(2_000, 15.0, seed=11)


def test_the_engine_equals_pandas_on_every_built_in_indicator(province: Province) -> None:
    records, enterprises = province.records.select(RECORD_COLUMNS), province.enterprises.select(ENTERPRISE_COLUMNS)
    theirs = assert_equal(cr.built_in_indicators(), records, enterprises)
    assert (theirs.nunique() > 1).mean() > 0.9


def test_the_engine_equals_pandas_on_every_measure(province: Province) -> None:
    text = {"label": {"zh": "例", "en": "example"}, "source": "test", "direction": "none"}
    specs = [cr.IndicatorSpec(id=f"safety.n{i}", **text, **spec) for i, spec in enumerate(FURTHER)]
    score = (pl.int_range(pl.len()) * 37 % 1009) / 8
    records = province.records.with_columns(
        pl.when(pl.int_range(pl.len()) % 5 > 0).then(score).alias("attributes.score")
    )
    theirs = assert_equal(specs, records, province.enterprises)
    assert (theirs.nunique() > 1).all()


def test_a_small_run_measures_every_step_and_finds_that_results_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Data.of(tmp_path, 300, 10.0).make(300, 10.0)
    # Processes of their own keep figures apart, which matter here to nobody.
    monkeypatch.setattr(bench, "run", lambda step, data: measure(step, data, keep=step in bench.KEPT))
    small = f"--enterprises 300 --repeats 1 --data {tmp_path} --json {tmp_path / 'figures.json'}"
    monkeypatch.setattr(sys, "argv", ["benchmarks", *small.split()])
    bench.main()
    printed = capsys.readouterr().out
    assert all(f"| {step} |" in printed for step in bench.STEPS)
    assert "it disagrees on 0 of them" in printed
    assert "The bare training reached the same losses: True" in printed
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["largest_difference_from_pandas"] <= 1e-9


def assert_equal(specs: Any, records: pl.DataFrame, enterprises: pl.DataFrame) -> pd.DataFrame:
    cohort = enterprises.select("enterprise_id", as_of=pl.lit(AS_OF))
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, indicators=specs, only=[spec.id for spec in specs])
    ours = builder.fit_transform(cohort)
    frames = [
        frame.with_columns(pl.col(pl.Date).cast(pl.Datetime("ms"))).to_pandas() for frame in (records, enterprises)
    ]
    theirs = indicators(specs, *frames, pd.Timestamp(AS_OF), DEFAULT_SEVERITY_WEIGHTS)
    assert list(theirs.columns) == list(ours.columns)
    for name in ours.columns:
        np.testing.assert_allclose(ours[name].to_numpy(), theirs[name].to_numpy(), rtol=1e-9, atol=1e-9, err_msg=name)
    return theirs


def test_duckdb_and_we_put_as_many_into_each_tier(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = Data(tmp_path_factory.getbasetemp() / "bench")
    if not data.made:
        data.make(300, 10.0)
    ours, theirs = (measure(step, data)["facts"]["tiers"] for step in ("ours.tiering", "references.duckdb_tiering"))
    assert ours == theirs
    assert sum(ours) == 300
