"""What integration suites may do in a real AWS: call their own test stack, leave files of their own run.

A role for tests (LOCKGATE_TEST_ROLE; `infra/` makes it) is assumed with a session policy that narrows it
to this one stack and run. The stage's own credentials, which deploy and remove the stack, never reach
the tests' process (DESIGN rule 4).
Sources: STS AssumeRole (Policy at most 2,048 characters, DurationSeconds 900 to 3,600 where a role
assumes another); Service Authorization Reference for Lambda, Step Functions and S3.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.adapters.output import SECRECY
from runner.adapters.shell import TEST_ROLE
from runner.errors import InfrastructureError, UsageError
from runner.stages.stack_deploy import Resource

VARIABLE, PREFIX = TEST_ROLE, "LOCKGATE_RUN_PREFIX"
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
POLICY_LIMIT, SHORTEST, LONGEST, SPARE = 2048, 900, 3600, 120
FUNCTION, MACHINE = "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"


def role_for_tests(environ: Mapping[str, str] = os.environ) -> str:
    """The ARN of the role that tests get in a real AWS. Raises UsageError where there is none: the
    stage's own credentials are no substitute."""
    arn = environ.get(VARIABLE, "")
    if not ROLE.fullmatch(arn):
        what = f"{arn!r} is no ARN of a role" if arn else "there is no role for the tests"
        hint = "set it to the ARN of a role that may only invoke test stacks; infra/task.yml makes one"
        raise UsageError(what, where=VARIABLE, hint=hint)
    return arn


def env_for_tests(
    aws: Aws, role: str, run_id: str, stack: Mapping[str, Any], resources: Sequence[Resource], bucket: str,
    timeout: float,
) -> dict[str, str]:  # fmt: skip
    """The environment of the tests: a session of the role, for this stack (as DescribeStacks tells it)
    and this run; LOCKGATE_RUN_PREFIX says where in the bucket they may leave files.

    Raises InfrastructureError where the role cannot be assumed."""
    prefix = f"{bucket}/runs/{run_id}/tests/"
    policy = session_policy(stack["StackId"], stack["StackName"], resources, prefix)
    try:
        told = aws.call(
            "sts", "assume_role", RoleArn=role, RoleSessionName=session_name(run_id), Policy=policy,
            DurationSeconds=min(LONGEST, max(SHORTEST, math.ceil(timeout) + SPARE)),
        )["Credentials"]  # fmt: skip
    except AwsError as error:
        hint = f"{role} has to trust the role that runs the stage, and that one be allowed sts:AssumeRole"
        raise InfrastructureError(error.what, where=VARIABLE, hint=hint) from error
    keys = (told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])
    env = replace(aws.target, credentials=keys).env()
    SECRECY.learn(env)
    return {**env, PREFIX: f"s3://{prefix}"}


def session_policy(stack_id: str, stack_name: str, resources: Sequence[Resource], prefix: str) -> str:
    """The session policy: invoke the stack's functions, run its state machines, put below the prefix.

    What CloudFormation named begins with the stack's name, in nested stacks too. Raises
    InfrastructureError where a policy cannot hold all names that the template chose itself."""
    _, partition, _, region, account, _ = stack_id.split(":", 5)
    own = f"{stack_name}-*"

    def arns(service: str, names: Sequence[str]) -> list[str]:
        return [f"arn:{partition}:{service}:{region}:{account}:{name}" for name in names]

    functions = [n for n in _names(resources, FUNCTION) if not n.startswith(own[:-1])]
    invoked = [f"function:{own}", *(f"function:{n}{q}" for n in functions for q in ("", ":*"))]
    statements = [
        _allow(["lambda:InvokeFunction"], arns("lambda", invoked)),
        _allow(["s3:PutObject"], [f"arn:{partition}:s3:::{prefix}*"]),
    ]
    if machines := [arn.rpartition(":")[2] for arn in _names(resources, MACHINE)]:
        started = arns("states", [f"stateMachine:{name}" for name in machines])
        watched = arns("states", [f"execution:{name}:*" for name in machines])
        statements.append(_allow(["states:StartExecution", "states:StartSyncExecution"], started))
        statements.append(_allow(["states:DescribeExecution"], watched))
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    if len(policy) > POLICY_LIMIT:
        raise InfrastructureError(
            f"the tests' policy has {len(policy):,} characters, STS takes {POLICY_LIMIT:,}",
            where=stack_name,
            hint="let CloudFormation name functions and state machines",
        )
    return policy


def session_name(run_id: str) -> str:
    """The session's name, which CloudTrail shows: lockgate-RUN within STS's letters and length."""
    return f"lockgate-{re.sub(r'[^A-Za-z0-9_+=,.@-]', '-', run_id)}"[:64]


def _names(resources: Sequence[Resource], kind: str) -> list[str]:
    return sorted({resource.physical for resource in resources if resource.kind == kind})


def _allow(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
