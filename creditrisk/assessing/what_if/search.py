"""The way to the next better tier: the fewest lawful actions that reach it, or the day on which time alone reaches it.

Every answer is found by another assessment: with the actions taken, or on the later day if nothing new becomes known.
Actions are the repair of records whose minimum term has passed, one clean inspection and one kept commitment in each
dimension that the policy distinguishes. More actions never make a tier worse (the policy is proved to follow its
directions), so if all actions together do not reach a tier, no set of them does; otherwise the search goes from small
sets to larger ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.what_if.event_days import EventDays
from creditrisk.assessing.what_if.scenarios import Addition, Reassessed, Scenarios
from creditrisk.indicators.choosing import takes
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.records.standing import NEVER

__all__ = ["Search", "Way"]

Index = NDArray[np.intp]

# The most combinations of one size that are tried for one enterprise before the search gives up and says so.
_MOST_COMBINATIONS = 20_000
_SEGMENTS_AT_ONCE = 8
_DAYS_AT_ONCE = 128
_ADDITIONS = (("inspection", "pass"), ("commitment", "kept"))


@dataclass(frozen=True)
class Way:
    """The way of one enterprise to the next better tier.

    Attributes
    ----------
    row : int
        The row in the assessment.
    repairs : tuple of int
        The positions in the record table of the records to repair.
    additions : tuple of Addition
        The other actions.
    reachable : bool
        Whether these actions reach a better tier today.
    proved : bool
        Whether it is certain that no smaller set does.
    tier, total : int
        The result of the actions, or of all possible actions together if these are not enough.
    by_time : datetime.date, optional
        The first day on which time alone reaches a better tier; None if there is none within ten years.
    in_the_way : tuple of str
        The ids of the vetoes, thin evidence or limits on change that hold the tier down even after all actions.
    """

    row: int
    repairs: tuple[int, ...]
    additions: tuple[Addition, ...]
    reachable: bool
    proved: bool
    tier: int
    total: int
    by_time: date | None
    in_the_way: tuple[str, ...]


@dataclass(frozen=True)
class _Action:
    """A repair (by position in the scenarios' records) or an addition."""

    repair: int | None = None
    addition: Addition | None = None


class Search:
    """Searches for the ways up of an assessment's enterprises, by actions and by time."""

    def __init__(self, assessed: Assessed) -> None:
        self.scenarios = Scenarios(assessed)
        self.assessed = assessed
        self.now = self.scenarios.as_of
        self.tier = assessed.tiering.tier
        self.in_the_way: dict[int, tuple[str, ...]] = {}
        records = self.scenarios.records
        standing = self.scenarios.standing
        row = np.repeat(np.arange(len(self.scenarios.starts) - 1), np.diff(self.scenarios.starts))
        counted = np.zeros(assessed.records.data.height, dtype=bool)
        for spec, _, positions in assessed.kernel.evidence():
            if spec.direction != "risk_falls":
                counted[positions] = True
        self.repairable = (
            standing.in_force(self.now, row)
            & (self.scenarios.repairable_from <= self.now)
            & counted[self.scenarios.positions]
        )
        self.additions = list(_additions(self.scenarios.specs))
        self.event_days = EventDays(assessed, self.scenarios)
        repairs = np.flatnonzero(self.repairable)
        repairs = repairs[np.lexsort((-standing.occurred[repairs], row[repairs]))]
        self.repairs = [_Action(repair=one) for one in repairs.tolist()]
        self.starts_of_repairs = np.concatenate(([0], np.cumsum(self.repairable)))
        self.number_of_repair = dict(zip(repairs.tolist(), range(len(repairs)), strict=True))
        self.kind, self.size = _kinds_and_sizes(records[repairs])
        self.further = [_Action(addition=one) for one in self.additions]

    # -- by actions ----------------------------------------------------------------------------------------------

    def by_actions(self, rows: Index) -> dict[int, tuple[tuple[int, ...], tuple[Addition, ...], bool, bool, int, int]]:
        """Find the fewest actions for each row; if none are enough, no actions, with the result of all of them."""
        actions = {row: self._actions(row) for row in rows.tolist()}
        whole = self._reassessed([(row, actions[row]) for row in rows.tolist()])
        found = {}
        left = []
        for number, row in enumerate(rows.tolist()):
            result = int(whole.tier[number]), int(whole.total[number])
            if result[0] < self.tier[row]:
                left.append(row)
                found[row] = (*self._said(actions[row]), True, True, *result)
            else:
                self.in_the_way[row] = self._obstacles(row, whole, number)
                found[row] = ((), (), False, self._actions_only_help, *result)
        size = 1
        while left:
            # Each row's answer is its first combination of this size that is enough; without one, the size grows.
            left = self._try(left, actions, size, found)
            size += 1
        return found

    def _try(
        self,
        rows: Sequence[int],
        actions: dict[int, list[_Action]],
        size: int,
        found: dict[int, tuple[tuple[int, ...], tuple[Addition, ...], bool, bool, int, int]],
    ) -> list[int]:
        tried: list[tuple[int, list[_Action]]] = []
        left: list[int] = []
        for row in rows:
            # The whole set is known to be enough.
            if size >= len(actions[row]):
                continue
            choices = list(self._combinations(actions[row], size))
            if len(choices) > _MOST_COMBINATIONS:
                repairs, added, reached, _, tier, total = found[row]
                found[row] = (repairs, added, reached, False, tier, total)
                continue
            tried += [(row, choice) for choice in choices]
            left.append(row)
        if not tried:
            return []
        result = self._reassessed(tried)
        done: set[int] = set()
        for number, (row, choice) in enumerate(tried):
            if row not in done and result.tier[number] < self.tier[row]:
                done.add(row)
                found[row] = (
                    *self._said(choice), True, True, int(result.tier[number]), int(result.total[number])
                )  # fmt: skip
        return [row for row in left if row not in done]

    def _combinations(self, actions: list[_Action], size: int) -> Iterator[list[_Action]]:
        """Yield combinations, without those that repair a lighter record and leave a heavier one of its kind."""
        heavier = self._heavier(actions)
        for chosen_ones in combinations(range(len(actions)), size):
            taken = set(chosen_ones)
            if all(heavier[one] <= taken for one in chosen_ones):
                yield [actions[one] for one in chosen_ones]

    def _heavier(self, actions: list[_Action]) -> list[set[int]]:
        """Return, for each action, those with at least its effect: repairs of later and larger records of its kind."""
        repairs = [self.number_of_repair[one.repair] for one in actions if one.repair is not None]
        nothing: list[set[int]] = [set() for _ in actions]
        if not self._later_weighs_more or len(repairs) < 2:
            return nothing
        kind, size = self.kind[repairs], self.size[repairs]
        as_much = (kind[:, None] == kind[None, :]) & (size[:, None, :] >= size[None, :, :]).all(axis=2)
        # If two have the same effect, the first one comes first.
        first = np.arange(len(repairs))[:, None] < np.arange(len(repairs))[None, :]
        before = as_much & (~as_much.T | first)
        return [set(np.flatnonzero(column).tolist()) for column in before.T] + nothing[len(repairs) :]

    @cached_property
    def _later_weighs_more(self) -> bool:
        return all(
            (spec.traits.later_weighs_more or spec.traits.takes == "attribute")
            and spec.cap_per_inspection is None
            and not spec.since_last
            and [step.weight for step in spec.time_steps] == sorted((s.weight for s in spec.time_steps), reverse=True)
            for spec in self.scenarios.specs
        )

    @cached_property
    def _actions_only_help(self) -> bool:
        """Whether more actions can never make a tier worse: an indicator without a direction could do either."""
        return all(spec.direction != "none" or spec.traits.takes == "attribute" for spec in self.scenarios.specs)

    def _actions(self, row: int) -> list[_Action]:
        """Return the possible actions today: repairs, the latest record first, then inspections, then commitments."""
        first, last = self.scenarios.starts[row], self.scenarios.starts[row + 1]
        return [*self.repairs[self.starts_of_repairs[first] : self.starts_of_repairs[last]], *self.further]

    def _reassessed(self, tried: Sequence[tuple[int, list[_Action]]]) -> Reassessed:
        rows = np.array([row for row, _ in tried], dtype=np.intp)
        repairs = [(n, one.repair) for n, (_, taken) in enumerate(tried) for one in taken if one.repair is not None]
        pairs = np.array(repairs, dtype=np.intp).reshape(-1, 2)
        added = [
            (
                addition,
                np.array(
                    [n for n, (_, taken) in enumerate(tried) if _Action(addition=addition) in taken], dtype=np.intp
                ),
            )
            for addition in self.additions
        ]
        return self.scenarios.reassess(rows, self.now, (pairs[:, 0], pairs[:, 1]), added)

    def _said(self, actions: list[_Action]) -> tuple[tuple[int, ...], tuple[Addition, ...]]:
        repairs = (int(self.scenarios.positions[one.repair]) for one in actions if one.repair is not None)
        return tuple(repairs), tuple(one.addition for one in actions if one.addition is not None)

    def _obstacles(self, row: int, whole: Reassessed, number: int) -> tuple[str, ...]:
        policy = self.assessed.policy
        positions = {tier.id: position for position, tier in enumerate(policy.tiers)}
        holding = [
            bound.id
            for bound in (*policy.vetoes, *policy.thin_evidence)
            if whole.met[bound.id][number] and positions[bound.tier] >= self.tier[row]
        ]
        return (*holding, *(("limits_on_change",) if whole.held[number] else ()))

    # -- by time -------------------------------------------------------------------------------------------------

    def by_time(self, rows: Index) -> NDArray[np.int32]:
        """Find the first day on which each row's tier is better if nothing new becomes known; NEVER if none is."""
        last = self.event_days.horizon
        days = np.full(len(rows), NEVER, dtype=np.int32)
        begin = np.full(len(rows), self.now + 1, dtype=np.int32)
        left = np.arange(len(rows))
        if self.event_days.time_only_improves:
            # If merits stay as they are, time only improves: if that is not enough on the last day, no day is.
            best = self.scenarios.reassess(rows, last, merits_stay=True)
            left = left[best.tier < self.tier[rows]]
            begin[left] = self._not_before(rows[left], begin[left], np.full(len(left), last, dtype=np.int32))
        events = self.event_days.after(rows[left], begin[left], last)
        segments = dict(zip(left.tolist(), events, strict=True))
        # The day found with constant merits is usually the answer, so only its segment is tried at first.
        at_once = 1
        while len(left):
            left = self._next_segments(rows, days, segments, left, at_once)
            at_once = _SEGMENTS_AT_ONCE
        return days

    def _next_segments(
        self, rows: Index, days: NDArray[np.int32], segments: dict[int, list[int]], left: Index, at_once: int
    ) -> Index:
        """Try the next few segments between event days of each row; return the rows that are not done."""
        tried = [(number, start, end) for number in left.tolist() for start, end in _pairs(segments[number], at_once)]
        if not tried:
            days[left] = NEVER
            return np.empty(0, dtype=np.intp)
        whose, starts, ends = (np.array(column, dtype=np.intp) for column in zip(*tried, strict=True))
        result = self.scenarios.reassess(rows[whose], ends.astype(np.int32))
        better = result.tier < self.tier[rows[whose]]
        first: dict[int, int] = {}
        for position in np.flatnonzero(better).tolist():
            first.setdefault(int(whose[position]), position)
        chosen_ones = np.array(list(first.values()), dtype=np.intp)
        if len(chosen_ones):
            done = whose[chosen_ones]
            days[done] = self._first_day(rows[done], starts[chosen_ones], ends[chosen_ones])
        still = []
        for number in left.tolist():
            del segments[number][:at_once]
            if number in first:
                continue
            if len(segments[number]) < 2:
                days[number] = NEVER
            else:
                still.append(number)
        return np.array(still, dtype=np.intp)

    def _not_before(self, rows: Index, low: NDArray[np.int32], high: NDArray[np.int32]) -> NDArray[np.int32]:
        """Find a day before which no tier can be better; it is within a month of the first day on which one could."""
        return self._first_day(rows, low, high, merits_stay=True, within=30)

    def _first_day(
        self,
        rows: Index,
        low: NDArray[np.integer],
        high: NDArray[np.integer],
        *,
        merits_stay: bool = False,
        within: int = 0,
    ) -> NDArray[np.int32]:
        """Find the first day in [low, high] with a better tier that stays better, or up to ``within`` days earlier."""
        low, high = low.astype(np.int32).copy(), high.astype(np.int32).copy()
        while (low + within < high).any():
            open_ones = np.flatnonzero(low + within < high)
            # A few enterprises are tried on many days at once, many enterprises only on the middle day.
            n_days = max(1, _DAYS_AT_ONCE // len(open_ones))
            steps = np.arange(1, n_days + 1)
            first, last = low[open_ones, None].astype(np.int64), high[open_ones, None]
            days = (first + (last - first) * steps // (n_days + 1)).astype(np.int32)
            tried = np.repeat(rows[open_ones], n_days)
            result = self.scenarios.reassess(tried, days.ravel(), merits_stay=merits_stay)
            better = (result.tier < self.tier[tried]).reshape(days.shape)
            found, where = better.any(axis=1), better.argmax(axis=1)
            each = np.arange(len(open_ones))
            before = np.where(found, where, n_days) - 1
            high[open_ones[found]] = days[each, where][found]
            passed = before >= 0
            low[open_ones[passed]] = days[each, before][passed] + 1
        return low


def _additions(specs: Sequence[IndicatorSpec]) -> Iterator[Addition]:
    """Yield clean inspections and kept commitments that the policy rewards, one for each dimension it distinguishes."""
    for kind, outcome in _ADDITIONS:
        seen = set()
        for dimension in ("compliance", "safety", "quality", "environment", "responsibility"):
            given = {"type": kind, "outcome": outcome, "dimension": dimension}
            rewarded = tuple(
                spec.id
                for spec in specs
                if (spec.direction == "risk_falls" and takes(spec.select, given))
                or (spec.direction == "risk_rises" and spec.out_of is not None and takes(spec.out_of, given))
            )
            if rewarded and rewarded not in seen:
                seen.add(rewarded)
                yield Addition(kind, outcome, dimension)


def _kinds_and_sizes(records: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the kind of each record, shape (n,), and the numbers that can make it heavier, shape (n, n_numbers)."""
    sizes = [name for name in records.columns if name == "amount" or name.startswith("attributes.")]
    kinds = [name for name in records.columns if name not in sizes and not name.endswith("_on")]
    kind = (
        records.select(pl.struct(pl.col(kinds).cast(pl.String)).rank("dense")).to_series() if kinds else pl.Series([0])
    )
    size = records.select(pl.col("occurred_on").to_physical().cast(pl.Float64), pl.col(sizes).fill_null(0.0))
    return kind.to_numpy().astype(np.int64), size.to_numpy()


def _pairs(days: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last day of each of the first segments."""
    for start, following in pairwise(days[: most + 1]):
        yield start, following - 1
