from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.adapters.git import Source, checkout, glance, source
from runner.errors import UsageError


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", "-C", str(root), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A solution's folder in a larger repository."""
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "a").write_text("1")
    git(tmp_path, "init", "-q", "-b", "dev")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path / "solution"


def test_commit_branch_and_cleanness(folder: Path) -> None:
    found = source(folder, {})
    assert (len(found.commit), found.branch, found.clean) == (40, "dev", True)
    (folder / "new").touch()
    assert source(folder, {}).clean is False


def test_an_edit_and_a_commit_move_the_source(folder: Path) -> None:
    before = source(folder, {})
    (folder / "a").write_text("2")
    assert "edited" in before.moved_to(source(folder, {}))
    git(folder, "commit", "-qam", "two")
    assert before.commit[:12] in before.moved_to(source(folder, {}))


def test_a_commit_elsewhere_in_the_repository_and_a_new_file_do_not(folder: Path) -> None:
    before = source(folder, {})
    (folder.parent / "elsewhere").touch()
    (folder / "untracked").touch()
    git(folder.parent, "add", "elsewhere")
    git(folder.parent, "commit", "-qm", "two")
    assert before.moved_to(source(folder, {})) == ""


@pytest.mark.parametrize("head", ["dev", "--detach"])
def test_a_glance_sees_the_same_commit_branch_and_cleanness(folder: Path, head: str) -> None:
    git(folder, "checkout", "-q", head)
    for change in (lambda: None, (folder / "new").touch, lambda: (folder / "a").write_text("2")):
        change()
        whole, seen = checkout(folder), glance(folder)
        assert (seen.commit, seen.branch, seen.clean) == (whole.commit, whole.branch, whole.clean)
        assert whole.commit
    (folder.parent / "elsewhere").touch()
    git(folder, "stash", "-qu")
    assert glance(folder).clean is True


def test_a_glance_at_a_repository_without_a_commit(tmp_path: Path) -> None:
    assert glance(tmp_path) == Source()
    git(tmp_path, "init", "-q")
    assert glance(tmp_path) == checkout(tmp_path) == Source()


def test_no_git_is_no_source(tmp_path: Path) -> None:
    assert source(tmp_path, {}) == Source()


TOLD = "0123456789abcdef" * 2 + "01234567"
OTHER = "f" * 40


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LOCKGATE_COMMIT": TOLD, "LOCKGATE_BRANCH": "feature/x"}, (TOLD, "feature/x")),
        ({"LOCKGATE_COMMIT": TOLD.upper(), "CODEBUILD_RESOLVED_SOURCE_VERSION": OTHER}, (TOLD, "")),
        ({"LOCKGATE_COMMIT": "", "CODEBUILD_RESOLVED_SOURCE_VERSION": OTHER}, (OTHER, "")),
        ({"CODEBUILD_RESOLVED_SOURCE_VERSION": "arn:aws:s3:::b/k", "LOCKGATE_BRANCH": ""}, ("", "")),
        ({"CODEBUILD_RESOLVED_SOURCE_VERSION": TOLD + "\n"}, ("", "")),
        ({"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/dev"}, ("", "dev")),
        ({"CODEBUILD_WEBHOOK_HEAD_REF": "refs/tags/v1"}, ("", "")),
        ({"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/a\nLOCKGATE_VERDICT=PASSED"}, ("", "")),
    ],
)
def test_without_git_the_environment_says_it_and_cleanness_is_unknown(
    tmp_path: Path, environ: dict[str, str], expected: tuple[str, str]
) -> None:
    found = source(tmp_path, environ)
    assert (found.commit, found.branch) == expected
    assert found.clean is None
    assert found.moved_to(checkout(tmp_path)) == ""


@pytest.mark.parametrize(
    "environ",
    [
        {"LOCKGATE_COMMIT": TOLD[:12]},
        {"LOCKGATE_COMMIT": TOLD + "\n"},
        {"LOCKGATE_COMMIT": "dev"},
        {"LOCKGATE_BRANCH": "two words"},
        {"LOCKGATE_BRANCH": "a\nVERDICT=PASSED"},
        {"LOCKGATE_BRANCH": "-x"},
        {"LOCKGATE_BRANCH": "x" * 251},
    ],
)
def test_what_is_given_wrongly_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        source(tmp_path, environ)
    assert caught.value.where in environ


def test_gits_commit_stands_against_codebuilds_and_not_against_a_given_one(folder: Path) -> None:
    found = source(folder, {"CODEBUILD_RESOLVED_SOURCE_VERSION": OTHER, "LOCKGATE_BRANCH": "main"})
    assert found == checkout(folder)
    assert source(folder, {"LOCKGATE_COMMIT": found.commit}) == found
    with pytest.raises(UsageError, match="it says ffffffffffff, but the checkout is at"):
        source(folder, {"LOCKGATE_COMMIT": OTHER})


def test_a_detached_checkouts_branch_is_what_was_told(folder: Path) -> None:
    git(folder, "checkout", "-q", "--detach")
    assert source(folder, {}).branch == "HEAD"
    assert source(folder, {"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/dev"}).branch == "dev"


def test_a_checkout_that_appears_during_the_run_has_moved_the_source(folder: Path) -> None:
    assert Source(TOLD).moved_to(checkout(folder)) != ""
