"""The model that an environment runs now, found before a model stage that is compared with it starts.

    ledger -> the release that runs -> its model component -> its bytes, by digest

The stage holds no credentials; it is handed a file, or why there is none. Only reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.adapters.files import sha256_file
from runner.config.schema import ModelStage
from runner.deploying import Asked, Place, World, ledger_of, place_of
from runner.errors import ConfigError, InfrastructureError, LockgateError
from runner.judge.criteria import Champion
from runner.judge.reading import read_criteria
from runner.model import Artifact
from runner.release.publish import fetch
from runner.release.records import Ended, Part, Release
from runner.release.running import GOOD, read_running
from runner.release.status import EnvironmentStatus
from runner.releasing import status_of
from runner.stages.champion import HANDED, absent_champion
from runner.text import one_line

FORMATS = (".onnx", ".skops", ".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose champion: the component, in an environment of the solution at `root`; `through`: the image that
    serves it there, None where the candidate is not judged so."""

    root: Path
    component: str
    environment: str
    through: str | None


def champion_of(root: Path, stage: ModelStage, cache: Path, world: World, *, real: bool) -> Artifact | None:
    """The champion that the stage's criteria name by an environment, or why there is none; None where they
    name none. Criteria that cannot be read are the stage's to tell."""
    try:
        rule = read_criteria(root, stage.criteria)[0].baseline
    except (ConfigError, OSError):
        return None
    if not isinstance(rule, Champion) or not rule.environment:
        return None
    try:
        place = place_of(Asked(root, rule.environment, real=real), world)
        return _running(Wanted(root, stage.candidate, rule.environment, stage.through), place, world, cache)
    except LockgateError as error:
        return absent_champion(f"what runs in {rule.environment} cannot be told: {one_line(str(error))}")


def _running(wanted: Wanted, place: Place, world: World, cache: Path) -> Artifact:
    status = status_of(place, world, wanted.root)
    if status.good is None:
        return _none(place)
    if doubt := _doubt(status):
        return absent_champion(f"what runs in {place.name} is not known: {doubt}")
    part = status.good.content.parts.get(wanted.component)
    if part is None or not part.key.endswith(FORMATS):
        told = f"release {status.good.number} of {place.name} has no model {wanted.component!r}"
        return absent_champion(told)
    path = _bytes(place, part, cache)
    return Artifact(
        HANDED, "champion", str(path), part.deployed, path.stat().st_size, "", part.version,
        facts={**_facts(place, status.good, status.since, part), **_image(status.good, wanted.through)},
    )  # fmt: skip


def _doubt(status: EnvironmentStatus) -> str:
    """Why the last good release may not be what runs; '' where it is."""
    if status.holding:
        return f"it is being changed by {status.holding.by} ({status.holding.what})"
    if status.differences:
        return f"it differs from its release: {status.differences[0]}"
    return ""


def _none(place: Place) -> Artifact:
    """Nothing was released: the first time, unless something runs there all the same."""
    if read_running(place.aws, place.stack_name, ()).status in GOOD:
        return absent_champion(f"stack {place.stack_name} runs, but no release says what is in it")
    if not place.has_bucket():
        why = f"there is no bucket {place.bucket}"
        return absent_champion(f"nothing was released to {place.name}: {why}", first=place.is_sandbox)
    past = ledger_of(place, place.aws).past()
    ended = [past.outcomes.get(release.number) for release in past.releases]
    if not all(each and each.ended is not Ended.SUCCEEDED for each in ended):
        return absent_champion(f"a release to {place.name} has not ended: run `lockgate status`")
    return absent_champion(f"nothing was released to {place.name} yet", first=True)


def _bytes(place: Place, part: Part, cache: Path) -> Path:
    """The model's file in the cache, by its digest. Raises LockgateError where it cannot be had."""
    kept = cache / "champions" / f"{part.deployed}{Path(part.key).suffix}"
    if kept.is_file() and sha256_file(kept) == part.deployed:
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=kept.parent) as folder:
        fetch(place.aws, place.bucket, part.key, part.deployed, Path(folder)).replace(kept)
    if sha256_file(kept) != part.deployed:
        raise InfrastructureError("it changed while it was kept", where=str(kept))
    return kept


def _image(good: Release, through: str | None) -> dict[str, object]:
    """The container that serves the champion, so that both are timed alike."""
    part = good.content.parts.get(through) if through else None
    return {"image": part.image} if part and part.image else {}


def _facts(place: Place, good: Release, since: str, part: Part) -> dict[str, object]:
    return {
        "environment": place.name,
        "release": good.number,
        "name": good.name,
        "manifest": good.manifest,
        "version": part.version,
        "sha256": part.deployed,
        "since": since,
    }
