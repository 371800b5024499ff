"""A small solution built from a dict, for tests that need one on disk."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

MINIMAL: dict[str, Any] = {
    "solution": "tiny",
    "components": {
        "fn": {"kind": "lambda-zip", "source": "src/fn", "handler": "app.handler"},
        "model": {"kind": "model", "path": "m.onnx", "record": "m.json"},
        "stack": {"kind": "stack", "template": "stack.yml", "parameters": {"Key": "${fn.key}"}},
    },
    "stages": {
        "unit": {"suites": ["suites/unit"], "timeout": "5m"},
        "data": {"tables": {"t": {"source": "t.csv", "suite": "t.json"}}},
        "model": {
            "candidate": "model",
            "criteria": "criteria.yml",
            "evaluation": {"source": "e.csv", "label": "y", "features": ["a"]},
        },
        "integration": {
            "stack": "stack",
            "suites": ["suites/it"],
            "needs": ["unit"],
            "invoke": {"fn": "FnArn"},
        },
    },
}


CRITERIA = "version: 1\ntask: binary-classification\nmetrics: [{metric: roc_auc, min: 0.6}]\n"
SUITE = '{"expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}}]}\n'


def minimal() -> dict[str, Any]:
    """A fresh copy that a test may damage."""
    return copy.deepcopy(MINIMAL)


def write(root: Path, config: dict[str, Any] | str) -> Path:
    """Write lockgate.yml and the files that the minimal solution names; returns the root."""
    for folder in ("src/fn", "suites/unit", "suites/it"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in ("stack.yml", "requirements.lock"):
        (root / name).touch()
    (root / "criteria.yml").write_text(CRITERIA, encoding="utf-8")
    (root / "t.json").write_text(SUITE, encoding="utf-8")
    text = config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False)
    (root / "lockgate.yml").write_text(text, encoding="utf-8")
    return root
