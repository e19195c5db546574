"""Threads, spawned processes and joblib's workers give the same bytes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import joblib
import pytest

from tests.services.jobs import assess_the_sample, assessed, content


@pytest.fixture(scope="module")
def expected() -> bytes:
    return content(assessed())


def test_eight_threads_at_once(expected: bytes) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(assess_the_sample, range(16))) == {expected}


def test_threads_that_share_one_assessment(expected: bytes) -> None:
    shared = assessed()
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: content(shared), range(8))) == {expected}


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_start_afresh(method: str, expected: bytes) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"there is no {method} here")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(assess_the_sample).result(120) == expected


def test_the_workers_of_joblib(expected: bytes) -> None:
    assert joblib.Parallel(n_jobs=2, backend="loky")([joblib.delayed(assess_the_sample)()]) == [expected]
