"""Which files do not yet know a thing that they must know, by kind of thing.

``python -m tests.additions.known`` writes them as JSON: so are they asked of a copy of the package.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import get_args

import creditrisk as cr
from creditrisk.frames import FrameKind
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.indicators.measures import MEASURES, Measure
from creditrisk.indicators.spec import IndicatorSpec
from creditrisk.learning import scorers
from creditrisk.learning.scorers.scorer import LearnedScorer
from creditrisk.policy.loading import built_in_policies
from creditrisk.policy.rules import Rule
from creditrisk.records.aliases import alias_table
from creditrisk.records.schema import ENTERPRISE_SCHEMA, RECORD_SCHEMA
from creditrisk.simulate.streams import STREAMS
from creditrisk.vocabulary import OUTCOMES, RECORD_TYPES

ROOT = Path(__file__).parents[2]
# They end other records, and are evidence of nothing themselves.
ACTING_ON_OTHERS = {"repair", "revocation"}
# Keys that rules of every form have.
COMMON_TO_RULES = {"id", "dimension", "indicator", "when", "missing", "reason", "basis"}
# It comes with its own law, not from another country or place.
OUR_OWN = "jiangsu"


def record_types() -> Iterator[str]:
    words = alias_table()["values"]["type"]
    counted = {name for spec in built_in_indicators() for name in spec.record_types}
    for name in RECORD_TYPES:
        if name not in words:
            yield "creditrisk/records/aliases.yaml"
        if name not in {stream.type for stream in STREAMS}:
            yield "creditrisk/simulate/streams.py"
        if name not in counted | ACTING_ON_OTHERS:
            yield "creditrisk/indicators/catalogue"
    if any(f"`{spec.id}`" not in text("docs/indicators.md") for spec in built_in_indicators()):
        yield "docs/indicators.md"


def measures() -> Iterator[str]:
    for name in get_args(Measure):
        if name not in MEASURES:
            yield "creditrisk/indicators/measures.py"
        if f"``{name}``" not in (IndicatorSpec.__doc__ or ""):
            yield "creditrisk/indicators/spec.py"
        if f"`{name}`" not in text("docs/indicators.md"):
            yield "docs/indicators.md"


def rules() -> Iterator[str]:
    for key in {*Rule.model_fields} - COMMON_TO_RULES:
        if key not in Rule.FORM_KEYS:
            yield "creditrisk/policy/rules.py"
        if f"`{key}`" not in text("docs/policy.md"):
            yield "docs/policy.md"


def learned_scorers() -> Iterator[str]:
    for module in iter_modules(scorers.__path__, f"{scorers.__name__}."):
        import_module(module.name)
    for kind in LearnedScorer.__subclasses__():
        name, module = kind.__name__, kind.__module__
        if f'"{module}:{name}"' not in text("creditrisk/learning/bundles/bundle.py"):
            yield "creditrisk/learning/bundles/bundle.py"
        if f'"{module.rpartition(".")[2]}":' not in text("creditrisk/learning/bundles/model_card.py"):
            yield "creditrisk/learning/bundles/model_card.py"
        if name not in cr.__all__:
            yield "creditrisk/__init__.pyi"
        for file in ("docs/learning.md", "tests/learning/test_strictness.py"):
            if name not in text(file):
                yield file


def result_files(written: set[str], hashed: set[str]) -> Iterator[str]:
    """Of the files of an assessment: those that the account has no hash of, or the pages do not tell of."""
    for name in written:
        if name.endswith(".parquet") and name not in hashed:
            yield "creditrisk/assessing/saving.py"
        if name not in (cr.Assessment.save.__doc__ or ""):
            yield "creditrisk/assessing/assessment.py"
        for file in ("docs/scoring.md", "README.md"):
            if f"`{name}`" not in text(file):
                yield file


def engines() -> Iterator[str]:
    if any(kind not in text("docs/records.md").lower() for kind in get_args(FrameKind)):
        yield "docs/records.md"


def systems() -> Iterator[str]:
    for name in built_in_policies():
        if name != OUR_OWN and f"`{name}`" not in text("docs/systems.md"):
            yield "docs/systems.md"
        if name != OUR_OWN and f'"{name}"' not in text("tests/policy/test_systems.py"):
            yield "tests/policy/test_systems.py"


def headers_and_words() -> Iterator[str]:
    reading = text("creditrisk/records/conforming.py")
    standing_in = {meaning for meanings in alias_table()["stand_ins"].values() for meaning in meanings}
    for table, schema in (("records", RECORD_SCHEMA), ("enterprises", ENTERPRISE_SCHEMA)):
        for meaning in {*alias_table()[table]} - {*schema} - standing_in:
            if f'"{meaning}"' not in reading:
                yield "creditrisk/records/conforming.py"
    for column, words in (("type", RECORD_TYPES), ("outcome", OUTCOMES)):
        if not {*alias_table()["values"][column]} <= {*words}:
            yield "creditrisk/vocabulary.py"


def text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


QUESTIONS = {
    "A record type": record_types,
    "A measure": measures,
    "A kind of rule": rules,
    "A scorer": learned_scorers,
    "An engine that moves data": engines,
    "A published system": systems,
    "A header or word of a source": headers_and_words,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps({title: sorted({*asked()}) for title, asked in QUESTIONS.items()}))
