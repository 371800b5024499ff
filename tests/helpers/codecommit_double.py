"""A CodeCommit of our own: an HTTP server behind the real boto3, and a real bare git repository behind it.

Requests and answers are held against botocore's own service model, and only errors that the model declares
for an operation are answered. What is modelled beyond it, and from where (API reference, codecommit):

- MergePullRequestBy*: with sourceCommitId another tip is TipOfSourceReferenceIsDifferentException, unmet
  rules PullRequestApprovalRulesNotSatisfiedException, no fast-forward or a conflict ManualMergeRequired-
  Exception, a closed request PullRequestAlreadyClosedException; a merge closes the request;
- CreatePullRequest: the same clientRequestToken answers the same request, other parameters are
  IdempotencyParameterMismatchException;
- CreateCommit: a parent that is not the tip is ParentCommitIdOutdatedException;
- a request follows its branches while it is open: a push moves its source commit and its revision, and
  approvals of the revision before no longer count (user guide, "approval rules").
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from helpers.aws_model import problems
from helpers.bare_repository import BareRepository
from helpers.codecommit_objects import HEADS, REPOSITORY, Objects
from helpers.codepipeline import Fault, Refusal

PREFIX = "CodeCommit_20150413."
WRITES = ("Create", "Merge", "Delete", "Update", "Put")


@dataclass
class FakeRequest:
    """A pull request's state; branches by their short names."""

    id: str
    source: str
    target: str
    said: dict[str, Any]
    status: str = "OPEN"
    merged: dict[str, Any] = field(default_factory=lambda: {"isMerged": False})
    commits: tuple[str, str] = ("", "")
    approved: set[str] = field(default_factory=set)

    @property
    def revision(self) -> str:
        return hashlib.sha256(f"{self.id} {self.commits[0]}".encode()).hexdigest()


class FakeCodeCommit(Objects):
    """The service with one repository. `rules` have to be approved; `before` is called once before an
    operation, to have somebody else act in between; `page` is how many a listing answers at once."""

    def __init__(self) -> None:
        self.model = ServiceModel(Loader().load_service_model("codecommit", "service-2"))
        self.url, self.page = "", 2
        self.wrong_answers: list[str] = []

    def reset(self, git: BareRepository) -> None:
        """As if newly made, with this repository in it."""
        self.git = git
        self.requests: dict[str, FakeRequest] = {}
        self.rules: list[str] = []
        self.overridden = False
        self.calls: list[str] = []
        self.faults: list[Fault] = []
        self.fault_at: tuple[int, Fault] | None = None
        self.before: dict[str, Callable[[], object]] = {}

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if call.startswith(WRITES)]

    @property
    def merges(self) -> int:
        return sum(request.merged["isMerged"] for request in self.requests.values())

    def approve(self, number: str, rule: str) -> None:
        """Somebody approves what the request is now."""
        self.requests[number].approved.add(f"{rule} {self._live(number).revision}")

    def answer(self, target: str, body: bytes, caller: str) -> tuple[dict[str, Any], bool]:
        """(answer, whether it is lost on its way). Raises Refusal."""
        operation = target.removeprefix(PREFIX)
        if operation not in self.model.operation_names or not hasattr(self, f"_{operation}"):
            raise Refusal("UnknownOperationException", operation)
        model, given = self.model.operation_model(operation), json.loads(body or b"{}")
        self.calls.append(operation)
        lost = self._fault(operation)
        if wrong := problems(model.input_shape, given):
            raise Refusal("ValidationException", wrong)
        if act := self.before.pop(operation, None):
            act()
        told = self._declared(model, lambda: getattr(self, f"_{operation}")(given))
        if model.output_shape is not None and (wrong := problems(model.output_shape, told)):
            self.wrong_answers.append(wrong)
        return told, lost

    def _declared(self, model: Any, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return act()
        except Refusal as refusal:
            if refusal.code not in {shape.name for shape in model.error_shapes}:
                self.wrong_answers.append(f"{model.name} does not answer {refusal.code}")
            raise

    def _fault(self, operation: str) -> bool:
        """The fault of an operation, or of the n-th call (from 1) and those after it."""
        planted = [fault for fault in self.faults if fault.operation == operation]
        if self.fault_at and len(self.calls) >= self.fault_at[0]:
            planted.append(self.fault_at[1])
        for fault in planted:
            if fault.times > 0:
                fault.times -= 1
                if not fault.lost:
                    raise Refusal(fault.code, "planted", fault.status)
                return True
        return False

    # --- merges ---

    def _pair(self, given: dict[str, Any]) -> tuple[str, str, str]:
        self._repository(given)
        source, target = given["sourceCommitSpecifier"], given["destinationCommitSpecifier"]
        for commit in (source, target):
            self._known(commit, "CommitDoesNotExistException")
        base = self.git.base(source, target)
        if not base:
            raise Refusal("TipsDivergenceExceededException", "no common commit")
        return source, target, base

    def _GetMergeOptions(self, given: dict[str, Any]) -> dict[str, Any]:
        source, target, base = self._pair(given)
        options = [] if self.git.three_way(target, source)[1] else ["SQUASH_MERGE", "THREE_WAY_MERGE"]
        if base == target:
            options.append("FAST_FORWARD_MERGE")
        told = {"sourceCommitId": source, "destinationCommitId": target, "baseCommitId": base}
        return {"mergeOptions": options, **told}

    def _GetMergeConflicts(self, given: dict[str, Any]) -> dict[str, Any]:
        source, target, base = self._pair(given)
        files = self.git.three_way(target, source)[1]
        return {
            "mergeable": not files,
            "destinationCommitId": target,
            "sourceCommitId": source,
            "baseCommitId": base,
            "conflictMetadataList": [{"filePath": file, "contentConflict": True} for file in files],
        }

    # --- pull requests ---

    def _CreatePullRequest(self, given: dict[str, Any]) -> dict[str, Any]:
        target = given["targets"][0]
        self._repository(target)
        for request in self.requests.values():
            if request.said["clientRequestToken"] == given["clientRequestToken"]:
                if request.said != given:
                    raise Refusal("IdempotencyParameterMismatchException", "another request")
                return self._told(request.id)
        names = [target[f"{side}Reference"].removeprefix(HEADS) for side in ("source", "destination")]
        for name in names:
            if not self.git.tip(name):
                raise Refusal("ReferenceDoesNotExistException", name)
        number = str(len(self.requests) + 1)
        self.requests[number] = FakeRequest(number, names[0], names[1], given)
        return self._told(number)

    def _GetPullRequest(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._number(given))

    def _ListPullRequests(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        wanted = given.get("pullRequestStatus")
        ids = [r.id for r in self.requests.values() if wanted in (None, r.status)]
        begin = int(given.get("nextToken", 0))
        more = {"nextToken": str(begin + self.page)} if len(ids) > begin + self.page else {}
        return {"pullRequestIds": ids[begin : begin + self.page], **more}

    def _EvaluatePullRequestApprovalRules(self, given: dict[str, Any]) -> dict[str, Any]:
        request = self._live(self._number(given))
        if given["revisionId"] != request.revision:
            raise Refusal("RevisionNotCurrentException", "it has another revision now")
        missing = self._missing(request)
        return {
            "evaluation": {
                "approved": not missing,
                "overridden": self.overridden,
                "approvalRulesSatisfied": [rule for rule in self.rules if rule not in missing],
                "approvalRulesNotSatisfied": missing,
            }
        }

    def _missing(self, request: FakeRequest) -> list[str]:
        return [rule for rule in self.rules if f"{rule} {request.revision}" not in request.approved]

    def _MergePullRequestByFastForward(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._merge(given, "FAST_FORWARD_MERGE")

    def _MergePullRequestByThreeWay(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._merge(given, "THREE_WAY_MERGE")

    def _MergePullRequestBySquash(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._merge(given, "SQUASH_MERGE")

    def _merge(self, given: dict[str, Any], option: str) -> dict[str, Any]:
        self._repository(given)
        request = self._live(self._number(given))
        if request.status != "OPEN":
            raise Refusal("PullRequestAlreadyClosedException", "closed")
        source, target = request.commits
        if given.get("sourceCommitId", source) != source:
            raise Refusal("TipOfSourceReferenceIsDifferentException", "the tip is another commit")
        if self._missing(request) and not self.overridden:
            raise Refusal("PullRequestApprovalRulesNotSatisfiedException", "not approved")
        made = self._merged(source, target, option, given.get("commitMessage", ""))
        if act := self.before.pop("swap", None):
            act()
        if not self.git.swap(request.target, made, target):
            raise Refusal("ConcurrentReferenceUpdateException", "the target was modified")
        request.status = "CLOSED"
        request.merged = {"isMerged": True, "mergeCommitId": made, "mergeOption": option, "mergedBy": "arn"}
        return self._told(request.id)

    def _merged(self, source: str, target: str, option: str, message: str) -> str:
        if option == "FAST_FORWARD_MERGE":
            if self.git.contains(target, source):
                return source
            raise Refusal("ManualMergeRequiredException", "no fast-forward")
        tree, conflicts = self.git.three_way(target, source)
        if conflicts:
            raise Refusal("ManualMergeRequiredException", "conflicts")
        return self.git.made(tree, message, target, *([source] if option == "THREE_WAY_MERGE" else []))

    def _number(self, given: dict[str, Any]) -> str:
        if given["pullRequestId"] not in self.requests:
            raise Refusal("PullRequestDoesNotExistException", given["pullRequestId"])
        return str(given["pullRequestId"])

    def _live(self, number: str) -> FakeRequest:
        """A request as it is now: an open one is where its branches are."""
        request = self.requests[number]
        if request.status == "OPEN":
            request.commits = self.git.tip(request.source), self.git.tip(request.target)
        return request

    def _told(self, number: str) -> dict[str, Any]:
        request = self._live(number)
        target = {
            "repositoryName": REPOSITORY,
            "sourceReference": f"{HEADS}{request.source}",
            "destinationReference": f"{HEADS}{request.target}",
            "sourceCommit": request.commits[0],
            "destinationCommit": request.commits[1],
            "mergeMetadata": request.merged,
        }
        told = {
            "pullRequestId": number,
            "title": request.said["title"],
            "pullRequestStatus": request.status,
            "pullRequestTargets": [target],
            "revisionId": request.revision,
        }
        return {"pullRequest": told}
