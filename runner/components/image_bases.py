"""What an image is built on: the images that its Dockerfile names, by digest where that is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

COMMENT = re.compile(r"^[ \t]*#.*\n?", re.MULTILINE)
CONTINUED = re.compile(r"\\[ \t]*\n")
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})")
DIGEST = re.compile(r"(.+)@sha256:([0-9a-f]{64})")


def base_images(dockerfile: str, args: Mapping[str, str]) -> list[str]:
    """The images of FROM and COPY --from, as the Dockerfile names them, without its own stages; `args` are
    the build's. https://docs.docker.com/reference/dockerfile/"""
    values: dict[str, str] = {}
    stages, found = {"scratch"}, set[str]()
    for words in _instructions(dockerfile):
        kind, named = words[0].upper(), [word for word in words[1:] if not word.startswith("--")]
        if kind == "ARG" and named and not found:
            name, _, default = named[0].partition("=")
            values[name] = args.get(name, default.strip("\"'"))
        images = [w.removeprefix("--from=") for w in words if kind == "COPY" and w.startswith("--from=")]
        if kind == "FROM" and named:
            images.append(_filled(named[0], values))
        found |= {image for image in images if image.lower() not in stages and not image.isdigit()}
        if kind == "FROM" and [word.upper() for word in named[1:2]] == ["AS"]:
            stages |= {word.lower() for word in named[2:3]}
    return sorted(found)


def _instructions(dockerfile: str) -> Iterator[list[str]]:
    whole = CONTINUED.sub(" ", COMMENT.sub("", dockerfile.replace("\r\n", "\n")))
    return (words for line in whole.splitlines() if (words := line.split()))


def _filled(name: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda m: values.get(m[1] or m[2]) or m[3] or "", name.strip("\"'"))


def known_bases(names: list[str], digests: Callable[[str], tuple[str, ...]]) -> list[dict[str, str]]:
    """[{"name", "sha256"}] of each image: the digest that its name pins, else the one of `digests`, which
    says under which REPOSITORY@DIGEST an engine knows it; '' where neither says."""
    return [{"name": name, "sha256": _pinned(name) or _told(name, digests(name))} for name in names]


def _pinned(name: str) -> str:
    match = DIGEST.fullmatch(name)
    return match[2] if match else ""


def _told(name: str, digests: tuple[str, ...]) -> str:
    """Another repository's digest may be another image's: of a copy that was pushed elsewhere."""
    repository = re.sub(r":[^/:]*$", "", name).removeprefix("docker.io/").removeprefix("library/")
    matches = (DIGEST.fullmatch(digest) for digest in digests)
    return next((match[2] for match in matches if match and match[1] == repository), "")
