"""The meaning of headers and words in sources, from the table in ``aliases.yaml``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from creditrisk.errors import InputError
from creditrisk.records.schema import ATTRIBUTE_PREFIX, ENTERPRISE_SCHEMA, RECORD_SCHEMA
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, RECORD_TYPES, SCALES, SEVERITIES, STATUSES

__all__ = ["ColumnPlan", "TableName", "alias_table", "plan_columns", "value_words"]

TableName = Literal["enterprises", "records"]

_VOCABULARY = {
    "type": RECORD_TYPES,
    "dimension": DIMENSIONS,
    "severity": SEVERITIES,
    "outcome": OUTCOMES,
    "status": STATUSES,
    "scale": SCALES,
}
_OWN_COLUMNS = {"source", "source_row"}  # the reader writes these
_NOT_READ = "not read"


@dataclass(frozen=True)
class ColumnPlan:
    """The meaning of the columns of one source.

    Attributes
    ----------
    fields : dict of str to str
        Header to field: a column of the data model, an auxiliary field such as ``fine``, or ``attributes.<name>``.
    unknown : tuple of str
        Headers without a known meaning; columns of numbers among them become attributes.
    unused : tuple of str
        Headers with a known meaning that are not read, or for which another column of the same meaning is preferred.
    implied_type : str or None
        The type of every record, if the headers imply it (双公示 penalties and licences).
    in_ten_thousands : frozenset of str
        Headers of money columns given in 万元.
    """

    fields: dict[str, str]
    unknown: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    implied_type: str | None = None
    in_ten_thousands: frozenset[str] = field(default_factory=frozenset)


@cache
def alias_table() -> Mapping[str, Any]:
    """Return the published alias table, read from ``aliases.yaml``."""
    return yaml.safe_load(files("creditrisk.records").joinpath("aliases.yaml").read_text(encoding="utf-8"))


def plan_columns(
    headers: Sequence[str], table: TableName, columns: Mapping[str, str | None] | None = None, source: str = "source"
) -> ColumnPlan:
    """Find the meaning of each header of a source.

    Parameters
    ----------
    headers : sequence of str
    table : {"enterprises", "records"}
    columns : mapping, optional
        The user's mapping from header to field; it overrides the alias table, and None leaves a column out.
    source : str
        The name of the source, for errors.

    Raises
    ------
    InputError
        If two headers mean the same field, or ``columns`` names a header or field that does not exist.
    """
    columns = columns or {}
    _check_own_mapping(headers, table, columns, source)
    known = _known_headers(table)
    fields: dict[str, str] = {}
    unknown: list[str] = []
    unused: list[str] = []
    for header in headers:
        meaning = columns.get(header)
        if (header in columns and meaning is None) or header in _OWN_COLUMNS:
            unused.append(header)
            continue
        meaning = meaning or _meaning(header, known)
        if meaning == _NOT_READ or (header not in columns and meaning in columns.values()):
            unused.append(header)
        elif meaning is None:
            unknown.append(header)
        elif meaning in fields.values():
            other = next(first for first, field_ in fields.items() if field_ == meaning)
            raise InputError(
                f"{source}: the columns {other!r} and {header!r} both mean {meaning!r}. "
                f"Say which to use: columns={{{other!r}: {meaning!r}, {header!r}: None}}."
            )
        else:
            fields[header] = meaning
    for target, stand_ins in alias_table()["stand_ins"].items():
        # Codes are filled in row by row; for other fields, the second choice is used only if the first is absent.
        for header in [header for header, meaning in fields.items() if meaning in stand_ins]:
            if target == "enterprise_id":
                continue
            if target in fields.values():
                unused.append(header)
                del fields[header]
            else:
                fields[header] = target
    return ColumnPlan(
        fields,
        tuple(unknown),
        tuple(unused),
        _implied_type(fields, headers) if table == "records" else None,
        frozenset(header for header in fields if _is_in_ten_thousands(header)),
    )


@cache
def value_words(column: str) -> Mapping[str, str]:
    """Return the normalised words (:func:`normalise_word`) for the values of a listed column, with their values."""
    words: dict[str, str] = {}
    for value, label in _VOCABULARY.get(column, {}).items():
        words |= {normalise_word(word): value for word in (value, *label)}
    for value, synonyms in alias_table()["values"].get(column, {}).items():
        words |= {normalise_word(str(word)): str(value) for word in (value, *synonyms)}
    return words


def normalise_word(text: str) -> str:
    """Fold a word for comparing: half-width, lower case, without blanks, punctuation and invisible characters."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


@cache
def _known_headers(table: TableName) -> Mapping[str, str]:
    schema = RECORD_SCHEMA if table == "records" else ENTERPRISE_SCHEMA
    known = {normalise_word(name): name for name in schema if name not in _OWN_COLUMNS}
    for meaning, aliases in alias_table()[table].items():
        known |= {normalise_word(str(alias)): meaning for alias in (meaning, *aliases)}
    return {normalise_word(name): _NOT_READ for name in alias_table()["not_read"]} | known


def _meaning(header: str, known: Mapping[str, str]) -> str | None:
    if header.startswith(ATTRIBUTE_PREFIX) and len(header) > len(ATTRIBUTE_PREFIX):
        return header
    # The candidates are the whole header, then the text in brackets, then the text outside, as for 金额（万元）.
    plain = unicodedata.normalize("NFKC", header)
    bracketed = re.findall(r"[(\[【](.*?)[)\]】]", plain)
    outside = re.sub(r"[(\[【].*?[)\]】]", "", plain)
    for candidate in (plain, *bracketed, outside):
        meaning = known.get(normalise_word(candidate))
        if meaning is not None:
            return meaning
        if bracketed and candidate is not plain and re.fullmatch(r".*代码_?\d?", normalise_word(outside)):
            return None  # a code column whose brackets name another kind of code, such as 税务登记号
    return None


def _implied_type(fields: Mapping[str, str], headers: Sequence[str]) -> str | None:
    if "type" in fields.values():
        return None
    present = {normalise_word(header) for header in headers}
    for record_type, markers in alias_table()["implied_types"].items():
        if present & {normalise_word(marker) for marker in markers}:
            return record_type
    return None


def _is_in_ten_thousands(header: str) -> bool:
    by_standard = {normalise_word(name) for name in alias_table()["ten_thousand_yuan"]}
    word = normalise_word(header)
    return "万元" in word or word in by_standard


def _check_own_mapping(
    headers: Sequence[str], table: TableName, columns: Mapping[str, str | None], source: str
) -> None:
    schema = RECORD_SCHEMA if table == "records" else ENTERPRISE_SCHEMA
    allowed = (set(schema) | set(alias_table()[table])) - _OWN_COLUMNS
    for header, meaning in columns.items():
        if header not in headers:
            raise InputError(f"{source}: columns= names {header!r}, but the source has only: {', '.join(headers)}")
        if meaning is not None and meaning not in allowed and not meaning.startswith(ATTRIBUTE_PREFIX):
            raise InputError(
                f"columns= maps {header!r} to {meaning!r}, which is no field; known: {', '.join(sorted(allowed))}"
            )
