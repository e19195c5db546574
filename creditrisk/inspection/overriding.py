"""Visits outside the draw, each on record with its reason: complaints, referrals, key areas."""

from __future__ import annotations

from typing import Any

import polars as pl

from creditrisk.errors import InputError
from creditrisk.frames import to_polars
from creditrisk.vocabulary import Label

__all__ = ["OVERRIDE_REASONS", "read_overrides"]

OVERRIDE_REASONS: dict[str, Label] = {
    "complaint": Label("投诉举报", "complaint"),
    "referral": Label("转办交办", "referral"),
    "key_area": Label("重点领域", "key area"),
}

_SCHEMA = {"enterprise_id": pl.String, "item": pl.String, "reason": pl.String, "note": pl.String}


def read_overrides(overrides: Any) -> pl.DataFrame:
    """Check overrides: a frame or a list of mappings with enterprise_id, item, reason and note.

    Raises
    ------
    InputError
        If a column or a value is missing, or a reason is not one of OVERRIDE_REASONS: what goes round the draw leaves
        a trace (article 三(五)3).
    """
    if overrides is None:
        return pl.DataFrame(schema=_SCHEMA)
    table = pl.DataFrame(overrides, infer_schema_length=None) if isinstance(overrides, list) else to_polars(overrides)
    for column in _SCHEMA:
        if column not in table.columns:
            raise InputError(f"overrides need the column {column}")
    table = table.select(pl.col(name).cast(pl.String).str.strip_chars() for name in _SCHEMA)
    for column in _SCHEMA:
        if (table[column].fill_null("") == "").any():
            raise InputError(f"an override without {column}: each is recorded with enterprise, item, reason and note")
    wrong = table.filter(~pl.col("reason").is_in(list(OVERRIDE_REASONS)))
    if wrong.height:
        known = ", ".join(OVERRIDE_REASONS)
        raise InputError(f"the reason {wrong['reason'][0]!r} of an override is not known; known are {known}")
    return table.unique(maintain_order=True)
