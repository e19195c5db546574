"""A draw for an item: the enterprises drawn from a frame, with numbers and probabilities that anyone can recompute."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from operator import index
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.files.digests import sha256_of
from creditrisk.frames import FrameLike, shown_with, to_polars
from creditrisk.inspection.draws.numbers import permanent_numbers, shifted_numbers
from creditrisk.inspection.draws.order_sampling import inclusion_probabilities, pareto_ranks, smallest

__all__ = ["CLOSED", "OUTSIDE", "Draw", "Stratum", "draw_sample", "draws_sha256", "in_order", "lines_sha256", "open_of"]

Numbers = NDArray[np.float64]
Codes = NDArray[np.uint8]

# A row's code is the position of its stratum. A row with CLOSED belongs to the stratum but may not be drawn; a row with
# OUTSIDE belongs to none.
CLOSED = 0x80
OUTSIDE = 0xFF
_MOST_STRATA = 0x7F
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Stratum:
    """A part of the frame with its own sample.

    ``start`` is the point on the circle of random numbers at which its draw begins, a multiple of 2⁻⁵³.
    """

    name: str
    size: int
    drawn: int
    start: float = 0.0


@dataclass(frozen=True, eq=False, repr=False)
class Draw:
    """A draw for one item; made by :func:`draw_sample` or :func:`creditrisk.plan_inspections`.

    Attributes
    ----------
    item, seed, series : str
    strata : tuple of Stratum
    enterprise_ids : Series of str, shape (n,)
        The ids in order; they may include enterprises outside the frame.
    numbers : ndarray of float64, shape (n,)
        Permanent random numbers, before the shift of the stratum.
    codes : ndarray of uint8, shape (n,)
        The stratum of each row.
    weights : ndarray of float64, shape (n,), optional
        The weights; without them, all of a stratum are equally likely to be drawn.
    rows : ndarray of uint32
        The rows drawn, in the order of the draw.
    probabilities : ndarray of float64
        The probability with which each of these rows was drawn.
    """

    item: str
    seed: str
    series: str
    strata: tuple[Stratum, ...]
    enterprise_ids: pl.Series
    numbers: Numbers
    codes: Codes
    weights: Numbers | None
    rows: NDArray[np.uint32]
    probabilities: Numbers

    @staticmethod
    def of(
        item: str, seed: str, series: str, strata: Sequence[Stratum],
        enterprise_ids: pl.Series, numbers: Numbers, codes: Codes, weights: Numbers | None = None,
    ) -> Draw:  # fmt: skip
        """Draw from rows that already have numbers and codes and are in the order of their ids."""
        targets = _targets(strata, codes, weights)
        drawn, standing = [np.empty(0, dtype=np.intp)], [np.empty(0)]
        for place, stratum in enumerate(strata):
            rows = np.flatnonzero(codes == place)
            rows = rows if weights is None else rows[targets[rows] > 0]
            if len(rows) < stratum.drawn:
                raise InputError(
                    f"{item}: {stratum.drawn} cannot be drawn out of {len(rows)} in {stratum.name}: "
                    "a probability would be above 1"
                )
            own = shifted_numbers(numbers[rows], stratum.start)
            # With equal probabilities the ranks have the same order as the numbers.
            chosen = smallest(own if weights is None else pareto_ranks(own, targets[rows]), stratum.drawn)
            drawn.append(rows[chosen])
            # For those drawn this quotient is uniform from 0 to 1 whatever the probability, so no stratum comes first.
            standing.append(own[chosen] / targets[rows[chosen]])
        chosen_rows = np.concatenate(drawn)
        ordered = chosen_rows[np.lexsort((chosen_rows, np.concatenate(standing)))].astype(np.uint32)
        return Draw(
            item, seed, series, tuple(strata), enterprise_ids, numbers, codes, weights, ordered, targets[ordered]
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        size = sum(stratum.size for stratum in self.strata)
        return f"<Draw for {self.item}: {len(self):,} of {size:,} enterprises>"

    def _repr_html_(self) -> str:
        return shown_with(self, self.list)

    @property
    def list(self) -> pl.DataFrame:
        """The enterprises drawn: order, enterprise_id, stratum, number, probability."""
        return pl.DataFrame(
            {
                "order": np.arange(1, len(self) + 1, dtype=np.uint32),
                "enterprise_id": self.enterprise_ids.gather(self.rows),
                "stratum": self._names.gather(self.codes[self.rows]),
                "number": self._own_numbers,
                "probability": self.probabilities,
            }
        )

    @property
    def frame(self) -> pl.DataFrame:
        """The frame of the draw: enterprise_id, stratum, open (may be drawn) and, if there are weights, weight."""
        return pl.concat([self._frame_of(chunk) for chunk in self._member_chunks()], rechunk=True)

    @property
    def targets(self) -> Numbers:
        """The probability of every row, shape (n,); 0 outside the frame."""
        return _targets(self.strata, self.codes, self.weights)

    @cached_property
    def frame_sha256(self) -> str:
        """SHA-256 of the frame; it does not depend on the order of the rows.

        The text that is hashed has the lines ``enterprise_id ⇥ stratum ⇥ 1 or 0 (open)``, with weights also
        ``⇥ weight`` as ``float.hex`` writes it, in the order of the ids; each line ends with a line feed, in UTF-8.
        """
        return lines_sha256(self._frame_of(chunk, hexadecimal=True) for chunk in self._member_chunks())

    @cached_property
    def _names(self) -> pl.Series:
        names = [stratum.name for stratum in self.strata]
        return pl.Series(names, dtype=pl.Enum(names))

    @property
    def _own_numbers(self) -> Numbers:
        starts = np.array([stratum.start for stratum in self.strata])
        return shifted_numbers(self.numbers[self.rows], starts[self.codes[self.rows]])

    def _member_chunks(self) -> Iterator[NDArray[np.intp]]:
        for first in range(0, max(len(self.codes), 1), _CHUNK):
            yield np.flatnonzero(self.codes[first : first + _CHUNK] != OUTSIDE) + first

    def _frame_of(self, rows: NDArray[np.intp], *, hexadecimal: bool = False) -> pl.DataFrame:
        codes = self.codes[rows]
        columns: dict[str, Any] = {
            "enterprise_id": self.enterprise_ids.gather(rows),
            "stratum": self._names.gather(codes & ~np.uint8(CLOSED)),
            "open": codes < CLOSED,
        }
        if self.weights is not None:
            weights = self.weights[rows]
            columns["weight"] = [weight.hex() for weight in weights.tolist()] if hexadecimal else weights
        return pl.DataFrame(columns)


def draw_sample(
    frame: FrameLike,
    size: int | Mapping[str, int],
    *,
    item: str,
    seed: str,
    series: str | None = None,
    starts: Mapping[str, float] | None = None,
) -> Draw:
    """Draw a simple or stratified sample of fixed size from a frame, with equal or unequal probabilities.

    Parameters
    ----------
    frame : pandas, Polars or Arrow frame
        ``enterprise_id``; optionally ``stratum`` (text), ``weight`` (probabilities are in proportion to it) and
        ``open`` (true or false; false for enterprises that belong to the frame but may not be drawn).
    size : int, or mapping of stratum to int
    item : str
        The item for which enterprises are drawn.
    seed : str
        The public seed, one line.
    series : str, optional
        Draws of one series share their random numbers. The default is the item, for joint items the joint group.
    starts : mapping of stratum to float, optional
        The point on the circle of random numbers at which each stratum's draw begins
        (:mod:`creditrisk.inspection.drafting.coordination`).

    Returns
    -------
    Draw

    Raises
    ------
    InputError
        If an id is missing or occurs twice, ``open`` is not true or false, a weight, size or start is invalid, or the
        size is larger than the number of enterprises that may be drawn.

    Examples
    --------
    >>> frame = pl.DataFrame({"enterprise_id": ["A", "B", "C", "D"], "weight": [1.0, 1.0, 2.0, 8.0]})
    >>> draw = draw_sample(frame, 2, item="fire", seed="2026")
    >>> draw.list.select("enterprise_id", "probability").rows()
    [('D', 1.0), ('A', 0.25)]
    """
    table = to_polars(frame)
    if "enterprise_id" not in table.columns:
        raise InputError("the frame of a draw needs the column enterprise_id")
    table = in_order(table)
    sizes = dict(size) if isinstance(size, Mapping) else {"all": size}
    if not isinstance(size, Mapping):
        table = table.with_columns(stratum=pl.lit("all"))
    codes = _codes(table, list(sizes))
    counts = np.bincount(codes & ~np.uint8(CLOSED), minlength=len(sizes))
    starts = _starts(starts or {}, list(sizes))
    strata = [
        Stratum(name, int(counts[place]), _size(name, drawn), starts[name])
        for place, (name, drawn) in enumerate(sizes.items())
    ]
    ids = table["enterprise_id"]
    numbers = permanent_numbers(ids, seed=seed, series=series if series is not None else item)
    if "weight" in table.columns and not table["weight"].dtype.is_numeric():
        raise InputError(f"the column weight of a frame must hold numbers, not {table['weight'].dtype}")
    weights = table["weight"].cast(pl.Float64).to_numpy() if "weight" in table.columns else None
    if weights is not None:
        wrong = ~(np.isfinite(weights) & (weights >= 0))
        if wrong.any():
            at = int(wrong.argmax())
            raise InputError(
                f"the weight of enterprise {ids[at]!r} is {table['weight'][at]}: weights must be finite, and not "
                "negative or missing"
            )
    return Draw.of(item, seed, series if series is not None else item, strata, ids, numbers, codes, weights)


def draws_sha256(draws: Iterable[Draw]) -> str:
    """SHA-256 of everything but the seed that decides draws: series, frame, and size, sample and start of strata."""
    told = sorted((one.item, one.series, one.frame_sha256, [astuple(part) for part in one.strata]) for one in draws)
    return sha256_of(json.dumps(told, ensure_ascii=False))


def lines_sha256(parts: Iterable[pl.DataFrame]) -> str:
    """SHA-256 of rows as text: tabs between values, 1 and 0 for true and false, a line feed after each row."""
    digest = sha256()
    for part in parts:
        lines = BytesIO()
        flags = part.with_columns(cs.boolean().cast(pl.UInt8))
        flags.write_csv(lines, separator="\t", include_header=False, quote_style="never")
        digest.update(lines.getbuffer())
    return digest.hexdigest()


def open_of(table: pl.DataFrame) -> pl.Series:
    """Return the column ``open`` (may be drawn) as booleans; text files have the words true and false."""
    said = flags = table["open"]
    if said.dtype == pl.String:
        words = {"true": True, "false": False}
        flags = said.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    if flags.dtype != pl.Boolean or flags.null_count():
        wrong = said.filter(flags.is_null())[0] if flags.null_count() else said.dtype
        raise InputError(f"the column open of a frame must be true or false in every row, got {wrong}")
    return flags


def in_order(table: pl.DataFrame) -> pl.DataFrame:
    """Sort a table by its ids; every id must be present, unique, and on one line without tabs."""
    table = table.with_columns(pl.col("enterprise_id").cast(pl.String))
    ids = table["enterprise_id"]
    if not ids.is_sorted():
        table = table.sort("enterprise_id")
        ids = table["enterprise_id"]
    if ids.null_count():
        raise InputError("an enterprise without an id cannot be drawn: remove the rows whose enterprise_id is missing")
    twice = (ids == ids.shift(1)).fill_null(False)
    if twice.any():
        raise InputError(f"enterprise {ids.filter(twice)[0]!r} stands in the table twice: keep one row of it")
    if ids.str.contains(r"[\t\n\r]").any():
        raise InputError("an enterprise_id must not contain a tab or a line break")
    if (ids.str.strip_chars() == "").any():
        raise InputError("an enterprise_id is empty: remove the row or correct it")
    return table


def _size(stratum: str, size: Any) -> int:
    try:
        whole = index(size)
    except TypeError:
        whole = -1
    if whole < 0 or isinstance(size, bool):
        raise InputError(f"the size of a draw must be a whole number from 0 on, got {size!r} for {stratum}")
    return whole


def _starts(given: Mapping[str, float], strata: Sequence[str]) -> dict[str, float]:
    strange = next((name for name in given if name not in strata), None)
    if strange is not None:
        raise InputError(f"starts= names {strange!r}, which is no stratum of the draw: {', '.join(strata)}")
    wrong = next((name for name, start in given.items() if not 0 <= start < 1), None)
    if wrong is not None:
        raise InputError(f"a draw starts from 0 up to, not including, 1; got {given[wrong]!r} for {wrong}")
    return {name: float(given.get(name, 0.0)) for name in strata}


def _codes(table: pl.DataFrame, names: Sequence[str]) -> Codes:
    if "stratum" not in table.columns:
        raise InputError("sizes by stratum need the column stratum in the frame")
    if len(names) > _MOST_STRATA:
        raise InputError(f"a draw has at most {_MOST_STRATA} strata, got {len(names)}")
    known = table["stratum"].cast(pl.String).cast(pl.Enum(list(names)), strict=False)
    if known.null_count():
        raise InputError(f"the stratum {table['stratum'].filter(known.is_null())[0]!r} has no size: name one, even 0")
    codes = known.to_physical().cast(pl.UInt8).to_numpy().copy()
    if "open" in table.columns:
        codes[~open_of(table).to_numpy()] |= CLOSED
    return codes


def _targets(strata: Sequence[Stratum], codes: Codes, weights: Numbers | None) -> Numbers:
    """Return target probabilities; closed rows count as members, so that others of the stratum take their places."""
    if weights is None:
        by_code = np.zeros(OUTSIDE + 1)
        for place, stratum in enumerate(strata):
            by_code[[place, place | CLOSED]] = stratum.drawn / stratum.size if stratum.size else 0.0
        return by_code[codes]
    targets = np.zeros(len(codes))
    for place, stratum in enumerate(strata):
        members = np.flatnonzero((codes == place) | (codes == place | CLOSED))
        targets[members] = inclusion_probabilities(weights[members], stratum.drawn)
    return targets
