"""Quantities: numbers of the enterprise that a policy computes from others, as divisors or to measure.

Published systems need them: the mean size of a fleet at three dates, a factor for its use, and their product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, assert_never

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from creditrisk.vocabulary import BilingualText

__all__ = ["ByPieces", "Choice", "MeanOf", "Piece", "ProductOf", "Quantity", "RatioOf", "SumOf", "quantity_values"]

Numbers = NDArray[np.float64]
Names = Annotated[tuple[str, ...], Field(min_length=2)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Piece(_Data):
    """``value`` for numbers up to and including ``up_to``, plus 1 for each ``one_more_per`` above the piece before."""

    up_to: float | None = None
    value: float
    one_more_per: Annotated[float, Field(gt=0)] | None = None


class Choice(_Data):
    """One quantity if a number reaches a limit, another if it is less or missing."""

    by: str
    at_least: float
    then: str
    otherwise: str


@dataclass(frozen=True)
class MeanOf:
    """The mean of the numbers that are not missing."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class SumOf:
    """The sum of the numbers that are not missing."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class ProductOf:
    """The product; missing if a factor is missing."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class RatioOf:
    """The part divided by the whole; missing if the whole is not above zero."""

    part: str
    whole: str


@dataclass(frozen=True)
class ByPieces:
    """A piecewise function of a number."""

    of: str
    pieces: tuple[Piece, ...]


QuantityForm = MeanOf | SumOf | ProductOf | RatioOf | ByPieces | Choice


class Quantity(_Data):
    """A number of the enterprise, computed in exactly one way from given numbers or from quantities before it.

    ``mean_of`` and ``sum_of`` skip missing numbers; ``product_of`` and ``ratio_of`` (the first divided by the second)
    are missing if a part is missing or the divisor is not above zero. ``pieces`` are a piecewise function of the number
    ``of``. ``missing`` replaces a missing result.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: BilingualText
    source: Annotated[str, Field(min_length=1)]
    mean_of: Names | None = None
    sum_of: Names | None = None
    product_of: Names | None = None
    ratio_of: Annotated[tuple[str, str], Field()] | None = None
    of: str | None = None
    pieces: tuple[Piece, ...] = ()
    choice: Choice | None = None
    missing: float | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Quantity:
        if len(list(self._forms())) != 1 or (self.of is not None) != bool(self.pieces):
            raise ValueError(
                f"quantity {self.id} needs one of mean_of, sum_of, product_of, ratio_of, choice, or of with pieces"
            )
        ends = [piece.up_to for piece in self.pieces]
        if ends and (ends[-1] is not None or None in ends[:-1] or ends[:-1] != sorted(set(ends[:-1]))):  # type: ignore[type-var]
            raise ValueError(f"quantity {self.id}: pieces must rise by up_to, and the last must have none")
        if self.pieces and self.pieces[0].one_more_per is not None:
            raise ValueError(f"quantity {self.id}: the first piece has nothing before it to rise from")
        return self

    @property
    def form(self) -> QuantityForm:
        """The form in which the quantity is computed."""
        return next(self._forms())

    def _forms(self) -> Iterator[QuantityForm]:
        if self.choice is not None:
            yield self.choice
        if self.of is not None and self.pieces:
            yield ByPieces(self.of, self.pieces)
        if self.product_of is not None:
            yield ProductOf(self.product_of)
        if self.ratio_of is not None:
            yield RatioOf(*self.ratio_of)
        if self.mean_of is not None:
            yield MeanOf(self.mean_of)
        if self.sum_of is not None:
            yield SumOf(self.sum_of)


def quantity_values(quantity: Quantity, number: Callable[[str], Numbers]) -> Numbers:
    """Compute the values of a quantity, shape (n_rows,); NaN where it is missing.

    Parameters
    ----------
    quantity : Quantity
    number : callable
        A function that returns the numbers with a name that the quantity uses.
    """
    values = _made(quantity, number)
    return values if quantity.missing is None else np.where(np.isnan(values), quantity.missing, values)


def _made(quantity: Quantity, number: Callable[[str], Numbers]) -> Numbers:
    match quantity.form:
        case Choice() as choice:
            return np.where(number(choice.by) >= choice.at_least, number(choice.then), number(choice.otherwise))
        case ByPieces(of, pieces):
            return _by_pieces(number(of), pieces)
        case ProductOf(names):
            return np.prod([number(name) for name in names], axis=0)
        case RatioOf(part, whole):
            above, below = number(part), number(whole)
            return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
        case MeanOf(names):
            total, present = _present(names, number)
            return np.divide(total, present, out=np.full(len(total), np.nan), where=present > 0)
        case SumOf(names):
            total, present = _present(names, number)
            return np.where(present > 0, total, np.nan)
        case unknown:
            assert_never(unknown)


def _present(names: Sequence[str], number: Callable[[str], Numbers]) -> tuple[Numbers, NDArray[np.intp]]:
    """Return the sum of the numbers that are not missing, and their count."""
    parts = np.stack([number(name) for name in names])
    return np.nansum(parts, axis=0), (~np.isnan(parts)).sum(axis=0)


def _by_pieces(x: Numbers, pieces: Sequence[Piece]) -> Numbers:
    ends = np.array([piece.up_to for piece in pieces[:-1]], dtype=np.float64)
    which = np.searchsorted(ends, x, side="left")
    start = np.concatenate(([0.0], ends))[which]
    value = np.array([piece.value for piece in pieces])[which]
    # This divides instead of multiplying by a reciprocal: 49 above the piece before, divided by 49, is 1.
    step = np.array([np.inf if piece.one_more_per is None else piece.one_more_per for piece in pieces])[which]
    return np.where(np.isnan(x), np.nan, value + (x - start) / step)
