"""The library's assessments are those of the plain reference, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from tests.reference import assessment as reference
from tests.reference.cases import Case, case_of, cases
from tests.reference.checks import check_explanation, check_reasons, check_table
from tests.reference.documents import loaded
from tests.reference.settings import examples
from tests.reference.tables import frame_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


@examples(300, 5000)
@given(cases())
def test_every_row_is_assessed_as_the_documents_say(folder: Path, case: Case) -> None:
    check(case, folder)


@examples(4, 100)
@given(seed=st.integers(0, 2**32 - 1))
def test_so_is_every_row_of_a_table_of_which_only_some_are_looked_at(folder: Path, seed: int) -> None:
    """Points of small tables are computed for all rows, of larger ones where there is something to count."""
    check(case_of(seed, 270, 12, 4, 8), folder)


def check(case: Case, folder: Path) -> None:
    before = case.previous
    assessment = cr.assess(
        frame_of(case.enterprises), frame_of(case.records), policy=loaded(case.document, folder), as_of=case.as_of,
        previous=None if before is None else frame_of(before), id_scheme="any", output="polars",
    )  # fmt: skip
    expected = reference.assess(
        case.document, case.specs, case.enterprises, case.records, case.as_of,
        None if before is None else {row["enterprise_id"]: row for row in before},
    )  # fmt: skip
    check_table(assessment, expected)
    check_reasons(assessment, expected)
    weightiest = max(expected, key=lambda result: len(result.lines))
    check_explanation(assessment.explain(weightiest.enterprise_id), weightiest, case.document)
