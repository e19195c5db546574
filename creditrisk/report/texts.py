"""Explanations and summaries as plain text, for a terminal, a log or a letter.

Chinese characters take two columns in a terminal, so columns are aligned by width, not by length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

from creditrisk.policy.rules import EXPERT_DEFAULT
from creditrisk.records.rejects import REASONS
from creditrisk.report.content import Count, DimensionLines, ExplanationContent, Language, ReasonLine, SummaryContent
from creditrisk.vocabulary import BilingualText, Label

__all__ = [
    "basis_text",
    "by_size",
    "explanation_text",
    "number_text",
    "on_one_line",
    "reject_lines",
    "reject_reason_text",
    "summary_text",
    "word_text",
]

# The number of record ids in a line of text; the JSON and HTML forms have all of them.
_IDS_SHOWN = 5
_BAR_WIDTH = 30

_WORDS = {
    "enterprise": BilingualText(zh="企业", en="Enterprise"),
    "as_of": BilingualText(zh="评价基准日", en="As of"),
    "policy": BilingualText(zh="评价办法", en="Policy"),
    "tier": BilingualText(zh="信用等级", en="Tier"),
    "score": BilingualText(zh="总分", en="Score"),
    "regime": BilingualText(zh="监管方式", en="Regime"),
    "evidence": BilingualText(zh="已知记录数", en="Records known"),
    "bounds": BilingualText(zh="限定等级的情形", en="What bounds the tier"),
    "veto": BilingualText(zh="一票否决", en="veto"),
    "thin_evidence": BilingualText(zh="证据不足", en="thin evidence"),
    "floor": BilingualText(zh="等级下限", en="floor"),
    "model": BilingualText(zh="模型", en="model"),
    "limit_on_change": BilingualText(zh="等级变动限制", en="limit on change"),
    "at_best": BilingualText(zh="至多", en="at best"),
    "at_worst": BilingualText(zh="至少", en="at worst"),
    "exactly": BilingualText(zh="定为", en="exactly"),
    "by_score": BilingualText(zh="仅按分数为", en="by score alone"),
    "weight": BilingualText(zh="权重", en="weight"),
    "base": BilingualText(zh="基准分", en="base"),
    "dimension_score": BilingualText(zh="维度得分", en="dimension score"),
    "records": BilingualText(zh="记录", en="records"),
    "more": BilingualText(zh="另有{count}条", en="{count} more"),
    "total": BilingualText(zh="合计", en="Total"),
    "way_up": BilingualText(zh="升级途径", en="The way to the next tier"),
    "states": BilingualText(zh="现有状态", en="States"),
    "entered_on": BilingualText(zh="起于", en="since"),
    "exits_on": BilingualText(zh="无新记录时止于", en="with nothing new, until"),
    "ignored": BilingualText(zh="未计入的记录", en="Records that did not count"),
    "expert_default": BilingualText(zh="专家默认值，须由制定机关确定", en="expert default, for the authority to set"),
}


def word_text(name: str) -> BilingualText:
    """Return a word of the explanations in both languages."""
    return _WORDS[name]


def explanation_text(explanation: ExplanationContent, language: Language = "zh") -> str:
    """Return an explanation in one language, with every sum written so that a reader can add it up.

    Parameters
    ----------
    explanation : Explanation
    language : {"zh", "en"}, default="zh"
    """
    colon, separator = ("：", "；") if language == "zh" else (": ", "; ")

    def word(name: str) -> str:
        return _in(_WORDS[name], language)

    tier = _in(explanation.tier_label, language)
    if explanation.tier_by_score != explanation.tier_label:
        tier += f"{separator}{word('by_score')}{colon}{_in(explanation.tier_by_score, language)}"
    lines = [
        f"{word('enterprise')}{colon}{on_one_line(explanation.name or '—')} ({on_one_line(explanation.enterprise_id)})",
        f"{word('tier')}{colon}{tier}",
        f"{word('score')}{colon}{number_text(explanation.score)}",
        f"{word('regime')}{colon}{_in(explanation.regime_label, language)}",
        f"{word('as_of')}{colon}{explanation.as_of}",
        f"{word('policy')}{colon}{explanation.policy}@{explanation.policy_edition} "
        f"(sha256 {explanation.policy_sha256[:12]})",
        f"{word('evidence')}{colon}{explanation.evidence_count}",
    ]
    if explanation.bounds:
        lines += ["", word("bounds")]
        for bound in explanation.bounds:
            lines.append(
                f"  {word(bound.kind)}{colon}{_in(bound.text, language)} → {word(bound.effect)} "
                f"{_in(bound.tier, language)}{_ids(bound.record_ids, language)}"
            )
    for dimension in explanation.dimensions:
        lines += ["", *_dimension_text(dimension, language)]
    parts = [number_text(dimension.weighted_score) for dimension in explanation.dimensions]
    lines += ["", f"{word('total')}{colon}{' + '.join(parts)} = {number_text(explanation.score)}"]
    if explanation.ignored:
        lines += ["", word("ignored")]
        for record in explanation.ignored:
            lines.append(
                f"  {on_one_line(record.record_id)}  {record.occurred_on}  {_in(record.type, language)}{colon}"
                f"{_in(record.text, language)}"
            )
    if explanation.way_up is not None:
        lines += ["", word("way_up"), f"  {_in(explanation.way_up.text, language)}"]
    if explanation.states:
        lines += ["", word("states")]
        for state in explanation.states:
            since, until = state.entered_on or "—", state.exits_on or "—"
            lines.append(
                f"  {word(state.kind)}{colon}{_in(state.label, language)}{separator}"
                f"{word('entered_on')} {since}{separator}{word('exits_on')} {until}"
            )
    return "\n".join(lines)


def summary_text(summary: SummaryContent) -> str:
    """Return a summary in Chinese and English, side by side."""
    lines = [
        f"{on_one_line(summary.policy_title.zh)} · {on_one_line(summary.policy_title.en)}",
        *aligned(
            [
                ("评价办法 policy", f"{summary.policy}@{summary.policy_edition}"),
                ("文件哈希 sha256", summary.policy_sha256),
                ("评价基准日 as of", str(summary.as_of)),
                ("企业 enterprises", f"{summary.enterprises:,}"),
                ("记录 records", f"{summary.records:,}"),
                ("剔除行 rows set aside", f"{summary.rows_rejected:,}"),
                ("平均总分 mean score", f"{summary.mean_score:.2f}"),
            ]
        ),
        "",
        "信用等级 Tiers",
        *_count_lines(summary.tiers, summary.enterprises),
        "",
        "监管方式 Regimes",
        *_count_lines(summary.regimes, summary.enterprises),
        "",
        "各维度平均分 Mean score by dimension",
        *aligned([(f"{item.label.zh} {item.label.en}", f"{item.mean:7.2f}") for item in summary.dimensions]),
        "",
        "否决与证据不足 Vetoes and thin evidence",
        *aligned(
            [
                (f"{on_one_line(item.label.zh)} · {on_one_line(item.label.en)}", f"{item.count:9,}")
                for item in summary.bounds
            ]
        ),
    ]
    if summary.rejected_by_code:
        lines += ["", "剔除原因 Rows set aside, by reason", *reject_lines(summary.rejected_by_code)]
    if summary.notes:
        lines += ["", "说明 Notes", *(f"  - {on_one_line(note)}" for note in summary.notes)]
    return "\n".join(lines)


def number_text(number: Decimal, sign: bool = False) -> str:
    """Write a decimal in full, without trailing zeros and without an exponent."""
    whole = f"{number:{'+' if sign else ''}f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def basis_text(basis: str) -> BilingualText:
    """Return the source of a number in words."""
    return _WORDS["expert_default"] if basis == EXPERT_DEFAULT else BilingualText(zh=basis, en=basis)


def reject_reason_text(code: str) -> BilingualText:
    """Return a reject code's meaning in short: the message of its rows, without the part that differs by row."""
    reason = REASONS.get(code, Label(code, code))
    zh, en = (re.split("[：，；:;{]", text.replace("{column}", "").strip())[0].strip() for text in reason)
    return BilingualText(zh=zh, en=en)


def reject_lines(rejected_by_code: dict[str, int]) -> list[str]:
    """Return lines of reject codes with their meanings and counts, the most frequent first."""
    rows = []
    for code, count in by_size(rejected_by_code):
        reason = reject_reason_text(code)
        rows.append((f"{reason.zh} {reason.en}", f"{count:9,}  {code}"))
    return aligned(rows)


def aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of label and value, with the values in one column."""
    if not rows:
        return ["  —"]
    width = max(_width(label) for label, _ in rows)
    return [f"  {label}{' ' * (width - _width(label))}  {value}" for label, value in rows]


def by_size(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Sort counts from the largest to the smallest, and equal ones by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _dimension_text(dimension: DimensionLines, language: Language) -> list[str]:
    weight, base, dimension_score = (_in(_WORDS[name], language) for name in ("weight", "base", "dimension_score"))
    number = number_text(dimension.weight)
    amounts = [number_text(dimension.base), *(number_text(line.points, sign=True) for line in dimension.lines)]
    texts = [base, *(_reason_text(line, language) for line in dimension.lines)]
    score = number_text(dimension.score)
    width = max(8, *(len(amount) for amount in (*amounts, score)))
    title = _in(dimension.label, language)
    return [
        f"{title}（{weight} {number}）" if language == "zh" else f"{title[:1].upper()}{title[1:]} ({weight} {number})",
        *(f"  {amount:>{width}}  {text}" for amount, text in zip(amounts, texts, strict=True)),
        f"  {'-' * width}",
        f"  {score:>{width}}  {dimension_score}: {score} × {number} = {number_text(dimension.weighted_score)}",
    ]


def _reason_text(line: ReasonLine, language: Language) -> str:
    return f"{_in(line.text, language)} [{line.rule}]{_ids(line.record_ids, language)}"


def _ids(record_ids: Sequence[str], language: Language) -> str:
    if not record_ids:
        return ""
    shown = [on_one_line(name) for name in record_ids[:_IDS_SHOWN]]
    if len(record_ids) > _IDS_SHOWN:
        shown.append(_in(_WORDS["more"], language).format(count=len(record_ids) - _IDS_SHOWN))
    records, comma = ("记录：", "、") if language == "zh" else ("records: ", ", ")
    return f" | {records}{comma.join(shown)}"


def _count_lines(counts: Iterable[Count], whole: int) -> list[str]:
    counts = list(counts)
    labels = [f"{on_one_line(count.label.zh)} {on_one_line(count.label.en)}" for count in counts]
    rows = []
    for label, count in zip(labels, counts, strict=True):
        share = count.count / whole
        rows.append((label, f"{count.count:9,}  {share:6.1%}  {'█' * round(share * _BAR_WIDTH)}".rstrip()))
    return aligned(rows)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _in(text: BilingualText, language: Language) -> str:
    return on_one_line(text.zh if language == "zh" else text.en)


def on_one_line(text: str) -> str:
    """Put text from data on one line: control characters could rewrite the terminal or forge a line."""
    return "".join(
        " " if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") else character for character in text
    )
