"""The standing of every record on a day, as a table: whether it counts, from which day to which day, and why."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING, Literal, Required, TypedDict, Unpack, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import as_date
from creditrisk.frames import Frame, FrameKind, Source, check_frame_kind, from_polars
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.records.reading import IdScheme, read_records
from creditrisk.records.standing import (
    NEVER,
    STANDINGS,
    Standing,
    StandingRules,
    repairable_from,
    standing_on,
    terms_of,
)
from creditrisk.records.tables import Records

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["standing_table"]

_COLUMNS = ("record_id", "enterprise_id", "type", "dimension", "severity", "occurred_on", "known_on")
# The days in the texts: the first day of counting, its end, the days of repair and revocation, the first for a repair.
_REASONS = {
    "in_force": ("自{counts_from}起有效", "in force since {counts_from}"),
    "not_yet_known": ("{counts_from}才获知", "not known before {counts_from}"),
    "revoked": ("于{revoked_on}撤销", "revoked on {revoked_on}"),
    "repaired": ("已修复，自{repaired_from}起不再计入", "repaired; does not count from {repaired_from} on"),
    "expired": ("期限届满，自{counts_until}起不再计入", "its term has ended; does not count from {counts_until} on"),
    "exempt": ("轻微初次违法，依清单免予计分", "minor first offence, exempt by the list"),
}
_UNTIL = ("，至{counts_until}止", ", until {counts_until}")
_REPAIRABLE = ("，自{repairable_from}起可修复", ", may be repaired from {repairable_from} on")


class _StandingTableOptions(TypedDict, total=False):
    policy: Policy | str | os.PathLike[str]
    as_of: Required[date | str]
    id_scheme: IdScheme


@overload
def standing_table(
    records: Records | Source, *, output: Literal["pandas"] = ..., **options: Unpack[_StandingTableOptions]
) -> pd.DataFrame: ...
@overload
def standing_table(
    records: Records | Source, *, output: Literal["polars"], **options: Unpack[_StandingTableOptions]
) -> pl.DataFrame: ...
@overload
def standing_table(
    records: Records | Source, *, output: Literal["arrow"], **options: Unpack[_StandingTableOptions]
) -> pa.Table: ...
def standing_table(
    records: Records | Source,
    *,
    policy: Policy | str | os.PathLike[str] = "jiangsu",
    as_of: date | str,
    id_scheme: IdScheme = "uscc",
    output: FrameKind = "pandas",
) -> Frame:
    """Return, for each record, whether it counts on a day, and why.

    Parameters
    ----------
    records : Records, or anything that read_records reads
        All records of the enterprises, because the others decide whether a minor offence is the first.
    policy : Policy, str or path, default="jiangsu"
        The policy whose standing rules are applied.
    as_of : date or ISO text
    id_scheme : {"uscc", "uscc_strict", "any"}
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        One row per record, as read: record_id, enterprise_id, type, dimension, severity, occurred_on, known_on,
        standing (one of in_force, not_yet_known, revoked, repaired, expired, exempt), counts, counts_from,
        counts_until (the first day on which it no longer counts), repairable_from (a repair before it has no effect),
        reason_zh, reason_en, basis (of the term that applies).

    Raises
    ------
    InputError
        If the records or the day cannot be used.
    PolicyError
        If there is no such policy, or none is in force on the day.

    Examples
    --------
    >>> import pandas as pd
    >>> import creditrisk as cr
    >>> records = cr.read_records(pd.DataFrame({
    ...     "record_id": ["a"], "enterprise_id": ["E1"], "type": ["penalty"], "severity": ["general"],
    ...     "occurred_on": ["2026-04-15"]}), id_scheme="any")
    >>> table = cr.standing_table(records, as_of="2026-06-30")
    >>> table["reason_en"][0]
    'in force since 2026-04-15, until 2027-04-15, may be repaired from 2026-07-15 on'
    """
    check_frame_kind(output)
    day = as_date(as_of)
    loaded = load_policy(policy, day)
    if not isinstance(records, Records):
        records = read_records(records, id_scheme=id_scheme, further_types=tuple(loaded.record_types))
    return from_polars(_table(records.data, loaded.standing, day), output)


def _table(frame: pl.DataFrame, rules: StandingRules, as_of: date) -> pl.DataFrame:
    standing = Standing.of(frame, rules)
    table = frame.select(
        *_COLUMNS,
        standing_on(frame, rules, as_of),
        counts_from=_dates(standing.counts_from),
        counts_until=_dates(standing.counts_until),
        repairable_from=_dates(repairable_from(frame, rules)),
        repaired_from=_dates(standing.repaired),
        revoked_on=_dates(standing.revoked),
        basis=pl.Series([*(term.basis for term in rules.terms), None], dtype=pl.String).gather(terms_of(frame, rules)),
    )
    reasons = {f"reason_{language}": _reason(position) for position, language in enumerate(("zh", "en"))}
    return table.with_columns(counts=pl.col("standing") == "in_force", **reasons).select(
        *_COLUMNS, "standing", "counts", "counts_from", "counts_until", "repairable_from", *reasons, "basis"
    )


def _reason(language: int) -> pl.Expr:
    expression = pl.lit("")
    for name in STANDINGS:
        text = _filled(_REASONS[name][language])
        if name == "in_force":
            for ending in (_UNTIL, _REPAIRABLE):
                # The part of a text about a missing day is left out.
                text = text + pl.coalesce(_filled(ending[language]), pl.lit(""))
        expression = pl.when(pl.col("standing") == name).then(text).otherwise(expression)
    return expression


def _filled(template: str) -> pl.Expr:
    before, _, rest = template.partition("{")
    column, _, after = rest.partition("}")
    return pl.lit(before) + pl.col(column).cast(pl.String) + pl.lit(after) if column else pl.lit(before)


def _dates(days: NDArray[np.int32]) -> pl.Series:
    numbers = pl.lit(pl.Series(days))
    return pl.select(pl.when(numbers != int(NEVER)).then(numbers)).to_series().cast(pl.Date)
