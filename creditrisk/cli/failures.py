"""Failures as the user sees them: one clear line and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from creditrisk.errors import CreditRiskError

__all__ = ["REJECTS_ABOVE_LIMIT", "WRONG_INPUT", "PlainFailures"]

REJECTS_ABOVE_LIMIT = 1
WRONG_INPUT = 2
_INTERRUPTED = 130

# If this variable is set, an unexpected error shows its traceback.
_TRACEBACK = "CREDITRISK_TRACEBACK"


class PlainFailures(TyperGroup):
    """The group of commands; it turns failures into a line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            _complain("interrupted")
            raise typer.Exit(_INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of the output, such as head, has closed it.
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the interpreter flushes it at exit
            raise typer.Exit from None
        except CreditRiskError as error:
            _complain(str(error))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _complain(f"{where}{error.strerror or error}")
        except MemoryError:
            _complain("there is not enough memory for this")
        except Exception as error:
            if os.environ.get(_TRACEBACK) or _is_about_usage(error):
                raise
            _complain(
                f"this is a fault in creditrisk: {type(error).__name__}: {error} ({_TRACEBACK}=1 shows where it arose)"
            )
        raise typer.Exit(WRONG_INPUT)


def _is_about_usage(error: Exception) -> bool:
    # Typer reports wrong options itself; by version, click is a part of typer or a separate package.
    return any(kind.__name__ == "ClickException" for kind in type(error).__mro__)


def _complain(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)  # noqa: T201
