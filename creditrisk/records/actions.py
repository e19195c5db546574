"""Repairs and revocations: records that act on other records."""

from __future__ import annotations

import polars as pl

from creditrisk.frames import in_chunks_of
from creditrisk.records.checking import Checked
from creditrisk.records.rejects import reject_rows
from creditrisk.records.schema import REJECT_SCHEMA

__all__ = ["apply_actions"]

_ACTIONS = {"repair": "repaired_on", "revocation": "revoked_on"}
_COLUMNS_OF_ACTIONS = ["record_id", "type", "occurred_on", "known_on", "acts_on", "source", "source_row"]


def apply_actions(frame: pl.DataFrame) -> tuple[Checked, list[str]]:
    """Let ``repair`` and ``revocation`` records set ``repaired_on`` and ``revoked_on`` of the records they name.

    An action takes effect on the later of the days it occurred and was known. If there are several, or the record
    already has a date, the earliest counts. An action that names no known record, or is earlier than the record it
    names, is a reject. Revoking a repair does not restore the repaired record.

    Parameters
    ----------
    frame : polars.DataFrame
        Records in the data model, without duplicates, ``known_on`` filled.

    Returns
    -------
    tuple of (Checked, list of str)
    """
    acting = (frame["type"].is_in(list(_ACTIONS)) & frame["acts_on"].is_not_null()).arg_true()
    if acting.is_empty():
        return Checked(frame, pl.DataFrame(schema=REJECT_SCHEMA), 0), []
    named = frame.select(_COLUMNS_OF_ACTIONS)[acting].with_columns(acting.alias("at"))
    # Only the named records are processed: a few of millions. Comparing hashes first halves the cost; the join compares
    # the ids themselves.
    target_at = frame["record_id"].hash().is_in(named["acts_on"].hash().unique().implode()).arg_true()
    targets = frame.select("record_id", "occurred_on", "type")[target_at].select(
        target_at.alias("target_at"), acts_on="record_id", target_occurred_on="occurred_on", target_type="type"
    )
    named = named.join(targets, on="acts_on", how="left", maintain_order="left")
    named = named.with_columns(takes_effect=pl.max_horizontal("occurred_on", "known_on"))
    unknown = named.filter(pl.col("target_occurred_on").is_null() | (pl.col("acts_on") == pl.col("record_id")))
    known = named.join(unknown, on="at", how="anti", maintain_order="left")
    too_early = known.filter(pl.col("takes_effect") < pl.col("target_occurred_on"))
    effective = known.filter(pl.col("takes_effect") >= pl.col("target_occurred_on"))
    rejected = pl.concat(
        [
            reject_rows(unknown, "records", "acts_on", "acts_on_unknown", pl.col("acts_on")),
            reject_rows(too_early, "records", "acts_on", "acts_before_target", pl.col("acts_on")),
        ]
    )
    notes = (
        [
            f"{rejected.height} 条修复或撤销未指明更早的已知记录 · "
            f"{rejected.height} repairs or revocations name no known record that is earlier"
        ]
        if rejected.height
        else []
    )
    for action, column in _ACTIONS.items():
        days = effective.filter(pl.col("type") == action).group_by("target_at").agg(pl.col("takes_effect").min())
        if days.height:
            given = frame[column].gather(days["target_at"])
            earliest = days.select(pl.min_horizontal(pl.lit(given), "takes_effect")).to_series()
            changed = frame[column].clone().scatter(days["target_at"], earliest)
            frame = frame.with_columns(in_chunks_of(frame["record_id"], changed))
            notes.append(
                f"{days.height} 条记录的 {column} 来自 {action} 记录 · "
                f"{column} set by a {action} record for {days.height} records"
            )
    revoked_repairs = effective.filter((pl.col("type") == "revocation") & (pl.col("target_type") == "repair")).height
    if revoked_repairs:
        notes.append(
            f"{revoked_repairs} 条撤销针对修复记录，已修复的记录仍视为已修复 · "
            f"{revoked_repairs} revocations name a repair; the repaired records stay repaired"
        )
    refused = pl.concat([unknown["at"], too_early["at"]])
    if refused.is_empty():
        return Checked(frame, rejected, 0), notes
    kept = frame.with_row_index("at").filter(~pl.col("at").is_in(refused.implode())).drop("at")
    return Checked(kept, rejected, len(refused)), notes
