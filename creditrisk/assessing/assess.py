"""The main call, which makes an assessment from enterprises and records.

It has three steps. :func:`prepare` reads and checks all arguments, :func:`compute` measures each enterprise's own
records, and :func:`tier` computes indicators, scores, tiers and regimes. Only the last step compares enterprises with
one another, if the policy does so: the first two may run for groups of enterprises, one group after another.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict, Unpack, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.assessing.assessed import Assessed
from creditrisk.assessing.assessment import Assessment
from creditrisk.assessing.combining import Combining, check_combining, model_view
from creditrisk.assessing.tier_history import TierHistory, tier_history
from creditrisk.days import as_date
from creditrisk.errors import InputError
from creditrisk.frames import FrameKind, Source, check_frame_kind
from creditrisk.indicators.builder import IndicatorBuilder, cohort_on
from creditrisk.indicators.engine import Kernel, derived
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.records.numbering import ENTERPRISE_ROW
from creditrisk.records.reading import IdScheme, read_enterprises, read_records
from creditrisk.records.tables import Enterprises, Records
from creditrisk.scoring.model_protocol import ModelProtocol, check_model
from creditrisk.scoring.scores import score
from creditrisk.scoring.tiering import assign_regimes, assign_tiers, limit_changes

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from creditrisk.learning.bundles.manifest import ModelBundle

__all__ = [
    "Computed",
    "Prepared",
    "assess",
    "check_comparable",
    "check_tables",
    "compute",
    "prepare",
    "tables_of",
    "tier",
]


class _AssessOptions(TypedDict, total=False):
    policy: Policy | str | os.PathLike[str]
    as_of: Required[date | str]
    previous: Assessment | Source | None
    model: ModelProtocol | ModelBundle | str | os.PathLike[str] | None
    combine: Combining
    id_scheme: IdScheme


@overload
def assess(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_AssessOptions],
) -> Assessment[pd.DataFrame]: ...
@overload
def assess(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    output: Literal["polars"],
    **options: Unpack[_AssessOptions],
) -> Assessment[pl.DataFrame]: ...
@overload
def assess(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    output: Literal["arrow"],
    **options: Unpack[_AssessOptions],
) -> Assessment[pa.Table]: ...
def assess(
    enterprises: Enterprises | Source,
    records: Records | Source,
    *,
    policy: Policy | str | os.PathLike[str] = "jiangsu",
    as_of: date | str,
    previous: Assessment | Source | None = None,
    model: ModelProtocol | ModelBundle | str | os.PathLike[str] | None = None,
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
        The day of the assessment; nothing known later is used. It also selects the edition of a policy given by name.
    previous : Assessment, frame, path or folder, optional
        The last assessment (its table, assessments.parquet or the folder it was saved in), to which the policy's limits
        on change and ``tier_since`` refer.
    model : ModelProtocol, ModelBundle, path or name, optional
        A fitted model besides the rules, such as ``"reference"`` or the result of :func:`creditrisk.wrap_classifier`;
        its indicators are computed by the policy.
    combine : {"rules", "rules_with_model", "model"}, default="rules"
        The basis of the tier: the rules, with the model's view shown beside them; the rules, with attention raised if
        the model sees more risk, within the policy's bound; or the model. Vetoes, thin evidence, floors and limits on
        change hold in each case.
    id_scheme : {"uscc", "uscc_strict", "any"}
        The check of ids while reading.
    output : {"pandas", "polars", "arrow"}
        The kind of frame of :attr:`Assessment.table`, ``reasons`` and ``rejects``.

    Returns
    -------
    Assessment

    Raises
    ------
    InputError
        If a file, frame or argument cannot be used, ``as_of`` lies before every record, or there is one enterprise
        and the policy compares enterprises with one another.
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
    prepared = prepare(
        enterprises, records, policy=policy, as_of=as_of, previous=previous, model=model, combine=combine,
        id_scheme=id_scheme,
    )  # fmt: skip
    check_comparable(prepared.policy, prepared.enterprises)
    return Assessment(tier(compute(prepared)), output)


@dataclass(frozen=True, eq=False, repr=False)
class Prepared:
    """The inputs of an assessment, read and checked.

    Attributes
    ----------
    policy : Policy
    as_of : datetime.date
    enterprises : Enterprises
        The enterprises, sorted by id.
    records : Records
    row_of_record : polars.Series of UInt32, optional
        The row of each record's enterprise, if reading has already found it.
    history : TierHistory
    model : ModelProtocol, optional
    combine : {"rules", "rules_with_model", "model"}
    indicators : tuple of str
        The indicators that the policy and the model read.
    timings : dict of str to float
    """

    policy: Policy
    as_of: date
    enterprises: Enterprises
    records: Records
    row_of_record: pl.Series | None
    history: TierHistory
    model: ModelProtocol | None
    combine: Combining
    indicators: tuple[str, ...]
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Computed:
    """The measures of each enterprise's own records, before enterprises are compared.

    Attributes
    ----------
    prepared : Prepared
    kernel : Kernel
    measured : mapping of str to ndarray of float64, shape (n_rows,)
        The measured values by indicator (:meth:`creditrisk.indicators.engine.Kernel.measured`).
    """

    prepared: Prepared
    kernel: Kernel
    measured: Mapping[str, NDArray[np.float64]]


def prepare(
    enterprises: Any,
    records: Any,
    *,
    policy: Policy | str | os.PathLike[str],
    as_of: date | str,
    previous: Any = None,
    model: Any = None,
    combine: Combining = "rules",
    id_scheme: IdScheme = "uscc",
) -> Prepared:
    """Read and check all arguments of :func:`assess` before anything is computed."""
    day = as_date(as_of)
    timings: dict[str, float] = {}
    with _timed(timings, "reading"):
        policy = load_policy(policy, day)
        scorer, further = _scorer_of(model, combine, policy)
        enterprises, records = tables_of(enterprises, records, tuple(policy.record_types), id_scheme)
        check_tables(enterprises, records, day)
        numbered = enterprises.data.with_row_index(ENTERPRISE_ROW).sort("enterprise_id")
        ordered = replace(enterprises, data=numbered.drop(ENTERPRISE_ROW))
        row_of_record = _row_of_record(records, enterprises, numbered[ENTERPRISE_ROW])
        history = tier_history(previous, policy, ordered.data["enterprise_id"], day)
    wanted = tuple(dict.fromkeys((*policy.indicators_used, *further)))
    return Prepared(policy, day, ordered, records, row_of_record, history, scorer, combine, wanted, timings)


def compute(prepared: Prepared) -> Computed:
    """Code the records and measure them, enterprise by enterprise."""
    with _timed(prepared.timings, "indicators"):
        enterprises = prepared.enterprises.data
        builder = IndicatorBuilder(
            prepared.records, enterprises=enterprises, policy=prepared.policy, only=prepared.indicators
        ).fit()
        kernel = builder.kernel(cohort_on(enterprises["enterprise_id"], prepared.as_of), prepared.row_of_record)
        return Computed(prepared, kernel, kernel.measured())


def tier(computed: Computed) -> Assessed:
    """Compute indicators, scores, tiers and regimes from the measures of all enterprises."""
    prepared, kernel = computed.prepared, computed.kernel
    policy, day, enterprises, history = prepared.policy, prepared.as_of, prepared.enterprises, prepared.history
    with _timed(prepared.timings, "scoring"):
        indicators = derived(kernel.specs, computed.measured, kernel.attributes)
        scores = score(policy, indicators)
        tiering = assign_tiers(policy, scores, indicators)
        view = None
        if prepared.model is not None:
            view = model_view(prepared.model, policy, tiering, indicators, enterprises.data, prepared.combine)
            tiering = replace(tiering, tier=view.combined)
        if history.is_known:
            fewer_records = kernel.records_known() < history.records
            tiering = limit_changes(policy, tiering, day, history.tier, history.since, fewer_records)
        regimes = assign_regimes(policy, tiering, enterprises.data, day)
    return Assessed(
        policy=policy,
        as_of=day,
        enterprises=enterprises,
        records=prepared.records,
        kernel=kernel,
        indicators=indicators,
        scores=scores,
        tiering=tiering,
        regimes=regimes,
        history=history,
        view=view,
        timings=prepared.timings,
    )


def tables_of(
    enterprises: Any, records: Any, further_types: Sequence[str], id_scheme: IdScheme
) -> tuple[Enterprises, Records]:
    """Return both tables; read those that are not yet read."""
    if not isinstance(enterprises, Enterprises):
        enterprises = read_enterprises(enterprises, id_scheme=id_scheme)
    if not isinstance(records, Records):
        records = read_records(records, id_scheme=id_scheme, enterprises=enterprises, further_types=further_types)
    return enterprises, records


def check_tables(enterprises: Enterprises, records: Records, as_of: date) -> None:
    """Raise an InputError if there is no enterprise to assess, or nothing was known on the day."""
    if not len(enterprises):
        raise InputError("there is no enterprise to assess: no row of the enterprise table could be used")
    known = (records.data["occurred_on"] <= as_of) & (records.data["known_on"] <= as_of)
    # All records of one enterprise may be later than the day; for many enterprises, the day is probably wrong.
    if len(enterprises) > 1 and len(records) and not known.any():
        first = records.data.select(pl.max_horizontal("occurred_on", "known_on").min()).item()
        if first > as_of:
            raise InputError(f"as_of {as_of} lies before every record; the first was known on {first}")


def check_comparable(policy: Policy, enterprises: Enterprises) -> None:
    """Raise an InputError if a policy compares enterprises with one another and there is only one.

    A single enterprise is always average: its percentile meets no threshold.
    """
    if policy.compares_enterprises and len(enterprises) == 1:
        raise InputError(
            f"policy {policy.id} compares enterprises with one another, and there is only one: assess all whom it is "
            "to be compared with, and take its row"
        )


def _scorer_of(model: Any, combine: Combining, policy: Policy) -> tuple[ModelProtocol | None, tuple[str, ...]]:
    """Return the fitted scorer of the given model, and the indicators that it reads."""
    check_combining(combine, model, policy)
    if model is None:
        return None, ()
    if isinstance(model, str | os.PathLike):
        from creditrisk.learning.bundles.bundle import load_model

        model = load_model(model)
    if hasattr(model, "check_indicators"):
        model.check_indicators(policy)
    scorer = getattr(model, "scorer", model)
    return scorer, check_model(scorer, policy)


def _row_of_record(records: Records, enterprises: Enterprises, order: pl.Series) -> pl.Series | None:
    """Return the row of each record's enterprise after sorting; None if only its id identifies the enterprise."""
    known = records.register_rows
    if known is None or known.register is not enterprises.data:
        return None
    place = np.empty(len(order), dtype=np.uint32)
    place[order.to_numpy()] = np.arange(len(order), dtype=np.uint32)
    return pl.Series(place).gather(known.row)


@contextmanager
def _timed(timings: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[step] = round(time.perf_counter() - started, 3)
