"""Outcomes: the finding at the next inspection after each day, and the rate of findings.

Only inspected enterprises have outcomes, and inspectors go where they expect to find something. Inspections of randomly
drawn enterprises have the probability of the draw; weighted by its inverse (Horvitz and Thompson 1952; in the form of
a ratio, Hájek 1971) the draws represent all enterprises among which they were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import polars as pl

from creditrisk.days import as_date
from creditrisk.errors import InputError
from creditrisk.frames import Frame, FrameKind, FrameLike, check_frame_kind, from_polars, to_polars
from creditrisk.indicators.builder import cohort_of
from creditrisk.indicators.choosing import chosen
from creditrisk.learning.studies.cohorts import records_data
from creditrisk.learning.target import Target
from creditrisk.records.tables import Records

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["RateEstimate", "estimate_rate", "outcomes"]


@overload
def outcomes(
    records: Records | FrameLike,
    cohort: FrameLike,
    target: Target | None = ...,
    *,
    draws_only: bool = ...,
    known_by: date | str | None = ...,
    output: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def outcomes(
    records: Records | FrameLike,
    cohort: FrameLike,
    target: Target | None = ...,
    *,
    draws_only: bool = ...,
    known_by: date | str | None = ...,
    output: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def outcomes(
    records: Records | FrameLike,
    cohort: FrameLike,
    target: Target | None = ...,
    *,
    draws_only: bool = ...,
    known_by: date | str | None = ...,
    output: Literal["arrow"],
) -> pa.Table: ...
def outcomes(
    records: Records | FrameLike,
    cohort: FrameLike,
    target: Target | None = None,
    *,
    draws_only: bool = False,
    known_by: date | str | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Return, for each row of a cohort, the outcome of its next inspection.

    Parameters
    ----------
    records : Records or frame in the data model
    cohort : frame
        enterprise_id and as_of.
    target : Target, optional
        The target; the default is a serious or grave violation at the next inspection within 12 months.
    draws_only : bool, default=False
        Whether to take the next random draw, even if there are other inspections before it. Only then do weights
        represent all enterprises: an inspection for a reason would hide the draw after it where risk is high.
    known_by : date or ISO text, optional
        The day of the training: inspections and findings known later are ignored, because a model trained on that day
        could not learn from them.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        One row per row of the cohort, in its order: enterprise_id, as_of, inspected_on, finding (1 or 0; missing if
        there was no inspection in time), draw_probability (missing if the inspection was not a random draw). With
        ``draws_only`` also weight (the inverse of the probability, 0 if there was no draw).

    Raises
    ------
    InputError
        If ``known_by`` is not a day, a probability of a draw is not above 0 and at most 1, or the cohort has no
        enterprise_id and as_of.

    Notes
    -----
    An inspection at which nobody could be reached has no outcome. Several inspections on one day count as one; it is a
    random draw only if all of them are. The probability of a draw refers to the draw's own period, mostly a year: a
    target of about that length keeps weights in proportion.
    """
    check_frame_kind(output)
    target = target or Target()
    rows = cohort_of(cohort)
    table = pl.DataFrame(
        {"enterprise_id": rows.enterprise_id, "as_of": pl.Series(rows.as_of, dtype=pl.Int32).cast(pl.Date)}
    ).with_row_index("at")
    facts = records_data(records)
    if known_by is not None:
        facts = facts.filter(pl.max_horizontal("occurred_on", "known_on") <= as_date(known_by, "known_by"))
    visits = _inspections(facts)
    if draws_only:
        visits = visits.filter(pl.col("draw_probability").is_not_null())
    found = facts.filter(chosen(target.finding)).select("enterprise_id", inspected_on="occurred_on", finding=1.0)
    visits = visits.join(
        found.unique(), on=["enterprise_id", "inspected_on"], how="left", maintain_order="left"
    ).sort("inspected_on")  # fmt: skip
    following = (
        table.with_columns(first=pl.col("as_of") + pl.duration(days=target.gap_days + 1))
        .sort("first")
        .join_asof(
            visits, left_on="first", right_on="inspected_on", by="enterprise_id", strategy="forward",
            check_sortedness=False, coalesce=False,
        )
    )  # fmt: skip
    in_time = pl.col("inspected_on") <= pl.col("as_of").dt.offset_by(f"{target.within_months}mo")
    result = following.sort("at").select(
        "enterprise_id",
        "as_of",
        inspected_on=pl.when(in_time).then("inspected_on"),
        finding=pl.when(in_time).then(pl.col("finding").fill_null(0.0)),
        draw_probability=pl.when(in_time).then("draw_probability"),
    )
    if draws_only:
        result = result.with_columns(weight=(1.0 / pl.col("draw_probability")).fill_null(0.0))
    return from_polars(result, output)


def _inspections(facts: pl.DataFrame) -> pl.DataFrame:
    """Return the days on which an enterprise was inspected, and the probability of the draw if it was one."""
    inspections = facts.filter(
        pl.col("type").cast(pl.String) == "inspection",
        pl.col("outcome").cast(pl.String).ne_missing("unreachable"),
    )
    chance = pl.col("draw_probability")
    wrong = inspections.filter(chance.is_not_null() & ~((chance > 0) & (chance <= 1)))
    if wrong.height:
        raise InputError(
            f"{wrong.height} inspections have a draw_probability that no draw has, such as "
            f"{wrong['draw_probability'][0]:g} of {wrong['enterprise_id'][0]!r}: it lies above 0 and up to 1"
        )
    drawn = pl.when(chance.is_not_null().all()).then(chance.max())
    return inspections.group_by("enterprise_id", inspected_on="occurred_on").agg(draw_probability=drawn)


@dataclass(frozen=True)
class RateEstimate:
    """The rate of findings: plain among the inspected enterprises, and weighted for all enterprises.

    Attributes
    ----------
    plain, weighted : float
        The rates; NaN if there is nothing to estimate from.
    plain_interval, weighted_interval : tuple of float
        95 % intervals by the linearised normal approximation of a ratio; rows of one enterprise count as one.
    n_inspected, n_drawn : int
        The numbers of inspections and random draws; several rows may refer to one.
    """

    plain: float
    plain_interval: tuple[float, float]
    weighted: float
    weighted_interval: tuple[float, float]
    n_inspected: int
    n_drawn: int


def estimate_rate(inspected: FrameLike, drawn: FrameLike) -> RateEstimate:
    """Estimate how often inspections find something, plain and weighted by inverse probability.

    Parameters
    ----------
    inspected : frame
        enterprise_id, inspected_on and finding, from :func:`outcomes`.
    drawn : frame
        The same columns with weight, from ``outcomes(..., draws_only=True)``.

    Raises
    ------
    InputError
        If a column is missing, or a finding or weight is invalid.

    Examples
    --------
    >>> visits = {"enterprise_id": ["E1", "E2", "E3"], "inspected_on": ["2026-01-05"] * 3, "finding": [1, 1, 0]}
    >>> drawn = pl.DataFrame(visits | {"weight": [1.0, 1.0, 4.0]})
    >>> estimate_rate(pl.DataFrame(visits), drawn).weighted
    0.3333333333333333
    """
    plain, weighted = _visited(inspected, None), _visited(drawn, "weight")
    return RateEstimate(*_mean(plain), *_mean(weighted), _number(plain), _number(weighted))


def _visited(given: Any, weight: str | None) -> pl.DataFrame:
    table = to_polars(given)
    missing = [name for name in ("enterprise_id", "inspected_on", "finding", weight) if name and name not in table]
    if missing:
        raise InputError(f"the outcomes lack the column {missing[0]!r}: give what outcomes(...) returns")
    kept = table.select(
        "enterprise_id",
        "inspected_on",
        pl.col("finding").cast(pl.Float64).fill_nan(None),
        weight=pl.lit(1.0) if weight is None else pl.col(weight).cast(pl.Float64),
    ).drop_nulls("finding")
    if not kept["finding"].is_between(0, 1).all():
        raise InputError("finding must be 1, 0 or missing: give what outcomes(...) returns")
    usable = (kept["weight"].is_finite() & (kept["weight"] >= 0)).fill_null(False)
    if not usable.all():
        wrong = kept.filter(~usable).row(0, named=True)
        raise InputError(
            f"the weight of an inspection of {wrong['enterprise_id']!r} is {wrong['weight']}: weights must be finite, "
            "and not negative or missing"
        )
    return kept.filter(pl.col("weight") > 0)


def _number(visited: pl.DataFrame) -> int:
    return visited.select("enterprise_id", "inspected_on").n_unique()


def _mean(visited: pl.DataFrame) -> tuple[float, tuple[float, float]]:
    if not visited.height:
        return float("nan"), (float("nan"), float("nan"))
    y, w = visited["finding"].to_numpy(), visited["weight"].to_numpy()
    mean = float(np.average(y, weights=w))
    # The standard error of a ratio of weighted sums over enterprises.
    unit = visited["enterprise_id"].rank("dense").to_numpy().astype(np.intp)
    error = float(np.sqrt(np.sum(np.bincount(unit, w * (y - mean)) ** 2)) / w.sum())
    return mean, (mean - 1.959964 * error, mean + 1.959964 * error)
