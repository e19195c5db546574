"""Draw mutants of the core, run the tests that cover each, and print the share that a test detects."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from mutants.covering import covering
from mutants.drawing import Mutant, Settings, draw, mutants_of
from mutants.reporting import Report
from mutants.running import Patience, failing_unchanged, run
from mutants.trees import copy_tree

SAME_CHANGE = ("kind", "before", "after")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="which draw of mutants (default: 7)")
    parser.add_argument("--count", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--module", default="", help="only files whose path begins so, as creditrisk/records")
    parser.add_argument("--survivors-of", type=Path, metavar="JSON", help="the survivors of that report, not a draw")
    parser.add_argument("--tests", nargs="+", metavar="FILE", help="only these files or folders of tests")
    parser.add_argument("--workers", type=int, default=2, help="processes at once (default: 2)")
    parser.add_argument("--patience", type=float, default=Patience.seconds, help="seconds that any test may take")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the tree (default: this folder)")
    parser.add_argument("--cache", type=Path, help="folder of records and reports (default: .cache/mutants)")
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    asked = parser.parse_args()
    cache = asked.cache or asked.root / ".cache" / "mutants"
    with tempfile.TemporaryDirectory() as place:  # the tree may change while the tests run
        _report(asked, copy_tree(asked.root, Path(place) / "tree"), cache)


def _report(asked: argparse.Namespace, tree: Path, cache: Path) -> None:
    settings = Settings.of(tree)
    known = [mutant for mutant in mutants_of(tree, settings) if mutant.path.startswith(asked.module)]
    report, drawn = _drawn(asked, known)
    if asked.list:
        for mutant in drawn:
            print(_line(mutant))
        return
    name = f"again-{asked.survivors_of.stem}" if asked.survivors_of else f"seed-{asked.seed}"
    path = cache / f"{name}.json"
    record = covering(tree, settings, cache, asked.workers, asked.tests)
    for test in record.failing:
        print(f"not counted, it does not pass on the tree as it is: {test}", file=sys.stderr)
    for verdict in run(tree, drawn, record, workers=asked.workers, patience=Patience(asked.patience)):
        report.verdicts.append(verdict)
        report.write(path)
        count = f"{len(report.verdicts)}/{len(drawn)}"
        print(f"{count} {verdict.outcome} in {verdict.seconds} s: {_line(verdict.mutant)}", file=sys.stderr, flush=True)
    noticed_by = sorted({one.by for one in report.verdicts if one.by in record.seconds})
    report.doubtful = failing_unchanged(tree, noticed_by, record)
    report.write(path)
    print(report.markdown())
    print(f"{path.with_suffix('.md')}\n{report.last_line()}")


def _drawn(asked: argparse.Namespace, known: list[Mutant]) -> tuple[Report, list[Mutant]]:
    if asked.survivors_of is None:
        within = f" of {asked.module}" if asked.module else ""
        drawn = draw(known, asked.count, asked.seed)
        return Report(f"seed {asked.seed}, drawn from {len(known):,}{within}"), drawn
    before = json.loads(asked.survivors_of.read_text("utf-8"))["verdicts"]
    drawn, gone = [], []
    for one in before:
        same = [mutant for mutant in known if mutant.key == one["key"]] or [
            mutant for mutant in known if all(getattr(mutant.change, part) == one[part] for part in SAME_CHANGE)
        ]
        if not one["noticed"] and len(same) == 1:  # the function may have another name
            drawn += same
        elif not one["noticed"]:
            gone.append(f"{one['place']} {one['before']} -> {one['after']}")
    return Report(f"the survivors of {asked.survivors_of.name}", gone=gone), drawn


def _line(mutant: Mutant) -> str:
    return f"{mutant.place} {mutant.change.kind}: {mutant.change.before} -> {mutant.change.after}"


if __name__ == "__main__":
    main()
