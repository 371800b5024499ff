"""Which values of an environment are secrets, and which harmless ones may stay readable."""

from __future__ import annotations

import json

import pytest

from runner.adapters.aws import AwsTarget, sandbox_target
from runner.adapters.secret_names import Secret, secrets_of


def values(**environ: str) -> set[str]:
    return {secret.value for secret in secrets_of(environ, lambda path: path == "/run/agent.sock")}


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "apiKey", "API_KEY", "GITHUB_TOKEN", "npm_config_authToken", "SLACK_WEBHOOK_URL",
     "PGPASSWORD", "MY_DSN", "CLIENT_SECRET", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "PRIVATE", "DB_PWD",
     "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
     "LOCKGATE_SEAL_KEY"],
)  # fmt: skip
def test_a_name_that_says_so_makes_its_value_a_secret(name: str) -> None:
    assert values(**{name: "xy12-secret"}) == {"xy12-secret"}


@pytest.mark.parametrize(
    "name",
    ["PATH", "KEYBOARD_LAYOUT", "AUTHOR", "MONKEY", "TOKENIZERS", "PWD", "SSH_AUTH_SOCK", "GPG_KEY",
     "AWS_WEB_IDENTITY_TOKEN_FILE", "AUTH_TYPE", "KMS_KEY_ID", "SECRET_ARN", "PASSENGERS",
     "LOCKGATE_SECRETS"],
)  # fmt: skip
def test_a_name_that_only_sounds_like_it_does_not(name: str) -> None:
    assert values(**{name: "xy12-harmless"}) == set()


@pytest.mark.parametrize(
    "value",
    ["", "short77", "postgres", "PASSWORD", "localhost", "us-east-1", "us-gov-west-1", "true",
     "lockgate-sandbox", "/run/agent.sock"],
)  # fmt: skip
def test_a_value_that_any_log_has_is_left_readable(value: str) -> None:
    assert values(DB_PASSWORD=value) == set()


def test_a_secret_that_begins_like_a_path_is_none() -> None:
    assert values(API_KEY="/wJalrXU/tnFEMI") == {"/wJalrXU/tnFEMI"}


def test_named_variables_are_taken_at_their_word() -> None:
    given = {"LOCKGATE_SECRETS": "INNOCENT, OTHER,MISSING", "INNOCENT": "postgres", "OTHER": "us-east-1"}
    assert values(**given) == {"postgres", "us-east-1"}


def test_passwords_in_urls_raw_and_decoded() -> None:
    found = values(
        PIP_INDEX_URL="https://me:s%40cret-pw@pypi.test/simple",
        HTTPS_PROXY="http://proxyuser:proxy-pass@proxy.test:3128",
        PIP_EXTRA_INDEX_URL="https://one.test/ https://tok3n-alone@two.test/",
        ALL_PROXY="http://proxy.test:3128",
    )
    assert found == {"s%40cret-pw", "s@cret-pw", "proxy-pass", "tok3n-alone"}


def test_each_line_of_a_key_is_looked_for_by_itself() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\nAASC\n-----END PRIVATE KEY-----\n"
    assert values(SIGNING_KEY=key) == {"MIIEvQIBADANBg", "kqhkiG9w0BAQEF"}


def test_a_service_key_file_in_a_variable_gives_its_fields() -> None:
    found = values(GOOGLE_JSON=json.dumps({"private_key": "inner-secret", "type": "service_account", "n": 1}))
    assert found == {"inner-secret"}


def test_a_very_long_value_comes_in_pieces() -> None:
    assert {len(v) for v in values(TOKEN="ab" * 1500)} == {1024, 952}


def test_what_is_shown_is_the_name_and_never_the_value() -> None:
    assert secrets_of({"MY TOKEN]": "xy12-secret"}) == (Secret("MY_TOKEN_", "xy12-secret"),)


def test_the_credentials_of_an_aws_are_secrets_and_the_sandboxes_are_not() -> None:
    real = AwsTarget("real", "", "eu-west-1", "", ("AKIAIOSFODNN7EXAMPLE", "secret-key-1", "session-1"))
    assert values(**real.env()) == {"AKIAIOSFODNN7EXAMPLE", "secret-key-1", "session-1"}
    assert values(**sandbox_target("http://127.0.0.1:4566").env()) == set()
