"""One measured step, in a process of its own: ``python -m benchmarks.step MODULE.FUNCTION FOLDER [--keep]``.

Prints one line of JSON: CPU-seconds (all threads, user and system), wall seconds, peak memory of the process, and
what the step says about itself.
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


def main(name: str, folder: str, keep: bool) -> None:
    data = Data(Path(folder))
    module, _, function = name.partition(".")
    job = getattr(import_module(f"benchmarks.{module}"), function)(data)
    cpu, wall = _cpu(), time.perf_counter()
    result = job()
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    facts: dict[str, Any] = result if isinstance(result, dict) else {}
    # Linux gives the peak in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if keep:
        result.to_parquet(data.kept(name), index=False)
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "facts": facts}))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "--keep" in sys.argv[3:])
