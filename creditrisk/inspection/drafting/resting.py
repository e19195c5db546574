"""The enterprises that the last plan visited, which this plan draws last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from creditrisk.days import add_months, day_number, day_of
from creditrisk.errors import InputError
from creditrisk.inspection.plan.plan import visits_of
from creditrisk.inspection.plan.population import Population

__all__ = ["LastVisits", "last_visits"]


@dataclass(frozen=True, eq=False)
class LastVisits:
    """The rows of the population that the last plan visited, by item, and the last day of that plan."""

    size: int
    rows_by_item: dict[str, NDArray[np.uint32]]
    last_day: date | None

    def rested(self, items: Iterable[str]) -> NDArray[np.bool_]:
        """Return the mask of enterprises that the last plan visited for any of these items."""
        rested = np.zeros(self.size, dtype=bool)
        for item in items:
            rested[self.rows_by_item.get(item, [])] = True
        return rested

    def forbids(self, months: int | None, first_day: date) -> bool:
        """Whether, on the first day of a plan, the months without another draw are not yet over."""
        if months is None or self.last_day is None:
            return False
        return day_of(int(add_months(day_number(self.last_day), months))) > first_day


def last_visits(last_plan: Any, population: Population) -> LastVisits:
    """Read the visits of the last plan, as :func:`visits_of` takes them; ``last_plan`` is None if there was none."""
    if last_plan is None:
        return LastVisits(len(population), {}, None)
    table = visits_of(last_plan, ("enterprise_id", "items", "window_to"), argument="last_plan")
    if table["window_to"].null_count():
        row = int(table["window_to"].is_null().to_numpy().argmax())
        raise InputError(f"last_plan: row {row} of the visits has no window_to: say until when it could be made")
    pairs = table.select("enterprise_id", "items").with_columns(row=population.rows_of(table["enterprise_id"]))
    pairs = pairs.drop_nulls("row").explode("items", empty_as_null=True).drop_nulls("items")
    rows_by_item = {
        str(item): part["row"].to_numpy() for (item,), part in pairs.select("row", "items").partition_by(
            "items", as_dict=True
        ).items()
    }  # fmt: skip
    return LastVisits(len(population), rows_by_item, table["window_to"].max())  # type: ignore[arg-type]
