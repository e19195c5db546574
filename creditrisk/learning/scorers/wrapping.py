"""A wrapper that lets any fitted scikit-learn classifier serve in an assessment, with tiers, and reasons or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, check_is_fitted

from creditrisk.errors import InputError
from creditrisk.frames import Column, Features, Frame, FrameKind, from_polars, is_frame, to_polars
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.learning.scorers.additive_reasons import AdditiveReasons
from creditrisk.learning.scorers.calibration import Calibration
from creditrisk.learning.scorers.cut_offs import CutOffs, places_of
from creditrisk.learning.scorers.matrix import check_columns, column_names, frame_matrix, learn_levels
from creditrisk.learning.scorers.reason_texts import Language, check_asked, labels_of, reason_table, top_of
from creditrisk.learning.scorers.state_digest import state_digest
from creditrisk.learning.scorers.training_rows import checked_outcomes

if TYPE_CHECKING:
    from creditrisk.scoring.model_protocol import ModelProtocol

__all__ = ["WrappedClassifier", "wrap_classifier"]

ReasonMethod = Literal["additive", "none"]
Numbers = NDArray[np.float64]

# The classifier's probabilities are used unchanged.
_AS_GIVEN = Calibration(raw=(0.0, 1.0), probability=(0.0, 1.0))


def wrap_classifier(
    classifier: BaseEstimator,
    X: Features | None = None,
    *,
    cut_offs: CutOffs,
    reasons: ReasonMethod = "none",
    finding: object = None,
    columns: Sequence[str] | None = None,
) -> WrappedClassifier:
    """Make a model for :func:`creditrisk.assess` from any fitted scikit-learn classifier of two classes.

    Parameters
    ----------
    classifier : fitted classifier
        A classifier with ``predict_proba``; it may be a pipeline, a search or a calibrated classifier. It is not fitted
        again.
    X : frame or array, optional
        Enterprises, such as the training rows, to which shares (``CutOffs.by_share``) and the average of the reasons
        (``reasons="additive"``) refer.
    cut_offs : CutOffs
        The cut-offs of tiers.
    reasons : {"additive", "none"}, default="none"
        ``"additive"`` for a classifier whose log odds are a sum of one function of each column: a logistic regression,
        also after scalers, imputers or encoders of single columns, or boosted trees of depth one. Its Shapley values
        are then exact, which is checked on every row. With ``"none"`` tables and explanations say that the model gives
        no reasons: for other classifiers no exact reasons are known.
    finding : optional
        The class that is the finding. With two numbers it is the greater one; with names it must be given.
    columns : sequence of str, optional
        The names of the columns, in their order, if the classifier was fitted to an array.

    Returns
    -------
    WrappedClassifier

    Raises
    ------
    InputError
        If the classifier is not fitted, does not have two classes, gives no probabilities or does not know the names of
        its columns; or if additive reasons are requested and it is not a sum over its columns.

    Examples
    --------
    >>> import pandas as pd
    >>> import creditrisk as cr
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = pd.DataFrame({"safety.accident_count": [0.0, 1.0, 2.0, 0.0], "safety.penalty_count": [0.0, 0.0, 3.0, 1.0]})
    >>> model = cr.wrap_classifier(
    ...     LogisticRegression().fit(X, [0, 1, 1, 0]), X,
    ...     cut_offs=cr.CutOffs.by_probability(ordinary=0.4, high_risk=0.6), reasons="additive")
    >>> model.predict_tier(X)
    array(['good', 'ordinary', 'high_risk', 'good'], dtype=object)
    >>> model.reasons(X, top=1, language="en")["text_en"][2]
    'Accidents, 36 months: 2, raises the risk (+1.06)'
    """
    if not is_classifier(classifier):
        raise InputError(f"a {type(classifier).__name__} is no classifier: give one of scikit-learn's, fitted")
    try:
        check_is_fitted(classifier)
    except NotFittedError as error:
        raise InputError(f"the {type(classifier).__name__} is not fitted: fit it before it is wrapped") from error
    names = getattr(classifier, "feature_names_in_", None)
    if names is None and columns is None:
        raise InputError(
            f"the {type(classifier).__name__} was fitted to columns without names: fit it to a frame, or name them "
            "with columns=[...], in the order of the array"
        )
    if names is not None and columns is not None and list(names) != list(columns):
        raise InputError("columns are not those that the classifier was fitted to: leave columns out, it knows its own")
    wrapped = WrappedClassifier(classifier, cut_offs=cut_offs, reasons_by=reasons, finding=finding)
    return wrapped._serve(classifier, list(names if names is not None else columns or ()), X)


class WrappedClassifier(ClassifierMixin, BaseEstimator):
    """A scikit-learn classifier with tiers, and with reasons or none; :func:`wrap_classifier` makes it.

    Parameters
    ----------
    classifier : classifier
    cut_offs : CutOffs
    reasons_by : {"additive", "none"}, default="none"
    finding : optional
        The same parameters as in :func:`wrap_classifier`.

    Attributes
    ----------
    classifier_ : fitted classifier
    classes_ : ndarray, shape (2,)
        The classes; the second is the finding.
    feature_names_in_ : ndarray of str
        The names of the columns, if they have names.
    cut_offs_ : CutOffs
    thresholds_ : tuple of float
        The probabilities at which each tier but the best begins.

    Notes
    -----
    It cannot be saved as a bundle: scikit-learn has no form of a classifier that can be read without running code.
    """

    classes_: NDArray[Any]
    classifier_: Any
    cut_offs_: CutOffs
    feature_names_in_: NDArray[np.object_]
    n_features_in_: int
    thresholds_: tuple[float, ...]

    def __init__(
        self, classifier: BaseEstimator, *, cut_offs: CutOffs, reasons_by: ReasonMethod = "none", finding: object = None
    ) -> None:
        self.classifier = classifier
        self.cut_offs = cut_offs
        self.reasons_by = reasons_by
        self.finding = finding

    def fit(self, X: Features, y: Column, **parameters: Any) -> Self:
        """Fit a copy of the classifier, and compute shares and averages from X.

        Parameters
        ----------
        X : frame or array, shape (n_rows, n_columns)
        y : array_like, shape (n_rows,)
            Two classes.
        **parameters
            Arguments for the classifier's ``fit``.
        """
        if y is None:
            raise InputError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        y = check_array(checked_outcomes(y), ensure_2d=False, dtype=None, input_name="y")
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise InputError(f"Only binary classification is supported. The type of the target is {kind}.")
        names = column_names(X)
        rows = X.collect() if isinstance(X, pl.LazyFrame) else X
        rows = rows if names is None else _pandas(rows, names)
        return self._serve(clone(self.classifier).fit(rows, y, **parameters), None if names is None else list(names), X)

    def set_cut_offs(self, cut_offs: CutOffs, X: Features | None = None) -> Self:
        """Change the cut-offs of tiers.

        Parameters
        ----------
        cut_offs : CutOffs
        X : frame or array, optional
            The enterprises to which shares refer; needed for cut-offs by share.
        """
        check_is_fitted(self)
        if not isinstance(cut_offs, CutOffs):
            raise InputError(f"cut_offs must be made by CutOffs.by_share, by_probability or by_cost, got {cut_offs!r}")
        if cut_offs.kind == "share" and X is None:
            raise InputError("cut-offs by share need the enterprises that shares are taken of: give X as well")
        probability = np.empty(0) if X is None else self.predict_proba(X)[:, 1]
        self.thresholds_ = cut_offs.thresholds(probability, _AS_GIVEN)
        self.cut_offs_ = cut_offs
        return self

    @property
    def tiers_(self) -> tuple[str, ...]:
        """The tiers, from best to worst."""
        return self.cut_offs_.tiers

    @property
    def reason_method(self) -> ReasonMethod:
        """The method that finds reasons."""
        return self.reasons_by

    def predict_proba(self, X: Features) -> Numbers:
        """Return the classifier's probabilities of no finding and of a finding, shape (n_rows, 2)."""
        check_is_fitted(self)
        probability = np.asarray(self.classifier_.predict_proba(self._rows(X)), dtype=np.float64)
        if not np.isfinite(probability).all():
            at = int(np.argmin(np.isfinite(probability).all(axis=1)))
            raise InputError(f"the classifier gives row {at} no probability: see what its columns hold")
        return probability[:, self._order]

    def predict(self, X: Features) -> NDArray[Any]:
        """Return the class that the classifier predicts, shape (n_rows,)."""
        check_is_fitted(self)
        return np.asarray(self.classifier_.predict(self._rows(X)))

    def predict_tier(self, X: Features) -> NDArray[np.object_]:
        """Return the tiers by the cut-offs, shape (n_rows,)."""
        probability = self.predict_proba(X)[:, 1]
        return np.array(self.tiers_, dtype=object)[places_of(probability, self.thresholds_)]

    def contributions(self, X: Features) -> tuple[Numbers, float]:
        """Return exact Shapley values of every column, shape (n_rows, n_columns), and their base.

        The values and the base add up to the log odds.

        Raises
        ------
        InputError
            If the classifier was wrapped without reasons, or is not a sum over its columns on a row of X.
        """
        check_is_fitted(self)
        if self._additive is None:
            raise InputError("the classifier was wrapped without reasons: wrap it with reasons='additive'")
        return self._additive.contributions(self._log_odds, self._rows(X)), self._additive.base

    def reasons(
        self,
        X: Features,
        top: int | None = 5,
        language: Language | None = None,
        *,
        specs: Sequence[IndicatorSpec] = (),
        output: FrameKind = "pandas",
    ) -> Frame:
        """Return the reasons as :meth:`creditrisk.BoostedScorer.reasons` does, for log odds; an empty table without."""
        check_is_fitted(self)
        check_asked(top, language, output)
        names = self._names()
        top = min(top or len(names), len(names))
        rows = self._rows(X)
        table = _polars(rows, names)
        levels = learn_levels(table, [name for name in names if not _is_number(table[name])])
        matrix = frame_matrix(table, names, levels, "missing")
        if self._additive is None:
            features, chosen = np.zeros((len(matrix), 1), dtype=np.intp), np.zeros((len(matrix), 1))
        else:
            features, chosen = top_of(self._additive.contributions(self._log_odds, rows).T, top)
        found = reason_table(names, labels_of(names, specs), levels, matrix, features, chosen, language)
        return from_polars(found, output)

    def account(self) -> dict[str, Any]:
        """Return the classifier's identity for the account of a run: class, parameters, and sha256 of its state."""
        check_is_fitted(self)
        kind = type(self.classifier_)
        try:
            digest: dict[str, Any] = {"sha256": {"fitted_state": state_digest(self.classifier_)}}
        except ValueError as error:
            digest = {"sha256": {}, "not_hashed": str(error)}
        return {
            "kind": type(self).__name__,
            "class": f"{kind.__module__}.{kind.__qualname__}",
            "parameters": {name: _told(one) for name, one in sorted(self.classifier_.get_params().items())},
            "finding": str(self.classes_[1]),
            "cut_offs": self.cut_offs_.model_dump(mode="json"),
            "thresholds": list(self.thresholds_),
            **digest,
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.classifier).input_tags
        tags.input_tags.sparse &= self.reasons_by == "none"
        tags.classifier_tags.multi_class = False
        return tags

    def _serve(self, classifier: Any, names: list[str] | None, X: Any) -> Self:
        """Use a fitted classifier unchanged."""
        if not hasattr(classifier, "predict_proba"):
            raise InputError(
                f"a {type(classifier).__name__} gives no probabilities (predict_proba): wrap it in scikit-learn's "
                "CalibratedClassifierCV, or fit one that does"
            )
        if self.reasons_by not in get_args(ReasonMethod):
            raise InputError(f"reasons must be one of {', '.join(get_args(ReasonMethod))}, got {self.reasons_by!r}")
        self._order = _order(classifier.classes_, self.finding)
        self.classes_ = classifier.classes_[self._order]
        self.classifier_ = classifier
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = int(getattr(classifier, "n_features_in_", len(names or ())))
        if names is not None and len(names) != self.n_features_in_:
            raise InputError(f"columns has {len(names)} names, and the classifier reads {self.n_features_in_} columns")
        self.set_cut_offs(self.cut_offs, X)
        self._additive: AdditiveReasons | None = None
        if self.reasons_by == "additive":
            if issparse(X):
                raise InputError("sparse data has no reasons: give X dense, or wrap the classifier with reasons='none'")
            if X is None:
                raise InputError("reasons count from an average: give X, such as the training rows, as well")
            self._additive = AdditiveReasons.of(self._log_odds, self._rows(X))
        return self

    def _names(self) -> list[str]:
        if hasattr(self, "feature_names_in_"):
            return list(self.feature_names_in_)
        return [f"x{place}" for place in range(self.n_features_in_)]

    def _rows(self, X: Any) -> Any:
        """Return the columns of X in the form of the classifier's fit: a pandas frame by name, or an array."""
        if not hasattr(self, "feature_names_in_") or not is_frame(X):
            return X
        X = X.collect() if isinstance(X, pl.LazyFrame) else X
        names = self._names()
        check_columns(names, column_names(X) or ())
        rows = _pandas(X, names)
        return rows if hasattr(self.classifier_, "feature_names_in_") else rows.to_numpy()

    def _log_odds(self, rows: Any) -> Numbers:
        """Return the classifier's own log odds, which rise with risk, shape (n_rows,)."""
        if hasattr(self.classifier_, "decision_function"):
            raw = np.asarray(self.classifier_.decision_function(rows), dtype=np.float64)
            return raw if self._order[1] == 1 else -raw
        probability = np.asarray(self.classifier_.predict_proba(rows), dtype=np.float64)[:, self._order]
        with np.errstate(divide="ignore"):
            return np.log(probability[:, 1]) - np.log(probability[:, 0])


def _order(classes: Any, finding: Any) -> NDArray[np.intp]:
    """Return the positions of the two classes, that of the finding last."""
    classes = np.asarray(classes)
    if classes.shape != (2,):
        raise InputError(f"the classifier has {len(classes)} classes; a model says of two whether there is a finding")
    names = " and ".join(map(repr, classes.tolist()))
    if finding is None:
        if classes.dtype.kind not in "bif":
            raise InputError(f"which of {names} is the finding? Say so, finding=...")
        return np.array([0, 1])
    found = np.flatnonzero(classes == finding)
    if len(found) != 1:
        raise InputError(f"finding {finding!r} is none of the classes {names}")
    return np.array([1 - found[0], found[0]])


def _pandas(X: Any, names: Sequence[str]) -> Any:
    import pandas

    if isinstance(X, pandas.DataFrame):
        return X if tuple(X.columns) == tuple(names) else X[list(names)]
    table = to_polars(X).select(names)
    texts = [name for name in names if table[name].dtype in (pl.Enum, pl.Categorical)]
    return table.with_columns(pl.col(texts).cast(pl.String), pl.col(pl.Boolean).cast(pl.Float64)).to_pandas()


def _polars(rows: Any, names: Sequence[str]) -> pl.DataFrame:
    if is_frame(rows):
        return to_polars(rows)
    return pl.DataFrame(np.asarray(rows), schema=list(names), orient="row")


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)


def _told(value: Any) -> Any:
    """Return a parameter as plain data; if it is not plain data, return its type."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_told(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): _told(one) for name, one in value.items()}
    kind = value if hasattr(value, "__qualname__") else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


if TYPE_CHECKING:
    _SERVES: type[ModelProtocol] = WrappedClassifier
