"""A build machine of CodeBuild's: a container of the image with its entrypoint and user overridden."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from helpers.buildspec import Build, Builder
from helpers.containers import CA_BUNDLE, ROOT, docker, start

SOURCE, STATE = "/codebuild/output/src42/src", "/codebuild/output/tmp"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BUILD = "lockgate-tests:b1e6661e-e4f2-4156-9ab9-82a19e000000"
CODEBUILD = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "CODEBUILD_BUILD_ARN": f"arn:aws:codebuild:us-east-1:123456789012:build/{BUILD}",
    "CODEBUILD_BUILD_ID": BUILD,
    "CODEBUILD_BUILD_IMAGE": "lockgate:runner",
    "CODEBUILD_BUILD_NUMBER": "7",
    "CODEBUILD_INITIATOR": "codepipeline/lockgate-tests",
    "CODEBUILD_KMS_KEY_ID": "alias/aws/s3",
    "CODEBUILD_LOG_PATH": BUILD.partition(":")[2],
    "CODEBUILD_RESOLVED_SOURCE_VERSION": COMMIT,
    "CODEBUILD_SOURCE_REPO_URL": "",
    "CODEBUILD_SOURCE_VERSION": "arn:aws:s3:::bucket/source.zip",
    "CODEBUILD_START_TIME": "1793527325000",
}
KILLER = """
while ! [ -e /tmp/kill-it ]; do sleep 0.1; done
for process in /proc/[0-9]*; do
  tr '\\0' ' ' < $process/cmdline | grep -q 'lockgat[e] run --solution' && kill -9 ${process#/proc/}
done
"""


def codebuild(
    source: Path,
    state: Path,
    *,
    image: str = "lockgate:runner",
    start_build: Mapping[str, str] | None = None,
    killed: bool = False,
    separate: bool = False,
) -> Build:
    """One build of buildspec.yml over a source folder. `killed`: `lockgate run` is sent SIGKILL as soon
    as there is a file /tmp/kill-it on the machine. No real AWS is used."""
    state.mkdir()
    with _machine(image, source, state) as name:
        if killed:
            docker("exec", "--detach", name, "sh", "-c", KILLER)

        def run(script: str, env: Mapping[str, str]) -> tuple[int, str]:
            return _run(name, script, env)

        given = {"LOCKGATE_AWS": "0", **(start_build or {})}
        builder = Builder((source, SOURCE), (state, STATE), run, CODEBUILD, start=given, separate=separate)
        return builder.build((ROOT / "buildspec.yml").read_text(encoding="utf-8"))


def _run(name: str, script: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a script on the machine; the exit status is its last line's, which no output can be."""
    pairs = [f"--env={key}={value}" for key, value in env.items() if key != "PATH"]
    told = docker(
        "exec", *pairs, name, "sh", "-c", f'sh {script}; code=$?; echo; echo "exit $code"', check=False
    )
    output, _, code = told.rstrip().rpartition("\nexit ")
    return int(code) if code.isdigit() else 137, output


@contextmanager
def _machine(image: str, source: Path, state: Path) -> Iterator[str]:
    name = f"lockgate-tests-codebuild-{uuid.uuid4().hex[:8]}"
    options = ["--detach", f"--name={name}", "--user=root", "--entrypoint=sleep", "--network=host"]
    options += [
        f"--volume={source}:{SOURCE}",
        f"--volume={state}:{STATE}",
        "--volume=lockgate-tests-root:/cache",
    ]
    if CA_BUNDLE.exists():  # how the package index is reached may be this machine's own
        options += [f"--volume={CA_BUNDLE}:/ca.pem:ro", "--env=PIP_CERT=/ca.pem"]
    begun = start(image, "3600", options=options)
    assert begun.code == 0, begun.out
    try:
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)
