"""Rules and a model together: attention is raised within the policy's bound, and what bounds a tier holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import creditrisk as cr
from creditrisk.assessing.combining import combined_tiers
from creditrisk.learning.scorers.cut_offs import CutOffs
from creditrisk.scoring.tiering import bounded_tiers

DAY = "2026-06-30"
PROVINCE = cr.simulate_province(600, 20.0, seed=7)
POLICY = cr.load_policy("jiangsu", DAY)


def assessed(model: Any, combine: Any, **options: Any) -> cr.Assessment:
    return cr.assess(
        PROVINCE.enterprises, PROVINCE.records, as_of=DAY, model=model, combine=combine, output="polars", **options
    )


def places(tiers: pl.Series) -> np.ndarray:
    return tiers.to_physical().to_numpy().astype(int)


@pytest.fixture(scope="module")
def together(scorer: cr.BoostedScorer) -> cr.Assessment:
    return assessed(scorer, "rules_with_model")


def test_by_the_rules_a_model_is_shown_beside_and_changes_no_tier(scorer: cr.BoostedScorer) -> None:
    beside = assessed(scorer, "rules").table
    alone = cr.assess(PROVINCE.enterprises, PROVINCE.records, as_of=DAY, output="polars").table
    assert beside.select(alone.columns).equals(alone)
    assert beside["tier_by_rules"].equals(alone["tier"].rename("tier_by_rules"))


def test_beside_the_rules_a_model_raises_attention_by_one_tier_at_most(together: cr.Assessment) -> None:
    table = together.table
    steps = places(table["tier"]) - places(table["tier_by_rules"])
    assert set(steps.tolist()) == {0, 1}
    assert (places(table["tier_by_model"])[steps == 1] > places(table["tier_by_rules"])[steps == 1]).all()


def test_each_enterprise_has_its_own_probability_and_the_reasons_of_its_own_indicators(
    together: cr.Assessment, scorer: cr.BoostedScorer
) -> None:
    table = together.table
    builder = cr.IndicatorBuilder(PROVINCE.records, enterprises=PROVINCE.enterprises, policy=POLICY)
    rows = pl.from_pandas(builder.fit_transform(table.select("enterprise_id", as_of=pl.lit(together.as_of))))
    best = (places(table["tier_by_model"]) == 0) & (places(table["tier_by_rules"]) == 0)
    assert table["model_reasons_zh"].list.len().to_numpy()[best].sum() == 0
    explained = np.flatnonzero(~best)
    assert best.any()
    for at in explained[:: len(explained) // 25]:
        own = rows[[int(at)]]
        assert table["model_probability"][int(at)] == scorer.predict_proba(own)[0, 1]
        reasons = scorer.reasons(own, top=5, specs=tuple(POLICY.specs.values()), output="polars")
        for language in ("zh", "en"):
            told = table[f"model_reasons_{language}"][int(at)].to_list()
            assert told == reasons[f"text_{language}"].to_list()[: len(told)]
            assert told


def test_who_is_vetoed_stays_vetoed_whatever_a_model_says(scorer: cr.BoostedScorer) -> None:
    table = assessed(scorer, "model").table
    vetoed = table.filter(pl.col("vetoes").list.len() > 0)
    named = [tier.id for tier in POLICY.tiers]
    at_best = {veto.id: named.index(veto.tier) for veto in POLICY.vetoes}
    least = np.array([max(at_best[veto] for veto in vetoes) for vetoes in vetoed["vetoes"]])
    assert (places(vetoed["tier"]) >= least).all() and (places(vetoed["tier_by_model"]) < least).any()


def test_the_model_alone_gives_its_tiers_where_nothing_bounds_them(scorer: cr.BoostedScorer) -> None:
    table = assessed(scorer, "model").table
    free = table.filter(pl.col("vetoes").list.len() + pl.col("thin_evidence").list.len() == 0)
    assert free["tier"].equals(free["tier_by_model"].rename("tier"))


@given(st.data())
def test_tiers_of_rules_and_model_lie_between_the_rules_and_the_bound(data: st.DataObject) -> None:
    n_rows = data.draw(st.integers(1, 20))
    tier = st.lists(st.integers(0, 2), min_size=n_rows, max_size=n_rows)
    by_score, by_model = (np.array(data.draw(tier), dtype=np.uint8) for _ in range(2))
    met = st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=n_rows, max_size=n_rows)
    read = {name for bound in POLICY.bounds for name in bound.when.indicators()}
    indicators = {name: np.array(data.draw(met)) for name in sorted(read)}
    steps = data.draw(st.integers(0, 2))
    assert POLICY.model is not None
    bound = POLICY.model.model_copy(update={"raise_attention_at_most_steps": steps})
    policy = POLICY.model_copy(update={"model": bound})
    rules = bounded_tiers(policy, by_score, indicators)
    tiers = combined_tiers(policy, rules, by_model, indicators, "rules_with_model").tier.astype(int)
    assert (tiers >= rules.tier).all() and (tiers <= rules.tier.astype(int) + steps).all()
    assert (tiers <= np.maximum(by_model, rules.tier)).all()


def test_disagreements_are_listed_with_those_furthest_apart_first(together: cr.Assessment) -> None:
    listed, table = together.disagreements, together.table
    assert len(listed) == (table["tier_by_rules"] != table["tier_by_model"]).sum() > 0
    assert listed["steps"].abs().is_sorted(descending=True)
    assert listed["model_reasons_zh"].list.len().min() > 0


def test_an_assessment_without_a_model_has_no_disagreements() -> None:
    with pytest.raises(cr.InputError, match="without a model"):
        _ = cr.assess(PROVINCE.enterprises, PROVINCE.records, as_of=DAY).disagreements


def test_an_explanation_says_that_the_model_raised_attention_and_why(together: cr.Assessment) -> None:
    table = together.table
    moved = table.filter(pl.col("tier") != pl.col("tier_by_rules")).row(0, named=True)
    line = together.explain(moved["enterprise_id"]).bounds[-1]
    assert (line.kind, line.effect) == ("model", "at_best")
    assert f"{moved['model_probability']:.1%}" in line.text.zh
    assert all(reason in line.text.en for reason in moved["model_reasons_en"])


def test_limits_on_change_hold_what_the_model_gives(scorer: cr.BoostedScorer) -> None:
    before = assessed(scorer, "rules").table.with_columns(
        tier=pl.lit("high_risk"), tier_since=pl.lit(DAY).str.to_date()
    )
    table = assessed(scorer, "model", previous=before).table
    assert (table["tier"] == "high_risk").all()


def test_a_run_keeps_which_model_it_was_and_the_disagreements(together: cr.Assessment, tmp_path: Path) -> None:
    import json

    files = together.save(tmp_path / "results")
    run = json.loads(files["run.json"].read_text(encoding="utf-8"))
    assert run["model"]["combining"] == "rules_with_model"
    assert pl.read_parquet(files["disagreements.parquet"]).height == run["model"]["disagreements"]


def test_a_model_on_categories_reads_them_from_the_enterprises(with_categories: cr.BoostedScorer) -> None:
    table = assessed(with_categories, "rules").table
    assert table["model_probability"].n_unique() > 10


@pytest.mark.parametrize("combine", ["rules_with_model", "model"])
def test_without_a_model_only_the_rules_can_be_followed(combine: Any) -> None:
    with pytest.raises(cr.InputError, match="needs a model"):
        assessed(None, combine)


def test_a_policy_without_bounds_on_models_is_not_combined_with_one(scorer: cr.BoostedScorer) -> None:
    with pytest.raises(cr.InputError, match="raise_attention_at_most_steps"):
        assessed(scorer, "rules_with_model", policy=POLICY.model_copy(update={"model": None}))


def test_a_model_with_other_tiers_than_the_policy_is_refused(rows: Any) -> None:
    model = cr.BoostedScorer(n_estimators=5, n_jobs=1, cut_offs=CutOffs.by_share(A=0.5, B=0.5))
    with pytest.raises(cr.InputError, match="the model's tiers are A, B"):
        assessed(model.fit(rows.X, rows.y), "rules")


@pytest.mark.filterwarnings("ignore:.*X is an array:creditrisk.LearningWarning")
def test_a_model_on_unknown_columns_or_none_is_refused(rows: Any) -> None:
    strange = rows.X.iloc[:, :12].rename(columns={rows.X.columns[0]: "shoe_size"})
    with pytest.raises(cr.InputError, match="'shoe_size'"):
        assessed(cr.BoostedScorer(n_estimators=5, n_jobs=1).fit(strange, rows.y), "rules")
    with pytest.raises(cr.InputError, match="without names"):
        assessed(cr.BoostedScorer(n_estimators=5, n_jobs=1).fit(strange.to_numpy(), rows.y), "rules")


def test_ways_up_and_traces_are_not_given_where_a_model_decides(together: cr.Assessment) -> None:
    someone = together.table["enterprise_id"][0]
    for ask in (together.ways_up, lambda: together.trace(someone), lambda: together.states([someone])):
        with pytest.raises(cr.InputError, match="of the rules alone"):
            ask()
