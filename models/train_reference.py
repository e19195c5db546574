"""Train the reference model anew: ``python models/train_reference.py [FOLDER]``, by default into models/reference.

It learns from a simulated province, so it knows nothing of any real one: it is there to try things on, and to see in
every test run that a kept model still predicts the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import creditrisk as cr

ENTERPRISES = 4_000
SEED = 59
SAMPLE_DAY = "2026-06-30"
TARGET = cr.Target(finding={"types": ["violation"], "severity_at_least": "general"}, within_months=6)


def train() -> cr.TrainedModel:
    """Train on three years of a simulated province and evaluate on the year after."""
    province = cr.simulate_province(ENTERPRISES, 20.0, seed=SEED)
    enterprises = cr.read_enterprises(province.enterprises)
    return cr.train_model(
        enterprises,
        cr.read_records(province.records, enterprises=enterprises),
        from_="2022-01-01",
        to="2024-10-01",
        test_to="2025-10-01",
        target=TARGET,
        scorer=cr.BoostedScorer(max_depth=2, num_leaves=4, n_estimators=200),
        source=cr.BilingualText(
            zh=f"模拟省份，{ENTERPRISES:,}家企业，种子{SEED}；不含任何真实企业",
            en=f"a simulated province of {ENTERPRISES:,} enterprises, seed {SEED}; no real enterprise is in it",
        ),
    )


def main(folder: Path) -> None:
    """Train, and keep the model with its card."""
    trained = train()
    assert trained.evaluation is not None
    bundle = cr.save_model(
        trained.scorer,
        folder,
        name=cr.BilingualText(zh="参考模型（模拟省份）", en="Reference model (simulated province)"),
        policy=trained.policy,
        cohort=trained.cohort,
        figures=trained.evaluation.to_dict(),
        limits=cr.BilingualText(
            zh="只学习过模拟数据，对真实企业没有意义：仅供试用和检验软件。",
            en="It has learnt from simulated records alone and says nothing of any real enterprise: it is there to try "
            "and to check the software.",
        ),
    )
    # A few predictions on the embedded sample, by which tests see that a kept model still predicts the same.
    paths = cr.sample_paths()
    table = cr.assess(paths.enterprises, paths.records, as_of=SAMPLE_DAY, model=bundle, output="polars").table
    some = table.gather_every(max(1, table.height // 20)).select("enterprise_id", "model_probability")
    (folder.parent / "expected.json").write_text(json.dumps(dict(some.iter_rows()), indent=1) + "\n", encoding="utf-8")
    print(f"{folder}: {len(bundle.manifest.columns)} columns, {bundle.scorer.n_trees_} trees")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "reference")
