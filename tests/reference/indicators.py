"""Indicators of the rows of a cohort and the records that they count, by docs/indicators.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from tests.reference.days import months_later
from tests.reference.enterprises import Value, number_of_enterprise
from tests.reference.numbers import double, exact, in_units
from tests.reference.standing import Record, known_from, severity_of, standing_of

Spec = Mapping[str, Any]
Policy = Mapping[str, Any]

_SEVERITIES = ("minor", "general", "serious", "grave")
_WEIGHT_UNIT = Fraction(1, 10**9)
_UNITS = {"amount": Fraction(1, 100), "severity": _WEIGHT_UNIT}
_ATTRIBUTE_UNIT = Fraction(1, 10**6)
_NOTHING_IS_ZERO = ("count", "sum", "weighted_sum", "flag", "distinct")


@dataclass(frozen=True)
class Cohort:
    """Whom to compute for and as of which day, with all records (repairs and revocations done) and enterprises."""

    rows: Sequence[tuple[str, date]]
    records: Sequence[Record]
    enterprises: Mapping[str, Mapping[str, Any]]
    standings: dict[int, list[tuple[Record, str]]] = field(default_factory=dict)

    def standing(self, row: int, rules: Mapping[str, Any]) -> list[tuple[Record, str]]:
        """The records of a row's enterprise that are known on its day, with their standing."""
        if row not in self.standings:
            enterprise, day = self.rows[row]
            mine = [record for record in self.records if record["enterprise_id"] == enterprise]
            self.standings[row] = [
                (record, standing_of(record, mine, rules, day)) for record in mine if known_from(record) <= day
            ]
        return self.standings[row]


def indicator_values(
    policy: Policy, specs: Mapping[str, Spec], cohort: Cohort, names: Sequence[str]
) -> dict[str, list[Value]]:
    """The values of indicators, each with one value for each row; those that they are made of are there as well."""
    values: dict[str, list[Value]] = {}

    def value_of(name: str) -> list[Value]:
        if name not in values:
            values[name] = _column(policy, specs[name], cohort, value_of)
        return values[name]

    for name in names:
        value_of(name)
    return values


def records_counted(policy: Policy, specs: Mapping[str, Spec], cohort: Cohort, name: str, row: int) -> list[str]:
    """Ids of the records that an indicator counts, in order of the text; of what is made of another, those of that."""
    spec = specs[name]
    if spec["measure"] == "attribute":
        return []
    if spec["measure"] == "indicator":
        return records_counted(policy, specs, cohort, spec["of"], row)
    counted = _selected(policy, spec, spec.get("select", {}), cohort, row)
    if spec["measure"] == "ratio":
        whole = _selected(policy, spec, spec["out_of"], cohort, row)
        counted = [record for record in counted if record in whole]
    return sorted(record["record_id"] for record in counted)


def _column(policy: Policy, spec: Spec, cohort: Cohort, value_of: Any) -> list[Value]:
    rows = range(len(cohort.rows))
    if spec["measure"] == "indicator":
        values = list(value_of(spec["of"]))
    elif spec["measure"] == "attribute":
        values = [_of_enterprise(policy, cohort, row, spec["of"]) for row in rows]
    else:
        values = [_measured(policy, spec, cohort, row) for row in rows]
    if spec.get("per") is not None:
        is_indicator = spec["per"].partition(".")[0] != "attributes" and "." in spec["per"]
        by = (
            value_of(spec["per"])
            if is_indicator
            else [_of_enterprise(policy, cohort, row, spec["per"]) for row in rows]
        )
        values = [_divided(value, divisor) for value, divisor in zip(values, by, strict=True)]
    if spec.get("percentile_within") or spec.get("percentile_by"):
        by_size = spec.get("percentile_by")
        sizes = value_of(by_size["indicator"]) if by_size else [None for _ in rows]
        values = _percentiles(spec, cohort, values, sizes)
    return values


def _of_enterprise(policy: Policy, cohort: Cohort, row: int, name: str) -> Value:
    enterprise, day = cohort.rows[row]
    return number_of_enterprise(cohort.enterprises.get(enterprise, {}), name, day, policy.get("quantities", ()))


def _divided(value: Value, divisor: Value) -> Value:
    return None if value is None or divisor is None or divisor <= 0 else double(value / divisor)


def _percentiles(spec: Spec, cohort: Cohort, values: list[Value], sizes: list[Value]) -> list[Value]:
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row, (enterprise, day) in enumerate(cohort.rows):
        of = cohort.enterprises.get(enterprise, {})
        key: tuple[Any, ...] = (day, *(of.get(name) for name in spec.get("percentile_within", ())))
        if spec.get("percentile_by"):
            size = sizes[row]
            reached = 0 if size is None else sum(double(start) <= size for start in spec["percentile_by"]["starts"])
            if not reached:
                continue
            key = (*key, reached)
        if values[row] is not None:
            groups[key].append(row)
    percentiles: list[Value] = [None] * len(values)
    for group in groups.values():
        for row in group:
            smaller = sum(values[other] < values[row] for other in group)  # type: ignore[operator]
            equal = sum(values[other] == values[row] for other in group)
            percentiles[row] = double((smaller + Fraction(equal, 2)) * 100 / len(group))
    return percentiles


def _selected(policy: Policy, spec: Spec, selection: Mapping[str, Any], cohort: Cohort, row: int) -> list[Record]:
    """The records of a row that a selection takes, within the indicator's window and since its last event."""
    rules, (_, day) = policy.get("standing", {}), cohort.rows[row]
    counting = [
        record
        for record, standing in cohort.standing(row, rules)
        if standing == "in_force" or selection.get("standing") == "known"
    ]
    begins = date.min
    if spec.get("since_last"):
        ends = [record["occurred_on"] for record in counting if record["type"] in spec["since_last"]]
        begins = max(ends, default=date.max)
    after = months_later(day, -spec["window_months"]) if spec.get("window_months") else date.min
    return [
        record
        for record in counting
        if begins <= record["occurred_on"] and after < record["occurred_on"] and takes(policy, selection, record)
    ]


def takes(policy: Policy, selection: Mapping[str, Any], record: Record) -> bool:
    """Whether a selection takes a record, whatever its standing and day."""
    severity = severity_of(record, policy.get("standing", {}))
    return (
        _named(record["type"], selection.get("types"))
        and (selection.get("dimension") is None or record.get("dimension") == selection["dimension"])
        and _SEVERITIES.index(severity) >= _SEVERITIES.index(selection.get("severity_at_least") or "minor")
        and _named(record.get("outcome"), selection.get("outcomes"))
        and _named(record.get("authority"), selection.get("authorities"))
        and _named(record.get("matter"), selection.get("matters"))
    )


def _named(text: str | None, wanted: Sequence[str] | None) -> bool:
    return not wanted or text in wanted


def _measured(policy: Policy, spec: Spec, cohort: Cohort, row: int) -> Value:
    day = cohort.rows[row][1]
    chosen = _selected(policy, spec, spec.get("select", {}), cohort, row)
    if spec["measure"] == "ratio":
        whole = _selected(policy, spec, spec["out_of"], cohort, row)
        return double(Fraction(sum(record in whole for record in chosen), len(whole))) if whole else None
    if not chosen:
        return Fraction(0) if spec["measure"] in _NOTHING_IS_ZERO else None
    match spec["measure"]:
        case "count" | "sum" | "weighted_sum":
            return double(_total(policy, spec, chosen, day))
        case "flag":
            return Fraction(1)
        case "distinct":
            different = {_text(policy, record, spec["of"]) for record in chosen}
            return Fraction(len(different - {None}))
        case "days_since_last":
            return Fraction(min((day - record["occurred_on"]).days for record in chosen))
        case "days_since_first":
            return Fraction(max((day - record["occurred_on"]).days for record in chosen))
    numbers = [(record["occurred_on"], _number(policy, spec, record)) for record in chosen]
    there = [(occurred, number) for occurred, number in numbers if number is not None]
    if not there:
        return None
    match spec["measure"]:
        case "mean":
            return double(sum(number for _, number in there) / len(there))
        case "max":
            return double(max(number for _, number in there))
        case "last":
            return double(max(there)[1])
    raise AssertionError(spec["measure"])


def _text(policy: Policy, record: Record, name: str) -> Any:
    return severity_of(record, policy.get("standing", {})) if name == "severity" else record.get(name)


def _plain_number(policy: Policy, record: Record, name: str) -> Value:
    """A number of a record in whole small units."""
    if name == "severity":
        number = policy["severity_weights"][severity_of(record, policy.get("standing", {}))]
    else:
        number = record.get(name)
    return None if number is None else in_units(exact(number), _UNITS.get(name, _ATTRIBUTE_UNIT))


def _number(policy: Policy, spec: Spec, record: Record) -> Value:
    """What is measured of a record: nothing where its own number is missing, else that and its further numbers."""
    number = _plain_number(policy, record, spec["of"])
    if number is None:
        return None
    for addend in spec.get("plus", ()):
        further = _plain_number(policy, record, addend["of"]) or Fraction(0)
        number += in_units(further * exact(addend.get("times", 1)), _UNITS.get(spec["of"], _ATTRIBUTE_UNIT))
    return number


def _total(policy: Policy, spec: Spec, chosen: Sequence[Record], day: date) -> Fraction:
    unit = _UNITS.get(spec["of"], _ATTRIBUTE_UNIT) if spec["measure"] == "sum" else _WEIGHT_UNIT
    by_inspection: dict[Any, Fraction] = defaultdict(Fraction)
    for position, record in enumerate(chosen):
        match spec["measure"]:
            case "count":
                number = Fraction(1)
            case "sum":
                number = _number(policy, spec, record) or Fraction(0)
            case _:
                number = _plain_number(policy, record, "severity") or Fraction(0)
        capped = spec.get("cap_per_inspection") is not None
        by_inspection[(record["occurred_on"], record.get("acts_on") if capped else position)] += number
    if spec.get("cap_per_inspection") is not None:
        cap = in_units(exact(spec["cap_per_inspection"]), unit)
        by_inspection = defaultdict(Fraction, {key: min(number, cap) for key, number in by_inspection.items()})
    total = Fraction(0)
    for (occurred, _), number in by_inspection.items():
        weight = _time_weight(spec, occurred, day)
        total += number if weight is None else in_units(number * weight, unit)
    return total


def _time_weight(spec: Spec, occurred: date, day: date) -> Fraction | None:
    if spec.get("half_life_months"):
        with localcontext() as context:
            context.prec = 50
            half_life = Decimal(str(spec["half_life_months"])) * Decimal("30.4375")
            return Fraction(Decimal(2) ** (Decimal(-(day - occurred).days) / half_life))
    if spec.get("time_steps"):
        younger = (exact(one["weight"]) for one in spec["time_steps"] if occurred > months_later(day, -one["months"]))
        return next(younger, Fraction(0))
    return None
