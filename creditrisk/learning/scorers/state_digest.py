"""The digest of a fitted object's state, which identifies it; it is made without pickling or running the object."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

__all__ = ["state_digest"]

Put = Callable[[object], None]
# The objects met before, by their address in memory, each with its number in the order of meeting.
Seen = dict[int, tuple[int, Any]]


def state_digest(value: Any) -> str:
    """Return the SHA-256 of an object's whole state: numbers by their bits, classes and functions by their names.

    Equal states have equal digests, in any process; the code behind the names is that of the installed packages.

    Raises
    ------
    ValueError
        If it contains something whose state cannot be read, or only its name; the message says what.

    Examples
    --------
    >>> state_digest({"weights": np.arange(3.0)}) == state_digest({"weights": np.array([0.0, 1.0, 2.0])})
    True
    """
    digest = hashlib.sha256()

    def put(part: object) -> None:
        text = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(text).to_bytes(8, "big") + text)

    _feed(put, value, {})
    return digest.hexdigest()


def _feed(put: Put, value: Any, seen: Seen) -> None:
    put(type(value).__qualname__)
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        put(value if isinstance(value, bytes) else repr(value))
    elif isinstance(value, type | FunctionType | BuiltinFunctionType | np.ufunc):
        put(_name_of(value))
    elif id(value) in seen:
        put(seen[id(value)][0])
    elif isinstance(value, np.generic | np.ndarray):
        _feed_array(put, np.asarray(value), seen)
    else:
        if not isinstance(value, tuple):
            seen[id(value)] = len(seen), value  # kept, so that no other object gets its address
        _feed_parts(put, value, seen)


def _feed_array(put: Put, array: np.ndarray[Any, Any], seen: Seen) -> None:
    put(array.shape)
    if array.dtype.names is not None:
        # Field by field: what lies between the fields is anything.
        for name in array.dtype.names:
            put(name)
            _feed_array(put, array[name], seen)
    elif array.dtype.hasobject:
        _feed_each(put, array.ravel().tolist(), seen)
    else:
        put(array.dtype.str)
        put(np.ascontiguousarray(array).tobytes())


def _feed_parts(put: Put, value: Any, seen: Seen) -> None:
    if isinstance(value, dict):
        _feed_each(put, (part for item in value.items() for part in item), seen)
    elif isinstance(value, list | tuple):
        _feed_each(put, value, seen)
    elif isinstance(value, set | frozenset):
        _feed_each(put, sorted(state_digest(one) for one in value), seen)
    elif isinstance(value, MethodType):
        _feed_each(put, (value.__func__, value.__self__), seen)
    else:
        try:
            made = value.__reduce_ex__(4)
        except Exception as error:  # each class refuses with a different exception
            raise ValueError(f"a {type(value).__qualname__} does not tell its state") from error
        if isinstance(made, str):
            put(made)
            return
        maker, arguments, state, *more = (*made, None, None)[:5] if len(made) < 5 else made[:5]
        if isinstance(state, dict):
            # scikit-learn writes its version beside the state of the moment.
            state = {name: part for name, part in state.items() if name != "_sklearn_version"}
        _feed_each(put, (maker, arguments, state, *(None if one is None else list(one) for one in more)), seen)


def _feed_each(put: Put, values: Iterable[Any], seen: Seen) -> None:
    values = list(values)
    put(len(values))
    for one in values:
        _feed(put, one, seen)


def _name_of(value: Any) -> str:
    name = f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', value.__name__)}"
    if name.startswith("__main__.") or "<" in name:
        raise ValueError(f"{name} is written in a script, and its name alone does not tell what it does")
    return name
