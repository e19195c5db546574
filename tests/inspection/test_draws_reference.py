"""Draws come out as plain Python computes them, row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from tests.inspection import reference_draw as plain
from tests.inspection.reference_draw import Unit

STRATA = ("good", "ordinary", "high_risk")


@st.composite
def frames(draw: Any) -> tuple[list[Unit], dict[str, int], dict[str, int]]:
    """Units in any order, how many of each stratum are drawn, from nobody to all who can be, and where draws start."""
    size = draw(st.integers(0, 14))
    weighted = draw(st.booleans())
    # Few weights, so that many are equal and some make a unit certain.
    weight = st.sampled_from([0.0, 0.1, 0.25, 1.0, 1.0, 1.0, 3.0, 40.0]) if weighted else st.none()
    ids = draw(st.lists(st.text("ABab01中", min_size=1, max_size=4), unique=True, min_size=size, max_size=size))
    units = [
        Unit(one, draw(st.sampled_from(STRATA)), draw(st.sampled_from([True, True, True, False])), draw(weight))
        for one in ids
    ]
    sizes, starts = {}, {}
    for stratum in STRATA:
        able = [unit for unit in units if unit.stratum == stratum and unit.weight != 0.0]
        sizes[stratum] = draw(st.integers(0, sum(unit.open for unit in able)))
        starts[stratum] = draw(st.sampled_from([0, 1, 1 << 29, (1 << 30) - 1]))
    return units, sizes, starts


def table_of(units: Sequence[Unit]) -> pl.DataFrame:
    table = pl.DataFrame(
        [(unit.id, unit.stratum, unit.open, unit.weight) for unit in units],
        schema={"enterprise_id": pl.String, "stratum": pl.String, "open": pl.Boolean, "weight": pl.Float64},
        orient="row",
    )
    return table if any(unit.weight is not None for unit in units) else table.drop("weight")


@settings(max_examples=150, deadline=None)
@given(frame=frames(), seed=st.text("ab", min_size=1, max_size=3), kind=st.sampled_from(["polars", "pandas", "arrow"]))
def test_a_draw_is_what_plain_python_computes(
    frame: tuple[list[Unit], dict[str, int], dict[str, int]], seed: str, kind: str, tmp_path_factory: Any
) -> None:
    units, sizes, starts = frame
    table = table_of(units)
    given_ = {"polars": table, "pandas": table.to_pandas(), "arrow": table.to_arrow()}[kind]
    draw = cr.draw_sample(
        given_, sizes, item="fire", seed=seed, series="s", starts={one: tick / 2**30 for one, tick in starts.items()}
    )
    expected = plain.draw(units, sizes, starts, seed, "s")
    listed = draw.list
    assert listed["enterprise_id"].to_list() == [one.id for one in expected]
    assert listed["order"].to_list() == list(range(1, len(expected) + 1))
    assert listed["stratum"].to_list() == [one.stratum for one in expected]
    assert listed["number"].to_list() == [one.number / plain.CIRCLE for one in expected]
    assert listed["probability"].to_list() == pytest.approx([float(one.probability) for one in expected], rel=1e-12)
    chance = plain.targets(units, sizes)
    in_order = sorted(units, key=lambda unit: unit.id)
    assert draw.targets.tolist() == pytest.approx([float(chance[unit.id]) for unit in in_order], rel=1e-12)
    published = cr.published_list(draw)
    assert published["frame_sha256"] == plain.frame_sha256(units)
    assert published["strata"] == [
        {
            "name": name, "size": sum(unit.stratum == name for unit in units), "drawn": sizes[name],
            "start": starts[name] / 2**30,
        }
        for name in STRATA
    ]  # fmt: skip
    assert [tuple(row) for row in published["drawn"]] == listed.rows()
    path = tmp_path_factory.mktemp("draw") / "fire.json"
    cr.write_draw(draw, path)
    assert cr.verify_draw(path, given_).holds
    assert cr.verify_draw(path).holds


@settings(max_examples=60, deadline=None)
@given(frame=frames(), data=st.data())
def test_whoever_stands_in_the_place_of_another_is_found(
    frame: tuple[list[Unit], dict[str, int], dict[str, int]], data: Any, tmp_path_factory: Any
) -> None:
    units, sizes, starts = frame
    drawn = plain.draw(units, sizes, starts, "2026", "fire")
    others = [unit for unit in units if unit.id not in {one.id for one in drawn}]
    if not drawn or not others:
        return
    draw = cr.draw_sample(
        table_of(units), sizes, item="fire", seed="2026", starts={one: tick / 2**30 for one, tick in starts.items()}
    )
    path: Path = tmp_path_factory.mktemp("draw") / "fire.json"
    place = data.draw(st.integers(0, len(drawn) - 1))
    other = data.draw(st.sampled_from(others))
    published = cr.published_list(draw)
    published["drawn"][place][1] = other.id
    path.write_text(json.dumps(published), encoding="utf-8")
    differences = cr.verify_draw(path, table_of(units)).differences
    assert differences.filter(what="not_drawn")["subject"].to_list() == [other.id]
    assert differences.filter(what="left_out")["subject"].to_list() == [drawn[place].id]


@pytest.mark.parametrize("position", [0, 3, 5])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0, None])
@pytest.mark.parametrize("size", [0, 2, {"a": 1, "b": 0}])
def test_one_weight_that_is_none_among_good_ones_is_an_error_that_names_whose(
    bad: float | None, position: int, size: Any
) -> None:
    weights: list[float | None] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    weights[position] = bad
    frame = pl.DataFrame({"enterprise_id": list("FEDCBA"), "stratum": list("aabbab"), "weight": weights})
    for table in (frame, frame.to_pandas(), frame.to_arrow()):
        with pytest.raises(cr.InputError, match=f"weight of enterprise '{'FEDCBA'[position]}'"):
            cr.draw_sample(table, size, item="fire", seed="2026")
