"""Writing files so that each appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryFile

import polars as pl

from creditrisk.errors import OutputError

__all__ = ["prepare_folder", "write_together"]


def prepare_folder(folder: str | os.PathLike[str]) -> None:
    """Make a folder and see that it can be written to: better before long work than after it.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"the results cannot be written to {folder}: {error.strerror or error}") from error


def write_together(
    folder: str | os.PathLike[str], files: Mapping[str, Callable[[Path], object]], *, in_place_of: Iterable[str] = ()
) -> dict[str, Path]:
    """Write several files into a folder; they take their places only when all of them are complete.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    files : mapping of str to callable
        File name to a function that writes the content to the path given.
    in_place_of : iterable of str
        Names, with ``*`` for any characters, of files that an earlier result may have left and these do not replace.
        They are removed when all new ones are in their places, so that nobody takes them for part of this result.

    Returns
    -------
    dict of str to Path

    Raises
    ------
    OutputError
        If the folder cannot be made or a file cannot be written; files already there are then left as they were.
    """
    target = Path(folder)
    partial: dict[str, Path] = {}
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, write in files.items():
            partial[name] = target / f".{name}.{os.getpid()}.partial"
            write(partial[name])
            with partial[name].open("rb+") as written:
                os.fsync(written.fileno())
        for name, path in partial.items():
            path.replace(target / name)
        for pattern in in_place_of:
            for left in target.glob(pattern):
                if left.name not in files and left.is_file():
                    left.unlink()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"the results cannot be written to {target}: {reason}") from error
    finally:
        for path in partial.values():
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return {name: target / name for name in files}
