"""The whole path on one city's food inspections: tiers on a day, against what the next inspection found.

``python notebooks/city.py [FOLDER]`` prints the tables of docs/city.md. The policy is docs/policies/city.yaml;
it reads the enterprise's own history only. The folder holds enterprises, records and cohort as Parquet; by default
``shared/data/chicago`` beside the repository, or what CREDITRISK_CITY_DATA names.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

import creditrisk as cr

ROOT = Path(__file__).resolve().parents[1]
POLICY = ROOT / "docs" / "policies" / "city.yaml"
# Half a year of inspections follows each day; the windows share no inspection, and together they reach the data's end.
DAYS = (date(2012, 9, 1), date(2013, 3, 1), date(2013, 9, 1), date(2014, 3, 1))
MONTHS_AFTER = 6
RESAMPLES = 2_000
SEED = 59


def data_folder() -> Path:
    """Where the city's files are expected."""
    return Path(os.environ.get("CREDITRISK_CITY_DATA", ROOT.parent / "shared" / "data" / "chicago"))


def found_later(folder: Path) -> pl.DataFrame:
    """For each day and enterprise: its tier, and whether its next inspection within six months found a grave violation.

    Returns
    -------
    polars.DataFrame
        as_of, enterprise_id, tier, score, inspected_on, inspector_group, found (null where none inspected it in time).
    """
    enterprises = cr.read_enterprises(folder / "enterprises.parquet", id_scheme="any")
    records = cr.read_records(folder / "records.parquet", id_scheme="any")
    inspections = pl.read_parquet(folder / "cohort.parquet").sort("inspected_on")
    windows = []
    for day in DAYS:
        table = cr.assess(enterprises, records, policy=POLICY, as_of=day, output="polars").table
        after = pl.col("inspected_on").is_between(day, pl.lit(day).dt.offset_by(f"{MONTHS_AFTER}mo"), closed="right")
        following = inspections.filter(after).unique("enterprise_id", keep="first", maintain_order=True)
        following = following.select("enterprise_id", "inspected_on", "inspector_group", found="critical_found")
        windows.append(
            table.select("as_of", "enterprise_id", pl.col("tier").cast(pl.String), "score").join(
                following, on="enterprise_id", how="left"
            )
        )
    return pl.concat(windows)


@dataclass(frozen=True)
class Gap:
    """By how much the share of findings in high_risk exceeds that in good, with its 95 % interval."""

    difference: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.difference:+.1%} ({self.low:+.1%} to {self.high:+.1%})"


def gap(inspected: pl.DataFrame, strata: tuple[str, ...] = ()) -> Gap:
    """The difference of shares, high_risk less good; within strata by the weights of Mantel and Haenszel.

    The interval is a percentile bootstrap that draws whole enterprises, since one enterprise is in several windows.
    """
    rows = inspected.filter(pl.col("tier").is_in(["good", "high_risk"]))
    stratum = rows.select(pl.struct(strata).rank("dense") - 1).to_series().to_numpy() if strata else np.zeros(len(rows))
    stratum = stratum.astype(np.int64)
    enterprise = (rows["enterprise_id"].rank("dense") - 1).to_numpy().astype(np.int64)
    high, found = (rows["tier"] == "high_risk").to_numpy(), rows["found"].to_numpy()
    cell = stratum * 2 + high

    def difference(times: np.ndarray) -> float:
        number = np.bincount(cell, weights=times, minlength=2 * (stratum.max() + 1)).reshape(-1, 2)
        hits = np.bincount(cell, weights=times * found, minlength=number.size).reshape(-1, 2)
        number, hits = number[number.all(axis=1)], hits[number.all(axis=1)]
        weight = number.prod(axis=1) / number.sum(axis=1)
        share = hits / number
        return float(np.average(share[:, 1] - share[:, 0], weights=weight))

    draws = np.random.default_rng(SEED)
    n_enterprises = enterprise.max() + 1
    resampled = [
        difference(np.bincount(draws.integers(n_enterprises, size=n_enterprises), minlength=n_enterprises)[enterprise])
        for _ in range(RESAMPLES)
    ]
    return Gap(difference(np.ones(len(rows))), *np.quantile(resampled, [0.025, 0.975]).tolist())


def wilson(found: int, number: int) -> tuple[float, float]:
    """The 95 % interval of a share, after Wilson (1927)."""
    z = 1.959964
    share, spread = found / number, z * z / number
    half = z * np.sqrt(share * (1 - share) / number + spread / number / 4)
    return (share + spread / 2 - half) / (1 + spread), (share + spread / 2 + half) / (1 + spread)


def shares(later: pl.DataFrame) -> pl.DataFrame:
    """By day and tier: enterprises, inspected within six months, grave violations found, share with interval."""
    order = pl.Enum(["good", "ordinary", "high_risk"])
    counts = (
        later.group_by("as_of", pl.col("tier").cast(order))
        .agg(enterprises=pl.len(), inspected=pl.col("found").count(), found=pl.col("found").sum().cast(pl.Int64))
        .sort("as_of", "tier")
    )
    pooled = counts.group_by("tier").agg(pl.col("enterprises", "inspected", "found").sum()).sort("tier")
    counts = pl.concat([counts.cast({"as_of": pl.String}), pooled.select(pl.lit("all").alias("as_of"), pl.all())])
    intervals = [wilson(found, number) for found, number in counts.select("found", "inspected").iter_rows()]
    return counts.with_columns(
        (pl.col("found") / pl.col("inspected")).alias("share"),
        pl.Series("low", [low for low, _ in intervals]),
        pl.Series("high", [high for _, high in intervals]),
    )


def report(later: pl.DataFrame) -> str:
    """The tables of docs/city.md."""
    inspected = later.drop_nulls("found")
    grouped = inspected.drop_nulls("inspector_group")
    lines = ["| day | tier | enterprises | inspected | found | share (95 % interval) |", "|---|---|---|---|---|---|"]
    for as_of, tier, enterprises, number, found, share, low, high in shares(later).iter_rows():
        lines.append(
            f"| {as_of} | {tier} | {enterprises:,} | {number:,} | {found:,} | {share:.1%} ({low:.1%}–{high:.1%}) |"
        )
    lines += ["", "| high_risk less good | inspections | difference of shares (95 % interval) |", "|---|---|---|"]
    for day in DAYS:
        window = inspected.filter(as_of=day)
        lines.append(f"| {day} | {len(window):,} | {gap(window)} |")
    lines.append(f"| all | {len(inspected):,} | {gap(inspected)} |")
    lines.append(f"| all, where the inspector group is known | {len(grouped):,} | {gap(grouped)} |")
    within = gap(grouped, ("as_of", "inspector_group"))
    lines.append(f"| the same, within day and inspector group | {len(grouped):,} | {within} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(found_later(Path(sys.argv[1]) if len(sys.argv) > 1 else data_folder())))
