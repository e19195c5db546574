"""Fitting and scoring a scorecard, compared with OptBinning and toad: ``python -m benchmarks.scorecard``.

There are one million rows of 60 invented indicators: half are counts, half are measured, and one in twenty values is
missing. Each peer fits and scores once in its own process; ratios are of wall time within this one run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import creditrisk as cr
from benchmarks.discrimination import environment_apart
from benchmarks.peers import SCORECARDS


def made_up(rows: int, columns: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Make indicators, and outcomes that follow from them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns))
    for place in range(0, columns, 2):
        X[:, place] = rng.poisson(1 + place / 30, rows)
    X[rng.random((rows, columns)) < 0.05] = np.nan
    z = np.nan_to_num(X) @ rng.normal(scale=0.15, size=columns)
    y = (rng.random(rows) < 1 / (1 + np.exp(2.5 - z + z.mean()))).astype(np.int64)
    return pd.DataFrame(X, columns=[f"x{place}" for place in range(columns)]), y


def main() -> int:
    """Print a table; return 1 if a peer is faster in either step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scorecard", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=60)
    parser.add_argument("--peers-python", type=Path, help="Python with toad; by default one is set up")
    parser.add_argument("--cache", type=Path, default=Path(".cache/discrimination"))
    asked = parser.parse_args()
    apart = asked.peers_python or environment_apart(asked.cache / "peers")
    folder = asked.cache / "scorecard"
    folder.mkdir(parents=True, exist_ok=True)
    X, y = made_up(asked.rows, asked.columns)
    X.to_parquet(folder / "X.parquet")
    pd.DataFrame({"y": y}).to_parquet(folder / "rows.parquet")
    scorer = cr.ScorecardScorer(directions=dict.fromkeys(X.columns, "none"))
    started = time.perf_counter()
    scorer.fit(X, y)
    fitted = time.perf_counter()
    score = scorer.decision_function(X)
    ours = {"fit": fitted - started, "score": time.perf_counter() - fitted}
    print(f"{asked.rows:,} rows × {asked.columns} columns; ours has an AUC of {roc_auc_score(y, score):.4f}\n")
    print("| | fit, wall | score, wall | fit, to ours | score, to ours |\n|---|---|---|---|---|")
    print(f"| ScorecardScorer | {ours['fit']:.1f} s | {ours['score']:.2f} s | 1 × | 1 × |")
    peers_are_slower = True
    for peer in SCORECARDS:
        python = apart if peer == "toad" else Path(sys.executable)
        command = [str(python), str(Path(__file__).parent / "peers.py"), "--time", peer, str(folder)]
        timed = json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)
        fit, scoring = timed["fit"]["wall"], timed["score"]["wall"]
        print(
            f"| {peer} | {fit:.1f} s | {scoring:.2f} s | {fit / ours['fit']:.2f} × | {scoring / ours['score']:.1f} × |"
        )
        peers_are_slower &= fit > ours["fit"] and scoring > ours["score"]
    return int(not peers_are_slower)


if __name__ == "__main__":
    sys.exit(main())
