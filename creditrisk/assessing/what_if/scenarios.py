"""Scenarios: assessments of enterprises with changed records, or on a later day if nothing new becomes known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.assessed import Assessed
from creditrisk.days import day_number, day_of
from creditrisk.errors import InputError
from creditrisk.indicators.engine import Kernel
from creditrisk.indicators.events import Events, code_records, columns_read
from creditrisk.indicators.spec import IndicatorSpec, Selection
from creditrisk.records.standing import repairable_from
from creditrisk.scoring.scores import score
from creditrisk.scoring.tiering import assign_tiers, limit_changes

__all__ = ["Addition", "Reassessed", "Scenarios"]

Index = NDArray[np.intp]
Days = NDArray[np.int32]

# The number of records in the scenarios that are assessed at a time.
_RECORDS_AT_ONCE = 2_000_000
# Months differ by up to three days: this margin makes sure that no merit is missed.
_SLACK = 3


@dataclass(frozen=True)
class Addition:
    """A new record of a scenario, known on the day of the assessment: its type, outcome and dimension."""

    type: str
    outcome: str
    dimension: str


@dataclass(frozen=True)
class Reassessed:
    """The results of scenarios.

    Attributes
    ----------
    total : ndarray of int64, shape (n_scenarios,)
        The total, in millionths.
    tier : ndarray of uint8, shape (n_scenarios,)
    met : dict of str to ndarray of bool
        The scenarios that meet each bound, by its id.
    held : ndarray of bool
        The scenarios in which limits on change hold the tier down.
    """

    total: NDArray[np.int64]
    tier: NDArray[np.uint8]
    met: dict[str, NDArray[np.bool_]]
    held: NDArray[np.bool_]


class Scenarios:
    """An assessment's enterprises, ready to be assessed again under changed facts.

    Only what was known on the day of the assessment is used: later records, repairs and revocations are left out.

    Parameters
    ----------
    assessed : Assessed

    Raises
    ------
    InputError
        If the policy compares enterprises with one another: then an enterprise cannot change its tier alone.
    """

    def __init__(self, assessed: Assessed) -> None:
        policy = assessed.policy
        self.policy = policy
        self.as_of = day_number(assessed.as_of)
        self.specs = tuple(policy.specs[name] for name in policy.indicators_used)
        if policy.compares_enterprises:
            raise InputError(f"policy {policy.id} compares enterprises with one another, so no way up is one's own")
        self._history = assessed.history
        self._fewer_records = assessed.kernel.records_known() < assessed.history.records
        row = assessed.kernel.row_of_record
        known = assessed.records.data.select(
            (pl.col("occurred_on") <= assessed.as_of) & (pl.col("known_on") <= assessed.as_of)
        ).to_series()
        positions = np.flatnonzero((row.is_not_null() & known).to_numpy())
        rows = row.gather(positions).to_numpy()
        order = np.argsort(rows, kind="stable")
        #: Positions in the record table, sorted by enterprise; ``starts`` is where each enterprise's positions begin.
        self.positions: Index = positions[order]
        self.starts: Index = np.searchsorted(rows[order], np.arange(len(assessed) + 1))
        as_known = [
            pl.when(pl.col(name) <= assessed.as_of).then(name).alias(name) for name in ("repaired_on", "revoked_on")
        ]
        columns = columns_read(self.specs, policy.standing)
        self.records = assessed.records.data.select(columns).with_columns(as_known)[self.positions]
        self._kernel = Kernel(
            self.specs,
            self.records,
            assessed.kernel.cohort,
            enterprises=assessed.enterprises.data.drop("name", "former_names", "grid"),
            severity_weights=policy.severity_weights,
            standing_rules=policy.standing,
            quantities=policy.quantities,
            row_of_record=pl.Series(rows[order], dtype=pl.UInt32),
        )
        self.standing = self._kernel.events.standing
        self._new_events: dict[Addition, Events] = {}
        #: The day before which a repair of each record has no effect.
        self.repairable_from = repairable_from(self.records, policy.standing)
        of_records = [spec for spec in self.specs if spec.traits.of_records]
        adverse = _taken_by_any(assessed.kernel, [spec.select for spec in of_records if _adverse(spec)])
        merits = _taken_by_any(assessed.kernel, [spec.select for spec in of_records if not _adverse(spec)])
        adverse, merits = adverse[self.positions], merits[self.positions]
        self._merit = ~adverse
        #: Whether no record counts both for and against an enterprise.
        self.merits_apart = not (adverse & merits).any()

    def reassess(
        self,
        rows: Index,
        days: int | Days,
        repaired: tuple[Index, Index] | None = None,
        added: Sequence[tuple[Addition, Index]] = (),
        *,
        merits_stay: bool = False,
    ) -> Reassessed:
        """Assess scenarios.

        Parameters
        ----------
        rows : ndarray of int, shape (n_scenarios,)
            The enterprise of each scenario; one may be in many scenarios.
        days : int or ndarray of int32, shape (n_scenarios,)
            Day numbers.
        repaired : tuple of ndarray of int, optional
            Pairs of (scenario, position in ``records``): the record is repaired on the scenario's day.
        added : sequence of (Addition, ndarray of int)
            New records on the day of the assessment, and the scenarios that have them.
        merits_stay : bool
            Keep records that count for an enterprise as recent as on the day of the assessment: the true result of the
            day cannot be better.
        """
        days = np.broadcast_to(np.asarray(days, dtype=np.int32), rows.shape)
        lengths = self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(lengths)
        parts: list[Reassessed] = []
        first = 0
        while first < len(rows) or not parts:
            before = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + _RECORDS_AT_ONCE, side="right")))
            parts.append(self._reassess(rows, days, repaired, added, merits_stay, slice(first, min(last, len(rows)))))
            first = last
        return Reassessed(
            np.concatenate([part.total for part in parts]),
            np.concatenate([part.tier for part in parts]),
            {name: np.concatenate([part.met[name] for part in parts]) for name in parts[0].met},
            np.concatenate([part.held for part in parts]),
        )

    def _reassess(
        self,
        all_rows: Index,
        all_days: Days,
        repaired: tuple[Index, Index] | None,
        added: Sequence[tuple[Addition, Index]],
        merits_stay: bool,
        part: slice,
    ) -> Reassessed:
        rows, days = all_rows[part], all_days[part]
        lengths = self.starts[rows + 1] - self.starts[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        scenario = np.repeat(np.arange(len(rows)), lengths)
        position = np.repeat(self.starts[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        if merits_stay:
            later = (days - self.as_of)[scenario]
            kept = self._with_merits_kept(self.records[position], self._merit[position], later)
            events = self._events(kept, scenario)
        else:
            events = self._kernel.events.take(position, scenario)
        if repaired is not None:
            whose, which = repaired
            mine = (whose >= part.start) & (whose < part.stop)
            whose, which = whose[mine] - part.start, which[mine]
            changed = offsets[whose] + which - self.starts[rows[whose]]
            events = events.repaired(changed, np.maximum(days[whose], self.repairable_from[which]))
        for addition, has in added:
            mine_added = has[(has >= part.start) & (has < part.stop)] - part.start
            if len(mine_added):
                events = events.and_also(self._new_event(addition).take(np.zeros_like(mine_added), mine_added))
        policy = self.policy
        indicators = self._kernel.of(events, rows, days).indicators()
        scores = score(policy, indicators)
        tiering = limit_changes(
            policy,
            assign_tiers(policy, scores, indicators),
            days,
            self._history.tier[rows],
            self._history.since[rows],
            self._fewer_records[rows],
        )
        return Reassessed(scores.total, tiering.tier, tiering.met, tiering.held)

    def _events(self, records: pl.DataFrame, scenario: Index) -> Events:
        row = pl.Series(scenario, dtype=pl.UInt32)
        return code_records(self.specs, records, self._kernel.cohort.enterprise_id, self.policy.standing, row)

    def _with_merits_kept(self, records: pl.DataFrame, merit: NDArray[np.bool_], later: Days) -> pl.DataFrame:
        shift = pl.Series("shift", np.where(merit, np.maximum(later - _SLACK, 0), 0), dtype=pl.Int32)
        is_merit = pl.lit(pl.Series(merit))
        moved = [
            (pl.col(name).to_physical() + pl.lit(shift)).cast(pl.Date).alias(name)
            for name in ("occurred_on", "known_on", "expires_on")
        ]
        ended = [pl.when(~is_merit).then(name).alias(name) for name in ("repaired_on", "revoked_on")]
        # A merit stays as it is today: one that has already ended stays ended.
        over = pl.any_horizontal(
            (pl.col(name).to_physical() <= self.as_of).fill_null(False) for name in ("repaired_on", "revoked_on")
        ) | (pl.col("expires_on").to_physical() < self.as_of).fill_null(False)
        return records.with_columns(over=over).with_columns(
            *(pl.when(pl.col("over")).then(name).otherwise(expression).alias(name) for name, expression in zip(
                ("occurred_on", "known_on", "expires_on", "repaired_on", "revoked_on"), (*moved, *ended), strict=True
            ))
        ).drop("over")  # fmt: skip

    def _new_event(self, addition: Addition) -> Events:
        """Return a new record, known on the day of the assessment; it is coded only once."""
        if addition not in self._new_events:
            day = day_of(self.as_of)
            given = {**vars(addition), "occurred_on": day, "known_on": day}
            record = {name: pl.Series([given.get(name)], dtype=kind) for name, kind in self.records.schema.items()}
            self._new_events[addition] = self._events(pl.DataFrame(record), np.zeros(1, dtype=np.intp))
        return self._new_events[addition]


def _adverse(spec: IndicatorSpec) -> bool:
    """Whether the records that an indicator counts are adverse: the longer ago, the better for the enterprise."""
    return (spec.direction == "risk_rises") != spec.traits.grows_daily


def _taken_by_any(kernel: Kernel, selections: Sequence[Selection]) -> NDArray[np.bool_]:
    """Return the mask of the records that any selection takes."""
    return np.logical_or.reduce([np.zeros(len(kernel.row_of_record), dtype=bool), *map(kernel.takes, set(selections))])
