"""``creditrisk evaluate``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.printing import print_json, print_line, working
from creditrisk.cli.reading import read_inputs, saved_model

if TYPE_CHECKING:
    import polars as pl

__all__ = ["evaluate"]

_FIGURES = {
    "auc": "AUC",
    "average_precision": "平均精度 average precision",
    "first_half_share": "前一半检查发现的比例 findings in the first half",
    "days_earlier": "平均提前天数 days earlier",
}
_SCORES = {"model": "模型 model", "rules": "规则 rules"}


def evaluate(
    model: Annotated[str, typer.Option("--model", metavar="BUNDLE", help="Folder of a saved model, or 'reference'.")],
    enterprises: options.EnterpriseSource,
    records: options.RecordSource,
    from_: Annotated[
        date, typer.Option("--from", parser=options.day, metavar="YYYY-MM-DD", help="First day to look from.")
    ],
    to: Annotated[
        date, typer.Option("--to", parser=options.day, metavar="YYYY-MM-DD", help="Last day that may be one.")
    ],
    every: Annotated[str, typer.Option("--every", help="Between the days, such as 3M or 1Y.")] = "3M",
    policy: options.PolicyName = "jiangsu",
    id_scheme: options.IdScheme = "uscc",
    enterprises_query: options.EnterprisesQuery = None,
    records_query: options.RecordsQuery = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write every table as CSV.")] = None,
    json: options.Json = False,
) -> None:
    """Evaluate a saved model on inspections after its training, beside the rules. 评估模型。

    A window in which the model may have learnt is refused.
    """
    from creditrisk.files.apart import check_folder_apart
    from creditrisk.files.together import prepare_folder
    from creditrisk.learning.studies.evaluating import evaluate_model

    if out is not None:
        check_folder_apart(out, [*enterprises, *records, policy, model])
    bundle = saved_model(model)
    assert bundle is not None
    inputs = read_inputs(enterprises, records, policy, id_scheme, enterprises_query, records_query, from_)
    if out is not None:
        prepare_folder(out, "evaluation")
    with working("评估 evaluating …"):
        evaluation = evaluate_model(
            bundle, inputs.enterprises, inputs.records, from_=from_, to=to, every=every, policy=inputs.policy
        )  # fmt: skip
    files = evaluation.save(out) if out is not None else {}
    tables = evaluation.tables()
    if json:
        print_json({name: table.fill_nan(None).to_dicts() for name, table in tables.items()} | {
            "files": {name: str(path) for name, path in files.items()}
        })  # fmt: skip
        return
    figures = evaluation.comparison.figures
    print_line(f"检查 inspections {figures['rows'][0]:,}，发现问题 findings {figures['findings'][0]:,}")
    print_line()
    print_line("指标与95%区间 Figures with 95 % intervals")
    _print_figures(figures)
    print_line()
    print_line("模型减规则 Model less rules")
    _print_figures(evaluation.comparison.differences)
    rate = evaluation.rate
    print_line()
    print_line(f"发现率 rate of findings: {rate.plain:.3f}；按抽中概率加权 weighted by draws: {rate.weighted:.3f}")
    if files:
        print_files(list(files.values()))


def _print_figures(table: pl.DataFrame) -> None:
    for row in table.iter_rows(named=True):
        if row["figure"] in _FIGURES:
            score = "" if "reference" in row else f"{_SCORES[row['score']]}  "
            print_line(f"  {_FIGURES[row['figure']]}  {score}{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]")
