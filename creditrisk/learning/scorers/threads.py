"""The number of threads of a learned model; its results do not depend on it."""

from __future__ import annotations

import re

from joblib import cpu_count

__all__ = ["any_threads", "threads_for"]

# LightGBM's threads spin while they wait for one another. If other work runs, a fit to fewer values than this takes
# many times longer on all cores than on one; if nothing else runs, it takes a few seconds on one.
VALUES_PER_THREAD = 4_000_000


def threads_for(n_jobs: int | None, n_values: int) -> int:
    """Return the number of threads for a matrix.

    Parameters
    ----------
    n_jobs : int, optional
        The requested number; -1 means all cores, -2 all but one. The default is one thread for each four million
        values, and at most one for each core.
    n_values : int
        The number of rows times the number of columns.

    Examples
    --------
    >>> threads_for(None, 5_000 * 78), threads_for(3, 5_000 * 78)
    (1, 3)
    """
    if n_jobs is None:
        return int(min(1 + n_values // VALUES_PER_THREAD, cpu_count()))
    return n_jobs if n_jobs > 0 else max(1, int(cpu_count()) + 1 + n_jobs)


def any_threads(booster_text: str) -> str:
    r"""Return the text of a LightGBM model without the number of threads of its fit, so that it is always the same.

    Examples
    --------
    >>> any_threads("[seed: 1]\n[num_threads: 8]\n")
    '[seed: 1]\n[num_threads: 0]\n'
    """
    return re.sub(r"^\[num_threads: -?\d+\]$", "[num_threads: 0]", booster_text, flags=re.MULTILINE)
