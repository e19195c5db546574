"""How many threads a learned model takes."""

from __future__ import annotations

import pytest
from joblib import cpu_count

from creditrisk.learning.scorers.threads import VALUES_PER_THREAD, threads_for


def test_few_values_are_worked_on_by_one_thread_and_many_by_no_more_than_there_are_cores() -> None:
    assert threads_for(None, VALUES_PER_THREAD - 1) == 1
    assert threads_for(None, 10**12) == cpu_count()
    assert threads_for(None, VALUES_PER_THREAD) == min(2, cpu_count())


@pytest.mark.parametrize("n_values", [0, 10**12])
def test_a_number_that_is_given_is_taken_whatever_the_size(n_values: int) -> None:
    assert [threads_for(given, n_values) for given in (1, 3, 64)] == [1, 3, 64]
    assert threads_for(-1, n_values) == cpu_count()
    assert threads_for(-2, n_values) == max(1, cpu_count() - 1)
    assert threads_for(-10_000, n_values) == 1
