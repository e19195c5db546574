"""The options that commands share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from creditrisk.errors import InputError

__all__ = [
    "AsOf",
    "Combine",
    "EnterpriseSource",
    "EnterprisesQuery",
    "IdScheme",
    "Json",
    "Language",
    "MaxRejects",
    "Model",
    "OutFolder",
    "PolicyName",
    "Previous",
    "RecordSource",
    "RecordsQuery",
    "Seed",
    "Workbook",
    "day",
]


def day(text: str) -> date:
    """Parse the day of an option."""
    from creditrisk.days import as_date

    # The day is checked with the options, so that a mistyped day fails at once and not after minutes of reading.
    try:
        return as_date(text, "it")
    except InputError as error:
        raise typer.BadParameter(str(error)) from None


_SOURCE = "CSV, Excel or Parquet file, a folder or pattern of Parquet files, or a SQLAlchemy URL with a query"

EnterpriseSource = Annotated[
    list[str], typer.Option("--enterprises", help=f"Enterprise table: {_SOURCE}. Repeat it for several.")
]
RecordSource = Annotated[list[str], typer.Option("--records", help=f"Record table: {_SOURCE}. Repeat it for several.")]
EnterprisesQuery = Annotated[
    str | None, typer.Option("--enterprises-query", metavar="SQL", help="Query, where --enterprises is a database.")
]
RecordsQuery = Annotated[
    str | None, typer.Option("--records-query", metavar="SQL", help="Query, where --records is a database.")
]
PolicyName = Annotated[str, typer.Option("--policy", help="Name of a built-in policy, or a YAML file.")]
AsOf = Annotated[
    date,
    typer.Option(
        "--as-of", parser=day, metavar="YYYY-MM-DD", help="The day to look from; nothing known later is used."
    ),
]
IdScheme = Annotated[
    Literal["uscc", "uscc_strict", "any"],
    typer.Option("--id-scheme", help="What an enterprise id must be; 'any' takes other systems' ids."),
]
MaxRejects = Annotated[
    int | None, typer.Option("--max-rejects", min=0, help="Exit with 1 if more rows than this were set aside.")
]
Previous = Annotated[
    Path | None,
    typer.Option("--previous", metavar="DIR", help="Results of the assessment before, for limits on change."),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="BUNDLE", help="Folder of a saved model, or 'reference', to see beside the rules."),
]
Combine = Annotated[
    Literal["rules", "rules_with_model", "model"],
    typer.Option("--combine", help="What tiers come from; a model only raises attention beside the rules."),
]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to; made if it is not there.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same province.")]
Workbook = Annotated[bool, typer.Option("--workbook", help="Also write plan.xlsx, for those who carry the plan out.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Language = Annotated[Literal["zh", "en", "both"], typer.Option("--language", help="Language of the text.")]
