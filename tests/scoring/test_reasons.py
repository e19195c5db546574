"""Reasons in words."""

from __future__ import annotations

import creditrisk as cr
from tests.conftest import AS_OF, enterprises_of, records_of
from tests.scoring.test_tiering import policy_of

NEVER_INSPECTED = {
    "id": "safety.inspected",
    "indicator": "compliance.days_since_inspection",
    "bands": [{"points": -1}],
    "missing": -1,
    "reason": {"zh": "距最近一次检查{value}天", "en": "Days since the last inspection: {value}"},
    "basis": "test",
}


def test_where_nothing_was_measured_table_and_explanation_say_the_same_and_leave_no_bare_placeholder() -> None:
    records = records_of({"type": "inspection", "enterprise_id": "E2", "occurred_on": "2026-06-29"})
    enterprises = enterprises_of({"enterprise_id": "E1"}, {"enterprise_id": "E2"})
    policy = policy_of(rules=[NEVER_INSPECTED])
    assessment = cr.assess(enterprises, records, policy=policy, as_of=AS_OF, output="polars")
    assert assessment.table["reasons_en"].to_list() == [
        ["Days since the last inspection:  (-1)"],
        ["Days since the last inspection: 1 (-1)"],
    ]
    assert assessment.explain("E1").dimensions[0].lines[0].text.en == "Days since the last inspection: "
