"""Where a Lambda's package is to run: a Python version and a platform, as pip names them."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# python3.11 runs on Amazon Linux 2 (glibc 2.26), later runtimes on Amazon Linux 2023 (glibc 2.34).
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
OLD_GLIBC, NEW_GLIBC = 26, 34
LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True, slots=True)
class Target:
    """python: '3.12'; architecture: 'x86_64' | 'arm64', as Lambda says it; system: 'linux' | ..."""

    python: str
    architecture: str
    system: str = "linux"

    @property
    def name(self) -> str:
        """For example 'python3.12-x86_64'."""
        suffix = "" if self.system == "linux" else f"-{self.system}"
        return f"python{self.python}-{self.architecture}{suffix}"

    def pip_options(self) -> list[str]:
        """What makes pip choose wheels for Lambda rather than for the host, best tag first."""
        machine = "aarch64" if self.architecture == "arm64" else "x86_64"
        newest = OLD_GLIBC if self.python == "3.11" else NEW_GLIBC
        options = ["--implementation", "cp", "--python-version", self.python]
        for minor in range(newest, 4, -1):
            options += ["--platform", f"manylinux_2_{minor}_{machine}"]
            if minor in LEGACY:
                options += ["--platform", f"{LEGACY[minor]}_{machine}"]
        return options


def deploy_target(runtime: str, architecture: str) -> Target:
    """Where AWS runs it: deploy_target('python3.12', 'arm64')."""
    return Target(runtime.removeprefix("python"), architecture)


def host_target() -> Target:
    """Where the sandbox runs it: this very interpreter and machine."""
    machine = platform.machine().lower()
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return Target(version, ARCHITECTURES.get(machine, machine), sys.platform)
