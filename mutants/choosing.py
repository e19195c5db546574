"""A pytest plugin that runs chosen tests in a given order and reports its progress: ``-p mutants.choosing``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

CHOSEN, PROGRESS = "MUTANTS_CHOSEN", "MUTANTS_PROGRESS"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the chosen tests, in the order in which they were chosen."""
    place = {test: number for number, test in enumerate(json.loads(Path(os.environ[CHOSEN]).read_text("utf-8")))}
    items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])


def pytest_runtest_logstart(nodeid: str) -> None:
    _tell("started", nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _tell("failed", report.nodeid)


def _tell(what: str, test: str) -> None:
    with Path(os.environ[PROGRESS]).open("a", encoding="utf-8") as progress:
        progress.write(f"{what} {test}\n")
