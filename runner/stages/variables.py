"""The variables that a data stage's connections name: handed to that stage's own process, and to no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, urlsplit

from runner.adapters.output import SECRECY
from runner.config.data import PostgreSql
from runner.config.schema import DataStage, Stage
from runner.errors import UsageError

HIDDEN = ("password", "sslpassword")  # what a URL's query can hold beside its user's password


def variables_of(stage: Stage) -> tuple[str, ...]:
    """Their names, each once."""
    connections = stage.connections.values() if isinstance(stage, DataStage) else ()
    named = (each.url_from for each in connections if isinstance(each, PostgreSql) and each.url_from)
    return tuple(dict.fromkeys(named))


def taken(stage: Stage, environ: Mapping[str, str]) -> dict[str, str]:
    """Those that are set, with their values, whose passwords are hidden from now on."""
    found = {name: environ[name] for name in variables_of(stage) if environ.get(name)}
    for name, url in found.items():
        SECRECY.learn({f"{name}_password": each for each in _passwords(url)})
    return found


def require(stages: Iterable[Stage], environ: Mapping[str, str]) -> None:
    """Raises UsageError, naming it, where one of them is not set."""
    for stage in stages:
        for name in variables_of(stage):
            if not environ.get(name):
                hint = f"export {name}=postgresql://USER:PASSWORD@HOST/DATABASE"
                raise UsageError(f"the variable {name} is not set", where="connections", hint=hint)


def _passwords(url: str) -> list[str]:
    """What its query holds; a password in its usual place is known for one wherever it stands."""
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return []
    return [value for name in HIDDEN for value in query.get(name, ())]
