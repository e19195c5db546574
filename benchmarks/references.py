"""The references for the measurements. Each function prepares (not measured) and returns the step to measure."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from benchmarks.data import AS_OF, ENTERPRISE_COLUMNS, RECORD_COLUMNS, Data

__all__ = [
    "bare_checks",
    "duckdb_tiering",
    "imports",
    "matrix_product",
    "native_contributions",
    "native_probabilities",
    "pandas_indicators",
    "scan",
    "stdnum_codes",
]

Job = Callable[[], Any]


def scan(data: Data) -> Job:
    """Measure how Polars only reads the columns that the indicators need."""
    import polars as pl

    def run() -> None:
        pl.scan_parquet(data.records).select(RECORD_COLUMNS).collect()
        pl.scan_parquet(data.enterprises).select(ENTERPRISE_COLUMNS).collect()

    return run


def pandas_indicators(data: Data) -> Job:
    """Measure all built-in indicators in pandas, from Parquet to a frame."""
    import pandas as pd
    import pyarrow.parquet as pq

    from benchmarks.pandas_indicators import indicators
    from creditrisk.indicators.built_in import built_in_indicators
    from creditrisk.indicators.engine import DEFAULT_SEVERITY_WEIGHTS

    def run() -> pd.DataFrame:
        records = pq.read_table(data.records, columns=RECORD_COLUMNS).to_pandas(date_as_object=False)
        enterprises = pq.read_table(data.enterprises, columns=ENTERPRISE_COLUMNS).to_pandas(date_as_object=False)
        return indicators(built_in_indicators(), records, enterprises, pd.Timestamp(AS_OF), DEFAULT_SEVERITY_WEIGHTS)

    return run


def bare_checks(data: Data) -> Job:
    """Measure the checks as plain Polars expressions in one filter, without reasons for the faulty rows."""
    import polars as pl

    from benchmarks.ours import conformed_records
    from creditrisk.records.checking import checks_for

    frame = conformed_records(data)
    fails = [check.fails.fill_null(False) for check in checks_for(frame, "records", "uscc")]
    return lambda: frame.filter(~pl.any_horizontal(fails))


def stdnum_codes(data: Data, most: int = 100_000) -> Job:
    """Measure python-stdnum, code by code, on the first hundred thousand ids."""
    from stdnum.cn import uscc

    from benchmarks.ours import record_ids
    from creditrisk.records.uscc import CATEGORIES_BY_DEPARTMENT, is_valid_uscc, uscc_check_character

    codes = record_ids(data).head(most).to_list()
    # The same code is registered by each department of the standard, to see which of them are known.
    by_department = {first: first + second[0] + codes[0][2:17] for first, second in CATEGORIES_BY_DEPARTMENT.items()}
    by_department = {first: code + uscc_check_character(code) for first, code in by_department.items()}

    refused = [first for first, code in by_department.items() if is_valid_uscc(code) and not uscc.is_valid(code)]
    ours = is_valid_uscc(codes).tolist()

    def run() -> dict[str, Any]:
        theirs = [uscc.is_valid(code) for code in codes]
        different = sum(map(operator.ne, ours, theirs))
        return {"ids": len(codes), "disagreements": different, "departments_refused": refused}

    return run


def matrix_product(data: Data) -> Job:
    """Measure the bare arithmetic of 60 rules: a product with a matrix of points, and hit masks."""
    import numpy as np

    from benchmarks.ours import indicator_values, policy_of_sixty_rules

    policy = policy_of_sixty_rules()
    _, values = indicator_values(data, policy)
    matrix = np.nan_to_num(np.stack([values[rule.indicator] for rule in policy.rules], axis=1))
    points = np.array([[(rule.dimension == name) * 1.0 for name in policy.dimensions] for rule in policy.rules])

    def run() -> dict[str, Any]:
        masks = np.packbits(matrix != 0, axis=1)
        return {"shape": list(matrix.shape), "dimensions": (matrix @ points).shape[1], "mask_bytes": masks.shape[1]}

    return run


def duckdb_tiering(data: Data) -> Job:
    """Measure DuckDB with the exported scoring step, from one of its tables in memory to another."""
    import duckdb
    import polars as pl

    from benchmarks.ours import indicator_values, policy_of_sixty_rules
    from creditrisk.scoring.sql import scoring_sql

    policy = policy_of_sixty_rules()
    enterprises, values = indicator_values(data, policy)
    connection = duckdb.connect()
    frame = pl.DataFrame({"enterprise_id": enterprises["enterprise_id"], **values})
    connection.register("frame", frame.to_arrow())
    connection.execute("CREATE TABLE indicators AS FROM frame")
    query = scoring_sql(policy)

    def run() -> dict[str, Any]:
        connection.execute(f"CREATE TABLE result AS {query}")
        counts = dict(connection.execute("SELECT tier, count(*) FROM result GROUP BY tier").fetchall())
        return {"tiers": [counts.get(tier.id, 0) for tier in policy.tiers]}

    return run


def native_probabilities(data: Data) -> Job:
    """Measure LightGBM's own predictions by the saved model."""
    from benchmarks.ours import indicator_frame, learned_scorer

    booster, X = learned_scorer(data).booster_, indicator_frame(data).to_numpy()

    def run() -> dict[str, Any]:
        return {"rows": len(booster.predict(X))}

    return run


def native_contributions(data: Data, most: int = 100_000) -> Job:
    """Measure LightGBM's own exact contributions by the saved model, on the first hundred thousand rows."""
    from benchmarks.ours import indicator_frame, learned_scorer

    booster, X = learned_scorer(data).booster_, indicator_frame(data).to_numpy()[:most]

    def run() -> dict[str, Any]:
        return {"rows": len(booster.predict(X, pred_contrib=True))}

    return run


def imports(data: Data) -> Job:
    """Measure the import of the two largest packages that the library needs."""

    def run() -> None:
        import polars  # noqa: F401
        import sklearn  # noqa: F401

    return run
