"""Standing (效力状态): whether a record counts on a day, and if not, why.

A record counts from the day on which it had happened and was known, until it is repaired or revoked, or its term
ends. A repair takes effect when the record's minimum term has passed. A minor first offence on the exemption list is on
record but does not count (article 三(二)4).
Everything is computed *as of* a day, so last March's result can be computed again today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from creditrisk.days import Day, add_months, day_number
from creditrisk.vocabulary import DIMENSIONS, SEVERITIES, Label

__all__ = [
    "NEVER",
    "STANDINGS",
    "Exemption",
    "Standing",
    "StandingRules",
    "Term",
    "repairable_from",
    "standing_on",
    "terms_of",
]

Severity = Literal["minor", "general", "serious", "grave"]
Days = NDArray[np.int32]
Mask = NDArray[np.bool_]

NEVER = np.int32(2**31 - 1)

STANDINGS: dict[str, Label] = {
    "in_force": Label("有效", "in force"),
    "not_yet_known": Label("基准日尚未获知", "not yet known on the day"),
    "revoked": Label("已撤销", "revoked"),
    "repaired": Label("已修复", "repaired"),
    "expired": Label("已到期", "expired"),
    "exempt": Label("轻微初次违法，依清单免予计分", "minor first offence, exempt by the list"),
}


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Term(_Data):
    """The time for which records of these types, severities and dimensions count, in months from their day.

    If several terms fit a record, the first one applies. A record with its own ``expires_on`` ends on that day.

    Parameters
    ----------
    types : tuple of str
    severities, dimensions : tuple of str
        The severities and dimensions; empty dimensions means any, including a missing one.
    decided_from, decided_before : datetime.date, optional
        The term holds for records that happened in ``[decided_from, decided_before)``.
    at_least_months : int
        A repair takes effect only after this number of months.
    at_most_months : int, optional
        The record stops counting by itself after this number of months; None means never.
    basis : str
    """

    types: Annotated[tuple[str, ...], Field(min_length=1)]
    severities: tuple[Severity, ...] = ("minor", "general", "serious", "grave")
    dimensions: tuple[str, ...] = ()
    decided_from: Day | None = None
    decided_before: Day | None = None
    at_least_months: Annotated[int, Field(ge=0)] = 0
    at_most_months: Annotated[int, Field(gt=0)] | None = None
    basis: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Term:
        if self.at_most_months is not None and self.at_least_months > self.at_most_months:
            raise ValueError(f"at_least_months {self.at_least_months} exceeds at_most_months {self.at_most_months}")
        if self.decided_from and self.decided_before and self.decided_from >= self.decided_before:
            raise ValueError(f"decided_from {self.decided_from} must lie before decided_before {self.decided_before}")
        unknown = [name for name in self.dimensions if name not in DIMENSIONS]
        if unknown:
            raise ValueError(f"unknown dimension {unknown[0]!r}; known are {', '.join(DIMENSIONS)}")
        return self


class Exemption(_Data):
    """An exemption for a minor offence if the enterprise has no other offence in the months before or on that day.

    Parameters
    ----------
    types : tuple of str
        Record types that are offences; only these are exempted, and any of them prevents a later exemption.
    matters : tuple of str
        The exemption list; empty means every matter.
    first_within_months : int
    basis : str
    """

    types: Annotated[tuple[str, ...], Field(min_length=1)]
    matters: tuple[str, ...] = ()
    first_within_months: Annotated[int, Field(gt=0)]
    basis: Annotated[str, Field(min_length=1)]


class StandingRules(_Data):
    """The rules of standing: terms, the exemption, and the severity that stands for a missing one."""

    missing_severity: Severity = "general"
    terms: tuple[Term, ...] = ()
    exemption: Exemption | None = None


@dataclass(frozen=True)
class Standing:
    """The days of each record, from which its standing on any day follows.

    Attributes
    ----------
    occurred, counts_from, counts_until, repaired, revoked : ndarray of int32, shape (n_records,)
        Day numbers; a record is known from ``counts_from`` and counts while ``day < counts_until``. ``repaired`` is
        the day on which a repair takes effect.
    offence : ndarray of bool, shape (n_records,), or None
        The mask of records that prevent an exemption; None if the rules exempt nothing.
    exempt_since : ndarray of int32, shape (n_records,), or None
        For a record that may be exempt, the day after which another offence prevents it; NEVER for all others.
    """

    occurred: Days
    counts_from: Days
    counts_until: Days
    repaired: Days
    revoked: Days
    offence: Mask | None = None
    exempt_since: Days | None = None

    @classmethod
    def of(cls, frame: pl.DataFrame, rules: StandingRules) -> Standing:
        """Read the days of each record from a frame in the data model."""
        kinds = _Kinds.of(frame, rules)
        occurred = _days(frame["occurred_on"])
        revoked = _days(frame["revoked_on"])
        last_day = _days(frame["expires_on"])
        ends = np.where(last_day == NEVER, NEVER, last_day + np.int32(1))
        repaired = _days(frame["repaired_on"])
        term = _terms(kinds, occurred, rules)
        for number, rule in enumerate(rules.terms):
            mine = term == number
            if rule.at_most_months is not None:
                rows = np.flatnonzero(mine & (ends == NEVER))
                ends[rows] = add_months(occurred[rows], rule.at_most_months)
            if rule.at_least_months:
                rows = np.flatnonzero(mine & (repaired != NEVER))
                if rows.size:
                    repaired = repaired.copy() if not repaired.flags.writeable else repaired
                    repaired[rows] = np.maximum(repaired[rows], add_months(occurred[rows], rule.at_least_months))
        offence = exempt_since = None
        if rules.exemption is not None:
            offence = kinds.type.is_one_of(rules.exemption.types)
            candidate = offence & kinds.severity.is_one_of(("minor",))
            if rules.exemption.matters:
                matter = frame["matter"].cast(pl.String)
                candidate &= matter.is_in(list(rules.exemption.matters)).fill_null(False).to_numpy()
            rows = np.flatnonzero(candidate)
            exempt_since = np.full(frame.height, NEVER, dtype=np.int32)
            exempt_since[rows] = add_months(occurred[rows], -rules.exemption.first_within_months)
        return cls(
            occurred=occurred,
            counts_from=np.maximum(occurred, _days(frame["known_on"], missing=occurred)),
            counts_until=np.minimum(np.minimum(ends, repaired), revoked),
            repaired=repaired,
            revoked=revoked,
            offence=offence,
            exempt_since=exempt_since,
        )

    def take(self, rows: NDArray[np.integer]) -> Standing:
        """Return the standing of some records, in the order of ``rows``; a record may occur more than once."""
        return Standing(
            occurred=self.occurred[rows],
            counts_from=self.counts_from[rows],
            counts_until=self.counts_until[rows],
            repaired=self.repaired[rows],
            revoked=self.revoked[rows],
            offence=None if self.offence is None else self.offence[rows],
            exempt_since=None if self.exempt_since is None else self.exempt_since[rows],
        )

    def and_also(self, others: Standing) -> Standing:
        """Return the standing of these records and of further ones, by the same rules."""
        joined: dict[str, Any] = {
            name: None if mine is None else np.concatenate((mine, getattr(others, name)))
            for name, mine in vars(self).items()
        }
        return Standing(**joined)

    def known(self, as_of: Any) -> Mask:
        """Return whether each record had happened and was known on the day (one day, or one per record)."""
        return self.counts_from <= as_of

    def in_force(self, as_of: Any, enterprise: NDArray[np.integer]) -> Mask:
        """Return whether each record counts on the day.

        Parameters
        ----------
        as_of : int or ndarray of int32, shape (n_records,)
            Day numbers.
        enterprise : ndarray of int, shape (n_records,)
            A number for the enterprise of each record; only equality matters.
        """
        counts = self.known(as_of) & (self.counts_until > as_of)
        exempt = self.exempt(as_of, enterprise)
        if exempt.size:
            counts[exempt] = False
        return counts

    def exempt(self, as_of: Any, enterprise: NDArray[np.integer]) -> NDArray[np.intp]:
        """Return the positions of the records that the exemption list exempts on the day."""
        if self.offence is None or self.exempt_since is None:
            return np.empty(0, dtype=np.intp)
        seen = np.flatnonzero(self.offence & self.known(as_of) & (self.revoked > as_of))
        order = seen[np.lexsort((self.occurred[seen], enterprise[seen]))]
        whose, when = enterprise[order], self.occurred[order]
        same = whose[1:] == whose[:-1]
        # The nearest earlier offence decides; if two are on one day, neither is the first.
        spoilt = np.zeros(order.size, dtype=bool)
        spoilt[1:] = same & (when[:-1] > self.exempt_since[order[1:]])
        spoilt[:-1] |= same & (when[:-1] == when[1:])
        return order[(self.exempt_since[order] != NEVER) & ~spoilt]

    def on(self, as_of: int, enterprise: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return the standing of each record on a day, as a position in :data:`STANDINGS`, shape (n_records,)."""
        names = list(STANDINGS)
        codes = np.zeros(len(self.occurred), dtype=np.uint8)
        codes[self.exempt(as_of, enterprise)] = names.index("exempt")
        codes[self.counts_until <= as_of] = names.index("expired")
        codes[self.repaired <= as_of] = names.index("repaired")
        codes[self.revoked <= as_of] = names.index("revoked")
        codes[~self.known(as_of)] = names.index("not_yet_known")
        return codes


def standing_on(frame: pl.DataFrame, rules: StandingRules, as_of: date) -> pl.Series:
    """Return the standing of each record on a day: one of :data:`STANDINGS`.

    Parameters
    ----------
    frame : polars.DataFrame
        Records in the data model.
    rules : StandingRules
    as_of : datetime.date

    Returns
    -------
    polars.Series of Enum, shape (n_records,)
    """
    enterprise = frame["enterprise_id"].cast(pl.Categorical).to_physical().to_numpy()
    codes = Standing.of(frame, rules).on(day_number(as_of), enterprise)
    return pl.Series("standing", list(STANDINGS), dtype=pl.Enum(list(STANDINGS))).gather(codes)


def repairable_from(frame: pl.DataFrame, rules: StandingRules) -> Days:
    """Return the day before which a repair of each record has no effect, shape (n_records,); NEVER without a term."""
    occurred, term = _days(frame["occurred_on"]), terms_of(frame, rules)
    days = np.full(frame.height, NEVER, dtype=np.int32)
    for number, rule in enumerate(rules.terms):
        mine = term == number
        days[mine] = add_months(occurred[mine], rule.at_least_months)
    return days


def terms_of(frame: pl.DataFrame, rules: StandingRules) -> NDArray[np.int8]:
    """Return the position of the term that applies to each record, shape (n_records,); -1 if none does."""
    return _terms(_Kinds.of(frame, rules), _days(frame["occurred_on"]), rules)


def _terms(kinds: _Kinds, occurred: Days, rules: StandingRules) -> NDArray[np.int8]:
    term = np.full(len(occurred), -1, dtype=np.int8)
    for number, rule in reversed(list(enumerate(rules.terms))):
        fits = kinds.type.is_one_of(rule.types)
        if set(rule.severities) != set(SEVERITIES):
            fits &= kinds.severity.is_one_of(rule.severities)
        if rule.dimensions:
            fits &= kinds.dimension.is_one_of(rule.dimensions)
        if rule.decided_from is not None:
            fits &= occurred >= day_number(rule.decided_from)
        if rule.decided_before is not None:
            fits &= occurred < day_number(rule.decided_before)
        term[fits] = number
    return term


@dataclass(frozen=True)
class _Categories:
    """A column of names as whole numbers: comparing these is many times faster than comparing text."""

    codes: NDArray[np.integer]
    names: list[str | None]

    @classmethod
    def of(cls, column: pl.Series) -> _Categories:
        if not isinstance(column.dtype, pl.Enum):
            column = column.cast(pl.String).cast(pl.Enum(column.cast(pl.String).drop_nulls().unique().sort()))
        assert isinstance(column.dtype, pl.Enum)
        names = column.dtype.categories.to_list()
        return cls(column.to_physical().fill_null(len(names)).to_numpy(), [*names, None])

    def is_one_of(self, wanted: tuple[str, ...]) -> Mask:
        return np.array([name in wanted for name in self.names], dtype=bool)[self.codes]


@dataclass(frozen=True)
class _Kinds:
    """The columns that terms and exemptions compare; the rules' ``missing_severity`` replaces a missing severity."""

    type: _Categories
    severity: _Categories
    dimension: _Categories

    @classmethod
    def of(cls, frame: pl.DataFrame, rules: StandingRules) -> _Kinds:
        severity = frame["severity"].fill_null(rules.missing_severity)
        return cls(*map(_Categories.of, (frame["type"], severity, frame["dimension"])))


def _days(dates: pl.Series, missing: Days | None = None) -> Days:
    numbers = dates.cast(pl.Date).to_physical()
    if numbers.null_count() == 0:
        return numbers.to_numpy()
    if missing is None:
        return numbers.fill_null(int(NEVER)).to_numpy()
    return np.where(numbers.is_null().to_numpy(), missing, numbers.fill_null(0).to_numpy())
