"""``creditrisk train``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.printing import print_json, print_line, working
from creditrisk.cli.reading import plain_warnings, read_inputs

__all__ = ["train"]

_MOST_MONTHS = 1200
_GREATEST_SEED = 2**32 - 1
_DAY = {"parser": options.day, "metavar": "YYYY-MM-DD"}


def train(
    enterprises: options.EnterpriseSource,
    records: options.RecordSource,
    from_: Annotated[date, typer.Option("--from", help="First day on which enterprises are looked at.", **_DAY)],
    to: Annotated[date, typer.Option("--to", help="Last day that may be one.", **_DAY)],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the model; an older one is replaced.")],
    every: Annotated[str, typer.Option("--every", help="Between the days, such as 3M or 1Y.")] = "3M",
    within_months: Annotated[
        int,
        typer.Option(
            "--within",
            min=1,
            max=_MOST_MONTHS,
            metavar="MONTHS",
            help="The next inspection happens within so many months.",
        ),
    ] = 12,
    severity: Annotated[
        Literal["minor", "general", "serious", "grave"],
        typer.Option("--severity", help="A violation at least so severe is a finding."),
    ] = "serious",
    test_from: Annotated[
        date | None,
        typer.Option("--test-from", help="Evaluate from this day on; nothing known later is learnt.", **_DAY),
    ] = None,
    test_to: Annotated[
        date | None, typer.Option("--test-to", help="Last day of the evaluation; without it there is none.", **_DAY)
    ] = None,
    additive: Annotated[
        bool, typer.Option("--additive", help="A sum of steps of single indicators, which is a policy as well.")
    ] = False,
    categories: Annotated[
        bool, typer.Option("--categories", help="Read industry, region and scale of the enterprise as well.")
    ] = False,
    draws_only: Annotated[
        bool, typer.Option("--draws-only", help="Learn from random draws alone, weighted by their probability.")
    ] = False,
    search_trials: Annotated[
        int | None, typer.Option("--search-trials", min=1, help="Try so many sets of hyper-parameters.")
    ] = None,
    search_seconds: Annotated[
        float | None,
        typer.Option("--search-seconds", min=1, help="Search for hyper-parameters so long: not to be repeated."),
    ] = None,
    policy: options.PolicyName = "jiangsu",
    id_scheme: options.IdScheme = "uscc",
    enterprises_query: options.EnterprisesQuery = None,
    records_query: options.RecordsQuery = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", min=0, max=_GREATEST_SEED, help="The same seed gives the same model, save with --search-seconds."
        ),
    ] = 0,
    json: options.Json = False,
) -> None:
    """Train a model on what inspections found, and keep it with its card. 训练模型。

    A test window that the training reaches into is refused. How far a search by time comes depends on the machine: for
    a model that can be made again, search by --search-trials.
    """
    from creditrisk.errors import LearningWarning
    from creditrisk.files.apart import check_folder_apart
    from creditrisk.indicators.spec import Selection
    from creditrisk.learning.bundles.bundle import FILES_BESIDE_PARTS, check_place, save_model
    from creditrisk.learning.scorers.boosted import BoostedScorer
    from creditrisk.learning.studies.training import train_model
    from creditrisk.learning.target import Target
    from creditrisk.vocabulary import BilingualText

    check_folder_apart(out, [*enterprises, *records, policy])
    check_place(out)
    inputs = read_inputs(enterprises, records, policy, id_scheme, enterprises_query, records_query, to)
    names = ", ".join(Path(source).name for source in records)
    with working("训练 training …"), plain_warnings(LearningWarning):
        trained = train_model(
            inputs.enterprises, inputs.records, from_=from_, to=to, every=every,
            target=Target(
                finding=Selection(types=("violation",), severity_at_least=severity), within_months=within_months
            ),
            test_from=test_from, test_to=test_to, policy=inputs.policy,
            scorer=BoostedScorer(
                additive=additive, search_trials=search_trials, search_seconds=search_seconds, random_state=seed
            ),
            categories=("industry", "region", "scale") if categories else (), draws_only=draws_only,
            source=BilingualText(zh=names, en=names), seed=seed,
        )  # fmt: skip
    figures = trained.evaluation.to_dict() if trained.evaluation is not None else None
    bundle = save_model(trained.scorer, out, policy=trained.policy, cohort=trained.cohort, figures=figures)
    files = [out / name for name in (*bundle.manifest.parts, *FILES_BESIDE_PARTS)]
    if json:
        print_json(
            {"sha256": bundle.manifest.sha256, "cohort": trained.cohort.model_dump(mode="json"), "figures": figures,
             "files": [str(path) for path in files]}
        )  # fmt: skip
        return
    cohort = trained.cohort
    print_line(
        f"样本 rows {cohort.rows:,}，发现问题 findings {cohort.findings:,}，企业 enterprises {cohort.enterprises:,}，"
        f"指标 columns {len(bundle.manifest.columns):,}，方向 held to a direction {trained.scorer.n_directed_:,}"
    )
    for row in figures["figures"] if figures is not None else ():
        if row["figure"] == "auc":
            score = {"model": "模型 model", "rules": "规则 rules"}[row["score"]]
            print_line(
                f"训练之后 after the training  AUC  {score}  {row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            )
    print_files(files)
