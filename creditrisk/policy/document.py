"""The policy document (评价办法): all rules that turn indicators into points, tiers and supervision, as data.

Unknown keys are errors, every number has its basis, and references between the parts must agree;
:mod:`creditrisk.policy.loading` adds the file, line and key to each error message.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from creditrisk.days import Day
from creditrisk.files.account import PolicyUsed
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.quantities import Quantity
from creditrisk.indicators.spec import Dimension, IndicatorSpec, with_dependencies
from creditrisk.policy.proving import Proof, prove_bounds, prove_rules
from creditrisk.policy.rules import Basis, Bound, Effect, Identifier, Points, PolicyPart, Rule
from creditrisk.policy.tiers import LimitsOnChange, ModelBounds, Regimes, Tier, wrong_cut_offs
from creditrisk.records.standing import StandingRules
from creditrisk.vocabulary import RECORD_TYPES, BilingualText

__all__ = ["FILLED_IN_ON_LOADING", "BoundKind", "DimensionScale", "Policy", "SeverityWeights"]

# Fields that no document contains.
FILLED_IN_ON_LOADING: tuple[str, ...] = ("sha256", "values_of", "in_force_from")

BoundKind = Literal["veto", "thin_evidence", "floor"]

# The effects that each kind of bound may have on a tier; a condition that ends an observation period has none.
_HOLDING_DOWN: tuple[Effect, ...] = ("at_best", "exactly")
_HOLDING_UP: tuple[Effect, ...] = ("at_worst", "exactly")

# If each of these rules gives MOST_POINTS, their sum in thousandths still fits into 32 bits.
MOST_RULES = 200


class SeverityWeights(PolicyPart):
    """The weight of a record of each severity; each is at least the weight of the severity before."""

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


class DimensionScale(PolicyPart):
    """A dimension's scale: its score is ``base`` plus the points of its rules, between ``floor`` and ``ceiling``."""

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


class Policy(PolicyPart):
    """One edition of a policy.

    Load one with :func:`creditrisk.load_policy`; the fields are those of the YAML document.

    Attributes
    ----------
    sha256 : str
        The SHA-256 of the document as loaded.
    values_of : datetime.date, optional
        The day for which parameters with dated values were read; None if the newest values were read.
    in_force_from : dict of str to datetime.date
        Key paths of the parameters that the document dates, and the day from which the value read is in force.
    """

    format: Literal[1]
    id: Identifier
    edition: Annotated[str, Field(min_length=1)]
    title: BilingualText
    effective_from: Day
    effective_to: Day | None = None
    review_by: Day | None = None
    basis: Basis
    notes: BilingualText | None = None
    record_types: dict[Identifier, BilingualText] = Field(default_factory=dict)
    severity_weights: SeverityWeights
    standing: StandingRules = StandingRules()
    quantities: tuple[Quantity, ...] = ()
    indicators: tuple[IndicatorSpec, ...] = ()
    dimensions: Annotated[dict[Dimension, DimensionScale], Field(min_length=1)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    vetoes: tuple[Bound, ...] = ()
    thin_evidence: tuple[Bound, ...] = ()
    floors: tuple[Bound, ...] = ()
    tiers: Annotated[tuple[Tier, ...], Field(min_length=2)]
    limits_on_change: LimitsOnChange | None = None
    model: ModelBounds | None = None
    regimes: Regimes = Regimes()
    sha256: str = ""
    values_of: date | None = None
    in_force_from: dict[str, date] = Field(default_factory=dict, exclude=True, repr=False)

    @model_validator(mode="after")
    def _agreeing(self) -> Policy:
        complaint = next(self._disagreements(), None)
        if complaint is not None:
            raise ValueError(complaint)
        _ = self.indicators_used  # raises if an indicator uses itself
        return self

    @property
    def used(self) -> PolicyUsed:
        """The identity of the document, for the account of a run."""
        return PolicyUsed(id=self.id, edition=self.edition, sha256=self.sha256)

    def __repr__(self) -> str:
        holds = f"{len(self.rules)} rules, {len(self.bounds)} bounds, {len(self.tiers)} tiers"
        return f"<Policy {self.id}@{self.edition}: {holds}>"

    @cached_property
    def specs(self) -> dict[str, IndicatorSpec]:
        """Every indicator that the policy can name, by id: the built-in ones and its own."""
        return {spec.id: spec for spec in (*built_in_indicators(), *self.indicators)}

    @cached_property
    def indicators_used(self) -> tuple[str, ...]:
        """The ids of the indicators that rules and conditions read, and of those that these use, each once."""
        named = [name for rule in self.rules for name in rule.indicators]
        named += [name for bound in self.bounds for name in bound.when.indicators()]
        return with_dependencies(named, self.specs)

    @cached_property
    def bounds(self) -> tuple[Bound, ...]:
        """Vetoes, thin evidence, floors, and the conditions that end an observation period, in this order."""
        observation = self.regimes.observation
        return (*self.tier_bounds, *(observation.unless if observation else ()))

    @cached_property
    def tier_bounds(self) -> tuple[Bound, ...]:
        """The bounds on the tier that do not depend on the score: vetoes, thin evidence, floors."""
        return (*self.vetoes, *self.thin_evidence, *self.floors)

    def kind_of(self, bound: Bound) -> BoundKind:
        """Return the kind of a bound on the tier: the list that it is in."""
        if bound in self.vetoes:
            return "veto"
        return "thin_evidence" if bound in self.thin_evidence else "floor"

    @cached_property
    def proofs(self) -> tuple[Proof, ...]:
        """The proofs about each rule and bound (:mod:`creditrisk.policy.proving`); in a loaded policy all hold."""
        rules = prove_rules(self.rules, self.specs)
        bounds = prove_bounds((*self.vetoes, *self.thin_evidence), self.floors, self.specs)
        return (*rules, *bounds)

    @property
    def compares_enterprises(self) -> bool:
        """Whether a tier depends on other enterprises, through shares, percentiles or groups of peers.

        If it does, the tier of one enterprise can only be computed together with all others.
        """
        ranked = any(self.specs[name].compares_enterprises for name in self.indicators_used)
        return ranked or any(tier.compares_enterprises for tier in self.tiers)

    def is_past_review(self, day: date) -> bool:
        """Whether the policy was due for review before this day."""
        return self.review_by is not None and day > self.review_by

    def tier(self, tier_id: str) -> Tier:
        """Return the tier with this id."""
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
        yield from wrong_cut_offs(self.tiers)
        yield from (f"{proof.subject} {proof.text.en}" for proof in self.proofs if not proof.holds)

    def _wrong_references(self) -> Iterator[str]:
        known_types = {*RECORD_TYPES, *self.record_types}
        for spec in self.indicators:
            for name in spec.record_types:
                if name not in known_types:
                    yield f"indicator {spec.id} selects the unknown record type {name!r}"
            for name in spec.dependencies:
                if name not in self.specs:
                    yield f"indicator {spec.id} is made of the unknown indicator {name!r}"
        for name in (*(name for term in self.standing.terms for name in term.types), *self._exempt_types()):
            if name not in known_types:
                yield f"the standing rules name the unknown record type {name!r}"
        for rule in self.rules:
            for name in rule.indicators:
                if name not in self.specs:
                    yield f"rule {rule.id} reads the unknown indicator {name!r}"
            if rule.dimension not in self.dimensions:
                yield f"rule {rule.id} gives points in {rule.dimension!r}, which the policy does not score"
        tiers = [tier.id for tier in self.tiers]
        for bound in self.bounds:
            for name in bound.when.indicators():
                if name not in self.specs:
                    yield f"{bound.id} reads the unknown indicator {name!r}"
            if bound.tier not in tiers:
                yield f"{bound.id} names the unknown tier {bound.tier!r}; tiers are {', '.join(tiers)}"
        for kind, bounds, effects in (
            ("veto", self.vetoes, _HOLDING_DOWN),
            ("thin evidence", self.thin_evidence, _HOLDING_DOWN),
            ("floor", self.floors, _HOLDING_UP),
        ):
            for bound in bounds:
                if bound.effect not in effects:
                    yield f"{bound.id} is a {kind}, so it cannot say {bound.effect}"

    def _exempt_types(self) -> tuple[str, ...]:
        return self.standing.exemption.types if self.standing.exemption is not None else ()
