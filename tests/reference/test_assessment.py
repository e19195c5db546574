"""The library's assessments are those of the plain reference, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

import creditrisk as cr
from tests.reference import assessment as reference
from tests.reference.cases import Case, cases
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
