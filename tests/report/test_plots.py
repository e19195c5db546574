"""Plots: what they show, and that every character in them has a glyph."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from io import BytesIO

import matplotlib
import matplotlib.pyplot as plt
import polars as pl
import pytest
from matplotlib.font_manager import get_font
from pylopdf_fonts_zh_cn import sans_path

import creditrisk as cr
from creditrisk.report.plots import plot_scores, plot_tiers, use_chinese_font
from creditrisk.vocabulary import DIMENSIONS, RECORD_TYPES, REGIMES, SEVERITIES
from tests.conftest import enterprises_of


@pytest.fixture(autouse=True)
def figures() -> Iterator[None]:
    matplotlib.use("agg")
    with matplotlib.rc_context():
        yield
    plt.close("all")


def draw() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plt.gcf().savefig(BytesIO(), format="png")


def test_the_font_is_the_packaged_one() -> None:
    name = use_chinese_font()
    from matplotlib.font_manager import FontProperties, findfont

    assert findfont(FontProperties(family=name)) == str(sans_path())
    assert use_chinese_font() == name


def test_the_font_has_a_glyph_for_every_word_of_the_vocabulary(assessment: cr.Assessment) -> None:
    labels = [label.zh for words in (DIMENSIONS, RECORD_TYPES, REGIMES, SEVERITIES) for label in words.values()]
    labels += [spec.label.zh for spec in assessment.policy.specs.values()]
    labels += [rule.reason.zh for rule in assessment.policy.rules] + [tier.label.zh for tier in assessment.policy.tiers]
    glyphs = get_font(str(sans_path())).get_charmap()
    assert {character for label in labels for character in label if ord(character) not in glyphs} == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_tiers_add_up_to_the_enterprises(assessment: cr.Assessment, language: str) -> None:
    ax = plot_tiers(assessment, language=language)  # type: ignore[arg-type]
    assert sum(bar.get_width() for bar in ax.patches) == len(assessment.table)
    counts = dict(assessment.table["tier"].value_counts().iter_rows())
    shown = [text.get_text() for text in ax.texts]
    assert shown == [f"{counts.get(tier.id, 0):,}" for tier in assessment.policy.tiers]
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [getattr(tier.label, language) for tier in assessment.policy.tiers]
    draw()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dimension", [None, "safety", "responsibility"])
def test_scores_are_drawn(assessment: cr.Assessment, language: str, dimension: str | None) -> None:
    ax = plot_scores(assessment, dimension, language=language)  # type: ignore[arg-type]
    assert len(ax.patches) == len(assessment.policy.tiers)
    cuts = [line.get_xdata()[0] for line in ax.lines]  # type: ignore[index, union-attr]
    assert cuts == ([] if dimension else [tier.at_least for tier in assessment.policy.tiers[:-1]])
    draw()


def test_cut_offs_are_drawn_of_the_tiers_that_have_one() -> None:
    record = {"record_id": ["r1"], "enterprise_id": ["E1"], "type": ["evaluation"], "occurred_on": ["2026-05-01"]}
    records = cr.read_records(
        pl.DataFrame({**record, "points": [700.0]}), id_scheme="any", further_types=["evaluation"]
    )
    enterprises = enterprises_of({"enterprise_id": "E1"}, {"enterprise_id": "E2"})
    banded = cr.assess(enterprises, records, policy="shenzhen_bands", as_of="2026-06-30", output="polars")
    ax = plot_scores(banded, language="en")
    # Above 750, from 671, 601 and 555 on; the others are reached by what is left or by condition.
    assert [line.get_xdata()[0] for line in ax.lines] == [750, 671, 601, 555]  # type: ignore[index, union-attr]
    draw()


def test_axes_made_before_the_font_was_chosen_get_it_too(assessment: cr.Assessment) -> None:
    _, (left, right) = plt.subplots(1, 2)
    plot_tiers(assessment, ax=left).set_title("各信用等级企业数")
    plot_scores(assessment, ax=right).set_title("总分分布")
    draw()


def test_wrong_use_is_said(assessment: cr.Assessment) -> None:
    with pytest.raises(cr.InputError, match="not 'speed'"):
        plot_scores(assessment, "speed")
    with pytest.raises(cr.InputError, match="language must be one of zh, en, got 'fr'"):
        plot_tiers(assessment, language="fr")  # type: ignore[arg-type]


def test_matplotlib_is_loaded_when_used_only() -> None:
    code = "import sys, creditrisk.report.plots, creditrisk; creditrisk.assess; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
