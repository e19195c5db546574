"""An output that is its own input is refused, before anything is computed."""

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
    """Raise an InputError where a folder of results is, holds or lies in something that the run reads.

    A result has a folder of its own. One that holds an input file could be cleared away with it; in one that lies in a
    folder of inputs, the next run would read the results as inputs; and a run written over the result that it goes on
    from would, repeated, go on from itself. What lies deeper in the folder does no harm.

    Parameters
    ----------
    out : path
    sources : iterable of path, pattern, URL or None
        What is no file, folder or pattern is passed over.
    argument : str
        What the folder was given as.
    """
    folder = _real(out)
    for source in sources:
        for path in _paths(source):
            if path == folder or path.parent == folder or (path.is_dir() and path in folder.parents):
                raise InputError(f"{argument} {os.fspath(out)} {_with(source)}: name a folder of its own")


def check_file_apart(out: _Source, sources: Iterable[_Source], *, argument: str = "--out") -> None:
    """Raise an InputError where a file to write is one that the run reads, or would be read by the next.

    Parameters
    ----------
    out : path or None
    sources : iterable of path, pattern, URL or None
    argument : str
        What the file was given as.
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
    """The files and folders behind a source, whatever names and links lead to them."""
    if source is None or "://" in str(source):
        return []
    if _is_pattern(source):
        return [_real(one) for one in glob.glob(str(source), recursive=True)]
    return [_real(source)] if Path(source).exists() else []


def _is_pattern(source: _Source) -> bool:
    return source is not None and glob.has_magic(str(source)) and not Path(source).exists()


def _is_same(one: Path, other: Path) -> bool:
    """Two names of one file."""
    return one.exists() and other.exists() and one.samefile(other)


def _real(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.realpath(path))
