"""The same indicators in pandas: one boolean filter and one group-by per indicator.

This is the reference of the benchmark. It is written only from the definitions of :class:`IndicatorSpec`, so it is also
a second implementation that checks the engine. The standing of the records is computed once, and the ids become
categories once, so that no group-by has to compare texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from creditrisk.indicators.spec import IndicatorSpec, Selection

__all__ = ["indicators"]

DAYS_PER_MONTH = 30.4375
SEVERITIES = ["minor", "general", "serious", "grave"]
NONE_IS_ZERO = {"count", "sum", "weighted_sum", "flag", "distinct"}


def indicators(
    specs: Sequence[IndicatorSpec],
    records: pd.DataFrame,
    enterprises: pd.DataFrame,
    as_of: pd.Timestamp,
    severity_weights: Mapping[str, float],
) -> pd.DataFrame:
    """Compute indicators on one day: a row per enterprise (indexed by id), a column per indicator.

    Dates are ``datetime64``; there is no policy, so there are no terms and no exemptions.
    """
    ids = pd.CategoricalDtype(enterprises["enterprise_id"])
    records = records.assign(
        enterprise_id=records["enterprise_id"].astype(ids),
        severity=records["severity"].astype(pd.CategoricalDtype(SEVERITIES)).fillna("general"),
    )
    records = records[records["enterprise_id"].notna()]
    known = (records["occurred_on"] <= as_of) & ~(records["known_on"] > as_of)
    ended = (records["expires_on"] < as_of) | (records["repaired_on"] <= as_of) | (records["revoked_on"] <= as_of)
    standing = {"known": records[known], "in_force": records[known & ~ended]}
    attributes = enterprises.set_index("enterprise_id")
    columns = {}
    for spec in specs:
        if spec.measure == "attribute":
            value = _attribute(attributes, spec.of, as_of)
        else:
            value = _measured(spec, standing[spec.select.standing], as_of, severity_weights)
            value = value.reindex(attributes.index, fill_value=0 if spec.measure in NONE_IS_ZERO else np.nan)
        if spec.per is not None:
            by = _attribute(attributes, spec.per, as_of)
            value = value / by.where(by > 0)
        if spec.percentile_within:
            groups = value.groupby([attributes[name] for name in spec.percentile_within], observed=True, dropna=False)
            value = (groups.rank() - 0.5) / groups.transform("count") * 100
        columns[spec.id] = value.astype(np.float64)
    return pd.DataFrame(columns)


def _measured(
    spec: IndicatorSpec, records: pd.DataFrame, as_of: pd.Timestamp, weights: Mapping[str, float]
) -> pd.Series:
    chosen = records[_selected(records, spec.select, spec.window_months, as_of)]
    ids = chosen["enterprise_id"]
    # Each addend is a whole number of the engine's unit (money 0.01, others a millionth, weights a
    # thousand-millionth): the engine defines a discounted sum so, and otherwise many roundings would add up.
    match spec.measure:
        case "count":
            if spec.half_life_months is None and not spec.time_steps:
                return chosen.groupby(ids, observed=True).size()
            return _time_weights(spec, chosen, as_of).round(9).groupby(ids, observed=True).sum()
        case "weighted_sum":
            by_severity = chosen["severity"].astype(str).map(weights)
            return (by_severity * _time_weights(spec, chosen, as_of)).round(9).groupby(ids, observed=True).sum()
        case "sum":
            decimals = 2 if spec.of == "amount" else 6
            values = (chosen[spec.of] * _time_weights(spec, chosen, as_of)).round(decimals)
            return values.groupby(ids, observed=True).sum()
        case "flag":
            return (chosen.groupby(ids, observed=True).size() > 0).astype(float)
        case "ratio":
            whole = records[_selected(records, spec.out_of, spec.window_months, as_of)]
            part = _selected(whole, spec.select, spec.window_months, as_of)
            return part.groupby(whole["enterprise_id"], observed=True).mean()
        case "days_since_last":
            return (as_of - chosen["occurred_on"].groupby(ids, observed=True).max()).dt.days
        case "days_since_first":
            return (as_of - chosen["occurred_on"].groupby(ids, observed=True).min()).dt.days
    values = chosen["severity"].astype(str).map(weights) if spec.of == "severity" else chosen[spec.of]
    match spec.measure:
        case "distinct":
            return values.groupby(ids, observed=True).nunique()
        case "mean":
            return values.groupby(ids, observed=True).mean()
        case "last":
            present = values.notna()
            days = chosen["occurred_on"][present]
            values = values[present][days == days.groupby(ids[present], observed=True).transform("max")]
    return values.groupby(ids, observed=True).max()


def _selected(records: pd.DataFrame, selection: Selection, months: int | None, as_of: pd.Timestamp) -> pd.Series:
    selected = pd.Series(True, index=records.index)
    if selection.types:
        selected &= records["type"].isin(selection.types)
    if selection.dimension is not None:
        selected &= records["dimension"] == selection.dimension
    if selection.severity_at_least is not None:
        selected &= records["severity"].isin(SEVERITIES[SEVERITIES.index(selection.severity_at_least) :])
    if selection.outcomes:
        selected &= records["outcome"].isin(selection.outcomes)
    if selection.authorities:
        selected &= records["authority"].isin(selection.authorities)
    if selection.matters:
        selected &= records["matter"].isin(selection.matters)
    if months is not None:
        selected &= records["occurred_on"] > as_of - pd.DateOffset(months=months)
    return selected


def _time_weights(spec: IndicatorSpec, records: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    if spec.half_life_months is not None:
        age = (as_of - records["occurred_on"]).dt.days
        return 0.5 ** (age / (spec.half_life_months * DAYS_PER_MONTH))
    weights = pd.Series(0.0 if spec.time_steps else 1.0, index=records.index)
    for step in reversed(spec.time_steps):
        weights[records["occurred_on"] > as_of - pd.DateOffset(months=step.months)] = step.weight
    return weights


def _attribute(enterprises: pd.DataFrame, name: str | None, as_of: pd.Timestamp) -> pd.Series:
    match name:
        case "age_days":
            return (as_of - enterprises["established_on"]).dt.days
        case "key_area_count":
            return enterprises["key_areas"].str.len().fillna(0)
        case "new_business_form":
            return enterprises["new_business_form"].fillna(False)
    return enterprises[name]
