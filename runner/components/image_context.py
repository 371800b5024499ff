"""What an image is built from: the files that its build may see, as .dockerignore leaves them.

The archive that the engine is sent is made here and digested here, so nothing that was not counted
can get into an image; files' times, owners and the user's umask are not part of it.
"""

from __future__ import annotations

import fnmatch
import hashlib
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.adapters.files import sha256_file, walk
from runner.components.archive import is_executable

# 1980-01-01: a wheel (a zip) that is made in the build cannot hold anything older.
DATE = 315_532_800
FORMAT = "1"
# The name of a Dockerfile that the context does not hold itself.
OUTSIDE = ".lockgate.Dockerfile"


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image's definition. `files`: name in the build's context -> file; `origin`: what to show."""

    kind: str
    origin: Path
    files: Mapping[str, Path]
    dockerfile: str
    args: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 1800.0

    def digest(self) -> str:
        """The digest that names an image before it is built."""
        told = [FORMAT, self.kind, self.dockerfile, *(f"{k}={v}" for k, v in sorted(self.args.items()))]
        whole = hashlib.sha256("\0".join(told).encode())
        for name, path in sorted(self.files.items()):
            line = f"\n{name}\0{_mode(path):o}\0{sha256_file(path)}"
            whole.update(line.encode("utf-8", "surrogateescape"))
        return whole.hexdigest()

    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files.values())

    def pack(self, out: Path) -> None:
        """Write the context as a tar file; the same files give the same bytes."""
        with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as archive:
            for name, path in sorted(self.files.items()):
                info = tarfile.TarInfo(name)
                info.mode, info.mtime = _mode(path), DATE
                with path.open("rb") as stream:
                    info.size = path.stat().st_size
                    archive.addfile(info, stream)


def _mode(path: Path) -> int:
    return 0o755 if is_executable(path) else 0o644


def context_files(context: Path) -> Iterator[Path]:
    """The context's files that .dockerignore leaves in; the last pattern that matches decides."""
    patterns = _patterns(context / ".dockerignore")
    for path in walk(context):
        name = path.relative_to(context).as_posix()
        ignored = False
        for pattern, excludes in patterns:
            if _matches(name, pattern):
                ignored = excludes
        if not ignored:
            yield path


def _patterns(path: Path) -> list[tuple[str, bool]]:
    """(pattern, whether it excludes) in the file's order."""
    if not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    kept = [line for line in lines if line and not line.startswith("#")]
    return [(_cleaned(line.removeprefix("!").strip()), not line.startswith("!")) for line in kept]


def _cleaned(pattern: str) -> str:
    """A pattern as Docker reads it (Go's filepath.Clean and Match): './a', 'b/../a', '/a/' are 'a', and
    '[^a]' is what fnmatch calls '[!a]'. https://docs.docker.com/build/concepts/context/#syntax"""
    return posixpath.normpath(pattern).strip("/").replace("[^", "[!")


def _matches(name: str, pattern: str) -> bool:
    """Whether a file or a folder above it matches."""
    parts, wanted = name.split("/"), pattern.split("/")
    return any(_fits(parts[:i], wanted) for i in range(1, len(parts) + 1))


def _fits(parts: list[str], wanted: list[str]) -> bool:
    """Segment by segment: '*' stays within one, '**' stands for any number of them. Where a part does
    not fit, the last '**' takes one more; those before it need no second look."""
    at = want = taken = 0
    stars = -1
    while at < len(parts):
        if want < len(wanted) and wanted[want] == "**":
            stars, taken, want = want, at, want + 1
        elif want < len(wanted) and fnmatch.fnmatchcase(parts[at], wanted[want]):
            at, want = at + 1, want + 1
        elif stars >= 0:
            at, want, taken = taken + 1, stars + 1, taken + 1
        else:
            return False
    return all(segment == "**" for segment in wanted[want:])
