"""Every kind of saved result is one set with one account, and who reads it holds it against that account first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.evaluation.comparison import ScoreComparison
from creditrisk.files.account import PolicyUsed, RunAccount
from creditrisk.files.digests import sha256_of_file
from creditrisk.files.saved import finish_before_reading, read_saved
from creditrisk.inspection.fieldwork.results import record_results
from creditrisk.learning.studies.evaluating import ModelEvaluation
from creditrisk.learning.studies.outcomes import RateEstimate
from creditrisk.vocabulary import BilingualText
from tests.files.steps import content, states_between
from tests.inspection.conftest import item, plan_of, table_of

Save = Callable[[Path], object]

AS_OF = "2026-06-30"
KINDS = (
    "assessment", "impact", "plan", "assignment", "schedule", "recorded_results", "worth", "evaluation", "simulation",
    "model",
)  # fmt: skip


def evaluation(weighted: bool) -> ModelEvaluation:
    """What an evaluation says, without a model to evaluate."""
    table = pl.DataFrame({"rows": [3], "findings": [1]})
    figures = ScoreComparison(table, table)
    return ModelEvaluation(
        first_day=date(2026, 1, 1), last_day=date(2026, 6, 30), comparison=figures,
        weighted=figures if weighted else None, rate=RateEstimate(0.1, (0.0, 1.0), 0.1, (0.0, 1.0), 3, 1),
        reliability=table, gain=table, groups=table, tiers=table,
        policy=PolicyUsed(id="jiangsu", edition="2026", sha256="0"), model={"kind": "none"}, inputs={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def saves() -> dict[str, tuple[Save, Save]]:
    """For each kind how to save an older result and, with other files where it can have others, a newer one."""
    province = cr.simulate_province(60, 8.0, seed=7)
    tables = cr.read_enterprises(province.enterprises), cr.read_records(province.records)
    older, newer = (cr.assess(*tables, as_of=day, output="polars") for day in ("2026-05-31", AS_OF))
    editions = cr.load_policy("jiangsu", "2025-06-30"), cr.load_policy("jiangsu", AS_OF)
    impacts = [cr.policy_impact(*tables, before=editions[0], after=to, as_of=AS_OF, output="polars") for to in editions]
    table = table_of(40, region=["320102"] * 40)
    plans = [plan_of(table, [item(name) for name in names]) for names in ("ab", "bc")]
    staff = pl.DataFrame({"inspector_id": list("ABCDEF"), "department": [f"部门{name}" for name in "abcabc"]})
    assignments = [cr.assign_inspectors(plan, staff, seed="s", output="polars") for plan in plans]
    schedules = [cr.schedule_visits(p, first_day=AS_OF, last_day="2026-12-31", teams=1, output="polars") for p in plans]
    form = cr.results_form(plans[0], output="polars").head(2)
    recorded = [
        record_results(form.with_columns(inspected_on=pl.lit("2026-07-06"), outcome=pl.lit(one)), plans[0])
        for one in ("pass", "fail")
    ]
    worth = [cr.plan_worth(plans[0], table.select("enterprise_id", probability=pl.lit(one))) for one in (0.1, 0.2)]
    scorer = cr.load_model("reference").scorer
    names = [BilingualText(zh=name, en=name) for name in ("older", "newer")]
    pairs: dict[str, tuple[Save, Save]] = {
        "assessment": (lambda to: older.save(to, csv=True), newer.save),
        "impact": (lambda to: impacts[0].save(to, csv=True), impacts[1].save),
        "evaluation": (evaluation(weighted=True).save, evaluation(weighted=False).save),
        "simulation": (lambda to: province.write(to, "csv"), province.write),
        "model": (
            lambda to: cr.save_model(scorer, to, name=names[0]),
            lambda to: cr.save_model(scorer, to, name=names[1]),
        ),
    }
    for kind, results in (
        ("plan", plans), ("assignment", assignments), ("schedule", schedules), ("recorded_results", recorded),
        ("worth", worth),
    ):  # fmt: skip
        pairs[kind] = results[0].save, results[1].save
    return pairs


def read(folder: Path) -> Any:
    """A saved result as its reader sees it: the account, once every file was held against it."""
    finish_before_reading(folder)
    account = RunAccount.model_validate_json((folder / "run.json").read_bytes())
    if account.kind == "model":
        return cr.load_model(folder).manifest
    return read_saved(folder, account.kind, tuple(account.results), lambda *_: account.results, argument="x")


@pytest.mark.parametrize("kind", KINDS)
def test_the_account_names_every_file_with_its_digest(
    saves: dict[str, tuple[Save, Save]], kind: str, tmp_path: Path
) -> None:
    for save in saves[kind]:
        save(tmp_path / "out")
        account = RunAccount.model_validate_json((tmp_path / "out" / "run.json").read_bytes())
        assert account.kind == kind and account.format == 1 and {"creditrisk", "python"} <= set(account.versions)
        assert set(account.results) == set(content(tmp_path / "out")) - {"run.json"}
        assert account.differing(tmp_path / "out") == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", KINDS)
def test_between_any_two_steps_of_a_save_there_is_one_whole_result(
    saves: dict[str, tuple[Save, Save]], kind: str, tmp_path: Path
) -> None:
    older, newer = saves[kind]
    older(tmp_path / "out")
    was = read(tmp_path / "out")
    states = states_between(tmp_path / "out", tmp_path / "states", newer)
    now = read(tmp_path / "out")
    assert was != now and len(states) > 15
    found = []
    for number, state in enumerate(states):
        found.append(read(state))
        assert not list(state.glob(".*"))
        if number % 7 == 0:
            newer(state)
            assert read(state) == now
    assert [one == now for one in found] == sorted(one == now for one in found)
    assert all(one in (was, now) for one in found)


@pytest.fixture(scope="module")
def saved(saves: dict[str, tuple[Save, Save]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assessment, a plan and a model, each in the folder of its name."""
    folder = tmp_path_factory.mktemp("saved")
    for kind in ("assessment", "plan", "model"):
        saves[kind][1](folder / kind)
    return folder


STAFF = pl.DataFrame({"inspector_id": list("ABCD"), "department": ["部门b", "部门b", "部门c", "部门c"]})
FORM = pl.DataFrame({"visit_id": ["v"], "inspected_on": ["2026-07-06"], "outcome": ["pass"]})


def assessed_after(previous: Path) -> cr.Assessment:
    province = cr.simulate_province(60, 8.0, seed=7)
    return cr.assess(province.enterprises, province.records, as_of=AS_OF, previous=previous)


# What reads a saved result, of which kind, and from which file.
READERS: dict[str, tuple[str, str, Callable[[Path], Any]]] = {
    "plan": ("assessment", "assessments.parquet", lambda path: plan_of(path, [item("a")], policy=None)),
    "previous": ("assessment", "assessments.parquet", assessed_after),
    "last plan": ("plan", "visits.parquet", lambda path: plan_of(table_of(40), [item("b")], year=2027, last_plan=path)),
    "assign": ("plan", "visits.parquet", lambda path: cr.assign_inspectors(path, STAFF, seed="s")),
    "schedule": (
        "plan", "visits.parquet", lambda path: cr.schedule_visits(path, first_day=AS_OF, last_day="2026-12-31", teams=1)
    ),
    "form": ("plan", "visits.parquet", cr.results_form),
    "results": ("plan", "visits.parquet", lambda path: record_results(FORM, path)),
    "workbook": ("plan", "unmet.csv", lambda path: cr.write_plan_workbook(path, path.parent / "plan.xlsx")),
    "model": ("model", "booster.txt", cr.load_model),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_does_not_fit_its_account_is_refused_before_it_is_read(
    saved: Path, reader: str, tmp_path: Path
) -> None:
    kind, name, reads = READERS[reader]
    folder = Path(shutil.copytree(saved / kind, tmp_path / kind))
    reads(folder)
    damaged = bytearray((folder / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (folder / name).write_bytes(damaged)
    wrong = f"{name} is damaged or was altered" if kind == "model" else rf"{name} is not what run\.json .* Save the"
    with pytest.raises(cr.InputError, match=wrong):
        reads(folder)
    (folder / name).unlink()
    with pytest.raises(cr.InputError, match=f"lacks {name}" if kind == "model" else f"{name} is missing"):
        reads(folder)


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_without_its_account_or_with_that_of_another_is_refused(
    saved: Path, reader: str, tmp_path: Path
) -> None:
    kind, _, reads = READERS[reader]
    folder = Path(shutil.copytree(saved / kind, tmp_path / kind))
    (folder / "run.json").unlink()
    with pytest.raises(cr.InputError, match="lacks run" if kind == "model" else r"it has no run\.json"):
        reads(folder)
    other = "plan" if kind == "assessment" else "assessment"
    with pytest.raises(cr.InputError, match="no model bundle" if kind == "model" else f"another result: {other}"):
        reads(saved / other)


@pytest.mark.parametrize("reader", [one for one in READERS if one not in ("workbook", "model")])
def test_a_single_file_is_taken_as_it_is_where_no_account_names_it(saved: Path, reader: str, tmp_path: Path) -> None:
    kind, name, reads = READERS[reader]
    shutil.copy(saved / kind / name, tmp_path / "mine.parquet")
    reads(tmp_path / "mine.parquet")
    folder = Path(shutil.copytree(saved / kind, tmp_path / kind))
    reads(folder / name)
    pl.read_parquet(folder / name).head(3).write_parquet(folder / name)
    with pytest.raises(cr.InputError, match=rf"{name} is not what run\.json says"):
        reads(folder / name)


@pytest.mark.parametrize("kind", ["assessment", "plan", "model"])
def test_a_reader_finishes_a_save_that_was_killed_when_it_was_decided(
    saves: dict[str, tuple[Save, Save]], kind: str, tmp_path: Path
) -> None:
    saves[kind][0](tmp_path / "out")
    states = states_between(tmp_path / "out", tmp_path / "states", saves[kind][1])
    decided = [state for state in states if (state / ".creditrisk-complete").is_dir()]
    assert len(decided) > 5
    _, _, reads = READERS[{"assessment": "previous", "plan": "form", "model": "model"}[kind]]
    reads(decided[len(decided) // 2])
    assert read(decided[len(decided) // 2]) == read(tmp_path / "out")


def test_the_account_of_a_plan_leads_back_to_what_it_was_made_from(saved: Path, tmp_path: Path) -> None:
    items = cr.example_items()
    enterprises = cr.simulate_province(60, 8.0, seed=7).enterprises
    plan = cr.plan_inspections(
        saved / "assessment", items, seed="s", year=2026, enterprises=enterprises, last_plan=saved / "plan"
    )
    inputs = RunAccount.model_validate_json(plan.save(tmp_path)["run.json"].read_bytes()).inputs
    for name, file in (("assessments", "assessment/assessments.parquet"), ("last_plan", "plan/visits.parquet")):
        assert inputs[name].sha256 == {Path(file).name: sha256_of_file(saved / file)}
    assert inputs["items"].sha256 == {items.as_posix(): sha256_of_file(items)}
