"""Every public signature says what goes in and what comes out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import get_overloads

import pytest

import creditrisk as cr

# What JSON and keyword arguments are made of may be anything, and columns may hold anything.
OPEN = re.compile(r"(dict|Mapping)\[str, Any\]|(pd\.Series|NDArray)\[Any\]")


def functions(name: str) -> Iterator[tuple[str, object]]:
    """The function of a public name, or the public functions behind the members of a public class, inherited or not."""
    public = getattr(cr, name)
    if not isinstance(public, type):
        yield name, public
        return
    for owner in public.__mro__:
        if owner.__module__.startswith("creditrisk"):
            for member, found in vars(owner).items():
                if not member.startswith("_") or member == "__init__":
                    yield f"{name}.{member}", found


def behind(member: object) -> object:
    match member:
        case property():
            return member.fget
        case cached_property():
            return member.func
        case classmethod() | staticmethod():
            return member.__func__
    return inspect.unwrap(member) if callable(member) else None


def annotations(function: object) -> Iterator[tuple[str, object]]:
    for one in (function, *get_overloads(function)):
        signature = inspect.signature(one)
        for parameter in signature.parameters.values():
            # Further keywords are handed on to a classifier that is not ours.
            if parameter.name not in ("self", "cls") and parameter.kind is not parameter.VAR_KEYWORD:
                yield parameter.name, parameter.annotation
        yield "return", signature.return_annotation


@pytest.mark.parametrize("name", cr.__all__)
def test_no_public_signature_takes_or_gives_just_anything(name: str) -> None:
    bare = [
        f"{where}({what}: {annotation})"
        for where, member in functions(name)
        if inspect.isfunction(function := behind(member)) and function.__module__.startswith("creditrisk")
        for what, annotation in annotations(function)
        if annotation is inspect.Signature.empty or re.search(r"\bAny\b", OPEN.sub("", str(annotation)))
    ]
    assert bare == []
