"""The image under what infra/task.yml gives its container: user, read-only root, volumes over its paths."""

from __future__ import annotations

import uuid

import pytest
from helpers.cloudformation import read
from helpers.containers import docker

pytestmark = pytest.mark.docker
# chmod: a native library that a test unpacks there has to be executable.
PROBE = "set -e; for d in {paths}; do cp /bin/true $d/probe; $d/probe; done; id -u; ! touch /opt/probe"


def test_each_mounted_place_is_the_users_and_executable() -> None:
    container = read("task")["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    paths = [mount["ContainerPath"] for mount in container["MountPoints"]]
    prefix = f"lockgate-task-{uuid.uuid4().hex[:8]}"
    volumes = [f"{prefix}{path.replace('/', '-')}" for path in paths]
    mounts = [part for name, path in zip(volumes, paths, strict=True) for part in ("-v", f"{name}:{path}")]
    hardened = ["--network=none", "--read-only", "--cap-drop=ALL", "--user", container["User"]]
    try:
        said = docker(
            *["run", "--rm", *hardened, *mounts, "--entrypoint", "sh", "lockgate:runner"],
            *["-c", PROBE.format(paths=" ".join(paths))],
        )
    finally:
        docker("volume", "rm", *volumes, check=False)
    assert "1000" in said.split()
    assert "Read-only file system" in said
