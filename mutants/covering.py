"""The tests that run each line: recorded once for each state of the tree, in a folder outside of git."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from coverage import CoverageData

from mutants.drawing import Mutant, Settings
from mutants.recording import FOLDER, PACKAGES
from mutants.trees import copy_tree, start_pytest


@dataclass(frozen=True)
class Chosen:
    """The tests for a mutant, in the order of running, and whether any of them runs its line."""

    tests: list[str]
    covered: bool


class Covering:
    """The tests of a tree, the time of each, and the tests that run each line."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        self.seconds: dict[str, float] = {}
        self._by_name: dict[str, set[str]] = defaultdict(set)  # tests by the fixture or file whose lines they use
        self._sharing: dict[str, set[str]] = {}
        self.failing: list[str] = []
        for path in sorted(folder.glob("tests.*.json")):
            for test, told in json.loads(path.read_text("utf-8")).items():
                if not told["passed"]:
                    self.failing.append(test)
                    continue
                self.seconds[test] = told["seconds"]
                self._sharing[test] = {name for name in told["fixtures"] if not name.startswith("fixture ::")}
                for name in (test, f"file {test.partition('::')[0]}", *told["fixtures"]):
                    self._by_name[name].add(test)
        self._known: dict[str, dict[int, list[str]]] = {}
        self._data = CoverageData(basename=str(folder / "lines"))
        self._data.read()

    def chosen(self, mutant: Mutant) -> Chosen:
        """Return the tests that run the statement, or, if it runs on import, those that run any part of the file."""
        if mutant.change.function is not None:
            first, last = mutant.change.lines
            own = self._tests_of(mutant.path, range(first, last + 1))
            if own:
                return Chosen(self._in_order(mutant.path, own, self._companions(own)), covered=True)
            return Chosen(self._in_order(mutant.path, self._tests_within(mutant.path)), covered=False)
        own = self._tests_within(mutant.path)
        users = set().union(*(self._tests_within(path) for path in self._importers(mutant.path)))
        return Chosen(self._in_order(mutant.path, own, users - own), covered=bool(own or users))

    def _tests_of(self, path: str, lines: Iterable[int]) -> set[str]:
        contexts = self._contexts(path)
        return {test for line in lines for name in contexts.get(line, ()) for test in self._by_name.get(name, ())}

    def _tests_within(self, path: str) -> set[str]:
        """Return the tests that run the body of any function of a file."""
        bodies = (range(node.lineno + 1, node.end_lineno + 1) for node in self._functions(path))
        return set().union(*(self._tests_of(path, lines) for lines in bodies))

    def _companions(self, own: set[str]) -> set[str]:
        """Return tests of the same files that share a fixture with these: its content may come from another test."""
        shared: dict[str, set[str]] = defaultdict(set)
        for test in own:
            shared[test.partition("::")[0]] |= self._sharing[test]
        return {test for test, used in self._sharing.items() if used & shared.get(test.partition("::")[0], set())} - own

    def _in_order(self, path: str, *parts: set[str]) -> list[str]:
        """Sort tests by file: files of the same package first, then fast files, and fast tests first in each file."""
        room = path.split("/")[1]
        ordered: list[str] = []
        for part in parts:
            by_file = defaultdict(list)
            for test in part:
                by_file[test.partition("::")[0]].append(test)
            total = {file: sum(self.seconds[test] for test in tests) for file, tests in by_file.items()}
            for file in sorted(by_file, key=lambda file: (file.split("/")[1] != room, total[file], file)):
                ordered += sorted(by_file[file], key=lambda test: (self.seconds[test], test))
        return ordered

    def _contexts(self, path: str) -> dict[int, list[str]]:
        if path not in self._known:
            self._known[path] = self._data.contexts_by_lineno(path)
        return self._known[path]

    def _functions(self, path: str) -> list[ast.FunctionDef]:
        tree = ast.parse((self.root / path).read_bytes())
        return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

    def _importers(self, path: str) -> list[str]:
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return [known for known, modules in self._imports.items() if module in modules and known != path]

    @cached_property
    def _imports(self) -> dict[str, set[str]]:
        imports = {}
        for path in sorted(name for name in self._data.measured_files() if name.endswith(".py")):
            nodes = list(ast.walk(ast.parse((self.root / path).read_bytes())))
            froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
            imports[path] = {name for node in froms for name in (node.module, *_members(node))}
        return imports


def _members(node: ast.ImportFrom) -> list[str]:
    return [f"{node.module}.{alias.name}" for alias in node.names]


def covering(root: Path, settings: Settings, cache: Path, workers: int, tests: list[str] | None = None) -> Covering:
    """Return the recording of the present tree, or make one; ``tests`` are the files to use, if not all."""
    folder = cache / f"record-{_digest_of(root, tests or [])}"
    if not folder.exists():
        _record(root, settings, folder, workers, tests or [])
    return Covering(root, folder)


def _record(root: Path, settings: Settings, folder: Path, workers: int, only: list[str]) -> None:
    beside = folder.with_suffix(".part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        tree = copy_tree(root, Path(place) / "tree")
        tests = (path.relative_to(root).as_posix() for path in root.rglob("test_*.py"))
        left_out = [f"--ignore={name}" for name in tests if any(fnmatch(name, one) for one in settings.without_tests)]
        several = ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
        log = beside / "pytest.log"
        noted = {FOLDER: str(beside.resolve()), PACKAGES: ",".join(settings.packages)}
        process = start_pytest(tree, "-p", "mutants.recording", *several, *left_out, *only, log=log, **noted)
        if process.wait() not in (0, 1):
            raise SystemExit(f"the tests do not run on the tree as it is: {log}")
    data = CoverageData(basename=str(beside / "lines"))
    for part in sorted(beside.glob("lines.*")):
        one = CoverageData(basename=str(part))
        one.read()
        data.update(one)
    data.write()
    beside.rename(folder)


def _digest_of(root: Path, tests: list[str]) -> str:
    """Return the digest of everything that the tests may read, without this package."""
    digest = hashlib.sha256("\0".join(tests).encode())
    for path in sorted(root.rglob("*")):
        within = path.relative_to(root).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in within) or within[0] == "mutants"
        if path.is_file() and path.suffix in {".py", ".toml", ".yaml", ".txt"} and not hidden:
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
