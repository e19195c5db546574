"""Inspected rows of a cohort with the indicators of their day, for training and evaluation."""

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
    """Return the rows of a cohort: enterprise_id and as_of.

    They have all enterprises if indicators compare enterprises with one another, else only those ever inspected.
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
    """Compute the indicators of some rows of a cohort, shape (n_rows, n_indicators).

    If they compare enterprises with one another, they compare with all enterprises of the day: a later inspection must
    not decide which enterprises are compared.
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
