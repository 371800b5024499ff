"""What commands about one table share."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem


def _complete(ctx: click.Context, argument: click.Parameter, start: str) -> list[CompletionItem]:
    """Tables of lockgate.yml, then files."""
    from runner.errors import LockgateError
    from runner.profile.place import tables_of

    try:
        names = [name for name in tables_of(Path(ctx.params.get("root") or ".")) if name.startswith(start)]
    except LockgateError:  # a configuration that is wrong completes nothing
        names = []
    return [*map(CompletionItem, names), CompletionItem(start, type="file")]


argument = click.argument("table", metavar="TABLE", shell_complete=_complete)
force = click.option("--force", is_flag=True, help="Write over a file that is there.")


def shown(path: Path) -> str:
    """A path as people here would write it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
