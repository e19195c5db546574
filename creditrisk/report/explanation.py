"""One enterprise explained: what gave how many points, on which records, what bounds the tier, what was left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from creditrisk.indicators.spec import BilingualText

__all__ = ["BoundLine", "DimensionLines", "Explanation", "IgnoredRecord", "ReasonLine"]

Language = Literal["zh", "en"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReasonLine(_Data):
    """What one rule (or a cap, floor or ceiling) gave.

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
    """A dimension's way from its base to its score: ``base + Σ points of lines == score``, exactly."""

    dimension: str
    label: BilingualText
    weight: Decimal
    base: Decimal
    lines: tuple[ReasonLine, ...]
    score: Decimal
    weighted_score: Decimal


class BoundLine(_Data):
    """A veto or thin evidence that holds: the tier is at best ``at_best``."""

    id: str
    kind: Literal["veto", "thin_evidence"]
    at_best: BilingualText
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


class Explanation(_Data):
    """Everything behind one enterprise's tier, as text, as JSON and, in a notebook, as a page.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, policy="jiangsu", as_of="2026-06-30")
    >>> explanation = assessment.explain(assessment.table["enterprise_id"][0])
    >>> explanation.score == sum(dimension.weighted_score for dimension in explanation.dimensions)
    True
    >>> print(explanation.text("en").splitlines()[0].partition(":")[0])
    Enterprise
    """

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

    def text(self, language: Language = "zh") -> str:
        """The explanation as plain text in one language."""
        from creditrisk.report.pages import explanation_text

        return explanation_text(self, language)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain data: what :meth:`to_json` writes."""
        return self.model_dump(mode="json")

    def to_json(self) -> str:
        """The explanation as JSON, with points as decimal text so that nothing is rounded."""
        return self.model_dump_json(indent=2)

    def __str__(self) -> str:
        return self.text("zh") + "\n\n" + self.text("en")

    def _repr_html_(self) -> str:
        from creditrisk.report.pages import explanation_html

        return explanation_html(self)
