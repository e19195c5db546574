"""The outcome that a model predicts."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from creditrisk.indicators.spec import Selection

__all__ = ["Target"]


class Target(BaseModel):
    """The outcome that a model predicts: whether the next inspection in a period after the day finds something.

    Parameters
    ----------
    finding : Selection
        Records that count as a finding if they happened on the day of the inspection.
    within_months : int
        The inspection happens at most this number of months after the day.
    gap_days : int
        The inspection does not happen in this number of first days, the time until somebody acts on a prediction.

    Examples
    --------
    >>> Target(finding={"types": ["violation"], "severity_at_least": "serious"}, within_months=12).gap_days
    0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: Selection = Selection(types=("violation",), severity_at_least="serious")
    within_months: Annotated[int, Field(gt=0)] = 12
    gap_days: Annotated[int, Field(ge=0)] = 0
