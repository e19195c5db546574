"""Bundles whose digests are all right and whose content is not, as someone who knows the format could make them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import creditrisk as cr


def rewritten(folder: Path, change: Any) -> None:
    """Change a manifest and give the bundle the digests that it must have."""
    path = folder / "manifest.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored.pop("sha256")
    change(stored)
    canonical = json.dumps(stored, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    stored["sha256"] = hashlib.sha256(canonical).hexdigest()
    path.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
    listed = sorted(entry for entry in folder.iterdir() if entry.name not in ("SHA256SUMS", "run.json"))
    digests = {entry.name: hashlib.sha256(entry.read_bytes()).hexdigest() for entry in listed}
    (folder / "SHA256SUMS").write_text("".join(f"{one}  {name}\n" for name, one in digests.items()), encoding="utf-8")
    account = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    account["results"] = digests | {"SHA256SUMS": hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()}
    (folder / "run.json").write_text(json.dumps(account), encoding="utf-8")


def with_part(folder: Path, name: str, text: str) -> None:
    """Change a part and every digest that covers it."""
    (folder / name).write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    rewritten(folder, lambda stored: stored["parts"].update({name: digest}))


def test_a_newer_format_is_refused_with_what_to_do(kept: Path) -> None:
    rewritten(kept, lambda stored: stored.update(format=2))
    with pytest.raises(cr.InputError, match="format 2, and this version of creditrisk reads 1: use a newer version"):
        cr.load_model(kept)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda stored: stored.update(kind="pickle"), "kind 'pickle' is none of"),
        (lambda stored: stored.update(colour="red"), "colour"),
        (lambda stored: stored["columns"].reverse(), "columns are not those of the model"),
        (lambda stored: stored["parts"].update({"../../etc/passwd": "0" * 64}), "lacks ../../etc/passwd"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(kept: Path, change: Any, message: str) -> None:
    rewritten(kept, change)
    with pytest.raises(cr.InputError, match=message):
        cr.load_model(kept)


@pytest.mark.parametrize("version", [[2], True, None, "1"])
def test_a_format_that_is_no_number_of_one_is_refused(kept: Path, version: Any) -> None:
    rewritten(kept, lambda stored: stored.update(format=version))
    with pytest.raises(cr.InputError, match=r"has format .*, and this version of creditrisk reads 1"):
        cr.load_model(kept)


@pytest.mark.parametrize("text", [r'{"kind": "\ud800"}', "[" * 100_000, '{"a":' * 100_000, "[]", "", '"\xff'])
def test_a_manifest_that_is_no_text_of_one_is_refused(kept: Path, text: str) -> None:
    (kept / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(cr.InputError, match=r"manifest\.json is damaged"):
        cr.load_model(kept)


def test_another_direction_than_the_model_was_held_to_is_refused(kept: Path) -> None:
    rewritten(kept, lambda stored: stored["directions"].update({stored["columns"][0]: "none"}))
    with pytest.raises(cr.InputError, match="directions are not those of the model"):
        cr.load_model(kept)


def broken_tree(old: str, new: str) -> Any:
    """A change to the first tree after which its length is still that in tree_sizes."""

    def change(text: str) -> str:
        at = text.index(old, text.index("Tree=0"))
        end = text.index("\n", at)
        return text[:at] + (old + new)[: end - at].ljust(end - at) + text[end:]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[: len(text) // 2], "cut short"),
        (lambda text: text[: text.index("end of trees")], "cut short"),
        (lambda text: text.replace("[num_leaves: ", "[num_le"), "not as LightGBM writes it"),
        (lambda text: text.replace("tree_sizes=", "tree_sizes=9"), "tree_sizes"),
        (lambda text: text.replace("tree_sizes=", "tree_sizes=1_"), "tree_sizes"),
        (lambda text: text.replace("num_class=1", "num_class=1\nnum_class=3"), "something twice"),
        (lambda text: text.replace("tree_sizes=", "tree_sizes=x"), "tree_sizes"),
        (lambda text: text.replace("Tree=1\n", "Tree=7\n"), "tree 1 is not in its place"),
        (lambda text: text.replace("max_feature_idx=", "max_feature_idx=1"), "does not read"),
        (lambda text: text.replace("num_class=1", "num_class=3"), "not of one class"),
        (lambda text: text.replace("objective=binary", "objective=bimary"), "objective"),
        (broken_tree("left_child=", "0"), "left_child"),
        (lambda text: text.replace("left_child=1 ", "left_child=0 "), "children make no tree"),
        (broken_tree("num_cat=", "1"), "num_cat"),
        (broken_tree("num_leaves=", "7"), "leaf_value"),
        (broken_tree("split_feature=", "999"), "split_feature"),
        (broken_tree("leaf_value=", "nan"), "leaf_value"),
    ],
)
def test_trees_that_cannot_be_are_refused_before_anything_reads_them(kept: Path, change: Any, message: str) -> None:
    before = (kept / "booster.txt").read_text(encoding="utf-8")
    with_part(kept, "booster.txt", change(before))
    assert (kept / "booster.txt").read_text(encoding="utf-8") != before
    with pytest.raises(cr.InputError, match=rf"booster\.txt is damaged \(.*{message}"):
        cr.load_model(kept)


def test_trees_that_cut_by_category_pass(with_categories: cr.BoostedScorer, tmp_path: Path) -> None:
    cr.save_model(with_categories, tmp_path / "model")
    text = (tmp_path / "model" / "booster.txt").read_text(encoding="utf-8")
    assert "cat_boundaries" in text
    with_part(tmp_path / "model", "booster.txt", text.replace("cat_boundaries=0 ", "cat_boundaries=1 "))
    with pytest.raises(cr.InputError, match="cat_boundaries"):
        cr.load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.update(levels=[]), "levels"),
        (lambda state: state.update(levels={"industry": ["a"]}), "levels names a column"),
        (lambda state: state.update(features=None), "columns are not those of the model"),
        (lambda state: state.update(features=state["features"][:-1]), "features and constraints"),
        (lambda state: state.update(n_features=float("inf")), "n_features"),
        (lambda state: state.update(n_trees=float("inf")), "infinity"),
        (lambda state: state.update(n_features=3), "not those of 3 columns"),
        (lambda state: state.update(classes=[0.0]), "classes"),
        (lambda state: state.update(thresholds=[0.0, 1.0, 2.0, 3.0]), "one fewer than the 3 tiers"),
        (lambda state: state.update(thresholds=[1.0, 0.0]), "thresholds must rise"),
        (lambda state: state["calibration"].update(raw=[0.0, 1.0], probability=[0.5]), "not of one length"),
        (lambda state: state["calibration"].update(raw=[0.0, 1.0], probability=[0.5, 0.1]), "probability must rise"),
        (lambda state: state["calibration"].update(slope="a"), "calibration.slope"),
        (lambda state: state["calibration"].update(slope=-1.0), "calibration.slope"),
        (lambda state: state["parameters"].update(unseen="perhaps"), "parameters.unseen"),
        (lambda state: state["parameters"].update(colour="red"), "colour"),
        (lambda state: state["training"].update(to="soon"), "training"),
        (lambda state: state.update(points={"base": 0, "scale": {}, "steps": []}), "additive says otherwise"),
        (lambda state: state.update(format=9), "has format 9"),
        (lambda state: state.pop("cut_offs"), "cut_offs"),
    ],
)
def test_a_state_from_which_no_model_can_be_is_refused(kept: Path, change: Any, message: str) -> None:
    state = json.loads((kept / "scorer.json").read_text(encoding="utf-8"))
    change(state)
    with_part(kept, "scorer.json", json.dumps(state))
    with pytest.raises(cr.InputError, match=message):
        cr.load_model(kept)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda step: step.update(feature=99), "points are not those of the columns"),
        (lambda step: step.update(cuts=[*step["cuts"][::-1], -1e9]), "cuts must rise"),
        (lambda step: step.update(points=step["points"][1:]), "one more than cuts"),
        (lambda step: step.update(missing=7), "missing"),
    ],
)
def test_points_that_belong_to_no_band_or_column_are_refused(
    additive: cr.BoostedScorer, tmp_path: Path, change: Any, message: str
) -> None:
    cr.save_model(additive, tmp_path / "model")
    state = json.loads((tmp_path / "model" / "scorer.json").read_text(encoding="utf-8"))
    change(state["points"]["steps"][0])
    with_part(tmp_path / "model", "scorer.json", json.dumps(state))
    with pytest.raises(cr.InputError, match=message):
        cr.load_model(tmp_path / "model")


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "7", r'{"format": "\ud800"}'])
def test_a_state_that_is_no_text_of_one_is_refused(kept: Path, text: str) -> None:
    with_part(kept, "scorer.json", text)
    with pytest.raises(cr.InputError, match=r"scorer\.json (is damaged|has format)"):
        cr.load_model(kept)


def test_a_policy_that_defines_an_indicator_otherwise_is_refused(kept: Path, tmp_path: Path) -> None:
    def shorten(stored: dict[str, Any]) -> None:
        spec = next(spec for spec in stored["indicators"] if spec.get("window_months"))
        spec["window_months"] += 1

    rewritten(kept, shorten)
    paths = cr.sample_paths()
    with pytest.raises(cr.InputError, match="otherwise than it was when the model was trained"):
        cr.assess(paths.enterprises, paths.records, as_of="2026-06-30", model=kept)
