"""Draws as files for the public, and their verification."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from creditrisk.errors import InputError
from creditrisk.files.saved import finish_before_reading
from creditrisk.files.together import write_file
from creditrisk.frames import FrameLike, is_frame, shown_with, to_polars
from creditrisk.inspection.draws.drawing import Draw, draw_sample, open_of
from creditrisk.inspection.draws.numbers import permanent_numbers, shifted_numbers
from creditrisk.vocabulary import Label

__all__ = ["Verification", "draw_text", "published_list", "verify_draw", "write_draw"]

_SCHEMA = {
    "order": pl.UInt32,
    "enterprise_id": pl.String,
    "stratum": pl.String,
    "number": pl.Float64,
    "probability": pl.Float64,
}
_STRATUM_KEYS = ("name", "size", "drawn", "start")
_SHOWN = 20
_WHAT = {
    "frame_sha256": Label("抽查名录与公布的不一致", "the frame is not the one published"),
    "stratum_size": Label("层内企业数不一致", "the size of a stratum differs"),
    "drawn": Label("层内抽中数不一致", "the number drawn from a stratum differs"),
    "not_drawn": Label("名单中有，重算未抽中", "listed, but not drawn when recomputed"),
    "left_out": Label("重算抽中，名单中没有", "drawn when recomputed, but not listed"),
    "listed_twice": Label("名单中重复", "listed twice"),
    "stratum": Label("所在层不一致", "the stratum differs"),
    "number": Label("随机数不一致", "the random number differs"),
    "probability": Label("抽取概率不一致", "the probability differs"),
    "order": Label("抽取顺序不一致", "the place in the order differs"),
}


@dataclass(frozen=True)
class Verification:
    """The result of recomputing a draw.

    Attributes
    ----------
    item : str
    n_drawn : int
        The number of enterprises on the list.
    frame_checked : bool
        Whether the frame was given. Without it the numbers, probabilities and order of the listed enterprises can be
        recomputed, but not which enterprises are drawn.
    differences : polars.DataFrame
        what, subject (the enterprise or stratum), listed, recomputed, text_zh, text_en; empty if the draw holds.
    """

    item: str
    n_drawn: int
    frame_checked: bool
    differences: pl.DataFrame

    @property
    def holds(self) -> bool:
        return self.differences.is_empty()

    def __repr__(self) -> str:
        return f"<Verification of {self.item}: {self.n_drawn:,} on the list, {self.differences.height:,} differences>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.differences)

    def __str__(self) -> str:
        checked = ("名录已核对", "frame checked") if self.frame_checked else ("未提供名录", "no frame given")
        if self.holds:
            return f"{self.item}：抽取结果无误 the draw holds ({self.n_drawn:,}; {checked[0]} {checked[1]})"
        lines = [f"{self.item}：抽取结果有误 the draw does not hold: {self.differences.height:,} differences"]
        for row in self.differences.head(_SHOWN).iter_rows(named=True):
            values = f" ({row['listed']} → {row['recomputed']})" if row["listed"] or row["recomputed"] else ""
            lines.append(f"  {row['subject'] or ''}  {row['text_zh']} {row['text_en']}{values}")
        return "\n".join([*lines, *(["  …"] if self.differences.height > _SHOWN else [])])


def published_list(draw: Draw) -> dict[str, Any]:
    """Return a draw as plain data: method, seed, hash of the frame, strata, and the enterprises drawn.

    Parameters
    ----------
    draw : Draw

    Returns
    -------
    dict
        The content of the file that :func:`write_draw` writes; an enterprise drawn has its number and probability.

    Examples
    --------
    >>> draw = draw_sample(pl.DataFrame({"enterprise_id": ["A", "B", "C", "D"]}), 2, item="fire", seed="2026")
    >>> published = published_list(draw)
    >>> published["method"], published["strata"], [row[1] for row in published["drawn"]]
    ('pareto', [{'name': 'all', 'size': 4, 'drawn': 2, 'start': 0.0}], ['A', 'B'])
    """
    return {
        "format": 1,
        "method": "pareto",
        "item": draw.item,
        "seed": draw.seed,
        "series": draw.series,
        "weighted": draw.weights is not None,
        "frame_sha256": draw.frame_sha256,
        "strata": [{key: getattr(stratum, key) for key in _STRATUM_KEYS} for stratum in draw.strata],
        "columns": list(_SCHEMA),
        "drawn": [list(row) for row in draw.list.iter_rows()],
    }


def write_draw(draw: Draw, path: str | os.PathLike[str]) -> None:
    """Write the list of a draw as JSON, one enterprise per line.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_file(path, lambda file: file.write_text(draw_text(draw), encoding="utf-8"))


def draw_text(draw: Draw) -> str:
    """Return the JSON that :func:`write_draw` writes."""
    data = published_list(draw)
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in data.pop("drawn"))
    head = json.dumps(data, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{head},\n "drawn": [\n{rows}\n]\n}}\n'


def verify_draw(path: str | os.PathLike[str], frame: FrameLike | str | os.PathLike[str] | None = None) -> Verification:
    """Recompute a published draw and list exactly what differs.

    Parameters
    ----------
    path : path
        A file that :func:`write_draw` wrote.
    frame : frame, or path of a .csv or .parquet, optional
        The frame of the draw, as :attr:`Draw.frame` gives it: enterprise_id, stratum, open, weight.

    Returns
    -------
    Verification

    Raises
    ------
    InputError
        If the file is not the list of a draw, or the frame cannot be used.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> frame = pl.DataFrame({"enterprise_id": ["A", "B", "C", "D"]})
    >>> with TemporaryDirectory() as folder:
    ...     write_draw(draw_sample(frame, 2, item="fire", seed="2026"), f"{folder}/fire.json")
    ...     verify_draw(f"{folder}/fire.json", frame).holds, verify_draw(f"{folder}/fire.json", frame[:3]).holds
    (True, False)
    """
    finish_before_reading(Path(path).parent)
    published = _read(path)
    listed = pl.DataFrame(published.drawn, schema=_SCHEMA, orient="row")
    found = [_rows("listed_twice", listed.filter(listed["enterprise_id"].is_duplicated()).unique("enterprise_id"))]
    by_stratum = dict(listed["stratum"].value_counts().iter_rows())
    for stratum in published.strata:
        if by_stratum.get(stratum.name, 0) != stratum.drawn:
            found.append(_one("drawn", stratum.name, by_stratum.get(stratum.name, 0), stratum.drawn))
    if frame is None:
        recomputed = _from_the_list(published, listed)
    else:
        draw = _drawn_again(published, _frame(frame, published))
        recomputed = draw.list.cast({"stratum": pl.String})
        if draw.frame_sha256 != published.frame_sha256:
            found.append(_one("frame_sha256", None, published.frame_sha256, draw.frame_sha256))
        sizes = {stratum.name: stratum.size for stratum in draw.strata}
        written = {stratum.name: stratum.size for stratum in published.strata}
        found += [
            _one("stratum_size", name, written.get(name, 0), size)
            for name, size in sizes.items()
            if written.get(name, 0) != size
        ]
    differences = pl.concat([*found, *_compared(listed, recomputed)]).with_columns(
        pl.col("what").replace_strict({code: label.zh for code, label in _WHAT.items()}).alias("text_zh"),
        pl.col("what").replace_strict({code: label.en for code, label in _WHAT.items()}).alias("text_en"),
    )
    return Verification(published.item, listed.height, frame is not None, differences)


class _StratumLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    size: int = Field(ge=0)
    drawn: int = Field(ge=0)
    start: float = Field(ge=0, lt=1)


class _Published(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    method: Literal["pareto"]
    item: str
    seed: str
    series: str
    weighted: bool
    frame_sha256: str
    strata: list[_StratumLine]
    columns: list[str]
    drawn: list[tuple[Annotated[int, Field(ge=0, lt=1 << 32)], str, str, float, float]]

    @field_validator("strata")
    @classmethod
    def _each_once(cls, strata: list[_StratumLine]) -> list[_StratumLine]:
        if len({stratum.name for stratum in strata}) < len(strata):
            raise ValueError("a stratum stands in it twice")
        return strata


def _read(path: str | os.PathLike[str]) -> _Published:
    try:
        return _Published.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"the draw {os.fspath(path)} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise InputError(
            f"{os.fspath(path)} is no list of a draw: {place + ': ' if place else ''}{fault['msg']}"
        ) from None


def _frame(frame: Any, published: _Published) -> pl.DataFrame:
    if is_frame(frame):
        table = to_polars(frame)
    else:
        path = Path(frame)
        if path.suffix not in (".csv", ".parquet"):
            raise InputError(f"the frame of a draw is a .csv or .parquet file, got {path}")
        try:
            # All columns are read as text, because an id may consist of digits only.
            table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(f"the frame {path} cannot be read: {error}") from error
    if "stratum" not in table.columns and len(published.strata) == 1:
        table = table.with_columns(stratum=pl.lit(published.strata[0].name))
    needed = ["enterprise_id", "stratum", *(["weight"] if published.weighted else [])]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise InputError(f"the frame of the draw for {published.item} needs the column {missing[0]}")
    if "open" not in table.columns:
        table = table.with_columns(open=pl.lit(True))
    table = table.with_columns(open=open_of(table))
    weight = [pl.col("weight").cast(pl.Float64, strict=False)] if published.weighted else []
    return table.select(pl.col("enterprise_id", "stratum").cast(pl.String), "open", *weight)


def _drawn_again(published: _Published, frame: pl.DataFrame) -> Draw:
    """Repeat the draw on a frame; if a stratum is now too small, draw all of it."""
    drawn = partial(
        draw_sample, frame, item=published.item, seed=published.seed, series=published.series,
        starts={stratum.name: stratum.start for stratum in published.strata},
    )  # fmt: skip
    asked = {stratum.name: stratum.drawn for stratum in published.strata}
    if frame["stratum"].is_in(list(asked)).all():
        try:
            return drawn(asked)
        except InputError:
            pass  # a draw of what the frame has shows the differences better
    can_be_drawn = pl.col("open") & (pl.col("weight") > 0) if published.weighted else pl.col("open")
    able = dict(frame.group_by("stratum").agg(can_be_drawn.sum()).iter_rows())
    strangers = sorted(name for name in able if name not in asked and name is not None)
    return drawn({name: min(size, able.get(name, 0)) for name, size in asked.items()} | dict.fromkeys(strangers, 0))


def _from_the_list(published: _Published, listed: pl.DataFrame) -> pl.DataFrame:
    """Recompute what depends only on the listed enterprises."""
    start = {stratum.name: stratum.start for stratum in published.strata}
    share = {stratum.name: stratum.drawn / stratum.size if stratum.size else 0.0 for stratum in published.strata}
    starts = listed["stratum"].replace_strict(start, default=0.0, return_dtype=pl.Float64).to_numpy()
    numbers = permanent_numbers(listed["enterprise_id"], seed=published.seed, series=published.series)
    shares = listed["stratum"].replace_strict(share, default=0.0, return_dtype=pl.Float64)
    own = listed.with_columns(
        number=pl.Series(shifted_numbers(numbers, starts)),
        probability=listed["probability"] if published.weighted else shares,
    )
    own = own.sort(pl.col("number") / pl.col("probability"), "enterprise_id")
    return own.with_columns(order=pl.int_range(1, own.height + 1, dtype=pl.UInt32))


def _compared(listed: pl.DataFrame, recomputed: pl.DataFrame) -> list[pl.DataFrame]:
    if listed.equals(recomputed):
        return []
    both = listed.unique("enterprise_id", keep="first").join(
        recomputed.unique("enterprise_id"), on="enterprise_id", suffix="_recomputed"
    )
    found = [
        _rows("not_drawn", listed.join(recomputed, on="enterprise_id", how="anti")),
        _rows("left_out", recomputed.join(listed, on="enterprise_id", how="anti")),
    ]
    for column in ("stratum", "number", "probability", "order"):
        other = f"{column}_recomputed"
        differing = both.filter(pl.col(column) != pl.col(other))
        found.append(_rows(column, differing, pl.col(column), pl.col(other)))
    return found


def _rows(what: str, rows: pl.DataFrame, listed: Any = None, recomputed: Any = None) -> pl.DataFrame:
    return rows.sort("enterprise_id").select(
        what=pl.lit(what),
        subject=pl.col("enterprise_id"),
        listed=pl.lit(None, pl.String) if listed is None else listed.cast(pl.String),
        recomputed=pl.lit(None, pl.String) if recomputed is None else recomputed.cast(pl.String),
    )


def _one(what: str, subject: str | None, listed: object, recomputed: object) -> pl.DataFrame:
    values = {"what": what, "subject": subject, "listed": str(listed), "recomputed": str(recomputed)}
    return pl.DataFrame([values], schema=dict.fromkeys(values, pl.String))
