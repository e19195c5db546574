"""Pareto sampling: sizes are kept, and enterprises are drawn as often as is stated."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.inspection.draws.drawing import draw_sample
from creditrisk.inspection.draws.order_sampling import inclusion_probabilities, pareto_ranks, smallest
from tests.inspection.reference import exact_pareto_probabilities

SEEDS = 1_500
weights = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1e6)), min_size=1, max_size=40)


@given(weights=weights, share=st.floats(0, 1))
def test_targets_add_up_to_the_size_and_stay_in_proportion(weights: list[float], share: float) -> None:
    given_ = np.array(weights)
    size = int(share * np.count_nonzero(given_))
    targets = inclusion_probabilities(given_, size)
    assert targets.sum() == pytest.approx(size)
    assert ((targets >= 0) & (targets <= 1)).all()
    partly = (targets > 0) & (targets < 1)
    ratios = targets[partly] / given_[partly]
    assert ratios == pytest.approx(np.full(len(ratios), ratios[0] if len(ratios) else 0))


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(cr.InputError, match="3 cannot be drawn out of 2: a probability would be above 1"):
        inclusion_probabilities(np.array([1.0, 0.0, 1.0]), 3)


@given(ranks=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=1, max_size=20), share=st.floats(0, 1))
def test_the_smallest_are_those_of_a_stable_sort(ranks: list[float], share: float) -> None:
    size = int(share * len(ranks))
    assert smallest(np.array(ranks), size).tolist() == np.argsort(ranks, kind="stable")[:size].tolist()


def frequencies(frame: pl.DataFrame, size: int | dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """How often each was drawn with SEEDS seeds, and the probability stated where it was."""
    place = {one: row for row, one in enumerate(frame["enterprise_id"])}
    drawn, stated = np.zeros(frame.height), np.full(frame.height, np.nan)
    for seed in range(SEEDS):
        table = draw_sample(frame, size, item="fire", seed=f"seed {seed}").list
        rows = [place[one] for one in table["enterprise_id"]]
        drawn[rows] += 1
        stated[rows] = table["probability"]
    return drawn / SEEDS, stated


def assert_within_sampling_error(realised: np.ndarray, stated: np.ndarray) -> None:
    error = np.sqrt(stated * (1 - stated) / SEEDS)
    assert (np.abs(realised - stated) <= 4.5 * error + 1e-12).all()


def test_simple_draws_come_out_as_often_as_stated() -> None:
    frame = pl.DataFrame({"enterprise_id": [f"E{number}" for number in range(12)]})
    realised, stated = frequencies(frame, 5)
    assert (stated == 5 / 12).all()
    assert_within_sampling_error(realised, stated)


def test_stratified_draws_come_out_as_often_as_stated() -> None:
    strata = ["good"] * 8 + ["high_risk"] * 4
    frame = pl.DataFrame({"enterprise_id": [f"E{number}" for number in range(12)], "stratum": strata})
    realised, stated = frequencies(frame, {"good": 2, "high_risk": 3})
    assert stated.tolist() == [0.25] * 8 + [0.75] * 4
    assert_within_sampling_error(realised, stated)


def test_unequal_draws_come_out_as_pareto_sampling_has_it_and_nearly_as_stated() -> None:
    weights = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 60.0])
    frame = pl.DataFrame({"enterprise_id": [f"E{number}" for number in range(9)], "weight": weights})
    realised, stated = frequencies(frame, 4)
    exact = np.append(exact_pareto_probabilities(stated[:-1], 3), 1.0)
    assert_within_sampling_error(realised, exact)
    assert stated[-1] == realised[-1] == 1.0
    assert np.abs(stated - exact).max() < 0.02


def test_exact_probabilities_agree_with_the_integral_solved_by_hand() -> None:
    # Odds 1 and 3, one of two drawn: the first with the integral of 1 / (1 + 3x) / (1 + x)² over x > 0.
    exact = exact_pareto_probabilities(np.array([0.5, 0.75]), 1)
    assert exact[0] == pytest.approx((3 * np.log(3) - 2) / 4)
    assert exact.sum() == pytest.approx(1)


@pytest.mark.parametrize("size", [1, 3, 6])
def test_where_all_weigh_the_same_the_stated_probability_is_exact(size: int) -> None:
    targets = inclusion_probabilities(np.ones(7), size)
    assert exact_pareto_probabilities(targets, size) == pytest.approx(targets)


def test_the_approximation_vanishes_as_the_sample_grows() -> None:
    far = []
    for repeats in (1, 4, 16):
        targets = inclusion_probabilities(np.tile([1.0, 2.0, 3.0, 4.0, 5.0], repeats), 2 * repeats)
        far.append(np.abs(exact_pareto_probabilities(targets, 2 * repeats) / targets - 1).max())
    assert far[0] > 2.5 * far[1] > 6 * far[2]


def test_who_has_no_weight_is_never_drawn_and_who_is_certain_always() -> None:
    ranks = pareto_ranks(np.array([0.0, 0.999, 0.5]), np.array([0.0, 1.0, 0.5]))
    assert smallest(ranks, 2).tolist() == [1, 2]
