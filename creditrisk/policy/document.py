"""The policy document (评价办法): everything that turns indicators into points, tiers and supervision, as data.

Design section 5. Keys that the document does not know are errors, numbers carry their basis, and what the parts say
of one another must agree; :mod:`creditrisk.policy.loading` adds the file, line and key to each complaint.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.spec import BilingualText, Dimension, IndicatorSpec
from creditrisk.records.standing import StandingRules
from creditrisk.vocabulary import DIMENSIONS, RECORD_TYPES

__all__ = [
    "EXPERT_DEFAULT",
    "MOST_POINTS",
    "Band",
    "Bound",
    "Condition",
    "DimensionScale",
    "Inspection",
    "InspectionIntensity",
    "Policy",
    "Rule",
    "Tier",
]

# The mark of a number that no published text gives: the authority that enacts the policy has to set it.
EXPERT_DEFAULT = "expert_default"

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
Basis = Annotated[str, Field(min_length=1, description=f"the source of the numbers, or {EXPERT_DEFAULT!r}")]
# One rule gives at most so many points, capped or not, and a dimension has at most so many rules: enough for any
# system, and their sum in thousandths fits into 32 bits.
MOST_POINTS = 10_000.0
MOST_RULES = 200
Points = Annotated[float, Field(ge=-MOST_POINTS, le=MOST_POINTS, multiple_of=0.001, allow_inf_nan=False)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SeverityWeights(_Data):
    """How much a record of each severity weighs; each at least as much as the one before."""

    minor: Annotated[float, Field(ge=0)]
    general: float
    serious: float
    grave: float
    basis: Basis

    @model_validator(mode="after")
    def _rising(self) -> SeverityWeights:
        if not self.minor <= self.general <= self.serious <= self.grave:
            raise ValueError("severity weights must not fall from minor to grave")
        return self

    def __getitem__(self, severity: str) -> float:
        return float(getattr(self, severity))


class DimensionScale(_Data):
    """A dimension's score is ``base`` plus the points of its rules, held between ``floor`` and ``ceiling``."""

    weight: Annotated[float, Field(gt=0, le=1, multiple_of=0.001)]
    base: Points
    floor: Points
    ceiling: Points
    basis: Basis

    @model_validator(mode="after")
    def _base_between(self) -> DimensionScale:
        if not self.floor <= self.base <= self.ceiling:
            raise ValueError(f"base {self.base:g} must lie between floor {self.floor:g} and ceiling {self.ceiling:g}")
        return self


class PerUnit(_Data):
    """``points`` for each ``unit`` of the indicator, in all at most ``cap`` (without one, 10,000) in size."""

    points: Points
    unit: Annotated[float, Field(gt=0)] = 1.0
    cap: Annotated[float, Field(gt=0, le=MOST_POINTS, multiple_of=0.001)] | None = None


class Band(_Data):
    """Points for a value in ``[from, below)``."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)

    from_: float | None = Field(None, alias="from")
    below: float | None = None
    points: Points


class Rule(_Data):
    """An indicator turned into points of a dimension, by the unit or by bands.

    ``missing`` are the points where the indicator has nothing to measure. The reason may contain ``{value}``.
    """

    id: Identifier
    dimension: Dimension
    indicator: str
    per_unit: PerUnit | None = None
    bands: tuple[Band, ...] = ()
    missing: Points = 0.0
    reason: BilingualText
    basis: Basis

    @model_validator(mode="before")
    @classmethod
    def _dimension_from_id(cls, data: Any) -> Any:
        if isinstance(data, dict) and "dimension" not in data and isinstance(data.get("id"), str):
            prefix = data["id"].partition(".")[0]
            if prefix in DIMENSIONS:
                return {**data, "dimension": prefix}
        return data

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

    @model_validator(mode="after")
    def _one_form(self) -> Rule:
        if (self.per_unit is None) == (not self.bands):
            raise ValueError(f"rule {self.id} needs either 'per_unit' or 'bands'")
        return self

    def steps(self) -> list[float]:
        """The points in order of rising value: for checks of direction."""
        if self.per_unit is not None:
            return [0.0, self.per_unit.points]
        return [band.points for band in self.bands]


class Condition(_Data):
    """A comparison of one indicator with one number; ``missing`` says whether a missing value meets it."""

    indicator: str
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    missing: bool = False

    @model_validator(mode="after")
    def _one_comparison(self) -> Condition:
        if sum(getattr(self, name) is not None for name in ("at_least", "above", "at_most", "below")) != 1:
            raise ValueError("give exactly one of at_least, above, at_most, below")
        return self


class Bound(_Data):
    """Where the condition holds, the tier is at best ``at_best``, whatever the score."""

    id: Identifier
    when: Condition
    at_best: str
    reason: BilingualText
    basis: Basis


class InspectionIntensity(_Data):
    """How a tier is inspected on items of one kind.

    ``ratio`` is the share of the tier drawn in a year; no tier may be left out of draws, so it is above zero.
    """

    ratio: Annotated[float, Field(gt=0, le=1)]
    visits_per_year_at_most: Annotated[int, Field(ge=1)] | None = None


class Inspection(_Data):
    """Ratio and frequency for general and key items (一般、重点检查事项), and whether the grid covers it in full."""

    general: InspectionIntensity
    key: InspectionIntensity
    grid_coverage: bool = False
    basis: Basis


class Tier(_Data):
    """A credit tier: enterprises with a total of ``at_least`` so much; the last tier takes all others."""

    id: Identifier
    label: BilingualText
    at_least: Points | None = None
    inspection: Inspection
    basis: Basis


class FullCoverage(_Data):
    """Enterprises of these key areas are inspected in full, outside the tiers (article 三(二)3)."""

    key_areas: Annotated[tuple[str, ...], Field(min_length=1)]
    basis: Basis


class Observation(_Data):
    """New business forms are observed for a time (article 三(二)4), unless one of the conditions holds.

    ``months`` counts from the day of establishment, for enterprises without their own ``observation_until``.
    """

    months: Annotated[int, Field(gt=0)]
    unless: tuple[Bound, ...] = ()
    basis: Basis


class Regimes(_Data):
    """Ways of supervision beside the tiers."""

    full_coverage: FullCoverage | None = None
    observation: Observation | None = None


class Policy(_Data):
    """One edition of a policy.

    Load one with :func:`creditrisk.load_policy`; the fields are those of the YAML document.

    Attributes
    ----------
    sha256 : str
        Of the document as loaded.
    """

    format: Literal[1]
    id: Identifier
    edition: Annotated[str, Field(min_length=1)]
    title: BilingualText
    effective_from: date
    effective_to: date | None = None
    review_by: date | None = None
    basis: Basis
    notes: BilingualText | None = None
    record_types: dict[Identifier, BilingualText] = Field(default_factory=dict)
    severity_weights: SeverityWeights
    standing: StandingRules = StandingRules()
    indicators: tuple[IndicatorSpec, ...] = ()
    dimensions: Annotated[dict[Dimension, DimensionScale], Field(min_length=1)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    vetoes: tuple[Bound, ...] = ()
    thin_evidence: tuple[Bound, ...] = ()
    tiers: Annotated[tuple[Tier, ...], Field(min_length=2)]
    regimes: Regimes = Regimes()
    sha256: str = ""

    @model_validator(mode="after")
    def _agreeing(self) -> Policy:
        for complaint in self._disagreements():
            raise ValueError(complaint)
        return self

    @cached_property
    def specs(self) -> dict[str, IndicatorSpec]:
        """Every indicator that the policy can name, by id: the built-in ones and its own."""
        return {spec.id: spec for spec in (*built_in_indicators(), *self.indicators)}

    @cached_property
    def indicators_used(self) -> tuple[str, ...]:
        """Ids of the indicators that rules, vetoes and other conditions read, each once."""
        named = [rule.indicator for rule in self.rules] + [bound.when.indicator for bound in self.bounds]
        return tuple(dict.fromkeys(named))

    @cached_property
    def bounds(self) -> tuple[Bound, ...]:
        """Vetoes, thin evidence and what ends an observation period, in this order."""
        observation = self.regimes.observation
        return (*self.vetoes, *self.thin_evidence, *(observation.unless if observation else ()))

    def tier(self, tier_id: str) -> Tier:
        """The tier with this id."""
        return next(tier for tier in self.tiers if tier.id == tier_id)

    def _disagreements(self) -> Iterator[str]:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            yield f"effective_to {self.effective_to} lies before effective_from {self.effective_from}"
        total = sum(round(scale.weight * 1000) for scale in self.dimensions.values())
        if total != 1000:
            yield f"the dimensions' weights must add up to 1, not {total / 1000:g}"
        for kind, names in (
            ("rule", [rule.id for rule in self.rules]),
            ("veto or condition", [bound.id for bound in self.bounds]),
            ("tier", [tier.id for tier in self.tiers]),
            ("indicator", [spec.id for spec in self.indicators]),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                yield f"two entries of kind {kind} are called {twice!r}"
        for dimension in self.dimensions:
            if sum(rule.dimension == dimension for rule in self.rules) > MOST_RULES:
                yield f"dimension {dimension} has more than {MOST_RULES} rules"
        yield from self._wrong_references()
        cuts = [tier.at_least for tier in self.tiers[:-1]]
        if self.tiers[-1].at_least is not None or None in cuts:
            yield "every tier but the last needs at_least, and the last must have none: it takes all others"
        elif any(upper <= lower for upper, lower in pairwise(cuts)):  # type: ignore[operator]
            yield "tiers must stand from best to worst: at_least must fall"
        yield from self._wrong_directions()

    def _wrong_references(self) -> Iterator[str]:
        known_types = {*RECORD_TYPES, *self.record_types}
        for spec in self.indicators:
            for name in (*spec.select.types, *(spec.out_of.types if spec.out_of else ())):
                if name not in known_types:
                    yield f"indicator {spec.id} selects the unknown record type {name!r}"
        for name in (*(name for term in self.standing.terms for name in term.types), *self._exempt_types()):
            if name not in known_types:
                yield f"the standing rules name the unknown record type {name!r}"
        for rule in self.rules:
            if rule.indicator not in self.specs:
                yield f"rule {rule.id} reads the unknown indicator {rule.indicator!r}"
            if rule.dimension not in self.dimensions:
                yield f"rule {rule.id} gives points in {rule.dimension!r}, which the policy does not score"
        tiers = [tier.id for tier in self.tiers]
        for bound in self.bounds:
            if bound.when.indicator not in self.specs:
                yield f"{bound.id} reads the unknown indicator {bound.when.indicator!r}"
            if bound.at_best not in tiers:
                yield f"{bound.id} names the unknown tier {bound.at_best!r}; tiers are {', '.join(tiers)}"

    def _exempt_types(self) -> tuple[str, ...]:
        return self.standing.exemption.types if self.standing.exemption is not None else ()

    def _wrong_directions(self) -> Iterator[str]:
        for rule in self.rules:
            spec = self.specs.get(rule.indicator)
            if spec is None or spec.direction == "none":
                continue
            sign = -1 if spec.direction == "risk_rises" else 1
            if any(sign * (after - before) < 0 for before, after in pairwise(rule.steps())):
                yield f"rule {rule.id} rewards what {spec.id} declares a risk (direction {spec.direction})"
