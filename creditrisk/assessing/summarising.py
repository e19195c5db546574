"""Makes the summary of an assessment."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from creditrisk.assessing.assessed import Assessed
from creditrisk.report.content import Count, DimensionAverage
from creditrisk.report.summary import Summary
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT
from creditrisk.vocabulary import DIMENSIONS, REGIMES, BilingualText

__all__ = ["summarise"]


def summarise(assessed: Assessed) -> Summary:
    """Compute the counts and averages of an assessment."""
    policy, scores, tiering = assessed.policy, assessed.scores, assessed.tiering
    enterprises, records = assessed.enterprises, assessed.records
    records_of_others = len(assessed.kernel.records_of_others)
    by_tier = np.bincount(tiering.tier, minlength=len(policy.tiers)).tolist()
    by_regime = dict(assessed.regimes.value_counts().iter_rows())
    rejected = Counter(enterprises.report.rejected_by_code) + Counter(records.report.rejected_by_code)
    if records_of_others:
        rejected["unknown_enterprise"] = records_of_others
    return Summary(
        policy=policy.id,
        policy_edition=policy.edition,
        policy_sha256=policy.sha256,
        policy_title=policy.title,
        as_of=assessed.as_of,
        enterprises=len(enterprises),
        records=len(records) - records_of_others,
        rows_rejected=enterprises.report.rows_rejected + records.report.rows_rejected + records_of_others,
        rejected_by_code=dict(rejected),
        notes=(*enterprises.report.notes, *records.report.notes),
        mean_score=round(_mean(scores.total) / TOTAL_UNIT, 3),
        tiers=tuple(
            Count(id=tier.id, label=tier.label, count=count) for tier, count in zip(policy.tiers, by_tier, strict=True)
        ),
        regimes=tuple(
            Count(id=name, label=BilingualText(**label._asdict()), count=by_regime.get(name, 0))
            for name, label in REGIMES.items()
        ),
        bounds=tuple(
            Count(id=bound.id, label=bound.reason, count=int(tiering.met[bound.id].sum()))
            for bound in policy.tier_bounds
        ),
        dimensions=tuple(
            DimensionAverage(
                dimension=name,
                label=BilingualText(**DIMENSIONS[name]._asdict()),
                mean=round(_mean(points) / POINT_UNIT, 3),
            )
            for name, points in scores.dimensions.items()
        ),
    )


def _mean(numbers: NDArray[np.integer]) -> float:
    return int(numbers.sum(dtype=np.int64)) / len(numbers)
