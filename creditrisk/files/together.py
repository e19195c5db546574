"""Results are sets: the files of one appear together, in place of the whole set before, or not at all.

How it survives a kill at any point. The new files are written into a hidden folder within that of the result, and put
on disk there, the account of the run (``run.json``) among them. To rename the hidden folder is the step that decides:
before it the old set stands as it was, after it the new one holds. What follows only carries out what was decided:
files of the old set that the new one does not have are removed, the new ones take their places, the account last.
Whoever comes next, reader or writer, finds a decided set that is not in its places yet and finishes it, or an undecided
one and removes it. Each of these steps may be repeated.

Why not exchange whole folders, which would be a single step for every reader: what a user keeps in the folder would
have to move along, the folder may be a mount point or the one that somebody stands in, the folder above may not be
writable, and not every file system can exchange. A list of what to do is not needed either: the hidden folder is the
list. What is left is a short time in which files are renamed. This library waits for its end, or brings it about;
other programs that read a file by its name in just that time, or after a kill in it, can see old and new side by side.

What is whose. A set consists of the files that its account names, and of no others. A save replaces and removes those,
as long as they are what the account says, and touches nothing else: where a file of a user, or one that somebody has
changed since, stands in the way, the save is refused and nothing is lost. A folder holds one result.

Two runs into one folder do not mix: a save holds a lock on the folder, and a second one waits for a while, then says
so. On Windows and on network drives without locks it cannot wait, and what a killed run left undecided stays there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp

import polars as pl

from creditrisk.errors import InputError, OutputError
from creditrisk.files.account import ACCOUNT, ResultKind, RunAccount, account_in
from creditrisk.files.digests import sha256_of_file

if sys.platform != "win32":
    import fcntl

__all__ = ["finish_broken_off", "prepare_folder", "update_file", "write_file", "write_set"]

_PREFIX = ".creditrisk-"
_UNDECIDED = ".partial"
_DECIDED = _PREFIX + "complete"
_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.05


def prepare_folder(folder: str | os.PathLike[str], kind: ResultKind) -> None:
    """See that a result can be saved in a folder, which is made: better before long work than after it.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, holds another kind of result, or a file of the result there was
        changed since.
    """
    target = _real(folder)
    with _told_as_output_error(folder):
        target.mkdir(parents=True, exist_ok=True)
        with _held(target):
            _check_replaceable(target, kind)
            with TemporaryFile(dir=target):
                pass


def write_set(
    folder: str | os.PathLike[str],
    files: Mapping[str, Callable[[Path], object]],
    account: RunAccount | Callable[[], RunAccount],
) -> dict[str, Path]:
    """Save a result: its files and its account take the places of the set before as one.

    Parameters
    ----------
    folder : path
        Made if it is not there. Links are followed.
    files : mapping of str to callable
        File name to a function that writes the content to the path given.
    account : RunAccount, or function that gives it
        Of the run, without ``results``; the function is called when all other files are written.

    Returns
    -------
    dict of str to Path
        Of every file, ``run.json`` included.

    Raises
    ------
    OutputError
        If the folder cannot be made, a file cannot be written or would replace what is not of this kind of result, or
        another run is writing there. What is there is then left as it was.
    """
    target = _real(folder)
    with _told_as_output_error(folder):
        target.mkdir(parents=True, exist_ok=True)
        with _held(target), _staged(target) as stage:
            results: dict[str, str] = {}
            for name, write in files.items():
                write(stage / name)
                _put_on_disk(stage / name)
                results[name] = sha256_of_file(stage / name)
            told = (account() if callable(account) else account).model_copy(update={"results": results})
            _check_replaceable(target, told.kind, files)
            (stage / ACCOUNT).write_text(told.text(), encoding="utf-8")
            _put_on_disk(stage / ACCOUNT)
            _put_on_disk(stage)
            stage.rename(target / _DECIDED)
            _put_on_disk(target)
            _carry_out(target)
    return {name: Path(folder) / name for name in (*files, ACCOUNT)}


def write_file(path: str | os.PathLike[str], write: Callable[[Path], object]) -> None:
    """Write a single file, in place of one that is there; it appears whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written, or is part of a saved result.
    """
    _write_file(Path(path), lambda _: write)


def update_file(path: str | os.PathLike[str], change: Callable[[str | None], str | None]) -> None:
    """Change a text file in one step, so that of two who do so at once neither loses what the other wrote.

    Parameters
    ----------
    path : path
    change : callable
        Takes the text that is there, None where there is no file, and gives the new one, None to leave it as it is.

    Raises
    ------
    InputError
        If what is there is no text.
    OutputError
        As :func:`write_file`.
    """
    place = Path(path)

    def changed(place: Path) -> Callable[[Path], object] | None:
        try:
            before = place.read_text(encoding="utf-8") if place.exists() else None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{place} cannot be read: {error}") from error
        text = change(before)
        return None if text is None else lambda stage: stage.write_text(text, encoding="utf-8")

    _write_file(place, changed)


def finish_broken_off(folder: Path) -> None:
    """Bring a save that was killed in a folder to its end, and remove what others left undecided.

    Raises
    ------
    OutputError
        If a set is decided, and cannot be put in its places.
    """
    target = _real(folder)
    if not target.is_dir() or not any(target.glob(_PREFIX + "*")):
        return
    if (target / _DECIDED).exists():
        with _told_as_output_error(folder), _held(target):
            pass
    else:
        # What is undecided hinders nobody: where it is in use, or cannot be removed, it stays.
        with contextlib.suppress(OSError), _held(target, wait=False):
            pass


def _write_file(path: Path, writer: Callable[[Path], Callable[[Path], object] | None]) -> None:
    with _told_as_output_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path.parent):
            _check_in_no_set(path)
            write = writer(path)
            if write is None:
                return
            with _staged(path.parent) as stage:
                write(stage / path.name)
                _put_on_disk(stage / path.name)
                (stage / path.name).replace(path)
                _put_on_disk(path.parent)


def _real(folder: str | os.PathLike[str]) -> Path:
    """The folder itself, whatever links lead to it."""
    return Path(os.path.realpath(folder))


@contextlib.contextmanager
def _told_as_output_error(place: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"the results cannot be written to {os.fspath(place)}: {reason}") from error


@contextlib.contextmanager
def _held(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder for oneself, with what was broken off there finished."""
    if sys.platform == "win32":
        _carry_out(folder)
        yield
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        locked = _lock(handle, folder, _PATIENCE_SECONDS if wait else 0.0)
        _carry_out(folder)
        # Whoever writes holds the lock: what is undecided now is of a run that is dead.
        for left in folder.glob(f"{_PREFIX}*{_UNDECIDED}") if locked else ():
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        # A child that was forked meanwhile has the handle as well: unlock, do not only close.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _lock(handle: int, folder: Path, patience: float) -> bool:
    """Whether the folder is locked; where nobody can lock, it is not."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                raise OutputError(
                    f"another run is writing to {folder}: wait until it is done, or name another folder"
                ) from None
            time.sleep(_PAUSE_SECONDS)
        except OSError:
            return False


@contextlib.contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A hidden folder to write into, on the same file system; what is left in it goes with it."""
    stage = Path(mkdtemp(prefix=_PREFIX, suffix=_UNDECIDED, dir=folder))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _carry_out(folder: Path) -> None:
    """Put a set that is decided in its places, in steps that may all be repeated."""
    decided = folder / _DECIDED
    if not decided.is_dir():
        return
    new = account_in(decided)
    if new is not None:
        old = account_in(folder)
        for name in () if old is None else old.results.keys() - new.results.keys():
            (folder / name).unlink(missing_ok=True)
        for name in new.results:
            if (decided / name).exists():
                (decided / name).replace(folder / name)
        _put_on_disk(folder)
        (decided / ACCOUNT).replace(folder / ACCOUNT)
        _put_on_disk(folder)
    decided.rmdir()


def _check_replaceable(folder: Path, kind: ResultKind, files: Mapping[str, object] | None = None) -> None:
    """Raise an OutputError where a save would replace or remove what is not a file of the same kind of result."""
    try:
        old = account_in(folder)
    except InputError as error:
        raise OutputError(f"{error}: move it, or name another folder") from error
    if old is not None and old.kind != kind:
        raise OutputError(f"{folder} holds another result ({old.kind.replace('_', ' ')}): name a folder of its own")
    changed = next(iter(old.differing(folder)), None) if old is not None else None
    if changed is not None:
        raise OutputError(
            f"{folder / changed} was changed after it was saved, and would be lost: move it, or name another folder"
        )
    known = old.results if old is not None else {}
    strange = next((name for name in files or () if name not in known and os.path.lexists(folder / name)), None)
    if strange is not None:
        raise OutputError(
            f"{folder / strange} is no part of a saved result, and would be lost: move it, or name another folder"
        )


def _check_in_no_set(path: Path) -> None:
    try:
        account = account_in(path.parent)
    except InputError:
        return  # somebody else's file of that name
    if account is not None and path.name in (*account.results, ACCOUNT):
        raise OutputError(f"{path} is part of a saved result ({account.kind.replace('_', ' ')}): name another file")


def _put_on_disk(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk itself."""
    if path.is_dir():
        if sys.platform == "win32":
            return
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    else:
        handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
