"""creditrisk: credit-based, tiered supervision of enterprises, from records to tiers, with reasons.

Names are imported when first used, so that ``import creditrisk`` stays as quick as its parts allow.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from creditrisk.forking import refuse_after_fork, refuse_what_is_loaded

if TYPE_CHECKING:
    from creditrisk.assessing.assess import assess as assess
    from creditrisk.assessing.assessment import Assessment as Assessment
    from creditrisk.assessing.impact.policy_impact import PolicyImpact as PolicyImpact
    from creditrisk.assessing.impact.policy_impact import policy_impact as policy_impact
    from creditrisk.assessing.standing_table import standing_table as standing_table
    from creditrisk.errors import CreditRiskError as CreditRiskError
    from creditrisk.errors import ForkError as ForkError
    from creditrisk.errors import InputError as InputError
    from creditrisk.errors import LearningWarning as LearningWarning
    from creditrisk.errors import OutputError as OutputError
    from creditrisk.errors import PolicyError as PolicyError
    from creditrisk.errors import PolicyReviewWarning as PolicyReviewWarning
    from creditrisk.evaluation.choices import ChoiceComparison as ChoiceComparison
    from creditrisk.evaluation.choices import compare_choices as compare_choices
    from creditrisk.evaluation.comparison import ScoreComparison as ScoreComparison
    from creditrisk.evaluation.comparison import compare_scores as compare_scores
    from creditrisk.indicators.builder import ComplianceIndicators as ComplianceIndicators
    from creditrisk.indicators.builder import EnvironmentIndicators as EnvironmentIndicators
    from creditrisk.indicators.builder import IndicatorBuilder as IndicatorBuilder
    from creditrisk.indicators.builder import QualityIndicators as QualityIndicators
    from creditrisk.indicators.builder import ResponsibilityIndicators as ResponsibilityIndicators
    from creditrisk.indicators.builder import SafetyIndicators as SafetyIndicators
    from creditrisk.indicators.built_in import built_in_indicators as built_in_indicators
    from creditrisk.indicators.spec import IndicatorSpec as IndicatorSpec
    from creditrisk.inspection.drafting.planning import plan_inspections as plan_inspections
    from creditrisk.inspection.draws.draw_lists import published_list as published_list
    from creditrisk.inspection.draws.draw_lists import verify_draw as verify_draw
    from creditrisk.inspection.draws.draw_lists import write_draw as write_draw
    from creditrisk.inspection.draws.drawing import Draw as Draw
    from creditrisk.inspection.draws.drawing import draw_sample as draw_sample
    from creditrisk.inspection.draws.seeds import check_commitment as check_commitment
    from creditrisk.inspection.draws.seeds import commit_to_seed as commit_to_seed
    from creditrisk.inspection.draws.seeds import new_seed as new_seed
    from creditrisk.inspection.fieldwork.assigning import Assignment as Assignment
    from creditrisk.inspection.fieldwork.assigning import assign_inspectors as assign_inspectors
    from creditrisk.inspection.fieldwork.assigning import verify_assignment as verify_assignment
    from creditrisk.inspection.fieldwork.inspectors import Inspectors as Inspectors
    from creditrisk.inspection.fieldwork.inspectors import read_inspectors as read_inspectors
    from creditrisk.inspection.fieldwork.publishing import publication_list as publication_list
    from creditrisk.inspection.fieldwork.publishing import results_publication as results_publication
    from creditrisk.inspection.fieldwork.results import RecordedResults as RecordedResults
    from creditrisk.inspection.fieldwork.results import record_results as record_results
    from creditrisk.inspection.fieldwork.results import results_form as results_form
    from creditrisk.inspection.fieldwork.scheduling import Schedule as Schedule
    from creditrisk.inspection.fieldwork.scheduling import schedule_visits as schedule_visits
    from creditrisk.inspection.fieldwork.workbook import write_plan_workbook as write_plan_workbook
    from creditrisk.inspection.plan.items import InspectionItem as InspectionItem
    from creditrisk.inspection.plan.items import example_items as example_items
    from creditrisk.inspection.plan.items import read_items as read_items
    from creditrisk.inspection.plan.patrols import grid_patrols as grid_patrols
    from creditrisk.inspection.plan.plan import InspectionPlan as InspectionPlan
    from creditrisk.inspection.plan.worth import PlanWorth as PlanWorth
    from creditrisk.inspection.plan.worth import plan_worth as plan_worth
    from creditrisk.learning.bundles.bundle import load_model as load_model
    from creditrisk.learning.bundles.bundle import save_model as save_model
    from creditrisk.learning.bundles.manifest import ModelBundle as ModelBundle
    from creditrisk.learning.bundles.model_card import model_card as model_card
    from creditrisk.learning.scorers.boosted import BoostedScorer as BoostedScorer
    from creditrisk.learning.scorers.cut_offs import CutOffs as CutOffs
    from creditrisk.learning.scorers.scorecard import ScorecardScorer as ScorecardScorer
    from creditrisk.learning.studies.evaluating import ModelEvaluation as ModelEvaluation
    from creditrisk.learning.studies.evaluating import evaluate_model as evaluate_model
    from creditrisk.learning.studies.training import TrainedModel as TrainedModel
    from creditrisk.learning.studies.training import train_model as train_model
    from creditrisk.policy.document import Policy as Policy
    from creditrisk.policy.loading import load_policy as load_policy
    from creditrisk.policy.schema import policy_schema as policy_schema
    from creditrisk.records.identity import identity_report as identity_report
    from creditrisk.records.reading import read_enterprises as read_enterprises
    from creditrisk.records.reading import read_records as read_records
    from creditrisk.records.tables import Enterprises as Enterprises
    from creditrisk.records.tables import Records as Records
    from creditrisk.records.uscc import is_valid_uscc as is_valid_uscc
    from creditrisk.report.calendars import visit_calendar as visit_calendar
    from creditrisk.report.explanation import Explanation as Explanation
    from creditrisk.report.policies.comparing import PolicyDifference as PolicyDifference
    from creditrisk.report.policies.comparing import compare_policies as compare_policies
    from creditrisk.report.policies.pages import render_policy as render_policy
    from creditrisk.report.trace import Trace as Trace
    from creditrisk.sample import sample_paths as sample_paths
    from creditrisk.scoring.rule_scorer import RuleScorer as RuleScorer
    from creditrisk.scoring.sql import scoring_sql as scoring_sql
    from creditrisk.simulate import simulate_province as simulate_province

_WHERE = {
    "Assessment": "assessing.assessment",
    "Assignment": "inspection.fieldwork.assigning",
    "BoostedScorer": "learning.scorers.boosted",
    "ChoiceComparison": "evaluation.choices",
    "ComplianceIndicators": "indicators.builder",
    "CreditRiskError": "errors",
    "CutOffs": "learning.scorers.cut_offs",
    "Draw": "inspection.draws.drawing",
    "Enterprises": "records.tables",
    "EnvironmentIndicators": "indicators.builder",
    "Explanation": "report.explanation",
    "ForkError": "errors",
    "IndicatorBuilder": "indicators.builder",
    "IndicatorSpec": "indicators.spec",
    "InputError": "errors",
    "InspectionItem": "inspection.plan.items",
    "InspectionPlan": "inspection.plan.plan",
    "Inspectors": "inspection.fieldwork.inspectors",
    "LearningWarning": "errors",
    "ModelBundle": "learning.bundles.manifest",
    "ModelEvaluation": "learning.studies.evaluating",
    "OutputError": "errors",
    "PlanWorth": "inspection.plan.worth",
    "Policy": "policy.document",
    "PolicyDifference": "report.policies.comparing",
    "PolicyError": "errors",
    "PolicyImpact": "assessing.impact.policy_impact",
    "PolicyReviewWarning": "errors",
    "QualityIndicators": "indicators.builder",
    "RecordedResults": "inspection.fieldwork.results",
    "Records": "records.tables",
    "ResponsibilityIndicators": "indicators.builder",
    "RuleScorer": "scoring.rule_scorer",
    "SafetyIndicators": "indicators.builder",
    "Schedule": "inspection.fieldwork.scheduling",
    "ScoreComparison": "evaluation.comparison",
    "ScorecardScorer": "learning.scorers.scorecard",
    "Trace": "report.trace",
    "TrainedModel": "learning.studies.training",
    "assess": "assessing.assess",
    "assign_inspectors": "inspection.fieldwork.assigning",
    "built_in_indicators": "indicators.built_in",
    "check_commitment": "inspection.draws.seeds",
    "commit_to_seed": "inspection.draws.seeds",
    "compare_choices": "evaluation.choices",
    "compare_policies": "report.policies.comparing",
    "compare_scores": "evaluation.comparison",
    "draw_sample": "inspection.draws.drawing",
    "evaluate_model": "learning.studies.evaluating",
    "example_items": "inspection.plan.items",
    "grid_patrols": "inspection.plan.patrols",
    "identity_report": "records.identity",
    "is_valid_uscc": "records.uscc",
    "load_model": "learning.bundles.bundle",
    "load_policy": "policy.loading",
    "model_card": "learning.bundles.model_card",
    "new_seed": "inspection.draws.seeds",
    "plan_inspections": "inspection.drafting.planning",
    "plan_worth": "inspection.plan.worth",
    "policy_impact": "assessing.impact.policy_impact",
    "policy_schema": "policy.schema",
    "publication_list": "inspection.fieldwork.publishing",
    "published_list": "inspection.draws.draw_lists",
    "read_enterprises": "records.reading",
    "read_inspectors": "inspection.fieldwork.inspectors",
    "read_items": "inspection.plan.items",
    "read_records": "records.reading",
    "record_results": "inspection.fieldwork.results",
    "render_policy": "report.policies.pages",
    "results_form": "inspection.fieldwork.results",
    "results_publication": "inspection.fieldwork.publishing",
    "sample_paths": "sample",
    "save_model": "learning.bundles.bundle",
    "schedule_visits": "inspection.fieldwork.scheduling",
    "scoring_sql": "scoring.sql",
    "simulate_province": "simulate",
    "standing_table": "assessing.standing_table",
    "train_model": "learning.studies.training",
    "verify_assignment": "inspection.fieldwork.assigning",
    "verify_draw": "inspection.draws.draw_lists",
    "visit_calendar": "report.calendars",
    "write_draw": "inspection.draws.draw_lists",
    "write_plan_workbook": "inspection.fieldwork.workbook",
}

__all__ = sorted(_WHERE)

refuse_after_fork()

try:
    __version__ = version("creditrisk")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'creditrisk' has no attribute {name!r}")
    value = getattr(import_module(f"creditrisk.{_WHERE[name]}"), name)
    refuse_what_is_loaded()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
