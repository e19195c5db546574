"""The requirements that a plan could not meet, and why, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from creditrisk.vocabulary import Label

__all__ = ["UNMET", "unmet_row", "unmet_table"]

UNMET: dict[str, Label] = {
    "authority": Label(
        "机关“{authority}”不在本计划的机关名单内，事项未安排",
        "{authority} is no authority of this plan; the item is left out",
    ),
    "empty_frame": Label("没有适用该事项的企业", "there is no enterprise to which the item applies"),
    "ratio": Label(
        "事项要求的比例高于评价办法对一般事项规定的上限，按上限抽取",
        "the item asks for more than the policy allows for general items; the policy's bound holds",
    ),
    "smallest_draw": Label(
        "企业过少，按比例不足一户；任何等级不得免检，仍抽取一户",
        "too few enterprises for one by the ratio; no tier goes uninspected, so one is drawn all the same",
    ),
    "probability": Label(
        "要求每年检查不止一次，年度计划中每户每事项只抽取一次",
        "more than one inspection a year is asked for; a plan draws each enterprise once a year for an item",
    ),
    "cap": Label(
        "其余企业已达年度检查次数上限，无法抽足",
        "all others have as many visits as the annual cap allows; fewer are drawn",
    ),
    "cap_binds": Label(
        "部分企业各事项比例之和超过年度检查次数上限，一般事项的抽取概率因企业而异，不作记载",
        "the ratios of some enterprises add up to more than the annual cap, so the probabilities of general draws "
        "differ between enterprises and are not stated",
    ),
    "cap_may_bind": Label(
        "有权重或上期已查企业靠后时，年度检查次数上限使一般事项的抽取概率因企业而异，不作记载",
        "with weights, or where those visited by the plan before come last, the annual cap makes the probabilities of "
        "general draws differ between enterprises, so they are not stated",
    ),
    "rest": Label(
        "其余企业仍在规定的不重复抽取期内，无法抽足",
        "all others were visited too recently to be drawn again; fewer are drawn",
    ),
    "full_coverage": Label(
        "重点领域部分企业无任何适用的现场检查事项", "no on-site item applies to some enterprises of key areas"
    ),
    "grid": Label(
        "部分应由网格全覆盖的企业未登记网格", "some enterprises to be covered by the grid have no grid on record"
    ),
    "override": Label("专项安排未执行：{fault_zh}", "an override was not carried out: {fault_en}"),
}

_SCHEMA = {
    "item": pl.String,
    "tier": pl.String,
    "what": pl.String,
    "required": pl.Float64,
    "got": pl.Float64,
    "why_zh": pl.String,
    "why_en": pl.String,
}


def unmet_row(
    what: str, *, item: str | None, tier: str | None, required: float | None, got: float | None, **details: str
) -> dict[str, Any]:
    """Return one row of the table, with shares for ``ratio``, ``smallest_draw`` and ``probability``, else counts."""
    why = UNMET[what]
    return {
        "item": item, "tier": tier, "what": what, "required": required, "got": got,
        "why_zh": why.zh.format(**details), "why_en": why.en.format(**details),
    }  # fmt: skip


def unmet_table(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return the table: item, tier, what, required, got, why_zh, why_en."""
    return pl.DataFrame(rows, schema=_SCHEMA)
