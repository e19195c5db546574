"""The results of an assessment in one object, which all code that uses an assessment takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.combining import ModelView
from creditrisk.assessing.tier_history import TierHistory
from creditrisk.errors import InputError
from creditrisk.indicators.engine import Kernel
from creditrisk.policy.document import Policy
from creditrisk.records.tables import Enterprises, Records
from creditrisk.scoring.scores import Scores
from creditrisk.scoring.tiering import Tiering

__all__ = ["Assessed"]


@dataclass(frozen=True, eq=False, repr=False)
class Assessed:
    """The enterprises of an assessment, one row each, by id.

    Attributes
    ----------
    policy : Policy
    as_of : datetime.date
    enterprises : Enterprises
        The enterprises, sorted by id; all other attributes have the same rows.
    records : Records
        The records, in the order in which they were read.
    kernel : Kernel
        The records coded for these enterprises; it gives the evidence.
    indicators : mapping of str to ndarray of float64, shape (n_rows,)
    scores : Scores
    tiering : Tiering
    regimes : polars.Series of Enum, shape (n_rows,)
    history : TierHistory
        The results of the last assessment.
    view : ModelView, optional
        The results of a model besides the rules.
    timings : dict of str to float
        Seconds by step.
    """

    policy: Policy
    as_of: date
    enterprises: Enterprises
    records: Records
    kernel: Kernel
    indicators: Mapping[str, NDArray[np.float64]]
    scores: Scores
    tiering: Tiering
    regimes: pl.Series
    history: TierHistory
    view: ModelView | None = None
    timings: dict[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.enterprises)

    @property
    def ids(self) -> pl.Series:
        """The ids of the enterprises, in rising order."""
        return self.enterprises.data["enterprise_id"]

    def row_of(self, enterprise_id: str) -> int:
        """Return the row of an enterprise.

        Raises
        ------
        InputError
            If the assessment does not have the enterprise.
        """
        ids = self.ids
        row = bisect_left(ids, enterprise_id)
        if row >= len(ids) or ids[row] != enterprise_id:
            raise InputError(f"the assessment has no enterprise {enterprise_id!r}")
        return row

    def only(self, rows: NDArray[np.intp]) -> Assessed:
        """Return the results of some rows only, with only their records; nothing is computed again.

        Percentiles and shares still refer to all enterprises.
        """
        kernel, positions = self.kernel.only(rows)
        return replace(
            self,
            enterprises=replace(self.enterprises, data=self.enterprises.data[rows]),
            records=replace(self.records, data=self.records.data[positions], register_rows=None),
            kernel=kernel,
            indicators={name: values[rows] for name, values in self.indicators.items()},
            scores=self.scores.only(rows),
            tiering=self.tiering.only(rows),
            regimes=self.regimes.gather(rows),
            history=self.history.only(rows),
            view=None if self.view is None else self.view.only(rows),
        )

    def evidence(self, of: Container[str] | None = None) -> dict[str, list[str]]:
        """Return the sorted ids of the records that each indicator counts, for all rows together; ``of`` limits it."""
        ids = self.records.data["record_id"].to_list()
        found: dict[str, list[str]] = {}
        for spec, _, positions in self.kernel.evidence(of):
            found.setdefault(spec.id, []).extend(ids[position] for position in positions.tolist())
        return {name: sorted(records) for name, records in found.items()}
