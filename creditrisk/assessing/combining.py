"""Rules combined with a learned model: the model's results for each enterprise, and what it may change.

The rules come first. A model may only raise attention, by at most as many tiers as the policy allows; vetoes, thin
evidence and floors hold regardless of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.frames import to_polars
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.policy.document import Policy
from creditrisk.scoring.model_protocol import ModelProtocol, places_of_tiers
from creditrisk.scoring.tiering import Tiering, bounded_tiers
from creditrisk.vocabulary import BilingualText

__all__ = [
    "Combining",
    "ModelView",
    "check_combining",
    "combined_tiers",
    "model_view",
]

Combining = Literal["rules", "model", "rules_with_model"]
Numbers = NDArray[np.float64]
Codes = NDArray[np.uint8]

_REASONS_SHOWN = 5
_NO_REASONS = BilingualText(zh="该模型不说明理由", en="the model gives no reasons")


@dataclass(frozen=True)
class ModelView:
    """The results of a model for every assessed enterprise, besides those of the rules.

    Attributes
    ----------
    scorer : ModelProtocol
    specs : tuple of IndicatorSpec
        The policy's specifications, which give its indicators their labels.
    columns : polars.DataFrame
        The columns that it read, row by row.
    probability : ndarray of float64, shape (n_rows,)
        The probability of a finding.
    tier : ndarray of uint8, shape (n_rows,)
        The tier by the model alone, as a position in ``policy.tiers``.
    by_rules : ndarray of uint8, shape (n_rows,)
        The tier by the rules alone, before limits on change.
    combined : ndarray of uint8, shape (n_rows,)
        The tier by both, before limits on change.
    combining : {"rules", "model", "rules_with_model"}
    """

    scorer: ModelProtocol
    specs: tuple[IndicatorSpec, ...]
    columns: pl.DataFrame
    probability: Numbers
    tier: Codes
    by_rules: Codes
    combined: Codes
    combining: Combining

    def only(self, rows: NDArray[np.intp]) -> ModelView:
        """Return the model's results for some rows only."""
        return replace(
            self,
            columns=self.columns[rows],
            probability=self.probability[rows],
            tier=self.tier[rows],
            by_rules=self.by_rules[rows],
            combined=self.combined[rows],
        )

    @cached_property
    def explained(self) -> NDArray[np.intp]:
        """The rows with reasons: those outside the best tier, by the rules or by the model."""
        return np.flatnonzero((self.tier > 0) | (self.by_rules > 0))

    @cached_property
    def reasons(self) -> tuple[pl.Series, pl.Series]:
        """The model's reasons in Chinese and English, each of shape (n_rows,); empty in the best tier."""
        texts = self.reasons_of(self.explained)
        everyone = pl.DataFrame({"row": np.arange(len(self.tier))})
        empty = pl.lit([], dtype=pl.List(pl.String))
        lists = everyone.join(texts, on="row", how="left", maintain_order="left").with_columns(
            pl.col("zh", "en").fill_null(empty)
        )
        return lists["zh"], lists["en"]

    def said(self) -> dict[str, Any]:
        """The identity of the model and how it was combined, for the account of a run."""
        return {
            "combining": self.combining,
            **self.scorer.account(),
            "reasons": self.scorer.reason_method,
            "moved": int((self.combined != self.by_rules).sum()),
            "disagreements": int((self.tier != self.by_rules).sum()),
        }

    def reasons_of(self, rows: NDArray[np.intp]) -> pl.DataFrame:
        """Return the model's reasons for some rows: row, and the lists of texts zh and en."""
        if self.scorer.reason_method == "none":
            zh, en = ([[text]] * len(rows) for text in (_NO_REASONS.zh, _NO_REASONS.en))
            return pl.DataFrame({"row": rows, "zh": zh, "en": en})
        reasons = to_polars(
            self.scorer.reasons(self.columns[rows], top=_REASONS_SHOWN, specs=self.specs, output="polars")
        )
        texts = reasons.group_by("row", maintain_order=True).agg(zh="text_zh", en="text_en")
        return texts.with_columns(row=pl.Series(rows).gather(texts["row"]))


def check_combining(combining: Combining, model: Any, policy: Policy) -> None:
    """Raise an InputError if rules and model cannot be combined as requested."""
    if combining not in get_args(Combining):
        raise InputError(f"combine must be one of {', '.join(get_args(Combining))}, got {combining!r}")
    if combining != "rules" and model is None:
        raise InputError(f"combine={combining!r} needs a model: give model=, or leave combine at 'rules'")
    if combining == "rules_with_model" and policy.model is None:
        raise InputError(
            f"policy {policy.id} sets no bounds on what a model may do beside its rules: add to the document "
            "'model: {raise_attention_at_most_steps: 1, basis: …}', or take combine='rules' to see the model beside"
        )


def model_view(
    scorer: ModelProtocol,
    policy: Policy,
    tiering: Tiering,
    indicators: Mapping[str, Numbers],
    enterprises: pl.DataFrame,
    combining: Combining,
) -> ModelView:
    """Compute a model's results for each assessed enterprise, and the tier by both model and rules.

    Parameters
    ----------
    scorer : ModelProtocol
    policy : Policy
    tiering : Tiering
        The tiers by the rules.
    indicators : mapping of str to ndarray of float64, shape (n_rows,)
    enterprises : polars.DataFrame, shape (n_rows, …)
        The enterprises in the data model; columns that are not indicators come from here.
    combining : {"rules", "model", "rules_with_model"}

    Raises
    ------
    InputError
        If the model has other tiers than the policy.
    """
    names = list(scorer.feature_names_in_)
    columns = pl.DataFrame({name: indicators[name] if name in indicators else enterprises[name] for name in names})
    positions = places_of_tiers(scorer, policy)
    named = pl.Series(scorer.predict_tier(columns), dtype=pl.Enum(list(positions))).to_physical()
    by_model = np.array(list(positions.values()), dtype=np.uint8)[named.to_numpy()]
    combined = combined_tiers(policy, tiering, by_model, indicators, combining)
    probability = scorer.predict_proba(columns)[:, 1]
    specs = tuple(policy.specs.values())
    return ModelView(scorer, specs, columns, probability, by_model, tiering.tier, combined.tier, combining)


def combined_tiers(
    policy: Policy, tiering: Tiering, by_model: Codes, indicators: Mapping[str, Numbers], combining: Combining
) -> Tiering:
    """Return tiers by rules and model together, before limits on change.

    Parameters
    ----------
    policy : Policy
    tiering : Tiering
        The tiers by the rules.
    by_model : ndarray of uint8, shape (n_rows,)
    indicators : mapping of str to ndarray of float64, shape (n_rows,)
    combining : {"rules", "model", "rules_with_model"}
        The rules' tiers unchanged; the model's tiers instead of those by score; or the rules' tiers with attention
        raised if the model sees more risk, within the policy's bound. Vetoes, thin evidence and floors always hold.

    Returns
    -------
    Tiering
    """
    if combining == "rules":
        return tiering
    if combining == "model":
        return replace(bounded_tiers(policy, by_model, indicators), by_score=tiering.by_score)
    most = policy.model.raise_attention_at_most_steps if policy.model is not None else 0
    # The model cannot give a tier that only a condition reaches.
    last = max(position for position, tier in enumerate(policy.tiers) if not tier.by_condition_only)
    furthest = np.maximum(np.minimum(tiering.tier + most, last), tiering.tier)
    raised = np.clip(by_model, tiering.tier, furthest).astype(np.uint8)
    return replace(bounded_tiers(policy, raised, indicators), by_score=tiering.by_score)
