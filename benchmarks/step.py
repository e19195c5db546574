"""One measured step in its own process: ``python -m benchmarks.step MODULE.FUNCTION FOLDER [--keep]``.

It prints one line of JSON: CPU-seconds (all threads, user and system), wall seconds, peak memory of the process, and
the step's own figures.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.data import Data

__all__ = ["measure"]


def measure(name: str, data: Data, *, keep: bool = False) -> dict[str, Any]:
    """Prepare a step, run it, and return its cost; the peak memory is that of the process since it began.

    Parameters
    ----------
    name : str
        The name of the step, such as ``"ours.indicators"``.
    data : Data
    keep : bool
        Whether to write the frame of the step to ``data.kept(name)``, which is not measured.
    """
    module, _, function = name.partition(".")
    job = getattr(import_module(f"benchmarks.{module}"), function)(data)
    cpu, wall = _cpu(), time.perf_counter()
    result = job()
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    # Linux gives the peak in KiB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if keep:
        result.to_parquet(data.kept(name), index=False)
    return {"cpu": cpu, "wall": wall, "peak": peak, "facts": result if isinstance(result, dict) else {}}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Data(Path(sys.argv[2])), keep="--keep" in sys.argv[3:])))
