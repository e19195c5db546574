"""Parts of a policy about tiers: cut-offs, intensity of inspection, regimes besides the tiers, limits on change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, assert_never

from pydantic import Field, model_validator

from creditrisk.policy.rules import Basis, Bound, Identifier, Points, PolicyPart
from creditrisk.vocabulary import BilingualText

__all__ = [
    "Above",
    "AllOthers",
    "AtLeast",
    "ByConditionOnly",
    "CutOff",
    "FullCoverage",
    "Inspection",
    "InspectionIntensity",
    "LimitsOnChange",
    "ModelBounds",
    "Observation",
    "Regimes",
    "Share",
    "Tier",
    "VisitsAtMost",
    "VisitsBelow",
    "wrong_cut_offs",
]

Ratio = Annotated[float, Field(gt=0, le=1)]
Months = Annotated[int, Field(gt=0)]


@dataclass(frozen=True)
class VisitsAtMost:
    """The maximum number of visits to one enterprise in a year."""

    number: int


@dataclass(frozen=True)
class VisitsBelow:
    """A number of yearly visits to one enterprise that must not be reached, counted over several years."""

    number: int


class InspectionIntensity(PolicyPart):
    """The intensity of a tier's inspections on items of one kind.

    ``ratio`` is the share of the tier drawn in a year, with ``ratio_from`` if a range is published; no tier may be left
    out of draws, so it is above zero. ``every_months`` is an interval between inspections, and gives the ratio if none
    is written: an interval of 18 months means two thirds in a year. ``visits_per_year_at_most`` bounds the visits to
    one enterprise; ``visits_per_year_below`` is for a text that says "fewer than", counted over several years.
    ``not_again_within_months`` is the time in which an enterprise is not drawn again.
    """

    ratio: Ratio
    ratio_from: Annotated[float, Field(ge=0, le=1)] | None = None
    visits_per_year_at_most: Annotated[int, Field(ge=1)] | None = None
    visits_per_year_below: Annotated[int, Field(ge=1)] | None = None
    every_months: Months | None = None
    not_again_within_months: Months | None = None

    @model_validator(mode="before")
    @classmethod
    def _ratio_from_interval(cls, data: Any) -> Any:
        if isinstance(data, dict) and "ratio" not in data:
            months = data.get("every_months")
            if isinstance(months, int) and months > 0:
                return {**data, "ratio": min(1.0, 12 / months)}
        return data

    @model_validator(mode="after")
    def _a_range(self) -> InspectionIntensity:
        if self.ratio_from is not None and self.ratio_from > self.ratio:
            raise ValueError(f"ratio_from {self.ratio_from:g} must not exceed ratio {self.ratio:g}")
        if len(list(self._visits())) > 1:
            raise ValueError("give visits_per_year_at_most or visits_per_year_below, not both")
        return self

    @property
    def visits(self) -> VisitsAtMost | VisitsBelow | None:
        """The bound on the visits to one enterprise."""
        return next(self._visits(), None)

    def _visits(self) -> Iterator[VisitsAtMost | VisitsBelow]:
        if self.visits_per_year_at_most is not None:
            yield VisitsAtMost(self.visits_per_year_at_most)
        if self.visits_per_year_below is not None:
            yield VisitsBelow(self.visits_per_year_below)


class Inspection(PolicyPart):
    """The inspection of a tier: its intensity for general and key items (一般、重点检查事项), and its grid coverage.

    If a system does not distinguish key items, ``general`` holds for them too.
    """

    general: InspectionIntensity
    key: InspectionIntensity
    grid_coverage: bool = False
    basis: Basis

    @model_validator(mode="before")
    @classmethod
    def _key_as_general(cls, data: Any) -> Any:
        if isinstance(data, dict) and "key" not in data and "general" in data:
            return {**data, "key": data["general"]}
        return data


@dataclass(frozen=True)
class AtLeast:
    """A cut-off reached by totals of at least this number of points."""

    points: float


@dataclass(frozen=True)
class Above:
    """A cut-off reached by totals above this number of points."""

    points: float


@dataclass(frozen=True)
class Share:
    """A cut-off reached by the best share of all assessed enterprises, after the tiers before it."""

    share: float


@dataclass(frozen=True)
class ByConditionOnly:
    """A tier reached through a veto, floor or thin evidence, never through the score."""


@dataclass(frozen=True)
class AllOthers:
    """A tier reached by all enterprises whose score reaches no tier before it."""


CutOff = AtLeast | Above | Share | ByConditionOnly | AllOthers


class Tier(PolicyPart):
    """A credit tier, for enterprises whose total is ``at_least`` or ``above`` a number of points.

    ``share`` instead takes the best share of all assessed, after the tiers before it; the last tier takes all others.
    A tier ``by_condition_only`` is reached through a veto, floor or thin evidence, never through the score.
    """

    CUT_OFF_KEYS: ClassVar = ("at_least", "above", "share", "by_condition_only")

    id: Identifier
    label: BilingualText
    at_least: Points | None = None
    above: Points | None = None
    share: Ratio | None = None
    by_condition_only: bool = False
    inspection: Inspection
    basis: Basis

    @model_validator(mode="after")
    def _one_cut_off(self) -> Tier:
        if len(list(self._cut_offs())) > 1:
            raise ValueError(f"tier {self.id}: give one of at_least, above, share and by_condition_only")
        return self

    @property
    def cut_off(self) -> CutOff:
        """The way in which the tier is reached."""
        return next(self._cut_offs(), AllOthers())

    def _cut_offs(self) -> Iterator[CutOff]:
        if self.by_condition_only:
            yield ByConditionOnly()
        if self.share is not None:
            yield Share(self.share)
        if self.above is not None:
            yield Above(self.above)
        if self.at_least is not None:
            yield AtLeast(self.at_least)

    @property
    def compares_enterprises(self) -> bool:
        """Whether reaching the tier depends on the scores of others."""
        match self.cut_off:
            case Share():
                return True
            case AtLeast() | Above() | ByConditionOnly() | AllOthers():
                return False
            case unknown:
                assert_never(unknown)


class FullCoverage(PolicyPart):
    """Enterprises of these key areas are inspected in full, outside the tiers (article 三(二)3)."""

    key_areas: Annotated[tuple[str, ...], Field(min_length=1)]
    basis: Basis


class Observation(PolicyPart):
    """New business forms are observed for a time (article 三(二)4), unless one of the conditions holds.

    ``months`` counts from the day of establishment, for enterprises without their own ``observation_until``.
    """

    months: Months
    unless: tuple[Bound, ...] = ()
    basis: Basis


class Regimes(PolicyPart):
    """The ways of supervision besides the tiers."""

    full_coverage: FullCoverage | None = None
    observation: Observation | None = None


class LimitsOnChange(PolicyPart):
    """The limit on a tier's rise since the last assessment: a number of steps in a number of months.

    A tier never rises if fewer records were known than before: missing data are not an improvement.
    """

    rise_at_most_steps: Annotated[int, Field(ge=1)]
    per_months: Months
    basis: Basis


class ModelBounds(PolicyPart):
    """The limit on a learned model: it may raise attention by at most this number of tiers, and never lowers it."""

    raise_attention_at_most_steps: Annotated[int, Field(ge=0)]
    basis: Basis


def wrong_cut_offs(tiers: Sequence[Tier]) -> Iterator[str]:
    """Yield the errors in the cut-offs of tiers, which are in order from best to worst."""
    by_score = [tier for tier in tiers if not tier.by_condition_only]
    if len(by_score) < 2:
        yield "at least two tiers must be reached by the score"
        return
    *upper, last = by_score
    cuts: list[float] = []
    shares: list[float] = []
    for tier in upper:
        match tier.cut_off:
            case AtLeast(points) | Above(points):
                cuts.append(points)
            case Share(share):
                shares.append(share)
            case ByConditionOnly() | AllOthers():
                pass
            case unknown:
                assert_never(unknown)
    if last.cut_off != AllOthers():
        yield "the last tier by score must have no cut-off: it takes all others"
    elif len(shares) == len(upper):
        if sum(shares) > 1 + 1e-9:
            yield "the shares of the tiers must not exceed 1"
    elif len(cuts) < len(upper):
        yield "every tier by score but the last needs at_least or above (or all of them share)"
    elif any(lower >= higher for higher, lower in pairwise(cuts)):
        yield "tiers must stand from best to worst: at_least must fall"
