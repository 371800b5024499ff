"""A small solution that has everything: a function, a model, a stack, and all four kinds of stages.

Flights in a tenth of the time: for what is about the program rather than about the solution."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml
from helpers.judging import CRITERIA, FEATURES, MODELS, table
from helpers.models import record

LOCK = Path(__file__).with_name("tiny.lock")
HANDLER = "def handler(event, context):\n    return {'value': 2 * event['value']}\n"
TESTS = "import app\n\n\ndef test_it_doubles():\n    assert app.handler({'value': 3}, None) == {'value': 6}\n"
SUITE = {
    "name": "rows",
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}],
}
ROWS = [{"event": {"value": n}, "expected": {"value": 2 * n}} for n in range(3)]
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Bucket: {Type: String}
  Key: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
  Double:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref Key}
Outputs:
  DoubleFunction: {Value: !Ref Double}
"""
CONFIG: dict[str, Any] = {
    "version": 1,
    "solution": "small",
    "python": {"lock": "requirements.lock", "path": ["src"]},
    "components": {
        "double": {"kind": "lambda-zip", "source": "src", "handler": "app.handler", "events": ["events"]},
        "model": {"kind": "model", "path": "model.onnx", "record": "training.json"},
        "stack": {
            "kind": "stack",
            "template": "stack.yml",
            "parameters": {"Bucket": "${bucket}", "Key": "${double.key}"},
        },
    },
    "stages": {
        "unit": {"suites": ["stock:lambda", "suites/unit"]},
        "data": {"tables": {"rows": {"source": "rows.csv", "suite": "rows.json"}}},
        "model": {
            "candidate": "model",
            "criteria": "criteria.yml",
            "evaluation": {"source": "evaluation.parquet", "label": "late", "features": [*FEATURES]},
        },
        "integration": {
            "needs": ["unit", "data", "model"],
            "stack": "stack",
            "suites": ["stock:smoke"],
            "invoke": {"double": "DoubleFunction"},
            "golden": {"rows": "golden.jsonl", "through": ["double"]},
        },
    },
}


def small(root: Path, **metric: Any) -> Path:
    """Write the solution; `metric` overrides fields of its first acceptance criterion."""
    model = (MODELS / "binary.onnx").read_bytes()
    first, *others = CRITERIA["metrics"]
    training = record(model)
    files = {
        "lockgate.yml": yaml.safe_dump(CONFIG),
        "src/app.py": HANDLER,
        "events/three.json": '{"value": 3}',
        "suites/unit/test_app.py": TESTS,
        "rows.csv": "x\n1\n2\n",
        "rows.json": json.dumps(SUITE),
        "training.json": json.dumps(training),
        "criteria.yml": json.dumps({**CRITERIA, "metrics": [{**first, **metric}, *others]}),
        "stack.yml": TEMPLATE,
        "golden.jsonl": "\n".join(map(json.dumps, ROWS)),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    shutil.copy(LOCK, root / "requirements.lock")
    (root / "model.onnx").write_bytes(model)
    table().to_parquet(root / "evaluation.parquet", index=False)
    return root
