"""An assessment as files: its tables, a page, and the account of the run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import polars as pl

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.summarising import summarise
from creditrisk.assessing.tables import AssessmentTables
from creditrisk.files.account import RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import ROWS_PER_CHUNK
from creditrisk.report.pages import summary_page

__all__ = ["account_of", "save_assessment"]


def save_assessment(tables: AssessmentTables, folder: str | os.PathLike[str], *, csv: bool) -> dict[str, Path]:
    """Write an assessment into a folder; see :meth:`creditrisk.Assessment.save`."""
    started, assessed = time.perf_counter(), tables.assessed
    _ = tables.weighed_reasons  # before two threads ask for them

    def account() -> RunAccount:
        assessed.timings["writing"] = round(time.perf_counter() - started, 3)
        return account_of(assessed)

    with ThreadPoolExecutor(max_workers=1) as thread:
        # The reasons are put together while the assessments are written.
        reasons = thread.submit(lambda: tables.reasons)
        files: dict[str, Callable[[Path], object]] = {
            "assessments.parquet": lambda path: _write_parquet(tables.assessments, path),
            "reasons.parquet": lambda path: _write_parquet(reasons.result(), path),
            "rejects.parquet": lambda path: _write_parquet(tables.rejects, path),
            "summary.html": lambda path: path.write_text(summary_page(summarise(assessed)), encoding="utf-8"),
        }
        if csv:
            files["assessments.csv"] = partial(write_spreadsheet, tables.assessments)
            files["rejects.csv"] = partial(write_spreadsheet, tables.rejects)
        if assessed.view is not None:
            files["disagreements.parquet"] = lambda path: _write_parquet(tables.disagreements, path)
            if csv:
                files["disagreements.csv"] = lambda path: write_spreadsheet(tables.disagreements, path)
        return write_set(folder, files, account)


def account_of(assessed: Assessed) -> RunAccount:
    """Return the account of the run that computed the assessment."""
    return RunAccount(
        kind="assessment",
        as_of=assessed.as_of,
        policy=assessed.policy.used,
        model=None if assessed.view is None else assessed.view.said(),
        inputs={"enterprises": assessed.enterprises.report.used, "records": assessed.records.report.used},
        counts={
            "enterprises": len(assessed),
            "records": len(assessed.records),
            "records_of_unknown_enterprises": len(assessed.kernel.records_of_others),
        },
        summary=summarise(assessed).model_dump(mode="json"),
        timings_seconds=assessed.timings,
        finished_at=datetime.now(UTC).replace(microsecond=0),
    )


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path, compression_level=1, statistics=False, row_group_size=ROWS_PER_CHUNK)
