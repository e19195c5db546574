"""The explanation of one enterprise: points with their records, bounds on the tier, and records left out."""

from __future__ import annotations

from typing import Any

from creditrisk.report.content import ExplanationContent, Language
from creditrisk.report.pages import explanation_html
from creditrisk.report.texts import explanation_text

__all__ = ["Explanation"]


class Explanation(ExplanationContent):
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

    def text(self, language: Language = "zh") -> str:
        """Return the explanation as plain text in one language."""
        return explanation_text(self, language)

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain data, as :meth:`to_json` writes it."""
        return self.model_dump(mode="json")

    def to_json(self) -> str:
        """Return the explanation as JSON, with points as decimal text so that nothing is rounded."""
        return self.model_dump_json(indent=2)

    def __repr__(self) -> str:
        return f"<Explanation of {self.enterprise_id} as of {self.as_of}: {self.tier}, {self.score}>"

    def __str__(self) -> str:
        return self.text("zh") + "\n\n" + self.text("en")

    def _repr_html_(self) -> str:
        return explanation_html(self)
