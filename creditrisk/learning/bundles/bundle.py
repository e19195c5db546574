"""A fitted model saved in a folder: text parts and a manifest that describes it. No pickle, and nothing is executed.

Before anything is built from a bundle, its parts are checked against the digests in the manifest, the manifest against
its own digest, and the cards against a list of all digests: altered or truncated files are refused. The account of the
run beside them has the form of every saved result; all that it says about the model is also in the manifest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from creditrisk.errors import InputError, OutputError
from creditrisk.files.account import ACCOUNT, RunAccount, account_in, versions_used
from creditrisk.files.digests import sha256_of
from creditrisk.files.saved import finish_before_reading
from creditrisk.files.together import finish_broken_off, write_set
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.learning.bundles.manifest import Manifest, ModelBundle, TrainingCohort, manifest_digest
from creditrisk.learning.bundles.model_card import model_card
from creditrisk.learning.scorers.scorer import LearnedScorer
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.vocabulary import BilingualText

__all__ = ["FILES_BESIDE_PARTS", "check_place", "load_model", "save_model"]

MANIFEST = "manifest.json"
CARDS = ("model-card.md", "model-card.html")
# The list has the format of sha256sum. The cards contain the manifest's digest, so the manifest cannot contain theirs.
DIGESTS = "SHA256SUMS"
FILES_BESIDE_PARTS = (MANIFEST, *CARDS, DIGESTS, ACCOUNT)
_FORMAT = 1
_KINDS = {
    "boosted": "creditrisk.learning.scorers.boosted:BoostedScorer",
    "scorecard": "creditrisk.learning.scorers.scorecard:ScorecardScorer",
}
_REFERENCE = "reference"
_DAMAGED = "is damaged or was altered: take the bundle from its source again"
_PACKAGES = ("lightgbm", "numpy", "polars", "scikit-learn")


_INTENDED_USE = BilingualText(
    zh="辅助确定检查重点：与评价办法合并使用，在其限定范围内提高关注；不得作为行政处理的唯一依据。",
    en="To help choose where to look: beside a policy, raising attention within its bounds; never the only ground of a "
    "decision on an enterprise.",
)
_LIMITS = BilingualText(
    zh="只从受检企业的结果中学习；检查对象非随机选取时，概率描述的是以往检查的情形。"
    "法规、检查方式或登记口径变化后须重新训练。",
    en="It learnt from inspected enterprises alone: where these were not drawn at random, probabilities describe "
    "inspections as they were. Train again when law, inspection practice or recording changes.",
)


def save_model(
    scorer: LearnedScorer,
    folder: str | os.PathLike[str],
    *,
    name: BilingualText | Mapping[str, str] | None = None,
    policy: Policy | str | None = None,
    cohort: TrainingCohort | None = None,
    figures: Mapping[str, Any] | None = None,
    intended_use: BilingualText | None = None,
    limits: BilingualText | None = None,
) -> ModelBundle:
    """Save a fitted model in a folder, with a card that describes it.

    Parameters
    ----------
    scorer : fitted BoostedScorer or ScorecardScorer
    folder : path
        The folder; it is made if it does not exist. An existing bundle is replaced as a whole or not at all, even if
        the run is killed; a folder with anything else is refused.
    name : BilingualText or mapping, optional
    policy : Policy or str, optional
        The policy whose indicators the model reads; without one, it reads the built-in indicators.
    cohort : TrainingCohort, optional
    figures : mapping, optional
        Figures on rows from which it did not learn: only ``to_dict()`` of a :class:`creditrisk.ModelEvaluation`.
    intended_use, limits : BilingualText, optional

    Returns
    -------
    ModelBundle

    Raises
    ------
    InputError
        If the scorer is not a model that can be saved, the folder holds something else, or a description of the model
        is not as above.
    OutputError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> import creditrisk as cr
    >>> scorer = cr.load_model("reference").scorer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bundle = cr.save_model(scorer, folder + "/model")
    ...     cr.load_model(folder + "/model").manifest == bundle.manifest
    True
    """
    kind = next((kind for kind in _KINDS if type(scorer).__name__ == _KINDS[kind].partition(":")[2]), None)
    if kind is None:
        raise InputError(
            f"a {type(scorer).__name__} cannot be kept as a bundle, which is read without running anything of it; give "
            "a BoostedScorer or a ScorecardScorer. Of another classifier keep the script and the rows that fit it"
        )
    columns = tuple(getattr(scorer, "feature_names_in_", ()))
    if not columns:
        raise InputError("the model was fitted to columns without names: fit it to a frame, so that they can be kept")
    parts = scorer.to_parts()
    policy = None if policy is None else load_policy(policy)
    specs = policy.specs if policy is not None else {spec.id: spec for spec in built_in_indicators()}
    manifest = _manifest_from(
        {
            "format": _FORMAT,
            "kind": kind,
            "name": name or {"zh": "检查结果预测模型", "en": "Model of inspection outcomes"},
            "intended_use": intended_use or _INTENDED_USE,
            "limits": limits or _LIMITS,
            "columns": columns,
            "directions": scorer.directions_of_columns(),
            "indicators": tuple(specs[column] for column in columns if column in specs),
            "policy": None if policy is None else policy.used,
            "cohort": cohort,
            "figures": _plain(figures or {}),
            "versions": versions_used(*_PACKAGES),
            "parts": {part: sha256_of(content) for part, content in sorted(parts.items())},
        },
        "the model cannot be kept",
    )
    files = {**parts, MANIFEST: _manifest_text(manifest), **_cards(manifest)}
    check_place(folder)
    write_set(
        folder,
        {name: partial(_write, content) for name, content in {**files, DIGESTS: _digests(files)}.items()},
        _account(manifest),
    )
    return ModelBundle(scorer, manifest)


def check_place(folder: str | os.PathLike[str]) -> None:
    """Check that a model can be saved in a folder, before long work instead of after it.

    Raises
    ------
    InputError
        If the folder holds anything but a bundle.
    OutputError
        If the folder cannot be read.
    """
    path = Path(os.path.realpath(folder))
    finish_broken_off(path)
    try:
        names = {entry.name for entry in path.iterdir()} if path.exists() else set()
    except OSError as error:
        raise OutputError(f"the model cannot be written to {path}: {error.strerror or error}") from error
    if not names:
        return
    try:
        account = account_in(path)
    except InputError:
        account = None
    if account is None or account.kind != "model":
        raise InputError(f"{path} holds something that is no model bundle: name another folder")
    strange = min(names - {*account.results, ACCOUNT}, default=None)
    if strange is not None:
        raise InputError(
            f"{path / strange} is no part of the model bundle there, and would be taken for one: move it, or name "
            "another folder"
        )


def load_model(folder: str | os.PathLike[str]) -> ModelBundle:
    """Load a model that :func:`save_model` saved; its predictions are equal to the last bit.

    Parameters
    ----------
    folder : path, or "reference"
        ``"reference"`` is the model that comes with the library for trials; it learnt from a simulated province.

    Raises
    ------
    InputError
        If there is no bundle, a file of it is missing, altered or of a newer format, or there are further files.

    Examples
    --------
    >>> import creditrisk as cr
    >>> cr.load_model("reference").manifest.kind
    'boosted'
    """
    path = _reference_folder() if folder == _REFERENCE else Path(folder)
    finish_before_reading(path)
    content = _content(path)
    manifest = _manifest_of(content, path)
    _check_files(manifest, content, path)
    module, _, name = _KINDS[manifest.kind].partition(":")
    scorer = getattr(import_module(module), name).from_parts({name: content[name] for name in manifest.parts})
    if tuple(getattr(scorer, "feature_names_in_", ())) != manifest.columns:
        raise InputError(
            f"{path}: the manifest's columns are not those of the model: take the bundle from its source again"
        )
    if scorer.directions_of_columns() != manifest.directions:
        raise InputError(
            f"{path}: the manifest's directions are not those of the model: take the bundle from its source again"
        )
    return ModelBundle(scorer, manifest)


def _plain(figures: Any) -> Any:
    """Return figures as they will be read back, with lists instead of tuples."""
    try:
        return json.loads(json.dumps(dict(figures)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError("figures must be what to_dict() of a ModelEvaluation gives: plain data, by name") from error


def _manifest_from(data: Mapping[str, Any], where: str) -> Manifest:
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"{where}: {key}: {first['msg']}") from error


def _read_format_1(stored: Mapping[str, Any], path: Path) -> Manifest:
    manifest = _manifest_from(stored, str(path / MANIFEST))
    if manifest.kind not in _KINDS:
        raise InputError(f"{path / MANIFEST}: kind {manifest.kind!r} is none of {', '.join(_KINDS)}")
    return manifest


# There is one reader for each format that was ever written; it converts an older bundle to today's format.
_READERS: dict[Any, Callable[[Mapping[str, Any], Path], Manifest]] = {1: _read_format_1}


def _content(path: Path) -> dict[str, bytes]:
    """Return every file in the folder, except for harmless hidden files of file managers."""
    try:
        entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        if path / MANIFEST not in entries:
            raise InputError(f"{path} is no model bundle: it has no {MANIFEST}")
        folder = next((entry for entry in entries if entry.is_dir()), None)
        if folder is not None:
            raise InputError(f"the folder {folder} does not belong to the bundle: remove it if you know what it is")
        return {entry.name: entry.read_bytes() for entry in entries}
    except OSError as error:
        raise InputError(f"there is no model bundle at {path}: {error.strerror or error}") from error


def _manifest_of(content: Mapping[str, bytes], path: Path) -> Manifest:
    """Read the manifest and check it against its own digest."""
    try:
        stored = json.loads(content[MANIFEST])
        whole = isinstance(stored, dict) and stored.pop("sha256", None) == manifest_digest(stored)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        raise InputError(f"{path / MANIFEST} {_DAMAGED}")
    form = stored.get("format")
    if type(form) is not int or form not in _READERS:
        raise InputError(
            f"{path} has format {form!r}, and this version of creditrisk reads {', '.join(map(str, _READERS))}: "
            "use a newer version"
        )
    return _READERS[form](stored, path)


def _check_files(manifest: Manifest, content: Mapping[str, bytes], path: Path) -> None:
    wanted = (*manifest.parts, *FILES_BESIDE_PARTS)
    lacking = next((name for name in wanted if name not in content), None)
    if lacking is not None:
        raise InputError(f"{path} lacks {lacking}: take the bundle from its source again")
    strange = next((name for name in content if name not in wanted), None)
    if strange is not None:
        raise InputError(f"{path / strange} does not belong to the bundle: remove it if you know where it comes from")
    for name, digest in manifest.parts.items():
        if sha256_of(content[name]) != digest:
            raise InputError(f"{path / name} {_DAMAGED}")
    listed = content[DIGESTS].splitlines(keepends=True)
    for name in CARDS:
        if _digests({name: content[name]}) not in listed:
            raise InputError(f"{path / name} or its digest in {DIGESTS} {_DAMAGED}")
    if content[DIGESTS] != _digests({name: content[name] for name in wanted if name not in (DIGESTS, ACCOUNT)}):
        raise InputError(f"{path / DIGESTS} {_DAMAGED}")
    account = account_in(path)
    found = {name: sha256_of(content[name]) for name in wanted if name != ACCOUNT}
    if account is None or account.kind != "model" or account.results != found:
        raise InputError(f"{path / ACCOUNT} {_DAMAGED}")


def _digests(files: Mapping[str, bytes]) -> bytes:
    lines = (f"{sha256_of(content)}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def _manifest_text(manifest: Manifest) -> bytes:
    stored = manifest.model_dump(mode="json", exclude_none=True) | {"sha256": manifest.sha256}
    return (json.dumps(stored, ensure_ascii=False, indent=1) + "\n").encode()


def _cards(manifest: Manifest) -> dict[str, bytes]:
    return {CARDS[0]: model_card(manifest, "markdown").encode(), CARDS[1]: model_card(manifest, "html").encode()}


def _account(manifest: Manifest) -> RunAccount:
    cohort = manifest.cohort
    counted = ("enterprises", "rows", "findings")
    return RunAccount(
        kind="model",
        policy=manifest.policy,
        model={"kind": manifest.kind, "sha256": manifest.sha256},
        counts={} if cohort is None else {name: getattr(cohort, name) for name in counted},
        versions=manifest.versions,
    )


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _reference_folder() -> Path:
    """Return the folder of the model that comes with the library: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[2]
    installed = package / "reference_model"
    return installed if installed.is_dir() else package.parent / "models" / _REFERENCE
