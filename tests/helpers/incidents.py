"""An incident to be changed by a test, an AWS that answers from a table, a receiver of webhooks with TLS."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runner.adapters.aws import AwsTarget, sandbox_target
from runner.incident import Finding, Incident
from runner.model import Status

END = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
INCIDENT = Incident(
    "deploy", "r2", "flights", Status.FAILED, "roc_auc: too low", END - dt.timedelta(minutes=30), END,
    "c" * 40, "model", "prod", "2026.11.23-2",
    failed=(Finding("model", "roc_auc", Status.FAILED, "too low", "0.71", ">= 0.75"),),
    links={"log": "https://console.example.org/builds/1#log", "report": "s3://runs/1/report.html"},
)  # fmt: skip


def incident(**fields: Any) -> Incident:
    return replace(INCIDENT, **fields)


@dataclass
class Answers:
    """An Aws that answers 'service:operation' from a table: a value, an error to raise, a function of the
    arguments. Listings are given as their items."""

    table: dict[str, Any]
    target: AwsTarget = field(default_factory=lambda: sandbox_target("http://127.0.0.1:4566"))
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        self.calls.append((f"{service}:{operation}", arguments))
        answer = self.table.get(f"{service}:{operation}", {})
        if isinstance(answer, BaseException):
            raise answer
        return answer(**arguments) if callable(answer) else answer

    def pages(self, service: str, operation: str, name: str, /, **arguments: Any) -> Any:
        return self.call(service, operation, **arguments) or []

    def empty_bucket(self, bucket: str) -> None:
        self.call("s3", "empty_bucket", Bucket=bucket)


@dataclass
class Received:
    """What a receiver got, and how it answers: status codes in turn, the last one for ever."""

    url: str
    certificate: Path
    answers: list[int]
    bodies: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def receiver(folder: Path, *answers: int) -> Iterator[Received]:
    """A server with TLS on this machine; its certificate is to be trusted by SSL_CERT_FILE."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.bodies.append(json.loads(body))
            received.paths.append(self.path)
            self.send_response(received.answers.pop(0) if len(received.answers) > 1 else received.answers[0])
            self.send_header("Location", f"{received.url}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    certificate = folder / "tls.pem"
    certificate.write_bytes(_certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    received = Received(
        f"https://127.0.0.1:{server.server_port}/hook/secret-part", certificate, list(answers or (200,))
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate() -> bytes:
    """A key and a certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .serial_number(1)
        .add_extension(x509.SubjectAlternativeName([address]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM)
