"""The boosted model: LightGBM held to the declared directions of risk, calibrated on later days, with exact reasons."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from creditrisk.errors import InputError, LearningWarning
from creditrisk.indicators.spec import Direction
from creditrisk.learning.scorers.additive import AdditivePoints, additive_points
from creditrisk.learning.scorers.booster_text import check_booster_text
from creditrisk.learning.scorers.calibration import Calibration, CalibrationKind, calibrate
from creditrisk.learning.scorers.categories import Unseen
from creditrisk.learning.scorers.cut_offs import CutOffs
from creditrisk.learning.scorers.fitting import TUNABLE, Budget, Trainer, booster_of_text
from creditrisk.learning.scorers.parts import from_parts, part_of, to_parts
from creditrisk.learning.scorers.reason_texts import top_of
from creditrisk.learning.scorers.scorer import LearnedScorer
from creditrisk.learning.scorers.search import Trial
from creditrisk.learning.scorers.threads import any_threads, threads_for
from creditrisk.learning.scorers.training_rows import LearningRows
from creditrisk.learning.scorers.tree_reasons import ShapleyTables
from creditrisk.learning.scorers.validation import Split
from creditrisk.vocabulary import BilingualText

if TYPE_CHECKING:
    from creditrisk.scoring.model_protocol import ModelProtocol

__all__ = ["BoostedScorer"]

Numbers = NDArray[np.float64]

_BOOSTER = "booster.txt"


class BoostedScorer(LearnedScorer):
    """A model of the probability of a finding: boosted trees that never go against the declared directions of risk.

    Parameters
    ----------
    additive : bool, default=False
        Whether trees have depth one: a sum of step functions of single indicators, in thousandths of a point. Such a
        model can be exported exactly as a policy document, :meth:`to_policy`.
    directions : mapping of str to {"risk_rises", "risk_falls", "none"}, optional
        Directions of columns; they override those that the built-in indicators declare.
    require_directions : bool, default=False
        Whether to refuse columns of numbers without a declared direction (``"none"`` is one). By default, a warning
        names columns that look like an indicator with another name.
    categories : sequence of str, default=("industry", "region", "scale")
        Columns of names, if X has them.
    unseen : {"missing", "error"}, default="missing"
        The treatment of a category that training has not seen.
    n_estimators : int, default=400
        The maximum number of trees; held-out rows decide the number.
    learning_rate, max_depth, num_leaves, min_child_samples, reg_lambda, colsample_bytree
        Parameters of LightGBM. Trees are shallow, so that reasons are fast. A leaf has at least ``min_child_samples``
        rows; if there are few rows, at least a tenth of them.
    early_stopping_rounds : int, default=30
    validation_share : float, default=0.2
        The share of rows (with ``as_of``, of the latest days) held out for early stopping, search and calibration.
    gap_days : int, default=0
        The number of days between training days and held-out days: the time in which outcomes become known.
    calibration : {"sigmoid", "isotonic"} or None, default="sigmoid"
    cut_offs : CutOffs, optional
        The cut-offs of tiers; the default is 60 % good, 30 % ordinary, 10 % high risk.
    search_trials, search_seconds : int and float, optional
        The budget of a search for hyper-parameters (needs Optuna); there is no search by default.
    progress : bool, optional
        Whether to show the progress of a search; the default is to show it on a terminal.
    random_state : int, RandomState or None, default=0
    n_jobs : int, optional
        The number of threads; -1 means all cores. The default depends on the number of values (one thread up to four
        million). Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The classes; the second is the finding.
    feature_names_in_ : ndarray of str
        The names of the columns, if X had names.
    n_features_in_ : int
    constraints_ : tuple of int
        For each column 1 (risk rises with it), -1 or 0.
    n_directed_ : int
        The number of columns that are held to a direction.
    levels_ : dict of str to CategoryLevels
    booster_ : lightgbm.Booster or None
        The trees; None if additive.
    points_ : AdditivePoints or None
        The points; None unless additive.
    n_trees_ : int
    calibration_ : Calibration
    cut_offs_ : CutOffs
    thresholds_ : tuple of float
        The raw scores at which each tier but the best begins.
    params_ : dict
        The hyper-parameters in use, after a search if there was one.
    trials_ : list of (dict, float)
        The parameters tried in a search, with the log loss on the held-out rows.
    training_ : dict
        The numbers of rows and findings for the fit, the number of rows held out, and the days of the rows.

    See Also
    --------
    creditrisk.IndicatorBuilder : computes the indicators.
    creditrisk.learning.studies.outcomes.outcomes : gives the outcomes to learn from.

    Notes
    -----
    With ``as_of`` or ``groups``, the held-out rows belong to the latest days and to other enterprises. A first model is
    fitted to the other rows; it determines the number of trees and the calibration. The final model has that number of
    trees, and is fitted to all rows.

    A missing value stays missing and takes the branch that training found better. If training had no missing value in
    a column, a missing value counts as 0. A missing or unseen category takes the branch of those that a split does not
    name.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"safety.accident_count": [0.0, 1.0, 2.0, 0.0] * 50, "plant": [1.0, 2.0, 3.0, 4.0] * 50})
    >>> y = [0, 1, 1, 0, 0, 0, 1, 1] * 25
    >>> scorer = BoostedScorer(n_estimators=20).fit(X, y)
    >>> scorer.constraints_
    (1, 0)
    >>> scorer.predict_proba(X.iloc[:3])[:, 1].round(2)
    array([0.05, 0.52, 0.98])
    """

    def __init__(
        self,
        *,
        additive: bool = False,
        directions: Mapping[str, Direction] | None = None,
        require_directions: bool = False,
        categories: Sequence[str] = ("industry", "region", "scale"),
        unseen: Unseen = "missing",
        n_estimators: int = 400,
        learning_rate: float = 0.1,
        max_depth: int = 3,
        num_leaves: int = 8,
        min_child_samples: int = 20,
        reg_lambda: float = 10.0,
        colsample_bytree: float = 0.5,
        early_stopping_rounds: int = 30,
        validation_share: float = 0.2,
        gap_days: int = 0,
        calibration: CalibrationKind | None = "sigmoid",
        cut_offs: CutOffs | None = None,
        search_trials: int | None = None,
        search_seconds: float | None = None,
        progress: bool | None = None,
        random_state: int | np.random.RandomState | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.additive = additive
        self.directions = directions
        self.require_directions = require_directions
        self.categories = categories
        self.unseen = unseen
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.reg_lambda = reg_lambda
        self.colsample_bytree = colsample_bytree
        self.early_stopping_rounds = early_stopping_rounds
        self.validation_share = validation_share
        self.gap_days = gap_days
        self.calibration = calibration
        self.cut_offs = cut_offs
        self.search_trials = search_trials
        self.search_seconds = search_seconds
        self.progress = progress
        self.random_state = random_state
        self.n_jobs = n_jobs

    def to_parts(self) -> dict[str, bytes]:
        """Return the fitted model as text by file name: ``scorer.json`` and, unless additive, ``booster.txt``."""
        check_is_fitted(self)
        parts = to_parts(self, {"n_trees": self.n_trees_, "params": self.params_, "trials": self.trials_})
        return parts if self.booster_ is None else parts | {_BOOSTER: self.booster_.model_to_string().encode()}

    @classmethod
    def from_parts(cls, parts: Mapping[str, bytes]) -> BoostedScorer:
        """Rebuild a model from its parts; its predictions are equal to the last bit. Nothing is executed.

        Raises
        ------
        InputError
            If a part is missing or damaged.
        """

        def restore(scorer: BoostedScorer, state: Mapping[str, Any]) -> None:
            if bool(scorer.additive) != (scorer.points_ is not None):
                raise ValueError("it has points, and additive says otherwise")
            scorer.n_trees_ = int(state["n_trees"])
            scorer.params_ = state["params"]
            scorer.trials_ = [(params, loss) for params, loss in state["trials"]]

        scorer = from_parts(cls, parts, restore)
        scorer._tables = None
        scorer.booster_ = None if scorer.points_ is not None else _booster(parts, scorer.n_features_in_)
        return scorer

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        # The tables are made again from the booster when reasons are requested.
        return state | {"_tables": None} if "_tables" in state else state

    def made_of(self) -> BilingualText:
        """Return a description of the fitted model in words."""
        deep = (
            BilingualText(zh="棵单层树", en="trees of depth one")
            if self.additive
            else BilingualText(zh="棵树", en="trees")
        )
        return BilingualText(zh=f"共{self.n_trees_}{deep.zh}", en=f"{self.n_trees_} {deep.en}")

    def _takes_categories(self) -> bool:
        return not self.additive

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for name in ("n_estimators", "min_child_samples", "early_stopping_rounds"):
            value = getattr(self, name)
            self._require(name, int(value) == value >= 1, "a whole number from 1 on")
        self._require("learning_rate", 0 < self.learning_rate < np.inf, "above 0")
        self._require("num_leaves", self.num_leaves >= 2, "at least 2")
        self._require("reg_lambda", 0 <= self.reg_lambda < np.inf, "at least 0")
        self._require("colsample_bytree", 0 < self.colsample_bytree <= 1, "above 0 and at most 1")
        self._require("search_trials", (self.search_trials or 0) >= 0, "at least 0")
        self._require("search_seconds", (self.search_seconds or 0) >= 0, "at least 0")

    def _learn(self, rows: LearningRows) -> int:
        split = rows.split(self.validation_share, self.gap_days)
        trainer = Trainer(
            constraints=self.constraints_,
            categorical=tuple(place for place, name in enumerate(self._names()) if name in self.levels_),
            additive=self.additive,
            n_estimators=self.n_estimators,
            patience=self.early_stopping_rounds,
            seed=rows.seed,
            n_threads=self._threads(rows.matrix),
        )
        self._settle(trainer, split, rows)
        booster = trainer.train(self.params_, trainer.rows(rows), self.n_trees_)
        self.booster_: Any = None
        self.points_: AdditivePoints | None = None
        if self.additive:
            self.points_ = additive_points(booster.dump_model()["tree_info"], rows.matrix)
        else:
            # The model is read back from text, as from a file, so it has no training rows.
            self.booster_ = booster_of_text(any_threads(booster.model_to_string()))
        self._tables: ShapleyTables | None = None
        return 0 if split is None else len(split.held_out)

    def _settle(self, trainer: Trainer, split: Split | None, rows: LearningRows) -> None:
        """Determine hyper-parameters, number of trees and calibration, from held-out rows if there are any."""
        self.params_: dict[str, Any] = {name: getattr(self, name) for name in TUNABLE}
        # With few rows, the requested number would not let any tree grow.
        self.params_["min_child_samples"] = min(self.min_child_samples, max(1, len(rows.labels) // 10))
        self.trials_: list[Trial] = []
        if split is None:
            warnings.warn(
                "too few rows of either class to hold any out: no early stopping, no calibration and no search. "
                "Give more rows, or rows of more days and enterprises",
                LearningWarning,
                stacklevel=4,
            )
            self.n_trees_, self.calibration_ = self.n_estimators, Calibration()
            return
        budget = Budget(self.search_trials, self.search_seconds, self.progress)
        settled = trainer.settle(split, rows, self.params_, budget)
        self.params_, self.n_trees_, self.trials_ = settled.params, settled.n_trees, settled.trials
        held_out = rows.at(split.held_out)
        self.calibration_ = calibrate(settled.raw, held_out.labels, held_out.weights, self.calibration)

    def _raw(self, matrix: Numbers) -> Numbers:
        if self.points_ is not None:
            return self.points_.raw(matrix)
        return np.asarray(self.booster_.predict(matrix, raw_score=True, num_threads=self._threads(matrix)))

    def _contributions(self, matrix: Numbers) -> tuple[Numbers, float]:
        if self.points_ is not None:
            return super()._contributions(matrix)
        tables = self._shapley_tables()
        if tables is None:
            whole = np.asarray(self.booster_.predict(matrix, pred_contrib=True, num_threads=self._threads(matrix)))
            return whole[:, :-1], float(whole[0, -1]) if len(whole) else 0.0
        return tables.contributions(matrix, self.n_jobs or -1), tables.base

    def _threads(self, matrix: Numbers) -> int:
        return threads_for(self.n_jobs, matrix.size)

    def _top_contributions(self, matrix: Numbers, top: int) -> tuple[NDArray[np.intp], Numbers]:
        tables = None if self.points_ is not None else self._shapley_tables()
        if tables is None:
            return super()._top_contributions(matrix, top)
        features, chosen = np.empty((len(matrix), top), dtype=np.intp), np.empty((len(matrix), top))

        def take(rows: slice, part: Numbers) -> None:
            features[rows], chosen[rows] = top_of(part, top)

        tables.for_chunks(matrix, take, self.n_jobs or -1)
        return features, chosen

    def _shapley_tables(self) -> ShapleyTables | None:
        """Return the tables for exact reasons; None if trees are too deep, and LightGBM's recursion is used."""
        if self._tables is None:
            trees = self.booster_.dump_model()["tree_info"]
            if not ShapleyTables.serves(trees):
                return None
            self._tables = ShapleyTables(trees, self.n_features_in_)
        return self._tables


def _booster(parts: Mapping[str, bytes], n_features: int) -> Any:
    try:
        text = part_of(parts, _BOOSTER).decode("ascii")
        check_booster_text(text, n_features)
        return booster_of_text(text)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{_BOOSTER} is damaged ({error}): take the bundle from its source again") from error


if TYPE_CHECKING:
    _SERVES: type[ModelProtocol] = BoostedScorer
