"""Published draws: they verify, and whatever is changed in them or in the frame is found."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.inspection.draws.draw_lists import verify_draw, write_draw
from creditrisk.inspection.draws.drawing import Draw, draw_sample

FRAME = pl.DataFrame(
    {
        "enterprise_id": [f"E{number:03d}" for number in range(300)],
        "stratum": ["good", "ordinary", "high_risk"] * 100,
        "open": [number % 10 != 0 for number in range(300)],
    }
)
WEIGHTED = FRAME.with_columns(weight=pl.int_range(1, 301).cast(pl.Float64))
SIZES = {"good": 5, "ordinary": 15, "high_risk": 50}


def drawn(frame: pl.DataFrame = FRAME) -> Draw:
    return draw_sample(frame, SIZES, item="fire", seed="2026", starts={"good": 0.125, "ordinary": 0.5})


@pytest.fixture
def published(tmp_path: Path) -> Path:
    write_draw(drawn(), tmp_path / "fire.json")
    return tmp_path / "fire.json"


def found(path: Path, frame: Any = None) -> set[str]:
    return set(verify_draw(path, frame).differences["what"])


@pytest.mark.parametrize("frame", [FRAME, WEIGHTED], ids=["equal", "weighted"])
def test_a_published_draw_holds_with_and_without_its_frame(frame: pl.DataFrame, tmp_path: Path) -> None:
    write_draw(drawn(frame), tmp_path / "fire.json")
    for given_ in (None, frame, frame.reverse(), frame.to_pandas(), drawn(frame).frame):
        verification = verify_draw(tmp_path / "fire.json", given_)
        assert verification.holds, str(verification)
    drawn(frame).frame.write_csv(tmp_path / "frame.csv")
    drawn(frame).frame.write_parquet(tmp_path / "frame.parquet")
    for name in ("frame.csv", "frame.parquet"):
        assert verify_draw(tmp_path / "fire.json", tmp_path / name).holds


@given(order=st.permutations(range(300)))
def test_the_order_of_the_frame_changes_neither_draw_nor_hash(order: list[int]) -> None:
    other = drawn(FRAME[order])
    assert other.list.equals(drawn().list)
    assert other.frame_sha256 == drawn().frame_sha256


def test_a_newcomer_changes_nobody_elses_number() -> None:
    newcomer = pl.DataFrame({"enterprise_id": ["E9999"], "stratum": ["good"], "open": [True]})
    before, after = (dict(draw.list.select("enterprise_id", "number").iter_rows()) for draw in (
        drawn(), drawn(pl.concat([FRAME, newcomer]))
    ))  # fmt: skip
    assert all(after.get(one, number) == number for one, number in before.items())
    assert len(before.keys() - after.keys()) <= 1


def test_who_is_closed_is_never_drawn() -> None:
    closed = set(FRAME.filter(~pl.col("open"))["enterprise_id"])
    assert not closed & set(drawn().list["enterprise_id"])
    said = FRAME.with_columns(pl.col("open").replace_strict({True: "TRUE", False: "false"}, return_dtype=pl.String))
    assert drawn(said).list.equals(drawn().list)


EDITS: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], set[str]]] = {
    "one removed": (lambda frame: frame[1:], {"frame_sha256", "stratum_size"}),
    "one renamed": (
        lambda frame: frame.with_columns(pl.col("enterprise_id").replace("E001", "E001X")),
        {"frame_sha256"},
    ),
    "one in another tier": (
        lambda frame: frame.with_columns(
            stratum=pl.when(pl.col("enterprise_id") == "E001").then(pl.lit("good")).otherwise("stratum")
        ),
        {"frame_sha256", "stratum_size"},
    ),
    "one opened": (
        lambda frame: frame.with_columns(open=pl.col("open") | (pl.col("enterprise_id") == "E000")),
        {"frame_sha256"},
    ),
    "a stratum more": (
        lambda frame: pl.concat([frame, pl.DataFrame({"enterprise_id": ["X"], "stratum": ["new"], "open": [True]})]),
        {"frame_sha256", "stratum_size"},
    ),
    "most removed": (lambda frame: frame[:20], {"frame_sha256", "stratum_size", "not_drawn"}),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS.keys())
def test_an_edited_frame_is_found(
    published: Path, edit: Callable[[pl.DataFrame], pl.DataFrame], expected: set[str]
) -> None:
    assert expected <= found(published, edit(FRAME))


def test_the_verification_names_whom_the_edit_touched(published: Path) -> None:
    first = drawn().list["enterprise_id"][0]
    differences = verify_draw(published, FRAME.filter(pl.col("enterprise_id") != first)).differences
    assert differences.filter(what="not_drawn")["subject"].to_list() == [first]
    assert differences.filter(what="left_out").height == 1


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


LIST_EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], set[str]]] = {
    "number": (lambda data: data["drawn"][3].__setitem__(3, 0.123), {"number"}),
    "probability": (lambda data: data["drawn"][3].__setitem__(4, 0.123), {"probability"}),
    "dropped": (lambda data: data["drawn"].pop(3), {"drawn", "order"}),
    "twice": (lambda data: data["drawn"].append(data["drawn"][0]), {"listed_twice", "drawn"}),
    "another": (lambda data: data["drawn"][3].__setitem__(1, "E998"), {"number"}),
    "seed": (lambda data: data.__setitem__("seed", "2027"), {"number"}),
    "order": (lambda data: data["drawn"][3].__setitem__(0, 5), {"order"}),
}


@pytest.mark.parametrize(("change", "expected"), LIST_EDITS.values(), ids=LIST_EDITS.keys())
def test_an_edited_list_is_found_even_without_the_frame(
    published: Path, change: Callable[[dict[str, Any]], object], expected: set[str]
) -> None:
    path = edited(published, change)
    assert expected <= found(path)
    assert found(path, FRAME)


def test_what_is_no_list_is_one_clear_error(published: Path, tmp_path: Path) -> None:
    with pytest.raises(cr.InputError, match="is no list of a draw"):
        verify_draw(edited(published, lambda data: data.pop("seed")))
    with pytest.raises(cr.InputError, match="cannot be read"):
        verify_draw(tmp_path / "none.json")
    write_draw(drawn(), published)
    with pytest.raises(cr.InputError, match="needs the column stratum"):
        verify_draw(published, FRAME.drop("stratum"))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"enterprise_id": ["A", "A"]}), "'A' stands in the table twice"),
        (pl.DataFrame({"enterprise_id": ["A", None]}), "without an id"),
        (pl.DataFrame({"enterprise_id": ["A\tB"]}), "must not contain a tab"),
        (pl.DataFrame({"id": ["A"]}), "needs the column enterprise_id"),
        (pl.DataFrame({"enterprise_id": ["A"], "open": [None]}), "must be true or false in every row, got None"),
        (pl.DataFrame({"enterprise_id": ["A"], "open": ["no"]}), "must be true or false in every row, got no"),
        (pl.DataFrame({"enterprise_id": ["A"], "open": [1]}), "must be true or false in every row, got Int64"),
        (pl.DataFrame({"enterprise_id": ["A\rB"]}), "must not contain a tab or a line break"),
        (pl.DataFrame({"enterprise_id": ["A", " "]}), "an enterprise_id is empty"),
        (pl.DataFrame({"enterprise_id": ["A"], "weight": ["x"]}), "weight of a frame must hold numbers, not String"),
        (pl.DataFrame({"enterprise_id": ["A"]}), "a probability would be above 1"),
    ],
)
def test_what_cannot_be_drawn_from_is_one_clear_error(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(cr.InputError, match=message):
        draw_sample(frame, 2, item="fire", seed="2026")


@pytest.mark.parametrize(
    ("size", "starts", "message"),
    [
        (-1, None, "must be a whole number from 0 on, got -1 for all"),
        (1.5, None, "must be a whole number from 0 on, got 1.5"),
        ({"a": 1}, {"b": 0.5}, "starts= names 'b', which is no stratum"),
        ({"a": 1}, {"a": 1.5}, "starts from 0 up to, not including, 1; got 1.5 for a"),
    ],
)
def test_a_size_or_start_that_cannot_be_is_one_clear_error(size: Any, starts: Any, message: str) -> None:
    frame = pl.DataFrame({"enterprise_id": ["A", "B"], "stratum": ["a", "a"]})
    with pytest.raises(cr.InputError, match=message):
        draw_sample(frame, size, item="fire", seed="2026", starts=starts)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_the_scale_of_weights_changes_nothing(scale: float) -> None:
    frame = pl.DataFrame({"enterprise_id": list("ABCDE"), "weight": [1.0, 1.0, 2.0, 3.0, 8.0]})
    draws = [draw_sample(table, 2, item="fire", seed="2026").list for table in (frame, frame.with_columns(
        weight=pl.col("weight") * 2.0 ** round(math.log2(scale))))]  # fmt: skip
    assert draws[0].equals(draws[1])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("[1,", "[-1,", "greater than or equal to 0"), ("[1,", "[4294967296,", "less than 4294967296")],
)
def test_a_place_that_no_list_has_is_one_clear_error(published: Path, old: str, new: str, message: str) -> None:
    text = published.read_text(encoding="utf-8")
    assert old in text
    published.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(cr.InputError, match=message):
        verify_draw(published)


def test_a_list_that_names_a_stratum_twice_is_refused(published: Path) -> None:
    data = json.loads(published.read_text(encoding="utf-8"))
    data["strata"].append(data["strata"][0])
    published.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(cr.InputError, match="a stratum stands in it twice"):
        verify_draw(published, FRAME)
