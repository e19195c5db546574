"""The report of the mutants: a table by module, and the list of those that no test detected."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mutants.running import Verdict, told_of

_OUTCOMES = ("killed", "timed out", "survived", "not covered")


@dataclass
class Report:
    """The verdicts of one draw."""

    drawn_by: str
    verdicts: list[Verdict] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    def last_line(self) -> str:
        """The share killed, and the draw."""
        killed = sum(self._is_killed(verdict) for verdict in self.verdicts)
        share = f" ({100 * killed / len(self.verdicts):.1f} %)" if self.verdicts else ""
        return f"{killed} of {len(self.verdicts)} mutants killed{share}, {self.drawn_by}"

    def survivors(self) -> list[Verdict]:
        """The mutants that no test detected, by file and line."""
        left = [verdict for verdict in self.verdicts if not self._is_killed(verdict)]
        return sorted(left, key=lambda one: (one.mutant.path, one.mutant.change.start, one.mutant.change.after))

    def markdown(self) -> str:
        """Return the report as a page."""
        lines = [f"# {self.last_line()}", "", f"| module | mutants | {' | '.join(_OUTCOMES)} |", "|---|" + "---:|" * 5]
        by_module: dict[str, Counter[str]] = {}
        for verdict in sorted(self.verdicts, key=lambda one: one.mutant.path):
            for module in (verdict.mutant.path, "all"):
                by_module.setdefault(module, Counter())[verdict.outcome] += 1
        by_module["all"] = by_module.pop("all", Counter())
        for module, counts in by_module.items():
            lines.append(f"| {module} | {counts.total()} | {' | '.join(str(counts[one]) for one in _OUTCOMES)} |")
        lines += ["", "## Survivors", ""]
        for verdict in self.survivors():
            mutant = verdict.mutant
            before, after = (words.replace("\n", "\n    ") for words in mutant.change.shown)
            lines += [
                f"- `{mutant.place}` ({mutant.change.kind}, {verdict.outcome}, {verdict.tests} tests)", "",
                "  ```", f"  - {before}", f"  + {after}", "  ```", "",
            ]  # fmt: skip
        lines += [f"- gone since: {words}" for words in self.gone]
        lines += [f"- fails by itself on the tree as it is: {test}" for test in self.doubtful]
        return "\n".join(lines).rstrip() + "\n"

    def write(self, path: Path) -> None:
        """Write the page and, beside it, the verdicts that another run can reuse."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".md").write_text(self.markdown(), encoding="utf-8")
        told = [
            {"key": one.mutant.key, "place": one.mutant.place, "noticed": self._is_killed(one), **told_of(one),
             **asdict(one.mutant.change)}
            for one in self.verdicts
        ]  # fmt: skip
        written = {"share": self.last_line(), "gone": self.gone, "doubtful": self.doubtful, "verdicts": told}
        path.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")

    def _is_killed(self, verdict: Verdict) -> bool:
        return verdict.outcome in ("killed", "timed out") and verdict.by not in self.doubtful
