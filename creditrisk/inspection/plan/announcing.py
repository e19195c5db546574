"""The part of a plan that may be public before the visits: rules, items, ratios, and the hashes that fix the draw.

It does not say who will be visited: an enterprise that is warned is not inspected at random (双随机、一公开, article
三(二)1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from creditrisk.inspection.draws.drawing import Draw
from creditrisk.inspection.draws.seeds import commit_to_seed
from creditrisk.inspection.plan.items import InspectionItem

__all__ = ["announcement"]

_SCHEMA: dict[str, type[pl.DataType]] = {
    "item": pl.String,
    "name_zh": pl.String,
    "name_en": pl.String,
    "authority": pl.String,
    "kind": pl.String,
    "legal_basis": pl.String,
    "mode": pl.String,
    "tier": pl.String,
    "enterprises": pl.UInt32,
    "drawn": pl.UInt32,
    "ratio": pl.Float64,
    "series": pl.String,
    "start": pl.Float64,
    "frame_sha256": pl.String,
    "seed_commitment": pl.String,
}


def announcement(items: Iterable[InspectionItem], draws: Mapping[str, Draw], seed: str) -> pl.DataFrame:
    """Return one row for each item with a draw and each tier or regime in its frame.

    Parameters
    ----------
    items : iterable of InspectionItem
    draws : mapping of item to Draw
    seed : str

    Returns
    -------
    polars.DataFrame
        Columns as in :func:`creditrisk.publication_list`.
    """
    by_id = {item.id: item for item in items}
    commitment = commit_to_seed(seed)
    rows = [
        (
            item.id, item.name.zh, item.name.en, item.authority, item.kind, item.legal_basis, item.mode,
            stratum.name, stratum.size, stratum.drawn, stratum.drawn / stratum.size,
            draw.series, stratum.start, draw.frame_sha256, commitment,
        )
        for item, draw in ((by_id[name], draw) for name, draw in draws.items())
        for stratum in draw.strata
        if stratum.size
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")
