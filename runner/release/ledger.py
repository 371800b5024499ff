"""An environment's ledger: every release's intent and outcome, each written once, in one bucket.

releases/00000007.json     the intent, written before the first change; ids/ID.json finds it
failing/00000007.json      why it is being taken back, written before that begins
outcomes/00000007.json     how it ended, written after the last change
lease.json                 who may change the environment now (runner.release.lease)
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runner import wire
from runner.adapters.aws import Aws, AwsError
from runner.errors import InfrastructureError
from runner.history.log import READERS, Log
from runner.history.names import SLOT, slot
from runner.history.store import GONE, TAKEN, Records
from runner.release.back import Past
from runner.release.records import Ended, Outcome, Release

RELEASES, IDS, OUTCOMES, FAILING = "releases", "ids", "outcomes", "failing"


@dataclass(frozen=True, slots=True)
class Failing:
    """A release that is being taken back: why."""

    number: int
    cause: str


@dataclass(frozen=True)
class Ledger:
    """The records of one environment of one solution. Every method raises InfrastructureError."""

    records: Records

    @cached_property
    def _log(self) -> Log[Release]:
        return Log(self.records, RELEASES, IDS, Release)

    def intend(self, release_id: str, make: Callable[[Release | None], Release]) -> Release:
        """Write an intent; the one that stands where this id has one already."""
        return self._log.claim(release_id, make)[0]

    def last(self) -> Release | None:
        """The newest release, whatever became of it."""
        return self._log.last()

    def all(self) -> list[Release]:
        """Every release, oldest first. Raises InfrastructureError where any of them is missing."""
        there, last = len(self.records.keys(RELEASES)), self.last()
        if last and there < last.number:
            raise InfrastructureError(
                f"the ledger is damaged: of {last.number} releases {last.number - there} are missing",
                where=f"{self.records.url}/{RELEASES}",
                hint="records are never changed or removed: restore them from a backup",
            )
        return self._log.all()

    def get(self, number: int) -> Release:
        """A release by its number."""
        return self._log.read(number)

    def outcome(self, number: int) -> Outcome | None:
        """How a release ended; None while it is under way, or where it was cut off."""
        found: Outcome | None = self._one(slot(OUTCOMES, number), Outcome)
        return found

    def failing(self, number: int) -> Failing | None:
        """Why a release is being taken back, if it is."""
        found: Failing | None = self._one(slot(FAILING, number), Failing)
        return found

    def mark_failing(self, failing: Failing) -> None:
        """Remember, before anything is taken back, that this release failed: whoever takes over after a
        kill must not try it again."""
        self.records.put(slot(FAILING, failing.number), wire.dump(failing))

    def conclude(self, outcome: Outcome) -> Outcome:
        """Write an outcome, once; the one that stands there."""
        self.records.put(slot(OUTCOMES, outcome.number), wire.dump(outcome))
        found = self.outcome(outcome.number)
        if found is None:
            raise InfrastructureError("the outcome could not be written", where=self.records.url)
        return found

    def good(self, before: int | None = None) -> Release | None:
        """The newest release that succeeded; with `before`, of those with a lower number."""
        for number in sorted(self._concluded(), reverse=True):
            outcome = self.outcome(number) if before is None or number < before else None
            if outcome and outcome.ended is Ended.SUCCEEDED:
                return self.get(number)
        return None

    def _concluded(self) -> Iterator[int]:
        """The numbers that have an outcome."""
        names = (key.rpartition("/")[2] for key in self.records.keys(OUTCOMES))
        return (int(match[1]) for name in names if (match := SLOT.fullmatch(name)))

    def past(self) -> Past:
        """Every release with its outcome."""
        releases = self.all()
        with ThreadPoolExecutor(READERS) as pool:
            ended = list(pool.map(lambda r: self.outcome(r.number), releases))
        return Past(releases, {o.number: o for o in ended if o})

    def _one(self, key: str, kind: type[Any]) -> Any:
        raw = self.records.get(key)
        return wire.loads(raw, kind, f"{self.records.url}/{key}") if raw is not None else None


@dataclass(frozen=True, slots=True)
class S3Cell:
    """One object, replaced by compare-and-swap."""

    aws: Aws
    bucket: str
    key: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def read(self) -> tuple[bytes, str] | None:
        try:
            return self.aws.read_tagged(self.bucket, self.key)
        except AwsError as error:
            if error.code in GONE:
                return None
            raise

    def swap(self, data: bytes, tag: str | None) -> str | None:
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        checked = {"ChecksumAlgorithm": "SHA256", "Body": io.BytesIO(data), **condition}
        try:
            return str(self.aws.call("s3", "put_object", Bucket=self.bucket, Key=self.key, **checked)["ETag"])
        except AwsError as error:
            if error.code in (*TAKEN, *GONE):
                return None
            raise
