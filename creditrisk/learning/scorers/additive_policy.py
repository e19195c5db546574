"""An additive model written as a policy document with the same points.

The five dimensions have weight 0.2 each: a rule gives five times the points that its indicator has in the model. So the
total equals the model's to the thousandth, in whichever dimension the indicator is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import yaml

from creditrisk.days import as_date
from creditrisk.errors import InputError
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.learning.scorers.additive import AdditivePoints, PointScale, Steps
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import parse_policy
from creditrisk.policy.tiers import Tier
from creditrisk.vocabulary import DIMENSIONS, BilingualText

__all__ = ["AdditiveModel", "policy_text"]

_TITLE = BilingualText(zh="学习所得的加性评分", en="Additive score learned from outcomes")
# The basis of every number from the model; the basis of the whole policy names the training data.
_BASIS = "learned from outcomes, see the basis of the policy"
_SHARE_OF_DIMENSION = 1 / len(DIMENSIONS)


@dataclass(frozen=True)
class AdditiveModel:
    """The parts of a learned model that go into a policy.

    Attributes
    ----------
    kind : str
        The class of the model.
    points : AdditivePoints or None
        The points; None if the model is not a sum of steps.
    names : sequence of str
        Its columns; empty if they have no names.
    tiers : tuple of str
        The tiers, from best to worst.
    thresholds : tuple of float
        The raw scores at which each tier but the best begins.
    made_of : BilingualText
    training : mapping
        rows, findings, from, to.
    """

    kind: str
    points: AdditivePoints | None
    names: Sequence[str]
    tiers: tuple[str, ...]
    thresholds: tuple[float, ...]
    made_of: BilingualText
    training: Mapping[str, Any]


def policy_text(
    model: AdditiveModel,
    *,
    id: str,  # noqa: A002 as the key of the document
    template: Policy,
    edition: str,
    title: BilingualText | Mapping[str, str] | None,
    effective_from: date | str | None,
    bounds: bool,
) -> str:
    """Write the document; see :meth:`creditrisk.BoostedScorer.to_policy`."""
    points = model.points
    if points is None:
        raise InputError(
            "only an additive model can be written as a policy: fit BoostedScorer(additive=True) or a ScorecardScorer"
        )
    if not points.steps:
        raise InputError("the model uses no indicator, so there is no rule to write; see the warnings of its fit")
    names = model.names
    strangers = [names[step.feature] for step in points.steps if names and names[step.feature] not in template.specs]
    if strangers or not names:
        raise InputError(
            f"policy {template.id} has no indicator {strangers[0]!r}: declare it in the template's indicators"
            if strangers
            else "the model was fitted on an array; a policy needs indicators by name: fit it on a frame"
        )
    specs = [template.specs[names[step.feature]] for step in points.steps]
    basis = _provenance(model)
    document = {
        "format": 1,
        "id": id,
        "edition": edition,
        "title": dict(title) if isinstance(title, Mapping) else (title or _TITLE).model_dump(),
        "effective_from": _day(effective_from) or template.effective_from,
        "basis": basis.en,
        "notes": _notes(basis, points.scale),
        **_taken_over(template, bounds=bounds),
        "dimensions": _dimensions(points.base, points.steps, specs),
        "rules": [_rule(step, spec) for step, spec in zip(points.steps, specs, strict=True)],
        "tiers": _tiers(model, points, template),
    }
    text = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)
    parse_policy(text.encode(), f"{id}.yaml")  # the text that is returned is a valid policy with its proofs
    return text


def _notes(basis: BilingualText, scale: PointScale) -> dict[str, str]:
    even, halving = scale.even_odds / 1000, scale.to_halve_odds / 1000
    return {
        "zh": f"{basis.zh}。总分{even:g}分表示发现问题与未发现问题的可能性相等，每高{halving:g}分，发现问题的几率减半；"
        "分值由模型逐字写出，未作取舍",
        "en": f"{basis.en}. A total of {even:g} points stands for even odds of a finding, and each {halving:g} points "
        "more halve the odds; the points are the model itself, nothing is left out",
    }


def _provenance(model: AdditiveModel) -> BilingualText:
    how = model.made_of
    rows, findings = model.training["rows"], model.training["findings"]
    first, last = model.training["from"], model.training["to"]
    zh_days, en_days = (f"，评价基准日{first}至{last}", f" as of {first} to {last}") if first else ("", "")
    return BilingualText(
        zh=f"由{rows}行检查结果（其中发现问题{findings}行{zh_days}）学习所得，{how.zh}",
        en=f"learned from {rows} outcomes of inspections ({findings} with a finding{en_days}), {how.en} "
        f"(creditrisk.{model.kind})",
    )


def _taken_over(template: Policy, *, bounds: bool) -> dict[str, Any]:
    """Return the parts of the template that a model does not learn."""
    parts = {"record_types", "severity_weights", "standing", "quantities", "indicators"}
    if bounds:
        parts |= {"vetoes", "thin_evidence", "floors", "limits_on_change", "regimes"}
    return template.model_dump(include=parts, by_alias=True, exclude_defaults=True, exclude_none=True)


def _dimensions(base: int, steps: tuple[Steps, ...], specs: list[IndicatorSpec]) -> dict[str, Any]:
    """Return dimensions with the model's base and a floor that no rules can reach, so that no limit has an effect."""
    least = dict.fromkeys(DIMENSIONS, base)
    for step, spec in zip(steps, specs, strict=True):
        least[spec.dimension] += len(DIMENSIONS) * min(*step.points, step.missing)
    return {
        name: {
            "weight": _SHARE_OF_DIMENSION, "base": base / 1000, "floor": least[name] / 1000, "ceiling": base / 1000,
            "basis": _BASIS,
        }
        for name in DIMENSIONS
    }  # fmt: skip


def _rule(step: Steps, spec: IndicatorSpec) -> dict[str, Any]:
    points = [len(DIMENSIONS) * one / 1000 for one in step.points]
    bands: list[dict[str, float]] = []
    for (low, high), one in zip(pairwise((None, *step.cuts, None)), points, strict=True):
        ends = {"from": low, "below": high}
        bands.append({**{key: end for key, end in ends.items() if end is not None}, "points": one})
    return {
        "id": spec.id,
        "dimension": spec.dimension,
        "indicator": spec.id,
        # A single band does not distinguish values; it is needed for the points of a missing value.
        "bands": bands,
        "missing": len(DIMENSIONS) * step.missing / 1000,
        "reason": {"zh": f"{spec.label.zh}：{{value}}", "en": f"{spec.label.en}: {{value}}"},
        "basis": _BASIS,
    }


def _tiers(model: AdditiveModel, points: AdditivePoints, template: Policy) -> list[dict[str, Any]]:
    named = model.tiers
    by_score = [tier.id for tier in template.tiers if not tier.by_condition_only]
    if tuple(by_score) != named:
        raise InputError(
            f"the model's tiers are {', '.join(named)}, those of policy {template.id} {', '.join(by_score)}: "
            "give cut-offs for these, or another template"
        )
    cuts = dict(zip(named, [points.total_below(one) / 1000 for one in model.thresholds], strict=False))
    level = next((name for name, worse in pairwise(cuts) if cuts[name] == cuts[worse]), None)
    if level is not None:
        raise InputError(
            "no score of the model lies between the cut-offs at the two ends of tier "
            f"{named[named.index(level) + 1]!r}: set cut-offs further apart, or leave one out"
        )
    return [_tier(tier, cuts.get(tier.id)) for tier in template.tiers]


def _tier(tier: Tier, at_least: float | None) -> dict[str, Any]:
    own = {*Tier.CUT_OFF_KEYS} - {"by_condition_only"}
    kept = tier.model_dump(by_alias=True, exclude_defaults=True, exclude_none=True, exclude=own)
    return {**kept, **({} if at_least is None else {"at_least": at_least, "basis": _BASIS})}


def _day(day: date | str | None) -> date | None:
    return None if day is None else as_date(day, "effective_from")


class _Dumper(yaml.SafeDumper):
    """A dumper that writes everything out in its place, because a policy may not contain aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
