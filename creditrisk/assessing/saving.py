"""An assessment as files: its tables, a page, and the account of the run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.summarising import summarise
from creditrisk.files.account import RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import ROWS_PER_CHUNK
from creditrisk.report.pages import summary_page

if TYPE_CHECKING:
    from creditrisk.assessing.assessment import Assessment

__all__ = ["account_of", "save_assessment"]


def save_assessment(assessment: Assessment, folder: str | os.PathLike[str], *, csv: bool) -> dict[str, Path]:
    """Write an assessment into a folder, see :meth:`creditrisk.Assessment.save`."""
    started = time.perf_counter()

    def account() -> RunAccount:
        assessment.assessed.timings["writing"] = round(time.perf_counter() - started, 3)
        return account_of(assessment.assessed)

    with ThreadPoolExecutor(max_workers=1) as thread:
        # The reasons are put together while the assessments are written.
        reasons = thread.submit(lambda: assessment.reasons_data)
        files: dict[str, Callable[[Path], object]] = {
            "assessments.parquet": lambda path: _write_parquet(assessment.table_data, path),
            "reasons.parquet": lambda path: _write_parquet(reasons.result(), path),
            "rejects.parquet": lambda path: _write_parquet(assessment.rejects_data, path),
            "summary.html": lambda path: path.write_text(summary_page(assessment.summary()), encoding="utf-8"),
        }
        if csv:
            files["assessments.csv"] = partial(write_spreadsheet, assessment.table_data)
            files["rejects.csv"] = partial(write_spreadsheet, assessment.rejects_data)
        if assessment.assessed.view is not None:
            files["disagreements.parquet"] = lambda path: _write_parquet(assessment.disagreements_data, path)
            if csv:
                files["disagreements.csv"] = lambda path: write_spreadsheet(assessment.disagreements_data, path)
        return write_set(folder, files, account)


def account_of(assessed: Assessed) -> RunAccount:
    """What the run was that computed this."""
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
