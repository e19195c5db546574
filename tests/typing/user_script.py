"""What users write, as in the README, the pages and the notebooks; read by type checkers, and run as it is."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl

import creditrisk as cr


def first_assessment(folder: Path) -> cr.Assessment[pd.DataFrame]:
    paths = cr.sample_paths()
    records = cr.read_records(paths.records)
    enterprises = cr.read_enterprises(paths.enterprises)
    assessment = cr.assess(enterprises, records, policy="jiangsu", as_of="2026-06-30")
    tiers: pd.Series[str] = assessment.table["tier"]
    enterprise_id: str = assessment.table["enterprise_id"].iloc[0]
    explanation: cr.Explanation = assessment.explain(enterprise_id)
    text: str = explanation.text("en")
    assessment.save(folder / "out")
    assert len(tiers) == len(enterprises) and text and str(assessment.summary())
    return assessment


def in_polars(enterprises: cr.Enterprises, records: cr.Records) -> pl.DataFrame:
    assessment = cr.assess(enterprises, records, as_of=date(2026, 6, 30), output="polars")
    worst: pl.DataFrame = assessment.table.sort("score").head(5)
    reasons: pl.DataFrame = assessment.reasons.filter(pl.col("points") < 0)
    standing = cr.standing_table(records, as_of="2026-06-30", output="polars")
    assert reasons.height and standing.height
    return worst.select("enterprise_id", "tier")


def of_any_kind(assessment: cr.Assessment) -> int:
    table = assessment.table
    if isinstance(table, pd.DataFrame):
        return int(table["score"].notna().sum())
    if isinstance(table, pl.DataFrame):
        return table["score"].count()
    return len(assessment.enterprises)


def sources(folder: Path) -> None:
    frame = pd.DataFrame({"enterprise_id": ["E1"], "name": ["甲"], "established_on": ["2010-01-01"]})
    from_pandas = cr.read_enterprises(frame, id_scheme="any")
    lazy = pl.from_pandas(frame).lazy()
    from_polars: pl.DataFrame = cr.read_enterprises(lazy, id_scheme="any", output="polars").frame
    frame.to_csv(folder / "enterprises.csv", index=False)
    several = cr.read_enterprises([folder / "enterprises.csv"], id_scheme="any", columns={"name": None})
    assert len(from_pandas) == from_polars.height == len(several)
    answers = cr.is_valid_uscc(["91310000631696382C"])
    assert answers.all() and cr.is_valid_uscc("91310000631696382C", strict=False)


def plan(assessment: cr.Assessment[pd.DataFrame], folder: Path) -> None:
    made = cr.plan_inspections(assessment, cr.example_items(), seed="2026-07-01 08 15 23", year=2026)
    visits: pd.DataFrame = made.visits
    form: pd.DataFrame = cr.results_form(made)
    recorded = cr.record_results(form, made, output="polars")
    open_visits: pl.DataFrame = recorded.open_visits
    chances = assessment.table[["enterprise_id"]].assign(probability=0.2)
    worth = cr.plan_worth(made, chances)
    schedule = cr.schedule_visits(made, first_day="2026-07-01", last_day="2026-12-31", teams=4)
    draw = cr.draw_sample(chances, 10, item="fire", seed=made.seed)
    cr.write_draw(draw, folder / "draw.json")
    assert cr.verify_draw(folder / "draw.json").differences.is_empty()
    assert len(visits) >= open_visits.height and len(worth.expected) and len(schedule.table)


def learning() -> None:
    province = cr.simulate_province(300, 15.0, seed=7)
    days = cr.cohort(province.records, every="6M", from_="2023-06-30", to="2025-06-30")
    target = cr.Target(finding=cr.Selection(types=("violation",)), within_months=12)
    inspected = cr.outcomes(province.records, days, target)
    rows = inspected.dropna(subset="finding")
    rate = cr.estimate_rate(inspected, cr.outcomes(province.records, days, target, draws_only=True))
    gain: pd.DataFrame = cr.gain_table(rows, rows["finding"].astype(float))
    assert rate.n_inspected >= len(gain) >= 0


def policies() -> None:
    old, new = cr.load_policy("jiangsu", "2025-06-30"), cr.load_policy("jiangsu", "2026-06-30")
    difference: cr.PolicyDifference = cr.compare_policies(old, new)
    paths = cr.sample_paths()
    impact = cr.policy_impact(paths.enterprises, paths.records, before=old, after=new, as_of="2026-06-30")
    movers: pd.DataFrame = impact.movers
    assert difference.text("en") and movers.shape[1] and cr.render_policy(new, form="markdown")


def main(folder: Path) -> None:
    assessment = first_assessment(folder)
    assert in_polars(assessment.assessed.enterprises, assessment.assessed.records).height == 5
    assert of_any_kind(assessment) == 200
    sources(folder)
    plan(assessment, folder)
    learning()
    policies()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
