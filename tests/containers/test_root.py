"""Where the image is started as root (CodeBuild ignores its USER and ENTRYPOINT): Lockgate stays root
and owns the run; what executes the solution's code is another user, who can reach none of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.containers import ROOT, UID, Ran, hand_over, judge
from helpers.whole_runs import tiny

pytestmark = pytest.mark.docker

# What CodeBuild does to an image, and a credential such as it has in its environment.
AS_CODEBUILD = (
    "--user=root",
    "--entrypoint=sh",
    "--env=HOME=/root",
    "--env=AWS_SECRET_ACCESS_KEY=of-the-build-role",
)
CACHE = "lockgate-tests-root"

PROBES = """
import os, pathlib, pytest

def refused(act):
    with pytest.raises(PermissionError):
        act()

def test_is_another_user_without_groups_of_roots():
    assert os.getresuid() == (1000, 1000, 1000)
    assert os.getresgid() == (1000, 1000, 1000)
    assert os.getgroups() == [1000]
    assert "NoNewPrivs:\\t1" in pathlib.Path("/proc/self/status").read_text()
    refused(lambda: os.setuid(0))

def test_cannot_read_or_signal_those_who_judge():
    parent = os.getppid()
    refused(lambda: pathlib.Path(f"/proc/{parent}/environ").read_bytes())
    refused(lambda: pathlib.Path(f"/proc/{parent}/mem").open("rb"))
    refused(lambda: os.kill(parent, 9))
    assert "of-the-build-role" not in os.environ.values()

def test_cannot_change_the_run_the_solution_or_its_environment():
    out = pathlib.Path(os.environ["LOCKGATE_CONTEXT"]).parent
    refused(lambda: (out / "result.json").write_text("{}"))
    refused(lambda: out.rename(out.with_name("other")))
    refused(lambda: pathlib.Path("/work/suites/unit/conftest.py").write_text(""))
    refused(lambda: pathlib.Path(pytest.__file__).with_name("planted.py").write_text(""))
    refused(lambda: pathlib.Path("/cache/envs/planted").mkdir())

def test_has_a_home_and_a_temporary_folder(tmp_path):
    (tmp_path / "x").write_text("x")
    (pathlib.Path.home() / "x").write_text("x")
"""


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    """A folder like a checkout's: root's, and readable (pytest's own folders are not)."""
    folder = tmp_path / "solution"
    folder.mkdir()
    return folder


def build_step(solution: Path, *options: str) -> Ran:
    """`lockgate run` as a line of a buildspec: a shell of root's starts it."""
    options = (*AS_CODEBUILD, *options)
    return judge(solution, "-c", "cd /work && lockgate run", options=options, cache=CACHE)


def test_tests_are_another_user_and_reach_nothing(solution: Path) -> None:
    ran = build_step(tiny(solution, PROBES))
    assert (ran.code, ran.status) == (0, "PASSED"), ran.out


def test_a_test_that_wants_root_fails(solution: Path) -> None:
    ran = build_step(tiny(solution, "import os\n\ndef test_root():\n    os.setuid(0)\n"))
    assert (ran.code, ran.status) == (1, "FAILED"), ran.out
    assert "Operation not permitted" in ran.out


@pytest.mark.parametrize(
    "options, cause",
    [
        (("--cap-drop=ALL",), "root without CAP_CHOWN, CAP_KILL, CAP_SETGID, CAP_SETUID"),
        (("--env=LOCKGATE_TEST_USER=nobody-of-this-name",), "there is no user 'nobody-of-this-name'"),
        (("--env=LOCKGATE_TEST_USER=root",), "'root' is root"),
    ],
)
def test_root_that_cannot_step_down_judges_nothing(
    solution: Path, options: tuple[str, ...], cause: str
) -> None:
    ran = build_step(tiny(solution, "def test_one():\n    assert True\n"), *options)
    assert ran.code == 3, ran.out
    assert cause in ran.out


PREPARE = """
prepare:
  thing:
    run: python make.py
    inputs: [make.py]
    outputs: [%s]
"""
MAKE = """
import os, pathlib
assert os.getuid() == 1000
for path in ("lockgate.yml", "make.py"):
    try:
        open(path, "a")
        raise SystemExit(f"{path} could be written")
    except PermissionError:
        pass
pathlib.Path("%s").write_text("made")
"""


def prepared(root: Path, output: str) -> Path:
    """A tiny solution whose prepare step makes one file."""
    tiny(root, "import pathlib\n\ndef test_made():\n    assert pathlib.Path('/work/build/thing').exists()\n")
    with (root / "lockgate.yml").open("a", encoding="utf-8") as config:
        config.write(PREPARE % output)
    (root / "make.py").write_text(MAKE % output, encoding="utf-8")
    return root


def test_a_command_makes_its_outputs_and_loses_them(solution: Path) -> None:
    ran = build_step(prepared(solution, "build/thing"))
    assert (ran.code, ran.status) == (0, "PASSED"), ran.out
    made = (solution / "build" / "thing").stat()
    assert (made.st_uid, made.st_mode & 0o777) == (0, 0o644)


def test_what_was_made_can_be_made_again(solution: Path) -> None:
    build_step(prepared(solution, "build/thing"))
    (solution / "make.py").write_text((MAKE % "build/thing").replace("made", "again"), encoding="utf-8")
    ran = build_step(solution)
    assert (ran.code, ran.status) == (0, "PASSED"), ran.out
    assert (solution / "build" / "thing").read_text() == "again"


def test_no_link_leads_an_output_elsewhere(solution: Path) -> None:
    root = prepared(solution, "build/thing")
    (root / "build").symlink_to("/etc")
    ran = build_step(root)
    assert ran.code in (1, 3), ran.out
    assert "outside" in ran.out


def test_a_checkout_of_another_users_stays_theirs(solution: Path) -> None:
    ran = build_step(hand_over(prepared(solution, "build/thing"), uid=UID + 1))
    assert ran.code == 0, ran.out
    assert (solution / "build" / "thing").stat().st_uid == UID + 1


def test_a_checkout_that_tests_cannot_enter_is_told(solution: Path) -> None:
    tiny(solution, "def test_one():\n    assert True\n").chmod(0o700)
    ran = build_step(solution)
    assert ran.code == 3
    assert "/work: lockgate, who runs the tests, cannot get into this folder" in ran.out


def test_a_whole_solution_is_judged_with_its_training_its_model_and_its_stack(tmp_path: Path) -> None:
    """Prepare, train, skops' process, the sandbox's Lambdas: all of it as the other user."""
    solution = tmp_path / "flights"
    shutil.copytree(
        ROOT / "examples" / "flights", solution, ignore=shutil.ignore_patterns("build", ".lockgate")
    )
    options = ("--user=root", "--env=HOME=/root")
    ran = judge(hand_over(solution, uid=0), "run", image="lockgate:sandbox", options=options, cache=CACHE)
    assert (ran.code, ran.status) == (0, "PASSED"), ran.out
