"""The one call: enterprises and records in, an assessment out.

records → indicators → scores → tiers, with the reasons that lead back to the records.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from creditrisk import __version__
from creditrisk.assessing.explaining import explain
from creditrisk.assessing.tier_history import TierHistory, tier_history
from creditrisk.assessing.tracing import trace
from creditrisk.days import as_date
from creditrisk.errors import InputError
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_together
from creditrisk.frames import ROWS_PER_CHUNK, FrameKind, check_frame_kind, from_polars, in_chunks_of
from creditrisk.indicators.builder import IndicatorBuilder, cohort_on
from creditrisk.indicators.engine import Kernel
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.records.numbering import ENTERPRISE_ROW
from creditrisk.records.reading import IdScheme, read_enterprises, read_records
from creditrisk.records.rejects import unknown_enterprise_rejects
from creditrisk.records.schema import REJECT_SCHEMA
from creditrisk.records.tables import Enterprises, Records
from creditrisk.report.explanation import Explanation
from creditrisk.report.pages import summary_page
from creditrisk.report.summary import Summary, summarise
from creditrisk.report.trace import Trace
from creditrisk.scoring.reasons import Reasons, lists_by_combination
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, Scores, score
from creditrisk.scoring.tiering import Tiering, assign_regimes, assign_tiers, limit_changes
from creditrisk.vocabulary import DIMENSIONS

if TYPE_CHECKING:
    from creditrisk.assessing.combining import Combining, ModelView

__all__ = ["Assessment", "assess"]

# So many reasons are written out in words beside each score; the reasons table has all of them.
_REASONS_SHOWN = 5


def assess(
    enterprises: Any,
    records: Any,
    *,
    policy: Policy | str | os.PathLike[str] = "jiangsu",
    as_of: date | str,
    previous: Any = None,
    model: Any = None,
    combine: Combining = "rules",
    id_scheme: IdScheme = "uscc",
    output: FrameKind = "pandas",
) -> Assessment:
    """Assess every enterprise: five dimension scores, a total, a tier, a regime, and reasons.

    Parameters
    ----------
    enterprises, records : Enterprises and Records, or anything that read_enterprises and read_records read
    policy : Policy, str or path, default="jiangsu"
    as_of : date or ISO text
        The day for which one looks; nothing known later is used. It also chooses the edition of a policy by name.
    previous : Assessment, frame, path or folder, optional
        The assessment before (its table, assessments.parquet or the folder it was saved in), against which the policy's
        limits on change are held and from which ``tier_since`` runs on.
    model : fitted scorer, ModelBundle, path or name, optional
        A learned model beside the rules, such as ``"reference"``; its indicators are computed as the policy says.
    combine : {"rules", "rules_with_model", "model"}, default="rules"
        What the tier comes from: the rules, with the model's view shown beside; the rules, with attention raised where
        the model sees more risk, within the bound that the policy sets; or the model. Vetoes, thin evidence, floors
        and limits on change hold in each.
    id_scheme : {"uscc", "uscc_strict", "any"}
        How ids are checked while reading.
    output : {"pandas", "polars", "arrow"}
        The kind of frame of :attr:`Assessment.table`, ``reasons`` and ``rejects``.

    Returns
    -------
    Assessment

    Raises
    ------
    InputError
        If a file, frame or argument cannot be used, or ``as_of`` lies before every record.
    PolicyError
        If there is no such policy, or its document is wrong.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, policy="jiangsu", as_of="2026-06-30")
    >>> list(assessment.table.columns[:5])
    ['enterprise_id', 'name', 'as_of', 'policy', 'score']
    """
    check_frame_kind(output)
    day = as_date(as_of)
    timings: dict[str, float] = {}
    with _timed(timings, "reading"):
        policy = load_policy(policy, day)
        scorer, further = _scorer_of(model, combine, policy)
        enterprises, records = tables_of(enterprises, records, tuple(policy.record_types), id_scheme)
    check_tables(enterprises, records, day)
    with _timed(timings, "indicators"):
        companies = enterprises.data.with_row_index(ENTERPRISE_ROW).sort("enterprise_id")
        companies, order = companies.drop(ENTERPRISE_ROW), companies[ENTERPRISE_ROW]
        wanted = tuple(dict.fromkeys((*policy.indicators_used, *further)))
        builder = IndicatorBuilder(records, enterprises=companies, policy=policy, only=wanted).fit()
        kernel = builder.kernel(cohort_on(companies["enterprise_id"], day), _row_of_record(records, enterprises, order))
        indicators = kernel.indicators()
    with _timed(timings, "scoring"):
        scores = score(policy, indicators)
        tiering = assign_tiers(policy, scores, indicators)
        view = None
        if scorer is not None:
            from creditrisk.assessing.combining import model_view

            view = model_view(scorer, policy, tiering, indicators, companies, combine)
            tiering = replace(tiering, tier=view.combined)
        history = tier_history(previous, policy, companies["enterprise_id"], day)
        if previous is not None:
            fewer_records = kernel.records_known() < history.records
            tiering = limit_changes(policy, tiering, day, history.tier, history.since, fewer_records)
        regimes = assign_regimes(policy, tiering, companies, day)
    return Assessment(
        policy=policy, as_of=day, enterprises=enterprises, records=records, companies=companies, kernel=kernel,
        indicators=indicators, scores=scores, tiering=tiering, regimes=regimes, history=history, output=output,
        timings=timings, view=view,
    )  # fmt: skip


@dataclass(frozen=True, repr=False)
class Assessment:
    """The result of :func:`assess`.

    Attributes
    ----------
    table : frame
        One row per enterprise, by id: enterprise_id, name, as_of, policy, score, the five dimension scores, tier,
        tier_since, regime, vetoes, thin_evidence, reasons_zh, reasons_en, evidence_count; with a model also
        tier_by_rules and tier_by_model (before limits on change), model_probability, model_reasons_zh and
        model_reasons_en (of those outside the best tier).
    reasons : frame
        One row per enterprise and rule that gave points: enterprise_id, rule, indicator, value, points, record_ids.
    rejects : frame
        Every row that was set aside, and records of enterprises that the table does not have.
    """

    policy: Policy
    as_of: date
    enterprises: Enterprises
    records: Records
    companies: pl.DataFrame
    kernel: Kernel
    indicators: dict[str, np.ndarray]
    scores: Scores
    tiering: Tiering
    regimes: pl.Series
    history: TierHistory
    output: FrameKind
    timings: dict[str, float] = field(default_factory=dict)
    view: ModelView | None = None

    @property
    def table(self) -> Any:
        return from_polars(self.table_data, self.output)

    @property
    def reasons(self) -> Any:
        return from_polars(self.reasons_data, self.output)

    @property
    def rejects(self) -> Any:
        return from_polars(self.rejects_data, self.output)

    @property
    def disagreements(self) -> Any:
        """Enterprises that rules and model place in different tiers, those furthest apart first, for review.

        Returns
        -------
        frame
            enterprise_id, tier_by_rules, tier_by_model, steps (above 0 where the model sees more risk), score,
            model_probability, model_reasons_zh, model_reasons_en.

        Raises
        ------
        InputError
            If the assessment was made without a model.
        """
        return from_polars(self.disagreements_data, self.output)

    @cached_property
    def disagreements_data(self) -> pl.DataFrame:
        """The disagreements as a Polars frame."""
        from creditrisk.assessing.combining import disagreements

        if self.view is None:
            raise InputError("the assessment was made without a model: give model= to assess")
        return disagreements(self.policy, self.companies["enterprise_id"], self.scores.total / TOTAL_UNIT, self.view)

    @cached_property
    def table_data(self) -> pl.DataFrame:
        """The assessments as a Polars frame."""
        policy = self.policy
        reasons_zh, reasons_en = self._reasons.top_texts(self.tiering, _REASONS_SHOWN)
        tiers = pl.Enum([tier.id for tier in policy.tiers])
        n_rows = self.companies.height
        columns = {
            "enterprise_id": self.companies["enterprise_id"],
            "name": self.companies["name"],
            "as_of": pl.repeat(self.as_of, n_rows, dtype=pl.Date, eager=True),
            "policy": pl.repeat(f"{policy.id}@{policy.edition}", n_rows, eager=True),
            "score": pl.Series(self.scores.total / TOTAL_UNIT),
            **{name: self._dimension(name) for name in DIMENSIONS},
            "tier": pl.Series(tiers.categories, dtype=tiers).gather(self.tiering.tier),
            "tier_since": self.history.tier_since(self.tiering.tier, self.as_of),
            "regime": self.regimes,
            "vetoes": self._met([bound.id for bound in policy.vetoes]),
            "thin_evidence": self._met([bound.id for bound in policy.thin_evidence]),
            "reasons_zh": reasons_zh,
            "reasons_en": reasons_en,
            "evidence_count": pl.Series(self.kernel.records_known()),
            **self._model_columns(tiers),
        }
        return pl.DataFrame({name: in_chunks_of(reasons_zh, column) for name, column in columns.items()})

    @cached_property
    def reasons_data(self) -> pl.DataFrame:
        """The reasons as a Polars frame."""
        return self._reasons.table(
            self.companies["enterprise_id"], self.records.data["record_id"], self.kernel.evidence()
        )

    @cached_property
    def rejects_data(self) -> pl.DataFrame:
        """The rejects as a Polars frame."""
        unknown = unknown_enterprise_rejects(self.records.data[self.kernel.records_of_others])
        parts = [self.enterprises.rejected, self.records.rejected, unknown]
        return pl.concat([part.cast(pl.Schema(REJECT_SCHEMA)) for part in parts])

    def explain(self, enterprise_id: str, *, way_up: bool = False) -> Explanation:
        """Explain one enterprise, down to its records.

        Parameters
        ----------
        enterprise_id : str
        way_up : bool, default=False
            Also find the way to the next better tier, and since when and until when its states hold.

        Raises
        ------
        InputError
            If the assessment has no such enterprise; with ``way_up``, if the policy compares enterprises with one
            another, or a model has a part in the tiers.
        """
        row = self._row(enterprise_id)
        explanation = explain(
            self.policy, self.as_of, self.companies[row], self.records.data.filter(enterprise_id=enterprise_id), row,
            self.indicators, self.scores, self.tiering, self.regimes[row],
        )  # fmt: skip
        if self.view is not None:
            from creditrisk.assessing.combining import moved_line

            moved = moved_line(self.policy, self.view, row)
            if moved is not None:
                explanation = explanation.model_copy(update={"bounds": (*explanation.bounds, moved)})
        if not way_up:
            return explanation
        self._check_by_rules("ways up")
        from creditrisk.assessing.what_if.states import state_lines
        from creditrisk.assessing.what_if.ways import way_lines

        rows = np.array([row], dtype=np.intp)
        return explanation.model_copy(update={"way_up": way_lines(self, rows), "states": state_lines(self, rows)})

    def trace(self, enterprise_id: str) -> Trace:
        """Trace one enterprise: every parameter and indicator that each rule and bound read, and what came of it.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, or a model has a part in the tiers.
        """
        row = self._row(enterprise_id)
        self._check_by_rules("traces")
        return trace(
            self.policy, self.as_of, self.companies[row], self.records.data.filter(enterprise_id=enterprise_id), row,
            self.indicators, self.scores, self.history,
        )  # fmt: skip

    def ways_up(self, enterprise_ids: Sequence[str] | None = None) -> Any:
        """The way of each enterprise below the best tier to a better one (:mod:`creditrisk.assessing.what_if`).

        Parameters
        ----------
        enterprise_ids : sequence of str, optional
            By default all.

        Returns
        -------
        frame
            enterprise_id, tier, reachable (today, by the actions named), repairs (record ids), further_actions,
            n_actions, tier_reached, score_reached, proved (that no smaller set does), by_time (the first day on which
            the passing of time alone does), in_the_way, reason_zh, reason_en.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, the policy compares enterprises with one another, or a model has
            a part in the tiers.
        """
        from creditrisk.assessing.what_if.ways import ways_table

        self._check_by_rules("ways up")
        rows = None if enterprise_ids is None else np.array([self._row(one) for one in enterprise_ids], dtype=np.intp)
        return from_polars(ways_table(self, rows), self.output)

    def states(self, enterprise_ids: Sequence[str] | None = None) -> Any:
        """The tier, regime and bounds of enterprises, each with the day it began and the day time alone would end it.

        Parameters
        ----------
        enterprise_ids : sequence of str, optional
            By default all, which for millions takes long: every day of change is assessed.

        Returns
        -------
        frame
            enterprise_id, kind (tier, regime, veto, thin_evidence, floor), state, entered_on, exits_on.

        Raises
        ------
        InputError
            If the assessment has no such enterprise, the policy compares enterprises with one another, or a model has
            a part in the tiers.
        """
        from creditrisk.assessing.what_if.states import states_of

        self._check_by_rules("states")
        asked = self.companies["enterprise_id"].to_list() if enterprise_ids is None else enterprise_ids
        rows = np.array([self._row(one) for one in asked], dtype=np.intp)
        return from_polars(states_of(self, rows), self.output)

    def summary(self) -> Summary:
        """Tier and regime counts, dimension averages and what was set aside; prints and shows as a page."""
        return summarise(
            self.policy, self.as_of, self.enterprises, self.records, self.scores, self.tiering, self.regimes,
            len(self.kernel.records_of_others),
        )  # fmt: skip

    def save(self, folder: str | os.PathLike[str], *, csv: bool = False) -> dict[str, Path]:
        """Write assessments.parquet, reasons.parquet, rejects.parquet, summary.html and run.json into a folder.

        With a model, disagreements.parquet as well.

        Each file appears whole or not at all, and all appear together: a run that fails leaves an earlier one intact.

        Parameters
        ----------
        folder : path
            Made if it is not there.
        csv : bool, default=False
            Write assessments.csv and rejects.csv as well, for a spreadsheet.

        Raises
        ------
        OutputError
            If the folder cannot be written to.
        """
        started = time.perf_counter()
        hashes: dict[str, str] = {}

        def parquet(frame: pl.DataFrame, name: str, path: Path) -> None:
            frame.write_parquet(path, compression_level=1, statistics=False, row_group_size=ROWS_PER_CHUNK)
            hashes[name] = _sha256(path)

        def run(path: Path) -> None:
            self.timings["writing"] = round(time.perf_counter() - started, 3)
            path.write_text(json.dumps(self._run(hashes), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

        spreadsheets = {
            "assessments.csv": lambda path: write_spreadsheet(self.table_data, path),
            "rejects.csv": lambda path: write_spreadsheet(self.rejects_data, path),
        }
        disagreeing = {
            "disagreements.parquet": lambda path: parquet(self.disagreements_data, "disagreements.parquet", path),
            **({"disagreements.csv": lambda path: write_spreadsheet(self.disagreements_data, path)} if csv else {}),
        }
        _ = self._reasons  # both of the frames below are made from them
        with ThreadPoolExecutor(max_workers=1) as thread:
            # The reasons are put together while the assessments are written.
            reasons = thread.submit(lambda: self.reasons_data)
            return write_together(
                folder,
                {
                    "assessments.parquet": lambda path: parquet(self.table_data, "assessments.parquet", path),
                    "reasons.parquet": lambda path: parquet(reasons.result(), "reasons.parquet", path),
                    "rejects.parquet": lambda path: parquet(self.rejects_data, "rejects.parquet", path),
                    "summary.html": lambda path: path.write_text(summary_page(self.summary()), encoding="utf-8"),
                    **(spreadsheets if csv else {}),
                    **(disagreeing if self.view is not None else {}),
                    "run.json": run,
                },
            )

    def __repr__(self) -> str:
        return f"<Assessment of {self.companies.height:,} enterprises by {self.policy.id} as of {self.as_of}>"

    @cached_property
    def _reasons(self) -> Reasons:
        return Reasons.of(self.policy, self.scores, self.indicators)

    def _dimension(self, name: str) -> pl.Series:
        if name not in self.policy.dimensions:
            return pl.repeat(None, self.companies.height, dtype=pl.Float64, eager=True)
        return pl.Series(self.scores.dimensions[name] / POINT_UNIT)

    def _model_columns(self, tiers: pl.Enum) -> dict[str, pl.Series]:
        if self.view is None:
            return {}
        names = pl.Series(tiers.categories, dtype=tiers)
        reasons_zh, reasons_en = self.view.reasons
        return {
            "tier_by_rules": names.gather(self.view.by_rules),
            "tier_by_model": names.gather(self.view.tier),
            "model_probability": pl.Series(self.view.probability),
            "model_reasons_zh": reasons_zh,
            "model_reasons_en": reasons_en,
        }

    def _check_by_rules(self, what: str) -> None:
        if self.view is not None and self.view.combining != "rules":
            raise InputError(
                f"{what} are of the rules alone, and here a model has a part in the tiers "
                f"(combine={self.view.combining!r}): assess with combine='rules'"
            )

    def _row(self, enterprise_id: str) -> int:
        row = self.companies["enterprise_id"].search_sorted(enterprise_id)
        if row >= self.companies.height or self.companies["enterprise_id"][row] != enterprise_id:
            raise InputError(f"the assessment has no enterprise {enterprise_id!r}")
        return row

    def _met(self, ids: list[str]) -> pl.Series:
        return lists_by_combination([(name, self.tiering.met[name]) for name in ids], self.companies.height)

    def _run(self, hashes: dict[str, str]) -> dict[str, Any]:
        packages = ("numpy", "pandas", "polars", "pydantic", "scikit-learn")
        tables = {"enterprises": self.enterprises, "records": self.records}
        return {
            "as_of": self.as_of.isoformat(),
            "policy": {"id": self.policy.id, "edition": self.policy.edition, "sha256": self.policy.sha256},
            **({} if self.view is None else {"model": self.view.said()}),
            "inputs": {
                name: {
                    "sources": list(table.report.sources),
                    "sha256": table.report.source_sha256,
                    "rows_read": table.report.rows_read,
                    "rows_kept": table.report.rows_kept,
                    "rows_rejected": table.report.rows_rejected,
                    "rejected_by_code": table.report.rejected_by_code,
                    "ignored_columns": list(table.report.ignored_columns),
                    "notes": list(table.report.notes),
                }
                for name, table in tables.items()
            },
            "records_of_unknown_enterprises": len(self.kernel.records_of_others),
            "results": hashes,
            "summary": self.summary().model_dump(mode="json"),
            "versions": {
                "creditrisk": __version__,
                "python": platform.python_version(),
                **{name: version(name) for name in packages},
            },
            "timings_seconds": self.timings,
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def tables_of(
    enterprises: Any, records: Any, further_types: Sequence[str], id_scheme: IdScheme
) -> tuple[Enterprises, Records]:
    """Both tables, read where they are not read yet."""
    if not isinstance(enterprises, Enterprises):
        enterprises = read_enterprises(enterprises, id_scheme=id_scheme)
    if not isinstance(records, Records):
        records = read_records(records, id_scheme=id_scheme, enterprises=enterprises, further_types=further_types)
    return enterprises, records


def check_tables(enterprises: Enterprises, records: Records, as_of: date) -> None:
    """Raise an InputError where there is nobody to assess, or nothing was known yet."""
    if not len(enterprises):
        raise InputError("there is no enterprise to assess: no row of the enterprise table could be used")
    if len(records) and not ((records.data["occurred_on"] <= as_of) & (records.data["known_on"] <= as_of)).any():
        first = records.data.select(pl.max_horizontal("occurred_on", "known_on").min()).item()
        if first > as_of:
            raise InputError(f"as_of {as_of} lies before every record; the first was known on {first}")


def _scorer_of(model: Any, combine: Combining, policy: Policy) -> tuple[Any, tuple[str, ...]]:
    """The fitted scorer behind what was given as a model, and the indicators that it reads."""
    if model is None and combine == "rules":
        return None, ()
    from creditrisk.assessing.combining import check_combining
    from creditrisk.scoring.model_protocol import indicators_read

    check_combining(combine, model, policy)
    if isinstance(model, str | os.PathLike):
        from creditrisk.learning.bundles.bundle import load_model

        model = load_model(model)
    if hasattr(model, "check_indicators"):
        model.check_indicators(policy)
    scorer = getattr(model, "scorer", model)
    return scorer, indicators_read(scorer, policy)


def _row_of_record(records: Records, enterprises: Enterprises, order: pl.Series) -> pl.Series | None:
    """Which of the enterprises, once in this order, each record belongs to; None where only its id says so."""
    known = records.register_rows
    if known is None or known.register is not enterprises.data:
        return None
    place = np.empty(len(order), dtype=np.uint32)
    place[order.to_numpy()] = np.arange(len(order), dtype=np.uint32)
    return pl.Series(place).gather(known.row)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _timed(timings: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[step] = round(time.perf_counter() - started, 3)
