"""What public objects show of themselves: a few lines that name their size, and in a notebook their table or page."""

from __future__ import annotations

import textwrap

import pytest

import creditrisk as cr
from tests.public_objects import public_classes, public_objects

# Of these a table or a page says more than a line.
WITH_A_TABLE_OR_PAGE = [
    "Assessment", "Assignment", "ChoiceComparison", "Draw", "Enterprises", "Explanation", "IdentityReport",
    "InspectionPlan", "Inspectors", "ModelEvaluation", "PlanWorth", "PolicyDifference", "PolicyImpact", "Province",
    "RecordedResults", "Records", "Schedule", "ScoreComparison", "Summary", "Trace", "Verification",
]  # fmt: skip
SIZES = {
    "Assessment": "600 enterprises", "Assignment": "visits staffed", "Draw": "20 of 600", "Enterprises": "600,",
    "Records": "8,996", "IndicatorBuilder": "8,996 records", "Inspectors": "rows set aside", "InspectionPlan": "visits",
    "Policy": "59 rules", "PolicyDifference": "changes", "PolicyImpact": "of 600 enterprises", "PlanWorth": "visits",
    "Province": "600 enterprises, 8,996 records", "ReadingReport": "8,996 rows read", "Schedule": "visits with a day",
    "RecordedResults": "visits open", "ScoreComparison": "figures", "ChoiceComparison": "figures",
    "Summary": "600 enterprises", "Verification": "20 on the list", "ModelBundle": "78 columns",
    "BoostedScorer": "trees", "ScorecardScorer": "indicators", "TrainedModel": "rows",
    "ModelEvaluation": "inspections", "IdentityReport": "0",
}  # fmt: skip


def test_there_is_one_of_each_public_class() -> None:
    assert sorted(set(public_objects()) & set(cr.__all__)) == sorted(public_classes())


@pytest.mark.parametrize("name", public_classes())
def test_what_an_object_says_of_itself_fits_a_screen(name: str) -> None:
    lines = repr(public_objects()[name]).splitlines()
    assert sum(len(textwrap.wrap(line, 100)) for line in lines) <= 10


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_it_names_its_size(name: str, size: str) -> None:
    assert size in repr(public_objects()[name])


@pytest.mark.parametrize("name", WITH_A_TABLE_OR_PAGE)
def test_a_notebook_shows_its_table_or_page(name: str) -> None:
    page = public_objects()[name]._repr_html_()  # type: ignore[attr-defined]
    assert any(mark in page for mark in ("<table", "<pre>", "<section", "<article", "<div"))
