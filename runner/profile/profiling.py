"""`lockgate profile`: a table's first suite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from runner.errors import InfrastructureError, UsageError
from runner.expect.literals import Uncompiled
from runner.profile.at_hand import at_hand
from runner.profile.looking import looked_at
from runner.profile.place import Place
from runner.profile.proposals import proposals
from runner.profile.seen import SeenTable
from runner.profile.writing import Written, written
from runner.sources.source import Source
from runner.stages.tables.masking import unquoted


@dataclass(frozen=True, slots=True)
class Profile:
    """What a table is, and the suite of it."""

    seen: SeenTable
    written: Written


def require_free(path: Path, *, force: bool) -> None:
    """Raise UsageError where a file would be lost."""
    if path.exists() and not force:
        hint = "--force writes over it, --output names another (- shows what would be written)"
        raise UsageError("is there already", where=str(path), hint=hint)


def profiled_at(place: Place, sensitive: Iterable[str], confidence: float, *, real: bool) -> Profile:
    """The profile of a table where it lies; `real`: the real AWS may be asked for s3:// sources. Raises as
    `profiled` and `opened` do."""
    hidden = (*place.sensitive, *sensitive)
    with at_hand(place, real=real) as source:
        try:
            return profiled(place.name, source, hidden, confidence)
        except InfrastructureError as error:  # what a reader says of a damaged value quotes it
            told = unquoted(error.what, hidden)
            raise InfrastructureError(told, where=error.where, hint=error.hint) from None


def profiled(name: str, source: Source, sensitive: Iterable[str] = (), confidence: float = 0.99) -> Profile:
    """Look at a table, propose, ask, keep. Raises UsageError for a sensitive column that there is not,
    InfrastructureError for a table that cannot be read, has no rows, or changes meanwhile."""
    columns = source.columns()
    if isinstance(columns, Uncompiled):
        raise InfrastructureError(f"cannot be profiled: {columns}", where=name)
    digest = source.digest()
    _require_known(sensitive, list(columns))
    seen = looked_at(source.asked(), columns, sensitive)
    if not seen.rows:
        raise InfrastructureError("has no rows, and so shows nothing", where=name)
    found = written(name, source, proposals(seen, confidence))
    if source.digest() != digest:
        raise InfrastructureError("changed while it was looked at", where=name)
    return Profile(seen, found)


def _require_known(names: Iterable[str], columns: list[str]) -> None:
    for name in names:
        if name not in columns:
            near = get_close_matches(name, columns, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(columns)}"
            raise UsageError(f"no such column {name!r}", where="--sensitive", hint=hint)
