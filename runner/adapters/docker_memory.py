"""The most memory that a running container had, as the kernel counted it."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def peak_bytes(api: Any, container: str, proc: Path = Path("/proc")) -> int | None:
    """Of the container's control group where the engine tells it (cgroup v1), else of its first process where
    that runs on this machine (VmHWM, proc(5)); None where neither can be told."""
    told = api.stats(container, stream=False).get("memory_stats") or {}
    if isinstance(peak := told.get("max_usage"), int):
        return peak
    about = api.inspect_container(container)
    return _process_peak(proc / str(about["State"]["Pid"]), str(about["Id"]))


def _process_peak(process: Path, container: str) -> int | None:
    """A number means nothing where the engine runs elsewhere: the process has to be the container's own."""
    try:
        if container not in (process / "cgroup").read_text(encoding="utf-8"):
            return None
        status = (process / "status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else None
