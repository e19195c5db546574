"""The ways up in Chinese and English words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from creditrisk.assessing.what_if.event_days import HORIZON_YEARS
from creditrisk.assessing.what_if.scenarios import Addition
from creditrisk.assessing.what_if.search import Way
from creditrisk.policy.document import Policy
from creditrisk.vocabulary import DIMENSIONS, BilingualText

__all__ = ["action_text", "obstacle_text", "way_text"]


@cache
def action_text(addition: Addition) -> BilingualText:
    """Return an action in words."""
    dimension = DIMENSIONS[addition.dimension]
    if addition.type == "inspection":
        # If the policy does not distinguish dimensions, the first one means any dimension.
        where = ("", "") if addition.dimension == "compliance" else (f"（{dimension.zh}）", f" ({dimension.en})")
        return BilingualText(zh=f"一次合格的行政检查{where[0]}", en=f"one inspection passed{where[1]}")
    return BilingualText(zh=f"履行一项信用承诺（{dimension.zh}）", en=f"one commitment kept ({dimension.en})")


def obstacle_text(policy: Policy, name: str) -> BilingualText:
    """Return, in words, the obstacle that holds a tier down after all actions."""
    if name == "limits_on_change":
        return BilingualText(zh="等级变动限制", en="the limits on change")
    return next(bound.reason for bound in policy.bounds if bound.id == name)


def way_text(policy: Policy, way: Way, tier: int, record_ids: Sequence[str]) -> BilingualText:
    """Return a way up in words.

    Parameters
    ----------
    policy : Policy
    way : Way
    tier : int
        The tier that the enterprise has, as a position in ``policy.tiers``.
    record_ids : sequence of str
        The ids of the records to repair.
    """
    zh, en = [], []
    if way.reachable:
        label = policy.tiers[way.tier].label
        done = [BilingualText(zh=f"修复记录{one}", en=f"repair record {one}") for one in record_ids]
        done += [action_text(one) for one in way.additions]
        zh.append(f"今日即可升至「{label.zh}」：" + "、".join(one.zh for one in done))
        en.append(f"'{label.en}' today by: " + "; ".join(one.en for one in done))
        if not way.proved:
            zh.append("未能证明没有更少的办法")
            en.append("that nothing less would do was not proved")
    else:
        reasons = [obstacle_text(policy, name) for name in way.in_the_way]
        reasons = reasons or [BilingualText(zh="总分仍不足", en="the score stays too low")]
        zh.append("今日采取全部可行措施仍不能升级，因为" + "、".join(one.zh for one in reasons))
        en.append("not by any action today, because: " + "; ".join(one.en for one in reasons))
    label = policy.tiers[tier].label
    if way.by_time is not None:
        zh.append(f"若无新的记录，仅随时间推移，{way.by_time}起优于「{label.zh}」")
        en.append(f"by the passing of time alone, better than '{label.en}' from {way.by_time} on")
    else:
        zh.append(f"仅随时间推移，{HORIZON_YEARS}年内不会升级")
        en.append(f"not by the passing of time alone within {HORIZON_YEARS} years")
    return BilingualText(zh="；".join(zh), en="; ".join(en))
