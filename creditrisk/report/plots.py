"""Plots of an assessment, with labels in Chinese or English; Matplotlib is imported when one is drawn.

They need the extra ``creditrisk[notebooks]``, which brings Matplotlib and a font with Chinese glyphs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, assert_never, get_args

import numpy as np

from creditrisk.errors import CreditRiskError, InputError
from creditrisk.policy.document import Policy
from creditrisk.policy.tiers import Above, AllOthers, AtLeast, ByConditionOnly, Share
from creditrisk.scoring.scores import POINT_UNIT, TOTAL_UNIT, Scores
from creditrisk.scoring.tiering import Tiering
from creditrisk.vocabulary import DIMENSIONS, BilingualText

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["plot_scores", "plot_tiers", "use_chinese_font"]

Language = Literal["zh", "en"]

# The causes that put an enterprise into its tier, the plain case first.
_BY = {
    "score": BilingualText(zh="按得分", en="by score"),
    "thin_evidence": BilingualText(zh="证据不足", en="thin evidence"),
    "veto": BilingualText(zh="一票否决", en="veto"),
}
_SHADES = {"score": 1.0, "thin_evidence": 0.6, "veto": 0.3}
_ENTERPRISES = BilingualText(zh="企业数", en="Enterprises")
_TOTAL = BilingualText(zh="总分", en="Total score")
_TIER = BilingualText(zh="信用等级", en="Tier")


def use_chinese_font() -> str:
    """Let Matplotlib set text in Noto Sans SC for the rest of the session; call it before you make a figure.

    The font is a file of an installed package; nothing is downloaded, and the system's fonts are not needed.

    Returns
    -------
    str
        The name of the font.

    Raises
    ------
    CreditRiskError
        If the extra ``creditrisk[notebooks]`` is not installed.

    Examples
    --------
    >>> use_chinese_font()
    'Noto Sans SC'
    """
    try:
        import matplotlib
        from matplotlib import font_manager
        from pylopdf_fonts_zh_cn import sans_path
    except ImportError as error:
        raise CreditRiskError(f"plots need pip install 'creditrisk[notebooks]': {error}") from error
    path = str(sans_path())
    if all(font.fname != path for font in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(path)
    name = font_manager.FontProperties(fname=path).get_name()
    matplotlib.rcParams["font.family"] = [name, "DejaVu Sans"]
    return name


class Scored(Protocol):
    """The parts of a computed assessment that the plots read."""

    @property
    def policy(self) -> Policy: ...
    @property
    def scores(self) -> Scores: ...
    @property
    def tiering(self) -> Tiering: ...


class _Assessment(Protocol):
    @property
    def assessed(self) -> Scored: ...


def plot_tiers(assessment: _Assessment, *, language: Language = "zh", ax: Axes | None = None) -> Axes:
    """Plot the number of enterprises in each tier, and whether score, thin evidence or a veto put them there.

    Parameters
    ----------
    assessment : Assessment
    language : {"zh", "en"}
        In Chinese, :func:`use_chinese_font` is called first.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; the default is a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the language is not one of the two.
    CreditRiskError
        If the extra ``creditrisk[notebooks]`` is not installed.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    >>> plot_tiers(assessment, language="en").get_xlabel()
    'Enterprises'
    """
    ax = _axes(ax, language)
    from matplotlib.patches import Patch

    policy, tiering = assessment.assessed.policy, assessment.assessed.tiering
    n_tiers = len(policy.tiers)
    positions = {tier.id: position for position, tier in enumerate(policy.tiers)}
    # If a bound names the enterprise's tier and the score alone gave a better one, the bound is the cause; a veto
    # takes precedence over thin evidence.
    by = np.full(len(tiering.tier), "score", dtype=object)
    for kind, bounds in (("thin_evidence", policy.thin_evidence), ("veto", policy.vetoes)):
        for bound in bounds:
            held = tiering.met[bound.id] & (tiering.tier == positions[bound.tier])
            by[held & (tiering.by_score < tiering.tier)] = kind
    start = np.zeros(n_tiers, dtype=np.int64)
    for kind, label in _BY.items():
        count = np.bincount(tiering.tier[by == kind], minlength=n_tiers)
        colours = [(*colour[:3], _SHADES[kind]) for colour in _colours(n_tiers)]
        ax.barh(range(n_tiers), count, left=start, color=colours, label=getattr(label, language))
        start += count
    ax.set_yticks(range(n_tiers), [getattr(tier.label, language) for tier in policy.tiers])
    ax.invert_yaxis()
    for position, whole in enumerate(start.tolist()):
        ax.annotate(f"{whole:,}", (whole, position), xytext=(4, 0), textcoords="offset points", va="center")
    ax.margins(x=0.12)
    ax.set_xlabel(getattr(_ENTERPRISES, language))
    # The tiers differ in colour, so the legend shows only the shades.
    key = [Patch(color=(0.3, 0.3, 0.3, _SHADES[kind]), label=getattr(label, language)) for kind, label in _BY.items()]
    ax.legend(handles=key, loc="lower right", frameon=False)
    return _finished(ax, language)


def plot_scores(
    assessment: _Assessment, dimension: str | None = None, *, language: Language = "zh", ax: Axes | None = None
) -> Axes:
    """Plot the distribution of the total score, or of one dimension's score, by tier.

    Parameters
    ----------
    assessment : Assessment
    dimension : str, optional
        A dimension that the policy scores; the default is the total, with the cut-offs of the tiers that have one.
    language : {"zh", "en"}
        In Chinese, :func:`use_chinese_font` is called first.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; the default is a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the policy does not score the dimension.

    Examples
    --------
    >>> import creditrisk as cr
    >>> paths = cr.sample_paths()
    >>> assessment = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30")
    >>> plot_scores(assessment, "safety", language="en").get_xlabel()
    'Score for work safety'
    """
    policy, scores = assessment.assessed.policy, assessment.assessed.scores
    if dimension is None:
        values, label = scores.total / TOTAL_UNIT, getattr(_TOTAL, language)
    elif dimension in scores.dimensions:
        values, name = scores.dimensions[dimension] / POINT_UNIT, DIMENSIONS[dimension]
        label = f"{name.zh}得分" if language == "zh" else f"Score for {name.en}"
    else:
        raise InputError(f"policy {policy.id} scores {', '.join(scores.dimensions)}, not {dimension!r}")
    ax = _axes(ax, language)
    lowest = np.floor(values.min())
    edges = np.linspace(lowest, max(np.ceil(values.max()), lowest + 1), 41).tolist()
    for position, (tier, colour) in enumerate(zip(policy.tiers, _colours(len(policy.tiers)), strict=True)):
        mine = values[assessment.assessed.tiering.tier == position]
        ax.hist(mine, edges, color=colour, alpha=0.55, histtype="stepfilled", label=getattr(tier.label, language))
    # Most enterprises have hardly any record, so few scores are far from the base: a logarithmic scale shows them.
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    if dimension is None:
        for tier in policy.tiers:
            match tier.cut_off:
                case AtLeast(points) | Above(points):
                    ax.axvline(points, color="black", linewidth=0.8, linestyle="--")
                case Share() | ByConditionOnly() | AllOthers():
                    pass
                case unknown:
                    assert_never(unknown)
    ax.set_xlabel(label)
    ax.set_ylabel(getattr(_ENTERPRISES, language))
    ax.legend(title=getattr(_TIER, language), loc="upper left", frameon=False)
    return _finished(ax, language)


def _axes(ax: Axes | None, language: str) -> Axes:
    if language not in get_args(Language):
        raise InputError(f"language must be one of {', '.join(get_args(Language))}, got {language!r}")
    if language == "zh":
        use_chinese_font()
    if ax is not None:
        return ax
    try:
        from matplotlib.pyplot import subplots
    except ImportError as error:
        raise CreditRiskError(f"plots need pip install 'creditrisk[notebooks]': {error}") from error
    return subplots(figsize=(7, 3.2), layout="constrained")[1]


def _finished(ax: Axes, language: Language) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    if language == "zh":
        # Text made before the font was chosen, such as on axes given by the user, would keep the old font.
        family = _families()
        legend = ax.get_legend()
        texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        texts += [legend.get_title(), *legend.get_texts()] if legend is not None else []
        for text in texts:
            text.set_fontfamily(family)
        ax.tick_params(axis="both", which="both", labelfontfamily=family)
    return ax


def _families() -> list[str]:
    from matplotlib import rcParams

    return list(rcParams["font.family"])


def _colours(number: int) -> list[tuple[float, float, float, float]]:
    """Return colours from blue (the best tier) over amber to red; people with red-green blindness can tell them."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("tiers", ["#2f5d9b", "#e0a93b", "#a81e2b"])
    return [tuple(colour) for colour in colours(np.linspace(0, 1, number))]
