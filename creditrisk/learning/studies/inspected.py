"""Inspected rows of a cohort with the indicators of their day: what models learn from and are judged on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from creditrisk.indicators.builder import IndicatorBuilder
from creditrisk.learning.studies.cohorts import cohort
from creditrisk.policy.document import Policy
from creditrisk.records.tables import Enterprises, Records

__all__ = ["days_to_look_at", "indicators_of"]


def days_to_look_at(
    policy: Policy, enterprises: Enterprises, records: Records, *, every: str, from_: date, to: date
) -> pl.DataFrame:
    """Who is looked at on which day: enterprise_id and as_of.

    All enterprises where indicators compare one with others, and otherwise those that were ever inspected.
    """
    return cohort(
        records, every=every, from_=from_, to=to, enterprises=enterprises, inspected_only=not _compares(policy),
        output="polars",
    )  # fmt: skip


def indicators_of(
    rows: pl.DataFrame,
    days: pl.DataFrame,
    policy: Policy,
    enterprises: Enterprises,
    records: Records,
    only: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Indicators of some rows of a cohort, shape (n_rows, n_indicators).

    Where they compare an enterprise with others, these are all who were there on the day: whether somebody was
    inspected later must not decide who is compared with whom.
    """
    builder = IndicatorBuilder(records, enterprises=enterprises, policy=policy, only=only)
    keys = ["enterprise_id", "as_of"]
    if not _compares(policy):
        return pl.from_pandas(builder.fit_transform(rows.select(keys)))
    every = pl.from_pandas(builder.fit_transform(days.select(keys)))
    places = rows.select(keys).join(
        days.select(keys).with_row_index("place"), on=keys, how="left", maintain_order="left"
    )
    return every[places["place"]]


def _compares(policy: Policy) -> bool:
    """Whether an indicator of the policy depends on other enterprises."""
    return any(spec.compares_enterprises for spec in policy.specs.values())
