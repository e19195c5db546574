"""The border between the user's frames and the Polars frames inside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from html import escape
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeGuard, assert_never, get_args

import polars as pl
from numpy.typing import ArrayLike, NDArray
from typing_extensions import TypeVar

from creditrisk.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "ROWS_PER_CHUNK",
    "ArrowStream",
    "Column",
    "Features",
    "Frame",
    "FrameKind",
    "FrameLike",
    "FrameT",
    "Source",
    "check_frame_kind",
    "from_polars",
    "in_chunks_of",
    "is_frame",
    "look_alike",
    "shown_with",
    "to_polars",
]

# The number of rows in the chunks in which results are made and written: a Parquet writer that has to cut a long column
# of lists goes over its items for each piece.
ROWS_PER_CHUNK = 1 << 17

FrameKind = Literal["pandas", "polars", "arrow"]


class ArrowStream(Protocol):
    """Any frame with the Arrow C stream interface, such as from pandas, pyarrow or DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


# The input that a user may give: a frame, or a source of rows (paths, patterns, folders, URLs, lists of these).
FrameLike: TypeAlias = "pl.DataFrame | pl.LazyFrame | pd.DataFrame | ArrowStream"
Source: TypeAlias = "FrameLike | str | os.PathLike[str] | Sequence[FrameLike | str | os.PathLike[str]]"
# One column: from a frame of any kind, an array, or single values.
Column: TypeAlias = "Sequence[Any] | NDArray[Any] | pl.Series | pd.Series[Any] | pd.Index[Any] | ArrowStream"
# Rows to learn from or to score: a frame, or an array of shape (n_rows, n_columns).
Features: TypeAlias = "FrameLike | ArrayLike"
# The frame that a user gets, by ``output``. The default covers all kinds, for results whose kind is not stated.
Frame: TypeAlias = "pd.DataFrame | pl.DataFrame | pa.Table"
FrameT = TypeVar("FrameT", bound="Frame", covariant=True, default="Frame")


def is_frame(value: object) -> bool:
    """Return whether a value is a frame: Polars, pandas, or anything with the Arrow C stream interface."""
    return isinstance(value, pl.DataFrame | pl.LazyFrame) or hasattr(value, "__arrow_c_stream__") or _is_pandas(value)


def to_polars(frame: FrameLike) -> pl.DataFrame:
    """Turn any frame of the user into a Polars frame.

    Parameters
    ----------
    frame : polars.DataFrame, polars.LazyFrame, pandas.DataFrame, or an object with ``__arrow_c_stream__``

    Returns
    -------
    polars.DataFrame
        The frame; a pandas index with a name becomes a column.

    Raises
    ------
    InputError
        If the value is not a frame, has two columns of one name, or has a column without an Arrow type.
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if not is_frame(frame):
        raise InputError(f"expected a pandas, Polars or Arrow frame, got {type(frame).__name__}")
    try:
        if _is_pandas(frame):
            return pl.from_pandas(_with_index(frame))
        return pl.DataFrame(frame)
    except InputError:
        raise
    except Exception as error:  # the libraries raise many kinds for a column of mixed objects
        raise InputError(
            f"the {type(frame).__name__} cannot be read as a table: {error}. "
            "Give each column one type, or turn mixed columns into text first."
        ) from error


def from_polars(frame: pl.DataFrame, kind: FrameKind) -> Any:
    """Return a Polars frame as the kind that the user asked for: ``"pandas"``, ``"polars"`` or ``"arrow"``."""
    check_frame_kind(kind)
    match kind:
        case "pandas":
            return _in_pandas(frame)
        case "polars":
            return frame
        case "arrow":
            return frame.to_arrow()
        case unknown:
            assert_never(unknown)


def shown_with(named: object, table: pl.DataFrame) -> str:
    """An object as a notebook shows it: the line that names it, and the head of its table."""
    return f"<p>{escape(repr(named))}</p>{table._repr_html_()}"


def _in_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    table = frame.to_pandas()
    # Before Polars 1.41 the order of an Enum is lost on the way, and tiers could not be compared.
    for name, dtype in frame.schema.items():
        if dtype == pl.Enum and not table[name].cat.ordered:
            table[name] = table[name].cat.as_ordered()
    return table


def check_frame_kind(kind: str) -> None:
    """Raise an InputError unless ``kind`` names a kind of frame."""
    if kind not in get_args(FrameKind):
        raise InputError(f"output must be one of {', '.join(get_args(FrameKind))}, got {kind!r}")


def in_chunks_of(like: pl.Series, column: pl.Series) -> pl.Series:
    """Cut a column into the same chunks as another column of its length.

    Polars copies a whole frame if the chunks of its columns differ, which is slow for text in millions of rows.
    """
    if like.chunk_lengths() == column.chunk_lengths():
        return column
    column = column.rechunk()
    ends = list(accumulate(like.chunk_lengths(), initial=0))
    parts = [column.slice(start, end - start) for start, end in pairwise(ends)]
    return pl.concat(parts, rechunk=False) if parts else column


def look_alike(name: str, others: Iterable[str]) -> str | None:
    """Return the name that is probably meant: it differs only in case, separators, a prefix or a suffix.

    This is for messages only: nothing is ever selected by a similar name.

    Examples
    --------
    >>> look_alike("remainder__safety.penalty_count", ["safety.accident_count", "safety.penalty_count"])
    'safety.penalty_count'
    >>> look_alike("plant", ["safety.penalty_count"]) is None
    True
    """
    mine = _plain(name)
    alike = [other for other in others if other != name and _are_alike(mine, _plain(other))]
    short = [other for other in others if mine and mine == _plain(other.partition(".")[2])]
    return max(alike or short, key=lambda other: (_plain(other) == mine, len(other)), default=None)


def _are_alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    # A shorter name could be part of any other name.
    return one == other or (len(short) >= 8 and (long.startswith(short) or long.endswith(short)))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _with_index(frame: Any) -> Any:
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise InputError(f"the column {repeated[0]!r} occurs twice; give each column one name")
    named = [name for name in frame.index.names if name is not None]
    for name in named:
        if name in frame.columns and list(frame.index.get_level_values(name)) != list(frame[name]):
            raise InputError(f"{name!r} is a column and the name of the index, and they differ: drop one of them")
    named = [name for name in named if name not in frame.columns]
    return frame.reset_index(level=named) if named else frame


def _is_pandas(value: object) -> TypeGuard[pd.DataFrame]:
    # pandas is not imported for this test: a pandas frame can only come from a module that is already loaded.
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "columns")
