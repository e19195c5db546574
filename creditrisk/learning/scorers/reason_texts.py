"""The top reasons of a learned score: the indicators with the largest contributions, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.errors import InputError
from creditrisk.frames import check_frame_kind
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.learning.scorers.categories import CategoryLevels
from creditrisk.scoring.reasons import number_text
from creditrisk.vocabulary import BilingualText

__all__ = ["Language", "check_asked", "labels_of", "reason_table", "top_of"]

Language = Literal["zh", "en"]
Numbers = NDArray[np.float64]

# The labels of columns that are categories of the enterprise, not indicators.
_CATEGORY_LABELS = {
    "industry": BilingualText(zh="所属行业", en="Industry"),
    "region": BilingualText(zh="所在地区", en="Region"),
    "scale": BilingualText(zh="企业规模", en="Scale of the enterprise"),
}
_TEMPLATES = {
    "zh": ("{}：{}，{}风险（{}）", "无数据", ("降低", "提高")),
    "en": ("{}: {}, {} the risk ({})", "no data", ("lowers", "raises")),
}


def check_asked(top: int | None, language: str | None, output: str) -> None:
    """Raise an InputError if the number of reasons, the language or the kind of frame is not possible."""
    check_frame_kind(output)
    if language not in (None, "zh", "en"):
        raise InputError(f"language must be 'zh', 'en' or None, got {language!r}")
    if top is not None and (int(top) != top or top < 1):
        raise InputError(f"top must be a whole number from 1 on, got {top!r}")


def labels_of(names: Sequence[str], specs: Sequence[IndicatorSpec] = ()) -> list[BilingualText]:
    """Return the labels of a model's columns; a column that is not an indicator keeps its name."""
    known = _CATEGORY_LABELS | {spec.id: spec.label for spec in (*built_in_indicators(), *specs)}
    return [known.get(name) or BilingualText(zh=name, en=name) for name in names]


def top_of(contributions: Numbers, top: int) -> tuple[NDArray[np.intp], Numbers]:
    """Return the features with the largest absolute contributions, and these; ties keep the order of the features.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n_features, n_rows)
    top : int

    Returns
    -------
    features : ndarray of int, shape (n_rows, top)
    contributions : ndarray of float64, shape (n_rows, top)
    """
    by_row = np.ascontiguousarray(contributions.T)
    size = np.abs(by_row)
    rows = np.arange(len(size))
    features = np.empty((len(size), top), dtype=np.intp)
    for place in range(top):
        features[:, place] = size.argmax(axis=1)
        size[rows, features[:, place]] = -1.0
    return features, by_row[rows[:, None], features]


def reason_table(
    names: Sequence[str],
    labels: Sequence[BilingualText],
    levels: Mapping[str, CategoryLevels],
    X: Numbers,
    features: NDArray[np.intp],
    contributions: Numbers,
    language: Language | None,
) -> pl.DataFrame:
    """Return one line per row and reason, the largest first; indicators that contribute nothing are left out.

    Returns
    -------
    polars.DataFrame
        row, indicator, value, contribution, text_zh, text_en (or the requested one).
    """
    row = np.repeat(np.arange(len(X)), features.shape[1])
    feature, contribution = features.ravel(), contributions.ravel()
    moves = contribution != 0
    row, feature, contribution = row[moves], feature[moves], contribution[moves]
    value = X[row, feature]
    table = pl.DataFrame(
        {
            "row": row,
            "indicator": pl.Series(names, dtype=pl.Enum(names)).gather(feature),
            "value": pl.Series(value).fill_nan(None),
            "contribution": contribution,
        }
    )
    # Each different text is made only once.
    hundredths = np.rint(contribution * 100)
    keys = pl.DataFrame({"feature": feature, "value": np.rint(value * 100), "hundredths": hundredths}).with_columns(
        pl.col("value").fill_nan(None), rising=pl.Series(contribution > 0)
    )
    different = keys.with_row_index("at").group_by("feature", "value", "hundredths", "rising").agg(pl.col("at").first())
    which = keys.join(
        different.with_row_index("text").drop("at"),
        on=["feature", "value", "hundredths", "rising"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["text"]
    shown = _texts(names, labels, levels, different, value)
    chosen = ("zh", "en") if language is None else (language,)
    return table.with_columns(shown(one).gather(which).alias(f"text_{one}") for one in chosen)


def _texts(
    names: Sequence[str],
    labels: Sequence[BilingualText],
    levels: Mapping[str, CategoryLevels],
    different: pl.DataFrame,
    value: Numbers,
) -> Callable[[str], pl.Series]:
    feature = different["feature"].to_numpy()
    values = pl.Series("value", value[different["at"].to_numpy()]).fill_nan(None)
    shown = pl.DataFrame({"value": values}).select(number_text(pl.col("value"))).to_series().to_list()
    for place, name in enumerate(names):
        if name in levels:
            for at in np.flatnonzero(feature == place).tolist():
                shown[at] = None if values[at] is None else levels[name].levels[int(values[at])]
    moved = different["hundredths"].cast(pl.Int64)
    signs = pl.when(pl.col("m") < 0).then(pl.lit("−")).otherwise(pl.lit("+"))
    digits = (pl.col("m").abs() % 100).cast(pl.String).str.zfill(2)
    by = (
        pl.DataFrame({"m": moved}).select(signs + (pl.col("m").abs() // 100).cast(pl.String) + "." + digits).to_series()
    )

    def of(language: str) -> pl.Series:
        template, no_data, (lowers, raises) = _TEMPLATES[language]
        return (
            pl.DataFrame(
                {
                    "label": pl.Series([getattr(label, language) for label in labels]).gather(feature),
                    "value": pl.Series(shown, dtype=pl.String).fill_null(no_data),
                    "verb": pl.Series([lowers, raises]).gather(different["rising"].cast(pl.UInt32)),
                    "by": by,
                }
            )
            .select(pl.format(template, "label", "value", "verb", "by"))
            .to_series()
        )

    return of
