"""Small tables that many tests share."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import settings

import creditrisk as cr

# How long an example takes says more of the machine than of the code.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")

AS_OF = date(2026, 6, 30)


@pytest.fixture(scope="session")
def province() -> tuple[cr.Enterprises, cr.Records]:
    """A simulated province of 400 enterprises and about 6,000 records, read as a user would."""
    simulated = cr.simulate_province(400, 15.0, seed=7)
    return cr.read_enterprises(simulated.enterprises), cr.read_records(simulated.records)


@pytest.fixture(scope="session")
def assessment(province: tuple[cr.Enterprises, cr.Records]) -> cr.Assessment:
    """The province assessed by the built-in policy."""
    enterprises, records = province
    return cr.assess(enterprises, records, policy="jiangsu", as_of=AS_OF, output="polars")


def records_of(*rows: dict[str, object]) -> cr.Records:
    """Records of enterprises E1, E2, … written down in a test."""
    complete = [{"record_id": f"r{number}", "enterprise_id": "E1", **row} for number, row in enumerate(rows)]
    return cr.read_records(pl.DataFrame(complete, infer_schema_length=None), id_scheme="any")


def enterprises_of(*rows: dict[str, object]) -> cr.Enterprises:
    """Enterprises written down in a test; established long ago unless they say otherwise."""
    complete = [{"established_on": "2010-01-01", "name": row["enterprise_id"], **row} for row in rows]
    return cr.read_enterprises(pl.DataFrame(complete, infer_schema_length=None), id_scheme="any")
