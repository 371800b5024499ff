"""imagedefinitions.json and imageDetail.json, for CodePipeline's stock ECS actions (pure).

https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from runner.errors import RefusedError, UsageError
from runner.export.source import chosen, images_of, require_executed, require_passed
from runner.manifest.schema import Manifest

DEFINITIONS_LIMIT = 100_000
NO_IMAGE = "the run built no image: configure a registry (docs/components.md)"


def imagedefinitions(manifest: Manifest, containers: Mapping[str, str]) -> bytes:
    """[{"name": CONTAINER, "imageUri": REPOSITORY@DIGEST}], the images that an ECS service is to run.

    `containers`: container of the task definition -> component; none: every image under its own name.
    Raises RefusedError for a manifest that did not pass, UsageError for a component that is no image."""
    images = _images(manifest)
    named = dict(containers) or {name: name for name in images}
    entries = [
        {"name": container, "imageUri": images[chosen(images, component, "built image")]}
        for container, component in sorted(named.items())
    ]
    require_executed(manifest, named.values())
    data = json.dumps(entries, indent=1).encode()
    if len(data) > DEFINITIONS_LIMIT:
        raise UsageError(f"{len(data):,} bytes; CodePipeline takes {DEFINITIONS_LIMIT:,}")
    return data + b"\n"


def imagedetail(manifest: Manifest, component: str) -> bytes:
    """{"ImageURI": REPOSITORY@DIGEST}, the one image of an ECS blue/green deployment."""
    images = _images(manifest)
    name = chosen(images, component, "built image")
    require_executed(manifest, [name])
    return json.dumps({"ImageURI": images[name]}).encode() + b"\n"


def _images(manifest: Manifest) -> dict[str, str]:
    require_passed(manifest)
    if not (images := images_of(manifest)):
        raise RefusedError(NO_IMAGE)
    return images
