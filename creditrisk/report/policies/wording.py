"""The parts of a policy in Chinese and English words, for comparisons and published pages.

Every field of every part has words. Fields that are hard to read as names and numbers have their own sentences here;
all others are given as they are in the document, so that nothing in a document is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, assert_never

from pydantic import BaseModel

from creditrisk.indicators.measures import MEASURES
from creditrisk.indicators.quantities import Piece
from creditrisk.indicators.spec import IndicatorSpec, Selection, TimeStep
from creditrisk.policy.document import Policy
from creditrisk.policy.rules import (
    EXPERT_DEFAULT,
    AllOf,
    AnyOf,
    Band,
    Bands,
    Bound,
    ByValue,
    Comparison,
    Condition,
    PerUnit,
    Rule,
    Sign,
    ValuePoints,
)
from creditrisk.policy.tiers import (
    Above,
    AllOthers,
    AtLeast,
    ByConditionOnly,
    InspectionIntensity,
    Share,
    Tier,
    VisitsAtMost,
    VisitsBelow,
)
from creditrisk.records.standing import Term
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, RECORD_TYPES, SEVERITIES, BilingualText

__all__ = [
    "Fact",
    "Words",
    "field_label",
    "joined",
    "number_words",
    "say",
]

_FIELDS = {
    "above": ("高于", "above"),
    "at_least": ("不低于", "at least"),
    "at_least_months": ("修复至少须经月数", "months before a repair takes effect"),
    "at_most_months": ("计入至多月数", "months until it stops counting"),
    "authorities": ("机关", "authorities"),
    "base": ("基准分", "base"),
    "basis": ("依据", "basis"),
    "cap_per_inspection": ("每次检查封顶", "cap per inspection"),
    "ceiling": ("上限", "ceiling"),
    "cut_off": ("分数线", "cut-off"),
    "decided_before": ("决定日期早于", "decided before"),
    "decided_from": ("决定日期起", "decided from"),
    "dimension": ("维度", "dimension"),
    "dimensions": ("维度", "dimensions"),
    "direction": ("方向", "direction"),
    "edition": ("版本", "edition"),
    "effect": ("效果", "effect"),
    "effective_from": ("施行日期", "in force from"),
    "effective_to": ("失效日期", "in force to"),
    "first_within_months": ("期限（月）", "months without another"),
    "floor": ("下限", "floor"),
    "format": ("格式", "format"),
    "half_life_months": ("半衰期（月）", "half-life in months"),
    "id": ("名称", "id"),
    "indicator": ("指标", "indicator"),
    "inspection.basis": ("检查依据", "basis of inspections"),
    "inspection.general": ("一般检查事项", "general inspection items"),
    "inspection.grid_coverage": ("网格全覆盖", "grid coverage"),
    "inspection.key": ("重点检查事项", "key inspection items"),
    "key_areas": ("重点领域", "key areas"),
    "label": ("名称", "label"),
    "matters": ("事项", "matters"),
    "measure": ("计量", "measure"),
    "missing": ("缺失值", "missing value"),
    "missing_severity": ("未载明严重程度的记录视为", "a record without a severity is taken as"),
    "months": ("月数", "months"),
    "notes": ("说明", "notes"),
    "of": ("计量对象", "of"),
    "order": ("顺序", "order"),
    "out_of": ("占比基数", "out of"),
    "outcomes": ("结果", "outcomes"),
    "per": ("除以", "divided by"),
    "per_months": ("每若干月", "in so many months"),
    "percentile_by": ("同类分组", "peers by"),
    "percentile_within": ("同类百分位", "percentile within"),
    "points": ("分值", "points"),
    "raise_attention_at_most_steps": ("模型至多下调级数", "tiers by which a model raises attention at most"),
    "reason": ("理由", "reason"),
    "review_by": ("应于此前评估", "to be reviewed by"),
    "rise_at_most_steps": ("至多上升级数", "steps up at most"),
    "select": ("记录范围", "records"),
    "severities": ("严重程度", "severities"),
    "severity_at_least": ("严重程度不低于", "severity at least"),
    "source": ("来源", "source"),
    "standing": ("效力状态", "standing"),
    "time_steps": ("时间权重", "time weights"),
    "title": ("标题", "title"),
    "types": ("记录类型", "types"),
    "weight": ("权重", "weight"),
    "when": ("条件", "condition"),
    "window_months": ("时间窗口（月）", "window in months"),
    **{name: tuple(label) for name, label in SEVERITIES.items()},
}

_MEASURED = {
    "amount": ("金额", "amounts"),
    "severity": ("严重程度权重", "severity weights"),
    "authority": ("机关", "authorities"),
    "matter": ("事项", "matters"),
    "region": ("地区", "regions"),
    "type": ("记录类型", "record types"),
    "employees": ("从业人数", "employees"),
    "age_days": ("成立天数", "days since it was established"),
    "key_area_count": ("所属重点领域数", "key areas that it belongs to"),
    "new_business_form": ("是否新业态", "whether it is a new business form"),
}
_DIRECTIONS = {
    "risk_rises": ("值越大风险越高", "risk rises with it"),
    "risk_falls": ("值越大风险越低", "risk falls with it"),
    "none": ("未声明方向", "no direction declared"),
}
_STANDINGS = {
    "in_force": ("有效记录", "records in force"),
    "known": ("已知记录（不论其后修复、撤销或到期）", "records known, whatever became of them"),
}

# The fields that share one sentence, because one of them says nothing without the others.
_TOGETHER: dict[type[BaseModel], dict[str, tuple[str, ...]]] = {
    Rule: {"points": Rule.FORM_KEYS},
    Bound: {"effect": ("at_best", "at_worst", "exactly")},
    Tier: {"cut_off": Tier.CUT_OFF_KEYS},
}
_NOTHING = BilingualText(zh="无", en="none")


class Fact(NamedTuple):
    """One statement of a part of a policy: the field's name, its plain value, and its text."""

    field: str
    value: Any
    text: BilingualText

    @property
    def is_said(self) -> bool:
        """Whether the document states it: sentences leave out missing values, false and empty lists."""
        return not (self.value is None or self.value is False or self.value in ("", [], {}))


def say(zh: str, en: str) -> BilingualText:
    """Make a text in both languages."""
    return BilingualText(zh=zh, en=en)


def joined(texts: Iterable[BilingualText], zh: str = "；", en: str = "; ") -> BilingualText:
    """Join texts; the result is "none" if there are none."""
    texts = list(texts)
    return say(zh.join(text.zh for text in texts), en.join(text.en for text in texts)) if texts else _NOTHING


def number_words(number: float) -> str:
    """Write a number in full, with separated thousands and without trailing zeros."""
    text = f"{Decimal(repr(number)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def field_label(name: str) -> BilingualText:
    """Return a field's label."""
    zh, en = _FIELDS.get(name, (name, name.replace("_", " ")))
    return say(zh, en)


class Words:
    """The words of one policy: its labels for indicators, tiers and record types."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._tiers = {tier.id: tier.label for tier in policy.tiers}

    def facts(self, part: BaseModel, apart: Collection[str] = ()) -> Iterator[Fact]:
        """Yield every statement of a part in the order of its fields, without its id and the fields ``apart``."""
        together = _TOGETHER.get(type(part), {})
        said = {name: what for what, names in together.items() for name in names}
        dump = part.model_dump(mode="json", by_alias=True)
        for name in type(part).model_fields:
            value = getattr(part, name)
            if name in apart or (name == "id" and not isinstance(part, Policy)):
                continue
            if name in said:
                what = said[name]
                if name == together[what][0]:
                    yield Fact(what, {one: dump[one] for one in together[what]}, getattr(self, what)(part))
            elif isinstance(value, BaseModel) and name == "inspection":
                yield from (fact._replace(field=f"{name}.{fact.field}") for fact in self.facts(value))
            else:
                yield Fact(name, dump[name], self.value(name, value))

    def labelled(self, fact: Fact) -> BilingualText:
        """Return a fact's text after the label of its field."""
        label = field_label(fact.field)
        return say(f"{label.zh} {fact.text.zh}", f"{label.en} {fact.text.en}")

    def value(self, field: str, value: Any) -> BilingualText:
        """Return the value of a field in words."""
        match value:
            case None:
                return _NOTHING
            case BilingualText():
                return value
            case bool():
                return say("是", "yes") if value else say("否", "no")
            case int() | float():
                return self._plain(number_words(value))
            case date():
                return self._plain(value.isoformat())
            case str():
                return self.name(field, value)
            case Condition():
                return self.condition(value)
            case Selection():
                return self.selection(value)
            case InspectionIntensity():
                return self.intensity(value)
            case TimeStep():
                return say(
                    f"{value.months}个月内×{number_words(value.weight)}",
                    f"×{number_words(value.weight)} up to {value.months} months",
                )
            case Piece():
                return self._piece(value)
            case BaseModel():
                return joined(
                    (self.labelled(fact) for fact in self.facts(value) if fact.is_said),
                    "，", ", ",
                )  # fmt: skip
            case Mapping():
                return joined(
                    (say(f"{key}：{text.zh}", f"{key}: {text.en}") for key, text in self._items(value)), "，", ", "
                )
        return joined((self.value(field, item) for item in value), "、", ", ")

    def name(self, field: str, name: str) -> BilingualText:
        """Return the label that the policy or the vocabulary has for a name in a field."""
        tables: dict[str, Mapping[str, Any]] = {
            "types": {**RECORD_TYPES, **self._policy.record_types},
            "severities": SEVERITIES,
            "severity_at_least": SEVERITIES,
            "missing_severity": SEVERITIES,
            "dimensions": DIMENSIONS,
            "dimension": DIMENSIONS,
            "outcomes": OUTCOMES,
            "measure": {measure: traits.label for measure, traits in MEASURES.items()},
            "of": _MEASURED,
            "direction": _DIRECTIONS,
            "standing": _STANDINGS,
            "basis": {EXPERT_DEFAULT: ("专家默认值，须由制定机关确定", "expert default, for the authority to set")},
            "source": {EXPERT_DEFAULT: ("专家默认值", "expert default")},
            "at_best": self._tiers,
            "at_worst": self._tiers,
            "exactly": self._tiers,
        }
        if field == "indicator" and name in self._policy.specs:
            label = self._policy.specs[name].label
            return say(f"{label.zh}（{name}）", f"{label.en} ({name})")
        if name not in tables.get(field, {}):
            return self._plain(name)
        known = tables[field][name]
        return known if isinstance(known, BilingualText) else say(*known)

    def condition(self, condition: Condition, inner: bool = False) -> BilingualText:
        """Return a condition in words."""
        match condition.form:
            case Comparison() as one:
                label = self._policy.specs[one.indicator].label
                missing = ("（或无数据）", " (or no data)") if one.missing else ("", "")
                compared = f" {_sign(one.sign)} {number_words(one.number)}"
                return say(f"{label.zh}{compared}{missing[0]}", f"{label.en}{compared}{missing[1]}")
            case AllOf(parts):
                text = joined((self.condition(part, True) for part in parts), " 且 ", " and ")
            case AnyOf(parts):
                text = joined((self.condition(part, True) for part in parts), " 或 ", " or ")
            case unknown:
                assert_never(unknown)
        return say(f"（{text.zh}）", f"({text.en})") if inner else text

    def points(self, rule: Rule) -> BilingualText:
        """Return the points that the values of a rule's indicator give."""
        return joined(self.point_lines(rule))

    def point_lines(self, rule: Rule) -> list[BilingualText]:
        """Return the points that values of a rule's indicator give, line by line, without those of a missing value."""
        match rule.form:
            case PerUnit() as per_unit:
                return [self._per_unit(per_unit)]
            case Bands(bands):
                return [self._band(band) for band in bands]
            case ByValue(values, unseen):
                points = _points(unseen)
                other = say(f"其他值：{points.zh}", f"any other value: {points.en}")
                return [*(self._value(entry) for entry in values), other]
            case unknown:
                assert_never(unknown)

    def effect(self, bound: Bound) -> BilingualText:
        """Return the effect of a bound whose condition holds."""
        tier = self._tiers.get(bound.tier, self._plain(bound.tier))
        match bound.effect:
            case "at_best":
                return say(f"至多{tier.zh}", f"at best {tier.en}")
            case "at_worst":
                return say(f"至少{tier.zh}", f"at worst {tier.en}")
            case "exactly":
                return say(f"定为{tier.zh}", f"exactly {tier.en}")
            case unknown:
                assert_never(unknown)

    def cut_off(self, tier: Tier) -> BilingualText:
        """Return the way in which a tier is reached."""
        match tier.cut_off:
            case AtLeast(points):
                return say(f"总分 ≥ {number_words(points)}", f"total ≥ {number_words(points)}")
            case Above(points):
                return say(f"总分 > {number_words(points)}", f"total > {number_words(points)}")
            case Share(part):
                share = f"{number_words(part * 100)}%"
                return say(f"按总分排名的{share}", f"{share} by rank of the total")
            case ByConditionOnly():
                return say("仅由条件认定", "by condition only")
            case AllOthers():
                return say("其余", "all others")
            case unknown:
                assert_never(unknown)

    def intensity(self, intensity: InspectionIntensity) -> BilingualText:
        """Return the frequency at which a tier is inspected."""
        ratio = _percent(intensity.ratio)
        if intensity.ratio_from is not None:
            ratio = f"{_percent(intensity.ratio_from)}–{ratio}"
        texts = [say(f"年抽查比例{ratio}", f"{ratio} a year")]
        match intensity.visits:
            case VisitsAtMost(most):
                texts.append(say(f"每年至多{most}次", f"at most {most} visit{'s' * (most > 1)} a year"))
            case VisitsBelow(limit):
                texts.append(say(f"每年少于{limit}次", f"fewer than {limit} visit{'s' * (limit > 1)} a year"))
            case None:
                pass
            case unknown:
                assert_never(unknown)
        if intensity.every_months is not None:
            texts.append(say(f"每{intensity.every_months}个月一次", f"every {intensity.every_months} months"))
        if intensity.not_again_within_months is not None:
            months = intensity.not_again_within_months
            texts.append(say(f"{months}个月内不重复抽取", f"not drawn again within {months} months"))
        return joined(texts, "，", ", ")

    def selection(self, selection: Selection) -> BilingualText:
        """Return the records that a selection takes."""
        texts = [self.value("types", selection.types) if selection.types else say("所有记录", "records of every type")]
        if selection.dimension is not None:
            dimension = self.name("dimension", selection.dimension)
            texts.append(say(f"属{dimension.zh}", f"on {dimension.en}"))
        if selection.severity_at_least is not None:
            severity = self.name("severity_at_least", selection.severity_at_least)
            texts.append(say(f"严重程度不低于{severity.zh}", f"at least {severity.en}"))
        for field in ("outcomes", "authorities", "matters"):
            value = getattr(selection, field)
            if value:
                label, text = field_label(field), self.value(field, value)
                texts.append(say(f"{label.zh}为{text.zh}", f"{label.en}: {text.en}"))
        if selection.standing != "in_force":
            texts.append(self.name("standing", selection.standing))
        return joined(texts, "，", ", ")

    def indicator(self, spec: IndicatorSpec) -> BilingualText:
        """Return the way in which an indicator is computed, in a sentence."""
        measure = self.name("measure", spec.measure)
        texts = []
        if spec.traits.of_records:
            texts.append(self.selection(spec.select))
        if spec.of is not None:
            of = self._policy.specs[spec.of].label if spec.of in self._policy.specs else self.name("of", spec.of)
            measure = say(f"{of.zh}的{measure.zh}", f"{measure.en} of {of.en}")
        texts.append(measure)
        if spec.out_of is not None:
            whole = self.selection(spec.out_of)
            texts.append(say(f"基数：{whole.zh}", f"out of: {whole.en}"))
        if spec.window_months is not None:
            texts.append(say(f"近{spec.window_months}个月", f"in {spec.window_months} months"))
        if spec.half_life_months is not None:
            months = number_words(spec.half_life_months)
            texts.append(say(f"半衰期{months}个月", f"half-life {months} months"))
        shown = ("time_steps", "cap_per_inspection", "per", "percentile_within", "percentile_by")
        texts += [self.labelled(fact) for fact in self.facts(spec) if fact.field in shown and fact.is_said]
        return joined(texts)

    def term(self, term: Term) -> BilingualText:
        """Return the records that a term is about, without its days of decision."""
        texts = [self.value("types", term.types)]
        if set(term.severities) != set(SEVERITIES):
            texts.append(self.value("severities", term.severities))
        if term.dimensions:
            texts.append(self.value("dimensions", term.dimensions))
        return joined(texts, "，", ", ")

    def _items(self, value: Mapping[str, Any]) -> Iterator[tuple[str, BilingualText]]:
        for key, item in value.items():
            yield key, self.value(key, item)

    def _plain(self, text: str) -> BilingualText:
        return say(text or "—", text or "—")

    def _per_unit(self, per_unit: PerUnit) -> BilingualText:
        points = _points(per_unit.points)
        unit = "" if per_unit.unit == 1 else number_words(per_unit.unit)
        text = say(f"每{unit or '单位'}计{points.zh}", f"{points.en} per {unit or 'unit'}")
        if per_unit.cap is None:
            return text
        cap = number_words(per_unit.cap)
        return say(f"{text.zh}，累计至多{cap}分", f"{text.en}, at most {cap} in all")

    def _band(self, band: Band) -> BilingualText:
        points = _points(band.points)
        start = "" if band.from_ is None else f"{number_words(band.from_)} ≤ "
        end = "" if band.below is None else f" < {number_words(band.below)}"
        return say(f"{start}值{end}：{points.zh}", f"{start}value{end}: {points.en}")

    def _value(self, entry: ValuePoints) -> BilingualText:
        points = _points(entry.points)
        return say(
            f"值 = {number_words(entry.value)}：{points.zh}", f"value = {number_words(entry.value)}: {points.en}"
        )

    def _piece(self, piece: Piece) -> BilingualText:
        end = ("其余", "above") if piece.up_to is None else (f"≤ {number_words(piece.up_to)}",) * 2
        more = ("", "")
        if piece.one_more_per is not None:
            more = (f"，每{number_words(piece.one_more_per)}加1", f", 1 more per {number_words(piece.one_more_per)}")
        value = number_words(piece.value)
        return say(f"{end[0]}：{value}{more[0]}", f"{end[1]}: {value}{more[1]}")


def _sign(sign: Sign) -> str:
    match sign:
        case "at_least":
            return "≥"
        case "above":
            return ">"
        case "at_most":
            return "≤"
        case "below":
            return "<"
        case unknown:
            assert_never(unknown)


def _points(points: float) -> BilingualText:
    number = f"{'+' if points > 0 else ''}{number_words(points)}"
    return say(f"{number}分", f"{number}")


def _percent(share: float) -> str:
    return f"{number_words(round(share * 100, 6))}%"
