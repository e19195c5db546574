"""The table of built-in indicators in docs/indicators.md: ``python docs/indicator_table.py`` prints it."""

from __future__ import annotations

import sys

import creditrisk as cr

ARROWS = {"risk_rises": "rises", "risk_falls": "falls", "none": "–"}


def table() -> str:
    """One line per indicator: id, labels, what a larger value says about risk."""
    lines = ["| id | 名称 | meaning | risk |", "|---|---|---|---|"]
    for spec in cr.built_in_indicators():
        lines.append(f"| `{spec.id}` | {spec.label.zh} | {spec.label.en} | {ARROWS[spec.direction]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
