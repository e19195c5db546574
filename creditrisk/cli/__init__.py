"""The command line: ``creditrisk demo | simulate | assess | explain | train | plan | policy`` and more.

Modules that are slow to import are imported inside the commands, so that help appears at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from creditrisk.cli import (
    assessing,
    evaluating,
    inspecting,
    policies,
    provinces,
    results,
    scheduling,
    sql,
    standing,
    training,
)
from creditrisk.cli.failures import PlainFailures
from creditrisk.cli.printing import print_line

__all__ = ["app", "main"]

app = typer.Typer(
    name="creditrisk",
    cls=PlainFailures,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo", short_help="演示 a small province, from raw files to tiers and reasons")(provinces.demo)
app.command("simulate", short_help="模拟 enterprises and records to try things on")(provinces.simulate)
app.command("validate", short_help="校验 say which rows have to be set aside, and why")(assessing.validate)
app.command("assess", short_help="评价 scores, tiers and reasons, written to a folder")(assessing.assess)
app.command("explain", short_help="解释 one enterprise's tier, down to its records")(assessing.explain)
app.command("standing", short_help="效力 whether each record counts on a day, and why")(standing.standing)
app.command("train", short_help="训练 learn from what inspections found, and keep the model")(training.train)
app.command("evaluate", short_help="评估 a kept model on later inspections, beside the rules")(evaluating.evaluate)
app.command("plan", short_help="检查计划 draws and visits of a year, from an assessment and items")(inspecting.plan)
app.command("verify-draw", short_help="核验抽取 recompute a published draw and say what differs")(
    inspecting.verify_draw
)
app.command("schedule", short_help="派员与排期 inspectors and days for the visits of a plan")(scheduling.schedule)
app.command("record-results", short_help="登记检查结果 results of visits, back as records")(results.record_results)
policies.app.command("sql", short_help="导出 the scoring step as SQL for a database")(sql.policy_sql)
app.add_typer(policies.app, name="policy", short_help="评价办法 list, show, check, compare, publish policies")


def _print_version(asked: bool) -> None:
    if asked:
        from creditrisk.version import __version__

        print_line(f"creditrisk {__version__}")
        raise typer.Exit


@app.callback()
def _describe(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Credit-based, tiered supervision of enterprises: from records to scores, tiers and reasons.

    企业信用分级分类监管：从信用记录到得分、等级和理由。

    Exit codes: 0 done, 1 done with more rejects than --max-rejects, 2 wrong use or input.
    """


def main() -> None:
    """Run the command line; the entry point ``creditrisk``."""
    app(prog_name="creditrisk")
