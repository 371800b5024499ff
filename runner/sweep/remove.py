"""Carrying a plan out: stacks first, by the integration stage's own removal, then what is single.

Each thing is looked at once more before it goes: between the plan and its turn it may have changed hands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from runner.adapters.aws import Aws, AwsError
from runner.errors import LockgateError
from runner.stages.stack_deploy import Resource as StackResource
from runner.stages.stack_deploy import Stacks
from runner.stages.stack_remove import take_down
from runner.sweep import RUN
from runner.sweep.find import role_tags, tags_of
from runner.sweep.plan import NEVER_BEGUN, Item, SweepPlan, is_tests
from runner.text import one_line, reason

GONE = (
    "404",
    "NotFound",
    "NotFoundException",
    "NoSuchBucket",
    "NoSuchEntity",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
)
BY_HAND = "Lockgate cannot remove this kind: remove it by hand"


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of one thing; `why` where it is still there."""

    item: Item
    outcome: Literal["removed", "failed"]
    why: str = ""


def remove(stacks: Stacks, plan: SweepPlan, say: Callable[[str], None]) -> list[Removed]:
    """Remove all of it, each thing whatever became of the others. Raises nothing of AWS's."""
    done, left = [], {}
    for item in plan.stacks:
        why, left[item] = _remove_stack(stacks, item)
        done.append(_told(item, why, say))
    for item in plan.resources:
        done.append(_told(item, _remove_resource(stacks.aws, item), say))
    gone = {one.item.name for one in done if one.outcome == "removed"}
    return [_with_left(one, left.get(one.item, ()), gone, say) for one in done]


def _told(item: Item, why: str, say: Callable[[str], None]) -> Removed:
    say(f"FAILED   {item.kind} {item.name}: {why}" if why else f"removed  {item.kind} {item.name}")
    return Removed(item, "failed" if why else "removed", why)


def _with_left(
    one: Removed, left: tuple[StackResource, ...], gone: set[str], say: Callable[[str], None]
) -> Removed:
    """A stack that left something behind has failed, unless that went by itself later."""
    still = sorted({str(r) for r in left if not any(_names(name, r.physical) for name in gone)})
    if one.why or not still:
        return one
    return _told(one.item, f"left behind: {', '.join(still)}", say)


def _names(name: str, physical: str) -> bool:
    name = name.removesuffix(":*")
    return name == physical or name.endswith((f":{physical}", f"/{physical}"))


def _remove_stack(stacks: Stacks, item: Item) -> tuple[str, tuple[StackResource, ...]]:
    try:
        told = stacks.describe(item.id)
        if told is None:
            return "", ()
        status = told["StackStatus"]
        if status.endswith("_IN_PROGRESS") and status != NEVER_BEGUN:
            return f"it is changing by now: {status}", ()
        if not _is_still(tags_of(told.get("Tags", ())), item):
            return "its tags are others by now", ()
        why, left = take_down(stacks, item.id)
        return why, tuple(left)
    except Exception as error:  # one that cannot be removed does not keep the others
        return _why(error), ()


def _remove_resource(aws: Aws, item: Item) -> str:
    remover = next((r for start, r in REMOVERS.items() if f"{item.kind}:{item.name}".startswith(start)), None)
    if remover is None:
        return BY_HAND
    try:
        tags = _tags(aws, item)
        if tags is None:
            return ""
        if not _is_still(tags, item):
            return "its tags are others by now"
        remover(aws, item)
    except AwsError as error:
        return "" if error.code in GONE else _why(error)
    except Exception as error:
        return _why(error)
    return ""


def _tags(aws: Aws, item: Item) -> Mapping[str, str] | None:
    """Its tags by now; None where it is gone."""
    if item.kind == "iam":
        return role_tags(aws, _last(item))
    told = aws.call("resourcegroupstaggingapi", "get_resources", ResourceARNList=[item.id])
    found = told.get("ResourceTagMappingList", ())
    return tags_of(found[0].get("Tags", ())) if found else None


def _is_still(tags: Mapping[str, str], item: Item) -> bool:
    return is_tests(tags, item.solution) and tags.get(RUN) == item.run


def _why(error: Exception) -> str:
    return one_line(error.what if isinstance(error, LockgateError) else reason(error))


def _last(item: Item) -> str:
    return item.name.rpartition("/")[2]


def _after(item: Item) -> str:
    """The name behind the type: 'function:NAME', 'log-group:NAME:*'."""
    return item.name.partition(":")[2].removesuffix(":*")


def _function(aws: Aws, item: Item) -> None:
    aws.call("lambda", "delete_function", FunctionName=_after(item))


def _machine(aws: Aws, item: Item) -> None:
    aws.call("stepfunctions", "delete_state_machine", stateMachineArn=item.id)


def _rule(aws: Aws, item: Item) -> None:
    _, *bus, name = item.name.split("/")
    at = {"EventBusName": "/".join(bus)} if bus else {}
    targets = aws.pages("events", "list_targets_by_rule", "Targets", Rule=name, **at)
    if targets:
        aws.call("events", "remove_targets", Rule=name, Ids=[t["Id"] for t in targets], **at)
    aws.call("events", "delete_rule", Name=name, **at)


def _alarm(aws: Aws, item: Item) -> None:
    aws.call("cloudwatch", "delete_alarms", AlarmNames=[_after(item)])


def _queue(aws: Aws, item: Item) -> None:
    url = aws.call("sqs", "get_queue_url", QueueName=item.name)["QueueUrl"]
    aws.call("sqs", "delete_queue", QueueUrl=url)


def _topic(aws: Aws, item: Item) -> None:
    aws.call("sns", "delete_topic", TopicArn=item.id)


def _table(aws: Aws, item: Item) -> None:
    aws.call("dynamodb", "delete_table", TableName=_last(item))


def _bucket(aws: Aws, item: Item) -> None:
    aws.empty_bucket(item.name)
    aws.call("s3", "delete_bucket", Bucket=item.name)


def _secret(aws: Aws, item: Item) -> None:
    aws.call("secretsmanager", "delete_secret", SecretId=item.id, ForceDeleteWithoutRecovery=True)


def _log_group(aws: Aws, item: Item) -> None:
    aws.call("logs", "delete_log_group", logGroupName=_after(item))


def _role(aws: Aws, item: Item) -> None:
    """A role goes only without policies and profiles."""
    name = {"RoleName": _last(item)}
    for policy in aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", **name):
        aws.call("iam", "detach_role_policy", PolicyArn=policy["PolicyArn"], **name)
    for inline in aws.call("iam", "list_role_policies", **name)["PolicyNames"]:
        aws.call("iam", "delete_role_policy", PolicyName=inline, **name)
    for profile in aws.pages("iam", "list_instance_profiles_for_role", "InstanceProfiles", **name):
        aws.call(
            "iam", "remove_role_from_instance_profile",
            InstanceProfileName=profile["InstanceProfileName"], **name,
        )  # fmt: skip
    aws.call("iam", "delete_role", **name)


# Begin of 'SERVICE:RESOURCE' of an ARN -> how such a thing is removed.
REMOVERS: Mapping[str, Callable[[Aws, Item], None]] = {
    "lambda:function:": _function,
    "states:stateMachine:": _machine,
    "events:rule/": _rule,
    "cloudwatch:alarm:": _alarm,
    "sqs:": _queue,
    "sns:": _topic,
    "dynamodb:table/": _table,
    "s3:": _bucket,
    "secretsmanager:secret:": _secret,
    "logs:log-group:": _log_group,
    "iam:role/": _role,
}
