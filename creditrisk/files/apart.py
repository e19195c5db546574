"""Checks, before anything is computed, that an output is not one of the inputs."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterable
from pathlib import Path

from creditrisk.errors import InputError

__all__ = ["check_file_apart", "check_folder_apart"]

_Source = str | os.PathLike[str] | None


def check_folder_apart(out: str | os.PathLike[str], sources: Iterable[_Source], *, argument: str = "--out") -> None:
    """Raise an InputError if a folder of results is an input of the run, contains one, or lies in one.

    A result has its own folder. If it contained an input file, a save could remove the file; if it lay in a folder of
    inputs, the next run would read the results as inputs; and if a run replaced the result that it continues, a
    repeated run would continue from itself. Inputs deeper in the folder do no harm.

    Parameters
    ----------
    out : path
    sources : iterable of path, pattern, URL or None
        The inputs; anything that is not a file, folder or pattern is skipped.
    argument : str
        The name of the argument that gave the folder.
    """
    folder = _real(out)
    for source in sources:
        for path in _paths(source):
            if path == folder or path.parent == folder or (path.is_dir() and path in folder.parents):
                raise InputError(f"{argument} {os.fspath(out)} {_with(source)}: name a folder of its own")


def check_file_apart(out: _Source, sources: Iterable[_Source], *, argument: str = "--out") -> None:
    """Raise an InputError if the run reads the file that it is to write, or the next run would read it.

    Parameters
    ----------
    out : path or None
    sources : iterable of path, pattern, URL or None
    argument : str
        The name of the argument that gave the file.
    """
    if out is None:
        return
    file = _real(out)
    for source in sources:
        for path in _paths(source):
            if path == file or (path.is_dir() and path in file.parents) or _is_same(path, file):
                raise InputError(f"{argument} {os.fspath(out)} {_with(source)}: name another file")
        if _is_pattern(source) and fnmatch.fnmatch(str(file), str(_real(str(source)))):
            raise InputError(f"{argument} {os.fspath(out)} {_with(source)}: name another file")


def _with(source: _Source) -> str:
    return f"would be written over or among what is read, {source}"


def _paths(source: _Source) -> list[Path]:
    """Return the real files and folders of a source, with links resolved."""
    if source is None or "://" in str(source):
        return []
    if _is_pattern(source):
        return [_real(one) for one in glob.glob(str(source), recursive=True)]
    return [_real(source)] if Path(source).exists() else []


def _is_pattern(source: _Source) -> bool:
    return source is not None and glob.has_magic(str(source)) and not Path(source).exists()


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths are names of one file."""
    return one.exists() and other.exists() and one.samefile(other)


def _real(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.realpath(path))
