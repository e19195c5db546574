"""Disagreements between rules and model: as a table for review, and as a line of an explanation."""

from __future__ import annotations

import numpy as np
import polars as pl

from creditrisk.assessing.assessed import Assessed
from creditrisk.errors import InputError
from creditrisk.report.content import BoundLine
from creditrisk.scoring.scores import TOTAL_UNIT
from creditrisk.vocabulary import BilingualText

__all__ = ["disagreements", "moved_line"]


def disagreements(assessed: Assessed) -> pl.DataFrame:
    """Return the enterprises that rules and model place in different tiers, the largest difference first.

    Returns
    -------
    polars.DataFrame
        enterprise_id, tier_by_rules, tier_by_model, steps (above 0 if the model sees more risk), score,
        model_probability, model_reasons_zh, model_reasons_en.

    Raises
    ------
    InputError
        If the assessment was made without a model.
    """
    policy, view = assessed.policy, assessed.view
    if view is None:
        raise InputError("the assessment was made without a model: give model= to assess")
    tiers = pl.Enum([tier.id for tier in policy.tiers])
    rows = np.flatnonzero(view.tier != view.by_rules)
    zh, en = view.reasons
    names = pl.Series(tiers.categories, dtype=tiers)
    table = pl.DataFrame(
        {
            "enterprise_id": assessed.ids.gather(rows),
            "tier_by_rules": names.gather(view.by_rules[rows]),
            "tier_by_model": names.gather(view.tier[rows]),
            "steps": view.tier[rows].astype(np.int8) - view.by_rules[rows].astype(np.int8),
            "score": assessed.scores.total[rows] / TOTAL_UNIT,
            "model_probability": view.probability[rows],
            "model_reasons_zh": zh.gather(rows),
            "model_reasons_en": en.gather(rows),
        }
    )
    return table.sort(pl.col("steps").abs(), "model_probability", "enterprise_id", descending=[True, True, False])


def moved_line(assessed: Assessed, row: int) -> BoundLine | None:
    """Return the model's change of one enterprise's tier, for its explanation; None if there is none."""
    policy, view = assessed.policy, assessed.view
    if view is None or view.combined[row] == view.by_rules[row]:
        return None
    texts = view.reasons_of(np.array([row]))
    zh, en = ("；".join(texts["zh"][0]), "; ".join(texts["en"][0])) if len(texts) else ("", "")
    share = f"{view.probability[row]:.1%}"
    by_rules, by_model = (policy.tiers[place].label for place in (view.by_rules[row], view.tier[row]))
    beside = view.combining == "rules_with_model" and policy.model is not None
    return BoundLine(
        id="model",
        kind="model",
        effect="at_best" if beside else "exactly",
        tier=policy.tiers[view.combined[row]].label,
        text=BilingualText(
            zh=f"按规则为{by_rules.zh}，模型估计发现问题的概率为{share}，按模型为{by_model.zh}（{zh}）",
            en=f"{by_rules.en} by the rules; the model puts the probability of a finding at {share}, "
            f"{by_model.en} ({en})",
        ),
        basis=policy.model.basis if beside and policy.model is not None else "combine=model",
        record_ids=(),
    )
