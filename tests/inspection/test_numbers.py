"""Permanent random numbers: recomputable, stable, uniform."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.inspection.draws.numbers import permanent_numbers, shifted_numbers

IDS = [f"9132058{number:010d}X" for number in range(2_000)]
ids = st.lists(st.text(min_size=1, max_size=20), unique=True, min_size=1, max_size=30)


def plain(seed: str, series: str, enterprise_id: str) -> float:
    digest = sha256(f"{seed}\n{series}\n{enterprise_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


@given(ids=ids)
def test_numbers_are_what_plain_python_computes(ids: list[str]) -> None:
    assert permanent_numbers(ids, seed="公开种子", series="消防").tolist() == [
        plain("公开种子", "消防", one) for one in ids
    ]


def test_known_numbers_never_change() -> None:
    numbers = permanent_numbers(["91320585943433725F", "91321281561467719C"], seed="2026", series="fire")
    assert [number.hex() for number in numbers.tolist()] == KNOWN


KNOWN = ["0x1.41fba97d59c04p-2", "0x1.b537695ebfc00p-6"]


def test_order_and_company_change_no_number() -> None:
    alone = permanent_numbers(IDS[:1], seed="s", series="a")
    together = permanent_numbers(IDS[::-1], seed="s", series="a")
    assert together[-1] == alone[0]


def test_numbers_are_uniform_and_differ_between_series_and_seeds() -> None:
    one, series, seed = (permanent_numbers(IDS, seed=s, series=i) for s, i in (("s", "a"), ("s", "b"), ("t", "a")))
    counts = np.histogram(one, bins=20, range=(0, 1))[0]
    # Chi-square of 19 degrees of freedom: above 43.8 once in a thousand.
    assert ((counts - 100) ** 2 / 100).sum() < 43.8
    for other in (series, seed):
        assert abs(np.corrcoef(one, other)[0, 1]) < 3.3 / np.sqrt(len(IDS))


@given(bits=st.integers(0, 2**53 - 1), start=st.integers(0, 2**53 - 1))
def test_shifting_is_exact_arithmetic_on_the_circle(bits: int, start: int) -> None:
    moved = shifted_numbers(np.array([bits / 2**53]), start / 2**53)
    assert moved.tolist() == [((bits - start) % 2**53) / 2**53]


@pytest.mark.parametrize(("seed", "series"), [("", "a"), ("  ", "a"), ("two\nlines", "a"), ("s", "two\nlines")])
def test_what_cannot_be_told_apart_is_refused(seed: str, series: str) -> None:
    with pytest.raises(cr.InputError, match="one line"):
        permanent_numbers(["A"], seed=seed, series=series)


def test_an_enterprise_without_an_id_is_refused() -> None:
    with pytest.raises(cr.InputError, match="without an id"):
        permanent_numbers(pl.Series(["A", None]), seed="s", series="a")
