"""The benchmark of draws and plans runs on few enterprises."""

from __future__ import annotations

import sys

import pytest

from benchmarks import draws


def test_a_small_run_measures_every_step(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(draws, "run", draws.measure)  # in this process, not in ones of their own
    monkeypatch.setattr(sys, "argv", ["draws", "--enterprises", "2000", "--items", "4", "--repeats", "1"])
    draws.main()
    printed = capsys.readouterr().out
    assert all(f"| {step} |" in printed for step in draws.STEPS)


def test_joint_items_make_fewer_visits_than_draws() -> None:
    plan = draws.measure("plan", 2_000, 4)
    assert 0 < plan["visits"] < plan["drawn"]
