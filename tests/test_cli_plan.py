"""``creditrisk plan`` and ``creditrisk verify-draw``."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from tests.test_cli import DAY, INPUTS, SAMPLE, complaint, run

ITEMS = ("--items", str(cr.example_items()))
ENTERPRISES = ("--enterprises", str(SAMPLE.enterprises))
YEAR = ("--seed", "2026-07-01 08 15 23", "--year", "2026")


@pytest.fixture(scope="module")
def assessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assessed")
    assert run("assess", *INPUTS, *DAY, "--out", folder).exit_code == 0
    return folder


def test_a_plan_is_written_and_its_draws_verify(assessed: Path, tmp_path: Path) -> None:
    result = run("plan", assessed, *ITEMS, *YEAR, *ENTERPRISES, "--workbook", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "plan.xlsx").is_file() and "plan.xlsx" in result.stdout
    assert "年度检查计划 Inspection plan" in result.stdout
    visits = pl.read_parquet(tmp_path / "visits.parquet")
    assert visits["visit_id"].n_unique() == visits.height > 0
    lists = sorted(tmp_path.glob("draw-*.json"))
    assert len(lists) == 11
    for path in lists:
        frame = tmp_path / path.name.replace("draw-", "frame-").replace(".json", ".parquet")
        assert run("verify-draw", path).exit_code == 0
        assert run("verify-draw", path, "--frame", frame).exit_code == 0


def test_an_edited_draw_fails_its_verification(assessed: Path, tmp_path: Path) -> None:
    assert run("plan", assessed, *ITEMS, *YEAR, *ENTERPRISES, "--out", tmp_path).exit_code == 0
    path = tmp_path / "draw-safety.fire.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["drawn"][0][3] = 0.5
    path.write_text(json.dumps(data), encoding="utf-8")
    result = run("verify-draw", path)
    assert result.exit_code == 2
    assert "the random number differs" in result.stdout
    found = json.loads(run("verify-draw", path, "--json").stdout)
    assert found["holds"] is False
    assert "number" in {row["what"] for row in found["differences"]}


def test_the_next_plan_rests_those_of_the_last_and_takes_overrides(assessed: Path, tmp_path: Path) -> None:
    assert run("plan", assessed, *ITEMS, *YEAR, *ENTERPRISES, "--out", tmp_path / "2026").exit_code == 0
    enterprise = pl.read_parquet(assessed / "assessments.parquet").filter(tier="good", regime="tiered")["enterprise_id"]
    asked = pl.DataFrame({"enterprise_id": enterprise, "item": "safety.fire", "reason": "complaint", "note": "来信"})
    asked.write_csv(tmp_path / "overrides.csv")
    result = run(
        "plan", assessed, *ITEMS, "--seed", "2027", "--year", "2027", *ENTERPRISES, "--out", tmp_path / "2027",
        "--last-plan", tmp_path / "2026", "--overrides", tmp_path / "overrides.csv", "--annual-cap", "1", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["summary"]["visits_by_cause"]["override"] > 0
    visits = [
        pl.read_parquet(tmp_path / year / "visits.parquet").filter(cause="draw", tier="good")
        for year in ("2026", "2027")
    ]
    assert (
        not set(visits[0]["enterprise_id"])
        & set(visits[1].filter(joint_group="premises")["enterprise_id"])
        & set(visits[0].filter(joint_group="premises")["enterprise_id"])
    )


def test_a_seed_used_for_another_plan_is_one_clear_error(assessed: Path, tmp_path: Path) -> None:
    register = ("--seed-register", tmp_path / "seeds.jsonl", "--out", tmp_path / "plan")
    assert run("plan", assessed, *ITEMS, *YEAR, *ENTERPRISES, *register).exit_code == 0
    other = pl.read_parquet(assessed / "assessments.parquet").head(100)
    other.write_parquet(tmp_path / "other.parquet")
    said = complaint(run("plan", tmp_path / "other.parquet", *ITEMS, *YEAR, *ENTERPRISES, *register))
    assert "already used for other draws" in said


def test_items_of_the_authorities_named_are_planned_alone(assessed: Path, tmp_path: Path) -> None:
    names = sorted({one.authority for one in cr.read_items(cr.example_items())})[:2]
    chosen = [word for name in names for word in ("--authority", name)]
    assert run("plan", assessed, *ITEMS, *YEAR, *ENTERPRISES, *chosen, "--out", tmp_path).exit_code == 0
    visits = pl.read_parquet(tmp_path / "visits.parquet")
    assert set(visits["departments"].explode().drop_nulls()) == set(names)
    assert "authority" in pl.read_csv(tmp_path / "unmet.csv")["what"]


def test_overrides_are_read_as_other_tables_are(assessed: Path, tmp_path: Path) -> None:
    file = tmp_path / "overrides.csv"
    common = ("plan", assessed, *ITEMS, *YEAR, *ENTERPRISES, "--overrides", file, "--out", tmp_path / "plan")
    file.write_bytes("enterprise_id,item,reason,note\nX,safety.fire,complaint,来信\n".encode("gb18030"))
    assert run(*common).exit_code == 0
    assert "来信" in (tmp_path / "plan" / "overrides.csv").read_text(encoding="utf-8")
    file.write_text("enterprise_id,item,reason,note\nX,safety.fire,complaint,来信,急\n", encoding="utf-8")
    assert "row 1: it has 5 cells and the header 4" in complaint(run(*common))


def test_wrong_input_is_one_clear_error(assessed: Path, tmp_path: Path) -> None:
    assert "pass enterprises=" in complaint(run("plan", assessed, *ITEMS, *YEAR, "--out", tmp_path))
    said = complaint(run("plan", assessed, "--items", tmp_path / "none.yaml", *YEAR, "--out", tmp_path))
    assert "cannot be read" in said
    assert "cannot be read" in complaint(run("verify-draw", tmp_path / "none.json"))
