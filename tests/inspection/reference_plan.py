"""Plans drawn up in plain Python from what ``docs/draws.md`` and the policy say, enterprise by enterprise.

Slow, and without a library: ratios are fractions, and every draw is that of :mod:`tests.inspection.reference_draw`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil, floor, prod
from typing import Any

import creditrisk as cr
from tests.inspection import reference_draw
from tests.inspection.reference_draw import Drawn, Unit

FULL, OBSERVATION = "full_coverage", "observation"
REASONS = {"complaint": "投诉举报", "referral": "转办交办", "key_area": "重点领域"}


@dataclass(frozen=True)
class Enterprise:
    """An enterprise of the plan; what is not known is None."""

    id: str
    tier: str
    regime: str
    status: str | None
    industry: str | None
    region: str | None
    grid: str | None
    scale: str | None
    key_areas: tuple[str, ...] | None
    weight: float | None


@dataclass(frozen=True, repr=False)
class Asked:
    """All that a plan is made from."""

    enterprises: Sequence[Enterprise]
    items: Sequence[cr.InspectionItem]
    policy: cr.Policy
    seed: str
    year: int
    annual_cap: dict[str, int] = field(default_factory=dict)
    authorities: tuple[str, ...] | None = None
    coordination: str = "spread"
    overrides: Sequence[dict[str, str]] = ()
    last: Sequence[tuple[str, tuple[str, ...]]] = ()
    last_day: date | None = None

    def __repr__(self) -> str:
        # A policy in full is pages of text.
        return f"Asked({ {name: value for name, value in vars(self).items() if name != 'policy'} })"


@dataclass
class Planned:
    """What comes out: rows of ``draws`` by item, of ``unmet`` and ``coordination``, and of ``visits``."""

    strata: dict[str, list[tuple[str, int, int, int]]] = field(default_factory=dict)
    draws: dict[str, list[Drawn]] = field(default_factory=dict)
    frames: dict[str, list[Unit]] = field(default_factory=dict)
    unmet: list[tuple[str | None, str | None, str, float | None, float | None]] = field(default_factory=list)
    coordination: list[tuple[str, list[str], int, int, float, float]] = field(default_factory=list)
    visits: list[dict[str, Any]] = field(default_factory=list)


def fraction(ratio: float) -> Fraction:
    """The decimal, or the share of months, that a ratio was written down as."""
    return Fraction(repr(ratio)).limit_denominator(10_000)


class Plan:
    """One plan in the making."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.out = asked, Planned()
        # Each entry once, whatever order its cells came in.
        self.overrides = [dict(one) for one in dict.fromkeys(tuple(sorted(line.items())) for line in asked.overrides)]
        self.everybody = sorted(asked.enterprises, key=lambda one: one.id)
        self.tiers = [tier.id for tier in asked.policy.tiers]
        self.strata = [*self.tiers, OBSERVATION, FULL]
        here = [one for one in asked.items if asked.authorities is None or one.authority in asked.authorities]
        for one in asked.items:
            if one not in here:
                self.out.unmet.append((one.id, None, "authority", None, None))
        self.groups: dict[str, list[cr.InspectionItem]] = {}
        for one in here:
            self.groups.setdefault(one.joint_group or one.id, []).append(one)
        self.at_site = {one.id: 0 for one in self.everybody}
        self.covered: set[str] = set()
        self.of_key_items = {
            one.id for one in self.everybody
            if self.stratum(one) == FULL and any(i.kind == "key" and applies(i, one) for i in here)
        }  # fmt: skip
        self.starts = self.starts_of_groups()
        self.capped: set[str] = set()
        self.note_caps()

    def stratum(self, one: Enterprise) -> str | None:
        if one.status in ("revoked", "deregistered"):
            return None
        return one.tier if one.regime == "tiered" else one.regime

    def intensity(self, kind: str, stratum: str) -> Any:
        of_tiers = {
            t.id: (t.inspection.key if kind == "key" else t.inspection.general) for t in self.asked.policy.tiers
        }
        if stratum != OBSERVATION:
            return of_tiers[stratum]
        least = min(one.ratio for one in of_tiers.values())
        return next(one for one in of_tiers.values() if one.ratio == least)

    def ratio(self, item: cr.InspectionItem, stratum: str) -> Fraction:
        if stratum == FULL:
            return Fraction(1)
        own = fraction(self.intensity(item.kind, stratum).ratio)
        if item.kind == "key":
            return own if item.ratio_at_least is None else max(own, fraction(item.ratio_at_least))
        return own if item.ratio_at_most is None else min(own, fraction(item.ratio_at_most))

    def wanted(self, item: cr.InspectionItem, stratum: str) -> Fraction:
        every = self.intensity(item.kind, stratum).every_months
        often = Fraction(12, every) if every and item.ratio_at_most is None else Fraction(0)
        least = Fraction(0) if item.ratio_at_least is None else fraction(item.ratio_at_least)
        return max(self.ratio(item, stratum), least, often)

    def cap(self, kind: str, stratum: str) -> int | None:
        if stratum == FULL:
            return None
        own, most = self.intensity(kind, stratum), []
        if own.visits_per_year_at_most is not None:
            most.append(own.visits_per_year_at_most)
        if own.visits_per_year_below is not None:
            most.append(max(own.visits_per_year_below - 1, 1))
        if stratum in self.asked.annual_cap:
            most.append(self.asked.annual_cap[stratum])
        return min(most) if most else None

    def starts_of_groups(self) -> dict[tuple[str, str], int]:
        circle, starts = 1 << 30, {}
        for stratum in self.strata:
            widths = []
            for items in self.groups.values():
                widest = max(self.ratio(item, stratum) for item in items)
                widths.append(0 if widest >= 1 else round(widest * circle))
            total, most = sum(widths) % circle, max(widths, default=0)
            step = total if most <= total <= circle - most else most
            for place, name in enumerate(self.groups):
                begins = (sum(widths[:place]) + self.asked.year * step) % circle
                starts[name, stratum] = begins if self.asked.coordination == "spread" else 0
        return starts

    def note_caps(self) -> None:
        alike = not any(one.weight is not None for one in self.everybody) and not self.knows_a_last_plan()
        for stratum in self.strata:
            expected: list[Fraction] = []
            for one in self.everybody:
                visits, general = [], False
                for items in self.groups.values():
                    on_site = [item for item in items if item.mode == "on_site" and applies(item, one)]
                    if self.stratum(one) == stratum and on_site:
                        visits.append(max(self.ratio(item, stratum) for item in on_site))
                        general |= all(item.kind == "general" for item in items)
                if general:
                    expected.append(sum(visits) if alike else Fraction(len(visits)))
            cap = self.cap("general", stratum)
            if cap is not None and expected and max(expected) > max(cap, min(expected) if alike else 0):
                what = "cap_binds" if alike else "cap_may_bind"
                self.out.unmet.append((None, stratum, what, float(max(expected)), float(cap)))
                self.capped.add(stratum)

    def knows_a_last_plan(self) -> bool:
        ids = {one.id for one in self.everybody}
        return any(one in ids and items for one, items in self.asked.last)

    def draw_up(self) -> Planned:
        key_first = [name for name, items in self.groups.items() if any(item.kind == "key" for item in items)]
        for name in [*key_first, *(name for name in self.groups if name not in key_first)]:
            self.draw_group(name)
        self.add_overrides()
        self.add_grid()
        full = {one.id for one in self.everybody if self.stratum(one) == FULL}
        if not full <= self.covered:
            self.out.unmet.append((None, FULL, "full_coverage", len(full), len(full & self.covered)))
        self.out.visits.sort(key=lambda visit: visit["enterprise_id"])
        return self.out

    def draw_group(self, name: str) -> None:
        drawn_by_item, chances = {}, []
        rested = {one for one, items in self.asked.last if {item.id for item in self.groups[name]} & set(items)}
        for item in self.groups[name]:
            found = self.draw_item(item, name, rested)
            if found is not None:
                drawn_by_item[item.id], chance = found
                chances.append(chance)
        visited = sorted({one.id for drawn in drawn_by_item.values() for one in drawn})
        by_id = {one.id: one for one in self.everybody}
        items = self.groups[name]
        for one in visited:
            entries = [
                (item, place, drawn.probability)
                for item in items
                for place, drawn in enumerate(drawn_by_item.get(item.id, []), start=1)
                if drawn.id == one
            ]
            of_visit, stratum = [item for item, _, _ in entries], self.stratum(by_id[one])
            chance_taken = any(i.mode == "on_site" for i in items) and all(i.kind == "general" for i in items)
            stated = None if chance_taken and stratum in self.capped else float(max(p for _, _, p in entries))
            self.add_visit(
                by_id[one], f"{self.asked.year}-{name}-{one}", of_visit, min(place for _, place, _ in entries), stated,
                "full_coverage" if stratum == FULL else "draw", self.why(of_visit, stratum),
            )  # fmt: skip
            if any(item.mode == "on_site" for item in of_visit):
                self.at_site[one] += 1
        everyone = [[chance.get(one.id, Fraction(0)) for chance in chances] for one in self.everybody]
        self.out.coordination.append(
            (
                name, [item.id for item in items], sum(map(len, drawn_by_item.values())), len(visited),
                float(sum(1 - prod(1 - p for p in mine) for mine in everyone)),
                float(sum(max(mine, default=Fraction(0)) for mine in everyone)),
            )
        )  # fmt: skip

    def draw_item(
        self, item: cr.InspectionItem, group: str, rested: set[str]
    ) -> tuple[list[Drawn], dict[str, Fraction]] | None:
        members: dict[str, list[Unit]] = {}
        for one in self.everybody:
            stratum = self.stratum(one)
            if stratum is None or not applies(item, one):
                continue
            if stratum == FULL and item.kind == "general" and one.id in self.of_key_items:
                continue
            cap = self.cap(item.kind, stratum)
            is_open = item.mode != "on_site" or cap is None or self.at_site[one.id] < cap
            part = f"{stratum}.rested" if one.id in rested and stratum != FULL else stratum
            members.setdefault(part, []).append(Unit(one.id, part, is_open, one.weight))
        if not members:
            self.out.unmet.append((item.id, None, "empty_frame", None, 0))
            return None
        sizes: dict[str, int] = {}
        for stratum in self.strata:
            fresh, again = members.get(stratum, []), members.get(f"{stratum}.rested", [])
            sizes[stratum], sizes[f"{stratum}.rested"] = self.sizes(item, stratum, fresh, again)
        parts = [part for part in (*self.strata, *(f"{one}.rested" for one in self.strata)) if part in members]
        units = [unit for part in parts for unit in members[part]]
        drawn = {part: sizes[part] for part in parts}
        starts = {part: self.starts[group, part.removesuffix(".rested")] for part in parts}
        series = "plan" if self.asked.coordination == "spread" else group
        self.out.strata[item.id] = [(part, len(members[part]), drawn[part], starts[part]) for part in parts]
        self.out.frames[item.id] = units
        self.out.draws[item.id] = reference_draw.draw(units, drawn, starts, self.asked.seed, series)
        return self.out.draws[item.id], reference_draw.targets(units, drawn)

    def sizes(self, item: cr.InspectionItem, stratum: str, fresh: list[Unit], again: list[Unit]) -> tuple[int, int]:
        size = len(fresh) + len(again)
        if not size or stratum == FULL:
            return size, 0
        ratio, wanted = self.ratio(item, stratum), self.wanted(item, stratum)
        if wanted > ratio:
            self.miss(item, stratum, "probability" if wanted > 1 else "ratio", wanted, ratio)
        if item.kind == "key":
            needed = ceil(ratio * size)
        else:
            needed = floor(ratio * size)
            if not needed and stratum != OBSERVATION:
                needed = 1
                self.miss(item, stratum, "smallest_draw", ratio, Fraction(1, size))
        first = min(needed, sum(unit.open for unit in fresh))
        resting = sum(unit.open for unit in again)
        forbidden = self.rests_still(self.intensity(item.kind, stratum).not_again_within_months)
        second = 0 if forbidden else min(needed - first, resting)
        if first + second < needed:
            self.miss(item, stratum, "rest" if forbidden and resting else "cap", needed, first + second)
        return first, second

    def rests_still(self, months: int | None) -> bool:
        if months is None or self.asked.last_day is None:
            return False
        year, month = divmod(self.asked.last_day.year * 12 + self.asked.last_day.month - 1 + months, 12)
        day = min(self.asked.last_day.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, day) > date(self.asked.year, 1, 1)

    def add_overrides(self) -> None:
        group_of = {item.id: name for name, items in self.groups.items() for item in items}
        by_id = {one.id: one for one in self.everybody}
        asked: dict[tuple[str, str], tuple[int, set[str]]] = {}
        for line, entry in enumerate(self.overrides, start=1):
            one, item = entry["enterprise_id"], entry["item"]
            if one not in by_id or self.stratum(by_id[one]) is None or item not in group_of:
                self.out.unmet.append((item, None, "override", 1, 0))
            elif one not in {drawn.id for drawn in self.out.draws.get(item, [])}:
                asked.setdefault((group_of[item], one), (line, set()))[1].add(item)
        for name in dict.fromkeys(name for name, _ in asked):
            for (group, one), (line, ids) in asked.items():
                if group == name:
                    items = [item for item in self.groups[name] if item.id in ids]
                    told = "；".join(
                        f"{REASONS[entry['reason']]}：{entry['note']}（{item.name.zh}）"
                        for entry in self.overrides
                        for item in items
                        if entry["enterprise_id"] == one and entry["item"] == item.id
                    )
                    stem = f"{self.asked.year}-{name}-override{line}-{one}"
                    self.add_visit(by_id[one], stem, items, None, None, "override", told)

    def add_grid(self) -> None:
        for tier in self.asked.policy.tiers:
            if tier.inspection.grid_coverage:
                left = [one for one in self.everybody if self.stratum(one) == tier.id and one.id not in self.covered]
                for one in left:
                    why = f"{tier.label.zh}级由网格全覆盖，本年未被抽中"
                    self.add_visit(one, f"{self.asked.year}-grid-{one.id}", [], None, None, "grid", why)
                known = sum(one.grid is not None for one in left)
                if known < len(left):
                    self.out.unmet.append((None, tier.id, "grid", len(left), known))

    def add_visit(
        self, one: Enterprise, visit_id: str, items: Sequence[cr.InspectionItem], order: int | None,
        probability: float | None, cause: str, why: str,
    ) -> None:  # fmt: skip
        on_site = not items or any(item.mode == "on_site" for item in items)
        if items and on_site:
            self.covered.add(one.id)
        leading = next((item for item in items if item.kind == "key"), items[0] if items else None)
        self.out.visits.append(
            {
                "visit_id": visit_id, "enterprise_id": one.id, "items": [item.id for item in items],
                "departments": list(dict.fromkeys(item.authority for item in items)),
                "lead_department": None if leading is None else leading.authority,
                "mode": "on_site" if on_site else "off_site",
                "skills": list(dict.fromkeys(skill for item in items for skill in item.skills)),
                "region": one.region, "grid": one.grid, "tier": one.tier,
                "joint_group": items[0].joint_group if items else None,
                "window_from": date(self.asked.year, 1, 1), "window_to": date(self.asked.year, 12, 31),
                "draw_order": order, "draw_probability": probability, "cause": cause, "why_zh": why,
            }
        )  # fmt: skip

    def why(self, items: Sequence[cr.InspectionItem], stratum: str | None) -> str:
        assert stratum is not None
        if stratum == FULL:
            return "重点领域全覆盖：" + "、".join(item.name.zh for item in items)
        label = "包容审慎观察期" if stratum == OBSERVATION else self.asked.policy.tier(stratum).label.zh
        shares = "、".join(f"{item.name.zh} {float(self.ratio(item, stratum) * 100):.4g}%" for item in items)
        return f"{label}企业随机抽取：{shares}"

    def miss(self, item: cr.InspectionItem, stratum: str, what: str, required: float, got: float) -> None:
        self.out.unmet.append((item.id, stratum, what, float(required), float(got)))


def applies(item: cr.InspectionItem, one: Enterprise) -> bool:
    """Whether an enterprise meets every list of an item; one of unknown trade or place is in none."""
    lists = item.applies_to
    region_stems = [
        code[:2] if code[2:] == "0000" else code[:4] if code[4:] == "00" else code for code in lists.regions
    ]
    begins = [(one.industry, lists.industries), (one.region, region_stems)]
    return (
        all(not words or (value is not None and any(value.startswith(w) for w in words)) for value, words in begins)
        and (not lists.scales or one.scale in lists.scales)
        and (not lists.key_areas or bool(set(one.key_areas or ()) & set(lists.key_areas)))
    )


def plan(asked: Asked) -> Planned:
    """The plan that is asked for."""
    return Plan(asked).draw_up()
