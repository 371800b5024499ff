"""What a worker is tested with: a fake S3 behind the real adapter, and runs that are scripted."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from helpers.codepipeline import FakeCodePipeline

from runner.adapters.aws import Aws, AwsTarget, sandbox_target
from runner.worker.child import Ended, Order
from runner.worker.journal import Journal
from runner.worker.pipeline import CodePipeline
from runner.worker.store import under
from runner.worker.worker import Worker

SOURCE, OUTPUT = ("artifacts", "tiny/Source/abc123"), ("artifacts", "tiny/Judged/def456")


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip of text files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


@dataclass
class FakeS3:
    """Objects in memory, for one set of credentials at a time; `denied` and `missing` are the
    operations that are refused; `puts` are the arguments that came with each object."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    puts: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    caller: str = ""

    def _allow(self, operation: str) -> None:
        self.keys.append(self.caller)
        if operation in self.denied:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, operation)
        if self.caller in self.expired:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, operation)

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._allow("head_object")
        if (Bucket, Key) not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {"ContentLength": len(self.objects[Bucket, Key])}

    def download_file(self, bucket: str, key: str, path: str) -> None:
        self._allow("get_object")
        Path(path).write_bytes(self.objects[bucket, key])

    def put_object(self, **given: Any) -> dict[str, Any]:
        self._allow("put_object")
        self.objects[given["Bucket"], given["Key"]] = given["Body"].read()
        self.puts.append(given)
        return {}


def fake_store(s3: FakeS3, target: AwsTarget) -> Callable[[tuple[str, str, str]], Aws]:
    """S3 under a job's credentials."""

    def store(credentials: tuple[str, str, str]) -> Aws:
        given = under(target, credentials)

        def client(service: str) -> Any:
            assert service == "s3"
            s3.caller = given.credentials[0]
            return s3

        return Aws(given, client)

    return store


def manifest_of(status: str = "PASSED", **other: Any) -> dict[str, Any]:
    """As much of a manifest as a worker looks at."""
    stage = {"PASSED": "PASSED", "FAILED": "FAILED"}.get(status, "ERROR")
    base = {
        "run_id": "20250101T000000Z-abcdef",
        "complete": True,
        "verdict": {"status": status, "reason": f"because {status.lower()}"},
        "stages": {"unit": {"status": stage}},
    }
    return {**base, **other}


def leave(order: Order, manifest: dict[str, Any], code: int) -> Ended:
    """What `lockgate run --json` leaves and prints."""
    folder = order.solution / ".lockgate" / "runs" / manifest["run_id"]
    (folder / "junit").mkdir(parents=True)
    raw = json.dumps(manifest).encode()
    digest = hashlib.sha256(raw).hexdigest()
    status = (manifest["verdict"] or {}).get("status", "PASSED")
    variables = f"LOCKGATE_VERDICT={status}\nLOCKGATE_MANIFEST_SHA256={digest}\nLOCKGATE_STAGE=''\n"
    texts = {"report.html": "<html>", "result.json": "{}", "variables.env": variables}
    texts["junit/unit.xml"] = "<testsuite/>"
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "manifest.json").write_bytes(raw)
    told = {"exit_code": code, "manifest": manifest, "manifest_sha256": digest, "folder": str(folder)}
    return Ended(code, json.dumps(told).encode())


Script = Callable[[Order, Callable[[], str]], Ended]


@dataclass
class FakeRuns:
    """Runs that do what a script says; `orders` are what was asked for."""

    script: Script
    orders: list[Order] = field(default_factory=list)

    def __call__(self, order: Order, watch: Callable[[], str], ending: Callable[[str], None]) -> Ended:
        self.orders.append(order)
        ended = self.script(order, watch)
        if ended.cut:
            ending(ended.cut)
        return ended


def passes(order: Order, watch: Callable[[], str]) -> Ended:
    """A run whose verdict is PASSED."""
    return leave(order, manifest_of(), 0)


@dataclass
class Bench:
    """A worker, its fakes and what it said."""

    service: FakeCodePipeline
    s3: FakeS3
    runs: FakeRuns
    worker: Worker
    said: list[str]
    slept: list[float]

    def serve(self) -> int:
        """Serve one job."""
        return self.worker.serve(once=True)

    @property
    def result(self) -> tuple[str, dict[str, Any]]:
        """The one result of the one job."""
        (job,) = self.service.jobs.values()
        (result,) = job.results
        return result

    @property
    def failure(self) -> tuple[str, str]:
        """(type, message) of the one job's failure."""
        status, given = self.result
        assert status == "Failed"
        return given["failureDetails"]["type"], given["failureDetails"]["message"]


@cache
def client(url: str) -> Aws:
    """The service at a URL. Making a client takes longer than most tests, so it is made once."""
    return Aws(sandbox_target(url))


def bench(service: FakeCodePipeline, folder: Path, script: Script = passes, **options: Any) -> Bench:
    """A worker at a fake service that is being served."""
    target = sandbox_target(service.url)
    s3 = FakeS3({SOURCE: zipped({"lockgate.yml": "solution: tiny\n", "sub/lockgate.yml": "solution: sub\n"})})
    runs, said, slept = FakeRuns(script), list[str](), list[float]()
    pipeline = CodePipeline(
        lambda: client(service.url), "Lockgate", query=options.pop("query", {}), sleep=slept.append
    )
    worker = Worker(
        pipeline,
        fake_store(s3, target),
        runs,
        Journal(folder / "journal"),
        folder,
        say=said.append,
        **options,
    )
    return Bench(service, s3, runs, worker, said, slept)
