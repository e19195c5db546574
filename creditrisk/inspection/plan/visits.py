"""The visits of a plan, one row each: the enterprise, items, departments, place and reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import IntEnum

import polars as pl

from creditrisk.inspection.plan.intensity import requirement
from creditrisk.inspection.plan.items import GRID, InspectionItem
from creditrisk.inspection.plan.overriding import OVERRIDE_REASONS
from creditrisk.inspection.plan.population import FULL_COVERAGE, OBSERVATION, Population, strata_of
from creditrisk.policy.document import Policy
from creditrisk.vocabulary import REGIMES, Label

__all__ = ["CAUSES", "VISIT_ROWS", "Cause", "grid_rows", "visit_table"]

CAUSES = ("draw", "full_coverage", "grid", "override")


class Cause(IntEnum):
    """The cause of a visit, as a position in CAUSES."""

    DRAW = 0
    FULL_COVERAGE = 1
    GRID = 2
    OVERRIDE = 3


# The short form of visits: rows of the population, positions of groups, items as bits; a note is the line number of the
# visit's first override.
VISIT_ROWS: dict[str, type[pl.DataType]] = {
    "row": pl.UInt32,
    "group": pl.UInt16,
    "items": pl.UInt64,
    "stratum": pl.UInt8,
    "cause": pl.UInt8,
    "note": pl.UInt32,
    "order": pl.UInt32,
    "probability": pl.Float64,
}

# The overrides of the same enterprise, by the line number of each override.
_Entries = Mapping[int, Sequence[Mapping[str, str]]]

_KIND = ("group", "items", "stratum", "cause", "note")
_TEXTS = ("joint_group", "lead_department", "mode", "why_zh", "why_en", "id_stem")
_LISTS = ("items", "departments", "skills")


def visit_table(
    rows: pl.DataFrame,
    population: Population,
    groups: Mapping[str, Sequence[InspectionItem]],
    overrides: pl.DataFrame,
    year: int,
) -> pl.DataFrame:
    """Turn visits from their short form into the full table.

    Parameters
    ----------
    rows : polars.DataFrame
        The columns of VISIT_ROWS.
    """
    kinds = rows.select(_KIND).unique(maintain_order=True).with_row_index("kind")
    entries = _by_note(overrides)
    described = pl.DataFrame(
        [_described(kind, population.policy, groups, entries, year) for kind in kinds.iter_rows(named=True)],
        schema={**dict.fromkeys(_LISTS, pl.List(pl.String)), **dict.fromkeys(_TEXTS, pl.String)},
    )
    kind = rows.select(_KIND).join(kinds, on=_KIND, how="left", maintain_order="left")["kind"]
    told = described.select(pl.all().gather(kind))
    ids = population.ids.gather(rows["row"])
    places = {name: _texts(population, name, rows["row"]) for name in ("region", "grid")}
    day = {"window_from": date(year, 1, 1), "window_to": date(year, 12, 31)}
    return pl.DataFrame(
        {
            "visit_id": pl.select(pl.concat_str(told["id_stem"], ids)).to_series(),
            "enterprise_id": ids,
            "items": told["items"],
            "departments": told["departments"],
            "lead_department": told["lead_department"],
            "mode": told["mode"],
            "skills": told["skills"],
            **places,
            "tier": population.tier.gather(rows["row"]),
            "joint_group": told["joint_group"],
            **{name: pl.repeat(value, rows.height, dtype=pl.Date, eager=True) for name, value in day.items()},
            "draw_order": rows["order"],
            "draw_probability": rows["probability"],
            "cause": pl.Series(CAUSES, dtype=pl.Enum(CAUSES)).gather(rows["cause"]),
            "why_zh": told["why_zh"],
            "why_en": told["why_en"],
        }
    )


def grid_rows(rows: pl.DataFrame, population: Population) -> pl.DataFrame:
    """Return the short form of the grid's visits by region, grid and enterprise; those without a grid come last."""
    grid = rows.filter(pl.col("cause") == Cause.GRID)
    places = {name: _texts(population, name, grid["row"]) for name in ("region", "grid")}
    in_order = grid.with_columns(**places).sort(pl.col("grid").is_null(), "region", "grid", "row", nulls_last=True)
    return in_order.select(list(VISIT_ROWS))


def _by_note(overrides: pl.DataFrame) -> _Entries:
    """Return all overrides of the same enterprise, by the line number of each override."""
    by_enterprise: dict[str, list[dict[str, str]]] = {}
    for entry in overrides.iter_rows(named=True):
        by_enterprise.setdefault(entry["enterprise_id"], []).append(entry)
    return {note: by_enterprise[one] for note, one in enumerate(overrides["enterprise_id"], start=1)}


def _described(
    kind: dict[str, int],
    policy: Policy,
    groups: Mapping[str, Sequence[InspectionItem]],
    overrides: _Entries,
    year: int,
) -> dict[str, object]:
    """Return the columns that are equal for all visits of a kind."""
    cause, stratum = Cause(kind["cause"]), strata_of(policy)[kind["stratum"]]
    if cause == Cause.GRID:
        label = _label(policy, stratum)
        return {
            "items": [], "departments": [], "skills": [], "lead_department": None, "mode": "on_site",
            "joint_group": None,
            "why_zh": f"{label.zh}级由网格全覆盖，本年未被抽中",
            "why_en": f"Tier {label.en}: covered in full by the grid; not drawn this year",
            "id_stem": f"{year}-{GRID}-",
        }  # fmt: skip
    name = list(groups)[kind["group"]]
    items = [item for place, item in enumerate(groups[name]) if kind["items"] >> place & 1]
    leading = next((item for item in items if item.kind == "key"), items[0])
    why = _why(cause, policy, items, stratum, overrides, kind["note"])
    return {
        "items": [item.id for item in items],
        "departments": list(dict.fromkeys(item.authority for item in items)),
        "skills": list(dict.fromkeys(skill for item in items for skill in item.skills)),
        "lead_department": leading.authority,
        "mode": "on_site" if any(item.mode == "on_site" for item in items) else "off_site",
        "joint_group": items[0].joint_group,
        "why_zh": why.zh,
        "why_en": why.en,
        "id_stem": f"{year}-{name}-override{kind['note']}-" if cause == Cause.OVERRIDE else f"{year}-{name}-",
    }


def _why(
    cause: Cause, policy: Policy, items: Sequence[InspectionItem], stratum: str, overrides: _Entries, note: int
) -> Label:
    if cause == Cause.OVERRIDE:
        of_visit = {item.id: item.name for item in items}
        said = [
            (OVERRIDE_REASONS[one["reason"]], one["note"], of_visit[one["item"]])
            for one in overrides[note]
            if one["item"] in of_visit
        ]
        return Label(
            "；".join(f"{reason.zh}：{text}（{name.zh}）" for reason, text, name in said),
            "; ".join(f"{reason.en}: {text} ({name.en})" for reason, text, name in said),
        )
    label = _label(policy, stratum)
    if cause == Cause.FULL_COVERAGE:
        names = "、".join(item.name.zh for item in items), ", ".join(item.name.en for item in items)
        return Label(f"{label.zh}：{names[0]}", f"{label.en}: {names[1]}")
    shares = [f"{requirement(policy, item, stratum).ratio * 100:.4g}%" for item in items]
    zh = "、".join(f"{item.name.zh} {share}" for item, share in zip(items, shares, strict=True))
    en = ", ".join(f"{item.name.en} {share}" for item, share in zip(items, shares, strict=True))
    return Label(f"{label.zh}企业随机抽取：{zh}", f"Drawn at random, {label.en}: {en} a year")


def _label(policy: Policy, stratum: str) -> Label:
    if stratum in (OBSERVATION, FULL_COVERAGE):
        return REGIMES[stratum]
    label = policy.tier(stratum).label
    return Label(label.zh, label.en)


def _texts(population: Population, column: str, rows: pl.Series) -> pl.Series:
    if column not in population.attributes.columns:
        return pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    return population.attributes[column].gather(rows).cast(pl.String)
