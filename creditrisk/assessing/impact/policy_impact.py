"""The impact of a change of policy before it is in force: the enterprises that change tier, and the causes.

Both policies read the same records on the same day. Indicators on which they agree are computed once; only those that
the change affects are computed again.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Required, TypedDict, Unpack, get_args, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.assess import check_comparable, check_tables, tables_of
from creditrisk.assessing.impact.changes import Changes, Population
from creditrisk.days import as_date
from creditrisk.errors import InputError
from creditrisk.files.account import InputUsed, RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import FrameKind, FrameT, Source, check_frame_kind, from_polars
from creditrisk.indicators.agreeing import indicators_of_both
from creditrisk.indicators.builder import cohort_on
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_editions, load_policy
from creditrisk.records.reading import IdScheme
from creditrisk.records.tables import Enterprises, Records
from creditrisk.report.impacts import CauseLine, GroupLine, ImpactContent, impact_text
from creditrisk.report.pages import impact_html, impact_page
from creditrisk.report.policies.comparing import PolicyName
from creditrisk.scoring.scores import TOTAL_UNIT
from creditrisk.scoring.tiering import assign_regimes
from creditrisk.vocabulary import REGIMES, BilingualText

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Grouping", "PolicyImpact", "policy_impact", "policy_on_trial"]

Grouping = Literal["region", "industry", "scale"]

# The number of causes that are given for each mover.
_CAUSES_TOLD = 5
# Provinces are the first two digits of GB/T 2260, cities the first four.
_CITY_DIGITS = 4
_DIVISION_DIGITS = 2


class _PolicyImpactOptions(TypedDict, total=False):
    before: Required[Policy | str | os.PathLike[str]]
    after: Required[Policy | str | os.PathLike[str]]
    as_of: Required[date | str]
    id_scheme: IdScheme


@overload
def policy_impact(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_PolicyImpactOptions],
) -> PolicyImpact[pd.DataFrame]: ...
@overload
def policy_impact(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    output: Literal["polars"],
    **options: Unpack[_PolicyImpactOptions],
) -> PolicyImpact[pl.DataFrame]: ...
@overload
def policy_impact(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    output: Literal["arrow"],
    **options: Unpack[_PolicyImpactOptions],
) -> PolicyImpact[pa.Table]: ...
def policy_impact(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    before: Policy | str | os.PathLike[str],
    after: Policy | str | os.PathLike[str],
    as_of: date | str,
    id_scheme: IdScheme = "uscc",
    output: FrameKind = "pandas",
) -> PolicyImpact:
    """Assess a population by two policies on one day, and find the enterprises that change tier, with the causes.

    Limits on change are not applied: they compare with an earlier assessment, not with another policy.

    Parameters
    ----------
    enterprises, records : Enterprises and Records, or anything that read_enterprises and read_records read
    before, after : Policy, str or path
        Two policies, such as the one in force and a draft. A name means the edition in force on the day, or the newest
        if none is: a draft is tested before it is in force. To compare two editions, load them with
        :func:`creditrisk.load_policy`.
    as_of : date or ISO text
        The day of the assessments; nothing known later is used.
    id_scheme : {"uscc", "uscc_strict", "any"}
        The check of ids while reading.
    output : {"pandas", "polars", "arrow"}
        The kind of frame of :attr:`PolicyImpact.migration`, ``movers`` and ``by_rule``.

    Returns
    -------
    PolicyImpact

    Raises
    ------
    InputError, PolicyError
        For the reasons that :func:`creditrisk.assess` gives.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> old, new = cr.load_policy("jiangsu", "2025-06-30"), cr.load_policy("jiangsu", "2026-06-30")
    >>> impact = cr.policy_impact(
    ...     paths.enterprises, paths.records, before=old, after=new, as_of="2026-06-30"
    ... )
    >>> int(impact.migration[["good", "ordinary", "high_risk"]].to_numpy().sum())
    200
    >>> cr.policy_impact(
    ...     paths.enterprises, paths.records, before=new, after=new, as_of="2026-06-30"
    ... ).movers.empty
    True
    """
    check_frame_kind(output)
    day = as_date(as_of)
    before, after = policy_on_trial(before, day), policy_on_trial(after, day)
    types = tuple(dict.fromkeys((*before.record_types, *after.record_types)))
    enterprises, records = tables_of(enterprises, records, types, id_scheme)
    check_tables(enterprises, records, day)
    for policy in (before, after):
        check_comparable(policy, enterprises)
    ordered = enterprises.data.sort("enterprise_id")
    indicators = indicators_of_both(before, after, records, ordered, cohort_on(ordered["enterprise_id"], day))
    changes = Changes(Population.under(before, indicators[0]), Population.under(after, indicators[1]))
    regimes = [assign_regimes(side.policy, side.tiering, ordered, day) for side in (changes.before, changes.after)]
    inputs = {"enterprises": enterprises.report.used, "records": records.report.used}
    return PolicyImpact(day, ordered, changes, (regimes[0], regimes[1]), inputs, output)


def policy_on_trial(policy: Policy | str | os.PathLike[str], day: date) -> Policy:
    """Load the edition of a policy in force on a day, or the newest if none is: a draft is not yet in force.

    Raises
    ------
    PolicyError
        If there is no such policy, or its document is wrong.
    """
    if isinstance(policy, Policy):
        return policy
    in_force = any(
        edition.effective_from <= day and (edition.effective_to is None or day <= edition.effective_to)
        for edition in load_editions(policy)
    )
    return load_policy(policy, day if in_force else None)


@dataclass(frozen=True, repr=False)
class PolicyImpact(Generic[FrameT]):
    """The result of :func:`policy_impact`.

    Attributes
    ----------
    migration : frame
        One row per tier under the policy before, one column per tier under the policy after: numbers of enterprises.
    movers : frame
        One row per enterprise whose tier changes: enterprise_id, name, region, industry, scale, tier_before,
        tier_after, direction, score_before, score_after, causes, why_zh, why_en.
    by_rule : frame
        One row per rule, veto or other cause: the number of movers that it explains, the number whose first cause it
        is, its change of their total, and the number of all enterprises that it affects. The main causes come first.
    changes : Changes
        The population under both policies, by row: indicators, scores, tiers, and every cause.
    inputs : dict of str to InputUsed
        The inputs that were read, for the account of the run.
    """

    as_of: date
    enterprises: pl.DataFrame
    changes: Changes
    regimes: tuple[pl.Series, pl.Series]
    inputs: dict[str, InputUsed]
    output: FrameKind

    @property
    def migration(self) -> FrameT:
        return from_polars(self.migration_data, self.output)

    @property
    def movers(self) -> FrameT:
        return from_polars(self.movers_data, self.output)

    @property
    def by_rule(self) -> FrameT:
        return from_polars(self.by_rule_data, self.output)

    def by_group(self, by: Grouping, digits: int | None = None) -> FrameT:
        """Count movers by a property of the enterprise.

        Parameters
        ----------
        by : {"region", "industry", "scale"}
        digits : int, optional
            The number of characters of the code that form a group. The default for regions is 4 (cities; 2 are
            provinces), for industries the section's letter if codes have one, else the division's 2 digits.

        Returns
        -------
        frame
            group, enterprises, movers, better, worse, mean_score_before, mean_score_after; by group.

        Raises
        ------
        InputError
            If there is no such grouping.
        """
        return from_polars(self.by_group_data(by, digits), self.output)

    @cached_property
    def migration_data(self) -> pl.DataFrame:
        """The migration matrix as a Polars frame."""
        before, after = self.changes.before, self.changes.after
        matrix = _matrix(before.tiering.tier, after.tiering.tier, (len(before.tiers), len(after.tiers)))
        return pl.DataFrame({"tier_before": before.tiers, **dict(zip(after.tiers, matrix.T, strict=True))})

    @cached_property
    def movers_data(self) -> pl.DataFrame:
        """The movers as a Polars frame."""
        before, after, rows = self.changes.before, self.changes.after, self.changes.movers
        directions = pl.Enum(["worse", "better"])
        better = self.changes.better
        direction = (
            pl.Series([None] * len(rows), dtype=directions)
            if better is None
            else pl.Series(directions.categories, dtype=directions).gather(better[rows].astype(np.uint32))
        )
        movers = self.enterprises[rows].select("enterprise_id", "name", "region", "industry", "scale")
        return movers.with_columns(
            tier_before=_named(before.tiering.tier[rows], before.tiers),
            tier_after=_named(after.tiering.tier[rows], after.tiers),
            direction=direction,
            score_before=pl.Series(before.scores.total[rows] / TOTAL_UNIT),
            score_after=pl.Series(after.scores.total[rows] / TOTAL_UNIT),
        ).hstack(self.changes.reasons(_CAUSES_TOLD))

    @cached_property
    def by_rule_data(self) -> pl.DataFrame:
        """The causes as a Polars frame."""
        causes, told = self.changes.causes, self.changes.told
        first = told.filter(pl.col("mover") != pl.col("mover").shift(1).fill_null(-1))
        changes = [cause.change[self.changes.moved[cause.rows]] for cause in causes]
        table = pl.DataFrame(
            {
                "cause": pl.Series([cause.id for cause in causes], dtype=pl.String),
                "kind": pl.Series([cause.kind for cause in causes], dtype=pl.String),
                "label_zh": pl.Series([cause.label.zh for cause in causes], dtype=pl.String),
                "label_en": pl.Series([cause.label.en for cause in causes], dtype=pl.String),
                "first_cause": np.bincount(first["cause"].to_numpy(), minlength=len(causes)),
                "movers": np.bincount(told["cause"].to_numpy(), minlength=len(causes)),
                "mean_change_of_movers": pl.Series(
                    [int(one.sum()) / TOTAL_UNIT / len(one) if one.any() else None for one in changes],
                    dtype=pl.Float64,
                ),
                "enterprises": pl.Series([len(cause.rows) for cause in causes], dtype=pl.Int64),
            }
        )
        return table.sort("first_cause", "movers", "enterprises", descending=True, maintain_order=True)

    def by_group_data(self, by: Grouping, digits: int | None = None) -> pl.DataFrame:
        """Return the movers by a property of the enterprise, as a Polars frame."""
        if by not in get_args(Grouping):
            raise InputError(f"movers can be grouped by {', '.join(get_args(Grouping))}, not {by!r}")
        if digits is not None and digits < 1:
            raise InputError(f"digits must be at least 1, got {digits}")
        group = pl.col(by).cast(pl.String)
        if by == "region":
            group = group.str.slice(0, digits or _CITY_DIGITS)
        elif by == "industry":
            section = group.str.contains("^[A-Za-z]")
            length = pl.when(section).then(1).otherwise(_DIVISION_DIGITS) if digits is None else digits
            group = group.str.slice(0, length)
        changes, better = self.changes, self.changes.better
        unknown = pl.lit(None, dtype=pl.UInt32)
        return (
            self.enterprises.select(group=group)
            .with_columns(
                moved=pl.Series(changes.moved),
                better=pl.Series(changes.moved if better is None else better),
                before=pl.Series(changes.before.scores.total),
                after=pl.Series(changes.after.scores.total),
            )
            .group_by("group")
            .agg(
                enterprises=pl.len(),
                movers=pl.col("moved").sum(),
                better=pl.col("better").sum() if better is not None else unknown,
                worse=(pl.col("moved") & ~pl.col("better")).sum() if better is not None else unknown,
                mean_score_before=pl.col("before").sum() / pl.len() / TOTAL_UNIT,
                mean_score_after=pl.col("after").sum() / pl.len() / TOTAL_UNIT,
            )
            .sort("group", nulls_last=True)
        )

    @cached_property
    def content(self) -> ImpactContent:
        """Return the impact as data for text and pages."""
        changes = self.changes
        before, after = changes.before, changes.after
        moved = len(changes.movers)
        better = None if changes.better is None else int(changes.better.sum())
        was, now = (column.to_physical().to_numpy() for column in self.regimes)
        regimes = _matrix(was, now, (len(REGIMES), len(REGIMES)))
        return ImpactContent(
            before=PolicyName.of(before.policy),
            after=PolicyName.of(after.policy),
            as_of=self.as_of,
            enterprises=self.enterprises.height,
            movers=moved,
            better=better,
            worse=None if better is None else moved - better,
            mean_score_before=_mean(before.scores.total),
            mean_score_after=_mean(after.scores.total),
            tiers_before=tuple((tier.id, tier.label) for tier in before.policy.tiers),
            tiers_after=tuple((tier.id, tier.label) for tier in after.policy.tiers),
            migration=tuple(tuple(row[1:]) for row in self.migration_data.iter_rows()),
            regimes=tuple(REGIMES),
            regime_migration=tuple(tuple(row) for row in regimes.tolist()),
            causes=tuple(
                CauseLine(label=BilingualText(zh=row.pop("label_zh"), en=row.pop("label_en")), **row)
                for row in self.by_rule_data.iter_rows(named=True)
            ),
            groups={
                by: tuple(GroupLine(**row) for row in self.by_group_data(by).iter_rows(named=True))
                for by in get_args(Grouping)
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the impact as plain data, without the single movers."""
        return self.content.model_dump(mode="json")

    def save(self, folder: str | os.PathLike[str], *, csv: bool = False) -> dict[str, Path]:
        """Write movers.parquet, impact.html, impact.json and run.json into a folder; replace an impact there.

        The files appear together or not at all, even if the run is killed.

        Parameters
        ----------
        folder : path
            The folder; it is made if it does not exist.
        csv : bool, default=False
            Write movers.csv as well, for a spreadsheet.

        Raises
        ------
        OutputError
            If the folder cannot be written to, or holds another result or files that would be lost.
        """
        data = json.dumps(self.to_dict(), ensure_ascii=False, indent=2) + "\n"
        spreadsheet = {"movers.csv": lambda path: write_spreadsheet(self.movers_data, path)}
        account = RunAccount(
            kind="impact",
            as_of=self.as_of,
            policy=self.changes.after.policy.used,
            policy_before=self.changes.before.policy.used,
            inputs=self.inputs,
            counts={"enterprises": self.enterprises.height, "movers": len(self.changes.movers)},
        )
        return write_set(
            folder,
            {
                "movers.parquet": lambda path: self.movers_data.write_parquet(path),
                **(spreadsheet if csv else {}),
                "impact.html": lambda path: path.write_text(impact_page(self.content), encoding="utf-8"),
                "impact.json": lambda path: path.write_text(data, encoding="utf-8"),
            },
            account,
        )

    def __str__(self) -> str:
        return impact_text(self.content)

    def __repr__(self) -> str:
        before, after = self.changes.before.policy, self.changes.after.policy
        return (
            f"<Impact of {before.id}@{before.edition} to {after.id}@{after.edition} as of {self.as_of}: "
            f"{len(self.changes.movers):,} of {self.enterprises.height:,} enterprises move>"
        )

    def _repr_html_(self) -> str:
        return impact_html(self.content)


def _matrix(before: NDArray[np.integer], after: NDArray[np.integer], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Count the rows for each pair of a code before and a code after."""
    cells = before.astype(np.int64) * shape[1] + after
    counts: NDArray[np.int64] = np.bincount(cells, minlength=shape[0] * shape[1])
    return counts.reshape(shape)


def _named(tier: NDArray[np.uint8], names: list[str]) -> pl.Series:
    return pl.Series(names, dtype=pl.Enum(names)).gather(tier)


def _mean(total: NDArray[np.int64]) -> float:
    return round(int(total.sum()) / TOTAL_UNIT / len(total), 3)
