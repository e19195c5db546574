"""Numbers of the enterprises themselves, and percentiles among their peers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.indicators.events import Cohort
from creditrisk.indicators.quantities import Quantity, quantity_values
from creditrisk.indicators.spec import PeerGroups
from creditrisk.records.schema import ATTRIBUTE_PREFIX

__all__ = ["EnterpriseAttributes"]

Numbers = NDArray[np.float64]


class EnterpriseAttributes:
    """The attributes of each row of a cohort, from the enterprise table and the policy's quantities."""

    def __init__(self, enterprises: pl.DataFrame | None, cohort: Cohort, quantities: Sequence[Quantity] = ()) -> None:
        self._enterprises = enterprises
        self._cohort = cohort
        self._quantities = {quantity.id: quantity for quantity in quantities}

    def only(self, rows: NDArray[np.intp], cohort: Cohort) -> EnterpriseAttributes:
        """Return the attributes of some rows only, as the rows of another cohort."""
        enterprises = None if self._enterprises is None else self.frame[rows]
        return EnterpriseAttributes(enterprises, cohort, tuple(self._quantities.values()))

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The enterprise table, one row per row of the cohort."""
        if self._enterprises is None:
            raise InputError("an indicator looks at the enterprises themselves: give enterprises= as well")
        rows = pl.DataFrame({"enterprise_id": self._cohort.enterprise_id})
        if self._enterprises["enterprise_id"].equals(self._cohort.enterprise_id):
            return self._enterprises
        return rows.join(self._enterprises, on="enterprise_id", how="left", maintain_order="left")

    def number(self, name: str) -> Numbers:
        """Return an attribute as numbers, shape (n_rows,); NaN where it is missing.

        ``employees``, ``attributes.NAME``, ``age_days`` (days since the enterprise was established),
        ``key_area_count``, ``new_business_form`` (0 or 1), and the policy's quantities.
        """
        if name in self._quantities:
            return quantity_values(self._quantities[name], self.number)
        match name:
            case "age_days":
                established = self._column("established_on").to_physical().cast(pl.Float64)
                return self._cohort.as_of - established.fill_null(float("nan")).to_numpy()
            case "key_area_count":
                return self._column("key_areas").list.len().fill_null(0).cast(pl.Float64).to_numpy()
            case "new_business_form":
                return self._column("new_business_form").fill_null(False).cast(pl.Float64).to_numpy()
        column = self._column(name)
        if not column.dtype.is_numeric():
            raise InputError(f"the enterprises' {name!r} is no number, so no indicator can measure it")
        return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()

    def percentile(
        self, values: Numbers, within: Sequence[str], by: PeerGroups | None = None, size: Numbers | None = None
    ) -> Numbers:
        """Return each value's percentile (0 to 100) among the rows of the same day and group; ties count half.

        With ``by``, a row's group also depends on its ``size``; a row that is too small for any group, or has no size,
        has no percentile.
        """
        groups: dict[str, Any] = {"as_of": self._cohort.as_of, **{name: self._column(name) for name in within}}
        if by is not None and size is not None:
            # A missing size is in no group; NaN would otherwise sort into the group of the largest.
            group = np.where(np.isnan(size), 0, np.searchsorted(np.array(by.starts), size, side="right"))
            groups["size"], values = group, np.where(group > 0, values, np.nan)
        frame = pl.DataFrame({"value": values, **groups})
        value = pl.col("value").fill_nan(None)
        ranked = frame.select(
            rank=value.rank("average").over(list(groups)).fill_null(float("nan")), n=value.count().over(list(groups))
        )
        # There is only one division, and it is last, so that 3 of 5 is exactly the 60th percentile and compares exactly
        # with a threshold. NumPy divides: Polars would multiply by the reciprocal, and put the middle of 49 below 50.
        rank, n = ranked["rank"].to_numpy(), ranked["n"].to_numpy()
        return np.divide((rank - 0.5) * 100, n, out=np.full(len(rank), np.nan), where=n > 0)

    def _column(self, name: str) -> pl.Series:
        if name not in self.frame.columns:
            known = ["employees", "age_days", "key_area_count", "new_business_form"]
            known += [column for column in self.frame.columns if column.startswith(ATTRIBUTE_PREFIX)]
            raise InputError(f"the enterprises have no {name!r}; known are {', '.join(known)}")
        return self.frame[name]
