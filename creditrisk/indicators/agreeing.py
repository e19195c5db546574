"""Indicators on which two policies agree; these need to be computed only once.

Two policies agree on an indicator if they agree on everything that its values depend on: the specification, the
severity weights if it weighs, the standing rules for the records that it reads, and the indicators that it uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel

from creditrisk.indicators.builder import IndicatorBuilder
from creditrisk.indicators.events import Cohort
from creditrisk.indicators.quantities import Quantity
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.records.standing import StandingRules
from creditrisk.records.tables import Records

__all__ = ["agreed_indicators", "indicators_of_both"]

Values = dict[str, NDArray[np.float64]]


class IndicatorPolicy(Protocol):
    """The parts of a policy that are compared."""

    @property
    def indicators(self) -> Sequence[IndicatorSpec]: ...
    @property
    def indicators_used(self) -> tuple[str, ...]: ...
    @property
    def specs(self) -> Mapping[str, IndicatorSpec]: ...
    @property
    def severity_weights(self) -> Any: ...
    @property
    def standing(self) -> StandingRules: ...
    @property
    def quantities(self) -> Sequence[Quantity]: ...


def indicators_of_both(
    before: IndicatorPolicy, after: IndicatorPolicy, records: Records, enterprises: pl.DataFrame, cohort: Cohort
) -> tuple[Values, Values]:
    """Compute the indicators that each of two policies uses; those on which both agree are the same arrays.

    Parameters
    ----------
    before, after : Policy
    records : Records
    enterprises : polars.DataFrame
        The enterprises of the cohort.
    cohort : Cohort
    """
    agreed = agreed_indicators(before, after)
    wanted = tuple(dict.fromkeys((*before.indicators_used, *agreed)))
    builder = IndicatorBuilder(
        records, enterprises=enterprises, policy=before, only=wanted, indicators=[after.specs[name] for name in agreed]
    )
    kernel = builder.fit().kernel(cohort)
    values = kernel.indicators()
    again = [name for name in after.indicators_used if name not in agreed]
    own: Values = {}
    if again:
        builder = IndicatorBuilder(records, enterprises=enterprises, policy=after, only=again)
        own = builder.fit().kernel(cohort, kernel.row_of_record).indicators()
    return (
        {name: values[name] for name in before.indicators_used},
        {name: own[name] if name in again else values[name] for name in after.indicators_used},
    )


def agreed_indicators(before: IndicatorPolicy, after: IndicatorPolicy) -> list[str]:
    """Return the later policy's indicators that have equal values under the earlier one, dependencies first."""
    same_weights = _without_basis(before.severity_weights) == _without_basis(after.severity_weights)
    quantities = {q.id for policy in (before, after) for q in policy.quantities}
    if before.quantities == after.quantities:
        quantities = set()
    agreed: list[str] = []
    for name in after.indicators_used:
        spec = after.specs[name]
        weighs = spec.traits.takes == "severity" or spec.of == "severity"
        if (
            (name not in before.indicators_used or _measured(before.specs[name]) == _measured(spec))
            and (same_weights or not weighs)
            and (spec.traits.takes == "attribute" or _same_standing(before.standing, after.standing, spec))
            and not {spec.per, spec.of} & quantities
            and all(part in agreed for part in spec.dependencies)
        ):
            agreed.append(name)
    return agreed


def _measured(spec: IndicatorSpec) -> dict[str, Any]:
    """Return a specification without the fields that do not change its values."""
    return spec.model_dump(exclude={"label", "source", "direction", "dimension"})


def _same_standing(before: StandingRules, after: StandingRules, spec: IndicatorSpec) -> bool:
    """Whether the records that an indicator reads count in the same way under both rules."""
    if before.missing_severity != after.missing_severity:
        return False
    looked_at = {*spec.select.types, *(spec.out_of.types if spec.out_of else ())}
    if not spec.select.types or (spec.out_of and not spec.out_of.types):
        looked_at = {name for rules in (before, after) for name in _types_ruled(rules)}
    return _ruling(before, looked_at) == _ruling(after, looked_at)


def _types_ruled(rules: StandingRules) -> Iterator[str]:
    for term in rules.terms:
        yield from term.types
    if rules.exemption is not None:
        yield from rules.exemption.types


def _ruling(rules: StandingRules, types: set[str]) -> list[dict[str, Any]]:
    """Return the rules for records of these types, in the order in which they apply."""
    terms = [
        {**_without_basis(term), "types": sorted(types.intersection(term.types))}
        for term in rules.terms
        if types.intersection(term.types)
    ]
    exemption = rules.exemption
    exempting = [] if exemption is None or not types.intersection(exemption.types) else [_without_basis(exemption)]
    return [*terms, *exempting]


def _without_basis(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(exclude={"basis"})
