"""The kernel: computes all indicators of a cohort in one pass over the records.

Each combination of record types is processed separately, so that an indicator reads only the records that it can
count, and ``bincount`` over row numbers adds up the values. Sums do not depend on the order or splitting of the
records: every addend is a whole number of a small unit (0.01 CNY for money, a millionth for other quantities, a
thousand-millionth for weights), and sums of whole numbers below 2⁵³ are exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Literal, Protocol, assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.indicators.attributes import EnterpriseAttributes
from creditrisk.indicators.events import Cohort, Events, code_records, events_of
from creditrisk.indicators.quantities import Quantity
from creditrisk.indicators.spec import IndicatorSpec, Selection
from creditrisk.records.standing import NEVER, StandingRules
from creditrisk.vocabulary import SEVERITIES

__all__ = ["DEFAULT_SEVERITY_WEIGHTS", "Kernel", "derived"]

# An expert default: the weight about doubles with each step. A policy sets its own.
DEFAULT_SEVERITY_WEIGHTS: dict[str, float] = {"minor": 1.0, "general": 3.0, "serious": 6.0, "grave": 10.0}

_DAYS_PER_MONTH = 30.4375
_WEIGHT_UNIT = 1e9
_UNIT = {"amount": 100.0, "severity": _WEIGHT_UNIT}
_ATTRIBUTE_UNIT = 1e6

Numbers = NDArray[np.float64]
Index = NDArray[np.intp]


class SeverityWeights(Protocol):
    """Anything that gives the weight of a severity: a dict, or a policy's severity weights."""

    def __getitem__(self, severity: str, /) -> float: ...


class Kernel:
    """The records of a cohort, coded once; any of the given indicators can then measure them.

    Parameters
    ----------
    specs : sequence of IndicatorSpec
    records : polars.DataFrame or polars.LazyFrame
        Records in the data model; from a lazy frame only the needed columns are read.
    cohort : Cohort
    enterprises : polars.DataFrame, optional
        The enterprises, needed if an indicator measures, divides by or compares within an attribute of the enterprise.
    severity_weights : mapping of str to float
    standing_rules : StandingRules
    quantities : sequence of Quantity
        Further numbers of the enterprise, which indicators may measure or use as a divisor.
    row_of_record : polars.Series of UInt32, optional
        The row of the cohort to which each record belongs, null for none. An enterprise that is in several rows then
        has separate records in each row.
    """

    def __init__(
        self,
        specs: Sequence[IndicatorSpec],
        records: pl.DataFrame | pl.LazyFrame,
        cohort: Cohort,
        enterprises: pl.DataFrame | None = None,
        severity_weights: SeverityWeights = DEFAULT_SEVERITY_WEIGHTS,
        standing_rules: StandingRules | None = None,
        quantities: Sequence[Quantity] = (),
        row_of_record: pl.Series | None = None,
    ) -> None:
        self.specs = tuple(specs)
        self.cohort = cohort
        self.attributes = EnterpriseAttributes(enterprises, cohort, quantities)
        self._weights = np.rint([severity_weights[name] * _WEIGHT_UNIT for name in SEVERITIES])
        unique = cohort.enterprise_id
        self._number_of_row: NDArray[np.uint32] | None = None
        if row_of_record is None and len(unique := unique.unique(maintain_order=True)) != len(cohort):
            numbers = pl.DataFrame({"enterprise_id": unique}).with_row_index("number")
            rows = pl.DataFrame({"enterprise_id": cohort.enterprise_id})
            joined = rows.join(numbers, on="enterprise_id", how="left", maintain_order="left")
            self._number_of_row = joined["number"].to_numpy()
        self._coded = code_records(specs, records, unique, standing_rules or StandingRules(), row_of_record)

    def indicators(self) -> dict[str, Numbers]:
        """Return all indicators: arrays of shape (n_rows,) by indicator id; NaN where there is nothing to measure."""
        return derived(self.specs, self.measured(), self.attributes)

    def measured(self) -> dict[str, Numbers]:
        """Measure each row's own records, before anything is divided or compared with other rows."""
        stretches: dict[str, list[Numbers]] = defaultdict(list)
        for _, subsets in self._stretches():
            for subset, specs in subsets:
                for spec in specs:
                    stretches[spec.id].append(self._measured(spec, subset))
        return {name: parts[0] if len(parts) == 1 else np.concatenate(parts) for name, parts in stretches.items()}

    def only(self, rows: Index) -> tuple[Kernel, Index]:
        """Return the kernel of some rows only, and the positions of their records in the record table.

        Positions in the returned kernel count within these records. Nothing is coded again.
        """
        assert self._number_of_row is None
        coded = self._coded
        place = np.full(len(self.cohort), -1)
        place[rows] = np.arange(len(rows))
        events = np.flatnonzero(coded.row == rows[0] if len(rows) == 1 else place[coded.row] >= 0)
        positions = events if coded.record is None else coded.record[events]
        return self.of(coded.take(events, place[coded.row[events]]), rows, self.cohort.as_of[rows]), positions

    def of(self, events: Events, rows: Index, days: NDArray[np.int32]) -> Kernel:
        """Return a kernel for other rows: each is an enterprise of this kernel on its own day, with its own events."""
        other = copy(self)
        for kept in ("_only_stretch", "records_of_others"):
            other.__dict__.pop(kept, None)
        other.cohort = Cohort(self.cohort.enterprise_id.gather(rows), days)
        other.attributes = self.attributes.only(rows, other.cohort)
        other._coded, other._number_of_row = events, None
        return other

    def evidence(self, of: Container[str] | None = None) -> Iterator[tuple[IndicatorSpec, Index, Index]]:
        """Yield the records that each indicator counts: (spec, row of the cohort, position in the record table).

        An indicator of another indicator's value rests on the records that the other one counts. With ``of``, only
        these indicators are included.
        """
        resting: dict[str, list[IndicatorSpec]] = defaultdict(list)
        origin: dict[str, str] = {}
        for spec in self.specs:
            origin[spec.id] = origin[spec.of or ""] if spec.traits.takes == "indicator" else spec.id
            if of is None or spec.id in of:
                resting[origin[spec.id]].append(spec)
        for events, subsets in self._stretches():
            for subset, specs in subsets:
                for counted in specs:
                    if counted.id not in resting:
                        continue
                    chosen = subset.index[subset.counted(counted)]
                    record = chosen if events.record is None else events.record[chosen]
                    row = events.row[chosen] + np.intp(events.first_row)
                    for spec in resting[counted.id]:
                        yield spec, row, record

    def takes(self, selection: Selection) -> NDArray[np.bool_]:
        """Return whether a selection takes each record, regardless of its standing and age, shape (n_records,)."""
        events, everything = self._coded, slice(None)
        conditions = _conditions(events, selection, everything)
        if selection.types:
            conditions.append(_takes(events, "type", selection.types, everything))
        taken = np.logical_and.reduce(conditions) if conditions else np.ones(len(events), dtype=bool)
        if events.record is None:
            return taken
        of_all = np.zeros(events.n_records, dtype=bool)
        of_all[events.record[taken]] = True
        return of_all

    def records_known(self) -> NDArray[np.int64]:
        """Count the records of each row's enterprise that were known on the day, regardless of their standing."""
        known = np.zeros(len(self.cohort), dtype=np.int64)
        for events in events_of(self._coded, self.cohort, self._number_of_row):
            rows = slice(events.first_row, events.first_row + events.n_rows)
            known[rows] = np.bincount(events.row[events.standing.known(events.as_of)], minlength=events.n_rows)
        return known

    @property
    def events(self) -> Events:
        """The coded records of the cohort, in the order of the record table."""
        return self._coded

    @property
    def row_of_record(self) -> pl.Series:
        """The row of each record, null for none, for a cohort that contains each enterprise once."""
        rows = pl.Series(self._coded.row, dtype=pl.UInt32)
        if self._coded.record is None:
            return rows
        nothing = pl.repeat(None, self._coded.n_records, dtype=pl.UInt32, eager=True)
        return nothing.scatter(self._coded.record, rows)

    @cached_property
    def records_of_others(self) -> Index:
        """The positions of the records whose enterprise is not in the cohort."""
        if self._coded.record is None:
            return np.empty(0, dtype=np.intp)
        others = np.ones(self._coded.n_records, dtype=bool)
        others[self._coded.record] = False
        return np.flatnonzero(others)

    def _stretches(self) -> Iterable[tuple[Events, Iterable[tuple[_Subset, list[IndicatorSpec]]]]]:
        if self._number_of_row is None:
            return self._only_stretch
        stretches = events_of(self._coded, self.cohort, self._number_of_row)
        return ((events, self._subsets(events)) for events in stretches)

    @cached_property
    def _only_stretch(self) -> list[tuple[Events, list[tuple[_Subset, list[IndicatorSpec]]]]]:
        # This is kept, because values and evidence are both used if each enterprise is in one row.
        return [(events, list(self._subsets(events))) for events in events_of(self._coded, self.cohort, None)]

    def _subsets(self, events: Events) -> Iterator[tuple[_Subset, list[IndicatorSpec]]]:
        groups: dict[str, dict[tuple[str, ...], list[IndicatorSpec]]] = defaultdict(lambda: defaultdict(list))
        for spec in self.specs:
            if spec.traits.of_records:
                whole = spec.out_of or spec.select
                groups[whole.standing][tuple(sorted(set(whole.types)))].append(spec)
        for standing, by_types in groups.items():
            if standing == "known":
                counts = events.standing.known(events.as_of)
            else:
                counts = events.standing.in_force(events.as_of, events.row)
            by_type = _by_type(events, counts)
            for types, specs in by_types.items():
                parts = [by_type[name] for name in types or by_type]
                index = parts[0] if len(parts) == 1 else np.concatenate(parts)
                yield _Subset(events, types, index, by_type), specs

    def _measured(self, spec: IndicatorSpec, subset: _Subset) -> Numbers:
        chosen = subset.chosen(spec)
        match spec.measure:
            case "count":
                if not spec.time_steps and spec.half_life_months is None and spec.cap_per_inspection is None:
                    return subset.count(chosen).astype(np.float64)
                return self._sum(spec, subset, chosen, np.full(len(chosen), _WEIGHT_UNIT), _WEIGHT_UNIT)
            case "sum":
                values = np.nan_to_num(self._values(spec, subset, chosen))
                return self._sum(spec, subset, chosen, values, _UNIT.get(spec.of or "", _ATTRIBUTE_UNIT))
            case "weighted_sum":
                return self._sum(spec, subset, chosen, self._values(spec, subset, chosen), _WEIGHT_UNIT)
            case "flag":
                return (subset.count(chosen) > 0).astype(np.float64)
            case "distinct":
                return subset.distinct(chosen, spec.of or "")
            case "ratio":
                assert spec.out_of is not None
                whole = subset.chosen(spec, spec.out_of)
                part = whole[np.isin(whole, chosen, assume_unique=True)]
                total = subset.count(whole).astype(np.float64)
                return np.divide(subset.count(part), total, out=np.full(len(total), np.nan), where=total > 0)
            case "days_since_last":
                return subset.days_since(chosen, last=True)
            case "days_since_first":
                return subset.days_since(chosen, last=False)
            case "mean" | "max" | "last":
                return self._of_numbers(spec.measure, spec, subset, chosen)
            case "attribute" | "indicator":
                raise AssertionError(f"{spec.id} looks at no records")
            case unknown:
                assert_never(unknown)

    def _of_numbers(
        self, measure: Literal["mean", "max", "last"], spec: IndicatorSpec, subset: _Subset, chosen: Index
    ) -> Numbers:
        values = self._values(spec, subset, chosen)
        present = ~np.isnan(values)
        chosen, values = chosen[present], values[present]
        unit = _UNIT.get(spec.of or "", _ATTRIBUTE_UNIT)
        match measure:
            case "mean":
                count = subset.count(chosen)
                total = subset.sum(chosen, values)
                return np.divide(total, count * unit, out=np.full(len(count), np.nan), where=count > 0)
            case "max":
                return subset.largest(chosen, values) / unit
            case "last":
                latest = subset.latest(chosen)
                return subset.largest(chosen[latest], values[latest]) / unit
            case unknown:
                assert_never(unknown)

    def _sum(self, spec: IndicatorSpec, subset: _Subset, chosen: Index, values: Numbers, unit: float) -> Numbers:
        """Add up values in a unit: first cap each inspection, then weight by age."""
        weights = _time_weights(spec, subset, chosen)
        if spec.cap_per_inspection is not None:
            first, values = subset.sum_by_inspection(chosen, values)
            values = np.minimum(values, round(spec.cap_per_inspection * unit))
            chosen, weights = chosen[first], None if weights is None else weights[first]
        return subset.sum(chosen, values if weights is None else np.rint(values * weights)) / unit

    def _values(self, spec: IndicatorSpec, subset: _Subset, chosen: Index) -> Numbers:
        """Return the value of each record, in its unit; for a weighted sum, the weight of its severity."""
        position = subset.index[chosen]
        events, name = subset.events, spec.of or "severity"
        values: Numbers = (
            self._weights[events.codes["severity"][position]] if name == "severity" else events.numbers[name][position]
        )
        for addend in spec.plus:
            factor = addend.times * _UNIT.get(name, _ATTRIBUTE_UNIT) / _UNIT.get(addend.of, _ATTRIBUTE_UNIT)
            values = values + np.rint(np.nan_to_num(events.numbers[addend.of][position]) * factor)
        return values


def derived(
    specs: Sequence[IndicatorSpec], measured: Mapping[str, Numbers], attributes: EnterpriseAttributes
) -> dict[str, Numbers]:
    """Compute indicators from the values measured on records: attributes, quotients, percentiles among all rows.

    Parameters
    ----------
    specs : sequence of IndicatorSpec
        The indicators; one that uses others comes after them (:func:`creditrisk.indicators.spec.with_dependencies`).
    measured : mapping of str to ndarray of float64, shape (n_rows,)
        The values of :meth:`Kernel.measured`; those of kernels over parts of the rows are concatenated.
    attributes : EnterpriseAttributes
        The attributes of the same rows.
    """
    values = dict(measured)
    for spec in specs:
        match spec.traits.takes:
            case "attribute":
                values[spec.id] = attributes.number(spec.of or "")
            case "indicator":
                values[spec.id] = values[spec.of or ""]
            case "records" | "severity" | "number" | "value" | "whole":
                pass  # measured already
            case unknown:
                assert_never(unknown)
        if spec.per is not None:
            by = values[spec.per] if spec.per in spec.dependencies else attributes.number(spec.per)
            values[spec.id] = np.divide(values[spec.id], by, out=np.full(len(by), np.nan), where=by > 0)
        if spec.compares_enterprises:
            size = None if spec.percentile_by is None else values[spec.percentile_by.indicator]
            values[spec.id] = attributes.percentile(values[spec.id], spec.percentile_within, spec.percentile_by, size)
    return {spec.id: values[spec.id] for spec in specs}


class _Subset:
    """The events of some record types (all types if none is named) that count on the day."""

    def __init__(self, events: Events, types: tuple[str, ...], index: Index, by_type: dict[str, Index]) -> None:
        self.events = events
        self.types = types
        self.index = index
        self.by_type = by_type
        self.row = events.row[self.index].astype(np.intp)
        self.occurred = events.standing.occurred[self.index]
        self.as_of: int | NDArray[np.int32] = (
            events.as_of if isinstance(events.as_of, int) else events.as_of[self.index]
        )

    def since(self, months: int) -> int | NDArray[np.int32]:
        """Return the day, for each event, after which the last ``months`` months begin."""
        days = self.events.day_months_before(months)
        return int(days[0]) if isinstance(self.as_of, int) else days[self.row]

    def chosen(self, spec: IndicatorSpec, selection: Selection | None = None) -> Index:
        """Return the subset's events that an indicator takes, by its own selection or another one."""
        selection = selection or spec.select
        conditions = _conditions(self.events, selection, self.index)
        if selection.types and tuple(sorted(set(selection.types))) != self.types:
            conditions.append(_takes(self.events, "type", selection.types, self.index))
        if spec.window_months is not None:
            conditions.append(self.occurred > self.since(spec.window_months))
        if spec.since_last:
            conditions.append(self.occurred >= self.last_day(spec.since_last)[self.row])
        if not conditions:
            return np.arange(len(self.index))
        return np.flatnonzero(np.logical_and.reduce(conditions))

    def counted(self, spec: IndicatorSpec) -> Index:
        """Return the subset's events that an indicator counts: those chosen and, for a ratio, within its whole."""
        chosen = self.chosen(spec)
        if spec.out_of is None:
            return chosen
        return chosen[np.isin(chosen, self.chosen(spec, spec.out_of), assume_unique=True)]

    def last_day(self, types: tuple[str, ...]) -> NDArray[np.int32]:
        """Return the last day with a record of some types, for each row; NEVER if there is none."""
        index = np.concatenate([self.by_type[name] for name in types])
        before_all = np.int32(-NEVER)
        last = np.full(self.events.n_rows, before_all)
        np.maximum.at(last, self.events.row[index], self.events.standing.occurred[index])
        return np.where(last == before_all, NEVER, last)

    def count(self, chosen: Index) -> NDArray[np.int64]:
        counts: NDArray[np.int64] = np.bincount(self.row[chosen], minlength=self.events.n_rows)
        return counts

    def sum(self, chosen: Index, values: Numbers) -> Numbers:
        totals = np.bincount(self.row[chosen], weights=values, minlength=self.events.n_rows)
        return totals.astype(np.float64, copy=False)

    def sum_by_inspection(self, chosen: Index, values: Numbers) -> tuple[Index, Numbers]:
        """Return the first event of each inspection, and the sum of the inspection's values.

        Records of one enterprise and day belong to one inspection, unless they name different ones in ``acts_on``.
        """
        named = self.events.texts["acts_on"].gather(self.index[chosen]).rank("dense").fill_null(0).to_numpy()
        inspections = np.stack([self.row[chosen], self.occurred[chosen], named], axis=1)
        _, first, which = np.unique(inspections, axis=0, return_index=True, return_inverse=True)
        return first, np.bincount(which.ravel(), weights=values, minlength=len(first)).astype(np.float64, copy=False)

    def largest(self, chosen: Index, values: Numbers) -> Numbers:
        result = np.full(self.events.n_rows, -np.inf, dtype=np.float64)
        np.maximum.at(result, self.row[chosen], values)
        result[np.isneginf(result)] = np.nan
        return result

    def days_since(self, chosen: Index, *, last: bool) -> Numbers:
        occurred = self.occurred[chosen].astype(np.float64)
        as_of = self.as_of if isinstance(self.as_of, int) else self.as_of[chosen]
        # The smallest number of days is minus the largest of the negative numbers.
        since = as_of - occurred
        return -self.largest(chosen, -since) + 0.0 if last else self.largest(chosen, since)

    def latest(self, chosen: Index) -> NDArray[np.bool_]:
        """Return the mask of the events that happened on their row's last day."""
        occurred = self.occurred[chosen].astype(np.float64)
        return self.largest(chosen, occurred)[self.row[chosen]] == occurred

    def distinct(self, chosen: Index, name: str) -> Numbers:
        position = self.index[chosen]
        row = self.row[chosen]
        if name in self.events.codes:
            code = self.events.codes[name][position].astype(np.int64)
        elif name in self.events.numbers:
            numbers = self.events.numbers[name][position]
            row, numbers = row[~np.isnan(numbers)], numbers[~np.isnan(numbers)]
            code = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
        else:
            texts = self.events.texts[name].gather(position)
            row = row[texts.is_not_null().to_numpy()]
            code = texts.drop_nulls().rank("dense").to_numpy().astype(np.int64)
        pairs = np.unique((row.astype(np.int64) << 32) | code)
        return np.bincount(pairs >> 32, minlength=self.events.n_rows).astype(np.float64)


def _by_type(events: Events, counts: NDArray[np.bool_]) -> dict[str, Index]:
    """Return the positions of the events that count, by record type."""
    index = np.flatnonzero(counts)
    codes = events.codes["type"][index]
    index = index[np.argsort(codes, kind="stable")]
    ends = np.cumsum(np.bincount(codes, minlength=len(events.categories["type"])))
    return dict(zip(events.categories["type"], np.split(index, ends[:-1]), strict=True))


def _conditions(events: Events, selection: Selection, index: Index | slice) -> list[NDArray[np.bool_]]:
    """Return the conditions of a selection on events, except for the type."""
    conditions = []
    if selection.dimension is not None:
        conditions.append(_takes(events, "dimension", (selection.dimension,), index))
    if selection.severity_at_least is not None:
        conditions.append(events.codes["severity"][index] >= list(SEVERITIES).index(selection.severity_at_least))
    if selection.outcomes:
        conditions.append(_takes(events, "outcome", selection.outcomes, index))
    for name, wanted in (("authority", selection.authorities), ("matter", selection.matters)):
        if wanted:
            texts = events.texts[name] if isinstance(index, slice) else events.texts[name].gather(index)
            conditions.append(texts.is_in(list(wanted)).fill_null(False).to_numpy())
    return conditions


def _takes(events: Events, column: str, names: Sequence[str], index: Index | slice) -> NDArray[np.bool_]:
    """Return whether the category of each event is among the names; a missing one (255) is not."""
    table = np.zeros(256, dtype=bool)
    table[: len(events.categories[column])] = [name in names for name in events.categories[column]]
    return table[events.codes[column][index]]


def _time_weights(spec: IndicatorSpec, subset: _Subset, chosen: Index) -> Numbers | None:
    if spec.half_life_months is not None:
        as_of = subset.as_of if isinstance(subset.as_of, int) else subset.as_of[chosen]
        age = as_of - subset.occurred[chosen]
        return np.exp2(-age / (spec.half_life_months * _DAYS_PER_MONTH))
    if spec.time_steps:
        weights = np.zeros(len(chosen))
        for step in reversed(spec.time_steps):
            since = subset.since(step.months)
            weights[subset.occurred[chosen] > (since if isinstance(since, int) else since[chosen])] = step.weight
        return weights
    return None
