"""Numbers as the documents mean them: exact while they are added up, the nearest double where they stand as a value."""

from __future__ import annotations

from fractions import Fraction

Number = int | float | Fraction


def exact(number: Number) -> Fraction:
    """A number as it is written: 0.1 is a tenth."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


def double(number: Number) -> Fraction:
    """The double nearest to a number, as a fraction; values and what they are compared with are doubles."""
    return Fraction(float(exact(number)))


def in_units(number: Fraction, unit: Fraction) -> Fraction:
    """The multiple of a unit nearest to a number, of two the even one."""
    return round(number / unit) * unit
