"""A JSON Schema of the policy document, with which editors complete keys and mark mistakes.

It is generated from the model, so both always agree; only loading checks relations between several keys.
"""

from __future__ import annotations

from typing import Any

from creditrisk.policy.document import FILLED_IN_ON_LOADING, Policy

__all__ = ["policy_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Keys that follow from other keys if they are not given: a dimension from the id, a ratio from the interval, the key
# items of an inspection from the general ones.
_FOLLOWING = {"Rule": "dimension", "IndicatorSpec": "dimension", "InspectionIntensity": "ratio", "Inspection": "key"}


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a policy document.

    ``{dated: [{from: …, value: …}, …]}`` may replace any value. Days are text, because JSON has no dates: YAML editors
    take 2026-04-01 without quotation marks for such text.

    Examples
    --------
    >>> sorted(policy_schema()["required"])[:4]
    ['basis', 'dimensions', 'edition', 'effective_from']
    """
    schema = Policy.model_json_schema(by_alias=True)
    parts = schema.pop("$defs")
    for name in FILLED_IN_ON_LOADING:
        del schema["properties"][name]
    for name, key in _FOLLOWING.items():
        parts[name]["required"].remove(key)
        if not parts[name]["required"]:
            del parts[name]["required"]
    return {
        "$schema": _DIALECT,
        **_opened(schema),
        "title": "creditrisk policy",
        "$defs": {name: _opened(part) for name, part in parts.items()},
    }


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that accepts dated values for its properties and items."""
    # Decimal steps cannot be checked in binary fractions: 0.29 is no multiple of 0.001 there.
    opened = {key: value for key, value in schema.items() if key not in ("multipleOf", "title")}
    if "properties" in opened:
        opened["properties"] = {name: _or_dated(part) for name, part in opened["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(opened.get(key), dict):
            opened[key] = _or_dated(opened[key])
    for key in ("anyOf", "prefixItems"):
        if key in opened:
            opened[key] = [_opened(part) for part in opened[key]]
    return opened


def _or_dated(schema: dict[str, Any]) -> dict[str, Any]:
    inner = _opened(schema)
    # An editor shows these beside the key, so they stay with the key.
    shown: dict[str, Any] = {key: inner.pop(key) for key in ("description", "default") if key in inner}
    entry = {
        "type": "object",
        "properties": {"from": {"type": "string", "format": "date"}, "value": inner},
        "required": ["from", "value"],
        "additionalProperties": False,
    }
    dated = {
        "description": "values by the day from which they hold",
        "properties": {"dated": {"type": "array", "items": entry, "minItems": 1}},
        "additionalProperties": False,
    }
    # This is not anyOf: if two alternatives fail, no editor can tell which one was meant.
    return {**shown, "if": {"type": "object", "required": ["dated"]}, "then": dated, "else": inner}
