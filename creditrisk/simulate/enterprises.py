"""Simulated enterprises: codes, names, scale, key areas, and the latent risk behind their records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.records.schema import ENTERPRISE_SCHEMA
from creditrisk.records.uscc import USCC_ALPHABET, organisation_code_check_character, uscc_check_character
from creditrisk.simulate.draws import Draws, exponential
from creditrisk.simulate.places import BRAND_CHARACTERS, INDUSTRIES, KEY_AREA_SETS, REGIONS
from creditrisk.vocabulary import DIMENSIONS, SCALES, STATUSES

__all__ = ["Population", "enterprise_table", "mint_uscc", "simulate_population", "truth_table"]

_SCALE_WEIGHTS = {"large": 8, "medium": 32, "small": 160, "micro": 800}
_STATUS_WEIGHTS = {"active": 930, "suspended": 30, "revoked": 15, "deregistered": 25}
_MEDIAN_EMPLOYEES = {"large": 900, "medium": 180, "small": 25, "micro": 4}
_OLDEST_DAYS = 35 * 365
_OBSERVATION_MONTHS = 24

# Half the variance of a dimension's risk is common to the enterprise, half is its own: 181 / 256 is about √½.
_HALF = 181

# Organisation codes were numbers until the three-in-one registration of 1 October 2015, then MA and six characters.
_FIRST_MA_DAY = np.datetime64("2015-10-01").astype(int)
# The first number is large, because codes near zero would look invented.
_FIRST_NUMBER = 271_828


@dataclass(frozen=True)
class Population:
    """Enterprises as arrays with one element each: positions in the lists of codes, days since 1970, latent risk.

    ``risk`` has one row per dimension, in 256ths of a standard deviation; 0 is the median enterprise.
    """

    region: NDArray[np.int32]
    industry: NDArray[np.int32]
    scale: NDArray[np.int32]
    established: NDArray[np.int64]
    risk: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.region)


def simulate_population(draws: Draws, count: int, to_day: int) -> Population:
    """Draw ``count`` enterprises as they stand on ``to_day`` (days since 1970)."""
    region = draws.choose([place.weight for place in REGIONS], count)
    industry = draws.choose([industry.weight for industry in INDUSTRIES], count)
    scale = draws.choose(list(_SCALE_WEIGHTS.values()), count)
    # There are more young enterprises than old ones, and some are only days old.
    age = draws.unit(count)
    established = to_day - (age * (1 + age) / 2 * _OLDEST_DAYS).astype(np.int64)
    common = draws.bell(count)
    hazards = np.array([[128 * (name in industry.hazards) for industry in INDUSTRIES] for name in DIMENSIONS])
    risk = np.stack([((common + draws.bell(count)) * _HALF >> 8) + hazard[industry] for hazard in hazards])
    return Population(region, industry, scale, established, risk)


def enterprise_table(draws: Draws, population: Population) -> pl.DataFrame:
    """Return a population in the columns of the enterprise table."""
    count = len(population)
    employees = exponential(draws.bell(count), 0.7) * np.array(list(_MEDIAN_EMPLOYEES.values()))[population.scale]
    age = population.established.max() - population.established
    new_form = draws.chance(0.1, count) & (age < 4 * 365)
    established = pl.Series(population.established.astype(np.int32)).cast(pl.Date)
    names = _names(draws, population)
    return pl.DataFrame(
        {
            "enterprise_id": mint_uscc(population.region, population.established),
            "name": names["name"],
            "former_names": names["former_names"],
            "established_on": established,
            "status": _labels(draws.choose(list(_STATUS_WEIGHTS.values()), count), list(STATUSES)),
            "region": _labels(population.region, [region.code for region in REGIONS]),
            "industry": _labels(population.industry, [industry.code for industry in INDUSTRIES]),
            "scale": _labels(population.scale, list(SCALES)),
            "employees": np.maximum(employees.astype(np.int64), 1),
            "key_areas": _key_areas(draws, population),
            "new_business_form": new_form,
            "observation_until": pl.select(
                pl.when(pl.Series(new_form)).then(established.dt.offset_by(f"{_OBSERVATION_MONTHS}mo"))
            ).to_series(),
            "grid": _labels(population.region, [region.code for region in REGIONS])
            + "-"
            + pl.Series(1 + draws.below(200, count)).cast(pl.String).str.zfill(4),
        },
        schema_overrides={
            name: kind for name, kind in ENTERPRISE_SCHEMA.items() if name in ("status", "scale", "key_areas")
        },
    )


def truth_table(enterprise_id: pl.Series, population: Population) -> pl.DataFrame:
    """Return the latent risk by enterprise and dimension; the median enterprise has 1."""
    risk = {name: exponential(row, 1.0) for name, row in zip(DIMENSIONS, population.risk, strict=True)}
    return pl.DataFrame({"enterprise_id": enterprise_id, **risk})


def mint_uscc(region: NDArray[np.int32], established: NDArray[np.int64] | int, first: int = 0) -> pl.Series:
    """Make valid, distinct unified social credit codes, numbered from ``first``; ``region`` is positions in REGIONS."""
    number = _FIRST_NUMBER + first + np.arange(len(region), dtype=np.int64)
    codes = np.zeros((len(region), 17), dtype=np.uint8)
    codes[:, :2] = np.frombuffer(b"91", dtype=np.uint8)
    codes[:, 2:8] = _characters([place.code for place in REGIONS])[region]
    letters = np.frombuffer(USCC_ALPHABET.encode(), dtype=np.uint8)
    # A factor without common divisor scatters consecutive numbers and keeps them distinct.
    scattered, serial = number * 61_803_399 % 10**8, number * 618_033_989 % 31**6
    is_new = np.asarray(established) >= _FIRST_MA_DAY
    for place in range(8):
        old = letters[scattered // 10 ** (7 - place) % 10]
        new = np.uint8(ord("MA"[place])) if place < 2 else letters[serial // 31 ** (7 - place) % 31]
        codes[:, 8 + place] = np.where(is_new, new, old)
    codes[:, 16] = organisation_code_check_character(codes[:, 8:16])
    whole = np.concatenate([codes, uscc_check_character(codes).reshape(-1, 1)], axis=1)
    return pl.Series(np.ascontiguousarray(whole).view("S18").ravel().astype("U18"))


def _names(draws: Draws, population: Population) -> pl.DataFrame:
    """Make distinct names such as 昆山瑞泰精密机械有限公司; a few enterprises have a former name.

    Within a place and a trade, enterprises are numbered, and each number stands for a pair of brand characters
    (a triple where there are more than all the pairs).
    """
    pairs = len(BRAND_CHARACTERS) ** 2
    count = len(population)
    place = _labels(population.region, [region.place for region in REGIONS])
    trade = _labels(population.industry, [industry.trade for industry in INDUSTRIES])
    joint_stock = pl.Series(np.isin(population.scale, [0, 1]) & draws.chance(0.3, count))
    letters = pl.Series(list(BRAND_CHARACTERS))
    table = pl.DataFrame({"place": place, "trade": trade}).with_columns(
        number=pl.int_range(pl.len()).over("place", "trade"),
        start=(pl.struct("place", "trade").rank("dense").cast(pl.Int64) * 1009),
    )
    number = table["number"].to_numpy()
    pair = (number * 4_421 + table["start"].to_numpy()) % pairs
    third = number // pairs
    brand = letters.gather(pair // len(BRAND_CHARACTERS)) + letters.gather(pair % len(BRAND_CHARACTERS))
    brand += pl.Series(["", *BRAND_CHARACTERS]).gather(third % (len(BRAND_CHARACTERS) + 1))
    stem = place + brand + trade
    renamed = pl.Series(draws.chance(0.03, count))
    return pl.select(
        name=stem
        + pl.select(pl.when(joint_stock).then(pl.lit("股份有限公司")).otherwise(pl.lit("有限公司"))).to_series(),
        former_names=pl.when(renamed).then(pl.concat_list(stem + "厂")).otherwise(pl.lit([], dtype=pl.List(pl.String))),
    )


def _key_areas(draws: Draws, population: Population) -> pl.Series:
    count = len(population)
    belongs = draws.chance(np.array([one.key_share for one in INDUSTRIES])[population.industry] / 100, count)
    special = draws.chance(0.05, count) & (population.scale <= 1)
    keys = list(KEY_AREA_SETS)
    table = np.array(
        [
            [[keys.index((one.key_area * in_area, lift)) for lift in (False, True)] for in_area in (False, True)]
            for one in INDUSTRIES
        ]
    )
    chosen = table[population.industry, belongs.astype(int), special.astype(int)]
    return pl.Series(list(KEY_AREA_SETS.values()), dtype=pl.List(pl.String)).gather(chosen)


def _labels(codes: NDArray[np.integer], labels: list[str]) -> pl.Series:
    return pl.Series(labels, dtype=pl.String).gather(codes)


def _characters(texts: list[str]) -> NDArray[np.uint8]:
    return np.array([list(text.encode()) for text in texts], dtype=np.uint8)
