"""Results are sets: the files of a result appear together and replace the whole earlier set, or do not appear at all.

How a save survives a kill at any point: the new files, including the account of the run (``run.json``), are written and
synced to disk in a hidden folder inside the result's folder. Renaming the hidden folder is the step that decides:
before it the old set is unchanged, after it the new one is valid. The next steps only carry out the decision: files of
the old set that the new one does not have are removed, and the new files move to their places, the account last. The
next reader or writer finishes a decided set that is not yet in place, and removes an undecided one. Each step may be
repeated.

Why whole folders are not exchanged, although readers would see a single step: a user's other files in the folder would
have to move too, the folder may be a mount point or somebody's working directory, the folder above may not be writable,
and not every file system can exchange folders. No list of steps is needed: the hidden folder is the list. There remains
a short time in which files are renamed. This library waits for its end, or finishes the renames; another program that
reads a file by its name in that time, or after a kill in it, can see old and new files side by side.

Which files belong to a set: those that its account names, and no others. A save replaces and removes these files if
they are what the account says, and touches nothing else: if a user's file, or a file that somebody has changed, is in
the way, the save is refused and nothing is lost. A folder holds one result.

Two runs into one folder do not mix: a save holds a lock on the folder, and a second one waits for a while, then raises
an error. On Windows and on network drives without locks it cannot wait, and an undecided set of a killed run stays.
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
    """Make a folder and check that a result can be saved in it, before long work instead of after it.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, holds another kind of result, or has a file of a result that was
        changed after the save.
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
    """Save a result: its files and its account together replace the earlier set.

    Parameters
    ----------
    folder : path
        The folder; it is made if it does not exist. Links are followed.
    files : mapping of str to callable
        A function for each file name that writes the content to a given path.
    account : RunAccount, or function that gives it
        The account of the run, without ``results``; the function is called after all other files are written.

    Returns
    -------
    dict of str to Path
        The path of every file, including ``run.json``.

    Raises
    ------
    OutputError
        If the folder cannot be made, a file cannot be written or would replace a file that is not of this kind of
        result, or another run is writing there. The folder's files are then unchanged.
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
    """Write a single file and replace an existing one; it appears whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written, or is part of a saved result.
    """
    _write_file(Path(path), lambda _: write)


def update_file(path: str | os.PathLike[str], change: Callable[[str | None], str | None]) -> None:
    """Change a text file in one step, so that two simultaneous changes do not lose each other's text.

    Parameters
    ----------
    path : path
    change : callable
        A function from the present text (None if there is no file) to the new text (None to leave the file unchanged).

    Raises
    ------
    InputError
        If the file is not text.
    OutputError
        For the reasons that :func:`write_file` gives.
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
    """Finish a save that was killed in a folder, and remove undecided sets of other runs.

    Raises
    ------
    OutputError
        If a decided set cannot be moved to its places.
    """
    target = _real(folder)
    if not target.is_dir() or not any(target.glob(_PREFIX + "*")):
        return
    if (target / _DECIDED).exists():
        with _told_as_output_error(folder), _held(target):
            pass
    else:
        # An undecided set does no harm: if it is in use, or cannot be removed, it stays.
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
    """Return the real folder, with links resolved."""
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
    """Lock a folder for this process, and finish interrupted saves there."""
    if sys.platform == "win32":
        _carry_out(folder)
        yield
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        locked = _lock(handle, folder, _PATIENCE_SECONDS if wait else 0.0)
        _carry_out(folder)
        # A writer holds the lock, so an undecided set found now belongs to a dead run.
        for left in folder.glob(f"{_PREFIX}*{_UNDECIDED}") if locked else ():
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        # A child process that was forked meanwhile has the handle as well: closing it is not enough to unlock.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _lock(handle: int, folder: Path, patience: float) -> bool:
    """Lock a folder, and return whether it is locked; on file systems without locks it is not."""
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
    """Make a hidden folder to write into, on the same file system; remove it afterwards with its contents."""
    stage = Path(mkdtemp(prefix=_PREFIX, suffix=_UNDECIDED, dir=folder))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _carry_out(folder: Path) -> None:
    """Move a decided set to its places, in steps that may all be repeated."""
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
    """Raise an OutputError if a save would replace or remove a file that does not belong to the same kind of result."""
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
        return  # another program's file with that name
    if account is not None and path.name in (*account.results, ACCOUNT):
        raise OutputError(f"{path} is part of a saved result ({account.kind.replace('_', ' ')}): name another file")


def _put_on_disk(path: Path) -> None:
    """Make the system write a file, or the names in a folder, to the disk."""
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
