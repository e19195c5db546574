"""The draft of a plan: groups of items are drawn in turn, and each knows the visits so far to every enterprise."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from creditrisk.inspection.drafting.capping import binding_caps, is_capped
from creditrisk.inspection.drafting.coordination import JointVisits, starts
from creditrisk.inspection.drafting.resting import LastVisits
from creditrisk.inspection.draws.drawing import CLOSED, OUTSIDE, Draw, Stratum
from creditrisk.inspection.draws.numbers import permanent_numbers
from creditrisk.inspection.plan.intensity import drawn_of, requirement
from creditrisk.inspection.plan.items import GRID, InspectionItem
from creditrisk.inspection.plan.population import FULL_COVERAGE, Population, strata_of
from creditrisk.inspection.plan.unmet import unmet_row
from creditrisk.inspection.plan.visits import VISIT_ROWS, Cause

__all__ = ["Coordination", "Draft"]

Coordination = Literal["spread", "independent"]

# No enterprise is visited so often in a year: this means no cap.
_NO_CAP = 0xFFFF
_PLAN_SERIES = "plan"


@dataclass
class Draft:
    """A plan that is being made: groups are drawn one after another, then overrides and the grid are added."""

    population: Population
    groups: dict[str, tuple[InspectionItem, ...]]
    seed: str
    year: int
    last: LastVisits
    caps: dict[str, dict[str, int | None]]
    coordination: Coordination
    unmet: list[dict[str, Any]]
    draws: dict[str, Draw] = field(default_factory=dict)
    visits: list[pl.DataFrame] = field(default_factory=lambda: [pl.DataFrame(schema=VISIT_ROWS)])
    joint: list[pl.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        size, policy = len(self.population), self.population.policy
        self.strata = strata_of(policy)
        self.on_site = np.zeros(size, dtype=np.uint16)
        self.covered = np.zeros(size, dtype=bool)
        self.numbers: dict[str, NDArray[np.float64]] = {}
        ratios = [
            [max(requirement(policy, item, stratum).ratio for item in items) for stratum in self.strata]
            for items in self.groups.values()
        ]
        shape = (len(self.groups), len(self.strata))
        spread = starts(np.array(ratios).reshape(shape), self.year)
        self.starts = spread if self.coordination == "spread" else np.zeros(shape)
        alike = self.population.weights is None and not self.last.rows_by_item
        binding = list(binding_caps(self.population, self.groups, self.caps["general"], alike=alike))
        for cap in binding:
            what = "cap_binds" if alike else "cap_may_bind"
            self.unmet.append(unmet_row(what, item=None, tier=cap.name, required=cap.visits, got=cap.cap))
        self.strata_with_binding_cap = [cap.stratum for cap in binding]
        full = self.population.stratum == self.strata.index(FULL_COVERAGE)
        self.by_key_item = np.zeros(size, dtype=bool)
        if full.any():
            for item in (item for items in self.groups.values() for item in items if item.kind == "key"):
                self.by_key_item |= full & self.population.members(item)

    def draw_group(self, name: str) -> None:
        items, size = self.groups[name], len(self.population)
        rested = self.last.rested(item.id for item in items)
        counts = JointVisits(size)
        bits, order = np.zeros(size, dtype=np.uint64), np.full(size, np.iinfo(np.uint32).max, dtype=np.uint32)
        probability = np.zeros(size)
        for place, item in enumerate(items):
            draw = self._draw(item, name, rested)
            if draw is None:
                continue
            self.draws[item.id] = draw
            counts.add(draw.targets.astype(np.float32), len(draw))
            bits[draw.rows] |= np.uint64(1 << place)
            order[draw.rows] = np.minimum(order[draw.rows], np.arange(1, len(draw) + 1, dtype=np.uint32))
            probability[draw.rows] = np.maximum(probability[draw.rows], draw.probabilities)
        rows = np.flatnonzero(bits)
        visited = np.flatnonzero(bits & self._on_site_bits(name))
        self.on_site[visited] += 1
        self.covered[visited] = True
        self.joint.append(counts.row(name, [item.id for item in items], len(rows)))
        if is_capped(items):
            probability[np.isin(self.population.stratum, self.strata_with_binding_cap)] = np.nan
        full = self.population.stratum[rows] == self.strata.index(FULL_COVERAGE)
        causes = np.where(full, Cause.FULL_COVERAGE, Cause.DRAW)
        self._add(rows, name, bits[rows], causes, order[rows], probability[rows])

    def _draw(self, item: InspectionItem, group: str, rested: NDArray[np.bool_]) -> Draw | None:
        codes, n_strata = self._codes(item, rested), len(self.strata)
        there = codes[codes != OUTSIDE]
        if not len(there):
            self.unmet.append(unmet_row("empty_frame", item=item.id, tier=None, required=None, got=0))
            return None
        sizes = np.bincount(there & ~np.uint8(CLOSED), minlength=2 * n_strata)
        can = np.bincount(there[there < CLOSED], minlength=2 * n_strata)
        drawn = np.zeros(2 * n_strata, dtype=np.int64)
        for place, stratum in enumerate(self.strata):
            resting = place + n_strata
            drawn[[place, resting]] = self._sizes(
                item, stratum, int(sizes[place] + sizes[resting]), int(can[place]), int(can[resting])
            )
        own_starts = self.starts[list(self.groups).index(group)]
        names = [*self.strata, *(f"{name}.rested" for name in self.strata)]
        kept = np.flatnonzero(sizes)
        strata = [
            Stratum(names[code], int(sizes[code]), int(drawn[code]), float(own_starts[code % n_strata]))
            for code in kept
        ]
        renumbered = np.full(OUTSIDE + 1, OUTSIDE, dtype=np.uint8)
        renumbered[kept] = np.arange(len(kept))
        renumbered[kept | CLOSED] = np.arange(len(kept)) | CLOSED
        series = _PLAN_SERIES if self.coordination == "spread" else group
        if series not in self.numbers:
            self.numbers = {series: permanent_numbers(self.population.ids, seed=self.seed, series=series)}
        return Draw.of(
            item.id, self.seed, series, strata, self.population.ids, self.numbers[series], renumbered[codes],
            self.population.weights,
        )  # fmt: skip

    def _codes(self, item: InspectionItem, rested: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return each enterprise's stratum; the last plan's have separate strata, those at the cap are closed."""
        codes = self.population.stratum.copy()
        codes[~self.population.members(item)] = OUTSIDE
        full = codes == self.strata.index(FULL_COVERAGE)
        if item.kind == "general":
            # If a key item covers an enterprise in full, general items do not cover it again.
            codes[full & self.by_key_item] = OUTSIDE
        codes[rested & ~full & (codes != OUTSIDE)] += len(self.strata)
        if item.mode == "on_site":
            most = np.full(CLOSED, _NO_CAP, dtype=np.uint16)
            for place, stratum in enumerate(self.strata):
                cap = self.caps[item.kind][stratum]
                most[[place, place + len(self.strata)]] = _NO_CAP if cap is None else min(cap, _NO_CAP)
            codes[(self.on_site >= most[codes & ~np.uint8(CLOSED)]) & (codes != OUTSIDE)] |= CLOSED
        return codes

    def _sizes(self, item: InspectionItem, stratum: str, size: int, fresh: int, resting: int) -> tuple[int, int]:
        """Return how many are drawn from those that the last plan did not visit, and from those that it did."""
        if not size:
            return 0, 0
        if stratum == FULL_COVERAGE:
            return size, 0
        asked = requirement(self.population.policy, item, stratum)
        if asked.wanted > asked.ratio:
            what = "probability" if asked.wanted > 1 else "ratio"
            self._miss(what, item, stratum, asked.wanted, asked.ratio)
        needed = drawn_of(size, item, stratum, asked.ratio)
        if item.kind == "general" and needed > asked.ratio * size + 1e-9:
            self._miss("smallest_draw", item, stratum, asked.ratio, needed / size)
        forbidden = self.last.forbids(asked.not_again_within_months, date(self.year, 1, 1))
        first = min(needed, fresh)
        again = 0 if forbidden else min(needed - first, resting)
        if first + again < needed:
            self._miss("rest" if forbidden and resting else "cap", item, stratum, needed, first + again)
        return first, again

    def add_overrides(self, overrides: pl.DataFrame) -> None:
        """Add a visit for the overrides of each enterprise and group, except for items that already visit it.

        The note of a visit is the line number of its first override.
        """
        place = {item.id: (name, bit) for name, items in self.groups.items() for bit, item in enumerate(items)}
        rows = self.population.rows_of(overrides["enterprise_id"])
        drawn = {name: set(draw.rows.tolist()) for name, draw in self.draws.items() if name in set(overrides["item"])}
        kept: dict[str, dict[int, tuple[int, int]]] = {}
        for note, (row, entry) in enumerate(zip(rows, overrides.iter_rows(named=True), strict=True), start=1):
            item, enterprise = entry["item"], entry["enterprise_id"]
            if row is None:
                self._refuse(item, f"没有企业 {enterprise}", f"there is no enterprise {enterprise}")
            elif self.population.stratum[row] == OUTSIDE:
                self._refuse(
                    item, f"企业 {enterprise} 已吊销或注销", f"enterprise {enterprise} is revoked or deregistered"
                )
            elif item not in place:
                self._refuse(item, f"没有事项 {item}", f"there is no item {item}")
            elif row not in drawn.get(item, ()):
                name, bit = place[item]
                of_group = kept.setdefault(name, {})
                asked, first = of_group.get(row, (0, note))
                of_group[row] = asked | 1 << bit, first
        for name, of_group in kept.items():
            lines = [(row, *line) for row, line in of_group.items()]
            at, bits, notes = (np.array(column, dtype=np.uint64) for column in zip(*lines, strict=True))
            self._add(at, name, bits, Cause.OVERRIDE, note=notes)
            self.covered[at] |= (bits & self._on_site_bits(name)) > 0

    def add_grid(self) -> None:
        """Add a visit by the grid to every enterprise of the grid's tiers that has no other on-site visit."""
        for place, tier in enumerate(self.population.policy.tiers):
            if not tier.inspection.grid_coverage:
                continue
            rows = np.flatnonzero((self.population.stratum == place) & ~self.covered)
            self._add(rows, GRID, np.zeros(len(rows), dtype=np.uint64), Cause.GRID)
            grids = self.population.attributes.get_column("grid", default=None)
            known = 0 if grids is None else len(rows) - grids.gather(rows).null_count()
            if known < len(rows):
                self.unmet.append(unmet_row("grid", item=None, tier=tier.id, required=len(rows), got=known))

    def visit_rows(self) -> pl.DataFrame:
        """Return all visits by enterprise, and release the list that held them, because they are many."""
        gathered, self.visits = pl.concat(self.visits), []
        return gathered.sort("row", maintain_order=True)

    def note_uncovered(self) -> None:
        full = self.population.stratum == self.strata.index(FULL_COVERAGE)
        covered = int((full & self.covered).sum())
        if covered < full.sum():
            self.unmet.append(
                unmet_row("full_coverage", item=None, tier=FULL_COVERAGE, required=int(full.sum()), got=covered)
            )

    def _on_site_bits(self, group: str) -> np.uint64:
        """Return the bits of a group's on-site items."""
        return np.uint64(sum(1 << place for place, item in enumerate(self.groups[group]) if item.mode == "on_site"))

    def _refuse(self, item: str, zh: str, en: str) -> None:
        self.unmet.append(unmet_row("override", item=item, tier=None, required=1, got=0, fault_zh=zh, fault_en=en))

    def _miss(self, what: str, item: InspectionItem, stratum: str, required: float, got: float) -> None:
        self.unmet.append(unmet_row(what, item=item.id, tier=stratum, required=required, got=got))

    def _add(
        self, rows: NDArray[Any], group: str, bits: NDArray[np.uint64], cause: Any,
        order: NDArray[np.uint32] | None = None, probability: NDArray[np.float64] | None = None,
        note: NDArray[np.uint64] | int = 0,
    ) -> None:  # fmt: skip
        position = len(self.groups) if group == GRID else list(self.groups).index(group)
        self.visits.append(
            pl.DataFrame(
                {
                    "row": rows, "group": np.full(len(rows), position), "items": bits,
                    "stratum": self.population.stratum[rows], "cause": np.broadcast_to(cause, len(rows)),
                    "note": np.broadcast_to(note, len(rows)), "order": order, "probability": probability,
                },
                schema_overrides=VISIT_ROWS,
            )
            .cast(pl.Schema(VISIT_ROWS))
            .with_columns(pl.col("probability").fill_nan(None))
        )  # fmt: skip
