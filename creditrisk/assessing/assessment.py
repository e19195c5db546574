"""The result of an assessment for users: tables, explanations, ways to a better tier, files.

It is an interface to :class:`~creditrisk.assessing.assessed.Assessed` and its tables.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Generic

import numpy as np
import polars as pl

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.explaining import explain
from creditrisk.assessing.saving import save_assessment
from creditrisk.assessing.summarising import summarise
from creditrisk.assessing.tables import AssessmentTables
from creditrisk.assessing.tracing import trace
from creditrisk.assessing.what_if.search import Search
from creditrisk.assessing.what_if.states import states_of
from creditrisk.assessing.what_if.ways import ways_table
from creditrisk.errors import InputError
from creditrisk.frames import FrameKind, FrameT, from_polars, shown_with
from creditrisk.policy.document import Policy
from creditrisk.records.tables import Enterprises, Records
from creditrisk.report.explanation import Explanation
from creditrisk.report.summary import Summary
from creditrisk.report.trace import Trace

__all__ = ["Assessment"]


@dataclass(frozen=True, repr=False)
class Assessment(Generic[FrameT]):
    """The result of :func:`assess`.

    Attributes
    ----------
    table : frame
        One row per enterprise, by id: enterprise_id, name, as_of, policy, score, the five dimension scores, tier,
        tier_since, regime, vetoes, thin_evidence, reasons_zh, reasons_en, evidence_count; with a model also
        tier_by_rules and tier_by_model (before limits on change), model_probability, model_reasons_zh and
        model_reasons_en (for those outside the best tier).
    reasons : frame
        One row per enterprise and rule that gave points: enterprise_id, rule, indicator, value, points, record_ids.
    rejects : frame
        Every row that was set aside, and records of enterprises that the table does not have.
    assessed : Assessed
        The computed results: indicators, scores, tiers, regimes, evidence, row by row.
    """

    assessed: Assessed
    output: FrameKind = "pandas"

    @property
    def policy(self) -> Policy:
        """The edition of the policy that was applied."""
        return self.assessed.policy

    @property
    def as_of(self) -> date:
        """The day of the assessment."""
        return self.assessed.as_of

    @property
    def enterprises(self) -> Enterprises:
        """The enterprises as they were read, sorted by id."""
        return self.assessed.enterprises

    @property
    def records(self) -> Records:
        """The records as they were read."""
        return self.assessed.records

    @cached_property
    def tables(self) -> AssessmentTables:
        """The tables below as Polars frames."""
        return AssessmentTables(self.assessed)

    @property
    def table_data(self) -> pl.DataFrame:
        """The table as a Polars frame."""
        return self.tables.assessments

    @property
    def table(self) -> FrameT:
        return from_polars(self.tables.assessments, self.output)

    @property
    def reasons(self) -> FrameT:
        return from_polars(self.tables.reasons, self.output)

    @property
    def rejects(self) -> FrameT:
        return from_polars(self.tables.rejects, self.output)

    @property
    def disagreements(self) -> FrameT:
        """Return the enterprises that rules and model place in different tiers, the largest difference first.

        Returns
        -------
        frame
            enterprise_id, tier_by_rules, tier_by_model, steps (above 0 if the model sees more risk), score,
            model_probability, model_reasons_zh, model_reasons_en.

        Raises
        ------
        InputError
            If the assessment was made without a model.
        """
        return from_polars(self.tables.disagreements, self.output)

    def explain(self, enterprise_id: str, *, way_up: bool = False) -> Explanation:
        """Explain one enterprise, down to its records.

        Parameters
        ----------
        enterprise_id : str
        way_up : bool, default=False
            Also find the way to the next better tier, and the first and last days of the enterprise's states.

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
        """Trace one enterprise: every parameter and indicator that each rule and bound read, and the result.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, or a model has a part in the tiers.
        """
        row = self.assessed.row_of(enterprise_id)
        self._check_by_rules("traces")
        return trace(self.assessed, row)

    def ways_up(self, enterprise_ids: Sequence[str] | None = None) -> FrameT:
        """Find the way of each enterprise below the best tier to a better one (:mod:`creditrisk.assessing.what_if`).

        Parameters
        ----------
        enterprise_ids : sequence of str, optional
            The enterprises; the default is all.

        Returns
        -------
        frame
            enterprise_id, tier, reachable (today, by the named actions), repairs (record ids), further_actions,
            n_actions, tier_reached, score_reached, proved (whether no smaller set is enough), by_time (the first day
            on which time alone is enough), in_the_way, reason_zh, reason_en.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, the policy compares enterprises with one another, or a model has
            a part in the tiers.
        """
        self._check_by_rules("ways up")
        return from_polars(ways_table(Search(self._asked(enterprise_ids))), self.output)

    def states(self, enterprise_ids: Sequence[str] | None = None) -> FrameT:
        """Return the tier, regime and bounds of enterprises, with the day each began and the day time alone ends it.

        Parameters
        ----------
        enterprise_ids : sequence of str, optional
            The enterprises; the default is all, which takes long for millions: every day of change is assessed.

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
        """Tier and regime counts, dimension averages and rows set aside; it prints, and shows as a page."""
        return summarise(self.assessed)

    def save(self, folder: str | os.PathLike[str], *, csv: bool = False) -> dict[str, Path]:
        """Write assessments.parquet, reasons.parquet, rejects.parquet, summary.html and run.json into a folder.

        With a model, disagreements.parquet as well.

        The files replace an earlier assessment in the folder as one set, and leave nothing of it; if a run fails or is
        killed, the earlier one stays whole. Other files in the folder stay.

        Parameters
        ----------
        folder : path
            The folder; it is made if it does not exist.
        csv : bool, default=False
            Write assessments.csv and rejects.csv as well, for a spreadsheet.

        Raises
        ------
        OutputError
            If the folder cannot be written to, or holds another result or files that would be lost.
        """
        return save_assessment(self.tables, folder, csv=csv)

    def __repr__(self) -> str:
        return f"<Assessment of {len(self.assessed):,} enterprises by {self.policy.id} as of {self.as_of}>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.table_data)

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
