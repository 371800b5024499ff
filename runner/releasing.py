"""Deploy, roll back, rehearse, and say what runs: the actions of `lockgate deploy | rollback | status`.

manifest -> verified -> content -> [ledger, lease, stack, traffic] -> outcome
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from runner.config.load import load
from runner.deploying import (
    Asked,
    Place,
    World,
    content,
    deployment,
    ledger_of,
    place_of,
    verified,
)
from runner.errors import LockgateError, UsageError
from runner.failed_release import telling
from runner.interrupts import stoppable
from runner.release.back import Past, Way, component, revert, way_out, whole
from runner.release.flow import ALL_AT_ONCE, Deployment, Done, Proposal
from runner.release.proof import Proven
from runner.release.publish import require
from runner.release.records import Ended, Kind, Release
from runner.release.rehearsal import first, rehearsal
from runner.release.status import EnvironmentStatus
from runner.text import one_line
from runner.together import check_together


@dataclass(frozen=True, slots=True)
class Return:
    """Where a rollback is to lead: one component or all ('' ), to a version or a release ('' for the one
    before); `now`: without asking the integration suites."""

    component: str = ""
    to: str = ""
    now: bool = False


def deploy(asked: Asked, world: World) -> Done:
    """Verify a manifest and make it run. Raises LockgateError before anything is written where it does not
    hold; how it went is the release's outcome."""
    place = place_of(asked, world)
    with (
        telling(asked.root, place, Kind.DEPLOY, world.clock, asked.manifest) as teller,
        verified(asked, place) as found,
        stoppable(_going_on(asked)),
    ):
        tools, wanted = _ready(asked, place, world, found)
        _ensure_bucket(place)
        tools.tell = teller.failed
        return tools.run(wanted)


def _going_on(asked: Asked) -> str:
    """What whoever stopped it may do next."""
    env = f"--env {asked.environment}"
    shown = f"what was begun stands half-way, as `lockgate status {env}` shows"
    return f"{shown}: the same command goes on with it, `lockgate rollback {env}` goes back"


def _ready(asked: Asked, place: Place, world: World, found: Proven) -> tuple[Deployment, Proposal]:
    """The tools and what they are to do, once every byte of it is known to be at hand."""
    tools = deployment(place, world, asked.root, found, asked.replace)
    require(place.aws, place.bucket, tools.target.stored, tools.target.bytes_of)
    return tools, proposal(place, found, world)


def proposal(place: Place, found: Proven, world: World) -> Proposal:
    """A manifest as a release that somebody wants."""
    fields, wanted = found.manifest.fields, content(place, found)

    def make(last: Release | None, good: int) -> Release:
        when = world.clock().isoformat(timespec="seconds")
        return Release(
            0, uuid.uuid4().hex, Kind.DEPLOY, fields.solution, place.name, wanted, fields.release or "",
            found.manifest.sha256, fields.run_id, fields.source.commit, place.by, when,
            place.environment.traffic, good,
        )  # fmt: skip

    return Proposal(wanted, make, found.manifest.sha256)


def _ensure_bucket(place: Place) -> None:
    """A sandbox's bucket is made when it is first needed; a real one is not Lockgate's to make."""
    if place.is_sandbox and not place.has_bucket():
        place.aws.ensure_bucket(place.bucket)


def rehearse(asked: Asked, world: World) -> list[str]:
    """What a deployment would change, in lines; nothing is written anywhere."""
    place = place_of(asked, world)
    with verified(asked, place) as found:
        tools, wanted = _ready(asked, place, world, found)
        if not place.has_bucket():
            return [
                f"the first deployment into {place.stack_name}: everything is added",
                *first(wanted.content),
            ]
        return rehearsal(tools, wanted)


def roll_back(asked: Asked, world: World, way: Return) -> Done:
    """The whole environment, or one component of it, to what ran before."""
    place = place_of(asked, world)
    with telling(asked.root, place, Kind.ROLLBACK, world.clock) as teller, stoppable(_going_on(asked)):
        _require_deployed(place)
        tools = deployment(place, world, asked.root, None, asked.replace)
        tools.tell = teller.failed
        past = tools.ledger.past()
        found = _way(past, way)
        world.say(found.note)
        if not found.together:
            _together(place, found, asked.root, world, now=way.now)
        return _offering(tools.run(_returning(place, found, past, world)), revert(past, found))


def _offering(done: Done, command: str) -> Done:
    """Main still has what was rolled back: the command that takes it out, once it runs no more."""
    succeeded = done.outcome is not None and done.outcome.ended is Ended.SUCCEEDED
    return replace(done, offer=command) if succeeded else done


def _together(place: Place, way: Way, root: Path, world: World, *, now: bool) -> None:
    """Versions that never ran together: said so, and judged first unless somebody is in a hurry."""
    world.say("these versions never ran together")
    if now:
        world.say("the integration suites are not asked (--now)")
        return
    check_together(root, place.solution, place.aws, place.bucket, way.content, is_sandbox=place.is_sandbox)


def _require_deployed(place: Place) -> None:
    if not place.has_bucket():
        raise UsageError(
            "nothing was deployed here yet: there is no way back",
            where=place.bucket,
            hint="there is no such bucket",
        )


def rehearse_return(asked: Asked, world: World, way: Return) -> list[str]:
    """What a rollback would change, in lines."""
    place = place_of(asked, world)
    _require_deployed(place)
    tools = deployment(place, world, asked.root, None, asked.replace)
    past = tools.ledger.past()
    found = _way(past, way)
    return [found.note, *rehearsal(tools, _returning(place, found, past, world))]


def _way(past: Past, way: Return) -> Way:
    """Where it leads: while something stands half-way, out of that, unless another way is asked for."""
    if not (way.component or way.to) and (out := way_out(past)):
        return out
    return component(past, way.component, way.to) if way.component else whole(past, way.to)


def _returning(place: Place, way: Way, past: Past, world: World) -> Proposal:
    source = way.source

    def make(last: Release | None, good: int) -> Release:
        when = world.clock().isoformat(timespec="seconds")
        return replace(
            source, number=0, id=uuid.uuid4().hex, kind=Kind.ROLLBACK, content=way.content, by=place.by,
            when=when, traffic=ALL_AT_ONCE, previous=good, restores=way.restores, note=way.note,
        )  # fmt: skip

    return Proposal(way.content, make, source.manifest, past.current.number)


def statuses(root: Path, name: str, world: World, *, real: bool) -> list[EnvironmentStatus]:
    """What runs in each environment of a solution, or in one of them. Only reads."""
    solution, world = load(root), replace(world, say=_once(world.say))
    names = [name] if name else list(solution.environments)
    return [status_of(place_of(Asked(root, each, real=real), world), world, root) for each in names]


def running_in(root: Path, world: World, *, real: bool) -> dict[str, dict[str, list[str]]]:
    """What the ledgers say runs: component -> sha256 -> environments. One that cannot be read is told, and
    left out. Only reads."""
    world, found = replace(world, say=_once(world.say)), dict[str, dict[str, list[str]]]()
    for name in load(root).environments:
        try:
            good = _good(place_of(Asked(root, name, real=real), world))
        except LockgateError as error:
            world.say(f"what runs in {name} could not be told: {one_line(str(error))}")
            continue
        for part_of, part in good.content.parts.items() if good else ():
            found.setdefault(part_of, {}).setdefault(part.sha256, []).append(name)
    return found


def _good(place: Place) -> Release | None:
    return ledger_of(place, place.aws).good() if place.has_bucket() else None


def _once(say: Callable[[str], None]) -> Callable[[str], None]:
    """Several environments are mostly in one AWS, which is named once."""
    told: set[str] = set()

    def tell(line: str) -> None:
        if line not in told:
            told.add(line)
            say(line)

    return tell


def status_of(place: Place, world: World, root: Path) -> EnvironmentStatus:
    """What runs in one environment, by its ledger and by what was read back."""
    if not place.has_bucket():
        return EnvironmentStatus(place.name, place.stack_name, None, "", None, None, None, ())
    tools = deployment(place, world, root)
    view, held = tools.view(), tools.lease.look()
    good = view.good
    ended = tools.ledger.outcome(good.number) if good else None
    found = tools.target.differences(tools.target.wanted(good.content)) if good else ()
    holding = held if held and held.is_held(world.clock()) else None
    return EnvironmentStatus(
        place.name,
        place.stack_name,
        good,
        ended.when if ended else "",
        view.last,
        view.outcome,
        holding,
        found,
    )
