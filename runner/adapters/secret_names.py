"""Which values are secrets: those of variables whose names say so. Pure.

A name is read word by word (`DB_PASSWORD`, `apiKey`). What such a variable holds is not a secret
where it is short, a path that exists, a region, or a word that any log has: blackening those would
hide causes and protect nothing. In doubt a value is a secret. LOCKGATE_SECRETS names further
variables, which are taken at their word.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from runner.adapters.aws import SANDBOX_KEY

NAMED = "LOCKGATE_SECRETS"
SHORTEST = 8  # characters; shorter ones would hit words of any text
PIECE = 1024  # a longer line is looked for in pieces
SAYS_SO = frozenset(
    {"key", "keys", "apikey", "accesskey", "secretkey", "secret", "secrets", "token", "tokens"}
    | {"password", "passwords", "passwd", "pass", "pwd", "passphrase", "pat", "dsn", "webhook"}
    | {"credential", "credentials", "creds", "auth", "authorization", "bearer", "cookie", "jwt"}
    | {"private", "salt", "signature"}
)
ENDS_SO = ("password", "passwd", "secret", "token", "apikey")  # PGPASSWORD
# The last word says that the variable holds something about the secret, not the secret.
ABOUT = frozenset(
    {"file", "path", "dir", "directory", "folder", "sock", "socket", "type", "mode", "method", "name"}
    | {"names", "algorithm", "header", "provider", "version", "ttl", "expiry", "expires", "expiration"}
    | {"seconds", "enabled", "disabled", "region", "length", "size", "count", "id", "ids", "arn"}
    | {"alias", "host", "port", "user"}
)
ALWAYS = frozenset(
    {"AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}
)
NEVER = frozenset({"PWD", "OLDPWD", NAMED, "GPG_KEY"})  # GPG_KEY: whose Python it is, in the public image
HARMLESS = frozenset(
    {"password", "changeme", "username", "postgres", "postgresql", "localhost", "127.0.0.1", "undefined"}
    | {"disabled", "required", "optional", "anonymous", "development", "production", "integration"}
    | {"certificate", "keychain", "external", "internal", "test-key", "test-secret", "testtest", "lockgate"}
    | {SANDBOX_KEY}
)
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
USERINFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#@]*)@")


@dataclass(frozen=True, slots=True)
class Secret:
    """One value to be hidden, on one line, and the name that is shown in its place."""

    name: str
    value: str


def secrets_of(
    environ: Mapping[str, str], exists: Callable[[str], bool] = os.path.exists
) -> tuple[Secret, ...]:
    """The secrets of an environment, each once; one of several lines gives one for each of them."""
    named = {n.strip() for n in environ.get(NAMED, "").split(",")}
    found: dict[str, str] = {}
    for name, value in environ.items():
        for inner, secret in _values(name, value, name in named, exists):
            for piece in _pieces(secret):
                found.setdefault(piece, re.sub(r"[^A-Za-z0-9_.]", "_", inner)[:60])
    return tuple(Secret(name, value) for value, name in found.items())


def _values(name: str, value: str, chosen: bool, exists: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    if chosen or (says_so(name) and not _harmless(value, exists)):
        yield name, value
    for userinfo in USERINFO.findall(value):
        yield from _of_url(name, userinfo)
    if value.startswith("{"):
        yield from _of_json(name, value, exists)


def _of_url(name: str, userinfo: str) -> Iterator[tuple[str, str]]:
    """The password of a URL, or the token that stands in the user's place, as it is and decoded."""
    user, colon, password = userinfo.partition(":")
    token = password or (user if not colon else "")
    for form in (token, unquote(token), unquote_plus(token)):
        if form.lower() not in HARMLESS:
            yield name, form


def _of_json(name: str, value: str, exists: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """A service's key file in a variable: its fields, judged by their own names."""
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return
    for key, inner in told.items() if isinstance(told, dict) else ():
        if isinstance(inner, str):
            yield from _values(f"{name}.{key}", inner, False, exists) if says_so(key) else ()


def says_so(name: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    if name in ALWAYS or name in NEVER:
        return name in ALWAYS
    words = [word.lower() for word in WORDS.findall(name)]
    said = any(word in SAYS_SO or word.endswith(ENDS_SO) for word in words)
    return said and words[-1] not in ABOUT


def _harmless(value: str, exists: Callable[[str], bool]) -> bool:
    word = value.strip().lower()
    if word in HARMLESS or REGION.fullmatch(word):
        return True
    return value.startswith(("/", "./")) and len(value) < 4096 and exists(value)


def _pieces(value: str) -> Iterator[str]:
    for line in map(str.strip, re.split(r"[\r\n]+", value)):
        for start in range(0, len(line), PIECE):
            piece = line[start : start + PIECE]
            if len(piece) >= SHORTEST and not piece.startswith("-----"):
                yield piece
