"""A malformed input in a folder of its own, the command that reads it, and how that has to end.

Each command is a process as a user would start it, started by a small process of ours: what a child
inherits when it is forked counts in its peak.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOCK = Path(__file__).parents[1] / "tiny.lock"
STARTER = Path(__file__).with_name("starter.py")
LOCKGATE = (sys.executable, "-P", "-m", "runner")
SECONDS, BYTES = 10.0, 512 * 2**20
PLANTED = "planted"  # what an archive would write outside of its folder
CODES = frozenset({0, 1, 2, 3})


@dataclass(frozen=True)
class Case:
    """Files (path -> bytes), and lockgate's arguments and environment, in which {root} is their folder, {s3}
    the address of an S3 that holds them below {root} too, in {bucket} as deep/root/PATH. `codes`: the exit
    statuses that are right; `program` stands in for lockgate."""

    kind: str
    what: str
    files: Mapping[str, bytes]
    argv: tuple[str, ...]
    codes: frozenset[int] = CODES
    env: Mapping[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = LOCKGATE


# Builds the environment that the solutions of all cases have: no case is to pay for it.
WARM = Case(
    "", "", {
        "lockgate.yml": b"solution: malformed\nstages: {unit: {suites: [suites]}}\n",
        "suites/test_it.py": b"",
        "requirements.lock": LOCK.read_bytes(),
    }, ("install", "--solution", "{root}"),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a case ended: exit status, seconds, those of them in which it had a processor, peak resident bytes,
    what was printed, what was planted.

    Whether it is slow is told by `busy`, which other work on the machine leaves alone; one that waits is
    ended at three times its limit, and its exit status tells."""

    case: Case
    code: int
    seconds: float
    busy: float
    peak: int
    said: str
    planted: tuple[str, ...] = ()

    def fault(self) -> str:
        """What must not be, '' where all is well."""
        if "Traceback" in self.said or "bug in lockgate" in self.said:
            return "a traceback or a bug"
        if self.code not in self.case.codes:
            return f"exit {self.code}"
        if self.code and not self.said.strip():
            return "no word of what is wrong"
        if self.planted:
            return f"it wrote {self.planted[0]}"
        return "too slow" if self.busy > SECONDS else "too large" if self.peak > BYTES else ""


@dataclass(frozen=True)
class Bench:
    """Runs cases, one after the other, in folders below `place`, which is also served at `url`."""

    starter: subprocess.Popen[str]
    place: Path
    url: str

    def run(self, case: Case) -> Outcome:
        """The case's command in a fresh folder; it is killed at three times its limit."""
        with tempfile.TemporaryDirectory(dir=self.place) as folder:
            root, out = Path(folder, "deep", "root"), Path(folder, "out")
            write(root, case.files)
            (root / "tmp").mkdir()
            known = {"{root}": str(root), "{s3}": self.url, "{bucket}": Path(folder).name}
            argv = [*case.program, *(_filled(word, known) for word in case.argv)]
            env = {name: _filled(value, known) for name, value in case.env.items()}
            order = {
                "argv": argv,
                "cwd": folder,
                "env": self._env(root) | env,
                "out": str(out),
                "limit": SECONDS * 3,
            }
            code, seconds, busy, kilobytes = self._start(order)
            planted = (*Path(folder).rglob(f"{PLANTED}*"), *Path("/tmp").glob(f"{PLANTED}*"))
            said = out.read_text(errors="replace")
            return Outcome(case, code, seconds, busy, kilobytes * 1024, said, tuple(map(str, planted)))

    def _env(self, root: Path) -> dict[str, str]:
        """Own folders, but for the cache, in which the solution's environment is built once."""
        own = {name: str(root / "tmp") for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME")}
        cache = os.environ.get("LOCKGATE_CACHE", str(self.place / "cache"))
        return {"PATH": os.environ["PATH"], "LOCKGATE_CACHE": cache, **own}

    def _start(self, order: Mapping[str, object]) -> tuple[int, float, float, int]:
        assert self.starter.stdin and self.starter.stdout
        self.starter.stdin.write(json.dumps(order) + "\n")
        self.starter.stdin.flush()
        code, seconds, busy, kilobytes = json.loads(self.starter.stdout.readline())
        return code, seconds, busy, kilobytes


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench, and for as long the starter's process and an S3 that knows GET and HEAD."""
    argv = [sys.executable, "-I", str(STARTER)]
    with (
        tempfile.TemporaryDirectory(prefix="malformed-") as place,
        _served(place) as url,
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter,
    ):
        found = Bench(starter, Path(place), url)
        assert found.run(WARM).code == 0
        yield found
        assert starter.stdin
        starter.stdin.close()


@contextmanager
def _served(place: str) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=place)) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is asked for is no news."""


def write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder."""
    root.mkdir(parents=True)
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def _filled(word: str, known: Mapping[str, str]) -> str:
    for mark, value in known.items():
        word = word.replace(mark, value)
    return word
