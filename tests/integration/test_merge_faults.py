"""Each call of a merge and of a revert failing in turn: at most one merge, what is told is true, and the same
command again converges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from helpers.codecommit_objects import REPOSITORY
from helpers.codepipeline import Fault
from helpers.merges import Service, World, client, git_world, serving_codecommit

from runner.adapters.aws import Aws, sandbox_target
from runner.errors import InfrastructureError
from runner.merge.codecommit import CodeCommitHost
from runner.merge.records import Strategy, Undoing
from runner.merge.repository import Repository

pytestmark = pytest.mark.integration
FAULTS = {
    "throttled": Fault("", 1, "ThrottlingException"),
    "broken": Fault("", 1, "InternalFailure", 500),
    "lost": Fault("", 1, lost=True),
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving_codecommit() as there:
        yield there


def worlds(service: Service, path: Path, fault: str) -> Iterator[World]:
    """One world after another, in which the first, the second... call fails, until none is left to fail."""
    for number in range(1, 100):
        world, planted = service.world(path / f"{number}.git"), replace(FAULTS[fault])
        service.double.fault_at = (number, planted)
        yield world
        if planted.times:
            assert number > 8, number
            return


def insist(act: Callable[[], object]) -> Iterator[InfrastructureError]:
    """The same command again, three times at most; the errors on the way to its success."""
    for _ in range(3):
        try:
            act()
        except InfrastructureError as error:
            yield error
        else:
            return
    raise AssertionError("it does not converge")


@dataclass(frozen=True)
class Case:
    """dev as it was tested, or moved on (then the merge makes a branch of its own)."""

    moved_on: bool
    strategy: Strategy


CASES = {
    "dev": Case(False, Strategy.FAST_FORWARD),
    "its own branch": Case(True, Strategy.FAST_FORWARD),
    "squash": Case(False, Strategy.SQUASH),
}


@pytest.mark.parametrize(
    ("name", "fault"),
    [*((name, fault) for name in ("dev", "its own branch") for fault in FAULTS), ("squash", "lost")],
)
def test_every_call_of_a_merge_failing_in_turn(
    tmp_path: Path, service: Service, fault: str, name: str
) -> None:
    case, double = CASES[name], service.double
    for world in worlds(service, tmp_path, fault):
        if case.moved_on:
            world.move_on()
        for error in insist(partial(world.merge, strategy=case.strategy)):
            leaves_it_open = "could not be told" in error.what or "was merged" in error.what
            assert leaves_it_open or world.git.tip("main") == world.base, error
        assert (double.merges, len(double.requests)) == (1, 1)
        double.calls.clear()
        assert world.merge(strategy=case.strategy) is None and double.writes == []
        assert world.git.show("main") == {"a.py": "2", "b.py": "1", "new.py": "new"}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_of_a_revert_failing_in_turn(tmp_path: Path, service: Service, fault: str) -> None:
    for world in worlds(service, tmp_path, fault):
        world.git.move("main", world.tested)
        undoing = Undoing(world.tested, world.base, "2026.11.22-2")
        assert len(list(insist(partial(world.host.revert, undoing)))) <= 1
        assert world.git.show(undoing.branch) == world.git.show(world.base)
        assert world.git.git("rev-list", "--count", f"main..{undoing.branch}") == "1"
        assert world.git.tip("main") == world.tested and len(service.double.requests) == 1


@pytest.fixture
def patient(tmp_path: Path, service: Service) -> World:
    """A world with a boto3 that repeats a call once by itself."""
    world, double = service.world(tmp_path / "repository.git"), service.double
    made = client("codecommit", double.url, attempts=2)
    world.host = CodeCommitHost(Repository(Aws(sandbox_target(double.url), lambda _: made), REPOSITORY))
    return world


def plant(world: World, fault: str, *operations: str) -> None:
    assert world.service
    world.service.faults = [replace(FAULTS[fault], operation=operation) for operation in operations]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_boto3_repeats_by_itself_is_merged_once(patient: World, fault: str) -> None:
    """A call whose answer was lost is repeated, and the repetition says that it was done already."""
    patient.move_on()
    plant(patient, fault, "CreateBranch", "CreatePullRequest", "MergePullRequestByFastForward")
    done = patient.merge()
    assert done and done.after == patient.tested == patient.git.tip("main")
    assert patient.service and (patient.service.merges, len(patient.service.requests)) == (1, 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_boto3_repeats_by_itself_is_reverted_once(patient: World, fault: str) -> None:
    patient.git.move("main", patient.tested)
    plant(patient, fault, "CreateBranch", "CreateCommit", "CreatePullRequest")
    made = patient.host.revert(Undoing(patient.tested, patient.base, "2026.11.22-2"))
    assert patient.git.git("rev-list", f"main..{made.branch}") == made.commit
    assert patient.service and len(patient.service.requests) == 1


# git's own: the other side dies before, or after, it moved the branch.
DIES = {"before": ("pre-receive", "true"), "after": ("reference-transaction", '[ "$1" = committed ]')}


@pytest.mark.parametrize("when", DIES)
def test_the_other_side_of_a_push_dies(tmp_path: Path, when: str) -> None:
    with git_world(tmp_path / "repository.git") as world:
        name, moment = DIES[when]
        hook = world.git.path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{moment} && kill -9 $PPID\nexit 0\n")
        hook.chmod(0o755)
        if when == "before":
            with pytest.raises(InfrastructureError, match="git push"):
                world.merge()
            assert world.git.tip("main") == world.base
            hook.unlink()
        done = world.merge()
        assert done and done.after == world.tested == world.git.tip("main")
        assert world.merge() is None


def test_a_host_that_is_gone_after_the_push_leaves_it_untold(tmp_path: Path) -> None:
    with git_world(tmp_path / "repository.git") as world:
        hook = world.git.path / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nmv {world.git.path} {tmp_path}/gone\n")
        hook.chmod(0o755)
        with pytest.raises(InfrastructureError, match="whether main was moved could not be told"):
            world.merge()
