"""What an account has that carries the tags: stacks, whatever the tagging API lists, and roles, which it
does not list (Resource Groups Tagging API reference, "Services that support ...")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.sweep import PURPOSE, TEST, Found, Resource, Stack

GONE = ("NoSuchEntity",)


def find(aws: Aws) -> Found:
    """Everything that may be a test's. Raises AwsError: what cannot be listed is not swept."""
    told = aws.pages("cloudformation", "describe_stacks", "Stacks")
    stacks = tuple(_stack(stack) for stack in told)
    return Found(stacks, (*_tagged(aws), *_roles(aws)))


def _stack(told: Mapping[str, Any]) -> Stack:
    return Stack(
        told["StackId"], told["StackName"], told["StackStatus"],
        told.get("LastUpdatedTime") or told["CreationTime"], tags_of(told.get("Tags", ())),
        nested=bool(told.get("ParentId")), protected=bool(told.get("EnableTerminationProtection")),
    )  # fmt: skip


def tags_of(told: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Tags as AWS lists them, by key."""
    return {tag["Key"]: tag["Value"] for tag in told}


def _tagged(aws: Aws) -> Iterator[Resource]:
    filters = [{"Key": PURPOSE, "Values": [TEST]}]
    listed = ("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList")
    for told in aws.pages(*listed, TagFilters=filters):
        yield Resource(told["ResourceARN"], tags_of(told.get("Tags", ())))


def _roles(aws: Aws) -> Iterator[Resource]:
    """Roles that CloudFormation may have named for a test stack: their tags are asked for, and decide."""
    for role in aws.pages("iam", "list_roles", "Roles"):
        if "-test-" in role["RoleName"]:
            yield Resource(role["Arn"], role_tags(aws, role["RoleName"]) or {})


def role_tags(aws: Aws, name: str) -> dict[str, str] | None:
    """The tags of a role, None where there is no such role."""
    try:
        return tags_of(aws.pages("iam", "list_role_tags", "Tags", RoleName=name))
    except AwsError as error:
        if error.code in GONE:
            return None
        raise
