"""Policies as plain data, with every form of every part, and numbers that stand exactly on the values there are.

A document is made in two steps: its standing rules and indicators first; then, from the values and totals that the
reference computes for given tables, the numbers that rules, conditions and tiers compare with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

import creditrisk as cr
from tests.reference.days import months_later
from tests.reference.enterprises import Value
from tests.reference.tables import FURTHER_TYPE, MONTHS, Row

Document = dict[str, Any]
Edges = Mapping[str, Sequence[float]]

TEXT = {"zh": "说明", "en": "text"}
SCALES = ({"safety": 1}, {"safety": 0.6, "quality": 0.4}, {"quality": 0.333, "safety": 0.667})
SEVERITY_WEIGHTS = (
    {"minor": 1, "general": 3, "serious": 6, "grave": 10},
    {"minor": 0, "general": 0.1, "serious": 0.1, "grave": 0.3},
)
POINTS = (-10, -2.5, -1, -0.5, -0.125, 0, 0.5, 1, 3)
COMPARISONS = ("at_least", "above", "at_most", "below")

MEASURES = (
    "count", "sum", "mean", "max", "weighted_sum", "last", "flag", "distinct", "ratio", "days_since_last",
    "days_since_first", "attribute", "indicator",
)  # fmt: skip
SELECTIONS: tuple[Document, ...] = (
    {},
    {"types": ["violation"]},
    {"types": ["violation", "penalty"]},
    {"types": ["inspection", FURTHER_TYPE]},
    {"types": ["violation", "inspection"], "outcomes": ["pass", "fail"]},
    {"types": ["penalty"], "dimension": "safety"},
    {"dimension": "quality"},
    {"severity_at_least": "general"},
    {"types": ["violation", "accident", "penalty"], "severity_at_least": "serious"},
    {"authorities": ["A", "Z"]},
    {"matters": ["M1", "M2"], "types": ["violation", "penalty"]},
)
SINCE_LAST = (None, None, ["inspection"], ["inspection", FURTHER_TYPE])
TIME_STEPS = (
    [{"months": 6, "weight": 3}, {"months": 12, "weight": 2}, {"months": 24, "weight": 1}],
    [{"months": 1, "weight": 0}, {"months": 36, "weight": 0.5}],
)
PLUS = (
    None,
    [{"of": "attributes.out_of_service", "times": 2}],
    [{"of": "amount", "times": 0.001}, {"of": "attributes.points"}],
)
OF_RECORDS = ("amount", "amount", "severity", "attributes.points")
OF_TEXTS = ("authority", "matter", "type", "amount", "severity", "attributes.points")
QUANTITIES: tuple[Document, ...] = (
    {"id": "fleet", "mean_of": ["attributes.units", "attributes.miles", "employees"]},
    {"id": "load", "sum_of": ["attributes.units", "employees"], "missing": 2},
    {"id": "use", "product_of": ["fleet", "attributes.units"]},
    {"id": "rate", "ratio_of": ["attributes.miles", "load"]},
    {
        "id": "factor",
        "of": "attributes.miles",
        "pieces": [{"up_to": 1, "value": 1}, {"up_to": 50, "value": 0, "one_more_per": 49}, {"value": 2.5}],
        "missing": 1,
    },
    {"id": "chosen", "choice": {"by": "attributes.units", "at_least": 2, "then": "factor", "otherwise": "fleet"}},
)
OF_ENTERPRISES = (
    "employees", "age_days", "key_area_count", "new_business_form", "attributes.units",
    *(quantity["id"] for quantity in QUANTITIES),
)  # fmt: skip
DIVISORS = ("employees", "attributes.units", "rate", "factor")


def policy(
    rng: Random,
    n_indicators: int,
    n_rules: int,
    values_of: Callable[[Document], Mapping[str, Sequence[Value]]],
    totals_of: Callable[[Document], Sequence[int]],
    *,
    compares: bool = True,
) -> Document:
    """A whole policy.

    ``values_of`` gives the values of the indicators of an unfinished document for the tables of the example,
    ``totals_of`` the totals by its rules. One that ``compares`` enterprises may have percentiles and shares.
    """
    document: Document = {
        "format": 1,
        "id": "drawn",
        "edition": "1",
        "title": TEXT,
        "effective_from": date(2000, 1, 1),
        "basis": "test",
        "record_types": {FURTHER_TYPE: TEXT},
        "severity_weights": {**rng.choice(SEVERITY_WEIGHTS), "basis": "test"},
        "standing": standing_rules(rng),
        "quantities": [{"label": TEXT, "source": "test", **one} for one in QUANTITIES],
        "indicators": indicators(rng, n_indicators, compares=compares),
    }
    edges = {
        name: sorted({float(one) for one in column if one is not None} | {0.0, 1.0})
        for name, column in values_of(document).items()
    }
    base = rng.choice((0, 10, 100))
    floor, ceiling = rng.choice(((-1000, 1000), (0, 100), (base, base), (base - 2, base + 1)))
    scale = {"base": base, "floor": min(floor, base), "ceiling": max(ceiling, base), "basis": "test"}
    document["dimensions"] = {name: {"weight": weight, **scale} for name, weight in rng.choice(SCALES).items()}
    document["rules"] = [_rule(rng, number, sorted(document["dimensions"]), edges) for number in range(n_rules)]
    document["tiers"] = _tiers(rng, totals_of(document), compares=compares)
    names = [tier["id"] for tier in document["tiers"]]
    for key, kind, effects in (
        ("vetoes", "veto", ("at_best", "exactly")),
        ("thin_evidence", "thin", ("at_best", "exactly")),
        ("floors", "floor", ("at_worst", "exactly")),
    ):
        document[key] = _bounds(rng, kind, effects, names, edges)
    if rng.random() < 0.5:
        limits = {"rise_at_most_steps": rng.randint(1, 2), "per_months": rng.choice(MONTHS[1:]), "basis": "test"}
        document["limits_on_change"] = limits
    regimes: Document = {}
    if rng.random() < 0.5:
        regimes["full_coverage"] = {"key_areas": ["food", "vaccines"], "basis": "test"}
    if rng.random() < 0.5:
        unless = _bounds(rng, "unless", ("at_best",), names, edges)
        regimes["observation"] = {"months": rng.choice(MONTHS[1:]), "unless": unless, "basis": "test"}
    return {**document, "regimes": regimes}


def standing_rules(rng: Random) -> Document:
    """Terms of every kind, an exemption, a severity for records without one."""
    rules: Document = {"terms": [_term(rng) for _ in range(rng.randint(0, 3))]}
    if rng.random() < 0.5:
        rules["missing_severity"] = rng.choice(("minor", "serious"))
    if rng.random() < 0.5:
        rules["exemption"] = {
            "types": rng.choice((["violation"], ["violation", "penalty"])),
            "matters": rng.choice(([], ["M1"])),
            "first_within_months": rng.choice(MONTHS[1:]),
            "basis": "test",
        }
    return rules


def _term(rng: Random) -> Document:
    further: dict[str, tuple[Any, ...]] = {
        "at_most_months": (3, 6, 12, 24, 36),
        "severities": (["minor"], ["general", "serious"]),
        "dimensions": (["safety"], ["safety", "quality"]),
        "decided_from": (date(2023, 2, 28), date(2025, 6, 30)),
        "decided_before": (date(2025, 12, 30), date(2025, 12, 31)),
    }
    types = rng.choice((["penalty"], ["violation", "penalty"], ["inspection", FURTHER_TYPE]))
    term: Document = {"types": types, "at_least_months": rng.choice((0, 1, 3)), "basis": "test"}
    return term | {key: rng.choice(values) for key, values in further.items() if rng.random() < 0.5}


def indicators(rng: Random, n: int, *, compares: bool = True) -> list[Document]:
    """Some indicators, each of which may be made of those before it."""
    specs: list[Document] = []
    for number in range(n):
        name = f"{('safety', 'quality')[number % 2]}.i{number}"
        spec = _indicator(rng, [one["id"] for one in specs], compares=compares)
        specs.append({"id": name, "label": TEXT, "direction": "none", "source": "test", **spec})
    return specs


def _indicator(rng: Random, before: Sequence[str], *, compares: bool) -> Document:
    measure = rng.choice(MEASURES if before else MEASURES[:-1])
    spec: Document = {"measure": measure, "select": {}}
    if measure not in ("attribute", "indicator"):
        standing = rng.choice(({}, {}, {"standing": "in_force"}, {"standing": "known"}))
        spec["select"] = {**rng.choice(SELECTIONS), **standing}
        spec["window_months"] = rng.choice((None, *MONTHS[1:]))
        spec["since_last"] = rng.choice(SINCE_LAST)
        if measure == "ratio":
            spec["out_of"] = {**rng.choice(SELECTIONS), **standing}
    if measure in ("count", "sum", "weighted_sum"):
        weights = ({}, {"half_life_months": rng.choice((1, 6.5, 12))}, {"time_steps": rng.choice(TIME_STEPS)})
        spec |= {**rng.choice(weights), "cap_per_inspection": rng.choice((None, None, 1, 3.5))}
    if measure in ("sum", "mean", "max", "last"):
        spec |= {"of": rng.choice(OF_RECORDS), "plus": rng.choice(PLUS)}
    elif measure in ("distinct", "attribute", "indicator"):
        spec["of"] = rng.choice({"distinct": OF_TEXTS, "attribute": OF_ENTERPRISES, "indicator": before}[measure])
    if rng.random() < 0.2:
        spec["per"] = rng.choice((*DIVISORS, *before))
    if compares and rng.random() < 0.2:
        spec["percentile_within"] = rng.choice((["region"], ["scale", "attributes.units"]))
    if compares and before and rng.random() < 0.15:
        spec["percentile_by"] = {"indicator": rng.choice(before), "starts": rng.choice(([1], [0, 2, 7]))}
    return {key: value for key, value in spec.items() if value is not None}


def _condition(rng: Random, edges: Edges, depth: int = 2) -> Document:
    """A comparison with a number that some value stands on, or several of which all or any must hold."""
    if depth and rng.random() < 0.25:
        parts = [_condition(rng, edges, depth - 1) for _ in range(rng.randint(1, 3))]
        return {rng.choice(("all_of", "any_of")): parts}
    name = rng.choice(sorted(edges))
    missing = rng.choice(({}, {}, {"missing": True}, {"missing": False}))
    return {"indicator": name, rng.choice(COMPARISONS): rng.choice(edges[name]), **missing}


def _rule(rng: Random, number: int, dimensions: Sequence[str], edges: Edges) -> Document:
    """A rule of any form, its numbers on values that there are."""
    name = rng.choice(sorted(edges))
    made: Document
    match rng.choice(("per_unit", "bands", "values")):
        case "per_unit":
            cap = rng.choice((None, 0.5, 3, 10))
            per_unit = {"points": rng.choice(POINTS), "unit": rng.choice((1, 1, 2, 0.5, 1000))}
            made = {"per_unit": per_unit if cap is None else {**per_unit, "cap": cap}}
        case "bands":
            cuts = sorted(rng.sample(edges[name], rng.randint(0, 2)))
            ends = zip([None, *cuts], [*cuts, None], strict=True)
            bands = [{"from": lower, "below": upper, "points": rng.choice(POINTS)} for lower, upper in ends]
            made = {"bands": [{key: value for key, value in band.items() if value is not None} for band in bands]}
        case _:
            listed = sorted(rng.sample(edges[name], rng.randint(1, 2)))
            made = {"values": [{"value": one, "points": rng.choice(POINTS)} for one in listed]}
            made["unseen"] = rng.choice(POINTS)
    if rng.random() < 0.5:
        made["missing"] = rng.choice(POINTS)
    if rng.random() < 0.4:
        made["when"] = _condition(rng, edges)
    reason = {"zh": f"第{number}项：{{value}}", "en": f"Rule {number}: {{value}}."}
    identity = {"id": f"{rng.choice(dimensions)}.r{number}", "indicator": name}
    return {**identity, **made, "reason": reason, "basis": "test"}


def _bounds(rng: Random, kind: str, effects: Sequence[str], tiers: Sequence[str], edges: Edges) -> list[Document]:
    """Up to two bounds of one kind, of any effect that it may have."""
    return [
        {
            "id": f"{kind}.b{number}",
            "when": _condition(rng, edges),
            rng.choice(effects): rng.choice(tiers),
            "reason": {"zh": f"{kind}之{number}", "en": f"{kind} {number}"},
            "basis": "test",
        }
        for number in range(rng.choice((0, 1, 2, 2)))
    ]


def _tiers(rng: Random, totals: Sequence[int], *, compares: bool) -> list[Document]:
    """Tiers by cut-offs on totals that there are, or by shares; one may be reached by condition only."""
    cuts = sorted({total / 10**6 for total in totals if total % 1000 == 0} | {0.0, 50.0}, reverse=True)
    upper: list[Document] = [
        {rng.choice(("at_least", "above")): cut}
        for cut in sorted(rng.sample(cuts, rng.randint(1, min(3, len(cuts)))), reverse=True)
    ]
    if compares and rng.random() < 0.3:
        upper = [{"share": share} for share in rng.choice(([0.5], [0.2, 0.5], [0.25, 0.75], [0.1, 0.2, 0.4]))]
    made = [{"id": f"t{number}", **cut} for number, cut in enumerate([*upper, {}])]
    if rng.random() < 0.4:
        made.insert(rng.randint(0, len(made)), {"id": "apart", "by_condition_only": True})
    inspection = {"general": {"ratio": 0.1}, "basis": "test"}
    return [{**tier, "label": TEXT, "inspection": inspection, "basis": "test"} for tier in made]


def assessment_before(rng: Random, document: Document, enterprise_ids: Sequence[str], as_of: date) -> list[Row]:
    """Rows of an assessment before of some of the enterprises, its days on the edges of the limits on change."""
    names = [tier["id"] for tier in document["tiers"]]
    months = document.get("limits_on_change", {}).get("per_months", 12)
    rows = []
    for name in rng.sample(sorted(enterprise_ids), rng.randint(1, len(enterprise_ids))):
        since = months_later(as_of, -months) + timedelta(days=rng.choice((0, 0, 1, -1)))
        row = {"enterprise_id": name, "as_of": as_of, "tier": rng.choice(names)}
        rows.append({**row, "evidence_count": rng.choice((0, 1, 2, 4, 9)), "tier_since": since})
    return rows


# Written by libyaml, ten times as fast, where PyYAML was built with it.
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _WithoutAliases(_Dumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def loaded(document: Mapping[str, Any], folder: Path) -> cr.Policy:
    """A document written as YAML and loaded as a user would."""
    path = folder / "drawn.yaml"
    text = yaml.dump(dict(document), Dumper=_WithoutAliases, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return cr.load_policy(path)
