"""A result is one set: whole or not there at all, whatever kills the save, and nothing of anybody else's is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import creditrisk as cr
from creditrisk.files.account import RunAccount
from creditrisk.files.saved import read_saved
from creditrisk.files.together import finish_broken_off, prepare_folder, update_file, write_file, write_set
from tests.files.killed import NEW, OLD, save
from tests.files.steps import content

ROOT = Path(__file__).parents[2]
NOTES = {"notes.txt": b"mine"}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders as a SIGKILL before each step of a save left them."""
    folder = tmp_path_factory.mktemp("killed")
    subprocess.run([sys.executable, "-m", "tests.files.killed", folder], check=True, cwd=ROOT)
    return folder


def steps(folder: Path) -> list[Path]:
    return sorted((one for one in folder.iterdir() if one.name != "start"), key=lambda one: int(one.name))


def texts(folder: Path) -> dict[str, str]:
    """The files of the result in a folder."""
    found = content(folder)
    return {name: text.decode() for name, text in found.items() if name not in ("run.json", "notes.txt")}


@pytest.mark.parametrize("before", ["older", "nothing"])
def test_a_reader_after_a_kill_at_any_step_finds_one_set_whole(killed: Path, before: str, tmp_path: Path) -> None:
    seen = []
    for folder in steps(shutil.copytree(killed / before, tmp_path / "read")):
        finish_broken_off(folder)
        found = texts(folder)
        assert found in (({}, NEW) if before == "nothing" else (OLD, NEW)), folder
        assert content(folder).items() >= NOTES.items()
        assert not list(folder.glob(".*")), folder
        if found:
            run = "new" if found == NEW else "old"
            assert read_saved(folder, "worth", ("a.txt",), Path.read_text, argument="x") == f"{run} a"
        seen.append(found == NEW)
    # There is one step before which all is old, and from which on all is new.
    assert seen == sorted(seen) and seen.count(True) > 5 < seen.count(False)


@pytest.mark.parametrize("before", ["older", "nothing"])
def test_the_next_save_after_a_kill_at_any_step_works(killed: Path, before: str, tmp_path: Path) -> None:
    for folder in steps(shutil.copytree(killed / before, tmp_path / "saved")):
        save(folder, {"a.txt": "third"}, "third")
        assert texts(folder) == {"a.txt": "third"}
        assert set(content(folder)) == {"a.txt", "run.json", "notes.txt"}, folder


def test_a_single_file_is_old_or_new_after_a_kill_at_any_step(killed: Path) -> None:
    seen = []
    for folder in steps(killed / "file"):
        seen.append((folder / "table.csv").read_text())
        write_file(folder / "table.csv", lambda path: path.write_text("third"))
        assert content(folder) == {"table.csv": b"third", **NOTES}
    assert seen == sorted(seen, reverse=True) and set(seen) == {"old", "new"}


def test_the_set_before_is_gone_and_what_is_not_of_it_stays(tmp_path: Path) -> None:
    save(tmp_path, OLD, "old")
    (tmp_path / "notes.txt").write_bytes(b"mine")
    (tmp_path / "papers").mkdir()
    save(tmp_path, NEW, "new")
    assert texts(tmp_path) == NEW and (tmp_path / "papers").is_dir()
    assert (tmp_path / "notes.txt").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["a.txt", "stale.csv"])
def test_a_file_that_was_changed_since_is_not_lost(tmp_path: Path, name: str) -> None:
    save(tmp_path, OLD, "old")
    (tmp_path / name).write_text("corrected by hand", encoding="utf-8")
    before = content(tmp_path)
    for attempt in (lambda: save(tmp_path, NEW, "new"), lambda: prepare_folder(tmp_path, "worth")):
        with pytest.raises(cr.OutputError, match=f"{name} was changed after it was saved, and would be lost"):
            attempt()
    assert content(tmp_path) == before
    (tmp_path / name).unlink()
    save(tmp_path, NEW, "new")
    assert texts(tmp_path) == NEW


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_stands_in_the_way_and_is_of_no_result_is_not_lost(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "a.txt"
    {"file": place.touch, "folder": place.mkdir, "link": lambda: place.symlink_to("nowhere")}[kind]()
    with pytest.raises(cr.OutputError, match=r"a\.txt is no part of a saved result, and would be lost"):
        save(tmp_path, NEW, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_holds_one_result(tmp_path: Path) -> None:
    save(tmp_path, OLD, "old")
    before = content(tmp_path)
    with pytest.raises(cr.OutputError, match=r"holds another result \(worth\): name a folder of its own"):
        write_set(tmp_path, {}, RunAccount(kind="plan"))
    with pytest.raises(cr.OutputError, match="holds another result"):
        prepare_folder(tmp_path, "plan")
    assert content(tmp_path) == before


@pytest.mark.parametrize("text", ["{}", '{"format": 2, "kind": "worth"}', "[1]", "not json"])
def test_an_account_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(cr.OutputError, match=r"run\.json is no account of a result"):
        save(tmp_path, NEW, "new")
    assert content(tmp_path) == {"run.json": text.encode()}


def test_an_account_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    text = RunAccount(kind="worth").text().replace('"results": {}', '"results": {"../mine.txt": "0"}')
    (tmp_path / "out" / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(cr.OutputError, match="is no account of a result"):
        save(tmp_path / "out", NEW, "new")
    assert (tmp_path / "mine.txt").exists()


def test_a_file_of_a_result_is_not_overwritten_alone(tmp_path: Path) -> None:
    save(tmp_path, OLD, "old")
    for name in ("a.txt", "run.json"):
        with pytest.raises(cr.OutputError, match=r"is part of a saved result \(worth\)"):
            write_file(tmp_path / name, lambda path: path.write_text("x"))
    write_file(tmp_path / "other.txt", lambda path: path.write_text("x"))
    assert texts(tmp_path) == {**OLD, "other.txt": "x"}


def test_a_save_that_fails_leaves_the_set_before(tmp_path: Path) -> None:
    save(tmp_path, OLD, "old")
    before = content(tmp_path)

    def full(path: Path) -> None:
        path.write_text("hal", encoding="utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(cr.OutputError, match="No space left"):
        write_set(tmp_path, {"a.txt": full}, RunAccount(kind="worth"))
    assert content(tmp_path) == before


def test_a_link_to_a_folder_is_followed_and_the_working_folder_stays_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    save(tmp_path / "link", OLD, "old")
    monkeypatch.chdir(tmp_path / "here")
    save(Path(), NEW, "new")
    assert texts(Path.cwd()) == NEW and (tmp_path / "link").is_symlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_within_one_that_cannot_be_written_to_takes_a_set(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    tmp_path.chmod(0o500)
    save(tmp_path / "out", NEW, "new")
    tmp_path.chmod(0o700)
    assert texts(tmp_path / "out") == NEW


@pytest.mark.skipif(sys.platform == "win32", reason="without locks")
def test_two_runs_into_one_folder_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing, go_on = threading.Event(), threading.Event()

    def slowly(path: Path) -> None:
        path.write_text("slow", encoding="utf-8")
        writing.set()
        go_on.wait(30)

    first = threading.Thread(target=write_set, args=(tmp_path, {"a.txt": slowly}, RunAccount(kind="worth")))
    first.start()
    assert writing.wait(30)
    monkeypatch.setattr("creditrisk.files.together._PATIENCE_SECONDS", 0.2)
    with pytest.raises(cr.OutputError, match="another run is writing to"):
        save(tmp_path, NEW, "new")
    # Who reads meanwhile does not take the files of a run that lives for those of a dead one.
    finish_broken_off(tmp_path)
    go_on.set()
    first.join()
    assert texts(tmp_path) == {"a.txt": "slow"}


@pytest.mark.skipif(sys.platform == "win32", reason="without locks")
def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    def write(text: str) -> None:
        def slowly(path: Path) -> None:
            path.write_text(text, encoding="utf-8")
            time.sleep(0.1)

        write_set(tmp_path, dict.fromkeys((f"{text}.txt", "a.txt"), slowly), RunAccount(kind="worth"))

    runs = [threading.Thread(target=write, args=(name,)) for name in "bcd"]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    found = texts(tmp_path)
    assert found == dict.fromkeys((f"{found['a.txt']}.txt", "a.txt"), found["a.txt"])


def test_of_two_who_change_a_file_at_once_neither_loses_what_the_other_wrote(tmp_path: Path) -> None:
    def add(line: int) -> None:
        update_file(tmp_path / "list.txt", lambda text: f"{text or ''}{line}\n")

    runs = [threading.Thread(target=add, args=(line,)) for line in range(12)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(map(int, (tmp_path / "list.txt").read_text().split())) == list(range(12))


def test_a_reader_who_may_not_write_is_told_that_a_save_was_broken_off(tmp_path: Path, killed: Path) -> None:
    save(tmp_path, NEW, "new")
    # What the last step leaves cannot be put in its place: something of another kind stands there.
    (tmp_path / ".creditrisk-complete").mkdir()
    for name in ("run.json", "a.txt"):
        (tmp_path / name).rename(tmp_path / ".creditrisk-complete" / name)
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "a.txt" / "in the way").touch()
    with pytest.raises(cr.InputError, match="was broken off, and only somebody who may write there can complete it"):
        read_saved(tmp_path, "worth", ("b.txt",), Path.read_text, argument="x")
