"""Which images a Dockerfile is built on, and by which digests they are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.components.image_bases import base_images, known_bases

ONE, TWO = "a" * 64, "b" * 64
STAGED = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.12
ARG PINNED="busybox@sha256:DIGEST"
FROM --platform=linux/amd64 python:${VERSION} AS build
RUN echo FROM nothing
ARG LATE=never
FROM build AS test
from $PINNED as Final
FROM \\
  # a comment in between
  public.ecr.aws/lambda/python:${TAG:-3.13}
COPY --from=build --chown=1 /a /b
COPY --from=0 /a /b
COPY --from=FINAL /a /b
COPY --from=registry:5000/tools/uv:1 /uv /bin/
FROM scratch
""".replace("DIGEST", ONE)


def test_every_image_is_found_and_no_stage() -> None:
    assert base_images(STAGED, {"VERSION": "3.11", "LATE": "x"}) == [
        f"busybox@sha256:{ONE}", "public.ecr.aws/lambda/python:3.13", "python:3.11",
        "registry:5000/tools/uv:1",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "FROM", "FROM scratch", "#FROM x", "RUN FROM x", "FROM\r\n", "\\"])
def test_nothing_is_made_up(text: str) -> None:
    assert base_images(text, {}) == []


@pytest.mark.parametrize(
    ("name", "digests", "sha256"),
    [
        (f"python:3.12@sha256:{ONE}", (f"python@sha256:{TWO}",), ONE),
        ("python:3.12", (f"other@sha256:{ONE}", f"python@sha256:{TWO}"), TWO),
        ("docker.io/library/python:3.12", (f"python@sha256:{TWO}",), TWO),
        ("localhost:5000/base", (f"localhost:5000/base@sha256:{TWO}",), TWO),
        ("localhost:5000/base:1", (f"localhost:5000/base@sha256:{TWO}",), TWO),
        ("python:3.12", (f"mirror/python@sha256:{ONE}",), ""),
        ("python:3.12", (), ""),
        ("python@sha256:short", (), ""),
    ],
)
def test_a_digest_is_the_images_own(name: str, digests: tuple[str, ...], sha256: str) -> None:
    assert known_bases([name], lambda asked: digests) == [{"name": name, "sha256": sha256}]


@given(st.text(st.sampled_from("FROM ARGCOPY-=${}:\\\n#as\"'x0"), max_size=200))
def test_any_text_is_read(text: str) -> None:
    base_images(text, {})
