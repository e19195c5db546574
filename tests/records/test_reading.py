"""From sources to checked tables: every kind of input, what is set aside, and counts that add up."""

from datetime import date, datetime

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from creditrisk.errors import InputError
from creditrisk.records import (
    ENTERPRISE_SCHEMA,
    RECORD_SCHEMA,
    REJECT_SCHEMA,
    Records,
    identity_report,
    read_enterprises,
    read_records,
)
from creditrisk.records.rejects import REASONS

CODE, OTHER = "91310000631696382C", "91110000600037341L"

TABLE = pl.DataFrame(
    {
        "record_id": ["R1", "R2", None, "R4"],
        "enterprise_id": [CODE, OTHER, CODE, OTHER],
        "type": ["penalty", "inspection", "complaint", "accident"],
        "outcome": [None, "fail", "upheld", None],
        "severity": ["serious", None, None, "grave"],
        "amount": [1500.5, None, None, 0.1],
        "occurred_on": [date(2023, 1, 5), date(2023, 2, 28), date(2024, 2, 29), date(2022, 12, 31)],
        "known_on": [date(2023, 1, 6), None, None, date(2023, 1, 1)],
        "authority": ["南京市应急管理局", "南京市市场监督管理局", None, "南京市消防救援支队"],
        "region": ["320100", "320100", None, "320102"],
        "critical": [1.0, None, 2.5, 0.0],
        "remark": ["甲", None, "乙\n丙", "丁,戊"],
    }
)


def write_excel(frame: pl.DataFrame, path) -> None:
    book = openpyxl.Workbook()
    for row in [frame.columns, *frame.rows()]:
        book.active.append(row)
    book.save(path)


def inputs(folder) -> dict:
    TABLE.write_csv(folder / "utf8.csv")
    (folder / "bom.csv").write_bytes(b"\xef\xbb\xbf" + TABLE.write_csv().encode())
    (folder / "gb.csv").write_bytes(TABLE.write_csv(line_terminator="\r\n").encode("gb18030"))
    TABLE.write_csv(folder / "tabs.tsv", separator="\t")
    TABLE.write_parquet(folder / "typed.parquet")
    (folder / "many").mkdir()
    TABLE.head(2).write_parquet(folder / "many" / "a.parquet")
    TABLE.tail(2).write_parquet(folder / "many" / "b.parquet")
    write_excel(TABLE, folder / "book.xlsx")
    url = f"sqlite:///{folder / 'base.db'}"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        TABLE.to_pandas().to_sql("records", connection, index=False)
    engine.dispose()
    mixed = TABLE.to_pandas().astype(object)
    mixed["occurred_on"] = ["2023年1月5日", datetime(2023, 2, 28, 12), date(2024, 2, 29), "20221231"]
    return {
        "polars": TABLE,
        "lazy": TABLE.lazy(),
        "pandas": TABLE.to_pandas(),
        "pandas of objects": mixed,
        "arrow": TABLE.to_arrow(),
        "arrow batches": pa.RecordBatchReader.from_batches(TABLE.to_arrow().schema, TABLE.to_arrow().to_batches()),
        "enums": TABLE.cast({"type": RECORD_SCHEMA["type"], "severity": pl.Categorical}),
        "text": TABLE.cast(pl.String),
        **{name: folder / name for name in ("utf8.csv", "bom.csv", "gb.csv", "tabs.tsv", "typed.parquet", "book.xlsx")},
        "folder": folder / "many",
        "glob": str(folder / "many" / "*.parquet"),
        "list": [TABLE.head(3), folder / "many" / "b.parquet"],
        "database": url,
    }


def test_every_kind_of_input_gives_the_same_data(tmp_path):
    expected = None
    for kind, source in inputs(tmp_path).items():
        records = read_records(source, query="select * from records" if kind == "database" else None)
        if kind == "list":  # one row comes twice there, once without an id
            assert records.report.rows_read == 5
            continue
        assert records.data.columns == [*RECORD_SCHEMA, "attributes.critical"], kind
        assert records.report.ignored_columns == ("remark",), kind
        data = records.data.drop("source", "source_row")
        expected = data if expected is None else expected
        assert_frame_equal(data, expected)
        assert records.rejected.is_empty(), kind
    assert expected.schema == {k: v for k, v in RECORD_SCHEMA.items() if "source" not in k} | {
        "attributes.critical": pl.Float64
    }
    assert expected["known_on"].to_list()[1] == date(2023, 2, 28)
    assert expected["dimension"].to_list() == ["safety", "quality", "compliance", "safety"]


def test_penalty_publication_file_in_gb18030(tmp_path):
    (tmp_path / "双公示.csv").write_bytes(
        (
            "行政处罚决定书文号,行政相对人名称：,行政相对人代码_1（统一社会信用代码）,"
            "代码-2（组织机构代码）,代码＿3（工商注册号）,代码_4(税务登记号),"
            "CF_WFXW,cf_cflb,cf_nr_fk,cf_nr_wfff,cf_jdrq,cf_yxq,cf_gsjzq,cf_cfjg\r\n"
            "苏罚〔2023〕1号,甲公司,９１３１００００631696382c ,/,/,/,"
            "无证,罚款,1.5,0.3,2023年7月3日,2026-07-03,2024/7/3,南京市应急管理局\r\n"
            "苏罚〔2023〕2号,乙公司,,60003734-1,,,超标,责令停产停业,3万元,,20230704,长期,,南京市生态环境局\r\n"
            "苏罚〔2023〕3号,丙公司,,,320100000012345,,超标,警告,,,2023-02-30,,,税务局\r\n"
            "苏罚〔2023〕4号,丙公司\r\n"
            "苏罚〔2023〕5号,原名公司,,,,,超标,警告,,,2023.3.4,2099-12-31,,税务局\r\n"
        ).encode("gb18030")
    )
    enterprises = read_enterprises(
        pl.DataFrame({"uscc": [CODE, OTHER], "企业名称": ["甲公司", "乙公司"], "曾用名": ["旧名；原名公司", None]})
    )
    records = read_records(tmp_path / "双公示.csv", enterprises=enterprises)
    columns = [
        "record_id",
        "enterprise_id",
        "type",
        "dimension",
        "severity",
        "amount",
        "occurred_on",
        "expires_on",
        "matter",
    ]
    assert records.data.select(columns).rows() == [
        ("苏罚〔2023〕1号", CODE, "penalty", "safety", "general", 18_000.0, date(2023, 7, 3), date(2024, 7, 3), "无证"),
        ("苏罚〔2023〕2号", OTHER, "penalty", "environment", "general", 30_000.0, date(2023, 7, 4), None, "超标"),
        ("苏罚〔2023〕5号", CODE, "penalty", "compliance", "minor", None, date(2023, 3, 4), date(2099, 12, 31), "超标"),
    ]
    assert set(records.rejected.select("row", "column", "code").rows()) == {
        (3, "enterprise_id", "legacy_registration_number"),
        (3, "occurred_on", "invalid_date"),
        (4, "", "ragged_row"),
    }
    report = records.report
    assert (report.rows_read, report.rows_kept, report.rows_rejected) == (5, 3, 2)
    assert report.column_names["代码＿3（工商注册号）"] == "registration_number"
    assert report.ignored_columns == ("代码_4(税务登记号)",)
    assert any("organisation code for 1 rows" in note for note in report.notes)
    assert any("former name for 1 rows" in note for note in report.notes)


BASE = {"enterprise_id": CODE, "type": "penalty", "occurred_on": "2023-05-05"}
FAULTS = [
    ({"enterprise_id": None}, "missing_value"),
    ({"enterprise_id": CODE[:-1] + "D"}, "wrong_check_character"),
    ({"enterprise_id": "9111000060003IOZSV"}, "invalid_uscc"),
    ({"enterprise_id": "320100000012345"}, "legacy_registration_number"),
    ({"enterprise_id": "63169638-2"}, "legacy_organisation_code"),
    ({"type": "飞行"}, "unknown_type"),
    ({"type": None}, "missing_value"),
    ({"dimension": "x"}, "unknown_dimension"),
    ({"severity": "x"}, "unknown_severity"),
    ({"outcome": "x"}, "unknown_outcome"),
    ({"occurred_on": "2021-02-30"}, "invalid_date"),
    ({"occurred_on": "1948-12-31"}, "date_before_1949"),
    ({"expires_on": "2101-01-01"}, "date_after_2100"),
    ({"known_on": "2023-05-04"}, "known_before_occurred"),
    ({"repaired_on": "2023-05-04"}, "repaired_before_occurred"),
    ({"revoked_on": "2023-05-04"}, "revoked_before_occurred"),
    ({"expires_on": "2023-05-04"}, "expires_before_occurred"),
    ({"amount": "-3"}, "negative_amount"),
    ({"amount": "很多"}, "invalid_amount"),
    ({"amount": "inf"}, "invalid_amount"),
    ({"draw_probability": "0"}, "invalid_probability"),
    ({"draw_probability": "1.5"}, "invalid_probability"),
    ({"attributes.x": "y"}, "invalid_number"),
    ({"acts_on": "nothing", "type": "repair"}, "acts_on_unknown"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS)
def test_each_fault_is_set_aside_with_its_reason(fault, code):
    records = read_records(pl.DataFrame([BASE, {**BASE, **fault}], infer_schema_length=None))
    (column, value), *_ = fault.items()
    reject = records.rejected.row(0, named=True)
    assert (reject["table"], reject["row"], reject["column"], reject["code"]) == ("records", 2, column, code)
    assert reject["value"] in (value, "-3.0", "0.0", "1.5", "631696382")
    assert all("{" not in reject[f"message_{language}"] for language in ("zh", "en"))
    assert records.rejected.schema == REJECT_SCHEMA
    assert len(records) == 1 and records.report.rejected_by_code == {code: 1}


def test_every_reason_is_said_in_both_languages():
    assert all(reason.zh and reason.en for reason in REASONS.values())


def test_a_row_with_two_faults_counts_once():
    records = read_records(pl.DataFrame([{**BASE, "amount": "x", "severity": "y"}]))
    assert records.report.rows_rejected == 1 and records.rejected.height == 2


def test_unknown_types_name_the_known_ones_and_further_types_are_known():
    frame = pl.DataFrame([{**BASE, "type": "飞行"}])
    assert "penalty" in read_records(frame).rejected["message_en"][0]
    assert read_records(frame, further_types=("飞行",)).data["type"].to_list() == ["飞行"]
    with pytest.raises(InputError, match="further_types"):
        read_records(frame, further_types=("penalty",))


def test_duplicates_keep_the_first_and_name_it():
    frame = pl.DataFrame([{**BASE, "record_id": "A", "amount": amount} for amount in (1, 2, 3)])
    records = read_records(frame)
    assert records.data["amount"].to_list() == [1.0]
    assert records.rejected["message_en"].unique().to_list() == [
        "the record id is there already; kept is row 1 of frame"
    ]
    assert records.report.rejected_by_code == {"duplicate_record": 2}


def test_many_duplicates_are_quick():
    frame = pl.select(
        record_id=pl.lit("A").repeat_by(200_000).explode(),
        enterprise_id=pl.lit(CODE),
        type=pl.lit("penalty"),
        occurred_on=pl.lit(date(2023, 1, 1)),
    )
    records = read_records(frame)
    assert (records.report.rows_kept, records.report.rows_rejected) == (1, 199_999)


def test_ids_made_from_content_do_not_depend_on_order_or_on_empty_columns():
    frame = pl.DataFrame([{**BASE, "amount": amount} for amount in (1, 1, 2)])
    ids = read_records(frame).data["record_id"]
    assert ids.n_unique() == 3 and ids.str.starts_with("auto-").all()
    turned = read_records([frame.tail(1), frame.head(2).with_columns(basis=pl.lit(None, dtype=pl.String))])
    assert set(turned.data["record_id"]) == set(ids)


def test_repairs_and_revocations_reach_the_record_they_name():
    rows = [
        {"record_id": "1", "type": "penalty", "occurred_on": "2020-01-01"},
        {"record_id": "2", "type": "penalty", "occurred_on": "2020-01-02", "repaired_on": "2020-03-03"},
        {"record_id": "3", "type": "repair", "occurred_on": "2020-05-01", "known_on": "2020-06-01", "acts_on": "1"},
        {"record_id": "4", "type": "repair", "occurred_on": "2020-07-01", "acts_on": "1"},
        {"record_id": "5", "type": "repair", "occurred_on": "2020-07-01", "acts_on": "2"},
        {"record_id": "6", "type": "revocation", "occurred_on": "2020-08-01", "acts_on": "2"},
        {"record_id": "7", "type": "revocation", "occurred_on": "2019-08-01", "acts_on": "2"},
    ]
    records = read_records(pl.DataFrame([{"enterprise_id": CODE, **row} for row in rows], infer_schema_length=None))
    assert records.data.head(2).select("repaired_on", "revoked_on").rows() == [
        (date(2020, 6, 1), None),
        (date(2020, 3, 3), date(2020, 8, 1)),
    ]
    assert records.rejected.select("row", "code").rows() == [(7, "acts_before_target")]
    assert records.report.rows_kept == 6


def test_extra_numbers_become_attributes_and_other_columns_are_named():
    frame = pl.DataFrame(
        [{**BASE, "attributes": {"a": 1, "b": None}, "n": "1.5", "code": "007", "text": "x", "empty": None}]
    )
    records = read_records(frame)
    assert records.data.columns[len(RECORD_SCHEMA) :] == [
        "attributes.a", "attributes.b", "attributes.empty", "attributes.n",
    ]  # fmt: skip
    assert set(records.report.ignored_columns) == {"code", "text"}


def test_a_column_that_is_text_in_one_part_is_no_attribute_in_another():
    parts = [pl.DataFrame([{**BASE, "n": 1}]), pl.DataFrame([{**BASE, "n": "x"}])]
    for order in (parts, parts[::-1]):
        records = read_records(order)
        assert records.data.columns == list(RECORD_SCHEMA) and records.report.ignored_columns == ("n",)


def test_ids_of_other_systems_are_any_text():
    frame = pd.DataFrame({"enterprise_id": [17, None], "type": "penalty", "occurred_on": ["2020-01-01"] * 2})
    records = read_records(frame, id_scheme="any")
    assert records.data["enterprise_id"].to_list() == ["17"]
    assert records.report.rejected_by_code == {"missing_value": 1}


def test_read_tables_pass_through_and_come_out_as_asked():
    records = read_records(TABLE)
    assert isinstance(records, Records) and isinstance(records.frame, pd.DataFrame)
    again = read_records(records, output="arrow")
    assert again.data is records.data and isinstance(again.frame, pa.Table)


def test_enterprises_in_chinese():
    enterprises = read_enterprises(
        pl.DataFrame(
            {
                "统一社会信用代码": [CODE, OTHER, OTHER],
                "企业名称": ["甲（上海）公司", "乙公司", "另一公司"],
                "曾用名": ["乙公司", None, None],
                "成立日期": ["2001年2月3日", "19990101", None],
                "状态": ["在营", "注销", "存续"],
                "企业规模": ["小微", "大型", "中"],
                "从业人数": ["1,200", None, "5"],
                "重点领域": ["危化品、食品", None, None],
                "新业态": ["是", "否", None],
                "观察期至": ["长期", "2025-01-01", None],
            }
        )
    )
    assert enterprises.data.columns == list(ENTERPRISE_SCHEMA)
    first = enterprises.data.row(0, named=True)
    assert first["employees"] == 1200 and first["scale"] == "micro" and first["observation_until"] is None
    assert first["key_areas"] == ["hazardous_chemicals", "food"] and first["new_business_form"] is True
    assert enterprises.report.rejected_by_code == {"duplicate_enterprise": 1, "second_name": 1}
    report = identity_report(enterprises, read_records(TABLE.head(1), enterprises=enterprises))
    assert report.one_code_two_names.select("name", "other_name").rows() == [("乙公司", "另一公司")]
    assert report.former_name_of_another.rows() == [("乙公司", CODE, OTHER)]
    assert report.not_in_table.is_empty()
    assert isinstance(report.to()["not_in_table"], pd.DataFrame)


values = {
    "record_id": st.sampled_from(["A", "B", "C", None]),
    "enterprise_id": st.sampled_from([CODE, OTHER, CODE.lower(), "x", None, "60003734-1"]),
    "type": st.sampled_from(["penalty", "检查", "飞行", None, "repair"]),
    "occurred_on": st.sampled_from(["2020-01-01", "2020年2月30日", "１９４０0101", None, "20240229"]),
    "known_on": st.sampled_from(["2021-01-01", "2019-01-01", None]),
    "amount": st.sampled_from(["1", "-1", "1万", "x", None]),
    "acts_on": st.sampled_from(["A", "Z", None]),
}
dirty = st.lists(st.fixed_dictionaries(values), min_size=1, max_size=12).map(
    lambda rows: pl.DataFrame(rows, schema=dict.fromkeys(values, pl.String))
)


@settings(max_examples=60, deadline=None)
@given(dirty)
def test_counts_add_up_and_no_row_is_both_kept_and_rejected(frame):
    records = read_records(frame)
    report = records.report
    assert report.rows_read == frame.height == report.rows_kept + report.rows_rejected
    kept, rejected = set(records.data["source_row"]), set(records.rejected["row"])
    assert kept | rejected == set(range(1, frame.height + 1)) and not kept & rejected
    assert records.rejected.height == sum(report.rejected_by_code.values())


@settings(max_examples=30, deadline=None)
@given(dirty, st.integers(0, 12), st.randoms())
def test_order_and_splitting_change_nothing_but_the_place(frame, cut, random):
    frame = frame.unique("record_id", keep="first", maintain_order=True).with_columns(
        pl.when(pl.col("record_id").is_null()).then(None).otherwise("record_id").alias("record_id")
    )
    rows = list(range(frame.height))
    random.shuffle(rows)
    turned = frame[rows]
    whole = read_records(frame).data.drop("source", "source_row").sort("record_id")
    parts = read_records([turned.head(cut), turned[cut:]]).data.drop("source", "source_row").sort("record_id")
    assert_frame_equal(whole, parts)
