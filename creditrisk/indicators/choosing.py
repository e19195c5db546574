"""Tests, outside the kernel, of whether a selection takes a record: as an expression, or for one record."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from creditrisk.indicators.spec import Selection
from creditrisk.vocabulary import SEVERITIES

__all__ = ["chosen", "takes"]


def chosen(selection: Selection) -> pl.Expr:
    """Return the expression that is true where a selection takes a record, regardless of its standing and age."""
    texts = (
        ("type", selection.types),
        ("dimension", () if selection.dimension is None else (selection.dimension,)),
        ("outcome", selection.outcomes),
        ("authority", selection.authorities),
        ("matter", selection.matters),
    )
    conditions = [pl.col(column).cast(pl.String).is_in(list(wanted)) for column, wanted in texts if wanted]
    if selection.severity_at_least is not None:
        worse = list(SEVERITIES)[list(SEVERITIES).index(selection.severity_at_least) :]
        conditions.append(pl.col("severity").cast(pl.String).is_in(worse))
    return pl.all_horizontal(pl.lit(True), *conditions).fill_null(False)


def takes(selection: Selection, record: Mapping[str, str]) -> bool:
    """Return whether a selection takes one record, given by its non-empty columns.

    Examples
    --------
    >>> takes(Selection(types=("inspection",), outcomes=("pass",)), {"type": "inspection", "outcome": "fail"})
    False
    """
    asked = (
        ("type", selection.types),
        ("dimension", () if selection.dimension is None else (selection.dimension,)),
        ("outcome", selection.outcomes),
        ("authority", selection.authorities),
        ("matter", selection.matters),
    )
    if any(wanted and record.get(column) not in wanted for column, wanted in asked):
        return False
    if selection.severity_at_least is None:
        return True
    order = list(SEVERITIES)
    severity = record.get("severity")
    return severity is not None and order.index(severity) >= order.index(selection.severity_at_least)
