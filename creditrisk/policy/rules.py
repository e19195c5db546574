"""Parts of a policy that say what follows from an indicator: conditions, rules that give points, bounds on the tier."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from creditrisk.indicators.spec import Dimension, dimension_from_id
from creditrisk.vocabulary import BilingualText

__all__ = [
    "EXPERT_DEFAULT",
    "MOST_POINTS",
    "Band",
    "Basis",
    "Bound",
    "Condition",
    "Effect",
    "Identifier",
    "PerUnit",
    "Points",
    "PolicyPart",
    "Rule",
    "ValuePoints",
]

# The mark of a number that no published text gives: the authority that enacts the policy has to set it.
EXPERT_DEFAULT = "expert_default"

# One rule gives at most so many points, capped or not, and a dimension has a limited number of rules: enough for any
# system, and their sum in thousandths fits into 32 bits.
MOST_POINTS = 10_000.0

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
Basis = Annotated[str, Field(min_length=1, description=f"the source of the numbers, or {EXPERT_DEFAULT!r}")]
Effect = Literal["at_best", "at_worst", "exactly"]
Points = Annotated[float, Field(ge=-MOST_POINTS, le=MOST_POINTS, multiple_of=0.001, allow_inf_nan=False)]

_COMPARISONS = ("at_least", "above", "at_most", "below")


class PolicyPart(BaseModel):
    """A part of a policy document: unknown keys are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


class Condition(PolicyPart):
    """A comparison of one indicator with one number, or several conditions of which all or any must hold.

    ``missing`` says whether a missing value meets the comparison.
    """

    indicator: str | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    missing: bool = False
    all_of: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> Condition:
        given = sum(getattr(self, name) is not None for name in _COMPARISONS)
        forms = [self.indicator is not None, bool(self.all_of), bool(self.any_of)]
        if sum(forms) != 1:
            raise ValueError("give either an indicator with a comparison, or all_of, or any_of")
        if self.indicator is not None and given != 1:
            raise ValueError("give exactly one of at_least, above, at_most, below")
        if self.indicator is None and (given or self.missing):
            raise ValueError("a comparison needs an indicator to compare")
        return self

    def comparisons(self) -> Iterator[Condition]:
        """The single comparisons of which the condition is made."""
        if self.indicator is not None:
            yield self
        for part in (*self.all_of, *self.any_of):
            yield from part.comparisons()

    def indicators(self) -> tuple[str, ...]:
        """The indicators that the condition reads, each once."""
        return tuple(dict.fromkeys(part.indicator for part in self.comparisons() if part.indicator is not None))


class PerUnit(PolicyPart):
    """``points`` for each ``unit`` of the indicator, in all at most ``cap`` (without one, 10,000) in size."""

    points: Points
    unit: Annotated[float, Field(gt=0)] = 1.0
    cap: Annotated[float, Field(gt=0, le=MOST_POINTS, multiple_of=0.001)] | None = None


class Band(PolicyPart):
    """Points for a value in ``[from, below)``."""

    from_: float | None = Field(None, alias="from")
    below: float | None = None
    points: Points


class ValuePoints(PolicyPart):
    """Points for exactly this value."""

    value: float
    points: Points


class Rule(PolicyPart):
    """An indicator turned into points of a dimension: by the unit, by bands, or by single values.

    With ``when``, only where that condition holds. ``missing`` are the points where the indicator has nothing to
    measure, ``unseen`` those for a value that ``values`` does not list. The reason may contain ``{value}``.
    """

    id: Identifier
    dimension: Dimension
    indicator: str
    when: Condition | None = None
    per_unit: PerUnit | None = None
    bands: tuple[Band, ...] = ()
    values: tuple[ValuePoints, ...] = ()
    missing: Points = 0.0
    unseen: Points | None = None
    reason: BilingualText
    basis: Basis

    _dimension_from_id = model_validator(mode="before")(dimension_from_id)

    @field_validator("bands")
    @classmethod
    def _complete_bands(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        if not bands:
            return bands
        if bands[0].from_ is not None or bands[-1].below is not None:
            raise ValueError("the first band must have no 'from' and the last no 'below', so that every value has one")
        for lower, upper in pairwise(bands):
            if lower.below is None or upper.from_ is None or lower.below != upper.from_:
                raise ValueError(f"a gap or overlap: a band ends below {lower.below}, the next starts at {upper.from_}")
        cuts = [band.below for band in bands[:-1] if band.below is not None]
        if cuts != sorted(set(cuts)):
            raise ValueError("bands must rise")
        return bands

    @field_validator("values")
    @classmethod
    def _rising_values(cls, values: tuple[ValuePoints, ...]) -> tuple[ValuePoints, ...]:
        listed = [entry.value for entry in values]
        if listed != sorted(set(listed)):
            raise ValueError("values must rise, each given once")
        return values

    @model_validator(mode="after")
    def _one_form(self) -> Rule:
        if (self.per_unit is not None) + bool(self.bands) + bool(self.values) != 1:
            raise ValueError(f"rule {self.id} needs one of 'per_unit', 'bands' and 'values'")
        if bool(self.values) != (self.unseen is not None):
            raise ValueError(f"rule {self.id}: 'unseen' (points for a value not listed) goes with 'values', and must")
        return self

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that the rule reads, its own first."""
        return tuple(dict.fromkeys((self.indicator, *(self.when.indicators() if self.when else ()))))

    def steps(self, counts: bool = False) -> list[float]:
        """The points in order of rising value: for checks of direction.

        Of an indicator that ``counts`` (0, 1, 2, …) nothing lies between values that follow one another from 0 on.
        """
        if self.per_unit is not None:
            return [0.0, self.per_unit.points]
        if self.bands:
            return [band.points for band in self.bands]
        unseen = self.unseen or 0.0
        if counts and [entry.value for entry in self.values] == list(range(len(self.values))):
            return [*(entry.points for entry in self.values), unseen]
        # A value that is not listed may lie before, between and after those that are.
        return [unseen, *(points for entry in self.values for points in (entry.points, unseen))]


class Bound(PolicyPart):
    """Where the condition holds, the tier is at best, at worst or exactly the one named, whatever the score."""

    id: Identifier
    when: Condition
    at_best: str | None = None
    at_worst: str | None = None
    exactly: str | None = None
    reason: BilingualText
    basis: Basis

    @model_validator(mode="after")
    def _one_effect(self) -> Bound:
        if sum(name is not None for name in (self.at_best, self.at_worst, self.exactly)) != 1:
            raise ValueError(f"{self.id} needs one of at_best, at_worst and exactly")
        return self

    @property
    def effect(self) -> Effect:
        """Whether the tier is held from above, from below, or fixed."""
        if self.exactly is not None:
            return "exactly"
        return "at_best" if self.at_best is not None else "at_worst"

    @property
    def tier(self) -> str:
        """The tier named."""
        return str(getattr(self, self.effect))
