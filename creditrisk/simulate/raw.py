"""The tables as agencies deliver them: Chinese headers and words, dates and codes in many forms, and bad rows.

Bad rows are extra rows: each is a copy of a good row under its own id, with one fault. So if one reads the raw form and
sets the planted rows aside, one gets exactly the tables from which it was made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from creditrisk.records.uscc import USCC_ALPHABET
from creditrisk.simulate.draws import Draws
from creditrisk.simulate.enterprises import mint_uscc
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, RECORD_TYPES, SCALES, SEVERITIES, STATUSES

__all__ = ["RawProvince", "raw_province"]

_RECORD_HEADERS = {
    "record_id": "记录编号",
    "enterprise_id": "统一社会信用代码",
    "type": "记录类型",
    "dimension": "维度",
    "severity": "严重程度",
    "outcome": "结果",
    "amount": "金额（万元）",
    "occurred_on": "发生日期",
    "known_on": "获知日期",
    "expires_on": "有效期至",
    "repaired_on": "修复日期",
    "revoked_on": "撤销日期",
    "authority": "机关",
    "region": "行政区划",
    "matter": "事项",
    "basis": "依据",
    "acts_on": "关联记录编号",
    "draw_probability": "抽取概率",
}
_ENTERPRISE_HEADERS = {
    "enterprise_id": "统一社会信用代码",
    "name": "企业名称",
    "former_names": "曾用名",
    "established_on": "成立日期",
    "status": "状态",
    "region": "行政区划",
    "industry": "行业代码",
    "scale": "规模",
    "employees": "从业人数",
    "key_areas": "重点领域",
    "new_business_form": "新业态",
    "observation_until": "观察期至",
    "grid": "网格",
}
_WORDS = {
    "type": RECORD_TYPES,
    "dimension": DIMENSIONS,
    "severity": SEVERITIES,
    "outcome": OUTCOMES,
    "status": STATUSES,
    "scale": SCALES,
}
_KEY_AREAS = {
    "hazardous_chemicals": "危险化学品",
    "food": "食品",
    "drugs": "药品",
    "vaccines": "疫苗",
    "special_equipment": "特种设备",
}
_DATE_FORMS = ["%Y年%-m月%-d日", "%Y%m%d", "%Y/%-m/%-d"]
_FULL_WIDTH = {str(digit): chr(0xFF10 + digit) for digit in range(10)}

# Variants of writing that the readers must understand, in per cent of the rows.
_LOWER_CASE, _FULL_WIDTH_CODE, _BLANKS, _FULL_WIDTH_DATE = 4, 2, 4, 3

# The column that each fault changes, and the value it puts there; "clean" and "minted" are temporary columns.
_NEXT_CHARACTER = dict(zip(USCC_ALPHABET, USCC_ALPHABET[1:] + USCC_ALPHABET[0], strict=True))
_MISTYPED = pl.col("clean").str.head(17) + pl.col("clean").str.tail(1).replace_strict(_NEXT_CHARACTER)
_BAD_DAY = pl.lit("2023年2月30日")
_RECORD_FAULTS: dict[str, tuple[str, pl.Expr]] = {
    "wrong_check_character": ("enterprise_id", _MISTYPED),
    "missing_value": ("enterprise_id", pl.lit(None, dtype=pl.String)),
    "invalid_date": ("occurred_on", _BAD_DAY),
    "unknown_type": ("type", pl.lit("来电咨询")),
    "unknown_outcome": ("outcome", pl.lit("再议")),
    "negative_amount": ("amount", pl.lit("-1.5")),
    "known_before_occurred": ("known_on", pl.lit("1999年12月31日")),
    "duplicate_record": ("record_id", pl.col("original")),
    "not_in_table": ("enterprise_id", pl.col("minted")),
}
_ENTERPRISE_FAULTS: dict[str, tuple[str, pl.Expr]] = {
    "wrong_check_character": ("enterprise_id", _MISTYPED),
    "missing_value": ("enterprise_id", pl.lit(None, dtype=pl.String)),
    "invalid_date": ("established_on", _BAD_DAY),
    "unknown_status": ("status", pl.lit("飘移")),
    "negative_number": ("employees", pl.lit("-3")),
    "duplicate_enterprise": ("enterprise_id", pl.col("original")),
}


@dataclass(frozen=True)
class RawProvince:
    """A province in the form in which agencies deliver it.

    Attributes
    ----------
    enterprises, records : polars.DataFrame
        Text columns under Chinese headers.
    planted : polars.DataFrame
        The bad rows: ``table``, ``row`` (from 1, without the header) and ``code``, the reject code it must get.
        ``not_in_table`` is not a reject code: such records appear in the identity report.
    """

    enterprises: pl.DataFrame
    records: pl.DataFrame
    planted: pl.DataFrame


def raw_province(enterprises: pl.DataFrame, records: pl.DataFrame, *, seed: int, faults: float) -> RawProvince:
    """Put tables into raw form, and plant a share ``faults`` of bad rows in each."""
    draws = Draws(seed, 3)
    strangers = mint_uscc(
        draws.below(50, round(records.height * faults) + round(enterprises.height * faults)).astype(np.int32),
        established=20_000,
        first=enterprises.height,
    )
    known = round(enterprises.height * faults)
    raw_enterprises, planted_enterprises = _plant(
        draws, _enterprise_text(draws, enterprises), enterprises, strangers[:known], "enterprise_id", _ENTERPRISE_FAULTS
    )
    raw_records, planted_records = _plant(
        draws, _record_text(draws, records), records, strangers[known:], "record_id", _RECORD_FAULTS
    )
    planted = pl.concat(
        [
            planted_enterprises.select(pl.lit("enterprises").alias("table"), "row", "code"),
            planted_records.select(pl.lit("records").alias("table"), "row", "code"),
        ]
    )
    return RawProvince(raw_enterprises.rename(_ENTERPRISE_HEADERS), raw_records.rename(_RECORD_HEADERS), planted)


def _record_text(draws: Draws, records: pl.DataFrame) -> pl.DataFrame:
    fen = (pl.col("amount") * 100).round().cast(pl.Int64)
    ten_thousands = (fen // 1_000_000).cast(pl.String) + "." + (fen % 1_000_000).cast(pl.String).str.zfill(6)
    return _text(draws, records).with_columns(
        records.select(amount=ten_thousands.str.strip_chars_end("0").str.strip_chars_end("."))["amount"]
    )


def _enterprise_text(draws: Draws, enterprises: pl.DataFrame) -> pl.DataFrame:
    return _text(draws, enterprises).with_columns(
        enterprises.select(
            pl.col("former_names").list.join("；"),
            pl.col("key_areas").list.eval(pl.element().replace(_KEY_AREAS)).list.join("、"),
            pl.when("new_business_form").then(pl.lit("是")).otherwise(pl.lit("否")).alias("new_business_form"),
        ).get_columns()
    )


def _text(draws: Draws, table: pl.DataFrame) -> pl.DataFrame:
    """Return every plain column as text: words in Chinese, dates and codes in the forms that people use."""
    form = pl.Series(draws.below(len(_DATE_FORMS), table.height))
    habit = pl.Series(draws.below(100, table.height))
    columns = []
    for shift, (name, kind) in enumerate(table.schema.items()):
        column = pl.col(name)
        if name in _WORDS:
            text = column.cast(pl.String).replace_strict({word: label.zh for word, label in _WORDS[name].items()})
        elif kind == pl.Date:
            text = pl.coalesce(
                pl.when((form + shift) % len(_DATE_FORMS) == i).then(column.dt.strftime(written))
                for i, written in enumerate(_DATE_FORMS)
            )
            text = pl.when(habit >= 100 - _FULL_WIDTH_DATE).then(text.str.replace_many(_FULL_WIDTH)).otherwise(text)
        elif name == "enterprise_id":
            text = (
                pl.when(habit < _LOWER_CASE)
                .then(column.str.to_lowercase())
                .when(habit < _LOWER_CASE + _FULL_WIDTH_CODE)
                .then(column.str.replace_many(_FULL_WIDTH))
                .when(habit < _LOWER_CASE + _FULL_WIDTH_CODE + _BLANKS)
                .then(pl.format(" {}\u3000", column))
                .otherwise(column)
            )
        elif kind == pl.List(pl.String):
            continue
        else:
            text = column.cast(pl.String)
        columns.append(text.alias(name))
    return table.with_columns(columns)


def _plant(
    draws: Draws,
    text: pl.DataFrame,
    typed: pl.DataFrame,
    strangers: pl.Series,
    key: str,
    faults: dict[str, tuple[str, pl.Expr]],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Insert one bad copy of a row per unknown code (``strangers``) somewhere after its original; faults alternate."""
    count = len(strangers)
    # A copy of a repair would repair the same record again.
    eligible = np.arange(text.height) if "acts_on" not in text else np.flatnonzero(typed["acts_on"].is_null())
    origin = eligible[draws.order(len(eligible))[:count]]
    count, strangers = len(origin), strangers.head(len(origin))
    place = origin + draws.below(text.height - origin, count)
    fresh = strangers if key == "enterprise_id" else pl.select(pl.format("X{}", strangers)).to_series()
    copies = text[origin].with_columns(
        typed["enterprise_id"][origin].alias("clean"),
        typed[key][origin].alias("original"),
        fresh.alias(key),
        strangers.alias("minted"),
        pl.Series("code", list(faults), dtype=pl.String).gather(np.arange(count) % len(faults)),
    )
    for code, (column, value) in faults.items():
        copies = copies.with_columns(
            pl.when(pl.col("code") == code).then(value).otherwise(pl.col(column)).alias(column)
        )
    whole = pl.concat(
        [
            text.with_columns(pl.lit(None, dtype=pl.String).alias("code"), place=pl.int_range(pl.len()) * 2),
            copies.select(*text.columns, "code", pl.Series("place", place) * 2 + 1),
        ]
    ).sort("place", maintain_order=True)
    planted = whole.select(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("row"), "code").drop_nulls()
    return whole.drop("code", "place"), planted
