"""Headers and words: what they mean."""

import pytest

from creditrisk.errors import InputError
from creditrisk.records.aliases import alias_table, normalise_word, plan_columns, value_words
from creditrisk.records.schema import ENTERPRISE_SCHEMA, RECORD_SCHEMA
from creditrisk.vocabulary import DIMENSIONS, OUTCOMES, RECORD_TYPES, SCALES, SEVERITIES, STATUSES


@pytest.mark.parametrize(
    "header", ["代码-1（统一社会信用代码）", "行政相对人代码_3(统一社会信用代码)：", "ＵＳＣＣ", " Credit Code "]
)
def test_variants_of_the_code_header(header):
    assert plan_columns([header], "records").fields == {header: "enterprise_id"}


@pytest.mark.parametrize(
    ("second", "third"),
    [("组织机构代码", "工商注册号"), ("工商登记码", "组织机构代码")],
)
def test_the_bracketed_text_decides_whichever_number_the_code_has(second, third):
    headers = [f"行政相对人代码_2（{second}）", f"行政相对人代码＿3（{third}）"]
    meanings = {
        "组织机构代码": "organisation_code",
        "工商注册号": "registration_number",
        "工商登记码": "registration_number",
    }
    assert list(plan_columns(headers, "records").fields.values()) == [meanings[second], meanings[third]]


@pytest.mark.parametrize("header", ["代码＿3", "代码_4(税务登记号)", "法定代表人"])
def test_what_is_known_but_not_read_is_named_as_unused(header):
    plan = plan_columns([header], "records")
    assert plan.unused == (header,) and not plan.fields and not plan.unknown


def test_two_columns_of_one_meaning_are_an_error_that_says_what_to_do():
    with pytest.raises(InputError, match=r"both mean 'authority'.*columns="):
        plan_columns(["处罚机关", "执法部门"], "records")
    plan = plan_columns(["处罚机关", "执法部门"], "records", {"执法部门": "authority"})
    assert plan.fields == {"执法部门": "authority"} and plan.unused == ("处罚机关",)
    assert plan_columns(["处罚机关", "执法部门"], "records", {"处罚机关": None}).unused == ("处罚机关",)


def test_a_stand_in_is_used_only_where_the_column_itself_is_absent():
    assert plan_columns(["cf_wfss"], "records").fields == {"cf_wfss": "matter"}
    plan = plan_columns(["cf_wfss", "cf_wfxw"], "records")
    assert plan.fields == {"cf_wfxw": "matter"} and plan.unused == ("cf_wfss",)


def test_the_users_mapping_is_checked():
    with pytest.raises(InputError, match="names 'x'"):
        plan_columns(["a"], "records", {"x": "type"})
    with pytest.raises(InputError, match="which is no field"):
        plan_columns(["a"], "records", {"a": "tpye"})


def test_no_alias_means_two_things_within_a_table():
    for table, schema in (("records", RECORD_SCHEMA), ("enterprises", ENTERPRISE_SCHEMA)):
        seen = {normalise_word(name): name for name in schema}
        for meaning, aliases in alias_table()[table].items():
            for alias in aliases:
                assert seen.setdefault(normalise_word(alias), meaning) == meaning, alias


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("type", RECORD_TYPES),
        ("dimension", DIMENSIONS),
        ("severity", SEVERITIES),
        ("outcome", OUTCOMES),
        ("status", STATUSES),
        ("scale", SCALES),
    ],
)
def test_synonyms_never_shadow_a_label(column, words):
    for value, label in words.items():
        assert {value_words(column)[normalise_word(word)] for word in (value, *label)} == {value}
    assert set(alias_table()["values"][column]) <= set(words)
    seen: dict[str, str] = {}
    for value, synonyms in alias_table()["values"][column].items():
        for word in synonyms:
            assert seen.setdefault(normalise_word(word), value) == value, word
