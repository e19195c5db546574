"""The order in which visits get their inspectors and their days."""

from __future__ import annotations

import polars as pl

__all__ = ["in_turn"]


def in_turn(visits: pl.DataFrame, rank: str | None = None) -> pl.DataFrame:
    """Sort visits: mandatory ones (overrides, key areas) first, then those drawn, in the order of the draw.

    The order of the rows given does not matter.

    Parameters
    ----------
    visits : polars.DataFrame
        visit_id; cause and draw_order if they are known.
    rank : str, optional
        A column: the highest values of a tier take the first places that the draw gave to the tier, so that no tier
        waits longer than the draw says. If tier or draw_order is not known, the highest of all come first.

    Examples
    --------
    >>> visits = pl.DataFrame({"visit_id": ["a", "b", "c"], "cause": ["draw", "draw", "override"],
    ...                        "draw_order": [2, 1, None]})
    >>> in_turn(visits)["visit_id"].to_list()
    ['c', 'b', 'a']
    """
    keys: list[pl.Expr] = []
    if "cause" in visits.columns:
        keys.append(pl.col("cause").cast(pl.String) == "draw")
    if rank is None:
        table = visits.sort("visit_id")
        keys += [pl.col("draw_order")] if "draw_order" in visits.columns else []
    else:
        table = visits.sort(pl.col(rank), "visit_id", descending=[True, False], nulls_last=True)
        if {"tier", "draw_order"} <= set(visits.columns):
            keys.append(pl.col("draw_order").sort(nulls_last=True).over("tier", *keys))
    return table.sort(keys, nulls_last=True, maintain_order=True) if keys else table
