"""Reading policy documents: strict YAML in, a checked :class:`~creditrisk.policy.document.Policy` out.

Every error message names the file, the line and the key. Nothing in a document is ever executed, and things that YAML
readers silently accept (a repeated key, an alias) are errors here.

A policy has editions; each is a separate document that is in force for some time. A parameter may also change within
an edition; it is then written as ``{dated: [{from: …, value: …}, …]}``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from creditrisk.days import as_date
from creditrisk.errors import PolicyError, PolicyReviewWarning
from creditrisk.files.digests import sha256_of
from creditrisk.policy.document import FILLED_IN_ON_LOADING, Policy

__all__ = ["built_in_policies", "load_editions", "load_policy", "policy_document"]

Place = tuple[str | int, ...]
Lines = dict[Place, int]

_YAML = {".yaml", ".yml"}
# Deeper than any policy; a malicious document with deep nesting could exhaust a reader's stack.
_DEEPEST = 40
_PLAIN_TAGS = {"!"} | {
    f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
}
# libyaml is ten times as fast; PyYAML has it if it was built with it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_policy(policy: str | os.PathLike[str] | Policy, as_of: date | str | None = None) -> Policy:
    """Load the edition of a policy that is in force on a day.

    Parameters
    ----------
    policy : str, path or Policy
        A built-in name such as ``"jiangsu"``; a YAML file; a folder of YAML files, one for each edition; or a loaded
        policy, which is returned unchanged for every day.
    as_of : datetime.date or ISO text, optional
        The day. Without it, the newest edition is loaded with the newest value of each parameter.

    Returns
    -------
    Policy

    Raises
    ------
    PolicyError
        If there is no such policy, no edition is in force on the day, editions overlap or leave a gap, or a document
        is wrong; the message names file, line and key.

    Warns
    -----
    PolicyReviewWarning
        If the day is after the date by which the edition was due for review.

    Examples
    --------
    >>> load_policy("jiangsu", "2026-06-30").edition, load_policy("jiangsu", "2025-06-30").edition
    ('2026', '2023')
    """
    if isinstance(policy, Policy):
        return policy
    day = None if as_of is None else as_date(as_of)
    edition = _edition_on(load_editions(policy, day), day, os.fspath(policy))
    if day is not None and edition.is_past_review(day):
        warnings.warn(
            f"policy {edition.id}, edition {edition.edition}, was to be reviewed by {edition.review_by}; it is {day}",
            PolicyReviewWarning,
            stacklevel=2,
        )
    return edition


def load_editions(policy: str | os.PathLike[str], as_of: date | None = None) -> tuple[Policy, ...]:
    """Load all editions of a policy, the oldest first, each with the parameters of a day.

    Raises
    ------
    PolicyError
        For the reasons that :func:`load_policy` gives.
    """
    name = os.fspath(policy)
    if name in built_in_policies():
        return _built_in(name, as_of)
    return _in_sequence([parse_policy(text, file, as_of) for file, text in _documents(name).items()], name)


def policy_document(policy: str | os.PathLike[str], as_of: date | str | None = None) -> bytes:
    """Return the document of the edition in force on a day, or of the newest edition.

    Raises
    ------
    PolicyError
        For the reasons that :func:`load_policy` gives.
    """
    day = None if as_of is None else as_date(as_of)
    edition = _edition_on(load_editions(policy, day), day, os.fspath(policy))
    documents = _documents(os.fspath(policy)).values()
    return next(text for text in documents if sha256_of(text) == edition.sha256)


def built_in_policies() -> tuple[str, ...]:
    """Return the names of the policies that come with the library."""
    entries = files("creditrisk.policy").joinpath("catalogue").iterdir()
    return tuple(sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("_")))


@lru_cache(maxsize=64)
def _built_in(name: str, as_of: date | None) -> tuple[Policy, ...]:
    return _in_sequence([parse_policy(text, file, as_of) for file, text in _documents(name).items()], name)


def _documents(name: str) -> dict[str, bytes]:
    """Return the documents of a policy's editions by file name."""
    if name in built_in_policies():
        folder = files("creditrisk.policy").joinpath(f"catalogue/{name}")
        names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
        return {f"{name}/{entry}": folder.joinpath(entry).read_bytes() for entry in names}
    path = Path(name)
    try:
        if path.is_dir():
            found = sorted(entry for entry in path.iterdir() if entry.suffix in _YAML)
            if not found:
                raise PolicyError(f"the folder {name} holds no policy document (.yaml or .yml)")
            return {str(entry): entry.read_bytes() for entry in found}
        if path.suffix in _YAML:
            return {name: path.read_bytes()}
    except OSError as error:
        raise PolicyError(f"the policy file {name} cannot be read: {error.strerror or error}") from error
    raise PolicyError(
        f"there is no built-in policy {name!r}; built-in are {', '.join(built_in_policies())}. "
        "A policy file must end in .yaml or .yml."
    )


def _in_sequence(editions: Sequence[Policy], name: str) -> tuple[Policy, ...]:
    """Sort editions by the first day in force; an overlap, a gap or another policy's edition is an error."""
    ordered = sorted(editions, key=lambda edition: edition.effective_from)
    for earlier, later in pairwise(ordered):
        pair = f"editions {earlier.edition} and {later.edition} of {name}"
        if earlier.id != later.id:
            raise PolicyError(f"{pair} are of different policies: {earlier.id} and {later.id}")
        last_day = later.effective_from - timedelta(days=1)
        if earlier.effective_to is None or earlier.effective_to > last_day:
            raise PolicyError(
                f"{pair} are both in force from {later.effective_from}: "
                f"end edition {earlier.edition} with effective_to: {last_day}"
            )
        if earlier.effective_to < last_day:
            raise PolicyError(
                f"{pair} leave a gap from {earlier.effective_to + timedelta(days=1)} to {last_day}: "
                f"end edition {earlier.edition} with effective_to: {last_day}"
            )
    return tuple(ordered)


def _edition_on(editions: Sequence[Policy], day: date | None, name: str) -> Policy:
    if day is None:
        return editions[-1]
    for edition in editions:
        if edition.effective_from <= day and (edition.effective_to is None or day <= edition.effective_to):
            return edition
    first, last = editions[0].effective_from, editions[-1].effective_to
    until = f" to {last}" if last is not None else ""
    known = ", ".join(edition.edition for edition in editions)
    raise PolicyError(
        f"policy {name} is not in force on {day}: its editions ({known}) hold from {first}{until}. "
        "To apply an edition to another day on purpose, load it first and pass the policy itself."
    )


def parse_policy(content: bytes, name: str, as_of: date | None = None) -> Policy:
    """Read a policy from the bytes of a YAML document; error messages contain ``name``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{name}: not UTF-8 at byte {error.start}; save the policy as UTF-8") from error
    lines: Lines = {}
    try:
        _refuse_what_is_no_plain_data(text, name)
        node = yaml.compose(text, Loader=_Loader)
        data = _plain(node, (), lines, name) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PolicyError(f"{name}, line {line}: not valid YAML: {error.problem or error}") from error
    except yaml.YAMLError as error:
        raise PolicyError(f"{name}: not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise PolicyError(f"{name}: a policy is a mapping of keys such as id, edition, dimensions, rules, tiers")
    for key in FILLED_IN_ON_LOADING:
        if key in data:
            raise PolicyError(f"{name}, line {lines[(key,)]}: unknown key {key!r}; it is filled in on loading")
    dates: dict[Place, date] = {}
    data = _on_day(data, as_of, (), lines, dates, name)
    in_force_from = {_key_path(data, place): first for place, first in dates.items()}
    sha256 = sha256_of(content)
    try:
        return Policy.model_validate({**data, "sha256": sha256, "values_of": as_of, "in_force_from": in_force_from})
    except ValidationError as error:
        raise PolicyError(_complaints(error, lines, name, data)) from None


def _refuse_what_is_no_plain_data(text: str, name: str) -> None:
    """Raise a PolicyError for anything but plain data: aliases could expand without limit, tags could build objects."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.AliasEvent):
            raise PolicyError(f"{name}, line {line}: not valid YAML: aliases (*name) are not allowed in a policy")
        tag = getattr(event, "tag", None)
        if tag is not None and not isinstance(event, yaml.AliasEvent) and tag not in _PLAIN_TAGS:
            raise PolicyError(f"{name}, line {line}: the tag {tag} is not allowed; a policy holds plain values only")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise PolicyError(f"{name}, line {line}: nested more than {_DEEPEST} deep; no policy needs that")


def _on_day(data: Any, day: date | None, place: Place, lines: Lines, dates: dict[Place, date], name: str) -> Any:
    """Replace each ``{dated: [...]}`` by the value in force on a day (or the newest), and note its first day."""
    if isinstance(data, list):
        return [_on_day(item, day, (*place, index), lines, dates, name) for index, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    if set(data) != {"dated"}:
        return {key: _on_day(value, day, (*place, key), lines, dates, name) for key, value in data.items()}
    where = f"{name}, line {lines.get((*place, 'dated'), lines.get(place, 1))}: {'.'.join(map(str, place))}"
    values = data["dated"]
    if not isinstance(values, list) or not values or not all(_is_dated(one) for one in values):
        raise PolicyError(f"{where}: 'dated' is a list of entries with 'from' (a day such as 2026-04-01) and 'value'")
    days = [one["from"] for one in values]
    if days != sorted(set(days)):
        raise PolicyError(f"{where}: the days of 'dated' must rise")
    in_force = [number for number, first in enumerate(days) if day is None or first <= day]
    if not in_force:
        raise PolicyError(f"{where}: no value is in force on {day}; the first begins on {days[0]}")
    chosen = (*place, "dated", in_force[-1], "value")
    moved = {(*place, *known[len(chosen) :]): line for known, line in lines.items() if known[: len(chosen)] == chosen}
    lines.update(moved)
    dates[place] = days[in_force[-1]]
    return _on_day(values[in_force[-1]]["value"], day, place, lines, dates, name)


def _key_path(data: Any, place: Place) -> str:
    """Return the key path of a place: a list's entry has its id instead of its number."""
    parts = []
    for step in place:
        data = data[step]
        named = isinstance(step, int) and isinstance(data, dict) and "id" in data
        parts.append(str(data["id"] if named else step))
    return ".".join(parts)


def _is_dated(entry: Any) -> bool:
    return isinstance(entry, Mapping) and set(entry) == {"from", "value"} and isinstance(entry["from"], date)


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


def _complaints(error: ValidationError, lines: Lines, name: str, data: Mapping[str, Any]) -> str:
    complaints = []
    for fault in error.errors():
        place = tuple(fault["loc"])
        known = place
        while known and known not in lines:
            known = known[:-1]
        key = ".".join(str(part) for part in place)
        line = lines.get(known, 1) if place else _line_of_entry(fault["msg"], data, lines)
        if fault["type"] == "extra_forbidden":
            complaints.append(f"{name}, line {line}: unknown key {key!r}")
        elif fault["type"] == "missing":
            complaints.append(f"{name}, line {line}: key {key!r} is missing")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            complaints.append(f"{name}, line {line}: {key + ': ' if key else ''}{message}")
    return "\n".join(complaints)


def _line_of_entry(message: str, data: Mapping[str, Any], lines: Lines) -> int:
    """Return the line of the rule, indicator or other entry that an error about the whole document names."""
    words = set(message.replace(",", " ").split())
    for section, entries in data.items():
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and entry.get("id") in words:
                return lines.get((section, number, "id"), lines.get((section, number), 1))
    return lines.get((), 1)
