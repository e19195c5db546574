"""The boosted model: LightGBM held to the declared directions of risk, calibrated on later days, with exact reasons."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from creditrisk.errors import InputError, LearningWarning
from creditrisk.frames import FrameKind, check_frame_kind, from_polars
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.spec import BilingualText, Direction
from creditrisk.learning.additive import AdditivePoints, additive_points
from creditrisk.learning.additive_policy import policy_text
from creditrisk.learning.calibration import Calibration, CalibrationKind, calibrate, check_calibration
from creditrisk.learning.categories import CategoryLevels, Unseen, check_unseen
from creditrisk.learning.cut_offs import CutOffs, places_of
from creditrisk.learning.fitting import TUNABLE, Budget, Trainer, booster_of_text
from creditrisk.learning.matrix import column_names, frame_matrix, learn_levels
from creditrisk.learning.parts import boosted_from_parts, boosted_to_parts
from creditrisk.learning.reason_texts import Language, labels_of, reason_table, top_of
from creditrisk.learning.search import Trial
from creditrisk.learning.training_rows import warn_of_columns, warn_of_leaks
from creditrisk.learning.tree_reasons import ShapleyTables
from creditrisk.learning.validation import Split, day_numbers, split_rows
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy

__all__ = ["BoostedScorer"]

Numbers = NDArray[np.float64]

# The model foretells findings, so its score rises with risk.
_CONSTRAINTS = {"risk_rises": 1, "risk_falls": -1, "none": 0}
_DEFAULT_CUT_OFFS = CutOffs.by_share(good=0.6, ordinary=0.3, high_risk=0.1)


class BoostedScorer(ClassifierMixin, BaseEstimator):
    """The probability of a finding, by gradient-boosted trees that never go against the declared directions of risk.

    Parameters
    ----------
    additive : bool, default=False
        Trees of depth one: a sum of step functions of single indicators, written in thousandths of a point. Such a
        model can be exported exactly as a policy document, :meth:`to_policy`.
    directions : mapping of str to {"risk_rises", "risk_falls", "none"}, optional
        Directions of columns, over those that the built-in indicators declare.
    categories : sequence of str, default=("industry", "region", "scale")
        Columns of names, where X has them.
    unseen : {"missing", "error"}, default="missing"
        What a category is taken for that training has not seen.
    n_estimators : int, default=400
        At most so many trees; how many is decided on held-out rows.
    learning_rate, max_depth, num_leaves, min_child_samples, reg_lambda, colsample_bytree
        As in LightGBM. Trees are shallow, so that reasons are cheap. A leaf has at least ``min_child_samples`` rows, of
        few rows at least a tenth.
    early_stopping_rounds : int, default=30
    validation_share : float, default=0.2
        Of the rows, held out for early stopping, search and calibration; with ``as_of``, of the latest days.
    gap_days : int, default=0
        Held-out days begin so many days after those that are learnt from: the time in which outcomes become known.
    calibration : {"sigmoid", "isotonic"} or None, default="sigmoid"
    cut_offs : CutOffs, optional
        Where tiers begin; by default 60 % good, 30 % ordinary, 10 % high risk.
    search_trials, search_seconds : int and float, optional
        Budget of a search for hyper-parameters (needs Optuna); none by default.
    progress : bool, optional
        Show the progress of a search; by default on a terminal.
    random_state : int, RandomState or None, default=0
    n_jobs : int, optional
        Threads, by default all; results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The second is the finding.
    feature_names_in_ : ndarray of str
        Where X had names.
    n_features_in_ : int
    constraints_ : tuple of int
        For each column 1 (risk rises with it), -1 or 0.
    levels_ : dict of str to CategoryLevels
    booster_ : lightgbm.Booster or None
        None if additive.
    points_ : AdditivePoints or None
        None unless additive.
    n_trees_ : int
    calibration_ : Calibration
    cut_offs_ : CutOffs
    thresholds_ : tuple of float
        Raw scores at which each tier but the best begins.
    params_ : dict
        The hyper-parameters in use, after search if any.
    trials_ : list of (dict, float)
        Parameters tried in a search, and the log loss on the held-out rows.
    training_ : dict
        How many rows and findings it was fitted on, how many were held out, and the days of the rows.

    See Also
    --------
    creditrisk.IndicatorBuilder : computes the indicators.
    creditrisk.learning.outcomes.outcomes : what was found, to learn from.

    Notes
    -----
    With ``as_of`` or ``groups`` the held-out rows are of the latest days and of other enterprises. A first model is
    fitted to the other rows; it settles the number of trees and the calibration. The final model has that many trees,
    fitted to all rows.

    A missing value stays missing and goes the way that training found better. Where training had no missing value in a
    column, one counts as 0. A missing or unseen category goes with those that a split does not name.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"safety.accident_count": [0.0, 1.0, 2.0, 0.0] * 50, "plant": [1.0, 2.0, 3.0, 4.0] * 50})
    >>> y = [0, 1, 1, 0, 0, 0, 1, 1] * 25
    >>> scorer = BoostedScorer(n_estimators=20).fit(X, y)
    >>> scorer.constraints_
    (1, 0)
    >>> scorer.predict_proba(X.iloc[:3])[:, 1].round(2)
    array([0.05, 0.48, 0.95])
    """

    def __init__(
        self,
        *,
        additive: bool = False,
        directions: Mapping[str, Direction] | None = None,
        categories: Sequence[str] = ("industry", "region", "scale"),
        unseen: Unseen = "missing",
        n_estimators: int = 400,
        learning_rate: float = 0.1,
        max_depth: int = 3,
        num_leaves: int = 8,
        min_child_samples: int = 20,
        reg_lambda: float = 1.0,
        colsample_bytree: float = 1.0,
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None, as_of: Any = None, groups: Any = None) -> BoostedScorer:
        """Learn from outcomes.

        Parameters
        ----------
        X : frame or array, shape (n_rows, n_features)
            Indicators, and categories where wanted.
        y : array_like, shape (n_rows,)
            Two classes; the greater one is the finding.
        sample_weight : array_like of float, shape (n_rows,), optional
            Such as the inverse draw probability. Rows with weight 0 are left out.
        as_of : array_like of dates, shape (n_rows,), optional
            The day of each row: validation is then on the latest days.
        groups : array_like, shape (n_rows,), optional
            The enterprise of each row: validation is then on other enterprises.

        Raises
        ------
        InputError
            If there is one class only, an outcome is missing, or a column holds no numbers.

        Warns
        -----
        LearningWarning
            Of columns that say nothing or tell the outcome almost perfectly, and of too few rows to hold any out.
        """
        self._check_parameters()
        matrix, labels, weights = self._rows_to_learn_from(X, y, sample_weight)
        names = self._names()
        kept = slice(None) if weights is None else np.flatnonzero(weights > 0)
        as_of = None if as_of is None else day_numbers(as_of, len(labels))
        groups = None if groups is None else _as_array(groups, len(labels))
        matrix, labels = matrix[kept], labels[kept]
        weights, as_of, groups = (None if part is None else part[kept] for part in (weights, as_of, groups))
        self._check_both_classes(labels)
        warn_of_columns(matrix, names)
        warn_of_leaks(matrix, labels, names)
        self.constraints_ = self._constraints(names)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        split = split_rows(
            labels, self.validation_share, seed,
            as_of=None if as_of is None else pl.Series(as_of).cast(pl.Date), groups=groups, gap_days=self.gap_days,
        )  # fmt: skip
        trainer = Trainer(
            constraints=self.constraints_,
            categorical=tuple(place for place, name in enumerate(names) if name in self.levels_),
            additive=self.additive,
            n_estimators=self.n_estimators,
            patience=self.early_stopping_rounds,
            seed=seed,
            n_threads=self._threads(),
        )
        self._settle(trainer, split, matrix, labels, weights)
        booster = trainer.train(self.params_, trainer.rows(matrix, labels, weights), self.n_trees_)
        self.booster_: Any = None
        self.points_: AdditivePoints | None = None
        if self.additive:
            self.points_ = additive_points(booster.dump_model()["tree_info"], matrix)
        else:
            # As it will be read back from a file, and without the training rows.
            self.booster_ = booster_of_text(booster.model_to_string())
        self._tables: ShapleyTables | None = None
        self.cut_offs_ = self.cut_offs if self.cut_offs is not None else _DEFAULT_CUT_OFFS
        self.thresholds_ = self.cut_offs_.thresholds(self._raw(matrix), self.calibration_, weights)
        self.training_ = {
            "rows": len(labels),
            "findings": int(labels.sum()),
            "held_out": 0 if split is None else len(split.held_out),
            "from": None if as_of is None else str(np.datetime64(int(as_of.min()), "D")),
            "to": None if as_of is None else str(np.datetime64(int(as_of.max()), "D")),
        }
        return self

    def decision_function(self, X: Any) -> Numbers:
        """Raw scores, shape (n_rows,); they rise with risk.

        They are log odds before calibration, so 0 need not be even odds.
        """
        check_is_fitted(self)
        return self._raw(self._matrix(X))

    def predict_proba(self, X: Any) -> Numbers:
        """Probabilities of no finding and of a finding, shape (n_rows, 2)."""
        raw = self.decision_function(X)
        probability = self.calibration_.probabilities(raw)
        result = np.empty((len(probability), 2))
        np.subtract(1.0, probability, out=result[:, 0])
        result[:, 1] = probability
        return result

    def predict(self, X: Any) -> NDArray[Any]:
        """The more probable class, shape (n_rows,)."""
        raw = self.decision_function(X)
        return self.classes_[(self.calibration_.probabilities(raw) > 0.5).astype(np.intp)]

    def predict_tier(self, X: Any) -> NDArray[np.object_]:
        """Tiers by the cut-offs, shape (n_rows,)."""
        raw = self.decision_function(X)
        return np.array(self.cut_offs_.tiers, dtype=object)[places_of(raw, self.thresholds_)]

    def set_cut_offs(self, cut_offs: CutOffs, X: Any = None) -> BoostedScorer:
        """Let tiers begin elsewhere, without fitting again.

        Parameters
        ----------
        cut_offs : CutOffs
        X : frame or array, optional
            The enterprises of which shares are taken; needed for cut-offs by share.
        """
        check_is_fitted(self)
        raw = np.empty(0) if X is None else self.decision_function(X)
        self.thresholds_ = cut_offs.thresholds(raw, self.calibration_)
        self.cut_offs_ = cut_offs
        return self

    def contributions(self, X: Any) -> tuple[Numbers, float]:
        """Exact Shapley values of every column, shape (n_rows, n_features), and the base from which they count.

        They and the base add up to the raw score.
        """
        check_is_fitted(self)
        matrix = self._matrix(X)
        if self.points_ is not None:
            return self.points_.contributions(matrix), self.points_.expected
        tables = self._shapley_tables()
        if tables is None:
            whole = np.asarray(self.booster_.predict(matrix, pred_contrib=True, num_threads=self._threads()))
            return whole[:, :-1], float(whole[0, -1]) if len(whole) else 0.0
        return tables.contributions(matrix, self.n_jobs or -1), tables.base

    def reasons(
        self,
        X: Any,
        top: int | None = 5,
        language: Language | None = None,
        *,
        output: FrameKind = "pandas",
    ) -> Any:
        """What moved each row's score most: exact Shapley values, in words.

        Parameters
        ----------
        X : frame or array, shape (n_rows, n_features)
        top : int or None, default=5
            At most so many reasons for a row, largest first; None for all.
        language : {"zh", "en"}, optional
            By default both.
        output : {"pandas", "polars", "arrow"}

        Returns
        -------
        frame
            row (its place in X), indicator, value (of a category its code), contribution (to the raw score), text_zh,
            text_en.
        """
        check_is_fitted(self)
        check_frame_kind(output)
        if language not in (None, "zh", "en"):
            raise InputError(f"language must be 'zh', 'en' or None, got {language!r}")
        if top is not None and top < 1:
            raise InputError(f"top must be at least 1, got {top!r}")
        matrix = self._matrix(X)
        names = self._names()
        top = min(top or len(names), len(names))
        tables = None if self.points_ is not None else self._shapley_tables()
        if tables is not None:
            features, chosen = np.empty((len(matrix), top), dtype=np.intp), np.empty((len(matrix), top))

            def take(rows: slice, part: Numbers) -> None:
                features[rows], chosen[rows] = top_of(part, top)

            tables.for_chunks(matrix, take, self.n_jobs or -1)
        else:
            features, chosen = top_of(self.contributions(X)[0].T, top)
        table = reason_table(names, labels_of(names), self.levels_, matrix, features, chosen, language)
        return from_polars(table, output)

    def to_policy(
        self,
        *,
        id: str,  # noqa: A002 as the key of the document
        template: Policy | str = "jiangsu",
        edition: str = "1",
        title: BilingualText | Mapping[str, str] | None = None,
        effective_from: date | str | None = None,
        bounds: bool = True,
    ) -> str:
        """Write an additive model as a policy document that scores exactly as the model does.

        Parameters
        ----------
        id : str
            Of the new policy.
        template : Policy or str, default="jiangsu"
            What a model does not learn comes from it: severity weights, standing rules, indicators of its own, how
            tiers are called and inspected, regimes.
        edition : str, default="1"
        title : BilingualText or mapping, optional
        effective_from : date or ISO text, optional
            By default as the template.
        bounds : bool, default=True
            Take over the template's vetoes, thin evidence and floors, which no model can replace. Without them the
            tiers of the policy are those of :meth:`predict_tier`.

        Returns
        -------
        str
            YAML. Each indicator is one rule; the total is the model's points, 50 at even odds and 10 more for each
            halving of the odds.

        Raises
        ------
        InputError
            If the model is not additive, reads what the template has no indicator for, or has other tiers.

        Examples
        --------
        >>> import pandas as pd
        >>> from creditrisk.policy.loading import parse_policy
        >>> X = pd.DataFrame({"safety.accident_count": [0.0, 1.0, 2.0, 0.0] * 50})
        >>> scorer = BoostedScorer(additive=True, n_estimators=20).fit(X, [0, 1, 1, 0, 0, 0, 1, 1] * 25)
        >>> text = scorer.to_policy(id="learned")
        >>> [band.points for band in parse_policy(text.encode(), "learned.yaml").rules[0].bands]
        [0.0, -41.33, -213.245]
        """
        check_is_fitted(self)
        return policy_text(
            self, id=id, template=load_policy(template), edition=edition,
            title=title, effective_from=effective_from, bounds=bounds,
        )  # fmt: skip

    def to_parts(self) -> dict[str, bytes]:
        """All of the fitted model by file name, as text: ``scorer.json`` and, unless additive, ``booster.txt``."""
        check_is_fitted(self)
        return boosted_to_parts(self)

    @classmethod
    def from_parts(cls, parts: Mapping[str, bytes]) -> BoostedScorer:
        """Rebuild a model from its parts; it predicts the same to the last bit. Nothing in them is executed.

        Raises
        ------
        InputError
            If a part is missing or damaged.
        """
        scorer: BoostedScorer = boosted_from_parts(cls, parts)
        return scorer

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        # The tables are made again from the booster when reasons are asked for.
        return state | {"_tables": None} if "_tables" in state else state

    def _check_parameters(self) -> None:
        check_calibration(self.calibration)
        check_unseen(self.unseen)
        for name, wrong in (self.directions or {}).items():
            if wrong not in _CONSTRAINTS:
                raise InputError(f"directions[{name!r}] must be one of {', '.join(_CONSTRAINTS)}, got {wrong!r}")
        if not 0 < self.validation_share < 1:
            raise InputError(f"validation_share must lie between 0 and 1, got {self.validation_share!r}")
        if self.n_estimators < 1:
            raise InputError(f"n_estimators must be at least 1, got {self.n_estimators!r}")

    def _rows_to_learn_from(self, X: Any, y: Any, sample_weight: Any) -> tuple[Numbers, Numbers, Numbers | None]:
        """Matrix, labels and weights (mean 1); sets what scikit-learn keeps of the columns and classes."""
        if y is None:
            raise InputError("BoostedScorer requires y to be passed, but the target y is None")
        y = _outcomes(y)
        names = column_names(X)
        self.levels_: dict[str, CategoryLevels] = {}
        if names is not None:
            found = [name for name in names if name in set(self.categories)]
            if found and self.additive:
                raise InputError(
                    f"an additive model is made of bands of numbers, and {found[0]!r} is a category: "
                    "leave such columns out, or fit with additive=False"
                )
            self.levels_ = learn_levels(X, found)
            X = frame_matrix(X, names, self.levels_, self.unseen)
        matrix, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2)
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise InputError(f"Only binary classification is supported. The type of the target is {kind}.")
        self.classes_, codes = np.unique(y, return_inverse=True)
        if sample_weight is None:
            return matrix, codes.astype(float), None
        return matrix, codes.astype(float), _weights(sample_weight, len(codes))

    def _check_both_classes(self, labels: Numbers) -> None:
        if len(self.classes_) < 2 or labels.min() == labels.max():
            only = self.classes_[int(labels[0])]
            raise InputError(
                f"y has one class only ({only!r}): the model needs rows with and without a finding. "
                "Take more inspections, or a target that is met at times"
            )

    def _constraints(self, names: Sequence[str]) -> tuple[int, ...]:
        directions: dict[str, str] = {spec.id: spec.direction for spec in built_in_indicators()}
        directions |= self.directions or {}
        stranger = next((name for name in self.directions or {} if name not in names), None)
        if stranger is not None:
            raise InputError(f"directions names {stranger!r}, which is no column of X")
        return tuple(0 if name in self.levels_ else _CONSTRAINTS[directions.get(name, "none")] for name in names)

    def _settle(
        self, trainer: Trainer, split: Split | None, matrix: Numbers, labels: Numbers, weights: Numbers | None
    ) -> None:
        """Hyper-parameters, number of trees and calibration: from held-out rows where there are any."""
        self.params_: dict[str, Any] = {name: getattr(self, name) for name in TUNABLE}
        # With few rows the number asked for would let no tree grow.
        self.params_["min_child_samples"] = min(self.min_child_samples, max(1, len(labels) // 10))
        self.trials_: list[Trial] = []
        if split is None:
            warnings.warn(
                "too few rows of either class to hold any out: no early stopping, no calibration and no search. "
                "Give more rows, or rows of more days and enterprises",
                LearningWarning,
                stacklevel=3,
            )
            self.n_trees_, self.calibration_ = self.n_estimators, Calibration()
            return
        budget = Budget(self.search_trials, self.search_seconds, self.progress)
        settled = trainer.settle(split, matrix, labels, weights, self.params_, budget)
        self.params_, self.n_trees_, self.trials_ = settled.params, settled.n_trees, settled.trials
        rows = split.held_out
        self.calibration_ = calibrate(
            settled.raw, labels[rows], None if weights is None else weights[rows], self.calibration
        )

    def _threads(self) -> int:
        return 0 if self.n_jobs is None or self.n_jobs < 1 else self.n_jobs

    def _names(self) -> list[str]:
        """Names of the columns; those of an array are numbered."""
        if hasattr(self, "feature_names_in_"):
            return list(self.feature_names_in_)
        return [f"x{place}" for place in range(self.n_features_in_)]

    def _matrix(self, X: Any) -> Numbers:
        if hasattr(self, "feature_names_in_") and column_names(X) is not None:
            return frame_matrix(X, self._names(), self.levels_, self.unseen)
        # Infinite values stand beyond every cut, so nothing needs to be looked through.
        return validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite=False)

    def _raw(self, matrix: Numbers) -> Numbers:
        if self.points_ is not None:
            return self.points_.raw(matrix)
        return np.asarray(self.booster_.predict(matrix, raw_score=True, num_threads=self._threads()))

    def _shapley_tables(self) -> ShapleyTables | None:
        """Tables for exact reasons; None where trees are too deep, and LightGBM's recursion has to do it."""
        if self._tables is None:
            trees = self.booster_.dump_model()["tree_info"]
            if not ShapleyTables.serves(trees):
                return None
            self._tables = ShapleyTables(trees, self.n_features_in_)
        return self._tables


def _outcomes(y: Any) -> Any:
    """Outcomes as an array; a missing one is an error of its own."""
    array = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if array.dtype.kind == "f" and array.ndim == 1 and np.isnan(array).any():
        raise InputError(
            f"Input y contains NaN: {int(np.isnan(array).sum())} outcomes are missing. Keep the rows with an outcome, "
            "those that were inspected in time"
        )
    return y


def _weights(given: Any, n_rows: int) -> Numbers:
    """Weights with a mean of 1 where they are not 0, so that their scale does not matter."""
    weights = check_array(given, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.shape != (n_rows,):
        raise InputError(f"sample_weight must have one number for each row of X: {n_rows}, got shape {weights.shape}")
    if (weights < 0).any():
        raise InputError("sample_weight must not be negative; give 0 to leave a row out")
    if not weights.any():
        raise InputError("every sample_weight is zero: there is no row to learn from")
    return weights * (np.count_nonzero(weights) / weights.sum())


def _as_array(values: Any, n_rows: int) -> NDArray[Any]:
    array = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    if len(array) != n_rows:
        raise InputError(f"groups must have one entry for each row of X: {n_rows}, got {len(array)}")
    return array
