"""The shipped templates in cfn-lint and in a real sandbox, and their policies in its IAM.

ministack has no CodePipeline and no report groups: of infra/pipeline.yml a copy without those two
resources is deployed. Its IAM decides by policies as AWS's does, within one account.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from helpers.cloudformation import INFRA, NAMES, read
from helpers.sandboxed_infra import ACCOUNT, BUCKET, PIPELINE, RELEASE, ROLES, TASK, UNSUPPORTED, supported

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.sandbox.process import start_embedded
from runner.stages.stack_deploy import StackFailed, StackPlan, Stacks
from runner.stages.stack_remove import remove_stack

pytestmark = pytest.mark.integration
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:git-url-AbCdEf"


def test_cfn_lint_finds_nothing() -> None:
    paths = [str(INFRA / f"{name}.yml") for name in NAMES]
    argv = [sys.executable, "-c", "from cfnlint import runner; runner.main()"]
    options = ["--include-checks", "I", "--format", "json", "--template"]
    done = subprocess.run([*argv, *options, *paths], capture_output=True, text=True, cwd=INFRA)
    assert json.loads(done.stdout or "[]") == []
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    cache = tmp_path_factory.mktemp("cache")
    with start_embedded(tmp_path_factory.mktemp("log"), cache) as sandbox:
        yield Aws(sandbox_target(sandbox.url))


def plan(name: str, body: str, parameters: dict[str, str]) -> StackPlan:
    return StackPlan(f"lockgate-{name}", body, parameters, {"lockgate:purpose": "test"})


def shipped(name: str) -> str:
    return (INFRA / f"{name}.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def roles(aws: Aws) -> dict[str, str]:
    stacks = Stacks(aws, poll=0.1)
    stacks.deploy(plan("stacks-prod", shipped("roles"), {"Solution": "flights", "Stacks": "flights-prod-"}))
    return stacks.deploy(plan("stacks-test", shipped("roles"), ROLES))


@pytest.fixture(scope="module")
def task(aws: Aws, roles: dict[str, str]) -> dict[str, str]:
    return Stacks(aws, poll=0.1).deploy(plan("task", shipped("task"), TASK))


@pytest.fixture(scope="module")
def release(aws: Aws, roles: dict[str, str]) -> dict[str, str]:
    return Stacks(aws, poll=0.1).deploy(plan("release", shipped("release"), RELEASE))


@pytest.fixture(scope="module")
def pipeline(aws: Aws, release: dict[str, str]) -> dict[str, str]:
    return Stacks(aws, poll=0.1).deploy(plan("pipeline", supported(read("pipeline")), PIPELINE))


def test_the_roles_have_the_names_that_others_are_told(roles: dict[str, str]) -> None:
    assert roles["StackRole"] == "lockgate-stacks-flights-test-"


def test_the_task_is_deployed_as_it_is_written(aws: Aws, task: dict[str, str]) -> None:
    found = aws.call("ecs", "describe_task_definition", taskDefinition=task["TaskDefinition"])
    definition = found["taskDefinition"]
    [container] = definition["containerDefinitions"]
    assert container["name"] == task["Container"] == "lockgate"
    assert container["readonlyRootFilesystem"] is True
    assert container["stopTimeout"] == 120
    assert container["user"] == "1000:1000"
    assert (definition["networkMode"], definition["cpu"], definition["memory"]) == ("awsvpc", "2048", "8192")
    assert task["Subnets"] == "subnet-1,subnet-2"
    assert aws.call("ecs", "describe_clusters", clusters=[task["Cluster"]])["clusters"]
    assert aws.call("s3", "get_bucket_versioning", Bucket=task["Bucket"])["Status"] == "Enabled"


def test_a_bucket_and_a_cluster_of_somebody_elses(aws: Aws) -> None:
    own = {"ClusterName": "shared", "BucketName": "theirs", "TestStacks": "", "TestStackRole": ""}
    outputs = Stacks(aws, poll=0.1).deploy(plan("task-shared", shipped("task"), {**TASK, **own}))
    assert (outputs["Cluster"], outputs["Bucket"]) == ("shared", "theirs")
    kinds = [r.kind for r in Stacks(aws).resources("lockgate-task-shared")]
    assert "AWS::S3::Bucket" not in kinds
    assert "AWS::ECS::Cluster" not in kinds
    assert remove_stack(Stacks(aws, poll=0.1), "lockgate-task-shared") == ""


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("task", {**TASK, "Cpu": "1024", "Memory": "61440"}, "Cpu 1024 goes with"),
        ("task", {**TASK, "TestStackRole": ""}, "TestStacks needs TestStackRole"),
        ("task", {**TASK, "Solution": "runs"}, "Solution"),
        ("pipeline", {**PIPELINE, "RunnerImage": "lockgate:latest"}, "RunnerImage"),
        ("release", {**RELEASE, "ProductionStackRole": ""}, "needs ProductionStackRole"),
        ("release", {**RELEASE, "DeployImage": "lockgate:latest"}, "DeployImage"),
        ("release", {**RELEASE, "MergeImage": "lockgate:latest"}, "MergeImage"),
        ("release", {**RELEASE, "RepositorySecretArn": SECRET}, "needs MergeImage"),
        (
            "pipeline",
            {**PIPELINE, "StateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:lockgate-f"},
            "does not know what to sign",
        ),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    aws: Aws, name: str, parameters: dict[str, str], told: str
) -> None:
    body = supported(read(name)) if name == "pipeline" else shipped(name)
    with pytest.raises((StackFailed, AwsError)) as error:
        Stacks(aws, poll=0.1).deploy(plan("refused", body, parameters))
    assert told in str(error.value)


def test_the_hands_are_deployed_as_they_are_written(aws: Aws, release: dict[str, str]) -> None:
    assert release["SignKey"] and release["MergeRole"]
    projects = [f"lockgate-flights-{name}" for name in ("sign", "deploy", "merge")]
    found = aws.call("codebuild", "batch_get_projects", names=projects)["projects"]
    environments = {p["name"]: p["environment"]["environmentVariables"] for p in found}
    told = {v["name"]: v["value"] for v in environments["lockgate-flights-deploy"]}
    assert told["LOCKGATE_TEST_ROLE"] == release["BeforeTrafficRole"]
    policy = yaml.safe_load(told["LOCKGATE_POLICY"])
    assert policy["stages"] == {"data": {}, "model": {}, "integration": {}}
    assert (policy["solution"], policy["branches"]) == ("flights", ["dev"])
    [repository] = [v["value"] for v in environments["lockgate-flights-merge"] if "REPOSITORY" in v["name"]]
    assert repository == "codecommit::us-east-1://flights"


def test_who_pushes_by_git_has_the_image_with_git(aws: Aws) -> None:
    image = RELEASE["DeployImage"].replace("sha256:0", "sha256:1")
    given = {**RELEASE, "Solution": "elsewhere", "MergeImage": image, "RepositorySecretArn": SECRET}
    Stacks(aws, poll=0.1).deploy(plan("release-elsewhere", shipped("release"), given))
    names = [f"lockgate-elsewhere-{name}" for name in ("sign", "deploy", "merge")]
    found = aws.call("codebuild", "batch_get_projects", names=names)["projects"]
    images = {p["name"].rpartition("-")[2]: p["environment"]["image"] for p in found}
    other = RELEASE["DeployImage"]
    assert images == {"sign": other, "deploy": other, "merge": image}


def test_a_signer_alone_needs_no_production(aws: Aws) -> None:
    alone = {"Solution": "alone", "DeployImage": RELEASE["DeployImage"]}
    outputs = Stacks(aws, poll=0.1).deploy(plan("release-alone", shipped("release"), alone))
    assert set(outputs) == {"SignKey", "SignRole"}


def test_the_pipelines_supported_part_is_deployed(aws: Aws, pipeline: dict[str, str]) -> None:
    assert pipeline["Bucket"] == BUCKET
    [target] = aws.call("events", "list_targets_by_rule", Rule="lockgate-flights-failures")["Targets"]
    assert target["Arn"] == pipeline["Failures"]


def test_the_key_is_used_by_the_hands_of_the_other_stack(
    aws: Aws, pipeline: dict[str, str], release: dict[str, str]
) -> None:
    policy = aws.call("kms", "get_key_policy", KeyId=pipeline["Key"], PolicyName="default")["Policy"]
    users = [s for s in json.loads(policy)["Statement"] if s["Sid"] == "UseByTheRoad"]
    assert {release[f"{name}Role"] for name in ("Sign", "Deploy", "Merge")} <= set(
        users[0]["Principal"]["AWS"]
    )


def test_the_sandbox_still_lacks_the_rest(aws: Aws, release: dict[str, str]) -> None:
    """When it no longer does, the copy is not needed any more."""
    with pytest.raises((StackFailed, AwsError)) as error:
        Stacks(aws, poll=0.1).deploy(plan("whole", shipped("pipeline"), PIPELINE))
    assert all(kind in str(error.value) for kind in UNSUPPORTED)
