"""Results travel whole: pickled for another process, or copied."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

import creditrisk as cr
from tests.public_objects import public_objects
from tests.services.jobs import assessed, content

NAMES = sorted(
    name
    for name in cr.__all__
    if isinstance(getattr(cr, name), type) and not issubclass(getattr(cr, name), Exception) and name != "ModelProtocol"
)


def posted(value: object) -> object:
    arrived = pickle.loads(pickle.dumps(value))
    if isinstance(value, cr.IndicatorBuilder):  # which leaves its records behind
        arrived.set_params(records=value.records)
    return arrived


def test_there_is_one_of_each_public_class() -> None:
    assert sorted(set(public_objects()) & set(cr.__all__)) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("travel", [posted, copy.copy, copy.deepcopy])
def test_what_arrives_is_what_was_sent(name: str, travel: Callable[[object], object]) -> None:
    sent = public_objects()[name]
    arrived = travel(sent)
    assert type(arrived) is type(sent)
    assert repr(arrived) == repr(sent)


def test_an_assessment_goes_on_where_it_arrives() -> None:
    sent = assessed()
    arrived = pickle.loads(pickle.dumps(sent))
    assert content(arrived) == content(sent)


def test_a_model_predicts_where_it_arrives_what_it_predicted() -> None:
    scorer = public_objects()["BoostedScorer"]
    assert isinstance(scorer, cr.BoostedScorer)
    X = np.random.default_rng(1).integers(0, 5, (50, scorer.n_features_in_)).astype(np.float64)
    frame = pl.DataFrame(X, schema=list(scorer.feature_names_in_))
    arrived = pickle.loads(pickle.dumps(scorer))
    assert (arrived.predict_proba(frame) == scorer.predict_proba(frame)).all()
