"""What cannot be read as a whole is one clear error; a delimited file never loses a row."""

import pandas as pd
import polars as pl
import pytest

from creditrisk.errors import InputError
from creditrisk.records.delimited import read_delimited
from creditrisk.records.reading import read_records
from creditrisk.records.sources import read_parts


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b\n1,\xff\xff\n", "neither UTF-8 .*offset 6.* nor GB18030"),
        ("a,b\n1,2".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,\x002\n", "NUL byte at offset 6"),
        (b"a,a\n1,2\n", "'a' occurs twice"),
        (b"\n\n", "no header"),
        (b'a,b\n"1,2\n3,4\n', "line 3 cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_parts(path)


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx"])
def test_damaged_files(tmp_path, name):
    (tmp_path / name).write_bytes(b"no such thing")
    with pytest.raises(InputError, match=f"{name} is not"):
        read_parts(tmp_path / name)


def test_nothing_to_read(tmp_path):
    for source, message in [
        (tmp_path / "a.csv", "there is no file"),
        (tmp_path, "holds no file"),
        (str(tmp_path / "*.csv"), "no file matches"),
        ([], "list of sources is empty"),
        (3, "cannot read from int"),
        (tmp_path / "a.doc", "cannot be read"),
    ]:
        with pytest.raises(InputError, match=message):
            read_parts(source)


def test_databases_need_a_query_and_keep_their_password(tmp_path):
    with pytest.raises(InputError, match="needs a query"):
        read_parts("sqlite://")
    with pytest.raises(InputError, match="goes with a SQLAlchemy URL"):
        read_parts(tmp_path, query="select 1")
    with pytest.raises(InputError, match="no such table"):
        read_parts(f"sqlite:///{tmp_path}/a.db", query="select * from missing")
    with pytest.raises(InputError) as error:
        read_parts("nosuch://user:secret@host/base", query="select 1")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "rows", "ragged"),
    [
        ("a,b\n1,2\n3,4\n", [("1", "2"), ("3", "4")], []),
        ("a,b\r\n1,2\r\n\r\n3,4\r\n\r\n", [("1", "2"), ("3", "4")], []),
        ("a,b\n1\n3,4\n5,6,7\n", [("3", "4")], [(1, 1), (3, 3)]),
        ('a,b\n"1,1","x\ny"\n"say ""hi""",4\n', [("1,1", "x\ny"), ('say "hi"', "4")], []),
        ('a,b\n5" pipe,2\n3,4\n', [('5" pipe', "2"), ("3", "4")], []),
        ('a,b\n"x\ny"\n3,4\n', [("3", "4")], [(1, 1)]),
        ("a;b\n1;2,5\n", [("1", "2,5")], []),
        ("a,b,,\n1,2,,\n", [("1", "2")], []),
        ("a,b", [], []),
        ("a\n1\n2\n", [("1",), ("2",)], []),
    ],
)
def test_no_row_of_a_delimited_file_is_lost(text, rows, ragged):
    frame, numbers, misfits = read_delimited(text.encode(), "file")
    assert frame.rows() == rows
    assert [(misfit.row, misfit.fields) for misfit in misfits] == ragged
    if ragged:
        assert len(numbers) == len(rows)


def test_excel_is_read_as_text_and_says_which_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["代码", "数"])
    book.active.append(["91310000631696382C", 320100])
    book.create_sheet("其他")
    book.save(tmp_path / "a.xlsx")
    (part,) = read_parts(tmp_path / "a.xlsx")
    assert part.frame.rows() == [("91310000631696382C", "320100")] and "其他" in part.notes[0]


def test_parts_have_names_and_hashes(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    parts = read_parts([tmp_path / "a.csv", pl.DataFrame({"a": [1]})])
    assert parts[0].sha256 is not None and [part.name for part in parts] == [(tmp_path / "a.csv").as_posix(), "frame 2"]


def test_a_folder_that_may_not_be_entered_is_a_clear_error(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("creditrisk.records.sources.Path.is_dir", refuse)
    with pytest.raises(InputError, match="no permission to read"):
        read_parts(tmp_path / "inner")


def test_a_file_that_may_not_be_opened_is_a_clear_error(tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.csv").write_text("a\n1\n")
    monkeypatch.setattr("creditrisk.records.sources.Path.open", refuse)
    with pytest.raises(InputError, match="no permission to read"):
        read_parts(tmp_path / "a.csv")


def test_what_lies_in_a_hidden_folder_is_no_part_of_a_folder_of_sources(tmp_path):
    (tmp_path / ".creditrisk-x.partial").mkdir()
    (tmp_path / "2026").mkdir()
    for folder in (".creditrisk-x.partial", "2026"):
        (tmp_path / folder / "records.csv").write_text("record_id\nR1\n", encoding="utf-8")
    assert [part.name for part in read_parts(tmp_path)] == [(tmp_path / "2026" / "records.csv").as_posix()]


@pytest.mark.parametrize("index", [["record_id"], ["enterprise_id"], ["record_id", "enterprise_id"], ["社会信用代码"]])
def test_an_index_with_a_name_is_a_column_of_the_source(index):
    rows = pd.DataFrame(
        {"record_id": ["a", "b"], "enterprise_id": ["E1", "E2"], "type": "accident", "occurred_on": "2026-01-01"}
    )
    frame = rows if index[-1] in rows else rows.rename(columns={"enterprise_id": index[-1]})
    read = read_records(frame.set_index(index), id_scheme="any")
    assert read.data.equals(read_records(rows, id_scheme="any").data)
