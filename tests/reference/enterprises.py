"""Numbers of the enterprise itself and the quantities that a policy makes of them, by docs/indicators.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import prod
from typing import Any

from tests.reference.numbers import double, exact

Value = Fraction | None


def number_of_enterprise(
    enterprise: Mapping[str, Any], name: str, day: date, quantities: Sequence[Mapping[str, Any]]
) -> Value:
    """A number by its name: of the enterprise table, made from it, or a quantity of the policy."""
    quantity = next((one for one in quantities if one["id"] == name), None)
    if quantity is not None:
        return _quantity(quantity, enterprise, day, quantities)
    if name == "age_days":
        established = enterprise.get("established_on")
        return None if established is None else Fraction((day - established).days)
    if name == "key_area_count":
        return Fraction(len(enterprise.get("key_areas") or ()))
    if name == "new_business_form":
        return Fraction(bool(enterprise.get("new_business_form")))
    given = enterprise.get(name)
    return None if given is None else double(given)


def _quantity(
    quantity: Mapping[str, Any], enterprise: Mapping[str, Any], day: date, quantities: Sequence[Mapping[str, Any]]
) -> Value:
    def number(name: str) -> Value:
        return number_of_enterprise(enterprise, name, day, quantities)

    made = _made(quantity, number)
    if made is None:
        made = None if quantity.get("missing") is None else exact(quantity["missing"])
    return None if made is None else double(made)


def _made(quantity: Mapping[str, Any], number: Any) -> Value:
    if "choice" in quantity:
        choice = quantity["choice"]
        by = number(choice["by"])
        return number(choice["then" if by is not None and by >= double(choice["at_least"]) else "otherwise"])
    if "pieces" in quantity:
        return _by_pieces(number(quantity["of"]), quantity["pieces"])
    if "product_of" in quantity:
        factors = [number(name) for name in quantity["product_of"]]
        return None if None in factors else prod(factors)
    if "ratio_of" in quantity:
        part, whole = (number(name) for name in quantity["ratio_of"])
        return None if part is None or whole is None or whole <= 0 else part / whole
    there = [one for one in map(number, quantity.get("mean_of") or quantity["sum_of"]) if one is not None]
    if not there:
        return None
    return sum(there) / len(there) if "mean_of" in quantity else sum(there, Fraction(0))


def _by_pieces(number: Value, pieces: Sequence[Mapping[str, Any]]) -> Value:
    if number is None:
        return None
    start = Fraction(0)
    for piece in pieces:
        if piece.get("up_to") is None or number <= double(piece["up_to"]):
            more = (number - start) / exact(piece["one_more_per"]) if piece.get("one_more_per") else 0
            return exact(piece["value"]) + more
        start = double(piece["up_to"])
    raise AssertionError("the last piece has no end")
