"""A release taken back: on a branch of its own with a request for it, never straight onto main."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.merges import Service, World, git_world, serving_codecommit

from runner.errors import RefusedError
from runner.merge.records import Undoing

pytestmark = pytest.mark.integration
RELEASE = "2026.11.22-2+abcdef0"
BASE = {"a.py": "1", "b.py": "1", "c.py": "1"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving_codecommit() as there:
        yield there


@pytest.fixture(params=["codecommit", "git"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The tested commit is in main."""
    path = tmp_path / "repository.git"
    if request.param == "git":
        with git_world(path) as there:
            there.git.move("main", there.tested)
            yield there
    else:
        there = request.getfixturevalue("service").world(path)
        there.git.move("main", there.tested)
        yield there


def undoing(world: World) -> Undoing:
    return Undoing(world.tested, world.base, RELEASE)


def refused(world: World, what: Undoing, *words: str) -> None:
    before = world.git.refs()
    with pytest.raises(RefusedError) as caught:
        world.host.revert(what)
    assert world.git.refs() == before
    for word in words:
        assert word in str(caught.value)


def test_it_brings_back_what_was_there_before(world: World) -> None:
    wanted = undoing(world)
    assert [change.path for change in world.host.undoable(wanted)] == ["a.py", "c.py", "new.py"]
    made = world.host.revert(wanted)
    assert made.branch == f"lockgate/revert-{world.tested}" and made.commit == world.git.tip(made.branch)
    assert world.git.show(made.branch) == BASE
    assert world.branches() == (world.tested, world.tested)
    message = world.git.git("log", "-1", "--format=%B", made.branch)
    assert message.startswith(f"Revert {RELEASE}\n") and world.git.contains(world.tested, made.branch)
    if world.service:
        (opened,) = world.service.requests.values()
        assert (opened.source, opened.target, made.pull_request) == (made.branch, "main", "1")
        assert RELEASE in opened.said["title"] and world.base[:12] in opened.said["description"]


def test_what_came_after_it_stays(world: World) -> None:
    world.git.commit("main", {"later.py": "stays\n", "b.py": "2\n"})
    made = world.host.revert(undoing(world))
    assert world.git.show(made.branch) == {**BASE, "later.py": "stays", "b.py": "2"}


def test_a_whole_release_of_several_commits(world: World) -> None:
    tip = world.git.commit("main", {"a.py": "3\n", "second.py": "x\n"})
    made = world.host.revert(Undoing(tip, world.base, RELEASE))
    assert world.git.show(made.branch) == BASE


def test_the_same_command_again_finds_it(world: World) -> None:
    made = world.host.revert(undoing(world))
    before = world.git.refs()
    assert world.host.revert(undoing(world)) == made
    assert world.git.refs() == before and (not world.service or len(world.service.requests) == 1)


def test_nothing_is_left_to_do_once_it_is_merged(world: World) -> None:
    made = world.host.revert(undoing(world))
    world.git.move("main", made.commit)
    assert world.host.undoable(undoing(world)) == ()


def test_a_file_that_was_changed_again_is_a_persons_to_decide(world: World) -> None:
    world.git.commit("main", {"a.py": "3\n"})
    refused(world, undoing(world), f"main has changed a.py since {RELEASE}", "git revert")


def test_a_commit_that_main_does_not_have(world: World) -> None:
    world.git.move("main", world.base)
    refused(world, undoing(world), "does not contain", world.tested[:12])


def test_an_end_that_is_before_its_beginning(world: World) -> None:
    refused(world, Undoing(world.base, world.tested, RELEASE), "does not contain", world.tested[:12])


def test_a_branch_of_that_name_that_is_something_else(world: World) -> None:
    world.git.move("topic", world.base)
    world.git.move(undoing(world).branch, world.git.commit("topic", {"x.py": "x\n"}))
    refused(world, undoing(world), "something else", "delete")


def test_modes_and_bytes_are_brought_back_as_they_were(world: World) -> None:
    """An executable, a link, and bytes that are no text."""
    binary = world.git.blob(bytes(range(256)))
    target, text = world.git.blob(b"b.py"), world.git.blob(b"#!/bin/sh\n")
    entries = {"bin": ("100644", binary), "link": ("120000", target), "run": ("100755", text)}
    world.git.move("main", world.git.made(world.git.tree("main", entries), "has them", "main"))
    since = world.git.tip("main")
    gone = world.git.commit("main", {"bin": "text\n", "link": None, "run": None})
    made = world.host.revert(Undoing(gone, since, RELEASE))
    assert world.git.git("rev-parse", f"{made.branch}^{{tree}}") == world.git.git(
        "rev-parse", f"{since}^{{tree}}"
    )


def test_more_files_than_codecommits_api_takes(tmp_path: Path, service: Service) -> None:
    world = service.world(tmp_path / "repository.git")
    service.double.page = 50
    tip = world.tested
    blob = world.git.blob(b"many\n")
    tree = world.git.tree(tip, {f"{number}.py": ("100644", blob) for number in range(101)})
    many = world.git.made(tree, "many", tip)
    world.git.move("main", many)
    with pytest.raises(RefusedError, match="more than CodeCommit's API"):
        world.host.revert(Undoing(many, tip, RELEASE))
    assert world.git.tip("main") == many and not service.double.requests


def test_many_files_through_git(tmp_path: Path) -> None:
    with git_world(tmp_path / "repository.git") as world:
        blob = world.git.blob(b"many\n")
        tree = world.git.tree(world.tested, {f"{number}.py": ("100644", blob) for number in range(500)})
        many = world.git.made(tree, "many", world.tested)
        world.git.move("main", many)
        made = world.host.revert(Undoing(many, world.tested, RELEASE))
        assert len(made.paths) == 500 and len(world.git.show(world.tested)) == 3
        assert world.git.git("rev-parse", f"{made.branch}^{{tree}}") == world.git.git(
            "rev-parse", f"{world.tested}^{{tree}}"
        )
