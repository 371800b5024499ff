"""The kinds of values in `lockgate.yml`: names, paths that stay inside, durations, sizes, digests."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
S3_PREFIX = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([A-Za-z0-9!_.*'()/-]{0,299}[A-Za-z0-9!_*'()-])"
)
BYTES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|d)", value)
    if match is None:
        raise ValueError("a duration is seconds, or a number with s, m, h or d such as 90s, 10m, 1h, 2d")
    return float(match[1]) * UNITS[match[2]]


def _size(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(KiB|MiB|GiB)", value)
    if match is None:
        raise ValueError("a size is bytes, or a number with KiB, MiB or GiB such as 512MiB")
    return int(float(match[1]) * BYTES[match[2]])


def history_place(value: Any) -> Any:
    """A bucket's prefix, or a folder inside the solution; raises ValueError for anything else."""
    if not isinstance(value, str) or "://" not in value:
        return _inside(value)
    if S3_PREFIX.fullmatch(value) is None or ".." in value or "//" in value[5:]:
        raise ValueError("a place in S3 is s3://BUCKET/PREFIX")
    return value


def _inside(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.startswith(("/", "~")) or ".." in value.split("/") or "\x00" in value:
        raise ValueError("a path is relative to lockgate.yml and stays inside its folder")
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
StackName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,100}$")]
Traffic = Annotated[
    str,
    StringConstraints(
        pattern=r"^(all-at-once|canary-[1-9][0-9]?-percent-[1-9][0-9]{0,3}-minutes?"
        r"|linear-[1-9][0-9]?-percent-every-[1-9][0-9]{0,3}-minutes?)$"
    ),
]
HistoryPlace = Annotated[str, BeforeValidator(history_place), StringConstraints(min_length=1)]
RelPath = Annotated[str, BeforeValidator(_inside), StringConstraints(min_length=1)]


def _number_or(pattern: str, kind: str) -> WithJsonSchema:
    """Editors have to know the textual form too, which the validator turns into a number."""
    return WithJsonSchema(
        {"anyOf": [{"type": kind, "exclusiveMinimum": 0}, {"type": "string", "pattern": pattern}]}
    )


Seconds = Annotated[
    float, BeforeValidator(_duration), Field(gt=0, le=86_400), _number_or(r"^\d+(\.\d+)?(s|m|h|d)$", "number")
]
Days = Annotated[
    float, BeforeValidator(_duration), Field(gt=0), _number_or(r"^\d+(\.\d+)?(s|m|h|d)$", "number")
]
Size = Annotated[
    int, BeforeValidator(_size), Field(gt=0), _number_or(r"^\d+(\.\d+)?(KiB|MiB|GiB)$", "integer")
]
TypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# HOST[:PORT][/PREFIX], the host with a dot, a port, or localhost, as Docker tells it from a user's name.
REGISTRY = (
    r"^([a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?|[a-z0-9-]+:\d{1,5}|localhost)(/[a-z0-9]+([._-][a-z0-9]+)*)*$"
)
TOPIC = r"^arn:aws[a-z-]*:sns:[a-z0-9-]{1,40}:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$"
Runtime = Literal["python3.11", "python3.12", "python3.13", "python3.14"]


class Strict(BaseModel):
    """Frozen, and no field that the schema does not name."""

    model_config = ConfigDict(extra="forbid", frozen=True)
