"""Assess one enterprise after another, as a service does, and print what each third took of CPU time and memory."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

import polars as pl

import creditrisk as cr


def memory() -> float:
    """Resident memory in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def main(number: int) -> None:
    paths = cr.sample_paths()
    enterprises = pl.read_csv(paths.enterprises, infer_schema=False)
    records = pl.read_csv(paths.records, infer_schema=False).partition_by("enterprise_id", as_dict=True)
    nothing = pl.read_csv(paths.records, infer_schema=False).clear()
    seconds, used = [], []
    for count in range(number):
        one = enterprises[count % len(enterprises)]
        started = time.process_time()
        assessment = cr.assess(one, records.get((one["enterprise_id"][0],), nothing), as_of="2026-06-30")
        assert len(assessment.table) == 1
        assessment.explain(one["enterprise_id"][0]).text("en")
        seconds.append(time.process_time() - started)
        used.append(memory())
    third = number // 3
    parts = [slice(start, start + third) for start in (0, third, 2 * third)]
    print(
        json.dumps({"seconds": [median(seconds[part]) for part in parts], "memory": [used[part][-1] for part in parts]})
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
