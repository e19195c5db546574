"""The trace of one enterprise: every parameter and indicator read to find its tier, and what each of them gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from creditrisk.report.content import Language
from creditrisk.report.texts import number_text
from creditrisk.vocabulary import BilingualText

__all__ = [
    "BoundTrace",
    "ConditionTrace",
    "DimensionTrace",
    "IndicatorTrace",
    "Parameter",
    "PartTrace",
    "RuleTrace",
    "Trace",
]

Value = bool | int | float | str | date | tuple[bool | int | float | str, ...]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Data):
    """A parameter that was read: its key path in the policy document, its value, and its first day if it is dated."""

    path: str
    value: Value
    in_force_from: date | None = None


class ConditionTrace(_Data):
    """A condition that was tested, or a part of one, and whether it was met."""

    path: str
    met: bool


class IndicatorTrace(_Data):
    """An indicator that was read: its value, its parameters, the records counted, and the indicators that it uses."""

    id: str
    label: BilingualText
    value: float | None
    parameters: tuple[Parameter, ...]
    record_ids: tuple[str, ...]
    made_of: tuple[IndicatorTrace, ...] = ()


class PartTrace(_Data):
    """The parameters and indicators that were read for one part of the policy."""

    path: str
    parameters: tuple[Parameter, ...]
    conditions: tuple[ConditionTrace, ...] = ()
    indicators: tuple[IndicatorTrace, ...] = ()


class RuleTrace(PartTrace):
    """A rule, whether or not it gave points, with its points before and after the cap."""

    id: str
    dimension: str
    points_before_cap: Decimal
    points: Decimal


class BoundTrace(PartTrace):
    """A veto, thin evidence, floor or end of observation, whether or not it was met."""

    id: str
    met: bool


class DimensionTrace(PartTrace):
    """A dimension: ``base + points + adjustment == score``, where a floor or ceiling makes the adjustment."""

    dimension: str
    base: Decimal
    points: Decimal
    adjustment: Decimal
    score: Decimal
    weight: Decimal
    weighted_score: Decimal


class Trace(_Data):
    """Every parameter and indicator that was read for one enterprise, under their key paths in the policy document.

    ``inputs`` are the parameters that decide which records count and how much, read for all indicators alike.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, policy="jiangsu", as_of="2026-06-30")
    >>> trace = assessment.trace(assessment.table["enterprise_id"][0])
    >>> rule = next(rule for rule in trace.rules if rule.id == "safety.coercive_measures")
    >>> read = {parameter.path: parameter.value for parameter in rule.parameters}
    >>> read["rules.safety.coercive_measures.per_unit.points"]
    -8.0
    """

    enterprise_id: str
    name: str | None
    as_of: date
    policy: str
    policy_edition: str
    policy_sha256: str
    rules: tuple[RuleTrace, ...]
    dimensions: tuple[DimensionTrace, ...]
    score: Decimal
    tiers: PartTrace
    tier_by_score: str
    bounds: tuple[BoundTrace, ...]
    limits_on_change: PartTrace
    held: bool
    tier: str
    regimes: PartTrace
    regime: str
    inputs: PartTrace

    def parameters(self) -> Iterator[Parameter]:
        """Yield every parameter that was read, each once."""
        seen = {parameter.path: parameter for part in self._parts() for parameter in _all_parameters(part)}
        yield from seen.values()

    def text(self, language: Language = "zh") -> str:
        """Return the trace as an indented tree in one language."""
        return "\n".join(_lines(self, language))

    def to_dict(self) -> dict[str, Any]:
        """Return the trace as plain data, with points as decimal text so that nothing is rounded."""
        return self.model_dump(mode="json")

    def _parts(self) -> Iterator[PartTrace]:
        yield from (*self.rules, *self.dimensions, self.tiers, *self.bounds)
        yield from (self.limits_on_change, self.regimes, self.inputs)

    def __repr__(self) -> str:
        return f"<Trace of {self.enterprise_id} as of {self.as_of}: {self.tier}, {self.score}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def __str__(self) -> str:
        return self.text("zh") + "\n\n" + self.text("en")


_WORDS = {
    "title": BilingualText(zh="评价轨迹", en="Trace"),
    "inputs": BilingualText(zh="记录如何计入", en="How records count"),
    "rules": BilingualText(zh="计分规则", en="Rules"),
    "dimensions": BilingualText(zh="维度得分", en="Dimension scores"),
    "tiers": BilingualText(zh="等级界限", en="Tiers by score"),
    "bounds": BilingualText(zh="限定等级的情形", en="What bounds the tier"),
    "limits": BilingualText(zh="等级变动限制", en="Limits on change"),
    "regimes": BilingualText(zh="监管方式", en="Regime"),
    "total": BilingualText(zh="总分", en="total"),
    "points": BilingualText(zh="分", en=" points"),
    "before_cap": BilingualText(zh="封顶前", en="before the cap "),
    "met": BilingualText(zh="成立", en="met"),
    "not_met": BilingualText(zh="不成立", en="not met"),
    "held": BilingualText(zh="等级上升受限", en="the tier is held down"),
    "not_held": BilingualText(zh="未受限", en="not held down"),
    "missing": BilingualText(zh="无数据", en="nothing to measure"),
    "records": BilingualText(zh="记录", en="records"),
    "from": BilingualText(zh="自{day}起", en="from {day}"),
}
_Word = Literal[
    "title", "inputs", "rules", "dimensions", "tiers", "bounds", "limits", "regimes", "total", "points", "before_cap",
    "met", "not_met", "held", "not_held", "missing", "records", "from",
]  # fmt: skip


def _lines(trace: Trace, language: Language) -> Iterator[str]:
    def word(name: _Word) -> str:
        return str(getattr(_WORDS[name], language))

    def part(part: PartTrace, headline: str) -> Iterator[str]:
        yield f"  {headline}"
        yield from _indented(parameters(part.parameters, f"{part.path}."), 2)
        for condition in part.conditions:
            answer = word("met" if condition.met else "not_met")
            yield f"    {condition.path.removeprefix(f'{part.path}.')}: {answer}"
        for indicator in part.indicators:
            yield from _indented(read(indicator), 2)

    def parameters(some: Iterable[Parameter], prefix: str) -> Iterator[str]:
        for parameter in some:
            since = parameter.in_force_from
            dated = "" if since is None else f" ({word('from').format(day=since)})"
            yield f"{_plain(parameter.path.removeprefix(prefix))} = {_shown(parameter.value)}{dated}"

    def read(indicator: IndicatorTrace) -> Iterator[str]:
        value = word("missing") if indicator.value is None else _shown(indicator.value)
        yield f"{indicator.id} = {value}  {_plain(getattr(indicator.label, language))}"
        yield from _indented(parameters(indicator.parameters, f"indicators.{indicator.id}."), 1)
        if indicator.record_ids:
            yield f"  {word('records')}: {', '.join(map(_plain, indicator.record_ids))}"
        for other in indicator.made_of:
            yield from _indented(read(other), 1)

    yield (
        f"{word('title')}: {_plain(trace.name or '—')} ({_plain(trace.enterprise_id)}), {trace.as_of}, "
        f"{trace.policy}@{trace.policy_edition} (sha256 {trace.policy_sha256[:12]})"
    )
    yield from ("", word("rules"))
    for rule in trace.rules:
        capped = rule.points != rule.points_before_cap
        before = f" ({word('before_cap')}{number_text(rule.points_before_cap)})" if capped else ""
        yield from part(rule, f"{rule.id}: {number_text(rule.points)}{word('points')}{before}")
    yield from ("", word("dimensions"))
    for one in trace.dimensions:
        terms = [_signed(amount) for amount in (one.points, one.adjustment) if amount]
        result = f"{' '.join([number_text(one.base), *terms])} = {number_text(one.score)}"
        share = f"{number_text(one.score)} × {number_text(one.weight)} = {number_text(one.weighted_score)}"
        yield from part(one, f"{one.dimension}: {result}; {share}")
    yield from ("", word("tiers"))
    yield from part(trace.tiers, f"{word('total')} {number_text(trace.score)} → {trace.tier_by_score}")
    yield from ("", word("bounds"))
    for bound in trace.bounds:
        yield from part(bound, f"{bound.id}: {word('met' if bound.met else 'not_met')}")
    if trace.limits_on_change.parameters:
        yield from ("", word("limits"))
        yield from part(trace.limits_on_change, word("held" if trace.held else "not_held"))
    yield from ("", f"→ {trace.tier}", "", word("regimes"))
    yield from part(trace.regimes, trace.regime)
    yield from ("", word("inputs"))
    yield from _indented(parameters(trace.inputs.parameters, ""), 1)


def _all_parameters(part: PartTrace | IndicatorTrace) -> Iterator[Parameter]:
    yield from part.parameters
    for indicator in part.indicators if isinstance(part, PartTrace) else part.made_of:
        yield from _all_parameters(indicator)


def _indented(lines: Iterable[str], steps: int) -> Iterator[str]:
    return ("  " * steps + line for line in lines)


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'} {number_text(abs(amount))}"


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    if isinstance(value, bool):
        return str(value).lower()
    return _plain(repr(value).removesuffix(".0") if isinstance(value, float) else str(value))


def _plain(text: str) -> str:
    """Put text from data on one line: control characters could rewrite the terminal or forge a line."""
    return "".join(character if character.isprintable() else " " for character in text)
