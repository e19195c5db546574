"""The standing table says for any record and day whether it counts, and why."""

from __future__ import annotations

import polars as pl
import pytest

import creditrisk as cr
from tests.conftest import records_of

DAY = "2026-06-30"


def row_of(as_of: str = DAY, **record: object) -> dict[str, object]:
    """The standing on a day of one penalty of general severity, decided after the national rules of 2026."""
    penalty = {"type": "penalty", "severity": "general", "occurred_on": "2026-04-15", **record}
    return cr.standing_table(records_of(penalty), as_of=as_of, output="polars").row(0, named=True)


@pytest.mark.parametrize(
    ("record", "as_of", "standing", "reason"),
    [
        ({}, DAY, "in_force", "in force since 2026-04-15, until 2027-04-15, may be repaired from 2026-07-15 on"),
        ({"severity": "minor"}, DAY, "in_force", "in force since 2026-04-15, until 2026-07-15, may be repaired from"),
        ({"severity": "grave"}, DAY, "in_force", "until 2029-04-15, may be repaired from 2027-04-15 on"),
        ({"known_on": "2026-07-02"}, DAY, "not_yet_known", "not known before 2026-07-02"),
        ({"revoked_on": "2026-05-01"}, DAY, "revoked", "revoked on 2026-05-01"),
        ({"repaired_on": "2026-05-01"}, DAY, "in_force", "until 2026-07-15"),
        ({"repaired_on": "2026-05-01"}, "2026-07-15", "repaired", "repaired; does not count from 2026-07-15 on"),
        ({"severity": "minor"}, "2026-07-15", "expired", "does not count from 2026-07-15 on"),
        ({"type": "violation", "severity": "minor"}, DAY, "exempt", "minor first offence, exempt by the list"),
        ({"occurred_on": "2026-03-31"}, DAY, "in_force", "until 2029-03-31, may be repaired from 2026-06-30 on"),
        ({"occurred_on": "2026-03-31", "dimension": "safety"}, DAY, "in_force", "may be repaired from 2027-03-31 on"),
    ],
)
def test_each_standing_has_its_reason(record: dict[str, object], as_of: str, standing: str, reason: str) -> None:
    row = row_of(as_of, **record)
    assert row["standing"] == standing
    assert row["counts"] == (standing == "in_force")
    assert reason in row["reason_en"]


def test_the_basis_is_that_of_the_term_in_force_when_the_penalty_was_decided() -> None:
    assert "第36号" in row_of()["basis"]
    assert "第58号" in row_of(occurred_on="2026-03-31")["basis"]
    assert row_of(type="inspection")["basis"] is None


def test_the_edition_of_the_day_decides() -> None:
    before = row_of("2026-03-31", occurred_on="2025-06-01", severity="minor")
    assert before["standing"] == "in_force"
    assert "第58号" in before["basis"]


def test_the_table_has_every_record_in_the_order_read_and_agrees_with_what_counts(
    province: tuple[cr.Enterprises, cr.Records],
) -> None:
    records = province[1]
    table = cr.standing_table(records, as_of=DAY, output="polars")
    assert table["record_id"].equals(records.data["record_id"])
    day = pl.lit(DAY).str.to_date()
    counted = (pl.col("counts_from") <= day) & (pl.col("counts_until").is_null() | (pl.col("counts_until") > day))
    assert table.select((counted & (pl.col("standing") != "exempt")).eq(pl.col("counts")).all()).item()
