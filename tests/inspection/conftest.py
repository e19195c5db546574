"""Enterprises and items that the tests of plans share."""

from __future__ import annotations

from typing import Any

import polars as pl

import creditrisk as cr

TIERS = ("good", "ordinary", "high_risk")


def table_of(size: int, **columns: Any) -> pl.DataFrame:
    """Enterprises, the first half good, then ordinary, the last tenth high-risk, unless columns say otherwise."""
    tiers = ["good" if row < 0.5 * size else "ordinary" if row < 0.9 * size else "high_risk" for row in range(size)]
    given = {"enterprise_id": [f"E{row:06d}" for row in range(size)], "tier": tiers, "grid": ["G1"] * size, **columns}
    return pl.DataFrame(given)


def item(name: str, **keys: Any) -> cr.InspectionItem:
    """An inspection item written down in a test."""
    complete = {
        "name": {"zh": f"事项{name}", "en": f"Item {name}"},
        "authority": f"部门{name}",
        "legal_basis": "某法第一条",
    }
    return cr.InspectionItem.model_validate({"id": name, **complete, **keys})


def plan_of(table: Any, items: Any, seed: str = "2026-07-01 08 15 23", **options: Any) -> cr.InspectionPlan:
    """A plan by the built-in policy."""
    given = {"policy": "jiangsu", "year": 2026, "output": "polars", **options}
    return cr.plan_inspections(table, items, seed=seed, **given)
