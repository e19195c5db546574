"""The additive model is the policy that it is exported to: same points, same tiers, for any value."""

from __future__ import annotations

from math import nextafter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.learning.scorers.additive import additive_points
from creditrisk.policy.loading import parse_policy
from creditrisk.scoring.scores import score
from creditrisk.scoring.tiering import assign_tiers
from tests.learning.conftest import Rows, unfitted


@pytest.fixture(scope="module")
def policy(additive: cr.BoostedScorer) -> Any:
    return parse_policy(additive.to_policy(id="learned", bounds=False).encode(), "learned.yaml")


def test_the_policy_scores_to_the_same_points_and_tiers(rows: Rows, additive: cr.BoostedScorer, policy: Any) -> None:
    rule_scorer = cr.RuleScorer(policy).fit()
    assert np.array_equal(rule_scorer.score_rows(rows.X).total, 1000 * additive.points_.totals(rows.X.to_numpy()))
    assert (rule_scorer.predict(rows.X) == additive.predict_tier(rows.X)).all()
    assert len(set(additive.predict_tier(rows.X))) == 3
    assert all(proof.holds for proof in policy.proofs)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_they_agree_on_the_edge_of_every_band(
    data: st.DataObject, rows: Rows, additive: cr.BoostedScorer, policy: Any
) -> None:
    row = rows.X.iloc[[data.draw(st.integers(0, len(rows.X) - 1))]].copy()
    for step in additive.points_.steps:
        edges = [near for cut in step.cuts for near in (cut, nextafter(cut, -np.inf), nextafter(cut, np.inf))]
        row.iloc[:, step.feature] = data.draw(st.sampled_from([*edges, np.nan, -1e9, 1e9]))
    total = score(policy, {name: row[name].to_numpy() for name in row.columns}).total
    assert total[0] == 1000 * additive.points_.totals(row.to_numpy())[0]
    assert (cr.RuleScorer(policy).fit().predict(row) == additive.predict_tier(row)).all()


def test_a_total_on_the_cut_off_is_in_the_same_tier_on_both_sides(additive: cr.BoostedScorer) -> None:
    points = additive.points_
    for threshold in additive.thresholds_:
        least = points.total_below(threshold)
        assert raw_at(least) < threshold <= raw_at(least - 1)
    assert points.total_below(np.inf) < points.base + sum(min(*one.points, one.missing) for one in points.steps)
    assert points.total_below(-np.inf) > points.base


def test_bounds_of_the_template_stay_unless_left_out(rows: Rows, additive: cr.BoostedScorer) -> None:
    template = cr.load_policy("jiangsu")
    whole = parse_policy(additive.to_policy(id="learned", effective_from="2027-01-01").encode(), "learned.yaml")
    assert whole.vetoes == template.vetoes
    assert whole.thin_evidence == template.thin_evidence
    assert str(whole.effective_from) == "2027-01-01"
    X = {name: rows.X[name].to_numpy() if name in rows.X else np.zeros(len(rows.X)) for name in whole.indicators_used}
    by_score = assign_tiers(whole, score(whole, X), X).by_score
    assert (np.array([tier.id for tier in whole.tiers])[by_score] == additive.predict_tier(rows.X)).all()


def test_the_document_says_where_it_comes_from_in_both_languages(additive: cr.BoostedScorer, policy: Any) -> None:
    counted = additive.training_
    assert f"learned from {counted['rows']} outcomes" in policy.basis
    assert f"由{counted['rows']}行检查结果" in policy.notes.zh
    assert counted["to"] in policy.notes.en


def test_points_are_the_trees_to_half_a_thousandth_for_each_indicator(rows: Rows) -> None:
    import lightgbm

    booster = lightgbm.train(
        {"objective": "binary", "max_depth": 1, "num_leaves": 2, "verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(rows.X.to_numpy(), rows.y, params={"verbosity": -1, "num_threads": 1}),
        60,
    )
    X = rows.X.to_numpy()
    points = additive_points(booster.dump_model()["tree_info"], X)
    most = (len(points.steps) + 1) * 0.5 * np.log(2) / 10_000
    assert np.abs(points.raw(X) - booster.predict(X, raw_score=True)).max() <= most * 1.001


def test_cuts_are_round_numbers_between_values_that_occur(rows: Rows, additive: cr.BoostedScorer) -> None:
    for step in additive.points_.steps:
        present = np.unique(rows.X.iloc[:, step.feature].dropna())
        for cut in step.cuts:
            at = np.searchsorted(present, cut)
            assert 0 < at < len(present)
            if present[at] - present[at - 1] >= 1:
                assert cut == round(cut)


def test_no_indicator_gives_more_than_its_best_band(additive: cr.BoostedScorer) -> None:
    for step in additive.points_.steps:
        assert max(*step.points, step.missing) == 0
        assert len(step.points) == len(step.cuts) + 1


@pytest.mark.filterwarnings("ignore:.*X is an array:creditrisk.LearningWarning")
def test_an_export_that_cannot_be_is_one_clear_error(
    rows: Rows, scorer: cr.BoostedScorer, additive: cr.BoostedScorer
) -> None:
    small = {"n_estimators": 5, "additive": True}
    array = unfitted(**small).fit(rows.X.to_numpy(), rows.y)
    strange = unfitted(**small, directions={"plant": "none"}).fit(
        pd.DataFrame({"plant": rows.X.iloc[:, 0].rank() + rows.y}), rows.y
    )
    tiers = unfitted(**small, cut_offs=cr.CutOffs.by_share(a=0.5, b=0.5)).fit(rows.X, rows.y)
    for model, message in (
        (scorer, "only an additive model"),
        (array, "fit it on a frame"),
        (strange, "has no indicator 'plant'"),
        (tiers, "the model's tiers are a, b, those of policy jiangsu good, ordinary, high_risk"),
    ):
        with pytest.raises(cr.InputError, match=message):
            model.to_policy(id="learned")
    with pytest.raises(cr.InputError, match="effective_from must be a day"):
        additive.to_policy(id="learned", effective_from="soon")


def raw_at(total: int) -> float:
    return (50_000 - total) * float(np.log(2) / 10_000)
