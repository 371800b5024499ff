"""Everything that is printed goes through the redactor, and a stream that is closed ends nothing."""

from __future__ import annotations

import io
import os
import sys

import pytest

from runner.adapters.output import SECRECY, Clean, lost, prepare_streams, say


@pytest.fixture(autouse=True)
def _known() -> None:
    SECRECY.learn({"PLANTED_TOKEN": "hunter2hunter2"})


def test_whoever_prints_prints_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = sys.stdout, sys.stderr
    try:
        prepare_streams()
        prepare_streams()  # a second time changes nothing
        print("a", "hunter2hunter2")
        print("b hunter2hunter2", file=sys.stderr)
        say(sys.stdout, "c hunter2hunter2")
    finally:
        sys.stdout, sys.stderr = out, err
    said = capsys.readouterr()
    assert said.out == "a [redacted PLANTED_TOKEN]\nc [redacted PLANTED_TOKEN]\n"
    assert said.err == "b [redacted PLANTED_TOKEN]\n"


def test_the_environment_of_the_call_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = sys.stdout, sys.stderr
    monkeypatch.setenv("LATE_PASSWORD", "planted-late")
    try:
        prepare_streams()
    finally:
        sys.stdout, sys.stderr = out, err
    assert SECRECY.redactor().text("planted-late") == "[redacted LATE_PASSWORD]"


def test_a_closed_pipe_ends_nothing() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        clean = Clean(stream)
        for _ in range(3):
            clean.write("x" * 100_000)
            clean.flush()
        say(stream, "still here")
    assert not lost()


def test_a_clean_stream_is_its_stream_otherwise() -> None:
    clean = Clean(io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert clean.encoding == "ascii" and not clean.isatty()
    clean.writelines(["a", "b"])
    clean.flush()
    assert clean.buffer.getvalue() == b"ab"
