"""``creditrisk record-results``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.printing import print_json, print_line
from creditrisk.cli.reading import check_rejects
from creditrisk.cli.writing import check_table_file, write_table
from creditrisk.errors import InputError

__all__ = ["record_results"]

_SHOWN = 20


def record_results(
    plan: Annotated[Path, typer.Argument(help="Folder of a saved plan.")],
    results: Annotated[Path, typer.Argument(help="The form filled in, .csv, .xlsx or .parquet.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Records to write, .parquet or .csv.")],
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Write the rows set aside to a .csv or .parquet.")
    ] = None,
    max_rejects: options.MaxRejects = None,
    json: options.Json = False,
) -> None:
    """Turn results of visits into records, to be read with all others. 登记检查结果。"""
    from creditrisk.files.apart import check_file_apart
    from creditrisk.inspection.fieldwork.results import record_results

    check_table_file(out, "--out")
    check_table_file(rejects, "--rejects")
    check_file_apart(out, [plan, results])
    check_file_apart(rejects, [plan, results], argument="--rejects")
    if rejects is not None and rejects.resolve() == out.resolve():
        raise InputError(f"--out and --rejects name one file, {out}: name two")
    recorded = record_results(results, plan, output="polars")
    write_table(recorded.records_data, out)
    files = [out]
    if rejects is not None:
        write_table(recorded.rejects_data, rejects)
        files.append(rejects)
    counts = {
        "records": recorded.records_data.height,
        "rows_set_aside": recorded.rejects_data.height,
        "open_visits": recorded.open_data.height,
    }
    if json:
        print_json({**counts, "files": [str(path) for path in files]})
    else:
        print_line(
            f"记录 records {counts['records']:,}；剔除行 rows set aside {counts['rows_set_aside']:,}；"
            f"尚无结果的检查 visits still open {counts['open_visits']:,}"
        )
        for row in recorded.rejects_data.head(_SHOWN).iter_rows(named=True):
            print_line(f"  {row['source']}:{row['row']} {row['column']}  {row['message_zh']}  {row['message_en']}")
        if recorded.rejects_data.height > _SHOWN:
            print_line("  … --rejects FILE")
        print_files(files)
    check_rejects(counts["rows_set_aside"], max_rejects)
