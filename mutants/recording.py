"""A pytest plugin that notes which lines each test runs and how long it takes: ``-p mutants.recording``.

A fixture that several tests share, and a module that all its tests import, run only once, in the first test. Their
lines are therefore noted under separate names, and each test notes which fixtures it uses. Caches of functions are
cleared before each test; otherwise only the first caller would seem to run them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

FOLDER, PACKAGES = "MUTANTS_FOLDER", "MUTANTS_PACKAGES"


class Recorder:
    """Notes lines under the test, fixture or file that runs them."""

    def __init__(self, folder: Path, packages: list[str]) -> None:
        self.folder = folder
        self.packages = tuple(packages)
        self.tests: dict[str, dict[str, Any]] = {}
        self.names = [""]
        self.coverage = Coverage(data_file=str(folder / f"lines.{os.getpid()}"), config_file=False, source=packages)
        self.coverage.set_option("run:relative_files", True)
        self.coverage.start()

    @contextmanager
    def under(self, name: str) -> Iterator[None]:
        """Note the lines that run from now on under this name."""
        self.names.append(name)
        self._empty_caches()
        self.coverage.switch_context(name)
        try:
            yield
        finally:
            self.names.pop()
            self._empty_caches()
            self.coverage.switch_context(self.names[-1])

    def _empty_caches(self) -> None:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in self.packages:
                for value in list(vars(module).values()):
                    if getattr(value, "__module__", None) == name and hasattr(value, "cache_clear"):
                        value.cache_clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        if not isinstance(collector, pytest.File):
            return (yield)
        with self.under(f"file {collector.nodeid}"):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        with self.under(shared(fixturedef)):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
        fixtures = [shared(one) for found in known.values() for one in found if one.scope != "function" and one.baseid]
        self.tests[item.nodeid] = {"seconds": 0.0, "passed": True, "fixtures": sorted(set(fixtures))}
        with self.under(item.nodeid):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid in self.tests:
            self.tests[report.nodeid]["seconds"] += report.duration
            self.tests[report.nodeid]["passed"] &= report.passed

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        self.coverage.save()
        path = self.folder / f"tests.{os.getpid()}.json"
        path.write_text(json.dumps(self.tests), encoding="utf-8")


def shared(fixture: pytest.FixtureDef[Any]) -> str:
    """Return the name under which the lines of a fixture are noted."""
    return f"fixture {fixture.baseid}::{fixture.argname}"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    recorder = Recorder(Path(os.environ[FOLDER]), os.environ[PACKAGES].split(","))
    early_config.pluginmanager.register(recorder)
