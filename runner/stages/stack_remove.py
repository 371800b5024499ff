"""Removing a test stack to the last resource, and knowing that nothing is left.

A template that is made for production retains things (Lambda versions, buckets): deleting its
stack is not enough for a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.stages.stack_deploy import Stacks

GONE = ("404", "NoSuchBucket", "NotFound", "ResourceNotFoundException")


def remove_stack(stacks: Stacks, name: str) -> str:
    """Remove a stack with all that was in it; '' or one line saying what is still there.

    Removing a stack that does not exist is no error. Raises AwsError where AWS does not answer."""
    stack = stacks.describe(name)
    if stack is None:
        return ""
    resources = [r for r in stacks.resources(stack["StackId"]) if r.get("PhysicalResourceId")]
    for resource in resources:
        if resource["ResourceType"] == "AWS::S3::Bucket":
            _unless_gone(stacks.aws.empty_bucket, resource["PhysicalResourceId"])
    if failure := stacks.delete(stack["StackId"]):
        return f"stack {name} is still there: {failure}"
    left = [left for r in resources if (left := _leftover(stacks.aws, r))]
    left += _retained(stacks, stack["StackId"])
    return f"left behind: {', '.join(sorted(set(left)))}" if left else ""


def _leftover(aws: Aws, resource: Mapping[str, Any]) -> str:
    """Remove what outlives a stack though it should not; the resource's name if it is still there."""
    kind, name = resource["ResourceType"], resource["PhysicalResourceId"]
    if kind == "AWS::S3::Bucket":
        _unless_gone(lambda bucket: aws.call("s3", "delete_bucket", Bucket=bucket), name)
        return _told(resource) if _exists(aws, "s3", "head_bucket", Bucket=name) else ""
    if kind == "AWS::Lambda::Function":
        # Lambda makes the log group itself, so no stack ever deletes it.
        _unless_gone(lambda n: aws.call("logs", "delete_log_group", logGroupName=f"/aws/lambda/{n}"), name)
        there = _exists(aws, "lambda", "get_function_configuration", FunctionName=name)
        return _told(resource) if there else ""
    return ""


def _retained(stacks: Stacks, stack_id: str) -> list[str]:
    """Resources that a DeletionPolicy kept; buckets were removed above, versions go with their function."""
    try:
        resources = stacks.resources(stack_id)
    except AwsError as error:
        if error.code == "ValidationError":  # a deleted stack is forgotten: so are its resources
            return []
        raise
    gone = ("AWS::S3::Bucket", "AWS::Lambda::Version", "AWS::Lambda::Function")
    kept = [r for r in resources if r["ResourceStatus"] == "DELETE_SKIPPED"]
    return [_told(r) for r in kept if r["ResourceType"] not in gone]


def _told(resource: Mapping[str, Any]) -> str:
    return f"{resource['LogicalResourceId']} ({resource['ResourceType']})"


def _unless_gone(act: Callable[[str], object], name: str) -> None:
    try:
        act(name)
    except AwsError as error:
        if error.code not in GONE:
            raise


def _exists(aws: Aws, service: str, operation: str, **arguments: Any) -> bool:
    try:
        aws.call(service, operation, **arguments)
    except AwsError as error:
        if error.code in GONE:
            return False
        raise
    return True
