"""Policies as they are published: complete, inert, and without anything from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

import creditrisk as cr
from creditrisk.policy.loading import built_in_policies, load_editions, parse_policy
from creditrisk.report.policies.rendering import expert_defaults
from creditrisk.report.policies.wording import number_words
from tests.policy.test_comparing import RICH

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "city.md"
JIANGSU = files("creditrisk.policy").joinpath("catalogue/jiangsu/2026.yaml").read_text(encoding="utf-8")
FORMS = [(form, language) for form in ("html", "markdown") for language in ("zh", "en", "both")]
HOSTILE = "<script>alert(1)</script> | `x` [link](http://e) *b* <!-- & \\\\e[31m"


class Page(HTMLParser):
    """The text of a page; every element must be closed in its turn."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert name in {"id", "class", "lang", "href", "charset", "name", "content"}, name
            self.ids += [str(value)] if name == "id" else []
            self.links += [str(value)] if name == "href" else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_a_small_policy_as_it_was_last_read() -> None:
    """Write the file anew with ``creditrisk policy render docs/policies/city.yaml --out tests/golden/city.md``."""
    assert cr.render_policy(ROOT / "docs" / "policies" / "city.yaml", "markdown") == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", built_in_policies())
@pytest.mark.parametrize(("form", "language"), FORMS)
def test_every_edition_can_be_published(name: str, form: str, language: str) -> None:
    for edition in load_editions(name):
        assert edition.sha256 in cr.render_policy(edition, form, language)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_everything_that_bears_on_a_tier_is_there(form: str) -> None:
    policy = parse_policy(RICH.encode(), "rich.yaml")
    page = cr.render_policy(policy, form)  # type: ignore[arg-type]
    text = Page(page).text if form == "html" else page.replace("\\", "").replace("&lt;", "<")
    parts = [*policy.rules, *policy.bounds, *policy.quantities]
    assert all(part.id in text for part in parts)
    assert all(name in text for name in policy.indicators_used)
    for part in (*policy.rules, *policy.bounds):
        assert part.reason.zh.replace("{value}", "…") in text
        assert part.reason.en.replace("{value}", "…") in text
    for rule in policy.rules:
        points = [band.points for band in rule.bands] + [entry.points for entry in rule.values]
        points += [rule.per_unit.points, rule.per_unit.cap or 0] if rule.per_unit else []
        assert all(number_words(number).lstrip("+-") in text for number in points)
    for tier in policy.tiers:
        assert tier.label.zh in text and tier.label.en in text
        assert f"{tier.inspection.general.ratio:.0%}" in text
    assert all(term.basis in text for term in policy.standing.terms)
    for number in ("total ≥ 85", "0.25 × work safety", "any other value: -4", "no data: -1", "only where Accidents"):
        assert number in text
    assert "A tier rises at most 1 step(s) in 6 months" in text
    assert all(proof.text.en in text for proof in policy.proofs)
    assert "2027-03-31" in text


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_a_page_is_whole_and_needs_nothing_from_outside(language: str) -> None:
    page = cr.render_policy("jiangsu", "html", language)  # type: ignore[arg-type]
    read = Page(page)
    assert page.startswith("<!doctype html>")
    assert f'<html lang="{"en" if language == "en" else "zh"}">' in page
    assert len(set(read.ids)) == len(read.ids)
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)
    assert not re.search(r"src=|url\(|@import|http", page)
    styles = " ".join(re.findall(r"<style>(.*?)</style>", page[page.index('class="cr') :], re.DOTALL))
    selectors = re.findall(r"(?:^|}|{)\s*([^{}@;]+){", styles)
    assert all(part.strip().startswith(".cr") for one in selectors for part in one.split(","))


def test_each_language_by_itself() -> None:
    english, chinese = (cr.render_policy("jiangsu", "markdown", language) for language in ("en", "zh"))
    cited = "专家默认值 (expert default)"  # within a source, which is cited in its own language
    assert "no points" in english and "专家默认值" not in english.replace(cited, "")
    assert "专家默认值" in chinese and "expert default" not in chinese.replace(cited, "")


@pytest.mark.parametrize(("form", "language"), FORMS)
def test_names_are_inert(form: str, language: str) -> None:
    text = JIANGSU.replace("zh: 列入严重失信主体名单, en: On a", f'zh: "{HOSTILE}", en: "{HOSTILE}", en_: On a')
    text = text.replace(f'en: "{HOSTILE}", en_: On a serious-dishonesty list', f'en: "{HOSTILE}"')
    text = text.replace("zh: 企业信用分级分类监管评价办法（江苏）", f'zh: "{HOSTILE}"').replace(
        "en: Tiered supervision of enterprises by credit (Jiangsu)", f'en: "{HOSTILE}"'
    )
    policy = parse_policy(text.encode(), "hostile.yaml")
    page = cr.render_policy(policy, form, language)  # type: ignore[arg-type]
    assert "\x1b" not in page
    assert "<script" not in page and "<!--" not in page
    if form == "html":
        assert "alert(1)" in Page(page).text
        return
    assert page.splitlines()[0].startswith(
        "# &lt;script&gt;alert(1)&lt;/script&gt; \\| \\`x\\` \\[link\\](http://e) \\*b\\*"
    )
    for row in (line for line in page.splitlines() if line.startswith("|")):
        assert len(re.findall(r"(?<!\\)\|", row)) in range(3, 9)
    widths = [len(re.findall(r"(?<!\\)\|", row)) for row in page.splitlines() if "alert" in row and row.startswith("|")]
    assert set(widths) == {5}


def test_expert_defaults_are_counted_where_a_basis_only_mentions_them() -> None:
    found = expert_defaults(cr.load_policy("jiangsu"))
    assert len(found["rules"]) == 59
    assert found["tiers"] == ["good", "ordinary", "high_risk"]
    assert "veto.serious_dishonesty" not in found["vetoes"]
    sourced = parse_policy(JIANGSU.replace("expert_default", "our decree").encode(), "p.yaml")
    assert expert_defaults(sourced) == {}
    assert "None: every number has a source." in cr.render_policy(sourced, "markdown", "en")


def test_the_day_chooses_edition_and_values() -> None:
    assert "**edition**: 2023" in cr.render_policy("jiangsu", "markdown", "en", as_of="2025-06-30")
    assert "**parameters as of**: 2025-06-30" in cr.render_policy("jiangsu", "markdown", "en", as_of="2025-06-30")


def test_bad_arguments_are_said_plainly() -> None:
    with pytest.raises(cr.InputError, match="form must be one of html, markdown, got 'pdf'"):
        cr.render_policy("jiangsu", "pdf")  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match="language must be one of"):
        cr.render_policy("jiangsu", language="fr")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1.0, "1"), (-1.5, "-1.5"), (1_000_000, "1,000,000"), (1e-5, "0.00001"), (100.0, "100"), (0.1, "0.1")],
)
def test_numbers_are_written_in_full(number: float, text: str) -> None:
    assert number_words(number) == text
