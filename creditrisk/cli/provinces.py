"""``creditrisk simulate`` and ``demo``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.printing import print_json, print_line, working
from creditrisk.cli.reading import read_inputs

if TYPE_CHECKING:
    from creditrisk.assessing.assessment import Assessment

__all__ = ["demo", "representatives", "simulate"]

_SEED = 20260630
_DEMO_FAULTS = 0.01
_DEMO_DAY = date(2026, 6, 30)

Enterprises = Annotated[int, typer.Option("--enterprises", min=1, help="How many enterprises.")]


def simulate(
    out: options.OutFolder,
    enterprises: Enterprises = 10_000,
    records_per_enterprise: Annotated[
        float, typer.Option("--records-per-enterprise", help="How many records, on average.")
    ] = 10.0,
    seed: options.Seed = _SEED,
    faults: Annotated[
        float, typer.Option("--faults", "--dirty", help="Share of bad rows to plant; only the raw form has any.")
    ] = 0.0,
    raw: Annotated[
        bool | None,
        typer.Option(
            "--raw/--typed", help="As agencies hand data over: Chinese headers, text; raw if there are faults."
        ),
    ] = None,
    file_format: Annotated[Literal["parquet", "csv"], typer.Option("--format", help="Form of the files.")] = "parquet",
    json: options.Json = False,
) -> None:
    """Simulate a province: enterprises and their records, to try things on. 模拟一个省的数据。"""
    from creditrisk.errors import InputError
    from creditrisk.files.together import prepare_folder
    from creditrisk.simulate import simulate_province

    if faults and raw is False:
        raise InputError("--faults needs the raw form: bad rows cannot be written into typed tables; leave --typed out")
    prepare_folder(out, "simulation")
    with working("模拟 simulating …"):
        province = simulate_province(enterprises, records_per_enterprise, seed=seed, faults=faults)
        paths = province.write(out, file_format, raw=raw or faults > 0)
    if json:
        counts = {"enterprises": province.enterprises.height, "records": province.records.height}
        print_json({**counts, "seed": seed, "files": [str(path) for path in paths]})
        return
    print_line(
        f"模拟企业 enterprises {province.enterprises.height:,}, 记录 records {province.records.height:,}, "
        f"种子 seed {seed}"
    )
    print_files(list(paths))


def demo(
    out: options.OutFolder = Path("creditrisk-demo"),
    enterprises: Enterprises = 10_000,
    seed: options.Seed = _SEED,
    language: options.Language = "both",
) -> None:
    """Show the whole way: simulate a small province with bad rows, check it, assess it, explain three. 演示。"""
    from creditrisk.simulate import simulate_province

    with working("模拟 simulating …"):
        province = simulate_province(enterprises, seed=seed, faults=_DEMO_FAULTS)
        sources = province.write(out / "input", "csv", raw=True)
    inputs = read_inputs([str(sources[0])], [str(sources[1])], policy="jiangsu", id_scheme="uscc")
    assessment = inputs.assess(_DEMO_DAY)
    with working("写出结果 writing …"):
        files = assessment.save(out, csv=True)
    print_line(str(assessment.summary()))
    for enterprise_id in representatives(assessment):
        explanation = assessment.explain(enterprise_id)
        title = f"{explanation.tier_label.zh} · {explanation.tier_label.en}"
        print_line(f"\n{'=' * 20} {title} {'=' * 20}\n")
        print_line(str(explanation) if language == "both" else explanation.text(language))
    print_files([*sources, *files.values()])


def representatives(assessment: Assessment) -> list[str]:
    """Return one enterprise of each non-empty tier: the median score among those with more records than most."""
    import polars as pl

    chosen = []
    for tier in assessment.policy.tiers:
        group = assessment.table_data.filter(pl.col("tier") == tier.id)
        if group.height:
            documented = group.filter(pl.col("evidence_count") >= pl.col("evidence_count").quantile(0.75))
            by_score = documented.sort("score", "enterprise_id")
            chosen.append(by_score["enterprise_id"][by_score.height // 2])
    return chosen
