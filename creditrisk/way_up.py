"""The way to the next better tier: the fewest lawful actions that reach it, or the day on which time alone does.

Every answer is found by assessing again: the enterprise with the actions taken, or on the later day if nothing new
became known. Actions are the repair of records whose minimum term has passed, one clean inspection and one commitment
kept in each dimension where the policy tells them apart. More actions never make a tier worse (the policy is proved to
follow its directions), so what all of them together do not reach, none of them does; the smallest set is then looked
for from below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.indicators.choosing import chosen
from creditrisk.indicators.spec import BilingualText, IndicatorSpec
from creditrisk.policy.document import Policy
from creditrisk.records.months import add_months, day_of
from creditrisk.records.standing import NEVER, Standing, terms_of
from creditrisk.report.content import WayUpContent
from creditrisk.scenarios import Addition, Assessed, Reassessed, Scenarios
from creditrisk.scoring.scores import TOTAL_UNIT
from creditrisk.vocabulary import DIMENSIONS

__all__ = ["Search", "Way", "obstacle_text", "way_lines", "way_text", "ways_table", "ways_up"]

Index = NDArray[np.intp]

_HORIZON_YEARS = 10
# One enterprise is tried in at most so many combinations of one size before the search says that it stopped.
_MOST_COMBINATIONS = 20_000
_SEGMENTS_AT_ONCE = 8
# Measures of which a later and larger record makes at least as much.
_WEIGHTLESS = {"count", "sum", "weighted_sum", "flag", "max", "ratio", "days_since_last"}
_ADDITIONS = (("inspection", "pass"), ("commitment", "kept"))


@dataclass(frozen=True)
class Way:
    """The way of one enterprise to the next better tier.

    Attributes
    ----------
    row : int
        Of the assessment.
    repairs : tuple of int
        Positions in the record table of the records to repair.
    additions : tuple of Addition
        What else to do.
    reachable : bool
        Whether these actions reach a better tier today.
    proved : bool
        Whether it is certain that no smaller set does.
    tier, total : int
        What the actions reach, or what all of them together come to where that is not enough.
    by_time : datetime.date, optional
        The first day on which the passing of time alone reaches a better tier; none within ten years.
    in_the_way : tuple of str
        Ids of the vetoes, thin evidence or limits on change that hold the tier down even after all actions.
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


def ways_up(assessment: Assessed, rows: Index | None = None) -> list[Way]:
    """Find the ways up of enterprises below the best tier.

    Parameters
    ----------
    assessment : Assessment
    rows : ndarray of int, optional
        Rows of the assessment; by default all below the best tier.

    Raises
    ------
    InputError
        If the policy compares enterprises with one another, so that a tier is nobody's own to change.
    """
    search = Search(assessment)
    if rows is None:
        rows = np.arange(len(assessment.tiering.tier))
    rows = rows[assessment.tiering.tier[rows] > 0]
    if not len(rows):
        return []
    actions = search.by_actions(rows)
    days = search.by_time(rows)
    return [
        Way(row, *actions[row], None if day == NEVER else day_of(int(day)), search.in_the_way.get(row, ()))
        for row, day in zip(rows.tolist(), days, strict=True)
    ]


WAY_SCHEMA: dict[str, Any] = {
    "enterprise_id": pl.String,
    "tier": pl.String,
    "reachable": pl.Boolean,
    "repairs": pl.List(pl.String),
    "further_actions": pl.List(pl.String),
    "n_actions": pl.Int64,
    "tier_reached": pl.String,
    "score_reached": pl.Float64,
    "proved": pl.Boolean,
    "by_time": pl.Date,
    "in_the_way": pl.List(pl.String),
    "reason_zh": pl.String,
    "reason_en": pl.String,
}


def ways_table(assessment: Assessed, rows: Index | None = None) -> pl.DataFrame:
    """The ways up as a table (:meth:`creditrisk.Assessment.ways_up`)."""
    policy, tiering = assessment.policy, assessment.tiering
    names = [tier.id for tier in policy.tiers]
    ids, record_ids = assessment.companies["enterprise_id"], assessment.records.data["record_id"]
    lines = []
    for way in ways_up(assessment, rows):
        repairs = [record_ids[one] for one in way.repairs] if way.repairs else []
        tier = int(tiering.tier[way.row])
        text = way_text(policy, way, tier, repairs)
        further = [action_text(one).en for one in way.additions]
        lines.append(
            (ids[way.row], names[tier], way.reachable, repairs, further, len(repairs) + len(further), names[way.tier],
             way.total / TOTAL_UNIT, way.proved, way.by_time, list(way.in_the_way), text.zh, text.en)
        )  # fmt: skip
    columns = zip(*lines, strict=True) if lines else [() for _ in WAY_SCHEMA]
    return pl.DataFrame(
        [_series(name, kind, values) for (name, kind), values in zip(WAY_SCHEMA.items(), columns, strict=True)]
    )


def _series(name: str, kind: Any, values: Sequence[Any]) -> pl.Series:
    if not isinstance(kind, pl.List):
        return pl.Series(name, values, dtype=kind)
    import pyarrow

    # Many short lists: Polars would make a series of each.
    return pl.Series(name, pl.from_arrow(pyarrow.array(values, pyarrow.large_list(pyarrow.large_string()))))


def way_lines(assessment: Assessed, rows: Index) -> WayUpContent | None:
    """The way up of one enterprise as an explanation says it; None in the best tier."""
    for way in ways_up(assessment, rows):
        repairs = tuple(assessment.records.data["record_id"][one] for one in way.repairs)
        return WayUpContent(
            reachable=way.reachable,
            repairs=repairs,
            further_actions=tuple(action_text(one) for one in way.additions),
            tier_reached=assessment.policy.tiers[way.tier].id,
            score_reached=Decimal(way.total) / TOTAL_UNIT,
            proved=way.proved,
            by_time=way.by_time,
            in_the_way=tuple(obstacle_text(assessment.policy, name) for name in way.in_the_way),
            text=way_text(assessment.policy, way, int(assessment.tiering.tier[way.row]), repairs),
        )
    return None


@dataclass(frozen=True)
class _Action:
    """A repair (by position in the scenarios' records) or an addition."""

    repair: int | None = None
    addition: Addition | None = None


class Search:
    """Enterprises of an assessment, their possible actions and the days on which anything changes."""

    def __init__(self, assessment: Assessed) -> None:
        self.scenarios = Scenarios(assessment)
        self.assessment = assessment
        self.now = self.scenarios.as_of
        self.tier = assessment.tiering.tier
        self.in_the_way: dict[int, tuple[str, ...]] = {}
        policy = assessment.policy
        records = self.scenarios.records
        standing = Standing.of(records, policy.standing)
        row = np.repeat(np.arange(len(self.scenarios.starts) - 1), np.diff(self.scenarios.starts))
        term = terms_of(records, policy.standing)
        least = np.full(records.height, NEVER, dtype=np.int32)
        for number, rule in enumerate(policy.standing.terms):
            mine = term == number
            least[mine] = add_months(standing.occurred[mine], rule.at_least_months)
        counted = np.zeros(assessment.records.data.height, dtype=bool)
        for spec, _, positions in assessment.kernel.evidence():
            if spec.direction != "risk_falls":
                counted[positions] = True
        self.repairable = standing.in_force(self.now, row) & (least <= self.now) & counted[self.scenarios.positions]
        self.additions = list(_additions(self.scenarios.specs, records))
        self.standing = standing
        repairs = np.flatnonzero(self.repairable)
        repairs = repairs[np.lexsort((-standing.occurred[repairs], row[repairs]))]
        self.repairs = [_Action(repair=one) for one in repairs.tolist()]
        self.starts_of_repairs = np.concatenate(([0], np.cumsum(self.repairable)))
        self.number_of_repair = dict(zip(repairs.tolist(), range(len(repairs)), strict=True))
        self.kind, self.size = _kinds_and_sizes(records[repairs])
        self.further = [_Action(addition=one) for one in self.additions]

    # -- by actions ----------------------------------------------------------------------------------------------

    def by_actions(self, rows: Index) -> dict[int, tuple[tuple[int, ...], tuple[Addition, ...], bool, bool, int, int]]:
        """The fewest actions of each row; where no actions suffice, all of them and what they come to."""
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
                found[row] = ((), (), False, True, *result)
        size = 1
        while left:
            # Of all combinations of this size each row's first that suffices; where none does, the next size is tried.
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
            # The whole set is known to suffice.
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
        """Combinations without those that repair a lighter record where a heavier one of its kind is left."""
        heavier = self._heavier(actions)
        for chosen_ones in combinations(range(len(actions)), size):
            taken = set(chosen_ones)
            if all(heavier[one] <= taken for one in chosen_ones):
                yield [actions[one] for one in chosen_ones]

    def _heavier(self, actions: list[_Action]) -> list[set[int]]:
        """For each action those that do at least as much: repairs of later and larger records of the same kind."""
        repairs = [self.number_of_repair[one.repair] for one in actions if one.repair is not None]
        nothing: list[set[int]] = [set() for _ in actions]
        if not self._later_weighs_more or len(repairs) < 2:
            return nothing
        kind, size = self.kind[repairs], self.size[repairs]
        as_much = (kind[:, None] == kind[None, :]) & (size[:, None, :] >= size[None, :, :]).all(axis=2)
        # Of two that weigh the same the first goes first.
        first = np.arange(len(repairs))[:, None] < np.arange(len(repairs))[None, :]
        before = as_much & (~as_much.T | first)
        return [set(np.flatnonzero(column).tolist()) for column in before.T] + nothing[len(repairs) :]

    @cached_property
    def _later_weighs_more(self) -> bool:
        return all(
            spec.measure in (*_WEIGHTLESS, "attribute")
            and spec.cap_per_inspection is None
            and not spec.since_last
            and [step.weight for step in spec.time_steps] == sorted((s.weight for s in spec.time_steps), reverse=True)
            for spec in self.scenarios.specs
        )

    def _actions(self, row: int) -> list[_Action]:
        """What may be done today: repairs, the latest record first, then inspections, then commitments."""
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
        policy = self.assessment.policy
        positions = {tier.id: position for position, tier in enumerate(policy.tiers)}
        holding = [
            bound.id
            for bound in (*policy.vetoes, *policy.thin_evidence)
            if whole.met[bound.id][number] and positions[bound.tier] >= self.tier[row]
        ]
        return (*holding, *(("limits_on_change",) if whole.held[number] else ()))

    # -- by time -------------------------------------------------------------------------------------------------

    def by_time(self, rows: Index) -> NDArray[np.int32]:
        """The first day on which each row's tier is better if nothing new becomes known; NEVER within the horizon."""
        last = int(add_months(self.now, 12 * _HORIZON_YEARS))
        days = np.full(len(rows), NEVER, dtype=np.int32)
        begin = np.full(len(rows), self.now + 1, dtype=np.int32)
        left = np.arange(len(rows))
        if self._merits_only_fade:
            # With merits kept as they are, time only improves: where that is not enough at the end, nothing is.
            best = self.scenarios.reassess(rows, last, merits_stay=True)
            left = left[best.tier < self.tier[rows]]
            begin[left] = self._not_before(rows[left], begin[left], np.full(len(left), last, dtype=np.int32))
        events = self._event_days(rows[left], begin[left], last)
        segments = dict(zip(left.tolist(), events, strict=True))
        # The day found with merits kept is most often the answer, so only its segment is tried at first.
        at_once = 1
        while len(left):
            left = self._next_segments(rows, days, segments, left, at_once)
            at_once = _SEGMENTS_AT_ONCE
        return days

    def _next_segments(
        self, rows: Index, days: NDArray[np.int32], segments: dict[int, list[int]], left: Index, at_once: int
    ) -> Index:
        """Try the next few segments between event days of each row; rows that are done are left out."""
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
        """A day before which no tier can be better, within a month of the first on which it could."""
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
        """The first day in [low, high] on which a tier is better, where it stays better from then on, or one before."""
        low, high = low.astype(np.int32).copy(), high.astype(np.int32).copy()
        while (low + within < high).any():
            open_ones = np.flatnonzero(low + within < high)
            middle = (low[open_ones] + high[open_ones]) // 2
            result = self.scenarios.reassess(rows[open_ones], middle, merits_stay=merits_stay)
            better = result.tier < self.tier[rows[open_ones]]
            high[open_ones[better]] = middle[better]
            low[open_ones[~better]] = middle[~better] + 1
        return low

    @cached_property
    def _merits_only_fade(self) -> bool:
        """Whether time can only take away what speaks for an enterprise and what speaks against it."""
        return all(spec.direction != "none" or spec.measure == "attribute" for spec in self.scenarios.specs)

    @cached_property
    def _changes_daily(self) -> bool:
        """Whether merits fade from day to day, so that within a segment a tier may rise and fall again."""
        return any(spec.half_life_months and spec.direction != "risk_rises" for spec in self.scenarios.specs)

    def _event_days(self, rows: Index, begin: NDArray[np.int32], last: int) -> list[list[int]]:
        """For each row the days from ``begin`` on at which anything but a steady weight changes, and the day after."""
        if self._changes_daily:
            return [list(range(first, last + 2)) for first in begin.tolist()]
        starts, policy = self.scenarios.starts, self.assessment.policy
        lengths = starts[rows + 1] - starts[rows]
        whose = np.repeat(np.arange(len(rows)), lengths)
        records = np.repeat(starts[rows] - np.cumsum(lengths) + lengths, lengths) + np.arange(len(whose))
        occurred = self.standing.occurred[records]
        parts = [(whose, self.standing.counts_until[records]), (whose, self.standing.repaired[records])]
        windows = {spec.window_months for spec in self.scenarios.specs}
        windows |= {step.months for spec in self.scenarios.specs for step in spec.time_steps}
        parts += [(whose, _leaving(occurred, months)) for months in windows if months is not None]
        every = np.arange(len(rows))
        established = (
            self.assessment.companies["established_on"].gather(rows).to_physical().fill_null(-(10**6)).to_numpy()
        )
        for name, cuts in self._cuts().items():
            spec = policy.specs[name]
            for day in (cut + extra for cut in cuts for extra in (0, 1)):
                if spec.measure.startswith("days_since"):
                    parts.append((whose, occurred + day))
                elif spec.of == "age_days":
                    parts.append((every, established + day))
        if policy.limits_on_change is not None:
            parts.append((every, add_months(self.assessment.history.since[rows], policy.limits_on_change.per_months)))
        owner, on = (np.concatenate([part[n] for part in parts]).astype(np.int64) for n in (0, 1))
        later = (on > begin[owner]) & (on <= last)
        pairs = np.unique((owner[later] << 32) | on[later])
        ends = np.searchsorted(pairs >> 32, np.arange(len(rows) + 1))
        days = (pairs & 0xFFFF_FFFF).tolist()
        return [
            [first, *days[start:end], last + 1]
            for first, start, end in zip(begin.tolist(), ends[:-1], ends[1:], strict=True)
        ]

    def days_around(self, row: int, months: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Days up to the assessment, and after it, on which anything changes: where weights fade daily, every day."""
        last = int(add_months(self.now, months))
        rows = np.array([row])
        if any(spec.half_life_months for spec in self.scenarios.specs):
            future = np.arange(self.now + 1, last + 1)
        else:
            future = np.array(self._event_days(rows, np.array([self.now + 1], dtype=np.int32), last)[0][:-1])
        begin = np.array([0], dtype=np.int32)
        first, end = self.scenarios.starts[row], self.scenarios.starts[row + 1]
        known = self.standing.counts_from[first:end]
        past = np.unique(
            np.concatenate([self._event_days(rows, begin, self.now)[0][1:-1], known, known - 1, [self.now]])
        )
        return past[past <= self.now].astype(np.int32), future.astype(np.int32)

    def _cuts(self) -> dict[str, set[int]]:
        """Whole numbers at which conditions and bands change, by indicator."""
        policy = self.assessment.policy
        cuts: dict[str, set[int]] = {}
        for condition in (*(bound.when for bound in policy.bounds), *(rule.when for rule in policy.rules if rule.when)):
            for part in condition.comparisons():
                number = next(n for n in (part.at_least, part.above, part.at_most, part.below) if n is not None)
                cuts.setdefault(part.indicator or "", set()).add(int(np.ceil(number)))
        for rule in policy.rules:
            ends = (band.below for band in rule.bands if band.below is not None)
            cuts.setdefault(rule.indicator, set()).update(int(np.ceil(number)) for number in ends)
        return cuts


@cache
def action_text(addition: Addition) -> BilingualText:
    """What is to be done, in words."""
    dimension = DIMENSIONS[addition.dimension]
    if addition.type == "inspection":
        return BilingualText(zh="一次合格的行政检查", en="one inspection passed")
    return BilingualText(zh=f"履行一项信用承诺（{dimension.zh}）", en=f"one commitment kept ({dimension.en})")


def obstacle_text(policy: Policy, name: str) -> BilingualText:
    """What holds a tier down after all actions, in words."""
    if name == "limits_on_change":
        return BilingualText(zh="等级变动限制", en="the limits on change")
    return next(bound.reason for bound in policy.bounds if bound.id == name)


def way_text(policy: Policy, way: Way, tier: int, record_ids: Sequence[str]) -> BilingualText:
    """A way up in words.

    Parameters
    ----------
    policy : Policy
    way : Way
    tier : int
        The tier that the enterprise has, as a position in ``policy.tiers``.
    record_ids : sequence of str
        Of the records to repair.
    """
    zh, en = [], []
    if way.reachable:
        label = policy.tiers[way.tier].label
        done = [BilingualText(zh=f"修复记录{one}", en=f"repair record {one}") for one in record_ids]
        done += [action_text(one) for one in way.additions]
        zh.append(f"今日即可升至「{label.zh}」：" + "、".join(one.zh for one in done))
        en.append(f"'{label.en}' today by: " + "; ".join(one.en for one in done))
        if not way.proved:
            zh.append("未能证明没有更少的办法")
            en.append("that nothing less would do was not proved")
    else:
        reasons = [obstacle_text(policy, name) for name in way.in_the_way]
        reasons = reasons or [BilingualText(zh="总分仍不足", en="the score stays too low")]
        zh.append("今日采取全部可行措施仍不能升级，因为" + "、".join(one.zh for one in reasons))
        en.append("not by any action today, because: " + "; ".join(one.en for one in reasons))
    label = policy.tiers[tier].label
    if way.by_time is not None:
        zh.append(f"若无新的记录，仅随时间推移，{way.by_time}起优于「{label.zh}」")
        en.append(f"by the passing of time alone, better than '{label.en}' from {way.by_time} on")
    else:
        zh.append(f"仅随时间推移，{_HORIZON_YEARS}年内不会升级")
        en.append(f"not by the passing of time alone within {_HORIZON_YEARS} years")
    return BilingualText(zh="；".join(zh), en="; ".join(en))


def _additions(specs: Sequence[IndicatorSpec], records: pl.DataFrame) -> Iterator[Addition]:
    """Clean inspections and kept commitments that the policy rewards, one for each dimension it tells apart."""
    schema = records.schema
    for kind, outcome in _ADDITIONS:
        seen = set()
        for dimension in ("compliance", "safety", "quality", "environment", "responsibility"):
            given = {"type": kind, "outcome": outcome, "dimension": dimension}
            row = pl.DataFrame({name: pl.Series(name, [given.get(name)], dtype=schema[name]) for name in schema})
            rewarded = tuple(
                spec.id
                for spec in specs
                if (spec.direction == "risk_falls" and row.select(chosen(spec.select)).item())
                or (
                    spec.direction == "risk_rises"
                    and spec.out_of is not None
                    and row.select(chosen(spec.out_of)).item()
                )
            )
            if rewarded and rewarded not in seen:
                seen.add(rewarded)
                yield Addition(kind, outcome, dimension)


def _kinds_and_sizes(records: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which records are of one kind, shape (n,), and what makes one of them weigh more, shape (n, n_numbers)."""
    sizes = [name for name in records.columns if name == "amount" or name.startswith("attributes.")]
    kinds = [name for name in records.columns if name not in sizes and not name.endswith("_on")]
    kind = (
        records.select(pl.struct(pl.col(kinds).cast(pl.String)).rank("dense")).to_series() if kinds else pl.Series([0])
    )
    size = records.select(pl.col("occurred_on").to_physical().cast(pl.Float64), pl.col(sizes).fill_null(0.0))
    return kind.to_numpy().astype(np.int64), size.to_numpy()


def _leaving(occurred: NDArray[np.int32], months: int) -> NDArray[np.int32]:
    """The first day on which each record is no longer within the last so many months."""
    days = add_months(occurred, months)
    for _ in range(3):  # months differ by up to three days
        days = np.where(add_months(days, -months) < occurred, days + 1, days)
    return days.astype(np.int32)


def _pairs(days: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """First and last day of each of the first segments."""
    for start, following in pairwise(days[: most + 1]):
        yield start, following - 1
