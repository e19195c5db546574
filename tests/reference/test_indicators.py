"""Indicators of a cohort in which enterprises stand on several days are those of the plain reference."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from tests.reference.cases import Case, cases
from tests.reference.days import months_later
from tests.reference.documents import loaded
from tests.reference.indicators import Cohort, indicator_values
from tests.reference.settings import examples
from tests.reference.standing import with_actions
from tests.reference.tables import FURTHER_TYPE, frame_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


@examples(120, 3000)
@given(case=cases(), seed=st.integers(0, 2**32 - 1), n_rows=st.integers(1, 12), repeats=st.booleans())
def test_every_row_has_the_values_of_its_own_day(
    folder: Path, case: Case, seed: int, n_rows: int, repeats: bool
) -> None:
    rng = Random(seed)  # noqa: S311 - examples, no secrets
    ids = list(case.enterprises_by_id)
    # With and without an enterprise that stands in several rows, on one day or on several.
    chosen = rng.choices(ids, k=n_rows) if repeats else rng.sample(ids, min(n_rows, len(ids)))
    days = [months_later(case.as_of, -rng.choice((0, 0, 1, 12))) + timedelta(days=rng.choice((0, 1))) for _ in chosen]
    rows = list(zip(chosen, days, strict=True))
    names = list(case.specs)
    records = cr.read_records(frame_of(case.records), id_scheme="any", further_types=(FURTHER_TYPE,))
    enterprises = cr.read_enterprises(frame_of(case.enterprises), id_scheme="any")
    policy = loaded(case.document, folder)
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, policy=policy, only=names)
    cohort = pl.DataFrame({"enterprise_id": chosen, "as_of": days})
    values = builder.set_output(transform="polars").fit_transform(cohort)
    expected = indicator_values(
        case.document, case.specs, Cohort(rows, with_actions(case.records), case.enterprises_by_id), names
    )
    for name in names:
        column = [None if value is None else float(value) for value in expected[name]]
        assert values[name].fill_nan(None).to_list() == column, name
