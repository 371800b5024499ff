from pathlib import Path

import pytest

from runner.components import BuildJob
from runner.components.image import build, context_files
from runner.config.schema import Image, Solution
from runner.errors import UsageError

SOLUTION = Solution.model_validate({"solution": "s", "stages": {"unit": {"kind": "unit"}}})


def job(root, component):
    return BuildJob("train", root, root, root, SOLUTION, component, {}, Path("python"))


@pytest.fixture
def root(tmp_path):
    for name in ("Dockerfile", "src/a.py", "src/b.log", "data/big.bin", "keep.log", "deep/er/c.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def kept(root, ignore):
    (root / ".dockerignore").write_text(ignore)
    return [p.relative_to(root).as_posix() for p in context_files(root) if p.name != ".dockerignore"]


@pytest.mark.parametrize(
    ("ignore", "gone"),
    [
        ("data\n", {"data/big.bin"}),
        ("/data/\n# keep.log\n", {"data/big.bin"}),
        ("**/*.log\n!keep.log\n", {"src/b.log", "deep/er/c.log"}),
        ("*.log\n", {"keep.log"}),
        ("src/*.log", {"src/b.log"}),
        ("", set()),
    ],
)
def test_dockerignore(root, ignore, gone):
    everything = set(kept(root, ""))
    assert everything - set(kept(root, ignore)) == gone


def test_the_digest_follows_the_definition_and_says_it_is_not_built(root):
    component = Image(kind="image", dockerfile="Dockerfile")
    first = build(job(root, component))
    assert first.facts["built"] is False
    assert build(job(root, component)).sha256 == first.sha256
    (root / "src/a.py").write_text("changed")
    second = build(job(root, component))
    (root / "Dockerfile").write_text("FROM other")
    assert len({first.sha256, second.sha256, build(job(root, component)).sha256}) == 3


def test_a_missing_dockerfile_is_usage(root):
    with pytest.raises(UsageError):
        build(job(root, Image(kind="image", dockerfile="nope")))
