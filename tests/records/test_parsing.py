"""Text as people write it, to dates, money, codes, words, lists."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditrisk.errors import InputError
from creditrisk.records.parsing import to_booleans, to_codes, to_dates, to_lists, to_money, to_text, to_words
from creditrisk.records.schema import RECORD_SCHEMA

DAY = date(2020, 7, 3)


@pytest.mark.parametrize(
    "text",
    ["2020年7月3日", "20200703", "2020/7/3", "2020-07-03", "2020.7.3", "２０２０年０７月０３日",
     " 2020 年 7 月 3 日　", "2020-7-3 00:00:00",
     "2020-07-03T23:59:59.123", "2020-07-02T16:00:00Z", "2020-07-02 16:00:00+00:00",
     "2020-07-03T00:00:00+08:00", "2020／7／3"],
)  # fmt: skip
def test_dates_as_they_are_written(text):
    assert to_dates(pl.Series([text, None])).to_list() == [DAY, None]


@pytest.mark.parametrize("text", ["2021-02-30", "2021年13月1日", "20210230", "3/7/2020", "2020年7月", "44015", "昨天"])
def test_what_is_no_date_is_null(text):
    assert to_dates(pl.Series([text])).to_list() == [None]


def test_a_beijing_midnight_stored_as_utc_is_not_the_day_before():
    instants = pl.Series([datetime(2020, 7, 2, 16, tzinfo=UTC)])
    assert to_dates(instants).to_list() == [DAY]
    assert to_dates(pl.Series([datetime(2020, 7, 3, 23, 59)])).to_list() == [DAY]
    assert to_dates(pl.Series([20200703, None])).to_list() == [DAY, None]
    assert to_dates(pl.Series([20200703.0, None])).to_list() == [DAY, None]


@given(st.dates(date(1000, 1, 1), date(9999, 12, 31)))
def test_every_way_of_writing_a_date_gives_that_date(day):
    ways = [
        f"{day.year:04}年{day.month}月{day.day}日",
        f"{day:%Y}{day:%m}{day:%d}".zfill(8),
        f"{day.year:04}/{day.month}/{day.day}",
    ]
    assert to_dates(pl.Series([*ways, day.isoformat()])).to_list() == [day] * 4


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1500", 1500.0), ("1,500.50", 1500.5), ("１，５００元", 1500.0), ("3万元", 30_000.0), ("1.2 亿元", 120_000_000.0),
     ("￥20", 20.0),
     ("人民币3.3万元", 33_000.0), ("-5", -5.0), ("五万元", None), ("3-5万元", None), ("", None)],
)  # fmt: skip
def test_money_as_it_is_written(text, amount):
    assert to_money(pl.Series([text])).to_list() == [amount]


def test_the_unit_of_a_value_goes_before_that_of_its_column():
    assert to_money(pl.Series(["1.1", "2元", "3万"]), in_ten_thousands=True).to_list() == [11_000.0, 2.0, 30_000.0]
    assert to_money(pl.Series([1.1]), in_ten_thousands=True).to_list() == [11_000.0]


def test_codes_are_folded():
    written = pl.Series(["９１３１００００631696382c ", "9131 0000\u200b63169638 2C", "63169638-2", "/", None])
    assert to_codes(written).to_list() == ["91310000631696382C", "91310000631696382C", "631696382", None, None]


def test_ids_kept_as_floats_are_an_error_once_digits_are_lost():
    assert to_text(pl.Series("id", [1000049.0, None])).to_list() == ["1000049", None]
    with pytest.raises(InputError, match="no longer keep all their digits"):
        to_text(pl.Series("id", [9.1e17]))


def test_words_in_both_languages():
    types = to_words(
        pl.Series(["行政处罚", " Penalty", "处罚", "licence", "许可", "飞行"]), "type", RECORD_SCHEMA["type"]
    )
    assert types.to_list() == ["penalty", "penalty", "penalty", "licence", "licence", None]
    assert to_booleans(pl.Series(["是", "否", "Y", "0", None]), "new_business_form").to_list() == [
        True,
        False,
        True,
        False,
        None,
    ]
    assert to_booleans(pl.Series([1, 0]), "new_business_form").to_list() == [True, False]


def test_lists_are_split_and_blank_items_dropped():
    lists = to_lists(pl.Series(["危险化学品；食品", "甲、乙,丙|丁", " ; ", None]), "key_areas")
    assert lists.to_list() == [["hazardous_chemicals", "food"], ["甲", "乙", "丙", "丁"], None, None]
    assert to_lists(pl.Series([["食品", None], []]), "key_areas").to_list() == [["food"], None]


def test_a_long_repeating_column_reads_like_a_short_one():
    words = [" 甲", "乙", "", "无", None]
    assert to_text(pl.Series(words * 5000)).to_list() == to_text(pl.Series(words)).to_list() * 5000


def test_offsets_move_over_midnight():
    start = datetime(2020, 1, 1, tzinfo=UTC)
    instants = [start + timedelta(hours=7 * i) for i in range(50)]
    assert to_dates(pl.Series([i.isoformat() for i in instants])).to_list() == to_dates(pl.Series(instants)).to_list()
