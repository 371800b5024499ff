"""Starts commands (JSON lines on stdin) and says how each ended: [exit status, seconds, of which it had a
processor, peak in KiB].

The standard library alone and little of it, so that what a child inherits is small.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        if (pid := os.fork()) == 0:
            _become(order)
        _, status, used = os.wait4(pid, 0)
        seconds = time.monotonic() - begun
        busy = used.ru_utime + used.ru_stime
        print(json.dumps([os.waitstatus_to_exitcode(status), seconds, busy, used.ru_maxrss]), flush=True)


def _become(order: dict[str, object]) -> None:
    """The command itself, which an alarm ends (it outlives exec)."""
    try:
        out = os.open(str(order["out"]), os.O_WRONLY | os.O_CREAT)
        for descriptor in (1, 2):
            os.dup2(out, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(str(order["cwd"]))
        signal.alarm(int(order["limit"]))  # type: ignore[call-overload]
        os.execve(order["argv"][0], order["argv"], order["env"])  # type: ignore[index,arg-type]  # noqa: S606
    finally:
        os._exit(99)


if __name__ == "__main__":
    main()
