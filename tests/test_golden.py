"""Golden files: the embedded sample under the built-in policy, to the last digit and word.

A change here is a change of results. Where it is meant, write the files anew with ``python -m tests.test_golden``.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

import creditrisk as cr
from creditrisk.report.pages import explanation_page

GOLDEN = Path(__file__).parent / "golden"
COLUMNS = [
    "enterprise_id",
    "score",
    "safety",
    "quality",
    "environment",
    "compliance",
    "responsibility",
    "tier",
    "regime",
]


def results() -> dict[str, str]:
    """The golden files by name."""
    paths = cr.sample_paths()
    assessment = cr.assess(
        paths.enterprises,
        paths.records,
        policy=cr.load_policy("jiangsu", "2026-06-30"),
        as_of="2026-06-30",
        output="polars",
    )
    table = assessment.table
    files = {"scores.csv": table.select(COLUMNS).write_csv()}
    # Of each tier the enterprise with the most evidence, and of equals the first.
    for tier in ("good", "ordinary", "high_risk"):
        of_tier = table.filter(pl.col("tier") == tier).sort("evidence_count", "enterprise_id", descending=[True, False])
        explanation = assessment.explain(of_tier["enterprise_id"][0], way_up=True)
        files[f"explanation-{tier}.txt"] = str(explanation) + "\n"
        if tier == "high_risk":
            files[f"explanation-{tier}.html"] = explanation_page(explanation)
    return files


def test_results_are_those_on_file() -> None:
    for name, text in results().items():
        assert text == (GOLDEN / name).read_text(encoding="utf-8"), f"{name} differs"


if __name__ == "__main__":
    for name, text in results().items():
        (GOLDEN / name).write_text(text, encoding="utf-8")
