"""The reasons why rows are set aside: reject codes in plain Chinese and English, and the table of rejects."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from creditrisk.records.aliases import TableName
from creditrisk.records.schema import REJECT_SCHEMA
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, RECORD_TYPES, SCALES, SEVERITIES, STATUSES, Label

__all__ = ["REASONS", "reject_rows", "unknown_enterprise_rejects"]


def _known(words: Mapping[str, Label]) -> Label:
    return Label("、".join(label.zh for label in words.values()), ", ".join(words))


# {column} and {known} are filled in by column; {detail} by row, from the frame given to reject_rows.
REASONS: dict[str, Label] = {
    "missing_value": Label("{column} 为空，该列必填", "{column} is missing; every row needs it"),
    "invalid_date": Label("不是有效日期", "not a real calendar date"),
    "date_before_1949": Label("日期早于 1949 年", "the date is before 1949"),
    "date_after_2100": Label("日期晚于 2100 年", "the date is after 2100"),
    "invalid_amount": Label("不是有效金额", "not an amount of money"),
    "negative_amount": Label("金额为负数", "the amount is negative"),
    "invalid_number": Label("不是有效数字", "not a number"),
    "negative_number": Label("人数为负数", "the number is negative"),
    "invalid_boolean": Label("应为 是 或 否", "neither yes nor no"),
    "unknown_type": Label("未知的记录类型；可用：{known}", "unknown type of record; known: {known}"),
    "unknown_dimension": Label("未知的维度；可用：{known}", "unknown dimension; known: {known}"),
    "unknown_severity": Label("未知的严重程度；可用：{known}", "unknown severity; known: {known}"),
    "unknown_outcome": Label("未知的结果；可用：{known}", "unknown outcome; known: {known}"),
    "unknown_status": Label("未知的登记状态；可用：{known}", "unknown status; known: {known}"),
    "unknown_scale": Label("未知的企业规模；可用：{known}", "unknown scale; known: {known}"),
    "invalid_uscc": Label("不是统一社会信用代码", "not a unified social credit code"),
    "wrong_check_character": Label(
        "统一社会信用代码校验码错误，可能录入有误", "the check character of the code is wrong; it may be mistyped"
    ),
    "invalid_organisation_code": Label(
        "第 9 至 17 位不是有效的组织机构代码", "positions 9 to 17 are not a valid organisation code"
    ),
    "legacy_registration_number": Label(
        "为 15 位工商注册号，企业表中无法对应到统一社会信用代码",
        "a 15-digit registration number that leads to no enterprise",
    ),
    "legacy_organisation_code": Label(
        "为 9 位组织机构代码，企业表中无法唯一对应到统一社会信用代码",
        "a 9-character organisation code that leads to no single enterprise",
    ),
    "known_before_occurred": Label("获知日期早于发生日期", "known before it occurred"),
    "repaired_before_occurred": Label("修复日期早于发生日期", "repaired before it occurred"),
    "revoked_before_occurred": Label("撤销日期早于发生日期", "revoked before it occurred"),
    "expires_before_occurred": Label("失效日期早于发生日期", "expires before it occurred"),
    "invalid_probability": Label("抽取概率须大于 0 且不超过 1", "a draw probability lies above 0 and at most at 1"),
    "acts_on_unknown": Label("关联的原记录不存在", "the record it acts on is not known"),
    "acts_before_target": Label("早于其关联的原记录", "it is earlier than the record it acts on"),
    "duplicate_record": Label("记录编号重复，保留{detail}", "the record id is there already; kept is {detail}"),
    "duplicate_enterprise": Label("企业代码重复，保留{detail}", "the enterprise is there already; kept is {detail}"),
    "second_name": Label("同一代码对应另一名称，保留{detail}", "one code under another name; kept is {detail}"),
    "unknown_enterprise": Label("企业表中没有该企业", "the enterprise table has no such enterprise"),
    "ragged_row": Label("字段数与表头不符：{detail}", "the number of fields differs from the header: {detail}"),
}

_WORDS = {
    "type": RECORD_TYPES,
    "dimension": DIMENSIONS,
    "severity": SEVERITIES,
    "outcome": OUTCOMES,
    "status": STATUSES,
    "scale": SCALES,
}


def reject_rows(
    frame: pl.DataFrame,
    table: TableName,
    column: str,
    code: str,
    value: pl.Expr,
    detail: Label | None = None,
    further_types: tuple[str, ...] = (),
) -> pl.DataFrame:
    """Turn faulty rows into rows of the reject table.

    Parameters
    ----------
    frame : polars.DataFrame
        The faulty rows, with ``source`` and ``source_row``.
    table, column, code
        The table and column with the fault, and the reject code.
    value : polars.Expr
        The value in the source.
    detail : Label of column names, optional
        The columns of ``frame`` with the detail in Chinese and English.
    further_types : tuple of str
        Record types that the policy adds, for the list of known types.
    """
    known = _known(_WORDS[column]) if column in _WORDS else Label("", "")
    if column == "type" and further_types:
        known = Label(f"{known.zh}、{'、'.join(further_types)}", f"{known.en}, {', '.join(further_types)}")
    messages = {}
    for language, template, words in zip(("zh", "en"), REASONS[code], known, strict=True):
        before, slot, after = template.replace("{column}", column).replace("{known}", words).partition("{detail}")
        message = pl.lit(before + after)
        if slot and detail is not None:
            message = pl.concat_str(pl.lit(before), pl.col(getattr(detail, language)), pl.lit(after), ignore_nulls=True)
        messages[f"message_{language}"] = message
    return frame.select(
        table=pl.lit(table, dtype=REJECT_SCHEMA["table"]),
        source=pl.col("source").cast(pl.String),
        row=pl.col("source_row"),
        column=pl.lit(column),
        value=value.cast(pl.String),
        code=pl.lit(code),
        **messages,
    )


def unknown_enterprise_rejects(records: pl.DataFrame) -> pl.DataFrame:
    """Return the rejects for records whose enterprise is not in the table."""
    rejected = reject_rows(records, "records", "enterprise_id", "unknown_enterprise", pl.col("enterprise_id"))
    return rejected.cast(dict(REJECT_SCHEMA))  # type: ignore[arg-type]
