"""``creditrisk policy sql``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.printing import print_line

__all__ = ["policy_sql"]


def policy_sql(
    policy: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Name of a built-in policy, or a YAML file.")],
    as_of: Annotated[
        date | None,
        typer.Option("--as-of", parser=options.day, metavar="YYYY-MM-DD", help="The day that chooses the edition."),
    ] = None,
    table: Annotated[str, typer.Option("--table", metavar="NAME", help="Table of indicators.")] = "indicators",
    id_column: Annotated[str, typer.Option("--id", metavar="NAME", help="Column with the ids.")] = "enterprise_id",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file.")] = None,
) -> None:
    """Write a policy's scoring step as SQL: points, dimension scores, totals and tiers in DuckDB. 导出 SQL。"""
    from creditrisk.files.apart import check_file_apart
    from creditrisk.files.together import write_file
    from creditrisk.scoring.sql import scoring_sql

    check_file_apart(out, [policy])
    sql = scoring_sql(policy, table=table, id_column=id_column, as_of=as_of)
    if out is None:
        print_line(sql.rstrip("\n"))
        return
    write_file(out, lambda path: path.write_text(sql, encoding="utf-8"))
    print_files([out])
