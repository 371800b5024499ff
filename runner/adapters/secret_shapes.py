"""What is a secret whoever's it is: keys, tokens, private keys, passwords in URLs and assignments. Pure.

A shape begins at a word that is searched for first, which costs next to nothing where there is
none. They are kept narrow: digests, run ids, UUIDs and test ids have none of them. Of an assignment
the value has to look made by a machine (a letter and a digit, no call, no subscript).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Every repetition is bounded, so that what begins this many bytes before an end is decided there.
REACH = 20_000
PRIVATE_KEY = b"PRIVATE KEY-----"
_SHAPES = (
    (("akia", "asia"), rb"(?<![A-Za-z0-9])(?P<aws_access_key_id>(?:AKIA|ASIA)[A-Z2-7]{16})(?![A-Za-z0-9])"),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        rb"(?<![A-Za-z0-9])(?P<github_token>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})",
    ),
    (("glpat-",), rb"(?<![A-Za-z0-9])(?P<gitlab_token>glpat-[A-Za-z0-9_-]{20,255})"),
    (
        ("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"),
        rb"(?<![A-Za-z0-9])(?P<slack_token>xox[abeoprs]-[A-Za-z0-9-]{10,255})",
    ),
    (("eyj",), rb"(?<![A-Za-z0-9])(?P<jwt>eyJ[\w-]{8,4000}\.eyJ[\w-]{8,8000}\.[\w-]{8,4000})"),
    (
        ("-----begin ",),
        rb"(?P<private_key>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:"
        rb"(?:(?!-----)[\s\S]){0,16000}-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----"
        rb"|[A-Za-z0-9+/=\s\\]{0,16000}))",
    ),
    (
        ("://",),
        rb"://[^\s/?#@:\"'<>]{0,256}:(?P<password_in_url>[^\s/?#@\"'<>\[]{1,1024})(?=@)",
    ),
    (
        ("passw", "passphrase", "secret", "api_key", "apikey", "api-key", "token"),
        rb"(?i:passw(?:or)?d|passphrase|secret(?:_?access)?_?key|secret|api[_-]?key|(?<=[a-z]_)token)"
        rb"\\?[\"']?[ \t]{0,8}[=:][ \t]{0,8}\\?[\"']?(?P<assigned_secret>(?=[^\s\d]{0,255}\d)"
        rb"(?=[^\sA-Za-z]{0,255}[A-Za-z])[A-Za-z0-9+/=_.~!@#$%^*?-]{8,4096})(?![(\[A-Za-z0-9])",
    ),
)
SHAPES = tuple((tuple(w.encode() for w in words), re.compile(shape)) for words, shape in _SHAPES)


def shapes(data: bytes, start: int = 0) -> Iterator[re.Match[bytes]]:
    """Every shape from `start` on, from left to right; group `lastgroup` is the secret itself."""
    lower, begins = data.lower(), dict[int, re.Pattern[bytes]]()
    for words, shape in SHAPES:
        for word in words:
            at = lower.find(word, start)
            while at >= 0:
                begins[at] = shape
                at = lower.find(word, at + 1)
    at = start
    for begin in sorted(begins):
        if begin >= at and (match := begins[begin].match(data, begin)):
            yield match
            at = match.end()
