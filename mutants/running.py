"""Runs tests on mutants, each in its own process on a copy of the tree."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from mutants.choosing import CHOSEN, PROGRESS
from mutants.covering import Chosen, Covering
from mutants.drawing import Mutant
from mutants.trees import copy_tree, start_pytest

Outcome = Literal["killed", "timed out", "survived", "not covered"]
NO_TEST_RAN = 5
QUICK, MOST_QUICK_FILES = 5.0, 6  # the time in seconds and the number of the test files that run first
MOST_MEMORY = 12 * 2**30  # bytes: a list that grows without end must fail the test, not use up the machine's memory


@dataclass(frozen=True)
class Verdict:
    """The verdict on a mutant, the test that detected it, the number of tests to run, and the time."""

    mutant: Mutant
    outcome: Outcome
    by: str | None
    tests: int
    seconds: float


@dataclass(frozen=True)
class Patience:
    """The time limit of a test: a number of seconds, and a multiple of its time on the unchanged tree."""

    seconds: float = 90.0
    times: float = 6.0
    to_start: float = 180.0

    def with_test(self, test: str | None, covering: Covering) -> float:
        """Return the seconds after which a started test (or pytest before its first test) counts as endless."""
        return self.to_start if test is None else self.seconds + self.times * covering.seconds.get(test, 0.0)


def run(
    root: Path, mutants: list[Mutant], covering: Covering, *, workers: int, patience: Patience | None = None
) -> Iterator[Verdict]:
    """Yield the verdicts as they are found; those of an earlier run on the same tree come first."""
    patience = patience or Patience()
    known = covering.folder / "verdicts.jsonl"
    told = [json.loads(line) for line in known.read_text("utf-8").splitlines()] if known.exists() else []
    by_key = {one.pop("key"): one for one in told}
    yield from (Verdict(mutant, **by_key[mutant.key]) for mutant in mutants if mutant.key in by_key)
    mutants = [mutant for mutant in mutants if mutant.key not in by_key]
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(workers) as pool:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            trees.put(copy_tree(root, Path(place) / str(number) / "tree"))

        def judged(mutant: Mutant, chosen: Chosen) -> Verdict:
            tree = trees.get()
            try:
                return _judged(tree, mutant, chosen, covering, patience)
            finally:
                trees.put(tree)

        for done in as_completed([pool.submit(judged, mutant, covering.chosen(mutant)) for mutant in mutants]):
            verdict = done.result()
            with known.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": verdict.mutant.key, **told_of(verdict)}) + "\n")
            yield verdict


def told_of(verdict: Verdict) -> dict[str, Any]:
    """Return the part of a verdict that a file stores with its mutant."""
    return {name: getattr(verdict, name) for name in ("outcome", "by", "tests", "seconds")}


def failing_unchanged(root: Path, tests: list[str], covering: Covering) -> list[str]:
    """Return the tests that fail on the unchanged tree if they run alone: their results do not count."""
    failing, left = [], list(tests)
    with tempfile.TemporaryDirectory() as place:
        tree = copy_tree(root, Path(place) / "tree")
        while left:
            _, test = _tested(tree, left, covering, Patience())
            if test is None:
                break
            failing.append(test)
            left = left[left.index(test) + 1 :] if test in left else []
    return failing


def _judged(tree: Path, mutant: Mutant, chosen: Chosen, covering: Covering, patience: Patience) -> Verdict:
    if not chosen.tests:
        return Verdict(mutant, "not covered", None, 0, 0.0)
    path = tree / mutant.path
    source = path.read_bytes()
    started = time.monotonic()
    path.write_bytes(mutant.change.applied(source))
    try:
        for tests in _parts(chosen.tests, covering):
            outcome, by = _tested(tree, tests, covering, patience)
            if outcome != "survived":
                break
    finally:
        path.write_bytes(source)
    if outcome == "survived" and not chosen.covered:
        outcome = "not covered"
    return Verdict(mutant, outcome, by, len(chosen.tests), round(time.monotonic() - started, 1))


def _parts(tests: list[str], covering: Covering) -> list[list[str]]:
    """Split the tests into the fast files and the others: for most mutants, importing a few files is enough."""
    files: dict[str, list[str]] = {}
    for test in tests:
        files.setdefault(test.partition("::")[0], []).append(test)
    total = accumulate(sum(covering.seconds[test] for test in found) for found in files.values())
    quick = sum(seconds <= QUICK for seconds in list(total)[:MOST_QUICK_FILES])
    front = {file for number, file in enumerate(files) if number < max(quick, 1)}
    parts = [[test for test in tests if (test.partition("::")[0] in front) is wanted] for wanted in (True, False)]
    return [part for part in parts if part]


def _tested(tree: Path, tests: list[str], covering: Covering, patience: Patience) -> tuple[Outcome, str | None]:
    """Run tests until one fails; return the test that failed or did not end."""
    chosen, progress, log = (tree.parent / name for name in ("chosen.json", "progress.txt", "pytest.log"))
    chosen.write_text(json.dumps(tests), encoding="utf-8")
    progress.write_text("", encoding="utf-8")
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    process = start_pytest(
        tree, "-x", "-p", "no:xdist", "-p", "mutants.choosing", *files, log=log,
        **{CHOSEN: str(chosen), PROGRESS: str(progress)},
    )  # fmt: skip
    if hasattr(resource, "prlimit"):
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    told, since = "", time.monotonic()
    try:
        while True:
            try:
                code = process.wait(0.2)
                break
            except subprocess.TimeoutExpired:
                now = progress.read_text("utf-8")
                if now != told:
                    told, since = now, time.monotonic()
                test = _last(told, "started")
                if time.monotonic() - since > patience.with_test(test, covering):
                    return "timed out", test
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # also processes that a test started and left
        process.wait()
    if code in (0, NO_TEST_RAN):
        return "survived", None
    return "killed", _last(progress.read_text("utf-8"), "failed") or f"pytest's exit code {code}"


def _last(progress: str, what: str) -> str | None:
    found = [line.partition(" ")[2] for line in progress.splitlines() if line.startswith(f"{what} ")]
    return found[-1] if found else None
