"""AWS: the only module that imports boto3, and the line between a sandbox and a real account.

A client is never made from what happens to lie around (keys, profiles, AWS_ENDPOINT_URL): it gets
its endpoint, region and credentials from an `AwsTarget`, and a real target exists only where the
caller asked for one (DESIGN rule 5).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from runner.errors import InfrastructureError, UsageError

DEFAULT_REGION = "us-east-1"
# Any key works in the sandbox; this one could not be mistaken for a person's.
SANDBOX_KEY = "lockgate-sandbox"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
# The suffixes of botocore's partitions; .aws is Amazon's own top-level domain.
REAL_HOSTS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".amazonwebservices.com.cn",
    ".amazonwebservices.eu",
    ".c2s.ic.gov",
    ".aws.ic.gov",
    ".sc2s.sgov.gov",
    ".aws.scloud",
    ".cloud.adc-e.uk",
    ".cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".aws.hci.ic.gov",
)
# Nothing that another parser could read as another host: no user, no escapes, ASCII alone.
SANDBOX_URL = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?")
ClientFactory = Callable[[str], Any]


class AwsError(InfrastructureError):
    """A call to AWS failed; `code` is the service's error code, '' where none was given."""

    def __init__(self, what: str, *, where: str = "", hint: str = "", code: str = "") -> None:
        self.code = code
        super().__init__(what, where=where, hint=hint)


@dataclass(frozen=True, slots=True)
class AwsTarget:
    """Which AWS is used, with what credentials. `description` is the line to print first."""

    kind: Literal["sandbox", "real"]
    endpoint: str
    region: str
    description: str
    credentials: tuple[str, str, str] = field(default=(SANDBOX_KEY, SANDBOX_KEY, ""), repr=False)

    def env(self) -> dict[str, str]:
        """The environment that makes a child process reach this AWS and no other."""
        key, secret, token = self.credentials
        env = {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        optional = {"AWS_SESSION_TOKEN": token, "AWS_ENDPOINT_URL": self.endpoint}
        return env | {name: value for name, value in optional.items() if value}


def sandbox_target(url: str, region: str | None = None) -> AwsTarget:
    """A sandbox at a URL. Raises UsageError for a URL that is a real AWS endpoint or none at all."""
    match = SANDBOX_URL.fullmatch(url)
    if match is None:
        raise UsageError(f"{url!r} is no URL of a sandbox", hint="for example http://127.0.0.1:4566")
    host = match[1].lower().rstrip(".")
    if f".{host}".endswith(REAL_HOSTS) or host.endswith(".aws"):
        raise UsageError(f"{url!r} is a real AWS, not a sandbox", hint="use --aws for a real AWS")
    return AwsTarget(
        "sandbox", url.rstrip("/"), region or DEFAULT_REGION, f"AWS: sandbox at {url.rstrip('/')}"
    )


def real_target(region: str | None = None, session: Any = None) -> AwsTarget:
    """The AWS account that boto3's own chain finds; to be called only where one was asked for.

    Raises InfrastructureError where there are no credentials or no region."""
    import boto3

    with _translated("credentials"):
        session = session or boto3.Session()
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    region = region or session.region_name
    if frozen is None or not region:
        missing = "credentials" if frozen is None else "region"
        raise InfrastructureError(
            f"a real AWS was asked for, but there is no {missing}",
            where="--aws",
            hint="set a profile or a role, AWS_DEFAULT_REGION, or leave out --aws to use the sandbox",
        )
    credentials = (frozen.access_key, frozen.secret_key, frozen.token or "")
    return AwsTarget("real", "", region, f"AWS: REAL account in {region}", credentials)


def target_from_env(env: Mapping[str, str], *, is_sandbox: bool) -> AwsTarget:
    """The target that `AwsTarget.env()` described; a sandbox without an endpoint is refused."""
    region = env.get("AWS_REGION", DEFAULT_REGION)
    if is_sandbox:
        return sandbox_target(env.get("AWS_ENDPOINT_URL", ""), region)
    missing = [name for name in KEYS[:2] if not env.get(name)]
    if missing:
        raise InfrastructureError(f"no {missing[0]} for the real AWS", hint="start stages by `lockgate run`")
    credentials = (env[KEYS[0]], env[KEYS[1]], env.get(KEYS[2], ""))
    return AwsTarget("real", "", region, f"AWS: REAL account in {region}", credentials)


def boto_clients(target: AwsTarget) -> ClientFactory:
    """A factory of boto3 clients bound to the target, each made once, of one session: that has read
    botocore's data only once. A session is not for several threads at a time, its clients are."""
    session = cache(_session)
    made: dict[str, Any] = {}
    lock = Lock()

    def client(service: str) -> Any:
        with lock:
            if service not in made:
                made[service] = _client(session(), target, service)
            return made[service]

    return client


def _session() -> Any:
    """A profile or a configuration file of the caller's may neither steer nor break its clients."""
    import boto3
    from botocore.session import Session

    lone: dict[str, Any] = {
        "profile": (None, [], None, None),
        "config_file": (None, [], "/dev/null", None),
        "credentials_file": (None, [], "/dev/null", None),
    }
    return boto3.Session(botocore_session=Session(session_vars=lone))


def _client(session: Any, target: AwsTarget, service: str) -> Any:
    from botocore.config import Config

    key, secret, token = target.credentials
    options: dict[str, Any] = {
        "s3": {"addressing_style": "path"} if target.kind == "sandbox" else {},
        "connect_timeout": 5,
        "retries": {"mode": "standard", "max_attempts": 2 if target.kind == "sandbox" else 5},
        "ignore_configured_endpoint_urls": True,
        "user_agent_extra": "lockgate",
        "max_pool_connections": 16,
        # None: those of the environment; {}: none, since no proxy could reach this machine's sandbox.
        "proxies": {} if target.kind == "sandbox" else None,
    }
    return session.client(
        service,
        region_name=target.region,
        endpoint_url=target.endpoint or None,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        config=Config(**options),
    )


@contextmanager
def _translated(where: str, hint: str = "") -> Iterator[None]:
    """botocore's errors as ours, so that a missing right or endpoint is one line and no traceback."""
    import botocore.exceptions as boto

    try:
        yield
    except boto.ClientError as error:
        told = error.response.get("Error", {})
        what = told.get("Message") or told.get("Code") or str(error)
        raise AwsError(what, where=where, hint=hint, code=str(told.get("Code", ""))) from error
    except (boto.BotoCoreError, boto.HTTPClientError) as error:
        raise AwsError(str(error), where=where, hint=hint or "is the AWS in use reachable?") from error


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function's answer: HTTP status, FunctionError ('' if none), the payload parsed as JSON (its
    text where it is none, and `is_json` is False)."""

    status: int
    error: str
    answer: Any
    is_json: bool = True


class Aws:
    """What Lockgate uses of AWS, and no more. Every method raises AwsError."""

    def __init__(self, target: AwsTarget, clients: ClientFactory | None = None) -> None:
        self.target = target
        self._client = clients or boto_clients(target)

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """One API call: Aws.call('s3', 'head_object', Bucket=..., Key=...)."""
        with _translated(f"{service}:{operation}"):
            answer: dict[str, Any] = getattr(self._client(service), operation)(**arguments)
        return answer

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> list[dict[str, Any]]:
        """All items of a paged listing."""
        with _translated(f"{service}:{operation}"):
            pages = self._client(service).get_paginator(operation).paginate(**arguments)
            return [item for page in pages for item in page.get(field, ())]

    def account(self) -> str:
        """The account's number, for the line that says which AWS is in use."""
        return str(self.call("sts", "get_caller_identity")["Account"])

    def ensure_bucket(self, bucket: str) -> None:
        """Create a bucket in the target's region; one that is ours already is fine."""
        place = {} if self.target.region == DEFAULT_REGION else {"LocationConstraint": self.target.region}
        arguments: dict[str, Any] = {"CreateBucketConfiguration": place} if place else {}
        try:
            self.call("s3", "create_bucket", Bucket=bucket, **arguments)
        except AwsError as error:
            if error.code != "BucketAlreadyOwnedByYou":
                raise

    def object_size(self, bucket: str, key: str) -> int | None:
        """Bytes of an object, None where there is none."""
        try:
            return int(self.call("s3", "head_object", Bucket=bucket, Key=key)["ContentLength"])
        except AwsError as error:
            if error.code in ("404", "NoSuchKey", "NotFound"):
                return None
            raise

    def upload(self, path: Path, bucket: str, key: str) -> None:
        """Put a file; S3 checks the bytes against a sha256 that is sent with them."""
        with path.open("rb") as body:
            self.call("s3", "put_object", Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256")

    def upload_new(self, path: Path, bucket: str, key: str) -> None:
        """Put a file where no object is; AwsError with code PreconditionFailed where one is."""
        with path.open("rb") as body:
            checked = {"ChecksumAlgorithm": "SHA256", "IfNoneMatch": "*"}
            self.call("s3", "put_object", Bucket=bucket, Key=key, Body=body, **checked)

    def download(self, bucket: str, key: str, path: Path) -> None:
        """Fetch an object into a file."""
        with _translated(f"s3://{bucket}/{key}"):
            self._client("s3").download_file(bucket, key, str(path))

    def read(self, bucket: str, key: str) -> bytes:
        """The bytes of a small object."""
        return self.read_tagged(bucket, key)[0]

    def read_tagged(self, bucket: str, key: str) -> tuple[bytes, str]:
        """The bytes of a small object and its ETag."""
        with _translated(f"s3://{bucket}/{key}"):
            answer = self._client("s3").get_object(Bucket=bucket, Key=key)
            return bytes(answer["Body"].read()), str(answer.get("ETag", ""))

    def empty_bucket(self, bucket: str) -> None:
        """Delete every version of every object of a bucket."""
        with _translated(f"s3://{bucket}"):
            pages = self._client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
            for page in pages:
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                keys = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
                if keys:
                    self._client("s3").delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})

    def invoke(self, function: str, event: Any) -> Invocation:
        """Invoke a function (name, ARN, or either with an alias) and wait for its answer."""
        payload = json.dumps(event).encode()
        with _translated(f"lambda:invoke {function}"):
            answer = self._client("lambda").invoke(FunctionName=function, Payload=payload)
            body = answer["Payload"].read()
        status, failed = int(answer["StatusCode"]), str(answer.get("FunctionError", ""))
        try:
            return Invocation(status, failed, json.loads(body))
        except ValueError:
            return Invocation(status, failed, body.decode("utf-8", "replace"), is_json=False)
