"""The Docker engine: the only module that imports the docker SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import InfrastructureError


class Gone(InfrastructureError):
    """The container is not there any more: somebody else removed it."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a container is started as: without rights, a root file system that is read-only, and no
    socket of the engine. `volumes`: volume name -> path inside."""

    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    volumes: Mapping[str, str]
    network: str = "bridge"
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a container ended: its exit status, and whether the kernel ended it for its memory."""

    code: int
    out_of_memory: bool


class Engine:
    """What Lockgate uses of Docker, and no more. Every method raises InfrastructureError."""

    def __init__(self, client: Any = None) -> None:
        self._client = client or _from_env()

    def require(self, image: str) -> None:
        """Raises InfrastructureError where the engine does not have an image."""
        with _translated(f"image {image}"):
            self._client.images.get(image)

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

    def ended(self, container: str) -> Stopped | None:
        """How the container ended; None while it runs."""
        with _translated("inspect"):
            state = self._client.api.inspect_container(container)["State"]
        if state["Status"] not in ("exited", "dead"):
            return None
        return Stopped(int(state["ExitCode"]), bool(state.get("OOMKilled")))

    def stop(self, container: str, seconds: int) -> None:
        """Ask the container to end, and end it after so many seconds."""
        with _translated("stop"):
            self._client.api.stop(container, timeout=seconds)

    def remove(self, container: str) -> None:
        """Remove the container with its anonymous volumes, whatever it is doing; one that is gone is fine."""
        with suppress(Gone), _translated("remove"):
            self._client.api.remove_container(container, v=True, force=True)


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
        raise InfrastructureError(
            f"docker: {_line(error)}", where=where, hint="is a Docker engine running, and may you use it?"
        ) from None


def _line(error: BaseException) -> str:
    return " ".join(str(getattr(error, "explanation", None) or error).split())[:500]
