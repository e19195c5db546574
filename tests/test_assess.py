"""The whole path, and the laws that an assessment obeys."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import creditrisk as cr
from tests.conftest import AS_OF, enterprises_of, records_of

ADVERSE = {
    "violation": None, "penalty": None, "coercive_measure": None, "judgment": "liable", "enforcement_default": None,
    "serious_dishonesty_listing": None, "abnormal_operation_listing": None, "accident": None, "recall": None,
    "complaint": "upheld", "arrears": None, "commitment": "broken", "inspection": "fail", "spot_check": "fail",
    "annual_report": "late", "licence": "refused",
}  # fmt: skip
TIERS = ["good", "ordinary", "high_risk"]


def table(enterprises: object, records: object, as_of: date = AS_OF) -> pl.DataFrame:
    return cr.assess(enterprises, records, as_of=as_of, id_scheme="any", output="polars").table


def test_the_table_has_one_row_per_enterprise_in_order_of_id(assessment: cr.Assessment) -> None:
    frame = assessment.table
    assert frame.columns == [
        "enterprise_id", "name", "as_of", "policy", "score", "safety", "quality", "environment", "compliance",
        "responsibility", "tier", "tier_since", "regime", "vetoes", "thin_evidence", "reasons_zh", "reasons_en",
        "evidence_count",
    ]  # fmt: skip
    assert frame.height == 400
    assert frame["enterprise_id"].is_sorted()
    assert set(frame["tier"]) == set(TIERS)


def test_every_explanation_adds_up_and_agrees_with_the_table_and_the_reasons(assessment: cr.Assessment) -> None:
    reasons = assessment.reasons
    for row in assessment.table.iter_rows(named=True):
        explanation = assessment.explain(row["enterprise_id"])
        assert float(explanation.score) == row["score"]
        assert explanation.score == sum(dimension.weighted_score for dimension in explanation.dimensions)
        by_rule: dict[str, Decimal] = {}
        evidence = {}
        for dimension in explanation.dimensions:
            assert dimension.base + sum(line.points for line in dimension.lines) == dimension.score
            for line in dimension.lines:
                by_rule[line.rule] = by_rule.get(line.rule, Decimal(0)) + line.points
                evidence.setdefault(line.rule, list(line.record_ids))
        mine = reasons.filter(enterprise_id=row["enterprise_id"])
        assert {rule: float(points) for rule, points in by_rule.items()} == dict(
            mine.select("rule", "points").iter_rows()
        )
        assert evidence == dict(mine.select("rule", "record_ids").iter_rows())
        assert row["vetoes"] + row["thin_evidence"] == [bound.id for bound in explanation.bounds]
        assert row["evidence_count"] == explanation.evidence_count


def test_evidence_belongs_to_the_enterprise_and_was_known(assessment: cr.Assessment) -> None:
    behind = assessment.reasons.explode("record_ids").drop_nulls("record_ids")
    found = behind.join(assessment.records.data, left_on="record_ids", right_on="record_id", how="left")
    assert (found["enterprise_id"] == found["enterprise_id_right"]).all()
    assert found["known_on"].max() <= AS_OF


def test_no_enterprise_is_good_without_a_passed_inspection(assessment: cr.Assessment) -> None:
    thin = assessment.table.filter(pl.col("thin_evidence").list.len() > 0)
    assert thin.height > 50
    assert "good" not in set(thin["tier"])
    assert thin["reasons_zh"].list.first().str.contains("证据不足|名录|名单|事故|被执行人").all()


def test_an_enterprise_without_any_record_is_ordinary_and_says_why() -> None:
    nothing = records_of({"enterprise_id": "E9", "type": "accident", "occurred_on": "2026-01-01"})
    assessment = cr.assess(enterprises_of({"enterprise_id": "E1"}), nothing, as_of=AS_OF)
    row = assessment.table.iloc[0]
    assert (row["tier"], row["evidence_count"], list(row["thin_evidence"])) == ("ordinary", 0, ["thin.never_passed"])


def test_records_of_unknown_enterprises_are_set_aside_and_counted() -> None:
    records = records_of(
        {"enterprise_id": "E9", "type": "accident", "occurred_on": "2026-01-01"},
        {"enterprise_id": "E1", "type": "accident", "occurred_on": "2026-01-01"},
    )
    assessment = cr.assess(enterprises_of({"enterprise_id": "E1"}), records, as_of=AS_OF)
    assert assessment.rejects[["code", "value", "row"]].to_numpy().tolist() == [["unknown_enterprise", "E9", 1]]
    assert assessment.summary().rejected_by_code == {"unknown_enterprise": 1}
    assert assessment.summary().records == 1


def test_regimes() -> None:
    enterprises = enterprises_of(
        {"enterprise_id": "E1", "key_areas": "hazardous_chemicals", "new_business_form": None},
        {"enterprise_id": "E2", "key_areas": None, "new_business_form": True, "observation_until": "2026-06-30"},
        {"enterprise_id": "E3", "key_areas": None, "new_business_form": True, "observation_until": "2026-06-29"},
        {"enterprise_id": "E4", "key_areas": None, "new_business_form": True, "observation_until": "2026-12-31"},
        {"enterprise_id": "E5", "key_areas": None, "new_business_form": True, "observation_until": None},
        {"enterprise_id": "E6", "key_areas": None, "new_business_form": True, "observation_until": None,
         "established_on": "2025-07-01"},
    )  # fmt: skip
    records = records_of({"enterprise_id": "E4", "type": "serious_dishonesty_listing", "occurred_on": "2026-01-01"})
    regimes = table(enterprises, records).select("enterprise_id", "regime")
    assert dict(regimes.iter_rows()) == {
        "E1": "full_coverage", "E2": "observation", "E3": "tiered", "E4": "tiered", "E5": "tiered", "E6": "observation",
    }  # fmt: skip


def test_what_did_not_count_is_listed_with_the_reason() -> None:
    penalty = {"type": "penalty", "severity": "serious", "occurred_on": "2026-01-01"}
    records = records_of(
        {**penalty, "repaired_on": "2026-05-01"},
        {**penalty, "expires_on": "2026-05-01"},
        {**penalty, "known_on": "2026-08-01"},
        {**penalty, "revoked_on": "2026-05-01"},
        {"type": "violation", "severity": "minor", "occurred_on": "2026-01-01"},
        penalty,
    )
    explanation = cr.assess(enterprises_of({"enterprise_id": "E1"}), records, as_of=AS_OF).explain("E1")
    assert [record.standing for record in explanation.ignored] == [
        "repaired", "expired", "not_yet_known", "revoked", "exempt",
    ]  # fmt: skip
    assert explanation.ignored[0].text.zh == "已修复"
    assert explanation.ignored[0].type.en == "administrative penalty"


@st.composite
def adverse_records(draw: st.DrawFn) -> dict[str, object]:
    kind = draw(st.sampled_from(sorted(ADVERSE)))
    return {
        "type": kind,
        "outcome": ADVERSE[kind],
        "dimension": draw(st.sampled_from(["safety", "quality", "environment", "compliance", "responsibility"])),
        "severity": draw(st.sampled_from(["minor", "general", "serious", "grave", None])),
        "amount": draw(st.sampled_from([None, 5_000.0, 250_000.0])),
        "occurred_on": str(draw(st.dates(date(2022, 1, 1), AS_OF))),
    }


@pytest.mark.parametrize("dimension", ["safety", "quality", "environment", "compliance", "responsibility"])
@pytest.mark.parametrize("kind", ADVERSE)
def test_every_kind_of_adverse_record_costs_points_in_whatever_dimension(kind: str, dimension: str) -> None:
    record = {"type": kind, "dimension": dimension, "outcome": ADVERSE[kind], "severity": "serious"}
    enterprises = enterprises_of({"enterprise_id": "E1"})
    clean = table(enterprises, records_of(PASSED))
    tainted = table(enterprises, records_of(PASSED, {**record, "occurred_on": "2026-06-01"}))
    assert tainted["score"][0] < clean["score"][0]


PASSED = {"type": "inspection", "outcome": "pass", "occurred_on": "2026-03-01"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(adverse_records(), max_size=8), adverse_records())
def test_one_more_adverse_record_never_improves(history: list[dict[str, object]], more: dict[str, object]) -> None:
    enterprises = enterprises_of({"enterprise_id": "E1"})
    before = table(enterprises, records_of(PASSED, *history)).row(0, named=True)
    after = table(enterprises, records_of(PASSED, *history, more)).row(0, named=True)
    for column in ("score", "safety", "quality", "environment", "compliance", "responsibility"):
        assert after[column] <= before[column], column
    assert TIERS.index(after["tier"]) >= TIERS.index(before["tier"])


@settings(max_examples=60, deadline=None)
@given(st.lists(adverse_records(), min_size=1, max_size=8), st.integers(0, 7))
def test_a_repair_never_worsens(history: list[dict[str, object]], which: int) -> None:
    enterprises = enterprises_of({"enterprise_id": "E1"})
    before = table(enterprises, records_of(PASSED, *history)).row(0, named=True)
    repaired = [dict(record) for record in history]
    repaired[which % len(history)]["repaired_on"] = str(AS_OF)
    after = table(enterprises, records_of(PASSED, *repaired)).row(0, named=True)
    for column in ("score", "safety", "quality", "environment", "compliance", "responsibility"):
        assert after[column] >= before[column], column
    assert TIERS.index(after["tier"]) <= TIERS.index(before["tier"])


def test_a_duplicate_record_counts_once() -> None:
    penalty = {"record_id": "same", "type": "penalty", "severity": "grave", "occurred_on": "2026-01-01"}
    enterprises = enterprises_of({"enterprise_id": "E1"})
    once, twice = (table(enterprises, records_of(*[penalty] * times)) for times in (1, 2))
    assert once.equals(twice)


def saved_bytes(assessment: cr.Assessment, folder: Path) -> dict[str, bytes]:
    names = ("assessments.parquet", "reasons.parquet", "rejects.parquet")
    written = assessment.save(folder)
    return {name: written[name].read_bytes() for name in names}


def test_order_of_the_input_and_kind_of_input_change_no_byte_of_the_results(
    province: tuple[cr.Enterprises, cr.Records], tmp_path: Path
) -> None:
    enterprises, records = (part.data.drop("source", "source_row") for part in province)
    enterprises.write_parquet(tmp_path / "enterprises.parquet")
    shards = tmp_path / "records"
    shards.mkdir()
    for number in range(3):
        records.sort("record_id")[number::3].write_parquet(shards / f"{number}.parquet")
    flat = enterprises.with_columns(pl.col("key_areas", "former_names").list.join("；"))
    flat.write_csv(tmp_path / "enterprises.csv")
    records.write_csv(tmp_path / "records.csv")
    kinds = {
        "polars": (enterprises, records),
        "shuffled": tuple(part.sample(fraction=1, shuffle=True, seed=1) for part in (enterprises, records)),
        "pandas": (enterprises.to_pandas(), records.to_pandas()),
        "arrow": (enterprises.to_arrow(), pa.table(records.to_arrow())),
        "parquet": (tmp_path / "enterprises.parquet", shards),
        "csv": (tmp_path / "enterprises.csv", tmp_path / "records.csv"),
    }  # fmt: skip
    results = {
        kind: saved_bytes(cr.assess(*sources, as_of=AS_OF), tmp_path / "out" / kind) for kind, sources in kinds.items()
    }
    for kind, files in results.items():
        assert files == results["polars"], kind


def test_tiers_of_a_pandas_table_stand_in_their_order(province: tuple[cr.Enterprises, cr.Records]) -> None:
    tier = cr.assess(*province, as_of=AS_OF, output="pandas").table["tier"]
    assert tier.cat.ordered
    assert list(tier.cat.categories) == TIERS


def test_run_json_names_inputs_policy_versions_counts_and_hashes(assessment: cr.Assessment, tmp_path: Path) -> None:
    written = assessment.save(tmp_path / "out")
    run = json.loads(written["run.json"].read_text(encoding="utf-8"))
    assert run["policy"] == {"id": "jiangsu", "edition": "2026", "sha256": assessment.policy.sha256}
    assert set(run["results"]) == {"assessments.parquet", "reasons.parquet", "rejects.parquet", "summary.html"}
    assert sum(tier["count"] for tier in run["summary"]["tiers"]) == 400
    counts = run["inputs"]["records"]
    assert counts["rows_read"] == counts["rows_kept"] + counts["rows_rejected"]
    assert {"python", "polars", "creditrisk"} <= set(run["versions"])


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_results_go_out_as_asked(province: tuple[cr.Enterprises, cr.Records], kind: str) -> None:
    types = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table}
    assessment = cr.assess(*province, as_of=AS_OF, output=kind)
    for frame in (assessment.table, assessment.reasons, assessment.rejects):
        assert isinstance(frame, types[kind])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"as_of": "2026-02-30"}, "as_of must be a day such as 2026-06-30, got '2026-02-30'"),
        ({"as_of": None}, "as_of must be a day"),
        ({"as_of": "1999-01-01", "policy": cr.load_policy("jiangsu")}, "as_of 1999-01-01 lies before every record"),
        ({"as_of": AS_OF, "output": "excel"}, "output must be one of pandas, polars, arrow, got 'excel'"),
    ],
)
def test_a_wrong_argument_is_one_clear_error(
    province: tuple[cr.Enterprises, cr.Records], arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(cr.InputError, match=message):
        cr.assess(*province, **arguments)


def test_a_policy_by_name_is_not_applied_to_a_day_on_which_it_is_not_in_force(
    province: tuple[cr.Enterprises, cr.Records],
) -> None:
    with pytest.raises(cr.PolicyError, match="policy jiangsu is not in force on 2020-01-01: its editions"):
        cr.assess(*province, as_of="2020-01-01")


def test_an_unknown_enterprise_cannot_be_explained(assessment: cr.Assessment) -> None:
    with pytest.raises(cr.InputError, match="the assessment has no enterprise 'E404'"):
        assessment.explain("E404")
