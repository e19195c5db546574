"""An inspection plan: its visits, the draws behind them, what is unmet, a summary, and its files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from creditrisk.days import civil_days
from creditrisk.errors import InputError
from creditrisk.files.account import InputUsed, RunAccount
from creditrisk.files.saved import input_of, read_saved
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import ROWS_PER_CHUNK, FrameKind, FrameT, from_polars, is_frame, shown_with, to_polars
from creditrisk.inspection.draws.draw_lists import draw_text
from creditrisk.inspection.draws.drawing import OUTSIDE, Draw, draws_sha256
from creditrisk.inspection.plan.announcing import announcement
from creditrisk.inspection.plan.items import InspectionItem
from creditrisk.inspection.plan.population import Population, strata_of
from creditrisk.inspection.plan.visits import CAUSES, grid_rows, visit_table

__all__ = ["InspectionPlan", "PlanSummary", "visits_of", "visits_used"]

_VISITS = "visits.parquet"


@dataclass(frozen=True)
class PlanSummary:
    """A plan in figures.

    Attributes
    ----------
    enterprises, ended : int
        Enterprises that are supervised; and those that are not, because they are revoked or deregistered.
    visits : int
    visits_by_cause : dict of str to int
    visited_by_stratum : dict of str to (int, int)
        The number of enterprises of each tier or regime, and the number of those with at least one visit.
    drawn : int
        Enterprises drawn, counted for each item.
    drawn_visits, visits_if_independent, visits_at_least : float
        Visits by draw; the number expected if each item drew independently; and the least that coordination can reach.
    most_visits : int
        The largest number of visits to one enterprise.
    unmet : int
    """

    year: int
    policy: str
    enterprises: int
    ended: int
    visits: int
    visits_by_cause: dict[str, int]
    visited_by_stratum: dict[str, tuple[int, int]]
    drawn: int
    drawn_visits: int
    visits_if_independent: float
    visits_at_least: float
    most_visits: int
    unmet: int

    def __str__(self) -> str:
        saved = 1 - self.drawn_visits / self.visits_if_independent if self.visits_if_independent else 0.0
        lines = [
            f"{self.year} 年度检查计划 Inspection plan, {self.policy}",
            f"企业 enterprises {self.enterprises:,}，检查 visits {self.visits:,}，每户至多 at most {self.most_visits}",
            *(f"  {name:<14}{count:>12,}" for name, count in self.visits_by_cause.items()),
            "等级或监管方式 tier or regime: 企业 enterprises，其中检查 visited",
            *(f"  {name:<14}{size:>12,}{seen:>12,}" for name, (size, seen) in self.visited_by_stratum.items()),
            f"抽取事项企业数 drawn, by item {self.drawn:,} → 检查 visits {self.drawn_visits:,}",
            f"  各自独立抽取需 if drawn independently {self.visits_if_independent:,.0f}，节省 saved {saved:.1%}；"
            f"下限 at least {self.visits_at_least:,.0f}",
            f"未满足 unmet {self.unmet:,}",
        ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False)
class InspectionPlan(Generic[FrameT]):
    """The result of :func:`creditrisk.plan_inspections`.

    Attributes
    ----------
    visits : frame
        One row per visit, by enterprise: visit_id, enterprise_id, items, departments (lists of text),
        lead_department, mode (on_site or off_site), skills (list), region, grid, tier, joint_group, window_from,
        window_to, draw_order (place in the draw, from 1), draw_probability (the largest of the items'; missing where a
        cap decides besides chance), cause (draw, full_coverage, grid, override), why_zh, why_en. Visits by the grid and
        by override are not drawn, so they have no order and no probability; the grid's own staff visit for no
        particular item or department.
    draws : dict of str to Draw
        The draw of each item.
    unmet : frame
        item, tier, what, required, got, why_zh, why_en.
    overrides : frame
        The requested overrides: enterprise_id, item, reason, note.
    coordination : frame
        One row per joint group or single item: joint_group, items, drawn, visits, visits_if_independent,
        visits_at_least.
    """

    year: int
    seed: str
    population: Population
    groups: dict[str, tuple[InspectionItem, ...]]
    draws: dict[str, Draw]
    rows: pl.DataFrame
    unmet_data: pl.DataFrame
    overrides_data: pl.DataFrame
    coordination_data: pl.DataFrame
    output: FrameKind

    @property
    def visits(self) -> FrameT:
        return from_polars(self.visits_data, self.output)

    @property
    def unmet(self) -> FrameT:
        return from_polars(self.unmet_data, self.output)

    @property
    def overrides(self) -> FrameT:
        return from_polars(self.overrides_data, self.output)

    @property
    def coordination(self) -> FrameT:
        return from_polars(self.coordination_data, self.output)

    @cached_property
    def visits_data(self) -> pl.DataFrame:
        """The visits as a Polars frame."""
        return pl.concat(self._chunks(self.rows))

    @cached_property
    def draws_sha256(self) -> str:
        """The hash of everything that decides the draws; :func:`creditrisk.inspection.draws.drawing.draws_sha256`."""
        return draws_sha256(self.draws.values())

    @cached_property
    def publication_data(self) -> pl.DataFrame:
        """The table that may be made public before the visits, see :func:`creditrisk.publication_list`."""
        items = [item for members in self.groups.values() for item in members]
        return announcement(items, self.draws, self.seed)

    def summary(self) -> PlanSummary:
        """The plan in figures."""
        names, stratum = strata_of(self.population.policy), self.population.stratum
        seen = np.zeros(len(self.population), dtype=bool)
        seen[self.rows["row"].to_numpy()] = True
        sizes = np.bincount(stratum, minlength=OUTSIDE + 1)
        visited = np.bincount(stratum[seen], minlength=OUTSIDE + 1)
        causes = np.bincount(self.rows["cause"].to_numpy(), minlength=len(CAUSES))
        per_enterprise = np.bincount(self.rows["row"].to_numpy(), minlength=1)
        policy, joint = self.population.policy, self.coordination_data
        totals = {name: float(joint[name].sum()) if joint.height else 0.0 for name in _TOTALS}
        return PlanSummary(
            year=self.year,
            policy=f"{policy.id}@{policy.edition}",
            enterprises=int(sizes[:OUTSIDE].sum()),
            ended=int(sizes[OUTSIDE]),
            visits=self.rows.height,
            visits_by_cause={name: int(causes[place]) for place, name in enumerate(CAUSES)},
            visited_by_stratum={name: (int(sizes[place]), int(visited[place])) for place, name in enumerate(names)},
            drawn=int(totals["drawn"]),
            drawn_visits=int(totals["visits"]),
            visits_if_independent=totals["visits_if_independent"],
            visits_at_least=totals["visits_at_least"],
            most_visits=int(per_enterprise.max()),
            unmet=self.unmet_data.height,
        )

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the plan into a folder and replace a plan there; the files appear together or not at all.

        The files are ``visits.parquet``, ``publication.csv`` (all that may be made public before the visits),
        ``grid-patrols.csv``, ``unmet.csv``, ``coordination.csv``, ``overrides.csv``, ``plan.json`` (the summary, the
        seed and the hash of its draws), ``run.json``, and for each item ``draw-ITEM.json``, the list to publish after
        the visits, with ``frame-ITEM.parquet``, which verifies it. No file of an earlier plan is left in the folder:
        its lists could be published as this plan's. Save into another folder to keep both plans.

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
        """Return the account of the run that made the plan."""
        summary = self.summary()
        return RunAccount(
            kind="plan",
            policy=self.population.policy.used,
            inputs=self.population.inputs,
            seed=self.seed,
            counts={"enterprises": summary.enterprises, "visits": summary.visits, "unmet": summary.unmet},
            summary=vars(summary),
        )

    def files(self) -> dict[str, Callable[[Path], object]]:
        """Return the files that :meth:`save` writes: the name of each, and the function that writes it to a path."""
        identity = {
            "seed": self.seed,
            "draws_sha256": self.draws_sha256,
            "policy_sha256": self.population.policy.sha256,
        }
        summary = json.dumps({**vars(self.summary()), **identity}, ensure_ascii=False, indent=2)
        files: dict[str, Callable[[Path], object]] = {
            "visits.parquet": self.save_visits,
            "publication.csv": lambda path: write_spreadsheet(self.publication_data, path),
            "grid-patrols.csv": lambda path: write_spreadsheet(self.patrol_chunks(), path),
            "unmet.csv": lambda path: write_spreadsheet(self.unmet_data, path),
            "coordination.csv": lambda path: write_spreadsheet(self.coordination_data, path),
            "overrides.csv": lambda path: write_spreadsheet(self.overrides_data, path),
            "plan.json": lambda path: path.write_text(summary + "\n", encoding="utf-8"),
        }
        for item, draw in self.draws.items():
            files |= {f"draw-{item}.json": _list_of(draw), f"frame-{item}.parquet": _frame_of(draw)}
        return files

    def save_visits(self, path: str | os.PathLike[str]) -> None:
        """Write the visits as Parquet in chunks: the whole table takes more memory than the plan itself."""
        chunks = self._chunks(self.rows)
        first = next(chunks).to_arrow()
        with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for chunk in chunks:
                writer.write_table(chunk.to_arrow().cast(first.schema))

    def patrol_chunks(self) -> Iterator[pl.DataFrame]:
        """Yield the visits of the grid in chunks, as :func:`creditrisk.grid_patrols`: there may be millions."""
        for chunk in self._chunks(grid_rows(self.rows, self.population)):
            yield chunk.select(_PATROL)

    def __repr__(self) -> str:
        return f"<InspectionPlan {self.year}: {self.rows.height:,} visits, {len(self.draws)} draws>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.visits_data)

    def _chunks(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        for first in range(0, max(rows.height, 1), ROWS_PER_CHUNK):
            part = rows.slice(first, ROWS_PER_CHUNK)
            yield visit_table(part, self.population, self.groups, self.overrides_data, self.year)


def visits_used(source: Any) -> InputUsed:
    """Return the input that :func:`visits_of` reads, for the account of a run."""
    if isinstance(source, InspectionPlan):
        return InputUsed(sources=("plan",), sha256={"draws": source.draws_sha256})
    return InputUsed(sources=("frame",)) if is_frame(source) else input_of(source, _VISITS)


def visits_of(
    source: Any, columns: Sequence[str], further: Sequence[str] = (), *, argument: str = "visits"
) -> pl.DataFrame:
    """Read the visits of a plan from the plan, a frame, a file of visits, or the folder of the saved plan.

    Parameters
    ----------
    source : InspectionPlan, frame or path
    columns : sequence of str
        The columns that are required.
    further : sequence of str
        The columns that are read too if they are present.
    argument : str
        The name of the argument that gave the visits, for messages.

    Raises
    ------
    InputError
        If there are no visits to read, a folder's visits do not match its account, or a column is missing.
    """
    if isinstance(source, InspectionPlan):
        table = source.visits_data
    elif is_frame(source):
        table = to_polars(source)
    elif isinstance(source, str | os.PathLike):

        def read(path: Path) -> pl.DataFrame:
            there = pl.read_parquet_schema(path)
            return pl.read_parquet(path, columns=[name for name in (*columns, *further) if name in there])

        try:
            table = read_saved(source, "plan", (_VISITS,), read, argument=argument)
        except (OSError, pl.exceptions.PolarsError) as error:
            reason = "there is no such file" if isinstance(error, FileNotFoundError) else error
            raise InputError(f"{argument}: {source} holds no visits of a saved plan: {reason}") from error
    else:
        raise InputError(
            f"{argument} must be a plan, a frame or the folder of a saved plan, got {type(source).__name__}"
        )
    missing = next((name for name in columns if name not in table.columns), None)
    if missing is not None:
        raise InputError(f"{argument}: visits need the column {missing}, as those of a plan have it")
    return _typed(table.select(*columns, *(name for name in further if name in table.columns)), argument)


def _typed(table: pl.DataFrame, argument: str) -> pl.DataFrame:
    """Return the table with days as dates; lists must be lists."""
    for name in ("items", "departments", "skills"):
        if name in table.columns and not isinstance(table[name].dtype, pl.List):
            raise InputError(f"{argument}: the column {name} must hold lists, not {table[name].dtype}")
    for name in ("window_from", "window_to"):
        if name in table.columns:
            table = table.with_columns(civil_days(table[name], name, f"of {argument}"))
    return table


_PATROL = ("region", "grid", "enterprise_id", "tier", "window_from", "window_to", "visit_id", "why_zh", "why_en")
_TOTALS = ("drawn", "visits", "visits_if_independent", "visits_at_least")


def _list_of(draw: Draw) -> Callable[[Path], object]:
    return lambda path: path.write_text(draw_text(draw), encoding="utf-8")


def _frame_of(draw: Draw) -> Callable[[Path], object]:
    return lambda path: draw.frame.write_parquet(path)
