"""The comparison of two policies, part by part and in words: what was added, removed or changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from creditrisk.policy.document import FILLED_IN_ON_LOADING, Policy
from creditrisk.policy.loading import load_policy
from creditrisk.policy.rules import Bound
from creditrisk.report.policies.wording import Fact, Words, field_label, joined, say
from creditrisk.vocabulary import BilingualText

__all__ = ["Change", "PolicyDifference", "PolicyName", "compare_policies"]

What = Literal["added", "removed", "changed"]
Language = Literal["zh", "en", "both"]

PARTS = {
    "identity": say("办法本身", "The policy itself"),
    "record_types": say("记录类型", "Record types"),
    "severity_weights": say("严重程度权重", "Severity weights"),
    "standing": say("效力规则", "Standing rules"),
    "standing.terms": say("期限", "Terms"),
    "standing.exemption": say("免予计分", "Exemption"),
    "quantities": say("数量", "Quantities"),
    "indicators": say("自定指标", "Indicators"),
    "dimensions": say("维度", "Dimensions"),
    "rules": say("计分规则", "Rules"),
    "vetoes": say("一票否决", "Vetoes"),
    "thin_evidence": say("证据不足", "Thin evidence"),
    "floors": say("等级下限", "Floors"),
    "tiers": say("等级", "Tiers"),
    "limits_on_change": say("等级变动限制", "Limits on change"),
    "model": say("模型的作用范围", "What a model may do"),
    "regimes.full_coverage": say("重点领域全覆盖", "Full coverage"),
    "regimes.observation": say("观察期", "Observation period"),
    "regimes.observation.unless": say("观察期例外", "What ends the observation period"),
}
# Loading fills in these fields: they say where a document comes from, not what it says.
_NOT_SAID = {*FILLED_IN_ON_LOADING}
_WHAT = {"added": say("新增", "added"), "removed": say("删除", "removed"), "changed": say("修改", "changed")}


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicyName(_Data):
    """The identity of a policy document; ``values_of`` is the day for which its dated parameters were read."""

    id: str
    edition: str
    title: BilingualText
    values_of: date | None
    sha256: str

    @classmethod
    def of(cls, policy: Policy) -> PolicyName:
        """Return the name of a policy."""
        return cls.model_validate({name: getattr(policy, name) for name in cls.model_fields})

    def __str__(self) -> str:
        return f"{self.title.zh} · {self.title.en}  {self.id}@{self.edition} (sha256 {self.sha256[:12]})"


class Change(_Data):
    """One difference between two policies.

    Attributes
    ----------
    part : str
        The part of the policy, such as ``"rules"`` or ``"standing.terms"``.
    id : str
        The id of the entry within the part; empty if there is only one entry.
    what : {"added", "removed", "changed"}
    field : str, optional
        The field that changed.
    before, after : plain data, optional
    text : BilingualText
    """

    part: str
    id: str
    what: What
    field: str | None = None
    before: Any = None
    after: Any = None
    text: BilingualText


class PolicyDifference(_Data):
    """The differences between two policies; it prints in words."""

    before: PolicyName
    after: PolicyName
    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.changes)

    def __repr__(self) -> str:
        names = (f"{side.id}@{side.edition}" for side in (self.before, self.after))
        return f"<PolicyDifference of {' and '.join(names)}: {len(self):,} changes>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Return the differences as plain data."""
        return self.model_dump(mode="json")

    def text(self, language: Language = "zh") -> str:
        """Return the differences in words."""
        lines = [_in(say(f"变更前：{self.before}", f"Before: {self.before}"), language)[0]]
        lines.append(_in(say(f"变更后：{self.after}", f"After: {self.after}"), language)[0])
        if not self.changes:
            lines += ["", *_in(say("内容相同。", "They say the same."), language)]
        for part, title in PARTS.items():
            mine = [change for change in self.changes if change.part == part]
            if mine:
                lines += ["", " ".join(_in(title, language))]
                for change in mine:
                    first, *rest = _in(change.text, language)
                    lines += [f"  - {first}", *(f"    {line}" for line in rest)]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text("both")


def compare_policies(
    before: Policy | str | os.PathLike[str], after: Policy | str | os.PathLike[str]
) -> PolicyDifference:
    """Compare two policies, part by part.

    Comments and the order of keys do not count; everything else in a document is compared. Parameters with dated values
    are compared as they were loaded.

    Parameters
    ----------
    before, after : Policy, str or path
        A name means the newest edition; load another one with :func:`creditrisk.load_policy`.

    Returns
    -------
    PolicyDifference

    Raises
    ------
    PolicyError
        If there is no such policy, or its document is wrong.

    Examples
    --------
    >>> import creditrisk as cr
    >>> old, new = cr.load_policy("jiangsu", "2025-06-30"), cr.load_policy("jiangsu", "2026-06-30")
    >>> difference = compare_policies(old, new)
    >>> [(change.what, change.text.en) for change in difference.changes if change.field == "edition"]
    [('changed', 'edition: “2023” becomes “2026”')]
    >>> len(compare_policies(new, new))
    0
    """
    before, after = load_policy(before), load_policy(after)
    return PolicyDifference(
        before=PolicyName.of(before), after=PolicyName.of(after), changes=tuple(_changes(before, after))
    )


@dataclass(frozen=True)
class _Entry:
    """One entry of a part: its label, and everything that it says."""

    label: BilingualText
    facts: list[Fact]

    @property
    def value(self) -> dict[str, Any]:
        return {fact.field: fact.value for fact in self.facts}


def _changes(before: Policy, after: Policy) -> Iterator[Change]:
    was, now = dict(_parts(before)), dict(_parts(after))
    for part in PARTS:
        yield from _changes_of_part(part, was.get(part, {}), now.get(part, {}))


def _changes_of_part(part: str, was: dict[str, _Entry], now: dict[str, _Entry]) -> Iterator[Change]:
    for name in dict.fromkeys((*was, *now)):
        old, new = was.get(name), now.get(name)
        if old is None and new is not None:
            yield _whole(part, name, "added", new)
        elif new is None and old is not None:
            yield _whole(part, name, "removed", old)
        elif old is not None and new is not None:
            yield from _changed_fields(part, name, old, new)
    kept_was, kept_now = [name for name in was if name in now], [name for name in now if name in was]
    if kept_was != kept_now:
        texts = [joined((entries[name].label for name in names), " → ", " → ")
                 for entries, names in ((was, kept_was), (now, kept_now))]  # fmt: skip
        text = _becomes(None, "order", *texts)
        yield Change(part=part, id="", what="changed", field="order", before=kept_was, after=kept_now, text=text)


def _changed_fields(part: str, name: str, old: _Entry, new: _Entry) -> Iterator[Change]:
    before, after = ({fact.field: fact for fact in entry.facts} for entry in (old, new))
    for field in dict.fromkeys((*before, *after)):
        unsaid = Fact(field, None, say("无", "none"))
        was, now = before.get(field, unsaid), after.get(field, unsaid)
        if was.value != now.value:
            text = _becomes(new.label if name else None, field, was.text, now.text)
            yield Change(part=part, id=name, what="changed", field=field, before=was.value, after=now.value, text=text)


def _whole(part: str, name: str, what: Literal["added", "removed"], entry: _Entry) -> Change:
    said = joined(
        say(f"{label.zh} {fact.text.zh}", f"{label.en} {fact.text.en}")
        for label, fact in ((field_label(fact.field), fact) for fact in entry.facts)
        if fact.is_said
    )
    word = _WHAT[what]
    return Change(
        part=part,
        id=name,
        what=what,
        before=entry.value if what == "removed" else None,
        after=entry.value if what == "added" else None,
        text=say(f"{word.zh} {entry.label.zh}：{said.zh}", f"{word.en} {entry.label.en}: {said.en}"),
    )


def _becomes(label: BilingualText | None, field: str, was: BilingualText, now: BilingualText) -> BilingualText:
    name = field_label(field)
    zh, en = (f"{label.zh}：", f"{label.en}: ") if label is not None else ("", "")
    return say(f"{zh}{name.zh}由“{was.zh}”改为“{now.zh}”", f"{en}{name.en}: “{was.en}” becomes “{now.en}”")


def _parts(policy: Policy) -> Iterator[tuple[str, dict[str, _Entry]]]:
    """Yield every part of a policy with its entries; fields that are not a part belong to the policy's identity."""
    words = Words(policy)
    own: dict[str, dict[str, _Entry]] = {
        "record_types": {name: _Entry(_called(name, label), [Fact("label", label.model_dump(), label)])
                         for name, label in policy.record_types.items()},
        "severity_weights": _single(words, "severity_weights", policy.severity_weights),
        "standing.terms": _terms(words, policy),
        "standing.exemption": _single(words, "standing.exemption", policy.standing.exemption),
        "quantities": {one.id: _Entry(_called(one.id, one.label), list(words.facts(one))) for one in policy.quantities},
        "indicators": {one.id: _Entry(_called(one.id, one.label), list(words.facts(one))) for one in policy.indicators},
        "dimensions": {name: _Entry(words.name("dimension", name), list(words.facts(scale)))
                       for name, scale in policy.dimensions.items()},
        "rules": {rule.id: _Entry(_called(rule.id, policy.specs[rule.indicator].label), list(words.facts(rule)))
                  for rule in policy.rules},
        "vetoes": _bounds(words, policy.vetoes),
        "thin_evidence": _bounds(words, policy.thin_evidence),
        "floors": _bounds(words, policy.floors),
        "tiers": {tier.id: _Entry(_called(tier.id, tier.label), list(words.facts(tier))) for tier in policy.tiers},
        "limits_on_change": _single(words, "limits_on_change", policy.limits_on_change),
        "model": _single(words, "model", policy.model),
        "regimes.full_coverage": _single(words, "regimes.full_coverage", policy.regimes.full_coverage),
        "regimes.observation": _single(words, "regimes.observation", policy.regimes.observation, {"unless"}),
        "regimes.observation.unless": _bounds(
            words, policy.regimes.observation.unless if policy.regimes.observation is not None else ()
        ),
    }  # fmt: skip
    apart = {part.partition(".")[0] for part in own}  # includes regimes and standing
    yield "identity", _single(words, "identity", policy, {*apart, *_NOT_SAID})
    yield "standing", _single(words, "standing", policy.standing, {"terms", "exemption"})
    yield from own.items()


def _single(words: Words, name: str, part: BaseModel | None, apart: Collection[str] = ()) -> dict[str, _Entry]:
    """Return the entry of a part that occurs at most once, without the fields (``apart``) that are parts themselves."""
    return {} if part is None else {"": _Entry(PARTS[name], list(words.facts(part, apart)))}


def _bounds(words: Words, bounds: Iterable[Bound]) -> dict[str, _Entry]:
    return {bound.id: _Entry(_called(bound.id, bound.reason), list(words.facts(bound))) for bound in bounds}


def _terms(words: Words, policy: Policy) -> dict[str, _Entry]:
    """Name terms by the records that they are about, because they have no names."""
    entries: dict[str, _Entry] = {}
    for term in policy.standing.terms:
        label = words.term(term)
        name = label.en
        while name in entries:
            name += " (again)"
        entries[name] = _Entry(label, list(words.facts(term)))
    return entries


def _called(name: str, label: BilingualText) -> BilingualText:
    return say(f"{label.zh}（{name}）", f"{label.en} ({name})")


def _in(text: BilingualText, language: Language) -> list[str]:
    """Return the text in the requested languages, without control characters: they could forge a line."""
    texts = {"zh": [text.zh], "en": [text.en], "both": [text.zh, text.en]}[language]
    return ["".join(character if character.isprintable() else " " for character in one) for one in texts]
