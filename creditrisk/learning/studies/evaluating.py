"""Evaluation of a model on inspections after its training, compared with a policy's rules on the same inspections."""

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
        The first and last day of the window.
    comparison : ScoreComparison
        The figures of "model" and "rules" with intervals, and the paired differences.
    weighted : ScoreComparison or None
        The same on random draws, weighted by inverse draw probability; None if there are too few of them.
    rate : RateEstimate
        The rate of findings, plain and weighted.
    reliability, gain, groups : polars.DataFrame
        The tables of the model.
    tiers : polars.DataFrame
        The tier_table of "model" and of "rules", one after the other.
    policy, model, inputs : PolicyUsed, dict and dict of str to InputUsed
        The policy, model and inputs, for the account of the run.
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
        """Return every table by the name of its file."""
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
        """Return the evaluation as plain data for a manifest, without the points of the gain curve."""
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
        """Write every table as CSV and run.json into a folder; replace an evaluation there.

        The files appear together or not at all, even if the run is killed.

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
    """Evaluate a fitted model, and the rules, on inspections after its training.

    Parameters
    ----------
    scorer : ModelProtocol, ModelBundle, path or name
        The model; a saved one has the definitions of its indicators, its target, and its last day of training.
    enterprises, records : Enterprises and Records
    from_, to : date or ISO text
        The first day of the cohort, and the latest possible last day.
    every : str, default="3M"
        The step between these days. Each inspection counts once, as seen from the last of these days before it.
    target : Target, optional
        The target, which should be that of the training; the default is that of a saved model, else a serious violation
        at the next inspection within 12 months.
    policy : Policy or str, default="jiangsu"
        The policy whose rules are the reference, and whose indicators the model reads.
    learnt_until : date or ISO text, optional
        The last day of an outcome from which the model learnt; the default is that of a saved model, else the last day
        that its rows and the target allow. A model from :func:`creditrisk.wrap_classifier` has none.
    n_resamples, seed : int
        The options of the bootstrap over enterprises.

    Raises
    ------
    InputError
        If the window begins before the last outcome of the training, no enterprise in it was inspected, all inspections
        have the same outcome, or the policy defines an indicator differently from the training of a saved model.
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
    """Return each inspection once, as seen from the last day before it."""
    return found.drop_nulls("finding").unique(["enterprise_id", "inspected_on"], keep="last", maintain_order=True)


def _plain(value: Any) -> Any:
    """Return data for JSON: lists instead of tuples, and None instead of NaN."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return None if value != value else value


def last_day_learnt(scorer: Any, target: Target) -> date | None:
    """Return the last possible day of an outcome from which a model learnt; None if its rows had no days."""
    last = scorer.training_["to"] if isinstance(scorer, LearnedScorer) else None
    if last is None:
        return None
    return day_of(int(add_months(day_number(date.fromisoformat(last)), target.within_months)))


def _prefectures(region: pl.Series) -> pl.Series:
    """Replace county codes of GB/T 2260 by those of their prefectures, so that groups are large enough."""
    codes = region.cast(pl.String)
    return codes.str.slice(0, 4) + "00" if codes.str.contains(r"^\d{6}$").all() else codes
