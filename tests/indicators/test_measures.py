"""What each measure means, on records few enough to count by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pandas as pd
import pytest

import creditrisk as cr
from creditrisk.indicators.builder import cohort_of
from tests.conftest import enterprises_of, records_of


def example(**spec: object) -> cr.IndicatorSpec:
    """An indicator, ``safety.example`` unless it is called otherwise."""
    texts = {"label": {"zh": "例", "en": "example"}, "direction": "none", "source": "test"}
    return cr.IndicatorSpec.model_validate({"id": "safety.example", **texts, **spec})


def measured(records: cr.Records, as_of: str = "2026-06-30", enterprises: object = None, **spec: object) -> float:
    """The value of one indicator for E1."""
    described = example(**spec)
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, indicators=[described], only=["safety.example"])
    cohort = pd.DataFrame({"enterprise_id": ["E1"], "as_of": [as_of]})
    return float(builder.fit_transform(cohort).iloc[0, 0])


ACCIDENT = {"type": "accident", "dimension": "safety"}
ACCIDENTS = {"select": {"types": ["accident"]}}


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    records = records_of(
        {**ACCIDENT, "occurred_on": "2025-06-30"},
        {**ACCIDENT, "occurred_on": "2025-07-01"},
        {**ACCIDENT, "occurred_on": "2026-06-30"},
        {**ACCIDENT, "occurred_on": "2026-07-01"},
    )
    assert measured(records, measure="count", window_months=12, **ACCIDENTS) == 2


def test_a_window_back_from_the_31st_begins_on_the_last_day_of_a_shorter_month() -> None:
    records = records_of({**ACCIDENT, "occurred_on": "2026-02-28"}, {**ACCIDENT, "occurred_on": "2026-03-01"})
    assert measured(records, as_of="2026-08-31", measure="count", window_months=6, **ACCIDENTS) == 1


def test_a_record_counts_from_the_day_it_was_known_not_the_day_it_happened() -> None:
    records = records_of({**ACCIDENT, "occurred_on": "2026-01-01", "known_on": "2026-03-01"})
    assert measured(records, as_of="2026-02-28", measure="count", **ACCIDENTS) == 0
    assert measured(records, as_of="2026-03-01", measure="count", **ACCIDENTS) == 1


@pytest.mark.parametrize(
    ("column", "last_day_counted"),
    [("repaired_on", "2026-04-30"), ("revoked_on", "2026-04-30"), ("expires_on", "2026-05-01")],
)
def test_a_record_counts_until_it_is_repaired_revoked_or_past_its_last_day(column: str, last_day_counted: str) -> None:
    records = records_of({**ACCIDENT, "occurred_on": "2026-01-01", column: "2026-05-01"})
    day_after = date.fromisoformat(last_day_counted).toordinal() + 1
    assert measured(records, as_of=last_day_counted, measure="count", **ACCIDENTS) == 1
    assert measured(records, as_of=str(date.fromordinal(day_after)), measure="count", **ACCIDENTS) == 0


def test_known_standing_counts_what_was_repaired() -> None:
    records = records_of({**ACCIDENT, "occurred_on": "2026-01-01", "repaired_on": "2026-02-01"})
    assert measured(records, measure="count", select={"types": ["accident"], "standing": "known"}) == 1


def test_sums_of_money_are_exact_to_the_cent() -> None:
    records = records_of(*({"type": "penalty", "amount": 0.1, "occurred_on": "2026-01-01"} for _ in range(10)))
    assert measured(records, measure="sum", of="amount", select={"types": ["penalty"]}) == 1.0


def test_severity_weights_and_half_life() -> None:
    records = records_of(
        {**ACCIDENT, "severity": "grave", "occurred_on": "2026-06-30"},
        {**ACCIDENT, "severity": "minor", "occurred_on": "2025-06-30"},
    )
    value = measured(records, measure="weighted_sum", half_life_months=12, **ACCIDENTS)
    assert value == pytest.approx(10 + 0.5 ** (365 / 365.25), abs=1e-9)


def test_a_record_without_severity_weighs_as_the_standing_rules_say() -> None:
    records = records_of({**ACCIDENT, "occurred_on": "2026-06-30"})
    assert measured(records, measure="weighted_sum", **ACCIDENTS) == 3  # general


def test_time_steps_weigh_by_age() -> None:
    steps = [{"months": 6, "weight": 3}, {"months": 12, "weight": 2}, {"months": 24, "weight": 1}]
    days = ("2026-06-30", "2025-12-31", "2025-12-30", "2025-06-30", "2024-06-30")
    records = records_of(*({**ACCIDENT, "occurred_on": day} for day in days))
    assert measured(records, measure="count", time_steps=steps, **ACCIDENTS) == 3 + 3 + 2 + 1 + 0


def test_ratio_is_the_share_of_the_whole_and_missing_where_there_is_none() -> None:
    records = records_of(
        {"type": "spot_check", "outcome": "fail", "occurred_on": "2026-01-01"},
        {"type": "spot_check", "outcome": "pass", "occurred_on": "2026-01-02"},
        {"type": "spot_check", "occurred_on": "2026-01-03"},
        {"type": "inspection", "outcome": "fail", "occurred_on": "2026-01-03"},
    )
    ratio = {
        "measure": "ratio",
        "select": {"types": ["spot_check"], "outcomes": ["fail"]},
        "out_of": {"types": ["spot_check"]},
    }
    assert measured(records, **ratio) == pytest.approx(1 / 3)
    assert pd.isna(measured(records, as_of="2025-12-31", **ratio))


def test_the_records_behind_a_ratio_are_the_part_of_its_whole() -> None:
    records = records_of(
        {"type": "inspection", "dimension": "safety", "outcome": "fail", "occurred_on": "2026-01-01"},
        {"type": "inspection", "dimension": "safety", "outcome": "pass", "occurred_on": "2026-01-02"},
        {"type": "inspection", "dimension": "quality", "outcome": "fail", "occurred_on": "2026-01-03"},
    )
    ratio = example(measure="ratio", select={"outcomes": ["fail"]}, out_of={"dimension": "safety"})
    builder = cr.IndicatorBuilder(records, indicators=[ratio], only=["safety.example"]).fit()
    kernel = builder.kernel(cohort_of(pd.DataFrame({"enterprise_id": ["E1"], "as_of": ["2026-06-30"]})))
    assert kernel.indicators()["safety.example"].tolist() == [0.5]
    assert [positions.tolist() for _, _, positions in kernel.evidence()] == [[0]]


def test_last_takes_the_largest_value_of_the_last_day() -> None:
    records = records_of(
        {"type": "arrears", "amount": 900.0, "occurred_on": "2026-01-01"},
        {"type": "arrears", "amount": 5.0, "occurred_on": "2026-02-01"},
        {"type": "arrears", "amount": 7.0, "occurred_on": "2026-02-01"},
    )
    arrears = {"of": "amount", "select": {"types": ["arrears"]}}
    assert measured(records, measure="last", **arrears) == 7
    assert measured(records, measure="max", **arrears) == 900
    assert measured(records, measure="mean", **arrears) == pytest.approx(304)


def test_days_since_first_and_last() -> None:
    records = records_of({**ACCIDENT, "occurred_on": "2026-06-01"}, {**ACCIDENT, "occurred_on": "2026-06-29"})
    assert measured(records, measure="days_since_last", **ACCIDENTS) == 1
    assert measured(records, measure="days_since_first", **ACCIDENTS) == 29
    assert measured(records, as_of="2026-06-29", measure="days_since_last", **ACCIDENTS) == 0


def test_distinct_counts_no_missing_value() -> None:
    records = records_of(
        {"type": "penalty", "authority": "甲局", "occurred_on": "2026-01-01"},
        {"type": "penalty", "authority": "甲局", "occurred_on": "2026-01-02"},
        {"type": "penalty", "authority": "乙局", "occurred_on": "2026-01-03"},
        {"type": "penalty", "authority": None, "occurred_on": "2026-01-03"},
    )
    assert measured(records, measure="distinct", of="authority", select={"types": ["penalty"]}) == 2


def test_flag_and_selection_by_authority_matter_and_severity() -> None:
    records = records_of(
        {"type": "violation", "severity": "minor", "authority": "甲局", "matter": "V1", "occurred_on": "2026-01-01"},
        {"type": "violation", "severity": "grave", "authority": "乙局", "matter": "V2", "occurred_on": "2026-01-01"},
    )
    assert measured(records, measure="flag", select={"authorities": ["甲局"], "severity_at_least": "serious"}) == 0
    assert measured(records, measure="flag", select={"authorities": ["乙局"], "severity_at_least": "serious"}) == 1
    assert measured(records, measure="count", select={"matters": ["V1"]}) == 1


def test_attributes_of_records_and_normalisation_by_employees() -> None:
    records = records_of({"type": "inspection", "critical": 2.5, "occurred_on": "2026-01-01"})
    enterprises = enterprises_of({"enterprise_id": "E1", "employees": 50})
    spec = {"measure": "sum", "of": "attributes.critical", "select": {"types": ["inspection"]}}
    assert measured(records, **spec) == 2.5
    assert measured(records, enterprises=enterprises, per="employees", **spec) == 0.05


def test_percentile_among_peers_counts_ties_half() -> None:
    records = records_of(
        *({**ACCIDENT, "enterprise_id": name, "occurred_on": "2026-01-01"} for name in ("E1", "E2", "E2", "E3"))
    )
    enterprises = enterprises_of(*({"enterprise_id": f"E{n}", "industry": "C26"} for n in (1, 2, 3)))
    spec = example(measure="count", percentile_within=["industry"], **ACCIDENTS)
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, indicators=[spec], only=["safety.example"])
    cohort = pd.DataFrame({"enterprise_id": ["E1", "E2", "E3"], "as_of": "2026-06-30"})
    assert builder.fit_transform(cohort)["safety.example"].tolist() == pytest.approx([100 / 3, 250 / 3, 100 / 3])


def test_a_whole_percentile_is_exact() -> None:
    records = records_of(
        *({**ACCIDENT, "enterprise_id": name, "occurred_on": "2026-01-01"} for name in ("E3", "E4", "E5", "E5"))
    )
    enterprises = enterprises_of(*({"enterprise_id": f"E{n}", "industry": "C26"} for n in (1, 2, 3, 4, 5)))
    spec = example(measure="count", percentile_within=["industry"], **ACCIDENTS)
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, indicators=[spec], only=["safety.example"])
    cohort = pd.DataFrame({"enterprise_id": [f"E{n}" for n in (1, 2, 3, 4, 5)], "as_of": "2026-06-30"})
    assert builder.fit_transform(cohort)["safety.example"].tolist() == [20, 20, 60, 60, 90]


@pytest.mark.parametrize("n", [5, 49, 75, 98, 107])
def test_the_percentile_of_every_place_is_the_nearest_double(n: int) -> None:
    """By one number Polars multiplies with the reciprocal: the middle one of 49 came below the 50th percentile."""
    enterprises = enterprises_of(*({"enterprise_id": f"E{k}", "industry": "C26", "employees": k} for k in range(n)))
    spec = example(measure="attribute", of="employees", percentile_within=["industry"])
    records = records_of({**ACCIDENT, "occurred_on": "2026-01-01"})
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, indicators=[spec], only=["safety.example"])
    cohort = pd.DataFrame({"enterprise_id": [f"E{k}" for k in range(n)], "as_of": "2026-06-30"})
    expected = [float(Fraction(2 * k + 1, 2) * 100 / n) for k in range(n)]
    assert builder.fit_transform(cohort)["safety.example"].tolist() == expected


def test_a_size_that_is_missing_is_in_no_peer_group() -> None:
    records = records_of(
        {"type": "penalty", "enterprise_id": "E1", "amount": 5.0, "occurred_on": "2026-01-01"},
        {"type": "penalty", "enterprise_id": "E2", "amount": 50.0, "occurred_on": "2026-01-01"},
    )
    specs = [
        example(id="safety.size", measure="max", of="amount", select={"types": ["penalty"]}),
        example(measure="count", percentile_by={"indicator": "safety.size", "starts": [1, 10]}),
    ]
    builder = cr.IndicatorBuilder(records, indicators=specs, enterprises=enterprises_of({"enterprise_id": "E3"}))
    cohort = pd.DataFrame({"enterprise_id": ["E1", "E2", "E3"], "as_of": "2026-06-30"})
    values = builder.set_params(only=["safety.example"]).fit_transform(cohort)
    assert values["safety.example"].fillna(-1).tolist() == [50, 50, -1]


@pytest.mark.parametrize(("of", "different"), [("amount", 2), ("severity", 2), ("attributes.points", 1), ("type", 2)])
def test_distinct_counts_numbers_severities_and_types_as_it_counts_texts(of: str, different: int) -> None:
    records = records_of(
        {"type": "penalty", "severity": "minor", "amount": 0.0, "points": 2.0, "occurred_on": "2026-01-01"},
        {"type": "penalty", "severity": "minor", "amount": 5.0, "points": 2.0, "occurred_on": "2026-01-01"},
        {"type": "accident", "severity": None, "amount": None, "points": None, "occurred_on": "2026-01-01"},
    )
    assert measured(records, measure="distinct", of=of) == different


def test_further_numbers_of_a_record_add_to_what_is_measured() -> None:
    found = {"type": "violation", "severity": "minor", "occurred_on": "2026-01-01"}
    records = records_of(
        {**found, "severity": "grave", "amount": 30.5, "weight": 7, "out_of_service": 1},
        {**found, "weight": 5, "out_of_service": None},
        {**found, "weight": None, "out_of_service": 1},
    )
    violations = {"select": {"types": ["violation"]}, "plus": [{"of": "attributes.out_of_service", "times": 2}]}
    assert measured(records, measure="sum", of="attributes.weight", **violations) == 7 + 2 + 5
    assert measured(records, measure="max", of="attributes.weight", **violations) == 9
    assert measured(records, measure="mean", of="attributes.weight", **violations) == 7
    assert measured(records, measure="sum", of="severity", **violations) == (10 + 2) + 1 + (1 + 2)
    assert measured(records, measure="max", of="severity", **{**violations, "plus": [{"of": "amount"}]}) == 40.5


INSPECTION = {"type": "inspection", "dimension": "safety"}
SINCE_INSPECTION = {"select": {"types": ["violation"]}, "since_last": ["inspection", "spot_check"]}


def test_since_the_last_inspection_counts_its_day_and_later() -> None:
    records = records_of(
        {"type": "violation", "occurred_on": "2026-01-31"},
        {**INSPECTION, "occurred_on": "2026-02-01"},
        {"type": "violation", "occurred_on": "2026-02-01"},
        {"type": "violation", "occurred_on": "2026-02-02"},
        {"type": "spot_check", "occurred_on": "2026-03-01"},
        {"type": "violation", "enterprise_id": "E2", "occurred_on": "2026-03-02"},
    )
    assert measured(records, as_of="2026-02-28", measure="count", **SINCE_INSPECTION) == 2
    assert measured(records, as_of="2026-03-01", measure="count", **SINCE_INSPECTION) == 0


def test_since_an_inspection_that_never_was_counts_nothing() -> None:
    records = records_of({"type": "violation", "occurred_on": "2026-01-31"})
    assert measured(records, measure="count", **SINCE_INSPECTION) == 0
    assert pd.isna(measured(records, measure="days_since_last", **SINCE_INSPECTION))


def test_since_the_last_inspection_holds_for_each_row_of_a_cohort_and_for_the_whole_of_a_ratio() -> None:
    records = records_of(
        {**INSPECTION, "outcome": "fail", "occurred_on": "2026-01-01"},
        {**INSPECTION, "outcome": "pass", "occurred_on": "2026-02-01"},
        {**INSPECTION, "outcome": "fail", "occurred_on": "2026-02-01"},
    )
    latest = example(
        measure="ratio", select={"types": ["inspection"], "outcomes": ["fail"]}, out_of={"types": ["inspection"]},
        since_last=["inspection"],
    )  # fmt: skip
    cohort = pd.DataFrame({"enterprise_id": ["E1", "E2", "E1"], "as_of": ["2026-01-31", "2026-02-28", "2026-02-28"]})
    values = cr.IndicatorBuilder(
        records, enterprises=enterprises_of({"enterprise_id": "E2"}), indicators=[latest], only=["safety.example"]
    ).fit_transform(cohort)
    assert values["safety.example"].fillna(-1).tolist() == [1, -1, 0.5]


def test_the_value_of_another_indicator_can_be_divided_and_rests_on_the_same_records() -> None:
    records = records_of(
        {**ACCIDENT, "occurred_on": "2026-01-01"},
        {**ACCIDENT, "occurred_on": "2026-02-01"},
        {**INSPECTION, "occurred_on": "2026-03-01"},
    )
    enterprises = enterprises_of({"enterprise_id": "E1", "employees": 50})
    specs = [
        example(id="safety.accidents", measure="count", **ACCIDENTS),
        example(id="safety.rate", measure="indicator", of="safety.accidents", per="employees"),
        example(id="safety.rate_again", measure="indicator", of="safety.rate"),
    ]
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, indicators=specs, only=["safety.rate_again"]).fit()
    cohort = pd.DataFrame({"enterprise_id": ["E1"], "as_of": ["2026-06-30"]})
    assert builder.transform(cohort).iloc[0].to_dict() == {
        "safety.accidents": 2, "safety.rate": 0.04, "safety.rate_again": 0.04
    }  # fmt: skip
    evidence = builder.kernel(cohort_of(cohort)).evidence()
    assert {spec.id: positions.tolist() for spec, _, positions in evidence} == {spec.id: [0, 1] for spec in specs}
