"""Inspectors for visits: drawn at random among those who may go, with nobody who is partial, and recheckable by all.

The second half of 双随机: after enterprises, those who inspect them are drawn (article 三(三)1). Who is drawn follows
from the seed, the visit and the inspector's id; of those who may go, only such as carry about the least load take part.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from creditrisk.errors import InputError
from creditrisk.frames import FrameKind, check_frame_kind, from_polars, to_polars
from creditrisk.inspection.draws.numbers import check_seed
from creditrisk.inspection.fieldwork.inspectors import Inspectors, read_inspectors
from creditrisk.inspection.plan import visits_of
from creditrisk.report.spreadsheets import write_spreadsheet
from creditrisk.vocabulary import Label
from creditrisk.writing import write_together

__all__ = ["Assignment", "TravelBy", "assign_inspectors", "verify_assignment"]

# Within which a team goes from one visit to the next without losing time.
TravelBy = Literal["grid", "region"]

# Loads that differ by less count as equal, so that chance decides among more than one or two.
_LOAD_STEP = 3
_WHY = {
    "department": Label("部门“{department}”没有检查人员", "department {department} has no inspectors"),
    "region": Label(
        "部门“{department}”没有负责该地区的检查人员", "nobody of department {department} is responsible for the region"
    ),
    "skill": Label("没有具备“{skill}”能力且可派出的检查人员", "nobody who may go has the skill {skill}"),
    "capacity": Label(
        "部门“{department}”检查人员的可用人日已用完", "the inspectors of department {department} have no days left"
    ),
    "recused": Label(
        "回避后部门“{department}”可派人员不足{size}人",
        "after recusal fewer than {size} of department {department} may go",
    ),
}


@dataclass(frozen=True, repr=False)
class Assignment:
    """Who goes on which visit.

    Attributes
    ----------
    table : frame
        visit_id, enterprise_id, department, inspector_id; by visit, department and inspector.
    unmet : frame
        visit_id, enterprise_id, department, what (department, region, skill, recused, capacity), why_zh, why_en. Nobody
        is sent on such a visit.
    loads : frame
        inspector_id, department, visits, available_days.
    shortfall : frame
        department, visits (that lack somebody with days left), days (of one inspector, that these would take).
    """

    seed: str
    team_size: int
    visits_per_day: int
    tours_by: TravelBy | None
    table_data: pl.DataFrame
    unmet_data: pl.DataFrame
    loads_data: pl.DataFrame
    output: FrameKind

    @property
    def table(self) -> Any:
        return from_polars(self.table_data, self.output)

    @property
    def unmet(self) -> Any:
        return from_polars(self.unmet_data, self.output)

    @property
    def loads(self) -> Any:
        return from_polars(self.loads_data, self.output)

    @property
    def shortfall(self) -> Any:
        return from_polars(self.shortfall_data, self.output)

    @property
    def shortfall_data(self) -> pl.DataFrame:
        """The shortfall as a Polars frame."""
        short = self.unmet_data.filter(what="capacity").group_by("department").agg(visits=pl.len())
        days = (pl.col("visits") * self.team_size / self.visits_per_day).ceil().cast(pl.UInt32)
        return short.with_columns(days=days).sort("department")

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the tables, and with what they were drawn; the files appear together or not at all.

        ``assignment.csv``, ``unstaffed.csv``, ``loads.csv``, and ``assignment.json`` for :func:`verify_assignment`.

        Returns
        -------
        dict of str to Path

        Raises
        ------
        OutputError
            If the folder or a file cannot be written.
        """
        tables = {"assignment": self.table_data, "unstaffed": self.unmet_data, "loads": self.loads_data}
        files: dict[str, Callable[[Path], object]] = {
            f"{name}.csv": partial(write_spreadsheet, table) for name, table in tables.items()
        }
        names = ("seed", "team_size", "visits_per_day", "tours_by")
        drawn_with = json.dumps({name: getattr(self, name) for name in names}, ensure_ascii=False, indent=1) + "\n"
        files["assignment.json"] = lambda path: path.write_text(drawn_with, encoding="utf-8")
        return write_together(folder, files)

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


@dataclass(frozen=True)
class _Inspector:
    id: str
    department: str
    skills: frozenset[str]
    regions: frozenset[str]
    most_visits: float


@dataclass
class _Tour:
    """A day of a team in one place."""

    team: list[_Inspector]
    visits: int = 1


def assign_inspectors(
    visits: Any,
    inspectors: Any,
    *,
    seed: str,
    team_size: int = 2,
    visits_per_day: int = 3,
    tours_by: TravelBy | None = None,
    recusals: Any = None,
    previous: Any = None,
    output: FrameKind = "pandas",
) -> Assignment:
    """Draw inspectors for the visits of a plan.

    Where days run short, visits that must be made come first: overrides and key areas, then those drawn, by their place
    in the draw.

    Parameters
    ----------
    visits : InspectionPlan, frame, or folder of a saved plan
        visit_id, enterprise_id, departments, skills and region, and where known cause and draw_order, as a plan has
        them. Visits of no department, those of the grid's own staff, are left out.
    inspectors : Inspectors, or what read_inspectors reads
    seed : str
        Public, as that of the plan.
    team_size : int, default=2
        Of each department: no fewer than two may inspect (行政处罚法 art. 42).
    visits_per_day : int, default=3
        So many visits take one of the available_days of an inspector.
    tours_by : {"grid", "region"}, optional
        Draw one team for a tour: up to as many visits as a day takes, in one grid or region, by the same departments.
        By default each visit draws its own, which takes more ways.
    recusals : frame, optional
        enterprise_id, inspector_id: who is partial to whom.
    previous : Assignment or frame, optional
        enterprise_id, inspector_id of the visits before: nobody goes to the same enterprise twice in a row.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    Assignment

    Raises
    ------
    InputError
        If a column is missing, or the team is smaller than two.

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
    if team_size < 2:
        raise InputError(f"no fewer than two inspect together, got team_size={team_size}")
    if visits_per_day < 1:
        raise InputError(f"visits_per_day must be at least 1, got {visits_per_day}")
    if tours_by is not None and tours_by not in get_args(TravelBy):
        raise InputError(f"tours_by must be one of {', '.join(get_args(TravelBy))} or None, got {tours_by!r}")
    needed = ["visit_id", "enterprise_id", "departments", "skills", "region", *(["grid"] if tours_by == "grid" else [])]
    table = visits_of(visits, needed, ("cause", "draw_order"))
    staff = inspectors if isinstance(inspectors, Inspectors) else read_inspectors(inspectors)
    by_department: dict[str, list[_Inspector]] = defaultdict(list)
    for row in staff.data.iter_rows(named=True):
        most = inf if row["available_days"] is None else int(row["available_days"]) * visits_per_day
        by_department[row["department"]].append(
            _Inspector(
                row["inspector_id"], row["department"], frozenset(row["skills"]), frozenset(row["regions"]), most
            )
        )
    before = previous.table_data if isinstance(previous, Assignment) else previous
    barred = _pairs(recusals, "recusals") | _pairs(before, "previous")
    loads = dict.fromkeys(staff.data["inspector_id"].to_list(), 0)
    local = _LocalStaff(by_department)
    teams, unmet = [], []
    tours: dict[tuple[Any, ...], _Tour] = {}
    for visit in _in_turn(table).iter_rows(named=True):
        if not visit["departments"]:
            continue
        place = () if tours_by is None else (visit["region"], visit[tours_by], *visit["departments"])
        tour = tours.get(place) if place else None
        if tour is not None and tour.visits < visits_per_day and _serves(tour.team, visit, barred, loads):
            found: list[_Inspector] | tuple[str, dict[str, Any]] = tour.team
            tour.visits += 1
        else:
            found = _team(visit, local, barred, loads, seed, team_size)
            if place and not isinstance(found, tuple):
                tours[place] = _Tour(found)
        if isinstance(found, tuple):
            what, details = found
            unmet.append((visit["visit_id"], visit["enterprise_id"], details.get("department"), what,
                          _WHY[what].zh.format(**details), _WHY[what].en.format(**details)))  # fmt: skip
            continue
        for one in found:
            loads[one.id] += 1
            teams.append((visit["visit_id"], visit["enterprise_id"], one.department, one.id))
    names = ["visit_id", "enterprise_id", "department", "inspector_id"]
    reasons = ["visit_id", "enterprise_id", "department", "what", "why_zh", "why_en"]
    visits_of_each = pl.Series([loads[one] for one in staff.data["inspector_id"]], dtype=pl.UInt32)
    load_table = staff.data.select("inspector_id", "department", visits_of_each.alias("visits"), "available_days")
    return Assignment(
        seed=seed,
        team_size=team_size,
        visits_per_day=visits_per_day,
        tours_by=tours_by,
        table_data=pl.DataFrame(teams, schema=dict.fromkeys(names, pl.String), orient="row").sort(names),
        unmet_data=pl.DataFrame(unmet, schema=dict.fromkeys(reasons, pl.String), orient="row"),
        loads_data=load_table,
        output=output,
    )


def verify_assignment(
    assigned: Any,
    visits: Any,
    inspectors: Any,
    *,
    seed: str,
    team_size: int = 2,
    visits_per_day: int = 3,
    tours_by: TravelBy | None = None,
    recusals: Any = None,
    previous: Any = None,
    output: FrameKind = "pandas",
) -> Any:
    """Draw the inspectors again, and say where a published assignment differs.

    Parameters
    ----------
    assigned : Assignment or frame
        visit_id, department, inspector_id.
    visits, inspectors, seed, team_size, visits_per_day, tours_by, recusals, previous
        As in :func:`assign_inspectors`.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        visit_id, department, inspector_id, what ("listed, not drawn" or "drawn, not listed"); empty where it holds.
    """
    check_frame_kind(output)
    keys = ["visit_id", "department", "inspector_id"]
    listed = assigned.table_data if isinstance(assigned, Assignment) else to_polars(assigned)
    listed = listed.select(pl.col(keys).cast(pl.String))
    drawn = assign_inspectors(
        visits, inspectors, seed=seed, team_size=team_size, visits_per_day=visits_per_day, tours_by=tours_by,
        recusals=recusals, previous=previous, output="polars",
    ).table_data.select(keys)  # fmt: skip
    parts = [
        listed.join(drawn, on=keys, how="anti").with_columns(what=pl.lit("listed, not drawn")),
        drawn.join(listed, on=keys, how="anti").with_columns(what=pl.lit("drawn, not listed")),
    ]
    return from_polars(pl.concat(parts).sort(*keys, "what"), output)


def _in_turn(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits that must be made, then those drawn, in the order of the draw; the order of rows decides nothing."""
    keys = [pl.col("visit_id")]
    if "draw_order" in visits.columns:
        keys.insert(0, pl.col("draw_order"))
    if "cause" in visits.columns:
        keys.insert(0, pl.col("cause").cast(pl.String) == "draw")
    return visits.sort(keys, nulls_last=True)


class _LocalStaff(dict[tuple[str, str | None], list[_Inspector]]):
    """Who of a department is responsible for a region; looked for once."""

    def __init__(self, by_department: dict[str, list[_Inspector]]) -> None:
        self.by_department = by_department

    def __missing__(self, key: tuple[str, str | None]) -> list[_Inspector]:
        department, region = key
        staff = self.by_department.get(department, [])
        self[key] = [one for one in staff if not one.regions or _is_of(region, one.regions)]
        return self[key]


def _team(
    visit: dict[str, Any],
    local: _LocalStaff,
    barred: set[tuple[str, str]],
    loads: dict[str, int],
    seed: str,
    team_size: int,
) -> list[_Inspector] | tuple[str, dict[str, Any]]:
    """The team of one visit, or what stands in its way."""
    may_go: dict[str, list[_Inspector]] = {}
    for department in visit["departments"]:
        if department not in local.by_department:
            return "department", {"department": department}
        staff = local[department, visit["region"]]
        if len(staff) < team_size:
            return "region", {"department": department}
        free = [one for one in staff if (visit["enterprise_id"], one.id) not in barred]
        if len(free) < team_size:
            return "recused", {"department": department, "size": team_size}
        rested = [one for one in free if loads[one.id] < one.most_visits]
        if len(rested) < team_size:
            return "capacity", {"department": department}
        may_go[department] = _in_order(rested, visit["visit_id"], loads, seed)
    chosen: list[_Inspector] = []
    for skill in visit["skills"]:
        if not any(skill in one.skills for one in chosen):
            able = _in_order(
                [one for staff in may_go.values() for one in staff if skill in one.skills],
                visit["visit_id"],
                loads,
                seed,
            )
            if not able:
                return "skill", {"skill": skill}
            chosen.append(able[0])
    for department, staff in may_go.items():
        missing = team_size - sum(one.department == department for one in chosen)
        chosen += [one for one in staff if one not in chosen][: max(missing, 0)]
    return chosen


def _serves(
    team: Sequence[_Inspector], visit: Mapping[str, Any], barred: set[tuple[str, str]], loads: Mapping[str, int]
) -> bool:
    """Whether a team that is out anyway can make one visit more."""
    able = {skill for one in team for skill in one.skills}
    free = all((visit["enterprise_id"], one.id) not in barred and loads[one.id] < one.most_visits for one in team)
    return free and able.issuperset(visit["skills"])


def _in_order(staff: Sequence[_Inspector], visit_id: str, loads: dict[str, int], seed: str) -> list[_Inspector]:
    """By load in steps from the least, and within a step by chance."""
    return sorted(staff, key=lambda one: (loads[one.id] // _LOAD_STEP, _number(seed, visit_id, one.id), one.id))


def _number(seed: str, visit_id: str, inspector_id: str) -> bytes:
    return sha256(f"{seed}\n{visit_id}\n{inspector_id}".encode()).digest()


def _is_of(region: str | None, regions: Iterable[str]) -> bool:
    """Whether a region is one of these or lies in it: codes of GB/T 2260 begin with those of what they lie in."""
    return region is not None and any(region.startswith(one.removesuffix("00").removesuffix("00")) for one in regions)


def _pairs(table: Any, what: str) -> set[tuple[str, str]]:
    if table is None:
        return set()
    frame = to_polars(table)
    for column in ("enterprise_id", "inspector_id"):
        if column not in frame.columns:
            raise InputError(f"{what} need the columns enterprise_id and inspector_id")
    return set(frame.select(pl.col("enterprise_id", "inspector_id").cast(pl.String)).iter_rows())
