"""Reading of a command's inputs, and the report of rows that were set aside."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from creditrisk.cli.failures import REJECTS_ABOVE_LIMIT
from creditrisk.cli.printing import working

if TYPE_CHECKING:
    from creditrisk.assessing.assessment import Assessment
    from creditrisk.assessing.combining import Combining
    from creditrisk.learning.bundles.manifest import ModelBundle
    from creditrisk.policy.document import Policy
    from creditrisk.records.reading import IdScheme
    from creditrisk.records.tables import Enterprises, Records

__all__ = [
    "Inputs",
    "alone",
    "check_rejects",
    "load_edition",
    "plain_warnings",
    "read_inputs",
    "read_tables",
    "saved_model",
]


@dataclass(frozen=True)
class Inputs:
    """The tables and the policy with which a command works."""

    enterprises: Enterprises
    records: Records
    policy: Policy
    seconds: float

    def assess(
        self, as_of: date, previous: Path | None = None, model: ModelBundle | None = None, combine: Combining = "rules"
    ) -> Assessment:
        """Assess the enterprises."""
        from creditrisk.assessing.assess import assess

        with working("评价 assessing …"):
            assessment = assess(
                self.enterprises, self.records, policy=self.policy, as_of=as_of, previous=previous, model=model,
                combine=combine, output="polars",
            )  # fmt: skip
        assessment.assessed.timings["reading"] = round(self.seconds, 3)
        return assessment


def read_inputs(
    enterprises: list[str],
    records: list[str],
    policy: str,
    id_scheme: IdScheme,
    enterprises_query: str | None = None,
    records_query: str | None = None,
    as_of: date | None = None,
) -> Inputs:
    """Load the policy (the edition in force on a day, if one is given) and read both tables."""
    started = time.perf_counter()
    loaded = load_edition(policy, as_of)
    register, table = read_tables(
        enterprises, records, tuple(loaded.record_types), id_scheme, enterprises_query, records_query
    )
    return Inputs(register, table, loaded, time.perf_counter() - started)


def load_edition(policy: str, as_of: date | None = None, *, on_trial: bool = False, warn: bool = True) -> Policy:
    """Load the edition of a policy that is in force on a day; warn on stderr if it was due for review before.

    With ``on_trial``, a policy that is not in force on the day is used unchanged.
    """
    from creditrisk.errors import PolicyReviewWarning
    from creditrisk.policy.loading import load_policy

    with plain_warnings(PolicyReviewWarning, show=warn):
        if on_trial and as_of is not None:
            from creditrisk.assessing.impact.policy_impact import policy_on_trial

            return policy_on_trial(policy, as_of)
        return load_policy(policy, as_of)


@contextmanager
def plain_warnings(kind: type[Warning], *, show: bool = True) -> Iterator[None]:
    """Print warnings of a kind on stderr, one line for each, without their place in the source code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", kind)
        elsewhere = warnings.showwarning

        def say(message: Warning | str, category: type[Warning], *where: Any, **further: Any) -> None:
            if not issubclass(category, kind):
                elsewhere(message, category, *where, **further)
            elif show:
                print(f"warning: {message}", file=sys.stderr)  # noqa: T201

        warnings.showwarning = say
        yield


def read_tables(
    enterprises: list[str],
    records: list[str],
    further_types: Sequence[str],
    id_scheme: IdScheme,
    enterprises_query: str | None = None,
    records_query: str | None = None,
) -> tuple[Enterprises, Records]:
    """Read both tables; several policies may add the same record type."""
    from creditrisk.records.reading import read_enterprises, read_records

    with working("读取企业 reading enterprises …"):
        register = read_enterprises(alone(enterprises), query=enterprises_query, id_scheme=id_scheme, output="polars")
    with working("读取记录 reading records …"):
        table = read_records(
            alone(records),
            query=records_query,
            id_scheme=id_scheme,
            enterprises=register,
            further_types=tuple(dict.fromkeys(further_types)),
            output="polars",
        )
    return register, table


def alone(sources: list[str]) -> str | list[str]:
    """Return a single source without its list: a database cannot be read with other sources."""
    return sources[0] if len(sources) == 1 else sources


def saved_model(name: str | None) -> ModelBundle | None:
    """Load a saved model before slow work begins; None if none is named."""
    if name is None:
        return None
    from creditrisk.learning.bundles.bundle import load_model

    return load_model(name)


def check_rejects(count: int, limit: int | None) -> None:
    """Exit with a special code if more rows were set aside than the user allows."""
    if limit is not None and count > limit:
        print(f"rejects: {count:,} rows were set aside, more than --max-rejects {limit:,}", file=sys.stderr)  # noqa: T201
        raise typer.Exit(REJECTS_ABOVE_LIMIT)
