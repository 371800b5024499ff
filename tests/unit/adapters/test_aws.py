import json
from pathlib import Path

import botocore
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from runner.adapters import aws as module
from runner.adapters.aws import (
    Aws,
    AwsError,
    AwsTarget,
    boto_clients,
    real_target,
    sandbox_target,
    target_from_env,
)
from runner.errors import InfrastructureError, UsageError

HOSTILE = {
    "AWS_PROFILE": "prod",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL": "https://example.org",
    "AWS_ENDPOINT_URL_S3": "https://example.org",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


class Client:
    """A client whose every operation answers or raises what it was given."""

    def __init__(self, answer):
        self.answer, self.calls = answer, []

    def __getattr__(self, operation):
        def call(**arguments):
            self.calls.append((operation, arguments))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


def aws(answer, region="us-east-1"):
    client = Client(answer)
    return Aws(sandbox_target("http://127.0.0.1:1", region), lambda service: client), client


def refusal(code, message="no"):
    return ClientError({"Error": {"Code": code, "Message": message}}, "Op")


@pytest.fixture
def hostile(monkeypatch):
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)


def test_a_sandbox_client_ignores_whatever_lies_around(hostile):
    client = boto_clients(sandbox_target("http://127.0.0.1:4566/"))("s3")
    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    assert client.meta.region_name == "us-east-1"
    signer = client._request_signer._credentials.get_frozen_credentials()
    assert (signer.access_key, signer.token) == ("lockgate-sandbox", None)


def test_a_real_client_is_real_whatever_the_endpoint_variables_say(hostile):
    target = AwsTarget("real", "", "eu-west-3", "", ("key", "secret", ""))
    assert boto_clients(target)("s3").meta.endpoint_url == "https://s3.eu-west-3.amazonaws.com"


def test_env_of_a_sandbox_shuts_every_other_way(hostile):
    env = sandbox_target("http://127.0.0.1:4566").env()
    assert env == {
        "AWS_ACCESS_KEY_ID": "lockgate-sandbox",
        "AWS_SECRET_ACCESS_KEY": "lockgate-sandbox",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    }


def test_a_target_survives_the_way_through_the_environment():
    for target in (
        sandbox_target("http://127.0.0.1:4566", "eu-west-1"),
        AwsTarget("real", "", "eu-west-3", "", ("key", "secret", "token")),
    ):
        again = target_from_env(target.env(), is_sandbox=target.kind == "sandbox")
        assert (again.kind, again.endpoint, again.region, again.credentials) == (
            target.kind,
            target.endpoint,
            target.region,
            target.credentials,
        )


def test_a_sandbox_without_endpoint_and_a_real_one_without_keys_are_refused():
    with pytest.raises(UsageError):
        target_from_env({"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, is_sandbox=True)
    with pytest.raises(InfrastructureError, match="AWS_SECRET_ACCESS_KEY"):
        target_from_env({"AWS_ACCESS_KEY_ID": "k"}, is_sandbox=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com",
        "https://amazonaws.com",
        "https://lambda.cn-north-1.amazonaws.com.cn",
        "https://s3.api.aws",
        "https://s3.amazonaws.com.",
        "https://S3.AMAZONAWS.COM",
        "https://lambda.us-east-1.on.aws",
        "https://s3.eusc-de-east-1.amazonaws.eu",
        "https://127.0.0.1@s3.amazonaws.com",
        "https://s3.amazonaws.com@127.0.0.1",
        "https://s3.amazonaws\u3002com",
        "https://s3.\uff41mazonaws.com",
        "http://[",
        "http://127.0.0.1:port",
        "http://127.0.0.1\t:4566",
        "ftp://127.0.0.1",
        "127.0.0.1:4566",
        "",
    ],
)
def test_what_is_no_sandbox_is_refused_as_one(url):
    with pytest.raises(UsageError):
        sandbox_target(url)


def test_every_partition_that_botocore_knows_is_refused():
    data = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_bytes())
    suffixes = [
        partition["outputs"][key]
        for partition in data["partitions"]
        for key in ("dnsSuffix", "dualStackDnsSuffix")
    ]
    assert len(suffixes) > 8
    for suffix in suffixes:
        with pytest.raises(UsageError, match="real AWS"):
            sandbox_target(f"https://s3.some-region-1.{suffix}")


@pytest.mark.parametrize("url", ["http://ministack:4566", "http://[::1]:4566/", "https://aws.example.org"])
def test_what_may_be_a_sandbox_is_one(url):
    assert sandbox_target(url).endpoint == url.rstrip("/")


def test_a_sandbox_is_reached_without_the_proxy_and_a_real_aws_through_it(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    for target, proxy in (
        (sandbox_target("http://ministack:4566"), None),
        (AwsTarget("real", "", "eu-west-3", "", ("key", "secret", "")), "http://127.0.0.1:9"),
    ):
        session = boto_clients(target)("s3")._endpoint.http_session
        assert session._proxy_config.proxy_url_for(target.endpoint or "https://s3.amazonaws.com") == proxy


class Session:
    region_name = "eu-west-1"

    def __init__(self, credentials=None):
        self.credentials = credentials

    def get_credentials(self):
        if isinstance(self.credentials, Exception):
            raise self.credentials
        return self.credentials


class Credentials:
    access_key, secret_key, token = "k", "s", None

    def get_frozen_credentials(self):
        return self


def test_a_real_target_takes_what_the_chain_found():
    target = real_target(session=Session(Credentials()))
    assert (target.kind, target.region, target.credentials) == ("real", "eu-west-1", ("k", "s", ""))
    assert "AWS_ENDPOINT_URL" not in target.env()
    assert "k" not in repr(target).replace("kind", "")


@pytest.mark.parametrize("credentials", [None, NoCredentialsError()])
def test_a_real_target_without_credentials_is_told_in_one_line(credentials):
    with pytest.raises(InfrastructureError):
        real_target(session=Session(credentials))


def test_errors_of_the_service_are_ours_with_their_code():
    made, _ = aws(refusal("AccessDenied", "not you"))
    with pytest.raises(AwsError) as error:
        made.call("s3", "head_object")
    assert (error.value.code, error.value.what, error.value.where) == (
        "AccessDenied",
        "not you",
        "s3:head_object",
    )


def test_an_endpoint_out_of_reach_is_ours_with_a_hint():
    made, _ = aws(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(AwsError) as error:
        made.account()
    assert "reachable" in error.value.hint


@pytest.mark.parametrize(("code", "expected"), [("404", None), ("NoSuchKey", None)])
def test_a_missing_object_has_no_size(code, expected):
    made, _ = aws(refusal(code))
    assert made.object_size("b", "k") is expected


def test_an_object_that_may_not_be_seen_is_not_taken_for_a_missing_one():
    made, _ = aws(refusal("403"))
    with pytest.raises(AwsError):
        made.object_size("b", "k")


def test_a_bucket_is_made_where_the_target_is_and_may_be_there():
    made, client = aws({}, "eu-west-1")
    made.ensure_bucket("b")
    assert client.calls[0][1]["CreateBucketConfiguration"] == {"LocationConstraint": "eu-west-1"}
    aws(refusal("BucketAlreadyOwnedByYou"))[0].ensure_bucket("b")
    with pytest.raises(AwsError):
        aws(refusal("BucketAlreadyExists"))[0].ensure_bucket("b")


class Body:
    def __init__(self, data):
        self.data = data

    def read(self):
        return self.data


@pytest.mark.parametrize(
    ("data", "answer", "is_json"),
    [(b'{"a": 1}', {"a": 1}, True), (b"", "", False), (b"<html>", "<html>", False)],
)
def test_an_answer_that_is_no_json_is_told_apart(data, answer, is_json):
    made, _ = aws({"StatusCode": 200, "Payload": Body(data)})
    got = made.invoke("f", {})
    assert (got.status, got.error, got.answer, got.is_json) == (200, "", answer, is_json)


def test_only_this_module_imports_boto3_and_not_at_its_top():
    assert not {"boto3", "botocore"} & set(vars(module))
