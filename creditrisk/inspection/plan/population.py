"""The enterprises of a plan with their tier, regime, place and industry, in the order of their ids."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.assessment import Assessment
from creditrisk.errors import InputError
from creditrisk.files.account import InputUsed
from creditrisk.files.saved import input_of, read_saved
from creditrisk.frames import is_frame, to_polars
from creditrisk.inspection.draws.drawing import OUTSIDE, in_order
from creditrisk.inspection.plan.items import InspectionItem
from creditrisk.inspection.plan.regions import stem_of
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.records.tables import Enterprises
from creditrisk.vocabulary import REGIMES

__all__ = ["FULL_COVERAGE", "OBSERVATION", "Population", "population_of", "strata_of"]

OBSERVATION = "observation"
FULL_COVERAGE = "full_coverage"

_ASSESSMENTS = "assessments.parquet"
# Enterprises that have ended are not visited.
_ENDED = ("revoked", "deregistered")
_ATTRIBUTES = ("region", "industry", "scale", "key_areas", "grid", "status")
_CODED = ("region", "industry", "scale", "grid")


def strata_of(policy: Policy) -> tuple[str, ...]:
    """Return the strata of draws: the tiers and the two further regimes."""
    return (*(tier.id for tier in policy.tiers), OBSERVATION, FULL_COVERAGE)


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """The enterprises of a plan, one row each, by id.

    Attributes
    ----------
    policy : Policy
    ids : Series of str
    tier : Series of Enum
    stratum : ndarray of uint8
        The position in :func:`strata_of`; OUTSIDE for enterprises that are revoked or deregistered.
    attributes : polars.DataFrame
        region, industry, scale, grid (categorical), key_areas, if they are known.
    weights : ndarray of float64, optional
        Probabilities within a stratum are in proportion to these.
    inputs : dict of str to InputUsed
        The inputs from which it was made, for the account of a run.
    """

    policy: Policy
    ids: pl.Series
    tier: pl.Series
    stratum: NDArray[np.uint8]
    attributes: pl.DataFrame
    weights: NDArray[np.float64] | None
    inputs: dict[str, InputUsed]

    def __len__(self) -> int:
        return len(self.ids)

    def members(self, item: InspectionItem) -> NDArray[np.bool_]:
        """Return the mask of enterprises to which an item applies; an unknown industry or region meets no list."""
        there = self.stratum != OUTSIDE
        conditions = []
        for column, words in (
            ("industry", item.applies_to.industries),
            ("region", [stem_of(region) for region in item.applies_to.regions]),
            ("scale", item.applies_to.scales),
            ("key_areas", item.applies_to.key_areas),
        ):
            if not words:
                continue
            if column not in self.attributes.columns:
                raise InputError(f"item {item.id} applies by {column}, which is not known: pass enterprises= as well")
            conditions.append(_meets(self.attributes[column], words, whole=column in ("scale", "key_areas")))
        return reduce(and_, conditions, there)

    def rows_of(self, enterprise_ids: pl.Series) -> pl.Series:
        """Return the row of each enterprise; null if it is not in the population."""
        rows = pl.DataFrame({"enterprise_id": self.ids}).with_row_index("row")
        asked = pl.DataFrame({"enterprise_id": enterprise_ids.cast(pl.String)})
        return asked.join(rows, on="enterprise_id", how="left", maintain_order="left")["row"]


def population_of(
    source: Any, policy: Policy | str | os.PathLike[str] | None, enterprises: Any = None, weight: str | None = None
) -> Population:
    """Return the population of an assessment, or of a table with enterprise_id, tier and further known columns.

    Raises
    ------
    InputError
        If there is no such table, a folder's table does not match its account, the table is empty, a column is missing,
        or an id, tier, regime or weight cannot be used.
    """
    if isinstance(source, Assessment):
        loaded = source.policy if policy is None else load_policy(policy, source.as_of)
        table = _attributes_and_tiers(source.assessed)
    else:
        table = _table(source)
        loaded = _policy_of(table) if policy is None else load_policy(policy, _day_of(table))
    for column in ("enterprise_id", "tier"):
        if column not in table.columns:
            raise InputError(f"a plan needs the column {column} of the assessments")
    if enterprises is not None:
        table = _with_attributes(table, enterprises)
    names = dict.fromkeys(("enterprise_id", "tier", "regime", *_ATTRIBUTES, weight))
    wanted = [name for name in names if name in table.columns]
    if table.is_empty():
        raise InputError("there is no enterprise to inspect: the table of assessments is empty")
    table = in_order(table.select(wanted))
    tier = _known(table["tier"], [one.id for one in loaded.tiers], "tier")
    return Population(
        policy=loaded,
        ids=table["enterprise_id"],
        tier=tier,
        stratum=_strata(table, tier, loaded),
        attributes=table.select(
            *(pl.col(name).cast(pl.String).cast(pl.Categorical) for name in _CODED if name in table.columns),
            *(name for name in ("key_areas",) if name in table.columns),
        ),
        weights=None if weight is None else _weights(table, weight),
        inputs=_used(source),
    )


def _attributes_and_tiers(assessed: Assessed) -> pl.DataFrame:
    tiers = [tier.id for tier in assessed.policy.tiers]
    enterprises = assessed.enterprises.data
    known = [name for name in _ATTRIBUTES if name in enterprises.columns]
    return enterprises.select("enterprise_id", *known).with_columns(
        tier=pl.Series(tiers, dtype=pl.Enum(tiers)).gather(assessed.tiering.tier), regime=assessed.regimes
    )


def _table(source: Any) -> pl.DataFrame:
    if is_frame(source):
        return to_polars(source)
    if not isinstance(source, str | os.PathLike):
        raise InputError(f"a plan is made from an assessment, a table or a file of one, got {type(source).__name__}")
    try:
        return read_saved(source, "assessment", (_ASSESSMENTS,), pl.read_parquet, argument="assessment")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"the assessments {source} cannot be read: {error}") from error


def _used(source: Any) -> dict[str, InputUsed]:
    if isinstance(source, Assessment):
        return {"enterprises": source.enterprises.report.used, "records": source.records.report.used}
    if is_frame(source):
        return {"assessments": InputUsed(sources=("frame",))}
    return {"assessments": input_of(source, _ASSESSMENTS)}


def _policy_of(table: pl.DataFrame) -> Policy:
    if not {"policy", "as_of"} <= set(table.columns) or table.is_empty():
        raise InputError("the table does not say by which policy it was assessed: pass policy=")
    name, _, edition = str(table["policy"][0]).partition("@")
    loaded = load_policy(name, _day_of(table))
    if loaded.edition != edition:
        raise InputError(
            f"the table was assessed by edition {edition} of policy {name}, now {loaded.edition}: pass policy="
        )
    return loaded


def _day_of(table: pl.DataFrame) -> date | None:
    return table["as_of"][0] if "as_of" in table.columns and not table.is_empty() else None


def _with_attributes(table: pl.DataFrame, enterprises: Any) -> pl.DataFrame:
    register = enterprises.data if isinstance(enterprises, Enterprises) else to_polars(enterprises)
    if "enterprise_id" not in register.columns:
        raise InputError("the table of enterprises needs the column enterprise_id")
    known = [name for name in _ATTRIBUTES if name in register.columns and name not in table.columns]
    register = register.select(pl.col("enterprise_id").cast(pl.String), *known).unique("enterprise_id", keep="first")
    ids = table.with_columns(pl.col("enterprise_id").cast(pl.String))
    return ids.join(register, on="enterprise_id", how="left", maintain_order="left")


def _strata(table: pl.DataFrame, tier: pl.Series, policy: Policy) -> NDArray[np.uint8]:
    strata = tier.to_physical().cast(pl.UInt8).to_numpy().copy()
    if "regime" in table.columns:
        regime = _known(table["regime"], list(REGIMES), "regime")
        names = strata_of(policy)
        strata[(regime == OBSERVATION).to_numpy()] = names.index(OBSERVATION)
        strata[(regime == FULL_COVERAGE).to_numpy()] = names.index(FULL_COVERAGE)
    if "status" in table.columns:
        strata[table["status"].cast(pl.String).is_in(_ENDED).fill_null(False).to_numpy()] = OUTSIDE
    return strata


def _known(column: pl.Series, words: Sequence[str], what: str) -> pl.Series:
    known = column.cast(pl.String).cast(pl.Enum(words), strict=False)
    if known.null_count():
        wrong = column.filter(known.is_null())[0]
        raise InputError(f"the {what} {wrong!r} of an enterprise is none of the policy's: {', '.join(words)}")
    return known


def _weights(table: pl.DataFrame, weight: str) -> NDArray[np.float64]:
    if weight not in table.columns or not table[weight].dtype.is_numeric():
        raise InputError(f"the weights {weight!r} are no column of numbers in the table")
    weights = table[weight].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    # Every enterprise must have a probability above 0: no tier and no enterprise is exempt from draws.
    wrong = ~(np.isfinite(weights) & (weights > 0))
    if wrong.any():
        at = int(wrong.argmax())
        raise InputError(
            f"the weight {weight!r} of enterprise {table['enterprise_id'][at]!r} is {table[weight][at]}: weights must "
            "be numbers above 0, for nobody is exempt from draws"
        )
    return weights


def _meets(column: pl.Series, words: Sequence[str], *, whole: bool) -> NDArray[np.bool_]:
    if column.dtype == pl.List:
        met = reduce(lambda one, other: one | other, (column.list.contains(word) for word in words))
    elif whole:
        met = column.cast(pl.String).is_in(list(words))
    else:
        met = reduce(lambda one, other: one | other, (column.cat.starts_with(word) for word in words))
    return met.fill_null(False).to_numpy()
