"""How fast secrets are taken out of a log, and how soon a redactor is ready.

    python benchmarks/redaction.py [MEGABYTES]

Twelve secrets of 32 characters; a pytest log without secrets, Python source (full of words like
`token`), and a log with a secret in every 50th line; in pieces of 64 KiB, as a pipe gives them.
"""

from __future__ import annotations

import inspect
import secrets
import sys
import time
from http import cookies

from runner.adapters.redact import Redactor
from runner.adapters.secret_names import Secret

CHUNK = 65_536


def rate(redactor: Redactor, data: bytes) -> float:
    """MB/s of a stream in pieces."""
    stream, begun = redactor.stream(), time.perf_counter()
    for start in range(0, len(data), CHUNK):
        stream.feed(data[start : start + CHUNK])
    stream.close()
    return len(data) / 1e6 / (time.perf_counter() - begun)


def main(megabytes: float) -> None:
    """Print one line a measurement."""
    known = [Secret(f"SECRET_{n}", secrets.token_urlsafe(24)) for n in range(12)]
    begun = time.perf_counter()
    redactor = Redactor(known)
    redactor.stream().feed(known[0].value.encode() + b"\n")
    print(f"ready after {(time.perf_counter() - begun) * 1000:.0f} ms, {len(redactor.names)} forms")
    line = "suites/unit/test_features.py::test_delay[%d] PASSED   [%2d%%] measured 0.912, limit 0.8\n"
    log = [line % (n, n % 100) for n in range(1000)]
    dirty = [text if n % 50 else f"got {known[n % 12].value}\n" for n, text in enumerate(log)]
    source = inspect.getsource(cookies)
    for name, text in (("log", "".join(log)), ("source", source), ("log with secrets", "".join(dirty))):
        data = text.encode() * int(megabytes * 1e6 / len(text.encode()) + 1)
        print(f"{name}: {max(rate(redactor, data) for _ in range(3)):.0f} MB/s")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
