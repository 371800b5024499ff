"""The objects of a model package in a real (local) S3: put once, proven by their digests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.manifests import as_manifest, manifest_data
from helpers.sagemaker import Registry

from runner.adapters.aws import Aws, boto_clients, sandbox_target
from runner.errors import InfrastructureError
from runner.export.model_package import Serving, registration
from runner.export.register import register
from runner.sandbox.process import Sandbox

pytestmark = pytest.mark.integration
BUCKET = "artifacts"


def test_a_package_whose_objects_lie_in_s3(tmp_path: Path, sandbox: Sandbox) -> None:
    plan = registration(as_manifest(manifest_data()), Serving(BUCKET, image="serve:1"))
    model, statistics, *_ = plan.objects
    plan = replace(plan, objects=(replace(model, size=1), *plan.objects[1:]))
    (tmp_path / "model").write_bytes(b"m")
    target, registry = sandbox_target(sandbox.url), Registry()
    real = boto_clients(target)
    aws = Aws(target, lambda service: registry if service == "sagemaker" else real(service))
    aws.ensure_bucket(BUCKET)
    assert register(aws, plan, [tmp_path / "model"]).is_new
    assert not register(aws, plan, []).is_new
    registry.groups.clear()
    other = b"x" * statistics.size
    aws.call("s3", "put_object", Bucket=BUCKET, Key=statistics.key, Body=other)
    with pytest.raises(InfrastructureError, match="other bytes"):
        register(aws, plan, [])
