"""``creditrisk policy list``, ``show`` and ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditrisk.cli import options
from creditrisk.cli.printing import print_json, print_line

if TYPE_CHECKING:
    from creditrisk.policy.document import Policy

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Policies: list, show, check. 评价办法。")

PolicyArgument = Annotated[str, typer.Argument(metavar="NAME|FILE", help="Name of a built-in policy, or a YAML file.")]


@app.command("list", short_help="列出 the policies that come with the library")
def list_policies(json: options.Json = False) -> None:
    """List the policies that come with the library. 列出内置评价办法。"""
    from creditrisk.policy.loading import built_in_policies, load_policy

    policies = [load_policy(name) for name in built_in_policies()]
    if json:
        print_json([_overview(policy) for policy in policies])
        return
    for policy in policies:
        print_line(f"{policy.id}  {policy.edition}  {policy.title.zh} · {policy.title.en}")


@app.command("show", short_help="显示 a policy as its YAML document, or as JSON")
def show_policy(policy: PolicyArgument, json: options.Json = False) -> None:
    """Print a policy as its YAML document, for reading or as the start of your own. 显示评价办法。"""
    from creditrisk.policy.loading import load_policy, policy_document

    loaded = load_policy(policy)
    if json:
        print_json(loaded.model_dump(mode="json", by_alias=True, exclude_none=True))
    else:
        print_line(policy_document(policy).decode("utf-8-sig").rstrip("\n"))


@app.command("check", short_help="检查 a document; complaints name file, line and key")
def check_policy(policy: PolicyArgument, json: options.Json = False) -> None:
    """Check a policy document; complaints name file, line and key. 检查评价办法。"""
    from creditrisk.policy.loading import load_policy

    overview = _overview(load_policy(policy))
    if json:
        print_json(overview)
        return
    print_line(f"ok: {overview['id']}, edition {overview['edition']}, sha256 {overview['sha256']}")
    print_line(
        f"{overview['rules']} rules, {overview['indicators']} indicators, {overview['vetoes']} vetoes, "
        f"{len(overview['tiers'])} tiers; {overview['expert_defaults']} rules are expert defaults"
    )


def _overview(policy: Policy) -> dict[str, Any]:
    from creditrisk.policy.rules import EXPERT_DEFAULT

    return {
        "id": policy.id,
        "edition": policy.edition,
        "title": policy.title.model_dump(),
        "effective_from": policy.effective_from.isoformat(),
        "effective_to": policy.effective_to and policy.effective_to.isoformat(),
        "sha256": policy.sha256,
        "dimensions": list(policy.dimensions),
        "rules": len(policy.rules),
        "expert_defaults": sum(rule.basis == EXPERT_DEFAULT for rule in policy.rules),
        "indicators": len(policy.indicators_used),
        "vetoes": len(policy.vetoes),
        "tiers": [tier.id for tier in policy.tiers],
    }
