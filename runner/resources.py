"""Files that ship with Lockgate: the stock suites, CloudFormation templates, Dockerfiles.

In a wheel they lie in runner/_data (mapped there at build time); in a checkout at its top level.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from runner.errors import UsageError

PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """The path of a shipped file or folder, such as resource('suites', 'lambda')."""
    shipped = PACKAGE / "_data"
    return (shipped if shipped.is_dir() else PACKAGE.parent).joinpath(*parts)


def stock_suites() -> tuple[str, ...]:
    """The names that can stand after `stock:`."""
    return tuple(sorted(p.name for p in resource("suites").iterdir() if any(p.glob("test_*.py"))))


def stock_suite(name: str) -> Path:
    """The folder of a stock suite; raises UsageError with 'did you mean' for an unknown one."""
    known = stock_suites()
    if name in known:
        return resource("suites", name)
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean stock:{near[0]}?" if near else f"there are: {', '.join(known)}"
    raise UsageError(f"there is no stock suite {name!r}", hint=hint)
