"""The exported SQL, run by DuckDB, gives what the scorer gives: rule by rule, dimension by dimension, tier by tier."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import built_in_policies, load_editions
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, score
from creditrisk.scoring.tiering import assign_tiers

EDITIONS = [edition for name in built_in_policies() for edition in load_editions(name)]
NAMES = ("safety.a", "quality.b", "quality.c")
TEXT = {"zh": "例", "en": "example"}


def by_sql(policy: Policy, indicators: dict[str, np.ndarray]) -> pl.DataFrame:
    frame = pl.DataFrame({"enterprise_id": np.arange(len(next(iter(indicators.values())))), **indicators})
    with duckdb.connect() as connection:
        connection.register("indicators", frame.to_arrow())
        result = connection.sql(cr.scoring_sql(policy)).to_arrow_table()
    return pl.DataFrame(pl.from_arrow(result)).sort("enterprise_id")


def by_scorer(policy: Policy, indicators: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    scores = score(policy, indicators)
    tiering = assign_tiers(policy, scores, indicators)
    tiers = np.array([tier.id for tier in policy.tiers], dtype=object)
    columns: dict[str, np.ndarray] = {"score": scores.total / TOTAL_UNIT}
    columns |= {name: points / POINT_UNIT for name, points in scores.dimensions.items()}
    columns |= {"tier_by_score": tiers[tiering.by_score], "tier": tiers[tiering.tier]}
    columns |= {f"met.{bound.id}": tiering.met[bound.id] for bound in policy.tier_bounds}
    for hit in scores.hits:
        points = np.zeros(len(scores))
        points[hit.rows] = hit.points / POINT_UNIT
        columns[f"points.{hit.rule.id}"] = points
    return columns


def assert_equal(policy: Policy, indicators: dict[str, np.ndarray]) -> None:
    theirs, ours = by_sql(policy, indicators), by_scorer(policy, indicators)
    assert theirs.columns == ["enterprise_id", *ours]
    for name, column in ours.items():
        np.testing.assert_array_equal(theirs[name].to_numpy(), column, err_msg=name)


def numbers_of(policy: Policy) -> set[float]:
    """Every number of the rules and conditions: where points and tiers change."""
    found: set[float] = set()

    def search(data: Any) -> None:
        for item in data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ():
            search(item)
            if isinstance(item, float | int):
                found.add(float(item))

    search([part.model_dump() for part in (*policy.rules, *policy.bounds)])
    return found


@pytest.mark.parametrize("policy", EDITIONS, ids=lambda policy: f"{policy.id}@{policy.edition}")
def test_built_in_policies_score_the_same_on_random_and_boundary_values(policy: Policy) -> None:
    random = np.random.default_rng(20260630)
    cuts = np.array(sorted(numbers_of(policy)))
    edges = np.concatenate([cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf), [np.nan, 0.0, -0.0]])
    shape = (3_000,)
    indicators = {
        name: np.select(
            [random.random(shape) < chance for chance in (0.5, 0.5, 0.3)],
            [np.zeros(shape), random.choice(edges, shape), random.integers(0, 12, shape).astype(float)],
            random.lognormal(2.0, 4.0, shape),
        )
        for name in policy.indicators_used
    }
    assert_equal(policy, indicators)


@pytest.mark.parametrize("policy", [cr.load_policy("jiangsu", day) for day in ("2025-06-30", "2026-06-30")])
def test_built_in_policies_score_the_simulated_province_the_same(
    policy: Policy, province: tuple[cr.Enterprises, cr.Records]
) -> None:
    enterprises, records = province
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, policy=policy, only=policy.indicators_used)
    cohort = enterprises.data.select("enterprise_id", as_of=pl.date(2026, 6, 30))
    values = builder.fit_transform(cohort)
    assert_equal(policy, {name: values[name].to_numpy() for name in policy.indicators_used})


points = st.integers(-40_000, 40_000).map(lambda number: number / 1000)
few = st.sampled_from([-1.5, 0.0, 0.1, 0.5, 1.0, 2.5, 3.0, 7.0, 1e5])
values = st.one_of(few, st.just(np.nan), st.integers(-4, 9).map(float), st.floats(-1e9, 1e9))
part = {"reason": st.just(TEXT), "basis": st.just("example -- '\"\n; DROP TABLE indicators")}


def rising(numbers: list[float]) -> list[float]:
    return sorted(set(numbers))


comparisons = st.builds(
    lambda name, sign, number, missing: {"indicator": name, sign: number, "missing": missing},
    st.sampled_from(NAMES), st.sampled_from(["at_least", "above", "at_most", "below"]), few, st.booleans(),
)  # fmt: skip
conditions: st.SearchStrategy[dict[str, Any]] = st.recursive(
    comparisons,
    lambda inner: st.builds(
        lambda word, parts: {word: parts},
        st.sampled_from(["all_of", "any_of"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    form = draw(st.sampled_from(["per_unit", "bands", "values"]))
    if form == "per_unit":
        cap = draw(st.one_of(st.none(), st.integers(1, 60_000).map(lambda number: number / 1000)))
        return {form: {"points": draw(points), "unit": draw(st.sampled_from([1.0, 0.3, 7.0, 1e5])), "cap": cap}}
    cuts = draw(st.lists(few, min_size=1, max_size=4).map(rising))
    if form == "bands":
        ends = zip([None, *cuts], [*cuts, None], strict=True)
        return {form: [{"from": low, "below": high, "points": draw(points)} for low, high in ends]}
    return {form: [{"value": cut, "points": draw(points)} for cut in cuts], "unseen": draw(points)}


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    rules = [
        {
            "id": f"{draw(st.sampled_from(['safety', 'quality']))}.r{number}",
            "indicator": draw(st.sampled_from(NAMES)),
            "when": draw(st.one_of(st.none(), conditions)),
            "missing": draw(points),
            **draw(forms()),
            **{key: draw(value) for key, value in part.items()},
        }
        for number in range(draw(st.integers(1, 4)))
    ]
    ids = ["t0", "t1", "t2", "t3"]
    kind = draw(st.sampled_from(["at_least", "above", "share"]))
    cuts = [0.2, 0.35] if kind == "share" else sorted(draw(st.lists(points, min_size=2, max_size=2, unique=True)))[::-1]
    condition_only = draw(st.integers(0, 3))
    by_score = iter([{kind: cuts[0]}, {kind: cuts[1]}, {}])
    inspection = {"general": {"ratio": 0.1}, "key": {"ratio": 0.1}, "basis": "example"}
    tiers = [
        {"id": name, "label": TEXT, "inspection": inspection, "basis": "example"}
        | ({"by_condition_only": True} if number == condition_only else next(by_score))
        for number, name in enumerate(ids)
    ]
    bounds = {
        kind: [
            {
                "id": f"{kind}.b{number}",
                "when": draw(conditions),
                draw(st.sampled_from([side, "exactly"])): draw(st.sampled_from(ids)),
                **{key: draw(value) for key, value in part.items()},
            }
            for number in range(draw(st.integers(0, 3)))
        ]
        for kind, side in (("floors", "at_worst"), ("thin_evidence", "at_best"), ("vetoes", "at_best"))
    }
    indicators = [
        {"id": name, "label": TEXT, "direction": "none", "source": "example", "measure": "count"} for name in NAMES
    ]
    scale = st.tuples(points, points, points).map(sorted)
    dimensions = {}
    for name, weight in (("safety", 0.375), ("quality", 0.625)):
        floor, base, ceiling = draw(scale)
        dimensions[name] = {"weight": weight, "base": base, "floor": floor, "ceiling": ceiling, "basis": "example"}
    return Policy.model_validate(
        {
            "format": 1, "id": "drawn", "edition": "1", "title": TEXT, "effective_from": "2026-01-01",
            "basis": "example", "indicators": indicators, "dimensions": dimensions, "rules": rules, "tiers": tiers,
            "severity_weights": {"minor": 1, "general": 1, "serious": 1, "grave": 1, "basis": "example"}, **bounds,
        }
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(policies(), st.lists(st.tuples(values, values, values), min_size=1, max_size=30))
def test_any_policy_scores_any_values_the_same(policy: Policy, rows: list[tuple[float, float, float]]) -> None:
    columns = np.array(rows, dtype=np.float64).T
    assert_equal(policy, dict(zip(NAMES, columns, strict=True)))


def test_names_are_quoted_and_texts_cannot_leave_their_comment() -> None:
    policy = cr.load_policy("jiangsu")
    hostile = policy.model_copy(update={"basis": "x\nDROP TABLE enterprises;\u2028 -- '", "sha256": "\r\x00y"})
    values = {name: [0.0] for name in policy.indicators_used}
    with duckdb.connect() as connection:
        connection.execute('CREATE SCHEMA "a.b"')
        connection.register("given_frame", pl.DataFrame({'id "x"': ["E1"], **values}).to_arrow())
        connection.execute('CREATE TABLE "a.b"."given" AS SELECT * FROM given_frame')
        sql = cr.scoring_sql(hostile, table=("a.b", "given"), id_column='id "x"')
        assert connection.execute(sql).fetchall()[0][0] == "E1"
        connection.execute("CREATE TABLE points AS SELECT * FROM given_frame")
        assert connection.execute(cr.scoring_sql(policy, table="points", id_column='id "x"')).fetchall()
    assert all(line.startswith("--") for line in sql.partition("\nWITH\n")[0].splitlines())
    for name in ("", "a\nb"):
        with pytest.raises(cr.InputError, match="cannot be the name"):
            cr.scoring_sql(policy, table=name)


def test_whole_numbers_decimals_and_nulls_score_as_doubles_do() -> None:
    policy = cr.load_policy("jiangsu")
    nothing = dict.fromkeys(policy.indicators_used, 0)
    rows = [nothing | {"safety.penalty_severity": value} for value in (None, 3, 7)]
    frame = pl.DataFrame([{"enterprise_id": number, **row} for number, row in enumerate(rows)])
    with duckdb.connect() as connection:
        connection.register("indicators", frame.to_arrow())
        result = connection.sql(cr.scoring_sql(policy)).to_arrow_table()
    scored = by_scorer(policy, {name: frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in nothing})
    np.testing.assert_array_equal(result.sort_by("enterprise_id")["score"].to_numpy(), scored["score"])


def test_what_the_query_leaves_out_is_said() -> None:
    limits = {"rise_at_most_steps": 1, "per_months": 12, "basis": "example"}
    policy = cr.load_policy("jiangsu").model_copy(update={"limits_on_change": None})
    assert "regimes, which need the enterprise table" in cr.scoring_sql(policy)
    assert "limits on change" not in cr.scoring_sql(policy)
    limited = Policy.model_validate({**policy.model_dump(by_alias=True), "limits_on_change": limits})
    assert "limits on change, which need the assessment before" in cr.scoring_sql(limited)
    assert "edition 2023" in cr.scoring_sql("jiangsu", as_of="2025-06-30")
