"""What a redactor hides: each encoding, each way of splitting, each shape, and what it leaves alone."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import uuid
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

import pytest
from helpers.encodings import ENCODERS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.adapters.redact import Redactor
from runner.adapters.secret_names import Secret
from runner.adapters.secret_shapes import REACH

PLAIN, ODD = "wJalrXUtnFEMIK7MDENGbPx", "p@ss'\"w\\ö/rd <&> %20+ ☃"


@pytest.mark.parametrize("secret", [PLAIN, ODD, "12345678", "ABCDEFGHI", "/+=/+=/+/"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_each_encoding_is_found_in_text_and_in_bytes(encoder: str, secret: str) -> None:
    redactor, encoded = Redactor([Secret("DB_PASSWORD", secret)]), ENCODERS[encoder](secret)
    clean = redactor.text(f"before {encoded} after")
    assert "[redacted DB_PASSWORD]" in clean
    assert clean.startswith("before ") and clean.endswith(" after")
    assert redactor.data(f"before {encoded} after".encode()) == clean.encode()
    left = clean.replace("[redacted DB_PASSWORD]", "")
    assert not any(secret[i : i + 5] in left for i in range(len(secret) - 4))


AGAIN = {
    "json": lambda s: json.dumps(s)[1:-1],
    "repr": lambda s: repr("'" + s)[2:-1],
    "pytest": lambda s: s.encode("unicode_escape").decode(),
    "html": html.escape,
    "quote": lambda s: quote(s, safe=""),
}


@pytest.mark.parametrize(
    "first", ["raw", "json", "\\u, each", "\\x, each byte", "html, each", "repr", "html"]
)
@pytest.mark.parametrize("again", ["json", "repr", "pytest"])
@pytest.mark.parametrize("secret", [PLAIN, ODD])
def test_what_was_escaped_over_and_over_is_found(first: str, again: str, secret: str) -> None:
    text = ENCODERS[first](secret)
    for _ in range(3):
        text = AGAIN[again](text)
        assert "[redacted S]" in Redactor([Secret("S", secret)]).text(text), text


@pytest.mark.parametrize("again", ["html", "quote"])
@pytest.mark.parametrize("first", ["raw", "json", "html", "quote everything", "percent, each byte"])
def test_a_page_of_a_page_and_a_url_in_a_url(first: str, again: str) -> None:
    for secret in (PLAIN, ODD):
        text = AGAIN[again](ENCODERS[first](secret))
        assert "[redacted S]" in Redactor([Secret("S", secret)]).text(text), text


def test_of_base64_what_other_bytes_determine_is_left() -> None:
    for before in range(3):
        for after in range(3):
            encoded = base64.b64encode(b"x" * before + PLAIN.encode() + b"y" * after).decode()
            left = Redactor([Secret("S", PLAIN)]).text(encoded).split("[redacted S]")
            assert len(left) == 2
            assert len(left[0]) <= 3 and len(left[1].rstrip("=")) <= 4  # two bytes, and the shared one


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    redactor = Redactor([Secret("A", "secret-one"), Secret("B", "secret-one-and-more")])
    assert redactor.text("secret-one-and-more secret-one") == "[redacted B] [redacted A]"


def test_a_short_value_is_not_a_secret() -> None:
    assert Redactor([Secret("A", "seven77")]).text("seven77") == "seven77"


@pytest.mark.parametrize(
    "text",
    [
        f"the end {PLAIN[:12]}",
        f"{PLAIN[-9:]} is where it begins",
        f"E AssertionError: '{PLAIN[:10]}...and more'",
        f"cut…{PLAIN[-8:]} here",
    ],
)
def test_the_part_that_a_cut_left_is_hidden(text: str) -> None:
    clean = Redactor([Secret("S", PLAIN)]).text(text)
    assert "[redacted S]" in clean
    assert PLAIN[:8] not in clean and PLAIN[-8:] not in clean


def test_a_part_in_the_middle_of_a_text_is_somebody_elses() -> None:
    redactor = Redactor([Secret("URL", "https://example.org/hook/abcdef")])
    assert redactor.text("see https://example.org/docs for more") == "see https://example.org/docs for more"


KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7x\n" * 20 + "-----END RSA PRIVATE KEY-----"
SHAPED = {
    "AKIAIOSFODNN7EXAMPLE": "aws access key id",
    "ASIAIOSFODNN7EXAMPLE": "aws access key id",
    "ghp_" + "a1B2" * 9: "github token",
    "github_pat_" + "a1B2_" * 6: "github token",
    "glpat-" + "a1B2-" * 4: "gitlab token",
    "xoxb-123456789012-abcdef": "slack token",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN": "jwt",
    KEY: "private key",
    KEY.replace("\n", "\\n"): "private key",
    KEY[:200]: "private key",
}


@pytest.mark.parametrize("secret", SHAPED, ids=lambda s: s[:24])
def test_a_shape_is_hidden_whoever_knows_it(secret: str) -> None:
    assert Redactor().text(f"got '{secret}', then") == f"got '[redacted {SHAPED[secret]}]', then"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("password=hunter2hunter2&x=1", "password=[redacted assigned secret]&x=1"),
        ('{"password": "hunter2hunter2"}', '{"password": "[redacted assigned secret]"}'),
        ('{\\"api_key\\": \\"hunter2hunter2\\"}', '{\\"api_key\\": \\"[redacted assigned secret]\\"}'),
        ("aws_secret_access_key = wJalrXUtnFEMI7", "aws_secret_access_key = [redacted assigned secret]"),
        ("AWS_SESSION_TOKEN=FwoGZXIvYXdzEBY7", "AWS_SESSION_TOKEN=[redacted assigned secret]"),
        ("https://me:pw@pypi.test/simple", "https://me:[redacted password in url]@pypi.test/simple"),
        ("postgres://u:p%40ss1@db:5432/x", "postgres://u:[redacted password in url]@db:5432/x"),
    ],
)
def test_of_an_assignment_the_value_alone_is_hidden(text: str, clean: str) -> None:
    assert Redactor().text(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        hashlib.sha256(b"x").hexdigest(),
        f"sha256:{hashlib.sha256(b'y').hexdigest()}",
        str(uuid.UUID(int=2**127 + 12345)),
        "20260101T000000Z-1a2b3c",
        "suites/unit/test_auth.py::test_token[key=abc-123]",
        "arn:aws:iam::123456789012:role/AKIA-reader",
        "password = os.environ['DB_PASSWORD_2']",
        "token: 0.123456789",
        "passwords=12345678901",
        "secret: see section 12",
        "http://127.0.0.1:4566/bucket/a@b",
        "-----BEGIN CERTIFICATE-----\nMIIE1234\n-----END CERTIFICATE-----",
        "def api_key(self, name1): ...",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


def test_a_shape_never_cuts_a_known_secret_in_two() -> None:
    secret = 'abc123def456"rest-of-the-secret'
    assert Redactor([Secret("S", secret)]).text(f"password={secret}") == "password=[redacted S]"


# --- streams -----------------------------------------------------------------------------------

STREAMED = Redactor([Secret("A", PLAIN), Secret("B", ODD), Secret("C", "AAAAAAAAAB")])
WORDS = st.sampled_from(
    [
        *(encode(s).encode() for encode in ENCODERS.values() for s in (PLAIN, ODD)),
        *(text.encode() for text in SHAPED),
        b"\n", b"\r\n", b" ", b"x", b"A" * 7, b"A" * 30, b"AAAAAAAAAB", b"password=", b"a1b2c3d4e5", b"://u:",
        b"@", b"-----BEGIN PRIVATE KEY-----", PLAIN[:9].encode(), b"\xff\x00", b"z" * 500,
    ]
)  # fmt: skip
LIMITS = st.lists(st.integers(0, 2000), max_size=12)


@settings(deadline=None)
@given(st.lists(WORDS, max_size=12), LIMITS)
@example([PLAIN.encode()], [1, 2, 3])
@example([b"x" * 3 * REACH, KEY.encode(), b"x" * 3 * REACH, PLAIN.encode()], [REACH, 3 * REACH + 5])
def test_a_stream_in_pieces_gives_what_the_whole_gives(words: list[bytes], limits: list[int]) -> None:
    data = b"".join(words)
    cuts = [0, *sorted(min(limit, len(data)) for limit in limits), len(data)]
    stream = STREAMED.stream()
    got = b"".join([*(stream.feed(data[a:b]) for a, b in pairwise(cuts)), stream.close()])
    assert got == STREAMED.data(data)


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_a_long_stream_is_let_go_of_and_loses_nothing(size: int) -> None:
    data = b"".join(b"no line end here %d and %s; " % (i, PLAIN.encode()) for i in range(2500))
    stream, got, longest = STREAMED.stream(), b"", 0
    for start in range(0, len(data), size):
        got += stream.feed(data[start : start + size])
        longest = max(longest, start + size - len(got))
    assert got + stream.close() == STREAMED.data(data)
    assert longest < 100_000 + 2500 * len(PLAIN)


def test_a_finished_line_goes_out_at_once() -> None:
    stream = STREAMED.stream()
    assert stream.feed(b"Running on http://127.0.0.1:4566\n") == b"Running on http://127.0.0.1:4566\n"
    assert stream.feed(b"half a li") == b""
    assert stream.feed(b"ne\nand") == b"half a line\n"
    assert stream.close() == b"and"


def test_each_split_in_two_writes() -> None:
    for cut in range(len(PLAIN) + 1):
        stream = STREAMED.stream()
        got = stream.feed(PLAIN[:cut].encode()) + stream.feed(PLAIN[cut:].encode()) + stream.close()
        assert got == b"[redacted A]"


# --- values ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    parts: tuple[str, ...]
    facts: dict[str, object]
    size: int = 3


def test_values_are_cleaned_at_every_depth_and_keep_their_types() -> None:
    redactor = Redactor([Secret("S", PLAIN), Secret("PIN", "12345678")])
    dirty = Thing(f"x[{PLAIN}]", (PLAIN, "ok"), {PLAIN: [1, 2.5, None, True, {"deep": PLAIN}], "n": 12345678})
    hidden = "[redacted S]"
    assert redactor.value(dirty) == Thing(
        f"x[{hidden}]",
        (hidden, "ok"),
        {hidden: [1, 2.5, None, True, {"deep": hidden}], "n": "[redacted PIN]"},
    )


def test_a_lone_surrogate_survives() -> None:
    assert Redactor([Secret("S", PLAIN)]).text(f"\ud800{PLAIN}") == "\ud800[redacted S]"
