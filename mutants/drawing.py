"""The mutants of the core, and a random draw of them that does not depend on the paths of the files."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mutants.changes import Change, changes_of


@dataclass(frozen=True)
class Settings:
    """The settings ``[tool.mutants]`` of pyproject.toml: the packages, the core in them, and the tests left out."""

    packages: tuple[str, ...]
    core: tuple[str, ...]
    not_core: tuple[str, ...] = ()
    without_tests: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path) -> Settings:
        """Read the settings of the tree."""
        told = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["mutants"]
        return cls(**{name.replace("-", "_"): tuple(values) for name, values in told.items()})


@dataclass(frozen=True)
class Mutant:
    """A change of a file. Its key does not depend on the path of the file, only on the statement's function."""

    path: str
    change: Change
    key: str

    @property
    def place(self) -> str:
        """The file and line, as editors read them."""
        return f"{self.path}:{self.change.line}"


def mutants_of(root: Path, settings: Settings) -> list[Mutant]:
    """Return all mutants of the core, file by file."""
    found, seen = [], Counter[str]()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if not _matches(name, settings.core) or _matches(name, settings.not_core):
            continue
        for change in changes_of(path.read_bytes()):
            words = "\0".join([change.kind, change.scope, change.before, change.after])
            seen[words] += 1
            found.append(Mutant(name, change, _digest(f"{words}\0{seen[words]}")))
    return found


def draw(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Draw the mutants whose keys, hashed with the seed, come first: each is equally likely.

    If files move, or functions are added or changed, all other mutants stay in the draw.
    """
    return sorted(mutants, key=lambda one: _digest(f"{seed}\0{one.key}"))[:count]


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]
