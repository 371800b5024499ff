"""Where what outlives a run is kept: dependency trees, zips, the bare interpreter, the sandbox's state."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """LOCKGATE_CACHE, else the XDG cache folder's lockgate, else ~/.cache/lockgate; made if missing."""
    named = os.environ.get("LOCKGATE_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(named) if named else Path(base) / "lockgate"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()
