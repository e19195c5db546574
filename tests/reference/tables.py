"""Tables of enterprises and records as registers have them: on every edge of a month, a term or a window.

Lists that begin with nothing are frequent: records belong to some of the enterprises, often not to the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl

from tests.reference.days import months_later

Row = dict[str, Any]

DAYS = (date(2026, 6, 30), date(2024, 2, 29), date(2026, 3, 31))
MONTHS = (0, 1, 3, 6, 12, 24, 36)
# As text they stand in another order than as numbers.
ENTERPRISE_IDS = ("E1", "E10", "E2", "e3", "企4", "E11", "E5", "E6", "E7", "E8")
STRANGER = "E9"
FURTHER_TYPE = "site_visit"
TYPES = ("violation", "violation", "penalty", "penalty", "inspection", "accident", "complaint", FURTHER_TYPE)
ATTRIBUTES = ("attributes.points", "attributes.out_of_service")

_FIELDS: dict[str, tuple[Any, ...]] = {
    "type": TYPES,
    "dimension": ("safety", "quality"),
    "severity": (None, "minor", "minor", "general", "serious", "grave"),
    "outcome": (None, "pass", "fail", "upheld"),
    "amount": (None, 0.0, 0.0, 0.01, 0.1, 0.3, 2.5, 1000.0, 3000.0, 5000.0, 99999.99),
    "authority": (None, "A", "B"),
    "matter": (None, "M1", "M2"),
    "acts_on": (None, None, "I1", "I2"),
    "attributes.points": (None, 0.0, 1.0, 2.0, 7.5, 0.25),
    "attributes.out_of_service": (None, 0.0, 1.0),
}
_KNOWN_AFTER = (None, None, None, 0, 1, 30)
_ENDS = (None, None, None, None, "expires_on", "repaired_on", "revoked_on")
# None is the day of the assessment itself.
_ENDS_AFTER = (None, None, 0, 30, 31, 92, 366)


def records(rng: Random, n: int, enterprise_ids: Sequence[str], as_of: date) -> list[Row]:
    """Records of some of the enterprises, in any order; one of them has every field, and is known."""
    owners = rng.sample(enterprise_ids, rng.randint(1, min(3, len(enterprise_ids))))
    made = [_record(rng, rng.choice(owners), as_of) for _ in range(n)]
    made.append(
        {
            "enterprise_id": rng.choice((STRANGER, enterprise_ids[-1])),
            "type": "inspection",
            "dimension": "quality",
            "severity": "minor",
            "outcome": "fail",
            "occurred_on": months_later(as_of, -36),
            **dict.fromkeys(("authority", "matter"), "Z"),
            **dict.fromkeys(("amount", *ATTRIBUTES), 1.0),
        }
    )
    numbers = rng.sample(range(100), len(made))
    made = [{**record, "record_id": f"r{number}"} for record, number in zip(made, numbers, strict=True)]
    acting = [_action(rng, rng.choice(made), number) for number in range(rng.randint(0, 3))]
    return rng.sample(made + acting, len(made + acting))


def _record(rng: Random, owner: str, as_of: date) -> Row:
    occurred = _near_an_edge(rng, as_of)
    record = {"enterprise_id": owner, **{name: rng.choice(values) for name, values in _FIELDS.items()}}
    if record["type"] == "penalty" and record["severity"] is None:
        record["severity"] = "general"
    ends, after = rng.choice(_ENDS), rng.choice(_ENDS_AFTER)
    if ends is not None:
        record[ends] = max(occurred, as_of if after is None else occurred + timedelta(days=after))
    return record | _days(occurred, rng.choice(_KNOWN_AFTER))


def _action(rng: Random, target: Row, number: int) -> Row:
    """A repair or revocation of a record, sometimes of its day, sometimes known only later."""
    return {
        "record_id": f"a{number}",
        "enterprise_id": target["enterprise_id"],
        "type": rng.choice(("repair", "revocation")),
        "dimension": "quality",
        "acts_on": target["record_id"],
        **_days(target["occurred_on"] + timedelta(days=rng.choice((0, 1, 31, 92, 366))), rng.choice((None, 0, 30))),
    }


def _near_an_edge(rng: Random, as_of: date) -> date:
    return months_later(as_of, -rng.choice(MONTHS)) + timedelta(days=rng.choice((0, 0, 0, 1, -1)))


def _days(occurred: date, known_after: int | None) -> Row:
    known = None if known_after is None else occurred + timedelta(days=known_after)
    return {"occurred_on": occurred, "known_on": known}


_ENTERPRISE_FIELDS: dict[str, tuple[Any, ...]] = {
    "employees": (None, 0, 1, 3, 10),
    "region": (None, "320100", "320500"),
    "scale": (None, "large", "small"),
    "key_areas": ((), (), ("food",), ("drugs", "food"), ("drugs",)),
    "new_business_form": (None, False, True, True),
    "attributes.units": (None, 0.0, 0.5, 1.0, 2.0, 3.0),
    "attributes.miles": (None, 0.0, 1.0, 10.0, 50.0, 100.0),
}


def enterprises(rng: Random, n: int, as_of: date) -> list[Row]:
    """Enterprises in any order, and one more that has every field."""
    made = []
    for enterprise_id in [*ENTERPRISE_IDS, *(f"F{number}" for number in range(n))][:n]:
        observed = rng.choice((None, None, 0, -1, 1))
        made.append(
            {
                "enterprise_id": enterprise_id,
                "name": f"企业{enterprise_id}",
                "established_on": rng.choice((None, _near_an_edge(rng, as_of), _near_an_edge(rng, as_of))),
                "observation_until": None if observed is None else as_of + timedelta(days=observed),
                **{name: rng.choice(values) for name, values in _ENTERPRISE_FIELDS.items()},
            }
        )
    whole = {"established_on": date(2010, 1, 1), "employees": 1, "region": "320100", "scale": "small"}
    made.append({"enterprise_id": "z", "name": "z", **whole, "attributes.units": 1.0, "attributes.miles": 1.0})
    return rng.sample(made, len(made))


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame, as a caller would have them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [_plain(row.get(name)) for row in rows] for name in names}
    return pl.DataFrame(columns, strict=False)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
