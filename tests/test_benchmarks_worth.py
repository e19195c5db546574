"""The benchmark of plans runs, and says what it leaves out; on real inspections draws by tier find more than chance."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks import plan_worth
from benchmarks.plan_worth import CITY_FILES, LONGEST, PLAIN, TIERS

ROOT = Path(__file__).parents[1]
CITY = Path(os.environ.get("CREDITRISK_CITY_DATA", ROOT.parent / "shared" / "data" / "chicago"))


def test_it_runs_on_small_provinces_and_says_that_the_city_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = "--provinces 2 --enterprises 1500 --records-per-enterprise 30 --resamples 20"
    out = tmp_path / "worth.json"
    monkeypatch.setattr(sys, "argv", ["plan_worth", *small.split(), "--data", str(tmp_path), "--json", str(out)])
    assert plan_worth.main() == 0
    assert "SKIPPED" in capsys.readouterr().out
    report = json.loads(out.read_text(encoding="utf-8"))
    assert "city" not in report
    lifts = {row["choice"]: row["value"] for row in report["provinces"]["truth"]["figures"] if row["figure"] == "lift"}
    assert lifts[TIERS] > lifts[PLAIN] == pytest.approx(1, abs=0.01)
    for row in report["provinces"]["coordination"]:
        assert row["visits"] < row["visits_if_independent"] < row["drawn"]


@pytest.mark.skipif(
    not all((CITY / f"{name}.parquet").is_file() for name in CITY_FILES),
    reason=f"the city's inspection data are not at {CITY}; set CREDITRISK_CITY_DATA to their folder",
)
def test_in_the_city_draws_by_tier_find_more_than_plain_random_ones() -> None:
    pooled = plan_worth.city(CITY, resamples=100)["general"]
    less = {row["choice"]: row for row in pooled["differences"] if row["figure"] == "findings_per_visit"}
    assert less[PLAIN]["high"] < 0
    assert less[LONGEST]["value"] < 0
