"""Codes: the standard's rules, every kind of column, minting."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditrisk.errors import InputError
from creditrisk.records import is_valid_uscc, organisation_code_check_character, uscc_check_character
from creditrisk.records.uscc import CATEGORIES_BY_DEPARTMENT, USCC_ALPHABET

VALID = ["91110000600037341L", "91310000631696382C", "91310115MA1K3BTP2B", "12440600MB2C07549J", "92340603MA2UK1TD00"]
INVALID = [
    "91110000600037341N",  # wrong check character
    "9111000060003IOZSV",  # letters outside the alphabet
    "91110000600037341l",  # lower case
    "9111000060003734",
    "",
    None,
    "统一社会信用",  # eighteen bytes, six characters
]
EXPECTED = [True] * len(VALID) + [False] * len(INVALID)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        list,
        pl.Series,
        pa.array,
        lambda v: pa.chunked_array([v[:4], v[4:]]),
        lambda v: np.array(v, dtype=object),
        pd.Series,
    ],
)
def test_every_kind_of_column_gives_the_same_answer(kind, strict):
    assert list(is_valid_uscc(kind(VALID + INVALID), strict=strict)) == EXPECTED


def test_a_string_gives_a_bool_and_series_come_back_as_series():
    assert is_valid_uscc(VALID[0]) is True and is_valid_uscc("x") is False
    assert isinstance(is_valid_uscc(pl.Series("code", VALID)), pl.Series)
    answer = is_valid_uscc(pd.Series(VALID + INVALID, index=range(10, 22)))
    assert answer.index.tolist() == list(range(10, 22)) and answer.dtype == bool
    assert len(is_valid_uscc([])) == 0


def test_departments_and_categories_follow_the_standard():
    for department in USCC_ALPHABET:
        for category in USCC_ALPHABET:
            first = f"{department}{category}440600MB2C07549"
            code = first + uscc_check_character(first)
            assert is_valid_uscc(code) == (category in CATEGORIES_BY_DEPARTMENT.get(department, ""))


def test_strict_checks_the_organisation_code():
    first = "91310000631696383"
    code = first + uscc_check_character(first)
    assert is_valid_uscc(code) and not is_valid_uscc(code, strict=True)


organisations = st.text(USCC_ALPHABET, min_size=8, max_size=8).filter(
    lambda eight: organisation_code_check_character(eight) in USCC_ALPHABET
)


@given(
    st.sampled_from(["91", "12", "A1", "N3", "Y1", "35"]), st.text("0123456789", min_size=6, max_size=6), organisations
)
def test_a_minted_code_is_valid_and_any_change_of_one_character_is_not(kind, place, organisation):
    first = kind + place + organisation + organisation_code_check_character(organisation)
    code = first + uscc_check_character(first)
    assert is_valid_uscc(code, strict=True)
    changed = [code[:i] + other + code[i + 1 :] for i in range(18) for other in USCC_ALPHABET if other != code[i]]
    assert not is_valid_uscc(changed).any()


def test_check_characters_of_a_byte_matrix_equal_those_of_strings():
    firsts = [code[:17] for code in VALID]
    matrix = np.frombuffer("".join(firsts).encode(), dtype=np.uint8).reshape(-1, 17)
    assert uscc_check_character(matrix).tobytes().decode() == "".join(code[17] for code in VALID)
    assert uscc_check_character(pl.Series(firsts)).to_list() == [code[17] for code in VALID]
    assert organisation_code_check_character([code[8:16] for code in VALID]).tolist() == [code[16] for code in VALID]


@pytest.mark.parametrize("wrong", ["123", "I1110000600037341"])
def test_what_cannot_have_a_check_character_is_an_error(wrong):
    with pytest.raises(InputError):
        uscc_check_character(wrong)


def test_more_rows_than_are_checked_at_a_time(monkeypatch):
    monkeypatch.setattr("creditrisk.records.uscc._ROWS_AT_A_TIME", 5)
    assert list(is_valid_uscc(pl.Series(VALID + INVALID))) == EXPECTED
