"""``creditrisk plan`` and ``creditrisk verify-draw``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.failures import WRONG_INPUT
from creditrisk.cli.printing import print_json, print_line, working

if TYPE_CHECKING:
    from creditrisk.records.tables import Enterprises

__all__ = ["plan", "verify_draw"]

_SHOWN = 20


def plan(
    assessment: Annotated[Path, typer.Argument(help="Folder of an assessment, or its assessments.parquet.")],
    items: Annotated[
        Path, typer.Option("--items", metavar="FILE", help="Inspection items, .yaml or .csv, or 'example'.")
    ],
    seed: Annotated[str, typer.Option("--seed", help="Public seed, such as lottery numbers and their date.")],
    year: Annotated[int, typer.Option("--year", help="Year of the plan.")],
    out: options.OutFolder,
    enterprises: Annotated[
        str | None, typer.Option("--enterprises", help="Enterprise table, for region, industry, key areas and grid.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", help="A policy or YAML file; by default that of the assessment.")
    ] = None,
    id_scheme: options.IdScheme = "uscc",
    last_plan: Annotated[
        Path | None, typer.Option("--last-plan", metavar="DIR", help="Folder of the plan before.")
    ] = None,
    overrides: Annotated[
        Path | None,
        typer.Option("--overrides", metavar="FILE", help="Visits beside the draw: enterprise_id, item, reason, note."),
    ] = None,
    authority: Annotated[
        list[str] | None,
        typer.Option("--authority", metavar="NAME", help="Only items of this authority; may be given more than once."),
    ] = None,
    annual_cap: Annotated[
        int | None, typer.Option("--annual-cap", min=1, help="Most on-site visits by draw to one enterprise.")
    ] = None,
    seed_register: Annotated[
        Path | None, typer.Option("--seed-register", metavar="FILE", help="Register of used seeds.")
    ] = None,
    workbook: options.Workbook = False,
    json: options.Json = False,
) -> None:
    """Plan a year's inspections and write visits, draws, what is unmet and a summary to a folder. 制定检查计划。"""
    from creditrisk.files.apart import check_folder_apart
    from creditrisk.files.spreadsheets import write_workbook
    from creditrisk.files.together import prepare_folder, write_set
    from creditrisk.inspection.drafting.planning import plan_inspections
    from creditrisk.inspection.fieldwork.workbook import plan_sheets

    check_folder_apart(out, [assessment, items, enterprises, policy, last_plan, overrides])
    prepare_folder(out, "plan")
    with working("制定计划 planning …"):
        made = plan_inspections(
            assessment, items, policy=policy, seed=seed, year=year, last_plan=last_plan, annual_cap=annual_cap,
            enterprises=_enterprises(enterprises, id_scheme), overrides=overrides, authorities=authority or None,
            seed_register=seed_register, output="polars",
        )  # fmt: skip
        sheets = {"plan.xlsx": partial(write_workbook, plan_sheets(made))} if workbook else {}
        files = write_set(out, {**made.files(), **sheets}, made.account())
    summary = made.summary()
    if json:
        print_json({"summary": vars(summary), "files": {name: str(path) for name, path in files.items()}})
        return
    print_line(str(summary))
    for row in made.unmet_data.head(_SHOWN).iter_rows(named=True):
        print_line(f"  {row['item'] or ''} {row['tier'] or ''}  {row['why_zh']}  {row['why_en']}")
    if summary.unmet > _SHOWN:
        print_line("  … unmet.csv")
    print_files(list(files.values()))


def verify_draw(
    file: Annotated[Path, typer.Argument(help="A published draw, draw-ITEM.json.")],
    frame: Annotated[
        Path | None, typer.Option("--frame", metavar="FRAME", help="Among whom it was made, .csv or .parquet.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Recompute a published draw and say what differs; exit with 2 where it does not hold. 核验抽取结果。"""
    from creditrisk.inspection.draws.draw_lists import verify_draw

    verification = verify_draw(file, frame)
    if json:
        print_json(
            {"item": verification.item, "drawn": verification.n_drawn, "holds": verification.holds,
             "frame_checked": verification.frame_checked, "differences": verification.differences.to_dicts()}
        )  # fmt: skip
    else:
        print_line(str(verification))
    if not verification.holds:
        raise typer.Exit(WRONG_INPUT)


def _enterprises(source: str | None, id_scheme: options.IdScheme) -> Enterprises | None:
    from creditrisk.records.reading import read_enterprises

    return None if source is None else read_enterprises(source, id_scheme=id_scheme, output="polars")
