"""A lock installed for a target: wheels alone, every hash required, kept by digest in the cache."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

from runner.adapters import shell
from runner.adapters.requirements import read_lock
from runner.components.targets import Target
from runner.errors import InfrastructureError, SolutionError

OPTIONS = (
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--no-input",
    "--no-compile",
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
)
REQUIREMENT = re.compile(r"^\s*[A-Za-z0-9]", re.MULTILINE)
UNREACHABLE = re.compile(
    r"Retrying|ConnectionError|timed out|SSLError|Temporary failure|No space left|\b50\d\b"
)
# pip's list of requirements that have no hash.
UNHASHED = re.compile(r"Hashes are required[^\n]*\n((?: +\S[^\n]*\n?)+)")
AT_FAULT = re.compile(r"hash|No matching distribution|Could not find a version|Invalid requirement", re.I)


def dependency_tree(lock: Path, target: Target, *, is_host: bool, cache: Path, log: Path) -> Path:
    """The folder into which a lock's wheels are installed; an unchanged lock costs nothing.

    Raises SolutionError where the lock cannot be satisfied, InfrastructureError where the package
    index cannot be reached or pip fails for a reason of its own."""
    data = read_lock(lock)
    options = [] if is_host else target.pip_options()
    key = hashlib.sha256("\0".join([target.name, *options, data]).encode()).hexdigest()[:32]
    tree = cache / "trees" / key
    if not tree.is_dir():
        tree.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=tree.parent, prefix=".tree-") as folder:
            building = Path(folder, "tree")
            building.mkdir()
            if REQUIREMENT.search(data):
                _install(lock, options, building, log)
            _settle(building, tree)
    return tree


def _install(lock: Path, options: list[str], into: Path, log: Path) -> None:
    argv = [sys.executable, "-P", "-m", "pip", *OPTIONS, "--target", str(into), "-r", str(lock), *options]
    done = shell.run(argv, env=shell.tool_env(), cwd=into.parent, timeout=900, log=log)
    if done.code == 0:
        return
    what = _words(done.output) or f"pip ended with status {done.code}"
    if AT_FAULT.search(done.output) and not UNREACHABLE.search(done.output):
        hint = "a Lambda needs wheels for its runtime and their hashes in the lock; the log has pip's words"
        raise SolutionError(what, where=f"{lock} (log {log})", hint=hint)
    raise InfrastructureError(
        what, where=f"pip install -r {lock} (log {log})", hint="is the index reachable?"
    )


def _words(output: str) -> str:
    """What pip says is wrong; of requirements without a hash, which."""
    if found := UNHASHED.search(output):
        return f"no hash for {', '.join(line.split()[0] for line in found[1].splitlines())}"
    lines = [line for line in output.splitlines() if "ERROR" in line] or output.splitlines()[-1:]
    return lines[0].removeprefix("ERROR: ").strip() if lines else ""


def _settle(building: Path, tree: Path) -> None:
    """Move into place; where another build was first, its tree is the same."""
    try:
        building.rename(tree)
    except OSError:
        if not tree.is_dir():
            raise
        shutil.rmtree(building, ignore_errors=True)
