"""creditrisk: credit-based, tiered supervision of enterprises, from records to tiers, with reasons.

``__init__.pyi`` lists the public names by subject. A name is imported when it is first used, so that
``import creditrisk`` is fast.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from creditrisk.forking import refuse_after_fork, refuse_what_is_loaded
from creditrisk.version import __version__ as __version__

_STUB = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
_STATED = re.findall(r"^from (\S+) import (\([^)]*\)|.+)$", _STUB, flags=re.MULTILINE)
_WHERE = {name: module for module, names in _STATED for name in re.findall(r"(\w+) as", names)}

__all__ = sorted(_WHERE)

refuse_after_fork()


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'creditrisk' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    refuse_what_is_loaded()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
