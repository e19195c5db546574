"""``creditrisk standing``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creditrisk.cli import options
from creditrisk.cli.printing import print_json, print_line, working
from creditrisk.cli.reading import alone, load_edition
from creditrisk.cli.writing import check_table_file, write_table
from creditrisk.errors import InputError

__all__ = ["standing"]

_SHOWN = 20


def standing(
    records: options.RecordSource,
    as_of: options.AsOf,
    policy: options.PolicyName = "jiangsu",
    id_scheme: options.IdScheme = "uscc",
    records_query: options.RecordsQuery = None,
    enterprise: Annotated[str | None, typer.Option("--enterprise", metavar="ID", help="Only its records.")] = None,
    record: Annotated[str | None, typer.Option("--record", metavar="ID", help="Only this record.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the whole table to a .csv or .parquet.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Say for each record whether it counts on a day, since when, until when, and why. 记录效力。"""
    import polars as pl

    from creditrisk.assessing.standing_table import standing_table
    from creditrisk.files.apart import check_file_apart
    from creditrisk.records.reading import read_records
    from creditrisk.records.standing import STANDINGS
    from creditrisk.report.texts import aligned

    check_table_file(out, "--out")
    check_file_apart(out, [*records, policy])
    loaded = load_edition(policy, as_of)
    with working("读取记录 reading records …"):
        read = read_records(
            alone(records),
            query=records_query,
            id_scheme=id_scheme,
            further_types=tuple(loaded.record_types),
            output="polars",
        )
    table = standing_table(read, policy=loaded, as_of=as_of, output="polars")
    for column, wanted in (("enterprise_id", enterprise), ("record_id", record)):
        if wanted is not None:
            table = table.filter(pl.col(column) == wanted)
            if table.is_empty():
                raise InputError(f"there is no record with {column} {wanted!r}")
    if out is not None:
        write_table(table, out)
    counts = {name: table.filter(pl.col("standing") == name).height for name in STANDINGS}
    if json:
        shown = table.with_columns(pl.col(pl.Date).cast(pl.String), pl.col(pl.Enum).cast(pl.String))
        print_json(
            {"counts": counts, "records": shown.head(_SHOWN).to_dicts(), "file": None if out is None else str(out)}
        )
        return
    for line in aligned([(f"{STANDINGS[name].zh} {STANDINGS[name].en}", f"{counts[name]:9,}") for name in STANDINGS]):
        print_line(line)
    print_line()
    for row in table.head(_SHOWN).iter_rows(named=True):
        print_line(f"{row['record_id']}  {row['type']}  {row['occurred_on']}  {row['reason_zh']}")
        print_line(f"    {row['reason_en']}" + (f"  [{row['basis']}]" if row["basis"] else ""))
    if table.height > _SHOWN:
        print_line(f"… 另有 {table.height - _SHOWN:,} 条 more records" + ("" if out else "; --out FILE writes all"))
    if out is not None:
        print_line(f"\n文件 File: {out}")
