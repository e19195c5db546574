"""``creditrisk validate``, ``assess`` and ``explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditrisk.cli import options
from creditrisk.cli.printing import print_json, print_line, working
from creditrisk.cli.reading import check_rejects, read_inputs, saved_model
from creditrisk.cli.writing import check_table_file, write_table
from creditrisk.errors import InputError

if TYPE_CHECKING:
    from creditrisk.records.tables import ReadingReport

__all__ = ["assess", "explain", "print_files", "validate"]


def validate(
    enterprises: options.EnterpriseSource,
    records: options.RecordSource,
    policy: options.PolicyName = "jiangsu",
    id_scheme: options.IdScheme = "uscc",
    enterprises_query: options.EnterprisesQuery = None,
    records_query: options.RecordsQuery = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Write the rows set aside to a .csv or .parquet.")
    ] = None,
    max_rejects: options.MaxRejects = None,
    json: options.Json = False,
) -> None:
    """Check enterprises and records, and say what has to be set aside and why. 校验数据。

    The policy only says which further record types there are.
    """
    from creditrisk.files.apart import check_file_apart
    from creditrisk.records.identity import identity_report
    from creditrisk.records.rejects import unknown_enterprise_rejects
    from creditrisk.report.texts import aligned, reject_lines

    check_table_file(rejects, "--rejects")
    check_file_apart(rejects, [*enterprises, *records, policy], argument="--rejects")
    inputs = read_inputs(enterprises, records, policy, id_scheme, enterprises_query, records_query)
    strangers = unknown_enterprise_rejects(
        inputs.records.data.join(inputs.enterprises.data, on="enterprise_id", how="anti", maintain_order="left")
    )
    reports = {"enterprises": inputs.enterprises.report, "records": inputs.records.report}
    identity = {name: table.height for name, table in identity_report(inputs.enterprises, inputs.records).to().items()}
    set_aside = sum(report.rows_rejected for report in reports.values()) + strangers.height
    if rejects is not None:
        import polars as pl

        write_table(pl.concat([inputs.enterprises.rejected, inputs.records.rejected, strangers]), rejects)
    if json:
        tables = {name: _report_data(report) for name, report in reports.items()}
        print_json(
            {**tables, "records_of_unknown_enterprises": strangers.height, "rows_set_aside": set_aside,
             "identity": identity, "rejects_file": None if rejects is None else str(rejects)}
        )  # fmt: skip
    else:
        for title, name in (("企业", "enterprises"), ("记录", "records")):
            _print_report(f"{title} {name.capitalize()}", reports[name])
        print_line("企业表中没有的企业 Records of enterprises that the table does not have")
        print_line(*reject_lines({"unknown_enterprise": strangers.height}))
        print_line()
        print_line("名称与代码 Names and codes")
        for line in aligned(
            [(_IDENTITY[name], f"{count:9,}") for name, count in identity.items() if name in _IDENTITY]
        ):
            print_line(line)
        if rejects is not None:
            print_files([rejects])
    check_rejects(set_aside, max_rejects)


def assess(
    enterprises: options.EnterpriseSource,
    records: options.RecordSource,
    as_of: options.AsOf,
    out: options.OutFolder,
    policy: options.PolicyName = "jiangsu",
    id_scheme: options.IdScheme = "uscc",
    enterprises_query: options.EnterprisesQuery = None,
    records_query: options.RecordsQuery = None,
    max_rejects: options.MaxRejects = None,
    previous: options.Previous = None,
    model: options.Model = None,
    combine: options.Combine = "rules",
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV files for a spreadsheet as well.")] = False,
    json: options.Json = False,
) -> None:
    """Assess every enterprise and write scores, tiers, reasons and rejects to a folder. 评价企业。

    With a model, where rules and model disagree is written as well.
    """
    from creditrisk.files.apart import check_folder_apart
    from creditrisk.files.together import prepare_folder

    check_folder_apart(out, [*enterprises, *records, policy, previous, model])
    bundle = saved_model(model)
    inputs = read_inputs(enterprises, records, policy, id_scheme, enterprises_query, records_query, as_of)
    prepare_folder(out, "assessment")
    assessment = inputs.assess(as_of, previous, bundle, combine)
    with working("写出结果 writing …"):
        files = assessment.save(out, csv=csv)
    summary = assessment.summary()
    if json:
        paths = {name: str(path) for name, path in files.items()}
        print_json({"summary": summary.model_dump(mode="json"), "files": paths})
    else:
        print_line(str(summary))
        if assessment.assessed.view is not None:
            said = assessment.assessed.view.said()
            print_line()
            print_line(f"模型 model {model}，合并方式 combined as {combine}")
            print_line(
                f"规则与模型不一致 rules and model disagree {said['disagreements']:,}；"
                f"等级因模型变动 tiers moved by the model {said['moved']:,}"
            )
        print_files(list(files.values()))
    check_rejects(summary.rows_rejected, max_rejects)


def explain(
    enterprise_id: Annotated[str, typer.Argument(help="Id of the enterprise.")],
    enterprises: options.EnterpriseSource,
    records: options.RecordSource,
    as_of: options.AsOf,
    policy: options.PolicyName = "jiangsu",
    id_scheme: options.IdScheme = "uscc",
    enterprises_query: options.EnterprisesQuery = None,
    records_query: options.RecordsQuery = None,
    language: options.Language = "both",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page instead of text.")] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Every parameter and indicator that was read, as a tree, instead.")
    ] = False,
    way_up: Annotated[
        bool, typer.Option("--way-up", help="Also the way to the next tier, and since and until when states hold.")
    ] = False,
    previous: options.Previous = None,
    model: options.Model = None,
    combine: options.Combine = "rules",
    json: options.Json = False,
) -> None:
    """Explain one enterprise's tier, down to its records. 解释一家企业的等级。"""
    from creditrisk.files.apart import check_file_apart
    from creditrisk.files.together import write_file
    from creditrisk.report.pages import explanation_page

    if trace and html is not None:
        raise InputError("a trace has no page: leave out --html or --trace")
    check_file_apart(html, [*enterprises, *records, policy, previous, model], argument="--html")
    inputs = read_inputs(enterprises, records, policy, id_scheme, enterprises_query, records_query, as_of)
    asked = enterprise_id.strip() if id_scheme == "any" else enterprise_id.strip().upper()
    assessment = inputs.assess(as_of, previous, saved_model(model), combine)
    if trace:
        traced = assessment.trace(asked)
        if json:
            print_json(traced.to_dict())
        else:
            print_line(str(traced) if language == "both" else traced.text(language))
        return
    explanation = assessment.explain(asked, way_up=way_up)
    if html is not None:
        page = explanation_page(explanation)
        write_file(html, lambda path: path.write_text(page, encoding="utf-8"))
    if json:
        print_json(explanation.to_dict())
    elif html is not None:
        print_files([html])
    else:
        print_line(str(explanation) if language == "both" else explanation.text(language))


def print_files(paths: list[Path]) -> None:
    """Print the paths of files."""
    print_line()
    print_line("文件 Files")
    for path in paths:
        print_line(f"  {path}")


_IDENTITY = {
    "one_code_two_names": "一码多名 one code under two names",
    "one_name_two_codes": "一名多码 one name under two codes",
    "former_name_of_another": "曾用名为他企业现名 former name of another enterprise",
}


def _print_report(title: str, report: ReadingReport) -> None:
    from creditrisk.report.texts import aligned, reject_lines

    counts = [
        ("读取行 rows read", f"{report.rows_read:9,}"),
        ("保留行 rows kept", f"{report.rows_kept:9,}"),
        ("剔除行 rows set aside", f"{report.rows_rejected:9,}"),
    ]
    lines = [title, f"  {', '.join(report.sources)}", *aligned(counts)]
    if report.rejected_by_code:
        lines += ["  剔除原因 why", *reject_lines(report.rejected_by_code)]
    if report.ignored_columns:
        lines.append(f"  未用列 columns not used: {', '.join(report.ignored_columns)}")
    lines += [f"  - {note}" for note in report.notes]
    for line in (*lines, ""):
        print_line(line)


def _report_data(report: ReadingReport) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(report)
