"""The agent without a container: what is sent is run by it here, and what it leaves is believed or not."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.remotes import KEY, RUN, remote
from helpers.whole_runs import tiny

from runner import wire
from runner.errors import InfrastructureError, UsageError
from runner.hosts import Order
from runner.model import StageResult, Status
from runner.remote.agent import Agent, take_key
from runner.remote.job import KEY as NAME
from runner.remote.send import receive, send
from runner.remote.store import FolderStore, blob_key
from runner.stages.child import HANDOVER, Handover
from runner.verdict import Expected, judge_stage

pytestmark = pytest.mark.integration

EXPECTED = Expected(RUN, "unit", "unit", 60.0, None, 1)
FAR = remote(needs_python=True, folders=("src",))


def sent(tmp_path: Path, tests: str) -> tuple[Order, FolderStore, str]:
    """A solution with these tests, and its job in a store."""
    root, out = tiny(tmp_path / "solution", tests), tmp_path / "out"
    wire.save(out / HANDOVER, Handover(RUN, "", {}))
    order = Order("unit", root, out, out / HANDOVER, 60.0, remote=FAR)
    store = FolderStore(tmp_path / "store")
    return order, store, send(order, FAR, store)


def worked(order: Order, store: FolderStore, sha256: str, tmp_path: Path) -> tuple[int, StageResult]:
    """The agent's exit status, and what is judged of what it left."""
    code = Agent(lambda: store, tmp_path / "scratch", KEY).run(sha256)
    return code, judge_stage(EXPECTED, receive(order, FAR, store, KEY, code, ""))


@pytest.mark.parametrize(
    ("body", "code", "status"), [("pass", 0, Status.PASSED), ("assert 1 == 2", 1, Status.FAILED)]
)
def test_a_stage_there_and_back(tmp_path: Path, body: str, code: int, status: Status) -> None:
    order, store, sha256 = sent(tmp_path, f"def test_one():\n    {body}\n")
    ended, result = worked(order, store, sha256, tmp_path)
    assert (ended, result.status) == (code, status), result.cause
    assert (order.out / "stage.log").is_file()


def test_a_variable_that_the_container_has_not_is_an_error_that_names_it(tmp_path: Path) -> None:
    root, out, far = tmp_path / "solution", tmp_path / "out", remote()
    root.mkdir()
    table = "{t: {source: 'warehouse:t', suite: t.json}}"
    data = f"{{connections: {{warehouse: {{kind: postgresql, url_from: NOT_HERE}}}}, tables: {table}}}"
    (root / "lockgate.yml").write_text(f"solution: warehouse\nstages:\n  data: {data}\n")
    (root / "t.json").write_text('{"expectations": []}')
    wire.save(out / HANDOVER, Handover(RUN, "", {}))
    order = Order("data", root, out, out / HANDOVER, 60.0, remote=far)
    store = FolderStore(tmp_path / "store")
    code = Agent(lambda: store, tmp_path / "scratch", KEY).run(send(order, far, store))
    assert code == 3
    assert "NOT_HERE is not set" in receive(order, far, store, KEY, code, "").damage


def test_what_a_test_links_to_is_not_sent_back(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("of who judges")
    link = f"(out / 'all').symlink_to('{tmp_path}/secret'); (out / 'one').symlink_to('{tmp_path}/secret/key')"
    tests = (
        "import os, pathlib\ndef test_one():\n"
        f"    out = pathlib.Path(os.environ['LOCKGATE_CONTEXT']).parent; {link}\n"
    )
    order, store, sha256 = sent(tmp_path, tests)
    code, _ = worked(order, store, sha256, tmp_path)
    assert code == 0
    assert not (order.out / "all").exists() and not (order.out / "one").exists()


def test_no_job_is_run_that_has_other_bytes(tmp_path: Path) -> None:
    order, store, sha256 = sent(tmp_path, "def test_one():\n    pass\n")
    (store.root / blob_key(sha256)).write_bytes(b"{}")
    with pytest.raises(InfrastructureError, match="its bytes have sha256"):
        worked(order, store, sha256, tmp_path)


def test_a_source_that_is_gone_is_an_ending_that_says_so(tmp_path: Path) -> None:
    order, store, sha256 = sent(tmp_path, "def test_one():\n    pass\n")
    for blob in (store.root / "blobs").iterdir():
        if blob.name != sha256:
            blob.unlink()
    code, result = worked(order, store, sha256, tmp_path)
    assert (code, result.status) == (3, Status.ERROR)
    assert "no such object" in result.cause


def test_a_stage_is_not_run_over_another_ending(tmp_path: Path) -> None:
    order, store, sha256 = sent(tmp_path, "def test_one():\n    pass\n")
    worked(order, store, sha256, tmp_path)
    with pytest.raises(InfrastructureError, match="there is an ending of this stage already"):
        worked(replace(order, out=tmp_path / "again"), store, sha256, tmp_path / "again")


@pytest.mark.parametrize("environ", [{}, {NAME: ""}, {NAME: "short"}])
def test_without_a_key_nothing_begins(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="has fewer than" if environ.get(NAME) else f"no {NAME}"):
        take_key(environ)


def test_the_key_is_taken_out_of_the_environment_and_its_holder_hidden() -> None:
    """In a process of its own: who hides cannot be looked at again."""
    if (child := os.fork()) == 0:
        environ = {NAME: KEY}
        taken = take_key(environ) == KEY and environ == {}
        os._exit(0 if taken and not dumpable() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def dumpable() -> int:
    import ctypes

    return int(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
