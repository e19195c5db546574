"""Seeds are committed to, revealed, and used once."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

import creditrisk as cr
from creditrisk.inspection.draws.seeds import check_commitment, commit_to_seed, new_seed, register_seed


def test_a_seed_revealed_is_held_against_its_commitment() -> None:
    seed = new_seed()
    assert commit_to_seed(seed) == sha256(seed.encode()).hexdigest()
    check_commitment(seed, commit_to_seed(seed).upper())
    with pytest.raises(cr.InputError, match="not the one that was committed to"):
        check_commitment(new_seed(), commit_to_seed(seed))


def test_a_seed_used_for_other_draws_is_refused(tmp_path: Path) -> None:
    register = tmp_path / "seeds.jsonl"
    register_seed(register, "seed one", "aaaa")
    register_seed(register, "seed one", "aaaa")
    register_seed(register, "seed two", "bbbb")
    with pytest.raises(cr.InputError, match="already used for other draws"):
        register_seed(register, "seed one", "bbbb")
    assert len(register.read_text(encoding="utf-8").splitlines()) == 2
    assert "seed one" not in register.read_text(encoding="utf-8")


def test_a_seed_may_go_on_from_the_plan_before_only(tmp_path: Path) -> None:
    register = tmp_path / "seeds.jsonl"
    register_seed(register, "seed", "year 1")
    register_seed(register, "seed", "year 2", continues="year 1")
    with pytest.raises(cr.InputError, match="already used"):
        register_seed(register, "seed", "year 2 again", continues="year 1")


def test_what_is_no_register_is_one_clear_error(tmp_path: Path) -> None:
    register = tmp_path / "seeds.jsonl"
    register.write_text("not json\n", encoding="utf-8")
    with pytest.raises(cr.InputError, match="line 1: not an entry"):
        register_seed(register, "seed", "aaaa")
    register.write_bytes(b"\xff")
    with pytest.raises(cr.InputError, match="cannot be read"):
        register_seed(register, "seed", "aaaa")
    with pytest.raises(cr.InputError, match="cannot be read"):
        register_seed(tmp_path, "seed", "aaaa")
