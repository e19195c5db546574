"""Parsers from columns of sources to columns of the data model: text, codes, dates, money, words, lists, booleans.

Each function takes a column of any type and returns one of the wanted type, null where the value is missing or cannot
be read; the caller distinguishes the two (a null that was not missing is a reject). Columns that already have the
wanted type are returned unchanged, and text is tried in its plain form before slower forms.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from creditrisk.errors import InputError
from creditrisk.records.aliases import normalise_word, value_words

__all__ = ["to_booleans", "to_codes", "to_dates", "to_lists", "to_money", "to_numbers", "to_text", "to_words"]

# The words that sources write for a missing value.
MISSING_WORDS = ["", "-", "--", "—", "——", "/", "\\", "无", "空", "null", "NULL", "Null", "None", "none"]
MISSING_WORDS += ["NaN", "nan", "NaT", "N/A", "n/a", "#N/A", "<NA>"]
# The words for an open-ended term, which has no last day. Databases write 9999-12-31 for the same.
OPEN_ENDED_WORDS = ["长期", "长期有效", "永久", "永久有效", "无固定期限", "无期限", "9999-12-31"]
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_AROUND = " \t\r\n\v\f\u00a0\u3000" + INVISIBLE
# Above this number a float cannot hold every whole number.
_EXACT_FLOATS = 2**53

_DATE = (
    r"^(?<y>\d{4})(?:\s*[年\-/.]\s*(?<m>\d{1,2})\s*[月\-/.]\s*(?<d>\d{1,2})\s*日?|(?<m2>\d{2})(?<d2>\d{2}))"
    r"(?:[T\s]\s*(?<h>\d{1,2})\s*[:时]\s*(?<min>\d{1,2})[\d:.分秒\s]*(?<z>Z|[+-]\d{2}:?\d{2})?)?$"
)
_NUMBER = r"^([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)()$"
_MONEY = r"^([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(亿元|万元|元|亿|万|)$"
_FACTORS = {"元": 1.0, "万": 1e4, "万元": 1e4, "亿": 1e8, "亿元": 1e8}


def to_text(column: pl.Series) -> pl.Series:
    """Return text without outer blanks; words for a missing value become null, and whole floats lose their ``.0``.

    Raises
    ------
    InputError
        If a column of floats holds whole numbers too large for a float to hold exactly, as ids often are.
    """
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        return _by_distinct(column.cast(pl.String), to_text)
    if column.dtype == pl.String and _repeats(column):
        distinct = column.unique()
        return column if distinct.equals(to_text(distinct)) else _by_distinct(column, to_text)
    if column.dtype == pl.String:
        text = column.str.strip_chars(_AROUND) if column.str.contains_any(list(_AROUND)).any() else column
    elif column.dtype.is_float():
        text = _whole_floats(column)
    elif column.dtype.is_nested():
        text = pl.Series(column.name, [None if value is None else str(value) for value in column], dtype=pl.String)
    else:
        text = column.cast(pl.String, strict=False)
    missing = text.is_in(MISSING_WORDS)
    return text.set(missing, None) if missing.any() else text


def to_codes(column: pl.Series) -> pl.Series:
    """Return half-width upper-case text without blanks or invisible characters; ``12345678-9`` loses its hyphen."""
    text = column if column.dtype == pl.String else to_text(column)
    odd = text.str.contains(r"[^0-9A-Z]")
    if not (odd.any() or text.is_in(MISSING_WORDS).any()):
        return text
    # Only unusual codes are normalised: that costs ten times as much as the test for them.
    text = to_text(text)
    odd = text.str.contains(r"[^0-9A-Z]")
    folded = (
        text.filter(odd)
        .str.normalize("NFKC")
        .str.to_uppercase()
        .str.replace_all(rf"[\s{INVISIBLE}]", "")
        .str.replace(r"^([0-9A-Z]{8})-([0-9A-Z])$", "$1$2")
    )
    return text.scatter(odd.fill_null(False).arg_true(), folded)


def to_dates(column: pl.Series) -> pl.Series:
    """Return civil dates. Times of day are dropped; an instant with a time zone becomes its date in China.

    ``2020年7月3日``, ``20200703``, ``2020/7/3``, ``2020-07-03``, ``2020.7.3`` and ISO date-times are read, also in
    full-width digits. So a Beijing midnight stored as UTC does not become the day before.
    """
    if column.dtype == pl.Date:
        return column
    if isinstance(column.dtype, pl.Datetime):
        return (column.dt.convert_time_zone("Asia/Shanghai") if column.dtype.time_zone else column).dt.date()
    text = to_text(column)
    dates = text.str.to_date("%Y-%m-%d", strict=False)
    # In 06-07-26 the first number is not a year.
    left = text.is_not_null() & (dates.is_null() | (dates.dt.year() < 1000))
    return dates.scatter(left.arg_true(), _by_distinct(text.filter(left), _dates_from_text)) if left.any() else dates


def to_numbers(column: pl.Series) -> pl.Series:
    """Return floats; thousands separators and full-width digits are understood."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64).fill_nan(None)
    return to_money(column, units=False)


def to_money(column: pl.Series, in_ten_thousands: bool = False, units: bool = True) -> pl.Series:
    """Return amounts in yuan. A unit in the value (元, 万元, 亿元) overrides the unit of the column.

    Parameters
    ----------
    column : polars.Series
    in_ten_thousands : bool, default False
        Whether numbers without a unit are in 万元.
    units : bool, default True
        Whether values may carry a unit at all.
    """
    if column.dtype.is_numeric():
        amounts = column.cast(pl.Float64).fill_nan(None)
        return (amounts * 10_000.0).round(2) if in_ten_thousands else amounts
    text = to_text(column)
    amounts = text.cast(pl.Float64, strict=False).fill_nan(None)
    amounts = (amounts * 10_000.0).round(2) if in_ten_thousands else amounts
    left = text.is_not_null() & amounts.is_null()
    if not left.any():
        return amounts

    def with_units(values: pl.Series) -> pl.Series:
        bare = values.str.normalize("NFKC").str.replace_all(rf"[\s,，、'¥￥{INVISIBLE}]|人民币|RMB|CNY", "")
        parts = bare.to_frame("bare").select(pl.col("bare").str.extract_groups(_MONEY if units else _NUMBER))
        number, factor = pl.col("1").cast(pl.Float64, strict=False), pl.col("2").replace_strict(_FACTORS, default=None)
        unit = pl.when(pl.col("2") == "").then(10_000.0 if in_ten_thousands else 1.0).otherwise(factor)
        scaled = pl.when(unit == 1.0).then(number).otherwise((number * unit).round(2))
        return parts.unnest("bare").select(scaled.alias("amount"))["amount"]

    return amounts.scatter(left.arg_true(), _by_distinct(text.filter(left), with_units))


def to_words(column: pl.Series, field: str, words: pl.Enum) -> pl.Series:
    """Return values of a closed vocabulary from their names, Chinese and English labels, and usual synonyms."""
    if column.dtype == words:
        return column
    text = to_text(column)
    known = text.cast(words, strict=False)
    left = text.is_not_null() & known.is_null()
    if not left.any():
        return known
    meanings = {normalise_word(word): word for word in words.categories} | dict(value_words(field))

    def by_alias(values: pl.Series) -> pl.Series:
        return pl.Series([meanings.get(normalise_word(value)) for value in values], dtype=pl.String).cast(
            words, strict=False
        )

    return known.scatter(left.arg_true(), _by_distinct(text.filter(left), by_alias))


def to_booleans(column: pl.Series, field: str) -> pl.Series:
    """Return booleans from yes and no in either language, or from 1 and 0."""
    if column.dtype == pl.Boolean:
        return column
    words = {"true": True, "false": False}

    def by_alias(values: pl.Series) -> pl.Series:
        meanings = value_words(field)
        return pl.Series([words.get(meanings.get(normalise_word(value), "")) for value in values], dtype=pl.Boolean)

    return _by_distinct(to_text(column), by_alias)


def to_lists(column: pl.Series, field: str) -> pl.Series:
    """Return lists of text, split at ``; ； 、 , ， |``; known words become their names, an empty list becomes null."""
    meanings = value_words(field)
    if isinstance(column.dtype, pl.List | pl.Array):
        lists = column.cast(pl.List(pl.String))
    else:
        lists = to_text(column).str.replace_all(r"[;；、,，|]", ";").str.split(";")
    rows = pl.DataFrame({"row": pl.int_range(len(lists), eager=True), "item": lists})
    items = rows.explode("item", empty_as_null=False).drop_nulls("item")
    texts = to_text(items["item"])
    if meanings:
        texts = _by_distinct(
            texts, lambda values: pl.Series([meanings.get(normalise_word(v), v) for v in values], dtype=pl.String)
        )
    grouped = (
        items.with_columns(texts.alias("item")).drop_nulls("item").group_by("row", maintain_order=True).agg("item")
    )
    return rows.select("row").join(grouped, on="row", how="left", maintain_order="left")["item"].rename(column.name)


def _whole_floats(column: pl.Series) -> pl.Series:
    column = column.fill_nan(None)
    inexact = column.filter((column.round(0) == column) & (column.abs() >= _EXACT_FLOATS))
    if len(inexact):
        raise InputError(
            f"the column {column.name!r} holds numbers such as {inexact[0]:.0f} as floats, which no longer keep all "
            "their digits. Read it as text, for instance dtype=str in pandas or a text format in Excel."
        )
    return column.cast(pl.String).str.replace(r"\.0$", "")


def _dates_from_text(values: pl.Series) -> pl.Series:
    text = values.str.normalize("NFKC").str.replace_all(f"[{INVISIBLE}]", "").str.strip_chars()
    parts = text.to_frame("text").select(pl.col("text").str.extract_groups(_DATE)).unnest("text")
    day = pl.concat_str(
        "y",
        pl.coalesce("m", "m2").str.zfill(2),
        pl.coalesce("d", "d2").str.zfill(2),
        separator="-",
    ).str.to_date("%Y-%m-%d", strict=False)
    # An instant with another offset is converted to UTC, then China's eight hours are added.
    hours = pl.col("h").cast(pl.Int32, strict=False)
    offset = pl.when(pl.col("z") == "Z").then(pl.lit("+00:00")).otherwise(pl.col("z")).str.replace(":", "")
    minutes = offset.str.slice(1, 2).cast(pl.Int32) * 60 + offset.str.slice(3, 2).cast(pl.Int32)
    east = pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes)
    shift = hours * 60 + pl.col("min").cast(pl.Int32, strict=False) - east + 480
    moved = (day.cast(pl.Datetime("us")) + pl.duration(minutes=shift)).dt.date()
    return parts.select(pl.when(pl.col("z").is_null()).then(day).otherwise(moved).alias("date"))["date"]


def _repeats(column: pl.Series) -> bool:
    # If values repeat often, parsing only the distinct ones is cheaper; a sample of a thousand values decides.
    sample = column.gather_every(max(len(column) // 1000, 1))
    return len(column) > 10_000 and sample.n_unique() < len(sample) // 2


def _by_distinct(column: pl.Series, parse: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Parse each distinct value only once."""
    distinct = column.drop_nulls().unique()
    parsed = parse(distinct)
    if distinct.is_empty():
        return pl.Series(column.name, [None] * len(column), dtype=parsed.dtype)
    return column.replace_strict(distinct, parsed, default=None, return_dtype=parsed.dtype)
