"""Indicators as scikit-learn transformers: rows of a cohort in, one column per indicator out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from creditrisk.days import civil_days
from creditrisk.errors import InputError
from creditrisk.frames import is_frame, to_polars
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.engine import DEFAULT_SEVERITY_WEIGHTS, Kernel, SeverityWeights
from creditrisk.indicators.events import Cohort
from creditrisk.indicators.quantities import Quantity
from creditrisk.indicators.spec import IndicatorSpec, with_dependencies
from creditrisk.records.standing import StandingRules
from creditrisk.records.tables import Enterprises, Records

__all__ = [
    "ComplianceIndicators",
    "EnvironmentIndicators",
    "IndicatorBuilder",
    "QualityIndicators",
    "ResponsibilityIndicators",
    "SafetyIndicators",
    "cohort_of",
]


class IndicatorPolicy(Protocol):
    """What the builders take from a policy."""

    @property
    def indicators(self) -> Sequence[IndicatorSpec]: ...
    @property
    def severity_weights(self) -> SeverityWeights: ...
    @property
    def standing(self) -> StandingRules: ...
    @property
    def quantities(self) -> Sequence[Quantity]: ...


class IndicatorBuilder(TransformerMixin, BaseEstimator):
    """All built-in indicators, and those of a policy, for the rows of a cohort.

    Parameters
    ----------
    records : Records or frame
        From :func:`creditrisk.read_records`, or a frame already in the data model (a Polars lazy frame is read
        column by column).
    enterprises : Enterprises or frame, optional
        Needed by indicators of the enterprise itself, such as its age.
    policy : Policy, optional
        Gives severity weights, standing rules and further indicators.
    indicators : sequence of IndicatorSpec, optional
        Further indicators; one with the id of another takes its place.
    only : sequence of str, optional
        Ids of the indicators wanted, in this order; those that they are made of come before them.

    Attributes
    ----------
    specs_ : tuple of IndicatorSpec
        The indicators computed, after :meth:`fit`.

    See Also
    --------
    SafetyIndicators, QualityIndicators, EnvironmentIndicators, ComplianceIndicators, ResponsibilityIndicators

    Notes
    -----
    Nothing is learnt in :meth:`fit`: the value of a row depends on the records and the day alone.

    Examples
    --------
    >>> import pandas as pd
    >>> import creditrisk as cr
    >>> records = cr.read_records(pd.DataFrame({
    ...     "record_id": ["a", "b"], "enterprise_id": ["E1", "E1"], "type": ["accident", "accident"],
    ...     "severity": ["serious", "minor"], "occurred_on": ["2026-01-31", "2022-05-01"]}), id_scheme="any")
    >>> cohort = pd.DataFrame({"enterprise_id": ["E1", "E2"], "as_of": ["2026-06-30", "2026-06-30"]})
    >>> builder = cr.SafetyIndicators(records, only=["safety.accident_count", "safety.days_since_accident"])
    >>> builder.fit_transform(cohort)
       safety.accident_count  safety.days_since_accident
    0                    1.0                       150.0
    1                    0.0                         NaN
    """

    dimension: ClassVar[str | None] = None

    def __init__(
        self,
        records: Any,
        *,
        enterprises: Any = None,
        policy: IndicatorPolicy | None = None,
        indicators: Sequence[IndicatorSpec] = (),
        only: Sequence[str] | None = None,
    ) -> None:
        self.records = records
        self.enterprises = enterprises
        self.policy = policy
        self.indicators = indicators
        self.only = only

    def fit(self, X: Any = None, y: Any = None) -> IndicatorBuilder:
        """Settle which indicators are computed; nothing is learnt from ``X``.

        Raises
        ------
        InputError
            If one that is wanted does not exist.
        """
        self.specs_ = self._specs()
        return self

    def transform(self, X: Any) -> Any:
        """Compute the indicators.

        Parameters
        ----------
        X : frame, shape (n_rows, ≥ 2)
            The cohort: ``enterprise_id`` and ``as_of`` (dates or ISO text), which may differ from row to row.

        Returns
        -------
        pandas.DataFrame of float64, shape (n_rows, n_indicators)
            Or what ``set_output`` asks for. NaN where there is nothing to measure.

        Raises
        ------
        InputError
            If the cohort lacks a column or has a day that is none, or the records lack a column to measure.
        """
        check_is_fitted(self, "specs_")
        import pandas

        cohort = cohort_of(X)
        values = self.kernel(cohort).indicators()
        index = X.index if isinstance(X, pandas.DataFrame) else None
        return pandas.DataFrame(values, index=index, columns=[spec.id for spec in self.specs_], copy=False)

    def kernel(self, cohort: Cohort, row_of_record: pl.Series | None = None) -> Kernel:
        """The records coded for this cohort, for values and evidence alike.

        Parameters
        ----------
        cohort : Cohort
        row_of_record : polars.Series of UInt32, optional
            As in :class:`~creditrisk.indicators.engine.Kernel`.
        """
        check_is_fitted(self, "specs_")
        policy = self.policy
        return Kernel(
            self.specs_,
            _table(self.records, "records"),
            cohort,
            enterprises=None if self.enterprises is None else _collected(_table(self.enterprises, "enterprises")),
            severity_weights=DEFAULT_SEVERITY_WEIGHTS if policy is None else policy.severity_weights,
            standing_rules=None if policy is None else policy.standing,
            quantities=() if policy is None else policy.quantities,
            row_of_record=row_of_record,
        )

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Ids of the indicators, in the order of the columns."""
        check_is_fitted(self, "specs_")
        return np.asarray([spec.id for spec in self.specs_], dtype=object)

    def _specs(self) -> tuple[IndicatorSpec, ...]:
        further = [*(self.policy.indicators if self.policy is not None else ()), *self.indicators]
        mine = [spec for spec in further if self.dimension in (None, spec.dimension)]
        specs = {spec.id: spec for spec in (*built_in_indicators(self.dimension), *mine)}
        wanted = tuple(specs) if self.only is None else tuple(self.only)
        needed = with_dependencies(wanted, specs)
        unknown = [name for name in needed if name not in specs]
        if unknown:
            raise InputError(f"there is no indicator {unknown[0]!r}; known are {', '.join(specs)}")
        return tuple(specs[name] for name in needed)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "specs_")


class SafetyIndicators(IndicatorBuilder):
    """The indicators of 安全生产 work safety."""

    dimension = "safety"


class QualityIndicators(IndicatorBuilder):
    """The indicators of 质量安全 quality and safety of products."""

    dimension = "quality"


class EnvironmentIndicators(IndicatorBuilder):
    """The indicators of 生态环保 environment."""

    dimension = "environment"


class ComplianceIndicators(IndicatorBuilder):
    """The indicators of 守法履约 compliance and contract performance."""

    dimension = "compliance"


class ResponsibilityIndicators(IndicatorBuilder):
    """The indicators of 社会责任 social responsibility."""

    dimension = "responsibility"


def cohort_of(rows: Any) -> Cohort:
    """Read a cohort from a frame with ``enterprise_id`` and ``as_of``.

    Raises
    ------
    InputError
        If a column is missing, an id is missing, or a day is no date.
    """
    frame = rows.collect() if isinstance(rows, pl.LazyFrame) else to_polars(rows)
    for name in ("enterprise_id", "as_of"):
        if name not in frame.columns:
            raise InputError(f"the cohort needs a column {name!r}; it has {', '.join(frame.columns)}")
    ids, days = frame["enterprise_id"].cast(pl.String), frame["as_of"]
    if ids.null_count():
        raise InputError(f"row {int(ids.is_null().to_numpy().argmax())} of the cohort has no enterprise_id")
    days = civil_days(days, "as_of", "of the cohort")
    if days.null_count():
        raise InputError(f"row {int(days.is_null().to_numpy().argmax())} of the cohort has no as_of")
    return Cohort(ids, days.to_physical().to_numpy())


def cohort_on(enterprise_ids: pl.Series, as_of: date) -> Cohort:
    """A cohort of enterprises all looked at on one day."""
    day = np.int32((as_of - date(1970, 1, 1)).days)
    return Cohort(enterprise_ids, np.full(len(enterprise_ids), day, dtype=np.int32))


def _table(value: Any, name: str) -> pl.DataFrame | pl.LazyFrame:
    if isinstance(value, Records | Enterprises):
        return value.data
    if isinstance(value, pl.LazyFrame):
        return value
    if is_frame(value):
        return to_polars(value)
    raise InputError(f"{name} must be read with creditrisk.read_{name}, or be a frame, not {type(value).__name__}")


def _collected(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    return table.collect() if isinstance(table, pl.LazyFrame) else table
