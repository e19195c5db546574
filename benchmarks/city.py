"""One city's food inspections: models trained before a window, compared on it.

``python benchmarks/city.py --data DIR --train-before DATE --test-from DATE --test-to DATE --json OUT`` runs the whole
comparison on any folder of the shape of the city's data (enterprises, records and cohort as Parquet); a score that the
folder gives for the inspections (``city_score`` or ``score`` in cohort.parquet) is compared as well. ``--rolling`` runs
it on the two-month windows of 2014 in the folder and pools them. The design of the models was chosen on windows of
2013.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import creditrisk as cr
from benchmarks.city_indicators import CITY_COLUMNS, CityRows, city_rows
from creditrisk.learning.scorers.inspector_effects import checked_inspectors, strictness

Scores = NDArray[np.float64]
ROLLING = tuple((date(2014, month, 1), date(2014, month + 2, 1)) for month in (1, 3, 5, 7))
REFERENCE = "boosted, history"
CITY_SCORES = ("city_score", "score", "scores")
FIGURES = {"auc": "AUC", "auc_within": "AUC within inspectors", "first_half_share": "found in the first half",
           "days_earlier": "days earlier"}  # fmt: skip


def models(rows: CityRows) -> dict[str, Callable[[NDArray[np.bool_], NDArray[np.bool_]], Scores]]:
    """Return each model as a function of the rows for training and the rows to score."""
    own = rows.own
    everything = pl.concat([own, rows.cohort.select(CITY_COLUMNS)], how="horizontal")
    numbers = [name for name in own.columns if name not in rows.names]
    names = (*rows.names, "inspector_group")

    def directions(columns: Sequence[str]) -> dict[str, str]:
        return {name: way for name, way in rows.directions.items() if name in columns}

    def boosted(X: pl.DataFrame, **more: Any) -> cr.BoostedScorer:
        return cr.BoostedScorer(directions=directions(X.columns), categories=names, calibration=None, **more)

    def scorecard(X: pl.DataFrame) -> cr.ScorecardScorer:
        return cr.ScorecardScorer(directions=directions(X.columns), categories=names)

    def learned(
        make: Callable[..., Any], X: pl.DataFrame, *, apart: bool = False, **more: Any
    ) -> Callable[..., Scores]:
        return lambda train, test: _fitted(make(X, **more), rows, X, train, apart).decision_function(X.filter(test))

    additive = learned(boosted, own.select(numbers), apart=True, additive=True)
    return {
        "inspector alone": learned(boosted, rows.cohort.select("inspector_group")),
        "logistic regression, history": lambda train, test: _regression(rows, own, train).decision_function(
            own.filter(test).to_pandas()
        ),
        "scorecard, history": learned(scorecard, own.select(numbers)),
        "boosted additive, history": learned(boosted, own.select(numbers), additive=True),
        REFERENCE: learned(boosted, own),
        "scorecard, history, inspectors told apart": learned(scorecard, own.select(numbers), apart=True),
        "boosted, history, inspectors told apart": learned(boosted, own, apart=True),
        "boosted additive, history, inspectors told apart": additive,
        "the last and a regression, inspectors told apart": lambda train, test: (
            additive(train, test) + _log_odds(rows, own, train, test, with_inspector=False)
        ),
        "logistic regression, everything": lambda train, test: _regression(rows, everything, train).decision_function(
            everything.filter(test).to_pandas()
        ),
        "scorecard, everything": learned(scorecard, everything),
        "boosted, everything": learned(boosted, everything),
        "everything, inspectors told apart and put back": lambda train, test: (
            learned(boosted, everything.select(*numbers, *CITY_COLUMNS[1:]), apart=True, additive=True)(train, test)
            + _log_odds(rows, everything.drop("inspector_group"), train, test, with_inspector=True)
            + _strictness(rows, train)[test]
        ),
    }


def scored_window(
    rows: CityRows, train_before: date, test_from: date, test_to: date
) -> tuple[pl.DataFrame, dict[str, Scores]]:
    """Return the inspections of a window, and every score for them from the facts known before it."""
    days = rows.cohort["inspected_on"]
    train = (days < train_before).to_numpy()
    test = ((days >= test_from) & (days <= test_to)).to_numpy()
    if train_before > test_from:
        raise SystemExit(f"--train-before {train_before} lies after --test-from {test_from}: the windows overlap")
    for what, chosen in (("train on", train), ("test on", test)):
        if rows.cohort.filter(chosen)["finding"].n_unique() < 2:
            raise SystemExit(f"there is nothing to {what}: {chosen.sum():,} inspections with one kind of outcome")
    inspections = rows.cohort.filter(test)
    scores: dict[str, Scores] = {}
    given = next((name for name in CITY_SCORES if name in inspections.columns), None)
    if given is not None and inspections[given].null_count() == 0:
        scores["the city's own score"] = inspections[given].to_numpy()
    for name, scored in models(rows).items():
        print(f"{test_from} to {test_to}: {name}", file=sys.stderr)
        scores[name] = scored(train, test)
    return inspections, scores


def main() -> int:
    """Print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--train-before", type=date.fromisoformat)
    parser.add_argument("--test-from", type=date.fromisoformat)
    parser.add_argument("--test-to", type=date.fromisoformat)
    parser.add_argument("--rolling", action="store_true", help="the two-month windows of 2014, pooled")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    single = (asked.train_before, asked.test_from, asked.test_to)
    if asked.rolling == all(day is not None for day in single):
        parser.error("give --train-before, --test-from and --test-to, or --rolling")
    missing = [name for name in ("enterprises", "records", "cohort") if not (asked.data / f"{name}.parquet").exists()]
    if missing:
        parser.error(f"{asked.data} lacks {missing[0]}.parquet")
    rows = city_rows(asked.data)
    windows = (
        [(first, first, date.fromordinal(last.toordinal() - 1)) for first, last in ROLLING]
        if asked.rolling
        else [single]
    )
    report: dict[str, Any] = {
        "windows": {},
        "versions": {name: version(name) for name in ("creditrisk", "lightgbm", "scikit-learn")},
    }
    print(f"{date.today()}, python {platform.python_version()}, {report['versions']}, {asked.resamples} resamples")
    parts = []
    for train_before, test_from, test_to in windows:
        inspections, scores = scored_window(rows, train_before, test_from, test_to)
        parts.append((inspections, scores))
        report["windows"][f"{test_from}/{test_to}"] = _compared(
            f"{test_from} to {test_to}, trained before {train_before}",
            inspections,
            scores,
            asked.resamples,
            list(FIGURES),
        )
    if len(parts) > 1:
        report["pooled"] = _compared(
            "pooled", *_pooled(parts), asked.resamples, ["auc", "auc_within", "first_half_share"]
        )
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1, default=str) + "\n", encoding="utf-8")
    return 0


def _fitted(model: Any, rows: CityRows, X: pl.DataFrame, train: NDArray[np.bool_], apart: bool) -> Any:
    y, learnt = rows.cohort["finding"].filter(train).to_numpy(), rows.cohort.filter(train)
    inspectors = learnt["inspector_group"] if apart else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cr.LearningWarning)
        return model.fit(
            X.filter(train), y, as_of=learnt["as_of"], groups=learnt["enterprise_id"], inspectors=inspectors
        )


def _log_odds(
    rows: CityRows, X: pl.DataFrame, train: NDArray[np.bool_], test: NDArray[np.bool_], *, with_inspector: bool
) -> Scores:
    """Return log odds by a regression with a coefficient for each inspector, or as if one inspector made all visits."""
    groups = rows.cohort["inspector_group"]
    regression = _regression(rows, X.with_columns(groups), train)
    asked = X.filter(test).with_columns(groups.filter(test) if with_inspector else pl.lit("nobody").alias(groups.name))
    return np.asarray(regression.decision_function(asked.to_pandas()))


def _strictness(rows: CityRows, train: NDArray[np.bool_]) -> Scores:
    inspectors = checked_inspectors(rows.cohort["inspector_group"], rows.cohort.height)
    return strictness(inspectors, inspectors[train], rows.cohort["finding"].to_numpy()[train])


def _regression(rows: CityRows, X: pl.DataFrame, train: NDArray[np.bool_]) -> Any:
    names = [name for name in X.columns if X[name].dtype == pl.String]
    numbers = [name for name in X.columns if name not in names and name != "month"]
    model = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
            (make_pipeline(SimpleImputer(strategy="constant", fill_value="none"),
                           OneHotEncoder(handle_unknown="ignore", min_frequency=50)), names),
        ),
        LogisticRegression(C=0.05, max_iter=3000),
    )  # fmt: skip
    return model.fit(X.filter(train).to_pandas(), rows.cohort["finding"].to_numpy()[train])


def _pooled(parts: Sequence[tuple[pl.DataFrame, dict[str, Scores]]]) -> tuple[pl.DataFrame, dict[str, Scores]]:
    """Concatenate windows; scores become ranks within their window, and inspectors are distinct in each window."""
    frames = [
        inspections.with_columns(inspector_group=pl.format("{} {}", pl.lit(number), "inspector_group"))
        for number, (inspections, _) in enumerate(parts)
    ]
    scores = {
        name: np.concatenate([pl.Series(part[name]).rank().to_numpy() / len(part[name]) for _, part in parts])
        for name in parts[0][1]
    }
    return pl.concat(frames), scores


def _compared(
    title: str, inspections: pl.DataFrame, scores: dict[str, Scores], resamples: int, figures: list[str]
) -> dict[str, Any]:
    compared = cr.compare_scores(
        inspections, scores, figures=figures, within="inspector_group", reference=REFERENCE, n_resamples=resamples,
        output="polars",
    )  # fmt: skip
    print(f"\n{title}: {inspections.height:,} inspections, {int(inspections['finding'].sum()):,} findings\n")
    print("| model | " + " | ".join(FIGURES[figure] for figure in figures) + " |")
    print("|---" * (len(figures) + 1) + "|")
    for name in scores:
        mine = {row["figure"]: row for row in compared.figures.filter(score=name).iter_rows(named=True)}
        cells = [_cell(mine[figure], 1 if figure == "days_earlier" else 3) for figure in figures]
        print(f"| {name} | " + " | ".join(cells) + " |")
    return {"inspections": inspections.height, "findings": int(inspections["finding"].sum()),
            "figures": compared.figures.to_dicts(), "differences": compared.differences.to_dicts()}  # fmt: skip


def _cell(row: dict[str, float], digits: int) -> str:
    if not np.isfinite(row["value"]):
        return "–"
    return f"{row['value']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"


if __name__ == "__main__":
    sys.exit(main())
