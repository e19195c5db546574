# The public names, by subject. Only this file lists them: at run time a name is looked up here and imported when it is
# first used, and type checkers read the file itself.
# ruff: noqa: I001

__version__: str

# assess
from creditrisk.assessing.assess import assess as assess
from creditrisk.assessing.assessment import Assessment as Assessment
from creditrisk.assessing.impact.policy_impact import PolicyImpact as PolicyImpact, policy_impact as policy_impact
from creditrisk.assessing.standing_table import standing_table as standing_table
from creditrisk.report.explanation import Explanation as Explanation
from creditrisk.report.plots import (
    plot_scores as plot_scores,
    plot_tiers as plot_tiers,
    use_chinese_font as use_chinese_font,
)
from creditrisk.report.summary import Summary as Summary
from creditrisk.report.trace import Trace as Trace

# enterprises and records
from creditrisk.records.identity import IdentityReport as IdentityReport, identity_report as identity_report
from creditrisk.records.reading import read_enterprises as read_enterprises, read_records as read_records
from creditrisk.records.tables import Enterprises as Enterprises, ReadingReport as ReadingReport, Records as Records
from creditrisk.records.uscc import is_valid_uscc as is_valid_uscc
from creditrisk.sample import SamplePaths as SamplePaths, sample_paths as sample_paths

# indicators
from creditrisk.indicators.builder import (
    ComplianceIndicators as ComplianceIndicators,
    EnvironmentIndicators as EnvironmentIndicators,
    IndicatorBuilder as IndicatorBuilder,
    QualityIndicators as QualityIndicators,
    ResponsibilityIndicators as ResponsibilityIndicators,
    SafetyIndicators as SafetyIndicators,
)
from creditrisk.indicators.built_in import built_in_indicators as built_in_indicators
from creditrisk.indicators.spec import IndicatorSpec as IndicatorSpec, Selection as Selection

# policies
from creditrisk.policy.document import Policy as Policy
from creditrisk.policy.loading import (
    built_in_policies as built_in_policies,
    load_policy as load_policy,
    parse_policy as parse_policy,
    policy_document as policy_document,
)
from creditrisk.policy.schema import policy_schema as policy_schema
from creditrisk.report.policies.comparing import (
    PolicyDifference as PolicyDifference,
    compare_policies as compare_policies,
)
from creditrisk.report.policies.pages import render_policy as render_policy
from creditrisk.scoring.rule_scorer import RuleScorer as RuleScorer
from creditrisk.scoring.sql import scoring_sql as scoring_sql
from creditrisk.vocabulary import BilingualText as BilingualText, DIMENSIONS as DIMENSIONS

# learning
from creditrisk.learning.bundles.bundle import load_model as load_model, save_model as save_model
from creditrisk.learning.bundles.manifest import ModelBundle as ModelBundle
from creditrisk.learning.bundles.model_card import model_card as model_card
from creditrisk.learning.scorers.boosted import BoostedScorer as BoostedScorer
from creditrisk.learning.scorers.cut_offs import CutOffs as CutOffs
from creditrisk.learning.scorers.scorecard import ScorecardScorer as ScorecardScorer
from creditrisk.learning.scorers.wrapping import (
    WrappedClassifier as WrappedClassifier,
    wrap_classifier as wrap_classifier,
)
from creditrisk.learning.studies.cohorts import cohort as cohort
from creditrisk.learning.studies.evaluating import ModelEvaluation as ModelEvaluation, evaluate_model as evaluate_model
from creditrisk.learning.studies.outcomes import (
    RateEstimate as RateEstimate,
    estimate_rate as estimate_rate,
    outcomes as outcomes,
)
from creditrisk.learning.studies.training import TrainedModel as TrainedModel, train_model as train_model
from creditrisk.learning.target import Target as Target
from creditrisk.scoring.model_protocol import ModelProtocol as ModelProtocol

# evaluation
from creditrisk.evaluation.choices import (
    ChoiceComparison as ChoiceComparison,
    compare_choices as compare_choices,
    longest_ago as longest_ago,
)
from creditrisk.evaluation.comparison import ScoreComparison as ScoreComparison, compare_scores as compare_scores
from creditrisk.evaluation.tables import (
    gain_table as gain_table,
    group_table as group_table,
    reliability_table as reliability_table,
    tier_table as tier_table,
)

# inspection: plans and their expected worth
from creditrisk.inspection.drafting.planning import plan_inspections as plan_inspections
from creditrisk.inspection.plan.items import (
    InspectionItem as InspectionItem,
    example_items as example_items,
    read_items as read_items,
)
from creditrisk.inspection.plan.patrols import grid_patrols as grid_patrols
from creditrisk.inspection.plan.plan import InspectionPlan as InspectionPlan, PlanSummary as PlanSummary
from creditrisk.inspection.plan.worth import PlanWorth as PlanWorth, plan_worth as plan_worth

# inspection: draws that anyone can recompute
from creditrisk.inspection.draws.draw_lists import (
    Verification as Verification,
    published_list as published_list,
    verify_draw as verify_draw,
    write_draw as write_draw,
)
from creditrisk.inspection.draws.drawing import Draw as Draw, draw_sample as draw_sample
from creditrisk.inspection.draws.seeds import (
    check_commitment as check_commitment,
    commit_to_seed as commit_to_seed,
    new_seed as new_seed,
)

# inspection: inspectors, days and results
from creditrisk.inspection.fieldwork.assigning import (
    Assignment as Assignment,
    assign_inspectors as assign_inspectors,
    verify_assignment as verify_assignment,
)
from creditrisk.inspection.fieldwork.inspectors import Inspectors as Inspectors, read_inspectors as read_inspectors
from creditrisk.inspection.fieldwork.publishing import (
    publication_list as publication_list,
    results_publication as results_publication,
)
from creditrisk.inspection.fieldwork.results import (
    RecordedResults as RecordedResults,
    record_results as record_results,
    results_form as results_form,
)
from creditrisk.inspection.fieldwork.scheduling import Schedule as Schedule, schedule_visits as schedule_visits
from creditrisk.inspection.fieldwork.workbook import write_plan_workbook as write_plan_workbook
from creditrisk.inspection.fieldwork.calendars import visit_calendar as visit_calendar

# simulate
from creditrisk.simulate import Province as Province, simulate_province as simulate_province

# errors and warnings
from creditrisk.errors import (
    CreditRiskError as CreditRiskError,
    ForkError as ForkError,
    InputError as InputError,
    InputWarning as InputWarning,
    LearningWarning as LearningWarning,
    OutputError as OutputError,
    PolicyError as PolicyError,
    PolicyReviewWarning as PolicyReviewWarning,
)
