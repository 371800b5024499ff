import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner.adapters import shell
from runner.sandbox.bare import GIVEN, bare_python

LOOK = """
import boto3
from importlib.util import find_spec
print(boto3.__file__, find_spec('click'), find_spec('runner'))
"""


def test_has_the_sdk_and_nothing_of_lockgate(tmp_path):
    python = bare_python(tmp_path)
    done = shell.run([str(python), "-c", LOOK], cwd=tmp_path)
    assert done.code == 0, done.output
    assert str(tmp_path) in done.output
    assert done.output.split()[1:] == ["None", "None"]


def test_concurrent_builders_agree_and_leave_nothing_half_built(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: bare_python(tmp_path), range(4)))
    assert len(found) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_one_that_was_tampered_with_or_damaged_is_built_anew(tmp_path):
    python = bare_python(tmp_path)
    site = next(Path(python).parent.parent.glob("lib/*/site-packages"))
    assert {p.stem for p in site.iterdir()} == set(GIVEN)
    (site / "extra.py").touch()
    (site / "boto3").unlink()
    assert bare_python(tmp_path) == python
    assert {p.stem for p in site.iterdir()} == set(GIVEN)


def test_it_is_reused(tmp_path):
    before = bare_python(tmp_path).lstat().st_ino
    assert bare_python(tmp_path).lstat().st_ino == before
    assert bare_python(tmp_path) != Path(sys.executable)
