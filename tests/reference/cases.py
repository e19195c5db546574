"""Examples to assess: tables, and a policy whose numbers stand on the values of just these tables.

Their sizes are drawn one by one, so that a failing example shrinks; what is in them follows from a seed, so that all
forms come up independently of one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.reference.documents import Document, assessment_before, policy
from tests.reference.enterprises import Value
from tests.reference.indicators import Cohort, indicator_values
from tests.reference.points import lines_and_scores, total_of
from tests.reference.standing import with_actions
from tests.reference.tables import DAYS, Row, enterprises, records


@dataclass(frozen=True)
class Case:
    """What an assessment is made of."""

    as_of: date
    enterprises: Sequence[Row]
    records: Sequence[Row]
    document: Document
    previous: Sequence[Row] | None

    @property
    def specs(self) -> dict[str, Document]:
        """The policy's indicators by id."""
        return {spec["id"]: spec for spec in self.document["indicators"]}

    @property
    def enterprises_by_id(self) -> dict[str, Row]:
        """The enterprises in the order of their ids."""
        return {
            one["enterprise_id"]: one for one in sorted(self.enterprises, key=lambda one: str(one["enterprise_id"]))
        }


def cases(*, most_enterprises: int = 6, most_records: int = 14, compares: bool = True) -> st.SearchStrategy[Case]:
    """Cases by their sizes and a seed."""
    return st.builds(
        lambda *drawn: case_of(*drawn, compares=compares),
        st.integers(0, 2**32 - 1),
        st.integers(1, most_enterprises),
        st.integers(0, most_records),
        st.integers(1, 6),
        st.integers(1, 9),
    )


def case_of(
    seed: int, n_enterprises: int, n_records: int, n_indicators: int, n_rules: int, *, compares: bool = True
) -> Case:
    """One case; the same numbers always give the same."""
    rng = Random(seed)  # noqa: S311 - examples, no secrets
    as_of = rng.choice(DAYS)
    register = enterprises(rng, n_enterprises, as_of)
    ids = sorted(one["enterprise_id"] for one in register)
    table = records(rng, n_records, ids, as_of)
    cohort = Cohort(
        [(name, as_of) for name in ids], with_actions(table), {one["enterprise_id"]: one for one in register}
    )
    values: dict[str, list[Value]] = {}

    def values_of(document: Document) -> Mapping[str, list[Value]]:
        specs: dict[str, Any] = {spec["id"]: spec for spec in document["indicators"]}
        values.update(indicator_values(document, specs, cohort, list(specs)))
        return values

    def totals_of(document: Document) -> list[int]:
        rows = [{name: column[row] for name, column in values.items()} for row in range(len(ids))]
        return [total_of(document, lines_and_scores(document, row)[1]) for row in rows]

    document = policy(rng, n_indicators, n_rules, values_of, totals_of, compares=compares)
    previous = assessment_before(rng, document, ids, as_of) if rng.random() < 0.6 else None
    return Case(as_of, register, table, document, previous)
