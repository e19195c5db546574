"""Explanations and summaries as HTML: fragments for a notebook, whole pages for a file.

Names and reasons come from data, so the templates escape everything. A page needs nothing from outside.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from creditrisk.report.content import ExplanationContent, SummaryContent
from creditrisk.report.impacts import GROUPINGS, ImpactContent, group_text
from creditrisk.report.policies.rendering import PolicyContent
from creditrisk.report.policies.wording import field_label
from creditrisk.report.texts import (
    basis_text,
    by_size,
    explanation_text,
    number_text,
    reject_reason_text,
    summary_text,
    word_text,
)
from creditrisk.vocabulary import REGIMES, BilingualText

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "explanation_html",
    "explanation_page",
    "explanation_text",
    "impact_html",
    "impact_page",
    "policy_page",
    "summary_html",
    "summary_page",
    "summary_text",
]


def explanation_html(explanation: ExplanationContent) -> str:
    """Return an explanation as a fragment of HTML in Chinese and English, for a notebook."""
    return _environment().get_template("explanation.html").render(explanation=explanation)


def explanation_page(explanation: ExplanationContent) -> str:
    """Return an explanation as a whole page."""
    title = f"{explanation.name or explanation.enterprise_id} · {explanation.as_of}"
    return _page("explanation.html", title, explanation=explanation)


def summary_html(summary: SummaryContent) -> str:
    """Return a summary as a fragment of HTML in Chinese and English, for a notebook."""
    return _environment().get_template("summary.html").render(summary=summary)


def summary_page(summary: SummaryContent) -> str:
    """Return a summary as a whole page."""
    return _page("summary.html", f"{summary.policy_title.zh} · {summary.as_of}", summary=summary)


def impact_html(impact: ImpactContent) -> str:
    """Return the impact of a change of policy as a fragment of HTML in Chinese and English, for a notebook."""
    return _environment().get_template("impact.html").render(impact=impact)


def impact_page(impact: ImpactContent) -> str:
    """Return the impact of a change of policy as a whole page."""
    return _page("impact.html", f"{impact.after.title.zh} · {impact.as_of}", impact=impact)


def policy_page(policy: PolicyContent, language: str) -> str:
    """Return a policy as a page for publication, in one language or in both."""
    title = policy.title.en if language == "en" else policy.title.zh
    return _page("policy.html", title, policy=policy, language=language)


def _page(part: str, title: str, **content: Any) -> str:
    return _environment().get_template("page.html").render(part=part, title=title, **content)


@cache
def _environment() -> Environment:
    # Jinja is imported when the first page is made, because scoring a province needs no templates.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("creditrisk.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number_text,
        basis=basis_text,
        by_size=by_size,
        reject_reason=reject_reason_text,
        word=word_text,
        regime=lambda name: BilingualText(**REGIMES[name]._asdict()),
        grouping=GROUPINGS.__getitem__,
        group_name=group_text,
        field=field_label,
    )
    return environment
