"""Policies as plain data, with every form of every part, and numbers that stand exactly on the values there are.

A document is drawn in two steps: its standing rules and indicators first; then, from the values and totals that the
reference computes for given tables, the numbers that rules, conditions and tiers compare with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

import creditrisk as cr
from tests.reference.enterprises import Value
from tests.reference.tables import DAYS, FURTHER_TYPE, MONTHS

Document = dict[str, Any]

TEXT = {"zh": "说明", "en": "text"}
WEIGHTS = ({"safety": 1}, {"safety": 0.6, "quality": 0.4}, {"quality": 0.333, "safety": 0.667})
POINTS = (-10, -2.5, -1, -0.5, -0.125, 0, 0.5, 1, 3)
_months = st.sampled_from(MONTHS[1:])

SELECTIONS: tuple[dict[str, Any], ...] = (
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
_standings = st.sampled_from(({}, {}, {"standing": "in_force"}, {"standing": "known"}))
_selections = st.builds(lambda chosen, standing: {**chosen, **standing}, st.sampled_from(SELECTIONS), _standings)
_windows = st.one_of(st.just({}), st.builds(lambda months: {"window_months": months}, _months))
_since_last = st.sampled_from(({}, {}, {"since_last": ["inspection"]}, {"since_last": ["inspection", FURTHER_TYPE]}))
_time_weights = st.one_of(
    st.just({}),
    st.just({}),
    st.builds(lambda months: {"half_life_months": months}, st.sampled_from((1, 6.5, 12))),
    st.sampled_from(
        (
            {"time_steps": [{"months": 6, "weight": 3}, {"months": 12, "weight": 2}, {"months": 24, "weight": 1}]},
            {"time_steps": [{"months": 1, "weight": 0}, {"months": 36, "weight": 0.5}]},
        )
    ),
)
_caps = st.sampled_from(({}, {}, {"cap_per_inspection": 1}, {"cap_per_inspection": 3.5}))
_numbers = st.sampled_from(("amount", "amount", "severity", "attributes.points"))
_plus = st.sampled_from(
    (
        {},
        {"plus": [{"of": "attributes.out_of_service", "times": 2}]},
        {"plus": [{"of": "amount", "times": 0.001}, {"of": "attributes.points"}]},
    )
)
_texts = st.sampled_from(("authority", "matter", "type", "amount", "severity", "attributes.points"))
_of_enterprise = st.sampled_from(
    (
        "employees",
        "age_days",
        "key_area_count",
        "new_business_form",
        "attributes.units",
        "fleet",
        "use",
        "rate",
        "chosen",
    )
)
_percentiles = st.sampled_from(
    (
        {},
        {},
        {"percentile_within": ["region"]},
        {"percentile_within": ["scale", "attributes.units"]},
    )
)

QUANTITIES: tuple[Document, ...] = (
    {"id": "fleet", "mean_of": ["attributes.units", "attributes.miles", "employees"]},
    {"id": "load", "sum_of": ["attributes.units", "employees"], "missing": 2},
    {"id": "use", "product_of": ["fleet", "attributes.units"]},
    {"id": "rate", "ratio_of": ["attributes.miles", "load"]},
    {
        "id": "factor",
        "of": "rate",
        "pieces": [{"up_to": 1, "value": 1}, {"up_to": 50, "value": 1, "one_more_per": 49}, {"value": 2.5}],
        "missing": 1,
    },
    {"id": "chosen", "choice": {"by": "attributes.units", "at_least": 2, "then": "factor", "otherwise": "fleet"}},
)


@st.composite
def standing_rules(draw: st.DrawFn) -> Document:
    """Terms of every kind, an exemption, a severity for records without one."""
    term = st.fixed_dictionaries(
        {
            "types": st.sampled_from((["penalty"], ["violation", "penalty"], ["inspection", FURTHER_TYPE])),
            "at_least_months": st.sampled_from((0, 1, 3)),
            "at_most_months": st.sampled_from((3, 6, 12, 24, 36)),
            "basis": st.just("test"),
        },
        optional={
            "severities": st.sampled_from((["minor"], ["general", "serious"])),
            "dimensions": st.sampled_from((["safety"], ["safety", "quality"])),
            "decided_from": st.sampled_from((date(2023, 2, 28), date(2025, 6, 30))),
            "decided_before": st.sampled_from((date(2025, 12, 30), date(2025, 12, 31))),
        },
    )
    rules: Document = {"terms": draw(st.lists(term, max_size=3))}
    for term_drawn in rules["terms"]:
        if draw(st.integers(0, 3)) == 0:
            del term_drawn["at_most_months"]
    if draw(st.booleans()):
        rules["missing_severity"] = draw(st.sampled_from(("minor", "serious")))
    if draw(st.booleans()):
        rules["exemption"] = {
            "types": draw(st.sampled_from((["violation"], ["violation", "penalty"]))),
            "matters": draw(st.sampled_from(([], ["M1"]))),
            "first_within_months": draw(_months),
            "basis": "test",
        }
    return rules


@st.composite
def indicator(draw: st.DrawFn, name: str, before: Sequence[str], *, compares: bool) -> Document:
    """An indicator of any measure; it may be made of those before it, and compared with others where that is asked."""
    measures = ["count", "sum", "mean", "max", "weighted_sum", "last", "flag", "distinct", "ratio"]
    measures += ["days_since_last", "days_since_first", "attribute"]
    measure = draw(st.sampled_from([*measures, *(["indicator"] if before else [])]))
    spec: Document = {"measure": measure, "select": {}}
    if measure not in ("attribute", "indicator"):
        spec |= {"select": draw(_selections), **draw(_windows), **draw(_since_last)}
    if measure in ("count", "sum", "weighted_sum"):
        spec |= {**draw(_time_weights), **draw(_caps)}
    if measure in ("sum", "mean", "max", "last"):
        spec |= {"of": draw(_numbers), **draw(_plus)}
    elif measure == "distinct":
        spec["of"] = draw(_texts)
    elif measure == "attribute":
        spec["of"] = draw(_of_enterprise)
    elif measure == "indicator":
        spec["of"] = draw(st.sampled_from(before))
    elif measure == "ratio":
        standing = {key: value for key, value in spec["select"].items() if key == "standing"}
        spec["out_of"] = {**draw(st.sampled_from(SELECTIONS)), **standing}
    if draw(st.integers(0, 3)) == 0:
        spec["per"] = draw(st.sampled_from(("employees", "attributes.units", "rate", "factor", *before)))
    if compares:
        spec |= draw(_percentiles)
        if before and draw(st.integers(0, 4)) == 0:
            starts = draw(st.sampled_from(([1], [0, 2, 7])))
            spec["percentile_by"] = {"indicator": draw(st.sampled_from(before)), "starts": starts}
    return {"id": name, "label": TEXT, "direction": "none", "source": "test", **spec}


@st.composite
def indicators(draw: st.DrawFn, most: int = 5, *, compares: bool = True) -> list[Document]:
    """Some indicators, each of which may be made of those before it."""
    specs: list[Document] = []
    for number in range(draw(st.integers(1, most))):
        name = f"{('safety', 'quality')[number % 2]}.i{number}"
        specs.append(draw(indicator(name, [spec["id"] for spec in specs], compares=compares)))
    return specs


@st.composite
def condition(draw: st.DrawFn, edges: Mapping[str, Sequence[float]], depth: int = 2) -> Document:
    """A comparison with a number that some value stands on, or several of which all or any must hold."""
    if depth and draw(st.integers(0, 3)) == 0:
        parts = draw(st.lists(condition(edges, depth - 1), min_size=1, max_size=3))
        return {draw(st.sampled_from(("all_of", "any_of"))): parts}
    name = draw(st.sampled_from(sorted(edges)))
    compared = {draw(st.sampled_from(("at_least", "above", "at_most", "below"))): draw(st.sampled_from(edges[name]))}
    missing = draw(st.sampled_from(({}, {}, {"missing": True}, {"missing": False})))
    return {"indicator": name, **compared, **missing}


@st.composite
def rule(draw: st.DrawFn, number: int, dimensions: Sequence[str], edges: Mapping[str, Sequence[float]]) -> Document:
    """A rule of any form, its numbers on values that there are."""
    name = draw(st.sampled_from(sorted(edges)))
    points = st.sampled_from(POINTS)
    form = draw(st.sampled_from(("per_unit", "bands", "values")))
    made: Document
    if form == "per_unit":
        per_unit = {"points": draw(points), "unit": draw(st.sampled_from((1, 1, 2, 0.5, 1000)))}
        cap = draw(st.sampled_from((None, 0.5, 3, 10)))
        made = {"per_unit": per_unit if cap is None else {**per_unit, "cap": cap}}
    elif form == "bands":
        cuts = sorted(draw(st.sets(st.sampled_from(edges[name]), max_size=2)))
        ends = zip([None, *cuts], [*cuts, None], strict=True)
        bands = [{"from": lower, "below": upper, "points": draw(points)} for lower, upper in ends]
        made = {"bands": [{key: value for key, value in band.items() if value is not None} for band in bands]}
    else:
        listed = sorted(draw(st.sets(st.sampled_from(edges[name]), min_size=1, max_size=2)))
        made = {"values": [{"value": one, "points": draw(points)} for one in listed], "unseen": draw(points)}
    if draw(st.booleans()):
        made["missing"] = draw(points)
    if draw(st.integers(0, 2)) == 0:
        made["when"] = draw(condition(edges))
    dimension = draw(st.sampled_from(dimensions))
    reason = {"zh": f"第{number}项：{{value}}", "en": f"Rule {number}: {{value}}."}
    return {"id": f"{dimension}.r{number}", "indicator": name, **made, "reason": reason, "basis": "test"}


@st.composite
def bounds(
    draw: st.DrawFn, kind: str, effects: Sequence[str], tiers: Sequence[str], edges: Mapping[str, Sequence[float]]
) -> list[Document]:
    """Up to two bounds of one kind, of any effect that it may have."""
    made = []
    for number in range(draw(st.sampled_from((0, 0, 1, 2)))):
        effect = {draw(st.sampled_from(effects)): draw(st.sampled_from(tiers))}
        reason = {"zh": f"{kind}之{number}", "en": f"{kind} {number}"}
        made.append(
            {"id": f"{kind}.b{number}", "when": draw(condition(edges)), **effect, "reason": reason, "basis": "test"}
        )
    return made


@st.composite
def tiers(draw: st.DrawFn, totals: Sequence[int], *, shares: bool) -> list[Document]:
    """Three or four tiers by cut-offs on totals that there are, or by shares; one may be reached by condition only."""
    cuts = sorted({round(total / 1000) / 1000 for total in totals if total % 1000 == 0} | {0.0, 50.0}, reverse=True)
    if shares and draw(st.booleans()):
        upper = [{"share": share} for share in draw(st.sampled_from(([0.5], [0.2, 0.5], [0.25, 0.75], [0.1, 0.4])))]
    else:
        chosen = sorted(draw(st.sets(st.sampled_from(cuts), min_size=1, max_size=3)), reverse=True)
        upper = [{draw(st.sampled_from(("at_least", "above"))): cut} for cut in chosen]
    made = [{"id": f"t{number}", **cut} for number, cut in enumerate([*upper, {}])]
    if draw(st.booleans()):
        made.insert(draw(st.integers(0, len(made))), {"id": "apart", "by_condition_only": True})
    inspection = {"general": {"ratio": 0.1}, "basis": "test"}
    return [{**tier, "label": TEXT, "inspection": inspection, "basis": "test"} for tier in made]


@st.composite
def policies(
    draw: st.DrawFn,
    values_of: Callable[[Document], Mapping[str, Sequence[Value]]],
    totals_of: Callable[[Document], Sequence[int]],
    *,
    compares: bool = True,
) -> Document:
    """A whole policy.

    ``values_of`` gives the values of the indicators of an unfinished document for the tables of the example,
    ``totals_of`` the totals by its rules.
    """
    document: Document = {
        "format": 1,
        "id": "drawn",
        "edition": "1",
        "title": TEXT,
        "effective_from": date(2000, 1, 1),
        "basis": "test",
        "record_types": {FURTHER_TYPE: TEXT},
        "severity_weights": {
            **draw(st.sampled_from(({"minor": 1, "general": 3, "serious": 6, "grave": 10},
                                    {"minor": 0, "general": 0.1, "serious": 0.1, "grave": 0.3}))),
            "basis": "test",
        },
        "standing": draw(standing_rules()),
        "quantities": [{"label": TEXT, "source": "test", **one} for one in QUANTITIES],
        "indicators": draw(indicators(compares=compares)),
    }  # fmt: skip
    values = values_of(document)
    edges = {
        name: sorted({float(one) for one in column if one is not None} | {0.0, 1.0}) for name, column in values.items()
    }
    weights = draw(st.sampled_from(WEIGHTS))
    base = draw(st.sampled_from((0, 10, 100)))
    floor, ceiling = draw(st.sampled_from(((-1000, 1000), (0, 100), (base, base), (base - 2, base + 1))))
    scale = {"base": base, "floor": min(floor, base), "ceiling": max(ceiling, base), "basis": "test"}
    document["dimensions"] = {name: {"weight": weight, **scale} for name, weight in weights.items()}
    n_rules = draw(st.integers(1, 7))
    document["rules"] = [draw(rule(number, sorted(weights), edges)) for number in range(n_rules)]
    document["tiers"] = draw(tiers(totals_of(document), shares=compares))
    names = [tier["id"] for tier in document["tiers"]]
    for key, kind, effects in (
        ("vetoes", "veto", ("at_best", "exactly")),
        ("thin_evidence", "thin", ("at_best", "exactly")),
        ("floors", "floor", ("at_worst", "exactly")),
    ):
        document[key] = draw(bounds(kind, effects, names, edges))
    if draw(st.booleans()):
        limits = {"rise_at_most_steps": draw(st.integers(1, 2)), "per_months": draw(_months), "basis": "test"}
        document["limits_on_change"] = limits
    regimes: Document = {}
    if draw(st.booleans()):
        regimes["full_coverage"] = {"key_areas": ["food", "vaccines"], "basis": "test"}
    if draw(st.booleans()):
        unless = draw(bounds("unless", ("at_best",), names, edges))
        regimes["observation"] = {"months": draw(_months), "unless": unless, "basis": "test"}
    return {**document, "regimes": regimes}


@st.composite
def assessments_before(
    draw: st.DrawFn, document: Document, enterprise_ids: Sequence[str], as_of: date
) -> list[Document]:
    """Rows of an assessment before of some of the enterprises, its days on the edges of the limits on change."""
    from datetime import timedelta

    from tests.reference.days import months_later

    names = [tier["id"] for tier in document["tiers"]]
    months = document.get("limits_on_change", {}).get("per_months", 12)
    rows = []
    for name in draw(st.sets(st.sampled_from(sorted(enterprise_ids)), min_size=1)):
        since = months_later(as_of, -months) + timedelta(days=draw(st.sampled_from((0, 0, 1, -1))))
        count = draw(st.sampled_from((0, 1, 2, 4, 9)))
        row = {"enterprise_id": name, "as_of": as_of, "tier": draw(st.sampled_from(names)), "evidence_count": count}
        rows.append({**row, "tier_since": since})
    return sorted(rows, key=lambda row: str(row["enterprise_id"]))


class _WithoutAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def loaded(document: Mapping[str, Any], folder: Path) -> cr.Policy:
    """A document written as YAML and loaded as a user would."""
    path = folder / "drawn.yaml"
    path.write_text(yaml.dump(dict(document), Dumper=_WithoutAliases, allow_unicode=True), encoding="utf-8")
    return cr.load_policy(path)


__all__ = ["DAYS", "Document", "assessments_before", "indicators", "loaded", "policies", "standing_rules"]
