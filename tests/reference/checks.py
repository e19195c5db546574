"""What the library says of an assessment against what the plain reference says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import creditrisk as cr
from tests.reference import assessment as reference


def check_table(assessment: cr.Assessment, expected: Sequence[reference.Result]) -> None:
    for row, result in zip(assessment.table.iter_rows(named=True), expected, strict=True):
        given_row = {name: row[name] for name in ("enterprise_id", "tier", "tier_since", "regime", "evidence_count")}
        assert given_row == {name: getattr(result, name) for name in given_row}
        assert row["score"] == result.total / 10**6
        for dimension in DIMENSIONS:
            score = result.scores.get(dimension)
            assert row[dimension] == (None if score is None else score / 1000)
        assert row["vetoes"] == [bound["id"] for bound in result.met["vetoes"]]
        assert row["thin_evidence"] == [bound["id"] for bound in result.met["thin_evidence"]]
        for language in ("zh", "en"):
            bounds = [bound["reason"][language] for kind in result.met.values() for bound in kind]
            texts = [reason_text(line, language) for line in result.reasons[:5]]
            assert row[f"reasons_{language}"] == bounds + texts


def reason_text(line: reference.Line, language: str) -> str:
    dimension, _, kind = line.rule.partition(".")
    held = FLOORS_AND_CEILINGS.get(kind, {}).get(language, "").format(DIMENSIONS[dimension][language])
    text = line.text[language] if line.text else held
    points = number_text(line.points / 1000)
    points = f"+{points}" if line.points > 0 else points
    shown = text.replace("{value}", "" if line.value is None else number_text(float(line.value)))
    return f"{shown}（{points}分）" if language == "zh" else f"{shown} ({points})"


DIMENSIONS = {
    "safety": {"zh": "安全生产", "en": "work safety"},
    "quality": {"zh": "质量安全", "en": "quality and safety of products"},
    "environment": {"zh": "生态环保", "en": "environment"},
    "compliance": {"zh": "守法履约", "en": "compliance and contract performance"},
    "responsibility": {"zh": "社会责任", "en": "social responsibility"},
}
FLOORS_AND_CEILINGS = {
    "floor": {"zh": "{}维度得分不低于下限", "en": "The score for {} does not fall below its floor"},
    "ceiling": {"zh": "{}维度得分不高于上限", "en": "The score for {} does not rise above its ceiling"},
}


def number_text(number: float) -> str:
    """A number with at most two decimals, and none where it is whole."""
    rounded = round(number * 100) / 100
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)


def check_reasons(assessment: cr.Assessment, expected: Sequence[reference.Result]) -> None:
    rows = [
        (
            result.enterprise_id, line.rule, line.indicator,
            None if line.value is None else float(line.value), line.points / 1000,
            [] if line.indicator is None else list(result.record_ids[line.indicator]),
        )
        for result in expected
        for line in result.reasons
    ]  # fmt: skip
    assert assessment.reasons.rows() == rows


def check_explanation(explanation: cr.Explanation, result: reference.Result, document: Mapping[str, Any]) -> None:
    assert (explanation.tier, explanation.score) == (result.tier, Decimal(result.total) / 10**6)
    assert {one.record_id: one.standing for one in explanation.ignored} == result.left_out
    rules = {rule["id"]: rule for rule in document["rules"]}
    for dimension in explanation.dimensions:
        mine = [line for line in result.lines if reference.dimension_of_line(line, rules) == dimension.dimension]
        lines = []
        for line in mine:
            behind = reference.records_behind(rules.get(line.rule), result)
            if line.before_cap:
                kind = "rule" if line.indicator else line.rule.partition(".")[2]
                lines.append((line.rule, kind, line.before_cap, behind))
            if line.points != line.before_cap:
                lines.append((line.rule, "cap", line.points - line.before_cap, ()))
        given_lines = [(one.rule, one.kind, one.points * 1000, one.record_ids) for one in dimension.lines]
        assert given_lines == lines
        assert dimension.score * 1000 == result.scores[dimension.dimension]
    bounds = [
        (
            bound["id"],
            tuple(sorted({one for name in reference.indicators_of(bound["when"]) for one in result.record_ids[name]})),
        )
        for kind in result.met.values()
        for bound in kind
    ]
    given_bounds = [(one.id, one.record_ids) for one in explanation.bounds if one.kind != "limit_on_change"]
    assert given_bounds == bounds
    assert any(one.kind == "limit_on_change" for one in explanation.bounds) == result.held
