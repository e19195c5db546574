"""Tables of one score: calibration, gain of the ranking, and findings by group and by tier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from creditrisk.errors import InputError
from creditrisk.evaluation.ranking import Ranking, auc
from creditrisk.evaluation.resampling import interval, resamples
from creditrisk.evaluation.rows import EvaluatedRows, evaluated_rows
from creditrisk.frames import Frame, FrameKind, FrameLike, check_frame_kind, from_polars

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["gain_table", "group_table", "reliability_table", "tier_table"]

Numbers = NDArray[np.float64]


@overload
def reliability_table(
    outcomes: FrameLike,
    probability: ArrayLike,
    *,
    n_bins: int = ...,
    weight: str | None = ...,
    output: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def reliability_table(
    outcomes: FrameLike,
    probability: ArrayLike,
    *,
    n_bins: int = ...,
    weight: str | None = ...,
    output: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def reliability_table(
    outcomes: FrameLike,
    probability: ArrayLike,
    *,
    n_bins: int = ...,
    weight: str | None = ...,
    output: Literal["arrow"],
) -> pa.Table: ...
def reliability_table(
    outcomes: FrameLike,
    probability: ArrayLike,
    *,
    n_bins: int = 10,
    weight: str | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Compare stated probabilities with the share of findings, in bins of about equal numbers of rows.

    Parameters
    ----------
    outcomes : frame
        finding (1, 0 or missing), and the column of weights.
    probability : array_like of float, shape (n_rows,)
    n_bins : int, default=10
    weight : str, optional
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        bin (from 1), stated (mean probability), found (share with a finding), low, high (Wilson's 95 % interval; with
        weights, at the effective number of rows), rows.

    Raises
    ------
    InputError
        If a probability is missing or lies outside 0 to 1.

    Examples
    --------
    >>> rows = pl.DataFrame({"finding": [0, 0, 1, 1]})
    >>> reliability_table(rows, [0.1, 0.3, 0.5, 0.9], n_bins=2, output="polars")["stated"].to_list()
    [0.2, 0.7]
    """
    check_frame_kind(output)
    rows = evaluated_rows(outcomes, {"probability": probability}, weight)
    stated = rows.scores["probability"]
    if ((stated < 0) | (stated > 1)).any():
        raise InputError("probabilities must lie between 0 and 1; a score of another kind has no reliability")
    if n_bins < 1:
        raise InputError(f"n_bins must be at least 1, got {n_bins}")
    # Rows of equal probability stay in one bin, so that the order of the rows does not matter.
    ranking = Ranking.of(-stated)
    before = np.cumsum(ranking.sums(rows.weight)) - ranking.sums(rows.weight)
    bin_of_tie = np.floor(before / rows.weight.sum() * n_bins + 1e-9).astype(np.intp)
    bins = np.empty(len(stated), dtype=np.intp)
    bins[ranking.order] = bin_of_tie[ranking.tie]
    table = (
        pl.DataFrame({"bin": bins, "probability": stated, "finding": rows.finding, "weight": rows.weight})
        .group_by("bin", maintain_order=True)
        .agg(
            stated=(pl.col("probability") * pl.col("weight")).sum() / pl.col("weight").sum(),
            **_share_with_interval(),
        )
        .sort("bin")
        .with_columns(bin=pl.int_range(1, pl.len() + 1))
    )
    return from_polars(table, output)


@overload
def gain_table(
    outcomes: FrameLike, score: ArrayLike, *, weight: str | None = ..., output: Literal["pandas"] = ...
) -> pd.DataFrame: ...
@overload
def gain_table(
    outcomes: FrameLike, score: ArrayLike, *, weight: str | None = ..., output: Literal["polars"]
) -> pl.DataFrame: ...
@overload
def gain_table(
    outcomes: FrameLike, score: ArrayLike, *, weight: str | None = ..., output: Literal["arrow"]
) -> pa.Table: ...
def gain_table(
    outcomes: FrameLike, score: ArrayLike, *, weight: str | None = None, output: FrameKind = "pandas"
) -> Frame:
    """Give, for each share of inspections from the riskiest on, the share of findings in it.

    Parameters
    ----------
    outcomes : frame
        ``finding``; other columns are not used.
    score : array_like of float, shape (n_rows,)
        Higher means more risk.
    weight : str, optional
        A column of weights.
    output : {"pandas", "polars", "arrow"}

    Raises
    ------
    InputError
        If a column or a score is missing, or all inspections have the same outcome.

    Returns
    -------
    frame
        inspected (share of inspections, from 0 to 1), found (share of findings). The curve is straight between these
        points: within rows of equal score it is the mean over all their orders.
    """
    check_frame_kind(output)
    rows = evaluated_rows(outcomes, {"score": score}, weight)
    ranking = Ranking.of(rows.scores["score"])
    inspected = np.cumsum(ranking.sums(rows.weight)) / rows.weight.sum()
    found = np.cumsum(ranking.sums(rows.weight * rows.finding)) / (rows.weight @ rows.finding)
    table = pl.DataFrame({"inspected": np.concatenate([[0.0], inspected]), "found": np.concatenate([[0.0], found])})
    return from_polars(table, output)


class _GroupTableOptions(TypedDict, total=False):
    weight: str | None
    n_resamples: int
    seed: int


@overload
def group_table(
    outcomes: FrameLike,
    score: ArrayLike,
    by: Sequence[str] | str = ...,
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_GroupTableOptions],
) -> pd.DataFrame: ...
@overload
def group_table(
    outcomes: FrameLike,
    score: ArrayLike,
    by: Sequence[str] | str = ...,
    *,
    output: Literal["polars"],
    **options: Unpack[_GroupTableOptions],
) -> pl.DataFrame: ...
@overload
def group_table(
    outcomes: FrameLike,
    score: ArrayLike,
    by: Sequence[str] | str = ...,
    *,
    output: Literal["arrow"],
    **options: Unpack[_GroupTableOptions],
) -> pa.Table: ...
def group_table(
    outcomes: FrameLike,
    score: ArrayLike,
    by: Sequence[str] | str = ("region", "scale", "industry"),
    *,
    weight: str | None = None,
    n_resamples: int = 200,
    seed: int = 0,
    output: FrameKind = "pandas",
) -> Frame:
    """Give, for every group of enterprises, the share of findings and how well the score ranks within it.

    Parameters
    ----------
    outcomes : frame
        finding, the columns of groups, and ``enterprise_id`` where known.
    score : array_like of float, shape (n_rows,)
    by : sequence of str, or str, default=("region", "scale", "industry")
        Columns of groups; a missing value is a group of its own.
    weight : str, optional
    n_resamples, seed : int
        Options of the bootstrap over enterprises that gives the interval of the AUC.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        column, group, rows, findings, found (share), mean_score, auc, low, high (95 % interval of the AUC; missing
        where a group has only one kind of outcome).

    Raises
    ------
    InputError
        If a column or a score is missing, or all inspections have the same outcome.
    """
    check_frame_kind(output)
    rows = evaluated_rows(outcomes, {"score": score}, weight)
    by = [by] if isinstance(by, str) else by
    for column in by:
        if column not in rows.frame.columns:
            raise InputError(f"there is no column {column!r}; the outcomes have {', '.join(rows.frame.columns)}")
    parts = [
        _group_row(rows, column, group, n_resamples, seed)
        for column in by
        for group in rows.frame[column].unique().sort(nulls_last=True).to_list()
    ]
    schema = {
        "column": pl.String, "group": pl.String, "rows": pl.Int64, "findings": pl.Int64, "found": pl.Float64,
        "mean_score": pl.Float64, "auc": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    }  # fmt: skip
    return from_polars(pl.DataFrame(parts, schema=schema, orient="row").fill_nan(None), output)


@overload
def tier_table(
    outcomes: FrameLike, tier: Iterable[str], *, weight: str | None = ..., output: Literal["pandas"] = ...
) -> pd.DataFrame: ...
@overload
def tier_table(
    outcomes: FrameLike, tier: Iterable[str], *, weight: str | None = ..., output: Literal["polars"]
) -> pl.DataFrame: ...
@overload
def tier_table(
    outcomes: FrameLike, tier: Iterable[str], *, weight: str | None = ..., output: Literal["arrow"]
) -> pa.Table: ...
def tier_table(
    outcomes: FrameLike, tier: Iterable[str], *, weight: str | None = None, output: FrameKind = "pandas"
) -> Frame:
    """Give the share of findings in each tier.

    Parameters
    ----------
    outcomes : frame
    tier : sequence of str, shape (n_rows,)
    weight : str, optional
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        tier, rows, found (share with a finding), low, high (Wilson's 95 % interval), lift (share divided by that of
        all rows); sorted by share.
    """
    check_frame_kind(output)
    names = pl.Series("tier", list(tier), dtype=pl.String)
    rows = evaluated_rows(outcomes, {"row": np.arange(len(names))}, weight)
    table = pl.DataFrame(
        {
            "tier": names.gather(rows.scores["row"].astype(np.uint32)),
            "finding": rows.finding,
            "weight": rows.weight,
        }
    )
    overall = float(rows.weight @ rows.finding / rows.weight.sum())
    result = (
        table.group_by("tier", maintain_order=True)
        .agg(**_share_with_interval())
        .with_columns(lift=pl.col("found") / overall)
        .sort("found", "tier")
        .select("tier", "rows", "found", "low", "high", "lift")
    )
    return from_polars(result, output)


def _group_row(rows: EvaluatedRows, column: str, group: Any, n_resamples: int, seed: int) -> tuple[Any, ...]:
    inside = (
        (rows.frame[column].is_null() if group is None else rows.frame[column] == group).fill_null(False).to_numpy()
    )
    finding, weight, score = rows.finding[inside], rows.weight[inside], rows.scores["score"][inside]
    unit = np.unique(rows.unit[inside], return_inverse=True)[1]
    ranking = Ranking.of(score)
    drawn = np.array([auc(ranking, finding, weight * counts) for counts in resamples(unit, n_resamples, seed)])
    low, high = interval(drawn[:, None], 0.95)
    return (
        column, None if group is None else str(group), len(finding), int(finding.sum()),
        float(np.average(finding, weights=weight)), float(np.average(score, weights=weight)),
        auc(ranking, finding, weight), float(low[0]), float(high[0]),
    )  # fmt: skip


def _share_with_interval() -> dict[str, pl.Expr]:
    """Return the weighted share of findings, with Wilson's interval (1927) at Kish's effective number of rows."""
    w = pl.col("weight")
    share = (w * pl.col("finding")).sum() / w.sum()
    effective = w.sum() ** 2 / (w**2).sum()
    z2 = 1.959964**2
    middle = (share + z2 / (2 * effective)) / (1 + z2 / effective)
    half = (z2 * (share * (1 - share) / effective + z2 / (4 * effective**2))).sqrt() / (1 + z2 / effective)
    return {
        "found": share,
        "low": (middle - half).clip(0, 1),
        "high": (middle + half).clip(0, 1),
        "rows": pl.len().cast(pl.Int64),
    }
