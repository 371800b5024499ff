"""A PostgreSQL of the test's own, from Debian's package: in a folder of its own, on a free port."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "lockgate_tests", "correct horse/battery"
QUOTED = "correct%20horse%2Fbattery"


@dataclass
class Server:
    """A running server: its process, and how it is reached."""

    process: subprocess.Popen[bytes]
    port: int

    def url(self, user: str = USER, password: str = QUOTED, database: str = "postgres") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload]


def binaries() -> Path | None:
    """The folder of the newest server that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return found[-1].parent if found else None


def is_missing() -> bool:
    """Whether there is no server here, and nobody insists: where CI is set, what is missing fails."""
    return binaries() is None and "CI" not in os.environ


@contextmanager
def server(tls: bool = False) -> Iterator[Server]:
    """A server that is stopped by its own pid, and its folder removed. Root may not run one."""
    bin = binaries()
    assert bin is not None, "Debian's package postgresql is not installed"
    owner: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="lg-pg-", dir="/tmp"))
    (folder / "password").write_text(PASSWORD)
    if owner:
        shutil.chown(folder, **owner)
        shutil.chown(folder / "password", **owner)
    data, port = folder / "data", _free_port()
    made = ["initdb", "-D", str(data), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8"]
    run = ["postgres", "-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-F"]
    quiet: dict[str, Any] = {"cwd": folder, "env": {"LC_ALL": "C.UTF-8"}, **owner}
    try:
        made = [str(bin / made[0]), *made[1:], f"--pwfile={folder}/password", "--no-sync"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **quiet)
        run += _certified(data, owner) if tls else []
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([str(bin / run[0]), *run[1:]], stderr=log, stdout=log, **quiet)
        found = Server(process, port)
        _await(found, folder / "log")
        yield found
    finally:
        with suppress(NameError, ProcessLookupError):
            process.send_signal(signal.SIGQUIT)
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _certified(data: Path, owner: dict[str, Any]) -> list[str]:
    """A certificate that the server signed itself, and the options that make it used."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1)
    )
    files = {
        "server.crt": made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM),
        "server.key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    for file, content in files.items():
        (data / file).write_bytes(content)
        (data / file).chmod(0o600)
        if owner:
            shutil.chown(data / file, **owner)
    return ["-c", "ssl=on"]


def _await(found: Server, log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and found.process.poll() is None:
        with suppress(psycopg.OperationalError):
            psycopg.connect(found.url(), connect_timeout=2).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"no server: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
