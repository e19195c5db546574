"""The whole province: enterprises, their records, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from creditrisk.days import as_date, day_number
from creditrisk.errors import InputError
from creditrisk.files.account import RunAccount
from creditrisk.files.together import write_set
from creditrisk.frames import shown_with
from creditrisk.simulate.draws import Draws
from creditrisk.simulate.enterprises import enterprise_table, simulate_population, truth_table
from creditrisk.simulate.raw import RawProvince, raw_province
from creditrisk.simulate.records import record_table, simulate_records

__all__ = ["Province", "simulate_province"]

# No province has so many enterprises; beyond this the numbering of codes would repeat.
_MOST_ENTERPRISES = 50_000_000


@dataclass(frozen=True)
class Province:
    """A simulated province.

    Attributes
    ----------
    enterprises : polars.DataFrame
        Columns of :data:`creditrisk.records.schema.ENTERPRISE_SCHEMA`, without source and row.
    records : polars.DataFrame
        Columns of :data:`creditrisk.records.schema.RECORD_SCHEMA`, without source and row.
    truth : polars.DataFrame
        ``enterprise_id`` and the latent risk in each dimension (1 is the median enterprise), for evaluation only.
    seed : int
    faults : float
        Share of bad rows that :meth:`raw` plants.
    """

    enterprises: pl.DataFrame
    records: pl.DataFrame
    truth: pl.DataFrame
    seed: int
    faults: float = 0.0

    def __repr__(self) -> str:
        return f"<Province: {self.enterprises.height:,} enterprises, {self.records.height:,} records, seed {self.seed}>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.enterprises)

    def raw(self) -> RawProvince:
        """Return the same tables as an agency would deliver them: Chinese headers, text in many forms, bad rows."""
        return raw_province(self.enterprises, self.records, seed=self.seed, faults=self.faults)

    def write(
        self,
        folder: str | Path,
        format: Literal["parquet", "csv"] = "parquet",  # noqa: A002
        *,
        raw: bool = False,
    ) -> tuple[Path, Path]:
        """Write the enterprise table, the record table and run.json into a folder; replace a province there.

        Parameters
        ----------
        folder : str or Path
            The folder; it is made if it does not exist.
        format : {"parquet", "csv"}
        raw : bool
            Write the raw form, with the planted faults; its record CSV is in GB18030, everything else in UTF-8.

        Returns
        -------
        tuple of Path
            The enterprise file and the record file.

        Raises
        ------
        InputError
            If the format is not one of the two.
        OutputError
            If the folder cannot be written to, or holds another result or files that would be lost: a simulated
            province never replaces real tables.
        """
        if format not in ("parquet", "csv"):
            raise InputError(f"format must be parquet or csv, got {format!r}")
        tables = self.raw() if raw else self
        account = RunAccount(
            kind="simulation",
            seed=str(self.seed),
            counts={"enterprises": self.enterprises.height, "records": self.records.height},
            summary={"faults": self.faults, "raw": raw},
        )
        written = write_set(
            folder,
            {
                f"{name}.{format}": partial(_write, table, "gb18030" if raw and name == "records" else "utf-8", format)
                for name, table in (("enterprises", tables.enterprises), ("records", tables.records))
            },
            account,
        )
        return written[f"enterprises.{format}"], written[f"records.{format}"]


def simulate_province(
    enterprises: int = 10_000,
    records_per_enterprise: float = 10.0,
    *,
    seed: int = 20260630,
    from_: str | date = "2021-01-01",
    to: str | date = "2026-06-30",
    faults: float = 0.0,
) -> Province:
    """Simulate a province as the records show it on the day ``to``.

    Every enterprise has a latent risk in each dimension. It determines how often the enterprise is fined, complained
    about or listed, and how its inspections end; so earlier records say something about later ones.

    Parameters
    ----------
    enterprises : int
    records_per_enterprise : float
        The mean number; a third of the enterprises have almost none, a few have very many.
    seed : int
        The same seed gives the same tables on every machine.
    from_, to : str or date
        First and last day of the records.
    faults : float
        Share of bad rows to plant in the raw form (:meth:`Province.raw`); the tables themselves have none.

    Returns
    -------
    Province

    Raises
    ------
    InputError
        If a number lies outside its range, a day is invalid, or ``from_`` is not before ``to``.

    Examples
    --------
    >>> province = simulate_province(500, seed=1)
    >>> province.enterprises.height
    500
    >>> province.records.equals(simulate_province(500, seed=1).records)
    True
    """
    from_day, to_day = (_day(value, name) for value, name in ((from_, "from_"), (to, "to")))
    if not 1 <= enterprises <= _MOST_ENTERPRISES:
        raise InputError(f"enterprises must be between 1 and {_MOST_ENTERPRISES:,}, got {enterprises}")
    if records_per_enterprise <= 0:
        raise InputError(f"records_per_enterprise must be above 0, got {records_per_enterprise}")
    if from_day >= to_day:
        raise InputError(f"from_ must lie before to, got {from_} and {to}")
    if not 0 <= faults < 1:
        raise InputError(f"faults must be a share from 0 up to 1, got {faults}")
    if seed < 0:
        raise InputError(f"seed must not be negative, got {seed}")
    population = simulate_population(Draws(seed, 0), enterprises, to_day)
    table = enterprise_table(Draws(seed, 1), population)
    draws = Draws(seed, 2)
    columns = simulate_records(draws, population, round(enterprises * records_per_enterprise), from_day, to_day)
    records = record_table(draws, columns, table["enterprise_id"], population.region)
    return Province(table, records, truth_table(table["enterprise_id"], population), seed, faults)


def _day(value: str | date, name: str) -> int:
    return day_number(as_date(value, name))


def _write(table: pl.DataFrame, encoding: str, form: str, path: Path) -> None:
    if form == "parquet":
        table.write_parquet(path)
    else:
        path.write_bytes(_flat(table).write_csv().encode(encoding))


def _flat(table: pl.DataFrame) -> pl.DataFrame:
    """Turn lists into text, for CSV."""
    return table.with_columns(pl.col(pl.List(pl.String)).list.join("；"))
