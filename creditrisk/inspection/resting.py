"""Who was visited by the plan before, and so comes last in this one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.frames import is_frame, to_polars
from creditrisk.inspection.population import Population
from creditrisk.records.months import add_months, day_number, day_of

__all__ = ["LastVisits", "last_visits"]

_COLUMNS = ("enterprise_id", "items", "window_to")


@dataclass(frozen=True, eq=False)
class LastVisits:
    """The rows of the population that the plan before visited, by item, and the last day of that plan."""

    size: int
    rows_by_item: dict[str, NDArray[np.uint32]]
    last_day: date | None

    def rested(self, items: Iterable[str]) -> NDArray[np.bool_]:
        """Those visited for any of these items."""
        rested = np.zeros(self.size, dtype=bool)
        for item in items:
            rested[self.rows_by_item.get(item, [])] = True
        return rested

    def forbids(self, months: int | None, first_day: date) -> bool:
        """Whether on the first day of a plan a time not to be drawn again in still runs."""
        if months is None or self.last_day is None:
            return False
        return day_of(int(add_months(day_number(self.last_day), months))) > first_day


def last_visits(visits: Any, population: Population) -> LastVisits:
    """Read the visits of a plan: a frame, a file, or the folder that it was saved in; None where there was no plan."""
    if visits is None:
        return LastVisits(len(population), {}, None)
    table = to_polars(visits) if is_frame(visits) else _read(visits)
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise InputError(f"last_plan: the visits of the plan before need the column {missing[0]}")
    pairs = table.select("enterprise_id", "items").with_columns(row=population.rows_of(table["enterprise_id"]))
    pairs = pairs.drop_nulls("row").explode("items", empty_as_null=True).drop_nulls("items")
    rows_by_item = {
        str(item): part["row"].to_numpy() for (item,), part in pairs.select("row", "items").partition_by(
            "items", as_dict=True
        ).items()
    }  # fmt: skip
    return LastVisits(len(population), rows_by_item, table["window_to"].cast(pl.Date).max())  # type: ignore[arg-type]


def _read(source: str | os.PathLike[str]) -> pl.DataFrame:
    path = Path(source)
    path = path / "visits.parquet" if path.is_dir() else path
    try:
        return pl.read_parquet(path, columns=list(_COLUMNS))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"last_plan: the visits {path} cannot be read: {error}") from error
