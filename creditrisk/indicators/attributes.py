"""Numbers of the enterprises themselves, and percentiles among their peers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.indicators.events import Cohort
from creditrisk.records.schema import ATTRIBUTE_PREFIX

__all__ = ["EnterpriseAttributes"]

Numbers = NDArray[np.float64]


class EnterpriseAttributes:
    """What the enterprise table says of each row of a cohort."""

    def __init__(self, enterprises: pl.DataFrame | None, cohort: Cohort) -> None:
        self._enterprises = enterprises
        self._cohort = cohort

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
        """An attribute as numbers, shape (n_rows,); NaN where it is missing.

        ``employees``, ``attributes.NAME``, ``age_days`` (days since the enterprise was established),
        ``key_area_count``, ``new_business_form`` (0 or 1).
        """
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

    def percentile(self, values: Numbers, within: Sequence[str]) -> Numbers:
        """Each value's percentile (0 to 100) among the rows of the same day and group; ties counted half."""
        frame = pl.DataFrame(
            {"value": values, "as_of": self._cohort.as_of, **{name: self._column(name) for name in within}}
        )
        groups = ["as_of", *within]
        value = pl.col("value").fill_nan(None)
        share = (value.rank("average") - 0.5) / value.count() * 100
        return frame.select(share.over(groups)).to_series().fill_null(float("nan")).to_numpy()

    def _column(self, name: str) -> pl.Series:
        if name not in self.frame.columns:
            known = ["employees", "age_days", "key_area_count", "new_business_form"]
            known += [column for column in self.frame.columns if column.startswith(ATTRIBUTE_PREFIX)]
            raise InputError(f"the enterprises have no {name!r}; known are {', '.join(known)}")
        return self.frame[name]
