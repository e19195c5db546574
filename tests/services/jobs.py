"""What processes and threads are given to do."""

from __future__ import annotations

import io

import creditrisk as cr


def assessed() -> cr.Assessment:
    paths = cr.sample_paths()
    return cr.assess(paths.enterprises, paths.records, as_of="2026-06-30", output="polars")


def content(assessment: cr.Assessment) -> bytes:
    """The table, the reasons and an explanation, to the byte."""
    written = io.BytesIO()
    # As they are saved. In memory, Polars before 2 may or may not keep a mask of nulls that masks nothing.
    assessment.table.write_parquet(written)
    assessment.reasons.write_parquet(written)
    explanation = assessment.explain(assessment.table["enterprise_id"][7])
    return written.getvalue() + explanation.model_dump_json().encode()


def assess_the_sample(_: int = 0) -> bytes:
    return content(assessed())
