"""How a model did on inspections after its training, beside the rules of a policy on the same inspections."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from creditrisk.days import add_months, as_date, day_number, day_of
from creditrisk.errors import InputError
from creditrisk.evaluation.comparison import ScoreComparison, compare_scores
from creditrisk.evaluation.tables import gain_table, group_table, reliability_table, tier_table
from creditrisk.files.account import InputUsed, PolicyUsed, RunAccount
from creditrisk.files.spreadsheets import write_spreadsheet
from creditrisk.files.together import write_set
from creditrisk.frames import shown_with
from creditrisk.learning.bundles.bundle import load_model
from creditrisk.learning.bundles.manifest import ModelBundle
from creditrisk.learning.scorers.scorer import LearnedScorer
from creditrisk.learning.studies.inspected import days_to_look_at, indicators_of
from creditrisk.learning.studies.outcomes import RateEstimate, estimate_rate, outcomes
from creditrisk.learning.target import Target
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.records.tables import Enterprises, Records
from creditrisk.scoring.model_protocol import ModelProtocol, indicators_read
from creditrisk.scoring.rule_scorer import RuleScorer

__all__ = ["ModelEvaluation", "evaluate_model", "last_day_learnt"]

_GROUPS = ("region", "scale", "industry")


@dataclass(frozen=True)
class ModelEvaluation:
    """A model and the rules on the same inspections.

    Attributes
    ----------
    first_day, last_day : datetime.date
        Of the window.
    comparison : ScoreComparison
        Figures of "model" and "rules" with intervals, and the paired differences.
    weighted : ScoreComparison or None
        The same on random draws, weighted by inverse draw probability; None where there are too few of them.
    rate : RateEstimate
        How often there was a finding, plainly and weighted.
    reliability, gain, groups : polars.DataFrame
        Of the model.
    tiers : polars.DataFrame
        tier_table of "model" and "rules", one under the other.
    policy, model, inputs : PolicyUsed, dict and dict of str to InputUsed
        What it was made by and from, for the account of the run.
    """

    first_day: date
    last_day: date
    comparison: ScoreComparison[pl.DataFrame]
    weighted: ScoreComparison[pl.DataFrame] | None
    rate: RateEstimate
    reliability: pl.DataFrame
    gain: pl.DataFrame
    groups: pl.DataFrame
    tiers: pl.DataFrame
    policy: PolicyUsed
    model: dict[str, Any]
    inputs: dict[str, InputUsed]

    def __repr__(self) -> str:
        return (
            f"<ModelEvaluation from {self.first_day} to {self.last_day}: {self.rate.n_inspected:,} inspections, "
            f"{len(self.tables())} tables>"
        )

    def _repr_html_(self) -> str:
        return shown_with(self, self.comparison.figures)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Every table by the name of its file."""
        weighted = {} if self.weighted is None else {
            "weighted_figures": self.weighted.figures, "weighted_differences": self.weighted.differences
        }  # fmt: skip
        return {
            "figures": self.comparison.figures,
            "differences": self.comparison.differences,
            **weighted,
            "reliability": self.reliability,
            "gain": self.gain,
            "groups": self.groups,
            "tiers": self.tiers,
        }

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as plain data, without the points of the gain curve: what a manifest keeps."""
        rate = {name: _plain(value) for name, value in asdict(self.rate).items()}
        tables = {name: table.fill_nan(None).to_dicts() for name, table in self.tables().items() if name != "gain"}
        figures = self.comparison.figures
        return {
            "from": self.first_day.isoformat(),
            "to": self.last_day.isoformat(),
            "inspections": int(figures["rows"][0]),
            "findings": int(figures["findings"][0]),
            "rate": rate,
            **tables,
        }

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write every table as CSV and run.json into a folder, in place of an evaluation that is there.

        The files appear together or not at all, whatever kills the run.

        Raises
        ------
        OutputError
            If the folder cannot be written to, or holds another result or files that would be lost.
        """

        def writer(table: pl.DataFrame) -> Callable[[Path], object]:
            return lambda path: write_spreadsheet(table, path)

        files = {f"{name}.csv": writer(table) for name, table in self.tables().items()}
        figures = self.comparison.figures
        account = RunAccount(
            kind="evaluation",
            policy=self.policy,
            model=self.model,
            inputs=self.inputs,
            counts={"inspections": int(figures["rows"][0]), "findings": int(figures["findings"][0])},
            summary={"from": self.first_day.isoformat(), "to": self.last_day.isoformat()},
        )
        return write_set(folder, files, account)


def evaluate_model(
    scorer: ModelProtocol | ModelBundle | str | os.PathLike[str],
    enterprises: Enterprises,
    records: Records,
    *,
    from_: date | str,
    to: date | str,
    every: str = "3M",
    target: Target | None = None,
    policy: Policy | str = "jiangsu",
    learnt_until: date | str | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
) -> ModelEvaluation:
    """Evaluate a fitted model on inspections after its training, and the rules beside it.

    Parameters
    ----------
    scorer : ModelProtocol, ModelBundle, path or name
        A saved one is held to the definitions of its indicators, and says its target and what it learnt until.
    enterprises, records : Enterprises and Records
    from_, to : date or ISO text
        First day on which enterprises are looked at, and the last that may be one.
    every : str, default="3M"
        Between these days. Each inspection counts once, seen from the last of these days before it.
    target : Target, optional
        By default that of a saved model, else a serious violation at the next inspection within 12 months. It should
        be that of the training.
    policy : Policy or str, default="jiangsu"
        Its rules are the reference, and its indicators those of the model.
    learnt_until : date or ISO text, optional
        The last day of an outcome that the model learnt from; by default what a saved model says, else the last day
        that its rows and the target allow. What :func:`creditrisk.wrap_classifier` gives knows none.
    n_resamples, seed : int
        Of the bootstrap over enterprises.

    Raises
    ------
    InputError
        If the window begins before the model had learnt its last outcome, no enterprise in it was inspected, all
        inspections ended alike, or the policy defines an indicator otherwise than the training of a saved model did.
    """
    bundle = load_model(scorer) if isinstance(scorer, str | os.PathLike) else scorer
    model = bundle.scorer if isinstance(bundle, ModelBundle) else bundle
    if isinstance(bundle, ModelBundle):
        target = target or bundle.target
        learnt_until = learnt_until if learnt_until is not None else bundle.learnt_until
    target = target or Target()
    learnt_until = None if learnt_until is None else as_date(learnt_until, "learnt_until")
    first = as_date(from_, "from_")
    if learnt_until is None and not isinstance(model, LearnedScorer):
        raise InputError(
            f"a {type(model).__name__} does not say until when it learnt, and a test on what it learnt from says "
            "nothing: give learnt_until=, the last day of an outcome that it was fitted to"
        )
    last = learnt_until if learnt_until is not None else last_day_learnt(model, target)
    if last is not None and first < last:
        raise InputError(
            f"the window to test on begins on {first}, and the model may have learnt from inspections up to {last}: "
            f"begin on {last} or later, or train on earlier days"
        )
    policy = load_policy(policy, first)
    if isinstance(bundle, ModelBundle):
        bundle.check_indicators(policy)
    days = days_to_look_at(policy, enterprises, records, every=every, from_=first, to=as_date(to, "to"))
    if not days.height:
        raise InputError(f"there is no enterprise to look at from {first} to {to}")
    inspected, drawn = (
        _inspections(outcomes(records, days, target, draws_only=draws_only, output="polars"))
        for draws_only in (False, True)
    )
    if inspected["finding"].n_unique() < 2:
        raise InputError(
            f"{inspected.height:,} inspections from {first} to {to} came in time, and "
            f"{int(inspected['finding'].sum()):,} had a finding: there is nothing to compare by. Take a longer window"
        )
    rows = pl.concat([inspected.with_columns(weight=pl.lit(None, pl.Float64)), drawn])
    wanted = tuple(dict.fromkeys((*policy.indicators_used, *indicators_read(model, policy))))
    indicators = indicators_of(rows, days, policy, enterprises, records, wanted)
    known = rows.join(enterprises.data, on="enterprise_id", how="left", maintain_order="left").with_columns(
        pl.col("scale").cast(pl.String)
    )
    districts = known.with_columns(region=_prefectures(known["region"])).head(inspected.height)
    columns = pl.concat([indicators, known.select(set(known.columns) - set(indicators.columns))], how="horizontal")
    rules = RuleScorer(policy).fit()
    scores = {"model": model.predict_proba(columns)[:, 1], "rules": rules.decision_function(indicators)}
    tiers = {"model": model.predict_tier(columns), "rules": rules.predict(indicators)}

    def compare(part: pl.DataFrame, places: slice, weight: str | None = None) -> ScoreComparison[pl.DataFrame]:
        return compare_scores(
            part, {name: score[places] for name, score in scores.items()}, weight=weight, reference="rules",
            n_resamples=n_resamples, seed=seed, output="polars",
        )  # fmt: skip

    of_inspected, of_drawn = slice(inspected.height), slice(inspected.height, None)
    probability = scores["model"][of_inspected]
    return ModelEvaluation(
        first_day=first,
        last_day=as_date(to, "to"),
        comparison=compare(inspected, of_inspected),
        weighted=compare(drawn, of_drawn, "weight") if drawn["finding"].n_unique() == 2 else None,
        rate=estimate_rate(inspected, drawn),
        reliability=reliability_table(inspected, probability, output="polars"),
        gain=gain_table(inspected, probability, output="polars"),
        groups=group_table(districts, probability, _GROUPS, seed=seed, output="polars"),
        tiers=pl.concat(
            tier_table(inspected, tier[of_inspected], output="polars").select(pl.lit(by).alias("by"), pl.all())
            for by, tier in tiers.items()
        ),
        policy=policy.used,
        model={"kind": type(model).__name__}
        | ({"sha256": bundle.manifest.sha256} if isinstance(bundle, ModelBundle) else {}),
        inputs={"enterprises": enterprises.report.used, "records": records.report.used},
    )


def _inspections(found: pl.DataFrame) -> pl.DataFrame:
    """Each inspection once, seen from the last day before it."""
    return found.drop_nulls("finding").unique(["enterprise_id", "inspected_on"], keep="last", maintain_order=True)


def _plain(value: Any) -> Any:
    """As JSON knows it: lists, and nothing for what is no number."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return None if value != value else value


def last_day_learnt(scorer: Any, target: Target) -> date | None:
    """The last day on which an outcome can lie that a model learnt from; None where its rows had no days."""
    last = scorer.training_["to"] if isinstance(scorer, LearnedScorer) else None
    if last is None:
        return None
    return day_of(int(add_months(day_number(date.fromisoformat(last)), target.within_months)))


def _prefectures(region: pl.Series) -> pl.Series:
    """County codes of GB/T 2260 as those of their prefectures, so that groups are large enough to say something."""
    codes = region.cast(pl.String)
    return codes.str.slice(0, 4) + "00" if codes.str.contains(r"^\d{6}$").all() else codes
