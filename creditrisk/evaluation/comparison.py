"""Scores compared on the same inspections: figures with intervals, and paired differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Generic, Literal, TypedDict, Unpack, get_args, overload

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from creditrisk.errors import InputError
from creditrisk.evaluation.ranking import Ranking, auc, average_precision, days_earlier, first_half_share
from creditrisk.evaluation.resampling import interval, resamples
from creditrisk.evaluation.rows import EvaluatedRows, evaluated_rows
from creditrisk.frames import FrameKind, FrameLike, FrameT, check_frame_kind, from_polars, shown_with, to_polars

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Figure", "ScoreComparison", "compare_scores"]

Numbers = NDArray[np.float64]
Figure = Literal["auc", "auc_within", "average_precision", "first_half_share", "days_earlier", "brier", "log_loss"]
_OF_PROBABILITIES = ("brier", "log_loss")


@dataclass(frozen=True)
class ScoreComparison(Generic[FrameT]):
    """Scores on the same inspections.

    Attributes
    ----------
    figures : frame
        score, figure, value, low, high (the interval), rows, findings.
    differences : frame
        score, reference, figure, value (the score's minus the reference's), low, high: from the same resamples, so
        that variation common to both cancels.
    """

    figures: FrameT
    differences: FrameT

    def __repr__(self) -> str:
        return f"<ScoreComparison: {len(self.figures)} figures, {len(self.differences)} differences>"

    def _repr_html_(self) -> str:
        return shown_with(self, to_polars(self.figures))


class _CompareScoresOptions(TypedDict, total=False):
    figures: Sequence[Figure] | Figure | None
    within: str | None
    weight: str | None
    reference: str | None
    n_resamples: int
    level: float
    seed: int


@overload
def compare_scores(
    outcomes: FrameLike,
    scores: Mapping[str, ArrayLike],
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_CompareScoresOptions],
) -> ScoreComparison[pd.DataFrame]: ...
@overload
def compare_scores(
    outcomes: FrameLike,
    scores: Mapping[str, ArrayLike],
    *,
    output: Literal["polars"],
    **options: Unpack[_CompareScoresOptions],
) -> ScoreComparison[pl.DataFrame]: ...
@overload
def compare_scores(
    outcomes: FrameLike,
    scores: Mapping[str, ArrayLike],
    *,
    output: Literal["arrow"],
    **options: Unpack[_CompareScoresOptions],
) -> ScoreComparison[pa.Table]: ...
def compare_scores(
    outcomes: FrameLike,
    scores: Mapping[str, ArrayLike],
    *,
    figures: Sequence[Figure] | Figure | None = None,
    within: str | None = None,
    weight: str | None = None,
    reference: str | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    output: FrameKind = "pandas",
) -> ScoreComparison:
    """Compare scores by what inspections found.

    Parameters
    ----------
    outcomes : frame
        One row per inspection: ``finding`` (1, 0 or missing: rows without outcome are left out); ``enterprise_id``, by
        which resamples are drawn; ``inspected_on``, which "days_earlier" needs.
    scores : mapping of str to array_like of float, shape (n_rows,)
        Higher means more risk.
    figures : sequence of str, or str, optional
        Any of "auc", "auc_within" (among pairs of one value of ``within``), "average_precision", "first_half_share",
        "days_earlier", and for probabilities also "brier" and "log_loss". The default is all that the columns allow;
        the last two only where every score lies between 0 and 1.
    within : str, optional
        A column of strata, such as the inspector. Rows without a value are in no pair.
    weight : str, optional
        A column of weights, such as the inverse draw probability; rows of weight 0 are left out.
    reference : str, optional
        The score that others are compared with; by default the first.
    n_resamples : int, default=1000
    level : float, default=0.95
        The level of the intervals: percentiles of a bootstrap over enterprises.
    seed : int, default=0
    output : {"pandas", "polars", "arrow"}

    Raises
    ------
    InputError
        If a column is missing, a score is missing or is not a probability, or there is only one kind of outcome.

    Examples
    --------
    >>> rows = {"enterprise_id": list("abcdef"), "finding": [1, 1, 0, 1, 0, 0]}
    >>> scores = {"model": [0.9, 0.8, 0.7, 0.6, 0.2, 0.1], "none": [0.5] * 6}
    >>> comparison = compare_scores(pl.DataFrame(rows), scores, figures=["auc"], output="polars")
    >>> comparison.figures["value"].round(3).to_list()
    [0.889, 0.5]
    """
    check_frame_kind(output)
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, got {level}")
    if n_resamples < 1:
        raise InputError(f"n_resamples must be at least 1, got {n_resamples}")
    rows = evaluated_rows(outcomes, scores, weight)
    names = list(rows.scores)
    compared_with = reference if reference is not None else names[0]
    if compared_with not in names:
        raise InputError(f"reference {compared_with!r} is none of the scores {', '.join(names)}")
    chosen = _figures(figures, rows, within)
    computed = [_figure(rows, score, figure, within) for score, figure in product(names, chosen)]
    value = np.array([figure(rows.weight) for figure in computed])
    drawn = np.array(
        [[figure(rows.weight * counts) for figure in computed] for counts in resamples(rows.unit, n_resamples, seed)]
    )
    low, high = interval(drawn, level)
    keys = pl.DataFrame(list(product(names, chosen)), schema=["score", "figure"], orient="row")
    table = keys.with_columns(
        value=value, low=low, high=high, rows=pl.lit(len(rows.finding)), findings=pl.lit(int(rows.finding.sum()))
    )
    shape = (len(names), len(chosen))
    at = names.index(compared_with)
    less = value.reshape(shape) - value.reshape(shape)[at]
    drawn = drawn.reshape(-1, *shape)
    less_low, less_high = interval(drawn - drawn[:, at : at + 1], level)
    differences = keys.select(
        "score",
        "figure",
        reference=pl.lit(compared_with),
        value=pl.Series(less.ravel()),
        low=pl.Series(less_low.ravel()),
        high=pl.Series(less_high.ravel()),
    ).filter(pl.col("score") != compared_with)
    return ScoreComparison(from_polars(table, output), from_polars(differences, output))


def _figure(rows: EvaluatedRows, name: str, figure: Figure, within: str | None) -> Callable[[Numbers], float]:
    """Return a figure as a function of the row weights; what does not depend on the weights is computed once."""
    found, score = rows.finding, rows.scores[name]
    ranking = Ranking.of(score, rows.strata(within) if figure == "auc_within" and within is not None else None)
    match figure:
        case "auc" | "auc_within":
            return lambda weight: auc(ranking, found, weight)
        case "average_precision":
            return lambda weight: average_precision(ranking, found, weight)
        case "first_half_share":
            return lambda weight: first_half_share(ranking, found, weight)
        case "days_earlier":
            assert rows.inspected_on is not None
            days = rows.inspected_on
            return lambda weight: days_earlier(ranking, found, weight, days)
        case "brier":
            loss = (found - score) ** 2
        case "log_loss":
            # Probabilities of exactly 0 or 1 move inside by one machine epsilon, so that the logarithm is finite.
            inside = np.clip(score, np.finfo(float).eps, 1 - np.finfo(float).eps)
            loss = -np.log(np.where(found == 1, inside, 1 - inside))
    return lambda weight: float(weight @ loss / weight.sum()) if weight.any() else float("nan")


def _figures(asked: Sequence[Figure] | Figure | None, rows: EvaluatedRows, within: str | None) -> list[Figure]:
    probabilities = all(((score >= 0) & (score <= 1)).all() for score in rows.scores.values())
    missing: dict[str, str] = {}
    if within is None:
        missing["auc_within"] = "within= names no column of strata"
    else:
        rows.strata(within)
    if rows.inspected_on is None:
        missing["days_earlier"] = "the outcomes have no column inspected_on, or a day is missing in it"
    if not probabilities:
        missing |= dict.fromkeys(_OF_PROBABILITIES, "a score has values that are no probabilities")
    if asked is None:
        return [figure for figure in get_args(Figure) if figure not in missing]
    if isinstance(asked, str):
        asked = [asked]
    if not asked:
        raise InputError(f"figures names none; there are {', '.join(get_args(Figure))}")
    for figure in asked:
        if figure not in get_args(Figure):
            raise InputError(f"there is no figure {figure!r}; there are {', '.join(get_args(Figure))}")
        if figure in missing:
            raise InputError(f"{figure} cannot be computed: {missing[figure]}")
    return list(asked)
