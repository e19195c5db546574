"""Cut-offs that turn probabilities into tiers: by target shares, by fixed probabilities, or by expected cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from creditrisk.errors import InputError
from creditrisk.learning.scorers.calibration import Calibration

__all__ = ["CutOffs", "places_of"]


class CutOffs(BaseModel):
    """The limits between tiers and the next, worse tiers. One of the three class methods makes it.

    Attributes
    ----------
    tiers : tuple of str
        The tiers, from best to worst.
    kind : {"share", "probability"}
    values : tuple of float
        The share of each tier, or the probability at which each tier but the first begins.

    Examples
    --------
    >>> CutOffs.by_probability(ordinary=0.05, high_risk=0.2).values
    (0.05, 0.2)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiers: tuple[str, ...]
    kind: Literal["share", "probability"]
    values: tuple[float, ...]

    @model_validator(mode="after")
    def _one_for_each_tier(self) -> CutOffs:
        if self.kind == "share":
            fit = len(self.values) == len(self.tiers) and _are_shares(self.values)
        else:
            fit = len(self.values) == len(self.tiers) - 1 and _rise(self.values)
        if not fit or len(set(self.tiers)) < len(self.tiers):
            raise ValueError(f"{self.values} are no cut-offs by {self.kind} of the tiers {', '.join(self.tiers)}")
        return self

    @classmethod
    def by_share(cls, **shares: float) -> CutOffs:
        """Make cut-offs for tiers that each take a share of the enterprises, named from best to worst.

        Enterprises with equal scores are in one tier, the one that the best of them reaches, as with shares in a
        policy. If many have one score, shares are only approximate, and a tier may stay empty.

        Raises
        ------
        InputError
            If there are fewer than two tiers, or shares are not above 0, or do not add up to 1.

        Examples
        --------
        >>> CutOffs.by_share(good=0.6, ordinary=0.3, high_risk=0.1).tiers
        ('good', 'ordinary', 'high_risk')
        """
        if not _are_shares(shares.values()):
            raise InputError(f"shares of two or more tiers must be above 0 and add up to 1, got {_listed(shares)}")
        return cls(tiers=tuple(shares), kind="share", values=tuple(shares.values()))

    @classmethod
    def by_probability(cls, best: str = "good", **begins: float) -> CutOffs:
        """Make cut-offs for tiers that each begin at a probability of a finding, from the second best to the worst.

        Raises
        ------
        InputError
            If the probabilities do not rise between 0 and 1.

        Examples
        --------
        >>> CutOffs.by_probability(ordinary=0.05, high_risk=0.2).tiers
        ('good', 'ordinary', 'high_risk')
        """
        if best in begins or not _rise(begins.values()):
            raise InputError(f"the probabilities at which tiers begin must rise between 0 and 1, got {_listed(begins)}")
        return cls(tiers=(best, *begins), kind="probability", values=tuple(begins.values()))

    @classmethod
    def by_cost(cls, *, missed_finding: float, best: str = "good", **inspection: float) -> CutOffs:
        """Make cut-offs for tiers whose inspections are worth their cost.

        An inspection that costs ``c`` and avoids a missed finding that costs ``m`` is worth it if ``p · m ≥ c``: a tier
        begins at the probability ``c / m`` of its inspections.

        Parameters
        ----------
        missed_finding : float
            The cost of a missed finding.
        best : str, default="good"
        **inspection : float
            The cost of the inspections of each further tier, rising from the second best to the worst.

        Raises
        ------
        InputError
            If a cost is not above 0, or an inspection costs as much as a missed finding.

        Examples
        --------
        >>> CutOffs.by_cost(missed_finding=50, ordinary=1, high_risk=10).values
        (0.02, 0.2)
        """
        if not _are_numbers([missed_finding]) or not missed_finding > 0:
            raise InputError(f"missed_finding must be a cost above 0, got {missed_finding!r}")
        dear = [name for name, cost in inspection.items() if not _are_numbers([cost]) or not 0 < cost < missed_finding]
        if dear:
            raise InputError(
                f"inspections of tier {dear[0]!r} must cost more than 0 and less than a missed finding "
                f"({missed_finding:g}), got {inspection[dear[0]]!r}; else none is worth it"
            )
        return cls.by_probability(best, **{name: cost / missed_finding for name, cost in inspection.items()})

    def thresholds(
        self, raw: NDArray[np.float64], calibration: Calibration, weights: NDArray[np.float64] | None = None
    ) -> tuple[float, ...]:
        """Return the raw scores at which each tier but the best begins, in rising order.

        Parameters
        ----------
        raw : ndarray of float, shape (n_rows,)
            The scores whose distribution gives the shares.
        calibration : Calibration
            The calibration that turns probabilities back into raw scores.
        weights : ndarray of float, shape (n_rows,), optional
            The weights of the rows, for shares.

        Raises
        ------
        InputError
            If shares are requested and there are no rows.
        """
        if self.kind == "probability":
            return tuple(calibration.raw_at(value) for value in self.values)
        if not len(raw):
            raise InputError("cut-offs by share need rows to take shares of")
        scores, place = np.unique(raw, return_inverse=True)
        rows = np.bincount(place, weights)
        upto = np.cumsum(rows)
        ends = np.cumsum(self.values[:-1]) * upto[-1]
        # Equal scores get the same tier: the one that the best of them reaches, as in a policy.
        begins = np.searchsorted(upto - rows, ends * (1 - 1e-12), side="left")
        return tuple(np.append(scores, np.inf)[begins].tolist())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CutOffs:
        """Make cut-offs from plain data."""
        return cls.model_validate(data)


def places_of(raw: NDArray[np.float64], thresholds: tuple[float, ...]) -> NDArray[np.intp]:
    """Return the positions of tiers, 0 for the best, shape (n_rows,)."""
    return np.searchsorted(np.asarray(thresholds, dtype=float), raw, side="right")


def _are_numbers(values: Collection[Any]) -> bool:
    return all(isinstance(value, int | float | np.number) and np.isfinite(value) for value in values)


def _are_shares(values: Collection[float]) -> bool:
    positive = _are_numbers(values) and all(value > 0 for value in values)
    return len(values) >= 2 and positive and abs(sum(values) - 1) <= 1e-9


def _rise(values: Collection[float]) -> bool:
    """Whether there are probabilities, and each is above the one before."""
    inside = _are_numbers(values) and all(0 < value < 1 for value in values)
    return bool(values) and inside and all(lower < higher for lower, higher in pairwise(values))


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "none"
