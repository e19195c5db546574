"""Quantities: numbers of the enterprise that a policy makes from others, to divide by or to measure.

Published systems need them: the mean of a fleet at three dates, a factor for how much it is used, their product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from creditrisk.vocabulary import BilingualText

__all__ = ["Choice", "Piece", "Quantity", "quantity_values"]

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
    """One quantity where a number is at least so much, another where it is less or missing."""

    by: str
    at_least: float
    then: str
    otherwise: str


class Quantity(_Data):
    """A number of the enterprise, made in exactly one way from numbers that are there or from quantities before it.

    ``mean_of`` and ``sum_of`` take what is not missing; ``product_of`` and ``ratio_of`` (the first by the second) are
    missing where a part is, or the divisor is not above zero. ``pieces`` turn the number ``of`` into another, piece by
    piece. ``missing`` stands in for a missing result.
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
        forms = (self.mean_of, self.sum_of, self.product_of, self.ratio_of, self.pieces or None, self.choice)
        if sum(form is not None for form in forms) != 1 or (self.of is not None) != bool(self.pieces):
            raise ValueError(
                f"quantity {self.id} needs one of mean_of, sum_of, product_of, ratio_of, choice, or of with pieces"
            )
        ends = [piece.up_to for piece in self.pieces]
        if ends and (ends[-1] is not None or None in ends[:-1] or ends[:-1] != sorted(set(ends[:-1]))):  # type: ignore[type-var]
            raise ValueError(f"quantity {self.id}: pieces must rise by up_to, and the last must have none")
        if self.pieces and self.pieces[0].one_more_per is not None:
            raise ValueError(f"quantity {self.id}: the first piece has nothing before it to rise from")
        return self


def quantity_values(quantity: Quantity, number: Callable[[str], Numbers]) -> Numbers:
    """The values of a quantity, shape (n_rows,); NaN where it is missing.

    Parameters
    ----------
    quantity : Quantity
    number : callable
        Gives the numbers of a name that the quantity is made of.
    """
    values = _made(quantity, number)
    return values if quantity.missing is None else np.where(np.isnan(values), quantity.missing, values)


def _made(quantity: Quantity, number: Callable[[str], Numbers]) -> Numbers:
    if quantity.choice is not None:
        choice = quantity.choice
        return np.where(number(choice.by) >= choice.at_least, number(choice.then), number(choice.otherwise))
    if quantity.pieces:
        assert quantity.of is not None
        return _by_pieces(number(quantity.of), quantity.pieces)
    if quantity.product_of is not None:
        return np.prod([number(name) for name in quantity.product_of], axis=0)
    if quantity.ratio_of is not None:
        part, whole = (number(name) for name in quantity.ratio_of)
        return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    parts = np.stack([number(name) for name in quantity.mean_of or quantity.sum_of or ()])
    present = (~np.isnan(parts)).sum(axis=0)
    total = np.nansum(parts, axis=0)
    divisor = present if quantity.mean_of is not None else np.minimum(present, 1)
    return np.divide(total, divisor, out=np.full(len(total), np.nan), where=present > 0)


def _by_pieces(x: Numbers, pieces: Sequence[Piece]) -> Numbers:
    ends = np.array([piece.up_to for piece in pieces[:-1]], dtype=np.float64)
    which = np.searchsorted(ends, x, side="left")
    start = np.concatenate(([0.0], ends))[which]
    value = np.array([piece.value for piece in pieces])[which]
    slope = np.array([0.0 if piece.one_more_per is None else 1.0 / piece.one_more_per for piece in pieces])[which]
    return np.where(np.isnan(x), np.nan, value + (x - start) * slope)
