"""Inspection items (抽查事项) as data: what is inspected, the authority, the enterprises, and the legal basis."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import yaml
from pydantic import Field, ValidationError, model_validator

from creditrisk.errors import InputError
from creditrisk.policy.rules import Identifier, PolicyPart
from creditrisk.vocabulary import BilingualText

__all__ = ["GRID", "AppliesTo", "InspectionItem", "example_items", "joint_groups", "read_items"]

Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(gt=0, le=1)]

# The grid's staff visit for no item, so no item may have this name.
GRID = "grid"

_LISTS = ("skills", "industries", "regions", "key_areas", "scales")
_FILTERS = ("industries", "regions", "key_areas", "scales")


class AppliesTo(PolicyPart):
    """The enterprises to which an item applies: those that meet every given list; without lists, all.

    Attributes
    ----------
    industries : tuple of str
        The beginnings of codes (GB/T 4754): 52 is all of retail.
    regions : tuple of str
        Codes, or the beginnings of codes (GB/T 2260): 320100 and 3201 both mean a whole city.
    key_areas, scales : tuple of str
        The enterprise has at least one of them.
    """

    industries: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    key_areas: tuple[Text, ...] = ()
    scales: tuple[Text, ...] = ()


class InspectionItem(PolicyPart):
    """An inspection item (抽查事项).

    Attributes
    ----------
    id : str
    name : BilingualText
    authority : str
        The department that inspects.
    kind : {"general", "key"}
    legal_basis : str
    ratio_at_least, ratio_at_most : float, optional
        Bounds on the share of a tier drawn in a year. A key item has no upper bound, and a general item never exceeds
        the policy's ratio (article 三(二)1).
    joint_group : str, optional
        Items of one group are inspected in one visit.
    mode : {"on_site", "off_site"}
        Off-site checks do not burden the enterprise and do not count toward a cap on visits.
    skills : tuple of str
        The skills that the team needs; one member with each of them is enough.
    applies_to : AppliesTo

    Examples
    --------
    >>> item = InspectionItem(
    ...     id="safety.fire_exits", name={"zh": "消防通道", "en": "Fire exits"}, authority="消防救援机构",
    ...     legal_basis="《中华人民共和国消防法》第五十三条",
    ... )
    >>> item.kind, item.mode
    ('general', 'on_site')
    """

    id: Identifier
    name: BilingualText
    authority: Text
    kind: Literal["general", "key"] = "general"
    legal_basis: Text
    ratio_at_least: Share | None = None
    ratio_at_most: Share | None = None
    joint_group: Identifier | None = None
    mode: Literal["on_site", "off_site"] = "on_site"
    skills: tuple[Text, ...] = ()
    applies_to: AppliesTo = AppliesTo()

    @model_validator(mode="after")
    def _bounds(self) -> InspectionItem:
        if self.kind == "key" and self.ratio_at_most is not None:
            raise ValueError("a key item has no upper bound: leave out ratio_at_most, or make it a general item")
        if (self.ratio_at_least or 0) > (self.ratio_at_most or 1):
            raise ValueError(f"ratio_at_least {self.ratio_at_least:g} must not exceed ratio_at_most")
        return self


def read_items(source: str | os.PathLike[str] | Iterable[InspectionItem]) -> tuple[InspectionItem, ...]:
    """Read a catalogue of inspection items.

    Parameters
    ----------
    source : path, or iterable of InspectionItem
        ``"example"``, a YAML document with the list ``items``, or a CSV file with the columns id, name_zh, name_en,
        authority, kind, legal_basis, ratio_at_least, ratio_at_most, joint_group, mode, skills, industries, regions,
        key_areas, scales
        (the last five with ``;`` or ``；`` between their words).

    Returns
    -------
    tuple of InspectionItem

    Raises
    ------
    InputError
        If the file cannot be read, an item is wrong, or two items have one id; the message names file, item and key.

    Examples
    --------
    >>> [item.id for item in read_items(example_items())][:2]
    ['registration.address', 'advertising.content']
    """
    if isinstance(source, str | os.PathLike):
        path = example_items() if os.fspath(source) == "example" else Path(source)
        rows = _csv_rows(path) if path.suffix == ".csv" else _yaml_rows(path)
        items = tuple(_item(row, place, path) for place, row in enumerate(rows, start=1))
    else:
        path = Path("items")
        items = tuple(source) if isinstance(source, Iterable) else ()
        if not all(isinstance(item, InspectionItem) for item in items):
            raise InputError("items are InspectionItem objects, or the path of a catalogue; see InspectionItem")
    if not items:
        raise InputError(f"{path} holds no inspection item")
    ids = [item.id for item in items]
    names = [*ids, *{item.joint_group for item in items if item.joint_group}]
    twice = next((name for name in names if names.count(name) > 1), None)
    if GRID in names:
        raise InputError(f"{path}: {GRID!r} is the name of visits by the grid: call the item or joint group otherwise")
    if twice is not None:
        raise InputError(f"{path}: two inspection items, or an item and a joint group, are called {twice!r}")
    return items


def example_items() -> Path:
    """Return the path of an example catalogue: eleven items of five departments, some inspected jointly."""
    return Path(str(files("creditrisk.inspection.plan").joinpath("example_items.yaml")))


def joint_groups(items: Sequence[InspectionItem]) -> dict[str, tuple[InspectionItem, ...]]:
    """Return items by joint group, which is inspected in one visit; an item without a group is under its own id."""
    groups: dict[str, tuple[InspectionItem, ...]] = {}
    for item in items:
        name = item.joint_group or item.id
        groups[name] = (*groups.get(name, ()), item)
    return groups


class _Strict(yaml.SafeLoader):
    """A YAML loader for which a repeated key is an error; others silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"key {twice!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _yaml_rows(path: Path) -> list[Any]:
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"inspection items are read from .yaml or .csv, got {path}")
    try:
        document = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Strict)  # noqa: S506 - a safe loader
    except OSError as error:
        raise InputError(f"the items {path} cannot be read: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML in UTF-8: {error}") from error
    if not isinstance(document, dict) or set(document) != {"items"} or not isinstance(document["items"], list):
        raise InputError(f"{path}: a catalogue of inspection items is a mapping with one key, the list 'items'")
    return document["items"]


def _csv_rows(path: Path) -> list[Any]:
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"the items {path} cannot be read: {error}") from error
    rows = []
    for line in table.iter_rows(named=True):
        row: dict[str, Any] = {key: value for key, value in line.items() if value is not None}
        row["name"] = {language: row.pop(f"name_{language}", "") for language in ("zh", "en")}
        for key in _LISTS:
            if key in row:
                row[key] = [word.strip() for word in row[key].replace("；", ";").split(";")]
        row["applies_to"] = {key: row.pop(key) for key in _FILTERS if key in row}
        for key in ("ratio_at_least", "ratio_at_most"):
            if key in row:
                row[key] = _number(row[key])
        rows.append(row)
    return rows


def _item(row: Any, place: int, path: Path) -> InspectionItem:
    try:
        return InspectionItem.model_validate(row)
    except ValidationError as error:
        name = row.get("id") if isinstance(row, dict) else None
        complaints = [
            f"{path}, item {name or place}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise InputError("\n".join(complaints)) from None


def _number(text: str) -> float | str:
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return text  # pydantic then says what is wrong
