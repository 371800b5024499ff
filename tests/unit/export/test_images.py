from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.manifests import as_manifest, manifest_data
from helpers.sample_runs import sha

from runner.errors import RefusedError, UsageError
from runner.export.images import DEFINITIONS_LIMIT, imagedefinitions, imagedetail
from runner.manifest.schema import Manifest

TRAIN = f"000000000000.dkr.ecr.eu-west-1.amazonaws.com/flights/train@sha256:{sha('t')}"


def manifest(address: Any = TRAIN, **changes: Any) -> Manifest:
    data = {**manifest_data(), **changes}
    data["components"]["train"]["facts"] = {"built": True, "image": address}
    return as_manifest(data).fields


def test_every_image_under_its_own_name_or_as_the_task_calls_it() -> None:
    assert json.loads(imagedefinitions(manifest(), {})) == [{"name": "train", "imageUri": TRAIN}]
    named = json.loads(imagedefinitions(manifest(), {"web": "train", "app": "train"}))
    assert named == [{"name": "app", "imageUri": TRAIN}, {"name": "web", "imageUri": TRAIN}]


def test_the_one_image_of_a_blue_green_deployment() -> None:
    assert json.loads(imagedetail(manifest(), "")) == {"ImageURI": TRAIN}
    with pytest.raises(UsageError, match="'web' is no built image"):
        imagedetail(manifest(), "web")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": {"status": "FAILED", "reason": "model: roc_auc"}}, "verdict is FAILED: model: roc_auc"),
        ({"verdict": {"status": "ERROR", "reason": "killed"}}, "verdict is ERROR"),
        ({"complete": False}, "only some of its stages"),
        ({"overrides": [{"actor": "somebody"}]}, "overrides"),
    ],
)
def test_nothing_but_a_whole_pass_is_exported(changes: dict[str, Any], said: str) -> None:
    for export in (lambda m: imagedefinitions(m, {}), lambda m: imagedetail(m, "train")):
        with pytest.raises(RefusedError, match=said):
            export(manifest(**changes))


@pytest.mark.parametrize(
    "address",
    ["", 7, "x", f"a b@sha256:{sha('t')}", f"repo:tag@sha256:{sha('other')}", "repo:latest", f"{TRAIN}\n"],
)
def test_an_address_that_is_not_this_images_digest_is_refused(address: Any) -> None:
    with pytest.raises(RefusedError, match="train"):
        imagedetail(manifest(address), "train")


def test_a_definition_is_no_image() -> None:
    with pytest.raises(RefusedError, match="built no image"):
        imagedefinitions(as_manifest(manifest_data()).fields, {})


def test_the_file_stays_within_what_codepipeline_takes() -> None:
    many = {f"{'c' * 60}{i}": "train" for i in range(600)}
    with pytest.raises(UsageError, match=f"takes {DEFINITIONS_LIMIT:,}"):
        imagedefinitions(manifest(), many)
