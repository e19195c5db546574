"""Peers that learn a score of findings, each fitted as in its documentation, by the Python that has it installed.

``python benchmarks/peers.py PEER FOLDER`` reads ``X.parquet`` and ``rows.parquet`` (y, and for each repetition the fold
of each row) from the folder and writes ``PEER.parquet``, the scores of each row by the model of the other folds. With
``--time`` it fits once and scores all rows instead, and prints seconds of CPU and wall as JSON; with ``--sweeps`` it
fits to all rows and writes the scores of ``sweeps.parquet``. A peer that is held to directions reads them from
``directions.json``, by column.

It imports nothing of this project, so that a peer that needs other versions of packages runs in its own environment.
"""

import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

SCORECARDS = ("optbinning", "toad")
HELD = "lightgbm, held to the directions"
WAYS = {"risk_rises": 1, "risk_falls": -1}


class OptBinning:
    """The scorecard of OptBinning: optimal binning, logistic regression."""

    def fit(self, X, y):
        from optbinning import BinningProcess, Scorecard
        from sklearn.linear_model import LogisticRegression

        names = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
        binning = BinningProcess(list(X.columns), categorical_variables=names)
        self.card = Scorecard(
            binning, LogisticRegression(max_iter=1000), scaling_method="pdo_odds",
            scaling_method_params={"pdo": 20, "odds": 50, "scorecard_points": 600},
        )  # fmt: skip
        self.card.fit(X, y)
        return self

    def score(self, X):
        return -np.asarray(self.card.score(X))


class Toad:
    """The scorecard of toad: chi-merge bins, weights of evidence, logistic regression, points."""

    def fit(self, X, y):
        import toad

        frame = X.copy()
        combiner = toad.transform.Combiner()
        combiner.fit(frame, y, method="chi", min_samples=0.05, empty_separate=True)
        binned = combiner.transform(frame)
        transer = toad.transform.WOETransformer()
        evidence = transer.fit_transform(binned, y)
        self.columns = [name for name in evidence if evidence[name].nunique() > 1]
        self.card = toad.ScoreCard(combiner=combiner, transer=transer, max_iter=1000)
        self.card.fit(evidence[self.columns], y)
        return self

    def score(self, X):
        return -np.asarray(self.card.predict(X[self.columns]))


class ExplainableBoosting:
    """The explainable boosting machine of interpret: additive, with its default interactions of pairs."""

    def fit(self, X, y):
        from interpret.glassbox import ExplainableBoostingClassifier

        self.model = ExplainableBoostingClassifier(random_state=0, n_jobs=2).fit(X, y)
        return self

    def score(self, X):
        return self.model.predict_proba(X)[:, 1]


class LogisticRegression:
    """The logistic regression of scikit-learn on one-hot categories and scaled numbers, with missing indicators."""

    def fit(self, X, y):
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression as Regression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        numbers = [name for name in X if pd.api.types.is_numeric_dtype(X[name])]
        names = [name for name in X if name not in numbers]
        self.model = make_pipeline(
            make_column_transformer(
                (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
                (OneHotEncoder(handle_unknown="ignore"), names),
            ),
            Regression(max_iter=2000),
        ).fit(X, y)
        return self

    def score(self, X):
        return self.model.predict_proba(X)[:, 1]


class HistGradientBoosting:
    """The gradient boosting of scikit-learn with its defaults and native categories."""

    def fit(self, X, y):
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
        self.model.fit(_categories(X), y)
        return self

    def score(self, X):
        return self.model.predict_proba(_categories(X))[:, 1]


class LightGBM:
    """Plain LightGBM with its defaults; with directions, each of them is a monotone constraint."""

    def __init__(self, directions=None):
        self.directions = directions or {}

    def fit(self, X, y):
        from lightgbm import LGBMClassifier

        ways = [WAYS.get(self.directions.get(name), 0) for name in X]
        held = {"monotone_constraints": ways} if self.directions else {}
        self.model = LGBMClassifier(random_state=0, verbose=-1, n_jobs=2, **held).fit(_categories(X), y)
        return self

    def score(self, X):
        return self.model.predict_proba(_categories(X))[:, 1]


PEERS = {
    "optbinning": OptBinning,
    "toad": Toad,
    "interpret": ExplainableBoosting,
    "logistic_regression": LogisticRegression,
    "hist_gradient_boosting": HistGradientBoosting,
    "lightgbm": LightGBM,
    HELD: LightGBM,
}


def main():
    arguments = [one for one in sys.argv[1:] if not one.startswith("--")]
    peer, folder = PEERS[arguments[0]], Path(arguments[1])
    if arguments[0] == HELD:
        peer = partial(peer, json.loads((folder / "directions.json").read_text(encoding="utf-8")))
    warnings.simplefilter("ignore")
    X, rows = pd.read_parquet(folder / "X.parquet"), pd.read_parquet(folder / "rows.parquet")
    y = rows["y"].to_numpy()
    if "--time" in sys.argv:
        timed = {}
        cpu, wall = time.process_time(), time.perf_counter()
        model = peer().fit(X, y)
        timed["fit"] = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        cpu, wall = time.process_time(), time.perf_counter()
        model.score(X)
        timed["score"] = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        print(json.dumps(timed))
        return
    if "--sweeps" in sys.argv:
        sweeps = pd.read_parquet(folder / "sweeps.parquet")
        pd.DataFrame({"score": peer().fit(X, y).score(sweeps)}).to_parquet(folder / f"{arguments[0]}-sweeps.parquet")
        return
    scores = {}
    for name in rows.columns.drop("y"):
        scores[name] = np.full(len(y), np.nan)
        for fold in sorted(rows[name].unique()):
            out = (rows[name] == fold).to_numpy()
            scores[name][out] = peer().fit(X[~out], y[~out]).score(X[out])
    pd.DataFrame(scores).to_parquet(folder / f"{arguments[0]}.parquet")


def _categories(X):
    return X.astype({name: "category" for name in X if not pd.api.types.is_numeric_dtype(X[name])})


if __name__ == "__main__":
    main()
