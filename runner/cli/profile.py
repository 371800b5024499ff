"""`lockgate profile`: a first suite, learnt from a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options, tables

if TYPE_CHECKING:
    from runner.profile.place import Place
    from runner.profile.profiling import Profile


EXAMPLES = """\b
Examples:
  lockgate profile build/data/flights.parquet
  lockgate profile flights --dry-run --sensitive tailnum
  lockgate profile 'build/events/*.parquet' --output suites/data/events.json
"""


@click.command("profile", epilog=EXAMPLES)
@tables.argument
@options.solution
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
    help="Where to write it, - for stdout.  [default: the table's suite, suites/data/TABLE.json]",
)  # fmt: skip
@tables.force
@click.option(
    "--sensitive", multiple=True, metavar="COLUMN",
    help="A column whose values the suite must not show (repeatable); more are guessed, and told.",
)  # fmt: skip
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.9999), default=0.99, show_default=True,
    help="How likely a fresh sample of the same source is to pass.",
)  # fmt: skip
@options.aws
@options.dry_run
@options.as_json
def command(
    table: str, root: Path, output: Path | None, force: bool, sensitive: tuple[str, ...], confidence: float,
    real: bool, dry_run: bool, as_json: bool,
) -> int:  # fmt: skip
    """Write a first suite for TABLE, a file or a table of lockgate.yml, in Great Expectations' JSON.

    Types, nulls, ranges with slack, sets, patterns, lengths, keys, order: each with a note of why. Each was
    asked of the table first, and is written only where it passes. It is a start: read it.

    Exit status: 0, 2 usage, 3 the table cannot be read.
    """
    from runner.profile.place import place_of
    from runner.profile.profiling import profiled_at, require_free

    place = place_of(table, root.resolve())
    path = output or root.resolve() / place.config.suite
    is_kept = not dry_run and str(output) != "-"
    if is_kept:
        require_free(path, force=force)
    found = profiled_at(place, sensitive, confidence, real=real)
    if is_kept:
        from runner.adapters.files import write_atomic

        write_atomic(path, found.written.text.encode())
    _say(place, found, tables.shown(path) if is_kept else "", as_json=as_json, is_dry=dry_run)
    return 0


def _say(place: Place, found: Profile, written: str, *, as_json: bool, is_dry: bool) -> None:
    if as_json:
        click.echo(json.dumps(_data(place, found, written), ensure_ascii=False))
    elif not written and not is_dry:
        click.echo(found.written.text, nl=False)
    else:
        click.echo("\n".join(_lines(place, found, written)))


def _data(place: Place, found: Profile, written: str) -> dict[str, object]:
    return {
        "table": place.name,
        "rows": found.seen.rows,
        "columns": len(found.seen.columns),
        "sensitive": sorted(found.seen.sensitive),
        "written": written or None,
        "suite": found.written.document,
        "left_out": [{"expectation": id, "why": why} for id, why in found.written.dropped],
    }


def _lines(place: Place, found: Profile, written: str) -> list[str]:
    expectations = found.written.document["expectations"]
    size = f"{found.seen.rows:,} rows x {len(found.seen.columns)} columns"
    lines = [f"{place.name}: {size}, {len(expectations)} expectations"]
    if not written:
        lines += [f"  {_line(each)}" for each in expectations]
    lines += [f"  left out  {id}: {why}" for id, why in found.written.dropped]
    if found.seen.sensitive:
        names = ", ".join(sorted(found.seen.sensitive))
        lines.append(f"  values not shown: {names}; say `sensitive: [{names}]` in lockgate.yml, too")
    return [*lines, f"written: {written}" if written else "nothing is written (--dry-run)"]


def _line(config: dict[str, object]) -> str:
    from runner.expect.sentences import sentence
    from runner.text import one_line

    kwargs = config["kwargs"]
    said = sentence(str(config["type"]), kwargs if isinstance(kwargs, dict) else {})
    return f"{one_line(said, 100)}  ({one_line(config['notes'], 100)})"
