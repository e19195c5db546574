"""The manifest of a saved model: what it is, what it learnt from, and what it consists of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from creditrisk.errors import InputError
from creditrisk.files.account import PolicyUsed
from creditrisk.files.digests import sha256_of
from creditrisk.indicators.spec import Direction, IndicatorSpec
from creditrisk.learning.scorers.scorer import LearnedScorer
from creditrisk.learning.target import Target
from creditrisk.policy.document import Policy
from creditrisk.vocabulary import BilingualText

__all__ = ["Manifest", "ModelBundle", "TrainingCohort", "manifest_digest"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainingCohort(_Data):
    """What a model learnt from.

    Attributes
    ----------
    source : str
        Where the records come from, in words.
    first_day, last_day : datetime.date
        On which enterprises were looked at.
    every : str, optional
        Between these days, such as "3M".
    target : Target
    learnt_until : datetime.date, optional
        The last day of an outcome.
    enterprises, rows, findings : int
    random_draws : int
        Rows whose inspection was a random draw.
    """

    source: BilingualText
    first_day: date
    last_day: date
    every: str | None = None
    target: Target = Target()
    learnt_until: date | None = None
    enterprises: int
    rows: int
    findings: int
    random_draws: int = 0


class Manifest(_Data):
    """What a bundle is, and what it must consist of.

    Attributes
    ----------
    format : int
    kind : str
        "boosted" or "scorecard".
    name, intended_use, limits : BilingualText
    columns : tuple of str
        What the model reads, in its order.
    directions : dict of str to {"risk_rises", "risk_falls", "none"}
        What the model was held to, column by column.
    indicators : tuple of IndicatorSpec
        How those that are indicators are defined.
    policy : PolicyUsed, optional
    cohort : TrainingCohort, optional
    figures : dict
        How it did on held-out rows, as plain data.
    versions : dict of str to str
    parts : dict of str to str
        sha256 of every part by file name.
    """

    format: int
    kind: str
    name: BilingualText
    intended_use: BilingualText
    limits: BilingualText
    columns: tuple[str, ...]
    directions: dict[str, Direction]
    indicators: tuple[IndicatorSpec, ...]
    policy: PolicyUsed | None = None
    cohort: TrainingCohort | None = None
    figures: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str]
    parts: Annotated[dict[str, str], Field(min_length=1)]

    @property
    def sha256(self) -> str:
        """The digest of the manifest, and through it of all parts: which model it is."""
        return manifest_digest(self.model_dump(mode="json", exclude_none=True))


@dataclass(frozen=True)
class ModelBundle:
    """A saved model.

    Attributes
    ----------
    scorer : BoostedScorer or ScorecardScorer
    manifest : Manifest
    """

    scorer: LearnedScorer
    manifest: Manifest

    def __repr__(self) -> str:
        return f"<ModelBundle {self.manifest.name.en!r}, {len(self.manifest.columns)} columns: {self.scorer!r}>"

    @property
    def target(self) -> Target | None:
        """What the model was trained to foretell, where the manifest says so."""
        return None if self.manifest.cohort is None else self.manifest.cohort.target

    @property
    def learnt_until(self) -> date | None:
        """The last day of an outcome that it learnt from, where the manifest says so."""
        return None if self.manifest.cohort is None else self.manifest.cohort.learnt_until

    def check_indicators(self, policy: Policy) -> None:
        """Raise an InputError where the policy defines an indicator otherwise than the training did."""
        for spec in self.manifest.indicators:
            if policy.specs.get(spec.id) not in (None, spec):
                raise InputError(
                    f"policy {policy.id} defines indicator {spec.id} otherwise than it was when the model was trained: "
                    "take the policy of the training, or train again"
                )


def manifest_digest(stored: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest as plain data, in hexadecimal, whatever the order of its keys."""
    text = json.dumps(stored, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256_of(text)
