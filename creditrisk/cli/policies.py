"""``creditrisk policy list``, ``show``, ``check``, ``diff``, ``impact``, ``render`` and ``schema``."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditrisk.cli import options
from creditrisk.cli.assessing import print_files
from creditrisk.cli.printing import print_json, print_line, working
from creditrisk.cli.reading import load_edition, read_tables
from creditrisk.errors import InputError

if TYPE_CHECKING:
    from creditrisk.policy.document import Policy
    from creditrisk.policy.proving import Proof

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Policies: list, show, check, diff, impact, render, schema, sql. 评价办法。",
)

_WHICH = "Name of a built-in policy, a YAML file, or a folder of editions"
PolicyArgument = Annotated[str, typer.Argument(metavar="NAME|FILE", help=f"{_WHICH}.")]
BeforeArgument = Annotated[str, typer.Argument(metavar="A", help=f"{_WHICH}: the policy before.")]
AfterArgument = Annotated[str, typer.Argument(metavar="B", help="The policy after.")]
EditionDay = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=options.day,
        metavar="YYYY-MM-DD",
        help="The edition and the values in force on this day; by default the newest.",
    ),
]
BeforeDay = Annotated[
    date | None,
    typer.Option("--as-of-a", parser=options.day, metavar="YYYY-MM-DD", help="The day for which A is read."),
]
AfterDay = Annotated[
    date | None,
    typer.Option("--as-of-b", parser=options.day, metavar="YYYY-MM-DD", help="The day for which B is read."),
]


@app.command("list", short_help="列出 the policies that come with the library")
def list_policies(json: options.Json = False) -> None:
    """List the policies that come with the library, with all their editions. 列出内置评价办法。"""
    from creditrisk.policy.loading import built_in_policies, load_editions

    policies = [edition for name in built_in_policies() for edition in load_editions(name)]
    if json:
        print_json([_overview(policy) for policy in policies])
        return
    for policy in policies:
        until = policy.effective_to or "……"
        print_line(
            f"{policy.id}  {policy.edition}  {policy.effective_from} – {until}  "
            f"{policy.title.zh} · {policy.title.en}"
        )  # fmt: skip


@app.command("show", short_help="显示 a policy as its YAML document, or as JSON")
def show_policy(policy: PolicyArgument, as_of: EditionDay = None, json: options.Json = False) -> None:
    """Print a policy as its YAML document, for reading or as the start of your own. 显示评价办法。"""
    from creditrisk.policy.loading import policy_document

    if json:
        print_json(load_edition(policy, as_of).model_dump(mode="json", by_alias=True, exclude_none=True))
    else:
        print_line(policy_document(policy, as_of).decode("utf-8-sig").rstrip("\n"))


@app.command("check", short_help="检查 a document; complaints name file, line and key")
def check_policy(policy: PolicyArgument, as_of: EditionDay = None, json: options.Json = False) -> None:
    """Check a policy document, and say what is proved of it; complaints name file, line and key. 检查评价办法。"""
    loaded = load_edition(policy, as_of, warn=False)
    caveats = _caveats(loaded, as_of or date.today())
    overview = _overview(loaded)
    if json:
        proofs = [
            {"subject": proof.subject, "indicator": proof.indicator, "holds": proof.holds, **proof.text.model_dump()}
            for proof in loaded.proofs
        ]
        print_json({**overview, "warnings": caveats, "proofs": proofs})
        return
    print_line(f"ok: {overview['id']}, edition {overview['edition']}, sha256 {overview['sha256']}")
    print_line(
        f"{overview['rules']} rules, {overview['indicators']} indicators, {overview['vetoes']} vetoes, "
        f"{len(overview['tiers'])} tiers; {overview['expert_defaults']} rules are expert defaults"
    )
    _print_proofs(loaded.proofs)
    if caveats:
        print_line()
        print_line(f"提示 Warnings: {len(caveats)}")
        for caveat in caveats:
            print_line(f"  - {caveat['zh']}")
            print_line(f"    {caveat['en']}")


@app.command("diff", short_help="比较 two policies, in words")
def diff_policies(
    before: BeforeArgument,
    after: AfterArgument,
    as_of_a: BeforeDay = None,
    as_of_b: AfterDay = None,
    language: options.Language = "both",
    json: options.Json = False,
) -> None:
    """Say in words what differs between two policies, or two editions of one. 比较评价办法。"""
    from creditrisk.report.policies.comparing import compare_policies

    difference = compare_policies(load_edition(before, as_of_a), load_edition(after, as_of_b))
    if json:
        print_json(difference.to_dict())
    else:
        print_line(difference.text(language))


@app.command("impact", short_help="测算 who would move between tiers, and by which rule")
def impact(
    before: BeforeArgument,
    after: AfterArgument,
    enterprises: options.EnterpriseSource,
    records: options.RecordSource,
    as_of: options.AsOf,
    as_of_a: BeforeDay = None,
    as_of_b: AfterDay = None,
    id_scheme: options.IdScheme = "uscc",
    enterprises_query: options.EnterprisesQuery = None,
    records_query: options.RecordsQuery = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the movers, a page and JSON to a folder.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="With --out: a CSV file for a spreadsheet as well.")] = False,
    json: options.Json = False,
) -> None:
    """Compute the effect of a change of policy before it takes force. 测算评价办法变更的影响。

    Both policies are read for --as-of, unless --as-of-a or --as-of-b name other days; a draft that is not in force then
    is taken as it stands.
    """
    from creditrisk.assessing.impact.policy_impact import policy_impact
    from creditrisk.files.apart import check_folder_apart
    from creditrisk.files.together import prepare_folder

    if csv and out is None:
        raise InputError("--csv needs --out: a folder to write to")
    if out is not None:
        check_folder_apart(out, [*enterprises, *records, before, after])
    was, now = (
        load_edition(policy, day or as_of, on_trial=day is None)
        for policy, day in ((before, as_of_a), (after, as_of_b))
    )
    register, table = read_tables(
        enterprises, records, (*was.record_types, *now.record_types), id_scheme, enterprises_query, records_query
    )
    if out is not None:
        prepare_folder(out, "impact")
    with working("测算 computing …"):
        result = policy_impact(register, table, before=was, after=now, as_of=as_of, output="polars")
        files = [] if out is None else list(result.save(out, csv=csv).values())
    if json:
        print_json({**result.to_dict(), "files": [str(file) for file in files]})
        return
    print_line(str(result))
    if files:
        print_files(files)


@app.command("render", short_help="公布 a policy as a page or Markdown for publication")
def render(
    policy: PolicyArgument,
    as_of: EditionDay = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A .html or .md file; by default Markdown is printed.")
    ] = None,
    language: options.Language = "both",
) -> None:
    """Write a policy as a document for publication: all rules in words, all numbers with sources. 公布评价办法。"""
    from creditrisk.files.apart import check_file_apart
    from creditrisk.files.together import write_file
    from creditrisk.report.policies.pages import RenderForm, render_policy

    forms: dict[str, RenderForm] = {".html": "html", ".md": "markdown"}
    if out is not None and out.suffix not in forms:
        raise InputError(f"--out must end in .html or .md, got {out}")
    check_file_apart(out, [policy])
    text = render_policy(load_edition(policy, as_of), "markdown" if out is None else forms[out.suffix], language)
    if out is None:
        print_line(text.rstrip("\n"))
    else:
        write_file(out, lambda path: path.write_text(text, encoding="utf-8"))
        print_files([out])


@app.command("schema", short_help="模式 a JSON Schema of policy documents, for editors")
def schema(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """Print the JSON Schema of policy documents, by which editors complete keys and mark mistakes. 文档模式。"""
    import json as to_json

    from creditrisk.files.together import write_file
    from creditrisk.policy.schema import policy_schema

    if out is None:
        print_json(policy_schema())
        return
    text = to_json.dumps(policy_schema(), ensure_ascii=False, indent=2) + "\n"
    write_file(out, lambda path: path.write_text(text, encoding="utf-8"))
    print_files([out])


def _caveats(policy: Policy, day: date) -> list[dict[str, str]]:
    """Yield remarks about a policy that are not errors."""
    from creditrisk.report.policies.rendering import expert_defaults

    caveats = []
    if policy.is_past_review(day):
        caveats.append(
            {
                "zh": f"应于{policy.review_by}前评估修订，现为{day}",
                "en": f"was to be reviewed by {policy.review_by}; it is {day}",
            }
        )
    defaults = expert_defaults(policy)
    if defaults:
        counts = ", ".join(f"{part} {len(names)}" for part, names in defaults.items())
        caveats.append(
            {
                "zh": f"数值全部或部分为专家默认值的项，须由制定机关确定：{counts}",
                "en": f"entries whose numbers, all or some, are expert defaults for the authority to set: {counts}",
            }
        )
    return caveats


def _print_proofs(proofs: tuple[Proof, ...]) -> None:
    groups: dict[tuple[str, str], list[Proof]] = defaultdict(list)
    for proof in proofs:
        groups[proof.text.zh, proof.text.en].append(proof)
    print_line()
    print_line(f"证明 Proofs: {len(proofs)}")
    for (zh, en), group in groups.items():
        print_line()
        print_line(f"  {zh} · {en}: {len(group)}")
        for proof in group:
            print_line(f"    {proof.subject} · {proof.indicator}")


def _overview(policy: Policy) -> dict[str, Any]:
    from creditrisk.policy.rules import EXPERT_DEFAULT

    return {
        "id": policy.id,
        "edition": policy.edition,
        "title": policy.title.model_dump(),
        "effective_from": policy.effective_from.isoformat(),
        "effective_to": policy.effective_to and policy.effective_to.isoformat(),
        "review_by": policy.review_by and policy.review_by.isoformat(),
        "sha256": policy.sha256,
        "dimensions": list(policy.dimensions),
        "rules": len(policy.rules),
        "expert_defaults": sum(rule.basis == EXPERT_DEFAULT for rule in policy.rules),
        "indicators": len(policy.indicators_used),
        "vetoes": len(policy.vetoes),
        "tiers": [tier.id for tier in policy.tiers],
    }
