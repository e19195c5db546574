"""The content of explanations and summaries, as data; other modules decide how it is shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from creditrisk.vocabulary import BilingualText

__all__ = [
    "BoundLine",
    "Count",
    "DimensionAverage",
    "DimensionLines",
    "ExplanationContent",
    "IgnoredRecord",
    "Language",
    "ReasonLine",
    "StateLine",
    "SummaryContent",
    "WayUpContent",
]

Language = Literal["zh", "en"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReasonLine(_Data):
    """The points that one rule (or a cap, floor or ceiling) gave.

    ``points`` count in the dimension, ``weighted_points`` in the total; both are exact decimals.
    """

    rule: str
    kind: Literal["rule", "cap", "floor", "ceiling"]
    indicator: str | None
    value: float | None
    points: Decimal
    weighted_points: Decimal
    text: BilingualText
    basis: str
    record_ids: tuple[str, ...]


class DimensionLines(_Data):
    """The sum from a dimension's base to its score: ``base + Σ points of lines == score``, exactly."""

    dimension: str
    label: BilingualText
    weight: Decimal
    base: Decimal
    lines: tuple[ReasonLine, ...]
    score: Decimal
    weighted_score: Decimal


class BoundLine(_Data):
    """A bound on the tier that does not depend on the score: the tier is at best, at worst or exactly ``tier``."""

    id: str
    kind: Literal["veto", "thin_evidence", "floor", "model", "limit_on_change"]
    effect: Literal["at_best", "at_worst", "exactly"]
    tier: BilingualText
    text: BilingualText
    basis: str
    record_ids: tuple[str, ...]


class IgnoredRecord(_Data):
    """A record that did not count on the day, and why."""

    record_id: str
    type: BilingualText
    occurred_on: date
    standing: str
    text: BilingualText


class StateLine(_Data):
    """A state of an enterprise: the day on which it began, and the day on which time alone will end it."""

    kind: Literal["tier", "regime", "veto", "thin_evidence", "floor"]
    state: str
    label: BilingualText
    entered_on: date | None
    exits_on: date | None


class WayUpContent(_Data):
    """The way to the next better tier: actions that reach it today, or the day on which time alone reaches it."""

    reachable: bool
    repairs: tuple[str, ...]
    further_actions: tuple[BilingualText, ...]
    tier_reached: str
    score_reached: Decimal
    proved: bool
    by_time: date | None
    in_the_way: tuple[BilingualText, ...]
    text: BilingualText


class ExplanationContent(_Data):
    """Everything behind one enterprise's tier."""

    enterprise_id: str
    name: str | None
    as_of: date
    policy: str
    policy_edition: str
    policy_sha256: str
    score: Decimal
    tier: str
    tier_label: BilingualText
    tier_by_score: BilingualText
    regime: str
    regime_label: BilingualText
    evidence_count: int
    dimensions: tuple[DimensionLines, ...]
    bounds: tuple[BoundLine, ...]
    ignored: tuple[IgnoredRecord, ...]
    way_up: WayUpContent | None = None
    states: tuple[StateLine, ...] = ()


class Count(_Data):
    """A labelled count."""

    id: str
    label: BilingualText
    count: int


class DimensionAverage(_Data):
    """The mean score of a dimension over all enterprises."""

    dimension: str
    label: BilingualText
    mean: float


class SummaryContent(_Data):
    """The results of an assessment in summary."""

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
