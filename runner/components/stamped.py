"""Commands of the solution that make files, run when their inputs have changed and not before.

A stamp in .lockgate/build/ remembers the key under which the files were made (a digest of the
command, its inputs and the lock) and the digest of each file. A file that was changed afterwards
is not made anew, which would hide it: `altered` names it, and the stages judge it as it is.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from runner.adapters import privileges, shell
from runner.adapters.files import sha256_file, sha256_inputs, sha256_tree, write_atomic
from runner.config.schema import Solution
from runner.errors import InfrastructureError, SolutionError, UsageError


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, what it reads, what it writes (paths relative to the root), seconds it may take."""

    name: str
    line: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    timeout: float


def run_stamped(
    root: Path, command: Command, python: Path, solution: Solution, log: Path, *salt: str
) -> tuple[str, bool]:
    """Run the command unless its outputs stand and its key is unchanged; the key, and whether it ran.

    Raises SolutionError where it fails or leaves an output out, InfrastructureError where it is
    killed or too slow, UsageError for a missing input."""
    lock = (solution.python.lock,) if (root / solution.python.lock).exists() else ()
    key = sha256_inputs(root, command.inputs, command.line, *salt, *(sha256_file(root / p) for p in lock))
    stamp = _stamp(root, command.name)
    if _stamped_key(stamp) == key and not _missing(root, command):
        return key, False
    stamp.unlink(missing_ok=True)  # a kill half-way leaves no stamp, so the command runs again
    _execute(root, command, python, solution, log)
    if missing := _missing(root, command):
        raise SolutionError(f"{command.line!r} did not write {missing[0]}", where=f"{command.name} ({log})")
    made = {name: sha256_tree(root / name) for name in command.outputs}
    write_atomic(stamp, json.dumps({"key": key, "command": command.line, "outputs": made}).encode())
    return key, True


def altered(root: Path, name: str) -> str:
    """What is wrong with the outputs of a stamped command as they are now; '' if nothing is."""
    try:
        made = json.loads(_stamp(root, name).read_bytes())["outputs"]
        changed = [path for path, sha256 in made.items() if sha256_tree(root / path) != sha256]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"its stamp {_stamp(root, name)} cannot be read: {error}"
    if not changed:
        return ""
    return f"{changed[0]} was changed after it was made; to have it made anew, delete it"


def _stamp(root: Path, name: str) -> Path:
    return root / ".lockgate" / "build" / f"{name}.json"


def _stamped_key(stamp: Path) -> str | None:
    try:
        return str(json.loads(stamp.read_bytes())["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _missing(root: Path, command: Command) -> list[str]:
    return [name for name in command.outputs if not (root / name).exists()]


def _execute(root: Path, command: Command, python: Path, solution: Solution, log: Path) -> None:
    with privileges.writable(root, command.outputs):
        done = shell.run(
            _argv(command, python),
            env=shell.clean_env(solution_env(root, python, solution)),
            cwd=root,
            timeout=command.timeout,
            log=log,
            untrusted=True,
        )
    where = f"{command.name} ({log})"
    if done.timed_out:
        raise InfrastructureError(f"{command.line!r} did not end in {command.timeout:.0f} s", where=where)
    if done.code < 0:
        raise InfrastructureError(f"{command.line!r} was killed by signal {-done.code}", where=where)
    if done.code:
        raise SolutionError(_last_line(done.output) or f"exit status {done.code}", where=where)


def solution_env(root: Path, python: Path, solution: Solution) -> dict[str, str]:
    """What makes a child find the solution's interpreter, tools and code first."""
    path = os.pathsep.join(str(root / folder) for folder in solution.python.path)
    return {
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": path,
        "VIRTUAL_ENV": str(python.parent.parent),
        "PYTHONUNBUFFERED": "1",
    }


def _argv(command: Command, python: Path) -> list[str]:
    try:
        words = shlex.split(command.line)
    except ValueError as error:
        raise UsageError(
            f"the command {command.line!r} cannot be split: {error}", where=command.name
        ) from None
    if not words:
        raise UsageError("the command is empty", where=command.name)
    return [str(python), *words[1:]] if words[0] in ("python", "python3") else words


def _last_line(output: str) -> str:
    """The last line that says something; of a traceback that is the exception."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else ""
