"""Any fitted classifier as a model: what it says stays its own, and what it lacks is said before it is used."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import creditrisk as cr
from creditrisk.learning.scorers.state_digest import state_digest
from creditrisk.learning.studies.evaluating import evaluate_model

DAY = "2026-06-30"
PROVINCE = cr.simulate_province(300, 20.0, seed=7)
CUT_OFFS = cr.CutOffs.by_probability(ordinary=0.3, high_risk=0.6)


def logistic() -> Any:
    return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression())


CLASSIFIERS = {
    "pipeline": logistic(),
    "columns": make_pipeline(
        ColumnTransformer([("numbers", logistic()[:-1], slice(0, None))], remainder="drop"), LogisticRegression()
    ),
    "boosting": HistGradientBoostingClassifier(max_iter=10, random_state=0),
    "forest": RandomForestClassifier(10, random_state=0),
    "calibrated": CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2, random_state=0), cv=2),
    "search": GridSearchCV(logistic(), {"logisticregression__C": [0.1, 1.0]}, cv=2),
}


def fitted(rows: Any, classifier: Any) -> Any:
    return clone(classifier).fit(rows.X.iloc[:, :12], rows.y.astype(int))


def assessed(model: Any, combine: Any = "rules") -> cr.Assessment:
    return cr.assess(PROVINCE.enterprises, PROVINCE.records, as_of=DAY, model=model, combine=combine, output="polars")


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_wrapped_classifier_says_what_it_said_before(rows: Any, name: str) -> None:
    X, classifier = rows.X.iloc[:, :12], fitted(rows, CLASSIFIERS[name])
    model = cr.wrap_classifier(classifier, cut_offs=CUT_OFFS)
    expected = classifier.predict_proba(X)
    for frame in (X, X.iloc[:, ::-1], pl.from_pandas(X), rows.X):
        np.testing.assert_array_equal(model.predict_proba(frame), expected)
    tiers = np.array(["good", "ordinary", "high_risk"])[np.searchsorted([0.3, 0.6], expected[:, 1], side="right")]
    assert model.predict_tier(X).tolist() == tiers.tolist()
    assert model.predict(X).tolist() == classifier.predict(X).tolist()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_it_serves_in_an_assessment_and_says_that_it_gives_no_reasons(rows: Any, name: str) -> None:
    model = cr.wrap_classifier(fitted(rows, CLASSIFIERS[name]), cut_offs=CUT_OFFS)
    assert isinstance(model, cr.ModelProtocol)
    assessment = assessed(model, "rules_with_model")
    table = assessment.table
    told = (pl.col("tier_by_rules") != "good") | (pl.col("tier_by_model") != "good")
    assert set(table.filter(told)["model_reasons_en"].explode()) == {"the model gives no reasons"}
    assert table.filter(~told)["model_reasons_zh"].list.len().sum() == 0
    moved = table.filter(pl.col("tier") != pl.col("tier_by_rules"))
    for enterprise_id in moved["enterprise_id"][:1]:
        assert "该模型不说明理由" in assessment.explain(enterprise_id).bounds[-1].text.zh


def test_reasons_of_a_sum_are_exact_shapley_values(rows: Any) -> None:
    X, classifier = rows.X.iloc[:, :12], fitted(rows, CLASSIFIERS["pipeline"])
    model = cr.wrap_classifier(classifier, X, cut_offs=CUT_OFFS, reasons="additive")
    values, base = model.contributions(X)
    np.testing.assert_allclose(values.sum(axis=1) + base, classifier.decision_function(X), rtol=1e-9)
    scaled = classifier[:-1].transform(X)
    # The average is of evenly spaced rows: of these, what a coefficient adds more than on average.
    of = scaled[:: -(-len(X) // 1000)]
    np.testing.assert_allclose(values, classifier[-1].coef_[0] * (scaled - of.mean(axis=0)), atol=1e-9)


def test_reasons_name_the_columns_that_move_a_row_most(rows: Any) -> None:
    X = rows.X.iloc[:, :12]
    model = cr.wrap_classifier(fitted(rows, CLASSIFIERS["pipeline"]), X, cut_offs=CUT_OFFS, reasons="additive")
    values, _ = model.contributions(X)
    first = model.reasons(X, top=1, output="polars")
    assert first["indicator"].to_list() == X.columns[np.abs(values).argmax(axis=1)].to_list()
    assert assessed(model).table["model_reasons_zh"].list.len().max() == 5


def test_a_sum_over_names_and_numbers_has_reasons_of_both(rows: Any) -> None:
    X = pd.concat([rows.X.iloc[:, :3], rows.enterprises.select("industry").to_pandas()], axis=1)
    encoded = ColumnTransformer(
        [("names", OneHotEncoder(handle_unknown="ignore"), ["industry"])], remainder="passthrough"
    )
    classifier = make_pipeline(encoded, SimpleImputer(), LogisticRegression(max_iter=5000)).fit(X, rows.y.astype(int))
    model = cr.wrap_classifier(classifier, X, cut_offs=CUT_OFFS, reasons="additive")
    reasons = model.reasons(X.head(20), top=None, language="en", output="polars")
    industry = reasons.filter(indicator="industry", row=0)["text_en"][0]
    assert industry.startswith(f"Industry: {X['industry'][0]}, ")
    assert assessed(model).table["model_probability"].n_unique() > 10


def test_boosted_trees_of_depth_one_are_a_sum_and_deeper_ones_are_refused(rows: Any) -> None:
    X, y = rows.X.iloc[:, :12], rows.y.astype(int)
    shallow = HistGradientBoostingClassifier(max_iter=10, max_leaf_nodes=2).fit(X, y)
    values, base = cr.wrap_classifier(shallow, X, cut_offs=CUT_OFFS, reasons="additive").contributions(X)
    np.testing.assert_allclose(values.sum(axis=1) + base, shallow.decision_function(X), atol=1e-9)
    with pytest.raises(cr.InputError, match="no sum of one part for each column"):
        cr.wrap_classifier(fitted(rows, CLASSIFIERS["boosting"]), X, cut_offs=CUT_OFFS, reasons="additive")


def test_shares_are_taken_of_the_rows_given(rows: Any) -> None:
    X, shares = rows.X.iloc[:, :12], cr.CutOffs.by_share(good=0.5, ordinary=0.3, high_risk=0.2)
    model = cr.wrap_classifier(fitted(rows, CLASSIFIERS["pipeline"]), X, cut_offs=shares)
    assert np.mean(model.predict_tier(X) == "high_risk") == pytest.approx(0.2, abs=0.01)
    with pytest.raises(cr.InputError, match="by share need the enterprises"):
        cr.wrap_classifier(fitted(rows, CLASSIFIERS["pipeline"]), cut_offs=shares)


def test_the_finding_is_the_greater_number_or_the_name_that_is_said(rows: Any) -> None:
    X = rows.X.iloc[:, :12]
    found = fitted(rows, CLASSIFIERS["pipeline"]).predict_proba(X)[:, 1]
    classifier = logistic().fit(X, np.where(rows.y > 0, "finding", "nothing"))
    with pytest.raises(cr.InputError, match="which of 'finding' and 'nothing' is the finding"):
        cr.wrap_classifier(classifier, cut_offs=CUT_OFFS)
    model = cr.wrap_classifier(classifier, X, cut_offs=CUT_OFFS, reasons="additive", finding="finding")
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], found)
    assert model.classes_.tolist() == ["nothing", "finding"]
    values, base = model.contributions(X)
    np.testing.assert_allclose(values.sum(axis=1) + base, np.log(found / (1 - found)), atol=1e-6)
    with pytest.raises(cr.InputError, match="'found' is none of the classes"):
        cr.wrap_classifier(classifier, cut_offs=CUT_OFFS, finding="found")


def test_columns_of_an_array_are_named_by_whoever_wraps(rows: Any) -> None:
    X = rows.X.iloc[:, :12]
    classifier = logistic().fit(X.to_numpy(), rows.y)
    with pytest.raises(cr.InputError, match="columns without names"):
        cr.wrap_classifier(classifier, cut_offs=CUT_OFFS)
    with pytest.raises(cr.InputError, match="columns has 11 names, and the classifier reads 12"):
        cr.wrap_classifier(classifier, cut_offs=CUT_OFFS, columns=list(X.columns[1:]))
    model = cr.wrap_classifier(classifier, cut_offs=CUT_OFFS, columns=list(X.columns))
    np.testing.assert_array_equal(model.predict_proba(X.iloc[:, ::-1]), classifier.predict_proba(X.to_numpy()))
    with pytest.raises(cr.InputError, match="columns are not those"):
        cr.wrap_classifier(fitted(rows, logistic()), cut_offs=CUT_OFFS, columns=list(X.columns[::-1]))


@pytest.mark.parametrize(
    ("classifier", "y", "message"),
    [
        (logistic(), [0, 1, 2], "has 3 classes"),
        (LinearSVC(), [0, 1], r"no probabilities \(predict_proba\)"),
        (StandardScaler(), [0, 1], "is no classifier"),
    ],
)
def test_what_cannot_serve_is_refused_when_it_is_wrapped(
    rows: Any, classifier: Any, y: list[int], message: str
) -> None:
    X = rows.X.iloc[:, :12].fillna(0.0)
    with pytest.raises(cr.InputError, match=message):
        cr.wrap_classifier(clone(classifier).fit(X, np.resize(y, len(X))), cut_offs=CUT_OFFS)


def test_a_classifier_is_fitted_before_it_is_wrapped() -> None:
    with pytest.raises(cr.InputError, match="the Pipeline is not fitted"):
        cr.wrap_classifier(logistic(), cut_offs=CUT_OFFS)


@pytest.mark.parametrize("options", [{"cut_offs": None}, {"cut_offs": CUT_OFFS, "reasons": "sampled"}])
def test_options_that_there_are_not_are_refused(rows: Any, options: dict[str, Any]) -> None:
    with pytest.raises(cr.InputError, match=r"cut_offs must be made by|reasons must be one of additive, none"):
        cr.wrap_classifier(fitted(rows, logistic()), **options)


def test_a_frame_by_other_names_is_refused_and_the_likely_ones_are_named(rows: Any) -> None:
    X = rows.X.iloc[:, :12]
    model = cr.wrap_classifier(fitted(rows, logistic()), cut_offs=CUT_OFFS)
    with pytest.raises(cr.InputError, match=f"'{X.columns[0]}' like '{X.columns[0].replace('.', '_')}'"):
        model.predict_proba(X.rename(columns=lambda name: name.replace(".", "_")))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_as_it_is_gets_one_error_before_anything_is_read(rows: Any, name: str) -> None:
    with pytest.raises(cr.InputError, match=r"it lacks .*predict_tier.*creditrisk.wrap_classifier\(model, cut_offs="):
        cr.assess("no such file", "no such file", as_of=DAY, model=fitted(rows, CLASSIFIERS[name]))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (cr.BoostedScorer(), "the BoostedScorer is not fitted"),
        (cr.BoostedScorer, "the class BoostedScorer"),
        ({"predict": 1}, "a dict cannot serve as a model, for it lacks feature_names_in_"),
    ],
)
def test_what_is_no_model_is_refused_before_anything_is_read(model: Any, message: str) -> None:
    with pytest.raises(cr.InputError, match=message):
        cr.assess("no such file", "no such file", as_of=DAY, model=model)


def test_other_tiers_than_the_policy_has_are_refused_before_anything_is_read(rows: Any) -> None:
    model = cr.wrap_classifier(fitted(rows, logistic()), cut_offs=cr.CutOffs.by_probability(best="A", B=0.5))
    with pytest.raises(cr.InputError, match="the model's tiers are A, B"):
        cr.assess("no such file", "no such file", as_of=DAY, model=model)


def test_the_account_of_a_run_says_which_classifier_it_was(rows: Any, tmp_path: Path) -> None:
    classifier = fitted(rows, CLASSIFIERS["pipeline"])
    model = cr.wrap_classifier(classifier, cut_offs=CUT_OFFS)
    said = json.loads(assessed(model).save(tmp_path)["run.json"].read_text(encoding="utf-8"))["model"]
    assert said["class"] == "sklearn.pipeline.Pipeline" and said["reasons"] == "none"
    assert said["parameters"]["logisticregression__C"] == 1.0
    assert said["sha256"] == {"fitted_state": state_digest(classifier)}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_digest_is_that_of_the_state_and_of_nothing_else(rows: Any, name: str) -> None:
    once = fitted(rows, CLASSIFIERS[name])
    assert state_digest(pickle.loads(pickle.dumps(once))) == state_digest(once)  # noqa: S301
    if name != "search":  # which keeps how long it took
        assert state_digest(fitted(rows, CLASSIFIERS[name])) == state_digest(once)
    other = clone(CLASSIFIERS[name]).fit(rows.X.iloc[1:, :12], rows.y[1:].astype(int))
    assert state_digest(other) != state_digest(once)


def test_the_digest_is_the_same_in_another_process() -> None:
    code = (
        "import numpy as np; from sklearn.ensemble import RandomForestClassifier as Forest\n"
        "from creditrisk.learning.scorers.state_digest import state_digest\n"
        "X = np.arange(60.0).reshape(20, 3) % 7\n"
        "print(state_digest({'forest': Forest(5, random_state=0).fit(X, X[:, 0] > 3), 'names': {'b', 'a', 'c'}}))"
    )
    found = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(found) == 1 and len(found.pop().strip()) == 64


def test_what_cannot_be_hashed_is_said(rows: Any) -> None:
    X = rows.X.iloc[:, :12].fillna(0.0)
    classifier = make_pipeline(StandardScaler(), FunctionTransformer(lambda x: x), LogisticRegression()).fit(X, rows.y)
    said = cr.wrap_classifier(classifier, cut_offs=CUT_OFFS).account()
    assert said["sha256"] == {} and "its name alone does not tell" in said["not_hashed"]
    json.dumps(said)


def test_a_wrapped_classifier_is_not_kept_as_a_bundle(rows: Any, tmp_path: Path) -> None:
    model = cr.wrap_classifier(fitted(rows, logistic()), cut_offs=CUT_OFFS)
    with pytest.raises(cr.InputError, match="a WrappedClassifier cannot be kept as a bundle"):
        cr.save_model(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_it_is_evaluated_like_any_model_once_its_last_outcome_is_known(rows: Any) -> None:
    model = cr.wrap_classifier(fitted(rows, logistic()), cut_offs=CUT_OFFS)
    tables = cr.read_enterprises(PROVINCE.enterprises), cr.read_records(PROVINCE.records)
    window = {"from_": "2025-06-30", "to": "2025-12-31", "n_resamples": 10}
    with pytest.raises(cr.InputError, match="does not say until when it learnt"):
        evaluate_model(model, *tables, **window)
    evaluation = evaluate_model(model, *tables, learnt_until="2025-06-30", **window)
    assert "model" in evaluation.comparison.figures["score"].to_list()


def test_it_fits_a_copy_of_its_classifier_too(rows: Any) -> None:
    X, y = rows.X.iloc[:, :12], rows.y.astype(int)
    unfitted = cr.WrappedClassifier(logistic(), cut_offs=CUT_OFFS, reasons_by="additive")
    model = clone(unfitted).set_params(classifier__logisticregression__C=0.5).fit(X, y)
    wrapped = cr.wrap_classifier(
        logistic().set_params(logisticregression__C=0.5).fit(X, y), X, cut_offs=CUT_OFFS, reasons="additive"
    )
    np.testing.assert_array_equal(model.predict_proba(X), wrapped.predict_proba(X))
    assert not hasattr(unfitted, "classifier_")
