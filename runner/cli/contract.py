"""`lockgate contract`: a table's columns, as what its readers may rely on."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli import options, tables

EXAMPLES = """\b
Examples:
  lockgate contract build/data/flights.parquet
  lockgate contract flights --output -
"""


@click.command("contract", epilog=EXAMPLES)
@tables.argument
@options.solution
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
    help="Where to write it, - for stdout.  [default: the table's contract, suites/data/TABLE.columns.json]",
)  # fmt: skip
@tables.force
@options.aws
@options.as_json
def command(table: str, root: Path, output: Path | None, force: bool, real: bool, as_json: bool) -> int:
    """Write the columns that TABLE has, a file or a table of lockgate.yml, with their types.

    Name the file in lockgate.yml: `contract: {columns: FILE}`. All columns may hold nulls in it: say which
    may not (`"nullable": false`), and take out what nobody relies on.

    Exit status: 0, 2 usage, 3 the table cannot be read.
    """
    from runner.contract.columns import written
    from runner.contract.found import contract_of
    from runner.profile.at_hand import at_hand
    from runner.profile.place import SUITES, place_of
    from runner.profile.profiling import require_free

    place = place_of(table, root.resolve())
    agreed = place.config.contract.columns if place.config.contract else f"{SUITES}/{place.name}.columns.json"
    path = output or root.resolve() / agreed
    is_kept = str(output) != "-"
    if is_kept:
        require_free(path, force=force)
    with at_hand(place, real=real) as source:
        columns = contract_of(source)
    text = written(columns)
    if is_kept:
        from runner.adapters.files import write_atomic

        write_atomic(path, text.encode())
    click.echo(_said(place.name, len(columns), text, path if is_kept else None, as_json=as_json), nl=False)
    return 0


def _said(name: str, count: int, text: str, path: Path | None, *, as_json: bool) -> str:
    """The machine form; the contract itself where it is written nowhere else; or a line."""
    if as_json:
        told = {"table": name, "written": str(path) if path else None, "contract": json.loads(text)}
        return json.dumps(told, ensure_ascii=False) + "\n"
    return text if path is None else f"{name}: {count} columns, written: {tables.shown(path)}\n"
