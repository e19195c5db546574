"""Explanations and summaries as text and HTML: sums that a reader can check, and data that stays inert."""

import re
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.files.spreadsheets import as_spreadsheet, write_spreadsheet
from creditrisk.report.pages import (
    explanation_html,
    explanation_page,
    explanation_text,
    summary_html,
    summary_page,
    summary_text,
)
from creditrisk.report.texts import aligned, number_text, reject_reason_text

HOSTILE = "<script>alert('企业')</script>\n\x1b[31m伪造行"


@pytest.fixture(scope="module")
def assessment():
    paths = cr.sample_paths()
    return cr.assess(paths.enterprises, paths.records, as_of="2026-06-30", output="polars")


@pytest.fixture(scope="module")
def explanation(assessment):
    return assessment.explain(assessment.table.sort("score")["enterprise_id"][0])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reader_can_add_up_the_text(explanation, language):
    text = explanation_text(explanation, language)
    blocks = re.findall(
        r"^ +([\d.]+)  .*\n((?: +[+-][\d.]+  .*\n)*) +-+\n +(-?[\d.]+) .*× ([\d.]+) = ([\d.]+)$", text, re.M
    )
    assert len(blocks) == len(explanation.dimensions)
    for base, lines, score, weight, weighted in blocks:
        points = [Decimal(line.split()[0]) for line in lines.splitlines()]
        assert Decimal(base) + sum(points) == Decimal(score)
        assert Decimal(score) * Decimal(weight) == Decimal(weighted)
    assert sum(Decimal(block[-1]) for block in blocks) == explanation.score
    assert text.count(f"= {number_text(explanation.score)}") == 1


def test_text_names_evidence_bounds_and_what_did_not_count(explanation):
    text = explanation_text(explanation, "en")
    for line in explanation.dimensions[0].lines:
        assert all(name in text for name in line.record_ids[:5])
    assert all(bound.text.en in text for bound in explanation.bounds)
    assert all(record.record_id in text for record in explanation.ignored)


def test_html_has_every_record_of_every_reason(explanation):
    page = explanation_html(explanation)
    named = {name for dimension in explanation.dimensions for line in dimension.lines for name in line.record_ids}
    named |= {record.record_id for record in explanation.ignored}
    assert named
    assert all(name in page for name in named)
    assert "<details>" in page


@pytest.mark.parametrize("render", [explanation_html, explanation_page])
def test_names_are_inert_in_html(explanation, render):
    hostile = explanation.model_copy(update={"name": HOSTILE, "enterprise_id": "\"><img src=x onerror='1'>"})
    page = render(hostile)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_names_cannot_forge_lines_in_text(explanation):
    hostile = explanation.model_copy(update={"name": HOSTILE})
    text = explanation_text(hostile)
    assert "\x1b" not in text
    assert not any(line.startswith("伪造行") for line in text.splitlines())


def test_html_styles_stay_within_their_fragment(explanation, assessment):
    for fragment in (explanation_html(explanation), summary_html(assessment.summary())):
        styles = re.search(r"<style>(.*?)</style>", fragment, re.S)[1]
        selectors = re.findall(r"(?:^|}|{)\s*([^{}@;]+){", styles)
        assert selectors
        assert all(part.strip().startswith(".cr") for selector in selectors for part in selector.split(","))
        assert "<html" not in fragment


def test_notebooks_get_the_fragments(explanation, assessment):
    assert explanation._repr_html_() == explanation_html(explanation)
    assert assessment.summary()._repr_html_() == summary_html(assessment.summary())


def test_pages_are_whole_and_need_nothing_from_outside(explanation, assessment):
    for page in (explanation_page(explanation), summary_page(assessment.summary())):
        assert page.startswith("<!doctype html>")
        assert '<meta charset="utf-8">' in page
        assert not re.search(r"(src|href|url\()\s*=?", page)
        assert "@import" not in page


def test_summary_says_all_counts_in_both_forms(assessment):
    summary = assessment.summary().model_copy(
        update={
            "notes": (HOSTILE,),
            "rows_rejected": 12_345,
            "rejected_by_code": {"invalid_date": 12_000, "unknown_enterprise": 345, "of_a_later_version": 0},
        }
    )
    text, page = summary_text(summary), summary_page(summary)
    for tier in summary.tiers:
        assert re.search(rf"{re.escape(tier.label.en)} +{tier.count:,} ", text)
        assert tier.label.zh in page
    for form in (text, page):
        assert summary.policy_sha256 in form
        assert "12,345" in form
        assert "of_a_later_version" in form
        assert "不是有效日期" in form
        assert "\x1b" not in text
    assert "<script" not in page


def test_summary_with_empty_parts_is_a_page(assessment):
    summary = assessment.summary()
    bare = summary.model_copy(update={"bounds": (), "notes": (), "rejected_by_code": {}, "regimes": ()})
    assert summary_page(bare)
    assert summary_text(bare)


@pytest.mark.parametrize(
    ("number", "text"),
    [("0", "0"), ("0.000", "0"), ("-1.500", "-1.5"), ("100", "100"), ("1E+2", "100"), ("57.866250", "57.86625")],
)
def test_numbers_are_written_in_full(number, text):
    assert number_text(Decimal(number)) == text


def test_every_reject_code_has_a_meaning_without_gaps():
    from creditrisk.records.rejects import REASONS

    for code in REASONS:
        reason = reject_reason_text(code)
        assert reason.zh
        assert reason.en
        assert not re.search("[{}]", reason.zh + reason.en)


def test_chinese_and_latin_labels_line_up():
    lines = aligned([("企业", "1"), ("firm", "2")])
    assert lines == ["  企业  1", "  firm  2"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_formulas_are_text_in_spreadsheets(start):
    frame = pl.DataFrame({"name": [f"{start}cmd|' /C calc'!A0", "甲公司"], "points": [-1.5, 2.0]})
    cells = as_spreadsheet(frame)
    assert cells["name"].to_list() == [f"'{start}cmd|' /C calc'!A0", "甲公司"]
    assert cells["points"].to_list() == [-1.5, 2.0]


def test_lists_and_categories_are_guarded_too():
    frame = pl.DataFrame(
        {
            "ids": [["=1", "b"], []],
            "kind": pl.Series(["-a", "b"], dtype=pl.Enum(["-a", "b"])),
            "day": [date(2026, 1, 1)] * 2,
        }
    )
    assert as_spreadsheet(frame).rows() == [("'=1；b", "'-a", date(2026, 1, 1)), ("", "b", date(2026, 1, 1))]


def test_spreadsheets_begin_with_the_mark_that_excel_looks_for(tmp_path):
    write_spreadsheet(pl.DataFrame({"名称": ["甲公司"]}), tmp_path / "table.csv")
    content = (tmp_path / "table.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").split() == ["名称", "甲公司"]
