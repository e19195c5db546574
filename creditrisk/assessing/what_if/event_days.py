"""The days on which an enterprise's tier can change although nothing new becomes known.

Records enter and leave windows and terms, weights step down, and ages cross the numbers of conditions and bands.
Between two such days only half-lives change values, and those of adverse records always improve them.
"""

from __future__ import annotations

from functools import cached_property
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.what_if.scenarios import Scenarios
from creditrisk.days import add_months
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.policy.rules import Bands, ByValue, Condition, PerUnit, Rule

__all__ = ["HORIZON_YEARS", "EventDays"]

Index = NDArray[np.intp]

# Later days are not searched.
HORIZON_YEARS = 10


class EventDays:
    """The event days of an assessment's enterprises.

    Attributes
    ----------
    horizon : int
        The day number of the last day that is searched.
    """

    def __init__(self, assessed: Assessed, scenarios: Scenarios) -> None:
        self._policy = assessed.policy
        self._enterprises = assessed.enterprises.data
        self._history = assessed.history
        self._scenarios = scenarios
        self._standing = scenarios.standing
        self._now = scenarios.as_of
        self.horizon = int(add_months(self._now, 12 * HORIZON_YEARS))

    @cached_property
    def time_only_improves(self) -> bool:
        """Whether, if merits stay as they are, no later day can be worse than an earlier one.

        Adverse records fade; if none is left, the points must be the best possible; no adverse record may also be a
        merit; and growing ages must help an enterprise. If this is not certain, the answer is no.
        """
        return self._scenarios.merits_apart and all(self._improves(spec) for spec in self._scenarios.specs)

    @cached_property
    def changes_daily(self) -> bool:
        """Whether a tier may get worse, or better and then worse, between event days: then each day is an event day."""
        made_of = {name for spec in self._scenarios.specs for name in spec.dependencies}
        by_the_unit = {rule.indicator for rule in self._policy.rules if _cuts_of(rule) is None}
        return any(
            (spec.half_life_months and (spec.direction != "risk_rises" or spec.id in made_of))
            or (_grows_daily(spec) and (spec.id in by_the_unit or spec.id in made_of))
            for spec in self._scenarios.specs
        )

    def after(self, rows: Index, begin: NDArray[np.int32], last: int) -> list[list[int]]:
        """Return, for each row, ``begin``, the later days on which more than a half-life changes, and ``last + 1``."""
        if self.changes_daily:
            return [list(range(first, last + 2)) for first in begin.tolist()]
        starts, policy = self._scenarios.starts, self._policy
        lengths = starts[rows + 1] - starts[rows]
        whose = np.repeat(np.arange(len(rows)), lengths)
        records = np.repeat(starts[rows] - np.cumsum(lengths) + lengths, lengths) + np.arange(len(whose))
        occurred = self._standing.occurred[records]
        parts = [(whose, self._standing.counts_until[records]), (whose, self._standing.repaired[records])]
        windows = {spec.window_months for spec in self._scenarios.specs}
        windows |= {step.months for spec in self._scenarios.specs for step in spec.time_steps}
        parts += [(whose, _leaving(occurred, months)) for months in windows if months is not None]
        every = np.arange(len(rows))
        established = self._enterprises["established_on"].gather(rows).to_physical().fill_null(-(10**6)).to_numpy()
        for name, cuts in self._cuts.items():
            spec = policy.specs[name]
            for day in (cut + extra for cut in cuts for extra in (0, 1)):
                if spec.traits.grows_daily:
                    parts.append((whose, occurred + day))
                elif spec.of == "age_days":
                    parts.append((every, established + day))
        if policy.limits_on_change is not None:
            parts.append((every, add_months(self._history.since[rows], policy.limits_on_change.per_months)))
        owner, on = (np.concatenate([part[n] for part in parts]).astype(np.int64) for n in (0, 1))
        later = (on > begin[owner]) & (on <= last)
        pairs = np.unique((owner[later] << 32) | on[later])
        ends = np.searchsorted(pairs >> 32, np.arange(len(rows) + 1))
        days = (pairs & 0xFFFF_FFFF).tolist()
        return [
            [first, *days[start:end], last + 1]
            for first, start, end in zip(begin.tolist(), ends[:-1], ends[1:], strict=True)
        ]

    def around(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the days up to the assessment, and after it, on which anything changes; with half-lives, every day."""
        last = self.horizon
        rows = np.array([row])
        if any(spec.half_life_months for spec in self._scenarios.specs):
            future = np.arange(self._now + 1, last + 1)
        else:
            future = np.array(self.after(rows, np.array([self._now + 1], dtype=np.int32), last)[0][:-1])
        begin = np.array([0], dtype=np.int32)
        first, end = self._scenarios.starts[row], self._scenarios.starts[row + 1]
        known = self._standing.counts_from[first:end]
        past = np.unique(np.concatenate([self.after(rows, begin, self._now)[0][1:-1], known, known - 1, [self._now]]))
        return past[past <= self._now].astype(np.int32), future.astype(np.int32)

    @cached_property
    def _cuts(self) -> dict[str, set[int]]:
        """The whole numbers at which conditions and points change, by indicator."""
        policy = self._policy
        cuts: dict[str, set[int]] = {}
        for condition in (*(bound.when for bound in policy.bounds), *(rule.when for rule in policy.rules if rule.when)):
            for part in condition.comparisons():
                cuts.setdefault(part.indicator, set()).add(int(np.ceil(part.number)))
        for rule in policy.rules:
            cuts.setdefault(rule.indicator, set()).update(int(np.ceil(number)) for number in _cuts_of(rule) or ())
        return cuts

    def _improves(self, spec: IndicatorSpec) -> bool:
        rules = [rule for rule in self._policy.rules if rule.indicator == spec.id]
        bounds = [*self._policy.vetoes, *self._policy.thin_evidence]
        if spec.traits.takes == "attribute":
            # The age is the only attribute that changes with time.
            worse = [bound.when for bound in bounds] + [rule.when for rule in rules if rule.when is not None]
            better = [bound.when for bound in self._policy.floors]
            is_read = spec.id in {name for rule in self._policy.rules for name in rule.indicators}
            return spec.of != "age_days" or (
                not is_read
                and all(_closes(condition, spec.id) for condition in worse)
                and not any(spec.id in condition.indicators() for condition in better)
            )
        if spec.direction == "none" or spec.per is not None or spec.since_last or not spec.traits.of_records:
            return False
        match spec.traits.over_time:
            case "falls":
                return True
            case "ends":
                if spec.traits.grows_daily and spec.direction == "risk_rises":
                    return False
                asked = [part for bound in bounds for part in bound.when.comparisons() if part.indicator == spec.id]
                return all(_missing_is_best(rule) for rule in rules) and not any(part.missing for part in asked)
            case "moves" | "stays":
                return False
            case unknown:
                assert_never(unknown)


def _grows_daily(spec: IndicatorSpec) -> bool:
    return spec.traits.grows_daily or (spec.traits.takes == "attribute" and spec.of == "age_days")


def _closes(condition: Condition, name: str) -> bool:
    """Whether a condition can only become false as an indicator grows."""
    return not any(part.opens_upwards for part in condition.comparisons() if part.indicator == name)


def _cuts_of(rule: Rule) -> list[float] | None:
    """Return the numbers at which a rule's points change; None if they change with every number."""
    match rule.form:
        case PerUnit():
            return None
        case Bands(bands):
            return [band.below for band in bands if band.below is not None]
        case ByValue(values):
            return [entry.value for entry in values]
        case unknown:
            assert_never(unknown)


def _missing_is_best(rule: Rule) -> bool:
    match rule.form:
        case PerUnit(points=points):
            best = points <= 0
        case Bands() | ByValue():
            best = True
        case unknown:
            assert_never(unknown)
    return best and rule.missing >= max(rule.steps())


def _leaving(occurred: NDArray[np.int32], months: int) -> NDArray[np.int32]:
    """Return the first day on which each record is no longer within the last ``months`` months."""
    days = add_months(occurred, months)
    for _ in range(3):  # months differ by up to three days
        days = np.where(add_months(days, -months) < occurred, days + 1, days)
    return days.astype(np.int32)
