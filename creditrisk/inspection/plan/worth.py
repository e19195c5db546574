"""The worth of a plan before it is carried out: its expected findings and its burden, compared with other choices.

If every enterprise has a probability of a finding, the expected findings of visits are the sum of the probabilities of
the visited enterprises. No simulation is needed: a plain random visit finds the mean, on average over all draws.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, Unpack, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import civil_days
from creditrisk.errors import InputError
from creditrisk.evaluation.choices import longest_ago
from creditrisk.files.account import InputUsed, RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import FrameKind, FrameLike, FrameT, Source, check_frame_kind, from_polars, shown_with, to_polars
from creditrisk.inspection.draws.drawing import OUTSIDE
from creditrisk.inspection.plan.plan import InspectionPlan, visits_of, visits_used
from creditrisk.inspection.plan.population import Population
from creditrisk.inspection.plan.visits import Cause
from creditrisk.vocabulary import SCALES, Label

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["CHOICES", "PlanWorth", "plan_worth"]

Numbers = NDArray[np.float64]

# The ways to choose visits that are compared.
CHOICES: dict[str, Label] = {
    "plan": Label("本计划现场检查", "on-site visits of the plan"),
    "plan_off_site": Label("本计划非现场检查", "off-site checks of the plan"),
    "plain_random": Label("全体企业中简单随机抽取", "as many, plainly at random among all enterprises"),
    "longest_ago": Label("按上次检查时间由远及近", "as many, where the last inspection lies furthest back"),
    "last_plan": Label("上一计划现场检查", "on-site visits of the plan before"),
}

_BY = ("tier", "scale", "region")
_ATTRIBUTES = ("scale", "region", "industry", "grid")
# If there are more groups than this, the text gives them in one line; the table has them all.
_GROUPS_TOLD = 8


@dataclass(frozen=True, repr=False)
class PlanWorth(Generic[FrameT]):
    """The worth of a plan, made by :func:`creditrisk.plan_worth`; as text it is a summary in Chinese and English.

    Attributes
    ----------
    expected : frame
        One row per way to choose: choice (plan, plan_off_site, plain_random, longest_ago, last_plan), label_zh,
        label_en, visits, findings (expected), findings_per_visit, lift (over plain random visits).
    burden : frame
        One row per tier, scale and region: column, group, enterprises, visits (on site), per_enterprise, visited
        (share with a visit), most (to one enterprise), grid_visits, findings (expected from the visits), probability
        (mean of the enterprises).
    enterprises : int
        Enterprises that are supervised: all except those that are revoked or deregistered.
    visits, off_site_visits, grid_visits : int
        On-site visits; off-site checks, which burden nobody; and visits by the grid, which concern no item, so that no
        finding is expected from them.
    visited, seen : int
        Enterprises with an on-site visit; and those with an on-site visit or a visit by the grid.
    most_visits : int
        The largest number of on-site visits to one enterprise.
    risk_covered : float
        The sum of the probabilities of the enterprises visited on site, as a share of the sum of all.
    gone : int
        Visits of the last plan to enterprises that no longer exist; they are left out.
    inputs : dict of str to InputUsed
        The plan that was read, for the account of the run.
    """

    year: int
    policy: str
    enterprises: int
    visits: int
    off_site_visits: int
    grid_visits: int
    visited: int
    seen: int
    most_visits: int
    risk_covered: float
    gone: int
    expected_data: pl.DataFrame
    burden_data: pl.DataFrame
    group_labels: dict[tuple[str, str], Label]
    output: FrameKind
    inputs: dict[str, InputUsed] = field(default_factory=dict)

    @property
    def expected(self) -> FrameT:
        return from_polars(self.expected_data, self.output)

    @property
    def burden(self) -> FrameT:
        return from_polars(self.burden_data, self.output)

    def __str__(self) -> str:
        gone = f"；上一计划中已不存在 of the plan before, gone {self.gone:,}" if self.gone else ""
        lines = [
            f"{self.year} 年度检查计划的预期效果 What the plan is worth, {self.policy}",
            f"企业 enterprises {self.enterprises:,}，现场检查 on-site visits {self.visits:,}，"
            f"每户至多 at most {self.most_visits}，非现场 off-site {self.off_site_visits:,}，"
            f"网格走访 grid {self.grid_visits:,}{gone}",
            f"现场检查覆盖企业 visited {self.visited / self.enterprises:.1%}，"
            f"覆盖预期问题 of what there is to find {self.risk_covered:.1%}，"
            f"含网格 with the grid {self.seen / self.enterprises:.1%}",
            "检查 visits，预期发现 findings，每次 per visit，与随机之比 lift",
            *(_told(row) for row in self.expected_data.iter_rows(named=True)),
            "企业 enterprises，检查 visits，每户 per enterprise，覆盖 visited，至多 at most",
        ]
        for column in self.burden_data["column"].unique(maintain_order=True).to_list():
            lines += self._burden_lines(column, self.burden_data.filter(column=column))
        return "\n".join(lines)

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write ``expected.csv``, ``burden.csv`` and ``run.json`` into a folder; replace a plan's worth there.

        Returns
        -------
        dict of str to Path

        Raises
        ------
        OutputError
            If the folder or a file cannot be written, or the folder holds another result or files that would be lost.
        """
        files: dict[str, Callable[[Path], object]] = {
            "expected.csv": partial(write_spreadsheet, self.expected_data),
            "burden.csv": partial(write_spreadsheet, self.burden_data),
        }
        told = ("year", "policy", "off_site_visits", "grid_visits", "visited", "seen", "most_visits", "gone")
        account = RunAccount(
            kind="worth",
            inputs=self.inputs,
            counts={"enterprises": self.enterprises, "visits": self.visits},
            summary={name: getattr(self, name) for name in told},
        )
        return write_set(folder, files, account)

    def __repr__(self) -> str:
        return f"<PlanWorth {self.year}: {self.visits:,} visits, {self.expected_data['findings'][0]:,.1f} findings>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.expected_data)

    def _burden_lines(self, column: str, groups: pl.DataFrame) -> list[str]:
        if groups.height > _GROUPS_TOLD:
            each = groups["per_enterprise"].to_numpy()
            return [f"  {column}: {groups.height} 组 groups，每户 per enterprise {each.min():.3f} – {each.max():.3f}"]
        return [
            f"{row['enterprises']:>12,}{row['visits']:>10,}{row['per_enterprise']:>8.3f}{row['visited']:>8.1%}"
            f"{row['most']:>4}  {column} {self._label(column, row['group'])}"
            for row in groups.iter_rows(named=True)
        ]

    def _label(self, column: str, group: str | None) -> str:
        if group is None:
            return "未知 unknown"
        label = self.group_labels.get((column, group))
        return group if label is None else f"{label.zh} {label.en}"


class _PlanWorthOptions(TypedDict, total=False):
    column: str
    last_inspected: FrameLike | None
    last_plan: InspectionPlan | Source | None
    by: Sequence[str] | None


@overload
def plan_worth(
    plan: InspectionPlan,
    finding_probability: FrameLike,
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_PlanWorthOptions],
) -> PlanWorth[pd.DataFrame]: ...
@overload
def plan_worth(
    plan: InspectionPlan,
    finding_probability: FrameLike,
    *,
    output: Literal["polars"],
    **options: Unpack[_PlanWorthOptions],
) -> PlanWorth[pl.DataFrame]: ...
@overload
def plan_worth(
    plan: InspectionPlan,
    finding_probability: FrameLike,
    *,
    output: Literal["arrow"],
    **options: Unpack[_PlanWorthOptions],
) -> PlanWorth[pa.Table]: ...
def plan_worth(
    plan: InspectionPlan,
    finding_probability: FrameLike,
    *,
    column: str = "probability",
    last_inspected: FrameLike | None = None,
    last_plan: InspectionPlan | Source | None = None,
    by: Sequence[str] | None = None,
    output: FrameKind = "pandas",
) -> PlanWorth:
    """Compute a plan's expected findings and burden, and compare with as many visits chosen in other ways.

    Parameters
    ----------
    plan : InspectionPlan
    finding_probability : frame
        enterprise_id, and the probability that an inspection finds something, for every supervised enterprise. It
        comes from a model or, if no more is known, is the rate of the enterprise's tier.
    column : str, default="probability"
        The column of probabilities, such as the ``model_probability`` of an assessment's table.
    last_inspected : frame, optional
        enterprise_id and inspected_on; the latest day counts, and an enterprise without one comes first. The plan is
        then compared with as many visits chosen by the date of the last inspection.
    last_plan : InspectionPlan, its visits, or the folder it was saved in, optional
        The last plan; its visits are valued by the same probabilities.
    by : sequence of str, optional
        Columns by which the burden is given, from "tier", "scale", "region", "industry", "grid". The default is those
        of the first three that are known.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    PlanWorth

    Raises
    ------
    InputError
        If an enterprise has no probability, has two, or has one outside 0 to 1; a column is not known; or the plan has
        no on-site visit.

    Notes
    -----
    Expectations are only as good as the probabilities. Probabilities that a model learnt from inspections are valid for
    inspections of that kind; weighted rates of random draws are valid for all enterprises
    (:mod:`creditrisk.learning.studies.outcomes`). Each visit to an enterprise counts its probability once.

    Examples
    --------
    >>> import creditrisk as cr
    >>> table = pl.DataFrame({"enterprise_id": list("abcd"), "tier": ["good"] * 3 + ["high_risk"]})
    >>> item = {"id": "fire", "name": {"zh": "消防", "en": "Fire"}, "authority": "fire", "legal_basis": "law",
    ...         "kind": "key"}
    >>> plan = cr.plan_inspections(table, [cr.InspectionItem(**item)], policy="jiangsu", seed="2026", year=2026)
    >>> chances = table.with_columns(probability=pl.Series([0.1, 0.1, 0.1, 0.7]))
    >>> worth = cr.plan_worth(plan, chances, output="polars")
    >>> worth.expected.select("choice", "visits", pl.col("findings").round(2)).rows()
    [('plan', 2, 0.8), ('plain_random', 2, 0.5)]
    """
    check_frame_kind(output)
    population = plan.population
    there = population.stratum != OUTSIDE
    probability = _probabilities(population, there, finding_probability, column)
    on_site, off_site, grid = _visits_by_kind(plan)
    n_visits = int(on_site.sum())
    if not n_visits:
        raise InputError(
            "the plan has no on-site visit, so there is nothing to weigh up: give it items that are on site"
        )
    chances = probability[there]
    mean = float(chances.mean())
    found: dict[str, tuple[int, float]] = {"plan": (n_visits, float(on_site @ probability))}
    if off_site.any():
        found["plan_off_site"] = (int(off_site.sum()), float(off_site @ probability))
    found["plain_random"] = (n_visits, n_visits * mean)
    if last_inspected is not None:
        days = _last_days(population, last_inspected).filter(pl.Series(there))
        found["longest_ago"] = (n_visits, float(longest_ago(days, n_visits) @ chances))
    gone = 0
    if last_plan is not None:
        rows = population.rows_of(_on_site_ids(last_plan))
        visited = rows.drop_nulls().to_numpy()
        visited = visited[there[visited]]
        found["last_plan"] = (len(visited), float(probability[visited].sum()))
        gone = len(rows) - len(visited)
    policy = population.policy
    tiers = {("tier", tier.id): Label(tier.label.zh, tier.label.en) for tier in policy.tiers}
    return PlanWorth(
        year=plan.year,
        policy=f"{policy.id}@{policy.edition}",
        enterprises=int(there.sum()),
        visits=n_visits,
        off_site_visits=int(off_site.sum()),
        grid_visits=int(grid.sum()),
        visited=int((on_site > 0).sum()),
        seen=int((on_site + grid > 0).sum()),
        most_visits=int(on_site.max()),
        risk_covered=float(probability[on_site > 0].sum() / chances.sum()) if mean > 0 else float("nan"),
        gone=gone,
        expected_data=_expected(found, mean),
        burden_data=_burden(population, there, _columns(population, by), on_site, grid, probability),
        inputs={"visits": visits_used(plan)},
        group_labels=tiers | {("scale", name): label for name, label in SCALES.items()},
        output=output,
    )


def _probabilities(population: Population, there: NDArray[np.bool_], given: Any, column: str) -> Numbers:
    """Return the probability of each enterprise, in the order of the population; 0 for those that have ended."""
    table = _with_columns(given, ("enterprise_id", column), "finding_probability")
    if not table[column].dtype.is_numeric():
        raise InputError(f"the probabilities in {column!r} must be numbers, got {table[column].dtype}")
    table = table.select(pl.col("enterprise_id").cast(pl.String), pl.col(column).cast(pl.Float64).fill_nan(None))
    twice = table.filter(pl.col("enterprise_id").is_duplicated())
    if twice.height:
        raise InputError(f"enterprise {twice['enterprise_id'][0]} has more than one probability: give one row to each")
    ids = pl.DataFrame({"enterprise_id": population.ids})
    values = ids.join(table, on="enterprise_id", how="left", maintain_order="left")[column]
    lacking = values.is_null().to_numpy() & there
    if lacking.any():
        raise InputError(
            f"{lacking.sum():,} of {there.sum():,} enterprises of the plan have no probability, such as "
            f"{population.ids[int(lacking.argmax())]}: give one to each, where no more is known the rate of its tier"
        )
    chances = np.where(there, values.fill_null(0.0).to_numpy(), 0.0)
    if ((chances < 0) | (chances > 1)).any():
        at = int(((chances < 0) | (chances > 1)).argmax())
        raise InputError(
            f"probabilities must lie between 0 and 1; that of enterprise {population.ids[at]} is {chances[at]:g}"
        )
    return chances


def _visits_by_kind(plan: InspectionPlan) -> tuple[Numbers, Numbers, Numbers]:
    """Count, for each enterprise, the on-site visits, the off-site checks, and the visits by the grid."""
    row, on_site, by_grid = plan.rows["row"].to_numpy(), _is_on_site(plan), plan.rows["cause"].to_numpy() == Cause.GRID
    size = len(plan.population)
    counts = [np.bincount(row[kind], minlength=size) for kind in (on_site, ~on_site & ~by_grid, by_grid)]
    return tuple(count.astype(np.float64) for count in counts)  # type: ignore[return-value]


def _is_on_site(plan: InspectionPlan) -> NDArray[np.bool_]:
    """Return the mask of on-site visits for an item."""
    group, bits = plan.rows["group"].to_numpy(), plan.rows["items"].to_numpy()
    masks = [
        sum(1 << place for place, item in enumerate(items) if item.mode == "on_site") for items in plan.groups.values()
    ]
    # The grid is the last group, and has no items.
    return (bits & np.array([*masks, 0], dtype=np.uint64)[group]) > 0


def _last_days(population: Population, given: Any) -> pl.Series:
    table = _with_columns(given, ("enterprise_id", "inspected_on"), "last_inspected")
    table = table.with_columns(inspected_on=civil_days(table["inspected_on"], "inspected_on"))
    latest = table.group_by(pl.col("enterprise_id").cast(pl.String)).agg(pl.col("inspected_on").max())
    ids = pl.DataFrame({"enterprise_id": population.ids})
    return ids.join(latest, on="enterprise_id", how="left", maintain_order="left")["inspected_on"]


def _on_site_ids(last_plan: Any) -> pl.Series:
    """Return the enterprise of each on-site visit of the last plan that was for an item."""
    if isinstance(last_plan, InspectionPlan):
        return last_plan.population.ids.gather(last_plan.rows["row"].filter(pl.Series(_is_on_site(last_plan))))
    table = visits_of(last_plan, ("enterprise_id", "items", "mode"), argument="last_plan")
    return table.filter(pl.col("items").list.len() > 0, mode="on_site")["enterprise_id"]


def _columns(population: Population, by: Sequence[str] | None) -> list[str]:
    attributes = population.attributes
    known = ["tier", *(name for name in _ATTRIBUTES if name in attributes.columns and attributes[name].count())]
    if by is None:
        return [name for name in _BY if name in known]
    if not by:
        raise InputError(f"by names no column to tell the burden by; the plan knows {', '.join(known)}")
    for name in by:
        if name not in known:
            raise InputError(
                f"the burden cannot be told by {name!r}; the plan knows {', '.join(known)}: "
                "pass enterprises= to plan_inspections for more"
            )
    return list(dict.fromkeys(by))


def _expected(found: dict[str, tuple[int, float]], mean: float) -> pl.DataFrame:
    rows = [(name, CHOICES[name].zh, CHOICES[name].en, visits, findings) for name, (visits, findings) in found.items()]
    schema = {"choice": pl.String, "label_zh": pl.String, "label_en": pl.String, "visits": pl.Int64,
              "findings": pl.Float64}  # fmt: skip
    per_visit = pl.when(pl.col("visits") > 0).then(pl.col("findings") / pl.col("visits"))
    lift = pl.when(pl.lit(mean) > 0).then(per_visit / mean)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(findings_per_visit=per_visit, lift=lift)


def _burden(
    population: Population, there: NDArray[np.bool_], by: Sequence[str], on_site: Numbers, grid: Numbers,
    probability: Numbers,
) -> pl.DataFrame:  # fmt: skip
    rows = pl.DataFrame(
        {
            "tier": population.tier,
            **{name: population.attributes[name] for name in by if name != "tier"},
            "visits": on_site.astype(np.int64),
            "grid_visits": grid.astype(np.int64),
            "probability": probability,
        }
    ).filter(pl.Series(there))
    # Tiers and scales keep their own order; other groups are in the order of their names.
    orders = {"tier": [tier.id for tier in population.policy.tiers], "scale": list(SCALES)}
    return pl.concat(
        rows.group_by(group=pl.col(name), maintain_order=True)
        .agg(
            enterprises=pl.len().cast(pl.Int64),
            visits=pl.col("visits").sum(),
            per_enterprise=pl.col("visits").mean(),
            visited=(pl.col("visits") > 0).mean(),
            most=pl.col("visits").max(),
            grid_visits=pl.col("grid_visits").sum(),
            findings=(pl.col("visits") * pl.col("probability")).sum(),
            probability=pl.col("probability").mean(),
        )
        .with_columns(pl.col("group").cast(pl.String), column=pl.lit(name))
        .sort(_place(orders.get(name, ())), "group", nulls_last=True)
        .select("column", pl.exclude("column"))
        for name in by
    )


def _place(words: Sequence[str]) -> pl.Expr:
    """Return the position of a group among words; other groups come after them."""
    places = (pl.when(pl.col("group") == word).then(at) for at, word in enumerate(words))
    return pl.coalesce(*places, pl.when(pl.col("group").is_not_null()).then(len(words)))


def _with_columns(given: Any, columns: Sequence[str], what: str) -> pl.DataFrame:
    table = to_polars(given)
    for name in columns:
        if name not in table.columns:
            raise InputError(f"{what} has no column {name!r}; it has {', '.join(table.columns)}")
    return table


def _told(row: dict[str, Any]) -> str:
    per_visit = "–" if row["findings_per_visit"] is None else f"{row['findings_per_visit']:.1%}"
    lift = "–" if row["lift"] is None else f"{row['lift']:.2f}"
    return f"{row['visits']:>12,}{row['findings']:>12,.1f}{per_visit:>8}{lift:>7}  {row['label_zh']} {row['label_en']}"
