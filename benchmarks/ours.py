"""The measured steps of the library. Each function prepares (not measured) and returns the step to measure."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from benchmarks.data import AS_OF, Data

__all__ = [
    "assess",
    "assess_only",
    "assess_part",
    "checks",
    "codes",
    "explain",
    "impact",
    "imports",
    "imports_and_use",
    "indicators",
    "learned_probabilities",
    "learned_reasons",
    "policy_loading",
    "scoring",
    "tiering",
    "ways_up",
]

Job = Callable[[], Any]

# One record in this number gets a fault, each of the kinds below in turn.
ROWS_PER_FAULT = 1_000

# The number of enterprises to learn from on each of these days, and the number of hyper-parameters tried.
LEARNED_FROM = 50_000
LEARNING_DAYS = {"every": "6M", "from_": "2023-06-30", "to": "2025-06-30"}
SEARCH_TRIALS = 10


def indicators(data: Data) -> Job:
    """Measure all built-in indicators, from Parquet to a frame."""
    import pandas  # noqa: F401
    import polars as pl

    from creditrisk.indicators.builder import IndicatorBuilder

    def run() -> Any:
        records, enterprises = pl.scan_parquet(data.records), pl.scan_parquet(data.enterprises)
        cohort = enterprises.select("enterprise_id", as_of=AS_OF)
        return IndicatorBuilder(records, enterprises=enterprises).fit().transform(cohort)

    return run


def scoring(data: Data) -> Job:
    """Measure the rules of the built-in policy, with hit masks, on its indicators."""
    from creditrisk.policy.loading import load_policy
    from creditrisk.scoring.scores import score

    policy = load_policy("jiangsu")
    _, values = indicator_values(data, policy)

    def run() -> dict[str, Any]:
        return {"rules": len(policy.rules), "rows": len(score(policy, values))}

    return run


def tiering(data: Data) -> Job:
    """Measure scores, tiers and regimes by a policy of 60 rules, with vetoes."""
    import numpy as np

    from creditrisk.scoring.scores import score
    from creditrisk.scoring.tiering import assign_regimes, assign_tiers

    policy = policy_of_sixty_rules()
    enterprises, values = indicator_values(data, policy)

    def run() -> dict[str, Any]:
        scores = score(policy, values)
        tiers = assign_tiers(policy, scores, values)
        assign_regimes(policy, tiers, enterprises, AS_OF)
        return {"rules": len(policy.rules), "vetoes": len(policy.vetoes), "tiers": np.bincount(tiers.tier).tolist()}

    return run


def policy_loading(data: Data) -> Job:
    """Measure reading, checking and proving all editions of the built-in policy; imports are already done."""
    import creditrisk

    _ = creditrisk.assess
    load = creditrisk.load_policy

    def run() -> dict[str, Any]:
        policy = load("jiangsu")
        return {"rules": len(policy.rules), "proofs": len(policy.proofs)}

    return run


def checks(data: Data) -> Job:
    """Measure the checks of rows; faulty rows are set aside with a reject row for each fault."""
    from creditrisk.records.checking import check_rows

    frame = conformed_records(data)

    def run() -> dict[str, Any]:
        checked = check_rows(frame, "records", "uscc")
        return {"rows": frame.height, "set_aside": checked.rows_rejected}

    return run


def codes(data: Data) -> Job:
    """Measure the check of all ids of the record table."""
    from creditrisk.records.uscc import is_valid_uscc

    ids = record_ids(data)

    def run() -> dict[str, Any]:
        return {"ids": len(ids), "valid": int(is_valid_uscc(ids).sum())}

    return run


def assess(data: Data) -> Job:
    """Measure the whole assessment, from two files to the files it writes."""
    import creditrisk as cr

    assess, out = cr.assess, data.scratch / "assessment"

    def run() -> dict[str, Any]:
        assessment = assess(data.enterprises, data.records, policy="jiangsu", as_of=AS_OF)
        assessment.save(out)
        return {"seconds": assessment.assessed.timings, "bytes": sum(file.stat().st_size for file in out.iterdir())}

    shutil.rmtree(out, ignore_errors=True)
    return run


def explain(data: Data) -> Job:
    """Measure the explanation, as text, of the enterprise with the most records in a finished assessment."""
    import creditrisk as cr

    assessment = cr.assess(data.enterprises, data.records, policy="jiangsu", as_of=AS_OF)
    most = record_ids(data).value_counts(sort=True)["enterprise_id"][0]

    def run() -> dict[str, Any]:
        return {"characters": len(str(assessment.explain(most)))}

    return run


def learned_probabilities(data: Data) -> Job:
    """Measure the probabilities of a finding for every enterprise, by the saved model."""
    scorer, X = learned_scorer(data), indicator_frame(data)

    def run() -> dict[str, Any]:
        return {"rows": len(scorer.predict_proba(X))}

    return run


def learned_reasons(data: Data) -> Job:
    """Measure the saved model's tiers of every enterprise, and the exact top reasons of all outside the best tier."""
    scorer, X = learned_scorer(data), indicator_frame(data)
    best = scorer.cut_offs_.tiers[0]

    def run() -> dict[str, Any]:
        rows = X[scorer.predict_tier(X) != best]
        return {"rows": len(X), "explained": len(rows), "reasons": len(scorer.reasons(rows, output="polars"))}

    return run


def imports(data: Data) -> Job:
    """Measure the import of the package."""

    def run() -> None:
        import creditrisk  # noqa: F401

    return run


def imports_and_use(data: Data) -> Job:
    """Measure the import of the package and of everything that an assessment needs."""

    def run() -> None:
        import creditrisk

        _ = creditrisk.assess

    return run


def assess_only(data: Data) -> Job:
    """Measure the assessment from two files to scores, tiers and regimes; nothing is written."""
    import creditrisk as cr

    assess = cr.assess

    def run() -> dict[str, Any]:
        return {"rows": len(assess(data.enterprises, data.records, policy="jiangsu", as_of=AS_OF).assessed.scores)}

    return run


def impact(data: Data) -> Job:
    """Measure the impact of a draft on the population, from two files to every mover with the causes in words."""
    import creditrisk as cr

    compute, draft = cr.policy_impact, draft_of_jiangsu(data)

    def run() -> dict[str, Any]:
        result = compute(data.enterprises, data.records, before="jiangsu", after=draft, as_of=AS_OF, output="polars")
        return {"movers": result.movers.height, "characters": len(str(result))}

    return run


def draft_of_jiangsu(data: Data) -> Any:
    """Return the built-in policy with some different points, another cut-off and a stricter veto."""
    from creditrisk.policy.loading import load_policy, policy_document

    text = policy_document("jiangsu", AS_OF).decode()
    listed = "compliance.abnormal_operation_listed, at_least: 1}\n    at_best: "
    for old, new in (
        ("per_unit: {points: -3, cap: 40}", "per_unit: {points: -5, cap: 50}"),
        ("per_unit: {points: 1, cap: 8}", "per_unit: {points: 0.5, cap: 4}"),
        ("at_least: 85", "at_least: 84"),
        (f"{listed}ordinary", f"{listed}high_risk"),
    ):
        assert old in text
        text = text.replace(old, new)
    data.scratch.mkdir(parents=True, exist_ok=True)
    draft = data.scratch / "draft.yaml"
    draft.write_text(text, encoding="utf-8")
    return load_policy(draft)


def assess_part(data: Data) -> Job:
    """Measure the assessment of a tenth of the enterprises, from two files to the files it writes."""
    import creditrisk as cr

    enterprises, records = tenth(data)
    assess, out = cr.assess, data.scratch / "assessment of a tenth"

    def run() -> dict[str, Any]:
        assessment = assess(enterprises, records, policy="jiangsu", as_of=AS_OF)
        assessment.save(out)
        return {"rows": len(assessment.assessed.scores)}

    return run


def ways_up(data: Data) -> Job:
    """Measure the ways up of all these enterprises that are below the best tier."""
    import creditrisk as cr

    assessment = cr.assess(*tenth(data), policy="jiangsu", as_of=AS_OF, output="polars")

    def run() -> dict[str, Any]:
        ways = assessment.ways_up()
        return {"enterprises": ways.height, "proved": int(ways["proved"].sum())}

    return run


def tenth(data: Data) -> Any:
    """Write two files with every tenth enterprise and its records."""
    import polars as pl

    paths = data.scratch / "enterprises of a tenth.parquet", data.scratch / "records of a tenth.parquet"
    data.scratch.mkdir(parents=True, exist_ok=True)
    enterprises = pl.read_parquet(data.enterprises).gather_every(10)
    records = pl.read_parquet(data.records).join(enterprises, on="enterprise_id", how="semi")
    enterprises.write_parquet(paths[0])
    records.write_parquet(paths[1])
    return paths


def policy_of_sixty_rules() -> Any:
    """Return the built-in policy with one more rule."""
    from creditrisk.policy.document import Policy
    from creditrisk.policy.loading import load_policy

    policy = load_policy("jiangsu")
    reason = {"zh": "近36个月较重以上事故{value}起", "en": "Serious or grave accidents in 36 months: {value}"}
    rule = {"id": "safety.serious_accidents", "indicator": "safety.serious_accident_count", "reason": reason}
    rule |= {"per_unit": {"points": -10, "cap": 30}, "basis": "an example"}
    document = policy.model_dump(by_alias=True)
    return Policy.model_validate({**document, "rules": [*document["rules"], rule]})


def indicator_values(data: Data, policy: Any) -> Any:
    """Return the enterprise table, and the indicators that the policy's rules read for each enterprise."""
    import polars as pl

    from creditrisk.indicators.builder import IndicatorBuilder, cohort_on

    enterprises = pl.read_parquet(data.enterprises)
    records = pl.scan_parquet(data.records)
    builder = IndicatorBuilder(records, enterprises=enterprises, policy=policy, only=policy.indicators_used)
    return enterprises, builder.fit().kernel(cohort_on(enterprises["enterprise_id"], AS_OF)).indicators()


def conformed_records(data: Data) -> Any:
    """Return the record table before checking, with planted faults."""
    import polars as pl

    frame = pl.read_parquet(data.records).with_row_index("source_row", offset=1)
    frame = frame.with_columns(pl.lit("records.parquet", dtype=pl.Categorical).alias("source"))
    faults = {
        "enterprise_id": pl.lit("91110000600037341N"),
        "type": pl.lit(None),
        "occurred_on": pl.date(1900, 1, 1),
        "known_on": pl.date(1999, 12, 31),
        "amount": pl.lit(-1.5),
    }
    kind = pl.when(pl.col("source_row") % ROWS_PER_FAULT == 0).then(
        pl.col("source_row") // ROWS_PER_FAULT % len(faults)
    )
    return frame.with_columns(
        pl.when(kind == i).then(value).otherwise(pl.col(name)).cast(frame.schema[name]).alias(name)
        for i, (name, value) in enumerate(faults.items())
    )


def record_ids(data: Data) -> Any:
    """Return the ids of the record table."""
    import polars as pl

    return pl.read_parquet(data.records, columns=["enterprise_id"])["enterprise_id"]


def learned_scorer(data: Data) -> Any:
    """Return a model of moderate size, fitted once and saved with the data."""
    from creditrisk.learning.scorers.boosted import BoostedScorer

    folder = data.folder / "learned"
    if not folder.exists():
        X, y, as_of, groups = rows_to_learn_from(data)
        with quietly():
            scorer = BoostedScorer(learning_rate=0.03).fit(X, y, as_of=as_of, groups=groups)
        folder.mkdir()
        for name, content in scorer.to_parts().items():
            (folder / name).write_bytes(content)
    return BoostedScorer.from_parts({file.name: file.read_bytes() for file in folder.iterdir()})


def learner() -> Any:
    """Return an unfitted model with a search; it has one thread, because threads that wait for one another use CPU."""
    from creditrisk.learning.scorers.boosted import BoostedScorer

    return BoostedScorer(search_trials=SEARCH_TRIALS, progress=False, n_jobs=1)


def rows_to_learn_from(data: Data) -> tuple[Any, Any, Any, Any]:
    """Return indicators, outcomes, days and enterprises of the inspected among the first enterprises."""
    import polars as pl

    from creditrisk.indicators.builder import IndicatorBuilder
    from creditrisk.learning.studies.cohorts import cohort
    from creditrisk.learning.studies.outcomes import outcomes

    enterprises = pl.read_parquet(data.enterprises).head(LEARNED_FROM)
    records = (
        pl.scan_parquet(data.records).join(enterprises.lazy().select("enterprise_id"), on="enterprise_id").collect()
    )
    rows = outcomes(records, cohort(records, **LEARNING_DAYS, output="polars"), output="polars").drop_nulls("finding")
    X = IndicatorBuilder(records, enterprises=enterprises).fit().transform(rows)
    return X, rows["finding"].to_numpy(), rows["as_of"], rows["enterprise_id"]


def indicator_frame(data: Data) -> Any:
    """Return the built-in indicators of every enterprise, row by row in memory, which is fastest for LightGBM."""
    import numpy as np
    import pandas as pd

    frame = indicators(data)()
    return pd.DataFrame(np.ascontiguousarray(frame.to_numpy(dtype=np.float64)), columns=frame.columns, copy=False)


def quietly() -> Any:
    """Suppress warnings of indicators that say nothing about so few enterprises."""
    import warnings

    from creditrisk.errors import LearningWarning

    return warnings.catch_warnings(action="ignore", category=LearningWarning)
