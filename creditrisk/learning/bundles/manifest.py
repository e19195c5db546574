"""The manifest of a saved model: its description, its training data, and its parts."""

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
    """The training data of a model.

    Attributes
    ----------
    source : str
        The source of the records, in words.
    first_day, last_day : datetime.date
        The first and last day of the cohort.
    every : str, optional
        The step between its days, such as "3M".
    target : Target
    learnt_until : datetime.date, optional
        The last day of an outcome.
    enterprises, rows, findings : int
    random_draws : int
        The number of rows whose inspection was a random draw.
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
    """The description of a bundle, and the parts that it must have.

    Attributes
    ----------
    format : int
    kind : str
        "boosted" or "scorecard".
    name, intended_use, limits : BilingualText
    columns : tuple of str
        The columns that the model reads, in its order.
    directions : dict of str to {"risk_rises", "risk_falls", "none"}
        The direction to which the model was held in each column.
    indicators : tuple of IndicatorSpec
        The definitions of the columns that are indicators.
    policy : PolicyUsed, optional
    cohort : TrainingCohort, optional
    figures : dict
        The figures on held-out rows, as plain data.
    versions : dict of str to str
    parts : dict of str to str
        The sha256 of every part by file name.
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
        """The digest of the manifest and so of all parts; it identifies the model."""
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
        """The target that the model was trained to predict, if the manifest has one."""
        return None if self.manifest.cohort is None else self.manifest.cohort.target

    @property
    def learnt_until(self) -> date | None:
        """The last day of an outcome from which it learnt, if the manifest has one."""
        return None if self.manifest.cohort is None else self.manifest.cohort.learnt_until

    def check_indicators(self, policy: Policy) -> None:
        """Raise an InputError if the policy defines an indicator differently from the training."""
        for spec in self.manifest.indicators:
            if policy.specs.get(spec.id) not in (None, spec):
                raise InputError(
                    f"policy {policy.id} defines indicator {spec.id} otherwise than it was when the model was trained: "
                    "take the policy of the training, or train again"
                )


def manifest_digest(stored: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest as plain data, in hexadecimal; the order of its keys does not matter."""
    text = json.dumps(stored, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256_of(text)
