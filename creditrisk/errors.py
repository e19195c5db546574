"""The errors a user can meet. Each message says what is wrong and what to change."""

__all__ = ["CreditRiskError", "InputError", "LearningWarning", "OutputError", "PolicyError", "PolicyReviewWarning"]


class CreditRiskError(Exception):
    """Base of every error that creditrisk raises on purpose."""


class InputError(CreditRiskError, ValueError):
    """A file, frame or argument cannot be used as given."""


class PolicyError(CreditRiskError, ValueError):
    """A policy document is wrong; the message names file, line and key."""


class OutputError(CreditRiskError, OSError):
    """A result cannot be written where it was asked to go."""


class PolicyReviewWarning(UserWarning):
    """A policy is applied past the date by which it was to be reviewed."""


class LearningWarning(UserWarning):
    """A model was fitted, but something about its rows deserves a look; the message says what and what to do."""
