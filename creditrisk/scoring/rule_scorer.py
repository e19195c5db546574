"""The rule scorer as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from creditrisk.errors import InputError
from creditrisk.frames import Column, Features, Frame, is_frame, look_alike, to_polars
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, Scores, score
from creditrisk.scoring.tiering import assign_tiers

__all__ = ["RuleScorer"]


class RuleScorer(TransformerMixin, BaseEstimator):
    """A scorer that gives scores and tiers by the rules of a policy.

    Parameters
    ----------
    policy : Policy, str or path, default="jiangsu"
        A policy, the name of a built-in one, or a policy file.

    Attributes
    ----------
    policy_ : Policy
    classes_ : ndarray of str
        The tiers, from best to worst.
    feature_names_in_ : ndarray of str
        The indicators that the policy reads.

    See Also
    --------
    creditrisk.IndicatorBuilder : computes the indicators.
    creditrisk.assess : runs the whole assessment, with reasons and evidence.

    Notes
    -----
    Nothing is learnt from data: :meth:`fit` reads the policy. Dimension score = clip(base + Σ points),
    total = Σ weight × dimension score.

    Examples
    --------
    >>> import pandas as pd
    >>> import creditrisk as cr
    >>> scorer = cr.RuleScorer("jiangsu").fit()
    >>> clean = pd.DataFrame(0.0, index=["E1"], columns=scorer.feature_names_in_)
    >>> clean["compliance.enterprise_age_days"] = 3000.0
    >>> scorer.transform(clean)["score"].tolist()  # of 100 points
    [87.0]
    >>> scorer.decision_function(clean)  # rises with risk
    array([-87.])
    >>> scorer.predict(clean)  # a high score, but nobody has ever inspected it
    array(['ordinary'], dtype=object)
    """

    def __init__(self, policy: Policy | str = "jiangsu") -> None:
        self.policy = policy

    def fit(self, X: Features | None = None, y: Column | None = None) -> RuleScorer:
        """Read the policy; if indicators are given, check that they include all that the policy reads.

        Raises
        ------
        InputError
            If an indicator that the policy reads is not among those given.
        PolicyError
            If there is no such policy, or its document is wrong.
        """
        self.policy_ = load_policy(self.policy)
        self.classes_ = np.array([tier.id for tier in self.policy_.tiers], dtype=object)
        self.feature_names_in_ = np.array(self.policy_.indicators_used, dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        if X is not None:
            self._indicators(X)
        return self

    def score_rows(self, X: Features) -> Scores:
        """Return points by rule, hit masks, dimension scores and totals, in whole numbers."""
        check_is_fitted(self, "policy_")
        return score(self.policy_, self._indicators(X))

    def transform(self, X: Features) -> Frame:
        """Return total and dimension scores.

        Parameters
        ----------
        X : frame, shape (n_rows, n_indicators), or array with the columns of ``feature_names_in_``

        Returns
        -------
        pandas.DataFrame of float64, shape (n_rows, 1 + n_dimensions)
            The scores, or the container that ``set_output`` asks for.

        Raises
        ------
        InputError
            If an indicator that the policy reads is not in X.
        """
        import pandas

        scores = self.score_rows(X)
        columns = {"score": scores.total / TOTAL_UNIT}
        columns |= {name: points / POINT_UNIT for name, points in scores.dimensions.items()}
        return pandas.DataFrame(columns, index=X.index if isinstance(X, pandas.DataFrame) else None)

    def decision_function(self, X: Features) -> NDArray[np.float64]:
        """Return negative total scores, shape (n_rows,): for every scorer, higher means more risk."""
        return 0.0 - self.score_rows(X).total / TOTAL_UNIT

    def predict(self, X: Features) -> NDArray[np.object_]:
        """Return tiers, shape (n_rows,)."""
        check_is_fitted(self, "policy_")
        indicators = self._indicators(X)
        tiering = assign_tiers(self.policy_, score(self.policy_, indicators), indicators)
        return self.classes_[tiering.tier]

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> NDArray[np.object_]:
        """Return ``score`` and the dimensions that the policy scores."""
        check_is_fitted(self, "policy_")
        return np.array(["score", *self.policy_.dimensions], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True  # where there is nothing to measure
        tags.requires_fit = True
        return tags

    def _indicators(self, X: Any) -> dict[str, NDArray[np.float64]]:
        """Return the indicators that the policy reads, by name."""
        names = list(self.feature_names_in_)
        if is_frame(X):
            columns = self._named(to_polars(X), names)
        else:
            array = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=0)
            if array.shape[1] != len(names):
                raise InputError(
                    f"X must have the {len(names)} columns of feature_names_in_, got shape {array.shape}: give a "
                    "frame, of which indicators are taken by name"
                )
            columns = dict(zip(names, array.T, strict=True))
        for name, values in columns.items():
            if np.isinf(values).any():
                raise InputError(f"indicator {name!r} is infinite in row {int(np.isinf(values).argmax())}")
        return columns

    def _named(self, frame: pl.DataFrame, names: list[str]) -> dict[str, NDArray[np.float64]]:
        missing = [name for name in names if name not in frame.columns]
        if missing:
            alike = look_alike(missing[0], frame.columns)
            raise InputError(
                f"policy {self.policy_.id} reads {len(missing)} indicators that X has no column for, such as "
                f"{missing[0]!r}" + (f"; X has {alike!r}: call it as the policy does" if alike is not None else "")
            )
        text = next((name for name in names if not _is_number(frame[name])), None)
        if text is not None:
            raise InputError(f"indicator {text!r} holds no numbers ({frame[text].dtype})")
        columns = frame.select(pl.col(names).cast(pl.Float64).fill_null(float("nan")))
        return {name: columns[name].to_numpy() for name in names}


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)
