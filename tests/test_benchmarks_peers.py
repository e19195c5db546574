"""The comparisons with peers: their statistics, and small runs without the peers that need a download."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from benchmarks import discrimination, scorecard
from benchmarks.discrimination import FOLDS, SWEPT_VALUES, DataSet
from benchmarks.peers import HELD


@pytest.fixture(scope="module")
def data() -> DataSet:
    """Findings that follow one indicator, and in its highest values fall again by chance."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"late": rng.uniform(size=300), "size": rng.uniform(size=300)})
    chance = np.where(X["late"] < 0.8, X["late"], 0.3)
    y = (rng.random(300) < chance).astype(np.int64)
    return DataSet("made up", X, y, np.arange(300), {"late": "risk_rises"})


def test_without_overlap_the_interval_is_that_of_the_t_test() -> None:
    differences = np.random.default_rng(1).normal(size=25)
    plain = ttest_1samp(differences, 0).confidence_interval()
    assert discrimination.corrected_interval(differences, 0) == pytest.approx(tuple(plain))


def test_overlap_of_training_sets_widens_the_interval() -> None:
    differences = np.random.default_rng(1).normal(size=25)
    plain, corrected = (np.diff(discrimination.corrected_interval(differences, share))[0] for share in (0, 1 / 4))
    assert corrected / plain == pytest.approx(np.sqrt((1 / 25 + 1 / 4) / (1 / 25)))


def test_a_sweep_counts_once_however_often_it_goes_against_the_direction() -> None:
    rising = np.arange(SWEPT_VALUES, dtype=float)
    saw = np.tile([0.0, 1.0], SWEPT_VALUES)[:SWEPT_VALUES]
    scores = np.concatenate([rising, -rising, saw, np.zeros(SWEPT_VALUES)])
    assert discrimination.violations(scores, np.array([1, 1, 1, 1])) == 0.5
    assert discrimination.violations(scores, np.array([1, -1, -1, -1])) == 0.25


def test_a_sweep_moves_one_indicator_alone(data: DataSet) -> None:
    swept, ways = discrimination.sweeps(data)
    late, size = (swept[name].to_numpy().reshape(len(ways), SWEPT_VALUES) for name in ("late", "size"))
    assert (np.diff(late, axis=1) >= 0).all()
    assert (size == size[:, :1]).all()


def test_a_peer_that_is_held_to_directions_keeps_them(data: DataSet, tmp_path: Path) -> None:
    results = discrimination.compare(data, [HELD], 1, tmp_path, Path(sys.executable))
    assert len(results) == FOLDS
    assert results["auc"].mean() > 0.55
    assert (results["against"] == 0).all()


def test_each_model_is_compared_with_the_best_peer_of_its_kind() -> None:
    mean = {"boosted": 0.8, "scorecard": 0.7, "lightgbm": 0.75, "optbinning": 0.6, "toad": 0.5}
    noise = np.random.default_rng(2).normal(scale=0.01, size=FOLDS)
    results = pd.DataFrame(
        [(model, 0, fold, auc + noise[fold], 0.0) for model, auc in mean.items() for fold in range(FOLDS)],
        columns=["model", "repeat", "fold", "auc", "against"],
    )
    lines = discrimination.table(results).set_index("model")
    assert lines["peer"].to_dict() == {
        "boosted": "lightgbm", "lightgbm": "lightgbm", "scorecard": "optbinning", "optbinning": "optbinning",
        "toad": "optbinning",
    }  # fmt: skip
    assert lines.loc["boosted", "difference"] == pytest.approx(0.05)


def test_models_without_a_peer_among_them_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["discrimination", "--models", "boosted", "scorecard"])
    with pytest.raises(SystemExit):
        discrimination.main()
    assert "name a peer to compare with" in capsys.readouterr().err


def test_a_small_run_times_the_scorecard_beside_a_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scorecard, "SCORECARDS", ("logistic_regression",))  # quick to start
    small = f"--rows 2000 --columns 4 --cache {tmp_path} --peers-python {sys.executable}"
    monkeypatch.setattr(sys, "argv", ["scorecard", *small.split()])
    scorecard.main()
    printed = capsys.readouterr().out
    assert "| ScorecardScorer |" in printed
    assert "| logistic_regression |" in printed
