"""Points, dimension scores and totals."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import creditrisk as cr
from creditrisk.policy.loading import parse_policy
from creditrisk.scoring.scores import score
from creditrisk.scoring.tiering import assign_tiers

POLICY = cr.load_policy("jiangsu")
JIANGSU = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")


def frame(**values: float) -> pd.DataFrame:
    """One enterprise, established long ago and inspected once, with some indicators of its own."""
    row = pd.DataFrame(0.0, index=["E1"], columns=list(POLICY.indicators_used))
    row["compliance.enterprise_age_days"] = 3000.0
    row["compliance.passed_inspection_count"] = 1.0
    for name, value in values.items():
        row[name.replace("__", ".")] = value
    return row


def total(**values: float) -> float:
    return float(cr.RuleScorer().fit().transform(frame(**values))["score"].iloc[0])


def tier(**values: float) -> str:
    return str(cr.RuleScorer().fit().predict(frame(**values))[0])


def test_a_clean_enterprise_has_the_weighted_bases_and_the_point_for_its_inspection() -> None:
    assert total() == 0.25 * 90 + 0.2 * 90 + 0.2 * 90 + 0.25 * 91 + 0.1 * 60


def test_points_by_the_unit_are_held_at_the_cap() -> None:
    once, many = total(safety__coercive_measure_count=1), total(safety__coercive_measure_count=9)
    assert total() - once == 0.25 * 8
    assert total() - many == 0.25 * 24


@pytest.mark.parametrize(("amount", "points"), [(9_999.99, 0), (10_000, 2), (99_999.99, 2), (100_000, 5), (1e6, 10)])
def test_bands_are_closed_below_and_open_above(amount: float, points: float) -> None:
    assert total() - total(safety__penalty_amount=amount) == pytest.approx(0.25 * points)


def test_a_dimension_does_not_fall_below_its_floor() -> None:
    ruined = cr.RuleScorer().fit().transform(frame(safety__accident_severity=99, safety__penalty_severity=99))
    assert ruined["safety"].iloc[0] == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "good"),
        ({"safety__coercive_measure_count": 2}, "ordinary"),
        ({"compliance__serious_dishonesty_listed": 1}, "high_risk"),
        ({"safety__serious_accident_count": 1}, "high_risk"),
        ({"compliance__enforcement_default_count": 1}, "ordinary"),
        ({"compliance__passed_inspection_count": 0}, "ordinary"),
        ({"compliance__enterprise_age_days": 364}, "ordinary"),
        ({"compliance__enterprise_age_days": 365}, "good"),
        ({"compliance__enterprise_age_days": np.nan}, "ordinary"),
    ],
)
def test_tiers_by_cut_off_veto_and_thin_evidence(values: dict[str, float], expected: str) -> None:
    assert tier(**values) == expected


def test_a_total_on_the_cut_off_is_in_the_better_tier() -> None:
    policy = parse_policy(JIANGSU.replace("at_least: 85", "at_least: 87.25").encode(), "changed.yaml")
    scorer = cr.RuleScorer(policy).fit()
    assert scorer.decision_function(frame()) == -87.25
    assert scorer.predict(frame()) == ["good"]


def indicator_values() -> st.SearchStrategy[list[float]]:
    value = st.one_of(st.just(0.0), st.just(np.nan), st.floats(0, 1e7), st.integers(0, 30).map(float))
    return st.lists(value, min_size=len(POLICY.indicators_used), max_size=len(POLICY.indicators_used))


@given(indicator_values())
def test_points_add_up_exactly_to_the_total(values: list[float]) -> None:
    indicators = {name: np.array([value]) for name, value in zip(POLICY.indicators_used, values, strict=True)}
    scores = score(POLICY, indicators)
    millionths = 0
    for name, scale in POLICY.dimensions.items():
        thousandths = round(scale.base * 1000) + int(scores.adjustments[name][0])
        thousandths += sum(int(hit.points.sum()) for hit in scores.hits if hit.rule.dimension == name)
        assert thousandths == scores.dimensions[name][0]
        millionths += thousandths * round(scale.weight * 1000)
    assert millionths == scores.total[0]


@given(indicator_values(), st.sampled_from(POLICY.indicators_used), st.floats(0, 1e6))
def test_more_of_a_risk_never_raises_the_total_nor_betters_the_tier(
    values: list[float], name: str, more: float
) -> None:
    indicators = {key: np.array([value, value]) for key, value in zip(POLICY.indicators_used, values, strict=True)}
    indicators[name][1] += more
    scores = score(POLICY, indicators)
    tiers = assign_tiers(POLICY, scores, indicators).tier.astype(int)
    sign = {"risk_rises": 1, "risk_falls": -1, "none": 0}[POLICY.specs[name].direction]
    assert sign * (scores.total[1] - scores.total[0]) <= 0
    assert sign * (tiers[1] - tiers[0]) >= 0


@given(indicator_values())
def test_hit_masks_say_which_rules_gave_points(values: list[float]) -> None:
    indicators = {name: np.array([value]) for name, value in zip(POLICY.indicators_used, values, strict=True)}
    scores = score(POLICY, indicators)
    by_mask = [bool(int(scores.hit_masks[0, i // 64]) >> i % 64 & 1) for i in range(len(POLICY.rules))]
    assert by_mask == [len(hit.rows) > 0 for hit in scores.hits]


def test_a_batch_scores_as_its_rows_do(assessment: cr.Assessment) -> None:
    indicators = pl.DataFrame(assessment.assessed.indicators)
    scorer = cr.RuleScorer().fit()
    batch = scorer.transform(indicators)
    for row in (0, 17, 399):
        pd.testing.assert_frame_equal(scorer.transform(indicators[row]), batch.iloc[[row]].reset_index(drop=True))


def test_frames_of_every_kind_and_arrays_give_the_same(assessment: cr.Assessment) -> None:
    indicators = pl.DataFrame(assessment.assessed.indicators)
    scorer = cr.RuleScorer().fit()
    expected = scorer.decision_function(indicators)
    for other in (indicators.to_pandas(), indicators.to_arrow(), indicators.lazy(), indicators.to_numpy()):
        np.testing.assert_array_equal(scorer.decision_function(other), expected)
    assert scorer.set_output(transform="polars").transform(indicators).columns == list(scorer.get_feature_names_out())


def test_follows_scikit_learn() -> None:
    scorer = cr.RuleScorer("jiangsu")
    assert clone(scorer).get_params() == {"policy": "jiangsu"}
    with pytest.raises(NotFittedError):
        scorer.predict(frame())
    assert list(scorer.fit(frame()).classes_) == ["good", "ordinary", "high_risk"]


def test_a_missing_indicator_is_named() -> None:
    with pytest.raises(cr.InputError, match=r"such as 'safety.violation_severity'"):
        cr.RuleScorer().fit(frame().drop(columns="safety.violation_severity"))
    with pytest.raises(cr.InputError, match="columns of feature_names_in_, got shape"):
        cr.RuleScorer().fit(np.zeros((2, 3)))
