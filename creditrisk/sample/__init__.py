"""A small sample that comes with the library: 200 enterprises, about 2,000 records, and a 双公示 penalty file.

It is simulated; ``python -m creditrisk.sample.making creditrisk/sample`` makes it again.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

__all__ = ["SamplePaths", "sample_paths"]


class SamplePaths(NamedTuple):
    """The paths of the sample files."""

    enterprises: Path
    records: Path
    penalties: Path


def sample_paths() -> SamplePaths:
    """Return the paths of the sample files: enterprises, records, and penalties as published (双公示, GB18030).

    Examples
    --------
    >>> [path.name for path in sample_paths()]
    ['enterprises.csv', 'records.csv', 'penalties_gongshi.csv']
    """
    folder = Path(str(files("creditrisk.sample")))
    return SamplePaths(folder / "enterprises.csv", folder / "records.csv", folder / "penalties_gongshi.csv")
