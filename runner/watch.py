"""A run (or a merge) under way, told at its end if it fails and somebody is named for it.

Imported by every run, and so light: what tells is imported when there is something to tell.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runner.adapters.output import say
from runner.adapters.shell import INTERRUPTED
from runner.config.load import FILE, load
from runner.config.schema import Notify
from runner.errors import LockgateError, UsageError
from runner.incident import Incident, What
from runner.model import Status
from runner.report.layout import MANIFEST

TOPIC_VARIABLE, WEBHOOK_VARIABLE = "LOCKGATE_NOTIFY_TOPIC", "LOCKGATE_NOTIFY_WEBHOOK"
HINT = f"notify: {{sns: ARN}} or {{webhook_env: NAME}} in {FILE}, or {TOPIC_VARIABLE}, {WEBHOOK_VARIABLE}"


def is_configured(notify: Notify, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether there is anybody to be told."""
    named = (environ.get(TOPIC_VARIABLE), environ.get(WEBHOOK_VARIABLE), notify.sns, notify.webhook_env)
    return any(named)


def is_wanted(chosen: bool | None, notify: Notify, *, complete: bool, environ: Mapping[str, str]) -> bool:
    """Whether a run that did not pass is told: as was chosen; else in CI, where a whole run is somebody
    else's news too, and somebody is named."""
    if chosen is not None:
        return chosen
    in_ci = environ.get("CI", "").lower() not in ("", "0", "false") or "CODEBUILD_BUILD_ID" in environ
    return complete and in_ci and is_configured(notify, environ)


def require_configured(notify: Notify) -> None:
    """Raises UsageError where nobody is named who could be told."""
    if not is_configured(notify):
        raise UsageError("nobody is named who could be told", where="notify", hint=HINT)


@dataclass(frozen=True, slots=True)
class Watch:
    """A run under way, told if it does not pass; or `what` else, by its id. `chosen`: --notify,
    --no-notify, or None for neither; `complete`: no stage was left out; `place`: where it will be kept."""

    notify: Notify
    chosen: bool | None
    complete: bool
    real: bool
    run_id: str
    solution: str
    commit: str
    folder: Path
    place: str = ""
    what: What = "run"
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Tells a run that ends without a verdict; the error goes on. Raises UsageError where it was
        chosen to tell and nobody is named."""
        if self.chosen:
            require_configured(self.notify)
        try:
            yield
        except LockgateError as error:
            if self._is_wanted():
                self._tell_raised(error)
            raise

    def ended(self, status: Status) -> None:
        """Tells a run that has its verdict. Whoever interrupted it knows. Raises nothing."""
        if status is Status.PASSED or INTERRUPTED.is_set() or not self._is_wanted():
            return
        from runner.failed_run import FailedRun
        from runner.manifest.read import read_manifest
        from runner.notifying import say_told

        try:
            manifest = read_manifest(self.folder / MANIFEST)
        except LockgateError as error:
            say(sys.stderr, f"NOT TOLD: {error}")
            return
        say_told(FailedRun(manifest, self.folder, self.place, self.real).tell(self.notify))

    def _is_wanted(self) -> bool:
        return is_wanted(self.chosen, self.notify, complete=self.complete, environ=os.environ)

    def _tell_raised(self, error: LockgateError) -> None:
        from runner.incident.of_run import build_link
        from runner.incident.tell import tell
        from runner.notifying import open_tools, say_told, target_in_use

        status = Status.FAILED if error.exit_code == 1 else Status.ERROR
        incident = Incident(
            self.what, self.run_id, self.solution, status, str(error), self.begun, datetime.now(UTC),
            self.commit, links=build_link(os.environ),
        )  # fmt: skip
        say_told(tell(incident, open_tools(self.notify, target_in_use(self.real), self.folder)))


def configured(root: Path) -> Notify:
    """Who is told, by the lockgate.yml of a folder; a folder without one leaves it to the environment."""
    return load(root).notify if (root / FILE).is_file() else Notify()


def watch_action(what: What, root: Path, name: str, commit: str, *, real: bool) -> Watch:
    """The watch over something that is no run, known by `name`; evidence goes to .lockgate/incidents."""
    solution = load(root).solution if (root / FILE).is_file() else root.name
    folder = root / ".lockgate" / "incidents" / what
    return Watch(configured(root), None, True, real, name, solution, commit, folder, what=what)
