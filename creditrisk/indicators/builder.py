"""Indicators as scikit-learn transformers: they turn the rows of a cohort into one column per indicator."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from typing import Any, ClassVar, Literal, Protocol, Self, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from creditrisk.days import civil_days
from creditrisk.errors import InputError, InputWarning
from creditrisk.frames import Frame, FrameLike, is_frame, to_polars
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


Unknown = Literal["error", "warn"]


class LeftBehind:
    """A placeholder for a table that a pickle does not contain."""

    def __repr__(self) -> str:
        return "<left behind>"


class IndicatorPolicy(Protocol):
    """The parts of a policy that the builders use."""

    @property
    def indicators(self) -> Sequence[IndicatorSpec]: ...
    @property
    def severity_weights(self) -> SeverityWeights: ...
    @property
    def standing(self) -> StandingRules: ...
    @property
    def quantities(self) -> Sequence[Quantity]: ...


class IndicatorBuilder(TransformerMixin, BaseEstimator):
    """A transformer that computes all built-in indicators, and those of a policy, for the rows of a cohort.

    Parameters
    ----------
    records : Records or frame
        Records from :func:`creditrisk.read_records`, or a frame in the data model (a Polars lazy frame is read column
        by column).
    enterprises : Enterprises or frame, optional
        The enterprises, which indicators of the enterprise itself need, such as its age.
    policy : Policy, optional
        The policy that gives severity weights, standing rules and further indicators.
    indicators : sequence of IndicatorSpec, optional
        Further indicators; one with the id of another replaces it.
    only : sequence of str, optional
        The ids of the wanted indicators, in this order; indicators that they use come before them.
    unknown : {"error", "warn"}, default="error"
        The treatment of rows whose enterprise is in neither ``enterprises`` nor ``records``: a mistyped id without
        records is not a clean enterprise. With ``"warn"`` all their values are missing, and a warning counts them.

    Attributes
    ----------
    specs_ : tuple of IndicatorSpec
        The indicators that are computed, set by :meth:`fit`.

    See Also
    --------
    SafetyIndicators, QualityIndicators, EnvironmentIndicators, ComplianceIndicators, ResponsibilityIndicators

    Notes
    -----
    :meth:`fit` learns nothing: the value of a row depends only on the records and the day.

    A builder that is pickled leaves its records and enterprises behind: give them again,
    ``builder.set_params(records=..., enterprises=...)``. For a search or a cross-validation with ``n_jobs`` compute the
    indicators before, or let it work in threads: ``with joblib.parallel_config(backend="threading")``.

    Examples
    --------
    >>> import pandas as pd
    >>> import creditrisk as cr
    >>> records = cr.read_records(pd.DataFrame({
    ...     "record_id": ["a", "b"], "enterprise_id": ["E1", "E1"], "type": ["accident", "accident"],
    ...     "severity": ["serious", "minor"], "occurred_on": ["2026-01-31", "2022-05-01"]}), id_scheme="any")
    >>> register = cr.read_enterprises(
    ...     pd.DataFrame({"enterprise_id": ["E1", "E2"], "name": ["A", "B"]}), id_scheme="any")
    >>> cohort = pd.DataFrame({"enterprise_id": ["E1", "E2"], "as_of": ["2026-06-30", "2026-06-30"]})
    >>> wanted = ["safety.accident_count", "safety.days_since_accident"]
    >>> builder = cr.SafetyIndicators(records, enterprises=register, only=wanted)
    >>> builder.fit_transform(cohort)
       safety.accident_count  safety.days_since_accident
    0                    1.0                       150.0
    1                    0.0                         NaN
    """

    dimension: ClassVar[str | None] = None

    def __init__(
        self,
        records: Records | FrameLike,
        *,
        enterprises: Enterprises | FrameLike | None = None,
        policy: IndicatorPolicy | None = None,
        indicators: Sequence[IndicatorSpec] = (),
        only: Sequence[str] | None = None,
        unknown: Unknown = "error",
    ) -> None:
        self.records = records
        self.enterprises = enterprises
        self.policy = policy
        self.indicators = indicators
        self.only = only
        self.unknown = unknown

    def fit(self, X: FrameLike | None = None, y: object = None) -> IndicatorBuilder:
        """Determine which indicators are computed; nothing is learnt from ``X``.

        Raises
        ------
        InputError
            If a wanted indicator does not exist.
        """
        if self.unknown not in get_args(Unknown):
            raise InputError(f"unknown must be one of {', '.join(get_args(Unknown))}, got {self.unknown!r}")
        self.specs_ = self._specs()
        return self

    def transform(self, X: FrameLike) -> Frame:
        """Compute the indicators.

        Parameters
        ----------
        X : frame, shape (n_rows, ≥ 2)
            The cohort: ``enterprise_id`` and ``as_of`` (dates or ISO text), which may differ from row to row. Either
            may be a named index of a pandas frame.

        Returns
        -------
        pandas.DataFrame of float64, shape (n_rows, n_indicators)
            The indicators, or the container that ``set_output`` asks for; NaN where there is nothing to measure.

        Raises
        ------
        InputError
            If the cohort lacks a column or has an invalid day, the records lack a column to measure, or an enterprise
            is unknown and ``unknown="error"``.

        Warns
        -----
        InputWarning
            If rows have no values, with ``unknown="warn"``.
        """
        check_is_fitted(self, "specs_")
        import pandas

        cohort = cohort_of(X)
        known = self._known(cohort.enterprise_id)
        values = self.kernel(cohort.at(known)).indicators()
        if len(known) < len(cohort):
            values = {name: _spread(column, known, len(cohort)) for name, column in values.items()}
        index = X.index if isinstance(X, pandas.DataFrame) else None
        return pandas.DataFrame(values, index=index, columns=[spec.id for spec in self.specs_], copy=False)

    def kernel(self, cohort: Cohort, row_of_record: pl.Series | None = None) -> Kernel:
        """Return the records coded for this cohort, for both values and evidence.

        Parameters
        ----------
        cohort : Cohort
        row_of_record : polars.Series of UInt32, optional
            The same parameter as in :class:`~creditrisk.indicators.engine.Kernel`.
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

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> NDArray[np.object_]:
        """Return the ids of the indicators, in the order of the columns."""
        check_is_fitted(self, "specs_")
        return np.asarray([spec.id for spec in self.specs_], dtype=object)

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        told = {name: _size(value, name) for name, value in self.get_params(deep=False).items()}
        plain = {"enterprises": "None", "policy": "None", "indicators": "()", "only": "None", "unknown": "'error'"}
        return f"{type(self).__name__}({', '.join(f'{k}={v}' for k, v in told.items() if plain.get(k) != v)})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self)}

    def __copy__(self) -> Self:
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = type(self).__new__(type(self))
        made.__dict__.update(deepcopy(self.__dict__, memo))
        return made

    def __getstate__(self) -> dict[str, Any]:
        left = {name: LeftBehind() for name in ("records", "enterprises") if getattr(self, name) is not None}
        return {**super().__getstate__(), **left}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # A cohort is a frame of ids and days, not an array.
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = True
        return tags

    def _known(self, ids: pl.Series) -> NDArray[np.intp]:
        """Return the positions of the rows whose enterprise is in the register or has records."""
        given = {"enterprises": self.enterprises, "records": self.records}
        tables = [_table(table, name) for name, table in given.items() if table is not None]
        known: list[pl.Series] = []
        strange = np.ones(len(ids), dtype=bool)
        for table in tables:
            known.append(_collected(table.select(pl.col("enterprise_id").cast(pl.String)))["enterprise_id"])
            strange &= ~ids.is_in(known[-1].implode()).to_numpy()
            if not strange.any():
                return np.arange(len(ids))
        at = int(strange.argmax())
        forms = (ids[at].strip(), ids[at].strip().upper())
        meant = next((f"; {form!r} is known" for form in forms if any(form in there for there in known)), "")
        told = (
            f"{int(strange.sum())} rows of the cohort are of enterprises neither in the register nor on record, "
            f"such as {ids[at]!r} in row {at}{meant}"
        )
        if self.unknown == "error":
            raise InputError(
                f"{told}: correct the ids, give enterprises= with everybody who has no record, or take such rows "
                "without values, unknown='warn'"
            )
        warnings.warn(f"{told}: they have no values", InputWarning, stacklevel=3)
        return np.flatnonzero(~strange)

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
        If a column or an id is missing, or a day is not a date.
    """
    frame = to_polars(rows)
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
    """Return a cohort of enterprises, all on one day."""
    day = np.int32((as_of - date(1970, 1, 1)).days)
    return Cohort(enterprise_ids, np.full(len(enterprise_ids), day, dtype=np.int32))


def _table(value: Any, name: str) -> pl.DataFrame | pl.LazyFrame:
    if isinstance(value, Records | Enterprises):
        return value.data
    if isinstance(value, LeftBehind):
        raise InputError(
            f"the builder was pickled, which leaves its {name} behind: give them again, "
            f"set_params({name}=...). In parallel work use threads, joblib.parallel_config(backend='threading')"
        )
    if isinstance(value, pl.LazyFrame):
        return value
    if is_frame(value):
        return to_polars(value)
    raise InputError(f"{name} must be read with creditrisk.read_{name}, or be a frame, not {type(value).__name__}")


def _collected(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    return table.collect() if isinstance(table, pl.LazyFrame) else table


def _spread(values: NDArray[np.float64], places: NDArray[np.intp], n_rows: int) -> NDArray[np.float64]:
    """Put values into their rows; the values of all other rows are missing."""
    result = np.full(n_rows, np.nan)
    result[places] = values
    return result


def _size(value: Any, name: str) -> str:
    """Return a parameter in short form: a table by its size, a policy by its name."""
    if isinstance(value, pl.LazyFrame):
        return "<lazy frame>"
    if isinstance(value, Records | Enterprises) or is_frame(value):
        return f"<{len(value):,} {name}>"
    if name == "policy" and value is not None:
        return f"<{getattr(value, 'id', type(value).__name__)}>"
    if name == "indicators" and value:
        return f"<{len(value):,} indicators>"
    return repr(value)
