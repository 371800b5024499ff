"""CodeCommit's errors as ours: what they mean for a merge, and what to do next.

The names are those of the API reference (codecommit, 2015-04-13); each belongs to calls that change nothing
when they give it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, LockgateError, RefusedError, UsageError

AGAIN = "the same command again"
# code -> (what it means, what to do)
REFUSED = {
    "TipOfSourceReferenceIsDifferentException": (
        "the branch moved while it was being merged: its tip is not the tested commit",
        f"{AGAIN}: the tested commit goes by a branch of its own then",
    ),
    "ConcurrentReferenceUpdateException": ("somebody else updated the branch at the same moment", AGAIN),
    "ManualMergeRequiredException": (
        "CodeCommit cannot merge it by itself: the branches have moved apart",
        f"{AGAIN} says where they conflict",
    ),
    "PullRequestApprovalRulesNotSatisfiedException": ("its approval rules are not satisfied", "approve it"),
    "PullRequestAlreadyClosedException": (
        "its pull request was closed without being merged",
        "if that was a mistake, open another one by hand: it is found and merged",
    ),
    "TipsDivergenceExceededException": (
        "the branches are too far apart for CodeCommit to compare",
        "merge by git, and test what comes of it",
    ),
    "MaximumOpenPullRequestsExceededException": (
        "the repository has as many open pull requests as it may have",
        "close some",
    ),
    "BranchNameExistsException": ("the branch was made by somebody else at the same moment", AGAIN),
    "ParentCommitIdOutdatedException": ("somebody else updated the branch at the same moment", AGAIN),
    "FileTooLargeException": ("a file is too large for CodeCommit's API", "take it back with git revert"),
}
USAGE = {
    "RepositoryDoesNotExistException": "there is no such repository in this account and region",
    "InvalidRepositoryNameException": "that is no name of a repository",
    "BranchDoesNotExistException": "there is no such branch",
    "InvalidBranchNameException": "that is no name of a branch",
    "ReferenceDoesNotExistException": "there is no such branch",
    "CommitDoesNotExistException": "there is no such commit",
    "CommitIdDoesNotExistException": "there is no such commit",
}


@contextmanager
def told(where: str) -> Iterator[None]:
    """A call's AwsError as the error that fits; `where` is what it was about."""
    try:
        yield
    except AwsError as error:
        raise as_ours(error, where) from error


def as_ours(error: AwsError, where: str) -> LockgateError:
    """Refused where the branches forbid it, usage where a name is wrong, else it could not be told."""
    if error.code in REFUSED:
        return refused(error.code, where)
    if error.code in USAGE:
        return UsageError(USAGE[error.code], where=where)
    what = f"{error.where}: {error.what}"
    hint = error.hint or f"{AGAIN} finds out what was done, and goes on"
    return InfrastructureError(what, where=where, hint=hint)


def refused(code: str, where: str) -> RefusedError:
    """The refusal that one of CodeCommit's codes means, also where it is seen coming."""
    what, hint = REFUSED[code]
    return RefusedError(f"{what}; nothing was merged", where=where, hint=hint)
