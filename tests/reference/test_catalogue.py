"""Every edition of every built-in policy assesses the embedded sample as the plain reference does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from random import Random
from typing import Any

import pytest
import yaml

import creditrisk as cr
from tests.reference import assessment as reference
from tests.reference.checks import check_explanation, check_reasons, check_table
from tests.reference.settings import LONG
from tests.reference.tables import Row, frame_of

CATALOGUE = files("creditrisk.policy").joinpath("catalogue")
EDITIONS = sorted(
    f"{folder.name}/{entry.name}"
    for folder in CATALOGUE.iterdir()
    if folder.is_dir() and not folder.name.startswith("_")
    for entry in folder.iterdir()
    if entry.name.endswith(".yaml")
)
N_ENTERPRISES = 400 if LONG else 60
DAY = date(2026, 6, 30)


def on_day(part: Any, day: date) -> Any:
    """A document with each dated parameter at its value of a day."""
    if isinstance(part, dict) and set(part) == {"dated"}:
        return on_day([one["value"] for one in part["dated"] if one["from"] <= day][-1], day)
    if isinstance(part, dict):
        return {key: on_day(value, day) for key, value in part.items()}
    return [on_day(value, day) for value in part] if isinstance(part, list) else part


def own_words(document: Mapping[str, Any], field: str) -> list[str]:
    """What the indicators of a document select: record types or matters."""
    selections = [spec.get(key, {}) for spec in document.get("indicators", ()) for key in ("select", "out_of")]
    since = [name for spec in document.get("indicators", ()) for name in spec.get("since_last", ())]
    return sorted({name for one in selections for name in one.get(field, ())} | set(since if field == "types" else ()))


def attributes_of(part: Any) -> set[str]:
    """Names of the further numbers that a document speaks of."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        return set().union(*map(attributes_of, part)) if part else set()
    return {part} if isinstance(part, str) and part.startswith("attributes.") else set()


def sample_in_the_words_of(document: Mapping[str, Any]) -> tuple[list[Row], list[Row]]:
    """The embedded sample, some of its records with types, matters and numbers that a system looks at."""
    rng = Random(1)  # noqa: S311 - examples, no secrets
    paths = cr.sample_paths()
    enterprises = cr.read_enterprises(paths.enterprises, output="polars").frame.rows(named=True)[:N_ENTERPRISES]
    records = cr.read_records(paths.records, output="polars").frame.rows(named=True)
    ids = {one["enterprise_id"] for one in enterprises}
    words = {"type": own_words(document, "types"), "matter": own_words(document, "matters")}
    names = sorted(attributes_of(document))
    spoken = []
    for record in (one for one in records if one["enterprise_id"] in ids):
        keeps = record["type"] in ("repair", "revocation") or rng.random() < 0.5
        new = {} if keeps else {field: rng.choice(given) for field, given in words.items() if given}
        spoken.append({**record, **new, **numbers(rng, names)})
    return [{**one, **numbers(rng, names)} for one in enterprises], spoken


def numbers(rng: Random, names: list[str]) -> Row:
    return {name: rng.choice((None, 0.0, 1.0, 1.0, 2.0, 5.0, 15.0, 30.0)) for name in names}


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_sample_is_assessed_as_the_document_says(edition: str) -> None:
    folder, name = edition.split("/")
    raw = yaml.safe_load(CATALOGUE.joinpath(folder, name).read_text(encoding="utf-8"))
    day = min(DAY, raw.get("effective_to") or DAY)
    document = on_day(raw, day)
    enterprises, records = sample_in_the_words_of(document)
    assessment = cr.assess(frame_of(enterprises), frame_of(records), policy=folder, as_of=day, output="polars")
    specs = {spec.id: spec.model_dump() for spec in cr.built_in_indicators()}
    specs |= {spec["id"]: spec for spec in document.get("indicators", ())}
    expected = reference.assess(document, specs, enterprises, records, day)
    check_table(assessment, expected)
    check_reasons(assessment, expected)
    for result in expected[:: len(expected) // 3]:
        check_explanation(assessment.explain(result.enterprise_id), result, document)
