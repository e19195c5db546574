"""A log of what is read from a policy: the same functions run on a recorded policy, which notes each parameter read.

A recorded part replaces a part of a policy. It has the fields of the part, and its parts are recorded too. So a
function that knows nothing of recording leaves a trace of all that it read, under the key path of the document.
Without a trace, none of this costs anything.

The contract for code that reads a policy in order to score:

- it reads parts by attribute, so that each reading has a key path, and neither dumps nor copies them;
- it reads the values of an indicator right after the parameter that names it, so that the log knows which parameter
  required them; a form with several parameters reads that one last;
- it may match parts by class: a recorded part is an instance of the class of its part. A property that is computed from
  fields, such as the form of a rule, is computed from recorded parts.

Values that are read without a parameter that names them are an error, so that no reading is silently lost.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import FunctionType, MethodType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

__all__ = ["KeyPath", "Readings", "RecordedValues", "recorded"]

# The keys of the document; a list's entry has its id instead of its number: ("rules", "safety.penalties", "missing").
KeyPath = tuple[str, ...]


class Readings:
    """The readings, in the order in which each was first read.

    Attributes
    ----------
    parameters : dict of KeyPath to value
        The parameters that were read, without optional ones that the document left out.
    parts : dict of KeyPath to pydantic.BaseModel
        The parts of the policy that contain the parameters.
    indicators : dict of (KeyPath, str) to None
        Indicators whose values were read, with the parameter that names them.
    """

    def __init__(self) -> None:
        self.parameters: dict[KeyPath, Any] = {}
        self.parts: dict[KeyPath, BaseModel] = {}
        self.indicators: dict[tuple[KeyPath, str], None] = {}
        self._last: tuple[KeyPath, Any] = ((), None)

    def parameter(self, path: KeyPath, value: Any) -> None:
        """Note that a parameter was read; an id is not noted, because it is already in the path."""
        if value is not None and value != () and path[-1:] != ("id",):
            self.parameters[path] = value
        self._last = (path, value)

    def indicator(self, name: str) -> None:
        """Note that the values of an indicator were read; the parameter read just before gave its name."""
        path, value = self._last
        if value != name:
            raise AssertionError(f"the values of {name} are read, but the last parameter read is {'.'.join(path)}")
        self.indicators[path, name] = None


def recorded(part: Any, readings: Readings, path: KeyPath = ()) -> Any:
    """Return a part of a policy that notes what is read from it.

    Parameters
    ----------
    part : pydantic model, tuple or dict of such, or a single value
        The part; a single value is noted at once.
    readings : Readings
        The log.
    path : tuple of str
        The key path of the part in the document.

    Examples
    --------
    >>> from creditrisk.policy.loading import load_policy
    >>> readings = Readings()
    >>> policy = recorded(load_policy("jiangsu"), readings)
    >>> policy.dimensions["safety"].weight
    0.25
    >>> readings.parameters
    {('dimensions', 'safety', 'weight'): 0.25}
    """
    if isinstance(part, BaseModel):
        readings.parts[path] = part
        return _Recorded(part, readings, path)
    if isinstance(part, dict):
        return {key: recorded(value, readings, (*path, str(key))) for key, value in part.items()}
    if isinstance(part, tuple) and any(isinstance(item, BaseModel) for item in part):
        return tuple(
            recorded(item, readings, (*path, str(getattr(item, "id", number)))) for number, item in enumerate(part)
        )
    readings.parameter(path, part)
    return part


class _Recorded:
    """A recorded part, which reads like the part that it replaces."""

    def __init__(self, part: BaseModel, readings: Readings, path: KeyPath) -> None:
        self._part, self._readings, self._path = part, readings, path

    @property  # type: ignore[misc]  # of object it can be set as well
    def __class__(self) -> Any:
        """The class of the part, so that class patterns match the recorded part like the part itself."""
        return type(self._part)

    def __getattr__(self, name: str) -> Any:
        kind = type(self._part)
        if name.startswith("__pydantic"):
            return getattr(kind, name)  # Pydantic's own isinstance uses this
        if name in kind.model_fields:
            key = kind.model_fields[name].alias or name
            return recorded(getattr(self._part, name), self._readings, (*self._path, key))
        # Properties of the part are computed here again, so that their fields are read from the recorded part.
        attribute = inspect.getattr_static(kind, name)
        if isinstance(attribute, property) and attribute.fget is not None:
            return attribute.fget(self)
        if isinstance(attribute, cached_property):
            return attribute.func(self)
        if isinstance(attribute, FunctionType):
            return MethodType(attribute, self)
        raise AttributeError(f"{kind.__name__} has nothing called {name!r} that can be recorded")

    def __getitem__(self, key: Any) -> Any:
        return self.__getattr__("__getitem__")(key)


class RecordedValues(Mapping[str, NDArray[np.float64]]):
    """Indicators by id; the log notes which are read."""

    def __init__(self, values: Mapping[str, NDArray[np.float64]], readings: Readings) -> None:
        self._values, self._readings = values, readings

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        self._readings.indicator(name)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
