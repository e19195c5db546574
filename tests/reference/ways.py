"""The way to a better tier by trying every set of actions and every day, by docs/scoring.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

from tests.reference.assessment import Result, assess, indicators_read
from tests.reference.indicators import takes
from tests.reference.standing import Record, known_from, repairable_from, standing_of, with_actions
from tests.reference.tables import Row

DIMENSIONS = ("compliance", "safety", "quality", "environment", "responsibility")


@dataclass(frozen=True)
class Enterprise:
    """One enterprise as it was known on the day of an assessment."""

    document: Mapping[str, Any]
    specs: Mapping[str, Mapping[str, Any]]
    register: Row
    records: Sequence[Record]
    day: date
    tiers: dict[date, int] = field(default_factory=dict)

    def assessed(self, day: date, records: Sequence[Record] | None = None) -> Result:
        """As it is assessed on a day, perhaps with other records."""
        return assess(self.document, self.specs, [self.register], self.records if records is None else records, day)[0]

    def tier(self, day: date) -> int:
        """Its tier on a day, 0 the best, if nothing new becomes known."""
        if day not in self.tiers:
            self.tiers[day] = self.place(self.assessed(day))
        return self.tiers[day]

    def place(self, result: Result) -> int:
        """The place of a tier, 0 the best."""
        return [tier["id"] for tier in self.document["tiers"]].index(result.tier)


def enterprise_on(
    document: Mapping[str, Any], specs: Mapping[str, Any], register: Row, records: Sequence[Record], day: date
) -> Enterprise:
    """Leave out what was not known on the day: later records, repairs and revocations."""
    mine = []
    for record in with_actions(records):
        if record["enterprise_id"] == register["enterprise_id"] and known_from(record) <= day:
            done = {name: record.get(name) for name in ("repaired_on", "revoked_on")}
            known = {name: on if on is not None and on <= day else None for name, on in done.items()}
            # What has acted has acted: the record of the act does so no more.
            mine.append(
                {**record, **known, **({"acts_on": None} if record["type"] in ("repair", "revocation") else {})}
            )
    return Enterprise(document, specs, register, mine, day)


def repairs(one: Enterprise) -> list[str]:
    """Records that may be repaired today: in force, past the minimum of a term, counted by what is no merit."""
    rules = one.document.get("standing", {})
    result = one.assessed(one.day)
    counted = {
        record
        for name in indicators_read(one.document)
        if one.specs[name]["direction"] != "risk_falls"
        for record in result.record_ids[name]
    }
    return [
        record["record_id"]
        for record in one.records
        if record["record_id"] in counted
        and standing_of(record, one.records, rules, one.day) == "in_force"
        and (repairable_from(record, rules) or date.max) <= one.day
    ]


def additions(one: Enterprise) -> list[Row]:
    """One clean inspection and one commitment kept for each dimension that the policy's rewards tell apart."""
    found = []
    for kind, outcome in (("inspection", "pass"), ("commitment", "kept")):
        seen = set()
        for dimension in DIMENSIONS:
            record = {"type": kind, "outcome": outcome, "dimension": dimension, "severity": None}
            rewarding = tuple(
                name
                for name in indicators_read(one.document)
                if one.specs[name]["direction"] == "risk_falls"
                and takes(one.document, one.specs[name].get("select", {}), record)
            )
            if rewarding and rewarding not in seen:
                seen.add(rewarding)
                found.append({**record, "enterprise_id": one.register["enterprise_id"], "occurred_on": one.day})
    return found


def after(one: Enterprise, repaired: Sequence[str], added: Sequence[Row]) -> Result:
    """As it is assessed today once these records are repaired and those added."""
    records: list[Record] = [
        {**record, "repaired_on": one.day} if record["record_id"] in repaired else record for record in one.records
    ]
    new = [{**record, "record_id": f"new{number}"} for number, record in enumerate(added)]
    return one.assessed(one.day, [*records, *new])


def fewest_actions(one: Enterprise) -> int | None:
    """How many actions the smallest set that reaches a better tier today has; none where no set does."""
    now = one.tier(one.day)
    actions: list[tuple[str, Any]] = [("repair", record) for record in repairs(one)]
    actions += [("add", record) for record in additions(one)]
    for size in range(1, len(actions) + 1):
        for chosen in combinations(actions, size):
            repaired = [what for how, what in chosen if how == "repair"]
            added = [what for how, what in chosen if how == "add"]
            if one.place(after(one, repaired, added)) < now:
                return size
    return None
