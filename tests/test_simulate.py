"""The simulated province: the same everywhere, in the data model, and with a risk that shows in the records."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from creditrisk.errors import InputError
from creditrisk.records import is_valid_uscc
from creditrisk.records.reading import read_enterprises, read_records
from creditrisk.records.schema import ENTERPRISE_SCHEMA, RECORD_SCHEMA
from creditrisk.sample import sample_paths
from creditrisk.sample.making import make_sample
from creditrisk.simulate import Province, simulate_province
from creditrisk.vocabulary import DIMENSIONS, RECORD_TYPES

TO = date(2026, 6, 30)


@pytest.fixture(scope="module")
def province() -> Province:
    return simulate_province(5_000, seed=3, faults=0.01)


def test_same_seed_same_tables_other_seed_other_tables(province: Province) -> None:
    again = simulate_province(5_000, seed=3)
    assert again.enterprises.equals(province.enterprises)
    assert again.records.equals(province.records)
    assert again.truth.equals(province.truth)
    assert not simulate_province(5_000, seed=4).records.equals(province.records)


def test_tables_have_the_columns_of_the_data_model(province: Province) -> None:
    for table, schema in ((province.enterprises, ENTERPRISE_SCHEMA), (province.records, RECORD_SCHEMA)):
        wanted = {name: kind for name, kind in schema.items() if not name.startswith("source")}
        assert dict(table.schema) == wanted
    assert province.truth.columns == ["enterprise_id", *DIMENSIONS]


def test_ids_are_valid_and_names_unique(province: Province) -> None:
    enterprises, records = province.enterprises, province.records
    assert is_valid_uscc(enterprises["enterprise_id"], strict=True).all()
    assert enterprises["enterprise_id"].is_unique().all()
    assert enterprises["name"].is_unique().all()
    assert records["record_id"].is_unique().all()
    assert records["enterprise_id"].is_in(enterprises["enterprise_id"].implode()).all()


def test_counts_are_near_the_target_and_skewed(province: Province) -> None:
    assert province.records.height == pytest.approx(50_000, rel=0.03)
    per_enterprise = province.enterprises.join(province.records, on="enterprise_id", how="left").group_by(
        "enterprise_id"
    )
    counts = per_enterprise.agg(pl.col("record_id").count().alias("count"))["count"]
    assert (counts <= 2).mean() > 0.25
    assert counts.max() > 10 * counts.mean()
    assert set(province.records["type"].unique()) == set(RECORD_TYPES)


def test_dates_are_in_order(province: Province) -> None:
    records = province.records.join(province.enterprises.select("enterprise_id", "established_on"), on="enterprise_id")
    assert (records["occurred_on"] <= records["known_on"]).all()
    assert (records["known_on"] <= TO).all()
    assert (records["occurred_on"] >= records["established_on"]).all()
    for ending in ("repaired_on", "revoked_on"):
        ended = records.drop_nulls(ending)
        assert (ended[ending] > ended["known_on"]).all()
        assert (ended[ending] <= TO).all()
    assert (records["expires_on"] > records["occurred_on"]).all()


def test_violations_belong_to_an_inspection_of_the_same_day_and_authority(province: Province) -> None:
    keys = ["enterprise_id", "occurred_on", "authority", "dimension"]
    violations = province.records.filter(pl.col("type") == "violation")
    failed = province.records.filter(pl.col("outcome").is_in(["fail", "pass_with_conditions"]))
    assert violations.join(failed.filter(pl.col("type") == "inspection"), on=keys, how="anti").is_empty()


def test_repairs_name_a_record_of_the_same_enterprise(province: Province) -> None:
    acts = province.records.filter(pl.col("type").is_in(["repair", "revocation"]))
    targets = acts.join(province.records, left_on="acts_on", right_on="record_id")
    assert targets.height == acts.height
    assert (targets["enterprise_id"] == targets["enterprise_id_right"]).all()
    assert targets["repaired_on_right"].null_count() > 0  # on record only as a repair


def test_what_was_found_before_tells_what_comes_later(province: Province) -> None:
    grave = province.records.filter(
        pl.col("severity").is_in(["serious", "grave"]) | pl.col("outcome").is_in(["fail", "broken"])
    )
    half = date(2024, 1, 1)
    counts = province.truth.join(
        grave.group_by("enterprise_id").agg(
            before=(pl.col("occurred_on") < half).sum(), later=(pl.col("occurred_on") >= half).sum()
        ),
        on="enterprise_id",
        how="left",
    ).fill_null(0)
    risk = pl.mean_horizontal(pl.col(list(DIMENSIONS)).rank())
    assert counts.select(pl.corr(risk, "later", method="spearman")).item() > 0.15
    assert counts.select(pl.corr("before", "later", method="spearman")).item() > 0.25
    # In a random draw, how visible an enterprise is plays no part: only the latent risk does.
    drawn = province.records.filter(pl.col("draw_probability").is_not_null()).join(province.truth, on="enterprise_id")
    place = pl.mean_horizontal(list(DIMENSIONS)).rank() / pl.len()
    rates = drawn.group_by(high=place > 0.75).agg((pl.col("outcome") == "fail").mean()).sort("high")["outcome"]
    assert rates[1] > 2 * rates[0]


def test_draw_probability_is_only_on_inspections(province: Province) -> None:
    drawn = province.records.drop_nulls("draw_probability")
    assert set(drawn["type"]) == {"inspection"}
    assert drawn["draw_probability"].is_between(0, 1, closed="right").all()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_raw_form_reads_back_and_only_planted_rows_are_set_aside(province: Province, tmp_path, kind) -> None:
    paths = province.write(tmp_path, kind, raw=True)
    planted = province.raw().planted
    records, enterprises = read_records(paths[1]), read_enterprises(paths[0])
    for read, table in ((records, "records"), (enterprises, "enterprises")):
        expected = planted.filter((pl.col("table") == table) & (pl.col("code") != "not_in_table")).select("row", "code")
        assert read.rejected.select("row", "code").unique().sort("row", "code").equals(expected.sort("row", "code"))
    of_strangers = planted.filter(pl.col("code") == "not_in_table")["row"]
    kept = records.data.filter(~pl.col("source_row").is_in(of_strangers.implode()))
    # Reading carries repairs over to what they repair, in the typed tables just the same.
    expected = read_records(province.records).data
    assert kept.select(province.records.columns).equals(expected.select(province.records.columns))
    lists = pl.col(pl.List(pl.String)).fill_null([])
    assert enterprises.data.select(province.enterprises.columns).with_columns(lists).equals(province.enterprises)


def test_written_tables_read_back(province: Province, tmp_path) -> None:
    paths = province.write(tmp_path / "new")
    assert pl.read_parquet(paths[1]).equals(province.records)
    assert pl.read_parquet(paths[0]).equals(province.enterprises)
    with pytest.raises(InputError, match="format"):
        province.write(tmp_path, "excel")  # type: ignore[arg-type]


def test_sample_is_what_its_script_makes_and_reads_without_rejects(tmp_path) -> None:
    make_sample(tmp_path)
    for path in sample_paths():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()
    paths = sample_paths()
    assert len(read_enterprises(paths.enterprises)) == 200
    for path in (paths.records, paths.penalties):
        assert read_records(path).rejected.is_empty()
    assert set(read_records(paths.penalties).data["type"]) == {"penalty"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"enterprises": 0},
        {"records_per_enterprise": -1},
        {"to": "2020-01-01"},
        {"to": "x"},
        {"faults": 1},
        {"seed": -1},
    ],
)
def test_impossible_provinces_are_refused(wrong: dict) -> None:
    with pytest.raises(InputError):
        simulate_province(**wrong)


def test_the_smallest_province_has_every_column() -> None:
    smallest = simulate_province(1, 1.0)
    assert smallest.enterprises.height == 1
    assert dict(smallest.records.schema) == {n: k for n, k in RECORD_SCHEMA.items() if not n.startswith("source")}
