"""Tables for the public: the plan before the visits (一公开, article 三(二)1), and the results after them.

Before the visits nobody may learn who will be visited; after them everybody may learn the outcomes. These lists name
neither the inspectors nor the exact findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import polars as pl

from creditrisk.errors import InputError
from creditrisk.frames import Frame, FrameKind, FrameLike, Source, check_frame_kind, from_polars, to_polars
from creditrisk.inspection.fieldwork.results import RecordedResults
from creditrisk.inspection.plan.plan import InspectionPlan, visits_of
from creditrisk.records.tables import Enterprises
from creditrisk.vocabulary import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["publication_list", "results_publication"]

# A visit has passed only if every part of it has.
_WORST_FIRST = ("fail", "pass_with_conditions", "unreachable", "pass")


@overload
def publication_list(plan: InspectionPlan, *, output: Literal["pandas"] = ...) -> pd.DataFrame: ...
@overload
def publication_list(plan: InspectionPlan, *, output: Literal["polars"]) -> pl.DataFrame: ...
@overload
def publication_list(plan: InspectionPlan, *, output: Literal["arrow"]) -> pa.Table: ...
def publication_list(plan: InspectionPlan, *, output: FrameKind = "pandas") -> Frame:
    """Return what may be public before the visits: items, rules and ratios, but not who will be visited.

    The hashes of the frame and of the seed fix the draw in advance: if they are published now, they show later that
    neither was changed. If the seed is already public, anyone who has the frame knows the draw.

    Parameters
    ----------
    plan : InspectionPlan
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        One row for each item and each tier or regime in its frame: item, name_zh, name_en, authority, kind,
        legal_basis, mode, tier, enterprises (in the frame), drawn, ratio (drawn / enterprises), frame_sha256,
        seed_commitment (:func:`creditrisk.commit_to_seed`). Items without a draw are in the plan's table ``unmet``.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    >>> plan = cr.plan_inspections(assessment, cr.example_items(), seed="2026-07-01 08 15 23", year=2026)
    >>> publication_list(plan, output="polars").select("item", "tier", "enterprises", "drawn").row(0)
    ('registration.address', 'good', 67, 3)
    """
    return from_polars(plan.publication_data, output)


@overload
def results_publication(
    recorded: RecordedResults,
    plan: InspectionPlan | Source,
    *,
    names: Enterprises | FrameLike | None = ...,
    output: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def results_publication(
    recorded: RecordedResults,
    plan: InspectionPlan | Source,
    *,
    names: Enterprises | FrameLike | None = ...,
    output: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def results_publication(
    recorded: RecordedResults,
    plan: InspectionPlan | Source,
    *,
    names: Enterprises | FrameLike | None = ...,
    output: Literal["arrow"],
) -> pa.Table: ...
def results_publication(
    recorded: RecordedResults,
    plan: InspectionPlan | Source,
    *,
    names: Enterprises | FrameLike | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Return what may be public after the visits: the outcome of each, without inspectors and details.

    Parameters
    ----------
    recorded : RecordedResults
        The results that :func:`creditrisk.record_results` makes for the visits of this plan.
    plan : InspectionPlan, frame of visits, or folder of a saved plan
    names : Enterprises or frame, optional
        enterprise_id, name.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        One row per completed visit, by day and enterprise: enterprise_id, name (if names are given), items,
        departments, inspected_on, outcome (the worst of the visit), outcome_zh, outcome_en, findings (their number),
        draw_probability.

    Raises
    ------
    InputError
        If a visit is not of this plan, or names lack a column.

    Examples
    --------
    >>> import creditrisk as cr
    >>> visits = pl.DataFrame({"visit_id": ["v1"], "enterprise_id": ["E1"], "items": [["labels"]],
    ...                        "departments": [["market"]], "lead_department": ["market"], "draw_probability": [0.1]})
    >>> results = pl.DataFrame({"visit_id": ["v1"], "inspected_on": ["2026-03-02"], "outcome": ["fail"],
    ...                         "severity": ["serious"], "matter": ["labels"]})
    >>> recorded = cr.record_results(results, visits, output="polars")
    >>> results_publication(recorded, visits, output="polars").select("enterprise_id", "outcome_zh", "findings").rows()
    [('E1', '不合格', 1)]
    """
    check_frame_kind(output)
    visits = visits_of(plan, ("visit_id", "enterprise_id", "items", "departments", "draw_probability"))
    worst = pl.col("outcome").cast(pl.Enum(_WORST_FIRST)).min().cast(pl.String)
    done = (
        recorded.records_data.join(recorded.visits_data, on="record_id", how="left", maintain_order="left")
        .group_by("visit_id")
        .agg(
            inspected_on=pl.col("occurred_on").first(),
            outcome=worst,
            findings=(pl.col("type") == "violation").sum().cast(pl.UInt32),
        )
    )
    strange = done.join(visits, on="visit_id", how="anti")["visit_id"].sort()
    if len(strange):
        raise InputError(f"visit {strange[0]!r} is not of this plan: give the plan by which results were recorded")
    table = done.join(visits, on="visit_id", how="left").sort("inspected_on", "enterprise_id", "visit_id")
    named = [] if names is None else ["name"]
    if names is not None:
        table = table.join(_names(names), on="enterprise_id", how="left", maintain_order="left")
    outcomes = list(OUTCOMES)
    published = table.select(
        "enterprise_id", *named, "items", "departments", "inspected_on", "outcome",
        outcome_zh=pl.col("outcome").replace_strict(outcomes, [label.zh for label in OUTCOMES.values()]),
        outcome_en=pl.col("outcome").replace_strict(outcomes, [label.en for label in OUTCOMES.values()]),
        findings="findings",
        draw_probability="draw_probability",
    )  # fmt: skip
    return from_polars(published, output)


def _names(names: Any) -> pl.DataFrame:
    register = names.data if isinstance(names, Enterprises) else to_polars(names)
    for column in ("enterprise_id", "name"):
        if column not in register.columns:
            raise InputError("names need the columns enterprise_id and name")
    columns = register.select(pl.col("enterprise_id", "name").cast(pl.String))
    return columns.unique("enterprise_id", keep="first", maintain_order=True)
