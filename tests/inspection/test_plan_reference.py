"""Plans come out as plain Python draws them up, row by row: draws, visits, what is unmet, and what joining spares."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import creditrisk as cr
from tests.inspection import reference_draw, reference_plan
from tests.inspection.conftest import TIERS, item
from tests.inspection.reference_plan import Asked, Enterprise, Planned

JIANGSU = cr.load_policy("jiangsu", "2026-06-30")
# Ratios and sizes of which many products are whole numbers, or lie half-way between two.
RATIOS = [0.05, 0.1, 0.125, 0.25, 0.5, 1.0]
REGIMES = ["tiered"] * 5 + ["full_coverage", "observation"]
ITEMS = ["a", "b", "c", "d", "e"]
SCHEMA = {
    "enterprise_id": pl.String, "tier": pl.String, "regime": pl.String, "status": pl.String, "industry": pl.String,
    "region": pl.String, "grid": pl.String, "scale": pl.String, "key_areas": pl.List(pl.String), "w": pl.Float64,
}  # fmt: skip


@st.composite
def policies(draw: Any) -> cr.Policy:
    """The built-in policy with other ratios, caps and times."""
    tiers = []
    for tier in JIANGSU.tiers:
        kinds = {}
        for kind in ("general", "key"):
            every = draw(st.sampled_from([None, None, None, 6, 12, 18]))
            most, below = draw(st.sampled_from([(None, None), (1, None), (2, None), (None, 1), (None, 2), (None, 3)]))
            kinds[kind] = tier.inspection.general.model_copy(
                update={
                    "ratio": min(1.0, 12 / every) if every else draw(st.sampled_from(RATIOS)),
                    "visits_per_year_at_most": most, "visits_per_year_below": below, "every_months": every,
                    "not_again_within_months": draw(st.sampled_from([None, None, 12])),
                }
            )  # fmt: skip
        inspection = tier.inspection.model_copy(update={**kinds, "grid_coverage": draw(st.booleans())})
        tiers.append(tier.model_copy(update={"inspection": inspection}))
    return JIANGSU.model_copy(update={"tiers": tuple(tiers)})


def item_of(draw: Any, name: str) -> cr.InspectionItem:
    kind = draw(st.sampled_from(["general", "general", "key"]))
    least, most = draw(st.sampled_from([(None, None)] * 3 + [(0.25, None), (None, 0.25), (0.1, 0.5)]))
    applies = draw(
        st.sampled_from(
            [{}, {}, {}, {"industries": ("52",)}, {"industries": ("13", "5212")}, {"regions": ("320100",)},
             {"scales": ("micro",), "industries": ("5",)}, {"key_areas": ("food", "mines")}]
        )
    )  # fmt: skip
    return item(
        name, kind=kind, ratio_at_least=least, ratio_at_most=None if kind == "key" else most, applies_to=applies,
        joint_group=draw(st.sampled_from([None, "visit", "visit", "tour"])),
        mode=draw(st.sampled_from(["on_site", "on_site", "off_site"])),
        authority=draw(st.sampled_from(["消防", "市监", "环保"])),
        skills=draw(st.sampled_from([(), ("电",), ("电", "食")])),
    )  # fmt: skip


@st.composite
def enterprises(draw: Any) -> list[Enterprise]:
    """In any order, often with an empty stratum, and often with nothing known of the first of them."""
    size = draw(st.integers(1, 20))
    ids = draw(st.permutations([f"E{number:02d}" for number in range(size)]))
    tiers = draw(st.sampled_from([TIERS, TIERS, ("ordinary",), ("good", "high_risk")]))
    weighted = draw(st.sampled_from([False, False, True]))
    blank = draw(st.integers(0, 3))
    found = []
    for place, one in enumerate(ids):
        known = lambda words, place=place: None if place < blank else draw(st.sampled_from(words))  # noqa: E731
        found.append(
            Enterprise(
                one, draw(st.sampled_from(tiers)), draw(st.sampled_from(REGIMES)),
                known(["active"] * 8 + ["revoked", "deregistered"]), known(["1310", "5211", "5212"]),
                known(["320102", "320100", "320500"]), known(["G1", "G1", None]), known(["micro", "large", None]),
                known([(), ("food",), ("mines", "fire")]),
                draw(st.sampled_from([1.0, 1.0, 2.0, 0.5, 50.0])) if weighted else None,
            )
        )  # fmt: skip
    return found


@st.composite
def requests(draw: Any) -> Asked:
    them = draw(enterprises())
    items = [item_of(draw, name) for name in ITEMS[: draw(st.integers(1, 5))]]
    lines = st.fixed_dictionaries(
        {
            "enterprise_id": st.sampled_from([*(one.id for one in them), "X"]),
            "item": st.sampled_from([*ITEMS[:3], "z"]),
            "reason": st.sampled_from(["complaint", "referral", "key_area"]),
            "note": st.sampled_from(["来信", "转办"]),
        }
    )
    overrides = draw(st.one_of(st.just([]), st.lists(lines, max_size=5)))
    before = st.tuples(
        st.sampled_from([*(one.id for one in them), "gone"]), st.sampled_from([(), ("a",), ("b", "c"), ("z",)])
    )
    year = draw(st.integers(2020, 2030))
    last_days = [date(year - 1, 1, 1), date(year - 1, 1, 2), date(year - 1, 12, 31)]
    last = draw(st.one_of(st.just([]), st.lists(before, min_size=1, max_size=8)))
    caps = st.dictionaries(st.sampled_from([*TIERS, "observation"]), st.integers(1, 2))
    return Asked(
        them, items, draw(policies()), draw(st.text("ab", min_size=1, max_size=2)), year,
        annual_cap=draw(st.one_of(st.just({}), caps)),
        authorities=draw(st.sampled_from([None, None, ("消防", "市监")])),
        coordination=draw(st.sampled_from(["spread", "spread", "independent"])),
        overrides=overrides,
        last=last,
        # On the first day of the plan twelve months are just over, or run one day more.
        last_day=None if not last else draw(st.sampled_from(last_days)),
    )  # fmt: skip


def made(asked: Asked) -> cr.InspectionPlan:
    rows = [(one.id, one.tier, one.regime, one.status, one.industry, one.region, one.grid, one.scale,
             one.key_areas, one.weight) for one in asked.enterprises]  # fmt: skip
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    last = pl.DataFrame(
        {
            "enterprise_id": [one for one, _ in asked.last], "items": [list(items) for _, items in asked.last],
            "window_to": [asked.last_day] * len(asked.last),
        },
        schema={"enterprise_id": pl.String, "items": pl.List(pl.String), "window_to": pl.Date},
    )  # fmt: skip
    return cr.plan_inspections(
        table, asked.items, policy=asked.policy, seed=asked.seed, year=asked.year, annual_cap=asked.annual_cap,
        authorities=asked.authorities, coordination=asked.coordination,  # type: ignore[arg-type]
        overrides=list(asked.overrides) or None, last_plan=last if asked.last else None,
        weight="w" if asked.enterprises[0].weight is not None else None, output="polars",
    )  # fmt: skip


def assert_same(plan: cr.InspectionPlan, expected: Planned) -> None:
    assert list(plan.draws) == sorted(expected.draws)
    for name, draw in plan.draws.items():
        drawn = expected.draws[name]
        assert [(s.name, s.size, s.drawn, s.start) for s in draw.strata] == [
            (part, size, taken, start / 2**30) for part, size, taken, start in expected.strata[name]
        ]
        assert draw.list.select("enterprise_id", "stratum", "number").rows() == [
            (one.id, one.stratum, one.number / reference_draw.CIRCLE) for one in drawn
        ]
        assert draw.list["probability"].to_list() == pytest.approx([float(one.probability) for one in drawn])
        assert draw.frame_sha256 == reference_draw.frame_sha256(expected.frames[name])
    unmet = plan.unmet.select("item", "tier", "what", "required", "got").rows()
    assert [row[:3] for row in unmet] == [row[:3] for row in expected.unmet]
    for row, other in zip(unmet, expected.unmet, strict=True):
        assert row[3:] == tuple(None if value is None else pytest.approx(value) for value in other[3:])
    for row, joint in zip(plan.coordination.rows(), expected.coordination, strict=True):
        assert row[:4] == joint[:4]
        assert row[4:] == pytest.approx(joint[4:], rel=1e-4, abs=1e-5)
    visits = plan.visits.drop("why_en").with_columns(pl.col("tier", "cause").cast(pl.String)).to_dicts()
    for visit, other in zip(visits, expected.visits, strict=True):
        stated = other.pop("draw_probability")
        assert visit.pop("draw_probability") == (None if stated is None else pytest.approx(stated))
        assert visit == other


@settings(max_examples=150, deadline=None)
@given(asked=requests())
def test_a_plan_is_what_plain_python_draws_up(asked: Asked) -> None:
    assert_same(made(asked), reference_plan.plan(asked))
