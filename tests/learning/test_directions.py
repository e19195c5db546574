"""Directions go by name: a column that lost its name on the way is named, and never goes either way without a word."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import StandardScaler

import creditrisk as cr
from creditrisk.frames import look_alike

MODELS = {
    "boosted": cr.BoostedScorer(n_estimators=5, calibration=None, n_jobs=1),
    "scorecard": cr.ScorecardScorer(n_jobs=1),
}
NAMES = [spec.id for spec in cr.built_in_indicators() if spec.direction != "none"]
RENAMED: dict[str, Callable[[str], str]] = {
    "the rest of a ColumnTransformer": lambda name: f"remainder__{name}",
    "a step in a step": lambda name: f"all__remainder__{name}",
    "no dots": lambda name: name.replace(".", "_"),
    "two separators": lambda name: name.replace(".", "__"),
    "capitals": str.upper,
    "blanks": lambda name: f" {name} ",
    "a joined table": lambda name: f"{name}_x",
    "without its dimension": lambda name: name.partition(".")[2],
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Any:
    return clone(MODELS[request.param])


@pytest.mark.parametrize("how", RENAMED)
def test_an_indicator_by_another_name_is_known_by_its_likeness(how: str) -> None:
    alike = {name: look_alike(RENAMED[how](name), NAMES) for name in NAMES}
    strange = {name: like for name, like in alike.items() if like != name}
    # Of a name alone two dimensions may have one.
    assert not strange or (how == "without its dimension" and all(like is not None for like in strange.values()))


@pytest.mark.parametrize("name", ["plant", "count", "x0", "plant_size", "industry"])
def test_a_name_of_ones_own_is_like_no_indicator(name: str) -> None:
    assert look_alike(name, NAMES) is None


@pytest.mark.parametrize("how", RENAMED)
def test_columns_that_look_like_indicators_are_warned_of_and_held_to_nothing(rows: Any, model: Any, how: str) -> None:
    X = rows.X.iloc[:, :8]
    held = model.fit(X, rows.y).n_directed_
    renamed = X.rename(columns={name: RENAMED[how](name) for name in X.columns[:6]})
    first = RENAMED[how](next(name for name in X.columns if name in NAMES))
    with pytest.warns(cr.LearningWarning, match=f"of 8 columns held to a direction: 6 look like.*{first!r} like"):
        assert model.fit(renamed, rows.y).n_directed_ < held


def test_a_column_transformer_takes_the_names_and_so_the_directions(rows: Any, model: Any) -> None:
    names = list(rows.X.columns)
    scaled = ColumnTransformer([("scaled", StandardScaler(), names[:2])], remainder="passthrough")
    X = scaled.set_output(transform="pandas").fit_transform(rows.X)
    with pytest.warns(cr.LearningWarning, match=f"0 of {len(names)} columns held to a direction"):
        model.fit(X, rows.y)
    scaled.set_params(verbose_feature_names_out=False)
    assert model.fit(scaled.fit_transform(rows.X), rows.y).n_directed_ == sum(name in NAMES for name in names)


def test_an_array_has_no_names_and_no_directions_until_they_are_declared(rows: Any, model: Any) -> None:
    X = rows.X.iloc[:, :3].to_numpy()
    with pytest.warns(cr.LearningWarning, match="0 of 3 columns held to a direction: X is an array"):
        assert model.fit(X, rows.y).n_directed_ == 0
    declared = {"x0": "risk_rises", "x1": "none", "x2": "risk_falls"}
    assert model.set_params(directions=declared).fit(X, rows.y).constraints_ == (1, 0, -1)


def test_a_direction_can_be_required_of_every_column_of_numbers(rows: Any, model: Any) -> None:
    X = rows.X.iloc[:, :4]
    strict = clone(model).set_params(require_directions=True)
    assert strict.fit(X.assign(region=rows.enterprises["region"].to_list()), rows.y).n_directed_ > 0
    for wrong in (X.rename(columns=RENAMED["no dots"]), X.assign(plant=np.arange(len(X)) % 7), X.to_numpy()):
        with pytest.raises(cr.InputError, match=r"columns held to a direction, and directions are required"):
            strict.fit(wrong, rows.y)
    own = X.assign(plant=np.arange(len(X)) % 7)
    assert strict.set_params(directions={"plant": "none"}).fit(own, rows.y).constraints_[-1] == 0


def test_what_is_declared_is_not_warned_of(rows: Any, model: Any) -> None:
    X = rows.X.iloc[:, :2].rename(columns=RENAMED["no dots"])
    declared = dict.fromkeys(X.columns, "none")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(directions=declared).fit(X, rows.y)


def test_a_fitted_model_says_how_many_columns_it_is_held_in(rows: Any, model: Any) -> None:
    assert "held" not in repr(model)
    fitted = model.fit(rows.X, rows.y)
    held = sum(name in NAMES for name in rows.X.columns)
    assert f"{held} of {rows.X.shape[1]} columns held to a direction" in repr(fitted)
    assert fitted.n_directed_ == held == sum(way != 0 for way in fitted.constraints_)


def test_the_card_of_a_model_says_so_too() -> None:
    bundle = cr.load_model("reference")
    held = f"{bundle.scorer.n_directed_} of {len(bundle.manifest.columns)} columns held to a direction"
    assert held in cr.model_card(bundle, language="en")


def test_a_model_given_columns_by_other_names_says_which_are_meant(rows: Any, model: Any) -> None:
    X = rows.X.iloc[:, :4]
    fitted = model.fit(X, rows.y)
    renamed = X.rename(columns=RENAMED["the rest of a ColumnTransformer"])
    with pytest.raises(cr.InputError, match=f"4 of them look like.*{X.columns[0]!r} like {renamed.columns[0]!r}"):
        fitted.predict_proba(renamed)
    with pytest.raises(cr.InputError, match=r"X lacks 4 of the 4 columns.*compute them"):
        fitted.predict_proba(pd.DataFrame({"a": [1.0]}))
