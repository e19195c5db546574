"""Parts of a policy that read indicators: conditions, rules that give points, and bounds on the tier.

A condition and a rule have one of several forms, and a bound has one of several effects. The document writes each under
its own keys; code that reads a policy matches ``form`` or ``effect`` to the end with ``assert_never``, so that the type
checker names every place that must handle a new form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from creditrisk.indicators.spec import Dimension, dimension_from_id
from creditrisk.vocabulary import BilingualText

__all__ = [
    "EXPERT_DEFAULT",
    "MOST_POINTS",
    "AllOf",
    "AnyOf",
    "Band",
    "Bands",
    "Basis",
    "Bound",
    "ByValue",
    "Comparison",
    "Condition",
    "Effect",
    "Identifier",
    "PerUnit",
    "Points",
    "PolicyPart",
    "Rule",
    "RuleForm",
    "Sign",
    "ValuePoints",
]

# The mark of a number that no published text gives: the authority that enacts the policy has to set it.
EXPERT_DEFAULT = "expert_default"

# The most points of one rule, with or without a cap. A dimension also has a limited number of rules: this is enough for
# any system, and their sum in thousandths fits into 32 bits.
MOST_POINTS = 10_000.0

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
Basis = Annotated[str, Field(min_length=1, description=f"the source of the numbers, or {EXPERT_DEFAULT!r}")]
Effect = Literal["at_best", "at_worst", "exactly"]
Sign = Literal["at_least", "above", "at_most", "below"]
Points = Annotated[float, Field(ge=-MOST_POINTS, le=MOST_POINTS, multiple_of=0.001, allow_inf_nan=False)]


class PolicyPart(BaseModel):
    """A part of a policy document: unknown keys are errors, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


@dataclass(frozen=True)
class Comparison:
    """An indicator compared with a number; ``missing`` says whether a missing value meets it."""

    sign: Sign
    number: float
    missing: bool
    indicator: str

    @property
    def opens_upwards(self) -> bool:
        """Whether it becomes true as the indicator rises; otherwise it does so as the indicator falls."""
        match self.sign:
            case "at_least" | "above":
                return True
            case "at_most" | "below":
                return False
            case unknown:
                assert_never(unknown)


@dataclass(frozen=True)
class AllOf:
    """Conditions that must all hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """Conditions of which at least one must hold."""

    parts: tuple[Condition, ...]


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
        combined = [name for name in ("all_of", "any_of") if getattr(self, name)]
        signs = [sign for sign, _ in self._signs()]
        if (self.indicator is not None) + len(combined) != 1:
            raise ValueError("give either an indicator with a comparison, or all_of, or any_of")
        stray = [*signs, *(["missing"] if self.missing else [])]
        if combined and stray:
            raise ValueError(
                f"{stray[0]!r} stands beside {combined[0]!r} and compares nothing: "
                f"move it, with an indicator, into a part of {combined[0]!r}"
            )
        if len(list(self._forms())) != 1:
            raise ValueError("give exactly one of at_least, above, at_most, below")
        return self

    @property
    def form(self) -> Comparison | AllOf | AnyOf:
        """The form of the condition."""
        return next(self._forms())

    def _forms(self) -> Iterator[Comparison | AllOf | AnyOf]:
        if self.all_of:
            yield AllOf(self.all_of)
        if self.any_of:
            yield AnyOf(self.any_of)
        if self.indicator is not None:
            for sign, number in self._signs():
                # The indicator is read last, because a trace requires that its values are read right after it.
                yield Comparison(sign, number, self.missing, self.indicator)

    def _signs(self) -> Iterator[tuple[Sign, float]]:
        given: tuple[tuple[Sign, float | None], ...] = (
            ("at_least", self.at_least), ("above", self.above), ("at_most", self.at_most), ("below", self.below),
        )  # fmt: skip
        yield from ((sign, number) for sign, number in given if number is not None)

    def comparisons(self) -> Iterator[Comparison]:
        """Yield the single comparisons in the condition."""
        match self.form:
            case Comparison() as comparison:
                yield comparison
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    yield from part.comparisons()
            case unknown:
                assert_never(unknown)

    def indicators(self) -> tuple[str, ...]:
        """Return the indicators that the condition reads, each once."""
        return tuple(dict.fromkeys(part.indicator for part in self.comparisons()))


class PerUnit(PolicyPart):
    """``points`` for each ``unit`` of the indicator; their absolute sum is at most ``cap`` (10,000 without one)."""

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


@dataclass(frozen=True)
class Bands:
    """Points by the range in which a value lies; the ranges go from low to high without a gap."""

    bands: tuple[Band, ...]


@dataclass(frozen=True)
class ByValue:
    """Points by single values in rising order, and ``unseen`` points for a value that is not listed."""

    values: tuple[ValuePoints, ...]
    unseen: float


RuleForm = PerUnit | Bands | ByValue


class Rule(PolicyPart):
    """A rule turns an indicator into points of a dimension: per unit, by bands, or by single values.

    With ``when``, it gives points only where that condition holds. ``missing`` are the points if the indicator has
    nothing to measure, ``unseen`` those for a value that ``values`` does not list. The reason may contain ``{value}``.
    """

    FORM_KEYS: ClassVar = ("per_unit", "bands", "values", "unseen")

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
        if bool(self.values) != (self.unseen is not None):
            raise ValueError(f"rule {self.id}: 'unseen' (points for a value not listed) goes with 'values', and must")
        if len(list(self._forms())) != 1:
            raise ValueError(f"rule {self.id} needs one of 'per_unit', 'bands' and 'values'")
        return self

    @property
    def form(self) -> RuleForm:
        """The form in which the rule gives points."""
        return next(self._forms())

    def _forms(self) -> Iterator[RuleForm]:
        if self.per_unit is not None:
            yield self.per_unit
        if self.bands:
            yield Bands(self.bands)
        if self.values and self.unseen is not None:
            yield ByValue(self.values, self.unseen)

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that the rule reads, its own first."""
        return tuple(dict.fromkeys((self.indicator, *(self.when.indicators() if self.when else ()))))

    def steps(self, counts: bool = False) -> list[float]:
        """Return the points in the order of rising values, for checks of direction.

        An indicator that ``counts`` (0, 1, 2, …) has no values between consecutive listed values from 0 on.
        """
        match self.form:
            case PerUnit(points=points):
                return [0.0, points]
            case Bands(bands):
                return [band.points for band in bands]
            case ByValue(values, unseen):
                if counts and [entry.value for entry in values] == list(range(len(values))):
                    return [*(entry.points for entry in values), unseen]
                # A value that is not listed may lie before, between and after the listed values.
                return [unseen, *(points for entry in values for points in (entry.points, unseen))]
            case unknown:
                assert_never(unknown)


class Bound(PolicyPart):
    """A bound: if the condition holds, the tier is at best, at worst or exactly the named one, whatever the score."""

    id: Identifier
    when: Condition
    at_best: str | None = None
    at_worst: str | None = None
    exactly: str | None = None
    reason: BilingualText
    basis: Basis

    @model_validator(mode="after")
    def _one_effect(self) -> Bound:
        if len(list(self._effects())) != 1:
            raise ValueError(f"{self.id} needs one of at_best, at_worst and exactly")
        return self

    @property
    def effect(self) -> Effect:
        """Whether the bound limits the tier from above, limits it from below, or fixes it."""
        return next(self._effects())[0]

    @property
    def tier(self) -> str:
        """The tier that the bound names."""
        return next(self._effects())[1]

    def _effects(self) -> Iterator[tuple[Effect, str]]:
        if self.exactly is not None:
            yield "exactly", self.exactly
        if self.at_best is not None:
            yield "at_best", self.at_best
        if self.at_worst is not None:
            yield "at_worst", self.at_worst
