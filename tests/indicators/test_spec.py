"""A specification that contradicts itself is refused with the reason."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

import creditrisk as cr

GOOD = {
    "id": "quality.recalls",
    "label": {"zh": "召回", "en": "recalls"},
    "direction": "risk_rises",
    "source": "test",
    "select": {"types": ["recall"]},
    "measure": "count",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"measure": "sum"}, "needs 'of'"),
        ({"of": "amount"}, "takes no 'of'"),
        ({"measure": "ratio"}, "'out_of' belongs to measure 'ratio'"),
        ({"measure": "flag", "half_life_months": 12}, "time weighting needs"),
        ({"half_life_months": 12, "time_steps": [{"months": 6, "weight": 1}]}, "not both"),
        ({"time_steps": [{"months": 6, "weight": 1}, {"months": 6, "weight": 2}]}, "must rise"),
        ({"window_months": 0}, "greater than 0"),
        ({"id": "Recalls"}, "pattern"),
        ({"selct": {}}, "Extra inputs"),
        ({"select": {"outcomes": ["passed"]}}, "unknown outcome 'passed'; known are pass"),
        ({"dimension": "taste"}, "safety"),
        ({"plus": [{"of": "amount"}]}, "'plus' needs measure sum"),
        ({"measure": "sum", "of": "amount", "plus": [{"of": "severity"}]}, "pattern"),
        ({"measure": "indicator"}, "needs 'of'"),
        ({"measure": "indicator", "of": "employees"}, "needs the id of an indicator, not 'employees'"),
        ({"measure": "indicator", "of": "quality.recall_severity"}, "looks at no records, so it selects none"),
        ({"measure": "attribute", "of": "employees"}, "looks at no records, so it selects none"),
    ],
)
def test_a_contradiction_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        cr.IndicatorSpec.model_validate({**GOOD, **change})


def test_the_dimension_is_taken_from_the_id() -> None:
    assert cr.IndicatorSpec.model_validate(GOOD).dimension == "quality"


def test_built_in_indicators_cover_five_dimensions_with_labels_and_sources() -> None:
    specs = cr.built_in_indicators()
    assert len({spec.id for spec in specs}) == len(specs) >= 60
    assert {spec.dimension for spec in specs} == {"safety", "quality", "environment", "compliance", "responsibility"}
    assert all("苏政发〔2020〕59号" in spec.source for spec in specs)
