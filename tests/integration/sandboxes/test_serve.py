"""`lockgate sandbox serve`: a local AWS in the foreground, at an address and by a name that are given."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.adapters.aws import Aws, sandbox_target
from runner.cli import main
from runner.sandbox.process import health

pytestmark = pytest.mark.integration

NAME = "127.0.0.2"
TELLS = """
import os
from importlib.util import find_spec
def handler(event, context):
    return [os.environ["AWS_ENDPOINT_URL"], find_spec("click") is None, sorted(os.environ)]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(port: int, log: Path, *options: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-P", "-m", "runner", "sandbox", "serve", "--port", str(port), *options]
    env = {**os.environ, "AWS_SECRET_ACCESS_KEY": "of-the-user", "TMPDIR": str(log.parent)}
    with log.open("wb") as sink:
        return subprocess.Popen(argv, env=env, cwd=log.parent, stdout=sink, stderr=sink)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve") / "log"


@pytest.fixture(scope="module")
def served(cache: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A sandbox on every address of this machine, known to others by one of them, and its URL."""
    port = free_port()
    process, url = serve(port, log, "--host", "0.0.0.0", "--name", NAME), f"http://{NAME}:{port}"  # noqa: S104
    try:
        deadline = time.monotonic() + 30
        while health(url) is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        yield process, url
    finally:
        process.kill()
        process.wait()


def zipped(code: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("app.py", code)
    return sink.getvalue()


def test_functions_run_bare_and_reach_it_by_its_name(served: tuple[object, str]) -> None:
    aws = Aws(sandbox_target(served[1]))
    function = {"Runtime": "python3.12", "Handler": "app.handler", "Role": "arn:aws:iam::0:role/r"}
    aws.call("lambda", "create_function", FunctionName="f", Code={"ZipFile": zipped(TELLS)}, **function)
    endpoint, is_bare, names = aws.invoke("f", {}).answer
    assert endpoint == served[1]
    assert is_bare
    assert "LOCKGATE_SANDBOX_URL" not in names


def test_status_asks_it(served: tuple[object, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "status", "--url", served[1]]) == 0
    assert f"AWS_ENDPOINT_URL={served[1]}" in capsys.readouterr().out
    assert main(["sandbox", "status", "--url", f"http://127.0.0.1:{free_port()}"]) == 1


def test_a_port_that_is_taken_is_told(served: tuple[object, str], tmp_path: Path) -> None:
    port = int(served[1].rpartition(":")[2])
    assert serve(port, tmp_path / "log").wait(30) == 3
    assert "already in use" in (tmp_path / "log").read_text()
    assert "the local AWS ended" in (tmp_path / "log").read_text()


def test_it_ends_when_it_is_told_to_and_leaves_nothing(
    served: tuple[subprocess.Popen[bytes], str], log: Path
) -> None:
    process, url = served
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0, log.read_text()[-2000:]
    assert health(url) is None
    assert [p.name for p in log.parent.iterdir()] == ["log"]


@pytest.mark.parametrize("name", ["s3.amazonaws.com", "two words", "a/b"])
def test_a_name_that_no_client_may_use_is_refused(name: str) -> None:
    assert main(["sandbox", "serve", "--name", name]) == 2
