"""The card of a model: its use, its training data and its figures, by group too, written from its manifest alone.

After Mitchell et al., Model Cards for Model Reporting (2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from creditrisk.errors import InputError
from creditrisk.learning.bundles.manifest import Manifest, ModelBundle
from creditrisk.learning.scorers.directions import held_to_directions
from creditrisk.report.pages import policy_page
from creditrisk.report.policies.pages import PageLanguage, RenderForm, policy_markdown
from creditrisk.report.policies.rendering import Cell, PolicyContent, Section, Table
from creditrisk.vocabulary import BilingualText

__all__ = ["model_card"]

Rows = Sequence[Mapping[str, Any]]


def _say(zh: str, en: str) -> BilingualText:
    return BilingualText(zh=zh, en=en)


_FIGURES = {
    "auc": _say("AUC（排序能力）", "AUC"),
    "average_precision": _say("平均精度", "Average precision"),
    "first_half_share": _say("前一半检查发现的比例", "Share of findings in the first half"),
    "days_earlier": _say("平均提前天数", "Days by which findings come earlier"),
    "brier": _say("布里尔分数", "Brier score"),
    "log_loss": _say("对数损失", "Log loss"),
}
_SCORES = {"model": _say("模型", "Model"), "rules": _say("规则", "Rules")}
_GROUPS = {
    "region": _say("地区", "Region"),
    "scale": _say("规模", "Scale"),
    "industry": _say("行业", "Industry"),
}
_DIRECTIONS = {
    "risk_rises": _say("越大风险越高", "risk rises with it"),
    "risk_falls": _say("越大风险越低", "risk falls with it"),
    "none": _say("不限方向", "either way"),
}


def model_card(
    model: ModelBundle | Manifest,
    form: RenderForm = "markdown",
    language: PageLanguage = "both",
) -> str:
    """Write the card of a saved model.

    Parameters
    ----------
    model : ModelBundle or Manifest
    form : {"markdown", "html"}
        Markdown, or a whole page that needs no external files.
    language : {"zh", "en", "both"}

    Raises
    ------
    InputError
        If there is no such form or language, or the figures of the manifest are not those of an evaluation.

    Examples
    --------
    >>> import creditrisk as cr
    >>> card = cr.model_card(cr.load_model("reference"), language="en")
    >>> [line for line in card.splitlines() if line.startswith("## ")][:3]
    ['## Intended use', '## Limits', '## What it learnt from']
    """
    for name, value, known in (("form", form, get_args(RenderForm)), ("language", language, get_args(PageLanguage))):
        if value not in known:
            raise InputError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    manifest = model.manifest if isinstance(model, ModelBundle) else model
    content = PolicyContent(
        title=manifest.name,
        identity=tuple(_identity(manifest)),
        sha256=manifest.sha256,
        sections=tuple(_sections(manifest)),
    )
    return policy_page(content, language) if form == "html" else policy_markdown(content, language)


def _identity(manifest: Manifest) -> Iterator[tuple[BilingualText, BilingualText]]:
    kinds = {
        "boosted": _say("梯度提升树，按申明方向单调", "gradient-boosted trees, monotone in the declared directions"),
        "scorecard": _say("评分卡，按申明方向单调", "scorecard, monotone in the declared directions"),
    }
    yield _say("模型", "model"), kinds[manifest.kind]
    if manifest.policy is not None:
        used = f"{manifest.policy.id}@{manifest.policy.edition} (sha256 {manifest.policy.sha256[:12]})"
        yield _say("指标所依据的评价办法", "policy of the indicators"), _same(used)
    yield _say("软件版本", "versions"), _same(", ".join(f"{name} {it}" for name, it in manifest.versions.items()))


def _sections(manifest: Manifest) -> Iterator[Section]:
    yield Section(id="intended_use", title=_say("用途", "Intended use"), paragraphs=(manifest.intended_use,))
    yield Section(id="limits", title=_say("局限", "Limits"), paragraphs=(manifest.limits,))
    yield from _cohort(manifest)
    if manifest.figures:
        try:
            yield _performance(manifest.figures)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise InputError(
                "figures must be what to_dict() of a ModelEvaluation gives, whole: a card shows what is in it, with "
                "its intervals"
            ) from error
    yield _columns(manifest)
    yield Section(
        id="parts",
        title=_say("文件", "Parts"),
        table=Table(
            columns=(_say("文件", "file"), _same("sha256")),
            rows=tuple((Cell(ids=(name,)), Cell(ids=(digest,))) for name, digest in manifest.parts.items()),
        ),
    )


def _performance(figures: Mapping[str, Any]) -> Section:
    window = _say(
        f"训练之后的检查：{figures['from']}至{figures['to']}为评价基准日，共{figures['inspections']:,}次检查，"
        f"其中{figures['findings']:,}次发现问题。区间为95%。",
        f"On inspections after the training, seen from {figures['from']} to {figures['to']}: "
        f"{figures['inspections']:,}, of which {figures['findings']:,} found something. Intervals are of 95 %.",
    )
    return Section(
        id="figures",
        title=_say("训练之后的表现", "How it did after its training"),
        paragraphs=(window, *_rate(figures)),
        table=_figures(figures["figures"], "score", _SCORES),
        sections=tuple(_details(figures)),
    )


def _cohort(manifest: Manifest) -> Iterator[Section]:
    cohort = manifest.cohort
    if cohort is None:
        return
    target = cohort.target
    chosen = target.finding.model_dump(mode="json", exclude_defaults=True) or {"types": ["any record"]}
    finding = "; ".join(
        f"{name.replace('_', ' ')}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in chosen.items()
    )
    gap = (f"{target.gap_days}天之后、", f", after {target.gap_days} days,") if target.gap_days else ("", "")
    rows = (
        (_say("来源", "source"), cohort.source),
        (
            _say("目标", "target"),
            _say(
                f"{gap[0]}{target.within_months}个月内下一次检查是否发现（{finding}）",
                f"whether the next inspection within {target.within_months} months{gap[1]} finds something ({finding})",
            ),
        ),
        (_say("评价基准日", "days"), _same(f"{cohort.first_day} – {cohort.last_day}, {cohort.every or '—'}")),
        (_say("所学结果截至", "outcomes up to"), _same(str(cohort.learnt_until or "—"))),
        (_say("企业数", "enterprises"), _same(f"{cohort.enterprises:,}")),
        (_say("样本数", "rows"), _same(f"{cohort.rows:,}")),
        (_say("发现问题", "with a finding"), _same(f"{cohort.findings:,} ({cohort.findings / cohort.rows:.1%})")),
        (_say("随机抽查样本", "of random draws"), _same(f"{cohort.random_draws:,}")),
    )
    yield Section(
        id="cohort",
        title=_say("训练数据", "What it learnt from"),
        table=Table(
            columns=(_say("项目", "what"), _say("内容", "value")),
            rows=tuple((Cell(lines=(label,)), Cell(lines=(value,))) for label, value in rows),
        ),
    )


def _rate(figures: Mapping[str, Any]) -> Iterator[BilingualText]:
    rate = figures["rate"]
    if rate["weighted"] is not None:
        yield _say(
            f"发现率：受检企业{rate['plain']:.1%}；按抽中概率加权后全体企业{rate['weighted']:.1%}"
            f"（随机抽查{rate['n_drawn']:,}次）。",
            f"Rate of findings: {rate['plain']:.1%} of the inspected; for all enterprises, weighted by draws, "
            f"{rate['weighted']:.1%} (of {rate['n_drawn']:,} random draws).",
        )


def _details(figures: Mapping[str, Any]) -> Iterator[Section]:
    if figures.get("weighted_figures"):
        yield Section(
            id="weighted",
            title=_say("按抽中概率加权", "Weighted by draw probability"),
            table=_figures(figures["weighted_figures"], "score", _SCORES),
        )
    yield Section(
        id="differences",
        title=_say("模型与规则之差（同一批检查）", "Model less rules, on the same inspections"),
        table=_figures(figures["differences"], "score", _SCORES),
    )
    yield Section(
        id="tiers",
        title=_say("各等级的发现率", "Findings by tier"),
        table=_table(
            figures["tiers"],
            {
                "by": (_say("依据", "by"), lambda row: _SCORES[row["by"]]),
                "tier": (_say("等级", "tier"), lambda row: _same(row["tier"])),
                "rows": (_say("检查数", "inspections"), lambda row: _same(f"{row['rows']:,}")),
                "found": (_say("发现率", "share with a finding"), lambda row: _within(row, "found", "{:.1%}")),
            },
        ),
    )
    yield Section(
        id="reliability",
        title=_say("概率是否可信", "Whether stated probabilities hold"),
        table=_table(
            figures["reliability"],
            {
                "stated": (_say("估计概率", "stated"), lambda row: _same(f"{row['stated']:.1%}")),
                "found": (_say("实际发现率", "found"), lambda row: _within(row, "found", "{:.1%}")),
                "rows": (_say("检查数", "inspections"), lambda row: _same(f"{row['rows']:,}")),
            },
        ),
    )
    for column, title in _GROUPS.items():
        rows = [row for row in figures["groups"] if row["column"] == column]
        if rows:
            yield Section(
                id=f"by_{column}",
                title=_say(f"按{title.zh}", f"By {title.en.lower()}"),
                table=_table(
                    rows,
                    {
                        "group": (title, lambda row: _same(row["group"] or "—")),
                        "rows": (_say("检查数", "inspections"), lambda row: _same(f"{row['rows']:,}")),
                        "found": (_say("发现率", "found"), lambda row: _same(f"{row['found']:.1%}")),
                        "mean_score": (_say("平均估计概率", "stated"), lambda row: _same(f"{row['mean_score']:.1%}")),
                        "auc": (_FIGURES["auc"], lambda row: _within(row, "auc", "{:.3f}")),
                    },
                ),
            )


def _columns(manifest: Manifest) -> Section:
    specs = {spec.id: spec for spec in manifest.indicators}
    rows = []
    for name in manifest.columns:
        spec = specs.get(name)
        label = spec.label if spec is not None else _GROUPS.get(name, _same(name))
        direction = _DIRECTIONS[manifest.directions[name]]
        rows.append((Cell(lines=(label,), ids=(name,)), Cell(lines=(direction,))))
    return Section(
        id="columns",
        title=_say("所用指标", "What it reads"),
        paragraphs=(held_to_directions([manifest.directions[name] for name in manifest.columns]),),
        table=Table(columns=(_say("指标", "indicator"), _say("方向", "direction")), rows=tuple(rows)),
    )


def _figures(rows: Rows, key: str, names: Mapping[str, BilingualText]) -> Table:
    return _table(
        rows,
        {
            "figure": (_say("指标", "figure"), lambda row: _FIGURES.get(row["figure"], _same(row["figure"]))),
            key: (_say("得分", "score"), lambda row: names.get(row[key], _same(row[key]))),
            "value": (_say("数值与区间", "value and interval"), lambda row: _within(row, "value", "{:.3f}")),
        },
    )


def _table(rows: Rows, columns: Mapping[str, tuple[BilingualText, Any]]) -> Table:
    return Table(
        columns=tuple(title for title, _ in columns.values()),
        rows=tuple(tuple(Cell(lines=(say(row),)) for _, say in columns.values()) for row in rows),
    )


def _within(row: Mapping[str, Any], name: str, form: str) -> BilingualText:
    value, low, high = (row[key] for key in (name, "low", "high"))
    if value is None:
        return _same("—")
    between = "" if low is None or high is None else f" [{form.format(low)}, {form.format(high)}]"
    return _same(form.format(value) + between)


def _same(text: str) -> BilingualText:
    return BilingualText(zh=text, en=text)
