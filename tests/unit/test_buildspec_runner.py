"""The tests' own CodeBuild: does it do what CodeBuild would, on tiny buildspecs?"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from helpers.buildspec import Build, Builder
from helpers.buildspec_rules import BuildspecError

JUNIT = '<testsuite><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>'

SIX = {f"g{number}": {"files": ["x"]} for number in range(6)}


@pytest.fixture(params=[False, True], ids=["one-shell-a-phase", "one-shell-a-command"])
def separate(request: pytest.FixtureRequest) -> bool:
    """Both ways in which CodeBuild is seen to keep a shell's state."""
    return bool(request.param)


def build(tmp_path: Path, phases: str, *, rest: str = "", **options: Any) -> Build:
    source, state = tmp_path / "src", tmp_path / "state"
    source.mkdir(exist_ok=True)
    state.mkdir()
    text = "version: 0.2\n" + dedent(rest) + "phases:\n" + indent(dedent(phases), "  ")
    return Builder(
        (source, str(source)), (state, str(state)), base={"PATH": "/usr/bin:/bin"}, **options
    ).build(text)


def written(tmp_path: Path) -> str:
    path = tmp_path / "src" / "log"
    return "".join(path.read_text().split()) if path.exists() else ""


def test_state_is_kept_from_command_to_command_and_phase_to_phase(tmp_path: Path, separate: bool) -> None:
    phases = """\
      install: {commands: ["export X=1", mkdir sub, cd sub]}
      build: {commands: ["export X=$X$X", "echo $X > ../log; pwd | grep -q /src/sub$"]}
      post_build: {commands: ["echo $X $HOME $CODEBUILD_BUILD_SUCCEEDING >> ../log"]}
    """
    done = build(tmp_path, phases, separate=separate)
    assert (done.status, written(tmp_path)) == ("SUCCEEDED", "1111/root1"), done.log


@pytest.mark.parametrize("failing", ["false", "exit 3", "set -e; false; true", "( set -e; false; true )"])
def test_a_failed_command_ends_its_phase_and_finally_follows(
    tmp_path: Path, separate: bool, failing: str
) -> None:
    phases = f"""\
      build:
        commands: ["export X=before", "{failing}", "echo after >> log"]
        finally: ["echo finally $X $CODEBUILD_BUILD_SUCCEEDING >> log"]
      post_build: {{commands: ["echo post $CODEBUILD_BUILD_SUCCEEDING >> log"]}}
    """
    done = build(tmp_path, phases, separate=separate)
    assert (done.status, written(tmp_path)) == ("FAILED", "finallybefore0post0"), done.log
    assert done.phases == {"build": "FAILED", "post_build": "SUCCEEDED", "UPLOAD_ARTIFACTS": "SUCCEEDED"}


def test_a_block_has_its_last_commands_status(tmp_path: Path) -> None:
    assert (
        build(tmp_path, "  build:\n    commands:\n      - |\n        false\n        true\n").status
        == "SUCCEEDED"
    )


def test_a_failed_finally_fails_its_phase(tmp_path: Path) -> None:
    done = build(tmp_path, '  build: {commands: ["true"], finally: ["false"]}\n')
    assert (done.status, done.phases["build"]) == ("FAILED", "FAILED")


@pytest.mark.parametrize(
    "failing, option, ran",
    [
        ("install", "", "install"),
        ("pre_build", "", "installpre_build"),
        ("pre_build", "on-failure: CONTINUE,", "installpre_buildbuildpost_build"),
        ("build", "", "installpre_buildbuildpost_build"),
        ("build", "on-failure: ABORT,", "installpre_buildbuild"),
    ],
)
def test_what_follows_a_failed_phase(tmp_path: Path, failing: str, option: str, ran: str) -> None:
    phases = "".join(
        f"  {name}: {{{option if name == failing else ''} "
        f'commands: ["echo {name} >> log{"; false" if name == failing else ""}"]}}\n'
        for name in ("install", "pre_build", "build", "post_build")
    )
    done = build(tmp_path, phases)
    assert (done.status, written(tmp_path)) == ("FAILED", ran)
    assert ("UPLOAD_ARTIFACTS" in done.phases) == ("post_build" in ran)


def test_variables_by_precedence_and_exported_after_post_build(tmp_path: Path, separate: bool) -> None:
    rest = """\
      env:
        variables: {A: spec, B: spec, C: spec}
        exported-variables: [A, B, C, D, E, MISSING]
    """
    phases = """\
      build: {commands: ["export D='two words' E=early UNSAID=1"]}
      post_build: {commands: [export E=late]}
    """
    given: dict[str, Any] = {"project": {"B": "project", "C": "project"}, "start": {"C": "start"}}
    done = build(tmp_path, phases, rest=rest, separate=separate, **given)
    assert done.exported == {"A": "spec", "B": "project", "C": "start", "D": "two words", "E": "late"}


ARTIFACTS = """\
      artifacts: {name: "n-$X", base-directory: "out*", files: ["**/*.txt", b.log, missing]}
"""
FILES = (
    "mkdir -p out1/sub out1/.hid out2; touch out1/a.txt out1/sub/c.txt out1/.hid/x.txt out2/b.log out2/d.log"
)


def test_artifacts_are_found_by_pattern(tmp_path: Path) -> None:
    done = build(tmp_path, f'  build: {{commands: ["{FILES}; export X=1"]}}\n', rest=ARTIFACTS)
    assert (done.name, done.files) == ("n-1", {"a.txt", "sub/c.txt", "b.log"})


def test_artifacts_without_their_paths(tmp_path: Path) -> None:
    rest = ARTIFACTS.replace("files:", "discard-paths: yes, files:")
    assert build(tmp_path, f'  build: {{commands: ["{FILES}"]}}\n', rest=rest).files == {
        "a.txt",
        "c.txt",
        "b.log",
    }


def test_artifacts_and_reports_that_are_not_there_fail_the_build(tmp_path: Path) -> None:
    done = build(
        tmp_path,
        '  build: {commands: ["true"]}\n',
        rest=ARTIFACTS + "      reports: {g: {files: [no.xml]}}\n",
    )
    assert (done.status, done.phases["UPLOAD_ARTIFACTS"]) == ("FAILED", "FAILED")
    assert "no matching artifact paths" in done.log and "report files not found" in done.log


def test_a_reports_failures_fail_nothing(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.xml").write_text(JUNIT)
    done = build(tmp_path, '  build: {commands: ["true"]}\n', rest="reports: {g: {files: [a.xml]}}\n")
    report = done.reports["g"]
    assert (done.status, report.cases, report.failed, report.problems) == ("SUCCEEDED", 2, ("b",), ())


def test_a_reports_limits(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    cases = "".join(f'<testcase name="{n}"/>' for n in range(600))
    long = f'<testcase name="{"n" * 1001}"><error message="{"m" * 5001}"/></testcase>'
    (tmp_path / "src" / "a.xml").write_text(f"<testsuite>{cases}{long}</testsuite>")
    report = build(
        tmp_path, '  build: {commands: ["true"]}\n', rest="reports: {g: {files: [a.xml]}}\n"
    ).reports["g"]
    assert (report.cases, report.truncated, len(report.failed), len(report.problems)) == (500, True, 1, 2)


@pytest.mark.parametrize(
    "text, problem",
    [
        ("[]", "not a mapping"),
        ("{version: 0.1, phases: {}}", "version"),
        ("{version: 0.2}", "no phases"),
        ("{version: 0.2, phases: {}, batch: {}}", "build-graph: a list is needed"),
        ("{version: 0.2, phases: {}, proxy: {}}", "proxy is not known"),
        ("{version: 0.2, phases: {prebuild: {commands: [x]}}}", "prebuild is not known"),
        ("{version: 0.2, phases: {build: {commands: [x], run-as: me}}}", "run-as is not known"),
        ("{version: 0.2, phases: {build: {finally: [x]}}}", "a list is needed"),
        ("{version: 0.2, phases: {build: {commands: [{a: b}]}}}", "not all are strings"),
        ("{version: 0.2, phases: {build: {commands: [x], on-failure: RETRY}}}", "on-failure"),
        ("{version: 0.2, phases: {}, env: {variables: {A: 1}}}", "quote it"),
        ("{version: 0.2, phases: {}, env: {variables: {CODEBUILD_X: y}}}", "reserved"),
        ("{version: 0.2, phases: {}, env: {exported-variables: [AWS_REGION]}}", "cannot be exported"),
        ("{version: 0.2, phases: {}, artifacts: {name: x}}", "artifacts/files"),
        ("{version: 0.2, phases: {}, artifacts: {files: [x], base-directory: /tmp}}", "leaves the source"),
        ("{version: 0.2, phases: {}, reports: {a: {files: [x], file-format: TESTNGXML}}}", "not JUNITXML"),
        (f"{{version: 0.2, phases: {{}}, reports: {SIX}}}", "more than 5 groups"),
        ("{version: 0.2, phases: {}, cache: {path: [x]}}", "path is not known"),
    ],
)
def test_what_it_does_not_know_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BuildspecError, match=problem):
        Builder((tmp_path, str(tmp_path)), (tmp_path, str(tmp_path))).build(text)
