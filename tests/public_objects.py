"""One of each public class, as a user comes by it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

import creditrisk as cr
from tests.conftest import AS_OF

SEED = "2026-07-01 08 15 23"


def public_classes() -> list[str]:
    """Names of the classes of which a user holds objects."""
    classes = {name: getattr(cr, name) for name in cr.__all__ if isinstance(getattr(cr, name), type)}
    return [
        name
        for name, one in classes.items()
        if not issubclass(one, Exception) and not getattr(one, "_is_protocol", False)
    ]


@cache
def public_objects() -> dict[str, object]:
    """By the name of the class; errors, warnings and protocols are left aside."""
    province = cr.simulate_province(600, 15.0, seed=7)
    enterprises, records = cr.read_enterprises(province.enterprises), cr.read_records(province.records)
    policy = cr.load_policy("jiangsu", AS_OF)
    assessment = cr.assess(enterprises, records, policy=policy, as_of=AS_OF)
    one = assessment.table_data["enterprise_id"][0]
    found = [*_of_plans(assessment), *_of_learning(enterprises, records), enterprises, records, policy, assessment]
    found += [assessment.explain(one, way_up=True), assessment.trace(one), cr.RuleScorer(policy).fit()]
    found += [builder(records) for builder in BUILDERS]
    found += [province, records.report, cr.identity_report(enterprises, records), assessment.summary()]
    found += [cr.sample_paths(), policy.title, cr.Selection(types=("violation",)), cr.Target()]
    found += [cr.built_in_indicators()[0], cr.CutOffs.by_share(good=0.6, ordinary=0.3, high_risk=0.1)]
    found += [cr.compare_policies(cr.load_policy("jiangsu", "2025-01-01"), policy)]
    found += [cr.policy_impact(enterprises, records, before=policy, after="national_abcd_lindian", as_of=AS_OF)]
    return {type(value).__name__: value for value in found}


BUILDERS = (
    cr.IndicatorBuilder, cr.SafetyIndicators, cr.QualityIndicators, cr.EnvironmentIndicators, cr.ComplianceIndicators,
    cr.ResponsibilityIndicators,
)  # fmt: skip


def _of_plans(assessment: cr.Assessment) -> list[object]:
    items = cr.read_items(cr.example_items())
    plan = cr.plan_inspections(assessment, items, seed=SEED, year=2027)
    visits = plan.visits_data
    departments = sorted({name for names in visits["departments"] for name in names})
    skills = "；".join(sorted({skill for names in visits["skills"] for skill in names}))
    staff = pl.DataFrame(
        {
            "inspector_id": [f"{place}{number}" for place in range(len(departments)) for number in range(4)],
            "department": [name for name in departments for _ in range(4)],
            "skills": skills,
            "available_days": "40",
        }
    )
    inspectors = cr.read_inspectors(staff)
    schedule = cr.schedule_visits(plan, first_day="2027-03-01", last_day="2027-11-30", teams=4)
    chances = pl.DataFrame({"enterprise_id": assessment.table_data["enterprise_id"], "probability": 0.2})
    draw = cr.draw_sample(chances, 20, item="fire", seed=SEED)
    return [
        items[0], plan, inspectors, cr.assign_inspectors(plan, inspectors, seed=SEED), schedule,
        cr.record_results(cr.results_form(plan), plan), cr.plan_worth(plan, chances),
        plan.summary(), draw, _verified(draw),
    ]  # fmt: skip


def _verified(draw: cr.Draw) -> cr.Verification:
    with TemporaryDirectory() as folder:
        cr.write_draw(draw, Path(folder, "draw.json"))
        return cr.verify_draw(Path(folder, "draw.json"))


def _of_learning(enterprises: cr.Enterprises, records: cr.Records) -> list[object]:
    model = cr.load_model("reference")
    window = {"from_": "2022-06-30", "to": "2024-06-30", "every": "6M"}
    boosted = cr.BoostedScorer(n_jobs=1, n_estimators=20)
    trained = cr.train_model(enterprises, records, **window, test_to="2025-06-30", scorer=boosted)
    scorecard = cr.train_model(enterprises, records, **window, scorer=cr.ScorecardScorer()).scorer
    chance = np.random.default_rng(1)
    rows = pl.DataFrame(
        {
            "enterprise_id": [f"E{row}" for row in range(200)],
            "finding": chance.random(200) < 0.3,
            "inspected_on": [AS_OF] * 200,
            "as_of": [AS_OF] * 200,
        }
    )
    X = pl.DataFrame({"safety.accident_count": chance.poisson(1.0, 200).astype(float)}).to_pandas()
    wrapped = cr.wrap_classifier(LogisticRegression().fit(X, rows["finding"]), X, cut_offs=trained.scorer.cut_offs_)
    scores = {"a": chance.random(200), "b": chance.random(200)}
    return [
        model, trained, trained.scorer, scorecard, trained.evaluation, trained.evaluation.rate, wrapped,
        cr.compare_scores(rows, scores, n_resamples=20), cr.compare_choices(rows, scores, n_resamples=20),
    ]  # fmt: skip
