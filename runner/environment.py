"""A solution's own Python environment: built once from its lock file, known by a digest.

Nothing of Lockgate is in it, and nothing of it in Lockgate's. The digest covers the lock's bytes
and the interpreter, so that a changed lock gives a new environment and an old one is never mended.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from runner.adapters import privileges, shell
from runner.adapters.locks import locked
from runner.adapters.requirements import read_lock
from runner.config.schema import Solution
from runner.errors import InfrastructureError, SolutionError

READY = "lockgate-ready"


def environment_digest(root: Path, solution: Solution) -> str:
    """sha256 over the lock file and the interpreter that it will be installed for."""
    lock = root / solution.python.lock
    if not lock.is_file():
        raise SolutionError(
            f"there is no lock file {solution.python.lock!r}",
            where=str(root),
            hint="write one with `pip-compile --generate-hashes`, pytest in it",
        )
    python = f"{sys.implementation.cache_tag} {sys.platform} {os.uname().machine}"
    return hashlib.sha256(python.encode() + b"\0" + lock.read_bytes()).hexdigest()


def interpreter(root: Path, solution: Solution, cache: Path) -> Path:
    """Where the environment's interpreter is, or would be; a solution without a lock has none."""
    if not (root / solution.python.lock).is_file():
        return cache / "envs" / "none" / "bin" / "python"
    return cache / "envs" / environment_digest(root, solution)[:24] / "bin" / "python"


def solution_python(
    root: Path, solution: Solution, cache: Path, log: Path, say: Callable[[str], None] = lambda line: None
) -> Path:
    """The interpreter of the solution's environment, built if it is not there yet.

    A venv cannot be moved, so it is built in place, under a lock, and believed only once its
    marker is written: a kill leaves an environment that the next run builds anew."""
    privileges.require_readable(root)
    python = interpreter(root, solution, cache)
    home = python.parent.parent
    home.parent.mkdir(parents=True, exist_ok=True)
    with locked(home.with_suffix(".lock"), lambda: say("waiting for another run that builds it")):
        if not (home / READY).is_file():
            say(f"building the solution's environment from {solution.python.lock} (once)")
            shutil.rmtree(home, ignore_errors=True)
            _build(home, root / solution.python.lock, log)
    return python


def _build(home: Path, lock: Path, log: Path) -> None:
    with privileges.lent(home, *_pip_cache()):  # a source distribution's setup.py is code of others
        _install(home, lock, log)
    (home / READY).touch()


def _pip_cache() -> list[Path]:
    return [Path(named)] if (named := os.environ.get("PIP_CACHE_DIR")) else []


def _install(home: Path, lock: Path, log: Path) -> None:
    read_lock(lock, "--no-binary")  # the environment's name is this file's digest, and no other's
    _must([sys.executable, "-m", "venv", str(home)], log, "cannot make a virtual environment")
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _must([*pip, "--require-hashes", "-r", str(lock)], log, f"cannot install {lock.name}")


def _must(argv: list[str], log: Path, what: str) -> None:
    done = shell.run(argv, env=shell.tool_env(), timeout=1800, log=log, untrusted=True)
    if done.code != 0:
        last = next((line for line in reversed(done.output.splitlines()) if "ERROR" in line), "")
        raise InfrastructureError(
            f"{what}: {last or f'exit {done.code}'}",
            where=str(log),
            hint="is the package index reached, and does the lock hold hashes?",
        )
