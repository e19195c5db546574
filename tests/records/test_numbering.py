"""Codes to rows of the register, and records that carry them."""

from __future__ import annotations

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.records.numbering import CodeTable
from creditrisk.records.reading import read_enterprises, read_records
from tests.conftest import AS_OF


@pytest.fixture(scope="module")
def simulated() -> tuple[pl.DataFrame, pl.DataFrame]:
    province = cr.simulate_province(300, 8.0, seed=3)
    return province.enterprises, province.records


def rows_by_join(codes: pl.Series, register: pl.Series) -> list[int | None]:
    places = pl.DataFrame({"code": register}).with_row_index("row")
    return codes.to_frame("code").join(places, on="code", how="left", maintain_order="left")["row"].to_list()


def test_every_code_is_found_where_a_join_finds_it(simulated: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    register, codes = simulated[0]["enterprise_id"], simulated[1]["enterprise_id"]
    for known in (register, register.head(100), register.head(1), register.head(0)):
        assert CodeTable(known).rows_of(codes).to_list() == rows_by_join(codes, known)


def test_equal_hashes_lead_no_code_to_another(
    simulated: tuple[pl.DataFrame, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pl.Series, "hash", lambda codes: pl.repeat(0, len(codes), dtype=pl.UInt64, eager=True))
    register = simulated[0]["enterprise_id"].head(60)
    codes = simulated[0]["enterprise_id"].reverse()
    assert CodeTable(register).rows_of(codes).to_list() == rows_by_join(codes, register)


def test_what_is_no_valid_code_is_not_found(simulated: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    code = simulated[0]["enterprise_id"][0]
    odd = pl.Series(["x", code, None, code[:17], code + "0", "", "企业企业企业"])
    assert CodeTable(odd).rows_of(odd).to_list() == [None, 1, None, None, None, None, None]


def test_rows_of_the_register_keep_step_with_the_records(simulated: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    enterprises = read_enterprises(simulated[0].tail(250))
    records = simulated[1]
    legacy = records.tail(1).with_columns(pl.col("enterprise_id").str.slice(8, 9), record_id=pl.lit("legacy"))
    mistyped = records.head(1).with_columns(enterprise_id=pl.lit("91110000600037341N"), record_id=pl.lit("mistyped"))
    lost = records.head(1).with_columns(type=pl.lit("repair"), record_id=pl.lit("lost"), acts_on=pl.lit("nothing"))
    read = read_records(
        pl.concat([mistyped, lost, records.head(1), records, legacy], how="vertical_relaxed"), enterprises=enterprises
    )
    assert read.report.rows_rejected == 3
    known = read.register_rows
    assert known is not None
    assert known.register is enterprises.data
    assert known.row.to_list() == rows_by_join(read.data["enterprise_id"], enterprises.data["enterprise_id"])


def test_an_assessment_is_the_same_with_whatever_enterprises_the_records_were_read(
    simulated: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    assessed = read_enterprises(simulated[0].tail(250).reverse())
    others = read_enterprises(simulated[0].head(200))
    results = [
        cr.assess(assessed, records, as_of=AS_OF, output="polars")
        for records in (
            simulated[1],
            read_records(simulated[1]),
            read_records(simulated[1], enterprises=assessed),
            read_records(simulated[1], enterprises=others),
        )
    ]
    for result in results[1:]:
        assert result.table.equals(results[0].table)
        assert result.reasons.equals(results[0].reasons)
        assert result.rejects.equals(results[0].rejects)
