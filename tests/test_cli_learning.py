"""``creditrisk train``, ``evaluate`` and ``assess --model``."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.policy.loading import policy_document
from tests.test_cli import DAY, INPUTS, complaint, run


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("province")
    cr.simulate_province(800, 20.0, seed=7).enterprises.write_parquet(folder / "enterprises.parquet")
    cr.simulate_province(800, 20.0, seed=7).records.write_parquet(folder / "records.parquet")
    return (
        "--enterprises", str(folder / "enterprises.parquet"), "--records", str(folder / "records.parquet"),
    )  # fmt: skip


TRAINING = ("--from", "2022-01-01", "--to", "2023-10-01", "--within", "6", "--severity", "general")


@pytest.fixture(scope="module")
def model(province: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model"
    result = run("train", *province, *TRAINING, "--test-to", "2025-10-01", "--categories", "--out", out)
    assert result.exit_code == 0, result.output
    assert "训练之后 after the training  AUC  模型 model  0." in result.stdout
    return out


def test_a_trained_model_has_its_cohort_and_its_card(model: Path) -> None:
    manifest = cr.load_model(model).manifest
    assert manifest.cohort is not None
    assert (str(manifest.cohort.first_day), str(manifest.cohort.learnt_until)) == ("2022-01-01", "2024-04-01")
    assert {"industry", "region", "scale"} <= set(manifest.columns)
    assert manifest.figures["inspections"] > 100
    assert (model / "model-card.html").exists()


def test_a_test_window_in_the_training_is_refused(province: tuple[str, ...], tmp_path: Path) -> None:
    asked = ("--test-from", "2023-10-01", "--test-to", "2025-10-01", "--out", tmp_path / "model")
    assert "the window to test on begins on 2023-10-01" in complaint(run("train", *province, *TRAINING, *asked))
    assert not (tmp_path / "model").exists()


def test_a_training_with_nothing_to_learn_from_is_one_clear_error(province: tuple[str, ...], tmp_path: Path) -> None:
    asked = ("--from", "2026-12-01", "--to", "2027-01-01", "--out", tmp_path / "model")
    assert "there is nothing to learn from" in complaint(run("train", *province, *asked))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--within", "1000000"), "--within"),
        (("--seed", "99999999999999"), "--seed"),
        (("--search-trials", "0"), "--search-trials"),
    ],
)
def test_a_number_out_of_range_is_said_before_anything_is_read(
    tmp_path: Path, asked: tuple[str, str], message: str
) -> None:
    files = ("--enterprises", "none.csv", "--records", "none.csv", "--from", "2022-01-01", "--to", "2023-10-01")
    result = run("train", *files, *asked, "--out", tmp_path / "model")
    assert result.exit_code == 2
    assert f"Invalid value for '{message}'" in result.stderr


def test_a_day_at_the_end_of_the_calendar_is_one_clear_error(province: tuple[str, ...], model: Path) -> None:
    window = ("--from", "2024-06-01", "--to", "9999-12-31")
    assert "days end with 9999-12-31" in complaint(run("evaluate", "--model", model, *province, *window))


def test_a_folder_of_something_else_is_said_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    files = ("--enterprises", "none.csv", "--records", "none.csv", *TRAINING)
    assert "holds something that is no model bundle" in complaint(run("train", *files, "--out", tmp_path))


def test_a_model_is_trained_into_the_working_folder_and_caveats_are_plain(
    province: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    few = ("--from", "2023-06-01", "--to", "2023-06-01", "--within", "2", "--severity", "minor")
    result = run("train", *province, *few, "--search-trials", "1", "--out", ".")
    assert result.exit_code == 0, result.output
    assert cr.load_model(tmp_path).scorer.search_trials == 1
    assert all(line.startswith("warning: ") for line in result.stderr.splitlines())
    assert "which the model cannot use" in result.stderr or "too few rows" in result.stderr


def test_the_same_training_gives_the_same_files(province: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run("train", *province, *TRAINING, "--additive", "--out", tmp_path / name).exit_code == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_model_is_evaluated_after_its_training(province: tuple[str, ...], model: Path, tmp_path: Path) -> None:
    window = ("--from", "2024-06-01", "--to", "2025-10-01")
    result = run("evaluate", "--model", model, *province, *window, "--out", tmp_path / "evaluation")
    assert result.exit_code == 0, result.output
    assert "模型减规则 Model less rules" in result.stdout
    written = pl.read_csv(tmp_path / "evaluation" / "figures.csv")
    said = json.loads(run("evaluate", "--model", model, *province, *window, "--json").stdout)
    assert [row["value"] for row in said["figures"]] == pytest.approx(written["value"].to_list())


def test_an_evaluation_where_the_model_learnt_is_refused(province: tuple[str, ...], model: Path) -> None:
    window = ("--from", "2024-03-31", "--to", "2025-10-01")
    assert "begin on 2024-04-01 or later" in complaint(run("evaluate", "--model", model, *province, *window))


def test_an_evaluation_by_other_definitions_than_those_of_the_training_is_refused(
    province: tuple[str, ...], model: Path, tmp_path: Path
) -> None:
    spec = next(spec for spec in cr.load_model(model).manifest.indicators if spec.window_months and not spec.per)
    other = spec.model_copy(update={"window_months": 7}).model_dump_json(exclude_defaults=True)
    document = policy_document("jiangsu", "2024-06-01").decode()
    (tmp_path / "policy.yaml").write_text(
        document.replace("\nrules:\n", f"\nindicators: [{other}]\nrules:\n"), encoding="utf-8"
    )
    window = ("--from", "2024-06-01", "--to", "2025-10-01", "--policy", tmp_path / "policy.yaml")
    said = complaint(run("evaluate", "--model", model, *province, *window))
    assert "otherwise than it was when the model was trained" in said


def test_an_assessment_with_a_model_writes_where_it_and_the_rules_part(model: Path, tmp_path: Path) -> None:
    result = run("assess", *INPUTS, *DAY, "--out", tmp_path, "--model", model, "--combine", "rules_with_model")
    assert result.exit_code == 0, result.output
    assert "规则与模型不一致 rules and model disagree" in result.stdout
    assert pl.read_parquet(tmp_path / "disagreements.parquet").height > 0
    assert "tier_by_model" in pl.read_parquet(tmp_path / "assessments.parquet").columns


def test_a_model_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    said = complaint(run("assess", *INPUTS, *DAY, "--out", tmp_path / "out", "--model", tmp_path / "none"))
    assert said.startswith("there is no model bundle at")
    said = complaint(run("assess", *INPUTS, *DAY, "--out", tmp_path / "out", "--combine", "model"))
    assert "needs a model" in said
