"""Columns whose values nobody should read in a suite: by their names, or by what they look like. Pure.

A guess that is wrong costs a set or a pattern; one that is missed puts people's data under version control.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

WORDS = frozenset(
    ("email", "mail", "phone", "mobile", "fax", "ssn", "passport", "password", "passwd", "pwd", "secret",
     "token", "apikey", "credential", "credentials", "iban", "bic", "card", "cvv", "address", "street",
     "birthday", "birthdate", "dob", "surname", "firstname", "lastname", "fullname", "username", "login",
     "ip",
     "license", "licence", "tax", "salary", "income", "gender", "religion", "diagnosis", "patient")
)  # fmt: skip
PAIRS = frozenset(
    ("first name", "last name", "full name", "given name", "family name", "user name", "customer name",
     "birth date", "api key", "access key", "private key", "zip code", "postal code", "credit card",
     "account number", "bank account")
)  # fmt: skip
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
TOKEN = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/_=.-]{24,}")
MANY = 0.3


def by_name(name: str) -> bool:
    """Whether a column's name says that its values are somebody's own."""
    parts = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    pairs = {f"{a} {b}" for a, b in pairwise(parts)}
    return bool(WORDS & {*parts, "".join(parts)}) or bool(PAIRS & pairs)


def by_values(values: Iterable[object]) -> bool:
    """Whether many of some texts are addresses of e-mail, or long keys."""
    texts = [value for value in values if isinstance(value, str)]
    hits = sum(1 for text in texts if MAIL.fullmatch(text) or TOKEN.fullmatch(text))
    return bool(texts) and hits >= MANY * len(texts)
