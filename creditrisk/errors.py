"""The errors a user can meet. Each message says what is wrong and what to change."""

__all__ = [
    "CreditRiskError",
    "ForkError",
    "InputError",
    "InputWarning",
    "LearningWarning",
    "OutputError",
    "PolicyError",
    "PolicyReviewWarning",
]


_FORKED = (
    "this process was forked after Polars, which creditrisk computes with, had started its threads; they are not here, "
    "and a computation would wait for ever. Start processes with multiprocessing.get_context('spawn') or 'forkserver', "
    "as in ProcessPoolExecutor(mp_context=…), or fork before anything is computed (importing does no harm)"
)


class CreditRiskError(Exception):
    """The base class of every error that creditrisk raises on purpose."""


class InputError(CreditRiskError, ValueError):
    """A file, frame or argument cannot be used as given."""


class PolicyError(CreditRiskError, ValueError):
    """A policy document is wrong; the message names file, line and key."""


class OutputError(CreditRiskError, OSError):
    """A result cannot be written to the requested place."""


class ForkError(CreditRiskError, RuntimeError):
    """The library is called in a process that was forked after something was computed."""

    def __init__(self, message: str = _FORKED) -> None:
        super().__init__(message)


class InputWarning(UserWarning):
    """Rows were taken without values, as requested; the message says how many and why."""


class PolicyReviewWarning(UserWarning):
    """A policy is applied after the date by which it was due for review."""


class LearningWarning(UserWarning):
    """A model was fitted, but its rows need attention; the message says why and what to do."""
