"""The simulated province that everything is measured on, made once and kept.

Made by a process of its own, ``python -m benchmarks.data FOLDER ENTERPRISES RECORDS_PER_ENTERPRISE``: the peak memory
of a process is counted against the ones that it starts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

__all__ = ["AS_OF", "Data"]

AS_OF = date(2026, 6, 30)

# What the built-in indicators read; a test holds these lists to the catalogue.
RECORD_COLUMNS = ["enterprise_id", "type", "dimension", "severity", "outcome", "amount", "occurred_on", "known_on"]
RECORD_COLUMNS += ["expires_on", "repaired_on", "revoked_on", "authority"]
ENTERPRISE_COLUMNS = ["enterprise_id", "established_on"]


@dataclass(frozen=True)
class Data:
    """Where the tables are: a folder for each size."""

    folder: Path

    @classmethod
    def of(cls, cache: Path, enterprises: int, records_per_enterprise: float) -> Data:
        """The folder for a size, below the cache."""
        return cls(cache / f"{enterprises}x{records_per_enterprise:g}")

    @property
    def enterprises(self) -> Path:
        return self.folder / "enterprises.parquet"

    @property
    def records(self) -> Path:
        return self.folder / "records.parquet"

    def kept(self, step: str) -> Path:
        """Where a step's result is kept, to be compared."""
        return self.folder / f"result-{step}.parquet"

    @property
    def scratch(self) -> Path:
        """Where a step may write."""
        return self.folder / "scratch"

    @property
    def made(self) -> bool:
        return self.enterprises.exists() and self.records.exists()

    def make(self, enterprises: int, records_per_enterprise: float) -> None:
        """Simulate the province."""
        from creditrisk.simulate import simulate_province

        self.folder.mkdir(parents=True, exist_ok=True)
        simulate_province(enterprises, records_per_enterprise, to=AS_OF).write(self.folder)


if __name__ == "__main__":
    Data(Path(sys.argv[1])).make(int(sys.argv[2]), float(sys.argv[3]))
