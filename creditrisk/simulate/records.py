"""Simulated records: draws every stream of :mod:`creditrisk.simulate.streams` for a population."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.days import add_months
from creditrisk.records.schema import RECORD_SCHEMA
from creditrisk.simulate.draws import Draws, exponential
from creditrisk.simulate.enterprises import Population
from creditrisk.simulate.places import BUREAU_OF, BUREAUS, REGIONS
from creditrisk.simulate.streams import LEGAL_BASIS, MATTER_PREFIX, MATTERS_PER_DIMENSION, STREAMS, Stream
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, RECORD_TYPES, SEVERITIES

__all__ = ["record_table", "simulate_records"]

Columns = dict[str, NDArray[Any]]

_NONE = -1  # the missing value in every column of codes and days
_TYPES, _DIMENSIONS, _OUTCOMES = list(RECORD_TYPES), list(DIMENSIONS), list(OUTCOMES)

_SCALE_EXPOSURE = np.array([8, 4, 2, 1])  # large enterprises have more contact with the authorities
_DORMANT_SHARE = 0.35
_SEVERITY_POWERS = (-0.3, 0.0, 0.35, 0.7)
_SEVERITY_FACTORS = np.array([0.3, 1.0, 4.0, 15.0])
_SPREAD = 0.9  # the spread of amounts and of the enterprises' visibility
_LONGEST_DELAY = 60
_AT_ONCE = 0.4

# The types of columns during drawing: small integers, so that several copies of ten million records fit in memory.
_COLUMN_TYPES = {
    "enterprise": np.int32,
    "type": np.int8,
    "dimension": np.int8,
    "severity": np.int8,
    "outcome": np.int8,
    "fen": np.int64,
    "occurred": np.int32,
    "known": np.int32,
    "expires": np.int32,
    "repaired": np.int32,
    "revoked": np.int32,
    "bureau": np.int8,
    "matter": np.int8,
    "acts_on": np.int32,
    "ten_thousandths": np.int16,
}


def simulate_records(draws: Draws, population: Population, count: int, from_day: int, to_day: int) -> Columns:
    """Draw about ``count`` records between two days, in the order of the streams.

    Every stream spreads its share of the records over the enterprises in proportion to how visible an enterprise is,
    how long it existed within the period, and its latent risk in the dimension to the stream's power.
    """
    visible = _visibility(draws, population)
    present = np.clip(to_day - np.maximum(population.established, from_day), 1, None)
    years = (to_day - from_day + 1) / 365.25
    period = (from_day, to_day)
    total = sum(stream.share for stream in STREAMS)
    blocks: list[Columns] = []
    for stream in STREAMS:
        size = max(1, round(count * stream.share / total))
        if stream.follows:
            continue
        weight_sum = sum(stream.dimensions.values())
        for dimension, weight in stream.dimensions.items():
            part = max(1, round(size * weight / weight_sum))
            risk = population.risk[_DIMENSIONS.index(dimension)]
            if stream.drawn:
                # A random draw depends on an enterprise's size, not on its risk.
                chances = (1 + _SCALE_EXPOSURE[population.scale]) * present
            else:
                chances = visible * present // 16 * (exponential(risk, stream.risk) * 1000).astype(np.int64) // 1000 + 1
            enterprise = draws.choose(chances, part)
            block = _block(draws, stream, dimension, enterprise, risk[enterprise], population, period)
            if stream.drawn:
                yearly = chances[enterprise] * (part / (int(chances.sum()) * years)) * 10_000
                block["ten_thousandths"] = np.clip(yearly, 1, 10_000).astype(np.int16)
            blocks.append(block)
    first = _joined(blocks)
    blocks.clear()
    followers = [
        _following(draws, stream, max(1, round(count * stream.share / total)), first, population)
        for stream in STREAMS
        if stream.follows
    ]
    return _joined([first, *followers])


def record_table(draws: Draws, columns: Columns, enterprise_id: pl.Series, region: NDArray[np.int32]) -> pl.DataFrame:
    """Shuffle drawn records, number them, and return them in the columns of the record table.

    This empties ``columns``, so that memory holds only one copy of a large table.
    """
    count = len(columns["enterprise"])
    order = draws.order(count)
    position = np.empty(count, dtype=np.int32)
    position[order] = np.arange(count, dtype=np.int32)
    take = {name: columns.pop(name)[order] for name in list(columns)}
    acts_on = take["acts_on"]
    take["acts_on"] = np.where(acts_on == _NONE, _NONE, position[acts_on])
    dimension, bureau = take["dimension"].astype(np.int64), take.pop("bureau").astype(np.int64)
    regions = region[take["enterprise"]]
    matters = [f"{MATTER_PREFIX[name]}{1 + i:02d}" for name in DIMENSIONS for i in range(MATTERS_PER_DIMENSION)]
    matter = take.pop("matter").astype(np.int64)
    basis = np.where(take["severity"] >= 1, dimension, _NONE)
    record_id = pl.Series(np.arange(1, count + 1)).cast(pl.String).str.zfill(12)
    record_id = pl.select(pl.concat_str(pl.lit("R"), record_id)).to_series()
    frame = {
        "record_id": record_id,
        "enterprise_id": enterprise_id.gather(take.pop("enterprise")),
        "type": _texts(take.pop("type"), _TYPES).cast(RECORD_SCHEMA["type"]),
        "dimension": _texts(take.pop("dimension"), _DIMENSIONS).cast(RECORD_SCHEMA["dimension"]),
        "severity": _texts(take.pop("severity"), list(SEVERITIES)).cast(RECORD_SCHEMA["severity"]),
        "outcome": _texts(take.pop("outcome"), _OUTCOMES).cast(RECORD_SCHEMA["outcome"]),
        "amount": _divided(take.pop("fen"), 100),
        "occurred_on": _dates(take.pop("occurred")),
        "known_on": _dates(take.pop("known")),
        "expires_on": _dates(take.pop("expires")),
        "repaired_on": _dates(take.pop("repaired")),
        "revoked_on": _dates(take.pop("revoked")),
        "authority": _texts(
            regions.astype(np.int64) * len(BUREAUS) + bureau,
            [place.city + place.name + office for place in REGIONS for office in BUREAUS],
        ),
        "region": _texts(regions, [place.code for place in REGIONS]),
        "matter": _texts(np.where(matter == _NONE, _NONE, dimension * MATTERS_PER_DIMENSION + matter), matters),
        "basis": _texts(basis, [LEGAL_BASIS[name] for name in DIMENSIONS]),
        "acts_on": record_id.gather(_filled(take.pop("acts_on"))),
        "draw_probability": _divided(take.pop("ten_thousandths"), 10_000),
    }
    return pl.DataFrame(frame)


def _visibility(draws: Draws, population: Population) -> NDArray[np.int64]:
    """Draw how much each enterprise appears in files: a third hardly appear, the others differ widely."""
    count = len(population)
    dormant = draws.chance(_DORMANT_SHARE, count)
    active = (exponential(draws.bell(count), _SPREAD) * 100).astype(np.int64) * _SCALE_EXPOSURE[population.scale]
    return np.where(dormant, 2, active)


def _block(
    draws: Draws,
    stream: Stream,
    dimension: str,
    enterprise: NDArray[np.int32],
    risk: NDArray[np.int64],
    population: Population,
    period: tuple[int, int],
) -> Columns:
    count = len(enterprise)
    from_day, to_day = period
    first = np.minimum(np.maximum(population.established[enterprise], from_day), to_day)
    occurred = first + draws.below(to_day - first + 1, count)
    delay = np.where(draws.chance(_AT_ONCE, count), 0, draws.below(_LONGEST_DELAY + 1, count))
    severity = _severity(draws, stream, risk)
    block: Columns = {
        "enterprise": enterprise,
        "type": _constant(_TYPES.index(stream.type), count),
        "dimension": _constant(_DIMENSIONS.index(dimension), count),
        "severity": severity,
        "outcome": _outcome(draws, stream, risk),
        "fen": _amount(draws, stream, severity, population.scale[enterprise]),
        "occurred": occurred,
        "known": np.minimum(occurred + delay, to_day),
        "expires": _expiry(stream, severity, occurred),
        "bureau": _constant(BUREAUS.index(stream.bureau or BUREAU_OF[dimension]), count),
        # The lower of two draws makes some items far more frequent than others.
        "matter": np.minimum(draws.below(MATTERS_PER_DIMENSION, count), draws.below(MATTERS_PER_DIMENSION, count)),
    }
    latest = np.where(block["expires"] == _NONE, to_day, np.minimum(block["expires"], to_day))
    if stream.repairable:
        willing = stream.repairable * 2 / (1 + exponential(risk, 0.5))
        block["repaired"] = _ending(draws, willing, block["known"], latest)
    if stream.revocable:
        block["revoked"] = _ending(draws, stream.revocable, block["known"], latest)
    return block


def _following(draws: Draws, stream: Stream, size: int, first: Columns, population: Population) -> Columns:
    """Draw records that belong to other records: violations to failed inspections, repairs to what they repair."""
    if stream.follows == "inspection":
        found = np.isin(first["outcome"], [_OUTCOMES.index("fail"), _OUTCOMES.index("pass_with_conditions")])
        candidates = np.flatnonzero(found & (first["type"] == _TYPES.index("inspection")))
        parent = candidates[draws.below(len(candidates), size)]
    else:
        candidates = np.flatnonzero(first[stream.follows] != _NONE)
        parent = candidates[draws.order(len(candidates))[:size]]
    block = {name: first[name][parent] for name in ("enterprise", "dimension", "occurred", "known", "bureau")}
    block["type"] = _constant(_TYPES.index(stream.type), len(parent))
    risk = population.risk[block["dimension"].astype(np.int64), block["enterprise"]]
    block["severity"] = _severity(draws, stream, risk)
    if stream.follows == "inspection":
        block["matter"] = draws.below(MATTERS_PER_DIMENSION, len(parent))
    else:
        block["acts_on"] = parent
        block["occurred"] = block["known"] = first[stream.follows][parent]
        # Every third repair is only a record of its own; the column of the repaired record does not show it.
        first[stream.follows][parent[::3]] = _NONE
    return block


def _severity(draws: Draws, stream: Stream, risk: NDArray[np.int64]) -> NDArray[np.int8]:
    if not stream.severities:
        return _constant(_NONE, len(risk))
    weights = [
        weight * exponential(risk, power) for weight, power in zip(stream.severities, _SEVERITY_POWERS, strict=True)
    ]
    return draws.pick(weights, len(risk))


def _outcome(draws: Draws, stream: Stream, risk: NDArray[np.int64]) -> NDArray[np.int8]:
    if not stream.outcomes:
        return _constant(_NONE, len(risk))
    codes = np.array([_OUTCOMES.index(name) for name in stream.outcomes], dtype=np.int8)
    return codes[
        draws.pick([weight * exponential(risk, power) for weight, power in stream.outcomes.values()], len(risk))
    ]


def _amount(draws: Draws, stream: Stream, severity: NDArray[np.int8], scale: NDArray[np.int32]) -> NDArray[np.int64]:
    """Draw lognormal amounts in 分, larger for graver records and for larger enterprises."""
    count = len(severity)
    if not stream.amount:
        return np.full(count, _NONE, dtype=np.int64)
    factor = np.where(severity == _NONE, 1.0, _SEVERITY_FACTORS[severity]) * np.array([4.0, 2.0, 1.2, 0.8])[scale]
    yuan = (stream.amount * factor * exponential(draws.bell(count), _SPREAD)).astype(np.int64)
    # Fines are round sums; the rest is counted to the 分.
    return (yuan // 100 + 1) * 10_000 if stream.type == "penalty" else yuan * 100 + draws.below(100, count)


def _expiry(stream: Stream, severity: NDArray[np.int8], occurred: NDArray[np.int64]) -> NDArray[np.int32]:
    expires = np.full(len(severity), _NONE, dtype=np.int32)
    if len(stream.term) == 1:
        return add_months(occurred, stream.term[0])
    for code, months in enumerate(stream.term):
        rows = severity == code
        expires[rows] = add_months(occurred[rows], months)
    return expires


def _ending(
    draws: Draws, share: float | NDArray[np.float64], known: NDArray[np.int64], latest: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Draw the days on which a share of the records is repaired or revoked, 1 to 14 months after they were known."""
    count = len(known)
    day = known + 30 + draws.below(390, count)
    return np.where(draws.chance(share, count) & (day < latest), day, _NONE).astype(np.int32)


def _constant(code: int, count: int) -> NDArray[np.int8]:
    return np.full(count, code, dtype=np.int8)


def _joined(blocks: list[Columns]) -> Columns:
    return {
        name: np.concatenate(
            [
                block[name].astype(kind) if name in block else np.full(len(block["enterprise"]), _NONE, dtype=kind)
                for block in blocks
            ]
        )
        for name, kind in _COLUMN_TYPES.items()
    }


def _filled(codes: NDArray[Any]) -> pl.Series:
    """Return a series with null in place of ``_NONE``."""
    series = pl.Series(codes)
    return series.set(series == _NONE, None)


def _divided(numbers: NDArray[Any], divisor: int) -> pl.Series:
    # NumPy divides; Polars multiplies by the reciprocal, and 183427.33 becomes 183427.33000000002.
    return pl.Series(numbers / divisor).set(pl.Series(numbers == _NONE), None)


def _dates(days: NDArray[Any]) -> pl.Series:
    return _filled(days).cast(pl.Date)


def _texts(codes: NDArray[Any], texts: list[str]) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).gather(_filled(codes))
