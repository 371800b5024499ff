"""A tiny solution for a real sandbox: two Lambdas (one with a dependency) and their stack."""

import base64
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

from runner.adapters.aws import sandbox_target
from runner.components import BuildJob, component_kind
from runner.config.schema import Solution
from runner.stages import StageJob

DOUBLE = """
import tinydep
def handler(event, context):
    return {"value": tinydep.FACTOR * event["value"], "row": event.get("row")}
"""
NEGATE = """
def handler(event, context):
    return {"value": -event["value"]}
"""
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Bucket: {Type: String}
  DoubleKey: {Type: String}
  NegateKey: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
  Keep:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
  Double:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref DoubleKey}
  DoubleVersion:
    Type: AWS::Lambda::Version
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties: {FunctionName: !Ref Double}
  DoubleLive:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Double, FunctionVersion: !GetAtt DoubleVersion.Version, Name: live}
  Negate:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref NegateKey}
Outputs:
  DoubleFunction: {Value: !Ref DoubleLive}
  NegateFunction: {Value: !Ref Negate}
  KeepBucket: {Value: !Ref Keep}
"""
CONFIG = {
    "solution": "tiny",
    "components": {
        "double": {
            "kind": "lambda-zip",
            "source": "src/double",
            "handler": "app.handler",
            "lock": "double.lock",
            "events": ["events/double.json"],
        },
        "negate": {
            "kind": "lambda-zip",
            "source": "src/negate",
            "handler": "app.handler",
            "events": ["events/negate.json"],
        },
        "stack": {
            "kind": "stack",
            "template": "stack.yml",
            "parameters": {"Bucket": "${bucket}", "DoubleKey": "${double.key}", "NegateKey": "${negate.key}"},
        },
    },
    "stages": {
        "unit": {"kind": "unit", "suites": ["stock:lambda"]},
        "integration": {
            "kind": "integration",
            "stack": "stack",
            "suites": ["stock:smoke"],
            "invoke": {"double": "DoubleFunction", "negate": "NegateFunction"},
            "golden": {"rows": "golden.jsonl", "through": ["double", "negate"]},
        },
    },
}


def make_wheel(folder: Path, name: str = "tinydep", code: str = "FACTOR = 2\n") -> str:
    """A wheel made by hand, with a console script; returns its lock line."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}-1.0-py3-none-any.whl").write_bytes(stream.getvalue())
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(stream.getvalue()).hexdigest()}\n"


def write_solution(root: Path, lock: str) -> Path:
    """Write the tiny solution's files."""
    rows = [{"event": {"value": i, "row": i}, "expected": {"value": -2 * i}} for i in range(1, 26)]
    files = {
        "src/double/app.py": DOUBLE,
        "src/negate/app.py": NEGATE,
        "stack.yml": TEMPLATE,
        "double.lock": lock,
        "events/double.json": '{"value": 3}',
        "events/negate.json": '{"value": 3}',
        "golden.jsonl": "\n".join(map(json.dumps, rows)),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def build_all(root: Path, cache: Path, config: dict) -> dict:
    """Build every component of a solution; name -> Artifact."""
    solution, built = Solution.model_validate(config), {}
    for name, component in solution.components.items():
        job = BuildJob(
            name,
            root,
            root / "out",
            cache,
            solution,
            component,
            built,
            Path(sys.executable),
            lambda line: None,
        )
        built[name] = component_kind(component.kind)(job)
    return built


def stage_job(
    root: Path, stage: str, artifacts: dict, config: dict, url: str = "", run_id: str = "r1"
) -> StageJob:
    """A job as the stage's process makes it."""
    solution = Solution.model_validate(config)
    aws = sandbox_target(url).env() if url else {}
    (root / "out").mkdir(exist_ok=True)
    return StageJob(
        run_id,
        stage,
        root,
        root / "out",
        solution,
        solution.stages[stage],
        artifacts,
        Path(sys.executable),
        aws,
    )
