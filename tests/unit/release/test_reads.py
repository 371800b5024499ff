from __future__ import annotations

import re

import boto3
import pytest

from runner.release.reads import READS, is_read

READING = re.compile(r"^(describe|get|head|list|batch_get|lookup|filter)_")


@pytest.mark.parametrize("service", sorted({service for service, _ in READS}))
def test_every_call_exists_and_reads_by_its_name_but_the_one_that_was_reviewed(service: str) -> None:
    client = boto3.client(service, region_name="us-east-1")
    for operation in (o for s, o in READS if s == service):
        assert operation in client.meta.method_to_api_mapping
        assert READING.match(operation) or (service, operation) == ("cloudformation", "detect_stack_drift")


@pytest.mark.parametrize(
    "call",
    [
        ("cloudformation", "create_change_set"),
        ("cloudformation", "execute_change_set"),
        ("cloudformation", "delete_change_set"),
        ("lambda", "update_alias"),
        ("lambda", "invoke"),
        ("s3", "put_object"),
        ("s3", "delete_object"),
        ("sns", "publish"),
        ("codedeploy", "create_deployment"),
        ("made-up", "describe_stacks"),
    ],
)
def test_whatever_is_not_on_the_list_is_a_write(call: tuple[str, str]) -> None:
    assert not is_read(*call)


def test_the_api_name_of_a_call_is_known_too() -> None:
    assert is_read("cloudformation", "DescribeStacks") and is_read("cloudformation", "describe_stacks")
    assert is_read("s3", "ListObjectsV2") and not is_read("lambda", "UpdateAlias")
