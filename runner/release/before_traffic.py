"""What new versions are asked before they get any traffic: golden rows, and the solution's own tests.

Golden rows are those that travelled with the run, by digest. Own tests are the integration suites' that bear
the marker `pre_traffic`; the stack's outputs that name a moving alias name the new version to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters.aws import Aws
from runner.adapters.files import sha256_file
from runner.config.schema import Golden, IntegrationStage
from runner.errors import InfrastructureError, SolutionError
from runner.release.target import Moving
from runner.stages.functions import Functions
from runner.stages.golden import Row, differences, read_rows
from runner.stages.integration import ROWS

MARKER = "pre_traffic"
# (output name -> value, of the new versions) -> raises SolutionError where an own test fails.
OwnTests = Callable[[Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class Unasked:
    """Nothing is asked: a rollback is in a hurry, or the solution has nothing to ask."""

    is_needed: bool = False

    def check(self, moving: Sequence[Moving], outputs: Mapping[str, str]) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Asking:
    """`stage`: whose golden rows and suites are asked; `rows`: the file of them, None for none."""

    aws: Aws
    stage: IntegrationStage
    rows: Path | None
    own: OwnTests | None
    say: Callable[[str], None]

    @property
    def is_needed(self) -> bool:
        return self.rows is not None or self.own is not None

    def check(self, moving: Sequence[Moving], outputs: Mapping[str, str]) -> None:
        """Ask them. Raises SolutionError at the first wrong answer, AwsError where none could be had."""
        new = {name: _qualified(value, moving) for name, value in outputs.items()}
        if self.rows is not None and self.stage.golden is not None:
            count = replay(self.aws, self.rows, self.stage.golden, self._functions(new))
            self.say(f"before traffic: {count} golden rows are answered as recorded")
        if self.own is not None:
            self.own(new)
            self.say(f"before traffic: the tests marked {MARKER} passed")

    def _functions(self, outputs: Mapping[str, str]) -> dict[str, str]:
        return {name: outputs[output] for name, output in self.stage.invoke.items() if output in outputs}


def _qualified(value: str, moving: Sequence[Moving]) -> str:
    """An output that names a moving alias, naming its new version instead."""
    for each in moving:
        if value.endswith(f"{each.function}:{each.alias}") and each.new:
            return f"{value.removesuffix(f':{each.alias}')}:{each.new}"
    return value


def replay(aws: Aws, path: Path, golden: Golden, names: Mapping[str, str]) -> int:
    """Golden rows through functions (component -> name or ARN); how many there were.

    Raises SolutionError for the first row whose answer is not the recorded one."""
    functions = Functions(aws, names)
    rows = read_rows(str(path.parent), path.name)
    for row in rows:
        _replay(functions, row, golden)
    return len(rows)


def _replay(functions: Functions, row: Row, golden: Golden) -> None:
    answer: Any = row.event
    for component in golden.through:
        answer, wrong = functions.ask(component, answer)
        if wrong:
            raise SolutionError(f"before traffic: golden row {row.number}: {wrong}")
    if problems := differences(row.expected, answer, golden.tolerance).problems:
        raise SolutionError(f"before traffic: golden row {row.number}: {problems[0]}")


def rows_of(folder: Path, stage: str, sha256: str) -> Path | None:
    """The golden rows that a run left, None where it had none.

    Raises InfrastructureError where they are missing or are others than the manifest names."""
    if not sha256:
        return None
    path = folder / "stages" / stage / ROWS
    if not path.is_file() or sha256_file(path) != sha256:
        raise InfrastructureError(
            "the run's golden rows are not there, or were changed",
            where=str(path),
            hint="deploy from the run's own folder, or from where it was kept",
        )
    return path


def is_marked(root: Path, suites: Sequence[str]) -> bool:
    """Whether any own suite speaks of the marker: else no environment is built to find that out."""
    own = [root / suite for suite in suites if not suite.startswith("stock:")]
    files = [f for path in own for f in ([path] if path.is_file() else sorted(path.rglob("*.py")))]
    return any(MARKER in file.read_text(encoding="utf-8", errors="replace") for file in files)
