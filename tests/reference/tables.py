"""Tables of enterprises and records as registers have them: on every edge of a month, a term or a window.

Lists that begin with nothing are frequent: records belong to some of the enterprises, often not to the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from tests.reference.days import months_later

DAYS = (date(2026, 6, 30), date(2024, 2, 29), date(2026, 3, 31))
MONTHS = (0, 1, 3, 6, 12, 24, 36)
# As text they stand in another order than as numbers.
ENTERPRISE_IDS = ("E1", "E10", "E2", "e3", "企4", "E11", "E5")
STRANGER = "E9"
FURTHER_TYPE = "site_visit"
TYPES = ("violation", "penalty", "inspection", "violation", "penalty", "accident", "complaint", FURTHER_TYPE)
ATTRIBUTES = ("attributes.points", "attributes.out_of_service")
AMOUNTS = (0.0, 0.01, 0.1, 0.3, 2.5, 1000.0, 3000.0, 5000.0, 99999.99)

_occurred = st.tuples(st.sampled_from(MONTHS), st.sampled_from((0, 0, 0, 1, -1)))
_later = st.sampled_from((None, None, 0, 30, 31, 92, 366))
_record = st.fixed_dictionaries(
    {
        "whose": st.integers(0, 5),
        "type": st.sampled_from(TYPES),
        "dimension": st.sampled_from(("safety", "quality")),
        "severity": st.sampled_from((None, "minor", "minor", "general", "serious", "grave")),
        "outcome": st.sampled_from((None, "pass", "fail", "upheld")),
        "amount": st.sampled_from((None, *AMOUNTS)),
        "occurred": _occurred,
        "known": st.sampled_from((None, None, None, 0, 1, 30)),
        "ends": st.tuples(st.sampled_from((None, None, None, None, "expires_on", "repaired_on", "revoked_on")), _later),
        "authority": st.sampled_from((None, "A", "B")),
        "matter": st.sampled_from((None, "M1", "M2")),
        "inspection": st.sampled_from((None, None, "I1", "I2")),
        "attributes.points": st.sampled_from((None, 0.0, 1.0, 2.0, 7.5, 0.25)),
        "attributes.out_of_service": st.sampled_from((None, 0.0, 1.0)),
    }
)
_action = st.fixed_dictionaries(
    {
        "on": st.integers(0, 20),
        "type": st.sampled_from(("repair", "revocation")),
        "after": st.sampled_from((0, 1, 31, 92, 366)),
        "known": st.sampled_from((None, 0, 30)),
    }
)


@st.composite
def records(draw: st.DrawFn, enterprise_ids: Sequence[str], as_of: date, most: int = 12) -> list[dict[str, Any]]:
    """Records of some of the enterprises, in any order; the last one has every field, and is known."""
    owners = draw(st.lists(st.sampled_from(enterprise_ids), min_size=1, max_size=3))
    drawn = draw(st.lists(_record, max_size=most))
    made = [_placed(one, owners, as_of) for one in drawn]
    made.append(
        {
            "enterprise_id": draw(st.sampled_from((STRANGER, enterprise_ids[-1]))),
            "type": "inspection",
            "dimension": "quality",
            "severity": "minor",
            "outcome": "fail",
            "occurred_on": months_later(as_of, -36),
            **dict.fromkeys(("authority", "matter"), "Z"),
            **dict.fromkeys(("amount", *ATTRIBUTES), 1.0),
        }
    )
    for number, record in enumerate(made):
        record["record_id"] = f"r{(7 * number + 3) % 31}"
    for action in draw(st.lists(_action, max_size=3)):
        target = made[action["on"] % len(made)]
        if target["type"] in ("repair", "revocation"):
            continue
        occurred = target["occurred_on"] + timedelta(days=action["after"])
        acting = {"type": action["type"], "acts_on": target["record_id"], "enterprise_id": target["enterprise_id"]}
        made.append(
            {**acting, "record_id": f"a{len(made)}", "dimension": "quality", **_days(occurred, action["known"])}
        )
    order = draw(st.sampled_from((1, -1, 2)))
    return made[::order] if order < 2 else [*made[1::2], *made[::2]]


def _placed(drawn: Mapping[str, Any], owners: Sequence[str], as_of: date) -> dict[str, Any]:
    months, shift = drawn["occurred"]
    occurred = months_later(as_of, -months) + timedelta(days=shift)
    record = {
        name: value for name, value in drawn.items() if name not in ("whose", "occurred", "known", "ends", "inspection")
    }
    record |= {"enterprise_id": owners[drawn["whose"] % len(owners)], "acts_on": drawn["inspection"]}
    if record["type"] == "penalty" and record["severity"] is None:
        record["severity"] = "general"
    ends, after = drawn["ends"]
    if ends is not None:
        # Without a lag, on the day of the assessment itself.
        record[ends] = max(occurred, as_of if after is None else occurred + timedelta(days=after))
    return record | _days(occurred, drawn["known"])


def _days(occurred: date, known: int | None) -> dict[str, date | None]:
    return {"occurred_on": occurred, "known_on": None if known is None else occurred + timedelta(days=known)}


_enterprise = st.fixed_dictionaries(
    {
        "established": _occurred,
        "employees": st.sampled_from((None, 0, 1, 3, 10)),
        "region": st.sampled_from((None, "320100", "320500")),
        "scale": st.sampled_from((None, "large", "small")),
        "key_areas": st.sampled_from(((), (), ("food",), ("drugs", "food"), ("drugs",))),
        "new_business_form": st.sampled_from((None, False, True, True)),
        "observed": st.sampled_from((None, None, 0, -1, 1)),
        "attributes.units": st.sampled_from((None, 0.0, 0.5, 2.0, 3.0, 49.0)),
        "attributes.miles": st.sampled_from((None, 0.0, 1.0, 10.0, 98.0, 160.0)),
    }
)


@st.composite
def enterprises(draw: st.DrawFn, as_of: date, most: int = 5) -> list[dict[str, Any]]:
    """Enterprises in any order; the last has every field."""
    n = draw(st.integers(1, most))
    drawn = draw(st.lists(_enterprise, min_size=n, max_size=n))
    made = []
    for enterprise_id, one in zip(ENTERPRISE_IDS, drawn, strict=False):
        months, shift = one.pop("established")
        observed = one.pop("observed")
        made.append(
            {
                "enterprise_id": enterprise_id,
                "name": f"企业{enterprise_id}",
                "established_on": None
                if shift < 0 and months > 12
                else months_later(as_of, -months) + timedelta(days=shift),
                "observation_until": None if observed is None else as_of + timedelta(days=observed),
                **one,
            }
        )
    whole = {"established_on": date(2010, 1, 1), "employees": 1, "region": "320100", "scale": "small"}
    made.append({"enterprise_id": "z", "name": "z", **whole, "attributes.units": 1.0, "attributes.miles": 1.0})
    return made[:: draw(st.sampled_from((1, -1)))]


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame, as a caller would have them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    complete = [{name: row.get(name) for name in names} for row in rows]
    plain = [
        {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()} for row in complete
    ]
    return pl.DataFrame(plain, infer_schema_length=None)
