"""Checks of LightGBM's text of a model before LightGBM reads it.

LightGBM trusts the text: a truncated text ends the process, and if the children of a tree lead back to it, a prediction
never ends.
"""

from __future__ import annotations

import re
from math import isnan

__all__ = ["check_booster_text"]

# The sections that LightGBM writes after the trees.
_REST = re.compile(
    r"end of trees\n\nfeature_importances:\n(\S+=\d+\n)*\n"
    r"parameters:\n(\[\w+: [^\n]*\]\n)*\nend of parameters\n\npandas_categorical:[^\n]*\n*",
    re.ASCII,
)
_LIMIT = 2**31
_NUMBER = re.compile(r"-?(\d+(\.\d+)?(e[+-]?\d{1,3})?|inf)", re.ASCII)
_WHOLE_NUMBER = re.compile(r"-?\d{1,12}", re.ASCII)


def check_booster_text(text: str, n_features: int) -> None:
    """Raise a ValueError, which says what is wrong, unless the text is a whole model of one tree after another.

    Parameters
    ----------
    text : str
    n_features : int
        The number of columns that trees may read.
    """
    start = text.find("\nTree=0\n") + 1
    end = text.find("\nend of trees\n") + 1
    if not 0 < start < end or not _REST.fullmatch(text, end):
        raise ValueError("it is cut short, or not as LightGBM writes it")
    header = _fields(text[:start])
    if (header.get("num_class"), header.get("num_tree_per_iteration")) != ("1", "1"):
        raise ValueError("it is not of one class")
    if header.get("max_feature_idx") != str(n_features - 1):
        raise ValueError(f"it does not read {n_features} columns")
    sizes = _whole(header, "tree_sizes")
    if min(sizes, default=0) < 1 or sum(sizes) != end - start:
        raise ValueError("tree_sizes are not those of the trees")
    for place, size in enumerate(sizes):
        tree = text[start : start + size]
        start += size
        if not tree.startswith(f"Tree={place}\n"):
            raise ValueError(f"tree {place} is not in its place")
        try:
            _check_tree(_fields(tree), n_features)
        except ValueError as error:
            raise ValueError(f"tree {place}: {error}") from None


def _check_tree(tree: dict[str, str], n_features: int) -> None:
    (n_leaves,) = _whole(tree, "num_leaves", 1)
    (n_categorical,) = _whole(tree, "num_cat", 1)
    if tree.get("is_linear", "0") != "0":
        raise ValueError("is_linear is not 0")
    for name in ("leaf_value", "shrinkage"):
        _numbers(tree, name, n_leaves if name == "leaf_value" else 1)
    if n_leaves == 1:
        return
    splits = n_leaves - 1
    for name in ("leaf_weight", "leaf_count"):
        _numbers(tree, name, n_leaves)
    for name in ("split_gain", "threshold", "internal_value", "internal_weight", "internal_count"):
        _numbers(tree, name, splits)
    if not all(0 <= feature < n_features for feature in _whole(tree, "split_feature", splits)):
        raise ValueError("split_feature names a column that is none")
    # Each node is the child of an earlier node, and each leaf of one node: so every path ends.
    children = [
        (parent, child)
        for side in ("left_child", "right_child")
        for parent, child in enumerate(_whole(tree, side, splits))
    ]
    if sorted(child for _, child in children) != [*range(-n_leaves, 0), *range(1, splits)] or any(
        0 <= child <= parent for parent, child in children
    ):
        raise ValueError("its children make no tree")
    _check_categories(tree, n_categorical, splits)


def _check_categories(tree: dict[str, str], n_categorical: int, splits: int) -> None:
    decisions = _whole(tree, "decision_type", splits)
    # For a split by categories, the threshold is its position in cat_boundaries.
    places = [
        threshold
        for threshold, decision in zip(_numbers(tree, "threshold", splits), decisions, strict=True)
        if decision & 1
    ]
    if sorted(places) != list(range(n_categorical)):
        raise ValueError("num_cat is not the number of its splits by category")
    if n_categorical:
        ends = _whole(tree, "cat_boundaries", n_categorical + 1)
        if ends[0] != 0 or sorted(ends) != ends:
            raise ValueError("cat_boundaries do not rise from 0")
        _whole(tree, "cat_threshold", ends[-1], 2 * _LIMIT)


def _fields(text: str) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in text.split("\n") if "=" in line]
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("it says something twice")
    return fields


def _numbers(fields: dict[str, str], name: str, count: int) -> list[float]:
    values = [float(value) for value in _written(fields, name)]
    if len(values) != count or any(map(isnan, values)):
        raise ValueError(f"{name} does not hold {count} numbers")
    return values


def _whole(fields: dict[str, str], name: str, count: int | None = None, limit: int = _LIMIT) -> list[int]:
    values = [int(value) for value in _written(fields, name, _WHOLE_NUMBER)]
    if count not in (None, len(values)) or not all(-limit <= value < limit for value in values):
        raise ValueError(f"{name} does not hold {count} whole numbers")
    return values


def _written(fields: dict[str, str], name: str, form: re.Pattern[str] = _NUMBER) -> list[str]:
    values = fields.get(name, "").split(" ")
    if not all(map(form.fullmatch, values)):
        raise ValueError(f"{name} is not there or holds what is no number")
    return values
