"""Checks of the state of a fitted model, so that a model built from it can predict."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from math import inf
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from creditrisk.learning.scorers.cut_offs import CutOffs

__all__ = ["check_state"]

# The most points, so that their sums stay whole numbers of 64 bits.
_MOST = 2**53

Points = Annotated[int, Field(ge=-_MOST, le=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


def check_state(state: dict[str, Any]) -> None:
    """Raise a ValueError, which says what is wrong, unless a model can be built from the state and predict."""
    try:
        _State.model_validate(state)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{where}: {message}" if where else message) from None


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True)


class _Parameters(_Stored):
    categories: list[str]
    cut_offs: CutOffs | None
    n_jobs: int | None
    unseen: Literal["missing", "error"]


class _Calibration(_Stored):
    slope: Annotated[Finite, Field(gt=0)]
    intercept: Finite
    raw: list[Finite]
    probability: list[Share]

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if len(self.raw) != len(self.probability):
            raise ValueError("raw and probability are not of one length")
        _check_rising("raw", self.raw, strictly=True)
        _check_rising("probability", self.probability)
        return self


class _Steps(_Stored):
    feature: Annotated[int, Field(ge=0)]
    cuts: list[float]
    points: list[Points]
    missing: Points
    expected: Finite

    @model_validator(mode="after")
    def _one_for_each_band(self) -> Self:
        _check_rising("cuts", self.cuts, strictly=True)
        if len(self.points) != len(self.cuts) + 1:
            raise ValueError("points are not one more than cuts")
        return self


class _Scale(_Stored):
    even_odds: Annotated[int, Field(ge=-_MOST, le=_MOST)] = 50_000
    to_halve_odds: Annotated[int, Field(ge=1, le=_MOST)] = 10_000


class _AdditivePoints(_Stored):
    base: Annotated[int, Field(ge=-_MOST, le=_MOST)]
    scale: _Scale = _Scale()
    steps: list[_Steps]


class _Training(_Stored):
    rows: int
    findings: int
    held_out: int
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None

    @model_validator(mode="after")
    def _days(self) -> Self:
        for day in (self.from_, self.to):
            if day is not None:
                date.fromisoformat(day)
        return self


class _State(_Stored):
    parameters: _Parameters
    classes: Annotated[list[Any], Field(min_length=2, max_length=2)]
    classes_dtype: str
    n_features: Annotated[int, Field(ge=1)]
    features: list[str] | None
    levels: dict[str, list[str]]
    constraints: list[Literal[-1, 0, 1]]
    calibration: _Calibration
    cut_offs: CutOffs
    thresholds: list[float]
    training: _Training
    points: _AdditivePoints | None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.constraints) != self.n_features or len(self.features or self.constraints) != self.n_features:
            raise ValueError(f"features and constraints are not those of {self.n_features} columns")
        if len(set(self.features or ())) != len(self.features or ()):
            raise ValueError("features names a column twice")
        if not set(self.levels) <= set(self.features or ()):
            raise ValueError("levels names a column that is none")
        if any(len(set(levels)) != len(levels) for levels in self.levels.values()):
            raise ValueError("levels names a category twice")
        if len(self.thresholds) != len(self.cut_offs.tiers) - 1:
            raise ValueError(f"thresholds are not one fewer than the {len(self.cut_offs.tiers)} tiers")
        _check_rising("thresholds", self.thresholds)
        stepped = [] if self.points is None else [step.feature for step in self.points.steps]
        if len(set(stepped)) != len(stepped) or max(stepped, default=0) >= self.n_features:
            raise ValueError("points are not those of the columns, one after another")
        return self


def _check_rising(name: str, values: list[float], *, strictly: bool = False) -> None:
    if not all(low < high or (low == high and not strictly) for low, high in pairwise((-inf, *values))):
        raise ValueError(f"{name} must rise")
