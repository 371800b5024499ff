"""The peak of a container's memory is told by the kernel, and of that container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.adapters.docker_memory import peak_bytes

ID = "ab" * 32


class Api:
    """What the engine says of one container."""

    def __init__(self, memory: dict[str, Any]) -> None:
        self.memory = memory

    def stats(self, container: str, stream: bool) -> dict[str, Any]:
        return {"memory_stats": self.memory}

    def inspect_container(self, container: str) -> dict[str, Any]:
        return {"Id": ID, "State": {"Pid": 42}}


def proc(folder: Path, cgroup: str, status: str = "Name:\tpython\nVmHWM:\t  2048 kB\n") -> Path:
    (folder / "42").mkdir(parents=True)
    (folder / "42" / "cgroup").write_text(cgroup)
    (folder / "42" / "status").write_text(status)
    return folder


def test_the_engine_s_own_peak_comes_first(tmp_path: Path) -> None:
    assert peak_bytes(Api({"max_usage": 5}), "c", proc(tmp_path, f"0::/docker/{ID}")) == 5


@pytest.mark.parametrize("cgroup", [f"0::/system.slice/docker-{ID}.scope", f"4:memory:/docker/{ID}\n0::/"])
def test_else_that_of_its_first_process_on_this_machine(tmp_path: Path, cgroup: str) -> None:
    assert peak_bytes(Api({"usage": 9}), "c", proc(tmp_path, cgroup)) == 2048 * 1024


@pytest.mark.parametrize("cgroup", ["0::/", f"0::/docker/{'cd' * 32}"])
def test_another_machine_s_process_of_that_number_tells_nothing(tmp_path: Path, cgroup: str) -> None:
    assert peak_bytes(Api({}), "c", proc(tmp_path, cgroup)) is None
    assert peak_bytes(Api({}), "c", tmp_path / "empty") is None


def test_a_status_without_a_peak_tells_nothing(tmp_path: Path) -> None:
    assert peak_bytes(Api({}), "c", proc(tmp_path, ID, "Name:\tpython\n")) is None
