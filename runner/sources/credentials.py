"""The URL of a PostgreSQL, from where lockgate.yml says that it is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from runner.adapters.output import SECRECY
from runner.config.data import PostgreSql
from runner.errors import InfrastructureError

if TYPE_CHECKING:
    from runner.adapters.aws import Aws

PORT = 5432


def url_of(config: PostgreSql, name: str, variables: Mapping[str, str], aws: Callable[[], Aws]) -> str:
    """The URL with its password, which is hidden in all that is said from now on.

    Raises InfrastructureError where it is not there, or cannot be fetched."""
    if config.secret:
        return _from_secret(config.secret, name, aws())
    url = variables.get(config.url_from or "", "")
    if not url:
        raise InfrastructureError(f"the variable {config.url_from} is not set", where=name)
    return _with_token(url, name, aws()) if config.iam else url


def _from_secret(arn: str, name: str, aws: Aws) -> str:
    """A secret as RDS keeps it: docs.aws.amazon.com/secretsmanager/latest/userguide/
    reference_secret_json_structure.html"""
    told = aws.call("secretsmanager", "get_secret_value", SecretId=arn).get("SecretString") or ""
    try:
        found = json.loads(told)
        user, password, host = (str(found[key]) for key in ("username", "password", "host"))
        port, database = int(found.get("port") or PORT), str(found.get("dbname") or "postgres")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InfrastructureError("the secret is none of a database: it has no host", where=name) from None
    SECRECY.learn({f"{name}_password": password})
    place = f"{host}:{port}/{quote(database, safe='')}"
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{place}?sslmode=require"


def _with_token(url: str, name: str, aws: Aws) -> str:
    """A token in the password's place, which is good for a quarter of an hour, and over TLS alone."""
    split = urlsplit(url)
    if not split.username or split.password:
        raise InfrastructureError("with iam, the URL has a user and no password", where=name)
    user = unquote(split.username)
    asked = {"DBHostname": split.hostname, "Port": split.port or PORT, "DBUsername": user}
    token = str(aws.call("rds", "generate_db_auth_token", **asked))
    SECRECY.learn({f"{name}_password": token})
    place = f"{split.username}:{quote(token, safe='')}@{split.hostname}:{split.port or PORT}"
    query = split.query if "sslmode=" in split.query else f"{split.query}&sslmode=require".lstrip("&")
    return urlunsplit((split.scheme, place, split.path, query, ""))
