"""Reasons for whole tables: every hit of a rule with its evidence, and the top reasons of each row as text.

Everything here works on columns. Lists of reasons cost far more than points, so each text is made once for each
different (rule, value, points), and only for the reasons that are shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.frames import ROWS_PER_CHUNK, in_chunks_of
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.policy.document import Policy
from creditrisk.scoring.scores import POINT_UNIT, Scores
from creditrisk.scoring.tiering import Tiering
from creditrisk.vocabulary import DIMENSIONS, BilingualText

__all__ = ["ADJUSTMENT_TEXTS", "Reasons", "lists_by_combination", "number_as_text", "number_text"]

Evidence = Iterable[tuple[IndicatorSpec, NDArray[np.intp], NDArray[np.intp]]]

# If a dimension's floor or ceiling changes the score, that is a separate reason.
ADJUSTMENT_TEXTS = {
    "floor": BilingualText(
        zh="{dimension}维度得分不低于下限", en="The score for {dimension} does not fall below its floor"
    ),
    "ceiling": BilingualText(
        zh="{dimension}维度得分不高于上限", en="The score for {dimension} does not rise above its ceiling"
    ),
}

_WEIGHT_BITS = 34


@dataclass(frozen=True)
class Reasons:
    """The hits of all rules, by row and, within a row, from the largest weight to the smallest.

    Attributes
    ----------
    names, indicators : list of str
        Rules (then floors and ceilings) and their indicators; ``reason`` is a position in these lists.
    texts : list of BilingualText
    row, reason : ndarray of int, shape (n_hits,)
    value : ndarray of float64, shape (n_hits,)
        The value of the indicator; NaN where it had nothing to measure, and for floors and ceilings.
    points : ndarray of int32, shape (n_hits,)
        The points, in thousandths of a point of the dimension.
    """

    policy: Policy
    n_rows: int
    names: list[str]
    indicators: list[str | None]
    texts: list[BilingualText]
    row: NDArray[np.intp]
    reason: NDArray[np.int32]
    value: NDArray[np.float64]
    points: NDArray[np.int32]

    @classmethod
    def of(cls, policy: Policy, scores: Scores, indicators: Mapping[str, NDArray[np.float64]]) -> Reasons:
        """Gather the hits of all rules."""
        names: list[str] = [rule.id for rule in policy.rules]
        read: list[str | None] = [rule.indicator for rule in policy.rules]
        texts = [rule.reason for rule in policy.rules]
        weights = [policy.dimensions[rule.dimension].weight for rule in policy.rules]
        rows = [hit.rows for hit in scores.hits]
        points = [hit.points for hit in scores.hits]
        values = [indicators[hit.rule.indicator][hit.rows] for hit in scores.hits]
        for dimension, scale in policy.dimensions.items():
            adjustment = scores.adjustments[dimension]
            for kind, bitten in (("floor", adjustment > 0), ("ceiling", adjustment < 0)):
                names.append(f"{dimension}.{kind}")
                read.append(None)
                label, text = DIMENSIONS[dimension], ADJUSTMENT_TEXTS[kind]
                texts.append(
                    BilingualText(zh=text.zh.format(dimension=label.zh), en=text.en.format(dimension=label.en))
                )
                weights.append(scale.weight)
                rows.append(np.flatnonzero(bitten))
                points.append(adjustment[bitten].astype(np.int32))
                values.append(np.full(len(rows[-1]), np.nan))
        lengths = [len(part) for part in rows]
        row, all_points = np.concatenate(rows), np.concatenate(points)
        reason = np.repeat(np.arange(len(names), dtype=np.int32), lengths)
        weighted = np.abs(all_points.astype(np.int64)) * np.repeat(
            np.rint(np.array(weights) * 1000).astype(np.int64), lengths
        )
        # One key sorts by row, then by weight, the largest first; the sort is stable, so rules keep the policy's order.
        key = (row.astype(np.uint64) << np.uint64(_WEIGHT_BITS)) | ((1 << _WEIGHT_BITS) - 1 - weighted).astype(
            np.uint64
        )
        order = np.argsort(key, kind="stable")
        return cls(
            policy, len(scores), names, read, texts,
            row[order], reason[order], np.concatenate(values)[order], all_points[order],
        )  # fmt: skip

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """The position at which each row's hits begin, shape (n_rows + 1,)."""
        return np.concatenate(([0], np.cumsum(np.bincount(self.row, minlength=self.n_rows))))

    def table(self, enterprise_ids: pl.Series, record_ids: pl.Series, evidence: Evidence) -> pl.DataFrame:
        """Return one line per hit: enterprise_id, rule, indicator, value, points and the ids of its records.

        Parameters
        ----------
        enterprise_ids : polars.Series of String, shape (n_rows,)
        record_ids : polars.Series of String
            The ids of the record table.
        evidence : iterable of (IndicatorSpec, ndarray, ndarray)
            The evidence that :meth:`creditrisk.indicators.engine.Kernel.evidence` gives.
        """
        hit, record = self._evidence_by_hit(evidence)
        record_ids = record_ids.rechunk()
        lists = _lists(_offsets(hit, len(self.row)), record_ids, _records_by_hit(hit, record, record_ids))
        names = pl.Enum(self.names)
        read = pl.Enum(sorted({name for name in self.indicators if name is not None}))
        columns = {
            "enterprise_id": enterprise_ids.gather(self.row),
            "rule": pl.Series(self.names, dtype=names).gather(self.reason),
            "indicator": pl.Series(self.indicators, dtype=read).gather(self.reason),
            "value": pl.Series(self.value).fill_nan(None),
            "points": pl.Series(self.points / POINT_UNIT),
        }
        return pl.DataFrame(
            {**{name: in_chunks_of(lists, column) for name, column in columns.items()}, "record_ids": lists}
        )

    def top_texts(self, tiering: Tiering, most: int) -> tuple[pl.Series, pl.Series]:
        """Return each row's reasons in Chinese and English: vetoes and thin evidence, then rules by weight.

        Returns
        -------
        tuple of polars.Series of List(String), each of shape (n_rows,)
        """
        bounds = self.policy.tier_bounds
        met = [np.flatnonzero(tiering.met[bound.id]) for bound in bounds]
        place = np.arange(len(self.row)) - self.starts[self.row]
        shown = np.flatnonzero(place < most)
        hit, which = _first_of_equal(self.reason[shown], self.points[shown], np.rint(self.value[shown] * 100))
        texts = self._texts(shown[hit])
        row = np.concatenate([*met, self.row[shown]])
        text = np.concatenate([*(np.full(len(rows), number) for number, rows in enumerate(met)), which + len(bounds)])
        # The sort is stable, so bounds stay before rules.
        text = text[np.argsort(row, kind="stable")]
        offsets = _offsets(row, self.n_rows)
        lists = []
        for language in ("zh", "en"):
            different = pl.Series([*(getattr(bound.reason, language) for bound in bounds), *texts[language]])
            lists.append(_lists(offsets, different, text))
        return lists[0], lists[1]

    def _texts(self, hits: NDArray[np.intp]) -> dict[str, pl.Series]:
        reason = self.reason[hits]
        table = pl.DataFrame({"value": self.value[hits], "points": self.points[hits] / POINT_UNIT})
        value, points = number_text(pl.col("value")), number_text(pl.col("points"))
        points = pl.when(pl.col("points") > 0).then("+" + points).otherwise(points)
        result = {}
        for language, ending in (("zh", "（{}分）"), ("en", " ({})")):
            templates = pl.Series([getattr(text, language) for text in self.texts])
            # If there was nothing to measure, no value is shown, as in an explanation.
            shown = value.fill_null("")
            text = pl.lit(templates.gather(reason)).str.replace("{value}", shown, literal=True)
            result[language] = table.select(pl.format("{}" + ending, text, points)).to_series()
        return result

    def _evidence_by_hit(self, evidence: Evidence) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Return pairs of (position of a hit, position of a record)."""
        numbers: dict[str, list[int]] = defaultdict(list)
        for number, indicator in enumerate(self.indicators):
            if indicator is not None:
                numbers[indicator].append(number)
        hits, records = [np.empty(0, np.int32)], [np.empty(0, np.intp)]
        for spec, rows, positions in evidence:
            for number in numbers[spec.id]:
                mine = np.flatnonzero(self.reason == number)
                hit_of_row = np.full(self.n_rows, -1, dtype=np.int32)
                hit_of_row[self.row[mine]] = mine
                hit = hit_of_row[rows]
                kept = hit >= 0
                hits.append(hit[kept])
                records.append(positions[kept])
        return np.concatenate(hits), np.concatenate(records)


def lists_by_combination(parts: Sequence[tuple[str, NDArray[np.bool_]]], n_rows: int) -> pl.Series:
    """Return, for each row, the list of the names whose mask is true; each combination is made only once.

    Parameters
    ----------
    parts : sequence of (str, ndarray of bool, shape (n_rows,))
        Names and masks, at most 63.
    """
    combination = np.zeros(n_rows, dtype=np.int64)
    for bit, (_, holds) in enumerate(parts):
        combination[holds] |= 1 << bit
    codes = pl.Series(combination)
    different = codes.unique().sort().to_numpy()
    which = np.searchsorted(different, combination)
    lists = [[name for bit, (name, _) in enumerate(parts) if number >> bit & 1] for number in different.tolist()]
    return pl.Series(lists, dtype=pl.List(pl.String)).gather(which)


def number_text(number: pl.Expr) -> pl.Expr:
    """Write numbers as text: whole numbers without decimals, others with at most two."""
    rounded = number.round(2)
    whole = rounded == rounded.round(0)
    return pl.when(whole).then(rounded.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(rounded.cast(pl.String))


def number_as_text(number: float) -> str:
    """Write one number as :func:`number_text` does; NaN becomes empty text."""
    if np.isnan(number):
        return ""
    rounded = float(np.rint(number * 100) / 100)
    return str(int(rounded)) if rounded.is_integer() else repr(rounded)


def _lists(offsets: NDArray[np.intp], items: pl.Series, positions: NDArray[np.intp]) -> pl.Series:
    """Return, for each owner, the list of the items at its positions; they go from one offset to the next."""
    import pyarrow

    chunks = []
    for start in range(0, max(len(offsets) - 1, 1), ROWS_PER_CHUNK):
        ends = offsets[start : start + ROWS_PER_CHUNK + 1]
        # These are views of the items; no item is copied.
        chosen = items.gather(positions[ends[0] : ends[-1]]).to_arrow(compat_level=pl.CompatLevel.newest())
        lists = pyarrow.LargeListArray.from_arrays(pyarrow.array(ends - ends[0], pyarrow.int64()), chosen)
        chunks.append(pl.Series(pl.from_arrow(lists)))
    return pl.concat(chunks, rechunk=False)


def _offsets(owner: NDArray[np.integer], n_owners: int) -> NDArray[np.intp]:
    """Return the positions at which each owner's items begin if they are sorted by owner, shape (n_owners + 1,)."""
    return np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n_owners))))


def _records_by_hit(hit: NDArray[np.int32], record: NDArray[np.intp], record_ids: pl.Series) -> NDArray[np.intp]:
    """Sort positions by hit, and within a hit by record id, so that the order of the records does not matter."""
    if record_ids.is_sorted():
        # Most registers come sorted by id: then positions have the order of the ids, and whole numbers sort fast.
        both: NDArray[np.intp] = hit.astype(np.intp)
        both <<= 32
        both |= record
        both.sort()
        both &= 0xFFFF_FFFF
        return both
    pairs = pl.DataFrame({"hit": hit, "record": record, "id": record_ids.gather(record)})
    return pairs.sort("hit", "id")["record"].to_numpy()


def _first_of_equal(
    reason: NDArray[np.int32], points: NDArray[np.int32], cents: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first of each set of equal triples, and for each triple the position of its equal among these."""
    # Polars groups NaN values as equal.
    triples = pl.DataFrame({"reason": reason, "points": points, "cents": cents}).with_row_index("at")
    first = triples.select(pl.col("at").min().over("reason", "points", "cents")).to_series().to_numpy()
    is_first = first == np.arange(len(first))
    return np.flatnonzero(is_first), (np.cumsum(is_first) - 1)[first]
