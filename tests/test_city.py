"""The whole path on a real city's inspections: what was found later is in step with the tiers.

The data are not part of the repository; where they are not at hand the test is skipped, and says so.
"""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from creditrisk.policy.loading import load_policy
from creditrisk.policy.rules import EXPERT_DEFAULT
from tests.scripts import load_script

ROOT = Path(__file__).parents[1]
city = load_script(ROOT / "notebooks" / "city.py")
HAS_DATA = all((city.data_folder() / f"{name}.parquet").is_file() for name in ("enterprises", "records", "cohort"))
needs_data = pytest.mark.skipif(
    not HAS_DATA,
    reason=f"the city's inspection data are not at {city.data_folder()}; set CREDITRISK_CITY_DATA to their folder",
)


@pytest.fixture(scope="module")
def later() -> pl.DataFrame:
    return city.found_later(city.data_folder())


@needs_data
def test_high_risk_enterprises_are_found_out_more_often(later: pl.DataFrame) -> None:
    shares = {tier: share for day, tier, *_, share, _, _ in city.shares(later).iter_rows() if day == "all"}
    assert shares["good"] < shares["ordinary"] < shares["high_risk"]
    assert shares["high_risk"] > 1.8 * shares["good"]
    assert city.gap(later.drop_nulls("found")).low > 0.05


@needs_data
def test_in_every_window_the_high_risk_tier_is_worse(later: pl.DataFrame) -> None:
    for day in city.DAYS:
        assert city.gap(later.filter(as_of=day).drop_nulls("found")).low > 0, day


@needs_data
def test_the_difference_holds_within_inspector_groups(later: pl.DataFrame) -> None:
    inspected = later.drop_nulls(["found", "inspector_group"])
    assert city.gap(inspected, ("as_of", "inspector_group")).low > 0.03


@needs_data
def test_every_tier_is_inspected_and_every_enterprise_has_one(later: pl.DataFrame) -> None:
    assert later.group_by("as_of").len()["len"].unique().to_list() == [11_822]
    assert later["tier"].null_count() == 0
    found_after = later.drop_nulls("found").select((pl.col("inspected_on") - pl.col("as_of")).dt.total_days().min())
    assert found_after.item() > 0
    assert later.filter(pl.col("found").is_not_null())["tier"].n_unique() == 3


@needs_data
def test_the_page_has_the_figures(later: pl.DataFrame) -> None:
    page = (ROOT / "docs" / "city.md").read_text(encoding="utf-8")
    assert city.report(later) in page


def test_every_number_of_the_policy_is_marked_as_an_expert_default() -> None:
    policy = load_policy(city.POLICY)
    bases = re.findall(r"\bbasis: *([^,}\n]+)", city.POLICY.read_text(encoding="utf-8"))
    assert set(bases) == {EXPERT_DEFAULT, policy.basis}
    assert {spec.source for spec in policy.indicators} == {EXPERT_DEFAULT}
    assert set(policy.indicators_used) <= {spec.id for spec in policy.indicators}


def test_the_policy_reads_no_inspector() -> None:
    for spec in load_policy(city.POLICY).indicators:
        assert not spec.select.authorities
        assert spec.of is None


def test_the_interval_of_a_gap() -> None:
    rows = pl.DataFrame(
        {
            "enterprise_id": [str(number) for number in range(400)],
            "tier": ["good"] * 200 + ["high_risk"] * 200,
            "found": [1] * 20 + [0] * 180 + [1] * 60 + [0] * 140,
            "group": ["a", "b"] * 200,
        }
    )
    gap = city.gap(rows)
    assert gap.difference == pytest.approx(0.2)
    # The normal interval of a difference of two shares: 0.2 ± 1.96 √(0.1·0.9/200 + 0.3·0.7/200).
    assert (gap.low, gap.high) == (pytest.approx(0.124, abs=0.01), pytest.approx(0.276, abs=0.01))
    assert city.gap(rows, ("group",)).difference == pytest.approx(0.2)
    assert city.wilson(10, 100) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
