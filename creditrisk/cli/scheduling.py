"""``creditrisk schedule``."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.printing import print_json, print_line, working
from creditrisk.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from creditrisk.inspection.fieldwork.assigning import Assignment
    from creditrisk.inspection.fieldwork.inspectors import Inspectors
    from creditrisk.inspection.fieldwork.scheduling import Schedule
    from creditrisk.inspection.fieldwork.teams import TravelBy

__all__ = ["schedule"]

_SHOWN = 20


def schedule(
    plan: Annotated[Path, typer.Argument(help="Folder of a saved plan.")],
    first_day: Annotated[
        date, typer.Option("--from", parser=options.day, metavar="YYYY-MM-DD", help="First day of visits.")
    ],
    last_day: Annotated[
        date, typer.Option("--to", parser=options.day, metavar="YYYY-MM-DD", help="Last day of visits.")
    ],
    out: options.OutFolder,
    inspectors: Annotated[
        Path | None,
        typer.Option("--inspectors", metavar="FILE", help="List of inspectors, of whom each visit draws its team."),
    ] = None,
    teams: Annotated[
        int | None, typer.Option("--teams", min=1, help="In place of inspectors: teams of each region on a day.")
    ] = None,
    seed: Annotated[
        str | None, typer.Option("--seed", help="Public seed of the draw of inspectors; by default that of the plan.")
    ] = None,
    team_size: Annotated[int, typer.Option("--team-size", help="Inspectors of each department, at least two.")] = 2,
    visits_per_day: Annotated[int, typer.Option("--visits-per-day", help="Of one inspector or team.")] = 3,
    travel_by: Annotated[
        Literal["grid", "region"],
        typer.Option("--travel-by", help="Within which a team goes from visit to visit, and is drawn for a day."),
    ] = "grid",
    recusals: Annotated[
        Path | None,
        typer.Option("--recusals", metavar="FILE", help="Who may not go where: enterprise_id, inspector_id."),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option("--previous", metavar="FILE", help="Who went last: enterprise_id, inspector_id (assignment.csv)."),
    ] = None,
    days: Annotated[
        Path | None,
        typer.Option("--days", metavar="FILE", help="Holidays and worked weekends: date, kind (off or work)."),
    ] = None,
    method: Annotated[
        Literal["by_turns", "exact"],
        typer.Option("--method", help="'exact' looks for days for more visits (OR-Tools)."),
    ] = "by_turns",
    workbook: options.Workbook = False,
    calendar: Annotated[bool, typer.Option("--calendar", help="Also write calendar.ics, one event a visit.")] = False,
    json: options.Json = False,
) -> None:
    """Draw the inspectors of a plan's visits and give each its day; say what does not fit. 派员与排期。"""
    from creditrisk.files.apart import check_folder_apart
    from creditrisk.files.spreadsheets import write_spreadsheet, write_workbook
    from creditrisk.files.together import prepare_folder, write_set
    from creditrisk.inspection.fieldwork.inspectors import read_inspectors
    from creditrisk.inspection.fieldwork.results import results_form
    from creditrisk.inspection.fieldwork.scheduling import schedule_visits
    from creditrisk.inspection.fieldwork.workbook import plan_sheets
    from creditrisk.inspection.plan.tables import read_table

    check_folder_apart(out, [plan, inspectors, recusals, previous, days])
    prepare_folder(out, "schedule")
    off, worked = ([], []) if days is None else _days(read_table(days, "days")[0], days)
    staff = None if inspectors is None else read_inspectors(inspectors)
    assignment = None
    if staff is not None:
        with working("抽取检查人员 drawing inspectors …"):
            assignment = _assignment(plan, staff, seed, team_size, visits_per_day, travel_by, recusals, previous)
    with working("排期 scheduling …"):
        made = schedule_visits(
            plan, first_day=first_day, last_day=last_day, teams=teams, assignment=assignment,
            visits_per_day=visits_per_day, travel_by=travel_by, days_off=off, workdays=worked, method=method,
            output="polars",
        )  # fmt: skip
    account, writers = made.account(), made.files()
    if assignment is not None:
        of_staff = assignment.account()
        account = account.model_copy(update={"seed": of_staff.seed, "counts": of_staff.counts | account.counts})
        writers |= assignment.files()
    writers["results-form.csv"] = partial(write_spreadsheet, results_form(plan, output="polars"))
    if staff is not None:
        writers["inspector-rejects.csv"] = partial(write_spreadsheet, staff.rejects)
    if workbook:
        writers["plan.xlsx"] = partial(write_workbook, plan_sheets(plan, assignment=assignment, schedule=made))
    if calendar:
        events = _calendar(made, plan)
        writers["calendar.ics"] = lambda path: path.write_bytes(events)
    files = list(write_set(out, writers, account).values())
    if json:
        print_json(
            {
                "scheduled": made.table_data.height,
                "unscheduled": made.unmet_data.height,
                "inspectors_set_aside": 0 if staff is None else staff.rejects.height,
                "unstaffed": 0 if assignment is None else assignment.unmet_data["visit_id"].n_unique(),
                "files": [str(path) for path in files],
            }
        )
        return
    if staff is not None and staff.rejects.height:
        print_line(f"剔除的检查人员行 rows of inspectors set aside {staff.rejects.height:,}")
        for row in staff.rejects.head(_SHOWN).iter_rows(named=True):
            print_line(f"  {row['source']}:{row['row']} {row['column']}  {row['message_zh']}  {row['message_en']}")
    if assignment is not None:
        print_line(str(assignment))
        _print_reasons(assignment.unmet_data)
    print_line(str(made))
    _print_reasons(made.unmet_data)
    print_files(files)


def _print_reasons(unmet: pl.DataFrame) -> None:
    """Print each reason once, with the visits to which it applies."""
    counts = (
        unmet.group_by("why_zh", "why_en", maintain_order=True).len().sort("len", descending=True, maintain_order=True)
    )
    for row in counts.head(_SHOWN).iter_rows(named=True):
        print_line(f"  {row['len']:,} × {row['why_zh']}  {row['why_en']}")


def _assignment(
    plan: Path,
    staff: Inspectors,
    seed: str | None,
    team_size: int,
    visits_per_day: int,
    travel_by: TravelBy,
    recusals: Path | None,
    previous: Path | None,
) -> Assignment:
    from creditrisk.inspection.fieldwork.assigning import assign_inspectors
    from creditrisk.inspection.plan.tables import read_table

    return assign_inspectors(
        plan, staff, seed=seed if seed is not None else _seed_of(plan), team_size=team_size,
        visits_per_day=visits_per_day, tours_by=travel_by,
        recusals=None if recusals is None else read_table(recusals, "recusals")[0],
        previous=None if previous is None else read_table(previous, "previous")[0], output="polars",
    )  # fmt: skip


def _calendar(made: Schedule, plan: Path) -> bytes:
    from creditrisk.inspection.fieldwork.calendars import visit_calendar
    from creditrisk.inspection.plan.plan import visits_of

    told = ("visit_id", "items", "departments", "cause", "why_zh", "why_en")
    return visit_calendar(made, visits_of(plan, told))


def _seed_of(plan: Path) -> str:
    """Return the seed with which a plan was drawn."""
    import json

    from creditrisk.files.saved import read_saved

    if not plan.is_dir():
        raise InputError(f"{plan} does not say with what seed it was drawn: give --seed")
    data = read_saved(plan, "plan", ("plan.json",), lambda path: json.loads(path.read_text("utf-8")), argument="plan")
    return str(data["seed"])


def _days(table: pl.DataFrame, path: Path) -> tuple[list[date], list[date]]:
    """Return the days off, and the weekend days that are working days."""
    from creditrisk.days import as_date

    kinds: dict[str, list[date]] = {"off": [], "work": []}
    for column in ("date", "kind"):
        if column not in table.columns:
            raise InputError(f"{path}: days need the columns date and kind (off or work)")
    for number, row in enumerate(table.iter_rows(named=True), start=1):
        try:
            kinds[row["kind"]].append(as_date(row["date"], "date"))
        except (KeyError, ValueError):
            raise InputError(
                f"{path}, row {number}: {row['date']!r}, {row['kind']!r} is no day such as 2026-10-01 with off or work"
            ) from None
    return kinds["off"], kinds["work"]
