"""`lockgate export` from the command line: files, dry runs, refusals, and damaged manifests."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from helpers.manifests import manifest_data, write_manifest
from helpers.sample_runs import sha

from runner.cli import main
from runner.manifest.build import canonical

Capture = pytest.CaptureFixture[str]
TRAIN = f"registry:5000/flights/train@sha256:{sha('t')}"
LOCKGATE_YML = """
solution: flights
stages:
  model:
    kind: model
    candidate: model
    criteria: criteria.yml
    evaluation: {source: evaluation.parquet, label: late, features: [hour]}
components:
  model: {kind: model, path: model.onnx, record: training.json}
environments:
  prod: {bucket: prod-artifacts, parameters: {Bucket: other}}
"""


def data(**changes: Any) -> dict[str, Any]:
    found = {**manifest_data(), **changes}
    found["components"]["train"]["facts"] = {"built": True, "image": TRAIN}
    found["components"]["stack"]["facts"]["parameters"] = {"Bucket": "${bucket}", "Model": "${model.uri}"}
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A solution with a run that passed and one that failed."""
    (tmp_path / "lockgate.yml").write_text(LOCKGATE_YML)
    (tmp_path / "criteria.yml").write_text("version: 1")
    runs = tmp_path / ".lockgate" / "runs"
    write_manifest(runs / "passed", data())
    write_manifest(runs / "failed", data(verdict={"status": "FAILED", "reason": "model: roc_auc"}))
    return tmp_path


def export(root: Path, what: str, *argv: str) -> int:
    return main(["export", what, "--solution", str(root), *argv])


def test_files_on_stdout_and_in_a_file(root: Path, capsys: Capture) -> None:
    assert export(root, "imagedefinitions", "--run", "passed", "--container", "web=train") == 0
    assert json.loads(capsys.readouterr().out) == [{"name": "web", "imageUri": TRAIN}]
    out = root / "out" / "imageDetail.json"
    assert export(root, "imagedetail", "--run", "passed", "--out", str(out)) == 0
    assert json.loads(out.read_bytes()) == {"ImageURI": TRAIN}
    assert capsys.readouterr().out == ""


def test_a_template_configuration_for_an_environment(root: Path, capsys: Capture) -> None:
    argv = ("--run", "passed", "--environment", "prod", "--parameter", "Extra=a=b")
    assert export(root, "template-configuration", *argv) == 0
    assert json.loads(capsys.readouterr().out)["Parameters"] == {
        "Bucket": "other",
        "Extra": "a=b",
        "Model": f"s3://prod-artifacts/flights/model/{sha('m')}.onnx",
    }


def test_a_model_package_dry(root: Path, capsys: Capture) -> None:
    argv = ("--run", "passed", "--bucket", "artifacts", "--image", "serve:1", "--dry-run")
    assert export(root, "sagemaker-model-package", *argv) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["create_model_package"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert told["objects"][0] == f"s3://artifacts/flights/model/{sha('m')}.onnx"


@pytest.mark.parametrize(
    "what", [["imagedefinitions"], ["imagedetail"], ["template-configuration", "--bucket", "b-b"]]
)
def test_what_failed_is_refused_and_leaves_no_file(root: Path, what: list[str], capsys: Capture) -> None:
    out = root / "left.json"
    assert export(root, what[0], *what[1:], "--run", "failed", "--out", str(out)) == 1
    assert "verdict is FAILED: model: roc_auc" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("imagedetail", "--run", "nope"), "no manifest 'nope'"),
        (("imagedetail",), "--run"),
        (("imagedefinitions", "--run", "passed", "--container", "web"), "NAME=VALUE"),
        (("imagedefinitions", "--run", "passed", "--container", "a=x", "--container", "a=y"), "once"),
        (("imagedefinitions", "--run", "passed", "--container", "web=model"), "no built image"),
        (("template-configuration", "--run", "passed"), "unknown reference ${bucket}"),
        (("template-configuration", "--run", "passed", "--bucket", "A B"), "no name of a bucket"),
        (("template-configuration", "--run", "passed", "--environment", "x"), "no environment 'x'"),
        (("sagemaker-model-package", "--run", "passed"), "which bucket"),
        (("sagemaker-model-package", "--run", "passed", "--bucket", "b-b"), "which container"),
        (("sagemaker-model-package", "--run", "passed", "--bucket", "b-b", "--image", "x"), "which AWS?"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(
    root: Path, argv: tuple[str, ...], said: str, capsys: Capture
) -> None:
    assert export(root, argv[0], *argv[1:]) == 2
    assert said in capsys.readouterr().err


def test_a_thousand_damaged_manifests_are_exported_or_refused(root: Path, capsys: Capture) -> None:
    """Seeded: parts replaced by junk, bytes put in. 0, 1 or 2, and no traceback."""
    dice = random.Random(5)  # noqa: S311  a seed, not a secret
    junk: list[Any] = [None, True, -1, 1e300, "", "../x", "${model.key}", "\x1b[31m", [], {}, {"": []}]
    good, raw = data(), canonical(data())
    path, codes = root / "manifest.json", []
    commands = (
        ["imagedefinitions"],
        ["imagedetail"],
        ["template-configuration", "--bucket", "b-b"],
        ["sagemaker-model-package", "--bucket", "b-b", "--image", "serve:1", "--dry-run"],
    )
    for number in range(1_000):
        damaged = copy.deepcopy(good)
        container: Any = damaged[dice.choice(["components", "components", "judged", "stages", "verdict"])]
        while True:
            key = dice.choice(list(container))
            if not isinstance(container[key], dict) or not container[key] or dice.random() < 0.2:
                break
            container = container[key]
        container[key] = dice.choice(junk)
        at = dice.randrange(len(raw))
        path.write_bytes(canonical(damaged) if number % 5 else raw[:at] + dice.randbytes(2) + raw[at + 1 :])
        what = commands[number % 4]
        codes.append(export(root, what[0], *what[1:], "--run", str(path)))
    said = capsys.readouterr()
    assert set(codes) <= {0, 1, 2} and codes.count(0) > 150 and codes.count(1) > 200
    assert "Traceback" not in said.err and "bug in lockgate" not in said.err
