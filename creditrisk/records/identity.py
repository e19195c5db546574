"""The identity of enterprises: codes with two names, names with two codes, former names that another one uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from creditrisk.frames import FrameKind, from_polars, shown_with
from creditrisk.records.resolving import comparable_name
from creditrisk.records.tables import Enterprises, Records

__all__ = ["IdentityReport", "identity_report"]


@dataclass(frozen=True)
class IdentityReport:
    """Findings about identity, as Polars frames; a frame is empty if nothing is wrong.

    Attributes
    ----------
    one_code_two_names : polars.DataFrame
        ``enterprise_id``, ``name`` (kept), ``other_name``, and ``source`` and ``row`` of the other.
    one_name_two_codes : polars.DataFrame
        ``name``, ``enterprise_ids``. Names are compared without regard to width, blanks and brackets.
    former_name_of_another : polars.DataFrame
        ``former_name``, ``enterprise_id`` that had it, ``used_by`` that has it now.
    not_in_table : polars.DataFrame
        ``enterprise_id`` of records whose enterprise is not in the table, with the number of ``records``.
    output : {"pandas", "polars", "arrow"}
    """

    one_code_two_names: pl.DataFrame
    one_name_two_codes: pl.DataFrame
    former_name_of_another: pl.DataFrame
    not_in_table: pl.DataFrame
    output: FrameKind = "pandas"

    def __repr__(self) -> str:
        found = ", ".join(f"{name} {table.height:,}" for name, table in self.to("polars").items())
        return f"<IdentityReport: {found}>"

    def _repr_html_(self) -> str:
        return "".join(shown_with(name, table) for name, table in self.to("polars").items())

    def to(self, kind: FrameKind | None = None) -> dict[str, Any]:
        """Return the findings by name, as frames of the requested kind (by default that of the enterprises)."""
        names = ("one_code_two_names", "one_name_two_codes", "former_name_of_another", "not_in_table")
        return {name: from_polars(getattr(self, name), kind or self.output) for name in names}


def identity_report(enterprises: Enterprises, records: Records | None = None) -> IdentityReport:
    """Report inconsistencies of codes and names.

    Parameters
    ----------
    enterprises : Enterprises
        The enterprises with their rejects: duplicates that were set aside show which code had two names.
    records : Records, optional
        The records, to find those whose enterprise is not in the table.

    Returns
    -------
    IdentityReport

    Examples
    --------
    >>> import polars as pl
    >>> from creditrisk.records import identity_report, read_enterprises
    >>> enterprises = read_enterprises(pl.DataFrame({
    ...     "enterprise_id": ["a", "b", "a"], "name": ["甲（上海）公司", "甲(上海) 公司", "乙公司"],
    ... }), id_scheme="any")
    >>> report = identity_report(enterprises)
    >>> report.one_name_two_codes["enterprise_ids"].to_list()
    [['a', 'b']]
    >>> report.one_code_two_names.select("enterprise_id", "name", "other_name").rows()
    [('a', '甲（上海）公司', '乙公司')]
    """
    table = enterprises.data.select("enterprise_id", "name", "former_names").with_columns(
        key=comparable_name(pl.col("name"))
    )
    shared = (
        table.filter(pl.col("key") != "")
        .group_by("key", maintain_order=True)
        .agg(pl.col("name").first(), pl.col("enterprise_id").alias("enterprise_ids"))
        .filter(pl.col("enterprise_ids").list.len() > 1)
        .select("name", "enterprise_ids")
    )
    former = (
        table.select("enterprise_id", former_name="former_names")
        .explode("former_name", empty_as_null=False)
        .drop_nulls("former_name")
        .with_columns(key=comparable_name(pl.col("former_name")))
        .join(table.select("key", used_by="enterprise_id"), on="key")
        .filter(pl.col("enterprise_id") != pl.col("used_by"))
        .select("former_name", "enterprise_id", "used_by")
        .sort("former_name", "enterprise_id", "used_by")
    )
    return IdentityReport(
        _two_names(enterprises, table), shared, former, _not_in_table(table, records), enterprises.output
    )


def _two_names(enterprises: Enterprises, table: pl.DataFrame) -> pl.DataFrame:
    rejected = enterprises.rejected
    place = ["source", "row"]
    repeated = rejected.filter(pl.col("code") == "duplicate_enterprise").select(*place, enterprise_id="value")
    return (
        rejected.filter(pl.col("code") == "second_name")
        .select(*place, other_name="value")
        .join(repeated, on=place, maintain_order="left")
        .join(table.select("enterprise_id", "name", "key"), on="enterprise_id", maintain_order="left")
        # A name that differs only in brackets or blanks is the same name.
        .filter(comparable_name(pl.col("other_name")) != pl.col("key"))
        .select("enterprise_id", "name", "other_name", *place)
    )


def _not_in_table(table: pl.DataFrame, records: Records | None) -> pl.DataFrame:
    if records is None:
        return pl.DataFrame(schema={"enterprise_id": pl.String, "records": pl.UInt32})
    unknown = records.data.select("enterprise_id").join(table, on="enterprise_id", how="anti")
    return unknown.group_by("enterprise_id").agg(pl.len().alias("records").cast(pl.UInt32)).sort("enterprise_id")
