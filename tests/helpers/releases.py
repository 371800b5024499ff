"""A small solution whose releases are built, signed and deployed for real: two functions and a model.

`features` squares a number, `predict` multiplies it by the model's factor; the model is an object in the
bucket, named by its digest. Everything is pure Python, so a release is built in milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from helpers.signed_runs import sealed

from runner.adapters.aws import Aws, AwsTarget
from runner.adapters.signing import FileKey, development_key
from runner.components import BuildJob, component_kind
from runner.config.load import load
from runner.config.schema import Solution
from runner.deploying import Asked, World
from runner.evidence.sign import sign_run
from runner.leave import leave
from runner.model import Artifact, Check, Evidence, Judged, Status
from runner.report.record import RunRecord
from runner.verdict import judge

FEATURES = "def handler(event, context):\n    return {{'square': event['x'] ** 2 + {bias}}}\n"
PREDICT = """
import json, os
import boto3
bucket, _, key = os.environ["MODEL_URI"].removeprefix("s3://").partition("/")
FACTOR = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
def handler(event, context):
    return {"y": FACTOR * event["square"]}
"""
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Bucket: {Type: String}
  FeaturesKey: {Type: String}
  PredictKey: {Type: String}
  ModelUri: {Type: String}
  Suffix: {Type: String, Default: data}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${AWS::StackName}-${Suffix}"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Features:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref FeaturesKey}
  FeaturesVersion:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Features}
  FeaturesLive:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Features, FunctionVersion: !GetAtt FeaturesVersion.Version, Name: live}
  Predict:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref PredictKey}
      Environment: {Variables: {MODEL_URI: !Ref ModelUri}}
  PredictVersion:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Predict}
  PredictLive:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Predict, FunctionVersion: !GetAtt PredictVersion.Version, Name: live}
Outputs:
  FeaturesFunction: {Value: !Ref FeaturesLive}
  PredictFunction: {Value: !Ref PredictLive}
"""
CONFIG: dict[str, Any] = {
    "solution": "square",
    "components": {
        "features": {"kind": "lambda-zip", "source": "src/features", "handler": "app.handler"},
        "predict": {
            "kind": "lambda-zip", "source": "src/predict", "handler": "app.handler",
            "test_env": {"MODEL_SHA256": "${model.sha256}"},
        },
        "model": {"kind": "definition", "path": "model.py", "format": "glue-script"},
        "stack": {
            "kind": "stack",
            "template": "stack.yml",
            "parameters": {
                "Bucket": "${bucket}", "FeaturesKey": "${features.key}", "PredictKey": "${predict.key}",
                "ModelUri": "${model.uri}",
            },
        },
    },
    "stages": {
        "unit": {"kind": "unit", "suites": ["suites/unit"]},
        "integration": {
            "kind": "integration", "stack": "stack", "suites": ["suites/integration"],
            "invoke": {"features": "FeaturesFunction", "predict": "PredictFunction"},
            "golden": {"rows": "golden.jsonl", "through": ["features", "predict"]},
        },
    },
    "environments": {"prod": {"stack_name": "square-prod"}},
}  # fmt: skip
LOCK = Path(__file__).with_name("tiny.lock").read_text()
LIVE_TEST = """
import json, os, urllib.parse, urllib.request, pytest

def ask(name, event):
    function = urllib.parse.quote(json.loads(os.environ["LOCKGATE_STACK_OUTPUTS"])[name], safe="")
    url = f"{os.environ['AWS_ENDPOINT_URL']}/2015-03-31/functions/{function}/invocations"
    with urllib.request.urlopen(url, json.dumps(event).encode()) as told:
        return json.loads(told.read())

@pytest.mark.pre_traffic
def test_it_answers():
    assert "y" in ask("PredictFunction", ask("FeaturesFunction", {"x": 2}))
"""


@dataclass
class Shop:
    """A solution's folder and its releases. `golden`: whether golden rows travel with them."""

    root: Path
    cache: Path
    config: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(CONFIG)))
    golden: bool = False
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    runs: int = 0

    def configure(self, **environment: Any) -> None:
        """Change the environment `prod`."""
        self.config["environments"]["prod"] |= environment

    @property
    def stack(self) -> str:
        return str(self.config["environments"]["prod"]["stack_name"])

    def release(
        self, *, factor: float = 1, bias: float = 0, template: str = TEMPLATE, predict: str = PREDICT,
        expected: float | None = None, status: Status = Status.PASSED, sign: bool = True, **record: Any,
    ) -> Path:  # fmt: skip
        """Build, judge and sign a release; its run's folder. `expected`: the factor that golden rows want."""
        self.runs += 1
        rows = [
            {"event": {"x": x}, "expected": {"y": (expected or factor) * (x**2 + bias)}} for x in range(1, 4)
        ]
        files = {
            "src/features/app.py": FEATURES.format(bias=bias),
            "src/predict/app.py": predict,
            "model.py": f"{factor}\n",
            "stack.yml": template,
            "golden.jsonl": "\n".join(map(json.dumps, rows)),
            "suites/integration/test_live.py": LIVE_TEST,
            "suites/unit/test_it.py": "def test_it():\n    assert True\n",
            "requirements.lock": LOCK,
            "lockgate.yml": yaml.safe_dump(self.config),
        }
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        solution = load(self.root)
        return self._left(solution, self._built(solution), status, sign, record)

    def _built(self, solution: Solution) -> tuple[Artifact, ...]:
        built: dict[str, Artifact] = {}
        out = self.root / ".lockgate" / "out" / str(self.runs)
        out.mkdir(parents=True)
        for name, component in solution.components.items():
            job = BuildJob(name, self.root, out, self.cache, solution, component, built, Path(sys.executable))
            made = component_kind(component.kind)(job)
            built[name] = _versioned(made, self.versions)
        return tuple(built.values())

    def _left(
        self, solution: Solution, artifacts: tuple[Artifact, ...], status: Status, sign: bool,
        record: Mapping[str, Any],
    ) -> Path:  # fmt: skip
        run_id = f"run{self.runs}"
        folder = self.root / ".lockgate" / "runs" / run_id
        unit = sealed(folder / "stages/unit", run_id, "unit", _checks("suites/unit/test_it.py", 2, status))
        facts: dict[str, Any] = {}
        files: tuple[str, ...] = ()
        if self.golden:
            rows = folder / "stages/integration/golden.jsonl"
            rows.parent.mkdir(parents=True)
            shutil.copyfile(self.root / "golden.jsonl", rows)
            facts, files = {"golden_sha256": hashlib.sha256(rows.read_bytes()).hexdigest()}, ("golden.jsonl",)
        live = sealed(
            folder / "stages/integration", run_id, "integration",
            _checks("suites/integration/test_live.py", 2),
            evidence=Evidence(facts=facts, files=files),
            judged=(Judged("suite", "suites/integration", "0" * 64),), least=1,
        )  # fmt: skip
        given = {
            "commit": f"{self.runs:040x}", "tree_clean": True, "branch": "dev",
            "started": "2026-11-23T10:00:00+00:00", "release": f"2026.11.23-{self.runs}+{self.runs:07x}",
            **record,
        }  # fmt: skip
        results = (unit, live)
        made = RunRecord(
            run_id, solution.solution, given["commit"], given["tree_clean"], given["branch"],
            given["started"], 1.0, "AWS: sandbox", judge(results, ["unit", "integration"]), results,
            artifacts, given.get("complete", True), "", {"lockgate": "0.1", "python": "3.11"},
        )  # fmt: skip
        leave(made, folder, solution, self.root, lambda _: str(given["release"]))
        if sign:
            signer = self.key
            sign_run(folder, signer, signer.public, failed=True)
        return folder

    @property
    def key(self) -> FileKey:
        return development_key(self.root / ".lockgate" / "keys")

    @property
    def public(self) -> Path:
        path = self.root / ".lockgate" / "public.pem"
        path.write_text(self.key.public.pem)
        return path

    def asked(self, run: Path | str = "", **more: Any) -> Asked:
        return Asked(self.root, "prod", str(run), **{"keys": (self.public,), **more})


def _checks(suite: str, count: int, last: Status = Status.PASSED) -> tuple[Check, ...]:
    states = [*[Status.PASSED] * (count - 1), last]
    return tuple(
        Check(f"{suite}::test_{n}", state, suite, cause="" if state is Status.PASSED else "1 != 2")
        for n, state in enumerate(states)
    )


def _versioned(artifact: Artifact, versions: dict[tuple[str, str], str]) -> Artifact:
    from dataclasses import replace

    given = sum(name == artifact.name for name, _ in versions) + 1
    version = versions.setdefault((artifact.name, artifact.sha256), f"2026.11.23-{given}")
    return replace(artifact, version=version)


def world(**more: Any) -> World:
    """Fast waiting, silent."""
    return World(**{"poll": 0.05, "say": lambda line: None, **more})


def answer(aws: Aws, x: float, stack: str = "square-prod") -> float:
    """What production answers through its live aliases."""
    square = aws.invoke(f"{function_of(aws, stack, 'Features')}:live", {"x": x}).answer
    told = aws.invoke(f"{function_of(aws, stack, 'Predict')}:live", square).answer
    return float(told["y"])


def function_of(aws: Aws, stack: str, logical: str) -> str:
    told = aws.call("cloudformation", "describe_stack_resource", StackName=stack, LogicalResourceId=logical)
    return str(told["StackResourceDetail"]["PhysicalResourceId"])


def connect(target: AwsTarget) -> Aws:
    return Aws(target)
