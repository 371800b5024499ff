"""What each role of the shipped templates may and may not, asked of a sandbox that enforces IAM.

The roles' own policies decide. Their trust is opened to the sandbox's root first (but the suites'
role, which only its tester assumes): no emulator assumes a role as ECS or CodeBuild does. ministack
knows some condition keys not, so a statement with one of those would never match: a copy without
these conditions is deployed, and tests/unit/infra holds that they are there.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from helpers.cloudformation import Template, read, statements
from helpers.sandboxed_infra import ACCOUNT, BUCKET, PIPELINE, REGION, RELEASE, ROLES, TASK, supported
from helpers.signed_runs import Left, a_run

from runner.adapters.aws import SANDBOX_KEY, Aws, AwsError, sandbox_target
from runner.adapters.signing import kms_key
from runner.evidence.bundle import BUNDLE, open_bundle
from runner.evidence.sign import sign_run
from runner.kept import bundle_key
from runner.kept.get import fetch, fetch_manifest
from runner.kept.put import keep, keep_blobs
from runner.remote.store import S3Store
from runner.sandbox import process
from runner.stages.stack_deploy import StackPlan, Stacks
from runner.stages.test_role import env_for_tests

pytestmark = pytest.mark.integration

TRUST_ROOT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}
TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
UNKNOWN_KEYS = {
    "aws:ResourceAccount",
    "cloudformation:RoleArn",
    "ecs:cluster",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
}
Client = Callable[[str], Any]
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A sandbox with IAM enforced, as its root."""
    enforced = {"AUTH": "true", "AWS_ACCESS_KEY_ID": SANDBOX_KEY, "AWS_SECRET_ACCESS_KEY": SANDBOX_KEY}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in enforced.items():
            patch.setitem(process.SETTINGS, name, value)
        folder = tmp_path_factory.mktemp("sandbox")
        with process.start_embedded(folder, folder) as sandbox:
            yield Aws(sandbox_target(sandbox.url))


@pytest.fixture(scope="module")
def stacks(root: Aws) -> dict[str, dict[str, str]]:
    """Logical name -> physical, of every role and key that the templates make."""
    given = {
        "stacks": ("roles", ROLES),
        "prod": ("roles", {"Solution": "flights", "Stacks": "flights-prod-"}),
        "task": ("task", {**TASK, "BucketName": BUCKET}),
        "release": ("release", RELEASE),
        "pipeline": ("pipeline", PIPELINE),
    }
    deployed = {}
    for name, (template, parameters) in given.items():
        stack = Stacks(root, poll=0.1)
        body = supported(without_unknown_keys(read(template)))
        stack.deploy(StackPlan(f"lockgate-{name}", body, parameters, {}))
        deployed[name] = {r.name: r.physical for r in stack.resources(f"lockgate-{name}")}
    put_function(root, "flights-test-1-features")
    put_function(root, "flights-prod-features")
    root.call("s3", "delete_bucket_policy", Bucket=BUCKET)  # the sandbox has no TLS
    return deployed


def without_unknown_keys(template: Template) -> Template:
    for statement in statements(template):
        tests = statement.body.get("Condition", {})
        kept = {op: keys for op, keys in tests.items() if not UNKNOWN_KEYS & set(keys)}
        if tests:
            statement.body["Condition"] = kept
    return template


def put_function(root: Aws, name: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    root.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST_ROOT))
    code = {"ZipFile": data.getvalue()}
    root.call(
        "lambda",
        "create_function",
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handler",
        Role=role,
        Code=code,
    )


def session(root: Aws, credentials: dict[str, str]) -> Client:
    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=root.target.endpoint,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    return client


@pytest.fixture(scope="module")
def become(root: Aws, stacks: dict[str, dict[str, str]]) -> Callable[[str, str], Client]:
    """become(stack, role) -> clients with that role's credentials."""

    def assume(stack: str, role: str) -> Client:
        name = stacks[stack][role]
        root.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=json.dumps(TRUST_ROOT))
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        given = root.call("sts", "assume_role", RoleArn=arn, RoleSessionName="test")
        return session(root, given["Credentials"])

    return assume


def allowed(client: Any, operation: str, **arguments: Any) -> bool:
    """Whether a call is let through to the service, whatever that makes of it."""
    try:
        getattr(client, operation)(**arguments)
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Code"] not in DENIED
    return True


def puts(client: Client, keys: list[str]) -> dict[str, bool]:
    s3 = client("s3")
    return {key: allowed(s3, "put_object", Bucket=BUCKET, Key=key, Body=b"x") for key in keys}


KEYS = [
    "runs/1/results/r",
    "runs/1/endings/e",
    "runs/1/jobs/j",
    "runs/1/blobs/b",
    "runs/1/tests/t",
    "runs/1/plan.json",
    "runs/1/seal.key",
    "runs/1/report/manifest.json",
    "runs/1/report/manifest.intoto.jsonl",
    "runs/1/report/abc/result.json",
    "flights/model/a.onnx",
    "history/flights/versions/fn/1.json",
    "history/flights/digests/fn/d.json",
    "history/flights/releases/1.json",
    "history/flights/runs/1.json",
    "history/flights/verdicts/fn/v/1.json",
    "history/other/versions/fn/1.json",
    "deployments/flights/prod/lease.json",
    "deployments/other/prod/lease.json",
    "lockgate-flights/Source/s",
    "lockgate-flights/Built/b",
    "lockgate-flights/Tested/t",
    "else",
]
NUMBERS = {"history/flights/versions/fn/1.json", "history/flights/digests/fn/d.json"}
CONCLUDES = {
    "runs/1/report/manifest.json",
    "runs/1/report/abc/result.json",
    "history/flights/releases/1.json",
    "history/flights/runs/1.json",
    "history/flights/verdicts/fn/v/1.json",
}
WRITES = {
    ("task", "TaskRole"): {"runs/1/results/r", "runs/1/endings/e"},
    ("task", "PrepareRole"): {"runs/1/blobs/b", "runs/1/plan.json", "flights/model/a.onnx", *NUMBERS},
    ("task", "ConcludeRole"): CONCLUDES,
    ("task", "ExecutionRole"): set(),
    ("task", "StateMachineRole"): set(),
    ("pipeline", "BuildRole"): {
        "runs/1/blobs/b",
        "runs/1/plan.json",
        "runs/1/seal.key",
        "flights/model/a.onnx",
        "lockgate-flights/Built/b",
        *NUMBERS,
    },
    ("pipeline", "TestRole"): {
        "runs/1/results/r",
        "runs/1/endings/e",
        "lockgate-flights/Tested/t",
        *CONCLUDES,
    },
    ("release", "SignRole"): {"runs/1/report/manifest.intoto.jsonl"},
    ("release", "DeployRole"): {"deployments/flights/prod/lease.json", "flights/model/a.onnx"},
    ("release", "MergeRole"): set(),
    ("pipeline", "StartRole"): set(),
    ("stacks", "StackRole"): set(),
}


@pytest.mark.parametrize(("stack", "role"), WRITES)
def test_a_role_writes_in_its_own_place_alone(
    become: Callable[[str, str], Client], stack: str, role: str
) -> None:
    answers = puts(become(stack, role), KEYS)
    assert {key for key, yes in answers.items() if yes} == WRITES[stack, role]


TESTERS = [("task", "TaskRole"), ("pipeline", "TestRole")]


@pytest.mark.parametrize(("stack", "role"), TESTERS)
def test_a_tester_deploys_nothing(
    become: Callable[[str, str], Client], stacks: dict[str, dict[str, str]], stack: str, role: str
) -> None:
    client = become(stack, role)
    cloudformation = client("cloudformation")
    change = {"ChangeSetName": "lockgate", "ChangeSetType": "CREATE", "TemplateBody": TEMPLATE}
    tests_role = f"arn:aws:iam::{ACCOUNT}:role/{stacks['stacks']['StackRole']}"
    made = f"flights-test-{role.lower()}"

    def makes(name: str, **extra: str) -> bool:
        return allowed(cloudformation, "create_change_set", StackName=name, **change, **extra)

    assert makes(made, RoleARN=tests_role)
    assert allowed(cloudformation, "describe_stacks", StackName=made)
    assert not makes("flights-prod", RoleARN=tests_role)
    for operation in ("create_stack", "update_stack"):
        for name in (made, "flights-prod"):
            assert not allowed(cloudformation, operation, StackName=name, TemplateBody=TEMPLATE)
    assert not allowed(cloudformation, "delete_stack", StackName="flights-prod")


@pytest.mark.parametrize(("stack", "role"), [*TESTERS, ("release", "DeployRole"), ("release", "MergeRole")])
def test_nobody_else_has_the_signers_or_iams_rights(
    become: Callable[[str, str], Client], stacks: dict[str, dict[str, str]], stack: str, role: str
) -> None:
    client = become(stack, role)
    signing = {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256", "KeyId": stacks["release"]["SignKey"]}
    assert not allowed(client("kms"), "sign", **signing)
    iam = client("iam")
    assert not allowed(iam, "create_role", RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST_ROOT))
    assert not allowed(iam, "attach_role_policy", RoleName="r", PolicyArn="arn:aws:iam::aws:policy/X")
    assert not allowed(client("codebuild"), "start_build", projectName="lockgate-flights-deploy")


def test_the_signer_signs(become: Callable[[str, str], Client], stacks: dict[str, dict[str, str]]) -> None:
    signing = {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256", "KeyId": stacks["release"]["SignKey"]}
    assert become("release", "SignRole")("kms").sign(**signing)["Signature"]


@pytest.fixture(scope="module")
def run(root: Aws, stacks: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A run that is kept in the pipeline's bucket."""
    place = tmp_path_factory.mktemp("run")
    left = a_run(place, "kept-1")
    store = S3Store(root, BUCKET, "runs/kept-1")
    keep_blobs(store, left.folder, place / "lockgate.yml")
    keep(store, left.folder, left.record.manifest_sha256)
    return left


def aws_of(root: Aws, become: Callable[[str, str], Client], role: str) -> Aws:
    return Aws(root.target, become("release", role))


def test_the_signers_own_role_is_enough_to_sign_a_run_that_is_kept(
    root: Aws,
    become: Callable[[str, str], Client],
    stacks: dict[str, dict[str, str]],
    run: Left,
    tmp_path: Path,
) -> None:
    """And the deployer's to verify it: what it fetched is signed by the one key."""
    aws = aws_of(root, become, "SignRole")
    store, signer = S3Store(aws, BUCKET, "runs/kept-1"), kms_key(aws, stacks["release"]["SignKey"])
    fetch(store, tmp_path / "sign", run.record.manifest_sha256)
    signed = sign_run(tmp_path / "sign", signer, signer.public)
    assert signed.is_new and store.put(bundle_key(), signed.path)
    deployer = aws_of(root, become, "DeployRole")
    fetch(S3Store(deployer, BUCKET, "runs/kept-1"), tmp_path / "deploy", run.record.manifest_sha256)
    public = kms_key(deployer, stacks["release"]["SignKey"]).public
    raw = (tmp_path / "deploy/manifest.json").read_bytes()
    opened = open_bundle((tmp_path / "deploy" / BUNDLE).read_bytes(), raw, {public.keyid: public})
    assert (opened.signer_kind, opened.keyid) == ("aws-kms", signer.keyid)
    merger = S3Store(aws_of(root, become, "MergeRole"), BUCKET, "runs/kept-1")
    assert fetch_manifest(merger, tmp_path / "merge").sha256 == run.record.manifest_sha256
    with pytest.raises(AwsError, match=r"(?i)denied|forbidden"):
        fetch(merger, tmp_path / "merge-more")  # artifacts are not its business


@pytest.mark.parametrize(("stack", "tester"), TESTERS)
def test_suites_get_the_test_stack_and_their_runs_prefix(
    root: Aws,
    become: Callable[[str, str], Client],
    stacks: dict[str, dict[str, str]],
    stack: str,
    tester: str,
) -> None:
    """Their role is assumed as it is shipped: its tester can, the deployer cannot."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{stacks[stack]['SuitesRole']}"
    asked = {"RoleArn": arn, "RoleSessionName": "suites"}
    assert not allowed(become("release", "DeployRole")("sts"), "assume_role", **asked)
    given = become(stack, tester)("sts").assume_role(**asked)["Credentials"]
    suites = session(root, given)
    assert {k for k, yes in puts(suites, KEYS).items() if yes} == {"runs/1/tests/t"}
    assert not allowed(suites("s3"), "get_object", Bucket=BUCKET, Key=KEYS[0])
    assert allowed(suites("lambda"), "invoke", FunctionName="flights-test-1-features")
    assert not allowed(suites("lambda"), "invoke", FunctionName="flights-prod-features")
    assert not allowed(suites("lambda"), "delete_function", FunctionName="flights-test-1-features")
    assert not allowed(suites("cloudformation"), "describe_stacks", StackName="flights-test-1")
    assert not allowed(suites("sts"), "assume_role", **asked)


def test_tests_before_traffic_ask_production_and_nothing_else(
    root: Aws, become: Callable[[str, str], Client], stacks: dict[str, dict[str, str]]
) -> None:
    """Their role is assumed as it is shipped: the deployer can, and hands on what it cannot widen."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{stacks['release']['BeforeTrafficRole']}"
    asked = {"RoleArn": arn, "RoleSessionName": "before"}
    for stack, role in (("pipeline", "TestRole"), ("release", "MergeRole"), ("release", "SignRole")):
        assert not allowed(become(stack, role)("sts"), "assume_role", **asked)
    deployer = become("release", "DeployRole")
    before = session(root, deployer("sts").assume_role(**asked)["Credentials"])
    assert allowed(before("lambda"), "invoke", FunctionName="flights-prod-features")
    assert not allowed(before("lambda"), "invoke", FunctionName="flights-test-1-features")
    assert not allowed(before("lambda"), "delete_function", FunctionName="flights-prod-features")
    assert not allowed(before("cloudformation"), "describe_stacks", StackName="flights-prod")
    assert not any(puts(before, KEYS).values())
    assert not allowed(before("s3"), "get_object", Bucket=BUCKET, Key=KEYS[0])
    narrowed = Aws(root.target, deployer)
    id = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/flights-prod/0a1b"
    stack = {"StackId": id, "StackName": "flights-prod"}
    env = env_for_tests(narrowed, arn, "r1", stack, (), BUCKET, 60.0)
    keys = {"AccessKeyId": "AWS_ACCESS_KEY_ID", "SecretAccessKey": "AWS_SECRET_ACCESS_KEY"}
    named = {name: env[variable] for name, variable in keys.items()}
    tests = session(root, {**named, "SessionToken": env["AWS_SESSION_TOKEN"]})
    assert allowed(tests("lambda"), "invoke", FunctionName="flights-prod-features")
    assert not any(puts(tests, KEYS).values())  # the session's policy asks for a place: the role has none


def test_stacks_make_roles_within_the_boundary_alone(
    root: Aws, become: Callable[[str, str], Client], stacks: dict[str, dict[str, str]]
) -> None:
    iam = become("stacks", "StackRole")("iam")
    boundary = stacks["stacks"]["Boundary"]
    trust = json.dumps(TRUST_ROOT)

    def makes(name: str, **extra: str) -> bool:
        return allowed(iam, "create_role", RoleName=name, AssumeRolePolicyDocument=trust, **extra)

    assert makes("flights-test-worker", PermissionsBoundary=boundary)
    assert not makes("admin", PermissionsBoundary=boundary)
    everything = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    )
    policy = {"PolicyName": "p", "PolicyDocument": everything}
    assert allowed(iam, "put_role_policy", RoleName="flights-test-worker", **policy)
    own = stacks["stacks"]["StackRole"]
    assert not allowed(iam, "put_role_policy", RoleName=own, **policy)
    assert not allowed(iam, "update_assume_role_policy", RoleName=own, PolicyDocument=trust)
    assert not allowed(iam, "delete_role_permissions_boundary", RoleName="flights-test-worker")
    # The most that it can do is the boundary's, whatever its policy says.
    worker = f"arn:aws:iam::{ACCOUNT}:role/flights-test-worker"
    given = root.call("sts", "assume_role", RoleArn=worker, RoleSessionName="worker")["Credentials"]
    client = session(root, given)
    assert allowed(client("lambda"), "invoke", FunctionName="flights-test-1-features")
    assert not allowed(client("lambda"), "invoke", FunctionName="flights-prod-features")
    assert not allowed(client("iam"), "create_user", UserName="me")
    assert not any(puts(client, KEYS).values())


def test_nobody_elses_task_is_started_or_stopped(root: Aws, become: Callable[[str, str], Client]) -> None:
    """Its own is not started here: ECS would pull the image."""
    ecs = become("task", "StateMachineRole")("ecs")
    other = root.call("ecs", "create_cluster", clusterName="other")["cluster"]["clusterArn"]
    assert not allowed(ecs, "run_task", cluster="lockgate-flights", taskDefinition="somebodys")
    assert not allowed(ecs, "stop_task", cluster=other, task="t")


def test_a_bucket_refuses_plain_http(
    root: Aws, become: Callable[[str, str], Client], stacks: dict[str, dict[str, str]]
) -> None:
    refusal, *_ = [s.body for s in statements(read("pipeline")) if s.kind == "bucket"]
    body = {**refusal, "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [body]})
    client = become("pipeline", "TestRole")
    assert puts(client, KEYS[:1])[KEYS[0]]
    root.call("s3", "put_bucket_policy", Bucket=BUCKET, Policy=policy)
    try:
        assert not puts(client, KEYS[:1])[KEYS[0]]
    finally:
        root.call("s3", "delete_bucket_policy", Bucket=BUCKET)
