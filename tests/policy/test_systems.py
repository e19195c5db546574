"""Published systems as policy documents: their worked examples and boundaries come out exactly.

Each test says what it rests on: a **row** (input and output both published by the authority), a **rule** (published;
the example is computed from it by hand) or the **press** (read in secondary texts only).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd
import polars as pl
import pytest

import creditrisk as cr

AS_OF = "2026-06-30"
RECENTLY = "2026-06-01"
PRESS_ONLY = ("jiangsu_environment", "shenzhen_bands", "tax_credit")
Row = dict[str, Any]


def records(policy: cr.Policy, rows: Sequence[Row]) -> cr.Records:
    """Records of E1 that happened on RECENTLY, unless they say otherwise."""
    complete = [
        {"record_id": f"r{number}", "enterprise_id": "E1", "occurred_on": RECENTLY, **row}
        for number, row in enumerate(rows)
    ]
    frame = pl.DataFrame(complete, infer_schema_length=None)
    read = cr.read_records(frame, id_scheme="any", further_types=tuple(policy.record_types))
    assert read.report.rows_rejected == 0
    return read


def enterprises(rows: Sequence[Row]) -> cr.Enterprises:
    """Enterprises established long ago, unless they say otherwise."""
    complete = [{"established_on": "2010-01-01", "name": row["enterprise_id"], **row} for row in rows]
    return cr.read_enterprises(pl.DataFrame(complete, infer_schema_length=None), id_scheme="any")


def assessed(policy: str, *rows: Row, enterprise: Row | None = None) -> pd.Series:
    """E1's row of the assessment; the document needs every column that it reads, so E0 has them all."""
    loaded = cr.load_policy(policy)
    columns = [addend.of for spec in loaded.indicators for addend in spec.plus]
    columns += [spec.of or "" for spec in loaded.indicators if spec.measure not in ("attribute", "indicator")]
    numbers = {name.removeprefix("attributes."): 0 for name in columns if name.startswith("attributes.")}
    other = {"enterprise_id": "E0", "type": "inspection", "occurred_on": "2020-01-01", **numbers}
    both = enterprises([{"enterprise_id": "E0"}, {"enterprise_id": "E1", **(enterprise or {})}])
    assessment = cr.assess(both, records(loaded, [other, *rows]), policy=loaded, as_of=AS_OF)
    return assessment.table.set_index("enterprise_id").loc["E1"]


def tier(policy: str, *rows: Row, enterprise: Row | None = None) -> str:
    return str(assessed(policy, *rows, enterprise=enterprise)["tier"])


class TestFoodHygieneRating:
    """1. UK food hygiene rating: rows and the published table."""

    @staticmethod
    def rating(hygiene: int, structure: int, confidence: int) -> str:
        scores = {"hygiene": hygiene, "structure": structure, "confidence": confidence}
        return tier("uk_food_hygiene", {"type": "inspection", **scores}).removeprefix("rating_")

    @pytest.mark.parametrize(
        ("scores", "rating"), [((5, 0, 10), "4"), ((10, 10, 10), "3"), ((5, 5, 5), "5"), ((5, 10, 5), "4")]
    )
    def test_published_rows(self, scores: tuple[int, int, int], rating: str) -> None:
        assert self.rating(*scores) == rating

    @pytest.mark.parametrize(
        ("scores", "rating"),
        [
            # by the total, no component being above what the rating allows
            ((0, 0, 0), "5"), ((5, 5, 5), "5"), ((5, 5, 10), "4"), ((10, 5, 10), "3"), ((10, 10, 10), "3"),
            ((10, 15, 10), "2"), ((15, 15, 10), "2"), ((15, 20, 10), "1"), ((20, 20, 10), "1"), ((20, 15, 20), "0"),
            # by the largest component, the total being low enough
            ((5, 0, 0), "5"), ((10, 0, 0), "4"), ((15, 0, 0), "2"), ((20, 0, 0), "1"), ((25, 0, 0), "0"),
            ((0, 10, 0), "4"), ((0, 15, 0), "2"), ((0, 20, 0), "1"), ((0, 25, 0), "0"),
            ((0, 0, 10), "4"), ((0, 0, 20), "1"), ((0, 0, 30), "0"),
        ],
    )  # fmt: skip
    def test_boundaries_of_the_table(self, scores: tuple[int, int, int], rating: str) -> None:
        assert self.rating(*scores) == rating

    def test_every_combination_of_scores_is_rated_as_the_table_says(self) -> None:
        table = [(15, 5, "5"), (20, 10, "4"), (30, 10, "3"), (40, 15, "2"), (50, 20, "1"), (80, 30, "0")]
        scale, confidences = (0, 5, 10, 15, 20, 25), (0, 5, 10, 20, 30)
        scores = list(product(scale, scale, confidences))
        policy = cr.load_policy("uk_food_hygiene")
        ids = [f"E{number:03}" for number in range(len(scores))]
        rows = [
            {"enterprise_id": name, "type": "inspection", "hygiene": h, "structure": s, "confidence": c}
            for name, (h, s, c) in zip(ids, scores, strict=True)
        ]
        places = enterprises([{"enterprise_id": name} for name in ids])
        tiers = cr.assess(places, records(policy, rows), policy=policy, as_of=AS_OF).table["tier"]
        expected = [
            next(rating for total, largest, rating in table if sum(each) <= total and max(each) <= largest)
            for each in scores
        ]
        assert [name.removeprefix("rating_") for name in tiers] == expected

    def test_the_latest_inspection_decides(self) -> None:
        worse = {"type": "inspection", "occurred_on": "2025-01-01", "hygiene": 25, "structure": 25, "confidence": 30}
        better = {"type": "inspection", "hygiene": 0, "structure": 5, "confidence": 0}
        assert tier("uk_food_hygiene", worse, better) == "rating_5"

    def test_premises_without_a_complete_inspection_await_one(self) -> None:
        assert tier("uk_food_hygiene") == "awaiting_inspection"
        assert tier("uk_food_hygiene", {"type": "inspection", "hygiene": 5}) == "awaiting_inspection"


CATERER = {
    "food_type": 30, "processing": 0, "consumers": 5, "vulnerable_group": 0,
    "hygiene": 5, "structure": 5, "confidence": 5, "significance": 0,
}  # fmt: skip


class TestFoodLaw:
    """2. UK Food Law Code of Practice: rule."""

    def rated(self, **parts: int) -> pd.Series:
        return assessed("uk_food_law", {"type": "inspection", **CATERER, **parts})

    @pytest.mark.parametrize(
        ("parts", "total", "rating"),
        [
            ({}, 50, "d"),
            ({"hygiene": 20, "structure": 15, "confidence": 20}, 90, "b"),
            ({"hygiene": 20, "structure": 15, "confidence": 20, "vulnerable_group": 22}, 112, "a"),
        ],
    )
    def test_a_caterer(self, parts: dict[str, int], total: int, rating: str) -> None:
        row = self.rated(**parts)
        assert (row["score"], row["tier"]) == (-total, rating)

    @pytest.mark.parametrize(
        ("total", "rating"),
        [(92, "a"), (91, "b"), (72, "b"), (71, "c"), (52, "c"), (51, "d"), (31, "d"), (30, "e"), (0, "e")],
    )
    def test_boundaries(self, total: int, rating: str) -> None:
        rest, parts = total, {}
        for name, most in (("food_type", 40), ("hygiene", 25), ("structure", 25), ("confidence", 30)):
            parts[name] = min(rest, most)
            rest -= parts[name]
        row = self.rated(**{**dict.fromkeys(CATERER, 0), **parts})
        assert (row["score"], row["tier"]) == (-total, rating)

    def test_intervals(self) -> None:
        policy = cr.load_policy("uk_food_law")
        general = {name: policy.tier(name).inspection.general for name in "abcde"}
        assert {name: each.every_months for name, each in general.items()} == {
            "a": 6,
            "b": 12,
            "c": 18,
            "d": 24,
            "e": 36,
        }
        # The share visited in a year follows from the interval.
        assert [general[name].ratio for name in "abcde"] == [1, 1, 12 / 18, 12 / 24, 12 / 36]

    def test_premises_never_rated_are_in_no_band(self) -> None:
        assert tier("uk_food_law") == "not_rated"


class TestRestaurantGrades:
    """3. New York City restaurant grades: rule."""

    @staticmethod
    def violations(points: int, day: str = RECENTLY) -> list[Row]:
        """A public-health hazard with so many points in all."""
        return [{"type": "violation", "severity": "grave", "occurred_on": day, "extent_points": points - 7}]

    @pytest.mark.parametrize(
        ("severity", "more", "points"), [("general", 0, 2), ("serious", 0, 5), ("grave", 0, 7), ("grave", 3, 10)]
    )
    def test_points_of_a_violation(self, severity: str, more: int, points: int) -> None:
        """From 2, 5 and 7; one contaminated item 7, four or more 10."""
        found = {"type": "violation", "severity": severity, "extent_points": more}
        assert assessed("nyc_restaurants", {"type": "inspection"}, found)["score"] == -points

    @pytest.mark.parametrize(("points", "grade"), [(13, "a"), (14, "b"), (27, "b"), (28, "c")])
    def test_a_reinspection_grades_by_its_points(self, points: int, grade: str) -> None:
        assert tier("nyc_restaurants", {"type": "reinspection"}, *self.violations(points)) == grade

    @pytest.mark.parametrize(("points", "grade"), [(13, "a"), (14, "grade_pending"), (28, "grade_pending")])
    def test_an_initial_inspection_gives_a_grade_at_once_only_up_to_13(self, points: int, grade: str) -> None:
        assert tier("nyc_restaurants", {"type": "inspection"}, *self.violations(points)) == grade

    def test_the_reinspection_decides(self) -> None:
        initial = [{"type": "inspection", "occurred_on": "2026-05-01"}, *self.violations(30, "2026-05-01")]
        assert tier("nyc_restaurants", *initial) == "grade_pending"
        assert tier("nyc_restaurants", *initial, {"type": "reinspection"}, *self.violations(14)) == "b"
        assert tier("nyc_restaurants", *initial, {"type": "reinspection"}) == "a"

    def test_points_of_several_violations_add_up(self) -> None:
        found = [{"type": "violation", "severity": severity} for severity in ("grave", "serious", "general")]
        assert tier("nyc_restaurants", {"type": "reinspection"}, *found) == "b"  # 7 + 5 + 2 = 14

    def test_a_restaurant_never_inspected_has_no_grade(self) -> None:
        assert tier("nyc_restaurants") == "not_graded"


THRESHOLDS = {  # passenger, hazardous, others
    "unsafe_driving": (50, 60, 65), "hours": (50, 60, 65), "crash": (50, 60, 65),
    "fitness": (65, 75, 80), "drugs": (65, 75, 80), "maintenance": (65, 75, 80), "hazardous_materials": (80, 80, 80),
}  # fmt: skip
CARRIER = {
    "power_units_now": 15, "power_units_6_months_ago": 15, "power_units_18_months_ago": 15,
    "vehicle_miles": 1_800_000, "combination": 1, "passenger": 0, "hazardous": 0,
}  # fmt: skip
BY_INSPECTIONS = ("hours", "fitness", "drugs", "maintenance", "hazardous_materials")


class TestSafetyMeasurementSystem:
    """4. US FMCSA Safety Measurement System: rule."""

    POLICY = cr.load_policy("us_fmcsa_sms")

    def values(self, name: str, rows: Sequence[Row], carriers: Sequence[Row] = ({},)) -> pd.Series:
        """An indicator of each carrier, by id."""
        registered = enterprises([{"enterprise_id": "E1", **CARRIER, **carrier} for carrier in carriers])
        cohort = registered.data.select("enterprise_id", as_of=pl.lit(AS_OF))
        builder = cr.IndicatorBuilder(
            records(self.POLICY, rows), enterprises=registered, policy=self.POLICY, only=[f"safety.{name}"]
        )
        return builder.fit_transform(cohort)[f"safety.{name}"].set_axis(cohort["enterprise_id"].to_list())

    @staticmethod
    def violations(*severities: int, category: str = "unsafe_driving", **more: Any) -> list[Row]:
        """The violations of one category found at one inspection."""
        violation = {"type": "violation", "matter": category, "out_of_service": 0, "occurred_on": AS_OF}
        return [{**violation, "severity_weight": severity, **more} for severity in severities]

    @pytest.mark.parametrize(
        ("day", "total"), [("2026-03-30", 90), ("2025-09-30", 60), ("2024-12-30", 30), ("2024-05-30", 0)]
    )
    def test_an_inspection_is_capped_and_then_weighted_by_time(self, day: str, total: float) -> None:
        """10 + 10 + 7 + 5 = 32, at most 30; at 3, 9, 18 and 25 months."""
        rows = self.violations(10, 10, 7, 5, occurred_on=day)
        assert self.values("unsafe_driving_severity", rows)["E1"] == total

    @pytest.mark.parametrize(("day", "total"), [(AS_OF, 21), ("2024-10-30", 7)])
    def test_a_violation_of_severity_7_now_and_at_20_months(self, day: str, total: float) -> None:
        assert self.values("unsafe_driving_severity", self.violations(7, occurred_on=day))["E1"] == total

    def test_each_inspection_and_each_category_has_a_cap_of_its_own(self) -> None:
        rows = [
            *self.violations(10, 10, 7, 5, acts_on="inspection 1"),
            *self.violations(10, 10, 7, 5, acts_on="inspection 2"),
            *self.violations(10, category="hours", acts_on="inspection 2"),
        ]
        assert self.values("unsafe_driving_severity", rows)["E1"] == 2 * 30 * 3
        assert self.values("hours_severity", rows)["E1"] == 10 * 3

    def test_a_violation_that_put_out_of_service_weighs_2_more(self) -> None:
        rows = [*self.violations(7, out_of_service=1), *self.violations(5)]
        assert self.values("unsafe_driving_severity", rows)["E1"] == (7 + 2 + 5) * 3

    def test_unsafe_driving_is_divided_by_power_units_and_utilisation(self) -> None:
        """120,000 miles per power unit: 1 + 40,000/133,333 = 1.3000; 90/(15 × 1.3) = 4.6154."""
        rows = self.violations(10, 10, 10, occurred_on="2026-03-30")
        assert round(self.values("unsafe_driving_measure", rows)["E1"], 4) == 4.6154

    def test_power_units_are_the_mean_of_now_and_6_and_18_months_ago(self) -> None:
        carrier = {"power_units_now": 20, "power_units_6_months_ago": 15, "power_units_18_months_ago": 10}
        rows = self.violations(10, 10, 10)
        assert round(self.values("unsafe_driving_measure", rows, [carrier])["E1"], 4) == 4.6154

    @pytest.mark.parametrize(
        ("combination", "miles", "factor"),
        [
            (1, 79_999, 1), (1, 80_000, 1), (1, 120_000, 1 + 40_000 / 133_333), (1, 160_000, 1 + 80_000 / 133_333),
            (1, 160_001, 1.6), (1, 200_000, 1.6), (1, 200_001, 1), (1, None, 1),
            (0, 19_999, 1), (0, 20_000, 1), (0, 40_000, 2), (0, 60_000, 3), (0, 60_001, 3), (0, 200_000, 3),
            (0, 200_001, 1), (0, None, 1),
        ],
    )  # fmt: skip
    def test_utilisation_factors(self, combination: int, miles: int | None, factor: float) -> None:
        one_unit = dict.fromkeys(("power_units_now", "power_units_6_months_ago", "power_units_18_months_ago"), 1)
        carrier = {**one_unit, "combination": combination, "vehicle_miles": miles}
        other = {**one_unit, "enterprise_id": "E2", "vehicle_miles": 1}  # so that the column is there in every case
        value = self.values("unsafe_driving_measure", self.violations(10), [carrier, other])["E1"]
        assert value == pytest.approx(30 / factor, rel=1e-12)

    def test_crashes_are_divided_by_power_units_and_have_no_cap(self) -> None:
        crash = {"type": "accident", "occurred_on": "2026-03-30", "severity_weight": 1}
        carrier = {"vehicle_miles": None}
        rows = [crash] * 45
        value = self.values("crash_measure", rows, [carrier, {"enterprise_id": "E2"}])["E1"]
        assert value == 45 * 3 / 15

    @pytest.mark.parametrize("category", BY_INSPECTIONS)
    def test_other_measures_are_divided_by_the_time_weights_of_relevant_inspections(self, category: str) -> None:
        days = {"2026-03-30": 3, "2025-09-30": 2, "2024-12-30": 1, "2024-05-30": 0}
        inspections = [{"type": "inspection", "occurred_on": day, f"relevant_{category}": 1} for day in days]
        irrelevant = {"type": "inspection", "occurred_on": "2026-03-31", f"relevant_{category}": 0}
        rows = [*self.violations(10, 10, 7, 5, category=category), *inspections, irrelevant]
        assert self.values(f"{category}_measure", rows)["E1"] == 90 / (3 + 2 + 1)

    def test_crashes_are_ranked_among_combination_carriers_with_like_numbers(self) -> None:
        """2–3, 4–6, 7–16, 17–45, 46 and more; each group here has a carrier at either end."""
        groups = [(2, 3), (4, 6), (7, 16), (17, 45), (46, 60)]
        counts = [1, *(count for group in groups for count in group)]
        rows = [
            {"enterprise_id": f"E{count}", "type": "accident", "occurred_on": "2026-03-30", "severity_weight": 1}
            for count in counts
            for _ in range(count)
        ]
        percentiles = self.values("crash_percentile", rows, [{"enterprise_id": f"E{count}"} for count in counts])
        assert pd.isna(percentiles["E1"])
        assert [(percentiles[f"E{low}"], percentiles[f"E{high}"]) for low, high in groups] == [(25, 75)] * 5

    @pytest.mark.parametrize("category", THRESHOLDS)
    @pytest.mark.parametrize("kind", ["passenger", "hazardous", "others"])
    def test_thresholds_by_kind_of_carrier(self, category: str, kind: str) -> None:
        threshold = THRESHOLDS[category][["passenger", "hazardous", "others"].index(kind)]
        indicators = pd.DataFrame(float("nan"), index=["at", "below"], columns=list(self.POLICY.indicators_used))
        indicators["safety.passenger_carrier"] = float(kind == "passenger")
        indicators["safety.hazardous_carrier"] = float(kind == "hazardous")
        indicators[f"safety.{category}_percentile"] = [threshold, threshold - 0.001]
        scorer = cr.RuleScorer(self.POLICY).fit(indicators)
        assert list(scorer.predict(indicators)) == ["intervention", "below_thresholds"]
        assert list(scorer.transform(indicators)["score"]) == [-1, 0]

    def test_the_whole_path_from_violations_to_intervention(self) -> None:
        """Five carriers, the third and fourth alike: percentiles 10, 30, 60, 60, 90 in unsafe driving."""
        severities = {"E1": 1, "E2": 2, "E3": 5, "E4": 5, "E5": 9}
        rows = [row for name, one in severities.items() for row in self.violations(one, enterprise_id=name)]
        inspection = {"type": "inspection", **{f"relevant_{category}": 1 for category in BY_INSPECTIONS}}
        hazardous = {"E4": {"hazardous": 1}}
        carriers = [{"enterprise_id": name, **CARRIER, **hazardous.get(name, {})} for name in severities]
        assessment = cr.assess(
            enterprises(carriers), records(self.POLICY, [*rows, inspection]), policy=self.POLICY, as_of=AS_OF
        )
        tiers = assessment.table.set_index("enterprise_id")["tier"].to_dict()
        assert tiers == {
            **dict.fromkeys(("E1", "E2", "E3"), "below_thresholds"),
            "E4": "intervention",
            "E5": "intervention",
        }
        reason = assessment.reasons.set_index("enterprise_id").loc["E4"]
        assert (reason["value"], list(reason["record_ids"])) == (60, ["r3"])
        lines = assessment.explain("E4").dimensions[0].lines
        assert [(line.rule, line.record_ids) for line in lines] == [("safety.unsafe_driving", ("r3",))]


COMMITMENT = {"type": "commitment", "outcome": "kept", "dimension": "environment"}


class TestJiangsuEnvironment:
    """5. Jiangsu's twelve points: press."""

    @staticmethod
    def measure(deduction: int, day: str = RECENTLY) -> Row:
        return {"type": "penalty", "dimension": "environment", "matter": "fine", "deduction": deduction,
                "occurred_on": day}  # fmt: skip

    def row(self, *rows: Row) -> pd.Series:
        return assessed("jiangsu_environment", *rows)

    def test_starts_at_9_which_is_blue(self) -> None:
        assert tuple(self.row()[["score", "tier"]]) == (9, "blue")

    @pytest.mark.parametrize(
        ("deduction", "colour"),
        [(3, "blue"), (4, "yellow"), (6, "yellow"), (7, "red"), (8, "red"), (9, "black"), (10, "black")],
    )
    def test_bands_below_the_start(self, deduction: int, colour: str) -> None:
        assert tuple(self.row(self.measure(deduction))[["score", "tier"]]) == (9 - deduction, colour)

    @pytest.mark.parametrize(
        ("record", "score"),
        [
            ({"type": "penalty", "matter": "warning"}, 8),
            ({"type": "coercive_measure", "matter": "order_to_correct"}, 8),
            ({"type": "judgment", "matter": "criminal_liability"}, -3),
        ],
    )
    def test_deductions_run_from_1_to_12(self, record: Row, score: int) -> None:
        assert self.row({**record, "dimension": "environment"})["score"] == score

    @pytest.mark.parametrize(
        ("committed_on", "score", "colour"),
        [
            (RECENTLY, 10, "blue"),
            ("2025-07-01", 10, "blue"),
            ("2025-06-30", 11, "green"),
            ("2024-07-01", 11, "green"),
            ("2024-06-30", 12, "green"),
            ("2010-06-30", 12, "green"),
        ],
    )
    def test_a_commitment_and_clean_years_lead_to_12_at_most(self, committed_on: str, score: int, colour: str) -> None:
        row = self.row({**COMMITMENT, "occurred_on": committed_on})
        assert tuple(row[["score", "tier"]]) == (score, colour)

    def test_a_year_with_a_measure_is_not_clean(self) -> None:
        committed = {**COMMITMENT, "occurred_on": "2020-01-01"}
        assert self.row(committed, self.measure(1))["score"] == 9 + 1 - 1
        assert self.row(committed, self.measure(1, "2025-06-30"))["score"] == 9 + 1 - 1 + 1

    def test_a_broken_commitment_adds_nothing(self) -> None:
        assert self.row({**COMMITMENT, "outcome": "broken", "occurred_on": "2020-01-01"})["score"] == 9


class TestNationalClasses:
    """6. National classes A to D with two published tables of ratios; cut-offs are not published."""

    def test_lindian_2024(self) -> None:
        tiers = cr.load_policy("national_abcd_lindian").tiers
        general = {tier.id: tier.inspection.general for tier in tiers}
        assert {name: (each.ratio_from, each.ratio) for name, each in general.items()} == {
            "a": (None, 0.05), "b": (0.05, 0.2), "c": (0.21, 0.6), "d": (0.61, 1.0)
        }  # fmt: skip
        # Less than once a year, once, less than twice, as needed.
        frequencies = {
            name: (each.visits_per_year_below, each.visits_per_year_at_most) for name, each in general.items()
        }
        assert frequencies == {"a": (1, None), "b": (None, 1), "c": (2, None), "d": (None, None)}

    def test_yuexiu_2021(self) -> None:
        tiers = cr.load_policy("national_abcd_yuexiu").tiers
        assert {tier.id: tier.inspection.general.ratio for tier in tiers} == {
            "low": 0.05, "medium": 0.15, "higher": 0.3, "high": 0.5
        }  # fmt: skip
        assert {tier.inspection.general.not_again_within_months for tier in tiers} == {12}

    @pytest.mark.parametrize("name", ["national_abcd_lindian", "national_abcd_yuexiu"])
    def test_cut_offs_are_marked_as_expert_defaults(self, name: str) -> None:
        policy = cr.load_policy(name)
        assert {part.basis for part in (*policy.tiers, *policy.rules, *policy.vetoes)} == {"expert_default"}
        assert all(tier.inspection.key == tier.inspection.general for tier in policy.tiers)

    def test_an_enterprise_is_placed_in_a_class(self) -> None:
        passed = {"type": "inspection", "outcome": "pass"}
        listed = {"type": "serious_dishonesty_listing"}
        assert tier("national_abcd_lindian", passed) == "a"
        assert tier("national_abcd_lindian") == "b"  # never inspected
        assert tier("national_abcd_lindian", passed, {"type": "abnormal_operation_listing"}) == "b"
        assert tier("national_abcd_lindian", passed, listed) == "d"
        assert tier("national_abcd_yuexiu", passed, listed) == "high"


class TestShenzhenBands:
    """7. Shenzhen's six bands: press."""

    @staticmethod
    def evaluation(points: float) -> Row:
        return {"type": "evaluation", "points": points}

    @pytest.mark.parametrize(
        ("points", "band"),
        [
            (751, "a_plus"), (750.001, "a_plus"), (750, "a"), (671, "a"), (670, "b"), (601, "b"),
            (600, "c"), (555, "c"), (554.999, "d"), (554, "d"), (0, "d"),
        ],
    )  # fmt: skip
    def test_boundaries(self, points: float, band: str) -> None:
        assert tier("shenzhen_bands", self.evaluation(points)) == band

    @pytest.mark.parametrize(
        ("record_type", "matter"),
        [("coercive_measure", "production_halted"), ("penalty", "licence_revoked"), ("penalty", "struck_off"),
         ("revocation", "closed")],
    )  # fmt: skip
    def test_direct_e(self, record_type: str, matter: str) -> None:
        direct = {"type": record_type, "matter": matter}
        assert tier("shenzhen_bands", self.evaluation(800), direct) == "e"
        assert tier("shenzhen_bands", direct) == "e"

    def test_an_enterprise_not_evaluated_is_in_no_band(self) -> None:
        assert tier("shenzhen_bands") == "not_evaluated"


class TestTaxCredit:
    """8. Tax credit levels: press."""

    @staticmethod
    def level(*rows: Row, points: float | None = None, **enterprise: Any) -> str:
        evaluation = [{"type": "tax_evaluation", "points": points}] if points is not None else []
        return tier("tax_credit", *evaluation, *rows, enterprise={"no_income": 0, **enterprise})

    @pytest.mark.parametrize(
        ("points", "level"),
        [(100, "a"), (90, "a"), (89.999, "b"), (70, "b"), (69.999, "c"), (40, "c"), (39.999, "d"), (0, "d")],
    )
    def test_boundaries(self, points: float, level: str) -> None:
        assert self.level(points=points) == level

    @pytest.mark.parametrize(("points", "level"), [(95, "m"), (70, "m"), (69.999, "c"), (39.999, "d")])
    def test_without_income_70_points_and_more_are_m(self, points: float, level: str) -> None:
        assert self.level(points=points, no_income=1) == level

    def test_a_new_enterprise_is_m(self) -> None:
        assert self.level(established_on="2026-01-01") == "m"
        assert self.level(established_on="2026-01-01", points=20) == "m"

    def test_listed_conduct_is_d_at_once(self) -> None:
        conduct = {"type": "listed_conduct"}
        assert self.level(conduct, points=95) == "d"
        assert self.level(conduct, established_on="2026-01-01") == "d"
        assert self.level(conduct) == "d"

    def test_an_enterprise_not_evaluated_has_no_level(self) -> None:
        assert self.level() == "not_evaluated"


@pytest.mark.parametrize("name", PRESS_ONLY)
def test_what_was_read_in_secondary_texts_only_says_so(name: str) -> None:
    notes = cr.load_policy(name).notes
    assert notes is not None
    assert "二手资料" in notes.zh
    assert "secondary texts only" in notes.en
