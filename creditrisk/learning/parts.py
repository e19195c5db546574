"""Models as parts of text, and back: no pickle, nothing executed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from creditrisk.errors import InputError
from creditrisk.learning.additive import AdditivePoints
from creditrisk.learning.binning import Bands
from creditrisk.learning.calibration import Calibration
from creditrisk.learning.categories import CategoryLevels
from creditrisk.learning.cut_offs import CutOffs
from creditrisk.learning.fitting import booster_of_text

if TYPE_CHECKING:
    from creditrisk.learning.boosted import BoostedScorer
    from creditrisk.learning.scorecard import ScorecardScorer
    from creditrisk.learning.scorer import LearnedScorer

__all__ = ["boosted_from_parts", "boosted_to_parts", "scorecard_from_parts", "scorecard_to_parts"]

Scorer = TypeVar("Scorer", bound="LearnedScorer")

FORMAT = 1
BOOSTER, SCORER = "booster.txt", "scorer.json"


def boosted_to_parts(scorer: BoostedScorer) -> dict[str, bytes]:
    """The parts of a fitted boosted model by file name."""
    state = _state(scorer) | {
        "n_trees": scorer.n_trees_,
        "params": scorer.params_,
        "trials": scorer.trials_,
    }
    parts = {SCORER: _text(state)}
    if scorer.booster_ is not None:
        parts[BOOSTER] = scorer.booster_.model_to_string().encode()
    return parts


def boosted_from_parts(kind: type[BoostedScorer], parts: Mapping[str, bytes]) -> BoostedScorer:
    """A boosted model from its parts."""

    def own(scorer: BoostedScorer, state: Mapping[str, Any]) -> None:
        scorer.n_trees_ = int(state["n_trees"])
        scorer.params_ = state["params"]
        scorer.trials_ = [(params, loss) for params, loss in state["trials"]]

    scorer = _restored(kind, parts, own)
    scorer._tables = None
    scorer.booster_ = None if scorer.points_ is not None else _booster(_part(parts, BOOSTER), scorer.n_features_in_)
    return scorer


def scorecard_to_parts(scorer: ScorecardScorer) -> dict[str, bytes]:
    """The parts of a fitted scorecard by file name."""
    state = _state(scorer) | {
        "coefficients": scorer.coefficients_.tolist(),
        "intercept": scorer.intercept_,
        "bands": [
            {"cuts": one.cuts, "findings": one.findings.tolist(), "others": one.others.tolist()}
            for one in scorer.bands_
        ],
    }
    return {SCORER: _text(state)}


def scorecard_from_parts(kind: type[ScorecardScorer], parts: Mapping[str, bytes]) -> ScorecardScorer:
    """A scorecard from its parts."""

    def own(scorer: ScorecardScorer, state: Mapping[str, Any]) -> None:
        if scorer.points_ is None:
            raise ValueError("no points")
        scorer.coefficients_ = np.array(state["coefficients"], dtype=np.float64)
        scorer.intercept_ = float(state["intercept"])
        scorer.bands_ = tuple(
            Bands(tuple(one["cuts"]), np.array(one["findings"], dtype=float), np.array(one["others"], dtype=float))
            for one in state["bands"]
        )

    return _restored(kind, parts, own)


def _state(scorer: LearnedScorer) -> dict[str, Any]:
    """What every kind of model consists of."""
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


def _restored(
    kind: type[Scorer], parts: Mapping[str, bytes], own: Callable[[Scorer, Mapping[str, Any]], None]
) -> Scorer:
    try:
        state = json.loads(_part(parts, SCORER))
        if state["format"] != FORMAT:
            raise InputError(
                f"{SCORER} has format {state['format']!r}, and this version of creditrisk reads {FORMAT}: "
                "use a newer version, or train again"
            )
        scorer = kind(**_parameters(state["parameters"]))
        scorer.classes_ = np.array(state["classes"], dtype=np.dtype(state["classes_dtype"]))
        scorer.n_features_in_ = int(state["n_features"])
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
        own(scorer, state)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{SCORER} is damaged ({error}): take the bundle from its source again") from error
    return scorer


def _text(state: Mapping[str, Any]) -> bytes:
    return json.dumps(state, ensure_ascii=False, indent=1, default=_plain).encode()


def _booster(content: bytes, n_features: int) -> Any:
    try:
        booster = booster_of_text(content.decode())
    except ValueError as error:
        raise InputError(f"{BOOSTER} is damaged ({error}): take the bundle from its source again") from error
    if booster.num_feature() != n_features:
        raise InputError(f"{BOOSTER} reads {booster.num_feature()} columns, {SCORER} {n_features}: not of one model")
    return booster


def _parameters(stored: dict[str, Any]) -> dict[str, Any]:
    cut_offs = stored["cut_offs"]
    return {
        **stored,
        "categories": tuple(stored["categories"]),
        "cut_offs": None if cut_offs is None else CutOffs.from_json(cut_offs),
    }


def _part(parts: Mapping[str, bytes], name: str) -> bytes:
    if name not in parts:
        raise InputError(f"the bundle lacks {name}; it has {', '.join(sorted(parts)) or 'nothing'}")
    return parts[name]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in {SCORER}")
