"""Which host a repository's name means: pure.

CodeCommit's URLs are those of its console and of git-remote-codecommit; a git push would go past its
approval rules, so such a repository is always merged through its API. Everything else is git's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.errors import UsageError

NAME = r"(?P<name>[A-Za-z0-9_.-]{1,100})"
REGION = r"(?P<region>[a-z]{2}(-[a-z]+)+-\d)"
CODECOMMIT = (
    re.compile(rf"codecommit(::{REGION})?://([^@/\s]{{1,100}}@)?{NAME}"),
    re.compile(
        rf"(https|ssh)://([^@/\s]{{1,200}}@)?git-codecommit(-fips)?\.{REGION}\.amazonaws\.com(\.cn)?(:\d+)?"
        rf"/v1/repos/{NAME}/?"
    ),
)
GIT = re.compile(
    r"(https?|ssh|file)://[^\s]{1,2000}|/[^\x00-\x1f]{1,2000}|[^\s:/@-][^\s:/@]*@[^\s:/]+:[^\s]+"
)
USER = re.compile(r"^(\w+://)[^/]*@")


@dataclass(frozen=True, slots=True)
class CodeCommitPlace:
    """A repository of CodeCommit; region '' is that of the AWS in use."""

    name: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class GitPlace:
    """A repository that git reaches. The URL may hold credentials; `shown` does not."""

    url: str

    @property
    def shown(self) -> str:
        """The URL as people may see it."""
        return USER.sub(r"\1", self.url)


def place_of(url: str) -> CodeCommitPlace | GitPlace:
    """The host of a URL. Raises UsageError for what is none, or a transport that runs commands (ext::)."""
    for pattern in CODECOMMIT:
        if match := pattern.fullmatch(url):
            return CodeCommitPlace(match["name"], match["region"] or "")
    if not GIT.fullmatch(url):
        shown = USER.sub(r"\1", url)[:200]
        raise UsageError(
            f"{shown!r} is no repository",
            hint="codecommit://NAME, codecommit::REGION://NAME, or a URL of git's (https, ssh, file)",
        )
    return GitPlace(url)
