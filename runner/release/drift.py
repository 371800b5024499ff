"""What somebody changed by hand in a stack's resources, as CloudFormation's drift detection finds it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.adapters.secret_names import says_so
from runner.text import one_line

Wait = Callable[[Callable[[], bool], str], None]
DRIFTED = ("MODIFIED", "DELETED")
LENGTH = 80


def drift(aws: Aws, stack_name: str, wait: Wait) -> list[str]:
    """A line for each property that is not as the template has it, for each resource that is gone, and for
    a detection that could not be made (the stack is being changed, a right is missing).

    `wait(ready, what)` calls `ready` until it is true, and raises when its time is up. Changes nothing.
    What CloudFormation cannot compare at all is not here but in `not_checked`."""
    status: dict[str, Any] = {}
    try:
        begun = aws.call("cloudformation", "detect_stack_drift", StackName=stack_name)
    except AwsError as error:
        if error.code != "ValidationError":
            raise
        return [f"drift could not be looked for: {one_line(error.what)}"]

    def ready() -> bool:
        token = {"StackDriftDetectionId": begun["StackDriftDetectionId"]}
        status.update(aws.call("cloudformation", "describe_stack_drift_detection_status", **token))
        return str(status["DetectionStatus"]) != "DETECTION_IN_PROGRESS"

    wait(ready, f"drift detection of {stack_name}")
    found = [line for told in _drifts(aws, stack_name) for line in _lines(told)]
    if status["DetectionStatus"] != "DETECTION_COMPLETE":
        why = status.get("DetectionStatusReason", status["DetectionStatus"])
        found.append(f"drift could not be looked for everywhere: {one_line(why)}")
    return found


def not_checked(aws: Aws, stack_name: str) -> str:
    """After a detection: one line that names the resource types of which nothing can be said; '' if none."""
    listed = aws.pages(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack_name
    )
    compared = ("IN_SYNC", *DRIFTED)
    unknown = {
        one_line(resource["ResourceType"], 120)
        for resource in listed
        if resource.get("DriftInformation", {}).get("StackResourceDriftStatus") not in compared
    }
    return f"not checked for changes by hand: {', '.join(sorted(unknown))}" if unknown else ""


def _drifts(aws: Aws, stack_name: str) -> Iterator[dict[str, Any]]:
    """All pages; there is no paginator for them."""
    more: dict[str, str] = {}
    wanted = [*DRIFTED, "UNKNOWN"]
    while True:
        told = aws.call(
            "cloudformation",
            "describe_stack_resource_drifts",
            StackName=stack_name,
            StackResourceDriftStatusFilters=wanted,
            **more,
        )
        yield from told.get("StackResourceDrifts", ())
        if not told.get("NextToken"):
            return
        more = {"NextToken": told["NextToken"]}


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    logical, kind = (one_line(told.get(key, "?"), 255) for key in ("LogicalResourceId", "ResourceType"))
    resource = f"{logical} ({kind})"
    status = told.get("StackResourceDriftStatus")
    differences = told.get("PropertyDifferences", ())
    if status == "DELETED":
        yield f"{resource} was deleted"
    elif status == "MODIFIED":
        yield from (f"{resource}: {_difference(d)}" for d in differences)
        if not differences:
            yield f"{resource} was changed"
    else:
        why = one_line(told.get("DriftStatusReason", "no reason was given"))
        yield f"{resource} could not be read: {why}"


def _difference(told: Mapping[str, Any]) -> str:
    """'/Timeout is 30, the template has 10'; what its name says is a secret is not shown."""
    path = str(told.get("PropertyPath", "?"))
    hidden = says_so(path.rpartition("/")[2])
    values = (told.get(key, "") for key in ("ExpectedValue", "ActualValue"))
    wanted, real = ("..." if hidden else _shown(value) for value in values)
    shown = one_line(path, 200)
    if told.get("DifferenceType") == "ADD":
        return f"{shown} was added: {real}"
    if told.get("DifferenceType") == "REMOVE":
        return f"{shown} was removed, the template has {wanted}"
    return f"{shown} is {real}, the template has {wanted}"


def _shown(value: str) -> str:
    """A value in a line; of a structure its names, since one of them may be a secret's."""
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        parsed = value
    return one_line(f"{{{', '.join(parsed)}}}" if isinstance(parsed, dict) else value, LENGTH)
