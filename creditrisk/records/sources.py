"""Sources of rows: frames, CSV, Excel and Parquet files, folders and globs of them, lists, databases.

Every source becomes a list of parts: a name, the columns as they are, and the rows that could not be read.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from creditrisk.errors import InputError
from creditrisk.files.digests import sha256_of_file
from creditrisk.frames import is_frame, to_polars
from creditrisk.records.delimited import RaggedRow, read_delimited

__all__ = ["Part", "read_parts"]

_DELIMITED = {".csv", ".tsv", ".txt"}
_EXCEL = {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"}
_PARQUET = {".parquet", ".pq"}
_KNOWN = _DELIMITED | _EXCEL | _PARQUET


@dataclass(frozen=True)
class Part:
    """One file, sheet, query or frame.

    Attributes
    ----------
    name : str
    frame : polars.DataFrame
        The columns as they are in the source.
    rows : polars.Series or None
        The number of each row in the source, from 1; None if the frame holds all rows in order.
    ragged : tuple of RaggedRow
        Rows with more or fewer fields than the header.
    sha256 : str or None
        The SHA-256 of the file's bytes.
    notes : tuple of str
    """

    name: str
    frame: pl.DataFrame
    rows: pl.Series | None = None
    ragged: tuple[RaggedRow, ...] = ()
    sha256: str | None = None
    notes: tuple[str, ...] = ()


def read_parts(source: Any, query: str | None = None) -> list[Part]:
    """Read a source into parts.

    Parameters
    ----------
    source : frame, path, glob, folder, SQLAlchemy URL, or a list of any of these
    query : str, optional
        The SQL query; a URL needs it, and no other source may have it.

    Raises
    ------
    InputError
        If there is nothing to read, or the source cannot be read. The message says why.
    """
    if isinstance(source, str) and "://" in source:
        if query is None:
            raise InputError("a database needs a query: pass query='select … from …'")
        return [_from_database(source, query)]
    if query is not None:
        raise InputError(f"query= goes with a SQLAlchemy URL such as 'sqlite:///file.db', not with {source!r}")
    if is_frame(source):
        return [Part("frame", _from_frame(source))]
    if isinstance(source, str | os.PathLike):
        try:
            paths = list(_paths(Path(source)))
        except PermissionError as error:
            raise InputError(f"no permission to read {error.filename or source}") from None
        return [_from_file(path) for path in paths]
    if isinstance(source, Sequence) and not isinstance(source, bytes):
        if not source:
            raise InputError("the list of sources is empty")
        parts = [part for one in source for part in read_parts(one)]
        return [
            Part(f"frame {i}", part.frame) if part.name == "frame" else part for i, part in enumerate(parts, start=1)
        ]
    raise InputError(
        f"cannot read from {type(source).__name__}; give a frame, a path, a list of them, or a SQLAlchemy URL"
    )


def _from_frame(frame: Any) -> pl.DataFrame:
    try:
        return to_polars(frame)
    except InputError:
        if not hasattr(frame, "dtypes") or not hasattr(frame, "columns"):
            raise
    # Columns of mixed objects in a pandas frame become text, as they would in a CSV file.
    frame = frame.copy(deep=False)
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise InputError(f"the column {repeated[0]!r} occurs twice; give each column one name")
    frame.columns = [str(name) for name in frame.columns]
    for name in frame.select_dtypes(object).columns:
        values = frame[name]
        frame[name] = [None if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]
    return to_polars(frame)


def _paths(path: Path) -> Iterator[Path]:
    text = str(path)
    if glob.has_magic(text) and not path.exists():
        found = sorted(Path(one) for one in glob.glob(text, recursive=True) if Path(one).suffix.lower() in _KNOWN)
        if not found:
            raise InputError(f"no file matches {text}")
        yield from found
    elif path.is_dir():
        if not os.access(path, os.R_OK | os.X_OK):
            raise InputError(f"no permission to read the folder {text}")
        found = sorted(
            one
            for one in path.rglob("*")
            if one.is_file() and one.suffix.lower() in _KNOWN and not _is_hidden(one.relative_to(path))
        )
        if not found:
            known = ", ".join(sorted(_KNOWN))
            raise InputError(f"the folder {text} holds no file of a kind that can be read ({known})")
        yield from found
    else:
        yield path


def _is_hidden(path: Path) -> bool:
    """Whether a file is a program's internal file, or lies in a hidden folder."""
    return path.name.startswith((".", "_", "~$")) or any(part.startswith(".") for part in path.parts)


def _from_file(path: Path) -> Part:
    suffix = path.suffix.lower()
    if suffix not in _KNOWN:
        known = ", ".join(sorted(_KNOWN))
        raise InputError(f"{path}: files ending in {suffix or 'nothing'} cannot be read; known: {known}")
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty (0 bytes)")
        sha256 = sha256_of_file(path)
        content = b"" if suffix in _PARQUET else path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except PermissionError:
        raise InputError(f"no permission to read {path}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    name = path.as_posix()
    if suffix in _DELIMITED:
        frame, rows, ragged = read_delimited(content, name)
        return Part(name, frame, rows, ragged, sha256)
    if suffix in _EXCEL:
        frame, notes = _from_excel(content, name)
        return Part(name, frame, sha256=sha256, notes=notes)
    try:
        return Part(name, pl.read_parquet(path, glob=False), sha256=sha256)
    except Exception as error:  # Polars raises several kinds for a damaged file
        raise InputError(f"{name} is not a Parquet file that can be read: {error}") from error


def _from_excel(content: bytes, name: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    try:
        import fastexcel
    except ImportError as error:
        raise InputError(f"{name}: reading Excel files needs the package fastexcel") from error
    try:
        book = fastexcel.read_excel(content)
        # Every cell is read as text: dates become ISO text, whole numbers have no decimal point.
        frame = pl.DataFrame(book.load_sheet(0, dtypes="string"))
    except Exception as error:  # fastexcel has its own exceptions, and wraps those of its reader
        raise InputError(f"{name} is not an Excel file that can be read: {str(error).splitlines()[0]}") from error
    if not frame.width:
        raise InputError(f"{name}: the sheet {book.sheet_names[0]!r} is empty")
    others = book.sheet_names[1:]
    if not others:
        return frame, ()
    return frame, (
        f"{name}：只读取了第一个工作表 {book.sheet_names[0]!r} · "
        f"{name}: only the first sheet {book.sheet_names[0]!r} was read, not {', '.join(map(repr, others))}",
    )


def _from_database(url: str, query: str) -> Part:
    try:
        import sqlalchemy
    except ImportError as error:
        raise InputError("reading from a database needs the package sqlalchemy") from error
    try:
        address = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        # The URL may hold a password, so it is not repeated.
        raise InputError("the database URL cannot be understood; it looks like dialect://user@host/name") from None
    name = address.render_as_string(hide_password=True)
    try:
        engine = sqlalchemy.create_engine(address)
        try:
            with engine.connect() as connection:
                frame = pl.read_database(query, connection, infer_schema_length=None)
        finally:
            engine.dispose()
    except ModuleNotFoundError as error:
        raise InputError(f"{name}: the database driver {error.name!r} is not installed") from error
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise InputError(f"{name}: the query failed: {getattr(error, 'orig', None) or error}") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{name}: the result of the query cannot be read as a table: {error}") from error
    return Part(name, frame)
