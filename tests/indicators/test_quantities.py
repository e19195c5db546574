"""Quantities: numbers of the enterprise that a policy makes from others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from creditrisk.indicators.quantities import Quantity, quantity_values

NUMBERS = {"a": np.array([1.0, 2.0, np.nan, 0.0]), "b": np.array([3.0, np.nan, np.nan, 0.0])}


def made(**form: Any) -> list[float | None]:
    """The values of a quantity; None for a missing one."""
    quantity = Quantity(id="q", label={"zh": "量", "en": "quantity"}, source="test", **form)
    values = quantity_values(quantity, NUMBERS.__getitem__)
    return [None if np.isnan(value) else float(value) for value in values]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"mean_of": ["a", "b"]}, [2.0, 2.0, None, 0.0]),
        ({"sum_of": ["a", "b"]}, [4.0, 2.0, None, 0.0]),
        ({"product_of": ["a", "b"]}, [3.0, None, None, 0.0]),
        ({"ratio_of": ["a", "b"]}, [1 / 3, None, None, None]),
        ({"ratio_of": ["a", "b"], "missing": 9}, [1 / 3, 9.0, 9.0, 9.0]),
        ({"choice": {"by": "a", "at_least": 2, "then": "a", "otherwise": "b"}}, [3.0, 2.0, None, 0.0]),
    ],
)
def test_each_form_and_what_a_missing_part_does(form: dict[str, Any], expected: list[float | None]) -> None:
    assert made(**form) == expected


def test_pieces_include_their_upper_end_and_rise_from_the_end_before() -> None:
    pieces = [{"up_to": 1, "value": 5}, {"up_to": 2, "value": 5, "one_more_per": 4}, {"value": 0}]
    assert made(of="a", pieces=pieces, missing=7) == [5.0, 5.25, 7.0, 5.0]
    assert made(of="b", pieces=pieces) == [0.0, None, None, 5.0]


def test_one_more_for_each_so_many_is_exact() -> None:
    pieces = [{"up_to": 0, "value": 0}, {"value": 0, "one_more_per": 49}]
    quantity = Quantity(id="q", label={"zh": "量", "en": "quantity"}, source="test", of="a", pieces=pieces)
    assert quantity_values(quantity, lambda _: np.array([49.0, 98.0, 24.5])).tolist() == [1, 2, 0.5]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"mean_of": ["a", "b"], "sum_of": ["a", "b"]},
        {"pieces": [{"value": 1}]},
        {"of": "a", "pieces": [{"up_to": 2, "value": 1}]},
        {"of": "a", "pieces": [{"up_to": 2, "value": 1}, {"up_to": 1, "value": 1}, {"value": 1}]},
        {"of": "a", "pieces": [{"value": 1, "one_more_per": 2}]},
    ],
)
def test_a_quantity_made_in_no_or_in_several_ways_is_refused(form: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(**form)
