"""A bare interpreter with what AWS's own Python runtime gives, and nothing of Lockgate's.

A Lambda with a dependency missing from its lock must fail in the tests as it would in AWS; run
by Lockgate's interpreter it would borrow the package from there and pass.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from runner.errors import InfrastructureError

# AWS's python3.x runtimes: the SDK and what it needs.
GIVEN = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")


def bare_python(cache: Path) -> Path:
    """The path of the bare interpreter, built under `cache` where it is not there yet.

    Builders may race: each builds its own folder and one rename wins. Raises InfrastructureError
    where the SDK is not installed beside Lockgate."""
    sources = [_source(name) for name in GIVEN]
    base = getattr(sys, "_base_executable", sys.executable)
    key = hashlib.sha256("\0".join([base, sys.version, *map(str, sources)]).encode()).hexdigest()[:16]
    home = cache / f"bare-{key}"
    if not _is_whole(home, sources):
        shutil.rmtree(home, ignore_errors=True)
        _build(home, sources)
    return home / "bin" / "python"


def _source(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise InfrastructureError(
            f"{name} is not installed", where="sandbox", hint="install lockgate[sandbox]"
        )
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _site(home: Path) -> Path:
    return home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def _is_whole(home: Path, sources: list[Path]) -> bool:
    """Nothing dangles (the base interpreter and our own environment may have moved) or was added."""
    wanted = {source.name for source in sources}
    site = _site(home)
    return (
        (home / "bin" / "python").exists()
        and site.is_dir()
        and {p.name for p in site.iterdir()} == wanted
        and all((site / name).exists() for name in wanted)
    )


def _build(home: Path, sources: list[Path]) -> None:
    import venv

    home.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=home.parent, prefix=".bare-"))
    try:
        venv.EnvBuilder(symlinks=True, with_pip=False).create(building)
        for leftover in _site(building).iterdir():
            leftover.unlink()
        for source in sources:
            (_site(building) / source.name).symlink_to(source)
        building.chmod(0o755)
        _settle(building, home, sources)
    except OSError as error:
        raise InfrastructureError(f"cannot build the bare interpreter: {error}", where=str(home)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _settle(building: Path, home: Path, sources: list[Path]) -> None:
    """Move into place; where another builder was first, theirs is as good."""
    try:
        building.rename(home)
    except OSError:
        if not _is_whole(home, sources):
            raise
