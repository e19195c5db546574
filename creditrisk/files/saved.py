"""Readers of saved results: files are first compared with their account, and refused if they do not fit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from creditrisk.errors import InputError, OutputError
from creditrisk.files.account import ACCOUNT, InputUsed, ResultKind, RunAccount, account_in
from creditrisk.files.digests import sha256_of_file
from creditrisk.files.together import finish_broken_off

__all__ = ["file_used", "finish_before_reading", "input_of", "read_saved"]

T = TypeVar("T")

# A save may replace the set while it is read, but hardly this many times in a row.
_ATTEMPTS = 3


def read_saved(
    source: str | os.PathLike[str], kind: ResultKind, names: tuple[str, ...], read: Callable[..., T], *, argument: str
) -> T:
    """Read files of a saved result after comparing them with its account.

    Parameters
    ----------
    source : path
        The folder of the result; or one file, which is compared with an account beside it that names it, and read
        unchecked if there is none.
    kind : str
        The kind of result that is needed.
    names : tuple of str
        The files to read from the folder.
    read : callable
        A function that takes the path of each file.
    argument : str
        The name of the argument that gave the source, for messages.

    Raises
    ------
    InputError
        If the folder has no account or one of another kind of result, or a file is missing or does not fit the account.
    """
    path = Path(source)
    whole = path.is_dir() or len(names) > 1
    folder, files = (path, names) if whole else (path.parent, (path.name,))
    for _ in range(_ATTEMPTS):
        finish_before_reading(folder)
        account = _account(folder, kind, argument) if whole else _account_naming(path)
        if account is None:
            return read(path)
        misfit = _misfit(account, folder, files)
        if misfit is None:
            value = read(*(folder / name for name in files))
            if account == account_in(folder):
                return value
        elif account == account_in(folder):
            raise InputError(f"{argument}: {misfit}. Save the {_words(account.kind)} again, or take it from its source")
    raise InputError(f"{argument}: {folder} is replaced again and again: wait until no run writes to it")


def finish_before_reading(folder: Path) -> None:
    """Finish a save that was killed in a folder, so that one whole set is read.

    Raises
    ------
    InputError
        If the save cannot be finished.
    """
    try:
        finish_broken_off(folder)
    except OutputError as error:
        raise InputError(
            f"a save into {folder} was broken off, and only somebody who may write there can complete it. {error}"
        ) from error


def file_used(source: Any) -> InputUsed:
    """Return the account's entry for a small table that a run read: the file and its digest, or another source."""
    if not isinstance(source, str | os.PathLike):
        return InputUsed(sources=("frame",))
    name = Path(source).as_posix()
    if not Path(source).is_file():
        return InputUsed(sources=(name,))
    return InputUsed(sources=(name,), sha256={name: sha256_of_file(source)})


def input_of(source: str | os.PathLike[str], *names: str) -> InputUsed:
    """Return the account's entry for a saved result that a run read: its folder, and the digests of the files read."""
    path = Path(source)
    account = account_in(path) if path.is_dir() else _account_naming(path)
    listed = {} if account is None else account.results
    wanted = names if path.is_dir() else (path.name,)
    return InputUsed(sources=(path.as_posix(),), sha256={name: listed[name] for name in wanted if name in listed})


def _account(folder: Path, kind: ResultKind, argument: str) -> RunAccount:
    account = account_in(folder)
    if account is None:
        raise InputError(
            f"{argument}: {folder} holds no saved {_words(kind)}: it has no {ACCOUNT}, which says what belongs to it. "
            "Save it again, or name the folder that it was saved in"
        )
    if account.kind != kind:
        raise InputError(f"{argument}: {folder} holds no {_words(kind)}, but another result: {_words(account.kind)}")
    return account


def _account_naming(path: Path) -> RunAccount | None:
    """Return the account to which a file belongs; None for a file that was put there by hand."""
    try:
        account = account_in(path.parent)
    except InputError:
        return None
    return account if account is not None and path.name in account.results else None


def _misfit(account: RunAccount, folder: Path, files: tuple[str, ...]) -> str | None:
    for name in files:
        if name not in account.results:
            return f"{folder / ACCOUNT} knows no {name}"
        if not (folder / name).is_file():
            return f"{folder / name} is missing"
        if account.differing(folder, (name,)):
            return f"{folder / name} is not what {ACCOUNT} says that it was when it was saved"
    return None


def _words(kind: ResultKind) -> str:
    return kind.replace("_", " ")
