"""An indicator as data: the records that it reads, the measure, and the time window.

A specification defines an indicator completely; the engine (:mod:`creditrisk.indicators.engine`) computes all of them
in one pass over the records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from creditrisk.indicators.measures import MEASURES, Measure, Traits
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, SEVERITIES, BilingualText

__all__ = [
    "Addend",
    "IndicatorSpec",
    "Measure",
    "PeerGroups",
    "Selection",
    "TimeStep",
    "dimension_from_id",
    "with_dependencies",
]

Dimension = Literal["safety", "quality", "environment", "compliance", "responsibility"]
Severity = Literal["minor", "general", "serious", "grave"]
assert get_args(Dimension) == tuple(DIMENSIONS)
assert get_args(Severity) == tuple(SEVERITIES)
Direction = Literal["risk_rises", "risk_falls", "none"]
# A name that begins with a dimension is an indicator; all other names are attributes or a policy's quantities.
_INDICATOR_ID = re.compile(rf"(?:{'|'.join(DIMENSIONS)})\.")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(_Data):
    """The conditions that choose records; all given conditions must hold.

    Parameters
    ----------
    types : tuple of str
        Record types; empty means every type.
    dimension, severity_at_least : str, optional
    outcomes, authorities, matters : tuple of str
        Empty means any value, including a missing one.
    standing : {"in_force", "known"}
        ``"in_force"``: known by the day and not repaired, revoked, expired or exempt.
        ``"known"``: known by the day, regardless of its standing (for history that a model learns from).
    """

    types: tuple[str, ...] = ()
    dimension: Dimension | None = None
    severity_at_least: Severity | None = None
    outcomes: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    matters: tuple[str, ...] = ()
    standing: Literal["in_force", "known"] = "in_force"

    @model_validator(mode="after")
    def _known_outcomes(self) -> Selection:
        unknown = [outcome for outcome in self.outcomes if outcome not in OUTCOMES]
        if unknown:
            raise ValueError(f"unknown outcome {unknown[0]!r}; known are {', '.join(OUTCOMES)}")
        return self


class TimeStep(_Data):
    """A weight by age: a record counts ``weight`` times while it is less than ``months`` calendar months old."""

    months: Annotated[int, Field(gt=0)]
    weight: Annotated[float, Field(ge=0)]


class Addend(_Data):
    """A further number of the record, which is multiplied by ``times`` and added to the measured number."""

    of: Annotated[str, Field(pattern=r"^(amount|attributes\..+)$")]
    times: Annotated[float, Field(allow_inf_nan=False)] = 1.0


def dimension_from_id(data: Any) -> Any:
    """Add the dimension with which the id begins, if none is given."""
    if isinstance(data, dict) and "dimension" not in data and isinstance(data.get("id"), str):
        prefix = data["id"].partition(".")[0]
        if prefix in DIMENSIONS:
            return {**data, "dimension": prefix}
    return data


class PeerGroups(_Data):
    """Peers by the size of another indicator: groups begin at these values; smaller sizes are in no group."""

    indicator: str
    starts: Annotated[tuple[float, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rising(self) -> PeerGroups:
        if list(self.starts) != sorted(set(self.starts)):
            raise ValueError("the starts of peer groups must rise")
        return self


class IndicatorSpec(_Data):
    """One indicator: a number for each (enterprise, day).

    Parameters
    ----------
    id : str
        The id, such as ``"safety.accident_count"``.
    dimension : str, optional
        One of the five dimensions; the default is the one with which the id begins.
    label : BilingualText
    direction : {"risk_rises", "risk_falls", "none"}
        The meaning of a larger value for risk.
    source : str
        The source of the indicator: an article, a standard, a published system.
    select : Selection
        The records that it reads.
    measure : str
        ``count`` (records), ``sum`` / ``mean`` / ``max`` / ``last`` (of ``of``), ``weighted_sum`` (of severity
        weights), ``flag`` (1 if there is any), ``distinct`` (different values of ``of``), ``ratio``
        (share of the records of ``out_of`` that are also in ``select``), ``days_since_last``,
        ``days_since_first``, ``attribute`` (``of`` the enterprise), ``indicator`` (the value ``of`` another indicator,
        which is then divided or ranked).
    of : str, optional
        The measured value: ``amount``, ``severity`` (by the policy's severity weights), ``attributes.NAME``; for
        ``distinct`` also ``authority``, ``matter``, ``region``, ``type``; for ``attribute`` a field of the enterprise:
        ``employees``, ``attributes.NAME``, ``age_days``, ``key_area_count``, ``new_business_form``.
    plus : tuple of Addend
        Further numbers of the same record, such as 2 for a violation that put a vehicle out of service; a missing one
        adds nothing.
    out_of : Selection, optional
        The whole for the share of a ``ratio``.
    window_months : int, optional
        Only records that happened in ``(as_of - window_months, as_of]``, by calendar months; None means all records.
    since_last : tuple of str
        Record types: only records that happened on or after the last day with a record of one of these types, such as
        the violations found at the latest inspection; if there is no such record, no record counts.
    half_life_months : float, optional
        The time in which a record's weight halves; one month is 30.4375 days.
    time_steps : tuple of TimeStep
        Weights by age, such as 3 up to 6 months, 2 up to 12, 1 up to 24, 0 after.
    cap_per_inspection : float, optional
        The maximum of the sum over the records of one inspection, before any time weight. Records of one enterprise
        and day belong to one inspection, unless ``acts_on`` names different inspections.
    per : str, optional
        The divisor of the value: a number of the enterprise, such as ``employees``; a quantity of the policy; or
        another indicator.
    percentile_within : tuple of str
        ``industry``, ``scale``, ``region``, ``attributes.NAME``: the value becomes its percentile (0 to 100) among the
        cohort's rows of the same day and group: the share of the group with a smaller value; ties count half.
    percentile_by : PeerGroups, optional
        Groups by the size of another indicator, such as the number of events; alone or with ``percentile_within``.

    Notes
    -----
    An enterprise without a selected record has 0 for ``count``, ``sum``, ``weighted_sum``, ``flag`` and
    ``distinct``, because nothing happened, and a missing value for all other measures: there is nothing to measure.

    Examples
    --------
    >>> IndicatorSpec(
    ...     id="safety.fatal_accidents", dimension="safety", direction="risk_rises", source="example",
    ...     label={"zh": "近三年较重以上事故", "en": "Serious accidents, 3 years"},
    ...     select={"types": ["accident"], "severity_at_least": "serious"}, measure="count", window_months=36,
    ... ).select.types
    ('accident',)
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]
    dimension: Dimension
    label: BilingualText
    direction: Direction
    source: Annotated[str, Field(min_length=1)]
    select: Selection = Selection()
    measure: Measure
    of: str | None = None
    plus: tuple[Addend, ...] = ()
    out_of: Selection | None = None
    window_months: Annotated[int, Field(gt=0)] | None = None
    since_last: tuple[str, ...] = ()
    half_life_months: Annotated[float, Field(gt=0)] | None = None
    time_steps: tuple[TimeStep, ...] = ()
    cap_per_inspection: Annotated[float, Field(gt=0)] | None = None
    per: str | None = None
    percentile_within: tuple[str, ...] = ()
    percentile_by: PeerGroups | None = None

    _dimension_from_id = model_validator(mode="before")(dimension_from_id)

    @model_validator(mode="after")
    def _complete(self) -> IndicatorSpec:
        traits = self.traits
        if (self.of is not None) != traits.needs_of:
            raise ValueError(f"{self.id}: measure {self.measure!r} {'needs' if traits.needs_of else 'takes no'} 'of'")
        if self.plus and traits.takes != "number":
            numbered = _either(name for name, one in MEASURES.items() if one.takes == "number")
            raise ValueError(f"{self.id}: 'plus' needs measure {numbered}")
        if traits.takes == "indicator" and not _INDICATOR_ID.match(self.of or ""):
            raise ValueError(f"{self.id}: measure {self.measure!r} needs the id of an indicator, not {self.of!r}")
        if not traits.of_records and (self.select != Selection() or self.window_months or self.since_last):
            raise ValueError(f"{self.id}: measure {self.measure!r} looks at no records, so it selects none")
        if (self.out_of is not None) != (traits.takes == "whole"):
            whole = _either(repr(name) for name, one in MEASURES.items() if one.takes == "whole")
            raise ValueError(f"{self.id}: 'out_of' belongs to measure {whole} and is required there")
        weighted = _either(name for name, one in MEASURES.items() if one.time_weighted)
        if (self.half_life_months or self.time_steps) and not traits.time_weighted:
            raise ValueError(f"{self.id}: time weighting needs measure {weighted}")
        if self.half_life_months and self.time_steps:
            raise ValueError(f"{self.id}: give half_life_months or time_steps, not both")
        if self.cap_per_inspection is not None and not traits.time_weighted:
            raise ValueError(f"{self.id}: cap_per_inspection needs measure {weighted}")
        months = [step.months for step in self.time_steps]
        if months != sorted(set(months)):
            raise ValueError(f"{self.id}: time_steps must rise by months")
        if self.out_of is not None and self.out_of.standing != self.select.standing:
            raise ValueError(f"{self.id}: 'select' and 'out_of' must look at records of the same standing")
        return self

    @property
    def traits(self) -> Traits:
        """The traits of its measure."""
        return MEASURES[self.measure]

    @property
    def dependencies(self) -> tuple[str, ...]:
        """The ids of the other indicators that this one uses."""
        named = (
            self.of if self.traits.takes == "indicator" else None,
            self.per,
            self.percentile_by.indicator if self.percentile_by is not None else None,
        )
        return tuple(name for name in named if name is not None and _INDICATOR_ID.match(name))

    @property
    def compares_enterprises(self) -> bool:
        """Whether the value of one row depends on the other rows."""
        return bool(self.percentile_within) or self.percentile_by is not None

    @property
    def record_types(self) -> tuple[str, ...]:
        """The record types that it names."""
        return (*self.select.types, *(self.out_of.types if self.out_of is not None else ()), *self.since_last)


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def with_dependencies(names: Sequence[str], specs: Mapping[str, IndicatorSpec]) -> tuple[str, ...]:
    """Return indicators and all indicators that they use, each once; those that others need come first.

    Raises
    ------
    ValueError
        If an indicator uses itself.
    """
    found: dict[str, None] = {}

    def add(name: str, through: tuple[str, ...]) -> None:
        if name in through:
            raise ValueError(f"indicator {name} is made of itself: {' → '.join((*through, name))}")
        for needed in specs[name].dependencies if name in specs else ():
            add(needed, (*through, name))
        found[name] = None

    for name in names:
        add(name, ())
    return tuple(found)
