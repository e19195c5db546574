"""Single assessments, one after another for a day: neither memory nor time grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# So many; CREDITRISK_LONG_TESTS=1 makes it three thousand.
NUMBER = 3_000 if os.environ.get("CREDITRISK_LONG_TESTS") else 150


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_neither_memory_nor_time_grows() -> None:
    command = [sys.executable, "-m", "tests.services.single_assessments", str(NUMBER)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=3_600)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    first, _, last = figures["memory"]
    assert last < first + 8
    first, _, last = figures["seconds"]
    assert last < 1.5 * first
