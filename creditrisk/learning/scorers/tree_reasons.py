r"""Exact Shapley values of small trees, read from tables.

The raw score is a sum over leaves: each gives its value if the answers to all questions on its path agree. Given a
set :math:`S` of known indicators, its expected value (over the training rows that reached each node, as in
Lundberg et al. 2020) is the product over the indicators of its path of :math:`o_i \in \{0, 1\}` (the answers agree)
for those in :math:`S` and of :math:`z_i` (the share of rows that took that branch) for all others. The Shapley value of
an indicator in such a product depends only on the answers, so it is computed once for every combination of answers.

Leaves of all trees that ask the same few questions share one table: a row's answers form a number, and its
contributions are read from the table. That costs a few nanoseconds per table and row, while the recursion over a tree
costs microseconds; the sum is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Question", "ShapleyTables"]

Numbers = NDArray[np.float64]

# Tables of 2**8 combinations of answers fit into the fastest cache.
MOST_QUESTIONS = 8
# The number of rows at a time: their answers and contributions fit into the cache.
CHUNK = 8_192


@dataclass(frozen=True)
class Question:
    """The question of a node about a row; the answer yes leads to its left child.

    Attributes
    ----------
    feature : int
    at_most : float
        The answer is yes for values up to this one.
    codes : tuple of int
        For a category, the answer is yes for these codes, and ``at_most`` is not used.
    missing : bool
        The answer for a missing value.
    """

    feature: int
    at_most: float
    codes: tuple[int, ...]
    missing: bool


@dataclass(frozen=True)
class _Leaf:
    """A leaf's path: its questions, the answers that lead to it, and the share of rows that gave each."""

    questions: tuple[int, ...]
    answers: tuple[bool, ...]
    shares: tuple[float, ...]
    value: float


@dataclass(frozen=True)
class _Table:
    """The contributions for each combination of answers to a few questions."""

    questions: tuple[int, ...]
    features: tuple[int, ...]
    contributions: Numbers  # shape (n_features, 2**n_questions)


class ShapleyTables:
    """The exact contributions of indicators to the raw scores of a boosted model.

    Parameters
    ----------
    trees : sequence of dict
        ``Booster.dump_model()["tree_info"]``.
    n_features : int

    Attributes
    ----------
    base : float
        The expected raw score: the contributions of a row add up to its raw score minus this.

    Raises
    ------
    ValueError
        If a path asks more than eight different questions; check :meth:`serves` first.
    """

    def __init__(self, trees: Sequence[dict[str, Any]], n_features: int) -> None:
        self.n_features = n_features
        numbers: dict[Question, int] = {}
        leaves = [leaf for tree in trees for leaf in _leaves(tree["tree_structure"], numbers)]
        self.questions = list(numbers)
        self.base = float(sum(leaf.value * np.prod(leaf.shares) for leaf in leaves))
        self.tables = [_table(questions, group, self.questions) for questions, group in _grouped(leaves)]
        # Values are compared once with the cuts of each feature; questions then compare small whole numbers.
        self._cuts = {
            feature: np.array(sorted({q.at_most for q in self.questions if q.feature == feature and not q.codes}))
            for feature in {question.feature for question in self.questions}
        }

    @staticmethod
    def serves(trees: Sequence[dict[str, Any]]) -> bool:
        """Return whether all paths are short enough for tables."""
        return all(_depth(tree["tree_structure"]) <= MOST_QUESTIONS for tree in trees)

    def contributions(self, X: Numbers, n_jobs: int | None = None) -> Numbers:
        """Return the contributions of each feature, shape (n_rows, n_features), as LightGBM's up to rounding."""
        result = np.empty((len(X), self.n_features))

        def fill(rows: slice, part: Numbers) -> None:
            result[rows] = part.T

        self.for_chunks(X, fill, n_jobs)
        return result

    def for_chunks(self, X: Numbers, use: Callable[[slice, Numbers], None], n_jobs: int | None = None) -> None:
        """Call a function with the contributions of each chunk of rows, on several threads.

        Parameters
        ----------
        X : ndarray of float64, shape (n_rows, n_features)
        use : callable
            A function of the rows and their contributions, shape (n_features, n_rows_of_chunk).
        n_jobs : int, optional
            The number of threads; the result does not depend on it.
        """
        from joblib import Parallel, delayed

        def work(start: int) -> None:
            rows = slice(start, min(start + CHUNK, len(X)))
            use(rows, self._of_codes(self._coded(X[rows]), rows.stop - rows.start))

        starts = range(0, len(X), CHUNK)
        if len(starts) <= 1:
            for start in starts:
                work(start)
        else:
            Parallel(n_jobs=n_jobs, prefer="threads", batch_size=1)(delayed(work)(start) for start in starts)

    def _coded(self, X: Numbers) -> dict[int, NDArray[np.integer]]:
        """Return the number of cuts below each value of each feature used; the greatest number if it is missing."""
        coded: dict[int, NDArray[np.integer]] = {}
        for feature, cuts in self._cuts.items():
            values = X[:, feature]
            kind = np.uint8 if len(cuts) < 255 else np.uint32
            if len(cuts):
                coded[feature] = np.searchsorted(cuts, values, side="left").astype(kind)
                coded[feature][np.isnan(values)] = np.iinfo(kind).max
            else:  # codes of a category
                coded[feature] = np.nan_to_num(values, nan=-1.0).astype(np.int32)
        return coded

    def _of_codes(self, coded: dict[int, NDArray[np.integer]], n_rows: int) -> Numbers:
        answers: dict[int, NDArray[np.uint8]] = {}
        result = np.zeros((self.n_features, n_rows))
        packed, index, part = np.empty(n_rows, np.uint8), np.empty(n_rows, np.intp), np.empty(n_rows)
        for table in self.tables:
            packed[:] = 0
            for bit, number in enumerate(table.questions):
                if number not in answers:
                    answers[number] = self._answer(self.questions[number], coded)
                packed |= answers[number] << np.uint8(bit)
            index[:] = packed
            for feature, contributions in zip(table.features, table.contributions, strict=True):
                np.take(contributions, index, out=part, mode="clip")
                result[feature] += part
        return result

    def _answer(self, question: Question, coded: dict[int, NDArray[np.integer]]) -> NDArray[np.uint8]:
        codes = coded[question.feature]
        if question.codes:
            yes = np.zeros(max(question.codes) + 2, dtype=np.uint8)
            yes[list(question.codes)] = 1
            return yes[np.clip(codes, -1, len(yes) - 1)]
        place = codes.dtype.type(np.searchsorted(self._cuts[question.feature], question.at_most))
        if question.missing:
            # One more than the greatest number overflows to zero, so that a missing value is below every cut.
            one = codes.dtype.type(1)
            return (codes + one <= place + one).view(np.uint8)
        return (codes <= place).view(np.uint8)


def _leaves(tree: dict[str, Any], numbers: dict[Question, int]) -> Iterator[_Leaf]:
    """Return the leaves of a tree; a new question gets the next number."""

    def below(node: dict[str, Any], path: tuple[tuple[int, bool, float], ...]) -> Iterator[_Leaf]:
        if "leaf_value" in node:
            questions, answers, shares = zip(*path, strict=True) if path else ((), (), ())
            yield _Leaf(questions, answers, shares, node["leaf_value"])
            return
        number = numbers.setdefault(_question(node), len(numbers))
        for side, answer in (("left_child", True), ("right_child", False)):
            child = node[side]
            yield from below(child, (*path, (number, answer, _count(child) / node["internal_count"])))

    yield from below(tree, ())


def _question(node: dict[str, Any]) -> Question:
    feature = node["split_feature"]
    if node["decision_type"] == "==":
        # A missing category is not among the listed ones.
        return Question(feature, np.inf, tuple(int(code) for code in node["threshold"].split("||")), False)
    # LightGBM writes 1e300 for a threshold above all values, which only an infinite value could exceed.
    at_most = (
        float(node["threshold"]) if abs(float(node["threshold"])) < 1e300 else np.copysign(np.inf, node["threshold"])
    )
    # If training had no missing value, LightGBM treats one as zero.
    missing = node["default_left"] if node["missing_type"] == "NaN" else at_most >= 0.0
    return Question(feature, at_most, (), missing)


def _count(node: dict[str, Any]) -> int:
    return int(node["leaf_count"] if "leaf_value" in node else node["internal_count"])


def _depth(node: dict[str, Any]) -> int:
    return 0 if "leaf_value" in node else 1 + max(_depth(node["left_child"]), _depth(node["right_child"]))


def _grouped(leaves: Sequence[_Leaf]) -> Iterator[tuple[tuple[int, ...], list[_Leaf]]]:
    """Group leaves by sets of at most eight questions; leaves with few other questions join a set first."""
    by_questions: dict[int, list[_Leaf]] = {}
    for leaf in leaves:
        by_questions.setdefault(sum({1 << number for number in leaf.questions}), []).append(leaf)
    waiting = sorted((asked for asked in by_questions if asked), key=lambda asked: (-asked.bit_count(), asked))
    while waiting:
        asked, members = waiting[0], []
        while True:
            fitting = [(other & ~asked).bit_count() for other in waiting]
            fits = [(new, place) for place, new in enumerate(fitting) if asked.bit_count() + new <= MOST_QUESTIONS]
            least = min((new for new, _ in fits), default=None)
            if least is None:
                break
            taken = [place for new, place in fits if new == least]
            # All leaves without new questions join at once; otherwise one joins, and the search repeats.
            taken = taken if least == 0 else taken[:1]
            members += [waiting[place] for place in taken]
            for place in taken:
                asked |= waiting[place]
            waiting = [other for place, other in enumerate(waiting) if place not in set(taken)]
        questions = tuple(number for number in range(asked.bit_length()) if asked >> number & 1)
        yield questions, [leaf for member in members for leaf in by_questions[member]]


def _table(numbers: tuple[int, ...], leaves: Sequence[_Leaf], questions: Sequence[Question]) -> _Table:
    if len(numbers) > MOST_QUESTIONS:
        raise ValueError(f"a path asks {len(numbers)} questions, more than {MOST_QUESTIONS}")
    features = tuple(sorted({questions[number].feature for number in numbers}))
    combinations = np.arange(1 << len(numbers))
    bit = {number: combinations >> place & 1 == 1 for place, number in enumerate(numbers)}
    total = np.zeros((len(features), len(combinations)))
    for leaf in leaves:
        path = sorted({questions[number].feature for number in leaf.questions})
        agree = {feature: np.ones(len(combinations), dtype=bool) for feature in path}
        share = dict.fromkeys(path, 1.0)
        for number, answer, part in zip(leaf.questions, leaf.answers, leaf.shares, strict=True):
            feature = questions[number].feature
            agree[feature] &= bit[number] == answer
            share[feature] *= part
        agreeing = sum((agree[feature].astype(np.intp) << place for place, feature in enumerate(path)), np.intp(0))
        by_agreement = leaf.value * _product_game(tuple(share.values()))
        for place, feature in enumerate(path):
            total[features.index(feature)] += by_agreement[place][agreeing]
    return _Table(numbers, features, total)


@lru_cache(maxsize=4096)
def _product_game(shares: tuple[float, ...]) -> Numbers:
    r"""Compute Shapley values in the game :math:`v(S) = \prod_{i \in S} o_i \prod_{i \notin S} z_i`.

    Parameters
    ----------
    shares : tuple of float
        The :math:`z_i`.

    Returns
    -------
    ndarray of float, shape (n_players, 2**n_players)
        The value of each player for each combination of the :math:`o_i`; :math:`o_i` is bit ``i``.
    """
    n = len(shares)
    combinations = np.arange(1 << n)
    o = [(combinations >> player & 1).astype(float) for player in range(n)]
    result = np.empty((n, len(combinations)))
    for player in range(n):
        # The coefficients by size: the sum of the products over all sets of that number of other players.
        by_size = [np.ones(len(combinations))]
        for other in range(n):
            if other != player:
                without, having = [c * shares[other] for c in by_size], [c * o[other] for c in by_size]
                by_size = [a + b for a, b in zip([*without, 0.0], [0.0, *having], strict=True)]
        weights = [factorial(size) * factorial(n - 1 - size) / factorial(n) for size in range(n)]
        total = sum(weight * c for weight, c in zip(weights, by_size, strict=True))
        result[player] = total * (o[player] - shares[player])
    return result
