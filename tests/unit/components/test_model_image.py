from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.models import ONNX

from runner.components import BuildJob
from runner.components.model_image import build, recipe
from runner.config.schema import ModelImage, Solution
from runner.errors import InfrastructureError, UsageError
from runner.model import Artifact

SOLUTION = Solution.model_validate({"solution": "s", "stages": {"unit": {"kind": "unit"}}})


@pytest.fixture
def model(tmp_path: Path) -> Artifact:
    path = tmp_path / "m.onnx"
    path.write_bytes(ONNX)
    digest = hashlib.sha256(ONNX).hexdigest()
    return Artifact("model", "model", str(path), digest, len(ONNX), "k", facts={"format": "onnx"})


def made(root: Path, model: Artifact, **more: Any) -> tuple[str, str]:
    """The generated Dockerfile, and the recipe's digest."""
    component = ModelImage(kind="model-image", model="model", **more)
    job = BuildJob(
        "server", root, root, root / "cache", SOLUTION, component, {"model": model}, Path("python")
    )
    found = recipe(job, component, model)
    assert set(found.files) >= {"server.py", "Dockerfile"}
    return found.files["Dockerfile"].read_text(), found.digest()


def test_the_image_serves_one_model_by_its_digest(tmp_path: Path, model: Artifact) -> None:
    text, _ = made(tmp_path, model, base="registry.example.org/python:3")
    assert text.startswith("FROM registry.example.org/python:3\n")
    assert f'ENV SERVING_SHA256="{model.sha256}"' in text
    assert 'ENTRYPOINT ["python3", "/opt/serving/server.py"]\nCMD ["serve"]\n' in text
    assert "USER 65534:65534\nEXPOSE 8080\n" in text and "pip" not in text


def test_its_digest_moves_with_all_that_is_in_it(tmp_path: Path, model: Artifact) -> None:
    digests = [made(tmp_path, model)[1], made(tmp_path, model, base="other")[1]]
    (tmp_path / "serving.lock").write_text("onnxruntime==1 --hash=sha256:0\n")
    text, digest = made(tmp_path, model, lock="serving.lock")
    assert "--require-hashes" in text and "/opt/serving/venv/bin/python" in text
    digests.append(digest)
    (tmp_path / "m.onnx").write_bytes(ONNX + b"\x10\x01")
    digests.append(made(tmp_path, model)[1])
    assert len(set(digests)) == 4


def test_a_skops_model_is_loaded_with_what_the_build_trusted(tmp_path: Path, model: Artifact) -> None:
    facts = {"format": "skops", "trusted_types": ["mine.Model"]}
    text, _ = made(tmp_path, replace(model, path=str(tmp_path / "m.onnx"), facts=facts), method="predict")
    assert "SERVING_TRUSTED" not in text  # what it is called decides how it is opened
    (tmp_path / "m.skops").write_bytes(b"x")
    text, _ = made(tmp_path, replace(model, path=str(tmp_path / "m.skops"), facts=facts), method="predict")
    assert r'ENV SERVING_TRUSTED="[\"mine.Model\"]"' in text and 'SERVING_METHOD="predict"' in text


def test_what_cannot_be_served_is_refused(tmp_path: Path, model: Artifact) -> None:
    with pytest.raises(UsageError, match="the model is pickle"):
        made(tmp_path, replace(model, facts={"format": "pickle"}))
    component = ModelImage(kind="model-image", model="model")
    with pytest.raises(InfrastructureError, match="was not built"):
        build(BuildJob("s", tmp_path, tmp_path, tmp_path, SOLUTION, component, {}, Path("python")))
