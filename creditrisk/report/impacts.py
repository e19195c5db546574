"""The impact of a change of policy on a population, as data and as text."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from creditrisk.report.policies.comparing import PolicyName
from creditrisk.report.texts import aligned, on_one_line
from creditrisk.vocabulary import REGIMES, SCALES, BilingualText

__all__ = ["CauseLine", "GroupLine", "ImpactContent", "impact_text"]

# The number of causes that the text and the page show; the JSON form has all of them.
CAUSES_SHOWN = 15

GROUPINGS = {
    "region": BilingualText(zh="按地区", en="By region"),
    "industry": BilingualText(zh="按行业", en="By industry"),
    "scale": BilingualText(zh="按规模", en="By scale"),
}


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CauseLine(_Data):
    """A difference between the policies, and the number of enterprises that it affects.

    ``first_cause`` counts the movers whose first cause it is, ``mean_change_of_movers`` is in points of the total,
    ``enterprises`` counts all that it affects, movers or not.
    """

    cause: str
    kind: str
    label: BilingualText
    first_cause: int
    movers: int
    mean_change_of_movers: float | None
    enterprises: int


class GroupLine(_Data):
    """The movers among the enterprises of a region, industry or scale; ``group`` is None if it is not known."""

    group: str | None
    enterprises: int
    movers: int
    better: int | None
    worse: int | None
    mean_score_before: float
    mean_score_after: float


class ImpactContent(_Data):
    """The effect of a change of policy; matrices have a row for each tier (regime) before, a column for each after."""

    before: PolicyName
    after: PolicyName
    as_of: date
    enterprises: int
    movers: int
    better: int | None
    worse: int | None
    mean_score_before: float
    mean_score_after: float
    tiers_before: tuple[tuple[str, BilingualText], ...]
    tiers_after: tuple[tuple[str, BilingualText], ...]
    migration: tuple[tuple[int, ...], ...]
    regimes: tuple[str, ...]
    regime_migration: tuple[tuple[int, ...], ...]
    causes: tuple[CauseLine, ...]
    groups: dict[str, tuple[GroupLine, ...]]


def group_text(by: str, group: str | None) -> str:
    """Return a group's label."""
    if group is None:
        return "— 不详 not known"
    if by == "scale" and group in SCALES:
        return f"{SCALES[group].zh} {SCALES[group].en}"
    return group


def impact_text(impact: ImpactContent) -> str:
    """Return an impact in Chinese and English, side by side."""
    moved = f"{impact.movers:,} / {impact.enterprises:,} ({impact.movers / impact.enterprises:.2%})"
    directions = (
        []
        if impact.better is None or impact.worse is None
        else [("等级上升 better", f"{impact.better:,}"), ("等级下降 worse", f"{impact.worse:,}")]
    )
    lines = [
        "评价办法变更的影响 · Impact of a change of policy",
        *aligned(
            [
                ("变更前 before", on_one_line(str(impact.before))),
                ("变更后 after", on_one_line(str(impact.after))),
                ("评价基准日 as of", str(impact.as_of)),
                ("等级改变的企业 movers", moved),
                *directions,
                ("平均总分 mean score", f"{impact.mean_score_before:.3f} → {impact.mean_score_after:.3f}"),
            ]
        ),
        "",
        "等级迁移（行：变更前；列：变更后） Migration (rows before, columns after)",
        *_matrix(
            [_both(label) for _, label in impact.tiers_before],
            [name for name, _ in impact.tiers_after],
            impact.migration,
        ),
    ]
    if any(n for i, row in enumerate(impact.regime_migration) for j, n in enumerate(row) if i != j):
        names = [f"{REGIMES[name].zh} {REGIMES[name].en}" for name in impact.regimes]
        lines += ["", "监管方式迁移 Regimes", *_matrix(names, list(impact.regimes), impact.regime_migration)]
    told = [cause for cause in impact.causes if cause.movers][:CAUSES_SHOWN]
    if told:
        lines += [
            "",
            "等级改变的原因（首要原因的企业数；涉及的等级改变企业数；其总分平均变化）",
            "Causes (movers of whom it is the first; movers on whom it tells; mean change of their total)",
            *aligned([(f"{_both(cause.label)} [{cause.cause}]", _counts(cause)) for cause in told]),
        ]
    for by, groups in impact.groups.items():
        if impact.movers:
            title = GROUPINGS[by]
            most = sorted(groups, key=lambda group: -group.movers)[:CAUSES_SHOWN]
            lines += [
                "",
                f"{title.zh} {title.en}",
                *aligned(
                    [
                        (
                            on_one_line(group_text(by, group.group)),
                            f"{group.movers:9,} / {group.enterprises:9,}  {group.movers / group.enterprises:7.2%}  "
                            f"{group.mean_score_before:.2f} → {group.mean_score_after:.2f}",
                        )
                        for group in most
                    ]
                ),
            ]
    return "\n".join(lines)


def _counts(cause: CauseLine) -> str:
    change = "" if not cause.mean_change_of_movers else f"  {cause.mean_change_of_movers:+9.3f}"
    return f"{cause.first_cause:9,}  {cause.movers:9,}{change}"


def _matrix(rows: list[str], columns: list[str], counts: tuple[tuple[int, ...], ...]) -> list[str]:
    width = max(9, *(len(name) for name in columns))
    cells = [("", "  ".join(f"{name:>{width}}" for name in columns))]
    cells += [(name, "  ".join(f"{count:{width},}" for count in row)) for name, row in zip(rows, counts, strict=True)]
    return aligned(cells)


def _both(text: BilingualText) -> str:
    return on_one_line(f"{text.zh} {text.en}")
