"""The data model: columns of the enterprise and record tables, their Polars types, and one-row models.

The library computes with the frames; the pydantic models define single rows (an enterprise or a record entered by hand
or sent to a service) and describe each field.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, RECORD_TYPES, SCALES, SEVERITIES, STATUSES

__all__ = [
    "ATTRIBUTE_PREFIX",
    "ENTERPRISE_SCHEMA",
    "RECORD_SCHEMA",
    "REJECT_SCHEMA",
    "Enterprise",
    "Record",
    "record_schema",
]

# Each further named number is a column with this prefix, such as ``attributes.critical``.
ATTRIBUTE_PREFIX = "attributes."


def record_schema(further_types: Sequence[str] = ()) -> dict[str, pl.DataType]:
    """Return the columns of the record table and their types; a policy may name further record types."""
    return {
        "record_id": pl.String(),
        "enterprise_id": pl.String(),
        "type": pl.Enum([*RECORD_TYPES, *further_types]),
        "dimension": pl.Enum(list(DIMENSIONS)),
        "severity": pl.Enum(list(SEVERITIES)),
        "outcome": pl.Enum(list(OUTCOMES)),
        "amount": pl.Float64(),
        "occurred_on": pl.Date(),
        "known_on": pl.Date(),
        "expires_on": pl.Date(),
        "repaired_on": pl.Date(),
        "revoked_on": pl.Date(),
        "authority": pl.String(),
        "region": pl.String(),
        "matter": pl.String(),
        "basis": pl.String(),
        "acts_on": pl.String(),
        "draw_probability": pl.Float64(),
        "source": pl.Categorical(),
        "source_row": pl.UInt32(),
    }


RECORD_SCHEMA = record_schema()

ENTERPRISE_SCHEMA: dict[str, pl.DataType] = {
    "enterprise_id": pl.String(),
    "name": pl.String(),
    "former_names": pl.List(pl.String()),
    "established_on": pl.Date(),
    "status": pl.Enum(list(STATUSES)),
    "region": pl.String(),
    "industry": pl.String(),
    "scale": pl.Enum(list(SCALES)),
    "employees": pl.Int64(),
    "key_areas": pl.List(pl.String()),
    "new_business_form": pl.Boolean(),
    "observation_until": pl.Date(),
    "grid": pl.String(),
    "source": pl.Categorical(),
    "source_row": pl.UInt32(),
}

REJECT_SCHEMA: dict[str, pl.DataType] = {
    "table": pl.Enum(["enterprises", "records"]),
    "source": pl.String(),
    "row": pl.UInt32(),
    "column": pl.String(),
    "value": pl.String(),
    "code": pl.String(),
    "message_zh": pl.String(),
    "message_en": pl.String(),
}

Identifier = Annotated[str, Field(min_length=1)]


class Enterprise(BaseModel):
    """One enterprise: a legal entity, keyed by ``enterprise_id``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enterprise_id: Identifier
    name: str | None = None
    former_names: tuple[str, ...] = ()
    established_on: date | None = None
    status: str | None = Field(None, description=f"one of {', '.join(STATUSES)}")
    region: str | None = Field(None, description="GB/T 2260, six digits")
    industry: str | None = Field(None, description="GB/T 4754 code")
    scale: str | None = Field(None, description=f"one of {', '.join(SCALES)}")
    employees: int | None = Field(None, ge=0)
    key_areas: tuple[str, ...] = Field((), description="such as hazardous_chemicals, food, drugs")
    new_business_form: bool = False
    observation_until: date | None = None
    grid: str | None = Field(None, description="网格 of the enterprise's address")


class Record(BaseModel):
    """One supervision fact about one enterprise, with the day it happened and the day it was known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_id: Identifier
    enterprise_id: Identifier
    type: str = Field(description=f"one of {', '.join(RECORD_TYPES)}, or a type that the policy adds")
    occurred_on: date
    known_on: date | None = Field(None, description="defaults to occurred_on")
    dimension: str | None = Field(None, description=f"one of {', '.join(DIMENSIONS)}")
    severity: str | None = Field(None, description=f"one of {', '.join(SEVERITIES)}")
    outcome: str | None = Field(None, description=f"one of {', '.join(OUTCOMES)}")
    amount: float | None = Field(None, ge=0, description="CNY")
    expires_on: date | None = Field(None, description="last day on which the record counts")
    repaired_on: date | None = Field(None, description="from this day on the record no longer counts")
    revoked_on: date | None = Field(None, description="from this day on the record no longer counts")
    authority: str | None = None
    region: str | None = Field(None, description="GB/T 2260, six digits")
    matter: str | None = Field(None, description="item or violation code")
    basis: str | None = Field(None, description="legal basis")
    acts_on: str | None = Field(None, description="the record that a repair or revocation names")
    draw_probability: float | None = Field(None, gt=0, le=1)
    attributes: dict[str, float] = Field(default_factory=dict)
