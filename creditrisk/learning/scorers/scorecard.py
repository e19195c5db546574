"""The scorecard: monotone bands, weights of evidence, logistic regression, points that double the odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from creditrisk.errors import InputError
from creditrisk.frames import Frame, FrameKind, check_frame_kind, from_polars
from creditrisk.indicators.spec import Direction
from creditrisk.learning.scorers.additive import AdditivePoints, PointScale, steps_in_points
from creditrisk.learning.scorers.binning import Bands, declared_bands, monotone_bands
from creditrisk.learning.scorers.calibration import Calibration, CalibrationKind, calibrate
from creditrisk.learning.scorers.categories import CategoryLevels, Unseen
from creditrisk.learning.scorers.cut_offs import CutOffs
from creditrisk.learning.scorers.parts import from_parts, to_parts
from creditrisk.learning.scorers.scorer import LearnedScorer
from creditrisk.learning.scorers.threads import threads_for
from creditrisk.learning.scorers.training_rows import LearningRows
from creditrisk.learning.scorers.weights_of_evidence import evidence_of, fit_evidence
from creditrisk.vocabulary import BilingualText

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from creditrisk.scoring.model_protocol import ModelProtocol

__all__ = ["ScorecardScorer"]

Numbers = NDArray[np.float64]

_ROWS_ADDED = 5.0
_MOST_CUTS = 250


class ScorecardScorer(LearnedScorer):
    """A scorecard of the probability of a finding: points for bands of single indicators, as in a policy document.

    Parameters
    ----------
    directions : mapping of str to {"risk_rises", "risk_falls", "none"}, optional
        Directions of columns; they override those that the built-in indicators declare. With "none" a column's points
        may rise, fall, or turn once.
    require_directions : bool, default=False
        The same parameter as in :class:`BoostedScorer`.
    bands : mapping of str to sequence of float, optional
        Declared cuts of columns: they give the bands, ``[from, below)``. If the rates of two neighbouring bands go
        against the direction, both get the points of the two bands together.
    max_bands : int, default=8
        The maximum number of bands of one column.
    min_share : float, default=0.05
        The least share of the rows with a value in each band.
    C : float, default=1.0
        The inverse strength of the regression's L2 penalty.
    points_to_double_odds : float, default=10
        The number of points that halves the odds of a finding (PDO).
    base_points, base_odds : float, default=50 and 1
        The total if there are ``base_odds`` enterprises without a finding for one with a finding.
    calibration : {"sigmoid", "isotonic"} or None, default=None
        The calibration; by default the points have the meaning that the regression gives them.
    validation_share : float, default=0.2
        The share of rows, from the latest days, held out for a calibration if there is one.
    gap_days : int, default=0
        The number of days between training days and held-out days.
    cut_offs : CutOffs, optional
        The cut-offs of tiers; the default is 60 % good, 30 % ordinary, 10 % high risk.
    categories : sequence of str, default=("industry", "region", "scale")
        Columns of names, if X has them. Their levels are sorted by their rate of findings and get bands like numbers.
        A policy has no bands of names, so a scorecard with such columns cannot be exported.
    unseen : {"missing", "error"}, default="missing"
        The treatment of a category that training has not seen.
    random_state : int, RandomState or None, default=0
        The seed for the rows held out.
    n_jobs : int, optional
        The number of threads; the default and -1 mean one for each core. Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The classes; the second is the finding.
    feature_names_in_ : ndarray of str
        The names of the columns, if X had names.
    points_ : AdditivePoints
        The model: a base and the points of each band, in thousandths.
    bands_ : tuple of Bands
        The bands of every column, with the rows with and without a finding.
    coefficients_ : ndarray of float64, shape (n_features,)
        The coefficients of the weights of evidence; none is below 0.
    intercept_ : float
    constraints_, n_directed_, levels_, calibration_, cut_offs_, thresholds_, training_
        The same attributes as in :class:`BoostedScorer`.

    Notes
    -----
    The weight of evidence of a band is the logarithm of its share of all findings divided by its share of all others;
    half a row is added to each, so that no band is infinitely good. Coefficients are at least 0: bands already follow
    the directions, so that no sum of them goes against one. A missing value has its own points, within the range of
    those of the values; if training had no missing value, they are the mean of these.

    See Siddiqi, Credit Risk Scorecards (2006), for the method.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"safety.accident_count": [0.0, 1.0, 2.0, 0.0] * 50, "plant": [1.0, 2.0, 3.0, 4.0] * 50})
    >>> y = [0, 1, 1, 0, 0, 0, 1, 1] * 25
    >>> scorer = ScorecardScorer().fit(X, y)
    >>> scorer.table()[["indicator", "from", "below", "points"]]
                   indicator  from  below   points
    0  safety.accident_count   NaN    1.0    0.000
    1  safety.accident_count   1.0    2.0   -1.227
    2  safety.accident_count   2.0    NaN   -6.442
    3                  plant   NaN    2.0    0.000
    4                  plant   2.0    3.0  -82.396
    5                  plant   3.0    4.0 -164.793
    6                  plant   4.0    NaN  -82.396
    """

    def __init__(
        self,
        *,
        directions: Mapping[str, Direction] | None = None,
        require_directions: bool = False,
        bands: Mapping[str, Sequence[float]] | None = None,
        max_bands: int = 8,
        min_share: float = 0.05,
        C: float = 1.0,
        points_to_double_odds: float = 10.0,
        base_points: float = 50.0,
        base_odds: float = 1.0,
        calibration: CalibrationKind | None = None,
        validation_share: float = 0.2,
        gap_days: int = 0,
        cut_offs: CutOffs | None = None,
        categories: Sequence[str] = ("industry", "region", "scale"),
        unseen: Unseen = "missing",
        random_state: int | np.random.RandomState | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.directions = directions
        self.require_directions = require_directions
        self.bands = bands
        self.max_bands = max_bands
        self.min_share = min_share
        self.C = C
        self.points_to_double_odds = points_to_double_odds
        self.base_points = base_points
        self.base_odds = base_odds
        self.calibration = calibration
        self.validation_share = validation_share
        self.gap_days = gap_days
        self.cut_offs = cut_offs
        self.categories = categories
        self.unseen = unseen
        self.random_state = random_state
        self.n_jobs = n_jobs

    @overload
    def table(self, *, output: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def table(self, *, output: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def table(self, *, output: Literal["arrow"]) -> pa.Table: ...
    def table(self, *, output: FrameKind = "pandas") -> Frame:
        """Return the scorecard as a table: every band of every indicator that gives points.

        Returns
        -------
        frame
            indicator, from, below (both missing for the band of missing values), missing, rows, findings (weights of
            the training rows), rate, points.
        """
        check_is_fitted(self)
        check_frame_kind(output)
        assert self.points_ is not None
        names, lines = self._names(), []
        for step in self.points_.steps:
            bands = self.bands_[step.feature]
            ends = (None, *bands.cuts, None)
            for place, (low, high) in enumerate(pairwise(ends)):
                middle = np.array([bands.cuts[place] if place < len(bands.cuts) else np.inf])
                inside = step.of(np.nextafter(middle, -np.inf) if place < len(bands.cuts) else middle)[0]
                lines.append((names[step.feature], low, high, False, *_numbers(bands, place), int(inside) / 1000))
            if bands.findings[-1] + bands.others[-1] > 0:
                missing = (names[step.feature], None, None, True, *_numbers(bands, -1), step.missing / 1000)
                lines.append(missing)
        schema = {
            "indicator": pl.String, "from": pl.Float64, "below": pl.Float64, "missing": pl.Boolean, "rows": pl.Float64,
            "findings": pl.Float64, "rate": pl.Float64, "points": pl.Float64,
        }  # fmt: skip
        return from_polars(pl.DataFrame(lines, schema=schema, orient="row"), output)

    def made_of(self) -> BilingualText:
        """Return a description of the fitted model in words."""
        assert self.points_ is not None
        count = len(self.points_.steps)
        return BilingualText(zh=f"评分卡，共{count}项指标", en=f"a scorecard of {count} indicators")

    def to_parts(self) -> dict[str, bytes]:
        """Return the fitted model as text by file name: ``scorer.json``."""
        check_is_fitted(self)
        bands = [
            {"cuts": one.cuts, "findings": one.findings.tolist(), "others": one.others.tolist()} for one in self.bands_
        ]
        own = {"coefficients": self.coefficients_.tolist(), "intercept": self.intercept_, "bands": bands}
        return to_parts(self, own)

    @classmethod
    def from_parts(cls, parts: Mapping[str, bytes]) -> ScorecardScorer:
        """Rebuild a model from its parts; its predictions are equal to the last bit. Nothing is executed.

        Raises
        ------
        InputError
            If a part is missing or damaged.
        """

        def restore(scorer: ScorecardScorer, state: Mapping[str, Any]) -> None:
            if scorer.points_ is None:
                raise ValueError("no points")
            scorer.coefficients_ = np.array(state["coefficients"], dtype=np.float64)
            scorer.intercept_ = float(state["intercept"])
            scorer.bands_ = tuple(
                Bands(tuple(one["cuts"]), np.array(one["findings"], dtype=float), np.array(one["others"], dtype=float))
                for one in state["bands"]
            )
            if not len(scorer.bands_) == len(scorer.coefficients_) == scorer.n_features_in_:
                raise ValueError("bands and coefficients are not those of the columns")
            # There is one entry for each band, and one for the rows without a value.
            if any(not one.findings.shape == one.others.shape == (len(one.cuts) + 2,) for one in scorer.bands_):
                raise ValueError("the rows of a band are missing")

        return from_parts(cls, parts, restore)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._require("max_bands", self.max_bands >= 1, "at least 1")
        self._require("min_share", 0 <= self.min_share < 1, "at least 0 and below 1")
        self._require("C", 0 < self.C < np.inf, "above 0")
        self._require("base_points", abs(self.base_points) < np.inf, "finite")
        self._require("base_odds", 0 < self.base_odds < np.inf, "above 0")
        self._require("points_to_double_odds", 0.001 <= self.points_to_double_odds < np.inf, "at least 0.001")
        for name, cuts in (self.bands or {}).items():
            if len(cuts) > _MOST_CUTS:
                raise InputError(f"bands[{name!r}] has {len(cuts)} cuts; at most {_MOST_CUTS} are taken")
            if not all(np.isfinite(cuts)) or not all(low < high for low, high in pairwise(cuts)):
                raise InputError(f"bands[{name!r}] must be finite cuts that rise, got {list(cuts)}")

    def _learn(self, rows: LearningRows) -> int:
        stranger = next((name for name in self.bands or {} if name not in self._names()), None)
        if stranger is not None:
            raise InputError(f"bands names {stranger!r}, which is no column of X")
        self.constraints_ = tuple(
            1 if name in self.levels_ else way for name, way in zip(self._names(), self.constraints_, strict=True)
        )
        self.calibration_ = Calibration()
        levels = self.levels_
        split = None if self.calibration is None else rows.split(self.validation_share, self.gap_days)
        if split is not None:
            # The model may know nothing of the held-out rows that judge it, not even the order of levels.
            training = rows.at(split.training)
            places = self._order_levels(levels, training)
            self._fit(self._placed(training, places))
            held_out = self._placed(rows.at(split.held_out), places)
            raw = self._raw(held_out.matrix)
            self.calibration_ = calibrate(raw, held_out.labels, held_out.weights, self.calibration)
        self._fit(self._placed(rows, self._order_levels(levels, rows)))
        return 0 if split is None else len(split.held_out)

    def _order_levels(self, levels: Mapping[str, CategoryLevels], rows: LearningRows) -> dict[str, Numbers]:
        """Order the levels of categories by their rate of findings, so that bands consist of neighbours.

        Returns
        -------
        dict of str to ndarray
            The new position of every level of each category.
        """
        weights = np.ones(len(rows.labels)) if rows.weights is None else rows.weights
        share = float(np.average(rows.labels, weights=weights))
        places: dict[str, Numbers] = {}
        for name, known in levels.items():
            column = rows.matrix[:, self._names().index(name)]
            there = ~np.isnan(column)
            codes, size = column[there].astype(np.intp), len(known.levels)
            count = np.bincount(codes, weights[there], minlength=size)
            found = np.bincount(codes, (weights * rows.labels)[there], minlength=size)
            # A few rows at the common rate are added to each level, so that a rare level is not at either end.
            order = np.argsort((found + _ROWS_ADDED * share) / (count + _ROWS_ADDED), kind="stable")
            places[name] = np.empty(size)
            places[name][order] = np.arange(size)
            self.levels_ = self.levels_ | {name: CategoryLevels(name, tuple(known.levels[at] for at in order))}
        return places

    def _placed(self, rows: LearningRows, places: Mapping[str, Numbers]) -> LearningRows:
        """Return the rows with the codes of categories in a new order."""
        if not places:
            return rows
        matrix = rows.matrix.copy(order="F")
        for name, place in places.items():
            column = matrix[:, self._names().index(name)]
            there = ~np.isnan(column)
            column[there] = place[column[there].astype(np.intp)]
        return replace(rows, matrix=matrix)

    def _fit(self, rows: LearningRows) -> None:
        matrix, labels, weights = rows.matrix, rows.labels, rows.weights
        declared = self.bands or {}
        columns = list(zip(self._names(), self.constraints_, matrix.T, strict=True))

        def bands_of(column: tuple[str, int, Numbers]) -> Bands:
            name, direction, values = column
            values = np.ascontiguousarray(values)
            if name in declared:
                return declared_bands(values, labels, weights, declared[name])
            return monotone_bands(values, labels, weights, direction, self.max_bands, self.min_share)

        threads = threads_for(self.n_jobs or -1, matrix.size)
        with ThreadPoolExecutor(threads) as pool:
            self.bands_ = tuple(pool.map(bands_of, columns))
        evidence = [evidence_of(bands, sign) for bands, sign in zip(self.bands_, self.constraints_, strict=True)]
        self.coefficients_, self.intercept_ = fit_evidence(
            evidence, matrix, labels, weights, self.C, threads, rows.strictness(rows)
        )
        scale = self._scale()
        best, steps = self.intercept_, []
        for feature, (one, coefficient) in enumerate(zip(evidence, self.coefficients_, strict=True)):
            raw = (coefficient * one.of_bands).tolist()
            missing = float(coefficient * one.missing)
            least = min(*raw, missing)
            best += least
            step = steps_in_points(
                scale, feature, one.cuts, [value - least for value in raw], missing - least, matrix[:, feature]
            )
            if step is not None:
                steps.append(step)
        self.points_ = AdditivePoints(round(scale.even_odds - best / scale.log_odds), tuple(steps), scale)

    def _raw(self, matrix: Numbers) -> Numbers:
        assert self.points_ is not None
        return self.points_.raw(matrix)

    def _scale(self) -> PointScale:
        even = self.base_points - self.points_to_double_odds * log(self.base_odds) / log(2)
        return PointScale(round(even * 1000), round(self.points_to_double_odds * 1000))


def _numbers(bands: Bands, place: int) -> tuple[float, float, float | None]:
    rows, findings = float(bands.findings[place] + bands.others[place]), float(bands.findings[place])
    return rows, findings, findings / rows if rows else None


if TYPE_CHECKING:
    _SERVES: type[ModelProtocol] = ScorecardScorer
