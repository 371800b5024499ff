"""The registry's client against a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from runner.adapters.registry import LIMIT, Credentials, Registry, RegistryError

MANIFEST = json.dumps({"config": {"digest": "sha256:c"}, "layers": [{"size": 3}]}).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
ME = Credentials("me", "secret")


class Server(ThreadingHTTPServer):
    """Answers by path; `wants`: the Authorization without which it answers 401 and the challenge."""

    answers: dict[str, tuple[int, bytes]]
    wants = ""
    challenge = ""
    seen: list[tuple[str, str]]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        who = self.headers.get("Authorization", "")
        self.server.seen.append((self.path, who))
        code, body = self.server.answers.get(self.path, (404, b"{}"))
        if self.server.wants and who != self.server.wants and self.path.startswith("/v2/"):
            code, body = 401, b""
        self.send_response(code)
        if code == 401:
            self.send_header("WWW-Authenticate", self.server.challenge)
        if code == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.answers = {f"/v2/a/b/manifests/{ref}": (200, MANIFEST) for ref in ("tag", DIGEST)}
    server.seen = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_manifest_is_its_bytes(server: Server) -> None:
    found = Registry(server.host).manifest("a/b", "tag")
    assert found and (found.digest, found.data, found.sha256) == (DIGEST, MANIFEST, DIGEST[7:])
    assert Registry(server.host).manifest("a/b", DIGEST) == found
    assert Registry(server.host).manifest("a/b", "other") is None


@pytest.mark.parametrize(
    ("code", "body", "told"),
    [
        (200, b'{"config": {"digest": "x"}, "layers": []} ', "where sha256:"),
        (200, b"<html>", "where sha256:"),
        (500, b"", "it answers 500"),
        (302, b"", "it answers 302"),
        (200, b"x" * (LIMIT + 1), "more than 4 MiB"),
    ],
)
def test_another_answer_is_no_answer(server: Server, code: int, body: bytes, told: str) -> None:
    server.answers[f"/v2/a/b/manifests/{DIGEST}"] = (code, body)
    with pytest.raises(RegistryError, match=told):
        Registry(server.host).manifest("a/b", DIGEST)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"manifests": []}', b'{"config": 1, "layers": [1]}', b"[" * 100_000]
)
def test_a_tag_names_one_image(server: Server, body: bytes) -> None:
    server.answers["/v2/a/b/manifests/tag"] = (200, body)
    with pytest.raises(RegistryError, match="no manifest of one image"):
        Registry(server.host).manifest("a/b", "tag")


def test_a_password_is_sent_when_it_is_asked_for(server: Server) -> None:
    server.wants, server.challenge = ME.basic(), 'Basic realm="r"'
    registry = Registry(server.host, ME)
    assert registry.manifest("a/b", "tag")
    assert [who for _, who in server.seen] == ["", ME.basic()]
    with pytest.raises(RegistryError, match="who asks"):
        Registry(server.host).manifest("a/b", "tag")
    with pytest.raises(RegistryError, match="401"):
        Registry(server.host, Credentials("me", "wrong")).manifest("a/b", "tag")


def test_a_token_is_had_from_the_service_that_the_registry_names(server: Server) -> None:
    server.wants = "Bearer abc123"
    server.challenge = f'Bearer realm="http://{server.host}/token",service="s",scope="repository:a/b:pull"'
    path = "/token?service=s&scope=repository%3Aa%2Fb%3Apull"
    server.answers[path] = (200, b'{"token": "abc123"}')
    registry = Registry(server.host, ME)
    assert registry.manifest("a/b", "tag") and registry.manifest("a/b", DIGEST)
    assert (path, ME.basic()) in server.seen and len(server.seen) == 4


def test_a_token_that_has_run_out_is_had_anew(server: Server) -> None:
    server.wants, server.challenge = "Bearer one", f'Bearer realm="http://{server.host}/token"'
    server.answers["/token?"] = (200, b'{"access_token": "one"}')
    registry = Registry(server.host)
    assert registry.manifest("a/b", "tag")
    server.wants = "Bearer two"
    server.answers["/token?"] = (200, b'{"access_token": "two"}')
    assert registry.manifest("a/b", "tag")


@pytest.mark.parametrize(
    ("challenge", "token", "told"),
    [
        ('Bearer realm="http://169.254.169.254/x"', b"{}", "is not https"),
        ('Bearer realm="file:///etc/passwd"', b"{}", "is not https"),
        ('Bearer service="s"', b"{}", "who asks"),
        ("", b"{}", "who asks"),
        ('Bearer realm="http://HOST/token"', b"[]", "no token"),
        ('Bearer realm="http://HOST/token"', b"{}", "no token"),
        ('Bearer realm="http://HOST/token"', b"no json", "no token"),
    ],
)
def test_a_password_goes_nowhere_else(server: Server, challenge: str, token: bytes, told: str) -> None:
    server.wants, server.challenge = "Bearer x", challenge.replace("HOST", server.host)
    server.answers["/token?"] = (200, token)
    with pytest.raises(RegistryError, match=told):
        Registry(server.host, ME).manifest("a/b", "tag")


def test_nobody_there_is_an_error_that_says_so() -> None:
    with pytest.raises(RegistryError, match="cannot be reached"):
        Registry("127.0.0.1:1").manifest("a/b", "tag")
