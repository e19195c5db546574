"""Rules that choose whom to visit, compared by what their visits find on the same rows.

A rule gives every row a number of visits: 1 or 0, or the probability of one where the rule draws at random. The
expected findings of a rule are then exact over all draws it could make. Where only inspected enterprises have outcomes,
the rows are their inspections, and each rule says which of these it would have kept if time had allowed only a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, Unpack, overload

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from creditrisk.days import civil_days
from creditrisk.errors import InputError
from creditrisk.evaluation.resampling import interval, resamples
from creditrisk.evaluation.rows import findings_and_weights, units
from creditrisk.frames import FrameKind, FrameLike, FrameT, check_frame_kind, from_polars, shown_with, to_polars

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["ChoiceComparison", "compare_choices", "longest_ago"]

Numbers = NDArray[np.float64]

_FIGURES = ("findings_per_visit", "lift", "share_found")


@dataclass(frozen=True)
class ChoiceComparison(Generic[FrameT]):
    """Rules that choose visits, compared on the same rows.

    Attributes
    ----------
    figures : frame
        choice, figure, value, low, high (the interval), visits (expected), rows. Figures:
        findings_per_visit; lift, which is findings_per_visit divided by that of plain random visits; share_found, the
        share of all findings that the visits find.
    differences : frame
        choice, reference, figure, value (the choice's minus the reference's), low, high: from the same resamples.
    """

    figures: FrameT
    differences: FrameT

    def __repr__(self) -> str:
        return f"<ChoiceComparison: {len(self.figures)} figures, {len(self.differences)} differences>"

    def _repr_html_(self) -> str:
        return shown_with(self, to_polars(self.figures))


class _CompareChoicesOptions(TypedDict, total=False):
    weight: str | None
    reference: str | None
    n_resamples: int
    level: float
    seed: int


@overload
def compare_choices(
    outcomes: FrameLike,
    choices: Mapping[str, ArrayLike],
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_CompareChoicesOptions],
) -> ChoiceComparison[pd.DataFrame]: ...
@overload
def compare_choices(
    outcomes: FrameLike,
    choices: Mapping[str, ArrayLike],
    *,
    output: Literal["polars"],
    **options: Unpack[_CompareChoicesOptions],
) -> ChoiceComparison[pl.DataFrame]: ...
@overload
def compare_choices(
    outcomes: FrameLike,
    choices: Mapping[str, ArrayLike],
    *,
    output: Literal["arrow"],
    **options: Unpack[_CompareChoicesOptions],
) -> ChoiceComparison[pa.Table]: ...
def compare_choices(
    outcomes: FrameLike,
    choices: Mapping[str, ArrayLike],
    *,
    weight: str | None = None,
    reference: str | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    output: FrameKind = "pandas",
) -> ChoiceComparison:
    """Compare rules that choose visits by what their visits find.

    Parameters
    ----------
    outcomes : frame
        One row per enterprise or inspection: ``finding`` (1 or 0, or its probability where the truth is known; rows
        where it is missing are left out), and ``enterprise_id``, by which resamples are drawn.
    choices : mapping of str to array_like of float, shape (n_rows,)
        The number of visits that the rule makes at each row, or the probability of one; at least 0.
    weight : str, optional
        A column of weights, such as the inverse draw probability; rows of weight 0 are left out.
    reference : str, optional
        The choice that others are compared with; by default the first.
    n_resamples : int, default=1000
    level : float, default=0.95
        The level of the intervals: percentiles of a bootstrap over enterprises, each of which keeps its visits.
    seed : int, default=0
    output : {"pandas", "polars", "arrow"}

    Raises
    ------
    InputError
        If a column is missing, visits are missing, negative or all 0, or there is no finding.

    Examples
    --------
    >>> rows = pl.DataFrame({"enterprise_id": list("abcd"), "finding": [1, 1, 0, 0]})
    >>> comparison = compare_choices(rows, {"plain": [0.5] * 4, "tiers": [1, 0.5, 0.5, 0]}, output="polars")
    >>> comparison.figures.filter(figure="findings_per_visit")["value"].to_list()
    [0.5, 0.75]
    """
    check_frame_kind(output)
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, got {level}")
    if n_resamples < 1:
        raise InputError(f"n_resamples must be at least 1, got {n_resamples}")
    names = list(choices)
    if not names:
        raise InputError("there is no choice to compare: give at least one")
    compared_with = reference if reference is not None else names[0]
    if compared_with not in names:
        raise InputError(f"reference {compared_with!r} is none of the choices {', '.join(names)}")
    found, weights, unit, kept = _rows(outcomes, weight)
    visits = np.stack([_visits(name, values, kept) for name, values in choices.items()])
    if not weights @ found > 0:
        raise InputError(f"of {len(found):,} rows with a known outcome none has a finding: nothing to compare by")
    value = _figures(visits, found, weights)
    drawn = np.stack([_figures(visits, found, weights * counts) for counts in resamples(unit, n_resamples, seed)])
    low, high = interval(drawn.reshape(n_resamples, -1), level)
    keys = pl.DataFrame({"choice": names}).join(pl.DataFrame({"figure": _FIGURES}), how="cross", maintain_order="left")
    made = np.repeat(visits @ weights, len(_FIGURES))
    table = keys.with_columns(value=value.ravel(), low=low, high=high, visits=pl.Series(made), rows=pl.lit(len(found)))
    at = names.index(compared_with)
    less_low, less_high = interval((drawn - drawn[:, at : at + 1]).reshape(n_resamples, -1), level)
    differences = keys.select(
        "choice",
        "figure",
        reference=pl.lit(compared_with),
        value=pl.Series((value - value[at]).ravel()),
        low=pl.Series(less_low),
        high=pl.Series(less_high),
    ).filter(pl.col("choice") != compared_with)
    return ChoiceComparison(from_polars(table, output), from_polars(differences, output))


def longest_ago(inspected_on: Iterable[date | None], n_visits: float) -> Numbers:
    """Give visits by the date of the last inspection alone: the longest ago is visited first.

    Parameters
    ----------
    inspected_on : sequence of dates, shape (n_rows,)
        The last inspection; missing where there was none, which is visited before all others.
    n_visits : float
        The number of visits. If there are more visits than rows, a new round begins.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        The visits of each row; their sum is ``n_visits``. Rows of one day share the visits left for them equally.

    Raises
    ------
    InputError
        If there are no rows, or the number of visits is negative or infinite.

    Examples
    --------
    >>> from datetime import date
    >>> longest_ago([date(2024, 5, 1), None, date(2023, 1, 1), date(2024, 5, 1)], 3).tolist()
    [0.5, 1.0, 1.0, 0.5]
    """
    days = inspected_on if isinstance(inspected_on, pl.Series) else pl.Series(inspected_on)
    if not len(days):
        raise InputError("there is nobody to visit: no last inspections are given")
    if not 0 <= n_visits < np.inf:
        raise InputError(f"the number of visits must not be negative or without end, got {n_visits}")
    rounds, left = divmod(float(n_visits), len(days))
    day = civil_days(days, "inspected_on").cast(pl.Int32).fill_null(np.iinfo(np.int32).min).to_numpy()
    _, place, size = np.unique(day, return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    return rounds + (np.clip(left - before, 0, size) / size)[place]


def _rows(outcomes: Any, weight: str | None) -> tuple[Numbers, Numbers, NDArray[np.intp], NDArray[np.bool_]]:
    """Return finding, weight and enterprise number of the rows whose outcome is known, and the mask of these rows."""
    frame, finding, weights = findings_and_weights(outcomes, weight, ("enterprise_id",))
    wrong = ~finding.is_between(0, 1).fill_null(True)
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        raise InputError(
            f"finding must be 1, 0, a probability between them, or missing, got {finding[at]:g} in row {at}"
        )
    kept = finding.is_not_null().to_numpy() & (weights > 0)
    if not kept.any():
        raise InputError("no row has a known outcome: give the findings of inspections that were made")
    return finding.to_numpy()[kept], weights[kept], units(frame["enterprise_id"].filter(kept)), kept


def _visits(name: str, values: ArrayLike, kept: NDArray[np.bool_]) -> Numbers:
    visits = np.asarray(values, dtype=np.float64)
    if visits.shape != kept.shape:
        raise InputError(f"choice {name!r} must have one value for each of {len(kept)} rows, got shape {visits.shape}")
    wrong = kept & ~(np.isfinite(visits) & (visits >= 0))
    if wrong.any():
        at = int(wrong.argmax())
        raise InputError(
            f"choice {name!r} must say how many visits each row gets: numbers of at least 0, none missing; got "
            f"{visits[at]} in row {at}"
        )
    visits = visits[kept]
    if not visits.any():
        raise InputError(f"choice {name!r} visits nobody with a known outcome: there is nothing to compare")
    return visits


def _figures(visits: Numbers, found: Numbers, weight: Numbers) -> Numbers:
    """Return the figures of all choices, shape (n_choices, n_figures); NaN where there is no visit or finding."""
    made, caught, total = visits @ weight, visits @ (weight * found), weight @ found
    nothing = np.full_like(made, np.nan)
    per_visit = np.divide(caught, made, out=nothing.copy(), where=made > 0)
    share = caught / total if total > 0 else nothing
    lift = per_visit * weight.sum() / total if total > 0 else nothing
    return np.stack([per_visit, lift, share], axis=1)
