"""One bad value among good ones is refused, wherever it stands: at the front, in the middle or at the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.evaluation.choices import longest_ago
from creditrisk.evaluation.tables import gain_table, group_table, reliability_table, tier_table
from creditrisk.learning.studies.outcomes import estimate_rate
from tests.inspection.conftest import item, plan_of, table_of

SIZE = 7
NAN, INF = float("nan"), float("inf")
Values = list[Any]
IDS = list("ABCDEFG")
ROWS = {"enterprise_id": IDS, "inspected_on": ["2026-01-05"] * SIZE, "finding": [1, 0, 1, 0, 1, 0, 0]}
SCORES = [0.1, 0.4, 0.2, 0.5, 0.9, 0.3, 0.6]
VISITS = {
    "visit_id": IDS, "enterprise_id": IDS, "region": ["320102"] * SIZE, "grid": ["G"] * SIZE,
    "window_from": [date(2026, 1, 1)] * SIZE, "window_to": [date(2026, 12, 31)] * SIZE,
}  # fmt: skip
STAFF = pl.DataFrame({"inspector_id": IDS, "department": ["market"] * SIZE})


def outcomes(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame({**ROWS, **columns}, strict=False)


def scheduled(values: Values) -> object:
    visits = pl.DataFrame({**VISITS, "draw_order": range(1, SIZE + 1), "worth": values}, strict=False)
    return cr.schedule_visits(visits, first_day="2026-01-05", last_day="2026-01-09", teams=1, rank="worth")


def planned_by(values: Values) -> object:
    return plan_of(table_of(SIZE, w=pl.Series(values, dtype=pl.Float64)), [item("a")], weight="w")


def worth_of(values: Values) -> object:
    table = table_of(SIZE)
    return cr.plan_worth(
        plan_of(table, [item("a", kind="key")]),
        table.with_columns(probability=pl.Series(values, dtype=pl.Float64)),
    )


def fitted(values: Values, **what: Any) -> object:
    X = pl.DataFrame({"a": [1.0, 2.0] * 14, "b": [1.0, 1.0, 2.0, 3.0] * 7})
    y = what.get("y", [0, 1, 1, 0] * 7)
    weights = None if "y" in what else values * 4
    return cr.ScorecardScorer(calibration=None).fit(X, y, sample_weight=weights)


GUARDS: dict[str, tuple[Callable[[Values], object], tuple[Any, ...]]] = {
    "the weights of a draw": (
        lambda values: cr.draw_sample(pl.DataFrame({"enterprise_id": IDS, "weight": values}, strict=False), 2,
                                      item="a", seed="s"),
        (NAN, INF, -1.0, None),
    ),
    "the weights of a plan": (planned_by, (NAN, INF, -1.0, 0.0, None)),
    "the probabilities that a plan is weighed by": (worth_of, (NAN, INF, -0.1, 1.1, None)),
    "the weights of scores": (
        lambda values: cr.compare_scores(outcomes(w=values), {"s": SCORES}, weight="w", n_resamples=2),
        (NAN, INF, -1.0, None),
    ),
    "the weights of choices": (
        lambda values: cr.compare_choices(outcomes(w=values), {"s": [1] * SIZE}, weight="w", n_resamples=2),
        (NAN, INF, -1.0, None),
    ),
    "scores": (lambda values: cr.compare_scores(outcomes(), {"s": values}, n_resamples=2), (NAN, INF, -INF, None)),
    "the scores of a gain table": (lambda values: gain_table(outcomes(), values), (NAN, INF, None)),
    "the scores of a group table": (
        lambda values: group_table(outcomes(g=["x"] * SIZE), values, "g", n_resamples=2), (NAN, INF, None),
    ),
    "stated probabilities": (
        lambda values: reliability_table(outcomes(), values, n_bins=2), (NAN, INF, -0.1, 1.1, None),
    ),
    "visits of a choice": (
        lambda values: cr.compare_choices(outcomes(), {"s": values}, n_resamples=2), (NAN, INF, -1.0, None),
    ),
    "findings of scores": (
        lambda values: cr.compare_scores(outcomes(finding=values), {"s": SCORES}, n_resamples=2), (INF, -1.0, 0.5, 2.0),
    ),
    "findings of choices": (
        lambda values: cr.compare_choices(outcomes(finding=values), {"s": [1] * SIZE}, n_resamples=2),
        (INF, -1.0, 1.5),
    ),
    "findings of tiers": (lambda values: tier_table(outcomes(finding=values), ["good"] * SIZE), (INF, -1.0, 0.5)),
    "findings of a rate": (
        lambda values: estimate_rate(outcomes(finding=values), outcomes(weight=[1.0] * SIZE)), (INF, -1.0, 1.5),
    ),
    "the weights of a rate": (
        lambda values: estimate_rate(outcomes(), outcomes(weight=values)), (NAN, INF, -1.0, None),
    ),
    "the weights of learning": (fitted, (NAN, INF, -1.0, None)),
    "outcomes to learn from": (
        lambda values: fitted([], y=[int(v) if v in (0.0, 1.0) else v for v in values] * 4), (NAN, INF, 2.0, None),
    ),
    "the rank of visits": (scheduled, (NAN, INF, None)),
    "shares of tiers": (
        lambda values: cr.CutOffs.by_share(**{f"t{at}": value for at, value in enumerate(values)}),
        (NAN, INF, -0.1, 0.0, None),
    ),
    "probabilities of tiers": (
        lambda values: cr.CutOffs.by_probability(**{f"t{at}": value for at, value in enumerate(values)}),
        (NAN, INF, -0.1, 0.0, 1.0, None),
    ),
    "costs of tiers": (
        lambda values: cr.CutOffs.by_cost(missed_finding=10, **{f"t{at}": v for at, v in enumerate(values)}),
        (NAN, INF, -0.1, 0.0, 10.0, None),
    ),
    "shares given as they are": (
        lambda values: cr.CutOffs(tiers=tuple(IDS), kind="share", values=tuple(values)), (NAN, INF, -0.1, 0.0, None),
    ),
    "probabilities given as they are": (
        lambda values: cr.CutOffs(tiers=("best", *IDS), kind="probability", values=tuple(values)),
        (NAN, INF, -0.1, 0.0, 1.0, None),
    ),
    "the inspectors recused": (
        lambda values: cr.assign_inspectors(
            pl.DataFrame({**VISITS, "departments": [["market"]] * SIZE, "skills": [["x"]] * SIZE}), STAFF, seed="s",
            recusals=pl.DataFrame({"enterprise_id": IDS, "inspector_id": values}, strict=False),
        ),
        (None, "", " "),
    ),
    "the last days of the plan before": (
        lambda values: plan_of(
            table_of(SIZE), [item("a")],
            last_plan=pl.DataFrame({"enterprise_id": IDS, "items": [["a"]] * SIZE, "window_to": values}),
        ),
        (None,),
    ),
    "the enterprises of overrides": (
        lambda values: plan_of(
            table_of(SIZE), [item("a")],
            overrides=pl.DataFrame(
                {"enterprise_id": values, "item": "a", "reason": "complaint", "note": "n"}, strict=False
            ),
        ),
        (None, "", " "),
    ),
    "who may be drawn": (
        lambda values: cr.draw_sample(pl.DataFrame({"enterprise_id": IDS, "open": values}), 2, item="a", seed="s"),
        (None,),
    ),
}  # fmt: skip

# What is good throughout, where it is not one number after another.
GOOD: dict[str, Values] = {
    "findings of scores": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
    "findings of choices": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
    "findings of tiers": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
    "findings of a rate": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
    "outcomes to learn from": [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0],
    "shares of tiers": [1 / SIZE] * SIZE,
    "shares given as they are": [1 / SIZE] * SIZE,
    "the inspectors recused": IDS,
    "the last days of the plan before": [date(2025, 12, 31)] * SIZE,
    "the enterprises of overrides": IDS,
    "who may be drawn": [True] * SIZE,
}
RISING = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
NAMED_BY_ROW = {
    "the weights of scores", "the weights of choices", "scores", "the scores of a gain table",
    "the scores of a group table", "visits of a choice", "findings of scores", "findings of choices",
    "findings of tiers", "the weights of learning", "the inspectors recused", "the last days of the plan before",
}  # fmt: skip
CASES = [(name, bad) for name, (_, worse) in GUARDS.items() for bad in worse]


@pytest.mark.filterwarnings("ignore::creditrisk.LearningWarning")
@pytest.mark.parametrize("name", GUARDS)
def test_good_values_alone_are_taken(name: str) -> None:
    GUARDS[name][0](list(GOOD.get(name, RISING)))


@pytest.mark.filterwarnings("ignore::creditrisk.LearningWarning")
@pytest.mark.parametrize("place", [0, SIZE // 2, SIZE - 1], ids=["first", "middle", "last"])
@pytest.mark.parametrize(("name", "bad"), CASES, ids=[f"{name}: {bad}" for name, bad in CASES])
def test_one_bad_value_among_good_ones_is_refused(name: str, bad: Any, place: int) -> None:
    values = list(GOOD.get(name, RISING))
    values[place] = bad
    # Of pydantic's own errors ValueError is the kind; all others are the package's.
    with pytest.raises(ValueError if "as they are" in name else cr.InputError) as caught:
        GUARDS[name][0](values)
    if name in NAMED_BY_ROW:
        assert f"row {place}" in str(caught.value)


@pytest.mark.parametrize("number", [NAN, INF, -1.0])
def test_so_many_visits_cannot_be_made(number: float) -> None:
    with pytest.raises(cr.InputError, match="the number of visits must not be"):
        longest_ago([date(2026, 1, 5)] * 3, number)


def test_a_weight_is_not_asked_of_rows_that_are_left_out() -> None:
    rows = outcomes(finding=[1, 0, None, 0, 1, 0, 0], w=[1.0, 1.0, None, 1.0, 0.0, 2.0, 1.0])
    table = cr.compare_scores(rows, {"s": SCORES}, weight="w", n_resamples=2, output="polars").figures
    assert table["rows"].unique().to_list() == [5]


def test_cut_offs_are_one_for_each_tier_and_each_tier_has_a_name_of_its_own() -> None:
    for tiers, kind, values in (
        (("a", "b"), "share", (0.5, 0.25, 0.25)), (("a", "b"), "probability", (0.1, 0.2)), (("a",), "share", (1.0,)),
        (("a",), "probability", ()), (("a", "a"), "share", (0.5, 0.5)), (("a", "b", "c"), "probability", (0.2, 0.2)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="no cut-offs by"):
            cr.CutOffs(tiers=tiers, kind=kind, values=values)  # type: ignore[arg-type]


def test_days_of_an_inspector_that_are_none_set_the_inspector_aside() -> None:
    for place in (0, 3, SIZE - 1):
        for bad in (NAN, INF, -1.0, 367.0):
            days: Values = [0.0, 366.0, 200.0, 1.0, 1.5, 2.0, None]
            days[place] = bad
            read = cr.read_inspectors(STAFF.with_columns(available_days=pl.Series(days, dtype=pl.Float64)))
            assert read.rejects.select("row", "code").rows() == [(place + 1, "invalid_number")]
            assert len(read) == SIZE - 1


def test_a_missing_stratum_is_in_no_pair() -> None:
    rows = pl.DataFrame({"enterprise_id": list("abcd"), "finding": [1, 0, 1, 0], "who": ["x", "x", None, None]})
    table = cr.compare_scores(
        rows, {"s": np.array([2.0, 1.0, 0.0, 9.0])}, figures=["auc_within"], within="who", n_resamples=2,
        output="polars",
    ).figures  # fmt: skip
    assert table["value"].to_list() == [1.0]
