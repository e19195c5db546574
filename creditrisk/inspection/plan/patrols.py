"""Patrols of the grid (网格化, article 三(二)2): the enterprises that the staff of each grid visit, for no item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import polars as pl

from creditrisk.frames import Frame, FrameKind, check_frame_kind, from_polars
from creditrisk.inspection.plan.plan import InspectionPlan

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["grid_patrols"]


@overload
def grid_patrols(plan: InspectionPlan, *, output: Literal["pandas"] = ...) -> pd.DataFrame: ...
@overload
def grid_patrols(plan: InspectionPlan, *, output: Literal["polars"]) -> pl.DataFrame: ...
@overload
def grid_patrols(plan: InspectionPlan, *, output: Literal["arrow"]) -> pa.Table: ...
def grid_patrols(plan: InspectionPlan, *, output: FrameKind = "pandas") -> Frame:
    """Return the visits that a plan leaves to the grid, as lists for its staff.

    Parameters
    ----------
    plan : InspectionPlan
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        One row per visit by region, grid and enterprise: region, grid, enterprise_id, tier, window_from, window_to,
        visit_id, why_zh, why_en. Enterprises without a grid on record come last: the agency must assign them.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    >>> plan = cr.plan_inspections(assessment, cr.example_items(), seed="2026-07-01 08 15 23", year=2026)
    >>> grid_patrols(plan, output="polars").select("region", "grid", "tier").row(0)
    ('320105', '320105-0167', 'high_risk')
    """
    check_frame_kind(output)
    return from_polars(pl.concat(plan.patrol_chunks()), output)
