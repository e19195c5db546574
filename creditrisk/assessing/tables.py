"""The tables of an assessment: each is made from the computed results when it is first used, and then kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.disagreements import disagreements
from creditrisk.frames import in_chunks_of
from creditrisk.records.rejects import unknown_enterprise_rejects
from creditrisk.records.schema import REJECT_SCHEMA
from creditrisk.scoring.reasons import Reasons, lists_by_combination
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT
from creditrisk.vocabulary import DIMENSIONS

__all__ = ["AssessmentTables"]

# The number of reasons in words beside each score; the reasons table has all of them.
_REASONS_SHOWN = 5


@dataclass(frozen=True, eq=False, repr=False)
class AssessmentTables:
    """The tables of :class:`creditrisk.Assessment`, as Polars frames."""

    assessed: Assessed

    @cached_property
    def assessments(self) -> pl.DataFrame:
        """One row per enterprise: scores, tier, regime, reasons in words."""
        policy = self.assessed.policy
        reasons_zh, reasons_en = self.weighed_reasons.top_texts(self.assessed.tiering, _REASONS_SHOWN)
        tiers = pl.Enum([tier.id for tier in policy.tiers])
        n_rows = len(self.assessed)
        columns = {
            "enterprise_id": self.assessed.ids,
            "name": self.assessed.enterprises.data["name"],
            "as_of": pl.repeat(self.assessed.as_of, n_rows, dtype=pl.Date, eager=True),
            "policy": pl.repeat(f"{policy.id}@{policy.edition}", n_rows, eager=True),
            "score": pl.Series(self.assessed.scores.total / TOTAL_UNIT),
            **{name: self._dimension(name) for name in DIMENSIONS},
            "tier": pl.Series(tiers.categories, dtype=tiers).gather(self.assessed.tiering.tier),
            "tier_since": self.assessed.history.tier_since(self.assessed.tiering.tier, self.assessed.as_of),
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
    def reasons(self) -> pl.DataFrame:
        """One row per enterprise and rule that gave points, with the records behind it."""
        return self.weighed_reasons.table(
            self.assessed.ids, self.assessed.records.data["record_id"], self.assessed.kernel.evidence()
        )

    @cached_property
    def rejects(self) -> pl.DataFrame:
        """Every row that was set aside, and records of enterprises that the table does not have."""
        unknown = unknown_enterprise_rejects(self.assessed.records.data[self.assessed.kernel.records_of_others])
        parts = [self.assessed.enterprises.rejected, self.assessed.records.rejected, unknown]
        return pl.concat([part.cast(pl.Schema(REJECT_SCHEMA)) for part in parts])

    @cached_property
    def disagreements(self) -> pl.DataFrame:
        """One row per enterprise that rules and model place in different tiers."""
        return disagreements(self.assessed)

    @cached_property
    def weighed_reasons(self) -> Reasons:
        """The hits of all rules, from which two of the tables are made."""
        return Reasons.of(self.assessed.policy, self.assessed.scores, self.assessed.indicators)

    def _dimension(self, name: str) -> pl.Series:
        if name not in self.assessed.policy.dimensions:
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

    def _met(self, ids: list[str]) -> pl.Series:
        return lists_by_combination([(name, self.assessed.tiering.met[name]) for name in ids], len(self.assessed))
