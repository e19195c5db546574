"""scikit-learn's contract for every estimator: its own checks, and the exceptions with their reasons.

The exceptions are exact: a check that is expected to fail and passes is as wrong as one that fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

import creditrisk as cr
from tests.conftest import enterprises_of, records_of

RECORDS = records_of({"type": "accident", "occurred_on": "2026-01-01"})
BUILDERS = (
    cr.IndicatorBuilder, cr.SafetyIndicators, cr.QualityIndicators, cr.EnvironmentIndicators, cr.ComplianceIndicators,
    cr.ResponsibilityIndicators,
)  # fmt: skip
CUT_OFFS = cr.CutOffs.by_probability(ordinary=0.3, high_risk=0.6)
SHARES = cr.CutOffs.by_share(good=0.6, high_risk=0.4)


def reason(why: str, *checks: str) -> dict[str, str]:
    return {f"check_{check}": why for check in checks}


COMPUTES = (
    "dict_unchanged", "dtype_object", "estimators_dtypes", "estimators_pickle", "f_contiguous_array_estimator",
    "fit_idempotent", "fit_score_takes_y", "methods_sample_order_invariance", "methods_subset_invariance",
    "n_features_in_after_fitting", "pipeline_consistency", "transformer_data_not_an_array", "transformer_general",
    "transformer_preserve_dtypes",
)  # fmt: skip
BY_RULES = reason(
    "it reads the indicators of its policy by name, and the arrays of the checks have other columns",
    *COMPUTES, "dont_overwrite_parameters", "estimators_fit_returns_self", "estimators_overwrite_params",
    "fit2d_1feature", "fit2d_1sample", "fit2d_predict1d", "fit_check_is_fitted", "n_features_in",
    "positive_only_tag_during_fit", "readonly_memmap_input",
)  # fmt: skip
OF_COHORTS = reason("a cohort is a frame of ids and days, and the checks give arrays", *COMPUTES) | reason(
    "nothing is learnt in fit, which looks at no row",
    "complex_data", "estimator_sparse_tag", "estimators_empty_data_messages", "estimators_nan_inf", "fit1d",
    "fit2d_predict1d", "n_features_in",
)  # fmt: skip
NAMED = reason("which of two names is the finding has to be said, and no check says it", "classifiers_classes")

CHECKED: dict[str, tuple[Any, dict[str, str]]] = {
    "RuleScorer": (cr.RuleScorer(), BY_RULES),
    "WrappedClassifier": (cr.WrappedClassifier(LogisticRegression(), cut_offs=CUT_OFFS), NAMED),
    "WrappedClassifier with reasons": (
        cr.WrappedClassifier(LogisticRegression(), cut_offs=SHARES, reasons_by="additive"),
        NAMED,
    ),
    "WrappedClassifier of trees": (
        cr.WrappedClassifier(HistGradientBoostingClassifier(max_iter=5), cut_offs=CUT_OFFS),
        NAMED,
    ),
}


def of_arrays(kind: type) -> type:
    """The builder as if it took arrays: else scikit-learn would check next to nothing."""

    def tags(self: Any) -> Any:
        its = kind.__sklearn_tags__(self)
        its.input_tags.two_d_array = True
        return its

    return type(kind.__name__, (kind,), {"__sklearn_tags__": tags, "__module__": __name__})


def unexpected(estimator: Any, expected: dict[str, str]) -> set[str]:
    """Checks that failed and should not, and those that should and did not."""
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {one["check_name"] for one in results if one["status"] == "failed"}
    return failed ^ set(expected)


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_checks_of_scikit_learn_pass_with_these_exceptions(name: str) -> None:
    assert not unexpected(*CHECKED[name])


@pytest.mark.parametrize("kind", BUILDERS)
def test_the_checks_that_do_not_hang_on_arrays_pass_for_builders(kind: type) -> None:
    assert not unexpected(of_arrays(kind)(RECORDS), OF_COHORTS)


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_builder_says_that_it_takes_no_array(kind: type) -> None:
    tags = get_tags(kind(RECORDS)).input_tags
    assert not tags.two_d_array and not tags.sparse
    with pytest.raises(cr.InputError, match="expected a pandas, Polars or Arrow frame, got ndarray"):
        kind(RECORDS).fit_transform(np.zeros((2, 2)))


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_builder_keeps_its_parameters_and_names_its_columns(kind: type) -> None:
    register = enterprises_of({"enterprise_id": "E1"})
    builder = kind(RECORDS, enterprises=register, unknown="warn").set_output(transform="polars")
    assert clone(builder).get_params()["unknown"] == "warn"
    frame = builder.fit_transform(pd.DataFrame({"enterprise_id": ["E1"], "as_of": ["2026-06-30"]}))
    assert frame.columns == builder.get_feature_names_out().tolist()


@pytest.mark.parametrize("name", ["BoostedScorer", "ScorecardScorer", "WrappedClassifier"])
def test_a_model_says_what_it_cannot_take(name: str) -> None:
    model = CHECKED[name][0] if name in CHECKED else getattr(cr, name)()
    tags = get_tags(model)
    assert not tags.classifier_tags.multi_class and not tags.target_tags.multi_output and tags.target_tags.required
    assert tags.input_tags.allow_nan == (name != "WrappedClassifier")
    assert not get_tags(CHECKED["WrappedClassifier with reasons"][0]).input_tags.sparse


def test_every_decision_function_rises_with_risk(assessment: cr.Assessment) -> None:
    indicators = pd.DataFrame(assessment.assessed.indicators)
    rules = cr.RuleScorer().fit()
    risk = rules.decision_function(indicators)
    np.testing.assert_array_equal(-risk, assessment.table["score"])
    worse = indicators.assign(**{"safety.accident_count": indicators["safety.accident_count"] + 5})
    assert (rules.decision_function(worse) >= risk).all() and (rules.decision_function(worse) > risk).any()
    found = (risk > np.median(risk)).astype(int)
    for model in (cr.BoostedScorer(n_estimators=20, n_jobs=1), cr.ScorecardScorer(n_jobs=1)):
        with pytest.warns(cr.LearningWarning):
            score = model.fit(indicators, found).decision_function(indicators)
        assert score[found == 1].mean() > score[found == 0].mean()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["many"], r"'safety.accident_count' holds no numbers \(String\)"),
        ([np.inf], "'safety.accident_count' is infinite in row 0"),
    ],
)
def test_rules_read_numbers(values: list[Any], message: str) -> None:
    scorer = cr.RuleScorer().fit()
    X = pd.DataFrame(0.0, index=[0], columns=scorer.feature_names_in_).assign(**{"safety.accident_count": values})
    with pytest.raises(cr.InputError, match=message):
        scorer.predict(X)


def test_rules_name_the_column_that_is_probably_meant() -> None:
    scorer = cr.RuleScorer().fit()
    first = scorer.feature_names_in_[0]
    X = pd.DataFrame(0.0, index=[0], columns=[name.replace(".", "_") for name in scorer.feature_names_in_])
    with pytest.raises(cr.InputError, match=f"such as '{first}'; X has '{first.replace('.', '_')}'"):
        scorer.predict(X)


@pytest.mark.parametrize("model", [cr.BoostedScorer(n_jobs=1), cr.ScorecardScorer(n_jobs=1)])
@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.tile([1.0, np.inf], 20), "'safety.accident_count' is infinite in row 1"),
        (np.tile(["a", "b"], 20), "'safety.accident_count' holds no numbers"),
        (np.tile([1 + 1j, 2], 20), "'safety.accident_count'"),
    ],
)
def test_models_name_the_column_that_they_cannot_learn_from(model: Any, column: Any, message: str) -> None:
    X = pd.DataFrame({"safety.penalty_count": np.arange(40.0), "safety.accident_count": column})
    with pytest.raises(cr.InputError, match=message):
        clone(model).fit(X, np.tile([0, 1], 20))
