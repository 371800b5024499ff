"""The error tree. Every error says where it happened, what is wrong, and what to do next.

`exit_code` is what the process answers when the error reaches `main` (DESIGN: 0 passed,
1 FAILED, 2 usage or configuration, 3 could not tell, 130 interrupted).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class LockgateError(Exception):
    """Base of all expected errors: `where` (a file, a step), `what`, and a `hint` for what to do."""

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  -> {self.hint}" if self.hint else text


class UsageError(LockgateError):
    """The command was called wrongly (exit 2)."""

    exit_code = 2


class InfrastructureError(LockgateError):
    """Something outside the solution failed, so no verdict can be given (exit 3)."""


class SolutionError(LockgateError):
    """The solution's own code failed: evidence against it, so the verdict is FAILED (exit 1)."""

    exit_code = 1


class RefusedError(LockgateError):
    """Evidence was looked at and does not hold (exit 1)."""

    exit_code = 1


class Interrupted(LockgateError):
    """Somebody stopped it by a signal (exit 130)."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration file; `line` is 1-based, 0 where no line applies."""

    file: str
    line: int
    what: str
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" + (f" ({self.allowed})" if self.allowed else "")


class ConfigError(LockgateError):
    """A configuration file is wrong (exit 2); carries every problem at once, not the first."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' * (len(self.problems) != 1)}"
        super().__init__("\n".join([f"{count} in the configuration", *map(str, self.problems)]))
