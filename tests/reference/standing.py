"""Standing: whether a record counts on a day, by docs/standing.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from tests.reference.days import months_later

Record = Mapping[str, Any]
Rules = Mapping[str, Any]

_ACTIONS = {"repair": "repaired_on", "revocation": "revoked_on"}


def known_from(record: Record) -> date:
    """The day from which a record had happened and was known."""
    return max(record["occurred_on"], record.get("known_on") or record["occurred_on"])


def severity_of(record: Record, rules: Rules) -> str:
    """A severity that is missing is taken as the policy says."""
    return str(record.get("severity") or rules.get("missing_severity", "general"))


def with_actions(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Records with the days on which records of repair and revocation act on them: of several the earliest."""
    acted = {record["record_id"]: dict(record) for record in records}
    for record in records:
        column = _ACTIONS.get(record["type"])
        if column is not None and record.get("acts_on") is not None:
            target = acted[record["acts_on"]]
            target[column] = min(known_from(record), target.get(column) or date.max)
    return list(acted.values())


def term_of(record: Record, rules: Rules) -> Mapping[str, Any] | None:
    """The first term that fits a record."""
    for term in rules.get("terms", ()):
        if (
            record["type"] in term["types"]
            and severity_of(record, rules) in term.get("severities", ("minor", "general", "serious", "grave"))
            and (not term.get("dimensions") or record.get("dimension") in term["dimensions"])
            and term.get("decided_from", date.min) <= record["occurred_on"] < term.get("decided_before", date.max)
        ):
            return term
    return None


def repairable_from(record: Record, rules: Rules) -> date | None:
    """The day before which no repair of a record has effect; none where no term fits."""
    term = term_of(record, rules)
    return None if term is None else months_later(record["occurred_on"], term.get("at_least_months", 0))


def counts_until(record: Record, rules: Rules) -> date | None:
    """The first day on which a record no longer counts by itself."""
    if record.get("expires_on") is not None:
        return record["expires_on"] + timedelta(days=1)
    term = term_of(record, rules)
    if term is None or term.get("at_most_months") is None:
        return None
    return months_later(record["occurred_on"], term["at_most_months"])


def repaired_from(record: Record, rules: Rules) -> date | None:
    """The day on which the repair of a record takes effect."""
    if record.get("repaired_on") is None:
        return None
    return max(record["repaired_on"], repairable_from(record, rules) or date.min)


def is_exempt(record: Record, others: Sequence[Record], rules: Rules, day: date) -> bool:
    """Whether a record is a minor offence with no other offence in the months before, its own day included."""
    exemption = rules.get("exemption")
    if exemption is None or record["type"] not in exemption["types"] or severity_of(record, rules) != "minor":
        return False
    if exemption.get("matters") and record.get("matter") not in exemption["matters"]:
        return False
    first = months_later(record["occurred_on"], -exemption["first_within_months"])
    return not any(
        other is not record
        and other["type"] in exemption["types"]
        and known_from(other) <= day
        and (other.get("revoked_on") is None or other["revoked_on"] > day)
        and first < other["occurred_on"] <= record["occurred_on"]
        for other in others
    )


def standing_of(record: Record, others: Sequence[Record], rules: Rules, day: date) -> str:
    """The standing of a record among the records of its enterprise on a day."""

    def has_come(begins: date | None) -> bool:
        return begins is not None and begins <= day

    if known_from(record) > day:
        return "not_yet_known"
    if has_come(record.get("revoked_on")):
        return "revoked"
    if has_come(repaired_from(record, rules)):
        return "repaired"
    if has_come(counts_until(record, rules)):
        return "expired"
    return "exempt" if is_exempt(record, others, rules, day) else "in_force"
