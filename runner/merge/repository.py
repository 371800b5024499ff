"""A CodeCommit repository as it is read and written: tips, ancestors, differences, commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.errors import RefusedError
from runner.merge.records import Blob, Change
from runner.merge.refusals import told

SERVICE = "codecommit"
NO_BRANCH, NO_COMMIT = "BranchDoesNotExistException", "CommitIdDoesNotExistException"
# What two branches changed in one file conflicts line by line, as in git, not file by file.
LINES = {"conflictDetailLevel": "LINE_LEVEL", "conflictResolutionStrategy": "NONE"}
MODES = {"100644": "NORMAL", "100755": "EXECUTABLE", "120000": "SYMLINK"}
FILES = 100  # CreateCommit takes no more


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository. Every method raises LockgateError."""

    aws: Aws
    name: str

    @property
    def place(self) -> str:
        return f"codecommit://{self.name}"

    def tip(self, branch: str) -> str:
        """The commit of a branch; UsageError where there is none."""
        with told(f"{self.place} {branch}"):
            return self._tip(branch)

    def tip_if_any(self, branch: str) -> str:
        """The commit of a branch, '' where there is none."""
        with told(f"{self.place} {branch}"):
            try:
                return self._tip(branch)
            except AwsError as error:
                if error.code != NO_BRANCH:
                    raise
                return ""

    def _tip(self, branch: str) -> str:
        return str(self.call("get_branch", branchName=branch)["branch"]["commitId"])

    def commit(self, commit: str) -> dict[str, Any]:
        """A commit's message, parents and tree; empty where there is none."""
        with told(f"{self.place} {commit}"):
            try:
                found: dict[str, Any] = self.call("get_commit", commitId=commit)["commit"]
            except AwsError as error:
                if error.code != NO_COMMIT:
                    raise
                return {}
        return found

    def base(self, one: str, other: str) -> str:
        """The newest commit that both contain: one of them where that one is the other's ancestor."""
        if one == other:
            return one
        with told(self.place):
            given = {"sourceCommitSpecifier": one, "destinationCommitSpecifier": other}
            return str(self.call("get_merge_options", **given)["baseCommitId"])

    def conflicts(self, source: str, target: str) -> tuple[str, ...]:
        """The files in which a three-way merge of two commits conflicts."""
        given = {"sourceCommitSpecifier": source, "destinationCommitSpecifier": target}
        with told(self.place):
            answer = self.call("get_merge_conflicts", mergeOption="THREE_WAY_MERGE", **LINES, **given)
        files = [str(found.get("filePath", "?")) for found in answer["conflictMetadataList"]]
        return tuple(files) if files or answer["mergeable"] else ("unnamed files",)

    def differences(self, before: str, after: str) -> list[Change]:
        """What changed between two commits."""
        given = {"repositoryName": self.name, "beforeCommitSpecifier": before, "afterCommitSpecifier": after}
        with told(self.place):
            found = self.aws.pages(SERVICE, "get_differences", "differences", **given)
        return [_change(one) for one in found]

    def create_branch(self, branch: str, commit: str) -> None:
        """Make a branch. One that is there already has to be at that commit: else RefusedError."""
        try:
            self.call("create_branch", branchName=branch, commitId=commit)
        except AwsError as error:
            with told(f"{self.place} {branch}"):
                # Also after a lost answer: then it is ours.
                if error.code != "BranchNameExistsException" or self._tip(branch) != commit:
                    raise error

    def create_commit(self, branch: str, parent: str, message: str, changes: Sequence[Change]) -> None:
        """A commit on a branch whose tip is `parent`: a compare-and-swap."""
        if len(changes) > FILES or any(c.after and c.after.mode not in MODES for c in changes):
            raise RefusedError(
                f"{len(changes)} files, or a submodule, are more than CodeCommit's API commits at once",
                where=self.place,
                hint="take it back with git revert",
            )
        with told(f"{self.place} {branch}"):
            self.call(
                "create_commit", branchName=branch, parentCommitId=parent, commitMessage=message,
                putFiles=[self._put(c.path, c.after) for c in changes if c.after],
                deleteFiles=[{"filePath": c.path} for c in changes if not c.after],
            )  # fmt: skip

    def _put(self, path: str, blob: Blob) -> dict[str, Any]:
        content = self.call("get_blob", blobId=blob.id)["content"]
        return {"filePath": path, "fileMode": MODES[blob.mode], "fileContent": content}

    def call(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """One call about this repository. Raises AwsError."""
        return self.aws.call(SERVICE, operation, repositoryName=self.name, **arguments)


def _change(found: dict[str, Any]) -> Change:
    before, after = found.get("beforeBlob"), found.get("afterBlob")
    path = str((after or before or {}).get("path", ""))
    return Change(path, _blob(before), _blob(after))


def _blob(found: dict[str, Any] | None) -> Blob | None:
    return Blob(str(found["blobId"]), str(found["mode"])) if found else None
