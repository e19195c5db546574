"""The standing of every record on every day is that of the plain reference."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from tests.reference.cases import Case, cases
from tests.reference.documents import loaded
from tests.reference.settings import examples
from tests.reference.standing import (
    counts_until,
    known_from,
    repairable_from,
    repaired_from,
    standing_of,
    term_of,
    with_actions,
)
from tests.reference.tables import frame_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


@examples(120, 3000)
@given(case=cases(most_records=20), shift=st.sampled_from((0, 0, 1, -1, 31, -366)))
def test_every_record_has_the_standing_and_the_days_that_the_rules_give_it(
    folder: Path, case: Case, shift: int
) -> None:
    day = case.as_of + timedelta(days=shift)
    rules = case.document["standing"]
    policy = loaded(case.document, folder)
    table = cr.standing_table(frame_of(case.records), policy=policy, as_of=day, id_scheme="any", output="polars")
    records = {record["record_id"]: record for record in with_actions(case.records)}
    assert table["record_id"].to_list() == [record["record_id"] for record in case.records]
    for row in table.iter_rows(named=True):
        record = records[row["record_id"]]
        others = [one for one in records.values() if one["enterprise_id"] == record["enterprise_id"]]
        ends = [counts_until(record, rules), repaired_from(record, rules), record.get("revoked_on")]
        term = term_of(record, rules)
        assert row["standing"] == standing_of(record, others, rules, day)
        assert row["counts"] == (row["standing"] == "in_force")
        assert row["counts_from"] == known_from(record)
        assert row["counts_until"] == min((end for end in ends if end is not None), default=None)
        assert row["repairable_from"] == repairable_from(record, rules)
        assert row["basis"] == (None if term is None else term["basis"])
