"""Catalogues of inspection items are read from YAML and CSV alike, and wrong ones are refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

import creditrisk as cr
from creditrisk.inspection.plan.items import joint_groups
from tests.inspection.conftest import item


def test_the_example_has_five_departments_and_joint_visits() -> None:
    items = cr.read_items(cr.example_items())
    assert len({one.authority for one in items}) == 5
    assert {one.kind for one in items} == {"general", "key"}
    joint = {name for name, members in joint_groups(items).items() if len(members) > 1}
    assert joint == {"premises", "production"}


CSV = """\
id,name_zh,name_en,authority,kind,legal_basis,ratio_at_least,ratio_at_most,joint_group,mode,skills,industries
fire,消防,Fire,消防救援机构,general,消防法第五十三条,,5%,visit,on_site,fire；rescue,51;52
"""
YAML = """\
items:
  - {id: fire, name: {zh: 消防, en: Fire}, authority: 消防救援机构, kind: general, legal_basis: 消防法第五十三条,
     ratio_at_most: 0.05, joint_group: visit, mode: on_site, skills: [fire, rescue],
     applies_to: {industries: ["51", "52"]}}
"""


def test_yaml_and_csv_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "items.yaml").write_text(YAML, encoding="utf-8")
    assert cr.read_items(tmp_path / "items.csv") == cr.read_items(tmp_path / "items.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (YAML.replace("kind: general", "kind: urgent"), "item fire: kind"),
        (YAML.replace("kind: general", "kind: key"), "a key item has no upper bound"),
        (YAML.replace("mode: on_site", "modus: on_site"), "item fire: modus"),
        (YAML.replace("ratio_at_most: 0.05", "ratio_at_most: 1.5"), "item fire: ratio_at_most"),
        (YAML.replace("ratio_at_most", "ratio_at_least: 0.1, ratio_at_most"), "must not exceed ratio_at_most"),
        (YAML.replace("authority: 消防救援机构, ", ""), "item fire: authority"),
        (YAML + YAML.split("\n", 1)[1], "'fire'"),
        (YAML.replace("kind: general", "kind: general, id: fire"), "key 'id' is given twice"),
        (YAML.replace("id: fire", "id: grid"), "'grid' is the name of visits by the grid"),
        ("items: []", "holds no inspection item"),
        ("items: []\nothers: []", "a mapping with one key, the list 'items'"),
        ("- fire", "a mapping with one key"),
        ("items: !!python/object/apply:os.system [ls]", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_wrong_catalogue_is_one_clear_error(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "items.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(cr.InputError, match=message):
        cr.read_items(tmp_path / "items.yaml")


def test_a_group_must_not_be_called_like_an_item() -> None:
    with pytest.raises(cr.InputError, match="'fire'"):
        cr.read_items([item("fire"), item("noise", joint_group="fire")])


@pytest.mark.parametrize("name", ["none.yaml", "none.csv", "none.txt"])
def test_a_file_that_cannot_be_read_is_one_clear_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(cr.InputError, match="items"):
        cr.read_items(tmp_path / name)
