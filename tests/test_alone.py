"""One enterprise alone, with records or without, gets exactly what it gets among others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.policy.loading import built_in_policies
from tests.conftest import AS_OF, enterprises_of, records_of
from tests.dressed import dressed

# How many enterprises of each population are assessed alone; CREDITRISK_LONG_TESTS=1 takes all of them.
ALONE = None if os.environ.get("CREDITRISK_LONG_TESTS") else 8
POLICIES = [cr.load_policy(name, AS_OF) for name in built_in_policies()]
COMPARING = [policy for policy in POLICIES if policy.compares_enterprises]
BY_ITSELF = [policy for policy in POLICIES if not policy.compares_enterprises]
Frames = tuple[pl.DataFrame, pl.DataFrame]


@pytest.fixture(scope="module", params=["sample", "province"])
def population(request: pytest.FixtureRequest) -> Frames:
    if request.param == "sample":
        paths = cr.sample_paths()
        return pl.read_csv(paths.enterprises, infer_schema=False), pl.read_csv(paths.records, infer_schema=False)
    simulated = cr.simulate_province(400, 15.0, seed=7)
    return simulated.enterprises, simulated.records


def assessed(policy: cr.Policy, enterprises: Any, records: Any) -> cr.Assessment:
    return cr.assess(enterprises, records, policy=policy, as_of=AS_OF, output="polars")


def chosen(batch: cr.Assessment) -> list[str]:
    """Some enterprises, those without records among them."""
    table = batch.table.sort("evidence_count", "enterprise_id")
    ids = table["enterprise_id"].to_list()
    return ids if ALONE is None else ids[:: len(ids) // ALONE]


@pytest.mark.parametrize("policy", BY_ITSELF, ids=lambda policy: policy.id)
def test_alone_gives_what_the_batch_gives(policy: cr.Policy, population: Frames) -> None:
    enterprises, records = dressed(policy, *population)
    batch = assessed(policy, enterprises, records)
    for one in chosen(batch):
        alone = assessed(policy, enterprises.filter(enterprise_id=one), records.filter(enterprise_id=one))
        assert alone.table.equals(batch.table.filter(enterprise_id=one))
        assert alone.reasons.equals(batch.reasons.filter(enterprise_id=one))
    assert alone.explain(one) == batch.explain(one)


@pytest.mark.parametrize("policy", BY_ITSELF, ids=lambda policy: policy.id)
def test_without_records_alone_gives_what_the_batch_gives(policy: cr.Policy, population: Frames) -> None:
    enterprises, records = dressed(policy, *population)
    one = enterprises["enterprise_id"][0]
    batch = assessed(policy, enterprises, records.filter(pl.col("enterprise_id") != one))
    bare = records.select("enterprise_id", "type", "occurred_on")
    for nothing in (records.clear(), bare.clear()):
        alone = assessed(policy, enterprises.filter(enterprise_id=one), nothing)
        assert alone.table.equals(batch.table.filter(enterprise_id=one))
        assert alone.explain(one) == batch.explain(one)


@pytest.mark.parametrize("policy", BY_ITSELF, ids=lambda policy: policy.id)
def test_without_any_further_number_alone_gives_what_the_batch_gives(policy: cr.Policy, population: Frames) -> None:
    enterprises, records = dressed(policy, *population)
    one = chosen(assessed(policy, enterprises, records))[-1]
    its_own = pl.col("enterprise_id") == one
    numbers = [name for name in records.columns if name not in population[1].columns]
    records = records.with_columns(pl.when(~its_own).then(pl.col(name)).alias(name) for name in numbers)
    batch = assessed(policy, enterprises, records)
    alone = assessed(policy, enterprises.filter(its_own), records.filter(its_own))
    assert alone.table.equals(batch.table.filter(its_own))
    assert alone.reasons.equals(batch.reasons.filter(its_own))


def csv(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_csv(folder / "records.csv")
    return folder / "records.csv"


def parquet(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_parquet(folder / "records.parquet")
    return folder / "records.parquet"


def excel(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_excel(folder / "records.xlsx")
    return folder / "records.xlsx"


def rows_of_a_service(frame: pl.DataFrame, folder: Path) -> object:
    import pandas as pd

    return pd.DataFrame(frame.to_dicts(), columns=frame.columns)


SOURCES = [
    lambda frame, folder: frame, lambda frame, folder: frame.to_pandas(), lambda frame, folder: frame.to_arrow(),
    csv, parquet, excel, rows_of_a_service,
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("with_records", [False, True])
def test_alone_from_any_source(
    source: Callable[[pl.DataFrame, Path], object], with_records: bool, tmp_path: Path
) -> None:
    policy = cr.load_policy("uk_food_law", AS_OF)
    paths = cr.sample_paths()
    enterprises, records = dressed(
        policy, pl.read_csv(paths.enterprises, infer_schema=False), pl.read_csv(paths.records, infer_schema=False)
    )
    one = chosen(assessed(policy, enterprises, records))[-1]
    its_own = records.filter(enterprise_id=one) if with_records else records.clear()
    rest = records.filter(pl.col("enterprise_id") != one)
    batch = assessed(policy, enterprises, pl.concat([rest, its_own]))
    alone = assessed(policy, enterprises.filter(enterprise_id=one), source(its_own, tmp_path))
    assert alone.table.equals(batch.table.filter(enterprise_id=one))


def test_a_number_that_no_record_has_is_said(population: Frames) -> None:
    frame = population[1].head(3).with_columns(hygiene=pl.lit(None, dtype=pl.String))
    assert any("no row has a value for hygiene" in note for note in cr.read_records(frame).report.notes)


def test_a_column_that_is_not_there_is_refused_where_a_record_should_have_it() -> None:
    policy = cr.load_policy("nyc_restaurants", AS_OF)
    enterprises = pl.DataFrame({"enterprise_id": ["E1"], "established_on": ["2010-01-01"]})
    record = {"enterprise_id": "E1", "occurred_on": "2026-06-01"}
    for kind in next(spec.select.types for spec in policy.indicators if spec.plus):
        with pytest.raises(cr.InputError, match=r"the records have no column 'attributes\.extent_points'"):
            cr.assess(enterprises, pl.DataFrame({**record, "type": kind}), policy=policy, as_of=AS_OF, id_scheme="any")
    cr.assess(enterprises, pl.DataFrame({**record, "type": "training"}), policy=policy, as_of=AS_OF, id_scheme="any")


@pytest.mark.parametrize("policy", COMPARING, ids=lambda policy: policy.id)
def test_a_policy_that_compares_enterprises_needs_more_than_one(policy: cr.Policy, population: Frames) -> None:
    enterprises, records = dressed(policy, *population)
    with pytest.raises(cr.InputError, match="compares enterprises with one another, and there is only one"):
        assessed(policy, enterprises.head(1), records)
    assert len(assessed(policy, enterprises.head(2), records).table) == 2


def test_the_catalogue_holds_policies_of_both_kinds() -> None:
    assert [policy.id for policy in COMPARING] == ["us_fmcsa_sms"]


def test_before_its_first_record_alone_gives_what_the_batch_gives() -> None:
    enterprises = enterprises_of({"enterprise_id": "E1"}, {"enterprise_id": "E2"})
    records = records_of(
        {"enterprise_id": "E1", "type": "accident", "occurred_on": "2026-09-01"},
        {"enterprise_id": "E2", "type": "accident", "occurred_on": "2026-01-01"},
    )
    batch = cr.assess(enterprises, records, as_of="2026-06-30", output="polars").table
    alone = cr.assess(
        enterprises.data[:1], records.data[:1], as_of="2026-06-30", id_scheme="any", output="polars"
    ).table
    assert alone.equals(batch[:1])
