"""Refuses every call of the library in a process that is forked after Polars has computed.

Polars computes with its own threads. A forked process has none of them, so a computation there would wait for ever
without a message. Nothing can restore the threads; so each loaded function and method of the library raises a
:class:`~creditrisk.errors.ForkError` in such a process, from its first call on. Processes that are spawned, come from
a fork server, or were forked before anything was computed work normally.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from types import FunctionType
from typing import Any, NoReturn

__all__ = ["refuse_after_fork", "refuse_what_is_loaded"]

# Whether Polars' threads ran when this process last forked, and whether this process comes from such a fork.
_threads_ran = False
_forked_too_late = False


def refuse_after_fork() -> None:
    """Make the library refuse every call in processes that are forked after Polars has computed."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_look_for_threads, after_in_child=_refuse_if_too_late)


def refuse_what_is_loaded() -> None:
    """Make all loaded functions of the library refuse, if this process was forked too late."""
    if _forked_too_late:
        for function in _functions():
            function.__code__ = _refuse.__code__.replace(co_freevars=function.__code__.co_freevars)


def _look_for_threads() -> None:
    global _threads_ran
    _threads_ran = "polars" in sys.modules and _polars_threads_run()


def _refuse_if_too_late() -> None:
    global _forked_too_late
    _forked_too_late = _forked_too_late or _threads_ran
    refuse_what_is_loaded()


def _polars_threads_run() -> bool:
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return True  # this cannot be known here, and waiting for ever is worse than a refusal
    names = (name.read_text().strip() for name in tasks.glob("*/comm"))
    return any(name.startswith("polars-") and name[7:].isdigit() for name in names)


def _refuse(*_: Any, **__: Any) -> NoReturn:
    # This code runs in place of other functions, with their globals.
    from creditrisk.errors import ForkError

    raise ForkError


def _functions() -> Iterator[FunctionType]:
    """Yield the functions and methods of the loaded modules, except for those that Python itself calls."""
    kept = {__name__, "creditrisk", "creditrisk.errors"}
    modules = [name for name in sys.modules if name.startswith("creditrisk.") and name not in kept]
    for module in modules:
        for value in list(vars(sys.modules[module]).values()):
            if getattr(value, "__module__", None) == module:
                members = list(vars(value).values()) if isinstance(value, type) else [value]
                for member in members:
                    yield from _behind(member)


def _behind(member: object) -> Iterator[FunctionType]:
    """Yield the function behind a method, a property or a cached function; nothing is asked of other objects."""
    match member:
        case FunctionType() if not member.__name__.startswith("__"):
            yield member
        case staticmethod() | classmethod():
            yield from _behind(member.__func__)
        case property():
            yield from _behind(member.fget)
        case cached_property():
            yield from _behind(member.func)
        case _ if isinstance(member, type(_cached)):
            yield from _behind(member.__wrapped__)


@lru_cache
def _cached() -> None:
    """Stand for the type of cached functions, which has no public name."""
