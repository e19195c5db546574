"""The direction of risk to which each column of a learned model is held, and warnings about columns without one.

A direction is declared for a name, so it holds for a column only if the column has exactly that name. A column that was
renamed (by a ColumnTransformer, a database, an array) would silently have no direction: a warning names it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from creditrisk.errors import InputError, LearningWarning
from creditrisk.frames import look_alike
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.spec import Direction
from creditrisk.vocabulary import BilingualText

__all__ = ["SIGNS", "directions_of", "held_to_directions"]

# A model predicts findings, so its score rises with risk.
SIGNS: dict[Direction, int] = {"risk_rises": 1, "risk_falls": -1, "none": 0}


def directions_of(
    names: Sequence[str],
    declared: Mapping[str, Direction],
    categories: Sequence[str],
    *,
    named: bool,
    required: bool,
) -> tuple[Direction, ...]:
    """Return the direction of each column by its name; warn of, or refuse, columns without a declared one.

    Parameters
    ----------
    names : sequence of str, length n_columns
    declared : mapping of str to {"risk_rises", "risk_falls", "none"}
        Directions that override those that the built-in indicators declare.
    categories : sequence of str
        Columns of names, which have no direction.
    named : bool
        Whether the columns came with names; those of an array are numbered.
    required : bool
        Whether to refuse every column of numbers without a declared direction (``"none"`` is one).

    Raises
    ------
    InputError
        If ``declared`` has a name that is not a column, or a direction is required and not declared.

    Warns
    -----
    LearningWarning
        If a column looks like an indicator with another name, or no column is held to any direction.
    """
    stranger = next((name for name in declared if name not in names), None)
    if stranger is not None:
        raise InputError(f"directions names {stranger!r}, which is no column of X")
    known: dict[str, Direction] = {spec.id: spec.direction for spec in built_in_indicators()}
    known |= declared
    found = tuple("none" if name in categories else known.get(name, "none") for name in names)
    silent = [name for name in names if name not in known and name not in categories]
    if silent:
        directed = [name for name, direction in known.items() if direction != "none"]
        alike = {name: like for name in silent if (like := look_alike(name, directed)) is not None}
        held = held_to_directions(found).en
        if required:
            raise InputError(f"{held}, and directions are required: {_told(silent, alike, named)}")
        if alike or all(direction == "none" for direction in found):
            warnings.warn(f"{held}: {_told(silent, alike, named)}", LearningWarning, stacklevel=4)
    return found


def held_to_directions(directions: Sequence[Direction]) -> BilingualText:
    """Return, in words, how many columns are held to a direction of risk.

    Examples
    --------
    >>> held_to_directions(["risk_rises", "none"]).en
    '1 of 2 columns held to a direction'
    """
    held, count = sum(direction != "none" for direction in directions), len(directions)
    return BilingualText(zh=f"{count}列中有{held}列按申明方向单调", en=f"{held} of {count} columns held to a direction")


def _told(silent: Sequence[str], alike: Mapping[str, str], named: bool) -> str:
    if not named:
        return (
            "X is an array, and directions go by name. Fit to the frame that creditrisk.IndicatorBuilder gives, or "
            "declare them, directions={'x0': 'risk_rises', ...}"
        )
    if alike:
        name, like = next(iter(alike.items()))
        return (
            f"{len(alike)} look like indicators by another name, {name!r} like {like!r}, and go either way. Give them "
            f"the indicators' names, or declare directions={{{name!r}: ...}}"
        )
    some = ", ".join(map(repr, silent[:5])) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
    return f"none is declared for {some}. Declare directions={{{silent[0]!r}: ...}}, if only 'none'"
