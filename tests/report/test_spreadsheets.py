"""Workbooks: text stays text, days are days, and the same tables give the same bytes."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

import creditrisk as cr
from creditrisk.files.spreadsheets import write_workbook

HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "{=A1}", "＝1＋1", "http://example.org", "0123", "a\x00b",
]  # fmt: skip


def read(sheets: dict[str, pl.DataFrame], path: Path) -> Any:
    write_workbook(sheets, path)
    return openpyxl.load_workbook(path)


def test_text_is_text_whatever_it_begins_with(tmp_path: Path) -> None:
    frame = pl.DataFrame({"=header": HOSTILE, "listed": [[one, "b"] for one in HOSTILE]})
    sheet = read({"企业": frame}, tmp_path / "a.xlsx")["企业"]
    for row, text in enumerate(["=header", *HOSTILE], start=1):
        cell = sheet.cell(row, 1)
        assert cell.data_type in ("s", "inlineStr") and cell.number_format == "@" and cell.hyperlink is None
        assert cell.value == text or "\x00" in text
    assert sheet.cell(2, 2).value == "=1+1；b"


def test_days_numbers_and_gaps_keep_their_types(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "day": [date(2026, 3, 2), None],
            "at": [datetime(2026, 3, 2, 8, 30), None],
            "share": [0.25, float("nan")],
            "count": [7, None],
            "done": [True, False],
            "tier": pl.Series(["good", None], dtype=pl.Enum(["good"])),
            "nothing": [None, None],
        }
    ).with_columns(pl.col("at").dt.replace_time_zone("Asia/Shanghai"))
    sheet = read({"a": frame}, tmp_path / "a.xlsx")["a"]
    assert [cell.value for cell in sheet[2]] == [
        datetime(2026, 3, 2), datetime(2026, 3, 2, 8, 30), 0.25, 7, True, "good", None,
    ]  # fmt: skip
    assert sheet.cell(2, 1).is_date and sheet.cell(2, 1).number_format == "yyyy-mm-dd"
    assert [cell.value for cell in sheet[3]] == [None, None, None, None, False, None, None]


def test_the_header_is_bold_and_stays_and_chinese_has_room(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["南京市某某食品有限公司"], "id": ["E1"], "why": ["长" * 500]})
    sheet = read({"a": frame}, tmp_path / "a.xlsx")["a"]
    assert sheet.cell(1, 1).font.bold and not sheet.cell(2, 1).font.bold
    assert sheet.freeze_panes == "A2"
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert 24 <= widths[0] <= 26 and widths[1] < 6 and 60 <= widths[2] < 62


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    sheets = {"甲": pl.DataFrame({"name": ["甲公司"]}), "乙": pl.DataFrame(schema={"name": pl.String})}
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(sheets, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize(
    ("name", "frame", "message"),
    [
        ("a", pl.DataFrame({"x": pl.repeat(1, 1 << 20, eager=True)}), "1,048,576 rows below its header"),
        ("a", pl.DataFrame({"x": ["a", "😀" * 16384]}), "row 2 of the sheet a has a text of 32,768 characters in x"),
        ("a/b", pl.DataFrame({"x": [1]}), "'a/b' cannot be the name of a sheet"),
    ],
)
def test_what_excel_cannot_take_is_one_clear_error(
    name: str, frame: pl.DataFrame, message: str, tmp_path: Path
) -> None:
    with pytest.raises(cr.InputError, match=message):
        write_workbook({name: frame}, tmp_path / "a.xlsx")


def test_without_xlsxwriter_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(cr.InputError, match=r"pip install 'creditrisk\[excel\]'"):
        write_workbook({"a": pl.DataFrame({"x": [1]})}, tmp_path / "a.xlsx")
