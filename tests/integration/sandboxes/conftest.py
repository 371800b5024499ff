"""A local AWS to run the tiny solution in, and an index with nothing but its one wheel."""

import pytest
from helpers.tiny import make_wheel, write_solution

from runner.sandbox.process import start_embedded


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """The only package index there is: one wheel in a folder; gives its lock line."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return make_wheel(tmp_path / "wheels")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of a module's own: what the next one finds in its environment is the usual one."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCKGATE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def sandbox(cache, tmp_path_factory):
    """A local AWS for all tests here."""
    with start_embedded(tmp_path_factory.mktemp("log"), cache) as running:
        yield running


@pytest.fixture
def tiny(tmp_path, wheels):
    """The root of a tiny solution."""
    return write_solution(tmp_path / "tiny", wheels)
