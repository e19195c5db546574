"""The traits of each measure, in one table; all code that treats measures differently reads it.

Only the kernel (:mod:`creditrisk.indicators.engine`) knows how each is computed; a test compares the table with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from creditrisk.vocabulary import BilingualText

__all__ = ["MEASURES", "Measure", "Takes", "Traits"]

Measure = Literal[
    "count",
    "sum",
    "mean",
    "max",
    "weighted_sum",
    "last",
    "flag",
    "distinct",
    "ratio",
    "days_since_last",
    "days_since_first",
    "attribute",
    "indicator",
]
# What a measure takes: the records alone, their severity weights, a number of theirs (``of``, with ``plus``), a value
# of theirs (``of``), or their share of a whole (``out_of``); or, instead of records, an attribute of the enterprise or
# another indicator.
Takes = Literal["records", "severity", "number", "value", "whole", "attribute", "indicator"]


@dataclass(frozen=True)
class Traits:
    """The traits of a measure.

    Attributes
    ----------
    label : BilingualText
    takes : str
        The thing that is measured.
    of_none : {"zero", "missing"}
        The value if no record is selected: nothing happened, or there is nothing to measure.
    over_time : {"falls", "ends", "moves", "stays"}
        The effect of time alone: records age and leave, and nothing new becomes known. The value only falls; it moves
        in one direction and may end with nothing to measure; it may move either way; it does not move by itself.
    grows_daily : bool
        Whether the value rises by one each day: then its records count less the older they are.
    later_weighs_more : bool
        Whether, of two records of one kind, the later and larger one changes the value at least as much.
    time_weighted : bool
        Whether records can have weights by age, or a cap per inspection.
    counts : bool
        Whether the value is a whole number (0, 1, 2, …) if nothing weights or divides it.
    """

    label: BilingualText
    takes: Takes
    of_none: Literal["zero", "missing"]
    over_time: Literal["falls", "ends", "moves", "stays"]
    grows_daily: bool = False
    later_weighs_more: bool = False
    time_weighted: bool = False
    counts: bool = False

    @property
    def of_records(self) -> bool:
        """Whether it reads records, which a selection chooses."""
        return self.takes not in ("attribute", "indicator")

    @property
    def needs_of(self) -> bool:
        """Whether it needs ``of``, which says what is measured."""
        return self.takes in ("number", "value", "attribute", "indicator")


def _label(zh: str, en: str) -> BilingualText:
    return BilingualText(zh=zh, en=en)


MEASURES: dict[Measure, Traits] = {
    "count": Traits(
        _label("记录数", "number of records"), "records", "zero", "falls",
        later_weighs_more=True, time_weighted=True, counts=True,
    ),
    "sum": Traits(
        _label("合计", "sum"), "number", "zero", "falls", later_weighs_more=True, time_weighted=True,
    ),
    "mean": Traits(_label("平均值", "mean"), "number", "missing", "moves"),
    "max": Traits(_label("最大值", "largest"), "number", "missing", "ends", later_weighs_more=True),
    "weighted_sum": Traits(
        _label("按严重程度加权合计", "sum weighted by severity"), "severity", "zero", "falls",
        later_weighs_more=True, time_weighted=True,
    ),
    "last": Traits(_label("最近一次的值", "latest value"), "number", "missing", "moves"),
    "flag": Traits(
        _label("有无", "whether there is any"), "records", "zero", "falls", later_weighs_more=True, counts=True,
    ),
    "distinct": Traits(_label("不同值个数", "number of different values"), "value", "zero", "falls", counts=True),
    "ratio": Traits(_label("占比", "share"), "whole", "missing", "ends", later_weighs_more=True),
    "days_since_last": Traits(
        _label("距最近一次的天数", "days since the last"), "records", "missing", "ends",
        grows_daily=True, later_weighs_more=True,
    ),
    "days_since_first": Traits(
        _label("距第一次的天数", "days since the first"), "records", "missing", "moves", grows_daily=True,
    ),
    "attribute": Traits(_label("数值", "number"), "attribute", "missing", "stays"),
    "indicator": Traits(_label("值", "value"), "indicator", "missing", "stays"),
}  # fmt: skip
