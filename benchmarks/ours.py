"""What is measured of the library. Each function prepares, unmeasured, and gives back what is measured."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from benchmarks.data import AS_OF, Data

__all__ = [
    "assess",
    "checks",
    "codes",
    "explain",
    "imports",
    "imports_and_use",
    "indicators",
    "learned_probabilities",
    "learned_reasons",
    "scoring",
    "training",
]

Job = Callable[[], Any]

# One record in so many gets a fault, each of the kinds below in turn.
ROWS_PER_FAULT = 1_000

# Enterprises to learn from, on each of these days, and hyper-parameters tried.
LEARNED_FROM = 50_000
LEARNING_DAYS = {"every": "6M", "from_": "2023-06-30", "to": "2025-06-30"}
SEARCH_TRIALS = 10


def indicators(data: Data) -> Job:
    """All built-in indicators, from Parquet to a frame."""
    import pandas  # noqa: F401
    import polars as pl

    from creditrisk.indicators.builder import IndicatorBuilder

    def run() -> Any:
        records, enterprises = pl.scan_parquet(data.records), pl.scan_parquet(data.enterprises)
        cohort = enterprises.select("enterprise_id", as_of=AS_OF)
        return IndicatorBuilder(records, enterprises=enterprises).fit().transform(cohort)

    return run


def scoring(data: Data) -> Job:
    """The rules of the built-in policy, with hit masks, on its indicators."""
    import polars as pl

    from creditrisk.indicators.builder import IndicatorBuilder, cohort_on
    from creditrisk.policy.loading import load_policy
    from creditrisk.scoring.scores import score

    policy = load_policy("jiangsu")
    enterprises = pl.read_parquet(data.enterprises)
    builder = IndicatorBuilder(pl.scan_parquet(data.records), enterprises=enterprises, policy=policy)
    values = builder.fit().kernel(cohort_on(enterprises["enterprise_id"], AS_OF)).indicators()

    def run() -> dict[str, Any]:
        return {"rules": len(policy.rules), "rows": len(score(policy, values))}

    return run


def checks(data: Data) -> Job:
    """Rows checked, faulty ones set aside with a reject row for each fault."""
    from creditrisk.records.checking import check_rows

    frame = conformed_records(data)

    def run() -> dict[str, Any]:
        checked = check_rows(frame, "records", "uscc")
        return {"rows": frame.height, "set_aside": checked.rows_rejected}

    return run


def codes(data: Data) -> Job:
    """The check of all ids of the record table."""
    from creditrisk.records.uscc import is_valid_uscc

    ids = record_ids(data)

    def run() -> dict[str, Any]:
        return {"ids": len(ids), "valid": int(is_valid_uscc(ids).sum())}

    return run


def assess(data: Data) -> Job:
    """The whole assessment, from two files to the files it writes."""
    import creditrisk as cr

    assess, out = cr.assess, data.scratch / "assessment"

    def run() -> dict[str, Any]:
        assessment = assess(data.enterprises, data.records, policy="jiangsu", as_of=AS_OF)
        assessment.save(out)
        return {"seconds": assessment.timings, "bytes": sum(file.stat().st_size for file in out.iterdir())}

    shutil.rmtree(out, ignore_errors=True)
    return run


def explain(data: Data) -> Job:
    """One enterprise explained from a finished assessment: the one with the most records, as text."""
    import creditrisk as cr

    assessment = cr.assess(data.enterprises, data.records, policy="jiangsu", as_of=AS_OF)
    most = record_ids(data).value_counts(sort=True)["enterprise_id"][0]

    def run() -> dict[str, Any]:
        return {"characters": len(str(assessment.explain(most)))}

    return run


def learned_probabilities(data: Data) -> Job:
    """Probabilities of a finding for every enterprise, by the kept model."""
    scorer, X = learned_scorer(data), indicator_frame(data)

    def run() -> dict[str, Any]:
        return {"rows": len(scorer.predict_proba(X))}

    return run


def learned_reasons(data: Data) -> Job:
    """Tiers of every enterprise by the kept model, and the exact top reasons, in words, of all outside the best."""
    scorer, X = learned_scorer(data), indicator_frame(data)
    best = scorer.cut_offs_.tiers[0]

    def run() -> dict[str, Any]:
        rows = X[scorer.predict_tier(X) != best]
        return {"rows": len(X), "explained": len(rows), "reasons": len(scorer.reasons(rows, output="polars"))}

    return run


def training(data: Data) -> Job:
    """A model with a search for hyper-parameters."""
    import lightgbm  # noqa: F401
    import optuna  # noqa: F401

    X, y, as_of, groups = rows_to_learn_from(data)

    def run() -> dict[str, Any]:
        with quietly():
            scorer = learner().fit(X, y, as_of=as_of, groups=groups)
        return {"rows": len(X), "trials": len(scorer.trials_), "trees": scorer.n_trees_}

    return run


def imports(data: Data) -> Job:
    """The package."""

    def run() -> None:
        import creditrisk  # noqa: F401

    return run


def imports_and_use(data: Data) -> Job:
    """The package and all that an assessment needs."""

    def run() -> None:
        import creditrisk

        _ = creditrisk.assess

    return run


def conformed_records(data: Data) -> Any:
    """The record table as it stands before checking, with planted faults."""
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
    """The ids of the record table."""
    import polars as pl

    return pl.read_parquet(data.records, columns=["enterprise_id"])["enterprise_id"]


def learned_scorer(data: Data) -> Any:
    """A model of moderate size, fitted once and kept with the data."""
    from creditrisk.learning.boosted import BoostedScorer

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
    """A model not yet fitted, with a search; on one thread, as threads that wait for one another use CPU."""
    from creditrisk.learning.boosted import BoostedScorer

    return BoostedScorer(search_trials=SEARCH_TRIALS, progress=False, n_jobs=1)


def rows_to_learn_from(data: Data) -> tuple[Any, Any, Any, Any]:
    """Indicators, outcomes, days and enterprises of those inspected among the first so many."""
    import polars as pl

    from creditrisk.indicators.builder import IndicatorBuilder
    from creditrisk.learning.cohorts import cohort
    from creditrisk.learning.outcomes import outcomes

    enterprises = pl.read_parquet(data.enterprises).head(LEARNED_FROM)
    records = (
        pl.scan_parquet(data.records).join(enterprises.lazy().select("enterprise_id"), on="enterprise_id").collect()
    )
    rows = outcomes(records, cohort(records, **LEARNING_DAYS, output="polars"), output="polars").drop_nulls("finding")
    X = IndicatorBuilder(records, enterprises=enterprises).fit().transform(rows)
    return X, rows["finding"].to_numpy(), rows["as_of"], rows["enterprise_id"]


def indicator_frame(data: Data) -> Any:
    """The built-in indicators of every enterprise, row by row in memory, as LightGBM takes them fastest."""
    import numpy as np
    import pandas as pd

    frame = indicators(data)()
    return pd.DataFrame(np.ascontiguousarray(frame.to_numpy(dtype=np.float64)), columns=frame.columns, copy=False)


def quietly() -> Any:
    """Without warnings of indicators that say nothing about so few enterprises."""
    import warnings

    from creditrisk.errors import LearningWarning

    return warnings.catch_warnings(action="ignore", category=LearningWarning)
