"""Training of a model from records, and its evaluation on inspections after the training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sklearn.base import clone

from creditrisk.days import add_months, as_date, day_number, day_of
from creditrisk.errors import InputError
from creditrisk.indicators.built_in import built_in_indicators
from creditrisk.learning.bundles.manifest import TrainingCohort
from creditrisk.learning.scorers.boosted import BoostedScorer
from creditrisk.learning.scorers.scorer import LearnedScorer
from creditrisk.learning.studies.evaluating import ModelEvaluation, evaluate_model
from creditrisk.learning.studies.inspected import days_to_look_at, indicators_of
from creditrisk.learning.studies.outcomes import outcomes
from creditrisk.learning.target import Target
from creditrisk.policy.document import Policy
from creditrisk.policy.loading import load_policy
from creditrisk.records.tables import Enterprises, Records
from creditrisk.vocabulary import BilingualText

__all__ = ["TrainedModel", "train_model"]


@dataclass(frozen=True)
class TrainedModel:
    """A model and its origin.

    Attributes
    ----------
    scorer : fitted model
    policy : Policy
        The policy whose indicators it reads.
    cohort : TrainingCohort
    evaluation : ModelEvaluation or None
        The evaluation on inspections after its training; None if no window was requested.
    """

    scorer: LearnedScorer
    policy: Policy
    cohort: TrainingCohort
    evaluation: ModelEvaluation | None

    def __repr__(self) -> str:
        return f"<TrainedModel by {self.policy.id}@{self.policy.edition}: {self.scorer!r}>"


def train_model(
    enterprises: Enterprises,
    records: Records,
    *,
    from_: date | str,
    to: date | str,
    every: str = "3M",
    target: Target | None = None,
    test_from: date | str | None = None,
    test_to: date | str | None = None,
    policy: Policy | str = "jiangsu",
    scorer: LearnedScorer | None = None,
    categories: tuple[str, ...] = (),
    draws_only: bool = False,
    source: BilingualText | None = None,
    seed: int = 0,
) -> TrainedModel:
    """Train a model on what inspections found, and evaluate it on later ones.

    Parameters
    ----------
    enterprises, records : Enterprises and Records
    from_, to : date or ISO text
        The first day of the cohort, and the latest possible last day.
    every : str, default="3M"
        The step between these days.
    target : Target, optional
        The target; the default is a serious violation at the next inspection within 12 months.
    test_from, test_to : date or ISO text, optional
        The days of the evaluation. The default of the first is the day after which no outcome was learnt; without the
        last there is no evaluation. With ``test_from``, the training leaves out everything that became known later.
    policy : Policy or str, default="jiangsu"
        The policy that gives the indicators, and the rules for comparison.
    scorer : unfitted BoostedScorer or ScorecardScorer, optional
        A copy of it is fitted. It has the directions of the policy's indicators, unless it declares others.
    categories : tuple of str, default=()
        Columns of the enterprise that the model reads as well: industry, region, scale.
    draws_only : bool, default=False
        Whether to learn from random draws alone, weighted by inverse draw probability.
    source : BilingualText, optional
        The source of the records, for the manifest.
    seed : int, default=0
        The seed of the evaluation's bootstrap.

    Raises
    ------
    InputError
        If the windows overlap, or the first has nothing to learn from.
    """
    target = target or Target()
    first, last = as_date(from_, "from_"), as_date(to, "to")
    policy = load_policy(policy, last)
    until = day_of(int(add_months(day_number(last), target.within_months)))
    if test_from is not None:
        start = as_date(test_from, "test_from")
        if start <= last:
            raise InputError(
                f"the window to test on begins on {start}, and the training looks at enterprises up to {last}: "
                "let it begin later, or the training end earlier"
            )
        until = min(until, start)
    days = days_to_look_at(policy, enterprises, records, every=every, from_=first, to=last)
    rows = outcomes(records, days, target, draws_only=draws_only, known_by=until, output="polars")
    rows = rows.drop_nulls("finding")
    if rows["finding"].n_unique() < 2:
        raise InputError(
            f"of {days.height:,} rows from {first} to {last}, {rows.height:,} have an outcome"
            f"{' of a random draw' if draws_only else ''} and {int(rows['finding'].sum()):,} of these a finding: "
            "there is nothing to learn from. Take a longer window or another target"
        )
    columns = indicators_of(rows, days, policy, enterprises, records)
    columns = columns.select(name for name in columns.columns if columns[name].fill_nan(None).n_unique() > 1)
    if categories:
        known = rows.join(enterprises.data, on="enterprise_id", how="left", maintain_order="left")
        columns = columns.hstack(known.select(pl.col(name).cast(pl.String) for name in categories))
    scorer = _held_to(policy, columns.columns, scorer if scorer is not None else BoostedScorer()).fit(
        columns, rows["finding"].to_numpy(), as_of=rows["as_of"], groups=rows["enterprise_id"],
        sample_weight=rows["weight"].to_numpy() if draws_only else None,
    )  # fmt: skip
    learnt = TrainingCohort(
        source=source or BilingualText(zh="未说明", en="not said"),
        first_day=first,
        last_day=last,
        every=every,
        target=target,
        learnt_until=until,
        enterprises=rows["enterprise_id"].n_unique(),
        rows=rows.height,
        findings=int(rows["finding"].sum()),
        random_draws=rows.height - rows["draw_probability"].null_count(),
    )
    evaluation = None
    if test_to is not None:
        evaluation = evaluate_model(
            scorer, enterprises, records, from_=test_from if test_from is not None else until, to=test_to,
            every=every, target=target, policy=policy, learnt_until=until, seed=seed,
        )  # fmt: skip
    return TrainedModel(scorer, policy, learnt, evaluation)


def _held_to(policy: Policy, columns: Sequence[str], scorer: Any) -> Any:
    """Return a copy of a model that also knows the directions of the policy's own indicators."""
    known = {spec.id: spec.direction for spec in built_in_indicators()}
    own = {
        name: policy.specs[name].direction
        for name in columns
        if name in policy.specs and policy.specs[name].direction != known.get(name)
    }
    if not isinstance(scorer, LearnedScorer):
        raise InputError(
            f"a {type(scorer).__name__} is not trained here: give an unfitted BoostedScorer or ScorecardScorer, or fit "
            "it yourself and wrap it with creditrisk.wrap_classifier"
        )
    declared = own | dict(scorer.directions or {})
    return clone(scorer).set_params(directions=declared or None)
