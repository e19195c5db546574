"""Publication of policies: a page that needs no external files, or Markdown, in Chinese, English or both."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, get_args

from creditrisk.errors import InputError
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.report.pages import policy_page
from creditrisk.report.policies.rendering import Cell, PolicyContent, Section, Table, policy_content
from creditrisk.report.policies.wording import field_label
from creditrisk.report.texts import on_one_line
from creditrisk.vocabulary import BilingualText

__all__ = ["PageLanguage", "RenderForm", "policy_markdown", "render_policy"]

RenderForm = Literal["html", "markdown"]
PageLanguage = Literal["zh", "en", "both"]

# The characters that have a meaning in Markdown; angle brackets and ampersands become entities.
_MARKS = re.compile(r"([\\`*_{}\[\]#|~!$])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# The characters that begin a list, a quotation or a rule at the start of a line.
_OPENINGS = re.compile(r"^(\d+)([.)])|^([-+=])")


def render_policy(
    policy: Policy | str | os.PathLike[str],
    form: RenderForm = "html",
    language: PageLanguage = "both",
    as_of: date | str | None = None,
) -> str:
    """Return a policy as a document for publication: every rule in words, with the source of its numbers.

    Parameters
    ----------
    policy : Policy, str or path
    form : {"html", "markdown"}
        A whole page that needs no external files, or Markdown.
    language : {"zh", "en", "both"}
    as_of : datetime.date or ISO text, optional
        The day that selects the edition of a policy given by name; the default is the newest edition.

    Raises
    ------
    PolicyError
        If there is no such policy, or its document is wrong.
    InputError
        If there is no such form or language.

    Examples
    --------
    >>> print(render_policy("jiangsu", "markdown", "en", as_of="2026-06-30").splitlines()[0])
    # Tiered supervision of enterprises by credit (Jiangsu)
    """
    for name, value, known in (("form", form, get_args(RenderForm)), ("language", language, get_args(PageLanguage))):
        if value not in known:
            raise InputError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    content = policy_content(load_policy(policy, as_of))
    return policy_page(content, language) if form == "html" else policy_markdown(content, language)


def policy_markdown(content: PolicyContent, language: PageLanguage) -> str:
    """Return a policy as Markdown (with GitHub's tables)."""
    return "\n".join(_lines(content, language)) + "\n"


def _lines(content: PolicyContent, language: PageLanguage) -> Iterator[str]:
    yield f"# {_text(content.title, language)}"
    yield ""
    for label, value in content.identity:
        yield f"- **{_text(label, language, ' ')}**: {_text(value, language)}"
    yield f"- **sha256**: `{content.sha256}`"
    for section in content.sections:
        yield from _section(section, language, "##")


def _section(section: Section, language: PageLanguage, level: str) -> Iterator[str]:
    yield ""
    yield f"{level} {_text(section.title, language)}"
    for paragraph in section.paragraphs:
        for line in _said(paragraph, language):
            yield ""
            yield _OPENINGS.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", line)
    if section.basis is not None:
        yield ""
        yield f"{_text(field_label('basis'), language, ' ')}: {_text(section.basis, language)}"
    if section.table is not None:
        yield ""
        yield from _table(section.table, language)
    for part in section.sections:
        yield from _section(part, language, f"{level}#")


def _table(table: Table, language: PageLanguage) -> Iterator[str]:
    yield _row(_text(column, language, " ") for column in table.columns)
    yield _row("---:" if table.rows and cell.kind == "number" else "---" for cell in table.rows[0])
    for row in table.rows:
        yield _row(_cell(cell, language) for cell in row)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, language: PageLanguage) -> str:
    lines = [line for text in (*cell.lines, *cell.remarks) for line in _said(text, language)]
    return "<br>".join([*lines, *([", ".join(f"`{name}`" for name in cell.ids)] if cell.ids else [])])


def _text(text: BilingualText, language: PageLanguage, between: str = " · ") -> str:
    return between.join(_said(text, language))


def _said(text: BilingualText, language: PageLanguage) -> list[str]:
    """Return the text in the requested languages, each once, with the characters of Markdown escaped."""
    texts = {"zh": [text.zh], "en": [text.en], "both": [text.zh, text.en]}[language]
    return [_MARKS.sub(r"\\\1", _inert(on_one_line(one))) for one in dict.fromkeys(texts)]


def _inert(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)
