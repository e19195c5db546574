"""Draws and plans: ``python -m benchmarks.draws [--enterprises N] [--items K]``.

Each step runs in its own process. The figures are CPU-seconds as a multiple of a bare loop over as many SHA-256 digests
in the same run, and the peak memory of the process minus that of its imports.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from creditrisk.inspection.drafting.planning import plan_inspections
from creditrisk.inspection.draws.draw_lists import verify_draw, write_draw
from creditrisk.inspection.draws.drawing import draw_sample
from creditrisk.inspection.plan.items import InspectionItem

LIMIT = 2.0


def ids(size: int) -> pl.Series:
    numbers = pl.Series(np.arange(size))
    return pl.select(pl.lit("913200") + numbers.cast(pl.String).str.zfill(12)).to_series().alias("enterprise_id")


def table(size: int) -> pl.DataFrame:
    """Return enterprises of the three tiers in realistic shares, one in a hundred of them in a key area."""
    place = np.arange(size, dtype=np.uint32)
    tiers = ["good", "ordinary", "high_risk"]
    rank = np.searchsorted([0.45, 0.95], (place * 0.618034) % 1).astype(np.uint32)
    return pl.DataFrame(
        {
            "enterprise_id": ids(size),
            "tier": pl.Series(tiers, dtype=pl.Enum(tiers)).gather(rank),
            "regime": pl.Series(["tiered", "full_coverage"]).gather((place % 100 == 7).astype(np.uint32)),
            "industry": _codes(place % 90 + 10),
            "region": _codes(place % 97 + 320100),
            "grid": _codes(place % 5000),
        }
    )


def _codes(numbers: np.ndarray) -> pl.Series:
    words, position = np.unique(numbers, return_inverse=True)
    return pl.Series(words.astype(str)).cast(pl.Categorical).gather(position.astype(np.uint32))


def catalogue(count: int) -> list[InspectionItem]:
    """Return items of five departments: half are joint in groups of up to five, every fifth is a key item."""
    return [
        InspectionItem(
            id=f"item{number}", name={"zh": f"事项{number}", "en": f"Item {number}"}, authority=f"部门{number % 5}",
            legal_basis="test", joint_group=f"group{number // 10}" if number % 2 else None,
            kind="key" if number % 5 == 4 else "general",
            applies_to={"industries": ["1", "2"]} if number % 5 == 4 else {},
        )
        for number in range(count)
    ]  # fmt: skip


def digests(size: int, _items: int) -> Callable[[], object]:
    encoded = ids(size).cast(pl.Binary).to_list()
    return lambda: [sha256(b"2026\nfire\n" + one).digest() for one in encoded]


def draw(size: int, _items: int) -> Callable[[], object]:
    frame = table(size).select("enterprise_id", stratum=pl.col("tier").cast(pl.String))
    sizes = {name: round(size * share) for name, share in (("good", 0.02), ("ordinary", 0.07), ("high_risk", 0.02))}
    return lambda: draw_sample(frame, sizes, item="fire", seed="2026")


def verification(size: int, _items: int) -> Callable[[], object]:
    drawn = draw(size, 1)()
    folder = TemporaryDirectory()
    path = Path(folder.name) / "fire.json"
    write_draw(drawn, path)
    frame = drawn.frame

    def verify() -> None:
        assert verify_draw(path, frame).holds
        folder.cleanup()

    return verify


def plan(size: int, items: int) -> Callable[[], object]:
    frame, asked = table(size), catalogue(items)

    def write() -> dict[str, int]:
        made = plan_inspections(frame, asked, policy="jiangsu", seed="2026", year=2026, output="polars")
        planned = peak()
        with TemporaryDirectory() as folder:
            made.save_visits(Path(folder) / "visits.parquet")
        return {"visits": made.rows.height, "drawn": sum(map(len, made.draws.values())), "planned": planned}

    return write


STEPS: dict[str, Callable[[int, int], Callable[[], object]]] = {
    "digests": digests,
    "draw": draw,
    "verification": verification,
    "plan": plan,
}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(step: str, size: int, items: int) -> dict[str, object]:
    job = STEPS[step](size, items)
    before, wall, used = peak(), time.perf_counter(), cpu()
    facts = job()
    result = {"cpu": cpu() - used, "wall": time.perf_counter() - wall, "before": before, "peak": peak()}
    return {**result, **(facts if isinstance(facts, dict) else {})}


def run(step: str, size: int, items: int) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.draws",
        "--step",
        step,
        "--enterprises",
        str(size),
        "--items",
        str(items),
    ]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.draws", description=__doc__)
    parser.add_argument("--enterprises", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(measure(asked.step, asked.enterprises, asked.items)))
        return 0
    turns = [{step: run(step, asked.enterprises, asked.items) for step in STEPS} for _ in range(asked.repeats)]
    half = run("plan", asked.enterprises // 2, asked.items)
    # The least of the runs is taken, because other work on the machine only adds time.
    bare = min(turn["digests"]["cpu"] for turn in turns)
    print(f"{asked.enterprises:,} enterprises; plan of {asked.items} items\n\n| step | CPU s | × digests | peak GB |")
    print("|---|---|---|---|")
    ratios = {}
    for step in STEPS:
        seconds = min(turn[step]["cpu"] for turn in turns)
        ratios[step] = seconds / bare
        print(f"| {step} | {seconds:.2f} | {ratios[step]:.2f} | {turns[0][step]['peak'] / 1e9:.2f} |")
    whole = turns[0]["plan"]
    per_enterprise = (whole["peak"] - half["peak"]) / (asked.enterprises - asked.enterprises // 2)
    print(f"\nplan: {whole['drawn']:,.0f} drawn for items, {whole['visits']:,.0f} visits, {whole['wall']:.1f} s")
    print(
        f"peak: {half['peak'] / 1e9:.2f} GB at half the size, {whole['peak'] / 1e9:.2f} GB at the whole, "
        f"{per_enterprise:.0f} bytes more per enterprise; "
        f"15 million would take {(whole['peak'] + per_enterprise * (15e6 - asked.enterprises)) / 1e9:.1f} GB"
    )
    return 0 if max(ratios["draw"], ratios["verification"]) < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
