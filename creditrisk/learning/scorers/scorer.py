"""The common part of learned models: scores, probabilities, tiers and reasons from indicators and outcomes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from creditrisk.errors import InputError
from creditrisk.frames import Column, Features, Frame, FrameKind, from_polars
from creditrisk.indicators.spec import Direction, IndicatorSpec
from creditrisk.learning.scorers.additive import AdditivePoints
from creditrisk.learning.scorers.additive_policy import AdditiveModel, policy_text
from creditrisk.learning.scorers.calibration import Calibration, check_calibration
from creditrisk.learning.scorers.categories import CategoryLevels, check_unseen
from creditrisk.learning.scorers.cut_offs import CutOffs, places_of
from creditrisk.learning.scorers.directions import SIGNS, directions_of, held_to_directions
from creditrisk.learning.scorers.inspector_effects import checked_inspectors
from creditrisk.learning.scorers.matrix import check_finite, column_names, frame_matrix, learn_levels
from creditrisk.learning.scorers.reason_texts import Language, check_asked, labels_of, reason_table, top_of
from creditrisk.learning.scorers.training_rows import (
    LearningRows,
    checked_outcomes,
    checked_weights,
    warn_of_columns,
    warn_of_leaks,
)
from creditrisk.learning.scorers.validation import day_numbers, group_numbers
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.vocabulary import BilingualText

__all__ = ["LearnedScorer"]

Numbers = NDArray[np.float64]

_DEFAULT_CUT_OFFS = CutOffs.by_share(good=0.6, ordinary=0.3, high_risk=0.1)


class LearnedScorer(ClassifierMixin, BaseEstimator, ABC):
    """The interface of every learned model; each kind of model defines how it learns."""

    directions: Mapping[str, Direction] | None
    require_directions: bool
    categories: Sequence[str]
    unseen: Any
    calibration: Any
    cut_offs: CutOffs | None
    validation_share: float
    gap_days: int
    random_state: int | np.random.RandomState | None
    classes_: NDArray[Any]
    constraints_: tuple[int, ...]
    cut_offs_: CutOffs
    feature_names_in_: NDArray[np.object_]
    levels_: dict[str, CategoryLevels]
    n_features_in_: int
    thresholds_: tuple[float, ...]
    training_: dict[str, Any]
    n_jobs: int | None
    calibration_: Calibration
    points_: AdditivePoints | None

    def fit(
        self,
        X: Features,
        y: Column,
        sample_weight: Column | None = None,
        as_of: Column | None = None,
        groups: Column | None = None,
        inspectors: Column | None = None,
    ) -> Self:
        """Learn from outcomes.

        Parameters
        ----------
        X : frame or array, shape (n_rows, n_features)
            Indicators, and optionally categories.
        y : array_like, shape (n_rows,)
            Two classes; the greater one is the finding.
        sample_weight : array_like of float, shape (n_rows,), optional
            Weights, such as the inverse draw probability. Rows with weight 0 are left out.
        as_of : array_like of dates, shape (n_rows,), optional
            The day of each row: validation then uses the latest days.
        groups : array_like, shape (n_rows,), optional
            The enterprise of each row: validation then uses other enterprises.
        inspectors : array_like, shape (n_rows,), optional
            The inspector of each row. Findings that depend on the inspector's strictness are then not attributed to
            the enterprises: the model predicts what the average inspector would find. All rows with a missing inspector
            count as one inspector's.

        Raises
        ------
        InputError
            If there is only one class, an outcome is missing, a column does not hold numbers, or directions are
            required and a column has none.

        Warns
        -----
        LearningWarning
            If columns say nothing or predict the outcome almost perfectly, if columns look like indicators with another
            name and so have no direction, or if there are too few rows to hold any out.
        """
        self._check_parameters()
        matrix, labels, weights = self._rows_to_learn_from(X, y, sample_weight)
        names = self._names()
        kept = slice(None) if weights is None else np.flatnonzero(weights > 0)
        numbers = None if as_of is None else day_numbers(as_of, len(labels))
        group = None if groups is None else group_numbers(groups, len(labels))
        inspector = None if inspectors is None else checked_inspectors(inspectors, len(labels))
        matrix, labels = matrix[kept], labels[kept]
        weights = None if weights is None else weights[kept]
        numbers = None if numbers is None else numbers[kept]
        group = None if group is None else group[kept]
        inspector = None if inspector is None else inspector[kept]
        self._check_both_classes(labels)
        warn_of_columns(matrix, names)
        warn_of_leaks(matrix, labels, names)
        held = directions_of(
            names, self.directions or {}, tuple(self.levels_), named=hasattr(self, "feature_names_in_"),
            required=self.require_directions,
        )  # fmt: skip
        self.constraints_ = tuple(SIGNS[direction] for direction in held)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        days = None if numbers is None else pl.Series(numbers).cast(pl.Date)
        held_out = self._learn(LearningRows(matrix, labels, weights, days, group, inspector, seed))
        self.cut_offs_ = self.cut_offs if self.cut_offs is not None else _DEFAULT_CUT_OFFS
        self.thresholds_ = self.cut_offs_.thresholds(self._raw(matrix), self.calibration_, weights)
        self.training_ = {
            "rows": len(labels),
            "findings": int(labels.sum()),
            "held_out": held_out,
            "from": None if numbers is None else str(np.datetime64(int(numbers.min()), "D")),
            "to": None if numbers is None else str(np.datetime64(int(numbers.max()), "D")),
        }
        return self

    def decision_function(self, X: Features) -> Numbers:
        """Return raw scores, shape (n_rows,); they rise with risk.

        They are log odds before calibration, so 0 is not always even odds.
        """
        check_is_fitted(self)
        return self._raw(self._matrix(X))

    def predict_proba(self, X: Features) -> Numbers:
        """Return the probabilities of no finding and of a finding, shape (n_rows, 2)."""
        raw = self.decision_function(X)
        probability = self.calibration_.probabilities(raw)
        result = np.empty((len(probability), 2))
        np.subtract(1.0, probability, out=result[:, 0])
        result[:, 1] = probability
        return result

    def predict(self, X: Features) -> NDArray[Any]:
        """Return the more probable class, shape (n_rows,)."""
        raw = self.decision_function(X)
        return self.classes_[(self.calibration_.probabilities(raw) > 0.5).astype(np.intp)]

    def predict_tier(self, X: Features) -> NDArray[np.object_]:
        """Return the tiers by the cut-offs, shape (n_rows,)."""
        raw = self.decision_function(X)
        return np.array(self.cut_offs_.tiers, dtype=object)[places_of(raw, self.thresholds_)]

    def set_cut_offs(self, cut_offs: CutOffs, X: Features | None = None) -> Self:
        """Change the cut-offs of tiers without another fit.

        Parameters
        ----------
        cut_offs : CutOffs
        X : frame or array, optional
            The enterprises to which shares refer; needed for cut-offs by share.
        """
        check_is_fitted(self)
        raw = np.empty(0) if X is None else self.decision_function(X)
        self.thresholds_ = cut_offs.thresholds(raw, self.calibration_)
        self.cut_offs_ = cut_offs
        return self

    @property
    def tiers_(self) -> tuple[str, ...]:
        """The tiers, from best to worst."""
        return self.cut_offs_.tiers

    @property
    def reason_method(self) -> str:
        """The method that finds reasons."""
        return "shapley"

    def account(self) -> dict[str, Any]:
        """Return the identity of the model for the account of a run: its kind, and the sha256 of each part."""
        parts = sorted(self.to_parts().items())
        return {"kind": type(self).__name__, "sha256": {name: sha256(part).hexdigest() for name, part in parts}}

    def contributions(self, X: Features) -> tuple[Numbers, float]:
        """Return exact Shapley values of every column, shape (n_rows, n_features), and their base.

        The values and the base add up to the raw score.
        """
        check_is_fitted(self)
        return self._contributions(self._matrix(X))

    def directions_of_columns(self) -> dict[str, Direction]:
        """Return the direction to which the fitted model was held in each column; categories have none."""
        check_is_fitted(self)
        ways: dict[int, Direction] = {sign: way for way, sign in SIGNS.items()}
        return {
            name: "none" if name in self.levels_ else ways[sign]
            for name, sign in zip(self._names(), self.constraints_, strict=True)
        }

    @property
    def n_directed_(self) -> int:
        """The number of columns in which the fitted model is held to a direction of risk."""
        return sum(direction != "none" for direction in self.directions_of_columns().values())

    def reasons(
        self,
        X: Features,
        top: int | None = 5,
        language: Language | None = None,
        *,
        specs: Sequence[IndicatorSpec] = (),
        output: FrameKind = "pandas",
    ) -> Frame:
        """Return the largest contributions to each row's score: exact Shapley values, in words.

        Parameters
        ----------
        X : frame or array, shape (n_rows, n_features)
        top : int or None, default=5
            The maximum number of reasons for a row, the largest first; None for all.
        language : {"zh", "en"}, optional
            The language; the default is both.
        specs : sequence of IndicatorSpec, optional
            The policy's own indicators, which give the labels.
        output : {"pandas", "polars", "arrow"}

        Returns
        -------
        frame
            row (a position in X), indicator, value (for a category its code), contribution (to the raw score), text_zh,
            text_en.

        Raises
        ------
        InputError
            If X lacks a column, or ``top``, ``language`` or ``output`` is invalid.
        """
        check_is_fitted(self)
        check_asked(top, language, output)
        matrix = self._matrix(X)
        names = self._names()
        top = min(top or len(names), len(names))
        features, chosen = self._top_contributions(matrix, top)
        table = reason_table(names, labels_of(names, specs), self.levels_, matrix, features, chosen, language)
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
        """Write a scorecard or an additive model as a policy document that scores exactly as the model does.

        Parameters
        ----------
        id : str
            The id of the new policy.
        template : Policy or str, default="jiangsu"
            The policy that gives the parts that a model does not learn: severity weights, standing rules, its own
            indicators, labels and inspections of tiers, regimes.
        edition : str, default="1"
        title : BilingualText or mapping, optional
        effective_from : date or ISO text, optional
            The first day in force; the default is the template's.
        bounds : bool, default=True
            Whether to copy the template's vetoes, thin evidence and floors, which no model can replace. Without them
            the tiers of the policy are those of :meth:`predict_tier`.

        Returns
        -------
        str
            The policy as YAML. Each indicator is one rule; the total is the model's points, which rise as the odds of a
            finding fall.

        Raises
        ------
        InputError
            If the model is not a sum of steps of single indicators, reads a column that is not an indicator of the
            template, or has other tiers.

        Examples
        --------
        >>> import pandas as pd
        >>> from creditrisk.policy.loading import parse_policy
        >>> X = pd.DataFrame({"safety.accident_count": [0.0, 1.0, 2.0, 0.0] * 50})
        >>> import creditrisk as cr
        >>> scorer = cr.BoostedScorer(additive=True, n_estimators=20).fit(X, [0, 1, 1, 0, 0, 0, 1, 1] * 25)
        >>> text = scorer.to_policy(id="learned")
        >>> [band.points for band in parse_policy(text.encode(), "learned.yaml").rules[0].bands]
        [0.0, -41.455, -152.575]
        """
        check_is_fitted(self)
        model = AdditiveModel(
            kind=type(self).__name__,
            points=self.points_,
            names=[str(name) for name in getattr(self, "feature_names_in_", ())],
            tiers=self.cut_offs_.tiers,
            thresholds=self.thresholds_,
            made_of=self.made_of(),
            training=self.training_,
        )
        return policy_text(
            model, id=id, template=load_policy(template), edition=edition,
            title=title, effective_from=effective_from, bounds=bounds,
        )  # fmt: skip

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        told = super().__repr__(N_CHAR_MAX)
        if not hasattr(self, "training_"):
            return told
        held = held_to_directions(list(self.directions_of_columns().values())).en
        return f"<{told}, fitted to {self.training_['rows']:,} rows: {self.made_of().en}; {held}>"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    @abstractmethod
    def made_of(self) -> BilingualText:
        """Return a description of the fitted model in words."""

    @abstractmethod
    def to_parts(self) -> dict[str, bytes]:
        """Return the fitted model as text by file name."""

    @abstractmethod
    def _learn(self, rows: LearningRows) -> int:
        """Fit the model and the calibration, and return the number of rows held out for it."""

    @abstractmethod
    def _raw(self, matrix: Numbers) -> Numbers: ...

    def _takes_categories(self) -> bool:
        return True

    def _contributions(self, matrix: Numbers) -> tuple[Numbers, float]:
        """Return the contributions of a sum of steps, read from a table; other models override this."""
        assert self.points_ is not None
        return self.points_.contributions(matrix), self.points_.expected

    def _top_contributions(self, matrix: Numbers, top: int) -> tuple[NDArray[np.intp], Numbers]:
        return top_of(self._contributions(matrix)[0].T, top)

    def _check_parameters(self) -> None:
        check_calibration(self.calibration)
        check_unseen(self.unseen)
        self._require("categories", not isinstance(self.categories, str), "a list of columns")
        made = self.cut_offs is None or isinstance(self.cut_offs, CutOffs)
        self._require("cut_offs", made, "made by CutOffs.by_share, by_probability or by_cost")
        self._require("validation_share", 0 < self.validation_share < 1, "between 0 and 1")
        self._require("gap_days", self.gap_days >= 0, "at least 0")
        self._require("n_jobs", self.n_jobs != 0, "None, a number of threads, or -1 for all cores")
        for name, wrong in (self.directions or {}).items():
            if wrong not in SIGNS:
                raise InputError(f"directions[{name!r}] must be one of {', '.join(SIGNS)}, got {wrong!r}")

    def _require(self, name: str, right: bool, how: str) -> None:
        if not right:
            raise InputError(f"{name} must be {how}, got {getattr(self, name)!r}")

    def _rows_to_learn_from(self, X: Any, y: Any, sample_weight: Any) -> tuple[Numbers, Numbers, Numbers | None]:
        """Return matrix, labels and weights (mean 1), and set scikit-learn's attributes of columns and classes."""
        if y is None:
            raise InputError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        y = checked_outcomes(y)
        names = column_names(X)
        self.levels_: dict[str, CategoryLevels] = {}
        if names is not None:
            found = [name for name in names if name in set(self.categories)]
            if found and not self._takes_categories():
                raise InputError(
                    f"the model is made of bands of numbers, and {found[0]!r} is a category: leave such columns out, "
                    "or fit a BoostedScorer with additive=False"
                )
            self.levels_ = learn_levels(X, found)
            X = frame_matrix(X, names, self.levels_, self.unseen)
            check_finite(X, names)
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
        return matrix, codes.astype(float), checked_weights(sample_weight, len(codes))

    def _check_both_classes(self, labels: Numbers) -> None:
        if len(self.classes_) < 2 or labels.min() == labels.max():
            only = self.classes_[int(labels[0])]
            raise InputError(
                f"y has one class only ({only}): the model needs rows with and without a finding. "
                "Take more inspections, or a target that is met at times"
            )

    def _names(self) -> list[str]:
        """Return the names of the columns; those of an array are numbered."""
        if hasattr(self, "feature_names_in_"):
            return list(self.feature_names_in_)
        return [f"x{place}" for place in range(self.n_features_in_)]

    def _matrix(self, X: Any) -> Numbers:
        if hasattr(self, "feature_names_in_") and column_names(X) is not None:
            return frame_matrix(X, self._names(), self.levels_, self.unseen)
        # Infinite values lie beyond every cut, so they need no check.
        return validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite=False)
