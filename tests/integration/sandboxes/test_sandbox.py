"""Real ministack processes: they start, stop, die with their parent, and are never mistaken."""

import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from runner.adapters.aws import Aws, sandbox_target
from runner.sandbox.choose import aws_in_use
from runner.sandbox.detached import down, status, up
from runner.sandbox.process import health, start_embedded
from runner.sandbox.scratch import OWNER

pytestmark = pytest.mark.integration

PARENT = """
import sys, time
from pathlib import Path
from runner.sandbox.process import start_embedded
sandbox = start_embedded(Path(sys.argv[1]), Path(sys.argv[2]))
print(sandbox.pid, sandbox.scratch, sandbox.url, flush=True)
time.sleep(60)
"""


def gone(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_serves_and_leaves_nothing_behind(tmp_path, cache):
    with start_embedded(tmp_path, cache) as sandbox:
        aws = Aws(sandbox_target(sandbox.url))
        aws.ensure_bucket("bucket")
        aws.ensure_bucket("bucket")
        aws.upload(Path(__file__), "bucket", "key")
        assert aws.object_size("bucket", "key") == Path(__file__).stat().st_size
        assert aws.object_size("bucket", "other") is None
        aws.download("bucket", "key", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == Path(__file__).read_bytes()
    assert gone(sandbox.pid)
    assert not sandbox.scratch.exists()
    assert health(sandbox.url) is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_dies_with_its_parent(tmp_path, cache, number):
    pid, scratch = started_and_ended(tmp_path, cache, number)
    assert gone(pid)
    assert removed(scratch)


def test_a_function_that_is_still_writing_does_not_keep_the_scratch_folder(tmp_path, cache):
    pid, scratch = started_and_ended(tmp_path, cache, signal.SIGKILL, put_to_work)
    assert gone(pid)
    assert removed(scratch)
    time.sleep(0.3)
    assert not scratch.exists()


WRITER = """
import itertools, os, tempfile
def handler(event, context):
    for number in itertools.count():
        folder = os.path.join(tempfile.gettempdir(), "deep", str(number % 50))
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, str(number)), "w").close()
"""


def put_to_work(url: str, scratch: Path) -> None:
    """A function that writes without end runs in the sandbox."""
    aws = Aws(sandbox_target(url))
    function = {"Runtime": "python3.12", "Handler": "app.handler", "Role": "arn:aws:iam::0:role/r"}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("app.py", WRITER)
    code = {"ZipFile": sink.getvalue()}
    aws.call("lambda", "create_function", FunctionName="f", Code=code, Timeout=60, **function)
    aws.call("lambda", "invoke", FunctionName="f", InvocationType="Event")
    deadline = time.monotonic() + 20
    while not (scratch / "deep" / "49").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def started_and_ended(log, cache, number, work=lambda url, scratch: None):
    """A parent with its sandbox, ended by a signal; the sandbox's process and scratch folder."""
    argv = [sys.executable, "-P", "-c", PARENT, str(log), str(cache)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        pid, scratch, url = parent.stdout.readline().split()
        try:
            assert psutil.pid_exists(int(pid))
            work(url, Path(scratch))
        finally:
            parent.send_signal(number)
    return int(pid), Path(scratch)


def removed(folder: Path, seconds: float = 8.0) -> bool:
    deadline = time.monotonic() + seconds
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not folder.exists()


def wait_for_the_lock(path: Path) -> None:
    """A dead process's last threads hold its files a moment longer than its first one is seen."""
    with path.open("r+") as owner:
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            try:
                fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                time.sleep(0.02)


def test_what_a_dead_sandbox_left_is_swept_and_what_lives_is_not(tmp_path, cache):
    """Killed whole, parent and sandbox alike: nobody is left to remove the folder but the next start."""
    argv = [sys.executable, "-P", "-c", PARENT, str(tmp_path), str(cache)]
    with start_embedded(tmp_path / "lives", cache) as living:
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
            pid, scratch, _ = parent.stdout.readline().split()
            parent.send_signal(signal.SIGSTOP)
            os.killpg(int(pid), signal.SIGKILL)
            parent.send_signal(signal.SIGKILL)
        assert gone(int(pid)) and Path(scratch).exists()
        wait_for_the_lock(Path(scratch) / OWNER)
        with start_embedded(tmp_path / "next", cache):
            assert removed(Path(scratch))
            assert living.scratch.exists() and health(living.url)


def test_detached_up_status_down(tmp_path):
    state = up(tmp_path)
    try:
        assert up(tmp_path) == state == status(tmp_path)
        assert health(state.url)
    finally:
        assert down(tmp_path)
    assert gone(state.pid)
    assert status(tmp_path) is None
    assert not down(tmp_path)
    assert not Path(state.scratch).exists()


def test_a_killed_detached_sandbox_is_replaced(tmp_path):
    first = up(tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    assert gone(first.pid)
    assert status(tmp_path) is None
    second = up(tmp_path)
    try:
        assert second.pid != first.pid
        assert not Path(first.scratch).exists()
    finally:
        down(tmp_path)


@pytest.mark.parametrize("lie", ["created", "command line"])
def test_a_process_that_is_not_ours_is_never_ended(tmp_path, lie):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]) as stranger:
        created = psutil.Process(stranger.pid).create_time() - (100 if lie == "created" else 0)
        told = {"url": "http://127.0.0.1:1", "pid": stranger.pid, "created": created}
        told |= {"log": "", "scratch": ""}
        (tmp_path / "sandbox.json").write_text(json.dumps(told))
        assert status(tmp_path) is None
        assert not down(tmp_path)
        assert stranger.poll() is None
        stranger.kill()


def test_a_run_prefers_the_detached_one_and_else_embeds(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCKGATE_CACHE", str(tmp_path))
    hostile = {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL": "http://192.0.2.1", "AWS_ACCESS_KEY_ID": "AKIA"}
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    with aws_in_use(real=False, log_dir=tmp_path) as target:
        embedded = target
        assert target.kind == "sandbox"
        assert Aws(target).account() == "000000000000"
    assert health(embedded.endpoint) is None
    state = up()
    try:
        with aws_in_use(real=False, log_dir=tmp_path) as target:
            assert target.endpoint == state.url
        assert health(state.url)
    finally:
        down()
