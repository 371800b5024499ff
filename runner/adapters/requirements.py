"""A pip lock before pip gets it: what is in this one file, and nothing that it could lead to."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from runner.errors import SolutionError
from runner.text import one_line

# What a lock may say beside packages: where they lie. Anything else could name further files, which the
# digest would not cover, or build sources; pip takes abbreviations (--req) and values that follow at once
# (-rFILE), so that only a list of what is allowed holds.
ALLOWED = {
    "--hash", "--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--no-index", "--trusted-host",
    "--only-binary", "--prefer-binary", "--require-hashes", "--pre",
}  # fmt: skip
COMMENT = re.compile(r"(^|\s)#.*")
# PEP 263: pip would read a lock in any encoding that its first lines name.
ENCODING = re.compile(r"coding[:=]\s*(?!utf-?8\b)[-\w.]+", re.IGNORECASE)


def read_lock(lock: Path, *also: str) -> str:
    """The text of a lock. `also`: options that are allowed beside ALLOWED.

    Raises SolutionError where it cannot be read, or would have pip do more than install packages."""
    try:
        data = lock.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SolutionError(f"the lock cannot be read: {error}", where=str(lock)) from error
    if refused := _refused(data, ALLOWED.union(also)):
        raise SolutionError(
            f"{one_line(refused, 80)} is not allowed in a lock",
            where=str(lock),
            hint="lock every package with its hashes in this one file (pip-compile --generate-hashes)",
        )
    return data


def _refused(data: str, allowed: Collection[str]) -> str:
    """The first thing in a lock that pip would do more with than install a package; '' if none is."""
    lines = data.splitlines()
    if found := ENCODING.search("\n".join(lines[:2])):
        return found[0]
    words = (word for line in lines for word in COMMENT.sub("", line).split() if word.startswith("-"))
    return next((word for word in words if word.partition("=")[0] not in allowed), "")
