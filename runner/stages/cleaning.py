"""What a stage left, without the secrets that this process knows and the stage's did not.

A stage's process has a clean environment: what its tests found out in spite of that (they may run as
the same user), only its parent recognizes. So the parent goes over everything before anybody reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from runner import wire
from runner.adapters.output import SECRECY
from runner.adapters.redact import Redactor
from runner.errors import InfrastructureError
from runner.model import StageReport
from runner.stages.child import RESULT
from runner.verdict import Ending

CHUNK = 2**20


def cleaned(out: Path, ending: Ending) -> Ending:
    """The ending of a stage that left the folder `out`, both without secrets; `sha256` is then that of
    the report as it lies there.

    Raises InfrastructureError where a file cannot be gone over: it is not to be read by anybody."""
    redactor = SECRECY.redactor()
    report = redactor.value(ending.report)
    if report != ending.report:
        wire.save(out / RESULT, report)
    clean_folder(out, redactor)
    sha256 = _sha256_of(out / RESULT, report) if ending.sealed and report is not None else ""
    return replace(
        ending, report=report, damage=redactor.text(ending.damage), sealed=bool(sha256), sha256=sha256
    )


def _sha256_of(path: Path, report: StageReport) -> str:
    """The digest of the file if it is that report; '' if something wrote over it meanwhile."""
    raw = path.read_bytes()
    found = wire.loads(raw, StageReport, str(path))
    return hashlib.sha256(raw).hexdigest() if wire.dump(found) == wire.dump(report) else ""


def clean_folder(folder: Path, redactor: Redactor) -> None:
    """Rewrite every regular file below that holds a secret, whatever its kind; links are not followed."""
    for path in _files(folder):
        try:
            _clean_file(path, redactor)
        except OSError as error:
            raise _unsearched(error, path) from None


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise _unsearched(error, error.filename)

    for place, _, names in os.walk(folder, onerror=refuse):
        yield from (p for n in sorted(names) if stat.S_ISREG((p := Path(place, n)).lstat().st_mode))


def _unsearched(error: OSError, path: object) -> InfrastructureError:
    return InfrastructureError(f"cannot be searched for secrets: {error.strerror}", where=str(path))


def _clean_file(path: Path, redactor: Redactor) -> None:
    """Put a copy in the file's place if it differs; a kill leaves the one or the other."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".clean.")
    copy = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as sink:
            if not _copy(path, sink, redactor):
                return
        if path.suffix == ".json" and (whole := _clean_json(path, redactor)):
            copy.write_bytes(whole)
        shutil.copymode(path, copy)
        copy.replace(path)
    finally:
        copy.unlink(missing_ok=True)


def _copy(path: Path, sink: IO[bytes], redactor: Redactor) -> bool:
    """Copy a file without its secrets; whether it held any."""
    stream, before, after = redactor.stream(), hashlib.sha256(), hashlib.sha256()

    def put(data: bytes) -> None:
        after.update(data)
        sink.write(data)

    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as source:
        while data := source.read(CHUNK):
            before.update(data)
            put(stream.feed(data))
    put(stream.close())
    return before.digest() != after.digest()


def _clean_json(path: Path, redactor: Redactor) -> bytes:
    """JSON cleaned text by text, so that it stays JSON; b'' where it is none, or that is not enough."""
    try:
        whole = json.dumps(redactor.value(json.loads(path.read_bytes()))).encode()
    except (ValueError, RecursionError):
        return b""
    return whole if redactor.data(whole) == whole else b""
