"""The way back: which older release, or which older version of one component (pure).

A rollback is a new release with older content. Each further one goes further back: what a rollback left is
never what the next one returns to.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.errors import UsageError
from runner.release.before import before, deployed
from runner.release.content import same, with_part
from runner.release.records import Content, Ended, Kind, Outcome, Release


@dataclass(frozen=True, slots=True)
class Way:
    """Where a rollback leads. `together`: this very combination passed and ran before; `restores` is the
    number of the release whose whole content it is, 0 for a mixture."""

    content: Content
    source: Release
    restores: int
    together: bool
    note: str


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger remembers, oldest first."""

    releases: Sequence[Release]
    outcomes: Mapping[int, Outcome]

    @property
    def good(self) -> list[Release]:
        """The releases that succeeded, oldest first."""
        return [r for r in self.releases if self._ended(r) is Ended.SUCCEEDED]

    @property
    def current(self) -> Release:
        """The newest release that succeeded. Raises UsageError where there is none."""
        if not self.good:
            raise UsageError("nothing was deployed here yet: there is no way back", where="ledger")
        return self.good[-1]

    def _ended(self, release: Release) -> Ended | None:
        outcome = self.outcomes.get(release.number)
        return outcome.ended if outcome else None


def way_out(past: Past) -> Way | None:
    """Where it leads while the newest release stands half-way; None where it does not.

    A rollback that was cut off is gone on with. Behind a deployment that was, or a release that failed and
    could not be taken back, it leads to what ran before."""
    last = past.releases[-1] if past.releases else None
    ended = past.outcomes.get(last.number) if last else None
    if last is None or (ended and (ended.ended is not Ended.FAILED or ended.restored)):
        return None
    if not ended and last.kind is Kind.ROLLBACK:
        return Way(last.content, last, last.restores, True, f"going on: {last.note}")
    if not past.good:
        return None
    why = "was not taken back" if ended else "was cut off"
    back = whole(past, str(past.current.number))
    return replace(back, note=f"release {last.number} {why}: {back.note}")


def whole(past: Past, to: str = "") -> Way:
    """The environment as a release left it: the one named (its number or name), else the one before.

    Raises UsageError where there is none."""
    source = _named(past, to) if to else _before(past)
    return Way(
        source.content, source, source.number, True, f"back to release {source.number} ({_name(source)})"
    )


def component(past: Past, name: str, to: str = "") -> Way:
    """Everything as it is now, but for one component, at a version that ran here before; without `to` the
    one before. Raises UsageError for a component or a version that there is none of."""
    now = past.current
    if name not in now.content.parts:
        raise UsageError(
            f"there is no component {name!r}{_near(name, now.content.parts)}", where="--component"
        )
    source = _of_version(past.good, name, to) if to else _before_part(past, name)
    wanted = source.content.parts[name]
    content = with_part(now.content, name, wanted)
    if name == now.content.stack:  # a template's parameters are its own
        content = replace(content, recipe=source.content.recipe)
    together = any(same(r.content, content) for r in past.good)
    was = now.content.parts[name].version
    return Way(content, now, 0, together, f"{name} from {was} back to {wanted.version}")


def revert(past: Past, way: Way) -> str:
    """The command that takes out of main what a way back leaves in it; '' where it leads to no older release
    as a whole, or one of the two has no name."""
    left, back = past.current.name, way.source.name
    first: dict[str, int] = {}
    for release in past.releases:
        first.setdefault(release.name, release.number)
    if not (way.restores and left and back) or first[back] >= first[left]:
        return ""
    return f"lockgate merge --revert {left} --since {back}"


def _before(past: Past) -> Release:
    """The newest good release before the one that runs, and other than it."""
    now = past.current
    found = before(past.good, lambda release: not same(release.content, now.content))
    if found is None:
        others = ", ".join(str(r.number) for r in past.good[:-1])
        why = "nothing else ran before it" if others else "it is the first one"
        raise UsageError(
            f"release {now.number} ({_name(now)}): {why}: there is none to go back to",
            where="ledger",
            hint=f"--to leads to any that ran here: {others}" if others else "lockgate deploy brings another",
        )
    return found


def _before_part(past: Past, name: str) -> Release:
    """The newest good release before the one that runs in which a component was another one."""
    now = past.current.content.parts[name]
    found = before(past.good, lambda release: deployed(release, name) not in ("", now.deployed), name)
    if found is None:
        raise UsageError(f"{name} {now.version} is the first version that ran here", where="--component")
    return found


def _named(past: Past, to: str) -> Release:
    for release in reversed(past.good):
        if to in (str(release.number), release.name, release.name.partition("+")[0], release.id):
            return release
    known = [name for r in past.good for name in (str(r.number), _name(r))]
    raise UsageError(f"no release {to!r} succeeded here{_near(to, known)}", where="--to")


def _of_version(good: Sequence[Release], name: str, to: str) -> Release:
    """The newest release with a component in a version, or with a digest that begins so."""
    there = [release for release in good if name in release.content.parts]
    for release in reversed(there):
        part = release.content.parts[name]
        if to == part.version or (len(to) >= 12 and part.sha256.startswith(to)):
            return release
    known = [release.content.parts[name].version for release in there]
    raise UsageError(f"{name} {to!r} never ran here{_near(to, known)}", where="--to")


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    if not names:
        return "; there is none"
    return f": did you mean {near[0]!r}?" if near else f"; there are: {', '.join(sorted(set(names)))}"


def _name(release: Release) -> str:
    return release.name or release.id
