"""The words of the field: record types, dimensions, severities, outcomes, statuses, each in Chinese and English.

Every other module takes its names from here, so that columns, policy files, reports and code use the same words.
The dimensions are those of article 三(二)2 of 苏政发〔2020〕59号; the record types follow article 三(二)6.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "DIMENSIONS",
    "OUTCOMES",
    "RECORD_TYPES",
    "REGIMES",
    "SCALES",
    "SEVERITIES",
    "STATUSES",
    "BilingualText",
    "Label",
]


class Label(NamedTuple):
    """A text in Chinese and in English."""

    zh: str
    en: str


class BilingualText(BaseModel):
    """A text in Chinese and in English, for documents and results."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


DIMENSIONS: dict[str, Label] = {
    "safety": Label("安全生产", "work safety"),
    "quality": Label("质量安全", "quality and safety of products"),
    "environment": Label("生态环保", "environment"),
    "compliance": Label("守法履约", "compliance and contract performance"),
    "responsibility": Label("社会责任", "social responsibility"),
}

# The severities are in order: each is worse than the one before.
SEVERITIES: dict[str, Label] = {
    "minor": Label("轻微", "minor"),
    "general": Label("一般", "general"),
    "serious": Label("较重", "serious"),
    "grave": Label("严重", "grave"),
}

RECORD_TYPES: dict[str, Label] = {
    "inspection": Label("行政检查", "inspection"),
    "violation": Label("检查发现问题", "violation found at an inspection"),
    "spot_check": Label("抽查抽检", "spot check"),
    "penalty": Label("行政处罚", "administrative penalty"),
    "coercive_measure": Label("行政强制", "coercive measure"),
    "judgment": Label("司法判决", "court judgment"),
    "enforcement_default": Label("失信被执行人", "default on an enforceable judgment"),
    "serious_dishonesty_listing": Label("严重失信主体名单", "serious-dishonesty listing"),
    "abnormal_operation_listing": Label("经营异常名录", "abnormal-operation listing"),
    "accident": Label("生产安全事故", "accident"),
    "recall": Label("产品召回", "product recall"),
    "complaint": Label("投诉举报", "complaint"),
    "arrears": Label("欠税欠薪欠费", "arrears of tax, wages or social insurance"),
    "commitment": Label("信用承诺", "credit commitment"),
    "certification": Label("认证认可", "certification"),
    "commendation": Label("表彰奖励", "commendation"),
    "public_good": Label("公益慈善", "public good"),
    "training": Label("培训", "training"),
    "traceability": Label("质量追溯", "traceability"),
    "annual_report": Label("年度报告", "annual report"),
    "licence": Label("行政许可", "licence"),
    "repair": Label("信用修复", "credit repair"),
    "revocation": Label("撤销", "revocation"),
}

OUTCOMES: dict[str, Label] = {
    # inspections and spot checks
    "pass": Label("合格", "pass"),
    "pass_with_conditions": Label("责令改正后合格", "pass with conditions"),
    "fail": Label("不合格", "fail"),
    "unreachable": Label("无法联系", "enterprise could not be reached"),
    # complaints
    "upheld": Label("属实", "upheld"),
    "unfounded": Label("不属实", "unfounded"),
    # judgments
    "liable": Label("承担责任", "held liable"),
    "not_liable": Label("不承担责任", "not held liable"),
    # commitments
    "kept": Label("已履行", "kept"),
    "broken": Label("未履行", "broken"),
    # annual reports
    "on_time": Label("按时", "on time"),
    "late": Label("逾期", "late"),
    "not_filed": Label("未报送", "not filed"),
    # licences
    "granted": Label("准予", "granted"),
    "refused": Label("不予", "refused"),
    # anything still open
    "pending": Label("办理中", "pending"),
}

STATUSES: dict[str, Label] = {
    "active": Label("存续", "active"),
    "suspended": Label("停业", "suspended"),
    "revoked": Label("吊销", "revoked"),
    "deregistered": Label("注销", "deregistered"),
}

SCALES: dict[str, Label] = {
    "large": Label("大型", "large"),
    "medium": Label("中型", "medium"),
    "small": Label("小型", "small"),
    "micro": Label("微型", "micro"),
}

REGIMES: dict[str, Label] = {
    "tiered": Label("分级监管", "tiered supervision"),
    "full_coverage": Label("重点领域全覆盖", "full coverage of key areas"),
    "observation": Label("包容审慎观察期", "observation period"),
}
