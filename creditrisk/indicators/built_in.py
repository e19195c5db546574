"""The built-in indicators, read from ``catalogue/*.yaml``; a policy declares its own in the same form."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.vocabulary import DIMENSIONS

__all__ = ["built_in_indicators"]


@cache
def built_in_indicators(dimension: str | None = None) -> tuple[IndicatorSpec, ...]:
    """Return the built-in indicators of one dimension, or of all five.

    Examples
    --------
    >>> [spec.id for spec in built_in_indicators("responsibility")][:2]
    ['responsibility.violation_severity', 'responsibility.serious_violation_count']
    """
    if dimension is None:
        return tuple(spec for name in DIMENSIONS for spec in built_in_indicators(name))
    text = files("creditrisk.indicators").joinpath(f"catalogue/{dimension}.yaml").read_text(encoding="utf-8")
    return tuple(IndicatorSpec.model_validate(entry) for entry in _SafeLoader(text).get_single_data())


# PyYAML's safe loader in C, if it was built with it, is ten times as fast and as safe.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
