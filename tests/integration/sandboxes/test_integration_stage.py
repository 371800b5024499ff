"""The whole integration stage in a real sandbox: deployed, judged, and nothing left behind."""

import copy
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from helpers.tiny import CONFIG, NEGATE, TEMPLATE, build_all, stage_job

from runner.adapters.aws import Aws, sandbox_target
from runner.model import Status
from runner.stages.integration import DEPLOY, REMOVE, SANDBOX_BUCKET, run
from runner.stages.unit import run as run_unit

pytestmark = pytest.mark.integration

CHILD = """
import sys
from pathlib import Path
from helpers.tiny import CONFIG, build_all, stage_job
from runner.stages.child import run_stage
root, cache, url = map(Path, sys.argv[1:3]), 0, sys.argv[3]
root, cache = root
config = {**CONFIG}
config["stages"]["integration"] |= {"suites": ["suites/slow"], "golden": None}
job = stage_job(root, "integration", build_all(root, cache, config), config, url, "killed")
sys.exit(run_stage(job).code)
"""


def left(url: str) -> list[str]:
    """What the sandbox still holds, artifacts aside."""
    aws = Aws(sandbox_target(url))
    stacks = aws.call("cloudformation", "list_stacks")["StackSummaries"]
    found = [s["StackName"] for s in stacks if s["StackStatus"] != "DELETE_COMPLETE"]
    found += [f["FunctionName"] for f in aws.call("lambda", "list_functions")["Functions"]]
    found += [b["Name"] for b in aws.call("s3", "list_buckets")["Buckets"] if b["Name"] != SANDBOX_BUCKET]
    found += [r["RoleName"] for r in aws.call("iam", "list_roles")["Roles"]]
    return found + [g["logGroupName"] for g in aws.call("logs", "describe_log_groups")["logGroups"]]


def integrate(root, cache, url, config=CONFIG, run_id="r1"):
    return run(stage_job(root, "integration", build_all(root, cache, config), config, url, run_id))


def status_of(report):
    return {check.id.rpartition("::")[2]: check for check in report.checks}


def test_passes_and_leaves_nothing(tiny, cache, sandbox):
    report = integrate(tiny, cache, sandbox.url)
    assert report.status is Status.PASSED, report.cause
    assert report.collected[0] == DEPLOY
    assert report.collected[-1] == REMOVE
    assert set(report.collected) == {check.id for check in report.checks}
    assert not (tiny / "out/aws").exists(), "evidence is kept of what failed"
    checks = status_of(report)
    assert checks["test_served_equals_training[rows 11-12]"].measured == "largest difference 0 over 2 rows"
    assert left(sandbox.url) == []


def test_a_wrong_answer_with_http_200_is_told_by_row_and_field(tiny, cache, sandbox):
    (tiny / "src/negate/app.py").write_text(
        NEGATE.replace("-event", "1-event").replace(
            "\n    return", "\n    print('asked for', event)\n    return"
        )
    )
    report = integrate(tiny, cache, sandbox.url)
    assert report.status is Status.FAILED
    assert "row 1: answer.value: served -1, training gave -2" in report.cause
    assert left(sandbox.url) == []
    logs = "".join(path.read_text() for path in (tiny / "out/aws/logs").glob("*.log"))
    assert "asked for {'value': " in logs, "the functions' logs outlive the stack"


def test_a_missing_handler_is_named(tiny, cache, sandbox):
    (tiny / "stack.yml").write_text(TEMPLATE.replace("Handler: app.handler", "Handler: app.nope", 1))
    report = integrate(tiny, cache, sandbox.url)
    assert report.status is Status.FAILED
    assert "double (handler app.nope)" in report.cause
    assert left(sandbox.url) == []


def test_a_dependency_that_only_lockgate_has_is_missing(tiny, cache, sandbox):
    """The sandbox would run it in Lockgate's interpreter, where click is installed."""
    (tiny / "src/negate/app.py").write_text("import click\n" + NEGATE)
    report = integrate(tiny, cache, sandbox.url)
    assert report.status is Status.FAILED
    assert "No module named 'click'" in report.cause
    unit = run_unit(stage_job(tiny, "unit", build_all(tiny, cache, CONFIG), CONFIG))
    checks = status_of(unit)
    assert "No module named 'click'" in checks["test_handler_imports_in_isolation[negate]"].cause
    assert checks["test_handler_imports_in_isolation[double]"].status is Status.PASSED


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "def other(): ...",
            "handler app.handler does not exist",
        ),
        ("handler = 3", "not callable"),
        (
            "def handler(e, c): return {1, 2}",
            "JSON",
        ),
        (
            "def handler(e, c): 1 / 0",
            "ZeroDivision",
        ),
        ("import os; os._exit(0)", "no answer"),
        ("import runner", "No module named 'runner'"),
    ],
)
def test_stock_lambda_tells_what_is_wrong(tiny, cache, code, told):
    (tiny / "src/negate/app.py").write_text(code + "\n")
    report = run_unit(stage_job(tiny, "unit", build_all(tiny, cache, CONFIG), CONFIG))
    assert report.status is Status.FAILED
    wrong = [check for check in report.checks if check.status is Status.FAILED]
    assert wrong
    assert all("[negate" in check.id and told in check.cause for check in wrong)


def test_a_failing_deployment_is_failed_with_the_resource(tiny, cache, sandbox):
    broken = TEMPLATE + "  Never: {Value: x}\n"
    broken = broken.replace("Outputs:", HANDLE + "Outputs:")
    (tiny / "stack.yml").write_text(broken)
    report = integrate(tiny, cache, sandbox.url)
    assert [check.id for check in report.checks] == [DEPLOY, REMOVE] == list(report.collected)
    assert report.status is Status.FAILED
    assert "Wait (AWS::CloudFormation::WaitCondition)" in report.cause
    assert left(sandbox.url) == []
    assert '"Wait"' in (tiny / "out/aws/stack-events.jsonl").read_text()


HANDLE = """  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Wait:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: "1", Count: 1}
"""


def test_a_type_that_cannot_be_deployed_is_failed(tiny, cache, sandbox):
    topic = "  Odd: {Type: AWS::SageMaker::Model, Properties: {ExecutionRoleArn: !GetAtt Role.Arn}}\n"
    (tiny / "stack.yml").write_text(TEMPLATE.replace("Outputs:", topic + "Outputs:"))
    report = integrate(tiny, cache, sandbox.url)
    assert report.status is Status.FAILED
    assert "SageMaker" in report.cause
    assert left(sandbox.url) == []


def test_an_own_suite_reaches_the_stack_and_its_failure_still_removes_it(tiny, cache, sandbox):
    suite = tiny / "suites/integration/test_own.py"
    suite.parent.mkdir(parents=True)
    suite.write_text(
        "import json, os, boto3\n"
        "OUT = json.loads(os.environ['LOCKGATE_STACK_OUTPUTS'])\n"
        "def test_writes():\n"
        "    boto3.client('s3').put_object(Bucket=OUT['KeepBucket'], Key='k', Body=b'1')\n"
        "def test_wrong():\n    assert OUT['KeepBucket'] == 'other'\n"
    )
    config = copy.deepcopy(CONFIG)
    config["stages"]["integration"] |= {"suites": ["suites/integration"], "golden": None}
    report = integrate(tiny, cache, sandbox.url, config)
    assert report.status is Status.FAILED
    checks = status_of(report)
    assert checks["test_writes"].status is Status.PASSED
    assert checks["test_wrong"].status is Status.FAILED
    assert checks[REMOVE].status is Status.PASSED
    assert left(sandbox.url) == []


def test_a_missing_golden_file_is_error(tiny, cache, sandbox):
    (tiny / "golden.jsonl").write_text("\n")
    report = integrate(tiny, cache, sandbox.url)
    assert report.status is Status.ERROR
    assert "there are no golden rows" in " ".join(check.cause for check in report.checks)
    assert left(sandbox.url) == []


@pytest.mark.parametrize("stubborn", ["", "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"])
def test_sigterm_removes_the_stack_though_a_test_may_ignore_it(tiny, cache, sandbox, stubborn):
    suite = tiny / "suites/slow/test_slow.py"
    suite.parent.mkdir(parents=True)
    suite.write_text(
        f"import pathlib, signal, time\ndef test_slow():\n{stubborn}"
        "    pathlib.Path('started').touch()\n    time.sleep(60)\n"
    )
    argv = [sys.executable, "-c", CHILD, str(tiny), str(cache), sandbox.url]
    env = {**os.environ, "PYTHONPATH": str(pytest.importorskip("helpers").__path__[0] + "/..")}
    with subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, text=True) as child:
        deadline = time.monotonic() + 30
        while not (tiny / "started").exists() and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
        assert "tiny-test-killed" in left(sandbox.url)
        child.send_signal(signal.SIGTERM)
        said = child.communicate()[1]
    assert left(sandbox.url) == [], said
    assert json.loads((tiny / "out/result.json").read_bytes())["status"] == "ERROR"
