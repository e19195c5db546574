"""The members that a model must have to serve in an assessment, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.frames import Features, Frame, FrameKind
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.policy.document import Policy
from creditrisk.records.schema import ENTERPRISE_SCHEMA

__all__ = ["ModelProtocol", "check_model", "indicators_read", "places_of_tiers"]

_MEMBERS = ("feature_names_in_", "tiers_", "reason_method", "predict_proba", "predict_tier", "reasons", "account")


@runtime_checkable
class ModelProtocol(Protocol):
    """The members that a model needs for :func:`creditrisk.assess` and :func:`creditrisk.evaluate_model`.

    A fitted :class:`creditrisk.BoostedScorer` or :class:`creditrisk.ScorecardScorer` has it, and
    :func:`creditrisk.wrap_classifier` gives it to any other fitted classifier of two classes.

    Attributes
    ----------
    feature_names_in_ : ndarray of str, shape (n_columns,)
        The columns that the model reads: indicators of the policy, or columns of the enterprise table.
    tiers_ : tuple of str
        The tiers, from best to worst.
    reason_method : str
        The method that finds reasons, in one word; ``"none"`` if the model gives none, which the result then says.

    Methods
    -------
    predict_proba(X)
        Probabilities of no finding and of a finding, shape (n_rows, 2).
    predict_tier(X)
        One of ``tiers_`` for each row, shape (n_rows,).
    reasons(X, top, specs=, output=)
        The largest contributions to each row's score: row, indicator, value, contribution, text_zh and text_en.
    account()
        The identity of the model, as plain data for the account of a run: its kind, and the sha256 of its contents.

    Examples
    --------
    >>> import creditrisk as cr
    >>> isinstance(cr.load_model("reference").scorer, cr.ModelProtocol)
    True
    """

    @property
    def feature_names_in_(self) -> NDArray[np.object_]: ...
    @property
    def tiers_(self) -> tuple[str, ...]: ...
    @property
    def reason_method(self) -> str: ...
    def predict_proba(self, X: Features) -> NDArray[np.float64]: ...
    def predict_tier(self, X: Features) -> NDArray[np.object_]: ...
    def reasons(
        self, X: Features, top: int | None = 5, *, specs: Sequence[IndicatorSpec] = (), output: FrameKind = "pandas"
    ) -> Frame: ...
    def account(self) -> dict[str, Any]: ...


def check_model(model: Any, policy: Policy) -> tuple[str, ...]:
    """Check that a model can serve in an assessment by a policy, and return the indicators that it reads.

    Raises
    ------
    InputError
        If it lacks a member of :class:`ModelProtocol`, is not fitted, has other tiers than the policy, or reads
        something that is neither an indicator nor a column of the enterprise table.
    """
    indicators = indicators_read(model, policy)
    places_of_tiers(model, policy)
    return indicators


def indicators_read(model: Any, policy: Policy) -> tuple[str, ...]:
    """Return the ids of the indicators that a model reads; its other columns are in the enterprise table.

    Raises
    ------
    InputError
        For the reasons that :func:`check_model` gives, except for the tiers.
    """
    _check_members(model)
    names = list(model.feature_names_in_)
    strange = next((name for name in names if name not in policy.specs and name not in ENTERPRISE_SCHEMA), None)
    if strange is not None:
        raise InputError(
            f"the model reads {strange!r}, which is neither an indicator of policy {policy.id} nor a column of the "
            "enterprise table: assess by the policy for which the model was trained"
        )
    return tuple(name for name in names if name in policy.specs)


def places_of_tiers(model: ModelProtocol, policy: Policy) -> dict[str, int]:
    """Return the model's tiers, from best to worst, and the position of each in the policy.

    Raises
    ------
    InputError
        If the policy has no such tiers by score, or has them in another order.
    """
    places = {tier.id: place for place, tier in enumerate(policy.tiers) if not tier.by_condition_only}
    found = [places.get(name, -1) for name in model.tiers_]
    if min(found) < 0 or found != sorted(found):
        raise InputError(
            f"the model's tiers are {', '.join(model.tiers_)}, those of policy {policy.id} by score are "
            f"{', '.join(places)}, from best to worst: name the policy's tiers with set_cut_offs"
        )
    return dict(zip(model.tiers_, found, strict=True))


def _check_members(model: Any) -> None:
    kind = type(model).__name__
    if isinstance(model, type):
        raise InputError(f"model is the class {model.__name__}, not a model of it: fit one, and give that")
    lacking = [name for name in _MEMBERS if not hasattr(model, name)]
    if not lacking:
        return
    if hasattr(model, "fit") and hasattr(model, "predict") and "predict_tier" in lacking:
        raise InputError(
            f"a {kind} cannot serve as a model as it is, for it lacks {', '.join(lacking)}: wrap the fitted "
            "classifier, creditrisk.wrap_classifier(model, cut_offs=...), and give what comes of it"
        )
    if hasattr(model, "fit") and not hasattr(model, "classes_"):
        raise InputError(f"the {kind} is not fitted: fit it first")
    if lacking == ["feature_names_in_"]:
        raise InputError(
            "the model was fitted to columns without names, so its indicators cannot be computed: "
            "fit it to the frame that creditrisk.IndicatorBuilder gives"
        )
    raise InputError(
        f"a {kind} cannot serve as a model, for it lacks {', '.join(lacking)} (see creditrisk.ModelProtocol): give a "
        "fitted BoostedScorer or ScorecardScorer, or any fitted classifier by creditrisk.wrap_classifier"
    )
