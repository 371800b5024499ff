from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from helpers.answering import Answer, answering, refusal

from runner.adapters.aws import AwsError
from runner.release.expected import Expectation
from runner.release.reads import is_read
from runner.release.running import Running, differences, read_running

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ARN = "arn:aws:lambda:us-east-1:000000000000:function:predict"
ECS = "arn:aws:ecs:us-east-1:000000000000"
SM = "arn:aws:sagemaker:us-east-1:000000000000"
GOOD, OTHER = hashlib.sha256(b"good").hexdigest(), hashlib.sha256(b"other").hexdigest()
IMAGE, OLD = f"reg/app@sha256:{GOOD}", f"reg/app@sha256:{OTHER}"
FACTS = {"code": GOOD, "environment MODEL": "s3://b/m", "routing": ""}
ALIAS = Expectation("Alias", "AWS::Lambda::Alias", FACTS, "predict live", "Version")
PHYSICAL = {"Alias": f"{ARN}:live", "Version": f"{ARN}:3", "Function": "predict"}


def stack(physical: Mapping[str, str], status: str = "UPDATE_COMPLETE", **more: Any) -> dict[str, Answer]:
    told = {"StackName": "s", "CreationTime": NOW, "StackStatus": status, **more}
    listed = [
        {
            "LogicalResourceId": n,
            "PhysicalResourceId": p,
            "ResourceType": "T",
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": NOW,
        }
        for n, p in physical.items()
    ]
    return {"describe_stacks": {"Stacks": [told]}, "list_stack_resources": {"StackResourceSummaries": listed}}


def code(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()


def lambda_(number: str = "3", **more: Any) -> dict[str, Answer]:
    """A function whose alias is at a version, with what else the configuration says."""
    own = {"CodeSha256": code(GOOD), "Environment": {"Variables": {"MODEL": "s3://b/m", "KEY": "hunter2"}}}
    return {
        "get_alias": {"Name": "live", "FunctionVersion": number},
        "get_function_configuration": {**own, "State": "Active", "LastUpdateStatus": "Successful", **more},
    }


def found(wanted: Expectation, physical: Mapping[str, str], **services: Mapping[str, Answer]) -> list[str]:
    """The differences; only calls that read may have been made."""
    aws, calls = answering(cloudformation=stack(physical), **services)
    running = read_running(aws, "s", [wanted], pause=lambda seconds: None)
    assert all(is_read(*call) for call in calls), calls
    return differences([wanted], running)


def test_what_runs_as_it_has_to_differs_in_nothing() -> None:
    assert found(ALIAS, PHYSICAL, **{"lambda": lambda_()}) == []


def test_another_code_is_told_by_both_digests_and_the_version() -> None:
    assert found(ALIAS, PHYSICAL, **{"lambda": lambda_(CodeSha256=code(OTHER))}) == [
        f"predict live runs sha256:{OTHER[:12]} (version 3), the release has sha256:{GOOD[:12]}"
    ]


def test_an_alias_at_another_version_is_told_though_its_code_is_the_same() -> None:
    lines = found(ALIAS, PHYSICAL, **{"lambda": lambda_("4")})
    assert lines == ["predict live is at version 4, the release has version 3"]


def test_an_alias_that_still_splits_its_traffic_is_told() -> None:
    answers = lambda_()
    weights = {"AdditionalVersionWeights": {"4": 0.1}}
    answers["get_alias"] = {"Name": "live", "FunctionVersion": "3", "RoutingConfig": weights}
    assert found(ALIAS, PHYSICAL, **{"lambda": answers}) == [
        "alias predict live still sends 10% to version 4"
    ]


def test_another_variable_is_told_and_a_missing_one() -> None:
    other = {"Variables": {"MODEL": "s3://b/other", "KEY": "hunter2"}}
    lines = found(ALIAS, PHYSICAL, **{"lambda": lambda_(Environment=other)})
    assert lines == ["predict live has environment MODEL s3://b/other, the release has s3://b/m"]
    assert found(ALIAS, PHYSICAL, **{"lambda": lambda_(Environment={})}) == [
        "predict live does not tell its environment MODEL, the release has s3://b/m"
    ]


def test_code_that_is_not_told_is_no_match() -> None:
    for digest in ("", "no base64!"):
        [line] = found(ALIAS, PHYSICAL, **{"lambda": lambda_(CodeSha256=digest)})
        assert line.endswith(f"the release has sha256:{GOOD[:12]}")


def test_a_version_that_the_stack_does_not_have_is_told() -> None:
    without = {"Alias": PHYSICAL["Alias"]}
    lines = found(ALIAS, without, **{"lambda": lambda_()})
    assert lines == ["predict live is at version 3, the release has version of Version, which is not there"]


def test_the_function_is_looked_at_in_the_version_that_the_alias_is_at() -> None:
    def configuration(**request: str) -> dict[str, Any]:
        assert request == {"FunctionName": ARN, "Qualifier": "3"}
        return {"CodeSha256": code(GOOD)}

    wanted = Expectation("Alias", "AWS::Lambda::Alias", {"code": GOOD}, "a", "")
    answers: dict[str, Answer] = {**lambda_(), "get_function_configuration": configuration}
    assert found(wanted, PHYSICAL, **{"lambda": answers}) == []


def test_a_function_is_waited_for_until_it_is_settled() -> None:
    states = iter(["Pending", "Pending", "Active"])
    ready: dict[str, Any] = {"CodeSha256": code(GOOD)}
    answers: dict[str, Answer] = {"get_function_configuration": lambda **_: {**ready, "State": next(states)}}
    wanted = Expectation("Function", "AWS::Lambda::Function", {"code": GOOD}, "predict")
    assert found(wanted, PHYSICAL, **{"lambda": answers}) == []
    assert next(states, "none left") == "none left"


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ({"State": "Failed", "StateReason": "no image"}, "predict is Failed: no image"),
        ({"LastUpdateStatus": "InProgress"}, "predict is InProgress"),
        ({"State": "Pending"}, "predict is Pending"),
    ],
)
def test_a_function_that_does_not_settle_is_wrong(state: dict[str, str], line: str) -> None:
    answers: dict[str, Answer] = {"get_function_configuration": {"CodeSha256": code(GOOD), **state}}
    wanted = Expectation("Function", "AWS::Lambda::Function", {"code": GOOD}, "predict")
    assert found(wanted, PHYSICAL, **{"lambda": answers}) == [line]


def test_a_functions_image_is_the_one_that_was_resolved() -> None:
    wanted = Expectation("Version", "AWS::Lambda::Version", {"image": IMAGE}, "train")
    answers: dict[str, Answer] = {
        "get_function_configuration": {"PackageType": "Image", "CodeSha256": GOOD},
        "get_function": {"Code": {"ImageUri": "reg/app:latest", "ResolvedImageUri": OLD}},
    }
    assert found(wanted, PHYSICAL, **{"lambda": answers}) == [
        f"train runs app@sha256:{OTHER[:12]} (version 3), the release has app@sha256:{GOOD[:12]}"
    ]


def test_what_its_service_does_not_know_is_not_there() -> None:
    gone: dict[str, Answer] = {"get_alias": refusal("ResourceNotFoundException", "Function not found")}
    assert found(ALIAS, PHYSICAL, **{"lambda": gone}) == ["predict live (Alias) is not there"]
    assert found(ALIAS, {}, **{"lambda": {}}) == ["predict live (Alias) is not there"]


def test_a_missing_right_is_no_answer() -> None:
    with pytest.raises(AwsError, match="not authorized"):
        found(
            ALIAS, PHYSICAL, **{"lambda": {"get_alias": refusal("AccessDeniedException", "not authorized")}}
        )


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "UPDATE_IN_PROGRESS"])
def test_a_stack_that_is_not_at_rest_where_it_was_led_is_told(status: str) -> None:
    aws, _ = answering(cloudformation=stack({}, status, StackStatusReason="F failed"))
    assert differences([], read_running(aws, "s", [])) == [f"the stack is {status}: F failed"]


def test_a_stack_that_is_not_there_is_told() -> None:
    absent: Answer = refusal("ValidationError", "Stack with id s does not exist")
    aws, _ = answering(cloudformation={"describe_stacks": absent})
    assert differences([ALIAS], read_running(aws, "s", [ALIAS])) == ["there is no stack s"]


def test_the_stacks_parameters_are_compared_but_for_those_it_does_not_show() -> None:
    wanted = Expectation(
        "", "AWS::CloudFormation::Stack", {"parameter A": "1", "parameter B": "2", "parameter C": "3"}
    )
    shown = [{"ParameterKey": "A", "ParameterValue": "0"}, {"ParameterKey": "B", "ParameterValue": "****"}]
    aws, _ = answering(cloudformation=stack({}, Parameters=shown))
    assert differences([wanted], read_running(aws, "s", [wanted])) == [
        "the stack has parameter A 0, the release has 1",
        "the stack does not tell its parameter C, the release has 3",
    ]


def test_what_was_read_is_kept_for_the_ledger_without_the_environment() -> None:
    outputs = [{"OutputKey": "Url", "OutputValue": "u"}]
    aws, _ = answering(cloudformation=stack(PHYSICAL, Outputs=outputs), **{"lambda": lambda_()})
    running = read_running(aws, "s", [ALIAS])
    assert running.facts() == {"Alias": f"code {GOOD}, version 3"}
    assert running.outputs == {"Url": "u"} and "hunter2" not in repr(running)


def test_what_the_stack_has_deleted_is_not_there() -> None:
    answers: dict[str, Any] = stack(PHYSICAL)
    for listed in answers["list_stack_resources"]["StackResourceSummaries"]:
        listed["ResourceStatus"] = "DELETE_COMPLETE"
    aws, _ = answering(cloudformation=answers)
    assert differences([ALIAS], read_running(aws, "s", [ALIAS])) == ["predict live (Alias) is not there"]


def test_nothing_read_is_nothing_kept() -> None:
    assert Running("s").facts() == {}


SERVICE = f"{ECS}:service/cluster/web"
TASK = f"{ECS}:task-definition/web:2"


def ecs(image: str = IMAGE, digest: str = GOOD, **service: Any) -> dict[str, Answer]:
    """A service, its task definition's image, and what its one task runs."""
    primary = {"status": "PRIMARY", "rolloutState": "COMPLETED", "taskDefinition": TASK, "runningCount": 1}
    own = {"status": "ACTIVE", "taskDefinition": TASK, "deployments": [primary], **service}
    container = {"name": "main", "imageDigest": f"sha256:{digest}"}
    return {
        "describe_services": {"services": [own]},
        "describe_task_definition": {
            "taskDefinition": {"containerDefinitions": [{"name": "main", "image": image}]}
        },
        "list_tasks": {"taskArns": [f"{ECS}:task/cluster/1"]},
        "describe_tasks": {"tasks": [{"lastStatus": "RUNNING", "containers": [container]}]},
    }


WEB = Expectation("Web", "AWS::ECS::Service", {"image of main": IMAGE}, "Web")


def test_a_service_runs_what_its_task_definition_and_its_tasks_say() -> None:
    assert found(WEB, {"Web": SERVICE}, ecs=ecs()) == []
    assert found(WEB, {"Web": SERVICE}, ecs=ecs(image=OLD, digest=OTHER)) == [
        f"Web runs app@sha256:{OTHER[:12]}, the release has app@sha256:{GOOD[:12]}"
    ]
    assert found(WEB, {"Web": SERVICE}, ecs=ecs(digest=OTHER)) == [
        f"Web has a task whose main runs sha256:{OTHER[:12]}"
    ]


def test_a_deployment_that_goes_on_or_failed_is_told() -> None:
    going = {"status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "circuit breaker"}
    old = {"status": "ACTIVE", "runningCount": 2, "taskDefinition": f"{ECS}:task-definition/web:1"}
    assert found(WEB, {"Web": SERVICE}, ecs=ecs(deployments=[going, old])) == [
        "Web has a deployment that is FAILED: circuit breaker",
        "Web still runs web:1",
    ]


def test_a_service_that_is_gone_or_has_no_task_definition_is_told() -> None:
    gone: dict[str, Answer] = {"describe_services": {"services": [], "failures": [{"reason": "MISSING"}]}}
    lines = found(WEB, {"Web": SERVICE}, ecs=gone)
    assert lines[0] == "Web is not there" and len(lines) == 2
    assert "does not tell its image of main" in found(WEB, {"Web": SERVICE}, ecs=ecs(taskDefinition=""))[0]


def sagemaker(
    data: str = "s3://b/m", resolved: str = IMAGE, specified: str = IMAGE, **more: Any
) -> dict[str, Answer]:
    """An endpoint of one variant, its configuration, and its model."""
    deployed = [{"SpecifiedImage": specified, "ResolvedImage": resolved}]
    times = {"CreationTime": NOW, "LastModifiedTime": NOW}
    container = {"Image": IMAGE, "ModelDataUrl": data}
    variant = {"VariantName": "all", "ModelName": "m"}
    return {
        "describe_endpoint": {
            "EndpointName": "e",
            "EndpointArn": f"{SM}:endpoint/e",
            "EndpointConfigName": "c",
            "EndpointStatus": "InService",
            "ProductionVariants": [{"VariantName": "all", "DeployedImages": deployed}],
            **times,
            **more,
        },
        "describe_endpoint_config": {
            "EndpointConfigName": "c",
            "EndpointConfigArn": f"{SM}:endpoint-config/c",
            "ProductionVariants": [variant],
            "CreationTime": NOW,
        },
        "describe_model": {
            "ModelName": "m",
            "ModelArn": f"{SM}:model/m",
            "PrimaryContainer": container,
            "CreationTime": NOW,
        },
    }


SERVED = {"all image": IMAGE, "all model data": "s3://b/m"}
ENDPOINT = Expectation("E", "AWS::SageMaker::Endpoint", SERVED, "E")


@pytest.mark.parametrize(
    ("answers", "lines"),
    [
        (sagemaker(), []),
        (
            sagemaker(data="s3://b/old"),
            ["E has all model data s3://b/old, the release has s3://b/m"],
        ),
        (
            sagemaker(resolved=OLD),
            [f"E runs app@sha256:{OTHER[:12]}, the release has app@sha256:{GOOD[:12]}"],
        ),
        (
            sagemaker(specified=OLD),
            [f"E has not deployed {IMAGE}"],
        ),
        (
            sagemaker(EndpointStatus="Updating"),
            ["E is Updating"],
        ),
        (
            sagemaker(EndpointStatus="Failed", FailureReason="alarm"),
            ["E is Failed: alarm"],
        ),
    ],
)  # fmt: skip
def test_an_endpoint_serves_what_is_deployed_not_what_is_configured(
    answers: dict[str, Answer], lines: list[str]
) -> None:
    assert found(ENDPOINT, {"E": f"{SM}:endpoint/e"}, sagemaker=answers) == lines


def test_an_endpoint_or_a_model_that_is_gone_is_not_there() -> None:
    answers: dict[str, Answer] = {
        "describe_endpoint": refusal("ValidationException", 'Could not find endpoint "e".')
    }
    assert found(ENDPOINT, {"E": f"{SM}:endpoint/e"}, sagemaker=answers) == ["E (E) is not there"]


def test_a_model_is_its_containers() -> None:
    wanted = Expectation("M", "AWS::SageMaker::Model", {"image": IMAGE, "model data": "s3://b/m"}, "M")
    assert found(wanted, {"M": f"{SM}:model/m"}, sagemaker=sagemaker()) == []
    assert len(found(wanted, {"M": f"{SM}:model/m"}, sagemaker=sagemaker(data="s3://b/old"))) == 1


MEANT = b'{"StartAt": "${A}"}'
MACHINE = Expectation(
    "Flow",
    "AWS::StepFunctions::StateMachine",
    {"definition": hashlib.sha256(MEANT).hexdigest()},
    "Flow",
    source=("b", "k"),
)


@pytest.mark.parametrize(
    ("stored", "runs", "same"), [(MEANT, '{"StartAt":"x"}', True), (MEANT, "{}", False), (b"{}", "{}", False)]
)
def test_a_state_machine_runs_the_definition_that_was_meant(stored: bytes, runs: str, same: bool) -> None:
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:flow"
    told = {"stateMachineArn": arn, "name": "flow", "definition": runs, "roleArn": arn}
    states: dict[str, Answer] = {"describe_state_machine": {**told, "type": "STANDARD", "creationDate": NOW}}
    s3: dict[str, Answer] = {"get_object": {"Body": io.BytesIO(stored)}}
    assert (found(MACHINE, {"Flow": arn}, stepfunctions=states, s3=s3) == []) is same


def test_a_glue_job_runs_its_script() -> None:
    wanted = Expectation("Job", "AWS::Glue::Job", {"script": "s3://b/new.py"}, "Job")
    glue: dict[str, Answer] = {
        "get_job": {"Job": {"Name": "j", "Command": {"ScriptLocation": "s3://b/old.py"}}}
    }
    lines = found(wanted, {"Job": "j"}, glue=glue)
    assert lines == ["Job has script s3://b/old.py, the release has s3://b/new.py"]
