"""Results travel whole: pickled for another process, or copied."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator

import creditrisk as cr
from tests.public_objects import public_classes, public_objects
from tests.services.jobs import assessed, content


@pytest.mark.parametrize("name", public_classes())
@pytest.mark.parametrize("travel", [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy])
def test_what_arrives_is_what_was_sent(name: str, travel: Callable[[object], object]) -> None:
    sent = public_objects()[name]
    arrived = travel(sent)
    assert type(arrived) is type(sent)
    assert shown(arrived) == shown(sent)


def shown(value: object) -> tuple[str, str, object]:
    """What an object says of itself, its table or page included.

    A builder leaves its records behind; and scikit-learn's pages have new names each time.
    """
    if isinstance(value, cr.IndicatorBuilder):
        return "", "", value.fit().get_feature_names_out().tolist()
    page = "" if isinstance(value, BaseEstimator) or not hasattr(value, "_repr_html_") else value._repr_html_()
    return repr(value), str(value), page


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
