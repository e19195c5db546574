"""Calls of LightGBM: one model fitted to rows, and the settings that held-out rows determine before the final one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from creditrisk.learning.scorers.inspector_effects import log_odds
from creditrisk.learning.scorers.search import Trial, search
from creditrisk.learning.scorers.training_rows import LearningRows
from creditrisk.learning.scorers.validation import Split

__all__ = ["TUNABLE", "BinnedRows", "Budget", "Settled", "Trainer", "booster_of_text"]

# The parameters that a search may change, with the names of LightGBM's scikit-learn interface.
TUNABLE = ("learning_rate", "max_depth", "num_leaves", "min_child_samples", "reg_lambda", "colsample_bytree")

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Budget:
    """The budget of a search for hyper-parameters; if neither limit is given, there is no search."""

    trials: int | None
    seconds: float | None
    progress: bool | None

    def __bool__(self) -> bool:
        return bool(self.trials or self.seconds)


@dataclass(frozen=True)
class Settled:
    """The result of the held-out rows: hyper-parameters, number of trees, and the raw scores of these rows."""

    params: dict[str, Any]
    n_trees: int
    raw: Numbers
    trials: list[Trial]


@dataclass(frozen=True)
class BinnedRows:
    """Rows as LightGBM stores them.

    Attributes
    ----------
    data : lightgbm.Dataset
    common : float or None
        The log odds of a finding among all rows; trees start from these and the strictness of each row's inspector.
        None if inspectors are not distinguished.
    """

    data: Any
    common: float | None


@dataclass(frozen=True)
class Trainer:
    """The settings that all trainings of one fit have in common.

    Attributes
    ----------
    constraints : tuple of int
        For each column 1 (the score may not fall with it), -1 or 0.
    categorical : tuple of int
        The columns with codes of categories.
    additive : bool
    n_estimators, patience : int
        The maximum number of trees, and the number of trees without improvement that ends a training.
    seed, n_threads : int
    """

    constraints: tuple[int, ...]
    categorical: tuple[int, ...]
    additive: bool
    n_estimators: int
    patience: int
    seed: int
    n_threads: int

    def rows(
        self, rows: LearningRows, learnt: LearningRows | None = None, like: BinnedRows | None = None
    ) -> BinnedRows:
        """Return rows as LightGBM stores them: binned once for all trainings of a search.

        Parameters
        ----------
        rows : LearningRows
        learnt : LearningRows, optional
            The rows that show how strict inspectors are; the default is the same rows.
        like : BinnedRows, optional
            Rows whose bins are used.
        """
        import lightgbm

        learnt = rows if learnt is None else learnt
        strictness = rows.strictness(learnt)
        common = log_odds(float(np.average(learnt.labels, weights=learnt.weights)))
        data = lightgbm.Dataset(
            rows.matrix,
            rows.labels,
            weight=rows.weights,
            init_score=None if strictness is None else common + strictness,
            reference=None if like is None else like.data,
            categorical_feature=list(self.categorical),
            params={"feature_pre_filter": False, "verbosity": -1, "num_threads": self.n_threads},
        )
        return BinnedRows(data, None if strictness is None else common)

    def train(
        self, params: Mapping[str, Any], rows: BinnedRows, n_trees: int, held_out: BinnedRows | None = None
    ) -> Any:
        """Train a model with ``n_estimators`` trees; with held-out rows, the number that fits them best."""
        import lightgbm

        more: dict[str, Any] = {}
        if held_out is not None:
            stop = lightgbm.early_stopping(self.patience, verbose=False)
            more = {"valid_sets": [held_out.data], "valid_names": ["held_out"], "callbacks": [stop]}
        booster = lightgbm.train(self.settings(params), rows.data, n_trees, **more)
        if rows.common is not None:
            _raise_first_tree(booster, rows.common)
        return booster

    def settings(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of LightGBM."""
        depth = 1 if self.additive else params["max_depth"]
        leaves = params["num_leaves"] if depth <= 0 else min(params["num_leaves"], 2 ** min(depth, 16))
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": params["learning_rate"],
            "max_depth": depth,
            "num_leaves": leaves,
            "min_data_in_leaf": params["min_child_samples"],
            "lambda_l2": params["reg_lambda"],
            "feature_fraction": params["colsample_bytree"],
            "monotone_constraints": list(self.constraints),
            "seed": self.seed,
            # Sums are the same and in the same order on any number of threads.
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.n_threads,
            "feature_pre_filter": False,
            "verbosity": -1,
        }

    def settle(
        self,
        split: Split,
        learning_rows: LearningRows,
        params: dict[str, Any],
        budget: Budget,
    ) -> Settled:
        """Fit to the training rows, and find the best settings on the held-out rows."""
        training, held_out = learning_rows.at(split.training), learning_rows.at(split.held_out)
        rows = self.rows(training)
        judges = self.rows(held_out, training, like=rows)
        best: tuple[float, Any] = (np.inf, None)

        def loss(params: dict[str, Any]) -> float:
            nonlocal best
            booster = self.train(params, rows, self.n_estimators, judges)
            reached = float(booster.best_score["held_out"]["binary_logloss"])
            if reached < best[0] or best[1] is None:
                best = reached, booster
            return reached

        if budget:
            trials = search(
                loss, params, trials=budget.trials, seconds=budget.seconds, progress=budget.progress,
                seed=self.seed, additive=self.additive,
            )  # fmt: skip
            params = min(trials, key=lambda trial: trial[1])[0]
        else:
            trials = []
            loss(params)
        booster = best[1]
        n_trees = max(int(booster.best_iteration), 1)
        raw = booster.predict(held_out.matrix, raw_score=True, num_iteration=n_trees, num_threads=self.n_threads)
        return Settled(params, n_trees, np.asarray(raw), trials)


def _raise_first_tree(booster: Any, by: float) -> None:
    """Add the starting value of the trees to the first tree, so that the model contains it."""
    leaves = booster.dump_model(num_iteration=1)["tree_info"][0]["num_leaves"]
    for leaf in range(leaves):
        booster.set_leaf_output(0, leaf, booster.get_leaf_output(0, leaf) + by)


def booster_of_text(text: str) -> Any:
    """Make a LightGBM model from its text.

    Raises
    ------
    ValueError
        If the text is not a model.
    """
    import lightgbm

    try:
        return lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise ValueError(str(error)) from error
