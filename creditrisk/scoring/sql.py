"""The scoring step of a policy as SQL: points, dimension scores, totals and tiers from a table of indicators.

DuckDB computes from it, to the last digit, the results of :func:`creditrisk.scoring.scores.score` and
:func:`creditrisk.scoring.tiering.assign_tiers`: the same whole thousandths, and before rounding the same operations on
doubles in the same order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal, assert_never

import numpy as np

from creditrisk.errors import InputError
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.policy.rules import (
    MOST_POINTS,
    AllOf,
    AnyOf,
    Bands,
    Bound,
    ByValue,
    Comparison,
    Condition,
    PerUnit,
    Rule,
    Sign,
)
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT
from creditrisk.scoring.tiering import limits_by_score

__all__ = ["scoring_sql"]


def scoring_sql(
    policy: Policy | str | os.PathLike[str],
    *,
    table: str | Sequence[str] = "indicators",
    id_column: str = "enterprise_id",
    as_of: date | str | None = None,
) -> str:
    """Write a policy's scoring step as one SQL query for DuckDB.

    Parameters
    ----------
    policy : Policy, str or path
        A policy, the name of a built-in one, or a policy file.
    table : str or sequence of str, default="indicators"
        The table of indicators, one row per enterprise and one column per indicator, as
        :class:`creditrisk.IndicatorBuilder` makes it; NULL and NaN are missing values. Give a name with a schema in
        parts: ``("credit", "indicators")``.
    id_column : str, default="enterprise_id"
        The column that identifies the rows.
    as_of : datetime.date or ISO text, optional
        The day that selects the edition of a policy given by name.

    Returns
    -------
    str
        A query whose rows are those of the table: the id; ``score``; each dimension's score; ``tier_by_score`` and
        ``tier``; ``met.<id>`` for each veto, thin evidence and floor; ``points.<id>`` for each rule.

    Raises
    ------
    InputError
        If the name of the table or column is empty or has control characters.
    PolicyError
        If there is no such policy, or its document is wrong.

    See Also
    --------
    creditrisk.RuleScorer : computes the same in Python.

    Notes
    -----
    Limits on change and regimes are not in the query, and it says so if the policy has them: they need the last
    assessment and the enterprise table.

    Examples
    --------
    >>> import duckdb, pandas as pd, creditrisk as cr
    >>> scorer = cr.RuleScorer("jiangsu").fit()
    >>> clean = pd.DataFrame(0.0, index=["E1"], columns=scorer.feature_names_in_).rename_axis("enterprise_id")
    >>> indicators = clean.reset_index()
    >>> result = duckdb.sql(scoring_sql("jiangsu", table="indicators"))
    >>> result.select("enterprise_id, score, tier_by_score, tier").fetchall()
    [('E1', 87.0, 'good', 'ordinary')]
    """
    policy = load_policy(policy, as_of)
    source = _name(table) if isinstance(table, str) else ".".join(map(_name, table))
    steps = {
        "given": _given(policy, source, id_column),
        "points": _added("given", (_noted(rule, _points(rule), f"points.{rule.id}") for rule in policy.rules)),
        "dimensions": _added("points", _dimensions(policy)),
        "totals": _added("dimensions", [_total(policy)]),
        "bounds": _added(
            "totals", (_noted(bound, _met(bound.when), f"met.{bound.id}") for bound in policy.tier_bounds)
        ),
        "by_score": _added("bounds", [f"{_tier_by_score(policy)} AS tier_by_score"]),
        **_bounded_tiers(policy),
    }
    queries = ",\n".join(f"{name} AS (\n{_indented(query)}\n)" for name, query in steps.items())
    return f"{_header(policy, source)}\nWITH\n{queries}\n{_result(policy, id_column, [*steps][-1])};\n"


def _header(policy: Policy, source: str) -> str:
    lines = [
        f"{policy.title.zh} · {policy.title.en}",
        f"Policy {policy.id}, edition {policy.edition}, sha256 {policy.sha256 or 'unknown'}"
        + (f", values of {policy.values_of}" if policy.values_of is not None else ""),
        f"Basis: {policy.basis}",
        f"Scores and tiers of the rows of {source}: one column per indicator, NULL or NaN where there is nothing to",
        "measure. Points are whole thousandths and totals whole millionths until the last step. Written for DuckDB.",
    ]
    if policy.limits_on_change is not None:
        lines.append("Not in this query: limits on change, which need the assessment before.")
    if policy.regimes.full_coverage is not None or policy.regimes.observation is not None:
        lines.append("Not in this query: regimes, which need the enterprise table.")
    return "\n".join(_comment(line) for line in lines)


def _given(policy: Policy, source: str, id_column: str) -> str:
    names = dict.fromkeys(name for rule in policy.rules for name in rule.indicators)
    names |= dict.fromkeys(name for bound in policy.tier_bounds for name in bound.when.indicators())
    columns = [f"{_name(id_column)} AS id"]
    columns += [f"nullif(CAST({_name(name)} AS DOUBLE), CAST('NaN' AS DOUBLE)) AS {_name(name)}" for name in names]
    return "SELECT\n" + _listed(columns) + f"\nFROM {source}"


def _points(rule: Rule) -> str:
    """Write the points of a rule in thousandths; see :func:`creditrisk.scoring.scores.points_of`."""
    value = _name(rule.indicator)
    cases = [f"WHEN {value} IS NULL THEN {_thousandths(rule.missing)}"]
    match rule.form:
        case PerUnit() as per_unit:
            factor, cap = per_unit.points * POINT_UNIT / per_unit.unit, (per_unit.cap or MOST_POINTS) * POINT_UNIT
            held = f"least(greatest({value} * {_double(factor)}, {_double(-cap)}), {_double(cap)})"
            last = f"CAST(round_even({held}, 0) AS BIGINT)"
        case Bands(bands):
            *lower, highest = bands
            cases += [f"WHEN {value} < {_double(band.below or 0.0)} THEN {_thousandths(band.points)}" for band in lower]
            last = _thousandths(highest.points)
        case ByValue(listed, unseen):
            cases += [f"WHEN {value} = {_double(one.value)} THEN {_thousandths(one.points)}" for one in listed]
            last = _thousandths(unseen)
        case unknown:
            assert_never(unknown)
    if rule.when is not None:
        cases.insert(0, f"WHEN NOT {_met(rule.when)} THEN 0")
    return _case(cases, last)


def _met(condition: Condition) -> str:
    """Write whether a condition is met, never NULL; see :func:`creditrisk.scoring.conditions.rows_meeting`."""
    match condition.form:
        case AllOf(parts):
            return f"({' AND '.join(map(_met, parts))})"
        case AnyOf(parts):
            return f"({' OR '.join(map(_met, parts))})"
        case Comparison() as one:
            compared = f"{_name(one.indicator)} {_operator(one.sign)} {_double(one.number)}"
            return f"coalesce({compared}, {'TRUE' if one.missing else 'FALSE'})"
        case unknown:
            assert_never(unknown)


def _operator(sign: Sign) -> str:
    match sign:
        case "at_least":
            return ">="
        case "above":
            return ">"
        case "at_most":
            return "<="
        case "below":
            return "<"
        case unknown:
            assert_never(unknown)


def _dimensions(policy: Policy) -> Iterator[str]:
    for name, scale in policy.dimensions.items():
        terms = [_thousandths(scale.base)]
        terms += [_name(f"points.{rule.id}") for rule in policy.rules if rule.dimension == name]
        total = "\n" + _indented("\n+ ".join(terms)) + "\n"
        floor, ceiling = _thousandths(scale.floor), _thousandths(scale.ceiling)
        yield f"{_comment(scale.basis)}\nleast(greatest({total}, {floor}), {ceiling}) AS {_name(name)}"


def _total(policy: Policy) -> str:
    weighted = (
        f"CAST({_thousandths(scale.weight)} AS BIGINT) * {_name(name)}" for name, scale in policy.dimensions.items()
    )
    return " + ".join(weighted) + " AS total"


def _tier_by_score(policy: Policy) -> str:
    """Write the position of a row's tier by cut-offs or shares alone."""
    positions = [position for position, tier in enumerate(policy.tiers) if not tier.by_condition_only]
    shares, lowest = limits_by_score(policy)
    # Equal totals get the same tier: the one that the best of them reaches.
    reached = [
        f"rank() OVER (ORDER BY total DESC) - 1 < round_even({_double(share)} * count(*) OVER (), 0)"
        for share in np.cumsum(shares).tolist()
    ]
    reached += [f"total >= {total}" for total in lowest]
    cases = [f"WHEN {test} THEN {position}" for test, position in zip(reached, positions, strict=False)]
    return _case(cases, str(positions[-1]))


def _bounded_tiers(policy: Policy) -> dict[str, str]:
    """Write the steps that bound the tier by floors, thin evidence and vetoes; the later ones take precedence."""
    positions = {tier.id: position for position, tier in enumerate(policy.tiers)}
    steps, before, tier = {}, "by_score", "tier_by_score"
    kinds = (("floors", policy.floors), ("thin_evidence", policy.thin_evidence), ("vetoes", policy.vetoes))
    for kind, bounds in kinds:
        if not bounds:
            continue
        fixing: list[tuple[int, str]] = []
        limits: dict[Literal["greatest", "least"], list[str]] = {"greatest": [], "least": []}
        for bound in bounds:
            met, position = _met_name(bound), positions[bound.tier]
            match bound.effect:
                case "exactly":
                    fixing.append((position, f"WHEN {met} THEN {position}"))
                case "at_best":
                    limits["greatest"].append(f"CASE WHEN {met} THEN {position} END")
                case "at_worst":
                    limits["least"].append(f"CASE WHEN {met} THEN {position} END")
                case unknown:
                    assert_never(unknown)
        # The worst of the bounds that fix a tier decides; then the others that are met limit it from one side.
        held = _case([case for _, case in sorted(fixing, key=lambda one: -one[0])], tier)
        for function, holding in limits.items():
            # Both functions ignore NULL.
            held = f"{function}(\n{_listed([held, *holding])}\n)" if holding else held
        steps[f"after_{kind}"] = _added(before, [f"{held} AS tier_after_{kind}"])
        before, tier = f"after_{kind}", f"tier_after_{kind}"
    return steps


def _result(policy: Policy, id_column: str, last: str) -> str:
    tier = "tier_by_score" if last == "by_score" else f"tier_{last}"
    labels = [f"WHEN {position} THEN {_text(tier.id)}" for position, tier in enumerate(policy.tiers)]
    columns = [f"id AS {_name(id_column)}", f"total / {TOTAL_UNIT} AS score"]
    columns += [f"{_name(name)} / {POINT_UNIT} AS {_name(name)}" for name in policy.dimensions]
    columns += [
        f"CASE {position} {' '.join(labels)} END AS {name}"
        for position, name in (("tier_by_score", "tier_by_score"), (tier, "tier"))
    ]
    columns += [_met_name(bound) for bound in policy.tier_bounds]
    columns += [f"{_name(f'points.{rule.id}')} / {POINT_UNIT} AS {_name(f'points.{rule.id}')}" for rule in policy.rules]
    return "SELECT\n" + _listed(columns) + f"\nFROM {last}"


def _added(before: str, columns: Iterable[str]) -> str:
    return "SELECT\n" + _listed(["*", *columns]) + f"\nFROM {before}"


def _noted(part: Rule | Bound, expression: str, name: str) -> str:
    return f"{_comment(f'{part.id}: {part.basis}')}\n{expression} AS {_name(name)}"


def _case(cases: Sequence[str], last: str) -> str:
    if not cases:
        return last
    return "CASE\n" + _indented("\n".join((*cases, f"ELSE {last}"))) + "\nEND"


def _met_name(bound: Bound) -> str:
    return _name(f"met.{bound.id}")


def _thousandths(number: float) -> str:
    # The scorer rounds in the same way: to whole thousandths, and halves to the even one.
    return str(int(np.rint(number * POINT_UNIT)))


def _double(number: float) -> str:
    """Write a literal that is read as exactly this double; without an exponent it would be a decimal."""
    digits = repr(float(number))
    return digits if "e" in digits else f"{digits.removesuffix('.0')}e0"


def _name(name: str) -> str:
    if not name or not name.isprintable():
        raise InputError(f"{name!r} cannot be the name of a table or column")
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _comment(text: str) -> str:
    # The comment must be on one line: text after a line break would be executed.
    return "-- " + "".join(character if character.isprintable() else " " for character in text)


def _listed(parts: Iterable[str]) -> str:
    return ",\n".join(_indented(part) for part in parts)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
