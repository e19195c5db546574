"""Amounts as registers have them: a nought stands beside what is missing, and neither swallows what is there."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from tests.reference.settings import examples

# In ten thousands of yuan, as the standard of the two publicities has them.
AMOUNTS = st.sampled_from((None, "0", "0.0", "0.3", "0.5", "0.0001", "12.3456"))


def sum_of_parts(*parts: str | None) -> float | None:
    """Fine and confiscation add up; where one is missing it is the other, where both are, nothing is known."""
    there = [Decimal(part) * 10_000 for part in parts if part is not None]
    return float(sum(there)) if there else None


@examples(60, 1000)
@given(parts=st.lists(st.tuples(AMOUNTS, AMOUNTS, st.sampled_from((None, None, "0", "7000"))), min_size=1, max_size=8))
def test_fine_and_confiscation_add_up_unless_the_source_has_an_amount(
    parts: list[tuple[str | None, str | None, str | None]],
) -> None:
    columns = list(zip(*parts, strict=True))
    names = ("cf_nr_fk", "cf_nr_wfff", "amount")
    table = pl.DataFrame(
        {name: pl.Series(column, dtype=pl.String) for name, column in zip(names, columns, strict=True)}
    )
    table = table.with_columns(record_id=pl.int_range(pl.len()).cast(pl.String), enterprise_id=pl.lit("E1"))
    records = cr.read_records(table.with_columns(cf_jdrq=pl.lit("2026-01-01")), id_scheme="any", output="polars").frame
    expected = [sum_of_parts(*both) if given is None else float(given) for *both, given in parts]
    assert records["amount"].to_list() == expected


@pytest.mark.parametrize(
    ("fine", "confiscated", "amount"),
    [("0.5", "0", 5_000), ("0", "0.5", 5_000), ("0.5", None, 5_000), (None, "0", 0), ("0", "0", 0), (None, None, None)],
)
def test_a_fine_beside_a_confiscation_of_nought_stays_what_it_is_down_to_the_indicator(
    fine: str | None, confiscated: str | None, amount: float | None
) -> None:
    rows = {"record_id": ["a", "b"], "enterprise_id": ["E1", "E2"], "cf_jdrq": "2026-01-01", "dimension": "safety"}
    penalties = pl.DataFrame({**rows, "cf_nr_fk": [fine, "1"], "cf_nr_wfff": [confiscated, "1"]})
    records = cr.read_records(penalties, id_scheme="any", output="polars")
    builder = cr.IndicatorBuilder(records, only=["safety.penalty_amount"])
    cohort = pl.DataFrame({"enterprise_id": ["E1"], "as_of": ["2026-06-30"]})
    assert records.frame["amount"][0] == amount
    assert builder.fit_transform(cohort)["safety.penalty_amount"].tolist() == [amount or 0]
