"""The way of each enterprise to the next better tier: as objects, as a table, as part of an explanation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.what_if.search import Search, Way
from creditrisk.assessing.what_if.telling import action_text, obstacle_text, way_text
from creditrisk.days import day_of
from creditrisk.records.standing import NEVER
from creditrisk.report.content import WayUpContent
from creditrisk.scoring.scores import TOTAL_UNIT

__all__ = ["way_line", "ways_table", "ways_up"]

Index = NDArray[np.intp]


def ways_up(search: Search) -> list[Way]:
    """Find the ways up of enterprises below the best tier.

    Parameters
    ----------
    search : Search
        The search over the requested enterprises.
    """
    rows = np.flatnonzero(search.tier > 0)
    if not len(rows):
        return []
    actions = search.by_actions(rows)
    days = search.by_time(rows)
    return [
        Way(row, *actions[row], None if day == NEVER else day_of(int(day)), search.in_the_way.get(row, ()))
        for row, day in zip(rows.tolist(), days, strict=True)
    ]


WAY_SCHEMA: dict[str, Any] = {
    "enterprise_id": pl.String,
    "tier": pl.String,
    "reachable": pl.Boolean,
    "repairs": pl.List(pl.String),
    "further_actions": pl.List(pl.String),
    "n_actions": pl.Int64,
    "tier_reached": pl.String,
    "score_reached": pl.Float64,
    "proved": pl.Boolean,
    "by_time": pl.Date,
    "in_the_way": pl.List(pl.String),
    "reason_zh": pl.String,
    "reason_en": pl.String,
}


def ways_table(search: Search) -> pl.DataFrame:
    """Return the ways up as a table (:meth:`creditrisk.Assessment.ways_up`)."""
    assessed = search.assessed
    policy, tiering, ids = assessed.policy, assessed.tiering, assessed.ids
    names = [tier.id for tier in policy.tiers]
    record_ids = assessed.records.data["record_id"]
    lines = []
    for way in ways_up(search):
        repairs = [record_ids[one] for one in way.repairs] if way.repairs else []
        tier = int(tiering.tier[way.row])
        text = way_text(policy, way, tier, repairs)
        further = [action_text(one).en for one in way.additions]
        lines.append(
            (ids[way.row], names[tier], way.reachable, repairs, further, len(repairs) + len(further), names[way.tier],
             way.total / TOTAL_UNIT, way.proved, way.by_time, list(way.in_the_way), text.zh, text.en)
        )  # fmt: skip
    columns = zip(*lines, strict=True) if lines else [() for _ in WAY_SCHEMA]
    return pl.DataFrame(
        [_series(name, kind, values) for (name, kind), values in zip(WAY_SCHEMA.items(), columns, strict=True)]
    )


def _series(name: str, kind: Any, values: Sequence[Any]) -> pl.Series:
    if not isinstance(kind, pl.List):
        return pl.Series(name, values, dtype=kind)
    import pyarrow

    # For many short lists Polars would make one series each. The array is in a table, because Polars before 1.44
    # misreads it alone.
    lists = pyarrow.table({name: pyarrow.array(values, pyarrow.large_list(pyarrow.large_string()))})
    return pl.DataFrame(lists)[name]


def way_line(search: Search) -> WayUpContent | None:
    """Return the way up of one enterprise for an explanation; None in the best tier."""
    assessed = search.assessed
    for way in ways_up(search):
        repairs = tuple(assessed.records.data["record_id"][one] for one in way.repairs)
        return WayUpContent(
            reachable=way.reachable,
            repairs=repairs,
            further_actions=tuple(action_text(one) for one in way.additions),
            tier_reached=assessed.policy.tiers[way.tier].id,
            score_reached=Decimal(way.total) / TOTAL_UNIT,
            proved=way.proved,
            by_time=way.by_time,
            in_the_way=tuple(obstacle_text(assessed.policy, name) for name in way.in_the_way),
            text=way_text(assessed.policy, way, int(assessed.tiering.tier[way.row]), repairs),
        )
    return None
