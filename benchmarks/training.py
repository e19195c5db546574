"""Training with a search for hyper-parameters, compared with the same bare calls of LightGBM."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.data import Data
from benchmarks.ours import learner, quietly, rows_to_learn_from

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from creditrisk.learning.scorers.boosted import BoostedScorer
    from creditrisk.learning.scorers.validation import Split

__all__ = ["overhead"]

Job = Callable[[], Any]

TURNS = 3


def overhead(data: Data) -> Job:
    """Fit a model with a search for hyper-parameters, and measure the share of time in LightGBM's training calls.

    Times are taken within one fit, and the least of several fits counts: between two fits the same calls differ by more
    than the overhead to measure. The bare calls are made once, to check that they reach the same losses.
    """
    from unittest.mock import patch

    import lightgbm
    from sklearn.utils import check_random_state

    from creditrisk.learning.scorers.validation import split_rows

    X, y, as_of, groups = rows_to_learn_from(data)
    with quietly():
        first = learner().fit(X, y, as_of=as_of, groups=groups)
    seed = int(check_random_state(0).randint(2**31 - 1))
    split = split_rows(y, first.validation_share, seed, as_of=as_of, groups=groups)
    assert split is not None
    bare, train = _bare(X, y, split, first), lightgbm.train

    def run() -> dict[str, Any]:
        turns = []
        for _ in range(TURNS):
            within = 0.0

            def timed(*arguments: Any, **further: Any) -> Any:
                nonlocal within
                began = time.process_time()
                booster = train(*arguments, **further)
                within += time.process_time() - began
                return booster

            began = time.process_time()
            with quietly(), patch("lightgbm.train", timed):
                learner().fit(X, y, as_of=as_of, groups=groups)
            turns.append((time.process_time() - began, within))
        ours, calls = min(turns, key=lambda turn: turn[0] / turn[1])
        return {"rows": len(X), "trees": first.n_trees_, "trials": len(first.trials_), "bare": calls, "ours": ours,
                **bare()}  # fmt: skip

    return run


def _bare(X: pd.DataFrame, y: NDArray[np.float64], split: Split, ours: BoostedScorer) -> Job:
    """Make only the calls of LightGBM that one of our trainings with a search makes."""
    import lightgbm
    import numpy as np
    from sklearn.utils import check_random_state

    from creditrisk.learning.scorers.fitting import Trainer

    seed = int(check_random_state(0).randint(2**31 - 1))
    trainer = Trainer(ours.constraints_, (), additive=False, n_estimators=0, patience=0, seed=seed, n_threads=1)
    settings = [trainer.settings(params) for params, _ in ours.trials_]
    final, n_trees = trainer.settings(ours.params_), ours.n_trees_
    matrix = np.ascontiguousarray(X.to_numpy(dtype=np.float64))
    kept = {"feature_pre_filter": False, "verbosity": -1, "num_threads": 1}

    def run() -> dict[str, Any]:
        training = lightgbm.Dataset(matrix[split.training], y[split.training], params=kept)
        held_out = lightgbm.Dataset(matrix[split.held_out], y[split.held_out], reference=training, params=kept)
        reached = []
        for one in settings:
            stop = lightgbm.early_stopping(ours.early_stopping_rounds, verbose=False)
            booster = lightgbm.train(one, training, ours.n_estimators, valid_sets=[held_out], callbacks=[stop])
            reached.append(booster.best_score["valid_0"]["binary_logloss"])
        lightgbm.train(final, lightgbm.Dataset(matrix, y, params=kept), n_trees)
        return {"same_losses": reached == [loss for _, loss in ours.trials_]}

    return run
