"""The boosted model: its contract as an estimator, what it promises of risk, and what bad input gets."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import warnings
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.metadata_routing import get_routing_for_object

import creditrisk as cr
from creditrisk.learning.scorers.calibration import Calibration, calibrate
from creditrisk.learning.scorers.validation import split_rows
from tests.learning.conftest import Rows, frame_with_categories, unfitted

WEIGHTED_TWICE = {
    "check_sample_weight_equivalence_on_dense_data": "a row of weight two is one row to the bins, to the fewest rows "
    "in a leaf and to the draw of held-out rows; a row repeated is two"
}
CALIBRATED = {
    "check_classifiers_train": "decision_function is the score before calibration, predict the class after it"
}


@pytest.mark.filterwarnings("ignore::creditrisk.LearningWarning", "ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, WEIGHTED_TWICE | CALIBRATED),
        ({"calibration": None}, WEIGHTED_TWICE),
        ({"calibration": None, "additive": True}, WEIGHTED_TWICE),
    ],
)
def test_the_estimator_checks_of_scikit_learn_pass(parameters: dict[str, Any], expected: dict[str, str]) -> None:
    check_estimator(cr.BoostedScorer(n_estimators=30, n_jobs=1, **parameters), expected_failed_checks=expected)


def test_it_foretells_findings_of_enterprises_and_days_that_it_has_not_seen(rows: Rows) -> None:
    later = late_rows(rows)
    scorer = unfitted().fit(
        rows.X[~later], rows.y[~later], as_of=rows.as_of.filter(~later), groups=rows.groups.filter(~later)
    )
    probability = scorer.predict_proba(rows.X[later])[:, 1]
    assert roc_auc_score(rows.y[later], probability) > 0.6
    assert probability.mean() == pytest.approx(rows.y[later].mean(), rel=0.35)


def test_any_number_of_threads_gives_the_same_bits(rows: Rows, scorer: cr.BoostedScorer) -> None:
    for threads in (None, 2, 3, -1):
        other = clone(scorer).set_params(n_jobs=threads).fit(rows.X, rows.y, as_of=rows.as_of, groups=rows.groups)
        assert other.to_parts()["booster.txt"] == scorer.to_parts()["booster.txt"]
        assert np.array_equal(other.predict_proba(rows.X), scorer.predict_proba(rows.X))
        assert other.reasons(rows.X, output="polars").equals(scorer.reasons(rows.X, output="polars"))


@pytest.mark.parametrize("kind", ["scorer", "additive", "with_categories"])
def test_a_single_row_and_every_kind_of_input_equal_the_batch(
    kind: str, rows: Rows, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    X = (frame_with_categories(rows) if kind == "with_categories" else pl.from_pandas(rows.X)).head(40)
    whole = model.predict_proba(X)
    assert np.array_equal(np.concatenate([model.predict_proba(X[place]) for place in range(40)]), whole)
    turned = X.select(reversed(X.columns)).with_columns(other=pl.lit("x"))
    for same in (X.to_pandas(), X.to_arrow(), X.lazy(), turned, turned.to_pandas()):
        assert np.array_equal(model.predict_proba(same), whole)


def test_missing_values_of_every_kind_of_frame_are_one_thing(rows: Rows, scorer: cr.BoostedScorer) -> None:
    X = pl.from_pandas(rows.X).fill_nan(None)
    assert np.array_equal(scorer.decision_function(X), scorer.decision_function(rows.X))
    assert np.array_equal(scorer.decision_function(X.to_pandas()), scorer.decision_function(rows.X))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_more_risk_never_lowers_the_score(
    data: st.DataObject, rows: Rows, scorer: cr.BoostedScorer, additive: cr.BoostedScorer
) -> None:
    column = data.draw(st.sampled_from([place for place, one in enumerate(scorer.constraints_) if one]))
    row = data.draw(st.integers(0, len(rows.X) - 1))
    seen = rows.X.iloc[:, column].dropna().to_numpy()
    values = np.sort(data.draw(st.lists(st.sampled_from(seen) | st.floats(-1e6, 1e6), min_size=2, max_size=8)))
    X = rows.X.iloc[[row] * len(values)].copy()
    X.iloc[:, column] = values
    for model in (scorer, additive):
        rising = np.diff(model.decision_function(X)) * scorer.constraints_[column]
        assert (rising >= 0).all()


def test_directions_are_those_declared_unless_others_are_given(rows: Rows, scorer: cr.BoostedScorer) -> None:
    by_name = dict(zip(scorer.feature_names_in_, scorer.constraints_, strict=True))
    declared = {spec.id: spec.direction for spec in cr.built_in_indicators()}
    sign = {"risk_rises": 1, "risk_falls": -1, "none": 0}
    assert by_name == {name: sign[declared[name]] for name in rows.X.columns}
    name = next(name for name in rows.X.columns if by_name[name] == 1)
    other = unfitted(n_estimators=5, directions={name: "none"}).fit(rows.X, rows.y)
    assert dict(zip(rows.X.columns, other.constraints_, strict=True)) == by_name | {name: 0}


def test_an_unseen_category_counts_as_missing_or_is_refused(rows: Rows, with_categories: cr.BoostedScorer) -> None:
    X = frame_with_categories(rows).head(50)
    strange, missing = (X.with_columns(scale=pl.lit(value, dtype=pl.String)) for value in ("colossal", None))
    assert np.array_equal(with_categories.predict_proba(strange), with_categories.predict_proba(missing))
    assert with_categories.constraints_[-3:] == (0, 0, 0)
    strict = clone(with_categories).set_params(unseen="error", n_estimators=5).fit(frame_with_categories(rows), rows.y)
    with pytest.raises(cr.InputError, match="category 'colossal', which was not seen in training"):
        strict.predict(strange)


def test_a_weight_of_zero_leaves_a_row_out_and_the_scale_of_weights_does_not_matter(rows: Rows) -> None:
    kept = np.ones(len(rows.y), dtype=bool)
    kept[::3] = False
    few = unfitted(n_estimators=20).fit(rows.X[kept], rows.y[kept], np.ones(kept.sum()))
    weighted = unfitted(n_estimators=20).fit(rows.X, rows.y, kept * 4.0)
    assert np.array_equal(few.predict_proba(rows.X), weighted.predict_proba(rows.X))


@pytest.mark.parametrize("kind", ["scorer", "additive", "with_categories"])
def test_parts_pickle_and_joblib_bring_back_the_same_model(
    kind: str, rows: Rows, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)
    X = frame_with_categories(rows) if kind == "with_categories" else rows.X
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    parts = model.to_parts()
    for other in (cr.BoostedScorer.from_parts(parts), pickle.loads(pickle.dumps(model)), joblib.load(file)):  # noqa: S301
        assert np.array_equal(other.predict_proba(X), model.predict_proba(X))
        assert np.array_equal(other.predict_tier(X), model.predict_tier(X))
        assert other.reasons(X[:20], output="polars").equals(model.reasons(X[:20], output="polars"))
        assert other.to_parts() == parts
        assert str(other.get_params()) == str(model.get_params())


def test_damaged_parts_are_refused(scorer: cr.BoostedScorer) -> None:
    parts = scorer.to_parts()
    json = parts["scorer.json"].decode()
    for damaged, message in (
        ({"booster.txt": parts["booster.txt"]}, "the bundle lacks scorer.json"),
        ({"scorer.json": parts["scorer.json"]}, "the bundle lacks booster.txt"),
        (parts | {"scorer.json": parts["scorer.json"][:-9]}, "scorer.json is damaged"),
        (parts | {"scorer.json": json.replace('"format": 1', '"format": 2').encode()}, "use a newer version"),
        (parts | {"booster.txt": b"tree\nnonsense"}, "booster.txt is damaged"),
    ):
        with pytest.raises(cr.InputError, match=message):
            cr.BoostedScorer.from_parts(damaged)


def test_days_and_groups_can_be_routed() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = unfitted().set_fit_request(as_of=True, groups=True, inspectors=True, sample_weight=True)
        requested = get_routing_for_object(scorer).fit.requests
    assert requested == {"as_of": True, "groups": True, "inspectors": True, "sample_weight": True}


def test_a_search_within_its_budget_is_never_worse_than_the_start(rows: Rows) -> None:
    scorer = unfitted(search_trials=4, n_estimators=30).fit(rows.X, rows.y, as_of=rows.as_of)
    assert len(scorer.trials_) == 4
    assert scorer.trials_[0][0]["learning_rate"] == 0.1
    assert scorer.params_ == min(scorer.trials_, key=lambda trial: trial[1])[0]
    again = clone(scorer).fit(rows.X, rows.y, as_of=rows.as_of)
    assert again.trials_ == scorer.trials_
    short = unfitted(search_seconds=1e-6, n_estimators=5).fit(rows.X, rows.y)
    assert len(short.trials_) == 1


def test_progress_is_shown_on_standard_error_alone(rows: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    unfitted(search_trials=2, n_estimators=5, progress=True).fit(rows.X, rows.y)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "best log loss" in shown.err
    assert "2/2" in shown.err


def test_a_search_without_optuna_says_what_to_install(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(cr.InputError, match=r"pip install 'creditrisk\[learning\]'"):
        unfitted(search_trials=2).fit(rows.X, rows.y)


def test_held_out_rows_are_later_and_of_other_enterprises(rows: Rows) -> None:
    split = split_rows(rows.y, 0.2, 0, as_of=rows.as_of, groups=rows.groups)
    assert split is not None
    assert rows.as_of[split.training].max() < rows.as_of[split.held_out].min()  # type: ignore[operator]
    assert not set(rows.groups[split.training]) & set(rows.groups[split.held_out])
    apart = split_rows(rows.y, 0.2, 0, as_of=rows.as_of, gap_days=300)
    assert apart is not None
    assert (rows.as_of[apart.held_out].min() - rows.as_of[apart.training].max()).days > 300  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_calibration_finds_the_probabilities_that_made_the_outcomes(kind: Any) -> None:
    random = np.random.default_rng(0)
    raw = random.normal(-1, 2, 20_000)
    truth = Calibration(slope=0.7, intercept=-0.5).probabilities(raw)
    fitted = calibrate(raw, (random.random(20_000) < truth).astype(float), kind=kind)
    assert np.abs(fitted.probabilities(raw) - truth).mean() < 0.02
    assert fitted.probabilities(np.array([fitted.raw_at(0.3)]))[0] == pytest.approx(0.3)
    assert (np.diff(fitted.probabilities(np.linspace(-20, 20, 999))) >= 0).all()


def test_a_model_that_has_learnt_nothing_is_said_to_have() -> None:
    raw = np.linspace(-2, 2, 100)
    with pytest.warns(cr.LearningWarning, match="higher scores do not mean more findings"):
        fitted = calibrate(raw, (raw < 0).astype(float))
    assert fitted.slope == 1
    assert fitted.probabilities(raw).mean() == pytest.approx(0.5, abs=0.02)


def bad_rows(rows: Rows) -> dict[str, tuple[Any, Any, dict[str, Any], dict[str, Any], str]]:
    """X, y, parameters, further arguments of fit, message."""
    X, y = rows.X.iloc[:, :5], rows.y
    return {
        "one class": (X, np.ones(len(y)), {}, {}, "y has one class only"),
        "no outcome": (X, np.where(y == 1, np.nan, y), {}, {}, "outcomes are missing"),
        "text": (X.assign(name="x"), y, {}, {}, "column 'name' holds no numbers"),
        "no weight": (X, y, {}, {"sample_weight": np.zeros(len(y))}, "every sample_weight is zero"),
        "no day": (X, y, {}, {"as_of": ["2025-13-01"] * len(y)}, "as_of must hold days .*'2025-13-01' in row 0"),
        "few days": (X, y, {}, {"as_of": ["2025-01-01"]}, "as_of must have one entry for each row"),
        "few groups": (X, y, {}, {"groups": ["a"]}, "groups must have one entry for each row"),
        "a direction": (X, y, {"directions": {X.columns[0]: "up"}}, {}, "must be one of risk_rises"),
        "a column": (X, y, {"directions": {"x": "none"}}, {}, "directions names 'x', which is no column"),
        "unseen": (X, y, {"unseen": "guess"}, {}, "unseen must be one of missing, error"),
        "calibration": (X, y, {"calibration": "beta"}, {}, "calibration must be one of sigmoid, isotonic or None"),
        "share": (X, y, {"validation_share": 1.0}, {}, "validation_share must be between 0 and 1"),
        "trees": (X, y, {"n_estimators": 10.5}, {}, "n_estimators must be a whole number from 1 on, got 10.5"),
        "leaves": (X, y, {"num_leaves": 1}, {}, "num_leaves must be at least 2, got 1"),
        "threads": (X, y, {"n_jobs": 0}, {}, "n_jobs must be None, a number of threads, or -1 for all cores, got 0"),
        "rate": (X, y, {"learning_rate": 0}, {}, "learning_rate must be above 0, got 0"),
        "gap": (X, y, {"gap_days": -1}, {}, "gap_days must be at least 0, got -1"),
        "cut-offs": (X, y, {"cut_offs": {"good": 1.0}}, {}, "cut_offs must be made by CutOffs"),
        "categories": (X, y, {"categories": "industry"}, {}, "categories must be a list of columns, got 'industry'"),
        "none": (X, [None, *y[1:]], {}, {}, "1 outcomes are missing"),
        "weight": (X, y, {}, {"sample_weight": [np.inf, *np.ones(len(y) - 1)]}, "sample_weight: .* finite number"),
        "numbers": (X, y, {}, {"as_of": np.arange(len(y))}, "as_of must hold days .* got Int64"),
        "american": (X, y, {}, {"as_of": ["01/04/2024"] * len(y)}, "as_of must hold days .*'01/04/2024' in row 0"),
        "no group": (X, y, {}, {"groups": [np.nan, *map(str, y[1:])]}, "row 0 has no group"),
        "one group": (X, y, {}, {"groups": "E1"}, "groups cannot be read"),
        "numbers of any size": (
            X.assign(big=[10**30, *y[1:]]).astype({"big": object}),
            y,
            {},
            {},
            "'big' cannot be read",
        ),
        "category": (X.assign(scale="x"), y, {"additive": True}, {}, "made of bands of numbers, and 'scale'"),
        "twice": (pd.concat([X, X], axis=1), y, {}, {}, "X has two columns called"),
    }


def test_bad_input_is_one_clear_error(rows: Rows) -> None:
    for X, y, parameters, further, message in bad_rows(rows).values():
        with pytest.raises(cr.InputError, match=message):
            unfitted(**parameters).fit(X, y, **further)


def test_a_missing_indicator_is_named(rows: Rows, scorer: cr.BoostedScorer) -> None:
    with pytest.raises(cr.InputError, match=f"such as '{rows.X.columns[3]}'"):
        scorer.predict(rows.X.drop(columns=rows.X.columns[3]))
    for wrong in ({"top": 0}, {"language": "fr"}, {"output": "list"}):
        with pytest.raises(cr.InputError):
            scorer.reasons(rows.X, **wrong)  # type: ignore[arg-type]


def test_columns_that_say_nothing_or_too_much_are_named_and_the_model_fitted(rows: Rows) -> None:
    X = rows.X.iloc[:, :5].assign(always=1.0, never=np.nan, found_later=rows.y * 2.5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scorer = unfitted(n_estimators=20).fit(X, rows.y)
    said = [str(one.message) for one in caught if one.category is cr.LearningWarning]
    assert [text.partition(":")[2].partition(".")[0] for text in said[:2]] == [" never", " always"]
    assert said[2].startswith("found_later alone tells the outcome almost perfectly")
    assert len(scorer.predict(X)) == len(X)


def test_rows_of_one_day_or_too_few_to_hold_any_out_are_said_to_be(rows: Rows) -> None:
    X = rows.X.iloc[:, :5]
    with pytest.warns(cr.LearningWarning, match="all rows are of 2025-01-01"):
        unfitted(n_estimators=5).fit(X, rows.y, as_of=["2025-01-01"] * len(X))
    few = np.concatenate([np.flatnonzero(rows.y == 1)[:3], np.flatnonzero(rows.y == 0)[:3]])
    with pytest.warns(cr.LearningWarning) as caught:
        scorer = unfitted(n_estimators=5).fit(X.iloc[few], rows.y[few])
    assert any("too few rows of either class" in str(one.message) for one in caught)
    assert scorer.n_trees_ == 5


def test_importing_the_package_imports_no_lightgbm() -> None:
    code = "import sys, creditrisk; creditrisk.InputError; assert not {'lightgbm', 'sklearn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def late_rows(rows: Rows) -> np.ndarray:
    """The rows of the last day."""
    return (rows.as_of == rows.as_of.max()).to_numpy()


@pytest.mark.parametrize("value", [None, np.nan, pd.NA])
def test_a_single_row_may_lack_a_value(rows: Rows, scorer: cr.BoostedScorer, value: Any) -> None:
    whole = rows.X.iloc[[0]].astype(object)
    whole[whole.columns[3]] = value
    expected = rows.X.iloc[[0]].copy()
    expected[expected.columns[3]] = np.nan
    assert (scorer.predict_proba(whole) == scorer.predict_proba(expected)).all()


def test_names_that_are_numbers_stay_the_same_beside_a_missing_one() -> None:
    codes = np.array([320100, 320200, 320300, 320400] * 500)
    y = np.random.default_rng(1).random(2000) < np.array([0.1, 0.9, 0.8, 0.2] * 500)
    model = unfitted(n_estimators=20).fit(pd.DataFrame({"region": codes}), y)
    floats = pd.DataFrame({"region": np.where(np.arange(2000) == 5, np.nan, codes)})
    whole = model.predict_proba(pd.DataFrame({"region": codes}))
    assert (np.delete(model.predict_proba(floats), 5, axis=0) == np.delete(whole, 5, axis=0)).all()


@pytest.mark.parametrize("additive", [True, False])
@pytest.mark.filterwarnings("ignore::creditrisk.LearningWarning")
def test_a_model_of_no_use_gives_everybody_the_common_probability_and_no_reason(additive: bool) -> None:
    X = pd.DataFrame({"constant": np.ones(200), "empty": np.nan})
    model = unfitted(additive=additive, calibration=None).fit(X, [0, 0, 0, 1] * 50)
    assert model.predict_proba(X)[:, 1] == pytest.approx(np.full(200, 0.25), abs=1e-3)
    assert not model.contributions(X)[0].any() and not len(model.reasons(X))
    assert set(model.predict_tier(X)) == {"good"}


def test_what_tells_the_outcome_by_a_middle_value_or_a_name_is_flagged() -> None:
    y = np.tile([0, 1, 0, 0], 100)
    middle = np.where(y == 1, 1.0, np.tile([0.0, 2.0, 2.0, 0.0], 100))
    names = np.where(y == 1, "b", np.tile(["a", "c", "c", "a"], 100))
    for X in (pd.DataFrame({"middle": middle}), pd.DataFrame({"industry": names})):
        with pytest.warns(cr.LearningWarning, match="alone tells the outcome almost perfectly"):
            unfitted(n_estimators=5, directions=dict.fromkeys({"middle"} & {*X}, "none")).fit(X, y)


def test_the_day_of_a_moment_is_that_of_its_clock(rows: Rows) -> None:
    zone = pd.date_range("2024-01-01 00:30", periods=len(rows.y), freq="h", tz="Asia/Shanghai")
    fitted = unfitted(n_estimators=5).fit(rows.X, rows.y, as_of=pd.Series(zone))
    assert fitted.training_["from"] == "2024-01-01"
