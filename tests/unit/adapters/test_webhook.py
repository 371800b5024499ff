"""A webhook against a real server with TLS, and the addresses that none may have."""

from __future__ import annotations

import pytest
from helpers.incidents import receiver

from runner.adapters.output import SECRECY
from runner.adapters.webhook import Webhook, WebhookError, is_refused, open_webhook
from runner.errors import UsageError


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.org/x", "https://user:pw@hooks.example.org/", "https://hooks.example.org:0/", "ftp://x/",
     "https://hooks.example.org:99999/", "https:///x", "", "https://a b/", "https://hooks.example.org/\n", "file:///x",
     "https://exa\u0301mple.org/"],
)  # fmt: skip
def test_any_url_but_https_is_refused_without_showing_it(url):
    with pytest.raises(UsageError) as error:
        open_webhook(url)
    assert "user:pw" not in str(error.value)


def test_a_wrong_url_is_a_secret_all_the_same():
    with pytest.raises(UsageError):
        open_webhook("http://hooks.example.org/services/T0/wrong-scheme")
    assert "wrong-scheme" not in SECRECY.redactor().text(
        "at http://hooks.example.org/services/T0/wrong-scheme"
    )


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fe80::1", "::ffff:169.254.169.254",
     "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1"],  # noqa: S104
)  # fmt: skip
def test_metadata_is_refused_whatever_is_allowed(address):
    assert is_refused(address, private=True)
    assert is_refused(address, private=False)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "::1", "fd12::1", "100.64.0.1", "::ffff:10.0.0.1"],
)
def test_private_addresses_are_refused_unless_allowed(address):
    assert is_refused(address, private=False)
    assert not is_refused(address, private=True)


@pytest.mark.parametrize("address", ["3.5.140.2", "2600:1f00::1"])
def test_public_addresses_are_reached(address):
    assert not is_refused(address, private=False)


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A receiver whose certificate is trusted; gives what makes one that answers with given codes."""
    with receiver(tmp_path, 200) as received:
        monkeypatch.setenv("SSL_CERT_FILE", str(received.certificate))
        yield received


def hook(received) -> Webhook:
    found = open_webhook(received.url, private=True)
    return Webhook(found.host, found.port, found.path, found.private, pause=lambda seconds: None)


def test_the_message_arrives(trusted):
    hook(trusted).post({"text": "ü"})
    assert trusted.bodies == [{"text": "ü"}]
    assert trusted.paths == ["/hook/secret-part"]


@pytest.mark.parametrize(("answers", "posts"), [([503, 429, 200], 3), ([500], 3), ([404], 1), ([302], 1)])
def test_what_is_tried_again(trusted, answers, posts):
    trusted.answers[:] = answers
    if answers[-1] == 200:
        hook(trusted).post({})
    else:
        with pytest.raises(WebhookError, match=f"HTTP {answers[0]}"):
            hook(trusted).post({})
    assert trusted.paths == ["/hook/secret-part"] * posts, "a redirect is not followed"


def test_a_private_address_is_not_posted_to(trusted):
    with pytest.raises(WebhookError, match="not a public one"):
        open_webhook(trusted.url).post({})
    assert trusted.bodies == []


def test_a_certificate_that_nobody_signed_is_refused(tmp_path):
    with receiver(tmp_path, 200) as received:
        with pytest.raises(WebhookError, match="SSL"):
            hook(received).post({})
        assert received.bodies == []


def test_its_url_is_a_secret_wherever_it_would_be_shown(trusted):
    found = open_webhook(trusted.url)
    clean = SECRECY.redactor().text(f"cannot post to {trusted.url} (/hook/secret-part)")
    assert "secret-part" not in clean
    assert "secret-part" not in repr(found)
