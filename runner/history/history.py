"""The history of a solution's versions, releases and judgements, over a store of records.

versions/COMPONENT/00000017.json             a version; digests/COMPONENT/SHA256.json finds it
releases/00000004.json                       a release; runs/RUN.json finds it
verdicts/COMPONENT/VERSION/BEGUN-RUN.json    how a complete run judged a version
tables/STAGE/00000012.json                   a data stage's tables in a run that passed
tables-of/STAGE/RUN.json                     which of them is a run's
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from runner import wire
from runner.errors import InfrastructureError
from runner.history.log import READERS, Log
from runner.history.names import following, parse, release_name, word
from runner.history.records import JudgedTables, Judgement, Release, Version
from runner.history.store import Records
from runner.model import Artifact, EarlierRun, TableFacts

VERSIONS, DIGESTS, RELEASES, RUNS, VERDICTS = "versions", "digests", "releases", "runs", "verdicts"
TABLES, TABLES_OF = "tables", "tables-of"
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of a real history."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a build or a run comes from. `clean` is None where no version control could be asked."""

    run_id: str
    commit: str = ""
    clean: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A component's version. `is_new`: it got its number just now; `is_latest`: no newer one exists."""

    record: Version
    is_new: bool
    is_latest: bool


@dataclass(frozen=True, slots=True)
class History:
    """Numbers content and remembers how it was judged. Every method raises InfrastructureError."""

    records: Records
    clock: Clock = utc_now

    def number(self, artifact: Artifact, run_id: str, origin: Callable[[], Origin]) -> Numbered:
        """The version of an artifact's content; the same content has the same one for ever.

        `origin` is only asked where the content is new."""

        def make(last: Version | None) -> Version:
            now, source = self.clock(), origin()
            version = following(parse(last.version) if last else None, now.date())
            return Version(
                last.number + 1 if last else 1, str(version), artifact.name, artifact.kind, artifact.sha256,
                artifact.inputs, source.commit, source.clean, _iso(now), source.by, source.run_id,
            )  # fmt: skip

        record, last = self._versions(artifact.name).claim(artifact.sha256, make)
        return Numbered(record, record.run_id == run_id, record.number >= last.number)

    def release(self, origin: Origin, components: Mapping[str, str]) -> Release:
        """A release for a complete run that passed; `components`: name -> version. Once for a run.

        Its name ends with the commit, unless files were edited: then it is no commit's."""
        commit = origin.commit if origin.clean is not False else ""

        def make(last: Release | None) -> Release:
            now = self.clock()
            version = following(parse(last.version) if last else None, now.date())
            return Release(
                last.number + 1 if last else 1, str(version), release_name(version, commit), origin.run_id,
                origin.commit, _iso(now), origin.by, dict(components),
            )  # fmt: skip

        return self._releases().claim(origin.run_id, make)[0]

    def judge(self, judgement: Judgement, begun: datetime) -> None:
        """Remember how a complete run judged a version; `begun` orders the runs, whose ids need not."""
        run = f"{begun.astimezone(UTC):%Y%m%dT%H%M%SZ}-{judgement.run_id}"
        parts = (judgement.component, judgement.version, run)
        self.records.put(f"{VERDICTS}/{'/'.join(map(word, parts))}.json", wire.dump(judgement))

    def judged_tables(self, stage: str, run_id: str, commit: str, tables: Mapping[str, TableFacts]) -> None:
        """Remember what a run that passed knew of a data stage's tables. Once for a run."""

        def make(last: JudgedTables | None) -> JudgedTables:
            number = last.number + 1 if last else 1
            return JudgedTables(number, run_id, commit, _iso(self.clock()), dict(tables))

        self._tables(stage).claim(run_id, make)

    def earlier(self, stage: str, count: int) -> tuple[EarlierRun, ...]:
        """The last `count` runs that passed with this data stage, newest first."""
        found = self._tables(stage).latest(count)
        return tuple(EarlierRun(each.run_id, each.when, each.tables) for each in found)

    def versions(self, component: str) -> list[Version]:
        """Every version of a component, oldest first."""
        return self._versions(component).all()

    def releases(self) -> list[Release]:
        """Every release, oldest first."""
        return self._releases().all()

    def components(self) -> list[str]:
        """The components that have versions."""
        return sorted({key.split("/")[1] for key in self.records.keys(VERSIONS) if key.count("/") == 2})

    def judgements(self, component: str) -> dict[str, Judgement]:
        """Version -> what the latest run that judged it said."""
        latest: defaultdict[str, str] = defaultdict(str)
        for key in self.records.keys(f"{VERDICTS}/{word(component)}"):
            _, _, version, *_ = [*key.split("/"), ""]
            latest[version] = max(latest[version], key)
        with ThreadPoolExecutor(READERS) as pool:
            return dict(zip(latest, pool.map(self._judgement, latest.values()), strict=True))

    def _judgement(self, key: str) -> Judgement:
        where = f"{self.records.url}/{key}"
        raw = self.records.get(key)
        if raw is None:
            raise InfrastructureError("it was removed while it was read", where=where)
        judgement: Judgement = wire.loads(raw, Judgement, where)
        return judgement

    def _versions(self, component: str) -> Log[Version]:
        name = word(component)
        return Log(self.records, f"{VERSIONS}/{name}", f"{DIGESTS}/{name}", Version)

    def _tables(self, stage: str) -> Log[JudgedTables]:
        name = word(stage)
        return Log(self.records, f"{TABLES}/{name}", f"{TABLES_OF}/{name}", JudgedTables)

    def _releases(self) -> Log[Release]:
        return Log(self.records, RELEASES, RUNS, Release)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
