"""The builders as scikit-learn transformers, and laws that hold for every indicator."""

from __future__ import annotations

import copy
import pickle
from datetime import date
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import creditrisk as cr
from creditrisk.indicators import events
from tests.conftest import enterprises_of, records_of

Province = tuple[cr.Enterprises, cr.Records]


@pytest.fixture(scope="module")
def cohort(province: Province) -> pd.DataFrame:
    """Every enterprise on two days."""
    ids = province[0].data["enterprise_id"].to_list()
    return pd.DataFrame(
        {"enterprise_id": ids * 2, "as_of": [date(2025, 1, 31)] * len(ids) + [date(2026, 6, 30)] * len(ids)}
    )


def build(province: Province, cohort: object, records: object = None) -> pd.DataFrame:
    enterprises, all_records = province
    builder = cr.IndicatorBuilder(all_records if records is None else records, enterprises=enterprises)
    return builder.fit_transform(cohort)


def test_five_families_make_up_the_union(province: Province, cohort: pd.DataFrame) -> None:
    enterprises, records = province
    families = (
        cr.SafetyIndicators, cr.QualityIndicators, cr.EnvironmentIndicators,
        cr.ComplianceIndicators, cr.ResponsibilityIndicators,
    )  # fmt: skip
    parts = [family(records, enterprises=enterprises).fit_transform(cohort) for family in families]
    pd.testing.assert_frame_equal(pd.concat(parts, axis=1), build(province, cohort))


def test_every_record_type_is_read_by_some_indicator() -> None:
    read = {name for spec in cr.built_in_indicators() for name in spec.select.types}
    acting = {"repair", "revocation"}  # they change the standing of other records
    assert read == set(cr.read_records(pl.DataFrame(schema={"record_id": pl.String, "enterprise_id": pl.String,
        "type": pl.String, "occurred_on": pl.Date})).data.schema["type"].categories) - acting  # fmt: skip


def test_every_indicator_takes_more_than_one_value_in_a_province() -> None:
    simulated = cr.simulate_province(4_000, 15.0, seed=1)
    enterprises, records = cr.read_enterprises(simulated.enterprises), cr.read_records(simulated.records)
    values = build((enterprises, records), enterprises.data.select("enterprise_id", as_of=pl.lit(date(2026, 6, 30))))
    assert values.nunique().min() >= 2, values.nunique().idxmin()


def test_rows_of_different_days_are_as_if_computed_apart(province: Province, cohort: pd.DataFrame) -> None:
    together = build(province, cohort)
    for _, day in cohort.groupby("as_of"):
        pd.testing.assert_frame_equal(build(province, day), together.loc[day.index])


def test_a_single_row_equals_its_row_in_the_batch(province: Province, cohort: pd.DataFrame) -> None:
    batch = build(province, cohort)
    for position in (0, 123, 517):
        pd.testing.assert_frame_equal(build(province, cohort.iloc[[position]]), batch.iloc[[position]])


def test_rows_are_the_same_however_many_are_expanded_at_once(
    province: Province, cohort: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build(province, cohort)
    monkeypatch.setattr(events, "_EVENTS_AT_ONCE", 100)
    pd.testing.assert_frame_equal(build(province, cohort), whole)


def test_order_and_splitting_of_the_records_change_no_bit(province: Province, cohort: pd.DataFrame) -> None:
    records = province[1].data
    shuffled = records.sample(fraction=1, shuffle=True, seed=3)
    halves = pl.concat([shuffled[3000:], shuffled[:3000]])
    whole = build(province, cohort)
    for other in (shuffled, halves, records.lazy()):
        pd.testing.assert_frame_equal(build(province, cohort, other), whole, check_exact=True)


def test_nothing_known_after_the_day_changes_anything(province: Province) -> None:
    day = date(2025, 1, 31)
    records = province[1].data
    cohort = pd.DataFrame({"enterprise_id": province[0].data["enterprise_id"].to_list(), "as_of": day})
    later = (pl.col("known_on") > day) | (pl.col("occurred_on") > day)
    poisoned = records.with_columns(
        severity=pl.when(later).then(pl.lit("grave")).otherwise(pl.col("severity").cast(pl.String)).cast(records.schema["severity"]),
        amount=pl.when(later).then(1e9).otherwise("amount"),
        type=pl.when(later).then(pl.lit("accident")).otherwise(pl.col("type").cast(pl.String)).cast(records.schema["type"]),
        repaired_on=pl.when(pl.col("repaired_on") > day).then(None).otherwise("repaired_on"),
    )  # fmt: skip
    assert not poisoned.equals(records)
    pd.testing.assert_frame_equal(build(province, cohort, poisoned), build(province, cohort), check_exact=True)


def test_output_is_what_set_output_asks_for(province: Province, cohort: pd.DataFrame) -> None:
    enterprises, records = province
    builder = cr.IndicatorBuilder(records, enterprises=enterprises).set_output(transform="polars")
    frame = builder.fit_transform(cohort)
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == list(builder.get_feature_names_out())


@pytest.mark.parametrize("kind", ["polars", "arrow", "text_days"])
def test_a_cohort_may_be_any_frame(province: Province, cohort: pd.DataFrame, kind: str) -> None:
    given = pl.from_pandas(cohort)
    if kind == "text_days":
        given = given.with_columns(pl.col("as_of").cast(pl.Date).dt.to_string())
    frame = build(province, given.to_arrow() if kind == "arrow" else given)
    np.testing.assert_array_equal(frame.to_numpy(), build(province, cohort).to_numpy())


def test_clones_and_works_in_a_pipeline_with_the_scorer(province: Province, cohort: pd.DataFrame) -> None:
    enterprises, records = province
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, policy=cr.load_policy("jiangsu"))
    assert not hasattr(clone(builder.fit()), "specs_")
    tiers = make_pipeline(builder, cr.RuleScorer("jiangsu")).fit(cohort).predict(cohort)
    assert set(tiers) == {"good", "ordinary", "high_risk"}


def test_refuses_before_fit(province: Province, cohort: pd.DataFrame) -> None:
    with pytest.raises(NotFittedError):
        cr.IndicatorBuilder(province[1]).transform(cohort)


def test_an_empty_cohort_gives_an_empty_frame(province: Province, cohort: pd.DataFrame) -> None:
    assert build(province, cohort.iloc[:0]).shape == (0, len(cr.built_in_indicators()))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"enterprise_id": ["E1"]}, "needs a column 'as_of'"),
        (
            {"enterprise_id": ["E1"], "as_of": ["2026-02-30"]},
            "as_of of the cohort .*'2026-02-30' in row 0",
        ),
        ({"enterprise_id": [None], "as_of": ["2026-02-01"]}, "row 0 of the cohort has no enterprise_id"),
        ({"enterprise_id": ["E1", "E1"], "as_of": ["2026-02-01", None]}, "row 1 of the cohort has no as_of"),
        ({"enterprise_id": ["E1"], "as_of": [20260201]}, "as_of of the cohort must hold days"),
    ],
)
def test_a_wrong_cohort_is_one_clear_error(rows: dict[str, list[object]], message: str) -> None:
    records = records_of({"type": "accident", "occurred_on": "2026-01-01"})
    with pytest.raises(cr.InputError, match=message):
        cr.SafetyIndicators(records).fit_transform(pl.DataFrame(rows))


def test_an_indicator_of_the_enterprise_needs_the_enterprises() -> None:
    records = records_of({"type": "accident", "occurred_on": "2026-01-01"})
    with pytest.raises(cr.InputError, match="give enterprises= as well"):
        cr.IndicatorBuilder(records).fit_transform(pd.DataFrame({"enterprise_id": ["E1"], "as_of": ["2026-01-01"]}))


def test_an_indicator_of_a_column_that_is_not_there_is_named() -> None:
    spec = cr.IndicatorSpec.model_validate(
        {
            "id": "safety.example",
            "label": {"zh": "例", "en": "example"},
            "direction": "none",
            "source": "test",
            "measure": "sum",
            "of": "attributes.depth",
        }
    )
    records = records_of({"type": "accident", "occurred_on": "2026-01-01"})
    with pytest.raises(cr.InputError, match=r"'attributes.depth', which safety.example measures"):
        cr.IndicatorBuilder(records, indicators=[spec], only=["safety.example"]).fit_transform(
            pd.DataFrame({"enterprise_id": ["E1"], "as_of": ["2026-01-01"]})
        )


FEW = records_of({"type": "accident", "occurred_on": "2026-01-01", "enterprise_id": "E1"})
REGISTER = enterprises_of({"enterprise_id": "E1"}, {"enterprise_id": "E2"})
WANTED = ["safety.accident_count"]


def accidents(ids: list[str], **options: Any) -> list[float]:
    cohort = pd.DataFrame({"enterprise_id": ids, "as_of": "2026-06-30"})
    builder = cr.SafetyIndicators(FEW, only=WANTED, **options)
    return builder.fit_transform(cohort)["safety.accident_count"].tolist()


def test_who_is_in_the_register_without_a_record_has_none() -> None:
    assert accidents(["E2", "E1"], enterprises=REGISTER) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("strange", "message"),
    [
        ("e1", "'e1' in row 1; 'E1' is known"),
        (" E1", "' E1' in row 1; 'E1' is known"),
        ("E9", "'E9' in row 1: correct"),
    ],
)
@pytest.mark.parametrize("enterprises", [None, REGISTER])
def test_an_unknown_enterprise_is_no_spotless_one(strange: str, message: str, enterprises: Any) -> None:
    with pytest.raises(cr.InputError, match=f"1 rows of the cohort .*{message}"):
        accidents(["E1", strange], enterprises=enterprises)
    with pytest.warns(cr.InputWarning, match="1 rows of the cohort .* they have no values"):
        values = accidents(["E1", strange, "E1"], enterprises=enterprises, unknown="warn")
    np.testing.assert_array_equal(values, [1.0, np.nan, 1.0])


def test_without_a_register_who_has_no_record_is_unknown() -> None:
    with pytest.raises(cr.InputError, match="give enterprises="):
        accidents(["E2"])


def test_who_is_unknown_is_compared_with_nobody(province: Province, cohort: pd.DataFrame) -> None:
    enterprises, records = province
    strangers = cohort.iloc[::7].assign(enterprise_id="nobody")
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, unknown="warn")
    with pytest.warns(cr.InputWarning):
        values = builder.fit_transform(pd.concat([strangers, cohort]))
    assert values.iloc[: len(strangers)].isna().all(axis=None)
    pd.testing.assert_frame_equal(values.iloc[len(strangers) :], build(province, cohort))


def test_what_becomes_of_the_unknown_is_one_of_two_things() -> None:
    with pytest.raises(cr.InputError, match="unknown must be one of error, warn, got 'zero'"):
        accidents(["E1"], unknown="zero")


def test_an_index_with_a_name_is_a_column(province: Province, cohort: pd.DataFrame) -> None:
    whole = build(province, cohort)
    for index in (["enterprise_id"], ["as_of"], ["enterprise_id", "as_of"]):
        values = build(province, cohort.set_index(index))
        np.testing.assert_array_equal(values.to_numpy(), whole.to_numpy())
        assert list(values.index.names) == index
    twice = cohort.set_index("enterprise_id", drop=False)
    np.testing.assert_array_equal(build(province, twice).to_numpy(), whole.to_numpy())
    with pytest.raises(cr.InputError, match="'enterprise_id' is a column and the name of the index, and they differ"):
        build(province, twice.assign(enterprise_id=cohort["enterprise_id"].to_numpy()[::-1]))


def test_a_column_given_twice_is_one_clear_error(province: Province, cohort: pd.DataFrame) -> None:
    with pytest.raises(cr.InputError, match="the column 'enterprise_id' occurs twice"):
        build(province, pd.concat([cohort, cohort[["enterprise_id"]]], axis=1))


def test_a_pickle_leaves_the_records_behind_and_says_so(province: Province, cohort: pd.DataFrame) -> None:
    enterprises, records = province
    builder = cr.IndicatorBuilder(records, enterprises=enterprises, policy=cr.load_policy("jiangsu")).fit()
    kept = pickle.dumps(builder)
    assert len(kept) < 100_000 and records.data["record_id"][0].encode() not in kept
    again = pickle.loads(kept)  # noqa: S301
    with pytest.raises(cr.InputError, match=r"leaves its enterprises behind.*set_params\(enterprises=.*threading"):
        again.transform(cohort)
    again.set_params(records=records, enterprises=enterprises)
    pd.testing.assert_frame_equal(again.transform(cohort), builder.transform(cohort))
    assert builder.records is records


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_the_records(province: Province, cohort: pd.DataFrame, copied: Any) -> None:
    builder = cr.IndicatorBuilder(province[1], enterprises=province[0], only=WANTED).fit()
    pd.testing.assert_frame_equal(copied(builder).transform(cohort), builder.transform(cohort))


def test_a_clone_keeps_the_records(province: Province, cohort: pd.DataFrame) -> None:
    builder = cr.IndicatorBuilder(province[1], enterprises=province[0]).set_output(transform="polars")
    assert clone(builder).fit_transform(cohort).equals(builder.fit_transform(cohort))


def test_threads_share_the_records(province: Province, cohort: pd.DataFrame) -> None:
    model = make_pipeline(
        cr.IndicatorBuilder(province[1], enterprises=province[0], only=WANTED),
        HistGradientBoostingClassifier(max_iter=2),
    )
    y = np.arange(len(cohort)) % 2
    with joblib.parallel_config(backend="threading"):
        assert len(cross_val_score(model, cohort, y, cv=2, n_jobs=2, error_score="raise")) == 2


def test_a_builder_shows_the_size_of_its_tables_and_no_row(province: Province) -> None:
    enterprises, records = province
    builder = cr.SafetyIndicators(records, enterprises=enterprises.data, policy=cr.load_policy("jiangsu"), only=WANTED)
    assert repr(builder) == (
        "SafetyIndicators(enterprises=<400 enterprises>, only=['safety.accident_count'], policy=<jiangsu>, "
        f"records=<{len(records):,} records>)"
    )
    assert builder._repr_mimebundle_() == {"text/plain": repr(builder)}
