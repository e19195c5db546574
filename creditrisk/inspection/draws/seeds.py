"""Public seeds: one commits to a seed before the frame is known, reveals it later, and uses it for one plan only.

Anyone who knows the seed while the frame can still be changed can choose who is drawn. So either the seed comes from
an event after the frame was published (the numbers of a lottery), or its hash is published before the frame and the
seed itself after it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from creditrisk.errors import InputError
from creditrisk.files.digests import sha256_of
from creditrisk.files.together import update_file
from creditrisk.inspection.draws.numbers import check_seed

__all__ = ["check_commitment", "commit_to_seed", "new_seed", "register_seed"]


def new_seed() -> str:
    """Make a seed that nobody can guess: 32 hexadecimal digits from the system's random source."""
    return secrets.token_hex(16)


def commit_to_seed(seed: str) -> str:
    """Return the hash of a seed; publish it before the frame is fixed.

    The hash does not hide a seed that can be guessed: take one from :func:`new_seed`.

    Returns
    -------
    str
        SHA-256 of the seed in UTF-8, in hexadecimal; ``printf %s SEED | sha256sum`` gives the same.

    Examples
    --------
    >>> commit_to_seed("5b7e2f90c1d84a6b9e03f7d21c5a8b46")[:16]
    'f35a236332889400'
    """
    check_seed(seed)
    return sha256_of(seed)


def check_commitment(seed: str, commitment: str) -> None:
    """Raise an InputError unless the revealed seed is the one of the commitment."""
    if commit_to_seed(seed) != commitment.strip().lower():
        raise InputError("the seed is not the one that was committed to: its SHA-256 differs from the one published")


def register_seed(
    register: str | os.PathLike[str], seed: str, draws_sha256: str, *, continues: str | None = None
) -> None:
    """Register the draws for which a seed is used; refuse a seed that was used for other draws.

    Parameters
    ----------
    register : path
        A file of JSON lines (seed_sha256, draws_sha256); it is made if it does not exist.
    seed : str
    draws_sha256 : str
        The hash of everything that decides the draws, see :func:`creditrisk.inspection.draws.drawing.draws_sha256`.
    continues : str, optional
        The hash of the last plan's draws, if a series of plans uses one seed on purpose: the seed may then pass from
        those draws to these.

    Raises
    ------
    InputError
        If the file is not a register, or the seed was used for other draws.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for draws in ("aaaa", "aaaa", "bbbb"):
    ...         try:
    ...             register_seed(f"{folder}/seeds.jsonl", "2026-07-01 08 15 23", draws)
    ...         except InputError as error:
    ...             print(str(error).partition(":")[0])
    the seed was already used for other draws (SHA-256 aaaa)
    """
    path, mine = Path(register), commit_to_seed(seed)

    def entered(text: str | None) -> str | None:
        entries = [] if text is None else list(_entries(path, text))
        before = [draws for used, draws in entries if used == mine]
        if draws_sha256 in before:
            return None
        if before and before[-1] != continues:
            raise InputError(
                f"the seed was already used for other draws (SHA-256 {before[-1]}): draw with a new seed. "
                "Who may try several draws with one seed can choose who is drawn."
            )
        lines = [
            json.dumps({"seed_sha256": used, "draws_sha256": draws}) for used, draws in [*entries, (mine, draws_sha256)]
        ]
        return "\n".join(lines) + "\n"

    update_file(path, entered)


def _entries(path: Path, text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
            yield entry["seed_sha256"], entry["draws_sha256"]
        except (ValueError, TypeError, KeyError):
            raise InputError(f"{path}, line {number}: not an entry of a register of seeds") from None
