"""Records as events of a cohort: enterprises as row numbers, categories as small integers, dates as day numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import add_months
from creditrisk.errors import InputError
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.records.schema import RECORD_SCHEMA
from creditrisk.records.standing import Standing, StandingRules

__all__ = ["Cohort", "Events", "code_records", "columns_read", "events_of"]

Days = NDArray[np.int32]
Index = NDArray[np.intp]

_STANDING_COLUMNS = ("type", "severity", "occurred_on", "known_on", "expires_on", "repaired_on", "revoked_on")
_CODED_COLUMNS = ("type", "severity", "dimension", "outcome")
_TEXT_COLUMNS = ("authority", "matter", "region")
_NO_CODE = 255
# If an enterprise is in the cohort on several days, its records are repeated for each: this many events at a time.
_EVENTS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Cohort:
    """The enterprises and the days for which indicators are computed.

    Attributes
    ----------
    enterprise_id : polars.Series of String, shape (n_rows,)
    as_of : ndarray of int32, shape (n_rows,)
        Day numbers.
    """

    enterprise_id: pl.Series
    as_of: Days

    def __len__(self) -> int:
        return len(self.as_of)

    def at(self, places: Index) -> Cohort:
        """Return some rows of the cohort."""
        if len(places) == len(self):
            return self
        return Cohort(self.enterprise_id.gather(places), self.as_of[places])


@dataclass(frozen=True)
class Events:
    """Coded records, each belonging to a row of the cohort.

    Attributes
    ----------
    row : ndarray of int, shape (n_events,)
        The row of the cohort, counted from ``first_row``; before :func:`events_of`, the number of the enterprise.
    record : ndarray of int, shape (n_events,), or None
        The position of each event in the record table; None if it is the event's own position.
    standing : Standing
    codes : dict of str to ndarray of uint8
        Type, severity, dimension and outcome; 255 is missing (the rules say which severity replaces a missing one).
    categories : dict of str to list of str
        The names of the codes.
    numbers : dict of str to ndarray of float64
        ``amount`` in 0.01 CNY, ``attributes.NAME`` in millionths; NaN is missing.
    texts : dict of str to polars.Series
    as_of : int or ndarray of int32, shape (n_events,)
    day_of_row : ndarray of int32, shape (n_rows,), or None
        The day of each row; None if there is only one day.
    n_records : int
        The number of records in the table, including those of other enterprises.
    first_row, n_rows : int
        The rows of the cohort that these events are about.
    days_before : dict of int to ndarray of int32
        The days that :meth:`day_months_before` has computed.
    """

    row: NDArray[np.integer]
    record: Index | None
    standing: Standing
    codes: dict[str, NDArray[np.uint8]]
    categories: dict[str, list[str]]
    numbers: dict[str, NDArray[np.float64]]
    texts: dict[str, pl.Series]
    n_records: int
    as_of: int | Days = 0
    day_of_row: Days | None = None
    first_row: int = 0
    n_rows: int = 0
    days_before: dict[int, Days] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.row)

    def take(self, events: Index, row: NDArray[np.integer]) -> Events:
        """Return some of the events, in the given rows, as events of a separate record table."""
        return replace(
            self,
            row=row,
            record=None,
            standing=self.standing.take(events),
            codes={name: column[events] for name, column in self.codes.items()},
            numbers={name: column[events] for name, column in self.numbers.items()},
            texts={name: column.gather(events) for name, column in self.texts.items()},
            n_records=len(events),
        )

    def repaired(self, events: Index, days: Days) -> Events:
        """Return the events with some of them repaired: from these days on they do not count."""
        repaired, until = self.standing.repaired.copy(), self.standing.counts_until.copy()
        repaired[events] = days
        until[events] = np.minimum(until[events], days)
        return replace(self, standing=replace(self.standing, repaired=repaired, counts_until=until))

    def and_also(self, others: Events) -> Events:
        """Return these events and further ones with the same coding."""
        return replace(
            self,
            row=np.concatenate((self.row, others.row)),
            standing=self.standing.and_also(others.standing),
            codes={name: np.concatenate((column, others.codes[name])) for name, column in self.codes.items()},
            numbers={name: np.concatenate((column, others.numbers[name])) for name, column in self.numbers.items()},
            texts={name: pl.concat((column, others.texts[name])) for name, column in self.texts.items()},
            n_records=self.n_records + others.n_records,
        )

    def day_months_before(self, months: int) -> Days:
        """Return the day ``months`` months before each row's day, shape (n_rows,), or (1,) if all have one day."""
        if months not in self.days_before:
            days = self.day_of_row if self.day_of_row is not None else np.array([self.as_of], dtype=np.int32)
            self.days_before[months] = add_months(days, -months)
        return self.days_before[months]


def code_records(
    specs: Sequence[IndicatorSpec],
    records: pl.DataFrame | pl.LazyFrame,
    enterprise_ids: pl.Series,
    rules: StandingRules,
    row: pl.Series | None = None,
) -> Events:
    """Code the records of some enterprises; only the columns that the indicators need are read.

    Parameters
    ----------
    specs : sequence of IndicatorSpec
    records : polars.DataFrame or polars.LazyFrame
        Records in the data model.
    enterprise_ids : polars.Series of String
        The ids, without repeats; records of other enterprises are skipped.
    rules : StandingRules
    row : polars.Series of UInt32, optional
        The position in ``enterprise_ids`` of each record's enterprise, if it is already known.

    Raises
    ------
    InputError
        If the records lack a column that an indicator measures.
    """
    lazy = records.lazy()
    schema = dict(lazy.collect_schema())
    numbers, texts = _columns_needed(specs, rules)
    for name in (*(("enterprise_id",) if row is None else ()), *columns_read(specs, rules)):
        if name not in schema:
            users = [spec for spec in specs if name in (spec.of, *(addend.of for addend in spec.plus))]
            # If no record could have the number, it is not a missing column: there is nothing to measure.
            if not (users and name in numbers) or any(_has_records(lazy, spec) for spec in users):
                measuring = f", which {users[0].id} measures" if users else ""
                raise InputError(f"the records have no column {name!r}{measuring}")

    known = _categories(schema["type"] if isinstance(schema["type"], pl.Enum) else RECORD_SCHEMA["type"])
    for spec in specs:
        for name in spec.record_types:
            if name not in known:
                raise InputError(f"{spec.id} selects records of type {name!r}; known types are {', '.join(known)}")

    if row is None:
        # The ids are by far the widest column: they are read, turned into row numbers and released before the rest.
        numbered = pl.DataFrame({"enterprise_id": enterprise_ids}).with_row_index("row")
        ids = lazy.select("enterprise_id").collect()
        row = ids.join(numbered, on="enterprise_id", how="left", maintain_order="left")["row"]
        del ids
    record, n_records = None, len(row)
    wanted = lazy.select(
        *(_as_enum(name, schema[name]) for name in _CODED_COLUMNS),
        *(pl.col(name) for name in _STANDING_COLUMNS if name not in _CODED_COLUMNS),
        *(
            pl.col(name).cast(pl.Float64) if name in schema else pl.lit(None, dtype=pl.Float64).alias(name)
            for name in numbers
        ),
        *texts,
    )
    if row.null_count():
        keep = row.is_not_null()
        record = np.flatnonzero(keep.to_numpy())
        row = row.drop_nulls()
        wanted = wanted.filter(keep)
    frame = wanted.collect().with_columns(pl.col("severity").fill_null(rules.missing_severity))
    return Events(
        row=row.to_numpy(),
        record=record,
        standing=Standing.of(frame, rules),
        codes={
            name: frame[name].to_physical().cast(pl.UInt8).fill_null(_NO_CODE).to_numpy() for name in _CODED_COLUMNS
        },
        categories={name: _categories(frame[name].dtype) for name in _CODED_COLUMNS},
        numbers={name: _scaled(name, frame[name]) for name in numbers},
        texts={name: frame[name] for name in texts},
        n_records=n_records,
    )


def columns_read(specs: Sequence[IndicatorSpec], rules: StandingRules) -> list[str]:
    """Return the columns of the record table that indicators and standing rules need, except for the ids."""
    numbers, texts = _columns_needed(specs, rules)
    return list(dict.fromkeys((*_STANDING_COLUMNS, *_CODED_COLUMNS, *numbers, *texts)))


def events_of(coded: Events, cohort: Cohort, number_of_row: NDArray[np.integer] | None) -> Iterator[Events]:
    """Give each row of the cohort the records of its enterprise.

    Parameters
    ----------
    coded : Events
        The result of :func:`code_records`.
    cohort : Cohort
    number_of_row : ndarray of int, shape (n_rows,), or None
        The number of each row's enterprise; None if every enterprise is in one row, in that order.

    Yields
    ------
    Events
        The events of one block of rows after another.
    """
    one_day = len(cohort) > 0 and bool((cohort.as_of == cohort.as_of[0]).all())
    if number_of_row is None:
        if one_day:
            yield replace(coded, as_of=int(cohort.as_of[0]), n_rows=len(cohort), days_before={})
        else:
            yield replace(
                coded, as_of=cohort.as_of[coded.row], day_of_row=cohort.as_of, n_rows=len(cohort), days_before={}
            )
        return
    by_enterprise = np.argsort(coded.row, kind="stable")
    starts = np.searchsorted(coded.row[by_enterprise], np.arange(int(number_of_row.max()) + 2))
    lengths = (starts[1:] - starts[:-1])[number_of_row]
    ends = np.cumsum(lengths)
    first = 0
    while first < len(cohort):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _EVENTS_AT_ONCE, side="right")))
        length = lengths[first:last]
        row = np.repeat(np.arange(last - first), length)
        within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        position = by_enterprise[starts[number_of_row[first:last]][row] + within]
        yield _take(coded, position, row, cohort.as_of[first:last], first)
        first = last


def _columns_needed(specs: Sequence[IndicatorSpec], rules: StandingRules) -> tuple[list[str], list[str]]:
    selections = [selection for spec in specs for selection in (spec.select, spec.out_of) if selection is not None]
    of_records = [spec for spec in specs if spec.traits.of_records]
    measured = {name for spec in of_records for name in (spec.of, *(addend.of for addend in spec.plus)) if name}
    texts = {name for name in _TEXT_COLUMNS if name in measured}
    texts |= {"authority"} if any(selection.authorities for selection in selections) else set()
    texts |= {"matter"} if any(selection.matters for selection in selections) else set()
    texts |= {"matter"} if rules.exemption is not None and rules.exemption.matters else set()
    texts |= {"acts_on"} if any(spec.cap_per_inspection is not None for spec in specs) else set()
    return sorted(measured - texts - {"severity", "type"}), sorted(texts)


def _has_records(records: pl.LazyFrame, spec: IndicatorSpec) -> bool:
    """Whether there is a record of a type that the indicator reads."""
    types = spec.select.types
    looked_at = records.filter(pl.col("type").cast(pl.String).is_in(types)) if types else records
    return not looked_at.select("type").head(1).collect().is_empty()


def _as_enum(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.col(name) if isinstance(dtype, pl.Enum) else pl.col(name).cast(RECORD_SCHEMA[name])


def _categories(dtype: pl.DataType) -> list[str]:
    assert isinstance(dtype, pl.Enum)
    return dtype.categories.to_list()


def _scaled(name: str, column: pl.Series) -> NDArray[np.float64]:
    # Sums of whole numbers of a small unit are exact in binary, in any order.
    unit = 100.0 if name == "amount" else 1_000_000.0
    return np.rint(column.fill_null(float("nan")).to_numpy() * unit)


def _take(coded: Events, position: Index, row: Index, day_of_row: Days, first_row: int) -> Events:
    return replace(
        coded.take(position, row),
        record=position if coded.record is None else coded.record[position],
        n_records=coded.n_records,
        as_of=day_of_row[row],
        day_of_row=day_of_row,
        first_row=first_row,
        n_rows=len(day_of_row),
        days_before={},
    )
