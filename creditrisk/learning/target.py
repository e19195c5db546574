"""What a model is to foretell."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from creditrisk.indicators.spec import Selection

__all__ = ["Target"]


class Target(BaseModel):
    """What is to be foretold: whether the next inspection in a time after the day finds something.

    Parameters
    ----------
    finding : Selection
        Records that count as a finding when they happened on the day of the inspection.
    within_months : int
        The inspection happens at most so many months after the day.
    gap_days : int
        And not in the first so many days: time that passes until a forecast is acted on.

    Examples
    --------
    >>> Target(finding={"types": ["violation"], "severity_at_least": "serious"}, within_months=12).gap_days
    0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: Selection = Selection(types=("violation",), severity_at_least="serious")
    within_months: Annotated[int, Field(gt=0)] = 12
    gap_days: Annotated[int, Field(ge=0)] = 0
