"""A process that forks after the library was used is refused at once; one that forks before works."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property, partial
from pathlib import Path

import polars as pl
import pytest

import creditrisk as cr
from creditrisk.records.reading import read_enterprises
from tests.services.jobs import assess_the_sample, assessed, content

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    # Python 3.12 and later say themselves that threads do not outlive a fork.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]
ROOT = Path(__file__).parents[2]
FORK = multiprocessing.get_context("fork")
SECONDS = 120


@pytest.fixture(scope="module")
def used() -> cr.Assessment:
    return assessed()


def what_a_forked_process_meets(job: Callable[[], object]) -> str:
    """What comes out of a call in a child of this process: an error's name, or "done"."""
    with ProcessPoolExecutor(1, mp_context=FORK) as pool:
        return pool.submit(_named, job).result(SECONDS)


def _named(job: Callable[[], object]) -> str:
    try:
        job()
    except Exception as error:
        return type(error).__name__
    return "done"


def test_the_default_pool_of_processes_is_refused_at_once(used: cr.Assessment) -> None:
    with (
        ProcessPoolExecutor(1, mp_context=FORK) as pool,
        pytest.raises(cr.ForkError, match=r"get_context\('spawn'\) or 'forkserver'"),
    ):
        pool.submit(assess_the_sample).result(SECONDS)


@pytest.mark.parametrize(
    "job",
    [
        lambda held: held.table, lambda held: held.reasons, lambda held: held.summary(),
        lambda held: held.explain("91320102MA1K2BK21T"), lambda held: held.records.frame,
        lambda held: cr.IndicatorBuilder(held.records).fit_transform(pl.DataFrame({"enterprise_id": [], "as_of": []})),
        lambda held: read_enterprises(held.enterprises),
    ],
)  # fmt: skip
def test_what_the_parent_holds_is_refused_as_well(used: cr.Assessment, job: Callable[[object], object]) -> None:
    _ = used.table
    assert _in_child(partial(job, used)) == "ForkError"


def test_every_public_name_refuses(used: cr.Assessment) -> None:
    for name in cr.__all__:
        getattr(cr, name)
    assert _in_child(_what_does_not_refuse) == "[]"


def test_names_first_met_in_the_child_refuse(used: cr.Assessment) -> None:
    code = """
        import creditrisk as cr
        cr.read_enterprises(cr.sample_paths().enterprises)
        in_child(lambda: cr.simulate_province(10, 2.0, seed=1))
    """
    assert _in_new_process(code) == "ForkError"


def test_processes_forked_before_the_first_use_give_the_same_bytes(used: cr.Assessment, tmp_path: Path) -> None:
    """As web servers do it: the master imports the application and forks; master and workers compute after that."""
    code = f"""
        import creditrisk as cr
        from pathlib import Path
        from tests.services.jobs import assess_the_sample
        _ = cr.assess, cr.BoostedScorer, cr.plan_inspections
        worker = os.fork()
        Path({str(tmp_path)!r}, "master" if worker else "worker").write_bytes(assess_the_sample())
        if not worker:
            os._exit(0)
        print(os.waitpid(worker, 0)[1])
    """
    assert _in_new_process(code) == "0"
    assert len(list(tmp_path.iterdir())) == 2
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {content(used)}


def test_polars_used_by_others_before_the_fork_is_noticed(used: cr.Assessment) -> None:
    code = """
        import creditrisk as cr
        import polars as pl
        pl.DataFrame({"a": range(1_000_000)}).group_by(pl.col("a") % 7).agg(pl.len())
        in_child(lambda: cr.sample_paths() and cr.read_enterprises(cr.sample_paths().enterprises))
    """
    assert _in_new_process(code) == "ForkError"


def _in_child(job: Callable[[], object]) -> str:
    """What a job gives in a child of this process, which inherits all that this one holds."""
    parent, child = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_tell, args=(job, child))
    process.start()
    try:
        assert parent.poll(SECONDS), "the child hangs"
        return parent.recv()
    finally:
        process.kill()
        process.join()


def _tell(job: Callable[[], object], child: multiprocessing.connection.Connection) -> None:
    try:
        result = job()
        child.send(str(result) if isinstance(result, list) else "done")
    except Exception as error:
        child.send(type(error).__name__)


def _what_does_not_refuse() -> list[str]:
    left = []
    for name in cr.__all__:
        public = getattr(cr, name)
        if isinstance(public, type):
            members = {
                f"{name}.{member}": found for member, found in vars(public).items() if not member.startswith("_")
            }
        else:
            members = {name: public}
        left += [member for member, found in members.items() if not _refuses(found)]
    return left


def _refuses(member: object) -> bool:
    match member:
        case property():
            call = partial(member.fget or print, None)
        case cached_property():
            call = partial(member.func, None)
        case classmethod() | staticmethod():
            call = partial(member.__func__, None, None)
        case _ if callable(member) and not isinstance(member, type):
            call = partial(member, None, None)
        case _:
            return True  # a value, such as the default of a field
    return _named(call) == "ForkError"


def _in_new_process(code: str) -> str:
    """What a script prints: the outcome of ``in_child(job)``, a job done in a child that it forks."""
    told = "\n".join(line.removeprefix(" " * 8) for line in code.splitlines())
    begins = "import os\nfrom tests.services.test_forking import _in_child\ndef in_child(job): print(_in_child(job))"
    done = subprocess.run(
        [sys.executable, "-c", f"{begins}\n{told}"], capture_output=True, text=True, timeout=SECONDS, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
