"""The comparison on one city's inspections: nothing later is used, and the command runs on any folder of the shape."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.city_indicators import CITY_COLUMNS, LICENCES, city_rows

ROOT = Path(__file__).parents[1]
POISON_FROM = date(2013, 6, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made-up city in the shape of the real one."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("city")
    ids = [f"E{number}" for number in range(120)]
    risk = dict(zip(ids, rng.uniform(0.05, 0.6, len(ids)), strict=True))
    pl.DataFrame(
        {
            "enterprise_id": ids,
            "name": [f"SHOP {number % 40}" for number in range(120)],
            "industry": rng.choice(["Restaurant", "Bakery"], 120),
            "region": rng.choice(["60601", "60602"], 120),
            "risk_category": rng.integers(1, 4, 120).astype(np.int8),
            "established_on": [date(2005, 1, 1)] * 120,
        }
    ).write_parquet(folder / "enterprises.parquet")
    visits, records = [], []
    for number in range(1_200):
        enterprise, day = ids[int(rng.integers(120))], date(2012, 1, 1) + timedelta(days=int(rng.integers(700)))
        found = int(rng.random() < risk[enterprise])
        visits.append((number, enterprise, day, day - timedelta(days=1), found, str(rng.choice(["green", "blue"]))))
        kept = {"enterprise_id": enterprise, "occurred_on": day, "known_on": day, "dimension": "quality"}
        counts = {"critical": float(found), "serious": 0.0, "minor": float(rng.integers(4))}
        outcome = "fail" if found else "pass"
        records.append({**kept, **counts, "record_id": f"I{number}", "type": "inspection", "severity": None,
                        "outcome": outcome, "matter": "canvass"})  # fmt: skip
        if found:
            violation = {"type": "violation", "severity": "grave", "outcome": None, "matter": "3"}
            records.append({**kept, **violation, **dict.fromkeys(counts), "record_id": f"V{number}"})
    names = ["inspection_id", "enterprise_id", "inspected_on", "as_of", "critical_found", "inspector_group"]
    cohort = pl.DataFrame(visits, schema=names, orient="row").unique(["enterprise_id", "inspected_on"], keep="first")
    numbers = [pl.lit(1.0).alias(name) for name in (*CITY_COLUMNS, *LICENCES) if name != "inspector_group"]
    cohort.sort("inspected_on").with_columns(*numbers).write_parquet(folder / "cohort.parquet")
    pl.DataFrame(records).with_columns(authority=pl.lit("city")).write_parquet(folder / "records.parquet")
    return folder


def poisoned(folder: Path, into: Path) -> Path:
    """The same city, where everything from a day on went otherwise."""
    into.mkdir()
    pl.read_parquet(folder / "enterprises.parquet").write_parquet(into / "enterprises.parquet")
    later = pl.col("occurred_on") >= POISON_FROM
    pl.read_parquet(folder / "records.parquet").with_columns(
        pl.when(later, pl.col("type") == "inspection").then(9.0).otherwise("serious").alias("serious"),
        pl.when(later, pl.col("type") == "inspection").then(99.0).otherwise("minor").alias("minor"),
        pl.when(later, pl.col("type") == "violation").then(pl.lit("minor")).otherwise("severity").alias("severity"),
    ).write_parquet(into / "records.parquet")
    pl.read_parquet(folder / "cohort.parquet").with_columns(
        critical_found=pl.when(pl.col("inspected_on") >= POISON_FROM)
        .then(1 - pl.col("critical_found"))
        .otherwise("critical_found"),
        inspector_group=pl.when(pl.col("inspected_on") >= POISON_FROM).then(pl.lit("red")).otherwise("inspector_group"),
    ).write_parquet(into / "cohort.parquet")
    return into


def test_nothing_that_was_found_later_is_in_a_row(folder: Path, tmp_path: Path) -> None:
    plain, other = city_rows(folder), city_rows(poisoned(folder, tmp_path / "poisoned"))
    before = plain.cohort["as_of"] < POISON_FROM
    assert before.sum() > 500
    assert plain.own.filter(before).equals(other.own.filter(before))
    assert not plain.own.filter(~before).equals(other.own.filter(~before))


def test_the_command_runs_on_any_folder_of_the_shape(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "city.py", "--data", folder, "--train-before", "2013-07-01",
         "--test-from", "2013-07-01", "--test-to", "2013-12-31", "--resamples", "20", "--json", tmp_path / "out.json"],
        capture_output=True, encoding="utf-8", check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| boosted additive, history, inspectors told apart | 0." in done.stdout
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    (window,) = report["windows"].values()
    figures = {(row["score"], row["figure"]): row for row in window["figures"]}
    assert figures["boosted, history", "auc"]["value"] > 0.6
    assert figures["boosted, history", "auc"]["low"] < figures["boosted, history", "auc"]["high"]
    assert {row["reference"] for row in window["differences"]} == {"boosted, history"}


def test_windows_that_overlap_and_folders_that_lack_a_file_are_refused(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "benchmarks" / "city.py", "--test-from", "2013-07-01", "--test-to", "2013-12-31"]
    for more, message in (
        (["--data", folder, "--train-before", "2013-08-01"], "the windows overlap"),
        (["--data", tmp_path, "--train-before", "2013-07-01"], "lacks enterprises.parquet"),
    ):
        done = subprocess.run([*command, *more], capture_output=True, encoding="utf-8", check=False)
        assert done.returncode != 0 and message in done.stderr
