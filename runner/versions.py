"""The versions of the tools that judged, for the manifest. Reads metadata; imports none of them."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

TOOLS = (
    "pytest",
    "great-expectations",
    "pandas",
    "scikit-learn",
    "onnxruntime",
    "boto3",
    "cfn-lint",
    "ministack",
)


def tool_versions() -> dict[str, str]:
    """Name -> version of lockgate, Python and every tool that is installed."""
    found = {"lockgate": _version("lockgate"), "python": platform.python_version()}
    return found | {name: v for name in TOOLS if (v := _version(name))}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
