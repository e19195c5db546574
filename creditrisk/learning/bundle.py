"""A fitted model kept in a folder: text parts and a manifest that says what it is. No pickle, and nothing executed.

Before anything is built from a bundle, its files are checked against the digests in the manifest, and the manifest
against its own: what was altered or cut short is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from creditrisk import __version__
from creditrisk.errors import InputError, OutputError
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.spec import BilingualText
from creditrisk.learning.manifest import Manifest, ModelBundle, PolicyUsed, TrainingCohort, manifest_digest
from creditrisk.learning.model_card import model_card
from creditrisk.policy.document import Policy

__all__ = ["CARDS", "load_model", "save_model"]

MANIFEST = "manifest.json"
CARDS = ("model-card.md", "model-card.html")
_FORMAT = 1
_KINDS = {
    "boosted": "creditrisk.learning.boosted:BoostedScorer",
    "scorecard": "creditrisk.learning.scorecard:ScorecardScorer",
}
_REFERENCE = "reference"
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
    scorer: Any,
    folder: str | os.PathLike[str],
    *,
    name: BilingualText | Mapping[str, str] | None = None,
    policy: Policy | None = None,
    cohort: TrainingCohort | None = None,
    figures: Mapping[str, Any] | None = None,
    intended_use: BilingualText | None = None,
    limits: BilingualText | None = None,
) -> ModelBundle:
    """Keep a fitted model in a folder, with a card that says what it is.

    Parameters
    ----------
    scorer : fitted BoostedScorer or ScorecardScorer
    folder : path
        Made if it is not there; a bundle that is there is replaced, whole or not at all.
    name : BilingualText or mapping, optional
    policy : Policy, optional
        Whose indicators the model reads; without one, the built-in indicators.
    cohort : TrainingCohort, optional
    figures : mapping, optional
        On rows that it did not learn from: ``to_dict()`` of a :class:`creditrisk.ModelEvaluation`.
    intended_use, limits : BilingualText, optional

    Returns
    -------
    ModelBundle

    Raises
    ------
    InputError
        If the scorer is no model that can be kept, or the folder holds something else.
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
            f"a {type(scorer).__name__} cannot be kept as a bundle; give a BoostedScorer or a ScorecardScorer"
        )
    columns = tuple(getattr(scorer, "feature_names_in_", ()))
    if not columns:
        raise InputError("the model was fitted to columns without names: fit it to a frame, so that they can be kept")
    parts = scorer.to_parts()
    specs = policy.specs if policy is not None else {spec.id: spec for spec in built_in_indicators()}
    manifest = Manifest(
        format=_FORMAT,
        kind=kind,
        name=BilingualText.model_validate(name or {"zh": "检查结果预测模型", "en": "Model of inspection outcomes"}),
        intended_use=intended_use or _INTENDED_USE,
        limits=limits or _LIMITS,
        columns=columns,
        directions=scorer.directions_of_columns(),
        indicators=tuple(specs[column] for column in columns if column in specs),
        policy=None if policy is None else PolicyUsed(id=policy.id, edition=policy.edition, sha256=policy.sha256),
        cohort=cohort,
        figures=dict(figures or {}),
        versions={
            "creditrisk": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        parts={part: hashlib.sha256(content).hexdigest() for part, content in sorted(parts.items())},
    )
    _write(Path(folder), {**parts, MANIFEST: _manifest_text(manifest), **_cards(manifest)})
    return ModelBundle(scorer, manifest)


def load_model(folder: str | os.PathLike[str]) -> ModelBundle:
    """Load a model that :func:`save_model` kept; it predicts the same to the last bit.

    Parameters
    ----------
    folder : path, or "reference"
        The latter is the model that comes with the library: it learnt from a simulated province, to try things on.

    Raises
    ------
    InputError
        If there is no bundle, a file of it is missing, altered or of a newer format, or there are files that do not
        belong to it.

    Examples
    --------
    >>> import creditrisk as cr
    >>> cr.load_model("reference").manifest.kind
    'boosted'
    """
    path = _reference_folder() if folder == _REFERENCE else Path(folder)
    content = _content(path)
    stored = _audited(content.pop(MANIFEST), path)
    read = _READERS.get(stored.get("format"))
    if read is None:
        raise InputError(
            f"{path} has format {stored.get('format')!r}, and this version of creditrisk reads "
            f"{', '.join(map(str, _READERS))}: use a newer version"
        )
    manifest = read(stored, path)
    _check_parts(manifest, content, path)
    module, _, name = _KINDS[manifest.kind].partition(":")
    scorer = getattr(import_module(module), name).from_parts(content)
    if tuple(scorer.feature_names_in_) != manifest.columns:
        raise InputError(
            f"{path}: the manifest's columns are not those of the model: take the bundle from its source again"
        )
    return ModelBundle(scorer, manifest)


def _read_format_1(stored: Mapping[str, Any], path: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate(stored)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path / MANIFEST}: {where}: {first['msg']}") from error
    if manifest.kind not in _KINDS:
        raise InputError(f"{path / MANIFEST}: kind {manifest.kind!r} is none of {', '.join(_KINDS)}")
    return manifest


# One for each format that was ever written; an older bundle is read as what it would be today.
_READERS: dict[Any, Callable[[Mapping[str, Any], Path], Manifest]] = {1: _read_format_1}


def _content(path: Path) -> dict[str, bytes]:
    """Every file of the bundle but its cards, which are written from the manifest."""
    try:
        names = sorted(entry.name for entry in path.iterdir())
        if MANIFEST not in names:
            raise InputError(f"{path} is no model bundle: it has no {MANIFEST}")
        return {name: (path / name).read_bytes() for name in names if name not in CARDS and not name.startswith(".")}
    except OSError as error:
        raise InputError(f"there is no model bundle at {path}: {error.strerror or error}") from error


def _audited(content: bytes, path: Path) -> dict[str, Any]:
    """The manifest as data, checked against its own digest."""
    damaged = f"{path / MANIFEST} is damaged or was altered: take the bundle from its source again"
    try:
        stored = json.loads(content)
    except ValueError as error:
        raise InputError(damaged) from error
    if not isinstance(stored, dict) or stored.pop("sha256", None) != manifest_digest(stored):
        raise InputError(damaged)
    return stored


def _check_parts(manifest: Manifest, content: Mapping[str, bytes], path: Path) -> None:
    for name, digest in manifest.parts.items():
        if name not in content:
            raise InputError(f"{path} lacks {name}: take the bundle from its source again")
        if hashlib.sha256(content[name]).hexdigest() != digest:
            raise InputError(f"{path / name} is damaged or was altered: take the bundle from its source again")
    strange = next((name for name in content if name not in manifest.parts), None)
    if strange is not None:
        raise InputError(f"{path / strange} does not belong to the bundle: remove it if you know where it comes from")


def _manifest_text(manifest: Manifest) -> bytes:
    stored = manifest.model_dump(mode="json", exclude_none=True) | {"sha256": manifest.sha256}
    return (json.dumps(stored, ensure_ascii=False, indent=1) + "\n").encode()


def _cards(manifest: Manifest) -> dict[str, bytes]:
    return {CARDS[0]: model_card(manifest, "markdown").encode(), CARDS[1]: model_card(manifest, "html").encode()}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a new folder in the place of the one that is there, once it is complete."""
    partial, before = (folder.with_name(f".{folder.name}.{os.getpid()}.{what}") for what in ("partial", "before"))
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
            raise InputError(f"{folder} holds something that is no model bundle: name another folder")
        partial.mkdir(parents=True)
        for name, content in files.items():
            (partial / name).write_bytes(content)
        if folder.exists():
            folder.rename(before)
        partial.rename(folder)
    except OSError as error:
        if before.exists() and not folder.exists():
            before.rename(folder)
        raise OutputError(f"the model cannot be written to {folder}: {error.strerror or error}") from error
    finally:
        for rest in (partial, before):
            shutil.rmtree(rest, ignore_errors=True)


def _reference_folder() -> Path:
    """Where the model that comes with the library is: in the package, or in a checkout beside it."""
    package = Path(__file__).parents[1]
    installed = package / "reference_model"
    return installed if installed.is_dir() else package.parent / "models" / _REFERENCE
