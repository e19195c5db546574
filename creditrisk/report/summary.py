"""The summary of an assessment: enterprises by tier and regime, dimension averages, and rows set aside."""

from __future__ import annotations

from creditrisk.report.content import SummaryContent
from creditrisk.report.pages import summary_html
from creditrisk.report.texts import summary_text

__all__ = ["Summary"]


class Summary(SummaryContent):
    """The summary of an assessment; it prints as text and shows as a page in a notebook."""

    def __repr__(self) -> str:
        return f"<Summary of {self.enterprises:,} enterprises by {self.policy} as of {self.as_of}>"

    def __str__(self) -> str:
        return summary_text(self)

    def _repr_html_(self) -> str:
        return summary_html(self)
