"""Models as parts of text, and models from such parts: no pickle, and nothing is executed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, TypeVar

import numpy as np

from creditrisk.errors import InputError
from creditrisk.learning.scorers.additive import AdditivePoints
from creditrisk.learning.scorers.calibration import Calibration
from creditrisk.learning.scorers.categories import CategoryLevels
from creditrisk.learning.scorers.cut_offs import CutOffs
from creditrisk.learning.scorers.fitted_state import check_state
from creditrisk.learning.scorers.scorer import LearnedScorer

__all__ = ["SCORER", "from_parts", "part_of", "to_parts"]

Scorer = TypeVar("Scorer", bound=LearnedScorer)

FORMAT = 1
SCORER = "scorer.json"


def to_parts(scorer: LearnedScorer, own: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the parts that every kind of model has, and those of one kind, by file name."""
    text = json.dumps({**_state(scorer), **own}, ensure_ascii=False, indent=1, default=_plain)
    try:
        check_state(json.loads(text))
    except ValueError as error:
        raise InputError(f"the model cannot be kept as text: {error}; fit it anew with other parameters") from error
    return {SCORER: text.encode()}


def from_parts(
    kind: type[Scorer], parts: Mapping[str, bytes], restore_own: Callable[[Scorer, Mapping[str, Any]], None]
) -> Scorer:
    """Rebuild a model from its parts; the class restores the parts of its kind."""
    try:
        state = json.loads(part_of(parts, SCORER))
        form = state.get("format") if isinstance(state, dict) else None
        if form != FORMAT:
            raise InputError(
                f"{SCORER} has format {form!r}, and this version of creditrisk reads {FORMAT}: "
                "use a newer version, or train again"
            )
        check_state(state)
        scorer = kind(**_parameters(state["parameters"]))
        scorer.classes_ = np.array(state["classes"], dtype=np.dtype(state["classes_dtype"]))
        scorer.n_features_in_ = state["n_features"]
        if state["features"] is not None:
            scorer.feature_names_in_ = np.array(state["features"], dtype=object)
        scorer.levels_ = {name: CategoryLevels(name, tuple(levels)) for name, levels in state["levels"].items()}
        scorer.constraints_ = tuple(state["constraints"])
        scorer.calibration_ = Calibration.from_json(state["calibration"])
        scorer.cut_offs_ = CutOffs.from_json(state["cut_offs"])
        scorer.thresholds_ = tuple(state["thresholds"])
        scorer.training_ = state["training"]
        points = state["points"]
        scorer.points_ = None if points is None else AdditivePoints.from_json(points)
        restore_own(scorer, state)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{SCORER} is damaged ({error}): take the bundle from its source again") from error
    return scorer


def part_of(parts: Mapping[str, bytes], name: str) -> bytes:
    """Return one of the parts.

    Raises
    ------
    InputError
        If the part is missing.
    """
    if name not in parts:
        raise InputError(f"the bundle lacks {name}; it has {', '.join(sorted(parts)) or 'nothing'}")
    return parts[name]


def _state(scorer: LearnedScorer) -> dict[str, Any]:
    """Return the state that every kind of model has."""
    parameters = scorer.get_params(deep=False)
    if not isinstance(parameters["random_state"], int | None):
        parameters["random_state"] = None
    if parameters["cut_offs"] is not None:
        parameters["cut_offs"] = parameters["cut_offs"].model_dump()
    return {
        "format": FORMAT,
        "parameters": parameters,
        "classes": scorer.classes_.tolist(),
        "classes_dtype": scorer.classes_.dtype.str,
        "n_features": scorer.n_features_in_,
        "features": scorer.feature_names_in_.tolist() if hasattr(scorer, "feature_names_in_") else None,
        "levels": {name: levels.levels for name, levels in scorer.levels_.items()},
        "constraints": scorer.constraints_,
        "calibration": scorer.calibration_.to_json(),
        "cut_offs": scorer.cut_offs_.model_dump(),
        "thresholds": scorer.thresholds_,
        "training": scorer.training_,
        "points": None if scorer.points_ is None else scorer.points_.to_json(),
    }


def _parameters(stored: dict[str, Any]) -> dict[str, Any]:
    cut_offs = stored["cut_offs"]
    return {
        **stored,
        "categories": tuple(stored["categories"]),
        "cut_offs": None if cut_offs is None else CutOffs.from_json(cut_offs),
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    if isinstance(value, Sequence):
        return list(value)
    raise InputError(
        f"the model has a {type(value).__name__} among its parameters, which cannot be kept as text: fit it with "
        "numbers, names, and lists or mappings of them"
    )
