"""The docker host: each stage in a container of the image, on this machine's engine.

Nothing is mounted: what the stage needs is copied in, what it leaves is copied out, so that the engine
may be elsewhere and no file of this machine is in the tests' reach. The container has no rights, no
socket, a read-only root. Environments are built anew in each, unless a volume keeps them: what one run's
tests can write, a later run would execute.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import threading
import time
from pathlib import Path

from runner.adapters import shell
from runner.adapters.aws import AwsTarget
from runner.adapters.docker import Container, Engine
from runner.adapters.output import SECRECY
from runner.config.schema import DockerHost
from runner.errors import InfrastructureError
from runner.hosts import Order, Remote, heard
from runner.remote.bundle import tar_folder, unpack
from runner.remote.job import KEY
from runner.remote.send import LEFT_BYTES, LEFT_FILES, receive, send
from runner.remote.store import FolderStore
from runner.verdict import Ending

INSIDE, STORE, LEFT = "/scratch", "store", ("endings", "results")
CACHE = "/cache"
# What a container may take beside the stage's own deadline: to fetch, and to build the environment.
SETUP_SECONDS, STOP_SECONDS, POLL = 1800.0, 120, 0.2
PASSED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", shell.TEST_ROLE, *shell.PROXIES)


def ready(settings: DockerHost, target: AwsTarget | None) -> DockerHost:
    """The settings, if an engine answers and has the image."""
    Engine().require(settings.image)
    return settings


def run_stage(order: Order, engine: Engine | None = None) -> Ending:
    """Run one stage in a container and tell how it ended; the container is removed in any case."""
    assert order.remote is not None  # noqa: S101  the wiring gives it to every host but `local`
    engine, remote, key = engine or Engine(), order.remote, secrets.token_hex(32)
    with tempfile.TemporaryDirectory(prefix="lockgate-docker-") as folder:
        store = FolderStore(Path(folder, STORE))
        sha256 = send(order, remote, store)
        container = engine.create(_wanted(remote, sha256, key))
        try:
            _copy_in(engine, container, store)
            code, why = _run(engine, container, order)
            _copy_out(engine, container, store)
            printed = SECRECY.redactor().data(engine.errors(container))
            (order.out / "container.log").write_bytes(printed)
        finally:
            engine.remove(container)
        return receive(order, remote, store, key, code, why)


def _wanted(remote: Remote, sha256: str, key: str) -> Container:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    fixed = {KEY: key, "LOCKGATE_STOP_TIMEOUT": str(STOP_SECONDS)}
    return Container(
        remote.settings.image,
        ("task", "stage", "--store", f"{INSIDE}/{STORE}", "--job", sha256),
        {**remote.variables, **passed_on, **_aws(remote), **fixed},
        {remote.settings.cache: CACHE} if remote.settings.cache else {},
        remote.settings.network,
        {"lockgate.run": remote.run_id, "lockgate.part": remote.part},
    )


def _aws(remote: Remote) -> dict[str, str]:
    """A real AWS reaches the container only if the stage needs one, and then by the run's own session."""
    if remote.target is None or not remote.needs_aws:
        return {}
    if remote.target.kind == "sandbox":
        return {"LOCKGATE_SANDBOX_URL": remote.target.endpoint}
    return {**remote.target.env(), "LOCKGATE_AWS": "1"}


def _copy_in(engine: Engine, container: str, store: FolderStore) -> None:
    archive = store.root.parent / "in.tar"
    tar_folder(store.root, STORE, archive, LEFT)
    engine.put(container, INSIDE, archive)
    archive.unlink()


def _copy_out(engine: Engine, container: str, store: FolderStore) -> None:
    """The ending and the outputs, as far as there are any: a container that was killed left none."""
    for name in LEFT:
        archive = store.root.parent / f"{name}.tar"
        with contextlib.suppress(InfrastructureError):
            engine.get(container, f"{INSIDE}/{STORE}/{name}", archive, LEFT_BYTES)
            unpack(archive, store.root, LEFT_FILES, LEFT_BYTES, "r|")


def _run(engine: Engine, container: str, order: Order) -> tuple[int | None, str]:
    """Start, watch, and stop at the deadline or at an interrupt: (exit status, why it does not count).

    The kernel drops a SIGTERM that the first process of a container does not handle yet: one that has
    said nothing so far would not hear it, and has nothing to hand back."""
    deadline, why = time.monotonic() + order.timeout + SETUP_SECONDS, ""
    engine.start(container)
    listener = threading.Thread(target=_listen, args=(engine, container, order), daemon=True)
    listener.start()
    while (stopped := engine.ended(container)) is None:
        if time.monotonic() > deadline and not why:
            why = f"its container did not end within {order.timeout + SETUP_SECONDS:.0f} s"
        if why or shell.INTERRUPTED.is_set():
            engine.stop(container, STOP_SECONDS if engine.errors(container) else 0)
        time.sleep(POLL)
    listener.join(2.0)
    why = why or ("its container was out of memory" if stopped.out_of_memory else "")
    if why:
        return None, why
    return (128 - stopped.code if stopped.code > 128 else stopped.code), ""


def _listen(engine: Engine, container: str, order: Order) -> None:
    """What the stage says it finished, for the eye only."""
    with contextlib.suppress(InfrastructureError):
        for line in engine.lines(container):
            if (check := heard(line)) is not None:
                order.progress(check)
