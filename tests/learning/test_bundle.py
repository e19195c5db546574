"""Models kept in folders: the same predictions to the last bit, and nothing built from what was altered."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import polars as pl
import pytest

import creditrisk as cr
from tests.learning.conftest import Rows, frame_with_categories, unfitted

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("which", ["scorer", "additive", "with_categories"])
def test_a_loaded_model_predicts_the_same_to_the_last_bit(
    which: str, rows: Rows, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(which)
    X = frame_with_categories(rows) if which == "with_categories" else rows.X
    cr.save_model(model, tmp_path / which)
    again = cr.load_model(tmp_path / which).scorer
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    assert (again.predict_tier(X) == model.predict_tier(X)).all()
    assert again.reasons(X[:50], output="polars").equals(model.reasons(X[:50], output="polars"))


def test_the_manifest_says_what_it_is(scorer: cr.BoostedScorer, kept: Path) -> None:
    manifest = cr.load_model(kept).manifest
    assert manifest.columns == tuple(scorer.feature_names_in_)
    assert [spec.id for spec in manifest.indicators] == list(manifest.columns)
    assert {"lightgbm", "numpy", "python", "creditrisk"} <= set(manifest.versions)
    for name, digest in manifest.parts.items():
        assert hashlib.sha256((kept / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", ["booster.txt", "scorer.json", "manifest.json", "model-card.md", "model-card.html"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_bit_is_refused(kept: Path, name: str, place: float) -> None:
    content = bytearray((kept / name).read_bytes())
    content[int(len(content) * place)] ^= 1
    (kept / name).write_bytes(content)
    with pytest.raises(cr.InputError, match=f"{name}.* is damaged or was altered"):
        cr.load_model(kept)


def test_the_list_of_digests_is_checked_as_well(kept: Path) -> None:
    whole = (kept / "SHA256SUMS").read_bytes()
    for place in range(0, len(whole), 7):
        (kept / "SHA256SUMS").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(cr.InputError, match="SHA256SUMS is damaged or was altered"):
            cr.load_model(kept)


def test_the_card_of_another_model_is_refused(kept: Path, additive: cr.BoostedScorer, tmp_path: Path) -> None:
    cr.save_model(additive, tmp_path / "other")
    for name in ("model-card.md", "model-card.html", "SHA256SUMS"):
        shutil.copy(tmp_path / "other" / name, kept / name)
    with pytest.raises(cr.InputError, match="SHA256SUMS is damaged or was altered"):
        cr.load_model(kept)


def test_a_strange_file_or_folder_is_refused(kept: Path) -> None:
    (kept / "extra.pkl").write_bytes(b"cos\nsystem\n")
    with pytest.raises(cr.InputError, match=r"extra\.pkl does not belong"):
        cr.load_model(kept)
    (kept / "extra.pkl").unlink()
    (kept / "old").mkdir()
    with pytest.raises(cr.InputError, match=r"the folder .*old does not belong"):
        cr.load_model(kept)
    (kept / "old").rmdir()


@pytest.mark.parametrize("name", ["booster.txt", "model-card.html", "SHA256SUMS"])
def test_a_missing_file_is_refused(kept: Path, name: str) -> None:
    (kept / name).unlink()
    with pytest.raises(cr.InputError, match=f"lacks {name}"):
        cr.load_model(kept)


def test_no_bundle_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(cr.InputError, match="there is no model bundle at"):
        cr.load_model(tmp_path / "nowhere")
    with pytest.raises(cr.InputError, match=r"it has no manifest\.json"):
        cr.load_model(tmp_path)


def test_a_bundle_is_replaced_whole_and_other_folders_are_left_alone(
    additive: cr.BoostedScorer, kept: Path, tmp_path: Path
) -> None:
    cr.save_model(additive, kept)
    assert "booster.txt" not in {path.name for path in kept.iterdir()}
    assert cr.load_model(kept).scorer.additive
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(cr.InputError, match="holds something that is no model bundle"):
        cr.save_model(additive, tmp_path / "papers")
    assert (tmp_path / "papers" / "thesis.txt").read_text(encoding="utf-8") == "mine"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_with_a_manifest_of_something_else_is_left_alone(additive: cr.BoostedScorer, tmp_path: Path) -> None:
    extension = tmp_path / "extension"
    (extension / "src").mkdir(parents=True)
    (extension / "manifest.json").write_text('{"manifest_version": 3}', encoding="utf-8")
    (extension / "src" / "background.js").write_text("mine", encoding="utf-8")
    before = content(extension)
    with pytest.raises(cr.InputError, match="extension holds something that is no model bundle: name another folder"):
        cr.save_model(additive, extension)
    assert content(extension) == before


@pytest.mark.parametrize("name", ["notes.txt", ".gitignore"])
def test_what_was_put_into_a_bundle_is_not_deleted_with_it(additive: cr.BoostedScorer, kept: Path, name: str) -> None:
    (kept / name).write_text("mine", encoding="utf-8")
    before = content(kept)
    with pytest.raises(cr.InputError, match=f"{name} is no part of the model bundle there"):
        cr.save_model(additive, kept)
    assert content(kept) == before


def test_a_model_is_kept_where_a_link_leads(additive: cr.BoostedScorer, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(kept, target_is_directory=True)
    cr.save_model(additive, tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and cr.load_model(kept).scorer.additive
    assert {path.name for path in tmp_path.iterdir()} == {"model", "link"}


def test_a_model_is_kept_in_the_working_folder(
    additive: cr.BoostedScorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for _ in range(2):
        cr.save_model(additive, ".")
        assert Path.cwd() == tmp_path / "here" and cr.load_model(".").scorer.additive


def test_a_failed_save_leaves_the_bundle_that_is_there(
    additive: cr.BoostedScorer, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(kept)

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(cr.OutputError, match="No space left"):
        cr.save_model(additive, kept)
    monkeypatch.undo()
    assert content(kept) == before
    assert [path.name for path in kept.parent.iterdir()] == ["model"]


@pytest.mark.filterwarnings("ignore:.*columns held to a direction:creditrisk.LearningWarning")
def test_a_model_without_names_and_things_that_are_no_models_are_not_kept(rows: Rows, tmp_path: Path) -> None:
    nameless = unfitted(n_estimators=5).fit(rows.X.to_numpy()[:, :12], rows.y)
    with pytest.raises(cr.InputError, match="without names"):
        cr.save_model(nameless, tmp_path / "model")
    with pytest.raises(cr.InputError, match="a dict cannot be kept"):
        cr.save_model({}, tmp_path / "model")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"figures": {"auc": 0.7}}, "figures must be what to_dict"),
        ({"figures": {"from": "2025-01-01", "to": "2025-12-31"}}, "figures must be what to_dict"),
        ({"figures": 0.7}, "figures must be what to_dict"),
        ({"figures": {"auc": object()}}, "figures must be what to_dict"),
        ({"name": {"en": "Model"}}, r"the model cannot be kept: name\.zh"),
        ({"name": "Model"}, "the model cannot be kept: name"),
        ({"cohort": {"rows": 3}}, r"the model cannot be kept: cohort\.source"),
        ({"limits": "none"}, "the model cannot be kept: limits"),
    ],
)
def test_what_is_said_wrongly_of_a_model_is_a_clear_error(
    scorer: cr.BoostedScorer, tmp_path: Path, said: Any, message: str
) -> None:
    with pytest.raises(cr.InputError, match=message):
        cr.save_model(scorer, tmp_path / "model", **said)
    assert not list(tmp_path.iterdir())


def test_a_policy_is_named_as_elsewhere(scorer: cr.BoostedScorer, tmp_path: Path) -> None:
    used = cr.save_model(scorer, tmp_path / "model", policy="jiangsu").manifest.policy
    assert used is not None and used.id == "jiangsu"


@pytest.mark.filterwarnings("ignore:.*columns held to a direction:creditrisk.LearningWarning")
@pytest.mark.parametrize("categories", [np.array(["industry", "scale"]), {"scale", "industry"}])
def test_parameters_are_kept_whatever_they_were_listed_in(categories: Any, tmp_path: Path) -> None:
    X = pl.DataFrame({"plant": [1.0, 2.0, 3.0, 4.0] * 50, "scale": ["small", "large"] * 100})
    bands = {"plant": np.array([2.0, 3.0])}
    model = cr.ScorecardScorer(bands=bands, categories=categories).fit(X, [0, 1, 1, 0, 0, 0, 1, 1] * 25)
    cr.save_model(model, tmp_path / "model")
    again = cr.load_model(tmp_path / "model").scorer
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    assert (again.categories, again.bands) == (("industry", "scale"), {"plant": [2.0, 3.0]})


@pytest.mark.filterwarnings("ignore:.*columns held to a direction:creditrisk.LearningWarning")
def test_a_parameter_that_is_no_text_is_a_clear_error(tmp_path: Path) -> None:
    X = pl.DataFrame({"plant": [1.0, 2.0, 3.0, 4.0] * 50})
    model = cr.ScorecardScorer().fit(X, [0, 1, 1, 0, 0, 0, 1, 1] * 25).set_params(directions={"plant": object()})
    with pytest.raises(cr.InputError, match="object among its parameters"):
        cr.save_model(model, tmp_path / "model")


def test_joblib_brings_back_the_same_model(scorer: cr.BoostedScorer, rows: Rows, tmp_path: Path) -> None:
    joblib.dump(scorer, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    assert (again.predict_proba(rows.X) == scorer.predict_proba(rows.X)).all()


def test_the_reference_model_predicts_what_it_did() -> None:
    """Means over the embedded sample, kept when the model was trained."""
    paths = cr.sample_paths()
    table = cr.assess(paths.enterprises, paths.records, as_of="2026-06-30", model="reference", output="polars").table
    expected = json.loads((ROOT / "models" / "expected.json").read_text(encoding="utf-8"))
    rows = table.filter(pl.col("enterprise_id").is_in(list(expected)))
    assert dict(rows.select("enterprise_id", "model_probability").iter_rows()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.skipif(sys.platform != "linux", reason="floating-point sums of LightGBM differ by platform")
def test_the_script_trains_the_reference_model_anew(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "models"))
    try:
        import train_reference
    finally:
        sys.path.pop(0)
    train_reference.main(tmp_path / "anew")
    anew, kept = cr.load_model(tmp_path / "anew"), cr.load_model("reference")
    same = anew.manifest.versions == kept.manifest.versions
    if same:
        assert anew.manifest == kept.manifest
    X = pl.DataFrame(np.random.default_rng(0).integers(0, 9, (200, len(kept.manifest.columns))).astype(float))
    X.columns = list(kept.manifest.columns)
    assert anew.scorer.predict_proba(X) == pytest.approx(kept.scorer.predict_proba(X), abs=0 if same else 0.02)


def test_the_card_is_written_from_the_manifest_alone(tmp_path: Path) -> None:
    bundle = cr.load_model("reference")
    card = cr.model_card(bundle, "markdown", "en")
    for heading in ("Intended use", "Limits", "What it learnt from", "By region", "By scale", "By industry"):
        assert f" {heading}\n" in card
    assert bundle.manifest.sha256 in card and card == cr.model_card(bundle.manifest, "markdown", "en")
    assert "## 局限\n" in cr.model_card(bundle, language="zh")
    page = cr.model_card(bundle, "html")
    assert page.startswith("<!doctype html>") and "http" not in page.replace("http-equiv", "")
    assert (ROOT / "models" / "reference" / "model-card.md").read_text(encoding="utf-8") == cr.model_card(bundle)
    with pytest.raises(cr.InputError, match="form must be one of"):
        cr.model_card(bundle, "pdf")  # type: ignore[arg-type]


def test_a_copy_of_a_bundle_is_the_same_bundle(kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept, tmp_path / "copy")
    assert cr.load_model(tmp_path / "copy").manifest.sha256 == cr.load_model(kept).manifest.sha256
