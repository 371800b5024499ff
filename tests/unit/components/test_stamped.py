import json
import sys
from pathlib import Path

import pytest
from helpers.models import ONNX, record

from runner.components import BuildJob
from runner.components.prepare import prepare
from runner.components.trained_model import build
from runner.config.schema import Model, Prepare, Solution
from runner.errors import InfrastructureError, SolutionError, UsageError

TRAIN = f"""
import json, pathlib, sys
import helper
data = pathlib.Path("data.txt").read_bytes()
# The producer's name, the model's second field, is what it was trained on.
pathlib.Path("m.onnx").write_bytes({ONNX!r} + bytes([0x12, len(data)]) + data)
pathlib.Path("m.json").write_text(json.dumps({{**{record()!r}, "by": helper.NAME}}))
with open("runs", "a") as log: log.write("x")
"""
BASE = {"solution": "s", "python": {"lock": "lock"}, "stages": {"unit": {"kind": "unit"}}}
SOLUTION = Solution.model_validate(
    {**BASE, "prepare": {"table": {"run": "python prep.py", "outputs": ["data.txt"], "inputs": ["prep.py"]}}}
)
MODEL = Model(
    kind="model",
    path="m.onnx",
    record="m.json",
    train="python train.py",
    inputs=("train.py",),
    needs=("table",),
)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/helper.py").write_text("NAME = 'helper'\n")
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "prep.py").write_text("import pathlib; pathlib.Path('data.txt').write_text('1')\n")
    (tmp_path / "lock").write_text("a==1\n")
    (tmp_path / "data.txt").write_text("1")
    return tmp_path


def train(root, component=MODEL):
    return build(BuildJob("model", root, root / "out", root, SOLUTION, component, {}, Path(sys.executable)))


def runs(root):
    return len((root / "runs").read_text())


def test_trains_once_in_the_solutions_environment_and_keeps_the_record(root):
    first = train(root)
    assert first.facts["record"]["by"] == "helper" and first.facts["producer"] == "1"
    assert first.facts["trained"] is True
    second = train(root)
    assert second.facts["trained"] is False
    assert (first.sha256, first.inputs) == (second.sha256, second.inputs)
    assert runs(root) == 1


@pytest.mark.parametrize("change", ["train.py", "data.txt", "lock", "record", "stamp"])
def test_trains_again_when_what_it_is_made_from_changed(root, change):
    train(root)
    if change == "record":
        (root / "m.json").unlink()
    elif change == "stamp":
        (root / ".lockgate/build/model.json").write_text("{")
    else:
        (root / change).write_text((root / change).read_text() + "\n# changed\n")
    train(root)
    assert runs(root) == 2


def test_a_swapped_model_is_left_for_the_model_stage(root):
    first = train(root)
    (root / "m.onnx").write_bytes(ONNX)
    second = train(root)
    assert runs(root) == 1
    assert second.sha256 != first.sha256
    assert second.inputs == first.inputs


def test_a_failing_command_is_failed_with_its_last_line(root):
    (root / "train.py").write_text("raise ValueError('no data for\\tJune')\n")
    with pytest.raises(SolutionError) as error:
        train(root)
    assert "ValueError: no data for" in error.value.what
    assert "build-model.log" in error.value.where
    assert "ValueError" in (root / "logs/build-model.log").read_text()


def test_one_that_is_killed_or_too_slow_is_error(root):
    (root / "train.py").write_text("import os; os.kill(os.getpid(), 9)\n")
    with pytest.raises(InfrastructureError, match="signal 9"):
        train(root)
    (root / "train.py").write_text("import time; time.sleep(30)\n")
    with pytest.raises(InfrastructureError, match="did not end"):
        train(root, MODEL.model_copy(update={"timeout": 0.3}))


def test_a_half_done_run_leaves_no_stamp(root):
    train(root)
    (root / "train.py").write_text("raise SystemExit(1)\n")
    with pytest.raises(SolutionError):
        train(root)
    (root / "train.py").write_text(TRAIN)
    assert train(root).facts["trained"] is True


def test_a_command_that_does_not_write_its_output_is_failed(root):
    (root / "train.py").write_text("pass\n")
    with pytest.raises(SolutionError, match=r"did not write m\.onnx"):
        train(root)


@pytest.mark.parametrize("path", ["m.pkl", "m.joblib", "m.pickle", "m"])
def test_what_would_have_to_be_unpickled_is_refused(root, path):
    with pytest.raises(UsageError, match="not a format"):
        train(root, MODEL.model_copy(update={"path": path}))


@pytest.mark.parametrize("text", ["[]", "{", "[" * 100_000, "x" * 1_000_001])
def test_a_record_that_is_none_is_failed(root, text):
    train(root)
    (root / "m.json").write_text(text)
    with pytest.raises(SolutionError, match="training record"):
        train(root)


def test_no_credentials_reach_the_command(root, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    (root / "prep.py").write_text(
        "import os, pathlib; pathlib.Path('data.txt').write_text(str(dict(os.environ)))"
    )
    prepare(root, "table", SOLUTION.prepare["table"], Path(sys.executable), SOLUTION, root / "log")
    assert "AWS_SECRET_ACCESS_KEY" not in (root / "data.txt").read_text()


def test_prepare_answers_the_digest_of_its_outputs(root):
    config, python = SOLUTION.prepare["table"], Path(sys.executable)
    first = prepare(root, "table", config, python, SOLUTION, root / "log")
    assert prepare(root, "table", config, python, SOLUTION, root / "log") == first
    (root / "data.txt").write_text("tampered")
    assert prepare(root, "table", config, python, SOLUTION, root / "log") != first
    assert (
        json.loads((root / ".lockgate/build/prepare-table.json").read_bytes())["command"] == "python prep.py"
    )


@pytest.mark.parametrize("line", ["", "python 'unclosed"])
def test_a_command_that_is_none_is_usage(root, line):
    config = Prepare(run=line, outputs=("never",))
    with pytest.raises(UsageError):
        prepare(root, "t", config, Path(sys.executable), SOLUTION, root / "log")
