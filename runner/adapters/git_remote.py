"""Branches of a repository somewhere else, through git: read, compared, pushed with a lease.

A bare repository of its own in a scratch folder does it, so that no checkout's hooks, configuration or
branches have a part in it. git finds credentials as it always does (helpers, ssh, an agent) but asks nobody.
The URL goes to git in its environment, never on a command line, and comes back out of its messages without
credentials.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.adapters import shell
from runner.adapters.output import SECRECY
from runner.errors import InfrastructureError
from runner.text import one_line

HEADS = "refs/heads/"
# ext:: and the like run commands that a URL names.
PROTOCOLS = "https:http:ssh:file"
KEPT = ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "SSH_ASKPASS")
CREDENTIALS = re.compile(
    r"Authentication failed|could not read (Username|Password)|Permission denied"
    r"|Invalid username or (token|password)|terminal prompts disabled|error: 40[13]"
    r"|Host key verification failed",
    re.I,
)
ABSENT = re.compile(r"not found|does not appear to be a git repository|does not exist", re.I)
SAID = re.compile(r"^(?:fatal|error|remote|ERROR): *(.+)$", re.M)
NETWORK, LOCAL = 300.0, 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Pushed:
    """What the other side said of a push. reason: git's, '' where it was done; `stale`: the branch was not
    (any longer) where the lease said; words: what the other side added."""

    reason: str = ""
    words: str = ""

    @property
    def stale(self) -> bool:
        return self.reason in ("stale info", "fetch first", "non-fast-forward", "already exists")


@contextmanager
def opened(url: str, shown: str) -> Iterator[Remote]:
    """A repository for the length of a command; `shown` is its name without credentials."""
    SECRECY.learn({"LOCKGATE_REPOSITORY": url})
    with TemporaryDirectory(prefix="lockgate-merge-") as folder:
        remote = Remote(Path(folder), url, shown)
        remote.local("init", "--quiet", "--bare", "--template=", ".")
        yield remote


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository elsewhere, and the scratch repository in which it is looked at.

    Every method raises InfrastructureError where git does, or the other side cannot be reached."""

    folder: Path
    url: str
    shown: str

    def tips(self, *branches: str) -> dict[str, str]:
        """The commits of those branches that there are, as the other side has them now."""
        told = self.remote("ls-remote", "--heads", "origin", *(HEADS + branch for branch in branches))
        lines = re.findall(rf"^([0-9a-f]{{40}})\t{HEADS}(.+)$", told, re.M)
        return {branch: commit for commit, branch in lines if branch in branches}

    def fetch(self, *commits: str) -> None:
        """Fetch commits with their history; each gets a reference, so that a second fetch is short."""
        wanted = [f"+{commit}:refs/lockgate/{commit}" for commit in commits]
        self.remote("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", *wanted)

    def has(self, commit: str) -> bool:
        """Whether a commit was fetched."""
        return self._run(("cat-file", "-e", f"{commit}^{{commit}}"), LOCAL).code == 0

    def contains(self, ancestor: str, commit: str) -> bool:
        """Whether `ancestor` is the commit or in its history."""
        done = self._run(("merge-base", "--is-ancestor", ancestor, commit), LOCAL)
        if done.code not in (0, 1):
            raise InfrastructureError(f"git merge-base failed: {self._words(done.output)}", where=self.shown)
        return done.code == 0

    def conflicts(self, ours: str, theirs: str) -> tuple[str, ...]:
        """The files in which a three-way merge conflicts; none are told by a git before 2.38."""
        words = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
        done = self._run(words, LOCAL)
        return tuple(done.output.split("\0")[1:-1]) if done.code == 1 else ()

    def push(self, commit: str, branch: str, expected: str) -> Pushed:
        """Put a branch at a commit, if it is at `expected` ('': if there is none)."""
        ref = HEADS + branch
        words = ("push", "--porcelain", "--no-verify", f"--force-with-lease={ref}:{expected}")
        done = self._run((*words, "origin", f"{commit}:{ref}"), NETWORK)
        told = re.search(rf"^(.)\t[^\t\n]*:{re.escape(ref)}\t(.*)$", done.output, re.M)
        if told is None:
            raise self._failed("push", done.output, done.timed_out)
        if told[1] != "!":
            return Pushed()
        reason = re.search(r"\(([^()]*)\)\s*$", told[2])
        return Pushed(reason[1] if reason else told[2], self._words(done.output))

    def remote(self, *words: str) -> str:
        """Run git against the other side; its output."""
        done = self._run(words, NETWORK)
        if done.code != 0:
            raise self._failed(words[0], done.output, done.timed_out)
        return done.output

    def local(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run git in the scratch repository alone; its output."""
        done = self._run(words, LOCAL, env)
        if done.code != 0:
            raise InfrastructureError(f"git {words[0]} failed: {self._words(done.output)}", where=self.shown)
        return done.output

    def _run(
        self, words: tuple[str, ...], timeout: float, env: Mapping[str, str] | None = None
    ) -> shell.Completed:
        fixed = ["git", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0"]
        whole = {**remote_env(self.url), **(env or {})}
        return shell.run([*fixed, *words], env=whole, cwd=self.folder, timeout=timeout)

    def _failed(self, word: str, output: str, timed_out: bool = False) -> InfrastructureError:
        what, hint = "it cannot be reached", "is the URL right, and the network there?"
        if timed_out:
            what = f"it did not answer within {NETWORK:.0f} s"
        elif CREDENTIALS.search(output):
            what = "it does not take the credentials that git found, or there are none"
            hint = "a credential helper or an ssh key for git, which is not asked for a password here"
        elif ABSENT.search(output):
            what, hint = "there is no such repository, or no right to see it", "is the URL right?"
        words = self._words(output)
        return InfrastructureError(
            f"git {word}: {what}{f' ({words})' if words else ''}", where=self.shown, hint=hint
        )

    def _words(self, output: str) -> str:
        """What git and the other side said, on one line. git names no password of a URL; what the other
        side or a helper says is redacted."""
        clean = SECRECY.redactor().text(output)
        return one_line("; ".join(line.strip() for line in SAID.findall(clean) if line.strip()))


def remote_env(url: str) -> dict[str, str]:
    """git's environment: the user's home and agent, English messages, no questions, and the URL."""
    own = {name: os.environ[name] for name in KEPT if name in os.environ}
    fixed = {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "remote.origin.url",
        "GIT_CONFIG_VALUE_0": url,
    }
    return {**shell.tool_env(), **own, **fixed}
