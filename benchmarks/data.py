"""The simulated province for all measurements, made once and kept.

A separate process makes it, ``python -m benchmarks.data FOLDER ENTERPRISES RECORDS_PER_ENTERPRISE``, because the peak
memory of a process counts for the processes that it starts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

__all__ = ["AS_OF", "Data"]

AS_OF = date(2026, 6, 30)

# The columns that the built-in indicators read; a test compares these lists with the catalogue.
RECORD_COLUMNS = ["enterprise_id", "type", "dimension", "severity", "outcome", "amount", "occurred_on", "known_on"]
RECORD_COLUMNS += ["expires_on", "repaired_on", "revoked_on", "authority"]
ENTERPRISE_COLUMNS = ["enterprise_id", "established_on"]


@dataclass(frozen=True)
class Data:
    """The paths of the tables: one folder for each size."""

    folder: Path

    @classmethod
    def of(cls, cache: Path, enterprises: int, records_per_enterprise: float) -> Data:
        """Return the folder for a size, in the cache."""
        return cls(cache / f"{enterprises}x{records_per_enterprise:g}")

    @property
    def enterprises(self) -> Path:
        return self.folder / "enterprises.parquet"

    @property
    def records(self) -> Path:
        return self.folder / "records.parquet"

    def kept(self, step: str) -> Path:
        """Return the path at which a step's result is kept for comparison."""
        return self.folder / f"result-{step}.parquet"

    @property
    def scratch(self) -> Path:
        """Return a path to which a step may write."""
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
