"""A child's output through a pump: clean, whole, in order, and never in the child's way."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from runner.adapters.pump import Pump, pumped, pumped_log
from runner.adapters.redact import Redactor
from runner.adapters.secret_names import Secret

SECRET = b"hunter2hunter2"
REDACTOR = Redactor([Secret("S", SECRET.decode())])


def child(pump: Pump, *pieces: bytes, hold: bool = False) -> int | None:
    """Write as a child would, with a descriptor of its own; `hold` keeps it open."""
    descriptor = os.dup(pump.write)
    pump.start()
    for piece in pieces:
        os.write(descriptor, piece)
    if hold:
        return descriptor
    os.close(descriptor)
    return None


def test_a_secret_in_many_writes_never_reaches_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "a.log"
    with pumped_log(log, REDACTOR) as pump:
        child(pump, b"before ", *(bytes([b]) for b in SECRET), b" after\nend")
    assert log.read_bytes() == b"before [redacted S] after\nend"
    assert pump.last_line() == "end"


def test_a_log_is_appended_to(tmp_path: Path) -> None:
    for text in (b"one\n", b"two\n"):
        with pumped_log(tmp_path / "a.log", REDACTOR) as pump:
            child(pump, text)
    assert (tmp_path / "a.log").read_bytes() == b"one\ntwo\n"


def test_a_line_is_there_as_soon_as_it_was_said(tmp_path: Path) -> None:
    with pumped_log(tmp_path / "a.log", REDACTOR) as pump:
        descriptor = child(pump, b"Running on http://127.0.0.1:1\n", hold=True)
        deadline = time.monotonic() + 5
        while not (tmp_path / "a.log").read_bytes() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (tmp_path / "a.log").read_bytes() == b"Running on http://127.0.0.1:1\n"
        os.close(descriptor)


def test_a_sink_that_fails_does_not_stop_the_child() -> None:
    def full(data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with pumped(full, REDACTOR) as pump:
        child(pump, *[b"x" * 65_536] * 40)
    assert not pump.thread.is_alive()


def test_what_a_sink_takes_in_parts_is_given_again() -> None:
    got = bytearray()

    def slow(data: bytes) -> int:
        got.extend(data[:3])
        return min(3, len(data))

    with pumped(slow, REDACTOR) as pump:
        child(pump, b"0123456789\n")
    assert got == b"0123456789\n"


def test_who_holds_the_pipe_open_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.adapters.pump.LINGER", 0.05)
    got = bytearray()
    with pumped(got.extend, REDACTOR) as pump:
        descriptor = child(pump, b"half a line", hold=True)
        time.sleep(0.05)
    assert got == b"half a line"
    os.write(descriptor, b"too late\n")
    os.close(descriptor)
    pump.thread.join(5)
    assert got == b"half a line"


def test_a_child_that_never_started_leaves_no_thread() -> None:
    before = threading.active_count()
    with pytest.raises(RuntimeError), pumped(lambda data: None, REDACTOR):
        raise RuntimeError("no such program")
    assert threading.active_count() == before
