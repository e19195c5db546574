"""Output: results go to stdout and progress to stderr, so that stdout has only what was requested."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["print_json", "print_line", "working"]


def print_line(text: str = "") -> None:
    """Print text; a terminal that cannot show a character shows a question mark instead of failing."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def print_json(data: Any) -> None:
    """Print data as JSON; without a UTF-8 terminal with escapes, so that it stays exact."""
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    print_line(json.dumps(data, ensure_ascii=not is_unicode, indent=2, allow_nan=False))


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show on a terminal that work is in progress."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(message):
        yield
