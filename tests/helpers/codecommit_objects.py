"""What a CodeCommit repository holds, for the double: branches, commits, files. See codecommit_double."""

from __future__ import annotations

import base64
from typing import Any

from helpers.bare_repository import BareRepository
from helpers.codepipeline import Refusal

REPOSITORY = "tiny"
MODES = {"NORMAL": "100644", "EXECUTABLE": "100755", "SYMLINK": "120000"}
HEADS = "refs/heads/"


class Objects:
    """The calls about branches, commits and files, over a real repository. `page`: how many entries a
    listing answers at once."""

    git: BareRepository
    page: int

    def _repository(self, given: dict[str, Any]) -> None:
        if given.get("repositoryName") != REPOSITORY:
            raise Refusal("RepositoryDoesNotExistException", f"{given.get('repositoryName')} does not exist")

    def _GetBranch(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        tip = self.git.tip(given["branchName"])
        if not tip:
            raise Refusal("BranchDoesNotExistException", f"Branch {given['branchName']} does not exist")
        return {"branch": {"branchName": given["branchName"], "commitId": tip}}

    def _CreateBranch(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        if self.git.tip(given["branchName"]):
            raise Refusal("BranchNameExistsException", "exists")
        self._known(given["commitId"], "CommitDoesNotExistException")
        self.git.move(given["branchName"], given["commitId"])
        return {}

    def _DeleteBranch(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        tip = self.git.tip(given["branchName"])
        self.git.run("update-ref", "-d", f"{HEADS}{given['branchName']}")
        told = {"branchName": given["branchName"], "commitId": tip}
        return {"deletedBranch": told} if tip else {}

    def _known(self, commit: str, code: str) -> str:
        if self.git.run("cat-file", "-e", f"{commit}^{{commit}}")[0]:
            raise Refusal(code, f"{commit} does not exist")
        return commit

    def _GetCommit(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        self._known(given["commitId"], "CommitIdDoesNotExistException")
        tree, parents, message = self.git.git(
            "log", "-1", "--format=%T%x00%P%x00%B", given["commitId"]
        ).split("\0")
        told = {"commitId": given["commitId"], "treeId": tree, "parents": parents.split(), "message": message}
        return {"commit": told}

    def _CreateCommit(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        branch, parent = given["branchName"], given.get("parentCommitId", "")
        if not self.git.tip(branch):
            raise Refusal("BranchDoesNotExistException", branch)
        if parent != self.git.tip(branch):
            raise Refusal("ParentCommitIdOutdatedException", "The parent is not the tip")
        puts, deletes = given.get("putFiles", ()), given.get("deleteFiles", ())
        if len(puts) + len(deletes) > 100:
            raise Refusal("MaximumFileEntriesExceededException", "100 files")
        entries: dict[str, Any] = {
            put["filePath"]: (
                MODES[put.get("fileMode", "NORMAL")],
                self.git.blob(base64.b64decode(put["fileContent"])),
            )
            for put in puts
        }
        tree = self.git.tree(parent, entries | {gone["filePath"]: None for gone in deletes})
        if tree == self.git.git("rev-parse", f"{parent}^{{tree}}"):
            raise Refusal("NoChangeException", "the same tree")
        made = self.git.made(tree, given.get("commitMessage", ""), parent)
        self.git.move(branch, made)
        return {"commitId": made, "treeId": tree}

    def _GetBlob(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        content = self.git.run("cat-file", "blob", given["blobId"])[1]
        return {"content": base64.b64encode(content).decode()}

    def _GetDifferences(self, given: dict[str, Any]) -> dict[str, Any]:
        self._repository(given)
        commits = [given[f"{side}CommitSpecifier"] for side in ("before", "after")]
        for commit in commits:
            self._known(commit, "CommitDoesNotExistException")
        fields = self.git.git("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", *commits).split("\0")
        found = [_difference(head, path) for head, path in zip(fields[:-1:2], fields[1::2], strict=True)]
        begin = int(given.get("NextToken", 0))
        more = {"NextToken": str(begin + self.page)} if len(found) > begin + self.page else {}
        return {"differences": found[begin : begin + self.page], **more}


def _difference(head: str, path: str) -> dict[str, Any]:
    modes, blobs = head.removeprefix(":").split(" ")[:2], head.split(" ")[2:4]
    sides = {
        f"{side}Blob": {"blobId": blob, "mode": mode, "path": path}
        for side, mode, blob in zip(("before", "after"), modes, blobs, strict=True)
        if blob != "0" * 40
    }
    return {**sides, "changeType": head[-1]}
