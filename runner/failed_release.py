"""A deployment or rollback that failed, told: what, where, why, and what CloudFormation and the logs say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from runner import keeping
from runner.deploying import Place
from runner.errors import Interrupted, LockgateError, UsageError
from runner.history.store import S3Records
from runner.incident import Finding, Incident, What
from runner.incident.of_run import build_link
from runner.incident.tell import tell
from runner.kept import REPORT, uri_of
from runner.model import Status
from runner.notifying import caller, open_tools, say_told
from runner.release.lease import Busy
from runner.release.records import Kind, Release
from runner.report.layout import MANIFEST
from runner.report.layout import REPORT as REPORT_FILE
from runner.watch import is_configured

FUNCTIONS = "AWS::Lambda::Function"


@dataclass
class Teller:
    """Tells what goes wrong in one environment, where somebody is named for it. Never raises.

    `root`: the solution's folder, which keeps the evidence too, should it not reach the bucket. `manifest`
    is what was to be deployed, as a person named it; '' for a rollback."""

    root: Path
    place: Place
    what: What
    clock: Callable[[], datetime]
    begun: datetime
    manifest: str = ""
    release: Release | None = field(default=None, init=False)
    told: set[str] = field(default_factory=set, init=False)

    def failed(self, release: Release, cause: str, restored: bool) -> None:
        """A release failed, and what ran before was brought back or not. Called before that is written
        down: a kill in between tells it twice rather than never. It may be one that another left."""
        self.release = release
        back = "what ran before runs again" if restored else "what ran before was NOT brought back"
        self.tell(Status.FAILED, f"{cause} ({back})")

    def tell(self, status: Status, cause: str) -> None:
        """Tell it; the same cause once in the life of this process."""
        notify = self.place.solution.notify
        if cause in self.told or not is_configured(notify):
            return
        self.told.add(cause)
        folder = self.root / ".lockgate" / "incidents" / self._stamp
        tools = open_tools(notify, self.place.aws.target, folder, self._upload)
        say_told(tell(self.incident(status, cause), tools))

    @property
    def _stamp(self) -> str:
        return self.begun.strftime("%Y%m%dT%H%M%SZ")

    def incident(self, status: Status, cause: str) -> Incident:
        """What is told of it."""
        place, release = self.place, self.release
        ledger = {"ledger": f"s3://{place.bucket}/{place.prefix}"}
        links = build_link(os.environ) | evidence_of(self.manifest) | ledger
        base = Incident(
            self.what, release.id if release else place.stack_name, place.solution.solution, status, cause,
            self.begun, self.clock(), stage="deploy", environment=place.name, stack=place.stack_name,
            role="" if place.is_sandbox else caller(place.aws), links=links,
            failed=(Finding("deploy", self.what, status, cause),), log_groups=self._logs(),
        )  # fmt: skip
        if release is None:
            return base
        name = f"{release.number} {release.name}".rstrip()
        return replace(base, commit=release.commit, release=name)

    def _logs(self) -> tuple[str, ...]:
        """The log groups of the stack's functions."""
        try:
            listed = self.place.aws.pages(
                "cloudformation", "list_stack_resources", "StackResourceSummaries",
                StackName=self.place.stack_name,
            )  # fmt: skip
        except LockgateError:
            return ()
        names = [r.get("PhysicalResourceId", "") for r in listed if r["ResourceType"] == FUNCTIONS]
        return tuple(f"/aws/lambda/{name}" for name in names if name)

    def _upload(self, path: Path) -> str:
        """Beside the ledger, under a name of its own."""
        number = self.release.number if self.release else 0
        key = f"incidents/{number:08}-{self._stamp}.zip"
        records = S3Records(self.place.aws, self.place.bucket, self.place.prefix)
        records.put(key, path.read_bytes())
        return f"{records.url}/{key}"


def evidence_of(named: str) -> dict[str, str]:
    """The links to a manifest, named as a person does, and to its report, where they are known to be."""
    try:
        if keeping.is_kept(named):
            return _kept(keeping.parse(named))
    except LockgateError:
        return {}
    path = Path(named)
    folder = path.parent if path.name == MANIFEST else path
    places = {"manifest": folder / MANIFEST, "report": folder / REPORT_FILE}
    return {name: str(place) for name, place in places.items() if named and os.path.isfile(place)}  # noqa: PTH113  no name is too long


def _kept(run: keeping.Reference) -> dict[str, str]:
    report = f"{run.place}/{REPORT}/{run.sha256}/{REPORT_FILE}"
    return {"manifest": uri_of(run.place), **({"report": report} if run.sha256 else {})}


@contextmanager
def telling(
    root: Path, place: Place, what: Kind, clock: Callable[[], datetime], manifest: str = ""
) -> Iterator[Teller]:
    """Whatever stops the deployment is told; that another one is at work, a wrong call, or that
    somebody interrupted it, is not."""
    action: What = "rollback" if what is Kind.ROLLBACK else "deploy"
    teller = Teller(root, place, action, clock, clock(), manifest)
    try:
        yield teller
    except (Busy, UsageError, Interrupted):
        raise
    except LockgateError as error:
        status = Status.FAILED if error.exit_code == 1 else Status.ERROR
        teller.tell(status, error.what)
        raise
