"""Pull requests of CodeCommit: found, opened, held against their approval rules, merged.

A call whose answer was lost is never repeated blindly: what came of it is read again first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, LockgateError, RefusedError
from runner.merge.records import Strategy
from runner.merge.refusals import AGAIN, as_ours, refused, told
from runner.merge.repository import LINES, SERVICE, Repository

HEADS = "refs/heads/"
MERGE = {
    Strategy.FAST_FORWARD: "merge_pull_request_by_fast_forward",
    Strategy.THREE_WAY: "merge_pull_request_by_three_way",
    Strategy.SQUASH: "merge_pull_request_by_squash",
}
TITLE = 150  # characters that CodeCommit takes


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as it was last read. References are whole: refs/heads/dev."""

    id: str
    revision: str
    is_open: bool
    is_merged: bool
    source: str
    target: str
    commit: str


@dataclass(frozen=True, slots=True)
class Text:
    """What a pull request says."""

    title: str
    description: str


def find(repository: Repository, sources: Iterable[str], target: str, commit: str) -> PullRequest | None:
    """An open pull request of exactly this commit from one of the branches into `target`."""
    wanted = {f"{HEADS}{source}" for source in sources}
    for pull in _open(repository):
        if pull.source in wanted and (pull.target, pull.commit) == (f"{HEADS}{target}", commit):
            return pull
    return None


def _open(repository: Repository) -> Iterable[PullRequest]:
    given = {"repositoryName": repository.name, "pullRequestStatus": "OPEN"}
    with told(repository.place):
        ids = _ids(repository, given)
        for number in ids:
            yield read(repository, number)


def _ids(repository: Repository, given: dict[str, str]) -> list[str]:
    """The numbers of all of them, page by page."""
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        answer = repository.aws.call(SERVICE, "list_pull_requests", **given, **more)
        found += answer["pullRequestIds"]
        if not answer.get("nextToken"):
            return found
        more = {"nextToken": answer["nextToken"]}


def read(repository: Repository, number: str) -> PullRequest:
    """A pull request by its number. Raises AwsError."""
    answer = repository.aws.call(SERVICE, "get_pull_request", pullRequestId=number)
    return _pull_request(answer["pullRequest"])


def open_one(repository: Repository, source: str, target: str, commit: str, text: Text) -> PullRequest:
    """Open one. The token is made from all that it says, so that a call that is repeated makes no second."""
    target_of = {"repositoryName": repository.name, "sourceReference": source, "destinationReference": target}
    said = {"title": text.title[:TITLE], "description": text.description, "targets": [target_of]}
    token = hashlib.sha256(json.dumps([said, commit], sort_keys=True).encode()).hexdigest()
    with told(f"{repository.place} {source}"):
        answer = repository.aws.call(SERVICE, "create_pull_request", **said, clientRequestToken=token)
    return _pull_request(answer["pullRequest"])


def require_mergeable(repository: Repository, pull: PullRequest, commit: str) -> tuple[str, ...]:
    """Nothing where it may be merged; a note where its rules were overridden. Raises RefusedError.

    CodeCommit holds the rules when it merges; this is asked first to say which one is missing."""
    where = f"{repository.place} pull request {pull.id}"
    if not pull.is_open:
        raise refused("PullRequestAlreadyClosedException", where)
    if pull.commit != commit:
        raise refused("TipOfSourceReferenceIsDifferentException", where)
    given = {"pullRequestId": pull.id, "revisionId": pull.revision}
    with told(where):
        answer = repository.aws.call(SERVICE, "evaluate_pull_request_approval_rules", **given)
    return _approved(answer["evaluation"], where)


def _approved(evaluation: dict[str, Any], where: str) -> tuple[str, ...]:
    missing = ", ".join(map(repr, evaluation.get("approvalRulesNotSatisfied", ())))
    if evaluation.get("overridden"):
        return (f"approval rules were overridden: {missing or 'all are satisfied'}",)
    if missing:
        raise RefusedError(
            f"it waits for approval, by the rule {missing}; nothing was merged",
            where=where,
            hint=f"approve it there, then {AGAIN}",
        )
    return ()


def merge(
    repository: Repository, pull: PullRequest, commit: str, strategy: Strategy, message: str
) -> PullRequest:
    """Merge it at exactly this commit. Whatever the call says, what is so is read again."""
    given: dict[str, Any] = {"pullRequestId": pull.id, "sourceCommitId": commit}
    if strategy is not Strategy.FAST_FORWARD:
        given |= {**LINES, "commitMessage": message}
    where = f"{repository.place} pull request {pull.id}"
    failure: LockgateError | None = None
    try:
        repository.call(MERGE[strategy], **given)
    except AwsError as error:
        failure = as_ours(error, where)
    after = _read_again(repository, pull, failure, where)
    if after.is_merged:
        return after
    raise failure or InfrastructureError("it was answered as merged, but is not", where=where)


def _read_again(
    repository: Repository, pull: PullRequest, failure: LockgateError | None, where: str
) -> PullRequest:
    try:
        return read(repository, pull.id)
    except AwsError as error:
        first = f"{failure.what}; then " if failure else ""
        raise InfrastructureError(
            f"whether it was merged could not be told: {first}{error.what}",
            where=where,
            hint=f"{AGAIN} finds out, and goes on",
        ) from error


def _pull_request(told_: dict[str, Any]) -> PullRequest:
    target = (told_.get("pullRequestTargets") or [{}])[0]
    return PullRequest(
        str(told_["pullRequestId"]),
        str(told_.get("revisionId", "")),
        told_.get("pullRequestStatus") == "OPEN",
        bool(target.get("mergeMetadata", {}).get("isMerged")),
        str(target.get("sourceReference", "")),
        str(target.get("destinationReference", "")),
        str(target.get("sourceCommit", "")),
    )
