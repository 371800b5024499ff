"""An environment of Lockgate with Great Expectations and Spark, built once and kept under its locks' digest.

pyspark stays out of the development environment: where it is installed, every import of Great Expectations
imports it too. `python -m helpers.spark_env` (make spark) builds it ahead of the tests.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runner.adapters.locks import locked

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("LOCKGATE_TEST_CACHE", ROOT / ".lockgate" / "test-cache"))
LOCKS = [ROOT / "requirements" / name for name in ("spark-build.lock", "spark.lock")]
READY = "ready"
WITHOUT = "no Java: install Debian's openjdk-17-jre-headless, or set JAVA_HOME (Spark 4 needs Java 17)"


def spark_python() -> Path:
    """The interpreter of that environment. Skips the test where there is no Java; in CI that fails it, since
    a skip would hide that nothing was tested."""
    if not _java():
        if os.environ.get("CI"):
            pytest.fail(WITHOUT, pytrace=False)
        pytest.skip(WITHOUT)
    return built()


def built() -> Path:
    """Build the environment unless it is there."""
    home = CACHE / f"spark-{_digest()[:24]}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with locked(home.with_suffix(".lock"), lambda: print("waiting for who builds it", file=sys.stderr)):
        if not (home / READY).is_file():
            shutil.rmtree(home, ignore_errors=True)
            _build(home)
    return home / "bin" / "python"


def _digest() -> str:
    """Over what is installed, for which interpreter, and the checkout that it runs."""
    whole = hashlib.sha256(f"{sys.implementation.cache_tag} {ROOT}".encode())
    for lock in LOCKS:
        whole.update(lock.read_bytes())
    return whole.hexdigest()


def _build(home: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [home / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for lock in LOCKS:
        subprocess.run([*pip, "--no-build-isolation", "--require-hashes", "-r", lock], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)
    (home / READY).touch()


@functools.cache
def _java() -> bool:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    return bool(java) and subprocess.run([java, "-version"], capture_output=True).returncode == 0


if __name__ == "__main__":
    print(built())
