"""The compiled batch, its builds run here one after the other as CodeBuild would run them, with a CodeBuild
that says how each ended. Its answers are held against botocore's model of the service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from helpers.aws_model import problems
from helpers.buildspec_rules import check
from helpers.whole_runs import tiny

pytestmark = pytest.mark.integration

ID = "b1e6661e-e4f2-4156-9ab9-82a19e000000"
ARN = f"arn:aws:codebuild:us-east-1:123456789012:build-batch/lockgate:{ID}"
BUILD = "lockgate:c0ffee00-e4f2-4156-9ab9-82a19e000000"
MODEL = botocore.session.get_session().get_service_model("codebuild")
HONEST = "def test_one():\n    pass\n\ndef test_two():\n    pass\n\ndef test_three():\n    pass\n"
PLANTED = HONEST + "\ndef test_bad():\n    assert 1 == 2\n"
LATE = "\n  late: {kind: unit, suites: [suites/unit], needs: [unit]}\n"


@dataclass
class CodeBuild:
    """A CodeBuild that knows one batch, and the last status of each of its builds."""

    statuses: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, target: str, request: dict[str, Any]) -> dict[str, Any]:
        name = target.rpartition(".")[2]
        groups = [
            {"identifier": n, "currentBuildSummary": {"arn": ARN, "buildStatus": s}}
            for n, s in self.statuses.items()
        ]
        known = {
            "BatchGetBuilds": {"builds": [{"id": BUILD, "buildBatchArn": ARN}]},
            "BatchGetBuildBatches": {"buildBatches": [{"arn": ARN, "buildGroups": groups}]},
        }
        model = MODEL.operation_model(name)
        self.wrong += filter(
            None, (problems(model.input_shape, request), problems(model.output_shape, known[name]))
        )
        return known[name]


@contextmanager
def served() -> Iterator[CodeBuild]:
    service = CodeBuild()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(service.answer(self.headers["X-Amz-Target"], asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    yield service
    server.shutdown()
    server.server_close()
    assert service.wrong == []


@pytest.fixture
def codebuild() -> Iterator[CodeBuild]:
    with served() as service:
        yield service


@dataclass
class Batch:
    """The batch of a solution: its builds run in the graph's order, in copies of nothing but its checkout."""

    root: Path
    runs: Path
    codebuild: CodeBuild

    def run(
        self,
        *,
        told: dict[str, str] | None = None,
        without: tuple[str, ...] = (),
        before: dict[str, str] | None = None,
    ) -> dict[str, str]:
        """Run each build but those `without` and those `before`, which ended so; `told` replaces what
        CodeBuild says of one."""
        spec = check(yaml.safe_load(self.compiled()))
        builds = {b["identifier"]: b for b in spec["batch"]["build-graph"]}
        order = TopologicalSorter({n: b.get("depend-on", []) for n, b in builds.items()}).static_order()
        ended, before = {}, before or {}
        for name in (n for n in order if n not in without):
            self.codebuild.statuses[name] = "IN_PROGRESS"
            variables = {**spec["env"]["variables"], **builds[name]["env"]["variables"]}
            if name in before:
                ended[name] = before[name]
            else:
                ended[name] = self.build(variables, spec["phases"]["build"]["commands"])
            self.codebuild.statuses[name] = (told or {}).get(name, ended[name])
        return ended

    def compiled(self) -> str:
        argv = [
            sys.executable,
            "-P",
            "-m",
            "runner",
            "compile",
            "codebuild-batch",
            "--solution",
            str(self.root),
        ]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout

    def build(self, variables: dict[str, str], commands: list[str]) -> str:
        """StartBuild's variables go before the buildspec's; the first command that fails ends the build."""
        started = {
            "LOCKGATE_AWS": "0",
            "LOCKGATE_SANDBOX_URL": self.codebuild.url,
            "LOCKGATE_RUNS": str(self.runs),
        }
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**os.environ, **variables, **started, "CODEBUILD_BUILD_ID": BUILD, "PATH": path}
        for command in commands:
            done = subprocess.run(
                ["sh", "-c", command], cwd=self.root, env=env, capture_output=True, timeout=300
            )
            if done.returncode:
                return "FAILED"
        return "SUCCEEDED"

    @property
    def verdict(self) -> str:
        """The one in the store, '' where there is none."""
        path = self.runs / ID / "report/manifest.json"
        return str(json.loads(path.read_bytes())["verdict"]["status"]) if path.is_file() else ""


def batch(folder: Path, codebuild: CodeBuild, tests: str) -> Batch:
    root = tiny(folder / "s", tests, "shards: 2")
    with (root / "lockgate.yml").open("a") as config:
        config.write(LATE)
    return Batch(root, folder / "runs", codebuild)


@dataclass(frozen=True)
class Judged:
    """A batch of which only the last build is left to be run: its folder, and how the others ended."""

    folder: Path
    ended: dict[str, str]

    def conclude(self, copy: Path, codebuild: CodeBuild, **told: str) -> tuple[Batch, dict[str, str]]:
        """Run the last build in a copy of the folder; all builds' endings."""
        shutil.copytree(self.folder, copy, symlinks=True)
        run = Batch(copy / "s", copy / "runs", codebuild)
        return run, run.run(told=told, before=self.ended)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("batch")
    with served() as codebuild:
        run = batch(folder, codebuild, HONEST)
        ended = run.run(without=("conclude",))
    assert run.verdict == ""  # there is no manifest without the last build
    return Judged(folder, ended)


def test_what_passes_passes(honest: Judged, tmp_path: Path, codebuild: CodeBuild) -> None:
    run, ended = honest.conclude(tmp_path / "copy", codebuild)
    assert set(ended.values()) == {"SUCCEEDED"}
    assert len(ended) == 5
    assert run.verdict == "PASSED"
    assert (run.root / ".lockgate/batch/manifest.json").is_file()  # among the build's artifacts


def test_a_planted_failure_fails(tmp_path: Path, codebuild: CodeBuild) -> None:
    run = batch(tmp_path, codebuild, PLANTED)
    ended = run.run()
    assert (ended["conclude"], ended["stage_late"], run.verdict) == ("FAILED", "FAILED", "FAILED")


@pytest.mark.parametrize("status", ["FAULT", "FAILED"])
def test_what_codebuild_says_counts(
    honest: Judged, tmp_path: Path, codebuild: CodeBuild, status: str
) -> None:
    run, ended = honest.conclude(tmp_path / "copy", codebuild, stage_unit_SHARD_1_of_2=status)
    assert (ended["conclude"], run.verdict) == ("FAILED", "ERROR")


def test_a_build_that_never_began_is_an_error(tmp_path: Path, codebuild: CodeBuild) -> None:
    run = batch(tmp_path, codebuild, HONEST)
    ended = run.run(without=("stage_unit_SHARD_2_of_2",))
    assert (ended["conclude"], run.verdict) == ("FAILED", "ERROR")


def test_without_its_first_build_there_is_no_manifest(tmp_path: Path, codebuild: CodeBuild) -> None:
    run = batch(tmp_path, codebuild, HONEST)
    assert run.run(without=("prepare",))["conclude"] == "FAILED"
    assert run.verdict == ""
