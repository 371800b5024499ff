"""`lockgate worker` as a process: a CodePipeline double, S3 of a real sandbox, runs that are real."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from helpers.codepipeline import SECRET, TOKEN, FakeCodePipeline, FakeJob, serving
from helpers.whole_runs import tiny

from runner.adapters.aws import Aws, sandbox_target
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration

BUCKET = "artifacts"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PASSES = "def test_one():\n    assert True\n"
FAILS = "def test_one():\n    assert 1 == 2, 'one is not two'\n"
# It says where it is, and tries to keep its run from ending.
SLOW = """
import os, pathlib, signal, time
def test_one():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pathlib.Path({mark!r}).write_text(str(os.getpid()))
    time.sleep(120)
"""
# What a curious test finds in its environment, its parents' and its files.
CURIOUS = """
import os, pathlib
def test_one():
    found = [repr(dict(os.environ))]
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            found.append(path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            pass
    whole = "".join(found).lower()
    # What other tests plant at the same time is none of this job's.
    for mark in ("planted" + "secret", "planted" + "sessiontoken", "planted" + "key0"):
        assert mark not in whole, "the job's credentials are here"
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_embedded(tmp_path_factory.mktemp("log")) as running:
        yield running.url


@pytest.fixture
def s3(sandbox: str) -> Aws:
    aws = Aws(sandbox_target(sandbox))
    aws.ensure_bucket(BUCKET)
    return aws


@pytest.fixture
def service(s3: Aws) -> Iterator[FakeCodePipeline]:
    """Its artifact store has a key of its own: ministack knows no default one."""
    key = s3.call("kms", "create_key")["KeyMetadata"]["Arn"]
    with serving(FakeCodePipeline(encryptionKey={"id": key, "type": "KMS"})) as running:
        yield running


def commit(s3: Aws, root: Path, key: str) -> tuple[str, str]:
    """The solution as CodePipeline's source action leaves it: a zip in S3."""
    (root / "src" / "code.py").touch()  # a zip, as git, has no empty folders
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(root).as_posix())
    s3.call("s3", "put_object", Bucket=BUCKET, Key=key, Body=stream.getvalue())
    return BUCKET, key


@dataclass
class Running:
    """A worker as a process of its own; `scratch` is where its jobs' folders are."""

    process: subprocess.Popen[bytes]
    log: Path
    scratch: Path

    def ends(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    @property
    def said(self) -> str:
        return self.log.read_text()


Start = Callable[..., Running]


@pytest.fixture
def worker(service: FakeCodePipeline, sandbox: str, tmp_path: Path) -> Iterator[Start]:
    """Start workers by calling it with options; they are ended with the test."""
    started: list[Running] = []
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def start(*options: str) -> Running:
        log = tmp_path / f"worker{len(started)}.log"
        argv = [sys.executable, "-P", "-m", "runner", "worker", "--provider", "Lockgate"]
        argv += ["--poll-seconds", "0.2", "--scratch", str(scratch), *options]
        env = {**os.environ, "LOCKGATE_CODEPIPELINE_URL": service.url, "LOCKGATE_SANDBOX_URL": sandbox}
        with log.open("wb") as sink:
            process = subprocess.Popen(argv, stdout=sink, stderr=sink, env=env, start_new_session=True)
        started.append(Running(process, log, scratch))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def at_work(mark: Path) -> psutil.Process:
    """The test's process, once it is really running."""
    deadline = time.monotonic() + 90
    while not mark.exists() or not mark.read_text():
        assert time.monotonic() < deadline, "the job did not begin"
        time.sleep(0.05)
    return psutil.Process(int(mark.read_text()))


def is_gone(process: psutil.Process, seconds: float = 0) -> bool:
    """Whether a process has ended, or does so within some seconds."""
    deadline = time.monotonic() + seconds
    while _runs(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not _runs(process)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def message(job: FakeJob) -> str:
    ((status, given),) = job.results
    assert status == "Failed"
    return f"{given['failureDetails']['type']}: {given['failureDetails']['message']}"


def slow_job(service: FakeCodePipeline, s3: Aws, tmp_path: Path) -> tuple[FakeJob, Path]:
    mark = tmp_path / "mark"
    root = tiny(tmp_path / "slow", SLOW.format(mark=str(mark)))
    return service.add(source=commit(s3, root, "tiny/Source/slow")), mark


def test_a_commit_passes_and_the_next_one_fails(
    service: FakeCodePipeline, s3: Aws, worker: Start, tmp_path: Path
) -> None:
    good = tiny(tmp_path / "good", PASSES)
    bad = tiny(tmp_path / "bad", FAILS)
    first = service.add(source=commit(s3, good, "tiny/Source/good"), output=(BUCKET, "o/1"), revision=COMMIT)
    second = service.add(source=commit(s3, bad, "tiny/Source/bad"), output=(BUCKET, "o/2"))
    running = worker()
    assert service.until(lambda: second.status == "Failed"), running.said
    assert first.status == "Succeeded", first.results
    ((_, given),) = first.results
    with zipfile.ZipFile(
        io.BytesIO(s3.call("s3", "get_object", Bucket=BUCKET, Key="o/1")["Body"].read())
    ) as z:
        manifest = json.loads(z.read("manifest.json"))
        assert {"variables.env", "junit/unit.xml", "report.html", "result.json"} < set(z.namelist())
    assert manifest["verdict"]["status"] == "PASSED" and manifest["source"]["commit"] == COMMIT
    assert given["outputVariables"]["LOCKGATE_RUN_ID"] == manifest["run_id"]
    assert "JobFailed: FAILED" in message(second) and "one is not two" in message(second)
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0 and not list(running.scratch.iterdir())


def test_credentials_reach_neither_the_solution_nor_any_line(
    service: FakeCodePipeline, s3: Aws, worker: Start, tmp_path: Path
) -> None:
    job = service.add(source=commit(s3, tiny(tmp_path / "curious", CURIOUS), "tiny/Source/curious"))
    running = worker("--once")
    assert running.ends(120) == 0
    assert job.status == "Succeeded", message(job)
    told = running.said + json.dumps(job.results)
    output = s3.call("s3", "get_object", Bucket=BUCKET, Key="tiny/Judged/def456")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(output)) as archive:
        told += "".join(archive.read(name).decode() for name in archive.namelist())
    assert service.issued and job.id in running.said
    assert SECRET not in told and TOKEN not in told and "ASIAPLANTED" not in told


@pytest.mark.parametrize(
    ("change", "said"),
    [("solution: [", "ConfigurationError"), ("solution: tiny\nstages: {unti: {}}\n", "unti")],
)
def test_a_wrong_lockgate_yml_is_a_configuration_error(
    service: FakeCodePipeline, s3: Aws, worker: Start, tmp_path: Path, change: str, said: str
) -> None:
    root = tiny(tmp_path / "wrong", PASSES)
    (root / "lockgate.yml").write_text(change)
    job = service.add(source=commit(s3, root, "tiny/Source/wrong"))
    running = worker("--once")
    assert running.ends() == 0, running.said
    assert message(job).startswith("ConfigurationError") and said in message(job)


def test_sigterm_while_idle_is_a_clean_end(service: FakeCodePipeline, worker: Start) -> None:
    running = worker("--poll-seconds", "60")
    assert service.until(lambda: service.count("PollForJobs") > 0), running.said
    running.process.send_signal(signal.SIGTERM)
    assert running.ends(10) == 0 and "the worker ends" in running.said
    assert service.count("PollForJobs") == 1


def test_sigterm_within_a_job_answers_at_once_and_ends_the_run(
    service: FakeCodePipeline, s3: Aws, worker: Start, tmp_path: Path
) -> None:
    job, mark = slow_job(service, s3, tmp_path)
    running = worker()
    test = at_work(mark)
    waiting = service.add()
    running.process.send_signal(signal.SIGTERM)
    assert service.until(lambda: job.status == "Failed", 10), running.said
    assert message(job).startswith("SystemUnavailable: the worker was stopped")
    assert running.ends(60) == 130, running.said
    assert is_gone(test) and waiting.status == "Queued" and not list(running.scratch.iterdir())


def test_a_killed_run_fails_its_job_and_the_worker_goes_on(
    service: FakeCodePipeline, s3: Aws, worker: Start, tmp_path: Path
) -> None:
    job, mark = slow_job(service, s3, tmp_path)
    after = service.add(source=commit(s3, tiny(tmp_path / "good", PASSES), "tiny/Source/good"))
    running = worker()
    test = at_work(mark)
    (run,) = psutil.Process(running.process.pid).children()
    run.kill()
    assert service.until(lambda: job.status == "Failed"), running.said
    assert "SystemUnavailable: the run was killed by SIGKILL" in message(job)
    assert service.until(lambda: after.status == "Succeeded"), running.said
    assert is_gone(test, 40)


def test_a_killed_worker_leaves_nothing_running_and_the_next_one_answers(
    service: FakeCodePipeline, s3: Aws, worker: Start, tmp_path: Path
) -> None:
    job, mark = slow_job(service, s3, tmp_path)
    running = worker()
    test = at_work(mark)
    running.process.kill()
    running.ends()
    assert is_gone(test, 40) and job.status == "InProgress"
    assert worker("--once").ends() == 0
    assert "SystemUnavailable: the worker that had this job was killed" in message(job)


def test_a_run_that_takes_too_long_is_ended(
    service: FakeCodePipeline, s3: Aws, worker: Start, tmp_path: Path
) -> None:
    job, _ = slow_job(service, s3, tmp_path)
    running = worker("--once", "--hours", "0.001")
    assert service.until(lambda: job.status == "Failed", 60), running.said
    assert "did not end within 0.001 hours" in message(job)
    assert running.ends(60) == 0
