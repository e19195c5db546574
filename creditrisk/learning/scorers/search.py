"""Search for hyper-parameters within a budget, by Optuna's tree-structured Parzen estimator."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from creditrisk.errors import InputError

__all__ = ["Trial", "search"]

Parameters = dict[str, Any]
Trial = tuple[Parameters, float]


def search(
    loss: Callable[[Parameters], float],
    start: Mapping[str, Any],
    *,
    trials: int | None,
    seconds: float | None,
    seed: int,
    additive: bool = False,
    progress: bool | None = None,
) -> list[Trial]:
    """Try parameters, the given ones first, and return the loss of each.

    Parameters
    ----------
    loss : callable
        A function from a set of parameters to its loss; smaller is better.
    start : mapping
        The parameters that are tried first, so that the best found is never worse.
    trials, seconds : int or float, optional
        The budget; the search ends with whichever is used up first.
    seed : int
    additive : bool
        Whether trees keep depth one.
    progress : bool, optional
        Whether to show a bar; the default is to show it if the standard error is a terminal.

    Returns
    -------
    list of (parameters, loss)
        The trials, in their order.

    Raises
    ------
    InputError
        If Optuna is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError(
            "hyper-parameter search needs Optuna: pip install 'creditrisk[learning]', or set search_trials=0"
        ) from None
    began = time.monotonic()
    shown = sys.stderr.isatty() if progress is None else progress
    with _bar(trials, shown=shown) as advance:
        done: list[Trial] = [(dict(start), loss(dict(start)))]
        advance(done[0][1])

        def objective(trial: Any) -> float:
            parameters = dict(start) | _suggested(trial, additive=additive)
            done.append((parameters, loss(parameters)))
            advance(min(reached for _, reached in done))
            return done[-1][1]

        left = None if trials is None else trials - 1
        time_left = None if seconds is None else seconds - (time.monotonic() - began)
        if (left is None or left > 0) and (time_left is None or time_left > 0):
            level = optuna.logging.get_verbosity()
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            try:
                study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
                study.optimize(objective, n_trials=left, timeout=time_left)
            finally:
                optuna.logging.set_verbosity(level)
    return done


def _suggested(trial: Any, *, additive: bool) -> Parameters:
    suggested = {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 5, 300, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.01, 100.0, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
    }
    if additive:
        return suggested
    # Trees are shallow, so that reasons stay fast.
    return suggested | {
        "max_depth": trial.suggest_int("max_depth", 2, 5),
        "num_leaves": trial.suggest_int("num_leaves", 4, 16),
    }


@contextmanager
def _bar(trials: int | None, *, shown: bool) -> Iterator[Callable[[float], None]]:
    if not shown:
        yield lambda best: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("search", total=trials)
        yield lambda best: bar.update(task, advance=1, description=f"search: best log loss {best:.5f}")
