"""The facts known of a food business on the day before an inspection: its own history, and that of similar ones.

Counts and days are indicators of the library. Rates of other businesses (of the industry, the district, the chain) and
the strictness of past inspectors are computed here, each only from facts known on the day of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

import creditrisk as cr

__all__ = ["CITY_COLUMNS", "LICENCES", "CityRows", "city_rows"]

# The number of visits at the common rate that are added to each rate, so that few visits have little effect.
SHRINKAGE = 5.0
# The further licences that a business may hold.
LICENCES = (
    "tobacco_retail_over_counter",
    "consumption_on_premises_incidental_activity",
    "tavern",
    "package_goods",
    "outdoor_patio",
)
# The city's columns that do not describe the business: the inspector, the neighbourhood, the weather.
CITY_COLUMNS = ("inspector_group", "heat_burglary", "heat_garbage", "heat_sanitation", "temperatureMax")
_TEXT = {"zh": "城市食品检查指标", "en": "indicator of the city's food inspections"}
_CODES = ("2", "3", "8", "9", "12", "14", "16", "18", "19", "21", "24", "32", "33", "34", "35", "38", "41")


@dataclass(frozen=True)
class CityRows:
    """One row per inspection of the cohort.

    Attributes
    ----------
    cohort : polars.DataFrame
        enterprise_id, inspected_on, as_of, finding, inspector_group, and the city's columns.
    own : polars.DataFrame
        The facts about the enterprise and similar ones, without the day's inspector and weather.
    directions : dict of str to str
        The directions of the columns of ``own``.
    names : tuple of str
        The columns of ``own`` that hold names.
    """

    cohort: pl.DataFrame
    own: pl.DataFrame
    directions: dict[str, str]
    names: tuple[str, ...]


def city_rows(folder: Path) -> CityRows:
    """Read a folder in the form of the city's data, and compute all facts known before each inspection.

    Parameters
    ----------
    folder : path
        A folder with enterprises.parquet, records.parquet and cohort.parquet.
    """
    enterprises = cr.read_enterprises(folder / "enterprises.parquet", id_scheme="any", output="polars")
    records = cr.read_records(folder / "records.parquet", id_scheme="any", output="polars")
    cohort = pl.read_parquet(folder / "cohort.parquet").with_columns(
        pl.col("critical_found").cast(pl.Float64).alias("finding")
    )
    specs = [cr.IndicatorSpec.model_validate(spec) for spec in _specs()]
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, indicators=specs, only=[spec.id for spec in specs])
    counted = pl.from_pandas(builder.fit_transform(cohort.select("enterprise_id", "as_of")))
    register = pl.read_parquet(folder / "enterprises.parquet")
    rows = cohort.select("enterprise_id", "as_of", month=pl.col("as_of").dt.month().cast(pl.Float64)).join(
        register, on="enterprise_id", how="left", maintain_order="left"
    )
    chain = pl.col("name").fill_null("").str.to_uppercase().str.replace_all(r"[^A-Z ]", "").str.strip_chars()
    rows = rows.with_columns(chain=chain, age=(pl.col("as_of") - pl.col("established_on")).dt.total_days())
    visits = _visits(folder, cohort, rows)
    leaning = _rates(rows, visits)
    own = pl.concat(
        [
            counted,
            leaning,
            rows.select(
                "industry",
                "region",
                pl.col("month"),
                pl.col("age").cast(pl.Float64),
                pl.col("risk_category").cast(pl.Float64),
            ),
            cohort.select(pl.col(LICENCES).cast(pl.Float64)),
        ],
        how="horizontal",
    )
    directions = {spec.id: spec.direction for spec in specs}
    directions |= dict.fromkeys(leaning.columns, "risk_rises") | {"risk_category": "none", "month": "none"}
    return CityRows(
        cohort, own, {name: way for name, way in directions.items() if name in own.columns}, ("industry", "region")
    )


def _specs() -> list[dict[str, object]]:
    """Return the library's indicators of the enterprise's own records."""

    def spec(name: str, direction: str, select: dict[str, object], **measure: object) -> dict[str, object]:
        return {"id": f"quality.{name}", "label": _TEXT, "direction": direction, "source": "benchmark",
                "select": select, **measure}  # fmt: skip

    specs = []
    for severity in ("grave", "serious", "minor"):
        for months, half_life in ((36, 12), (18, 4)):
            specs.append(
                spec(
                    f"{severity}_{half_life}",
                    "risk_rises",
                    {"types": ["violation"], "severity_at_least": severity},
                    measure="count",
                    window_months=months,
                    half_life_months=half_life,
                )
            )
    for outcome, way in (("fail", "risk_rises"), ("pass_with_conditions", "none"), ("pass", "none")):
        specs.append(
            spec(
                f"{outcome}_count",
                way,
                {"types": ["inspection"], "outcomes": [outcome]},
                measure="count",
                window_months=36,
                half_life_months=12,
            )
        )
    complaints = {"types": ["complaint"]}
    specs += [
        spec("complaints", "risk_rises", complaints, measure="count", window_months=24, half_life_months=6),
        spec("poisonings", "risk_rises", {**complaints, "matters": ["suspected_food_poisoning"]}, measure="count",
             window_months=36, half_life_months=12),
        spec("days_since_complaint", "none", complaints, measure="days_since_last"),
        spec("days_since_grave", "risk_falls", {"types": ["violation"], "severity_at_least": "grave"},
             measure="days_since_last"),
        spec("days_since_visit", "none", {"types": ["inspection"]}, measure="days_since_last"),
        spec("visits", "none", {"types": ["inspection"]}, measure="count", window_months=36),
        spec("licences", "none", {"types": ["licence"]}, measure="count", window_months=36),
    ]  # fmt: skip
    for code in _CODES:
        specs.append(
            spec(
                f"code_{code}",
                "none",
                {"types": ["violation"], "matters": [code]},
                measure="count",
                window_months=24,
                half_life_months=12,
            )
        )
    return specs


def _visits(folder: Path, cohort: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return past inspections of the cohort: the day known, the finding, the inspector, and the kind of enterprise."""
    found = pl.read_parquet(folder / "records.parquet").filter(type="inspection", matter="canvass")
    return (
        cohort.select("enterprise_id", "inspected_on", "inspector_group", found="finding")
        .with_columns(rows.select("industry", "region", "name", "chain"))
        .join(
            found.group_by("enterprise_id", inspected_on="occurred_on").agg(
                known=pl.max_horizontal("occurred_on", "known_on").max(),
                serious=(pl.col("serious").sum() > 0).cast(pl.Float64),
                minor=pl.col("minor").sum(),
            ),
            on=["enterprise_id", "inspected_on"],
            how="left",
            maintain_order="left",
        )
        .with_columns(known=pl.max_horizontal("known", "inspected_on"))
    )


def _rates(rows: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Return rates up to the day of each row, moved towards the rate of all inspections known by then."""
    everyone = pl.lit(0).alias("everyone")
    rows, visits = rows.with_columns(everyone), visits.with_columns(everyone)
    base = _mean_until(rows, visits, ["everyone"], "found", None, SHRINKAGE)
    serious = _mean_until(rows, visits, ["everyone"], "serious", None, SHRINKAGE)
    minor = _mean_until(rows, visits, ["everyone"], "minor", None, SHRINKAGE)
    columns = {
        "industry_rate": _mean_until(rows, visits, ["industry"], "found", base, 20.0),
        "region_rate": _mean_until(rows, visits, ["region"], "found", base, 20.0),
        "chain_rate": _mean_until(rows, visits, ["chain"], "found", base, SHRINKAGE),
        "own_rate": _mean_until(rows, visits, ["enterprise_id"], "found", base, SHRINKAGE),
        "own_serious_rate": _mean_until(rows, visits, ["enterprise_id"], "serious", serious, SHRINKAGE),
        "own_minor_mean": _mean_until(rows, visits, ["enterprise_id"], "minor", minor, 2.0),
        "chain_minor_mean": _mean_until(rows, visits, ["chain"], "minor", minor, 2.0),
    }
    # The rate of each inspector until the day before, and the finding of this visit minus that rate.
    day_before = visits.with_columns(as_of=pl.col("inspected_on") - pl.duration(days=1))
    zero = pl.Series("zero", [0.0] * rows.height)
    for what, prior in (("found", base), ("serious", serious), ("minor", minor)):
        expected = _mean_until(day_before, visits, ["inspector_group"], what, prior, 20.0)
        beyond = visits.with_columns(beyond=pl.col(what) - expected)
        columns[f"own_{what}_beyond_inspector"] = _mean_until(rows, beyond, ["enterprise_id"], "beyond", zero, 1.0)
        columns[f"chain_{what}_beyond_inspector"] = _mean_until(rows, beyond, ["chain"], "beyond", zero, 2.0)
        columns[f"region_{what}_beyond_inspector"] = _mean_until(rows, beyond, ["region"], "beyond", zero, 20.0)
        columns[f"industry_{what}_beyond_inspector"] = _mean_until(rows, beyond, ["industry"], "beyond", zero, 20.0)
        if what == "found":
            columns["words_found_beyond_inspector"] = _sum_over_words(rows, beyond)
    return pl.DataFrame(columns)


def _sum_over_words(rows: pl.DataFrame, visits: pl.DataFrame) -> pl.Series:
    """Add up, over the words of a name, the findings beyond the inspectors' rates at businesses with that word."""
    words = pl.col("name").fill_null("").str.to_uppercase().str.replace_all("['.]", "").str.extract_all("[A-Z]+")
    asked = (
        rows.with_columns(word=words.list.unique(maintain_order=True))
        .with_row_index("row")
        .explode("word", empty_as_null=True)
    )
    known = visits.with_columns(word=words.list.unique(maintain_order=True)).explode("word", empty_as_null=True)
    nothing = pl.Series([0.0] * asked.height)
    each = asked.select("row").with_columns(mean=_mean_until(asked, known, ["word"], "beyond", nothing, 10.0))
    return each.group_by("row", maintain_order=True).agg(pl.col("mean").sum())["mean"]


def _mean_until(
    rows: pl.DataFrame,
    visits: pl.DataFrame,
    keys: Sequence[str],
    value: str,
    prior: pl.Series | None,
    strength: float,
) -> pl.Series:
    """Return the mean of a value over the row's known visits with its keys, and a number of visits at the prior."""
    known = (
        visits.drop_nulls([*keys, value])
        .group_by(*keys, "known", maintain_order=True)
        .agg(pl.col(value).sum(), count=pl.len())
        .sort("known")
        .with_columns(pl.col(value, "count").cum_sum().over(keys))
    )
    met = (
        rows.select(*keys, "as_of")
        .with_row_index("at")
        .sort("as_of")
        .join_asof(known, left_on="as_of", right_on="known", by=list(keys), check_sortedness=False)
        .sort("at")
    )
    total, count = met[value].fill_null(0.0), met["count"].fill_null(0).cast(pl.Float64)
    start = pl.Series([0.0] * rows.height) if prior is None else prior
    return (total + strength * start) / (count + strength)
