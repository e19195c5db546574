"""What a model must have to serve in an assessment beside the rules."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.policy.document import Policy
from creditrisk.records.schema import ENTERPRISE_SCHEMA

__all__ = ["ModelProtocol", "columns_read", "indicators_read"]

Numbers = NDArray[np.float64]


class ModelProtocol(Protocol):
    """What is asked of a fitted model."""

    feature_names_in_: NDArray[np.object_]
    cut_offs_: Any

    def predict_proba(self, X: Any) -> Numbers: ...
    def predict_tier(self, X: Any) -> NDArray[np.object_]: ...
    def reasons(self, X: Any, top: int | None = 5, *, specs: Any = (), output: Any = "pandas") -> Any: ...
    def to_parts(self) -> dict[str, bytes]: ...


def indicators_read(scorer: ModelProtocol, policy: Policy) -> tuple[str, ...]:
    """Ids of the indicators that a model reads; its other columns must be columns of the enterprise.

    Raises
    ------
    InputError
        If there is no such indicator or column.
    """
    names = columns_read(scorer)
    strange = next((name for name in names if name not in policy.specs and name not in ENTERPRISE_SCHEMA), None)
    if strange is not None:
        raise InputError(
            f"the model reads {strange!r}, which is neither an indicator of policy {policy.id} nor a column of the "
            "enterprise table: assess by the policy for which the model was trained"
        )
    return tuple(name for name in names if name in policy.specs)


def columns_read(scorer: ModelProtocol) -> list[str]:
    """Names of the columns that a model reads; an InputError where it knows none."""
    names = getattr(scorer, "feature_names_in_", None)
    if names is None:
        raise InputError(
            "the model was fitted to columns without names, so its indicators cannot be computed: "
            "fit it to the frame that creditrisk.IndicatorBuilder gives"
        )
    return list(names)
