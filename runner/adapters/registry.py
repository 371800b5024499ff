"""A container registry, as far as an image's manifest is asked for: Docker Registry HTTP API V2.

Docker's SDK tells a pushed image's digest, but not the bytes that have it. They are small, pin the
image's configuration and layers, and are what an image is kept as. https://distribution.github.io/
distribution/spec/api/
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from runner.adapters.output import SECRECY
from runner.errors import InfrastructureError
from runner.text import one_line

ONE_IMAGE = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
LIMIT = 4 * 2**20  # what registries take at most for a manifest
TIMEOUT = 30.0
LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class RegistryError(InfrastructureError):
    """The registry cannot be asked, or answered what it should not."""


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """An image's manifest as the registry gave it: sha256(data) is what `digest` names."""

    digest: str
    data: bytes

    @property
    def sha256(self) -> str:
        return self.digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password for one registry."""

    user: str
    password: str

    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Registry:
    """One registry by its host (HOST[:PORT]), spoken to by HTTPS; on this machine by HTTP, as Docker does."""

    def __init__(self, host: str, credentials: Credentials | None = None) -> None:
        self.host, self.credentials = host, credentials
        local = bool(LOOPBACK.fullmatch(host))
        self._base = f"{'http' if local else 'https'}://{host}"
        # Whatever carries a password goes where it was meant to go, and to nobody that answers for it.
        proxies = urllib.request.ProxyHandler({} if local else None)
        self._opener = urllib.request.build_opener(_NoRedirect, proxies)
        self._tokens: dict[str, str] = {}

    def manifest(self, repository: str, reference: str) -> ImageManifest | None:
        """The manifest that a tag or a digest names, None where the registry has none.

        Raises RegistryError where it cannot be asked, and for bytes that are not what was asked for."""
        path = f"/v2/{repository}/manifests/{reference}"
        data = self._get(path, repository)
        if data is None:
            return None
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if DIGEST.fullmatch(reference) and digest != reference:
            raise RegistryError(f"it answers {digest} where {reference} was asked for", where=self.host)
        if not _is_image(data):
            raise RegistryError("it answers something that is no manifest of one image", where=self.host)
        return ImageManifest(digest, data)

    def _get(self, path: str, repository: str, *, asked: bool = False) -> bytes | None:
        url, accept = self._base + path, {"Accept": ", ".join(ONE_IMAGE)}
        try:
            return self._open(url, {**accept, **self._authorization(repository)})
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            if error.code != 401 or asked:
                raise self._refused(error) from None
            self._tokens[repository] = self._answer_to(error.headers.get("WWW-Authenticate", ""))
        return self._get(path, repository, asked=True)  # a token that has run out is had anew, once

    def _authorization(self, repository: str) -> Mapping[str, str]:
        value = self._tokens.get(repository)
        return {"Authorization": value} if value else {}

    def _answer_to(self, challenge: str) -> str:
        """The Authorization that a registry asks for: a password, or a token that its own service gives."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self.credentials:
            return self.credentials.basic()
        asked = dict(CHALLENGE.findall(rest))
        if scheme.lower() != "bearer" or "realm" not in asked:
            hint = f"docker login {self.host}"
            raise RegistryError("it wants to know who asks", where=self.host, hint=hint)
        realm = asked["realm"]
        same = urllib.parse.urlsplit(realm).netloc == self.host
        if not realm.startswith("https://") and not (same and LOOPBACK.fullmatch(self.host)):
            raise RegistryError(f"its token service {one_line(realm)!r} is not https", where=self.host)
        query = urllib.parse.urlencode({k: asked[k] for k in ("service", "scope") if k in asked})
        return f"Bearer {self._token(f'{realm}?{query}')}"

    def _token(self, url: str) -> str:
        known = {"Authorization": self.credentials.basic()} if self.credentials else {}
        try:
            told = json.loads(self._open(url, known))
            token = told.get("token") or told["access_token"]
        except urllib.error.HTTPError as error:
            raise self._refused(error) from None
        except (ValueError, KeyError, AttributeError, RecursionError):
            raise RegistryError("its token service gave no token", where=self.host) from None
        SECRECY.learn({"REGISTRY_TOKEN": str(token)})
        return str(token)

    def _open(self, url: str, headers: Mapping[str, str]) -> bytes:
        request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310  http or https, see above
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                data: bytes = answer.read(LIMIT + 1)
        except urllib.error.HTTPError:
            raise
        except (OSError, HTTPException, ValueError) as error:
            why = one_line(getattr(error, "reason", error))
            raise RegistryError(
                f"it cannot be reached: {why}", where=self.host, hint="is it right?"
            ) from None
        if len(data) > LIMIT:
            raise RegistryError(f"it answers more than {LIMIT >> 20} MiB", where=self.host)
        return data

    def _refused(self, error: urllib.error.HTTPError) -> RegistryError:
        what = f"it answers {error.code} {one_line(error.reason, 100)}"
        return RegistryError(what, where=self.host, hint=f"docker login {self.host}; may you read there?")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Manifests are answered where they are asked for."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _is_image(data: bytes) -> bool:
    """A manifest of one image, not a list of several, nor a page of something else."""
    try:
        found = json.loads(data)
        layers = [layer["size"] for layer in found["layers"]]
        return isinstance(found["config"]["digest"], str) and all(type(size) is int for size in layers)
    except (ValueError, RecursionError, LookupError, TypeError):
        return False
