"""A population that has what a published system reads: its record types, matters and further numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import polars as pl

import creditrisk as cr
from creditrisk.indicators.spec import Selection


def dressed(policy: cr.Policy, enterprises: pl.DataFrame, records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same frames with every type, matter and number that the policy reads, each number missing for some."""
    chance = np.random.default_rng(20260630)
    records = records.with_columns(pl.col("type", "matter").cast(pl.String))
    for name, words in (("type", _types(policy)), ("matter", _matters(policy))):
        if words:
            drawn = pl.Series(chance.choice(sorted(words), records.height))
            records = records.with_columns(
                records[name].zip_with(pl.Series(chance.random(records.height) < 0.5), drawn)
            )
    of_records = _numbers_of_records(policy)
    of_enterprises = set(re.findall(r"attributes\.\w+", policy.model_dump_json())) - of_records
    return _with_numbers(enterprises, of_enterprises, chance), _with_numbers(records, of_records, chance)


def _with_numbers(frame: pl.DataFrame, names: set[str], chance: np.random.Generator) -> pl.DataFrame:
    def numbers(name: str) -> pl.Series:
        values = pl.Series(name.removeprefix("attributes."), chance.integers(0, 12, frame.height))
        return values.set(pl.Series(chance.random(frame.height) < 0.3), None)

    return frame.with_columns(numbers(name) for name in sorted(names))


def _types(policy: cr.Policy) -> set[str]:
    return {name for spec in policy.indicators for name in spec.record_types} - {"repair", "revocation"}


def _matters(policy: cr.Policy) -> set[str]:
    return {name for selection in _selections(policy) for name in selection.matters}


def _selections(policy: cr.Policy) -> Iterator[Selection]:
    for spec in policy.indicators:
        yield from (selection for selection in (spec.select, spec.out_of) if selection is not None)


def _numbers_of_records(policy: cr.Policy) -> set[str]:
    measured = [spec for spec in policy.indicators if spec.measure not in ("attribute", "indicator")]
    names = {name for spec in measured for name in (spec.of or "", *(addend.of for addend in spec.plus))}
    return {name for name in names if name.startswith("attributes.")}
