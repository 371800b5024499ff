"""Values of options in which nothing is no answer: a variable that was not set asks for nothing less."""

from __future__ import annotations

import re

import click


def not_empty(ctx: click.Context, option: click.Parameter, value: str | None) -> str:
    """The value, '' where the option was not given; refuses an empty one."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty: was a variable not set?", ctx, option)
    return value or ""


def commit(ctx: click.Context, option: click.Parameter, value: str | None) -> str:
    """A whole commit id, '' where the option was not given; refuses anything else."""
    if value is not None and not re.fullmatch(r"[0-9a-f]{40}", value):
        raise click.BadParameter("a commit is 40 hex digits", ctx, option)
    return value or ""
