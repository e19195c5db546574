"""The tiers that enterprises had before; limits on change refer to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import civil_days, day_number
from creditrisk.errors import InputError
from creditrisk.files.saved import read_saved
from creditrisk.frames import is_frame, to_polars
from creditrisk.policy.document import Policy

__all__ = ["TierHistory", "tier_history"]

_COLUMNS = ("enterprise_id", "as_of", "tier", "evidence_count")


@dataclass(frozen=True)
class TierHistory:
    """The results of the last assessment for each row.

    Attributes
    ----------
    tier : ndarray of int, shape (n_rows,)
        The tier, as a position in ``policy.tiers``; -1 if there was none.
    since : ndarray of int32, shape (n_rows,)
        The day number from which the row has had that tier.
    records : ndarray of int, shape (n_rows,)
        The number of records that were known then; 0 if there was no assessment.
    """

    tier: NDArray[np.intp]
    since: NDArray[np.int32]
    records: NDArray[np.int64]

    @property
    def is_known(self) -> bool:
        """Whether any row had a tier before."""
        return bool((self.tier >= 0).any())

    def only(self, rows: NDArray[np.intp]) -> TierHistory:
        """Return the history of some rows only."""
        return TierHistory(self.tier[rows], self.since[rows], self.records[rows])

    def tier_since(self, tier: NDArray[np.uint8], as_of: date) -> pl.Series:
        """Return the day from which each row has had its present tier: the old day if the tier did not change."""
        days = np.where(self.tier == tier, self.since, np.int32(day_number(as_of)))
        return pl.Series("tier_since", days, dtype=pl.Int32).cast(pl.Date)


def tier_history(previous: Any, policy: Policy, enterprise_ids: pl.Series, as_of: date) -> TierHistory:
    """Read the last assessment, in the order of the enterprises.

    Parameters
    ----------
    previous : Assessment, frame, path of a Parquet file or folder, or None
    policy : Policy
    enterprise_ids : polars.Series of String
    as_of : datetime.date

    Raises
    ------
    InputError
        If it is not an assessment, the table in a folder does not match its account, a row is incomplete, an
        enterprise is in two rows, it is later than ``as_of``, or it has tiers that the policy does not have.
    """
    n_rows = len(enterprise_ids)
    if previous is None:
        return TierHistory(np.full(n_rows, -1), np.zeros(n_rows, dtype=np.int32), np.zeros(n_rows, dtype=np.int64))
    table = _table(previous)
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise InputError(f"previous is no table of an assessment: it has no column {missing[0]!r}")
    days = {name: civil_days(table[name], name) for name in ("as_of", "tier_since") if name in table.columns}
    table = table.with_columns(**days)
    _check_complete(table)
    latest = table["as_of"].max()
    if isinstance(latest, date) and latest > as_of:
        raise InputError(f"previous is of {latest}, later than as_of {as_of}")
    positions = {tier.id: position for position, tier in enumerate(policy.tiers)}
    strangers = table["tier"].cast(pl.String).unique().drop_nulls().to_list()
    unknown = sorted(set(strangers) - set(positions))
    if unknown:
        raise InputError(f"previous has the tier {unknown[0]!r}; policy {policy.id} has {', '.join(positions)}")
    # If the first day of a tier is missing, the day of that assessment is taken: an earlier day is not proved.
    since = pl.coalesce("tier_since", "as_of") if "tier_since" in table.columns else pl.col("as_of")
    known = table.select(
        "enterprise_id",
        tier=pl.col("tier").cast(pl.String).replace_strict(positions, return_dtype=pl.Int64),
        since=since.to_physical(),
        records=pl.col("evidence_count").cast(pl.Int64),
    )
    rows = pl.DataFrame({"enterprise_id": enterprise_ids}).join(
        known, on="enterprise_id", how="left", maintain_order="left"
    )
    return TierHistory(
        rows["tier"].fill_null(-1).to_numpy(),
        rows["since"].fill_null(0).to_numpy(),
        rows["records"].fill_null(0).to_numpy(),
    )


def _check_complete(table: pl.DataFrame) -> None:
    """Raise an InputError if a row lacks a value that limits on change need, or an enterprise occurs twice."""
    for name in _COLUMNS:
        empty = table[name].is_null()
        if empty.any():
            row = int(empty.to_numpy().argmax())
            whose = "" if name == "enterprise_id" else f" of {table['enterprise_id'][row]}"
            raise InputError(f"previous has no {name}{whose} (row {row}): give each enterprise's whole line")
    twice = table["enterprise_id"].is_duplicated()
    if twice.any():
        raise InputError(f"previous has {table.filter(twice)['enterprise_id'][0]} more than once: give one assessment")


def _table(previous: Any) -> pl.DataFrame:
    table = getattr(previous, "table_data", previous)
    if is_frame(table):
        return to_polars(table)
    try:
        return read_saved(table, "assessment", ("assessments.parquet",), _read, argument="previous")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"the previous assessment {table} cannot be read: {error}") from error


def _read(path: Path) -> pl.DataFrame:
    columns = pl.read_parquet_schema(path)
    return pl.read_parquet(path, columns=[name for name in (*_COLUMNS, "tier_since") if name in columns])
