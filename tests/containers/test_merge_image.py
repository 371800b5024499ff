"""The image that merges by git: as its own user, read-only, without rights, to a real bare repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers import containers
from helpers.containers import HARDENED, hand_over, start
from helpers.merges import git_world
from helpers.signed_runs import key, signed

pytestmark = pytest.mark.docker
IMAGE = "lockgate:merge"


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    containers.build("merge")


def test_the_tested_commit_is_merged(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with git_world(tmp_path / "repository.git") as world:
        left = signed(tmp_path, key(tmp_path), commit=world.tested)
        run = left.folder.relative_to(tmp_path)
        hand_over(tmp_path)
        ran = start(
            IMAGE, "merge", f"/work/{run}", "--key", "/work/keys/development.pub.pem",
            "--repository", "file:///work/repository.git",
            options=[*HARDENED, "--network=none", f"--volume={tmp_path}:/work"],
        )  # fmt: skip
        hand_over(tmp_path, uid=os.getuid())  # git reads no repository of another user's
        assert ran.code == 0, ran.out
        assert ran.out.startswith(f"merged: {world.tested[:12]} of dev into main of "), ran.out
        assert world.branches() == (world.tested, world.tested)


def test_git_speaks_https_and_the_package_database_knows_it() -> None:
    """So that who looks for known flaws in the image sees it."""
    script = "dpkg-query --show git && git ls-remote https://127.0.0.1:1/x 2>&1"
    ran = start(IMAGE, "-c", script, options=[*HARDENED, "--network=none", "--entrypoint=sh"])
    assert ran.out.startswith("git\t")
    assert "Failed to connect to 127.0.0.1 port 1" in ran.out


def test_who_deploys_has_none() -> None:
    ran = start("lockgate:deploy", "-c", "git --version", options=["--entrypoint=sh", "--network=none"])
    assert ran.code == 127
