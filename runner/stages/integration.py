"""The integration stage: a stack of its own, deployed, put to work, judged and removed.

The stack is removed whatever happens: a failing suite, an interrupt, a bug. Deploying and removing
are checks themselves, `stack:deploy` and `stack:remove`; where the deployment fails no suite runs,
and those two are all that was to run.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from runner.adapters import shell
from runner.adapters.aws import Aws, target_from_env
from runner.adapters.files import sha256_file
from runner.adapters.output import SECRECY, say
from runner.adapters.privileges import hide
from runner.components.references import image_values, interpolate_all, values
from runner.config.schema import Environment, IntegrationStage, Stack
from runner.errors import InfrastructureError, LockgateError, SolutionError, UsageError
from runner.model import Artifact, Check, Evidence, StageReport, Status
from runner.stages import StageJob
from runner.stages.context import integration_context, stored_objects
from runner.stages.outcome import worst
from runner.stages.stack_deploy import INLINE_LIMIT, StackPlan, Stacks, stack_name
from runner.stages.stack_evidence import keep_evidence
from runner.stages.stack_remove import remove_stack
from runner.stages.suites import SuiteOutcome, run_suites
from runner.stages.test_role import env_for_tests, role_for_tests

SANDBOX_BUCKET = "lockgate-artifacts"
DEPLOY, REMOVE = "stack:deploy", "stack:remove"
GOLDEN, ROWS = "stock:golden", "golden.jsonl"
NOTHING = SuiteOutcome((), (), ())


def run(job: StageJob) -> StageReport:
    """Publish the artifacts, deploy the test stack, run the suites against it, remove it.

    Raises InfrastructureError where AWS cannot be used, UsageError for a wrong configuration."""
    begun, started = time.monotonic(), datetime.now(UTC)
    stage, role = _stage(job), _role(job)
    aws = Aws(target_from_env(job.aws, is_sandbox=job.is_sandbox))
    poll = 0.1 if job.is_sandbox else 5.0
    stacks = Stacks(aws, poll=poll, timeout=stage.timeout)
    bucket = publish(aws, job)
    plan = stack_plan(aws, job, bucket)
    outcome = NOTHING
    try:
        deployed, outputs = _deploy(job, stacks, plan)
        if deployed.status is Status.PASSED:
            outcome = _run_suites(job, stage, outputs, _tests_env(job, stacks, plan, bucket, role))
        if _is_bad(deployed, *outcome.checks) and not shell.INTERRUPTED.is_set():
            keep_evidence(stacks, plan.name, started, job.out)
    finally:
        removed = _remove(job, stacks, plan.name)
    checks = (deployed, *outcome.checks, removed)
    return StageReport(
        job.run_id,
        job.name,
        "integration",
        worst(check.status for check in checks),
        (DEPLOY, *outcome.collected, REMOVE),
        checks,
        time.monotonic() - begun,
        cause=next((check.cause for check in checks if check.cause), ""),
        judged=outcome.judged,
        evidence=Evidence(files=_keep_golden(job), facts=_facts(aws, plan, job)),
    )


def _is_bad(*checks: Check) -> bool:
    return any(check.status in (Status.FAILED, Status.ERROR) for check in checks)


def _stage(job: StageJob) -> IntegrationStage:
    assert isinstance(job.stage, IntegrationStage)  # noqa: S101  the schema's discriminator says so
    return job.stage


def publish(aws: Aws, job: StageJob) -> str:
    """Put every artifact into the artifact bucket under its digest, unless it is there; the bucket.

    Whoever sends the stage elsewhere publishes before: a task, in which a solution's tests run, has no
    right to put artifacts, and finds them there."""
    bucket = _environment(job).bucket
    if job.is_sandbox:
        bucket = bucket or SANDBOX_BUCKET
        aws.ensure_bucket(bucket)
    if not bucket:
        name = _stage(job).environment
        raise UsageError("a real AWS needs a bucket for artifacts", where=f"environments.{name}.bucket")
    stored = [(Path(item.path), item.key) for item in stored_objects(job).values()]
    template = _template(job)
    if is_large(template):
        stored.append((Path(template.path), _template_key(job, template)))
    for path, key in stored:
        if aws.object_size(bucket, key) != path.stat().st_size:
            aws.upload(path, bucket, key)
    return bucket


def stack_plan(aws: Aws, job: StageJob, bucket: str) -> StackPlan:
    """The test stack: the template as it was built, its parameters with every ${...} replaced."""
    artifact = _template(job)
    component = job.solution.components[_stage(job).stack]
    assert isinstance(component, Stack)  # noqa: S101  _template has seen to it
    images, absent = image_values(job.artifacts.values())
    known = values(bucket, stored_objects(job), _s3(aws)) | images
    where = f"components.{artifact.name}.parameters"
    own = {**component.parameters, **_environment(job).parameters}
    parameters = {**artifact.facts.get("packaged", {}), **own}
    parameters = interpolate_all(parameters, known, where=where, absent=absent)
    body = Path(artifact.path).read_text(encoding="utf-8")
    url = _template_url(aws, bucket, job, artifact) if is_large(artifact) else ""
    tags = {
        "lockgate:solution": job.solution.solution,
        "lockgate:run": job.run_id,
        "lockgate:purpose": "test",
    }
    role = "" if job.is_sandbox else os.environ.get(shell.STACK_ROLE, "")
    return StackPlan(stack_name(job.solution.solution, job.run_id), body, parameters, tags, url, role)


def _template(job: StageJob) -> Artifact:
    name = _stage(job).stack
    artifact = job.artifacts.get(name)
    if artifact is None or artifact.kind != "stack":
        raise InfrastructureError(f"no stack {name!r} was handed over", where=f"stages.{job.name}.stack")
    return artifact


def _template_url(aws: Aws, bucket: str, job: StageJob, artifact: Artifact) -> str:
    return f"{_s3(aws)}/{bucket}/{_template_key(job, artifact)}"


def _s3(aws: Aws) -> str:
    return aws.target.endpoint or f"https://s3.{aws.target.region}.amazonaws.com"


def _template_key(job: StageJob, artifact: Artifact) -> str:
    return f"{job.solution.solution}/{artifact.name}/{artifact.sha256}.yml"


def is_large(template: Artifact) -> bool:
    """Whether a template's body has to lie in S3."""
    return Path(template.path).stat().st_size > INLINE_LIMIT


def _environment(job: StageJob) -> Environment:
    return job.solution.environments.get(_stage(job).environment) or Environment()


def _deploy(job: StageJob, stacks: Stacks, plan: StackPlan) -> tuple[Check, Mapping[str, str]]:
    begun = time.monotonic()
    outputs: Mapping[str, str] = {}
    status, cause = Status.PASSED, ""
    try:
        outputs = stacks.deploy(plan)
    except SolutionError as error:
        status, cause = Status.FAILED, error.what
    except LockgateError as error:
        status, cause = Status.ERROR, error.what
    check = Check(DEPLOY, status, "stack", time.monotonic() - begun, cause)
    job.progress(check)
    return check, outputs


def _role(job: StageJob) -> str:
    """The role of the tests, '' in the sandbox. In a real AWS this process, which holds more, is hidden
    from them before any of them runs."""
    if job.is_sandbox:
        return ""
    hide()
    return role_for_tests()


def _tests_env(job: StageJob, stacks: Stacks, plan: StackPlan, bucket: str, role: str) -> Mapping[str, str]:
    """How the tests reach AWS: in the sandbox as the stage does, its key opens nothing; in a real AWS
    by a session of their own role."""
    if not role:
        return job.aws
    stack = stacks.describe(plan.name)
    if stack is None:
        raise InfrastructureError(f"stack {plan.name} is gone", where=f"stages.{job.name}")
    resources = stacks.resources(stack["StackId"])
    return env_for_tests(stacks.aws, role, job.run_id, stack, resources, bucket, job.stage.timeout)


def _run_suites(
    job: StageJob, stage: IntegrationStage, outputs: Mapping[str, str], aws: Mapping[str, str]
) -> SuiteOutcome:
    """The stage's suites, with AWS in reach; golden rows are replayed wherever they are configured."""
    suites = stage.suites
    if stage.golden and GOLDEN not in suites:
        suites = (*suites, GOLDEN)
    env = {**aws, "LOCKGATE_STACK_OUTPUTS": json.dumps(dict(outputs))}
    outcome = run_suites(job, suites, context=integration_context(job, outputs), extra_env=env)
    clean: SuiteOutcome = SECRECY.redactor().value(outcome)  # no parent of ours knows the tests' session
    return clean


def _remove(job: StageJob, stacks: Stacks, name: str) -> Check:
    """Remove the stack; never raises, because it also runs while something else is being raised."""
    begun = time.monotonic()
    try:
        cause = remove_stack(stacks, name)
    except Exception as error:
        cause = f"stack {name} may still be there: {' '.join(str(error).split())}"
    if cause:
        say(sys.stderr, f"LEFT BEHIND by run {job.run_id}: {cause}")
    status = Status.ERROR if cause else Status.PASSED
    check = Check(REMOVE, status, "stack", time.monotonic() - begun, cause)
    job.progress(check)
    return check


def _keep_golden(job: StageJob) -> tuple[str, ...]:
    """The golden rows travel with the run: who deploys it asks the new versions the same before traffic."""
    golden = _stage(job).golden
    if golden is None or not (job.root / golden.rows).is_file():
        return ()
    shutil.copyfile(job.root / golden.rows, job.out / ROWS)
    return (ROWS,)


def _facts(aws: Aws, plan: StackPlan, job: StageJob) -> dict[str, object]:
    executed = {n: item.sha256 for n, item in stored_objects(job).items()}
    golden = _stage(job).golden
    limits = {GOLDEN: {"max": golden.tolerance}} if golden else {}
    told: dict[str, object] = {
        "aws": aws.target.kind,
        "stack": plan.name,
        "deployed": executed,
        "limits": limits,
    }
    kept = job.out / ROWS
    return {**told, "golden_sha256": sha256_file(kept)} if kept.is_file() else told
