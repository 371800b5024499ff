"""A batch of CodeBuild builds as the orchestrator of a spread run: which batch, and how its builds ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.adapters.aws import Aws
from runner.errors import InfrastructureError, UsageError


def identifier(part: str) -> str:
    """A part's name in the build graph, of letters, digits and underscores. Stage names have no capitals
    and none of the latter, so no two are the same."""
    return "stage_" + part.replace(".", "_SHARD_").replace("-", "_")


def batch_of(aws: Aws, build_id: str) -> str:
    """The ARN of the batch that a build belongs to. Raises UsageError for a build of no batch."""
    builds = aws.call("codebuild", "batch_get_builds", ids=[build_id]).get("builds", [])
    batch = str(builds[0].get("buildBatchArn", "")) if builds else ""
    if not batch:
        raise UsageError("this build is part of no batch", where=build_id or "CODEBUILD_BUILD_ID")
    return batch


def words(aws: Aws, batch: str, parts: Iterable[str]) -> Mapping[str, str]:
    """How CodeBuild says that the build of each part ended: SUCCEEDED, FAILED, FAULT, STOPPED, ..."""
    batches = aws.call("codebuild", "batch_get_build_batches", ids=[batch]).get("buildBatches", [])
    if not batches:
        raise InfrastructureError("CodeBuild does not know the batch", where=batch)
    groups = {g.get("identifier"): g for g in batches[0].get("buildGroups", ())}
    return {part: _status(groups.get(identifier(part), {})) for part in parts}


def _status(group: Mapping[str, object]) -> str:
    """The group's last attempt; earlier ones (a retry by hand) are history."""
    summary = group.get("currentBuildSummary")
    return str(summary.get("buildStatus", "")) if isinstance(summary, Mapping) else ""
