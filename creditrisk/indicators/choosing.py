"""A selection as an expression over a record table, for whoever asks about records outside the kernel."""

from __future__ import annotations

import polars as pl

from creditrisk.indicators.spec import Selection
from creditrisk.vocabulary import SEVERITIES

__all__ = ["chosen"]


def chosen(selection: Selection) -> pl.Expr:
    """Whether a selection takes a record, whatever its standing and age."""
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
