"""Whether a record counts on a day, and why not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditrisk.days import add_months, day_number, day_of
from creditrisk.records.standing import Exemption, StandingRules, Term, standing_on, terms_of
from tests.conftest import records_of

TERMS = StandingRules(
    terms=(
        Term(types=("penalty",), severities=("minor",), at_most_months=3, basis="test"),
        Term(types=("penalty",), severities=("serious",), at_least_months=12, at_most_months=36, basis="test"),
    )
)
FIRST_OFFENCE = StandingRules(
    exemption=Exemption(types=("violation",), matters=("V1",), first_within_months=12, basis="test")
)


def standings(rules: StandingRules, as_of: str, *rows: dict[str, object]) -> list[str]:
    return standing_on(records_of(*rows).data, rules, date.fromisoformat(as_of)).to_list()


@pytest.mark.parametrize(
    ("row", "standing"),
    [
        ({}, "in_force"),
        ({"known_on": "2026-07-01"}, "not_yet_known"),
        ({"repaired_on": "2026-06-30"}, "repaired"),
        ({"repaired_on": "2026-07-01"}, "in_force"),
        ({"revoked_on": "2026-06-30", "repaired_on": "2026-06-30"}, "revoked"),
        ({"expires_on": "2026-06-30"}, "in_force"),
        ({"expires_on": "2026-06-29"}, "expired"),
    ],
)
def test_standing_on_a_day(row: dict[str, object], standing: str) -> None:
    assert standings(StandingRules(), "2026-06-30", {"type": "penalty", "occurred_on": "2026-01-01", **row}) == [
        standing
    ]


def test_a_term_ends_by_calendar_months_unless_the_record_has_its_own_last_day() -> None:
    minor = {"type": "penalty", "severity": "minor", "occurred_on": "2026-01-31"}
    own = {**minor, "expires_on": "2026-12-31"}
    serious = {**minor, "severity": "serious"}
    assert standings(TERMS, "2026-04-29", minor, own, serious) == ["in_force"] * 3
    assert standings(TERMS, "2026-04-30", minor, own, serious) == ["expired", "in_force", "in_force"]


def test_a_repair_takes_effect_once_the_minimum_term_has_passed() -> None:
    early = {"type": "penalty", "severity": "serious", "occurred_on": "2025-01-31", "repaired_on": "2025-06-01"}
    late = {**early, "repaired_on": "2026-03-01"}
    assert standings(TERMS, "2026-01-30", early, late) == ["in_force", "in_force"]
    assert standings(TERMS, "2026-01-31", early, late) == ["repaired", "in_force"]
    assert standings(TERMS, "2026-03-01", early, late) == ["repaired", "repaired"]


def test_the_first_term_that_fits_applies_by_the_day_of_decision() -> None:
    rules = StandingRules(
        terms=(
            Term(types=("penalty",), decided_from=date(2026, 4, 1), at_most_months=3, basis="new"),
            Term(types=("penalty",), dimensions=("safety",), at_most_months=36, basis="old, safety"),
            Term(types=("penalty",), at_most_months=12, basis="old"),
        )
    )
    before = {"type": "penalty", "occurred_on": "2026-03-31", "dimension": "quality"}
    after, safety = {**before, "occurred_on": "2026-04-01"}, {**before, "dimension": "safety"}
    frame = records_of(before, after, safety).data
    assert terms_of(frame, rules).tolist() == [2, 0, 1]
    assert standings(rules, "2026-07-01", before, after, safety) == ["in_force", "expired", "in_force"]
    assert standings(rules, "2027-03-31", before, after, safety) == ["expired", "expired", "in_force"]


def offence(day: str, **changes: object) -> dict[str, object]:
    return {"type": "violation", "severity": "minor", "matter": "V1", "occurred_on": day, **changes}


def test_a_minor_first_offence_on_the_list_is_exempt() -> None:
    assert standings(FIRST_OFFENCE, "2026-06-30", offence("2026-01-01")) == ["exempt"]
    assert standings(FIRST_OFFENCE, "2026-06-30", offence("2026-01-01", matter="V2")) == ["in_force"]
    assert standings(FIRST_OFFENCE, "2026-06-30", offence("2026-01-01", severity="general")) == ["in_force"]


def test_a_second_offence_within_the_months_is_not_exempt_and_one_after_them_is() -> None:
    days = offence("2024-01-01"), offence("2024-12-31"), offence("2025-12-31")
    assert standings(FIRST_OFFENCE, "2026-06-30", *days) == ["exempt", "in_force", "exempt"]


def test_of_two_offences_on_one_day_neither_is_the_first() -> None:
    assert standings(FIRST_OFFENCE, "2026-06-30", offence("2026-01-01"), offence("2026-01-01")) == ["in_force"] * 2


def test_a_revoked_offence_spoils_no_exemption_and_one_not_yet_known_does_not_either() -> None:
    revoked = offence("2025-12-01", revoked_on="2026-02-01")
    unknown = offence("2025-12-01", known_on="2026-07-15")
    assert standings(FIRST_OFFENCE, "2026-06-30", revoked, offence("2026-01-01"))[1] == "exempt"
    assert standings(FIRST_OFFENCE, "2026-06-30", unknown, offence("2026-01-01"))[1] == "exempt"
    assert standings(FIRST_OFFENCE, "2026-07-31", unknown, offence("2026-01-01"))[1] == "in_force"


def test_an_offence_of_another_enterprise_spoils_nothing() -> None:
    other = offence("2025-12-01", enterprise_id="E2")
    assert standings(FIRST_OFFENCE, "2026-06-30", other, offence("2026-01-01")) == ["exempt", "exempt"]


@given(st.dates(date(1950, 1, 1), date(2090, 12, 31)), st.integers(-600, 600))
def test_months_later_keeps_the_day_or_takes_the_last_of_the_month(day: date, months: int) -> None:
    moved = day_of(int(add_months(day_number(day), months)))
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    next_day = date.fromordinal(moved.toordinal() + 1)
    assert moved.day == day.day or (moved.day < day.day and next_day.day == 1)
