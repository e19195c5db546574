"""The worth of plans: ``python -m benchmarks.plan_worth [--data ../shared/data/chicago] [--json OUT]``.

Findings per visit of draws by tier, against plain random visits and against visits by the date of the last inspection,
on simulated provinces and on one city's inspections; and the visits that coordination saves five departments.

In the provinces the truth is known: the simulation derives findings from the latent risk of the enterprise, so the
findings of every choice are computed for all enterprises, inspected or not. The random draws on record, weighted by
their inverse probability, are shown beside it: this is what an agency could estimate, unbiased too, but far less
certain. In the city only inspected enterprises have outcomes, so each rule chooses among the inspections of a quarter.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import creditrisk as cr
from creditrisk.evaluation.choices import longest_ago
from creditrisk.inspection.draws.drawing import OUTSIDE
from creditrisk.inspection.plan.items import read_items
from creditrisk.learning.studies.outcomes import RateEstimate, estimate_rate, outcomes
from creditrisk.learning.target import Target
from creditrisk.records.tables import Enterprises, Records
from creditrisk.simulate.streams import STREAMS
from creditrisk.vocabulary import DIMENSIONS

ROOT = Path(__file__).resolve().parents[1]
CITY_POLICY = ROOT / "docs" / "policies" / "city.yaml"
CITY_FILES = ("enterprises", "records", "cohort")
# The days of the province: the beginning of the records, of the tiers for the rates, of the plan, and the plan's end.
BEGIN, YEAR_BEFORE, AS_OF, YEAR_AFTER = date(2021, 1, 1), date(2024, 6, 30), date(2025, 6, 30), date(2026, 6, 30)
FOUND = ("fail", "pass_with_conditions")
TARGET = Target(finding={"types": ["inspection"], "outcomes": FOUND, "standing": "known"}, within_months=12)
# The days of the city: the quarters, and the plan, whose rates come from the half-year before.
CITY_BEFORE, CITY_AS_OF = date(2013, 8, 31), date(2014, 2, 28)
QUARTERS = (*(date(2013, month, 1) for month in (1, 4, 7, 10)), *(date(2014, month, 1) for month in (1, 4, 7, 10)))
TIERS, PLAIN, LONGEST, DRAWS = "the plan, by tier", "plain random", "longest ago first", "its draws alone"
CITY_CHOICES = (TIERS, PLAIN, LONGEST)
SEEDS = 20
PROVINCE_SEED = 20260630
# Five departments with overlapping frames, by industry.
FRAMES: tuple[tuple[str, ...], ...] = ((), ("1", "2"), ("2", "3"), ("5", "6"), ("1", "5"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plan_worth", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "chicago")
    parser.add_argument("--provinces", type=int, default=5)
    parser.add_argument("--enterprises", type=int, default=20_000)
    parser.add_argument("--records-per-enterprise", type=float, default=10.0)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    print(f"{date.today()}, python {platform.python_version()}, creditrisk {version('creditrisk')}")
    report = {"provinces": provinces(asked.provinces, asked.enterprises, asked.records_per_enterprise, asked.resamples)}
    missing = [name for name in CITY_FILES if not (asked.data / f"{name}.parquet").is_file()]
    if missing:
        print(f"\n## City\n\nSKIPPED: {asked.data} lacks {missing[0]}.parquet; name the folder with --data")
    else:
        report["city"] = city(asked.data, asked.resamples)
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1, default=str) + "\n", encoding="utf-8")
    return 0


def provinces(number: int, size: int, records_per_enterprise: float, resamples: int) -> dict[str, Any]:
    """Compute what plans find in the next year in several provinces; the first also shows the expected worth."""
    print(f"\n## {number} simulated provinces, {AS_OF}, {records_per_enterprise:g} records of each enterprise")
    made = [province(size, records_per_enterprise, PROVINCE_SEED + place) for place in range(number)]
    first = made[0]
    print(f"\nThe first as expected, by the rates of tiers in the year before:\n\n```text\n{first.worth}\n```")
    print_rates(first.rows, first.rates)
    choices = [TIERS, DRAWS, PLAIN, LONGEST]
    # The same codes mean different enterprises in each province.
    rows, drawn = (
        pl.concat(
            table.with_columns(pl.format("{} {}", pl.lit(place), "enterprise_id").alias("enterprise_id"))
            for place, table in enumerate(tables)
        )
        for tables in ([one.rows for one in made], [one.drawn for one in made])
    )
    title = "Estimated from the year's random draws of enterprises older than the records"
    return {
        "expected": first.worth.expected.to_dicts(),
        "burden": first.worth.burden.to_dicts(),
        "truth": compared("Found in truth, by the law of the simulation", rows, choices, resamples),
        "draws": compared(title, drawn, choices, resamples, weight="weight"),
        "coordination": coordination(first.assessment),
    }


@dataclass(frozen=True)
class Province:
    """A province and the plan for it.

    ``rows`` has the supervised enterprises with the visits that each choice makes and, as finding, the true
    probability; ``drawn`` has the random draws of the next year with their findings.
    """

    assessment: cr.Assessment
    worth: cr.PlanWorth
    rates: dict[str, RateEstimate]
    rows: pl.DataFrame
    drawn: pl.DataFrame


def province(size: int, records_per_enterprise: float, seed: int) -> Province:
    """Return a plan on one day, with the findings of its tiers in the year before and in the year after."""
    simulated = cr.simulate_province(size, records_per_enterprise, seed=seed, from_=BEGIN, to=YEAR_AFTER)
    there = simulated.enterprises.filter(pl.col("established_on") <= AS_OF)
    enterprises = cr.read_enterprises(there, output="polars")
    records = cr.read_records(simulated.records, output="polars")
    assessment = cr.assess(enterprises, records, as_of=AS_OF, output="polars")
    plan = cr.plan_inspections(assessment, cr.example_items(), seed="2025-07-01 08 15 23", year=2025)
    table = assessment.table.select("enterprise_id", pl.col("tier").cast(pl.String))
    last = last_inspected(records, AS_OF)
    rates = rates_before(enterprises, records)
    by_tier = {tier: rate.weighted for tier, rate in rates.items()}
    chances = table.with_columns(probability=table["tier"].replace_strict(by_tier))
    rows = table.filter(pl.Series(plan.population.stratum != OUTSIDE))
    for known in (truth(simulated.truth), last, visits_of(plan)):
        rows = rows.join(known, on="enterprise_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col(TIERS, DRAWS).fill_null(0))
    n_visits = float(rows[TIERS].sum())
    rows = rows.with_columns(
        pl.lit(n_visits / rows.height).alias(PLAIN), pl.Series(LONGEST, longest_ago(rows["inspected_on"], n_visits))
    )
    old = rows.drop("finding").join(there.filter(pl.col("established_on") <= BEGIN), on="enterprise_id", how="semi")
    return Province(
        assessment=assessment,
        worth=cr.plan_worth(plan, chances, last_inspected=last, output="polars"),
        rates=rates,
        rows=rows,
        drawn=draws_of_the_year(records).join(old, on="enterprise_id"),
    )


def truth(latent: pl.DataFrame) -> pl.DataFrame:
    """Return the true probability that an inspection finds something; all dimensions are inspected equally often."""
    weights = next(stream.outcomes for stream in STREAMS if stream.type == "inspection" and stream.drawn)
    by_dimension = []
    for name in DIMENSIONS:
        terms = {outcome: weight * latent[name].to_numpy() ** power for outcome, (weight, power) in weights.items()}
        by_dimension.append(sum(terms[outcome] for outcome in FOUND) / sum(terms.values()))
    return latent.select("enterprise_id").with_columns(finding=pl.Series(np.mean(by_dimension, axis=0)))


def rates_before(enterprises: Enterprises, records: Records) -> dict[str, RateEstimate]:
    """Return the rate of findings at the next inspection of each tier in the year before, from its random draws."""
    table = cr.assess(enterprises, records, as_of=YEAR_BEFORE, output="polars").table
    rows = table.select("enterprise_id", "as_of")
    inspected, drawn = (
        outcomes(records, rows, TARGET, draws_only=draws_only, known_by=AS_OF, output="polars")
        for draws_only in (False, True)
    )
    tiers = table["tier"].unique().sort().to_list()
    inside = {tier: table["tier"] == tier for tier in tiers}
    return {str(tier): estimate_rate(inspected.filter(inside[tier]), drawn.filter(inside[tier])) for tier in tiers}


def print_rates(rows: pl.DataFrame, rates: dict[str, RateEstimate]) -> None:
    print("\n| tier | enterprises | rate of the year before, by its random draws | in truth |\n|---|---|---|---|")
    for tier, rate in rates.items():
        inside = rows.filter(tier=tier)["finding"]
        low, high = rate.weighted_interval
        print(f"| {tier} | {len(inside):,} | {rate.weighted:.1%} [{low:.1%}, {high:.1%}] | {inside.mean():.1%} |")


def draws_of_the_year(records: Records) -> pl.DataFrame:
    """Return the random draws of the year after the plan, regardless of other inspections: finding, weight.

    For enterprises older than the records, the stated probability of a year is that of this year.
    """
    inside = pl.col("occurred_on").is_between(AS_OF, YEAR_AFTER, closed="right")
    drawn = records.data.filter(inside, pl.col("draw_probability").is_not_null())
    return drawn.select(
        "enterprise_id",
        finding=pl.col("outcome").cast(pl.String).is_in(FOUND).cast(pl.Float64),
        weight=1 / (pl.col("draw_probability") * len(DIMENSIONS)),
    )


def last_inspected(records: Records, day: date) -> pl.DataFrame:
    """Return the last inspection of each enterprise that is known on the day."""
    known = pl.max_horizontal("occurred_on", "known_on") <= day
    inspections = records.data.filter(pl.col("type").cast(pl.String) == "inspection", known)
    return inspections.group_by("enterprise_id").agg(inspected_on=pl.col("occurred_on").max())


def visits_of(plan: cr.InspectionPlan) -> pl.DataFrame:
    """Return the on-site visits to each enterprise, and those of them by draw."""
    on_site = [item.id for item in read_items(cr.example_items()) if item.mode == "on_site"]
    visits = plan.visits_data.filter(pl.col("items").list.eval(pl.element().is_in(on_site)).list.any())
    return visits.group_by("enterprise_id").agg(
        pl.len().cast(pl.Float64).alias(TIERS), (pl.col("cause") == "draw").sum().cast(pl.Float64).alias(DRAWS)
    )


def coordination(assessment: cr.Assessment) -> list[dict[str, Any]]:
    """Draw for five departments on overlapping frames with several seeds: joint visits against independent ones."""
    items = [
        cr.InspectionItem(
            id=f"d{place}", name={"zh": f"部门{place}", "en": f"Department {place}"}, authority=f"部门{place}",
            legal_basis="benchmark", joint_group="visit", applies_to={"industries": list(words)},
            kind="key" if place == 1 else "general",
        )
        for place, words in enumerate(FRAMES)
    ]  # fmt: skip
    plans = [cr.plan_inspections(assessment, items, seed=f"seed {number}", year=2025) for number in range(SEEDS)]
    joint = pl.concat(plan.coordination_data for plan in plans).drop("joint_group", "items")
    print(f"\nFive departments with overlapping frames, {SEEDS} seeds, mean [least, most]\n")
    print("| visits, each department alone | independent draws, joined where they meet | joint |", end="")
    print(
        " saved, against independent | against each alone | joint over the fewest possible |\n|---|---|---|---|---|---|"
    )
    visits = joint["visits"]
    cells = [
        f"{joint['drawn'].mean():,.0f}",
        f"{joint['visits_if_independent'].mean():,.0f}",
        f"{visits.mean():,.0f}",
        _spread(1 - visits / joint["visits_if_independent"], ".1%"),
        _spread(1 - visits / joint["drawn"], ".1%"),
        _spread(visits / joint["visits_at_least"], ".3f"),
    ]
    print(f"| {' | '.join(cells)} |")
    return joint.to_dicts()


def city(folder: Path, resamples: int) -> dict[str, Any]:
    """Compute the expected findings of a plan of the city, and the findings of each rule in each quarter."""
    enterprises = cr.read_enterprises(folder / "enterprises.parquet", id_scheme="any", output="polars")
    records = cr.read_records(folder / "records.parquet", id_scheme="any", output="polars")
    inspections = pl.read_parquet(folder / "cohort.parquet").sort("inspected_on")
    policy = cr.load_policy(CITY_POLICY)

    def inspected(first: date, after: date) -> pl.DataFrame:
        """Return each enterprise's first inspection in a period, with tier and last inspection known the day before."""
        day = first - timedelta(days=1)
        table = cr.assess(enterprises, records, policy=policy, as_of=day, output="polars").table
        inside = inspections.filter(pl.col("inspected_on").is_between(first, after, closed="left"))
        inside = inside.unique("enterprise_id", keep="first", maintain_order=True)
        rows = inside.select("enterprise_id", finding=pl.col("critical_found").cast(pl.Float64))
        rows = rows.join(table.select("enterprise_id", pl.col("tier").cast(pl.String)), on="enterprise_id")
        return rows.join(last_inspected(records, day), on="enterprise_id", how="left", maintain_order="left")

    before = inspected(CITY_BEFORE + timedelta(days=1), CITY_AS_OF + timedelta(days=1))
    rates = before.group_by("tier").agg(probability=pl.col("finding").mean())
    assessment = cr.assess(enterprises, records, policy=policy, as_of=CITY_AS_OF, output="polars")
    item = cr.InspectionItem(
        id="food", name={"zh": "食品检查", "en": "Food"}, authority="city", legal_basis="benchmark"
    )
    plan = cr.plan_inspections(assessment, [item], seed="2014-03-01", year=2014)
    chances = assessment.table.select("enterprise_id", pl.col("tier").cast(pl.String)).join(rates, on="tier")
    worth = cr.plan_worth(plan, chances, last_inspected=last_inspected(records, CITY_AS_OF), output="polars")
    print(
        f"\n## City, {CITY_AS_OF}\n\nExpected, by the rates of tiers in the half-year before:\n\n```text\n{worth}\n```"
    )
    quarters = [inspected(first, after) for first, after in pairwise(QUARTERS)]
    report: dict[str, Any] = {"expected": worth.expected.to_dicts(), "burden": worth.burden.to_dicts()}
    for kind in ("general", "key"):
        ratios = {tier.id: getattr(tier.inspection, kind).ratio for tier in policy.tiers}
        parts = [kept(quarter, ratios) for quarter in quarters]
        shares = ", ".join(f"{tier} {ratio:.0%}" for tier, ratio in ratios.items())
        report[kind] = compared(f"Kept of all quarters: {shares}", pl.concat(parts), CITY_CHOICES, resamples)
    print("\n| quarter from | inspections | findings | visits |", " | ".join(CITY_CHOICES), end="")
    print(" | more than plain random by | more than longest ago first by |\n|---|---|---|---|---|---|---|---|---|")
    ratios = {tier.id: tier.inspection.general.ratio for tier in policy.tiers}
    for first, quarter in zip(QUARTERS, quarters, strict=False):
        rows = kept(quarter, ratios)
        report[f"{first:%Y-%m}"] = compared(f"{first:%Y-%m}", rows, CITY_CHOICES, resamples, in_one_line=True)
    return report


def kept(quarter: pl.DataFrame, ratios: dict[str, float]) -> pl.DataFrame:
    """Return the inspections of a quarter that each rule would have kept, the same number for each."""
    by_tier = quarter["tier"].replace_strict(ratios, return_dtype=pl.Float64)
    made = float(by_tier.sum())
    return quarter.with_columns(
        by_tier.alias(TIERS),
        pl.lit(made / quarter.height).alias(PLAIN),
        pl.Series(LONGEST, longest_ago(quarter["inspected_on"], made)),
    )


def compared(
    title: str, rows: pl.DataFrame, choices: Sequence[str], resamples: int, *, weight: str | None = None,
    in_one_line: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Print the findings of each choice, and by how much the tiers find more; return the figures."""
    made = {name: rows[name].to_numpy() for name in choices}
    comparison = cr.compare_choices(rows, made, weight=weight, reference=TIERS, n_resamples=resamples, output="polars")
    differences = comparison.differences.filter(figure="findings_per_visit").rows_by_key(
        "choice", named=True, unique=True
    )
    figures = {
        name: {row["figure"]: row for row in comparison.figures.filter(choice=name).iter_rows(named=True)}
        for name in choices
    }
    more = {name: _more(differences[name]) if name in differences else "" for name in choices}
    if in_one_line:
        cells = [title, f"{rows.height:,}", f"{rows['finding'].sum():,.0f}", f"{rows[TIERS].sum():,.0f}"]
        cells += [_cell(figures[name]["findings_per_visit"], ".1%") for name in choices]
        print(f"| {' | '.join([*cells, *(more[name] for name in choices if name != TIERS)])} |")
    else:
        print(f"\n{title}: {rows.height:,} rows, {rows['finding'].sum():,.0f} findings\n")
        print("| choice | visits | findings per visit | over plain random | of all findings | the plan finds more by |")
        print("|---|---|---|---|---|---|")
        for name in choices:
            mine = figures[name]
            cells = [f"{rows[name].sum():,.0f}", _cell(mine["findings_per_visit"], ".1%"), _cell(mine["lift"], ".2f")]
            print(f"| {name} | {' | '.join([*cells, _cell(mine['share_found'], '.1%'), more[name]])} |")
    return {"figures": comparison.figures.to_dicts(), "differences": comparison.differences.to_dicts()}


def _cell(row: dict[str, float], form: str) -> str:
    return f"{row['value']:{form}} [{row['low']:{form}}, {row['high']:{form}}]"


def _more(row: dict[str, float]) -> str:
    """Return by how many percentage points the plan finds more, from the other choice's difference to the plan."""
    value, low, high = (100 * -row[name] for name in ("value", "high", "low"))
    return f"{value:+.1f} points [{low:+.1f}, {high:+.1f}]"


def _spread(values: pl.Series, form: str) -> str:
    return f"{values.mean():{form}} [{values.min():{form}}, {values.max():{form}}]"


if __name__ == "__main__":
    sys.exit(main())
