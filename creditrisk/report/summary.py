"""An assessment in a page: how many enterprises in each tier and regime, dimension averages, what was set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict

from creditrisk.indicators.spec import BilingualText
from creditrisk.policy.document import Policy
from creditrisk.records.tables import Enterprises, Records
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, Scores
from creditrisk.scoring.tiering import Tiering
from creditrisk.vocabulary import DIMENSIONS, REGIMES

__all__ = ["Count", "DimensionAverage", "Summary", "summarise"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Count(_Data):
    """How many of something there are."""

    id: str
    label: BilingualText
    count: int


class DimensionAverage(_Data):
    """The mean score of a dimension over all enterprises."""

    dimension: str
    label: BilingualText
    mean: float


class Summary(_Data):
    """What an assessment came to; prints as text and shows as a page in a notebook."""

    policy: str
    policy_edition: str
    policy_sha256: str
    policy_title: BilingualText
    as_of: date
    enterprises: int
    records: int
    rows_rejected: int
    rejected_by_code: dict[str, int]
    notes: tuple[str, ...]
    mean_score: float
    tiers: tuple[Count, ...]
    regimes: tuple[Count, ...]
    bounds: tuple[Count, ...]
    dimensions: tuple[DimensionAverage, ...]

    def __str__(self) -> str:
        from creditrisk.report.pages import summary_text

        return summary_text(self)

    def _repr_html_(self) -> str:
        from creditrisk.report.pages import summary_html

        return summary_html(self)


class Assessed(Protocol):
    """What a summary is made of."""

    policy: Policy
    as_of: date
    enterprises: Enterprises
    records: Records
    scores: Scores
    tiering: Tiering
    regimes: pl.Series
    kernel: Any


def summarise(assessment: Assessed) -> Summary:
    """Count and average an assessment."""
    policy, tiering = assessment.policy, assessment.tiering
    by_tier = np.bincount(tiering.tier, minlength=len(policy.tiers)).tolist()
    by_regime = dict(assessment.regimes.value_counts().iter_rows())
    strangers = len(assessment.kernel.records_of_others)
    rejected: dict[str, int] = {}
    for table in (assessment.enterprises, assessment.records):
        for code, count in table.report.rejected_by_code.items():
            rejected[code] = rejected.get(code, 0) + count
    if strangers:
        rejected["unknown_enterprise"] = strangers
    return Summary(
        policy=policy.id,
        policy_edition=policy.edition,
        policy_sha256=policy.sha256,
        policy_title=policy.title,
        as_of=assessment.as_of,
        enterprises=len(assessment.enterprises),
        records=len(assessment.records) - strangers,
        rows_rejected=assessment.enterprises.report.rows_rejected + assessment.records.report.rows_rejected + strangers,
        rejected_by_code=rejected,
        notes=(*assessment.enterprises.report.notes, *assessment.records.report.notes),
        mean_score=round(_mean(assessment.scores.total) / TOTAL_UNIT, 3),
        tiers=tuple(
            Count(id=tier.id, label=tier.label, count=count) for tier, count in zip(policy.tiers, by_tier, strict=True)
        ),
        regimes=tuple(_labelled(REGIMES, by_regime)),
        bounds=tuple(
            Count(id=bound.id, label=bound.reason, count=int(tiering.met[bound.id].sum()))
            for bound in (*policy.vetoes, *policy.thin_evidence)
        ),
        dimensions=tuple(
            DimensionAverage(
                dimension=name,
                label=BilingualText(**DIMENSIONS[name]._asdict()),
                mean=round(_mean(points) / POINT_UNIT, 3),
            )
            for name, points in assessment.scores.dimensions.items()
        ),
    )


def _labelled(labels: Mapping[str, Any], counts: Mapping[str, int]) -> list[Count]:
    return [Count(id=name, label=BilingualText(**label._asdict()), count=counts.get(name, 0)) for name, label in labels.items()]


def _mean(numbers: np.ndarray) -> float:
    return int(numbers.sum(dtype=np.int64)) / len(numbers)
