"""The table of measures against the kernel: what it says of each is what the kernel computes."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.indicators.builder import cohort_on
from creditrisk.indicators.engine import Kernel
from creditrisk.indicators.measures import MEASURES, Measure
from tests.conftest import records_of

AS_OF = date(2026, 6, 30)
OF_RECORDS = [name for name in get_args(Measure) if MEASURES[name].of_records]
KEYS: dict[str, dict[str, Any]] = {
    "number": {"of": "amount"},
    "value": {"of": "authority"},
    "whole": {"out_of": {"types": ["penalty", "complaint"]}},
}

# Days ago, fine, authority, severity.
PENALTY = st.tuples(
    st.integers(0, 900), st.integers(0, 500), st.sampled_from("abc"), st.sampled_from(["minor", "grave"])
)
PENALTIES = st.lists(PENALTY, max_size=6)


def spec_of(measure: Measure, **keys: Any) -> cr.IndicatorSpec:
    """An indicator of penalties."""
    traits = MEASURES[measure]
    texts = {"label": {"zh": "例", "en": "example"}, "direction": "none", "source": "test"}
    select = {"select": {"types": ["penalty"]}, **KEYS.get(traits.takes, {})}
    return cr.IndicatorSpec.model_validate({"id": "safety.example", **texts, "measure": measure, **select, **keys})


def value_of(measure: Measure, penalties: list[tuple[int, int, str, str]], as_of: date = AS_OF, **keys: Any) -> float:
    """The value for an enterprise with these penalties."""
    rows = [
        {
            "type": "penalty", "occurred_on": str(AS_OF - timedelta(days=days)), "amount": fine,
            "authority": authority, "severity": severity,
        }
        for days, fine, authority, severity in penalties
    ]  # fmt: skip
    other = {"enterprise_id": "E2", "type": "penalty", "occurred_on": "2026-01-01", "amount": 1, "authority": "a"}
    records = records_of({**other, "severity": "minor"}, *rows)
    kernel = Kernel([spec_of(measure, **keys)], records.data, cohort_on(pl.Series(["E1"]), as_of))
    return float(kernel.indicators()["safety.example"][0])


def test_the_table_has_every_measure_and_no_other() -> None:
    assert list(MEASURES) == list(get_args(Measure))


@pytest.mark.parametrize("measure", OF_RECORDS)
def test_the_kernel_computes_every_measure_of_records(measure: Measure) -> None:
    assert not np.isnan(value_of(measure, [(10, 100, "a", "grave")]))


@pytest.mark.parametrize("measure", OF_RECORDS)
def test_of_no_records_a_measure_is_zero_or_missing_as_the_table_says(measure: Measure) -> None:
    value = value_of(measure, [])
    assert value == 0 if MEASURES[measure].of_none == "zero" else np.isnan(value)


@pytest.mark.parametrize("measure", get_args(Measure))
def test_a_measure_takes_what_the_table_says(measure: Measure) -> None:
    traits = MEASURES[measure]
    if not traits.of_records:
        with pytest.raises(ValueError, match="looks at no records, so it selects none"):
            spec_of(measure, of="safety.other")
        return
    spec_of(measure)
    for key, belongs in (("of", traits.needs_of), ("out_of", traits.takes == "whole")):
        with pytest.raises(ValueError, match=rf"'{key}'"):
            spec_of(measure, **{key: None if belongs else {"of": "amount", "out_of": {"types": ["penalty"]}}[key]})
    for keys in ({"half_life_months": 12}, {"time_steps": [{"months": 1, "weight": 1}]}, {"cap_per_inspection": 1}):
        if traits.time_weighted:
            spec_of(measure, **keys)
        else:
            with pytest.raises(ValueError, match="needs measure count, sum or weighted_sum"):
                spec_of(measure, **keys)
    if traits.takes == "number":
        spec_of(measure, plus=[{"of": "attributes.points"}])
    else:
        with pytest.raises(ValueError, match="'plus' needs measure sum, mean, max or last"):
            spec_of(measure, plus=[{"of": "attributes.points"}])


@pytest.mark.parametrize("measure", [name for name in OF_RECORDS if MEASURES[name].counts])
@settings(max_examples=20, deadline=None)
@given(penalties=PENALTIES)
def test_what_counts_is_a_whole_number(measure: Measure, penalties: list[tuple[int, int, str, str]]) -> None:
    value = value_of(measure, penalties)
    assert value >= 0
    assert value == round(value)


@pytest.mark.parametrize("measure", [name for name in OF_RECORDS if MEASURES[name].over_time != "moves"])
@settings(max_examples=20, deadline=None)
@given(penalties=PENALTIES, later=st.integers(1, 400))
def test_time_alone_moves_a_measure_as_the_table_says(
    measure: Measure, penalties: list[tuple[int, int, str, str]], later: int
) -> None:
    now, then = (
        value_of(measure, penalties, AS_OF + timedelta(days=days), window_months=12) for days in (0, later)
    )  # fmt: skip
    if MEASURES[measure].over_time == "falls":
        assert then <= now
    else:
        grows = MEASURES[measure].grows_daily
        assert np.isnan(then) or (then == now + later if grows else then <= now)


@pytest.mark.parametrize("measure", [name for name in OF_RECORDS if MEASURES[name].grows_daily])
@settings(max_examples=20, deadline=None)
@given(penalties=PENALTIES.filter(bool), later=st.integers(1, 400))
def test_what_grows_daily_does(measure: Measure, penalties: list[tuple[int, int, str, str]], later: int) -> None:
    assert value_of(measure, penalties, AS_OF + timedelta(days=later)) == value_of(measure, penalties) + later


@pytest.mark.parametrize("measure", [name for name in OF_RECORDS if MEASURES[name].later_weighs_more])
@settings(max_examples=20, deadline=None)
@given(penalties=PENALTIES, lighter=PENALTY, later=st.integers(0, 100), larger=st.integers(0, 100))
def test_of_two_of_one_kind_the_later_and_larger_moves_a_measure_at_least_as_far(
    measure: Measure,
    penalties: list[tuple[int, int, str, str]],
    lighter: tuple[int, int, str, str],
    later: int,
    larger: int,
) -> None:
    days, fine, authority, severity = lighter
    heavier = (max(0, days - later), fine + larger, authority, severity)
    both, without_lighter, without_heavier = (
        np.nan_to_num(value_of(measure, [*penalties, *two]), nan=1e6 if MEASURES[measure].grows_daily else 0)
        for two in ([lighter, heavier], [heavier], [lighter])
    )
    assert abs(both - without_heavier) >= abs(both - without_lighter) - 1e-6


def test_only_the_table_and_the_kernel_tell_measures_apart() -> None:
    package = Path(cr.__file__).parent
    # The catalogue of built-in indicators gives measures; it does not ask for them.
    knowing = {"indicators/measures.py", "indicators/engine.py"}
    asking = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).as_posix() not in knowing
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Compare) and ".measure" in ast.unparse(node))
        or (isinstance(node, ast.Match) and ".measure" in ast.unparse(node.subject))
        or (isinstance(node, ast.Attribute) and ".measure." in ast.unparse(node))
    ]
    assert asking == []


def test_a_cap_per_inspection_holds_for_plain_counts_too() -> None:
    day = (10, 1, "a", "minor")
    assert value_of("count", [day, day, (11, 1, "a", "minor")]) == 3
    assert value_of("count", [day, day, (11, 1, "a", "minor")], cap_per_inspection=1) == 2
