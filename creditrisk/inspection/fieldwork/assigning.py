"""Inspectors for visits, drawn at random among those who may go and are impartial; anyone can check the draw.

This is the second half of 双随机: after the enterprises, their inspectors are drawn (article 三(三)1). The draw depends
on the seed, the visit and the inspector's id; among those who may go, only those with about the least load take part.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Required, TypedDict, Unpack, get_args, overload

import polars as pl

from creditrisk.errors import InputError
from creditrisk.files.account import InputUsed, RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import (
    Frame,
    FrameKind,
    FrameLike,
    FrameT,
    Source,
    check_frame_kind,
    from_polars,
    shown_with,
    to_polars,
)
from creditrisk.inspection.draws.numbers import check_seed
from creditrisk.inspection.fieldwork.inspectors import Inspectors, read_inspectors
from creditrisk.inspection.fieldwork.teams import Obstacle, TeamDraw, TravelBy
from creditrisk.inspection.fieldwork.turns import in_turn
from creditrisk.inspection.plan.plan import visits_of, visits_used
from creditrisk.inspection.plan.tables import as_text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from creditrisk.inspection.plan.plan import InspectionPlan

__all__ = ["Assignment", "assign_inspectors", "verify_assignment"]


@dataclass(frozen=True, repr=False)
class Assignment(Generic[FrameT]):
    """The inspectors of each visit.

    Attributes
    ----------
    table : frame
        visit_id, enterprise_id, department, inspector_id; by visit, department and inspector.
    unmet : frame
        visit_id, enterprise_id, department, what (department, region, skill, recused, capacity), why_zh, why_en. Nobody
        goes on such a visit.
    loads : frame
        inspector_id, department, visits, available_days.
    shortfall : frame
        department, visits (those without inspectors for lack of days), days (of one inspector, that they would take).
    inputs : dict of str to InputUsed
        The visits that were read, for the account of the run.
    """

    seed: str
    team_size: int
    visits_per_day: int
    tours_by: TravelBy | None
    table_data: pl.DataFrame
    unmet_data: pl.DataFrame
    loads_data: pl.DataFrame
    output: FrameKind
    inputs: dict[str, InputUsed] = field(default_factory=dict)

    @property
    def table(self) -> FrameT:
        return from_polars(self.table_data, self.output)

    @property
    def unmet(self) -> FrameT:
        return from_polars(self.unmet_data, self.output)

    @property
    def loads(self) -> FrameT:
        return from_polars(self.loads_data, self.output)

    @property
    def shortfall(self) -> FrameT:
        return from_polars(self.shortfall_data, self.output)

    @property
    def shortfall_data(self) -> pl.DataFrame:
        """The shortfall as a Polars frame."""
        short = self.unmet_data.filter(what="capacity").group_by("department").agg(visits=pl.len())
        days = (pl.col("visits") * self.team_size / self.visits_per_day).ceil().cast(pl.UInt32)
        return short.with_columns(days=days).sort("department")

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the tables, and the options of the draw, into a folder; replace an assignment there.

        ``assignment.csv``, ``unstaffed.csv``, ``loads.csv``, ``assignment.json`` for :func:`verify_assignment`, and
        ``run.json``; they appear together or not at all.

        Returns
        -------
        dict of str to Path

        Raises
        ------
        OutputError
            If the folder or a file cannot be written, or the folder holds another result or files that would be lost.
        """
        return write_set(folder, self.files(), self.account())

    def account(self) -> RunAccount:
        """Return the account of the run that drew the inspectors."""
        counts = {
            "visits": self.table_data["visit_id"].n_unique(),
            "unstaffed": self.unmet_data["visit_id"].n_unique(),
            "inspectors": self.loads_data.height,
        }
        return RunAccount(kind="assignment", seed=self.seed, inputs=self.inputs, counts=counts)

    def files(self) -> dict[str, Callable[[Path], object]]:
        """Return the files that :meth:`save` writes: the name of each, and the function that writes it to a path."""
        tables = {"assignment": self.table_data, "unstaffed": self.unmet_data, "loads": self.loads_data}
        files: dict[str, Callable[[Path], object]] = {
            f"{name}.csv": partial(write_spreadsheet, table) for name, table in tables.items()
        }
        names = ("seed", "team_size", "visits_per_day", "tours_by")
        drawn_with = json.dumps({name: getattr(self, name) for name in names}, ensure_ascii=False, indent=1) + "\n"
        files["assignment.json"] = lambda path: path.write_text(drawn_with, encoding="utf-8")
        return files

    def __str__(self) -> str:
        staffed, unmet = self.table_data["visit_id"].n_unique(), self.unmet_data["visit_id"].n_unique()
        loads = self.loads_data["visits"].to_list()
        lines = [
            f"已派员检查 visits with inspectors {staffed:,}，未派员 without {unmet:,}；"
            f"每人检查次数 visits of each {min(loads):,}–{max(loads):,}"
        ]
        for row in self.shortfall_data.iter_rows(named=True):
            lines.append(f"  {row['department']}: 尚缺人日 days lacking {row['days']:,}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        visits = self.table_data["visit_id"].n_unique()
        return f"<Assignment: {visits:,} visits staffed, {self.unmet_data['visit_id'].n_unique():,} not>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.table_data)


class _AssignInspectorsOptions(TypedDict, total=False):
    seed: Required[str]
    team_size: int
    visits_per_day: int
    tours_by: TravelBy | None
    recusals: FrameLike | None
    previous: Assignment | FrameLike | None


@overload
def assign_inspectors(
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_AssignInspectorsOptions],
) -> Assignment[pd.DataFrame]: ...
@overload
def assign_inspectors(
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    output: Literal["polars"],
    **options: Unpack[_AssignInspectorsOptions],
) -> Assignment[pl.DataFrame]: ...
@overload
def assign_inspectors(
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    output: Literal["arrow"],
    **options: Unpack[_AssignInspectorsOptions],
) -> Assignment[pa.Table]: ...
def assign_inspectors(
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    seed: str,
    team_size: int = 2,
    visits_per_day: int = 3,
    tours_by: TravelBy | None = None,
    recusals: FrameLike | None = None,
    previous: Assignment | FrameLike | None = None,
    output: FrameKind = "pandas",
) -> Assignment:
    """Draw inspectors for the visits of a plan.

    If there are too few days, mandatory visits come first: overrides and key areas, then those drawn, in the order of
    the draw.

    Parameters
    ----------
    visits : InspectionPlan, frame, or folder of a saved plan
        visit_id, enterprise_id, departments, skills and region, and if known cause and draw_order, as in a plan.
        Visits without a department, which the grid's own staff make, are left out.
    inspectors : Inspectors, or what read_inspectors reads
    seed : str
        The seed, public like that of the plan.
    team_size : int, default=2
        The number of inspectors from each department; at least two must inspect (行政处罚法 art. 42).
    visits_per_day : int, default=3
        The number of visits that take one of an inspector's available_days.
    tours_by : {"grid", "region"}, optional
        Draw one team for a tour: up to one day's visits in one grid or region, by the same departments. By default
        each visit draws its own team, which means more travel.
    recusals : frame, optional
        enterprise_id, inspector_id: inspectors who must not visit these enterprises.
    previous : Assignment or frame, optional
        enterprise_id, inspector_id of the last visits: nobody visits the same enterprise twice in a row.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    Assignment

    Raises
    ------
    InputError
        If a column is missing, a recusal lacks an id, or the team is smaller than two.

    Examples
    --------
    >>> visits = pl.DataFrame({"visit_id": ["v1", "v2"], "enterprise_id": ["E1", "E2"], "departments": [["market"]] * 2,
    ...                        "skills": [["food"], []], "region": ["320102"] * 2})
    >>> staff = pl.DataFrame({"inspector_id": ["A", "B", "C"], "department": ["market"] * 3,
    ...                       "skills": ["food", "", ""]})
    >>> assign_inspectors(visits, staff, seed="2026-01-05", output="polars").table.group_by(
    ...     "visit_id", maintain_order=True).agg("inspector_id")["inspector_id"].to_list()
    [['A', 'C'], ['B', 'C']]
    """
    check_frame_kind(output)
    check_seed(seed)
    if not isinstance(team_size, int) or team_size < 2:
        raise InputError(f"no fewer than two inspect together, got team_size={team_size!r}")
    if not isinstance(visits_per_day, int) or visits_per_day < 1:
        raise InputError(f"visits_per_day must be a whole number from 1 on, got {visits_per_day!r}")
    if tours_by is not None and tours_by not in get_args(TravelBy):
        raise InputError(f"tours_by must be one of {', '.join(get_args(TravelBy))} or None, got {tours_by!r}")
    needed = ["visit_id", "enterprise_id", "departments", "skills", "region", *(["grid"] if tours_by == "grid" else [])]
    table = visits_of(visits, needed, ("cause", "draw_order"))
    staff = inspectors if isinstance(inspectors, Inspectors) else read_inspectors(inspectors)
    before = previous.table_data if isinstance(previous, Assignment) else previous
    draw = TeamDraw(
        staff.data, _pairs(recusals, "recusals") | _pairs(before, "previous"),
        seed=seed, team_size=team_size, visits_per_day=visits_per_day, tours_by=tours_by,
    )  # fmt: skip
    teams, unmet = [], []
    for visit in in_turn(table).iter_rows(named=True):
        if not visit["departments"]:
            continue
        keys = visit["visit_id"], visit["enterprise_id"]
        found = draw.team_for(visit)
        if isinstance(found, Obstacle):
            unmet.append((*keys, found.department, found.what, found.why.zh, found.why.en))
        else:
            teams += [(*keys, one.department, one.id) for one in found]
    names = ["visit_id", "enterprise_id", "department", "inspector_id"]
    reasons = ["visit_id", "enterprise_id", "department", "what", "why_zh", "why_en"]
    visits_of_each = pl.Series([draw.loads[one] for one in staff.data["inspector_id"]], dtype=pl.UInt32)
    load_table = staff.data.select("inspector_id", "department", visits_of_each.alias("visits"), "available_days")
    return Assignment(
        seed=seed,
        team_size=team_size,
        visits_per_day=visits_per_day,
        tours_by=tours_by,
        table_data=pl.DataFrame(teams, schema=dict.fromkeys(names, pl.String), orient="row").sort(names),
        unmet_data=pl.DataFrame(unmet, schema=dict.fromkeys(reasons, pl.String), orient="row"),
        loads_data=load_table,
        inputs={"visits": visits_used(visits)},
        output=output,
    )


class _VerifyAssignmentOptions(TypedDict, total=False):
    seed: Required[str]
    team_size: int
    visits_per_day: int
    tours_by: TravelBy | None
    recusals: FrameLike | None
    previous: Assignment | FrameLike | None


@overload
def verify_assignment(
    assigned: Assignment | FrameLike,
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_VerifyAssignmentOptions],
) -> pd.DataFrame: ...
@overload
def verify_assignment(
    assigned: Assignment | FrameLike,
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    output: Literal["polars"],
    **options: Unpack[_VerifyAssignmentOptions],
) -> pl.DataFrame: ...
@overload
def verify_assignment(
    assigned: Assignment | FrameLike,
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    output: Literal["arrow"],
    **options: Unpack[_VerifyAssignmentOptions],
) -> pa.Table: ...
def verify_assignment(
    assigned: Assignment | FrameLike,
    visits: InspectionPlan | Source,
    inspectors: Inspectors | Source,
    *,
    seed: str,
    team_size: int = 2,
    visits_per_day: int = 3,
    tours_by: TravelBy | None = None,
    recusals: FrameLike | None = None,
    previous: Assignment | FrameLike | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Draw the inspectors again, and list where a published assignment differs.

    Parameters
    ----------
    assigned : Assignment or frame
        visit_id, department, inspector_id; enterprise_id is compared as well if it is given.
    visits, inspectors, seed, team_size, visits_per_day, tours_by, recusals, previous
        The arguments of :func:`assign_inspectors`; ``assignment.json`` has seed, team_size, visits_per_day, tours_by.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        visit_id, department, inspector_id, what ("listed, not drawn" or "drawn, not listed"); empty if it holds.

    Raises
    ------
    InputError
        If the assignment lacks a column, or :func:`assign_inspectors` cannot draw from what is given.

    Examples
    --------
    >>> visits = pl.DataFrame({"visit_id": ["v1"], "enterprise_id": ["E1"], "departments": [["market"]],
    ...                        "skills": [[]], "region": ["320102"]}, schema_overrides={"skills": pl.List(pl.String)})
    >>> staff = pl.DataFrame({"inspector_id": ["A", "B", "C"], "department": ["market"] * 3})
    >>> assigned = assign_inspectors(visits, staff, seed="2026-01-05")
    >>> verify_assignment(assigned, visits, staff, seed="2026-01-05").empty
    True
    """
    check_frame_kind(output)
    keys = ["visit_id", "department", "inspector_id"]
    listed = assigned.table_data if isinstance(assigned, Assignment) else to_polars(assigned)
    missing = next((name for name in keys if name not in listed.columns), None)
    if missing is not None:
        raise InputError(f"a published assignment needs the column {missing}")
    compared = [*keys, *(["enterprise_id"] if "enterprise_id" in listed.columns else [])]
    drawn = assign_inspectors(
        visits, inspectors, seed=seed, team_size=team_size, visits_per_day=visits_per_day, tours_by=tours_by,
        recusals=recusals, previous=previous, output="polars",
    ).table_data  # fmt: skip
    # Repeated rows are numbered, so that a row listed twice counts as one too many.
    listed, drawn = (
        table.select(pl.col(compared).cast(pl.String)).with_columns(time=pl.int_range(pl.len()).over(compared))
        for table in (listed, drawn)
    )
    on = [*compared, "time"]
    parts = [
        part.join(other, on=on, how="anti", nulls_equal=True).select(*keys, what=pl.lit(what))
        for part, other, what in ((listed, drawn, "listed, not drawn"), (drawn, listed, "drawn, not listed"))
    ]
    return from_polars(pl.concat(parts).sort(*keys, "what"), output)


def _pairs(table: Any, what: str) -> set[tuple[str, str]]:
    if table is None:
        return set()
    frame = to_polars(table)
    for column in ("enterprise_id", "inspector_id"):
        if column not in frame.columns:
            raise InputError(f"{what} need the columns enterprise_id and inspector_id")
    pairs = frame.select(as_text(frame[name]) for name in ("enterprise_id", "inspector_id"))
    # A pair with one id missing would exclude nobody.
    half = pairs.select(pl.any_horizontal(pl.all().fill_null("") == "")).to_series()
    if half.any():
        row = int(half.to_numpy().argmax())
        raise InputError(f"{what}: row {row} lacks enterprise_id or inspector_id: say who is meant")
    return set(pairs.iter_rows())
