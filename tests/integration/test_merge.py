"""A tested commit merged, or refused with both branches as they were: in CodeCommit's double behind the real
boto3, and in a real repository that git reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.merges import Service, World, git_world, serving_codecommit

from runner.errors import InfrastructureError, LockgateError, RefusedError, UsageError
from runner.merge.records import Strategy

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving_codecommit() as there:
        yield there


@pytest.fixture(params=["codecommit", "git"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def codecommit(tmp_path: Path, service: Service) -> World:
    return service.world(tmp_path / "repository.git")


@pytest.fixture
def git(tmp_path: Path) -> Iterator[World]:
    with git_world(tmp_path / "repository.git") as there:
        yield there


def refused(world: World, kind: type[LockgateError], *words: str, **wanted: object) -> LockgateError:
    """It is refused, in these words, and both branches are where they were."""
    before = world.branches()
    with pytest.raises(kind) as caught:
        world.merge(**wanted)
    assert world.branches() == before
    for word in words:
        assert word in str(caught.value)
    return caught.value


def test_the_tested_commit_is_merged_and_then_there_is_nothing_to_do(world: World) -> None:
    done = world.merge()
    assert done and (done.before, done.after) == (world.base, world.tested)
    assert world.branches() == (world.tested, world.tested)
    if world.service:
        world.service.calls.clear()
    assert world.merge() is None
    assert not world.service or world.service.writes == []


def test_where_dev_has_moved_on_the_tested_commit_is_merged_and_no_other(world: World) -> None:
    later = world.move_on()
    done = world.merge()
    assert done and done.after == world.tested
    assert world.branches() == (later, world.tested)
    assert set(world.git.refs()) == {"dev", "main"}  # a branch that was made for it is gone again


def test_main_that_has_more_than_the_tested_commit_is_left_alone(world: World) -> None:
    world.git.move("main", world.move_on())
    assert world.merge() is None


REFUSALS: dict[str, tuple[Callable[[World], object], tuple[str, ...]]] = {
    "main has moved on": (lambda w: w.diverge({"other.py": "x\n"}), ("main has moved on", "into dev")),
    "they conflict": (lambda w: w.diverge({"a.py": "9\n", "c.py": "9\n"}), ("conflict in a.py, c.py",)),
    "dev was rewritten": (lambda w: w.git.move("dev", w.base), ("dev was rewritten", "does not contain")),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_its_own_message_and_changes_nothing(world: World, name: str) -> None:
    arrange, words = REFUSALS[name]
    arrange(world)
    before = world.git.refs()
    refused(world, RefusedError, *words, "nothing was changed")
    assert world.git.refs() == before
    assert not world.service or world.service.writes == []


def test_an_unknown_commit(world: World) -> None:
    refused(world, RefusedError, "there is no commit " + "e" * 40, commit="e" * 40)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_branch_that_is_not_there(world: World, side: str) -> None:
    refused(world, UsageError, "no such branch", "release", **{side: "release"})


def test_main_that_moves_while_it_is_merged(world: World) -> None:
    wanted = world.wanted()
    seen = world.host.see(wanted)
    other = world.diverge({"other.py": "x\n"})
    with pytest.raises(RefusedError, match="nothing was"):
        world.host.merge(wanted, seen)
    assert world.branches() == (world.tested, other)
    refused(world, RefusedError, "main has moved on")


def test_main_that_moves_in_the_very_moment(codecommit: World) -> None:
    assert codecommit.service
    codecommit.service.before["swap"] = lambda: codecommit.diverge({"other.py": "x\n"})
    with pytest.raises(RefusedError, match="somebody else updated"):
        codecommit.merge()
    assert codecommit.git.show("main")["other.py"] == "x"
    assert codecommit.service.merges == 0


def test_dev_that_moves_while_it_is_merged_is_not_merged(codecommit: World) -> None:
    """Between opening the request and merging it: CodeCommit would merge what nobody tested."""
    assert codecommit.service
    codecommit.service.before["MergePullRequestByFastForward"] = codecommit.move_on
    with pytest.raises(RefusedError, match="its tip is not the tested commit"):
        codecommit.merge()
    assert codecommit.git.tip("main") == codecommit.base
    assert codecommit.merge() and codecommit.git.tip("main") == codecommit.tested  # the same command again


def test_dev_that_moves_before_the_request_is_opened(codecommit: World) -> None:
    assert codecommit.service
    codecommit.service.rules = ["owners"]  # what waits for them is not what was tested
    codecommit.service.before["CreatePullRequest"] = codecommit.move_on
    with pytest.raises(RefusedError, match="its tip is not the tested commit"):
        codecommit.merge()
    assert codecommit.git.tip("main") == codecommit.base and codecommit.service.merges == 0


def test_a_missing_approval_is_named_and_the_request_is_found_again(codecommit: World) -> None:
    service = codecommit.service
    assert service
    service.rules = ["two of the owners", "security"]
    for _ in range(2):
        refused(codecommit, RefusedError, "waits for approval", "'two of the owners'", "'security'")
    service.approve("1", "two of the owners")
    said = refused(codecommit, RefusedError, "'security'")
    assert "owners" not in str(said) and list(service.requests) == ["1"]
    service.approve("1", "security")
    assert codecommit.merge() and codecommit.branches() == (codecommit.tested, codecommit.tested)


def test_the_rules_hold_where_an_approval_goes_in_the_last_moment(codecommit: World) -> None:
    """The preflight asks to say which rule; it is the merge itself that CodeCommit refuses."""
    service = codecommit.service
    assert service
    service.before["MergePullRequestByFastForward"] = lambda: service.rules.append("late")
    refused(codecommit, RefusedError, "approval rules are not satisfied")


def test_overridden_rules_are_said(codecommit: World) -> None:
    assert codecommit.service
    codecommit.service.rules, codecommit.service.overridden = ["owners"], True
    done = codecommit.merge()
    assert done and "overridden: 'owners'" in done.notes[0]


def test_a_request_that_a_person_closed_is_not_opened_again(codecommit: World) -> None:
    service = codecommit.service
    assert service
    service.rules = ["owners"]
    refused(codecommit, RefusedError, "waits for approval")
    service.requests["1"].status = "CLOSED"
    refused(codecommit, RefusedError, "closed without being merged")


def test_a_request_that_a_person_opened_is_used(codecommit: World) -> None:
    service = codecommit.service
    assert service
    for number in range(5):  # others', before it, on more pages than one
        codecommit.git.commit(f"topic-{number}", {f"{number}.py": "x\n"})
        _open(codecommit, f"topic-{number}", "main")
    _open(codecommit, "dev", "main")
    done = codecommit.merge()
    assert done and done.how.startswith("pull request 6")
    assert len(service.requests) == 6 and service.merges == 1


def _open(world: World, source: str, target: str) -> None:
    assert world.service
    targets = [{"repositoryName": "tiny", "sourceReference": source, "destinationReference": target}]
    world.service._CreatePullRequest({"title": "t", "targets": targets, "clientRequestToken": source})


@pytest.mark.parametrize("strategy", [Strategy.THREE_WAY, Strategy.SQUASH])
def test_other_strategies_merge_what_has_moved_apart_once(codecommit: World, strategy: Strategy) -> None:
    service = codecommit.service
    assert service
    other = codecommit.diverge({"other.py": "x\n", "b.py": "1\n2\n"})
    done = codecommit.merge(strategy=strategy)
    assert done and done.before == other
    assert codecommit.git.show("main") == {"a.py": "2", "b.py": "1\n2", "new.py": "new", "other.py": "x"}
    assert codecommit.git.contains(codecommit.tested, "main") is (strategy is Strategy.THREE_WAY)
    service.calls.clear()
    assert codecommit.merge(strategy=strategy) is None and service.writes == []


@pytest.mark.parametrize("strategy", [Strategy.THREE_WAY, Strategy.SQUASH])
def test_a_conflict_is_refused_whatever_the_strategy(codecommit: World, strategy: Strategy) -> None:
    codecommit.diverge({"a.py": "9\n"})
    refused(codecommit, RefusedError, "conflict in a.py", strategy=strategy)


def test_git_elsewhere_only_fast_forwards(git: World) -> None:
    refused(git, UsageError, "only CodeCommit merges by itself", strategy=Strategy.SQUASH)


def test_somebody_elses_branch_in_the_place_of_ours(codecommit: World) -> None:
    codecommit.move_on()
    codecommit.git.move(f"lockgate/tested-{codecommit.tested}", codecommit.base)
    refused(codecommit, RefusedError, "delete it")


def test_a_protected_branch(git: World) -> None:
    hook = git.git.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed for main.' >&2\nexit 1\n")
    hook.chmod(0o755)
    refused(git, RefusedError, "does not let this identity push main", "GH006: Protected branch", "protected")


def test_a_host_that_is_not_there(tmp_path: Path) -> None:
    with git_world(tmp_path / "repository.git") as world:
        world.git.path.rename(tmp_path / "gone")
        with pytest.raises(InfrastructureError, match="no such repository, or no right"):
            world.merge()


def test_a_repository_that_is_not_there(codecommit: World) -> None:
    from dataclasses import replace

    from runner.merge.codecommit import CodeCommitHost

    assert isinstance(codecommit.host, CodeCommitHost)
    codecommit.host = CodeCommitHost(replace(codecommit.host.repository, name="other"))
    refused(codecommit, UsageError, "no such repository in this account and region")
