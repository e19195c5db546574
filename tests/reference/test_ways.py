"""The way up is the smallest set of actions and the first day there is, by trying all of them on small cases."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from tests.reference.checks import DIMENSIONS
from tests.reference.days import months_later
from tests.reference.documents import TEXT, Document, loaded
from tests.reference.settings import LONG, examples
from tests.reference.tables import MONTHS, Row, frame_of
from tests.reference.ways import Enterprise, additions, after, enterprise_on, fewest_actions

DAY = date(2026, 6, 30)
HORIZON = months_later(DAY, 120)
ADVERSE = ("violation", "penalty")
MERITS = (
    {"types": ["inspection"], "outcomes": ["pass"]},
    {"types": ["commitment"], "outcomes": ["kept"]},
    {"types": ["commitment"], "outcomes": ["kept"], "dimension": "quality"},
    {"types": ["inspection"], "outcomes": ["pass"], "dimension": "safety"},
)
TERMS = (
    {"types": ["penalty"], "severities": ["serious"], "at_least_months": 12, "at_most_months": 36, "basis": "test"},
    {"types": ["penalty", "violation"], "at_least_months": 3, "at_most_months": 24, "basis": "test"},
    {"types": ["violation"], "basis": "test"},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


def directed_policy(rng: Random) -> Document:
    """A policy in which what is adverse costs points and what is a merit earns them."""
    specs, rules = [], []
    for number in range(rng.randint(1, 4)):
        adverse = rng.random() < 0.6
        spec: Document = {"measure": rng.choice(("count", "weighted_sum", "sum", "flag"))}
        spec["select"] = {"types": rng.sample(ADVERSE, rng.randint(1, 2))} if adverse else rng.choice(MERITS)
        if spec["measure"] == "sum":
            spec |= {"of": "amount"} if adverse else {"measure": "count"}
        if rng.random() < 0.7:
            spec["window_months"] = rng.choice(MONTHS[1:])
        if adverse and spec["measure"] != "flag" and rng.random() < 0.3:
            spec["time_steps"] = [{"months": 6, "weight": 2}, {"months": 12, "weight": 1}]
        name, sign = f"safety.i{number}", -1 if adverse else 1
        direction = "risk_rises" if adverse else "risk_falls"
        specs.append({"id": name, "label": TEXT, "direction": direction, "source": "test", **spec})
        per_unit = {"points": sign * rng.choice((1, 5, 10)), "unit": 1000 if spec["measure"] == "sum" else 1, "cap": 40}
        rule = {"id": f"safety.r{number}", "indicator": name, "per_unit": per_unit, "reason": TEXT, "basis": "test"}
        rules.append(rule)
    bounds: dict[str, list[Document]] = {"vetoes": [], "thin_evidence": []}
    for spec in specs:
        if rng.random() < 0.4:
            adverse = spec["direction"] == "risk_rises"
            when = {"indicator": spec["id"], **({"at_least": rng.choice((1, 2))} if adverse else {"below": 1})}
            effect = {"at_best": rng.choice(("t1", "t2"))}
            bound = {"id": f"bound.{len(bounds['vetoes'])}{adverse}".lower(), "when": when, **effect}
            bounds["vetoes" if adverse else "thin_evidence"].append({**bound, "reason": TEXT, "basis": "test"})
    for kind, listed in bounds.items():
        bounds[kind] = [{**bound, "id": f"{kind}.b{number}"} for number, bound in enumerate(listed)]
    inspection = {"general": {"ratio": 0.1}, "basis": "test"}
    cuts: list[Document] = [{"at_least": rng.choice((100, 105))}, {"at_least": rng.choice((80, 90, 95))}, {}]
    return {
        "format": 1, "id": "directed", "edition": "1", "title": TEXT, "effective_from": date(2000, 1, 1),
        "basis": "test",
        "severity_weights": {"minor": 1, "general": 3, "serious": 6, "grave": 10, "basis": "test"},
        "standing": {"terms": list(rng.sample(TERMS, rng.randint(1, 3)))},
        "indicators": specs,
        "dimensions": {"safety": {"weight": 1, "base": 100, "floor": 0, "ceiling": 200, "basis": "test"}},
        "rules": rules,
        **bounds,
        "tiers": [
            {"id": f"t{number}", "label": TEXT, **cut, "inspection": inspection, "basis": "test"}
            for number, cut in enumerate(cuts)
        ],
    }  # fmt: skip


def small_history(rng: Random, n: int) -> list[Row]:
    rows = []
    for number in range(n):
        occurred = months_later(DAY, -rng.choice(MONTHS)) + timedelta(days=rng.choice((0, 0, 1, -1)))
        # A register in which nothing was known yet is no register to assess.
        occurred = occurred if number else min(occurred, DAY)
        kind = rng.choice((*ADVERSE, *ADVERSE, "inspection", "commitment"))
        row = {
            "record_id": f"r{number}", "enterprise_id": "E1", "type": kind, "occurred_on": occurred, "amount": 1000.0,
            "dimension": rng.choice(("safety", "quality")), "severity": rng.choice(("minor", "general", "serious")),
            "outcome": {"inspection": "pass", "commitment": "kept"}.get(kind),
            "repaired_on": rng.choice((None, None, None, max(occurred, DAY + timedelta(days=rng.choice((0, 9)))))),
        }  # fmt: skip
        rows.append(row)
    return rows


@examples(40, 600)
@given(seed=st.integers(0, 2**32 - 1), n_records=st.integers(1, 6))
def test_no_smaller_set_and_no_earlier_day_reaches_a_better_tier(folder: Path, seed: int, n_records: int) -> None:
    rng = Random(seed)  # noqa: S311 - examples, no secrets
    document, records = directed_policy(rng), small_history(rng, n_records)
    register = {"enterprise_id": "E1", "name": "E1", "established_on": date(2010, 1, 1)}
    tables = frame_of([register]), frame_of(records)
    policy = loaded(document, folder)
    assessment = cr.assess(*tables, policy=policy, as_of=DAY, id_scheme="any", output="polars")
    specs = {spec["id"]: spec for spec in document["indicators"]}
    one = enterprise_on(document, specs, register, records, DAY)
    ways = assessment.ways_up().rows(named=True)
    assert len(ways) == (one.tier(DAY) > 0)
    for way in ways:
        check_actions(way, one)
        check_day(way["by_time"], one)


def check_actions(way: dict[str, Any], one: Enterprise) -> None:
    fewest = fewest_actions(one)
    assert way["reachable"] == (fewest is not None)
    if fewest is None:
        return
    assert (len(way["repairs"]) + len(way["further_actions"]), way["n_actions"], way["proved"]) == (
        fewest,
        fewest,
        True,
    )
    added = [record for record in additions(one) if name_of(record) in way["further_actions"]]
    reached = after(one, way["repairs"], added)
    assert (reached.tier, reached.total) == (way["tier_reached"], round(way["score_reached"] * 10**6))
    assert one.place(reached) < one.tier(one.day)


def name_of(record: Row) -> str:
    """How an action is called in a table of ways; an inspection without a dimension where none is told apart."""
    dimension = DIMENSIONS[record["dimension"]]["en"]
    if record["type"] == "inspection":
        return "one inspection passed" + ("" if record["dimension"] == "compliance" else f" ({dimension})")
    return f"one commitment kept ({dimension})"


def check_day(found: date | None, one: Enterprise) -> None:
    now = one.tier(one.day)
    last = (found or HORIZON + timedelta(days=1)) - timedelta(days=1)
    assert found is None or one.tier(found) < now
    # Every day near the end of the search and, as weights and windows move by months, every few days before it.
    every = 1 if LONG else 5
    days = {(last - timedelta(days=ago)) for ago in (*range(8), *range(8, (last - one.day).days, every))}
    assert all(one.tier(day) >= now for day in days if day > one.day)
