"""An output that is its own input is refused, whatever the two are called."""

from __future__ import annotations

from pathlib import Path

import pytest

import creditrisk as cr
from creditrisk.files.apart import check_file_apart, check_folder_apart


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with inputs, and links to them."""
    (tmp_path / "data" / "2026").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for name in ("records.csv", "2026/more.csv"):
        (tmp_path / "data" / name).touch()
    (tmp_path / "link").symlink_to("data")
    (tmp_path / "link.csv").symlink_to("data/records.csv")
    (tmp_path / "same.csv").hardlink_to(tmp_path / "data" / "records.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("out", "source"),
    [
        ("data", "data"),
        ("data/", "./data"),
        ("link", "data"),
        ("data", "link"),
        ("elsewhere/../data", "data/records.csv"),
        ("data", "link.csv"),
        ("link", "data/*.csv"),
        ("data/results", "data"),
        ("data/results/deep", "link"),
        ("data/2026", "data/**/*.csv"),
    ],
)
def test_a_folder_that_is_holds_or_lies_in_an_input_is_refused(here: Path, out: str, source: str) -> None:
    for given in (out, here / out, str(here / out)):
        with pytest.raises(cr.InputError, match=r"would be written over or among what is read, .*: name a folder"):
            check_folder_apart(given, [None, "sqlite:///a.db", source])


@pytest.mark.parametrize("out", ["results", "elsewhere", "data/results", ".."])
def test_a_folder_of_its_own_is_taken(here: Path, out: str) -> None:
    check_folder_apart(out, ["data/records.csv", "data/2026/more.csv", "jiangsu", None, "postgresql://user@host/name"])


@pytest.mark.parametrize(
    ("out", "source"),
    [
        ("data/records.csv", "data/records.csv"),
        ("link/records.csv", "data/records.csv"),
        ("same.csv", "data/records.csv"),
        ("data/rejects.csv", "data"),
        ("data/rejects.csv", "data/*.csv"),
        ("data/2026/rejects.csv", "link"),
    ],
)
def test_a_file_that_is_an_input_or_would_be_the_next_time_is_refused(here: Path, out: str, source: str) -> None:
    with pytest.raises(cr.InputError, match=r"--rejects .* would be written over or among what is read"):
        check_file_apart(here / out, [None, source], argument="--rejects")


def test_a_file_beside_the_inputs_is_taken(here: Path) -> None:
    check_file_apart("data/rejects.csv", ["data/records.csv", "data/2026/*.csv", "sqlite:///data/rejects.csv"])
    check_file_apart(None, ["data"])
