"""An assessment from end to end: records and enterprises in, one result for each enterprise out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.reference.enterprises import Value
from tests.reference.indicators import Cohort, indicator_values, records_counted
from tests.reference.points import Line, by_weight, dimension_of, lines_and_scores, total_of
from tests.reference.standing import standing_of, with_actions
from tests.reference.tiers import bounded_tier, bounds_met, limited_tier, regime_of, tiers_by_score

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What is assessed of one enterprise; points in thousandths, the total in millionths, tiers by their ids."""

    enterprise_id: str
    values: Mapping[str, Value]
    lines: Sequence[Line]
    record_ids: Mapping[str, Sequence[str]]
    scores: Mapping[str, int]
    total: int
    tier_by_score: str
    tier: str
    tier_since: date
    held: bool
    regime: str
    met: Mapping[str, Sequence[Mapping[str, Any]]]
    evidence_count: int
    left_out: Mapping[str, str]

    @property
    def reasons(self) -> list[Line]:
        """What gave points, from the weightiest down."""
        return by_weight(list(self.lines))


def indicators_read(policy: Policy) -> list[str]:
    """Ids of the indicators that rules and conditions read, each once."""
    names = [rule["indicator"] for rule in policy["rules"]]
    conditions = [rule["when"] for rule in policy["rules"] if "when" in rule]
    conditions += [bound["when"] for kind in ("vetoes", "thin_evidence", "floors") for bound in policy.get(kind, ())]
    conditions += [bound["when"] for bound in policy.get("regimes", {}).get("observation", {}).get("unless", ())]
    for condition in conditions:
        names += indicators_of(condition)
    return list(dict.fromkeys(names))


def indicators_of(condition: Mapping[str, Any]) -> list[str]:
    """Ids of the indicators that a condition reads."""
    if "indicator" in condition:
        return [condition["indicator"]]
    return [name for part in condition.get("all_of") or condition["any_of"] for name in indicators_of(part)]


def records_behind(rule: Mapping[str, Any] | None, result: Result) -> tuple[str, ...]:
    """Ids of the records behind the points of a rule: those of its indicator and of what its condition reads."""
    if rule is None:
        return ()
    names = [rule["indicator"], *(indicators_of(rule["when"]) if "when" in rule else ())]
    return tuple(sorted({one for name in names for one in result.record_ids[name]}))


def dimension_of_line(line: Line, rules: Mapping[str, Mapping[str, Any]]) -> str:
    """The dimension in which a rule, floor or ceiling gave points."""
    return dimension_of(rules[line.rule]) if line.rule in rules else line.rule.partition(".")[0]


def assess(
    policy: Policy,
    specs: Mapping[str, Mapping[str, Any]],
    enterprises: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    day: date,
    previous: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Result]:
    """Assess enterprises, in the order of their ids.

    ``specs`` are the indicators by id as plain data; ``previous`` the rows of the assessment before by enterprise.
    """
    by_id = {one["enterprise_id"]: one for one in sorted(enterprises, key=lambda one: str(one["enterprise_id"]))}
    acted = with_actions(records)
    cohort = Cohort([(name, day) for name in by_id], acted, by_id)
    names = indicators_read(policy)
    columns = indicator_values(policy, specs, cohort, names)
    rows = [{name: columns[name][row] for name in names} for row in range(len(by_id))]
    scored = [lines_and_scores(policy, values) for values in rows]
    totals = [total_of(policy, scores) for _, scores in scored]
    tiers = [one["id"] for one in policy["tiers"]]
    results = []
    for row, (by_score, values, (lines, scores)) in enumerate(
        zip(tiers_by_score(policy, totals), rows, scored, strict=True)
    ):
        name = cohort.rows[row][0]
        known = cohort.standing(row, policy.get("standing", {}))
        met = bounds_met(policy, values)
        before = (previous or {}).get(name)
        free = bounded_tier(policy, by_score, met)
        limited = limited_tier(policy, free, before, len(known), day)
        tier = tiers[limited]
        stays = before is not None and before["tier"] == tier
        mine = [record for record in acted if record["enterprise_id"] == name]
        standings = {one["record_id"]: standing_of(one, mine, policy.get("standing", {}), day) for one in mine}
        results.append(
            Result(
                enterprise_id=name,
                values=values,
                lines=lines,
                record_ids={one: records_counted(policy, specs, cohort, one, row) for one in names},
                scores=scores,
                total=totals[row],
                tier_by_score=tiers[by_score],
                tier=tier,
                tier_since=(before.get("tier_since") or before["as_of"]) if before is not None and stays else day,
                held=limited != free,
                regime=regime_of(policy, by_id[name], values, day),
                met=met,
                evidence_count=len(known),
                left_out={one: standing for one, standing in standings.items() if standing != "in_force"},
            )
        )
    return results
