"""Outcomes: what was found at the next inspection after each day, and how often there is a finding.

Only inspected enterprises have outcomes, and inspectors go where they expect to find something. Inspections of randomly
drawn enterprises carry the probability of the draw; weighted by its inverse (Horvitz and Thompson 1952; in the form of
a ratio, Hájek 1971) they speak for all who could be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field

from creditrisk.errors import InputError
from creditrisk.frames import FrameKind, check_frame_kind, from_polars
from creditrisk.indicators.builder import cohort_of
from creditrisk.indicators.choosing import chosen
from creditrisk.indicators.spec import Selection
from creditrisk.learning.cohorts import records_data

__all__ = ["RateEstimate", "Target", "estimate_rate", "outcomes"]


class Target(BaseModel):
    """What is to be foretold: whether the next inspection in a time after the day finds something.

    Parameters
    ----------
    finding : Selection
        Records that count as a finding when they happened on the day of the inspection.
    within_months : int
        The inspection happens at most so many months after the day.
    gap_days : int
        And not in the first so many days: time that passes until a forecast is acted on.

    Examples
    --------
    >>> Target(finding={"types": ["violation"], "severity_at_least": "serious"}, within_months=12).gap_days
    0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: Selection = Selection(types=("violation",), severity_at_least="serious")
    within_months: Annotated[int, Field(gt=0)] = 12
    gap_days: Annotated[int, Field(ge=0)] = 0


def outcomes(
    records: Any,
    cohort: Any,
    target: Target | None = None,
    *,
    known_by: date | str | None = None,
    output: FrameKind = "pandas",
) -> Any:
    """For each row of a cohort what its next inspection found.

    Parameters
    ----------
    records : Records or frame in the data model
    cohort : frame
        enterprise_id and as_of.
    target : Target, optional
        By default a serious or grave violation at the next inspection within 12 months.
    known_by : date or ISO text, optional
        Inspections and findings known later are as if they had not been: what a model trained on that day could learn
        from.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        One row per row of the cohort, in its order: enterprise_id, as_of, inspected_on, finding (1 or 0; missing where
        none inspected it in time), draw_probability (missing where the inspection was not a random draw), weight (its
        inverse, 0 where there is none).

    Notes
    -----
    Several inspections on one day are one; it is a random draw only if all of them are.
    """
    check_frame_kind(output)
    target = target or Target()
    rows = cohort_of(cohort)
    table = pl.DataFrame(
        {"enterprise_id": rows.enterprise_id, "as_of": pl.Series(rows.as_of, dtype=pl.Int32).cast(pl.Date)}
    ).with_row_index("at")
    facts = records_data(records)
    if known_by is not None:
        last = date.fromisoformat(known_by) if isinstance(known_by, str) else known_by
        facts = facts.filter(pl.max_horizontal("occurred_on", "known_on") <= last)
    visits = (
        facts.filter(pl.col("type").cast(pl.String) == "inspection")
        .group_by("enterprise_id", inspected_on="occurred_on")
        .agg(
            draw_probability=pl.when(pl.col("draw_probability").is_not_null().all()).then(
                pl.col("draw_probability").max()
            )
        )
    )
    found = facts.filter(chosen(target.finding)).select("enterprise_id", inspected_on="occurred_on", finding=1.0)
    visits = visits.join(found.unique(), on=["enterprise_id", "inspected_on"], how="left").sort("inspected_on")
    following = (
        table.with_columns(first=pl.col("as_of") + pl.duration(days=target.gap_days + 1))
        .sort("first")
        .join_asof(
            visits, left_on="first", right_on="inspected_on", by="enterprise_id", strategy="forward",
            check_sortedness=False, coalesce=False,
        )
    )  # fmt: skip
    in_time = pl.col("inspected_on") <= pl.col("as_of").dt.offset_by(f"{target.within_months}mo")
    weight = pl.when(in_time).then(1.0 / pl.col("draw_probability")).fill_null(0.0)
    result = following.sort("at").select(
        "enterprise_id",
        "as_of",
        inspected_on=pl.when(in_time).then("inspected_on"),
        finding=pl.when(in_time).then(pl.col("finding").fill_null(0.0)),
        draw_probability=pl.when(in_time).then("draw_probability"),
        weight=weight,
    )
    return from_polars(result, output)


@dataclass(frozen=True)
class RateEstimate:
    """How often there is a finding: plainly among the inspected, and weighted for all enterprises.

    Attributes
    ----------
    plain, weighted : float
        NaN where there is nothing to estimate from.
    plain_interval, weighted_interval : tuple of float
        95 % intervals by the normal approximation; the weighted one from the linearised ratio.
    n_inspected, n_drawn : int
    """

    plain: float
    plain_interval: tuple[float, float]
    weighted: float
    weighted_interval: tuple[float, float]
    n_inspected: int
    n_drawn: int


def estimate_rate(finding: ArrayLike, weight: ArrayLike) -> RateEstimate:
    """Estimate how often inspections find something, plainly and by inverse probability.

    Parameters
    ----------
    finding : array_like of float, shape (n_rows,)
        1, 0 or missing, as :func:`outcomes` gives them.
    weight : array_like of float, shape (n_rows,)
        Inverse draw probability; 0 for what was no random draw.

    Raises
    ------
    InputError
        If the two differ in length, or a weight is negative.

    Examples
    --------
    >>> estimate_rate([1, 1, 0, None], [1.0, 1.0, 4.0, 0.0]).weighted
    0.3333333333333333
    """
    y = np.array([np.nan if value is None else value for value in np.asarray(finding, dtype=object)], dtype=float)
    w = np.asarray(weight, dtype=float)
    if y.shape != w.shape:
        raise InputError(f"finding and weight must have one length, got {len(y)} and {len(w)}")
    if (w < 0).any():
        raise InputError("weights must not be negative")
    seen = ~np.isnan(y)
    plain, weighted = _mean(y[seen], np.ones(seen.sum())), _mean(y[seen & (w > 0)], w[seen & (w > 0)])
    return RateEstimate(*plain, *weighted, int(seen.sum()), int((seen & (w > 0)).sum()))


def _mean(y: np.ndarray, w: np.ndarray) -> tuple[float, tuple[float, float]]:
    if not len(y):
        return float("nan"), (float("nan"), float("nan"))
    mean = float(np.average(y, weights=w))
    # The standard error of a ratio of weighted sums.
    error = float(np.sqrt(np.sum((w * (y - mean)) ** 2)) / w.sum())
    return mean, (mean - 1.959964 * error, mean + 1.959964 * error)
