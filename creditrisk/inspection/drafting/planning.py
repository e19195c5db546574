"""The plan of a year: makes visits, draws and unmet requirements from assessments, items and a policy."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict, Unpack, get_args, overload

import numpy as np
import polars as pl

from creditrisk.assessing.assessment import Assessment
from creditrisk.errors import InputError
from creditrisk.files.account import InputUsed
from creditrisk.files.saved import file_used, read_saved
from creditrisk.frames import FrameKind, FrameLike, Source, check_frame_kind
from creditrisk.inspection.drafting.drafting import Coordination, Draft
from creditrisk.inspection.drafting.resting import last_visits
from creditrisk.inspection.draws.numbers import check_seed
from creditrisk.inspection.draws.seeds import register_seed
from creditrisk.inspection.plan.intensity import AnnualCap, annual_caps
from creditrisk.inspection.plan.items import InspectionItem, joint_groups, read_items
from creditrisk.inspection.plan.overriding import read_overrides
from creditrisk.inspection.plan.plan import InspectionPlan, visits_used
from creditrisk.inspection.plan.population import population_of
from creditrisk.inspection.plan.unmet import unmet_row, unmet_table
from creditrisk.policy.document import Policy
from creditrisk.records.tables import Enterprises

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["plan_inspections"]

# The items of a group are bits of one number.
_MOST_JOINT = 63


class _PlanInspectionsOptions(TypedDict, total=False):
    policy: Policy | str | os.PathLike[str] | None
    seed: Required[str]
    year: Required[int]
    enterprises: Enterprises | FrameLike | None
    last_plan: InspectionPlan | Source | None
    overrides: Source | None
    annual_cap: AnnualCap
    weight: str | None
    authorities: Collection[str] | None
    seed_register: str | os.PathLike[str] | None
    coordination: Coordination


@overload
def plan_inspections(
    assessment: Assessment | Source,
    items: str | os.PathLike[str] | Iterable[InspectionItem],
    *,
    output: Literal["pandas"] = ...,
    **options: Unpack[_PlanInspectionsOptions],
) -> InspectionPlan[pd.DataFrame]: ...
@overload
def plan_inspections(
    assessment: Assessment | Source,
    items: str | os.PathLike[str] | Iterable[InspectionItem],
    *,
    output: Literal["polars"],
    **options: Unpack[_PlanInspectionsOptions],
) -> InspectionPlan[pl.DataFrame]: ...
@overload
def plan_inspections(
    assessment: Assessment | Source,
    items: str | os.PathLike[str] | Iterable[InspectionItem],
    *,
    output: Literal["arrow"],
    **options: Unpack[_PlanInspectionsOptions],
) -> InspectionPlan[pa.Table]: ...
def plan_inspections(
    assessment: Assessment | Source,
    items: str | os.PathLike[str] | Iterable[InspectionItem],
    *,
    policy: Policy | str | os.PathLike[str] | None = None,
    seed: str,
    year: int,
    enterprises: Enterprises | FrameLike | None = None,
    last_plan: InspectionPlan | Source | None = None,
    overrides: Source | None = None,
    annual_cap: AnnualCap = None,
    weight: str | None = None,
    authorities: Collection[str] | None = None,
    seed_register: str | os.PathLike[str] | None = None,
    coordination: Coordination = "spread",
    output: FrameKind = "pandas",
) -> InspectionPlan:
    """Plan the inspections of a year: draw enterprises for each item, and list the visits.

    General items draw at most the policy's ratio of each tier, key items at least that ratio. Key areas are inspected
    in full, enterprises in an observation period as gently as the best tier. If the grid covers a tier, it visits all
    of the tier that are not drawn. Nobody is exempt. Items of a joint group make one visit.

    Parameters
    ----------
    assessment : Assessment, frame, path or folder
        The assessment or its table: enterprise_id, tier and, if known, regime, region, industry, scale, key_areas,
        grid, status.
    items : path, or iterable of InspectionItem
        The items, as :func:`read_items` takes them.
    policy : Policy, str or path, optional
        The policy; the default is that of the assessment.
    seed : str
        The public seed; see :mod:`creditrisk.inspection.draws.seeds`.
    year : int
    enterprises : Enterprises or frame, optional
        The enterprises, if the table of assessments does not have region, industry and so on.
    last_plan : InspectionPlan, its visits, or the folder it was saved in, optional
        The last plan. Enterprises that it visited for an item, or for one joint with it, are drawn again only if the
        others are too few, and never within the policy's ``not_again_within_months``.
    overrides : frame, path of a .csv, .xlsx or .parquet, or list of mappings, optional
        Visits outside the draw and its cap: enterprise_id, item, reason (complaint, referral, key_area), note. Those of
        one enterprise for items of one joint group make one visit.
    annual_cap : int or mapping of tier to int, optional
        The maximum number of drawn on-site visits to one enterprise, in addition to the policy's cap.
    weight : str, optional
        A column of the table: within a tier enterprises are drawn with probabilities in proportion to it.
    authorities : collection of str, optional
        The authorities that inspect; items of others are left out and listed as unmet.
    seed_register : path, optional
        The register of used seeds (:func:`creditrisk.inspection.draws.seeds.register_seed`): with a registered seed one
        can make the same plan again, but no other.
    coordination : {"spread", "independent"}
        Whether separate items draw different enterprises, or draw independently.
    output : {"pandas", "polars", "arrow"}

    Returns
    -------
    InspectionPlan

    Raises
    ------
    InputError
        If the table, items, seed, caps or overrides cannot be used, or the register has the seed for another plan.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    >>> plan = cr.plan_inspections(assessment, cr.example_items(), seed="2026-07-01 08 15 23", year=2026)
    >>> list(plan.visits.columns[:4])
    ['visit_id', 'enterprise_id', 'items', 'departments']
    """
    check_frame_kind(output)
    check_seed(seed)
    if coordination not in get_args(Coordination):
        raise InputError(f"coordination must be one of {', '.join(get_args(Coordination))}, got {coordination!r}")
    if not isinstance(year, int | np.integer) or not 1949 <= year <= 2999:
        raise InputError(f"the year of a plan must be a year such as 2026, got {year!r}")
    catalogue = read_items(items)
    asked_overrides = read_overrides(overrides)
    population = population_of(assessment, policy, enterprises, weight)
    population = replace(population, inputs=population.inputs | _further_inputs(items, last_plan, overrides))
    unmet = []
    if authorities is not None:
        authorities = {authorities} if isinstance(authorities, str) else set(authorities)
        unmet = [
            unmet_row("authority", item=item.id, tier=None, required=None, got=None, authority=item.authority)
            for item in catalogue
            if item.authority not in authorities
        ]
        catalogue = tuple(item for item in catalogue if item.authority in authorities)
    groups = joint_groups(catalogue)
    for name, members in groups.items():
        if len(members) > _MOST_JOINT:
            raise InputError(f"the joint group {name} has more than {_MOST_JOINT} items")
    caps = {kind: annual_caps(population.policy, kind, annual_cap) for kind in ("general", "key")}
    last = last_visits(last_plan, population)
    draft = Draft(population, groups, seed, year, last, caps, coordination, unmet=unmet)
    # Key items are drawn first: if a cap binds, it limits the general items.
    in_turn = sorted(groups, key=lambda name: all(item.kind == "general" for item in groups[name]))
    for name in in_turn:
        draft.draw_group(name)
    draft.add_overrides(asked_overrides)
    draft.add_grid()
    draft.note_uncovered()
    plan = InspectionPlan(
        year=year,
        seed=seed,
        population=population,
        groups=groups,
        draws={item.id: draft.draws[item.id] for item in catalogue if item.id in draft.draws},
        rows=draft.visit_rows(),
        unmet_data=unmet_table(draft.unmet),
        overrides_data=asked_overrides,
        coordination_data=pl.concat(draft.joint) if draft.joint else pl.DataFrame(),
        output=output,
    )
    if seed_register is not None:
        register_seed(seed_register, seed, plan.draws_sha256, continues=_continued(last_plan, seed))
    return plan


def _further_inputs(items: Any, last_plan: Any, overrides: Any) -> dict[str, InputUsed]:
    return {
        "items": file_used(items),
        **({} if last_plan is None else {"last_plan": visits_used(last_plan)}),
        **({} if overrides is None else {"overrides": file_used(overrides)}),
    }


def _continued(last_plan: Any, seed: str) -> str | None:
    """Return the hash of the last plan's draws if they were made with the same seed."""
    if isinstance(last_plan, InspectionPlan):
        return last_plan.draws_sha256 if last_plan.seed == seed else None
    if not isinstance(last_plan, str | os.PathLike) or not Path(last_plan).is_dir():
        return None
    data = read_saved(
        last_plan, "plan", ("plan.json",), lambda path: json.loads(path.read_text("utf-8")), argument="last_plan"
    )
    return data["draws_sha256"] if data["seed"] == seed else None
