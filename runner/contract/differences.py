"""What differs between the columns that were agreed and those that a table has. Pure.

added      a column that was not agreed
removed    an agreed column that is not there
renamed    an agreed column that is not there, and one that was not agreed, of the same type, between the same
           neighbours, where no other pair would do as well: that is what can be told without knowing values
widened    a type that holds every value of the agreed one and more (int32 -> int64), or nulls where none were
           agreed
changed    any other type, a narrower one too: never allowed
reordered  agreed columns in another order
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.contract.columns import Agreed
from runner.contract.types import widens


@dataclass(frozen=True, slots=True)
class Found:
    """A column that a table has. `nulls`: how many, where none were agreed; None where nobody asked."""

    name: str
    type: str
    nulls: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """`kind`: as above; `told`: what differs, in words."""

    kind: str
    told: str


@dataclass(frozen=True, slots=True)
class Differences:
    """By agreed column all of its own; those of the table as a whole: added columns and the order."""

    columns: Mapping[str, tuple[Difference, ...]]
    table: tuple[Difference, ...]


Fits = Callable[[str, str], bool]
MANY = 100  # of more columns between two neighbours, nobody can tell which is which


def differences(agreed: Sequence[Agreed], found: Sequence[Found], fits: Fits = str.__eq__) -> Differences:
    """Compare; `fits(agreed type, found type)`: whether what was found is what was agreed."""
    there = {column.name: column for column in found}
    renamed = renames(agreed, found, fits)
    columns = {each.name: tuple(_of_column(each, there, renamed, fits)) for each in agreed}
    known = {each.name for each in agreed} | set(renamed.values())
    added = [Difference("added", f"{c.name!r} ({c.type})") for c in found if c.name not in known]
    return Differences(columns, (*added, *_order(agreed, found, renamed)))


def _of_column(
    agreed: Agreed, there: Mapping[str, Found], renamed: Mapping[str, str], fits: Fits
) -> list[Difference]:
    name = renamed.get(agreed.name, agreed.name)
    if name not in there:
        return [Difference("removed", "it is not there")]
    found, told = there[name], list[Difference]()
    if name != agreed.name:
        told.append(Difference("renamed", f"it is called {name!r} now"))
    if not fits(agreed.type, found.type):
        kind = "widened" if widens(agreed.type, found.type) else "changed"
        told.append(Difference(kind, f"{agreed.type} is {found.type} now"))
    if not agreed.nullable and found.nulls:
        nulls = f"{found.nulls:,} null{'s' * (found.nulls != 1)}"
        told.append(Difference("widened", f"{nulls}, where none were agreed"))
    return told


def renames(agreed: Sequence[Agreed], found: Sequence[Found], fits: Fits) -> dict[str, str]:
    """Agreed name -> what it is called now."""
    common = {c.name for c in agreed} & {c.name for c in found}
    lost = _between([(c.name, c.type) for c in agreed], common)
    new = _between([(c.name, c.type) for c in found], common)
    pairs = dict[str, str]()
    for place, columns in lost.items():
        others = new.get(place, [])
        for name, type in columns if max(len(columns), len(others)) <= MANY else ():
            candidates = [other for other, its in others if fits(type, its)]
            rivals = [other for other, its in columns if fits(its, type) or fits(type, its)]
            if len(candidates) == 1 and len(rivals) == 1:
                pairs[name] = candidates[0]
    return pairs


Neighbours = tuple[str | None, str | None]


def _between(columns: Sequence[tuple[str, str]], common: set[str]) -> dict[Neighbours, list[tuple[str, str]]]:
    """The columns that only one side has, by their nearest neighbours that both have."""
    names = [name for name, _ in columns]
    before = list(_nearest(names, common))
    after = reversed(list(_nearest(names[::-1], common)))
    places: dict[Neighbours, list[tuple[str, str]]] = {}
    for column, *place in zip(columns, before, after, strict=True):
        if column[0] not in common:
            places.setdefault((place[0], place[1]), []).append(column)
    return places


def _nearest(names: Iterable[str], common: set[str]) -> Iterator[str | None]:
    """For each name the last one before it that is common."""
    last = None
    for name in names:
        yield last
        last = name if name in common else last


def _order(agreed: Sequence[Agreed], found: Sequence[Found], renamed: Mapping[str, str]) -> list[Difference]:
    names = [column.name for column in found]
    expected = [now for each in agreed if (now := renamed.get(each.name, each.name)) in names]
    actual = [name for name in names if name in set(expected)]
    first = next((pair for pair in zip(expected, actual, strict=True) if pair[0] != pair[1]), None)
    return [Difference("reordered", f"{first[1]!r} stands where {first[0]!r} did")] if first else []
