"""The account of a run: its kind, its inputs, its policy, and the digest of every file that it wrote."""

from __future__ import annotations

import json
import os
import platform
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from creditrisk.errors import InputError
from creditrisk.files.digests import sha256_of_file
from creditrisk.version import __version__

__all__ = ["ACCOUNT", "InputUsed", "PolicyUsed", "ResultKind", "RunAccount", "account_in", "versions_used"]

ACCOUNT = "run.json"

ResultKind = Literal[
    "assessment", "assignment", "evaluation", "impact", "model", "plan", "recorded_results", "schedule", "simulation",
    "worth",
]  # fmt: skip
_PACKAGES = ("numpy", "pandas", "polars", "pydantic", "scikit-learn")


def _plain_name(name: str) -> str:
    # An account may come from anywhere, and a save removes the files it names: they must never be in another folder.
    if name in ("", ".", "..", ACCOUNT) or any(mark in name for mark in "/\\:\0"):
        raise ValueError("must be the name of a file in the same folder")
    return name


FileName = Annotated[str, AfterValidator(_plain_name)]


class _Data(BaseModel):
    # Built when first used: most who import the library save nothing.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class PolicyUsed(_Data):
    """The policy that a run applied, or whose indicators a model reads."""

    id: str
    edition: str
    sha256: str


class InputUsed(_Data):
    """An input that a run read.

    Attributes
    ----------
    sources : tuple of str
        Files, folders, tables of a database; "frame" for a table in memory.
    sha256 : dict of str to str
        The SHA-256 of each file.
    rows_read, rows_kept, rows_rejected : int, optional
    rejected_by_code : dict of str to int, optional
    ignored_columns, notes : tuple of str, optional
    """

    sources: tuple[str, ...] = ()
    sha256: dict[str, str] = Field(default_factory=dict)
    rows_read: int | None = None
    rows_kept: int | None = None
    rows_rejected: int | None = None
    rejected_by_code: dict[str, int] | None = None
    ignored_columns: tuple[str, ...] | None = None
    notes: tuple[str, ...] | None = None


class RunAccount(_Data):
    """The account of a run: one form for every saved result, kept beside it as ``run.json``.

    Fields that do not apply to a kind of result are left out. The account of a run that gives the same bytes again (a
    plan, a model) contains neither its time nor its duration.

    Attributes
    ----------
    format : int
        The version of this form.
    kind : str
        The kind of the result.
    as_of : datetime.date, optional
    policy : PolicyUsed, optional
        The policy; for an impact, the one after the change.
    policy_before : PolicyUsed, optional
        The policy before the change, for an impact.
    model : dict, optional
        The statements or the identity of a model, as plain data.
    inputs : dict of str to InputUsed
    seed : str, optional
    counts : dict of str to int
    summary : dict, optional
        The result in figures, as plain data.
    results : dict of str to str
        The SHA-256 of every other file of the result, by name.
    versions : dict of str to str
        The versions of creditrisk, Python and the packages that numbers depend on.
    timings_seconds : dict of str to float, optional
    finished_at : datetime.datetime, optional
    """

    format: Literal[1] = 1
    kind: ResultKind
    as_of: date | None = None
    policy: PolicyUsed | None = None
    policy_before: PolicyUsed | None = None
    model: dict[str, Any] | None = None
    inputs: dict[str, InputUsed] = Field(default_factory=dict)
    seed: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    summary: dict[str, Any] | None = None
    results: dict[FileName, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=lambda: versions_used())
    timings_seconds: dict[str, float] | None = None
    finished_at: datetime | None = None

    def text(self) -> str:
        """Return the account as the JSON of its file."""
        data = {name: value for name, value in self.model_dump(mode="json").items() if value is not None}
        data["inputs"] = self.model_dump(mode="json", include={"inputs"}, exclude_none=True)["inputs"]
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"

    def differing(self, folder: Path, names: tuple[str, ...] | None = None) -> list[str]:
        """Return the files (of all, or of ``names``) that exist with other content than the account says."""
        return [
            name
            for name in (self.results if names is None else names)
            if os.path.lexists(folder / name) and not self._is(folder / name)
        ]

    def _is(self, path: Path) -> bool:
        return path.is_file() and sha256_of_file(path) == self.results.get(path.name)


def versions_used(*packages: str) -> dict[str, str]:
    """Return the versions on which numbers may depend: creditrisk, Python, and the named or the common packages."""
    return {
        "creditrisk": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages or _PACKAGES},
    }


def account_in(folder: Path) -> RunAccount | None:
    """Return the account of the result in a folder; None if there is none.

    Raises
    ------
    InputError
        If a file with that name is not an account, or has a newer form.
    """
    path = folder / ACCOUNT
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return RunAccount.model_validate_json(content)
    except ValidationError:
        raise InputError(f"{path} is no account of a result that this version of creditrisk reads") from None
