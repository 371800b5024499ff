"""Rules without content: an expectation suite with no expectations, criteria with no criteria."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.models import ONNX, record
from helpers.whole_runs import Ran, run

pytestmark = pytest.mark.integration
RECORD = json.dumps(record())

DATA = """\
solution: tiny
stages:
  data: {tables: {t: {source: t.csv, suite: t.json}}}
"""
MODEL = """\
solution: tiny
components:
  model: {kind: model, path: m.onnx, record: m.json}
stages:
  model: {candidate: model, criteria: criteria.yml, evaluation: {source: t.csv, label: y, features: [a]}}
"""


def judged(root: Path, capfd: pytest.CaptureFixture[str], config: str, **files: str) -> Ran:
    (root / "t.csv").write_text("a,y\n1,0\n2,1\n")
    (root / "lockgate.yml").write_text(config)
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text)
    return run(root, capfd)


@pytest.mark.parametrize(
    ("suite", "said"),
    [
        ('{"name": "t", "expectations": []}', "no expectations"),
        ("{}", "expectations"),
        ("", "t.json"),
        ('{"name": "t", "name": "u", "expectations": []}', "duplicate key"),
    ],
)
def test_a_suite_that_expects_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], suite: str, said: str
) -> None:
    ran = judged(tmp_path, capfd, DATA, t_json=suite)
    assert (ran.code, ran.status) == (3, "ERROR"), ran.last
    assert said in ran.last


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        ("version: 1\ntask: binary-classification\n", "criteria"),
        ("", "criteria"),
        ("metrics: []\n", "criteria"),
    ],
)
def test_criteria_that_ask_for_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], criteria: str, said: str
) -> None:
    ran = judged(tmp_path, capfd, MODEL, criteria_yml=criteria, m_onnx=ONNX.decode(), m_json=RECORD)
    assert (ran.code, ran.status) == (3, "ERROR"), ran.last
    assert said in ran.last


def test_a_suite_that_expects_something_is_judged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    one = '{"name": "t", "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}]}'
    assert judged(tmp_path, capfd, DATA, t_json=one).code == 0
