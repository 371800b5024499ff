"""What ran before a release: where each one stands in the history, and the step back from there (pure).

A rollback stands where that stands which it brought back, however many rollbacks lie between. So a step
back never leads to what an earlier one left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from runner.release.records import Kind, Release

Good = Sequence[Release]  # the releases that succeeded, oldest first, the one that runs last


def before(good: Good, fits: Callable[[Release], bool], name: str = "") -> Release | None:
    """The release that the history, or a component's own, gives first behind the last one and that fits."""
    return next(filter(fits, _backwards(good, name)), None)


def _backwards(good: Good, name: str) -> Iterator[Release]:
    places = _places(good, name)
    place = places[good[-1].number]
    while older := [release for release in good if release.number < place]:
        yield older[-1]
        place = places[older[-1].number]


def _places(good: Good, name: str) -> dict[int, int]:
    """The number at which each release stands; of a component, its version's."""
    found: dict[int, int] = {}
    for release in good:
        source = release.restores or release.previous
        if release.kind is not Kind.ROLLBACK or source not in found:
            found[release.number] = release.number
        elif release.restores or not name:
            found[release.number] = found[source]
        else:
            found[release.number] = _place_of_part(release, name, good, found)
    return found


def _place_of_part(release: Release, name: str, good: Good, places: dict[int, int]) -> int:
    """Where a component stands after one was taken back: as before if it was another one, else where its
    version ran, below the one that it was taken from if it did."""
    place = places[release.previous]
    same = [r for r in good if r.number < release.number and deployed(r, name) == deployed(release, name)]
    if not same or same[-1].number == release.previous:
        return place
    below = [r for r in same if r.number < place]
    return places[(below or same)[-1].number]


def deployed(release: Release, name: str) -> str:
    """The digest of a component's bytes in a release; '' where it has no such component."""
    part = release.content.parts.get(name)
    return part.deployed if part else ""
