"""The result of an assessment: tables, explanations, what would change it, files.

It is a face over :class:`~creditrisk.assessing.assessed.Assessed`, and keeps what it was asked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic

import numpy as np
import polars as pl

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.disagreements import disagreements
from creditrisk.assessing.explaining import explain
from creditrisk.assessing.saving import save_assessment
from creditrisk.assessing.summarising import summarise
from creditrisk.assessing.tracing import trace
from creditrisk.assessing.what_if.search import Search
from creditrisk.assessing.what_if.states import states_of
from creditrisk.assessing.what_if.ways import ways_table
from creditrisk.errors import InputError
from creditrisk.frames import FrameKind, FrameT, from_polars, in_chunks_of, shown_with
from creditrisk.policy.document import Policy
from creditrisk.records.rejects import unknown_enterprise_rejects
from creditrisk.records.schema import REJECT_SCHEMA
from creditrisk.records.tables import Enterprises, Records
from creditrisk.report.explanation import Explanation
from creditrisk.report.summary import Summary
from creditrisk.report.trace import Trace
from creditrisk.scoring.reasons import Reasons, lists_by_combination
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT
from creditrisk.vocabulary import DIMENSIONS

if TYPE_CHECKING:
    pass

__all__ = ["Assessment"]

# So many reasons are written out in words beside each score; the reasons table has all of them.
_REASONS_SHOWN = 5


@dataclass(frozen=True, repr=False)
class Assessment(Generic[FrameT]):
    """The result of :func:`assess`.

    Attributes
    ----------
    table : frame
        One row per enterprise, by id: enterprise_id, name, as_of, policy, score, the five dimension scores, tier,
        tier_since, regime, vetoes, thin_evidence, reasons_zh, reasons_en, evidence_count; with a model also
        tier_by_rules and tier_by_model (before limits on change), model_probability, model_reasons_zh and
        model_reasons_en (of those outside the best tier).
    reasons : frame
        One row per enterprise and rule that gave points: enterprise_id, rule, indicator, value, points, record_ids.
    rejects : frame
        Every row that was set aside, and records of enterprises that the table does not have.
    assessed : Assessed
        What was computed: indicators, scores, tiers, regimes, evidence, row by row.
    """

    assessed: Assessed
    output: FrameKind = "pandas"

    @property
    def policy(self) -> Policy:
        """The edition of the policy that was applied."""
        return self.assessed.policy

    @property
    def as_of(self) -> date:
        """The day for which one looked."""
        return self.assessed.as_of

    @property
    def enterprises(self) -> Enterprises:
        """The enterprises as they were read, sorted by id."""
        return self.assessed.enterprises

    @property
    def records(self) -> Records:
        """The records as they were read."""
        return self.assessed.records

    @property
    def table(self) -> FrameT:
        return from_polars(self.table_data, self.output)

    @property
    def reasons(self) -> FrameT:
        return from_polars(self.reasons_data, self.output)

    @property
    def rejects(self) -> FrameT:
        return from_polars(self.rejects_data, self.output)

    @property
    def disagreements(self) -> FrameT:
        """Enterprises that rules and model place in different tiers, those furthest apart first, for review.

        Returns
        -------
        frame
            enterprise_id, tier_by_rules, tier_by_model, steps (above 0 where the model sees more risk), score,
            model_probability, model_reasons_zh, model_reasons_en.

        Raises
        ------
        InputError
            If the assessment was made without a model.
        """
        return from_polars(self.disagreements_data, self.output)

    @cached_property
    def disagreements_data(self) -> pl.DataFrame:
        """The disagreements as a Polars frame."""
        return disagreements(self.assessed)

    @cached_property
    def table_data(self) -> pl.DataFrame:
        """The assessments as a Polars frame."""
        policy = self.policy
        reasons_zh, reasons_en = self._reasons.top_texts(self.assessed.tiering, _REASONS_SHOWN)
        tiers = pl.Enum([tier.id for tier in policy.tiers])
        n_rows = len(self.assessed)
        columns = {
            "enterprise_id": self.assessed.ids,
            "name": self.assessed.enterprises.data["name"],
            "as_of": pl.repeat(self.as_of, n_rows, dtype=pl.Date, eager=True),
            "policy": pl.repeat(f"{policy.id}@{policy.edition}", n_rows, eager=True),
            "score": pl.Series(self.assessed.scores.total / TOTAL_UNIT),
            **{name: self._dimension(name) for name in DIMENSIONS},
            "tier": pl.Series(tiers.categories, dtype=tiers).gather(self.assessed.tiering.tier),
            "tier_since": self.assessed.history.tier_since(self.assessed.tiering.tier, self.as_of),
            "regime": self.assessed.regimes,
            "vetoes": self._met([bound.id for bound in policy.vetoes]),
            "thin_evidence": self._met([bound.id for bound in policy.thin_evidence]),
            "reasons_zh": reasons_zh,
            "reasons_en": reasons_en,
            "evidence_count": pl.Series(self.assessed.kernel.records_known()),
            **self._model_columns(tiers),
        }
        return pl.DataFrame({name: in_chunks_of(reasons_zh, column) for name, column in columns.items()})

    @cached_property
    def reasons_data(self) -> pl.DataFrame:
        """The reasons as a Polars frame."""
        return self._reasons.table(self.assessed.ids, self.records.data["record_id"], self.assessed.kernel.evidence())

    @cached_property
    def rejects_data(self) -> pl.DataFrame:
        """The rejects as a Polars frame."""
        unknown = unknown_enterprise_rejects(self.records.data[self.assessed.kernel.records_of_others])
        parts = [self.enterprises.rejected, self.records.rejected, unknown]
        return pl.concat([part.cast(pl.Schema(REJECT_SCHEMA)) for part in parts])

    def explain(self, enterprise_id: str, *, way_up: bool = False) -> Explanation:
        """Explain one enterprise, down to its records.

        Parameters
        ----------
        enterprise_id : str
        way_up : bool, default=False
            Also find the way to the next better tier, and since when and until when its states hold.

        Raises
        ------
        InputError
            If the assessment has no such enterprise; with ``way_up``, if the policy compares enterprises with one
            another, or a model has a part in the tiers.
        """
        row = self.assessed.row_of(enterprise_id)
        if way_up:
            self._check_by_rules("ways up")
        return explain(self.assessed, row, way_up=way_up)

    def trace(self, enterprise_id: str) -> Trace:
        """Trace one enterprise: every parameter and indicator that each rule and bound read, and what came of it.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, or a model has a part in the tiers.
        """
        row = self.assessed.row_of(enterprise_id)
        self._check_by_rules("traces")
        return trace(self.assessed, row)

    def ways_up(self, enterprise_ids: Sequence[str] | None = None) -> FrameT:
        """The way of each enterprise below the best tier to a better one (:mod:`creditrisk.assessing.what_if`).

        Parameters
        ----------
        enterprise_ids : sequence of str, optional
            By default all.

        Returns
        -------
        frame
            enterprise_id, tier, reachable (today, by the actions named), repairs (record ids), further_actions,
            n_actions, tier_reached, score_reached, proved (that no smaller set does), by_time (the first day on which
            the passing of time alone does), in_the_way, reason_zh, reason_en.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, the policy compares enterprises with one another, or a model has
            a part in the tiers.
        """
        self._check_by_rules("ways up")
        return from_polars(ways_table(Search(self._asked(enterprise_ids))), self.output)

    def states(self, enterprise_ids: Sequence[str] | None = None) -> FrameT:
        """The tier, regime and bounds of enterprises, each with the day it began and the day time alone would end it.

        Parameters
        ----------
        enterprise_ids : sequence of str, optional
            By default all, which for millions takes long: every day of change is assessed.

        Returns
        -------
        frame
            enterprise_id, kind (tier, regime, veto, thin_evidence, floor), state, entered_on, exits_on.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, the policy compares enterprises with one another, or a model has
            a part in the tiers.
        """
        self._check_by_rules("states")
        return from_polars(states_of(Search(self._asked(enterprise_ids))), self.output)

    def summary(self) -> Summary:
        """Tier and regime counts, dimension averages and what was set aside; prints and shows as a page."""
        return summarise(self.assessed)

    def save(self, folder: str | os.PathLike[str], *, csv: bool = False) -> dict[str, Path]:
        """Write assessments.parquet, reasons.parquet, rejects.parquet, summary.html and run.json into a folder.

        With a model, disagreements.parquet as well.

        The files take the places of an assessment that is there as one set, with nothing of it left; a run that fails
        or is killed leaves the earlier one whole. What else is in the folder stays.

        Parameters
        ----------
        folder : path
            Made if it is not there.
        csv : bool, default=False
            Write assessments.csv and rejects.csv as well, for a spreadsheet.

        Raises
        ------
        OutputError
            If the folder cannot be written to, or holds another result or files that would be lost.
        """
        _ = self._reasons  # two of the tables are made from them
        return save_assessment(self, folder, csv=csv)

    def __repr__(self) -> str:
        return f"<Assessment of {len(self.assessed):,} enterprises by {self.policy.id} as of {self.as_of}>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.table_data)

    @cached_property
    def _reasons(self) -> Reasons:
        return Reasons.of(self.policy, self.assessed.scores, self.assessed.indicators)

    def _dimension(self, name: str) -> pl.Series:
        if name not in self.policy.dimensions:
            return pl.repeat(None, len(self.assessed), dtype=pl.Float64, eager=True)
        return pl.Series(self.assessed.scores.dimensions[name] / POINT_UNIT)

    def _model_columns(self, tiers: pl.Enum) -> dict[str, pl.Series]:
        if self.assessed.view is None:
            return {}
        names = pl.Series(tiers.categories, dtype=tiers)
        reasons_zh, reasons_en = self.assessed.view.reasons
        return {
            "tier_by_rules": names.gather(self.assessed.view.by_rules),
            "tier_by_model": names.gather(self.assessed.view.tier),
            "model_probability": pl.Series(self.assessed.view.probability),
            "model_reasons_zh": reasons_zh,
            "model_reasons_en": reasons_en,
        }

    def _check_by_rules(self, what: str) -> None:
        if self.assessed.view is not None and self.assessed.view.combining != "rules":
            raise InputError(
                f"{what} are of the rules alone, and here a model has a part in the tiers "
                f"(combine={self.assessed.view.combining!r}): assess with combine='rules'"
            )

    def _asked(self, enterprise_ids: Sequence[str] | None) -> Assessed:
        if enterprise_ids is None:
            return self.assessed
        rows = np.array([self.assessed.row_of(one) for one in dict.fromkeys(enterprise_ids)], dtype=np.intp)
        return self.assessed.only(rows)

    def _met(self, ids: list[str]) -> pl.Series:
        return lists_by_combination([(name, self.assessed.tiering.met[name]) for name in ids], len(self.assessed))
