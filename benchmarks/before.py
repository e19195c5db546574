"""Comparison with another checkout, such as that of a release: times of the same calls, and equality of results.

``python -m benchmarks.before OTHER``: each step runs in its own process, with both checkouts alternately; the medians
are compared. Results are compared to the byte on the sample and a province, for every policy that both checkouts have.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

AS_OF = "2026-06-30"
HERE = Path(__file__).resolve().parents[1]
# The largest allowed ratio of the costs of the same work.
REACHES = {"imports": 1.05, "indicators": 1.05, "assess": 1.05, "explain": 0.1, "way_up": 0.2}
EXPLAINED = {"explain": 200, "way_up": 30}


def imports(_: Path) -> Callable[[], object]:
    def job() -> object:
        import creditrisk as cr

        return cr.assess

    return job


def indicators(folder: Path) -> Callable[[], object]:
    import creditrisk as cr

    records, enterprises = cr.read_records(folder / "records.parquet"), cr.read_enterprises(
        folder / "enterprises.parquet"
    )  # fmt: skip
    cohort = enterprises.data.select("enterprise_id").to_pandas().assign(as_of=AS_OF)
    builder = cr.IndicatorBuilder(records, enterprises=enterprises).fit()
    return lambda: builder.transform(cohort)


def assess(folder: Path) -> Callable[[], object]:
    import creditrisk as cr

    out = tempfile.mkdtemp(dir=folder)
    return lambda: cr.assess(folder / "enterprises.parquet", folder / "records.parquet", as_of=AS_OF).save(out)


def explain(folder: Path) -> Callable[[], object]:
    return _explaining(folder, "explain")


def way_up(folder: Path) -> Callable[[], object]:
    return _explaining(folder, "way_up")


def _explaining(folder: Path, step: str) -> Callable[[], object]:
    import creditrisk as cr

    assessment = cr.assess(
        folder / "enterprises.parquet", folder / "records.parquet", as_of=AS_OF, output="polars"
    )  # fmt: skip
    table = assessment.table
    ids = table.filter(table["tier"] != "good")["enterprise_id"].gather_every(7).to_list()[: EXPLAINED[step]]
    options: dict[str, Any] = {"way_up": True} if step == "way_up" else {}
    assessment.explain(ids[0], **options)
    return lambda: [assessment.explain(one, **options) for one in ids]


def results(folder: Path) -> Callable[[], object]:
    """Return the digests of all results, by policy and input."""
    import polars as pl

    import creditrisk as cr
    from creditrisk.policy.loading import built_in_policies

    paths = cr.sample_paths()
    inputs = {
        "sample": (paths.enterprises, paths.records),
        "province": (folder / "enterprises.parquet", folder / "records.parquet"),
    }

    out = Path(tempfile.mkdtemp(dir=folder))

    def job() -> dict[str, str]:
        found = {}
        for name, (enterprises, records) in inputs.items():
            for policy in built_in_policies():
                try:
                    edition = cr.load_policy(policy)
                    types = tuple(edition.record_types)
                    read = cr.read_records(records, further_types=types)
                    register = cr.read_enterprises(enterprises)
                    # A number that a system reads and the input does not have is made of the row's place.
                    names = {spec.per for spec in edition.indicators}
                    names |= {name for spec in edition.indicators for name in (spec.of, *(one.of for one in spec.plus))}
                    for quantity in edition.quantities:
                        names |= set(re.findall(r"attributes\.\w+", str(quantity.model_dump())))
                    numbers = {name for name in names if name is not None and name.startswith("attributes.")}
                    filled = (pl.int_range(pl.len()) % 7).cast(pl.Float64)
                    tables = [
                        frame.with_columns(filled.alias(name) for name in sorted(numbers - set(frame.columns)))
                        for frame in (register.data, read.data)
                    ]
                    cr.assess(*tables, policy=edition, as_of=AS_OF).save(out)
                except cr.CreditRiskError as error:
                    found[f"{name} {policy}"] = f"{type(error).__name__}: {error}"
                    continue
                for file in ("assessments.parquet", "reasons.parquet"):
                    content = (out / file).read_bytes()
                    found[f"{name} {policy} {file}"] = hashlib.sha256(content).hexdigest()
        return found

    return job


STEPS = {step.__name__: step for step in (imports, indicators, assess, explain, way_up, results)}


def run(step: str, checkout: Path, folder: Path) -> dict[str, Any]:
    """Run one step with one of the checkouts, in its own process."""
    # Both are to find their modules compiled, whatever the shell asks for; the first turn compiles them.
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, str(Path(__file__).resolve()), "--step", step, str(folder)]
    done = subprocess.run(
        command, check=True, capture_output=True, encoding="utf-8", env=environment, cwd=folder
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.before", description=__doc__)
    parser.add_argument("other", type=Path, help="a checkout of another state, such as a git worktree")
    parser.add_argument("--enterprises", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path(".cache/bench/before"))
    parser.add_argument("--steps", nargs="*", default=[name for name in STEPS if name != "imports"] + ["imports"])
    asked = parser.parse_args()
    folder = (asked.data / str(asked.enterprises)).resolve()
    if not (folder / "records.parquet").exists():
        from creditrisk.simulate import simulate_province

        folder.mkdir(parents=True, exist_ok=True)
        simulate_province(asked.enterprises, 10.0).write(folder)
    sides = (asked.other.resolve(), HERE)
    for side in sides:
        run("imports", side, folder)
    met, rates = True, dict[str, float]()
    print(
        "| step | before, CPU s | now, CPU s | ratio | lowest and highest ratio | at most |\n|---|---|---|---|---|---|"
    )
    for step in (name for name in asked.steps if name != "results"):
        turns = [[run(step, side, folder)["cpu"] for side in sides] for _ in range(asked.repeats)]
        before, now = (median(column) for column in zip(*turns, strict=True))
        ratios = sorted(after / first for first, after in turns)
        met &= median(ratios) <= REACHES[step]
        print(
            f"| {step} | {before:.3f} | {now:.3f} | {median(ratios):.3f} | {ratios[0]:.3f} to {ratios[-1]:.3f} "
            f"| {REACHES[step]} |",
            flush=True,
        )
        if step in EXPLAINED:
            rates[step] = EXPLAINED[step] / now
    for step, rate in rates.items():
        print(f"\n{step}: {rate:,.0f} explanations a CPU second, 10,000 in {10_000 / rate:,.0f} CPU s")
    if "results" in asked.steps:
        before, now = (run("results", side, folder)["facts"] for side in sides)
        differing = sorted(name for name in before if before[name] != now.get(name))
        print(f"\nresults equal to the byte: {len(before) - len(differing)} of {len(before)}")
        for name in differing:
            print(f"- {name}: {before[name]} / {now.get(name)}")
        met &= not differing
    return 0 if met else 1


def measured(step: str, folder: Path) -> dict[str, Any]:
    """Measure a step in this process."""
    job = STEPS[step](folder)
    cpu, wall = _cpu(), time.perf_counter()
    result = job()
    cpu, wall = _cpu() - cpu, time.perf_counter() - wall
    return {"cpu": cpu, "wall": wall, "facts": result if step == "results" else {}}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        # The package must not be imported from the folder of this file.
        sys.path.pop(0)
        print(json.dumps(measured(sys.argv[2], Path(sys.argv[3]))))
    else:
        sys.exit(main())
