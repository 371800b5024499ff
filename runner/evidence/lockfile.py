"""What a pip lock says (pure): one version a package, each with its hashes.

The subset of pip's requirements format that pip-compile, uv and pip lock files with hashes use. A lock
is hostile input: it is bounded, and every pattern runs over text whose white space is collapsed before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from runner.errors import SolutionError
from runner.text import one_line

MAX_BYTES = 8 * 2**20
MAX_PACKAGES = 5_000
MAX_VERSIONS = 20  # of one package, by markers
DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
# Options of a whole file that say nothing about what is installed. Those that name other files or
# allow what has no hash are refused where the lock is installed, and here.
OPTIONS = {
    "--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--no-index", "--trusted-host",
    "--only-binary", "--prefer-binary", "--require-hashes", "--pre",
}  # fmt: skip
REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?) ?(?P<extras>\[[A-Za-z0-9._, -]*\])? ?"
    r"(?:===? ?(?P<version>[A-Za-z0-9][A-Za-z0-9.!+_-]*)|@ ?(?P<url>[^ ]+)) ?(?:; ?(?P<marker>.+))?"
)
HASH = re.compile(r"--hash[= ](sha256|sha384|sha512):([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package: its name as the index writes it (PEP 503), and the digests that the lock allows it,
    as sorted (algorithm, hex) pairs. `version` is '' where it comes from a URL; `marker` says on which
    machines it is installed ('': on all)."""

    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    marker: str = ""


def parse_lock(data: bytes, where: str) -> tuple[Locked, ...]:
    """The packages of a lock, sorted. Raises SolutionError, naming `where` and the line."""
    if len(data) > MAX_BYTES:
        raise SolutionError(f"the lock is larger than {MAX_BYTES >> 20} MiB", where=where)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SolutionError(f"the lock is not UTF-8: {error.reason}", where=where) from None
    found: dict[str, dict[str, Locked]] = {}
    for number, line in _logical_lines(text):
        if package := _package(line, f"{where}:{number}"):
            _add(found.setdefault(package.name, {}), package, f"{where}:{number}")
        if len(found) > MAX_PACKAGES:
            raise SolutionError(f"more than {MAX_PACKAGES:,} packages", where=where)
    return tuple(found[name][version] for name in sorted(found) for version in sorted(found[name]))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(line number, text) without comments and continuations, white space collapsed."""
    held: list[str] = []
    begun = 1
    for number, raw in enumerate(text.splitlines(), 1):
        line, comment = _without_comment(raw)
        begun = begun if held else number
        continues = line.endswith("\\") and not comment
        held.append(line.removesuffix("\\") if continues else line)
        if not continues:
            yield begun, " ".join(" ".join(held).split())
            held = []
    if held:
        yield begun, " ".join(" ".join(held).split())


def _without_comment(raw: str) -> tuple[str, bool]:
    """A line up to a '#' at its start or after white space, and whether there was one."""
    line = " ".join(raw.split())
    if line.startswith("#"):
        return "", True
    head, mark, _ = line.partition(" #")
    return head, bool(mark)


def _package(line: str, where: str) -> Locked | None:
    if not line:
        return None
    if line.startswith("-"):
        if re.split("[ =]", line, maxsplit=1)[0] in OPTIONS:
            return None
        raise SolutionError(f"a lock may not say {one_line(line, 80)!r}", where=where)
    requirement, mark, options = line.partition(" --")
    match = REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise SolutionError(f"{one_line(requirement, 80)!r} is no NAME==VERSION", where=where)
    name = re.sub(r"[-_.]+", "-", match["name"]).lower()
    hashes = _hashes(f"{mark}{options}".strip(), where)
    return Locked(name, match["version"] or "", hashes, one_line(match["marker"] or ""))


def _hashes(options: str, where: str) -> tuple[tuple[str, str], ...]:
    found = set()
    for option in options.split(" --") if options else ():
        match = HASH.fullmatch(f"--{option.removeprefix('--')}")
        if match is None or len(match[2]) != DIGITS[match[1]]:
            raise SolutionError(f"{one_line(option, 80)!r} is no hash", where=where)
        found.add((match[1], match[2]))
    if not found:
        raise SolutionError("a package without a hash", where=where, hint="pip-compile --generate-hashes")
    return tuple(sorted(found))


def _add(versions: dict[str, Locked], package: Locked, where: str) -> None:
    """Keep a package; a second version of one is only possible where markers tell them apart."""
    unmarked = [p for p in (*versions.values(), package) if not p.marker]
    if len(unmarked) > 1 or len(versions) > MAX_VERSIONS:
        raise SolutionError(f"{package.name} is in the lock twice", where=where)
    same = versions.get(package.version)
    hashes = {*package.hashes, *(same.hashes if same else ())}
    marker = package.marker if same is None or package.marker == same.marker else ""
    versions[package.version] = replace(package, hashes=tuple(sorted(hashes)), marker=marker)
