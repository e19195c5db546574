"""Visits outside the draw, each recorded with its reason: a complaint, a referral or a key area."""

from __future__ import annotations

from typing import Any

import polars as pl

from creditrisk.errors import InputError
from creditrisk.inspection.plan.tables import as_text, read_table
from creditrisk.vocabulary import Label

__all__ = ["OVERRIDE_REASONS", "read_overrides"]

OVERRIDE_REASONS: dict[str, Label] = {
    "complaint": Label("投诉举报", "complaint"),
    "referral": Label("转办交办", "referral"),
    "key_area": Label("重点领域", "key area"),
}

_SCHEMA = {"enterprise_id": pl.String, "item": pl.String, "reason": pl.String, "note": pl.String}


def read_overrides(overrides: Any) -> pl.DataFrame:
    """Read and check overrides; every visit outside the draw is recorded (article 三(五)3).

    Parameters
    ----------
    overrides : frame, path of a .csv, .xlsx or .parquet, or list of mappings; optional
        enterprise_id, item, reason (one of OVERRIDE_REASONS, in Chinese or by its name) and note.

    Returns
    -------
    polars.DataFrame
        The overrides as text, with the names of reasons, each entry once. Entries of one enterprise and item with
        different reasons or notes are all kept.

    Raises
    ------
    InputError
        If the file cannot be read, a column or a value is missing, or a reason is not one of OVERRIDE_REASONS.
    """
    if overrides is None:
        return pl.DataFrame(schema=_SCHEMA)
    listed = pl.DataFrame(overrides, infer_schema_length=None) if isinstance(overrides, list) else overrides
    table, name = read_table(listed, "overrides")
    for column in _SCHEMA:
        if column not in table.columns:
            raise InputError(f"{name}: overrides need the column {column}")
    table = table.select(as_text(table[name]) for name in _SCHEMA)
    for column in _SCHEMA:
        if (table[column].fill_null("") == "").any():
            raise InputError(f"an override without {column}: each is recorded with enterprise, item, reason and note")
    words = {label.zh: name for name, label in OVERRIDE_REASONS.items()}
    table = table.with_columns(pl.col("reason").replace(words))
    wrong = table.filter(~pl.col("reason").is_in(list(OVERRIDE_REASONS)))
    if wrong.height:
        known = ", ".join(OVERRIDE_REASONS)
        raise InputError(f"the reason {wrong['reason'][0]!r} of an override is not known; known are {known}")
    return table.unique(maintain_order=True)
