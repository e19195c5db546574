"""A policy as a document for the public: the content of a page or a text file, without its layout.

The assessed enterprises may read the rules beforehand (open rules, article 二(二) of 苏政发〔2020〕59号): everything
that affects a score or tier is here in words, with the source of each number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from creditrisk.policy.document import Policy
from creditrisk.policy.rules import EXPERT_DEFAULT, Bound, Rule
from creditrisk.report.policies.comparing import PARTS
from creditrisk.report.policies.wording import Words, field_label, joined, number_words, say
from creditrisk.vocabulary import SEVERITIES, BilingualText

__all__ = ["Cell", "PolicyContent", "Section", "Table", "expert_defaults", "policy_content"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Data):
    """A cell of a table: lines of text, then remarks, then ids; ``kind`` says how to show it."""

    lines: tuple[BilingualText, ...] = ()
    remarks: tuple[BilingualText, ...] = ()
    ids: tuple[str, ...] = ()
    kind: Literal["text", "number", "points", "basis", "expert_default"] = "text"


class Table(_Data):
    """Columns and rows of cells."""

    columns: tuple[BilingualText, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Section(_Data):
    """A part of the document with a heading: paragraphs and the source of their numbers, a table, further sections."""

    id: str
    title: BilingualText
    paragraphs: tuple[BilingualText, ...] = ()
    basis: BilingualText | None = None
    table: Table | None = None
    sections: tuple[Section, ...] = ()


class PolicyContent(_Data):
    """The content of a published policy."""

    title: BilingualText
    identity: tuple[tuple[BilingualText, BilingualText], ...]
    sha256: str
    sections: tuple[Section, ...]


def policy_content(policy: Policy) -> PolicyContent:
    """Return everything that a published policy says.

    Examples
    --------
    >>> from creditrisk.policy.loading import load_policy
    >>> [section.id for section in policy_content(load_policy("jiangsu")).sections][:4]
    ['score', 'dimensions', 'rules', 'bounds']
    """
    words = Words(policy)
    sections = (
        _score(policy),
        _dimensions(policy, words),
        _rules(policy, words),
        _bounds(policy, words),
        _tiers(policy, words),
        _regimes(policy, words),
        _standing(policy, words),
        _further_indicators(policy, words),
        _quantities(policy, words),
        _proofs(policy),
        _expert_defaults(policy),
    )
    return PolicyContent(
        title=policy.title,
        identity=tuple(_identity(policy, words)),
        sha256=policy.sha256,
        sections=tuple(section for section in sections if section is not None),
    )


def expert_defaults(policy: Policy) -> dict[str, list[str]]:
    """Return, by part of the policy, the ids whose basis says that all or some of their numbers are expert defaults."""
    parts: dict[str, Iterable[tuple[str, str]]] = {
        "severity_weights": [("severity_weights", policy.severity_weights.basis)],
        "standing.terms": [(f"standing.terms[{i}]", term.basis) for i, term in enumerate(policy.standing.terms)],
        "standing.exemption": [("exemption", policy.standing.exemption.basis)] if policy.standing.exemption else [],
        "quantities": [(quantity.id, quantity.source) for quantity in policy.quantities],
        "indicators": [(spec.id, spec.source) for spec in policy.indicators],
        "dimensions": [(name, scale.basis) for name, scale in policy.dimensions.items()],
        "rules": [(rule.id, rule.basis) for rule in policy.rules],
        "vetoes": [(bound.id, bound.basis) for bound in policy.vetoes],
        "thin_evidence": [(bound.id, bound.basis) for bound in policy.thin_evidence],
        "floors": [(bound.id, bound.basis) for bound in policy.floors],
        "tiers": [(tier.id, f"{tier.basis} {tier.inspection.basis}") for tier in policy.tiers],
        "limits_on_change": [("limits_on_change", policy.limits_on_change.basis)] if policy.limits_on_change else [],
        "model": [("model", policy.model.basis)] if policy.model else [],
        "regimes.full_coverage": [("full_coverage", policy.regimes.full_coverage.basis)]
        if policy.regimes.full_coverage
        else [],
        "regimes.observation": [("observation", policy.regimes.observation.basis)]
        if policy.regimes.observation
        else [],
    }
    found = {part: [name for name, basis in entries if EXPERT_DEFAULT in basis] for part, entries in parts.items()}
    return {part: names for part, names in found.items() if names}


def _identity(policy: Policy, words: Words) -> Iterator[tuple[BilingualText, BilingualText]]:
    for field in ("edition", "effective_from", "effective_to", "review_by", "basis", "notes"):
        value = getattr(policy, field)
        if value is not None:
            yield field_label(field), words.value(field, value)
    if policy.values_of is not None:
        yield say("参数取值日期", "parameters as of"), words.value("values_of", policy.values_of)


def _score(policy: Policy) -> Section:
    total = joined(
        (
            say(f"{number_words(scale.weight)} × {label.zh}", f"{number_words(scale.weight)} × {label.en}")
            for name, scale in policy.dimensions.items()
            for label in (Words(policy).name("dimension", name),)
        ),
        " + ",
        " + ",
    )
    weights = policy.severity_weights
    return Section(
        id="score",
        title=say("得分如何得出", "How a score comes about"),
        paragraphs=(
            say(
                "各指标由基准日已知且有效的记录计算；计分规则把指标化为分值。",
                "Indicators are computed from the records known and in force on the day; rules turn them into points.",
            ),
            say(
                "维度得分 = 基准分 + 该维度各规则分值之和，不低于下限、不高于上限。",
                "Dimension score = base + sum of the points of its rules, held between floor and ceiling.",
            ),
            say(f"总分 = {total.zh}", f"Total = {total.en}"),
            say(
                "分值以千分之一分为单位按整数计算，因此各项理由之和恰等于得分。",
                "Points are counted in whole thousandths, so the reasons add up to the score exactly.",
            ),
        ),
        sections=(
            Section(
                id="severity",
                title=PARTS["severity_weights"],
                paragraphs=(
                    say(
                        "按严重程度加权的指标使用下列权重。",
                        "Indicators weighted by severity use these weights.",
                    ),
                ),
                table=Table(
                    columns=(*(say(*label) for label in SEVERITIES.values()), field_label("basis")),
                    rows=((*(_number(weights[name]) for name in SEVERITIES), _basis(weights.basis)),),
                ),
            ),
        ),
    )


def _dimensions(policy: Policy, words: Words) -> Section:
    fields = ("weight", "base", "floor", "ceiling")
    return Section(
        id="dimensions",
        title=PARTS["dimensions"],
        table=Table(
            columns=(field_label("dimension"), *(field_label(field) for field in fields), field_label("basis")),
            rows=tuple(
                (
                    Cell(lines=(words.name("dimension", name),)),
                    *(_number(getattr(scale, field)) for field in fields),
                    _basis(scale.basis),
                )
                for name, scale in policy.dimensions.items()
            ),
        ),
    )


def _rules(policy: Policy, words: Words) -> Section:
    columns = (
        say("规则", "rule"), field_label("indicator"), field_label("points"), field_label("basis"),
    )  # fmt: skip
    return Section(
        id="rules",
        title=PARTS["rules"],
        paragraphs=(
            say(
                "“每单位”指指标值每增加一单位；区间含起点、不含终点。",
                "“Per unit” means for each unit of the indicator; a range includes where it begins, not where it ends.",
            ),
        ),
        sections=tuple(
            Section(
                id=f"rules-{name}",
                title=words.name("dimension", name),
                table=Table(
                    columns=columns,
                    rows=tuple(_rule(policy, words, rule) for rule in policy.rules if rule.dimension == name),
                ),
            )
            for name in policy.dimensions
        ),
    )


def _rule(policy: Policy, words: Words, rule: Rule) -> tuple[Cell, ...]:
    spec = policy.specs[rule.indicator]
    reason = say(rule.reason.zh.replace("{value}", "…"), rule.reason.en.replace("{value}", "…"))
    remarks = []
    if rule.missing:
        points = number_words(rule.missing)
        remarks.append(say(f"无数据：{points}分", f"no data: {points}"))
    if rule.when is not None:
        condition = words.condition(rule.when)
        remarks.append(say(f"仅当 {condition.zh}", f"only where {condition.en}"))
    return (
        Cell(lines=(reason,), ids=(rule.id,)),
        Cell(lines=(spec.label,), remarks=(words.indicator(spec),), ids=(spec.id,)),
        Cell(lines=tuple(words.point_lines(rule)), remarks=tuple(remarks), kind="points"),
        _basis(rule.basis),
    )


def _bounds(policy: Policy, words: Words) -> Section:
    return Section(
        id="bounds",
        title=say("限定等级的情形", "What bounds the tier whatever the score"),
        paragraphs=(
            say(
                "优先次序由弱到强：分数线；等级下限；证据不足；一票否决；等级变动限制（只会压低等级）。"
                "同类多项同时适用时，以最差的等级为准（等级下限以最好的为准）。",
                "Precedence, from the weakest: the cut-offs; floors; thin evidence; vetoes; the limits on change, "
                "which only hold a tier down. Of several bounds of one kind the worst tier stands (of floors the "
                "best).",
            ),
        ),
        sections=tuple(
            Section(id=part, title=PARTS[part], table=_bound_table(bounds, words))
            for part, bounds in (
                ("vetoes", policy.vetoes), ("thin_evidence", policy.thin_evidence), ("floors", policy.floors),
            )
            if bounds
        ),
    )  # fmt: skip


def _bound_table(bounds: Sequence[Bound], words: Words, effect: bool = True) -> Table:
    columns = [field_label("reason"), field_label("when"), field_label("effect"), field_label("basis")]
    rows = []
    for bound in bounds:
        reads = tuple(bound.when.indicators())
        cells = [
            Cell(lines=(bound.reason,), ids=(bound.id,)),
            Cell(lines=(words.condition(bound.when),), ids=reads),
            Cell(lines=(words.effect(bound),)),
            _basis(bound.basis),
        ]
        rows.append(tuple(cells if effect else [*cells[:2], cells[3]]))
    return Table(columns=tuple(columns if effect else [*columns[:2], columns[3]]), rows=tuple(rows))


def _tiers(policy: Policy, words: Words) -> Section:
    limits = policy.limits_on_change
    changes = Section(
        id="limits_on_change",
        title=PARTS["limits_on_change"],
        paragraphs=(say("无。", "None."),)
        if limits is None
        else (
            say(
                f"等级每{limits.per_months}个月至多上升{limits.rise_at_most_steps}级；已知记录少于上次评价时不上升。",
                f"A tier rises at most {limits.rise_at_most_steps} step(s) in {limits.per_months} months, and never "
                "where fewer records are known than at the assessment before.",
            ),
        ),
        basis=None if limits is None else _source(limits.basis),
    )
    model = policy.model
    beside = Section(
        id="model",
        title=PARTS["model"],
        paragraphs=(say("本办法不与模型合并使用。", "This policy is not combined with a model."),)
        if model is None
        else (
            say(
                f"与规则合并使用的模型至多将等级下调{model.raise_attention_at_most_steps}级，"
                "不得上调等级，不得解除一票否决。",
                f"A model beside the rules raises attention by at most {model.raise_attention_at_most_steps} tier(s); "
                "it never lowers it, and lifts no veto.",
            ),
        ),
        basis=None if model is None else _source(model.basis),
    )
    columns = (
        say("等级", "tier"), field_label("cut_off"), field_label("inspection.general"),
        field_label("inspection.key"), field_label("inspection.grid_coverage"), field_label("basis"),
    )  # fmt: skip
    return Section(
        id="tiers",
        title=PARTS["tiers"],
        paragraphs=(
            say(
                "由好到差排列。任何等级均不免除抽查。",
                "From best to worst. No tier is exempt from draws.",
            ),
        ),
        table=Table(
            columns=columns,
            rows=tuple(
                (
                    Cell(lines=(tier.label,), ids=(tier.id,)),
                    Cell(lines=(words.cut_off(tier),)),
                    Cell(lines=(words.intensity(tier.inspection.general),)),
                    Cell(lines=(words.intensity(tier.inspection.key),)),
                    Cell(lines=(words.value("grid_coverage", tier.inspection.grid_coverage),)),
                    _basis(tier.basis, tier.inspection.basis),
                )
                for tier in policy.tiers
            ),
        ),
        sections=(changes, beside),
    )


def _regimes(policy: Policy, words: Words) -> Section:
    full, observation = policy.regimes.full_coverage, policy.regimes.observation
    sections = []
    if full is not None:
        areas = "、".join(full.key_areas), ", ".join(full.key_areas)
        sections.append(
            Section(
                id="full_coverage",
                title=PARTS["regimes.full_coverage"],
                paragraphs=(
                    say(
                        f"下列重点领域的企业在分级之外实行全覆盖监管：{areas[0]}。",
                        f"Enterprises of these key areas are supervised in full, outside the tiers: {areas[1]}.",
                    ),
                ),
                basis=_source(full.basis),
            )
        )
    if observation is not None:
        sections.append(
            Section(
                id="observation",
                title=PARTS["regimes.observation"],
                paragraphs=(
                    say(
                        f"新业态企业自成立之日起观察{observation.months}个月（另有期限的从其期限），下列情形除外。",
                        f"New business forms are observed for {observation.months} months from the day they were "
                        "established (or until a day of their own), except in these cases.",
                    ),
                ),
                basis=_source(observation.basis),
                table=_bound_table(observation.unless, words, effect=False) if observation.unless else None,
            )
        )
    return Section(
        id="regimes",
        title=say("监管方式", "Regimes beside the tiers"),
        paragraphs=() if sections else (say("所有企业均实行分级监管。", "All enterprises are supervised by tier."),),
        sections=tuple(sections),
    )


def _standing(policy: Policy, words: Words) -> Section:
    rules = policy.standing
    severity = words.name("missing_severity", rules.missing_severity)
    paragraphs = [
        say(
            "记录自发生且已获知之日起计入，至修复、撤销或到期为止；载有自身到期日的从其日期。"
            "多项期限均适用时，以排列在前者为准。",
            "A record counts from the day it had happened and was known until it is repaired, revoked or past its "
            "term; one that carries its own last day ends then. Of several terms that fit, the first applies.",
        ),
        say(f"未载明严重程度的记录视为{severity.zh}。", f"A record without a severity is taken as {severity.en}."),
    ]
    fields = ("decided_from", "decided_before", "at_least_months", "at_most_months")
    exemption = rules.exemption
    sections = []
    if exemption is not None:
        types = words.value("types", exemption.types)
        matters = words.value("matters", exemption.matters) if exemption.matters else say("所有事项", "every matter")
        sections.append(
            Section(
                id="exemption",
                title=PARTS["standing.exemption"],
                paragraphs=(
                    say(
                        f"{types.zh}中的轻微首次违法（此前{exemption.first_within_months}个月内无其他违法）免予计分；"
                        f"事项范围：{matters.zh}。",
                        f"A minor first offence among {types.en} (no other in the {exemption.first_within_months} "
                        f"months before) does not count; matters: {matters.en}.",
                    ),
                ),
                basis=_source(exemption.basis),
            )
        )
    return Section(
        id="standing",
        title=say("记录的效力、期限与修复", "Which records count: terms and repair"),
        paragraphs=tuple(paragraphs),
        table=Table(
            columns=(say("记录", "records"), *(field_label(field) for field in fields), field_label("basis")),
            rows=tuple(
                (
                    Cell(lines=(words.term(term),)),
                    *(_optional(words, field, getattr(term, field)) for field in fields),
                    _basis(term.basis),
                )
                for term in rules.terms
            ),
        )
        if rules.terms
        else None,
        sections=tuple(sections),
    )


def _further_indicators(policy: Policy, words: Words) -> Section | None:
    shown = {rule.indicator for rule in policy.rules}
    rows = tuple(
        (
            Cell(lines=(spec.label,), ids=(spec.id,)),
            Cell(lines=(words.indicator(spec),)),
            Cell(lines=(words.name("direction", spec.direction),)),
            _basis(spec.source),
        )
        for spec in (policy.specs[name] for name in policy.indicators_used)
        if spec.id not in shown
    )
    if not rows:
        return None
    columns = (field_label("indicator"), field_label("measure"), field_label("direction"), field_label("source"))
    return Section(
        id="indicators",
        title=say("其他指标", "Further indicators"),
        paragraphs=(say("条件或其他指标读取的指标。", "Indicators that conditions or other indicators read."),),
        table=Table(columns=columns, rows=rows),
    )


def _quantities(policy: Policy, words: Words) -> Section | None:
    if not policy.quantities:
        return None
    apart = ("label", "source")
    return Section(
        id="quantities",
        title=PARTS["quantities"],
        table=Table(
            columns=(say("数量", "quantity"), say("算法", "how it is made"), field_label("source")),
            rows=tuple(
                (
                    Cell(lines=(quantity.label,), ids=(quantity.id,)),
                    Cell(lines=tuple(words.labelled(fact) for fact in words.facts(quantity, apart) if fact.is_said)),
                    _basis(quantity.source),
                )
                for quantity in policy.quantities
            ),
        ),
    )


def _proofs(policy: Policy) -> Section:
    statements: dict[BilingualText, int] = defaultdict(int)
    for proof in policy.proofs:
        statements[proof.text] += 1
    return Section(
        id="proofs",
        title=say("已证明的性质", "What is proved of these rules"),
        paragraphs=(
            say(
                "由文件本身逐条证明：风险越高，得分和等级不会越好。",
                "Proved from the document alone, rule by rule: more risk never earns a better score or tier.",
            ),
        ),
        table=Table(
            columns=(say("性质", "statement"), say("条数", "proofs")),
            rows=tuple((Cell(lines=(text,)), _number(count)) for text, count in statements.items()),
        ),
    )


def _expert_defaults(policy: Policy) -> Section:
    found = expert_defaults(policy)
    return Section(
        id="expert_defaults",
        title=say("专家默认值", "Expert defaults"),
        paragraphs=(
            say(
                "下列各项的数值全部或部分无公布的来源，须由制定机关确定。" if found else "无：所有数值均有来源。",
                "The numbers of these, all or some, come from no published text: the authority has to set them."
                if found
                else "None: every number has a source.",
            ),
        ),
        table=Table(
            columns=(say("部分", "part"), say("项数", "how many"), say("名称", "which")),
            rows=tuple(
                (Cell(lines=(PARTS[part],)), _number(len(names)), Cell(ids=tuple(names)))
                for part, names in found.items()
            ),
        )
        if found
        else None,
    )


def _number(number: float) -> Cell:
    text = number_words(number)
    return Cell(lines=(say(text, text),), kind="number")


def _optional(words: Words, field: str, value: object) -> Cell:
    return Cell(lines=(say("—", "—") if value in (None, 0) else words.value(field, value),), kind="number")


def _basis(*texts: str) -> Cell:
    lines = tuple(_source(text) for text in dict.fromkeys(texts))
    return Cell(lines=lines, kind="expert_default" if set(texts) == {EXPERT_DEFAULT} else "basis")


def _source(text: str) -> BilingualText:
    if text == EXPERT_DEFAULT:
        return say("专家默认值", "expert default")
    # A source is cited in its own language; only the mark of an expert default in it is put into words.
    cited = text.replace(EXPERT_DEFAULT, "专家默认值 (expert default)")
    return say(cited, cited)
