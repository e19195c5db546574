"""Reading policy documents: strict YAML in, a checked :class:`~creditrisk.policy.document.Policy` out.

Every complaint names the file, the line and the key. Nothing in a document is ever executed, and what YAML readers
let pass in silence (a key given twice, an alias) is an error here.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from creditrisk.errors import PolicyError
from creditrisk.policy.document import Policy

__all__ = ["built_in_policies", "load_policy", "policy_document"]

Lines = dict[tuple[str | int, ...], int]


def load_policy(policy: str | os.PathLike[str] | Policy) -> Policy:
    """Load a policy by the name of a built-in one, or from a YAML file.

    Parameters
    ----------
    policy : str, path or Policy
        A built-in name such as ``"jiangsu"``, a path ending in ``.yaml`` or ``.yml``, or a policy already loaded.

    Returns
    -------
    Policy

    Raises
    ------
    PolicyError
        If there is no such policy, or the document is wrong; the message names file, line and key.

    Examples
    --------
    >>> load_policy("jiangsu").title.en
    'Tiered supervision of enterprises by credit (Jiangsu)'
    """
    if isinstance(policy, Policy):
        return policy
    name = os.fspath(policy)
    return _built_in(name) if name in built_in_policies() else parse_policy(policy_document(name), name)


def policy_document(policy: str | os.PathLike[str]) -> bytes:
    """The document itself, by the name of a built-in policy or from a YAML file.

    Raises
    ------
    PolicyError
        If there is no such policy, or the file cannot be read.
    """
    name = os.fspath(policy)
    if name in built_in_policies():
        return files("creditrisk.policy").joinpath(f"catalogue/{name}.yaml").read_bytes()
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        raise PolicyError(
            f"there is no built-in policy {name!r}; built-in are {', '.join(built_in_policies())}. "
            "A policy file must end in .yaml or .yml."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(f"the policy file {name} cannot be read: {error.strerror or error}") from error


@cache
def built_in_policies() -> tuple[str, ...]:
    """Names of the policies that come with the library."""
    entries = files("creditrisk.policy").joinpath("catalogue").iterdir()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in entries if entry.name.endswith(".yaml")))


@cache
def _built_in(name: str) -> Policy:
    return parse_policy(policy_document(name), f"{name}.yaml")


def parse_policy(content: bytes, name: str) -> Policy:
    """Read a policy from the bytes of a YAML document; ``name`` stands in the error messages."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{name}: not UTF-8 at byte {error.start}; save the policy as UTF-8") from error
    lines: Lines = {}
    try:
        node = yaml.compose(text, Loader=_StrictLoader)
        data = _plain(node, (), lines, name) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PolicyError(f"{name}, line {line}: not valid YAML: {error.problem or error}") from error
    except yaml.YAMLError as error:
        raise PolicyError(f"{name}: not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise PolicyError(f"{name}: a policy is a mapping of keys such as id, edition, dimensions, rules, tiers")
    if "sha256" in data:
        raise PolicyError(f"{name}, line {lines[('sha256',)]}: unknown key 'sha256'; the hash is computed")
    try:
        return Policy.model_validate({**data, "sha256": hashlib.sha256(content).hexdigest()})
    except ValidationError as error:
        raise PolicyError(_complaints(error, lines, name)) from None


class _StrictLoader(yaml.SafeLoader):
    """The safe loader without aliases: a policy says each thing in its place, and cannot refer to itself."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed in a policy", problem_mark=mark)
        return super().compose_node(parent, index)


def _plain(node: yaml.Node, place: tuple[str | int, ...], lines: Lines, name: str) -> Any:
    """Turn a YAML node into plain data and note the line of every key."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise PolicyError(f"{name}, line {line}: a key must be a word")
            key = str(key_node.value)
            if key in result:
                raise PolicyError(f"{name}, line {line}: key {key!r} is given twice")
            lines[(*place, key)] = line
            result[key] = _plain(value_node, (*place, key), lines, name)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, index), lines, name) for index, item in enumerate(node.value)]
    try:
        return yaml.SafeLoader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:
        problem = getattr(error, "problem", None) or error
        raise PolicyError(f"{name}, line {node.start_mark.line + 1}: {node.value!r}: {problem}") from error


def _complaints(error: ValidationError, lines: Lines, name: str) -> str:
    complaints = []
    for fault in error.errors():
        place = tuple(fault["loc"])
        known = place
        while known and known not in lines:
            known = known[:-1]
        key = ".".join(str(part) for part in place)
        line = lines.get(known, 1)
        if fault["type"] == "extra_forbidden":
            complaints.append(f"{name}, line {line}: unknown key {key!r}")
        elif fault["type"] == "missing":
            complaints.append(f"{name}, line {line}: key {key!r} is missing")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            complaints.append(f"{name}, line {line}: {key + ': ' if key else ''}{message}")
    return "\n".join(complaints)
