"""The Docker engine: the only module that imports the docker SDK."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.adapters.docker_memory import peak_bytes
from runner.adapters.registry import Credentials
from runner.adapters.shell import INTERRUPTED
from runner.errors import InfrastructureError, SolutionError
from runner.text import one_line

# What a build says where the definition is at fault; anything else is the world's.
AT_FAULT = re.compile(
    r"returned a non-zero code: (?!137)|(COPY|ADD) failed|parse error|unknown instruction|requires BuildKit",
    re.I,
)
UNREACHABLE = re.compile(
    r"Temporary failure|Could not resolve|Connection (refused|timed out|reset)|Network is unreachable"
)


class Gone(InfrastructureError):
    """The container is not there any more: somebody else removed it."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a container is started as: without rights, a root file system that is read-only, and no
    socket of the engine. `volumes`: volume name -> path inside; `port`: one to be reached by this
    machine alone."""

    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    volumes: Mapping[str, str]
    network: str = "bridge"
    labels: Mapping[str, str] | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a container ended: its exit status, and whether the kernel ended it for its memory."""

    code: int
    out_of_memory: bool


@dataclass(frozen=True, slots=True)
class Build:
    """What an image is built from: a tar file with everything the build may see. `timeout`: seconds."""

    context: Path
    dockerfile: str
    tag: str
    labels: Mapping[str, str]
    args: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 1800.0


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image as the engine has it: its id, its registries' digests, 'amd64' or so, unpacked bytes."""

    id: str
    digests: tuple[str, ...]
    architecture: str
    size: int
    labels: Mapping[str, str]


class Engine:
    """What Lockgate uses of Docker, and no more. Every method raises InfrastructureError."""

    def __init__(self, client: Any = None) -> None:
        self._client = client or _from_env()

    def require(self, image: str) -> None:
        """Raises InfrastructureError where the engine does not have an image."""
        with _translated(f"image {image}"):
            self._client.images.get(image)

    def image(self, reference: str) -> ImageInfo:
        """An image that the engine has, by name, digest or id; raises where it has none."""
        with _translated(f"image {reference}"):
            return _info(self._client.images.get(reference).attrs)

    def build(self, wanted: Build, said: Callable[[str], None]) -> ImageInfo:
        """Build an image by the engine's classic builder; `said` gets each line.

        Raises SolutionError where the definition is at fault."""
        with _translated("build"), wanted.context.open("rb") as context:
            stream = self._client.api.build(
                fileobj=context,
                custom_context=True,
                dockerfile=wanted.dockerfile,
                tag=wanted.tag,
                labels=dict(wanted.labels),
                buildargs=dict(wanted.args),
                rm=True,
                forcerm=True,
                decode=True,
                timeout=wanted.timeout,
            )
            _followed(stream, wanted.timeout, said)
        return self.image(wanted.tag)

    def push(
        self, repository: str, tag: str, who: Credentials | None, timeout: float, said: Callable[[str], None]
    ) -> str:
        """Push a tag of a repository; the digest (sha256:...) that the registry has it under."""
        auth = {"username": who.user, "password": who.password} if who else None
        with _translated(f"push {repository}"):
            stream = self._client.api.push(repository, tag, stream=True, decode=True, auth_config=auth)
            told = _followed(stream, timeout, said)
        if not told.get("Digest"):
            raise InfrastructureError("the registry told no digest", where=f"push {repository}")
        return str(told["Digest"])

    def pull(self, reference: str, who: Credentials | None = None) -> ImageInfo:
        """Pull an image by its digest (NAME@sha256:...)."""
        auth = {"username": who.user, "password": who.password} if who else None
        with _translated(f"pull {reference}"):
            return _info(self._client.images.pull(reference, auth_config=auth).attrs)

    def create(self, wanted: Container) -> str:
        """Create a container, not started; its id."""
        with _translated(f"image {wanted.image}"):
            made = self._client.containers.create(
                wanted.image,
                list(wanted.command),
                environment=dict(wanted.environment),
                volumes={name: {"bind": path, "mode": "rw"} for name, path in wanted.volumes.items()},
                network_mode=wanted.network,
                labels=dict(wanted.labels or {}),
                ports={f"{wanted.port}/tcp": ("127.0.0.1", None)} if wanted.port else {},
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                tmpfs={"/tmp": "size=64m"},  # noqa: S108
                detach=True,
            )
            return str(made.id)

    def start(self, container: str) -> None:
        with _translated("start"):
            self._client.api.start(container)

    def put(self, container: str, folder: str, archive: Path) -> None:
        """Unpack a tar file into a folder of the container (in a volume, where the rest is read-only)."""
        with _translated(folder), archive.open("rb") as stream:
            if not self._client.api.put_archive(container, folder, stream):
                raise InfrastructureError("the engine took no files", where=folder)

    def get(self, container: str, path: str, out: Path, limit: int) -> None:
        """Fetch a file or folder of the container as a tar file of at most `limit` bytes."""
        with _translated(path), out.open("wb") as sink:
            chunks, _ = self._client.api.get_archive(container, path)
            for chunk in chunks:
                if sink.tell() + len(chunk) > limit:
                    raise InfrastructureError(f"larger than {limit >> 20} MiB", where=path)
                sink.write(chunk)

    def lines(self, container: str) -> Iterator[bytes]:
        """What the container prints on stdout, line by line, until it ends."""
        with _translated("logs"):
            rest = b""
            for chunk in self._client.api.logs(container, stream=True, follow=True, stderr=False):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole
                rest = rest[-1_000_000:]

    def errors(self, container: str) -> bytes:
        """The end of what the container printed on stderr."""
        with _translated("logs"):
            return bytes(self._client.api.logs(container, stdout=False, tail=200))

    def address(self, container: str, port: int) -> str:
        """HOST:PORT at which this machine reaches a port of a running container."""
        with _translated(f"port {port}"):
            ports = self._client.api.inspect_container(container)["NetworkSettings"]["Ports"] or {}
        found = ports.get(f"{port}/tcp") or []
        if not found:
            raise InfrastructureError(f"port {port} of the container is not to be reached", where="docker")
        return f"127.0.0.1:{found[0]['HostPort']}"

    def ended(self, container: str) -> Stopped | None:
        """How the container ended; None while it runs."""
        with _translated("inspect"):
            state = self._client.api.inspect_container(container)["State"]
        if state["Status"] not in ("exited", "dead"):
            return None
        return Stopped(int(state["ExitCode"]), bool(state.get("OOMKilled")))

    def peak_bytes(self, container: str) -> int | None:
        """The most memory that a running container had; None where nobody here can tell."""
        with _translated("stats"):
            return peak_bytes(self._client.api, container)

    def stop(self, container: str, seconds: int) -> None:
        """Ask the container to end, and end it after so many seconds."""
        with _translated("stop"):
            self._client.api.stop(container, timeout=seconds)

    def remove(self, container: str) -> None:
        """Remove the container with its anonymous volumes, whatever it is doing; one that is gone is fine."""
        with suppress(Gone), _translated("remove"):
            self._client.api.remove_container(container, v=True, force=True)


def logged_in(host: str) -> Credentials | None:
    """What `docker login` has kept for a registry, None where it has nothing that can be used."""
    import docker.auth

    with _translated(f"credentials of {host}"):
        found = docker.auth.load_config().resolve_authconfig(host) or {}
    user, password = (
        found.get("username") or found.get("Username"),
        found.get("password") or found.get("Password"),
    )
    return Credentials(user, password) if user and password else None


def _info(attributes: Mapping[str, Any]) -> ImageInfo:
    labels = (attributes.get("Config") or {}).get("Labels") or {}
    digests = tuple(attributes.get("RepoDigests") or ())
    return ImageInfo(
        attributes["Id"], digests, attributes.get("Architecture", ""), int(attributes["Size"]), labels
    )


def _followed(
    stream: Iterator[Mapping[str, Any]], timeout: float, said: Callable[[str], None]
) -> Mapping[str, Any]:
    """Read a build's or a push's progress to its end; what it told beside its text (`aux`)."""
    deadline, last = time.monotonic() + timeout, ""
    told: dict[str, Any] = {}
    for event in stream:
        if INTERRUPTED.is_set() or time.monotonic() > deadline:
            why = "interrupted" if INTERRUPTED.is_set() else f"it did not end in {timeout:.0f} s"
            raise InfrastructureError(why, where="docker")
        if error := event.get("error"):
            raise _fault(one_line(error, 500), last)
        told |= event.get("aux") or {}
        if line := str(event.get("stream") or event.get("status") or "").strip():
            said(line)
            last = (last + line)[-4000:]
    return told


def _fault(error: str, last: str) -> Exception:
    if AT_FAULT.search(error) and not UNREACHABLE.search(last):
        return SolutionError(error, where="docker build", hint="the log has what it said")
    return InfrastructureError(f"docker: {error}", where="docker", hint="the log has what it said")


def _from_env() -> Any:
    with _translated("engine"):
        import docker

        client = docker.from_env(timeout=120)
        client.ping()
        return client


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """The SDK's errors as ours: one line, and what to do."""
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.ImageNotFound as error:
        raise InfrastructureError(
            f"there is no such image: {_line(error)}",
            where=where,
            hint="build it with images/build.sh, or pull it",
        ) from None
    except docker.errors.NotFound as error:
        raise Gone(f"docker: {_line(error)}", where=where, hint="did somebody remove it?") from None
    except (docker.errors.DockerException, requests.RequestException) as error:
        if getattr(error, "status_code", 0) == 400 and AT_FAULT.search(_line(error)):
            raise SolutionError(_line(error), where=where) from None  # a Dockerfile that does not parse
        raise InfrastructureError(
            f"docker: {_line(error)}", where=where, hint="is a Docker engine running, and may you use it?"
        ) from None


def _line(error: BaseException) -> str:
    return " ".join(str(getattr(error, "explanation", None) or error).split())[:500]
