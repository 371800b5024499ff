"""One repository behind either host of a merge, and what is compared before and after."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from helpers.bare_repository import BareRepository, new_repository
from helpers.codecommit_double import FakeCodeCommit
from helpers.codecommit_objects import REPOSITORY
from helpers.codepipeline import serving

from runner.adapters import git_remote
from runner.adapters.aws import Aws, sandbox_target
from runner.merge.codecommit import CodeCommitHost
from runner.merge.decide import is_needed
from runner.merge.git_host import GitHost
from runner.merge.records import Host, Merged, Wanted
from runner.merge.repository import Repository

BASE = {"a.py": "1\n", "b.py": "1\n", "c.py": "1\n"}


@dataclass
class World:
    """main at `base`, dev at `tested` on top of it."""

    git: BareRepository
    host: Host
    base: str
    tested: str
    service: FakeCodeCommit | None = None

    def wanted(self, **more: Any) -> Wanted:
        given = {"title": "Merge it", "description": "It was tested.", **more}
        return Wanted(**{"commit": self.tested, **given})

    def merge(self, **more: Any) -> Merged | None:
        """As the flow does it; None where there is nothing to do."""
        wanted = self.wanted(**more)
        seen = self.host.see(wanted)
        return self.host.merge(wanted, seen) if is_needed(wanted, seen, self.host.place) else None

    def branches(self) -> tuple[str, str]:
        """Both branches."""
        return self.git.tip("dev"), self.git.tip("main")

    def diverge(self, files: dict[str, str | None]) -> str:
        """Somebody puts something else into main."""
        return self.git.commit("main", files, "somebody else's")

    def move_on(self) -> str:
        """dev gets one more commit, which nobody tested."""
        return self.git.commit("dev", {"later.py": "not tested\n"}, "later")


def history(path: Path) -> tuple[BareRepository, str, str]:
    """A repository with main, and dev one commit on."""
    template, base, tested = _template()
    shutil.copytree(template, path)
    return BareRepository(path), base, tested


@cache
def _template() -> tuple[Path, str, str]:
    folder = Path(tempfile.mkdtemp(prefix="lockgate-tests-merge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    git = new_repository(folder / "template.git")
    base = git.commit("main", BASE, "base")
    git.move("dev", base)
    return git.path, base, git.commit("dev", {"a.py": "2\n", "new.py": "new\n", "c.py": None}, "tested")


@contextmanager
def serving_codecommit() -> Iterator[Service]:
    """CodeCommit's double, to be used by one world after another, and a boto3 that repeats nothing."""
    with serving(FakeCodeCommit()) as service:  # type: ignore[type-var]
        made = client("codecommit", service.url)
        yield Service(service, Aws(sandbox_target(service.url), lambda _: made))


@dataclass(frozen=True)
class Service:
    """The double, and the AWS that reaches it."""

    double: FakeCodeCommit
    aws: Aws

    def world(self, path: Path) -> World:
        """A new repository in it."""
        git, base, tested = history(path)
        self.double.reset(git)
        return World(git, CodeCommitHost(Repository(self.aws, REPOSITORY)), base, tested, self.double)


@contextmanager
def git_world(path: Path) -> Iterator[World]:
    """A bare repository that git reaches by its path."""
    git, base, tested = history(path)
    with git_remote.opened(f"file://{path}", f"file://{path}") as remote:
        yield World(git, GitHost(remote), base, tested)


def client(service: str, url: str, attempts: int = 1) -> Any:
    """A boto3 client that makes so many attempts."""
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    config = Config(retries={"total_max_attempts": attempts}, proxies={})
    return boto3.client(service, endpoint_url=url, config=config, **keys)
