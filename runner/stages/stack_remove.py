"""Removing a test stack to the last resource, and knowing that nothing is left.

A template that is made for production retains things (Lambda versions, buckets): deleting its
stack is not enough for a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.stages.stack_deploy import Resource, Stacks

GONE = ("404", "NoSuchBucket", "NotFound", "ResourceNotFoundException")
BUCKET, FUNCTION, VERSION = "AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::Lambda::Version"


def remove_stack(stacks: Stacks, name: str) -> str:
    """Remove a stack with all that was in it; '' or one line saying what is still there.

    Removing a stack that does not exist is no error. Raises AwsError where AWS does not answer."""
    failure, left = take_down(stacks, name)
    return failure or (f"left behind: {', '.join(sorted({str(r) for r in left}))}" if left else "")


def take_down(stacks: Stacks, name: str) -> tuple[str, list[Resource]]:
    """Remove a stack by name or id: why it is still there ('' if it is not), and what it left behind.
    Raises as `remove_stack` does."""
    stack = stacks.describe(name)
    if stack is None:
        return "", []
    for resource in stacks.resources(stack["StackId"]):
        if resource.kind == BUCKET:
            _unless_gone(stacks.aws.empty_bucket, resource.physical)
    if failure := stacks.delete(stack["StackId"]):
        return f"stack {name} is still there: {failure}", []
    return "", [r for r in stacks.resources(stack["StackId"]) if _is_left(stacks.aws, r)]


def _is_left(aws: Aws, resource: Resource) -> bool:
    """Remove what outlives a stack though it should not, and look whether it is gone."""
    name = resource.physical
    if resource.kind == BUCKET:
        _unless_gone(lambda bucket: aws.call("s3", "delete_bucket", Bucket=bucket), name)
        return _exists(aws, "s3", "head_bucket", Bucket=name)
    if resource.kind == FUNCTION:
        # Lambda makes the log group itself, so no stack ever deletes it.
        _unless_gone(lambda n: aws.call("logs", "delete_log_group", logGroupName=f"/aws/lambda/{n}"), name)
        return _exists(aws, "lambda", "get_function_configuration", FunctionName=name)
    # A retained version goes with its function, which is looked for itself.
    return resource.status == "DELETE_SKIPPED" and resource.kind != VERSION


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
