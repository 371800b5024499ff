"""The composition root of `lockgate export`: which manifest, which environment, which AWS."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.adapters.aws import Aws, real_target, sandbox_target
from runner.adapters.files import write_atomic
from runner.adapters.output import SECRECY, say
from runner.config.load import load
from runner.config.schema import Environment
from runner.errors import RefusedError, UsageError
from runner.export.images import imagedefinitions, imagedetail
from runner.export.model_package import Registration, Serving, registration
from runner.export.register import Package, register
from runner.export.template import Stack, configuration, stack_policy
from runner.manifest.find import find_manifest
from runner.manifest.read import ReadManifest, read_bounded, read_manifest
from runner.sandbox.choose import URL, is_real

BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
POLICY_LIMIT = (
    16_384  # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is exported: a manifest by reference, `root` the solution, `environment` one of its own or ''."""

    reference: str
    root: Path
    environment: str = ""
    bucket: str = ""
    component: str = ""


def image_definitions(asked: Asked, containers: Mapping[str, str]) -> bytes:
    """imagedefinitions.json."""
    return imagedefinitions(_read(asked)[0].fields, containers)


def image_detail(asked: Asked) -> bytes:
    """imageDetail.json."""
    return imagedetail(_read(asked)[0].fields, asked.component)


def template_configuration(asked: Asked, parameters: Mapping[str, str], policy: Path | None) -> bytes:
    """The template configuration of a stack in an environment; `parameters` come last."""
    environment, manifest = _environment(asked), _read(asked)[0]
    rules = stack_policy(read_bounded(policy, POLICY_LIMIT)) if policy else {}
    chosen = {**environment.parameters, **parameters}
    return configuration(manifest, Stack(asked.component, _bucket(asked, environment), chosen, rules))


def planned(asked: Asked, serving: Serving) -> tuple[Registration, Path]:
    """What would be registered, and the run's folder."""
    manifest, path = _read(asked)
    return registration(manifest, serving), path.parent


def registered(
    wanted: Registration, folder: Path, asked: Asked, model_file: Path | None, *, real: bool
) -> Package:
    """Register it in the AWS in use."""
    model = wanted.objects[0]
    files = [folder / "components" / model.sha256, *([model_file] if model_file else [])]
    return register(_aws(_environment(asked).region, real=real), wanted, files)


def bucket_of(asked: Asked) -> str:
    """The artifact bucket: as asked, else the environment's. Raises UsageError where there is none."""
    bucket = _bucket(asked, _environment(asked))
    if not bucket:
        raise UsageError("which bucket holds the artifacts?", hint="--bucket, or --environment")
    return bucket


def put(data: bytes, out: Path | None) -> None:
    """Write a file whole, or print it."""
    if out is not None:
        write_atomic(out, data)
    else:
        say(sys.stdout, data.decode().removesuffix("\n"))


def _read(asked: Asked) -> tuple[ReadManifest, Path]:
    path = find_manifest(asked.reference, asked.root)
    try:
        return read_manifest(path), path
    except RefusedError as error:
        raise RefusedError(error.what, where=str(path), hint="nothing was exported") from None


def _environment(asked: Asked) -> Environment:
    if not asked.environment:
        return Environment()
    found = load(asked.root).environments.get(asked.environment)
    if found is None:
        raise UsageError(f"there is no environment {asked.environment!r}", where="lockgate.yml: environments")
    return found


def _bucket(asked: Asked, environment: Environment) -> str:
    bucket = asked.bucket or environment.bucket or ""
    if bucket and not re.fullmatch(BUCKET, bucket):
        raise UsageError(f"{bucket!r} is no name of a bucket")
    return bucket


def _aws(region: str | None, *, real: bool) -> Aws:
    if is_real(real):
        target = real_target(region)
    elif sandbox := os.environ.get(URL):
        target = sandbox_target(sandbox, region)
    else:
        raise UsageError("which AWS?", hint=f"--aws, or {URL} for a sandbox; --dry-run needs none")
    SECRECY.learn(target.env())
    say(sys.stderr, target.description)
    return Aws(target)
