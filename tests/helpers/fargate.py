"""A sandbox served for tasks: its ECS starts real containers on this machine's network, where it is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from helpers.containers import docker
from helpers.hosts import Run, containers

BUCKET = "lockgate-tests-results"
HOSTS = (
    "hosts: {fargate: {cluster: %s, task_definition: %s, subnets: [subnet-1], bucket: "
    + BUCKET
    + ", log_group: /lockgate}}\n"
)


@dataclass(frozen=True)
class Sandbox:
    """A served sandbox with a cluster of its own, a bucket, and a task definition for each image."""

    url: str
    cluster: str
    arn: str

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **keys)

    def define(self, family: str, image: str) -> None:
        log = {"awslogs-group": "/lockgate", "awslogs-region": "us-east-1", "awslogs-create-group": "true"}
        environment = {"LOCKGATE_AWS": "1", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/none"}
        self.client("ecs").register_task_definition(
            family=family, networkMode="host", requiresCompatibilities=["FARGATE"], cpu="1024", memory="2048",
            volumes=[{"name": "cache", "host": {"sourcePath": "lockgate-cache"}}],
            containerDefinitions=[
                {
                    "name": "lockgate",
                    "image": image,
                    "essential": True,
                    "mountPoints": [{"sourceVolume": "cache", "containerPath": "/cache"}],
                    "environment": [{"name": n, "value": v} for n, v in environment.items()],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {**log, "awslogs-stream-prefix": "lockgate"},
                    },
                }
            ],
        )  # fmt: skip

    def tasks(self) -> list[str]:
        """The containers of its tasks."""
        return containers(f"label=com.amazonaws.ecs.cluster={self.arn}")

    def running(self, run: Run) -> list[str]:
        """The ARNs of a run's tasks that have not stopped."""
        asked = {"cluster": self.cluster, "startedBy": f"lockgate-{run.id}"}
        found: list[str] = self.client("ecs").list_tasks(**asked)["taskArns"]
        return found

    def objects(self, run: Run) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"runs/{run.id}/")
        return [o["Key"].removeprefix(f"runs/{run.id}/") for o in found.get("Contents", ())]


@contextmanager
def served() -> Iterator[Sandbox]:
    """A sandbox with a cluster, a bucket and the task definition `lockgate`; ended with its tasks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-P", "-m", "runner", "sandbox", "serve", "--port", str(port)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, cluster = f"http://127.0.0.1:{port}", f"lockgate-tests-{os.getpid()}"
    deadline = time.monotonic() + 30
    while not _answers(port):
        assert server.poll() is None and time.monotonic() < deadline, "the sandbox did not start"
        time.sleep(0.1)
    ecs = Sandbox(url, "", "").client("ecs")
    found = Sandbox(url, cluster, ecs.create_cluster(clusterName=cluster)["cluster"]["clusterArn"])
    found.client("s3").create_bucket(Bucket=BUCKET)
    found.define("lockgate", "lockgate:runner")
    yield found
    for container in found.tasks():
        docker("rm", "-f", "-v", container, check=False)
    server.terminate()
    server.wait(30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
