"""How many examples are drawn: few and always the same ones, or many and new ones where they are asked for."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# CREDITRISK_REFERENCE=long draws new examples at each run; without it every run draws the same.
LONG = os.environ.get("CREDITRISK_REFERENCE") == "long"


def examples(short: int, long: int) -> settings:
    """Settings for a test of the reference."""
    return settings(
        max_examples=long if LONG else short,
        derandomize=not LONG,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
